"""The flow view's tools, on a page without JupyterLab: filters, failures, links, folding, copies, pins, times."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from labkit import Flow, Lab, Step
from labkit.steps import HostStep
from labkit.views.flow_view import FlowView
from tests.browser.bare_page import BarePage
from tests.story import WIRES, bookshop, echo

Show = Callable[..., BarePage]


async def fails(context: object, params: object) -> Any:
    raise ValueError("no <b>book</b>")


async def _flows() -> dict[str, Flow]:
    made: dict[str, Flow] = {}
    for mode in WIRES:
        with Lab(bookshop(), mode=mode, sampling_callback=echo) as lab:
            await lab.call_tool("compare", {"title": "Emma"})
            made[mode] = lab.flow
        with Lab(bookshop(), mode=mode, sampling_callback=fails) as lab:
            with pytest.raises(Exception, match="ValueError"):
                await lab.call_tool("recommend", {"genre": "romance"})
            made[f"{mode}, failed"] = lab.flow
    return made


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    """What is shown, made before the browser takes this thread's loop."""
    return asyncio.run(_flows())


@pytest.fixture(scope="module")
def show(flows: dict[str, Flow], browser: Browser) -> Iterator[Show]:
    """`show("legacy", width=1366)`: a page with that flow."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])

    def make(of: str | Lab | Flow, width: int = 1366, height: int = 768) -> BarePage:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        return BarePage(page, FlowView(flows[of] if isinstance(of, str) else of))

    yield make
    context.close()


def row(page: BarePage, number: int) -> Locator:
    return page.card.locator(f"[role=option][aria-posinset='{number}']")


def expect_steps(page: BarePage, *numbers: int) -> None:
    expect(page.card.locator("[role=option] .no")).to_have_text([str(number) for number in numbers])


def choose(card: Locator, side: str) -> None:
    card.get_by_role("radio", name=side, exact=True).check()


def detail(page: BarePage) -> Locator:
    return page.card.locator(".detail")


def test_steps_are_filtered_by_direction_method_lane_and_text(show: Show) -> None:
    page, card = (shown := show("legacy")), shown.card
    count = card.get_by_role("status")
    card.get_by_role("button", name="Filter").click()
    card.get_by_label("Direction").select_option("to the server")
    expect(count).to_have_text("4 of 16 steps")
    expect_steps(page, 2, 6, 10, 14)
    card.get_by_label("Direction").select_option("from the server")
    expect_steps(page, 3, 7, 11, 15)
    card.get_by_label("Method").select_option(label="tools/call · 2")
    expect_steps(page, 15)  # the response names no method: its request does
    card.get_by_label("Direction").select_option("all")
    expect_steps(page, 2, 15)
    card.get_by_label("Method").select_option("sampling/createMessage")
    expect_steps(page, 3, 6, 7, 10, 11, 14)
    expect(card.get_by_role("button", name="Filter · 1")).to_be_visible()
    card.get_by_role("button", name="Clear").click()
    expect(row(page, 16)).to_be_attached()
    card.get_by_label("Lane").select_option("you")
    expect_steps(page, 1, 16)
    card.get_by_label("Lane").select_option("")
    search = card.get_by_role("searchbox")
    search.fill("MAXTOKENS")
    expect(card.locator("[role=option] mark")).to_have_text(["{ }"] * 3)  # in the JSON of the questions alone
    search.fill("CALL")
    expect(row(page, 1).locator("mark")).to_have_text("call")
    row(page, 1).click()
    expect(detail(page).locator("pre mark")).to_have_text("call")
    search.fill('"title":"emma"')
    expect(detail(page).locator("pre mark")).to_have_text('"title": "Emma"')


@pytest.mark.parametrize("mode", WIRES)
def test_a_failure_looks_like_one_is_counted_and_leads_to_where_it_began(show: Show, mode: str) -> None:
    page, card = (shown := show(f"{mode}, failed")), shown.card
    failed = card.locator(".row.failed")
    many = failed.count()
    assert many == {"auto": 2, "legacy": 4}[mode]
    expect(row(page, 5)).to_contain_text("✗ fails raised ValueError: no <b>book</b>")
    expect(row(page, 5)).to_have_accessible_name(re.compile("Failed: fails raised"))
    bad, plain = (
        card.locator(which).first.evaluate("(node) => getComputedStyle(node).color")
        for which in (".row.failed .label", ".row:not(.failed) .label")
    )
    assert bad != plain
    choose(card, f"failures {many}")
    expect(card.locator("[role=option]")).to_have_count(many)
    choose(card, "all")
    card.get_by_role("button", name=f"✗ {many} failures · go to the next").click()
    expect(row(page, 5)).to_have_attribute("aria-selected", "true")
    expect(detail(page)).to_contain_text("no <b>book</b>")
    card.get_by_role("button", name="go to the next").click()
    detail(page).get_by_role("button", name="it began with step 5").press("Enter")
    expect(row(page, 5)).to_have_attribute("aria-selected", "true")
    expect(show(mode).card.get_by_role("button", name="go to")).to_be_hidden()


def test_what_answers_leads_to_what_it_answers_and_back_by_keyboard_also_where_that_is_hidden(show: Show) -> None:
    page, card = (shown := show("auto")), shown.card
    row(page, 10).click()
    link = detail(page).get_by_role("button", name="answers step 3")
    link.press("Enter")
    expect(row(page, 3)).to_have_attribute("aria-selected", "true")
    back = detail(page).get_by_role("button", name="answered in step 10")
    expect(back).to_be_focused()
    back.press("Enter")
    expect(row(page, 10)).to_have_attribute("aria-selected", "true")
    expect(link).to_be_focused()
    choose(card, "host only")
    link.click()
    expect(row(page, 3)).to_have_attribute("aria-selected", "true")
    expect(card.get_by_role("status")).to_contain_text("Every step is shown again")
    page.view.go(2)
    page.tell()
    expect(row(page, 2)).to_have_attribute("aria-selected", "true")


def test_one_step_is_copied_as_it_was_sent_and_asked_for_once_more_where_that_is_offered(
    show: Show, flows: dict[str, Flow]
) -> None:
    page = show("legacy")
    row(page, 3).click()
    expect(detail(page).get_by_role("button", name="Replay")).to_have_count(0)
    detail(page).get_by_role("button", name="Copy").click()
    expect(page.card.get_by_role("status")).to_have_text("Copied step 3.")
    assert json.loads(page.page.evaluate("() => navigator.clipboard.readText()")) == flows["legacy"].steps[2].data
    asked: list[int] = []
    page.view.on_replay = asked.append
    page.tell()
    row(page, 4).click()
    detail(page).get_by_role("button", name="Replay").click()
    page.page.wait_for_function("() => true")  # what was sent before it has arrived
    assert asked == [4]


def test_objects_and_lists_fold_by_mouse_and_by_keyboard(show: Show) -> None:
    page = show("legacy")
    row(page, 3).click()
    json_of = detail(page).locator("pre")
    whole = json_of.text_content() or ""
    assert json.loads(whole)["params"]["maxTokens"] == 50
    params = json_of.get_by_role("button", name="params: object, 2 fields")
    params.click()
    expect(json_of).to_have_js_property("innerText", re.sub(r'(?s)("params": \{).*\}', r"\1 … 2 fields }\n}", whole))
    expect(params).to_have_attribute("aria-expanded", "false")
    params.press("ArrowRight")
    expect(json_of).to_have_js_property("innerText", whole)
    params.press("ArrowDown")
    messages = json_of.get_by_role("button", name="messages: list, 1 item")
    expect(messages).to_be_focused()
    messages.press("ArrowLeft")
    expect(json_of).to_contain_text("[ … 1 item ]", use_inner_text=True)
    messages.press("Home")
    page.page.keyboard.press("Enter")
    expect(json_of).to_have_js_property("innerText", "{ … 4 fields }")
    assert json_of.locator("button[tabindex='0']").count() == 1


def test_a_pinned_step_stays_while_another_is_looked_at(show: Show) -> None:
    page, card = (shown := show("legacy", width=900)), shown.card
    pinned = card.locator(".kept")
    row(page, 3).click()
    detail(page).get_by_role("button", name="Pin").press("Enter")
    expect(pinned).to_contain_text("plot of Emma")
    expect(row(page, 3)).to_be_focused()
    row(page, 7).click()
    expect(detail(page)).to_contain_text("style of Emma")
    expect(pinned).to_contain_text("plot of Emma")
    left, right = (part.evaluate("(node) => node.getBoundingClientRect().toJSON()") for part in (pinned, detail(page)))
    assert left["right"] <= right["left"] + 1
    row(page, 7).press("Escape")
    expect(detail(page)).to_be_hidden()
    pinned.get_by_role("button", name="Unpin").click()
    expect(pinned).to_be_hidden()
    expect(row(page, 7)).to_be_focused()


# ---- times

TIMED = (
    Step(1, "you", "client", "recommend(genre)", "host", {}),
    Step(2, "client", "server", "tools/call · id 1", "request", {}, time=0.1),
    Step(3, "server", "client", "sampling/createMessage · id 1", "question", {}, (1,), time=0.2),
    Step(4, "client", "callback", "1 message", "host", {}, (1,), time=0.2),
    Step(5, "callback", "you", "asked a human", "host", {"waiting": 0}, (1,), time=0.3),
    Step(6, "you", "callback", "approved", "host", {}, (1,), time=1.3),
    Step(7, "callback", "callback", "in line behind 1", "host", {"waiting": 1}, (1,), time=1.3),
    Step(8, "callback", "model", "asks the model", "host", {}, (1,), time=1.5),
    Step(9, "model", "callback", "model answered", "host", {}, (1,), reply=True, time=1.9),
    Step(10, "callback", "client", "4 characters", "host", {}, (1,), reply=True, time=2.0),
    Step(11, "client", "server", "answer · id 1", "answer", {}, (1,), 3, reply=True, time=2.0),
    Step(12, "server", "client", "result", "response", {}, (), 2, reply=True, time=2.2),
    Step(13, "client", "you", "result", "host", {}, reply=True, time=2.3),
)


def bars(page: BarePage, number: int) -> list[list[str]]:
    """The stretches of a row: kind, start and end in seconds."""
    return (
        row(page, number)
        .locator(".bars i")
        .evaluate_all(
            """(bars) => bars.map((bar) => [bar.className, ...['--a', '--b']
          .map((name) => (Number(bar.style.getPropertyValue(name)) / 1e6).toFixed(1))])"""
        )
    )


def test_along_the_time_each_step_says_how_long_it_takes_and_who_has_it(show: Show) -> None:
    page, card = (shown := show(Flow("recommend(genre)", "bookshop", "2025-11-25", "stdio", TIMED))), shown.card
    choose(card, "Time")
    expect(row(page, 13).locator(".time")).to_have_text("2.3 s")
    whole = [
        *([["host", "0.0", "0.1"], ["server", "0.1", "0.2"], ["host", "0.2", "0.3"], ["person", "0.3", "1.3"]]),
        *([["turn", "1.3", "1.5"], ["model", "1.5", "1.9"], ["host", "1.9", "2.0"], ["server", "2.0", "2.2"]]),
        ["host", "2.2", "2.3"],
    ]
    assert bars(page, 1) == whole
    assert bars(page, 2) == whole[1:-1]
    assert bars(page, 5) == [["person", "0.3", "1.3"]]
    assert bars(page, 9) == [["moment", "1.9", "1.9"]]
    expect(row(page, 5)).to_have_accessible_name(re.compile(r"It lasts 1\.0 s: person 1\.0 s\."))
    for words in ("waits for a person1.0 s", "waits for its turn200 ms", "model answers400 ms", "server works300 ms"):
        expect(card.locator(".foot .legend:visible")).to_contain_text(words)
    looks = [
        row(page, 1).locator(f".bars .{kind}").first.evaluate("(node) => getComputedStyle(node).background")
        for kind in ("person", "turn", "model", "server")
    ]
    assert len({*looks}) == 4
    assert ["svg" in look for look in looks] == [True, True, False, False]  # who waits has a pattern
    expect(row(page, 1).locator(".bars .person")).to_have_text("person")
    choose(card, "Steps")
    expect(card.locator(".chip.server")).to_be_visible()


def test_while_a_call_goes_on_its_bars_grow_and_the_page_says_who_is_waited_for(show: Show) -> None:
    with Lab(bookshop(), name="open") as lab:
        lab.record.add(HostStep("recommend(genre)", "you", "client"), 1)
        lab.record.add(HostStep("asked a human", "callback", "you", {"waiting": 0}), 1)
        page, card = (shown := show(lab)), shown.card
        expect(card.locator(".now")).to_contain_text(re.compile(r"now: waits for a person\d"))
        choose(card, "Time")
        time = row(page, 2).locator(".time")
        expect(time).to_have_text(re.compile(" …$"))
        before = time.text_content() or ""
        expect(time).not_to_have_text(before)
        lab.record.add(HostStep("approved", "you", "callback"), 1)
        lab.record.add(HostStep("result", "client", "you", reply=True), 1)
        page.tell()
        expect(card.locator(".now")).to_be_hidden()
        assert "…" not in (time.text_content() or "")


# ---- looks

LAID = """([card, width]) => {
  card.style.width = `${width}px`;
  const frames = (done, n) => requestAnimationFrame(() => (n ? frames(done, n - 1) : done()));
  return new Promise((done) => frames(() => {
    const all = (parts) => [...card.querySelectorAll(parts)];
    const box = (node) => node.getBoundingClientRect();
    const isWide = (node) => node.scrollWidth > node.clientWidth + 1;
    const heads = all('.lanes > *').map((node) => [box(node).left, box(node).right]).sort((a, b) => a[0] - b[0]);
    const parts = '.top, .how, .tools, .foot, .body, .details, .detail, pre, .note, .about, .lanes, .scroll';
    const wide = all(parts).filter(isWide).map((node) => node.className || node.tagName);
    const cut = all('.chip').filter(isWide).map((node) => node.textContent);
    const [list, detail, foot] = ['.scroll', '.detail', '.foot'].map((name) => box(card.querySelector(name)));
    const isBeside = detail.left >= list.right - 1;
    const isBelow = detail.top >= list.bottom - 1;
    const meet = heads.slice(1).filter(([left], i) => left < heads[i][1]);
    return done({ meet, wide, cut, isBeside, isBelow, over: detail.bottom > foot.top + 1, rows: list.height,
      bars: (card.querySelector(".row .bars")?.clientWidth ?? 0) / list.width });
  }, 2));
}"""
WIDTHS = (360, 480, 559, 560, 640, 719, 720, 820, 860, 899, 900, 1001, 1002, 1100, 1366, 1840)


@pytest.mark.parametrize("mode", ["Steps", "Time"])
def test_at_no_width_heads_meet_or_a_part_covers_another_and_an_opened_step_is_beside_where_there_is_room(
    show: Show, flows: dict[str, Flow], mode: str
) -> None:
    long = replace(flows["auto"], title="compare " * 20, server="the-bookshop-" * 12)
    page, card = (shown := show(long, width=1880)), shown.card
    choose(card, mode)
    row(page, 3).click()
    for width in WIDTHS:
        told = page.page.evaluate(LAID, [card.element_handle(), width])
        assert (told["wide"], told["over"], told["isBeside"], told["isBelow"]) == (
            [],
            False,
            width > 1001,
            width < 1002,
        )
        assert told["rows"] >= 200
        assert (told["bars"] > 0.25) == (mode == "Time")
        if mode == "Steps":
            assert (width, told["meet"], told["cut"] if width > 360 else []) == (width, [], [])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_in_times_failures_filters_and_pins(show: Show, dark: bool) -> None:
    page, card = (shown := show("legacy, failed")), shown.card
    if dark:
        page.dark()
    card.get_by_role("button", name="Filter").click()
    card.get_by_role("searchbox").fill("error")
    expect(card.locator("[role=option]")).to_have_count(4)
    row(page, 1).click()
    detail(page).get_by_role("button", name="Pin").click()
    row(page, 2).click()
    for mode in ("Steps", "Time"):
        choose(card, mode)
        found = Axe().run(page.page, context={"include": [[".labkit-flow"]]})
        assert len(found.response["passes"]) > 10  # it has looked
        serious = [fault for fault in found.response["violations"] if fault["impact"] in {"serious", "critical"}]
        assert [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in serious] == []
