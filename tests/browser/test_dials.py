"""The dials, the token view and ten answers in a real JupyterLab: by mouse and keyboard, with bad text, both themes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from labkit.dial_table import DIALS
from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

SET_UP = """
import threading
from mcp_types import CreateMessageRequestParams, SamplingMessage, TextContent
from labkit import Lab, plot_bars
from labkit.models.claude import Claude
from labkit.models.tiny import Dials, TinyModel
from labkit.models.trace import Rival, Standing, Trace, TracedToken
from labkit.views.answers import grouped
from labkit.views.answers_asked import Answers
from labkit.dial_table import Settings
from labkit.host.dials import DialState
from labkit.views.dials import dials, tune
from labkit.views.token_view import show_tokens, table
from tests.story import answer, bookshop

PROMPT = "Explain this log line: what happened, why, and what to do.\\n\\n[821] ERROR:  deadlock detected"
request = CreateMessageRequestParams(
    messages=[SamplingMessage(role="user", content=TextContent(text=PROMPT))], max_tokens=60, temperature=0.2,
)
"""
TUNE = "panel = tune(request, settings=Settings(seed=7))\npanel"
TOKENS = """
# The first answer with an unlikely token, and with a place where few tokens are left: any weights have one.
traces = (
    TinyModel().trace(PROMPT, dials=Dials(temperature=1.8, top_k=40, top_p=0.9), seed=seed, max_tokens=40)
    for seed in range(500)
)
trace = next(
    trace for trace in traces
    if any(token.probability < 0.25 for token in trace.tokens)
    and any(1 < len(token.stages["top_p"]) < 5 for token in trace.tokens)
)
view = show_tokens(trace)
view
"""
CLAUDE = "dials(Claude(), Settings(temperature=0.8))"
HOSTILE = """
TEXT = (
    '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script>'
    " [a](javascript:window.__pwned=1) \\u202e\\u200b"
)
rivals = [Rival(2, TEXT + "!", 0.8), Rival(1, TEXT, 0.2)]
STAGES = ("model", "temperature", "top_k", "top_p", "min_p")
bad = TracedToken(1, TEXT, dict.fromkeys(STAGES, rivals), dict.fromkeys(STAGES, Standing(0.2, 2, 1.0)))

async def spiteful(context, params):
    return answer(TEXT, TEXT)

spiteful.__name__ = TEXT
spoken_to = DialState(spiteful, Settings(system_prompt=TEXT, stop_sequences=(TEXT,)), request.model_copy(update={
    "messages": [SamplingMessage(role="user", content=TextContent(text=TEXT))], "system_prompt": TEXT,
}))
display(show_tokens(Trace(TEXT, TEXT, 3, [bad, bad])), dials(spiteful), Answers(spoken_to, lambda: request, number=2))
from labkit.views.dial_panel import DialPanel
DialPanel(spoken_to, code=lambda: TEXT)
"""
SLOW = """
gate = threading.Event()

async def slow(context, params):
    import asyncio
    while not gate.is_set():
        await asyncio.sleep(0.005)
    return answer("at last")

