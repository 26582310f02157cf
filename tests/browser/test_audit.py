"""The pages of an audit log and of spans in a real JupyterLab: what servers write stays text; by keyboard, live."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

SET_UP = """
from types import SimpleNamespace

from labkit import AuditLog, report, show_audit, with_audit, with_budget, with_guard
from labkit.steps import Origin
from tests.host.crowd import Model, Session, answered, refuses
from tests.host.test_audit import request_about
from tests.story import question

PAYLOADS = [
    '<img src=x onerror="window.__pwned=1">',
    '<script>window.__pwned=1</script>',
    '"><svg onload=window.__pwned=1>',
    "'-window.__pwned=1-'",
    "javascript:window.__pwned=1",
    "[a](javascript:window.__pwned=1) <a href=javascript:window.__pwned=1>b</a>",
    "${window.__pwned=1}{{constructor.constructor('window.__pwned=1')()}}",
    "</pre></script></style><iframe srcdoc='<script>parent.__pwned=1</script>'>",
    "\\x1b[2J\\x1b[31m\\x1b]8;;javascript:window.__pwned=1\\x07\\x9b5n",
    "\\u202e\\u2066desrever\\u200b",
    "\\u05e9\\u05dc\\u05d5\\u05dd 12 \\u0645\\u0631\\u062d\\u0628\\u0627",
]
log = AuditLog("audit.jsonl")

async def asks(text, number=0):
    async def quotes(context, params):
        report(f"noted: {text}", rule=text)
        return (await Model(text, model=text)(context, params)).model_copy(update={"stop_reason": text})

    async def fails(context, params):
        raise RuntimeError(text)

    context = SimpleNamespace(session=sessions[number])
    origin = Origin(text, text, text, {}, 1, text)
    await answered(with_audit(quotes, log, texts=True), request_about(text), origin, context)
    try:
        await answered(with_audit(fails, log), request_about(text), origin, context)
    except RuntimeError:
        pass

async def plain(callback, name="log-archiver", tool="process_log_entry", number=0):
    context = SimpleNamespace(session=sessions[number])
    origin = Origin(name, "2026-07-28", tool, {}, 1)
    await answered(with_audit(callback, log), question("What is this?"), origin, context)

sessions = [Session() for _ in range(3)]
for text in PAYLOADS:
    await asks(text)
for _ in range(3):
    await plain(with_guard(Model(tokens=(120, 45), model="tiny")), number=1)
await plain(with_budget(Model(), samples=0), "log-archiver", "steal", 2)
await plain(refuses, "code-reviewer", "review", 1)
"""
SHOW = "view = show_audit(log)\nview"
MORE = "await plain(Model('late'), 'late-server', 'late', 2)"

SPANS = """
from labkit import Telemetry, show_spans
from tests.telemetry.spans import call, span

kept = Telemetry()
hostile = [dict(name=text, process=text, error__type=text, what=text) for text in PAYLOADS]
kept.take([call(1, 0, 20), *(span(n, n, n + 1, parent=1, **told) for n, told in enumerate(hostile, 2))])
waterfall = show_spans(kept)
waterfall
"""


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    write_notebook(root / "audit.ipynb", SET_UP, SHOW, MORE, SPANS)
    with new_page() as lab_page:
        lab_page.open("audit.ipynb").without_sidebar().run_cell(0).run_cell(1).run_cell(3)
        yield lab_page


def panel_of(notebook: LabPage) -> Locator:
    panel = notebook.output(1).locator(".labkit-audit")
    expect(panel).to_be_visible()
    return panel


RUNS = "script, img, svg, iframe, a, style, object, embed"


def test_whatever_a_server_calls_itself_stays_text_in_its_place(notebook: LabPage) -> None:
    panel = panel_of(notebook)
    lines = panel.locator("tbody .row")
    expect(lines).to_have_count(27)
    panel.evaluate("(panel) => panel.querySelectorAll('.opener').forEach((opener) => opener.click())")
    expect(panel.locator(".texts pre").first).to_be_attached()
    expect(panel.locator(".texts:has(pre)")).to_have_count(11)
    assert panel.locator(RUNS).count() == 0
    shown = panel.evaluate("(panel) => panel.textContent")
    for told in (
        '<img src=x onerror="window.__pwned=1">',
        "</pre></script></style><iframe",
        r"\x1b[2J",
        r"\u202e\u2066",
    ):
        assert told in shown
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b"} & {*shown}
    # What is read from the right moves nothing that stands beside it.
    columns = panel.evaluate(
        """(panel) => [...panel.querySelectorAll('tbody .row')].map((row) => [...row.cells].map((cell) =>
             `${Math.round(cell.getBoundingClientRect().x)} ${getComputedStyle(cell).direction}`).join())"""
    )
    assert len({*columns}) == 1
    assert notebook.page.evaluate("() => window.__pwned") is None
    assert notebook.errors() == []


def test_a_waterfall_is_read_by_keyboard_and_what_spans_tell_stays_text(notebook: LabPage) -> None:
    panel = notebook.output(3).locator(".labkit-spans")
    rows = panel.locator(".row")
    expect(rows).to_have_count(12)
    rows.first.focus()
    for key in ("ArrowDown", "Enter"):
        notebook.page.keyboard.press(key)
    below = panel.get_by_role("region", name="The chosen span")
    expect(below).to_contain_text('<img src=x onerror="window.__pwned=1">')
    for _ in range(10):  # each is opened in the place of the one before
        notebook.page.keyboard.press("ArrowDown")
    expect(rows.last).to_have_attribute("aria-selected", "true")
    expect(below).to_contain_text("\u05e9\u05dc\u05d5\u05dd")
    assert panel.locator(RUNS).count() == 0
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b"} & {
        *panel.evaluate("(panel) => panel.textContent")
    }
    edges = "(rows) => rows.map((row) => [...row.children].map((cell) => cell.getBoundingClientRect().x))"
    assert len({*map(tuple, rows.evaluate_all(edges))}) == 1
    for key in ("Escape", "Home", "ArrowLeft"):
        notebook.page.keyboard.press(key)
    expect(below).to_be_hidden()
    expect(rows).to_have_count(1)
    notebook.page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(12)
    notebook.execute("kept.take([call(50, 30, 50, error__type='late')])")
    expect(rows).to_have_count(13)
    panel.get_by_role("combobox", name="Call").select_option(label="call 1 · sell · shop")
    expect(rows).to_have_count(12)
    assert notebook.page.evaluate("() => window.__pwned") is None
    assert notebook.errors() == []


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_axe_finds_nothing_serious_in_either_theme(notebook: LabPage, light: bool) -> None:
    notebook.theme(light=light)
    panel = panel_of(notebook)
    opener = panel.locator(".opener").nth(7)
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    found = Axe().run(notebook.page, context={"include": [[".labkit-audit"], [".labkit-spans"]]})
    opener.click()
    assert len(found.response["passes"]) > 10  # it has looked
    serious = [fault for fault in found.response["violations"] if fault["impact"] in {"serious", "critical"}]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in serious] == []


def test_it_is_filtered_opened_by_keyboard_and_follows_the_log(notebook: LabPage) -> None:
    panel = panel_of(notebook)
    openers, totals = panel.locator(".opener"), panel.locator(".totals")
    panel.get_by_label("Connection").select_option(label="2: code-reviewer, log-archiver")
    expect(totals).to_have_text("4 samples · 3 answered · 1 refused · 495 tokens")
    panel.get_by_label("Decision").select_option("=refused")
    expect(openers).to_have_count(1)
    panel.get_by_label("Connection").select_option("")
    panel.get_by_label("Decision").select_option("")
    expect(openers).to_have_count(27)
    openers.first.focus()
    notebook.page.keyboard.press("ArrowDown")
    expect(openers.nth(1)).to_be_focused()
    notebook.page.keyboard.press("Enter")
    below = panel.locator(".below:visible")
    expect(below).to_contain_text("Held back by the client's budget for sampling")
    notebook.run_cell(2)
    expect(totals).to_contain_text("28 samples · 15 answered")
    expect(panel_of(notebook).locator("tbody .row").first).to_contain_text("late-server")
    expect(below).to_contain_text("Held back by the client's budget for sampling")
    openers.nth(2).focus()
    notebook.page.keyboard.press("Escape")
    expect(below).to_have_count(0)
    notebook.page.keyboard.press("End")
    expect(openers.last).to_be_focused()
    expect(openers.last).to_be_in_viewport()
    for width in (560, 1100, 1800):
        panel.evaluate("(node, width) => { node.style.width = `${width}px`; }", width)
        wide = panel.evaluate(
            "(node) => [...node.querySelectorAll('.head, .tools')].filter((part) => "
            "part.scrollWidth > part.clientWidth + 1).map((part) => part.className)"
        )
        assert wide == []
    assert notebook.errors() == []