waiting = Answers(DialState(slow), lambda: request)
waiting
"""
GROUPED = """
drawn = [
    TinyModel().trace(PROMPT, dials=Dials(heat), seed=seed, max_tokens=12) for heat in (0, 2) for seed in (1, 2, 3)
]
many = grouped(drawn, lambda text: text == drawn[0].text)
many
"""
BARS = 'plot_bars({"one": {"samples": 1}, "each": {"samples": 6}}, title="Five papers")'
IN_A_LAB = """
given = dials(TinyModel())
lab = Lab(bookshop(), name="given", sampling_callback=given.callback)
await lab.call_tool("recommend", {"genre": "romance"})
given
"""
CELLS = {"set up": SET_UP, "tune": TUNE, "tokens": TOKENS, "claude": CLAUDE, "hostile": HOSTILE, "slow": SLOW}
CELLS |= {"grouped": GROUPED, "bars": BARS, "lab": IN_A_LAB}
NUMBER = {name: i for i, name in enumerate(CELLS)}

AT_ONCE = 4000
"""Milliseconds from the move of a slider to the answer on the page; a quarter of a second is usual on a free core."""


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    """A notebook with a view in most cells, everything run."""
    write_notebook(root / "dials.ipynb", *CELLS.values())
    with new_page() as lab_page:
        lab_page.open("dials.ipynb").without_sidebar().run_all()
        assert lab_page.errors() == []
        yield lab_page


def part(notebook: LabPage, cell: str, name: str) -> Locator:
    """A card in the output of a cell, drawn."""
    card = notebook.output(NUMBER[cell]).locator(f".labkit-{name}").first
    expect(card).to_be_visible()
    return card


def used(panel: Locator, dial: str) -> Locator:
    """What the client uses of a dial, beside its control."""
    return panel.get_by_role("row").filter(has=panel.page.get_by_text(dial, exact=True)).locator(".used")


def themed(notebook: LabPage, *, light: bool) -> None:
    """Switch the theme, and wait until Lab has taken its splash off the page: it stumbles over two at once."""
    notebook.theme(light=light)
    expect(notebook.page.locator("#jupyterlab-splash")).to_have_count(0)


def tab_to(node: Locator) -> None:
    """Press Tab until `node` has the focus; a dial that is turned has a way back before the next one."""
    for _ in range(4):
        node.page.keyboard.press("Tab")
        if node.evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError("the focus did not come to it")


def settings(tokens: Locator) -> Locator:
    return tokens.locator(".settings")


def chosen(tokens: Locator) -> Locator:
    return tokens.locator("[role=option][aria-selected=true]")


@pytest.fixture
def tuned(notebook: LabPage) -> tuple[Locator, Locator]:
    """The dials and the tokens of `tune`, as they stood at first."""
    notebook.execute("panel.state.turn(**{name: None for name in Settings.__slots__[:7]}); panel.state.turn(seed=7)")
    panel, tokens = part(notebook, "tune", "dials"), part(notebook, "tune", "tokens")
    expect(settings(tokens)).to_have_text("temperature 0.2 · seed 7")
    return panel, tokens


# ---- dials moved


def test_a_slider_that_is_moved_by_mouse_draws_the_answer_anew(
    notebook: LabPage, tuned: tuple[Locator, Locator]
) -> None:
    panel, tokens = tuned
    before = tokens.locator(".text").inner_text()
    slider = panel.get_by_label("temperature", exact=True)
    box = slider.bounding_box()
    assert box is not None
    notebook.page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    expect(used(panel, "temperature")).to_have_text("2")
    expect(slider).to_have_attribute("aria-valuetext", "2")
    expect(settings(tokens)).to_have_text("temperature 2 · seed 7")
    expect(tokens.locator(".text")).not_to_have_text(before)
    expect(tokens.locator(".columns h4").nth(1)).to_contain_text("temperature 2")


def test_every_dial_is_moved_by_keyboard_and_says_where_it_stands(
    notebook: LabPage, tuned: tuple[Locator, Locator]
) -> None:
    panel, tokens = tuned
    keyboard = notebook.page.keyboard
    panel.get_by_role("button", name="As asked").focus()
    keyboard.press("Tab")
    temperature = panel.get_by_role("slider", name="temperature")
    expect(temperature).to_be_focused()
    expect(temperature).to_have_attribute("aria-valuetext", "as asked")
    expect(temperature).to_have_value("1")  # at the 0.2 that is asked
    expect(panel.locator(".help")).to_contain_text("temperature: How much the model dares")
    for _ in range(2):
        keyboard.press("ArrowRight")
    expect(used(panel, "temperature")).to_have_text("0.8")
    keyboard.press("Tab")
    number = panel.get_by_role("spinbutton", name="temperature, as a number")
    expect(number).to_be_focused()
    expect(number).to_have_value("0.8")
    keyboard.type("0.70")  # which is no mark, and stays as it was typed
    expect(used(panel, "temperature")).to_have_text("0.7")
    expect(number).to_have_value("0.70")
    keyboard.press("Tab")
    expect(panel.get_by_role("button", name="temperature: back")).to_be_focused()
    keyboard.press("Enter")
    expect(temperature).to_be_focused()
    expect(number).to_have_value("")
    expect(used(panel, "temperature")).to_have_text("0.2")
    number.fill("0.8")
    expect(used(panel, "temperature")).to_have_text("0.8")
    keyboard.press("Tab")
    tab_to(panel.get_by_role("slider", name="max tokens"))
    expect(panel.get_by_role("slider", name="max tokens")).to_have_attribute("aria-valuetext", "as asked")
    keyboard.press("Home")
    expect(used(panel, "max tokens")).to_have_text("1")
    expect(tokens.get_by_role("option")).to_have_count(1)
    keyboard.press("End")
    tab_to(panel.get_by_role("slider", name="top-p"))
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    expect(used(panel, "top-p")).to_have_text("0.9")
    tab_to(panel.get_by_role("slider", name="top-k"))
    for _ in range(2):
        keyboard.press("ArrowLeft")
    expect(used(panel, "top-k")).to_have_text("40")
    for dial, first in (("min-p", "0.02"), ("frequency penalty", "0.2")):
        tab_to(panel.get_by_role("slider", name=dial))
        keyboard.press("ArrowRight")
        expect(used(panel, dial)).to_have_text(first)
    tab_to(panel.get_by_label("stop", exact=True))
    keyboard.type(" the")
    expect(used(panel, "stop")).to_have_text("·the")
    tab_to(panel.get_by_label("seed", exact=True))
    keyboard.press("ControlOrMeta+a")
    keyboard.type("12")
    expect(used(panel, "seed")).to_have_text("12")
    tab_to(panel.get_by_label("system prompt", exact=True))
    keyboard.type("You are brief.")
    keyboard.press("Enter")
    keyboard.type("Rhyme.")
    expect(panel.get_by_label("system prompt", exact=True)).to_have_value("You are brief.\nRhyme.")
    expect(used(panel, "system prompt")).to_have_text(re.compile("Rhyme"))
    expect(panel.locator(".count")).to_have_text("21 characters")
    expect(settings(tokens)).to_have_text(
        "temperature 0.8 · frequency penalty 0.2 · top-k 40 · top-p 0.9 · min-p 0.02 · seed 12"
    )
    assert len(notebook.cells()) == len(CELLS)  # no key reached the notebook's own shortcuts
    keyboard.press("Shift+Tab")
    panel.get_by_role("button", name="As asked").press("Enter")
    expect(settings(tokens)).to_have_text("temperature 0.2 · seed 0")
    expect(panel.get_by_role("slider", name="temperature")).to_have_value("1")
    expect(panel.get_by_label("stop", exact=True)).to_have_value("")


def test_a_dial_never_goes_above_what_the_server_asked(notebook: LabPage, tuned: tuple[Locator, Locator]) -> None:
    panel, _ = tuned
    slider = panel.get_by_role("slider", name="max tokens")
    expect(slider).to_have_attribute("max", "60")
    expect(panel.get_by_role("row").filter(has_text="max tokens").locator(".honoured")).to_have_text("must")
    notebook.execute("panel.state.turn(max_tokens=500)")
    expect(slider).to_have_value("60")
    expect(used(panel, "max tokens")).to_have_text("60")
    given = part(notebook, "lab", "dials")
    expect(given.get_by_role("slider", name="max tokens")).to_have_attribute("max", "50")
    expect(given.locator(".prompt")).to_have_text("“recommend romance”")


def test_a_wish_that_cannot_be_is_said_to_be_left_out(notebook: LabPage, tuned: tuple[Locator, Locator]) -> None:
    panel, tokens = tuned
    seed = panel.get_by_label("seed", exact=True)
    seed.fill("-3")
    expect(panel.locator("tr.number .wrong")).to_have_text(
        "Not used: seed is -3, and it must be a whole number, 0 or more."
    )
    expect(seed).to_have_attribute("aria-invalid", "true")
    expect(used(panel, "seed")).to_have_text("7")
    seed.fill("8")
    expect(panel.locator("tr.number .wrong")).to_have_text("")
    expect(settings(tokens)).to_have_text("temperature 0.2 · seed 8")


def test_what_a_model_does_not_take_is_said_in_words(notebook: LabPage) -> None:
    panel = part(notebook, "claude", "dials")
    row = panel.get_by_role("row").filter(has_text="temperature")
    expect(row.locator(".used")).to_have_text("0.8")
    expect(row.locator(".honoured")).to_have_text("no")
    expect(row.locator(".honoured")).to_have_attribute("title", re.compile("does not take it"))
    expect(panel.get_by_role("row").filter(has_text="stop").locator(".honoured")).to_have_text("yes")


def test_every_control_has_a_name_and_a_tooltip(notebook: LabPage) -> None:
    panel = part(notebook, "tune", "dials")
    controls = panel.locator("input, textarea, button")
    sliders = panel.get_by_role("slider").count()
    assert controls.count() == 2 * len(DIALS) + sliders + 1  # each with its way back, a slider with its number
    for row in panel.locator("tbody tr").all():
        row.locator("button").evaluate("(button) => { button.style.visibility = 'visible'; }")
        for control in row.locator("input, textarea, button").all():
            box = control.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 24
    for control in controls.all():
        expect(control).to_have_attribute("title", re.compile(r"\w{3}"))
        expect(control).to_have_accessible_name(re.compile(r"\w{3}"))
    answers = part(notebook, "tune", "answers")
    for control in answers.locator("button").all():
        expect(control).to_have_attribute("title", re.compile(r"\w{3}"))


def test_the_answer_is_redrawn_at_once(
    notebook: LabPage, tuned: tuple[Locator, Locator], record_property: Callable[[str, object], None]
) -> None:
    panel, tokens = tuned
    slider = panel.get_by_role("slider", name="temperature")
    times = []
    for step in (4, 2, 5, 0, 6):
        took = slider.evaluate(
            """async (slider, [view, step]) => {
              const said = view.querySelector('.settings');
              const before = said.textContent;
              const began = performance.now();
              slider.value = step;
              slider.dispatchEvent(new Event('input'));
              while (said.textContent === before && performance.now() - began < 10000) {
                await new Promise(requestAnimationFrame);
              }
              return performance.now() - began;
            }""",
            [tokens.element_handle(), step],
        )
        times.append(round(took))
    record_property("milliseconds", times)
    print(f"from a moved slider to the redrawn answer: {times} ms")
    assert sorted(times)[2] < AT_ONCE


def test_nothing_moves_when_an_answer_arrives(notebook: LabPage, tuned: tuple[Locator, Locator]) -> None:
    panel, tokens = tuned
    answers = part(notebook, "tune", "answers")

    def places() -> list[float]:
        boxes = [card.bounding_box() for card in (panel, tokens, tokens.locator(".columns"), answers)]
        assert None not in boxes
        return [round(box[side]) for box in boxes if box for side in ("y", "height")]

    before = places()
    slider = panel.get_by_role("slider", name="temperature")
    for key, value in (("End", "2"), ("Home", "0")):
        slider.press(key)
        expect(settings(tokens)).to_have_text(f"temperature {value} · seed 7")
        assert places() == before
    panel.get_by_role("slider", name="max tokens").press("Home")
    expect(tokens.get_by_role("option")).to_have_count(1)
    assert places() == before


# ---- ten answers


def test_ten_answers_are_grouped(notebook: LabPage, tuned: tuple[Locator, Locator]) -> None:
    panel, _ = tuned
    panel.get_by_role("slider", name="temperature").press("End")
    answers = part(notebook, "tune", "answers")
    go = answers.get_by_role("button", name="Run ten times")
    go.press("Enter")
    expect(answers.get_by_role("status")).to_have_text(re.compile(r"^10 of 10 answers, \d+ different$"))
    expect(go).to_be_focused()
    expect(answers.locator(".group").first).to_contain_text(re.compile(r"\d of 10.*seeds? (7|8|9|1\d)"))
    expect(answers.locator(".note")).to_have_text("temperature 2 · seeds 7 to 16")


def test_a_group_is_opened_by_keyboard_and_shows_its_answers_and_tokens(notebook: LabPage) -> None:
    many = part(notebook, "grouped", "answers")
    table = many.get_by_role("table").first
    expect(table.get_by_role("row")).to_have_count(4)
    expect(table).to_contain_text(re.compile(r"temperature02answers33different1[23]true3\d"))
    second = many.locator(".group").nth(1)
    expect(second.locator("mark").first).to_be_visible()
    expect(second).to_contain_text("✗ false")
    second.locator("summary").first.focus()
    notebook.page.keyboard.press("Enter")
    expect(second).to_have_attribute("open", "")
    expect(second).to_contain_text("temperature 2 · maxTokens")
    tokens = second.locator(".labkit-tokens")
    expect(tokens.get_by_role("option", selected=True)).to_be_visible()
    expect(second.get_by_role("button", name="Tokens").first).to_have_attribute("aria-pressed", "true")
    for light in (True, False):
        themed(notebook, light=light)
        assert serious_faults(notebook, ".labkit-answers") == []
    themed(notebook, light=True)
    notebook.page.keyboard.press("Enter")


def test_a_run_is_cancelled_while_page_and_kernel_stay_free(notebook: LabPage) -> None:
    answers = part(notebook, "slow", "answers")
    stop = answers.get_by_role("button", name="Cancel")
    expect(stop).to_have_attribute("aria-disabled", "true")
    answers.get_by_role("button", name="Run ten times").click()
    expect(answers.get_by_role("status")).to_have_text("0 of 10 answers")
    notebook.execute("assert waiting.running")  # the kernel has time for this
    stop.click()
    expect(answers.get_by_role("status")).to_have_text("stopped after 0 of 10 answers, 0 different")
    expect(stop).to_have_attribute("aria-disabled", "true")
    notebook.execute("gate.set()")
    answers.get_by_role("button", name="Run ten times").click()
    expect(answers.get_by_role("status")).to_have_text("10 of 10 answers, 1 different")
    expect(answers.locator(".group")).to_have_count(1)
    expect(answers.locator(".group")).to_contain_text("seeds 0, 1, 2")


# ---- tokens


def test_the_tokens_are_read_by_keyboard(notebook: LabPage) -> None:
    tokens = part(notebook, "tokens", "tokens")
    keyboard = notebook.page.keyboard
    options = tokens.get_by_role("option")
    options.first.click()
    keyboard.press("Home")
    expect(options.first).to_be_focused()
    expect(chosen(tokens)).to_have_accessible_name(re.compile(r"^1 of \d+: “.+”, <?\d+ %$"))
    said = tokens.locator(".said")
    expect(said).to_have_text(re.compile(r"^Token 1 “"))
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    expect(options.nth(2)).to_be_focused()
    expect(said).to_have_text(
        re.compile(r"^Token 3 .*: the model gave it <?\d+ %; temperature 1\.8 .* an effective vocabulary of [\d.]+\.$")
    )
    keyboard.press("ArrowLeft")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    keyboard.press("End")
    expect(options.last).to_be_focused()
    keyboard.press("ArrowRight")
    expect(options.last).to_be_focused()
    assert len([each for each in options.all() if each.get_attribute("tabindex") == "0"]) == 1
    notebook.execute("assert view.chosen == len(trace.tokens) - 1")
    assert len(notebook.cells()) == len(CELLS)


def test_the_bars_say_what_the_table_says(notebook: LabPage) -> None:
    tokens = part(notebook, "tokens", "tokens")
    notebook.execute("view.chosen = view.reading.hesitant")
    notebook.execute("expected = [[cell.text for cell in row.cells] for row in view.reading.rows(view.chosen, 8)]")
    figures = tokens.locator(".columns > div").evaluate_all(
        "(columns) => columns.map((c) => [...c.querySelectorAll('li em')].map((em) => em.textContent))"
    )
    rows = [list(row) for row in zip(*figures, strict=True)]
    notebook.execute(
        f"assert expected == {[[re.sub('ruled out', '', cell) for cell in row] for row in rows]!r}, expected"
    )
    notebook.execute(f"assert view.reading.sentence(view.chosen) == {tokens.locator('.said').inner_text()!r}")
    widths = (
        tokens.locator(".columns > div")
        .first.locator("li i")
        .evaluate_all("(bars) => bars.map((bar) => Number(bar.style.getPropertyValue('--long')))")
    )
    assert widths == sorted(widths, reverse=True)


def test_a_rival_that_is_ruled_out_is_grey_and_said_to_be(notebook: LabPage) -> None:
    tokens = part(notebook, "tokens", "tokens")
    notebook.execute("view.chosen = next(i for i, t in enumerate(trace.tokens) if 1 < len(t.stages['top_p']) < 5)")
    out = tokens.locator(".columns > div").nth(3).locator("li.out")
    expect(out.first).to_contain_text("ruled out")
    kept = tokens.locator(".columns > div").nth(3).locator("li:not(.out)")
    expect(kept.filter(has_text="(drawn)")).to_have_count(1)
    colours = [
        node.locator("i").evaluate("(bar) => getComputedStyle(bar).backgroundColor") for node in (out.first, kept.first)
    ]
    assert colours[0] != colours[1]


MOVED = """(slider) => {
  const strip = slider.closest('.labkit-tokens');
  const read = () => strip.querySelector('.columns').textContent;
  const before = read();
  slider.value = 0;
  slider.dispatchEvent(new Event('input'));
  return read() !== before;
}"""


def test_a_dial_moves_the_bars_at_once_by_mouse_and_keyboard_and_asks_nobody(notebook: LabPage) -> None:
    tokens = part(notebook, "tokens", "tokens")
    strip = tokens.locator(".strip")
    expect(strip.locator(".dial .name")).to_have_text(
        ["1 frequency penalty", "2 temperature", "3 top-k", "4 top-p", "5 min-p", "6 draw"]
    )
    notebook.execute("view.chosen = next(i for i, token in enumerate(trace.tokens) if token.rank > 1)")
    slider = strip.get_by_role("slider", name="temperature")
    assert slider.evaluate(MOVED)  # in the very task of the event: no kernel, no frame later
    expect(chosen(tokens)).to_have_accessible_name(re.compile("; the turned dials draw “.+”$"))
    expect(strip.get_by_role("status")).to_have_text(re.compile(r"^dials turned: another token at \d+ of \d+ places"))
    was = tokens.locator(".columns > div").last.locator("li:not([hidden])", has_text="(in the answer)")
    expect(was).to_have_count(1)
    strip.get_by_role("button", name="As drawn").press("Enter")
    expect(strip.get_by_role("status")).to_have_text("")
    slider.press("ArrowRight")
    expect(settings(tokens)).to_contain_text("temperature 2 ")
    number = strip.get_by_role("spinbutton", name="top-p")
    number.fill("0.55")
    expect(settings(tokens)).to_contain_text("temperature 2 · top-k 40 · top-p 0.55")
    number.fill("7")
    expect(number).to_have_attribute("aria-invalid", "true")
    notebook.execute("assert view.turned == {'temperature': 2, 'top_p': 0.55}, view.turned")
    test_the_bars_say_what_the_table_says(notebook)
    strip.get_by_role("button", name="As drawn").click()
    expect(settings(tokens)).to_contain_text("temperature 1.8 · top-k 40 · top-p 0.9")


def test_a_rival_is_taken_by_keyboard_and_the_branches_stand_beside_each_other(notebook: LabPage) -> None:
    tokens = part(notebook, "tokens", "tokens")
    keyboard = notebook.page.keyboard
    notebook.execute("view.chosen = next(i for i, t in enumerate(trace.tokens) if 1 < len(t.stages['top_p']) < 5)")
    chosen(tokens).focus()
    keyboard.press("ArrowDown")
    rivals = tokens.locator(".columns > div").first.get_by_role("button")
    keyboard.press("Home")
    expect(rivals.first).to_be_focused()
    keyboard.press("Escape")
    expect(chosen(tokens)).to_be_focused()
    keyboard.press("ArrowDown")
    expect(rivals.nth(0)).to_have_count(1)
    here = tokens.locator(".columns > div").first.locator("li.drawn")
    keyboard.press("ArrowDown" if here.locator("b").evaluate("(node) => node.tabIndex === 0") else "Home")
    keyboard.press("Enter")
    branches = tokens.locator(".branches")
    marks = branches.locator(".marks button")
    expect(marks).to_have_count(2)
    expect(marks.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(tokens.locator(".said")).to_contain_text("taken by hand in place of “")
    branches.get_by_role("button", name="Compare").press("Enter")
    beside = tokens.locator(".beside")
    expect(beside.get_by_role("region")).to_have_count(2)
    expect(beside.locator(".parts")).to_contain_text("(the branch parts here)")
    assert serious_faults(notebook, ".labkit-tokens") == []
    branches.get_by_role("button", name="Back").press("Enter")
    expect(marks.nth(0)).to_have_attribute("aria-pressed", "true")
    branches.get_by_role("button", name="Compare").click()
    expect(beside).to_be_hidden()
    notebook.execute("assert view.shown == 0 and len(view.branches) == 2")
    notebook.execute("view.show(trace)")
    expect(marks).to_have_count(0)
    assert len(notebook.cells()) == len(CELLS)


def test_an_unsure_token_has_a_dotted_line(notebook: LabPage) -> None:
    tokens = part(notebook, "tokens", "tokens")
    styles = tokens.get_by_role("option").evaluate_all(
        """(options) => options.map((o) => [parseInt(o.getAttribute('aria-label').match(/(\\d+) %/)[1]),
             getComputedStyle(o, '::after').borderBottomStyle])"""
    )
    assert {style for share, style in styles if share < 30} == {"dotted"}
    assert {style for share, style in styles if share > 30} == {"solid"}


# ---- hostile text


def test_hostile_text_is_shown_and_does_nothing(notebook: LabPage) -> None:
    output = notebook.output(NUMBER["hostile"])
    tokens = part(notebook, "hostile", "tokens")
    for option in tokens.get_by_role("option").all():
        option.click()
    expect(tokens.locator(".text")).to_contain_text("<img")
    answers = part(notebook, "hostile", "answers")
    answers.get_by_role("button", name="Run 2 times").click()
    expect(answers.get_by_role("status")).to_have_text("2 of 2 answers, 1 different")
    expect(answers.locator(".said").first).to_contain_text("<script>window.__pwned=1</script>")
    panel = output.locator(".labkit-dials").last
    expect(panel.locator(".prompt")).to_contain_text("<img src=x")
    panel.locator("summary").click()
    expect(panel.locator("pre")).to_contain_text("<script>")
    drawn = "img:not([src^='data:image/svg+xml,'])"  # the picture that is stored, which can run nothing
    assert output.locator(f"{drawn}, script, a").count() == 0
    assert "\u202e" not in tokens.inner_text() + answers.inner_text() + panel.locator(".tables").inner_text()
    assert notebook.page.evaluate("() => window.__pwned") is None


# ---- looks


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
@pytest.mark.parametrize("cell", ["tune", "tokens", "claude"])
def test_axe_finds_nothing_serious_in_either_theme(notebook: LabPage, cell: str, light: bool) -> None:
    themed(notebook, light=light)
    notebook.output(NUMBER[cell])
    expect(notebook.output(NUMBER[cell]).locator(".labkit-card").first).to_be_visible()
    assert serious_faults(notebook, ".labkit-card") == []


def serious_faults(notebook: LabPage, selector: str) -> list[tuple[str, list[str]]]:
    """What axe finds in a part of the page: the rules that are broken, and where."""
    found = Axe().run(notebook.page, context={"include": [[selector]]})
    serious = [fault for fault in found.response["violations"] if fault["impact"] in {"serious", "critical"}]
    return [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in serious]


SAID = {
    "bars": "Bars, Five papers. samples: one 1; each 6.",
}
"""How the words begin that stand for a picture."""


def test_the_charts_have_the_colours_of_the_theme_and_alternative_text(notebook: LabPage) -> None:
    for light in (True, False):
        themed(notebook, light=light)
        for cell, said in SAID.items():
            image = part(notebook, cell, "picture").get_by_role("img")
            expect(image).to_have_count(1)
            expect(image).to_have_class("light" if light else "dark")
            expect(image).to_have_accessible_name(re.compile(f"^{re.escape(said)}"))
            assert image.evaluate("(img) => img.complete && img.naturalWidth > 500")
            assert serious_faults(notebook, ".labkit-picture") == []
    themed(notebook, light=True)


@pytest.mark.parametrize("cell", SAID)
def test_charts_that_are_stored_have_alternative_text_before_they_are_run(notebook: LabPage, cell: str) -> None:
    output = notebook.output(NUMBER[cell])
    trust(notebook, cell, trusted=False)
    image = output.get_by_role("img")
    expect(output.locator(".labkit-picture")).to_have_count(0)
    expect(image).to_have_accessible_name(re.compile(f"^{re.escape(SAID[cell])}"))
    assert image.evaluate("(img) => img.complete && img.naturalWidth > 500")
    image.evaluate("(img) => img.setAttribute('data-stored', '')")
    assert serious_faults(notebook, "img[data-stored]") == []
    trust(notebook, cell, trusted=True)
    expect(output.locator(".labkit-picture")).to_be_visible()


def trust(notebook: LabPage, cell: str, *, trusted: bool) -> None:
    """Take a cell's output for one of a notebook that was just opened, which Lab does not trust, or for one of ours."""
    notebook.page.evaluate(
        "([i, trusted]) => { window.jupyterapp.shell.currentWidget.content.widgets[i].model.trusted = trusted; }",
        [NUMBER[cell], trusted],
    )


@pytest.mark.parametrize("width", [420, 760, 1180, 1700])
def test_nothing_is_cut_off_at_the_side(notebook: LabPage, width: int) -> None:
    notebook.execute("panel.state.turn(temperature=2.0)")
    cards = [part(notebook, "tune", name) for name in ("dials", "tokens", "answers")]
    for card in cards:
        card.evaluate("(node, width) => { node.style.width = `${width}px`; }", width)
    wide = [
        card.evaluate(
            """(card) => [card, ...card.querySelectorAll('.head, .text, .word, .columns, .said, .tables, .group')]
                 .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className)"""
        )
        for card in cards
    ]
    for card in cards:
        card.evaluate("(node) => { node.style.width = ''; }")
    assert wide == [[], [], []]
