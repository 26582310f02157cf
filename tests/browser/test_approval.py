"""The approval panel and the budget meter in a real JupyterLab: every decision, by mouse and keyboard, at any time."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

SET_UP = """
import asyncio
from labkit import Lab, approval_panel, budget_meter, with_approval, with_budget
from labkit.host import Approve
from IPython.display import display
from tests.host.crowd import crowd
from tests.story import answer, asked, bookshop, said

TEXT = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script> \\u202e\\u200b'
heard = []

async def reader(context, params):
    heard.append(params)
    return answer(f"you asked: {asked(params)}")

panel = approval_panel()
approval = with_approval(reader, ask=panel, timeout=599)  # the machine may be slow
budget = with_budget(approval, samples=200, at_once=120)
labs = {
    mode: Lab(bookshop(), name=mode, mode=mode, sampling_callback=budget, timeout=900) for mode in ("auto", "legacy")
}
many = Lab(crowd(), name="many", sampling_callback=budget, timeout=900)
calls = []

def begin(genre="crime", mode="auto"):
    calls.append(labs[mode].start("recommend", {"genre": genre}))

display(panel, budget_meter(budget))
"""
AWAITS = """
got = said(await labs["legacy"].call_tool("recommend", {"genre": "crime"}))
"""
# What the kernel tells the page can be held back from the message on that ends a review, as a slow line does it.
SLOW_LINE = """
window.held = null;
const text = ({data}) => typeof data === 'string' ? data : new TextDecoder().decode(data);
window.WebSocket = class extends WebSocket {
  get onmessage() { return super.onmessage; }
  set onmessage(tell) {
    super.onmessage = (event) => {
      if (!window.held || (!window.held.length && !/"review": ?{}/.test(text(event)))) return tell(event);
      window.held.push(() => tell(event));
      document.body.dataset.ended = 'in the kernel';
    };
  }
};
window.release = () => {
  const held = window.held;
  window.held = null;
  for (const tell of held) tell();
};
"""
CELLS = {"set up": SET_UP, "awaits": AWAITS}
NUMBER = {name: i for i, name in enumerate(CELLS)}


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    """A notebook with the panel and the meter of one budget."""
    write_notebook(root / "approval.ipynb", *CELLS.values())
    with new_page() as lab_page:
        lab_page.page.add_init_script(SLOW_LINE)
        lab_page.open("approval.ipynb").without_sidebar().run_cell(NUMBER["set up"])
        assert lab_page.errors() == []
        yield lab_page


@pytest.fixture
def panel(notebook: LabPage) -> Locator:
    """The panel, with nothing under review."""
    panel = notebook.output(NUMBER["set up"]).locator(".labkit-approval")
    expect(panel).to_contain_text("Nothing waits for you")
    notebook.execute("heard.clear(); calls.clear()")
    return panel


def button(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("button", name=name, exact=True)


def status(panel: Locator) -> Locator:
    return panel.get_by_role("status")


def over_subshells(notebook: LabPage, how: str) -> None:
    """Lab's setting of the messages of widgets: `disabled` and what goes over subshells."""
    notebook.page.evaluate(
        """(how) => {
          const {kernel} = window.jupyterapp.shell.currentWidget.sessionContext.session;
          window.jupyterapp.serviceManager.kernels.commsOverSubshells = how;
          kernel.commsOverSubshells = how;
        }""",
        how,
    )


# ---- each decision, while a cell awaits and when it has returned


def test_approve_edit_and_refuse_when_the_cell_has_returned(notebook: LabPage, panel: Locator) -> None:
    notebook.execute("begin()")
    expect(panel.locator(".head")).to_contain_text("bookshop asks, for its tool recommend")
    expect(panel.locator(".head")).to_contain_text(re.compile(r"\d:\d\d left"))
    expect(panel.locator("pre").nth(1)).to_have_text("recommend crime")
    button(panel, "Approve").click()
    expect(panel.locator(".head")).to_contain_text("would get this answer")
    expect(panel.locator("pre").first).to_have_text("you asked: recommend crime")
    button(panel, "Edit").click()
    panel.get_by_label("answer", exact=True).fill("Read Chandler.")
    button(panel, "Send as edited").click()
    expect(status(panel)).to_have_text("The answer was sent as edited.")
    notebook.execute("assert said(await calls[0]) == 'Read Chandler.'")

    notebook.execute("begin(mode='legacy')")
    button(panel, "Edit").click()
    panel.get_by_label("max tokens").fill("none")
    button(panel, "Approve as edited").click()
    expect(status(panel)).to_contain_text("max tokens must be a whole number above 0")
    panel.get_by_label("max tokens").fill("20")
    panel.get_by_label("system prompt").fill("Be brief.")
    panel.get_by_label("message 1 of 1, user").fill("recommend poetry")
    button(panel, "Approve as edited").click()
    button(panel, "Withhold").click()
    expect(status(panel)).to_have_text("The answer was withheld.")
    notebook.execute("assert (asked(heard[1]), heard[1].max_tokens) == ('recommend poetry', 20)")
    notebook.execute("assert heard[1].system_prompt == 'Be brief.'")
    notebook.execute("assert 'withheld' in str((await asyncio.gather(calls[1], return_exceptions=True))[0])")

    notebook.execute("begin()")
    panel.get_by_label("Reason of a refusal").fill("not today")
    button(panel, "Refuse").click()
    expect(status(panel)).to_have_text("The request was refused.")
    notebook.execute("assert 'not today' in str((await asyncio.gather(calls[2], return_exceptions=True))[0])")
    notebook.execute("assert len(heard) == 2")


@pytest.mark.parametrize("how", ["disabled", "perCommTarget"])
def test_a_cell_that_awaits_gets_its_clicks_with_and_without_subshells(
    notebook: LabPage, panel: Locator, how: str
) -> None:
    over_subshells(notebook, how)
    notebook.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    notebook.command("notebook:run-cell")
    notebook.output(NUMBER["set up"])
    expect(panel.locator("pre").nth(1)).to_have_text("recommend crime")
    assert notebook.cells()[1]["running"]
    button(panel, "Edit").click()
    panel.get_by_label("message 1 of 1, user").fill("recommend poetry")
    button(panel, "Approve as edited").click()
    button(panel, "Send").click()
    notebook.finished(2)
    notebook.execute("assert got == 'you asked: recommend poetry'")
    notebook.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    notebook.command("notebook:run-cell")
    notebook.output(NUMBER["set up"])
    button(panel, "Refuse").click()
    expect(status(panel)).to_have_text("The request was refused.")
    notebook.finished(2)
    assert len(notebook.errors()) == 1  # the refusal, and no other
    notebook.execute("assert len(heard) == 1")


# ---- clicks that must do nothing


def test_a_double_click_does_not_decide_on_what_comes_next(notebook: LabPage, panel: Locator) -> None:
    # The slowest second click of all: in the moment in which the next review is drawn.
    panel.evaluate(
        """(panel) => {
          window.__clicked = false;
          new MutationObserver((_, observer) => {
            if (!panel.querySelector('.head').textContent.includes('would get this answer')) return;
            observer.disconnect();
            panel.querySelector('.go').click();
            window.__clicked = true;
          }).observe(panel, {subtree: true, childList: true});
        }"""
    )
    notebook.execute("begin()")
    button(panel, "Approve").dblclick()
    notebook.page.wait_for_function("() => window.__clicked")
    expect(button(panel, "Send")).to_be_enabled()
    notebook.execute("assert not calls[0].done")
    button(panel, "Send").dblclick()
    expect(status(panel)).to_have_text("The answer was sent.")
    notebook.execute("await calls[0]")


def test_a_review_that_expired_takes_no_click_and_the_panel_says_why(notebook: LabPage, panel: Locator) -> None:
    notebook.execute("approval.seconds = 1; begin()")
    expect(status(panel)).to_have_text("Nobody decided within 1 s, so it was refused.")
    expect(button(panel, "Approve")).to_be_disabled()
    button(panel, "Approve").click(force=True)
    notebook.execute("approval.seconds = 599; refused = (await asyncio.gather(*calls, return_exceptions=True))[0]")
    notebook.execute("assert 'nobody decided within 1 s' in str(refused); assert heard == []")


def test_a_click_that_crosses_with_the_end_of_its_review_came_too_late(notebook: LabPage, panel: Locator) -> None:
    page, before, said = notebook.page, notebook.errors(), list[str]()

    def hear(message: ConsoleMessage) -> None:
        said.append(f"{message.type}: {message.text}")

    page.on("console", hear)
    # The page's clock stands still and its line is slow: it goes on to show as open what the kernel has ended.
    page.evaluate("() => { window.held = []; window.now = performance.now(); performance.now = () => window.now; }")
    notebook.execute("approval.seconds = 1; begin()")
    expect(panel.locator("pre").nth(1)).to_have_text("recommend crime")
    page.evaluate("() => { window.now += 600; }")  # from when on a click is taken
    expect(page.locator("body")).to_have_attribute("data-ended", "in the kernel")
    expect(button(panel, "Approve")).to_be_enabled()
    expect(panel.locator(".clock")).to_have_text("0:01 left")
    button(panel, "Approve").click()
    expect(button(panel, "Approve")).to_be_disabled()  # it was taken for a click, and sent
    page.evaluate("() => { delete performance.now; window.release(); }")
    expect(status(panel)).to_have_text("Your click came too late. Nobody decided within 1 s, so it was refused.")
    expect(panel).to_contain_text("Nothing waits for you")
    notebook.execute("approval.seconds = 599; refused = (await asyncio.gather(*calls, return_exceptions=True))[0]")
    notebook.execute("assert 'nobody decided within 1 s' in str(refused); assert heard == []")
    assert notebook.errors() == before
    page.remove_listener("console", hear)
    assert [message for message in said if message.startswith("error")] == []
    # The next one is decided as ever, and what came too late is forgotten with it.
    notebook.execute("begin()")
    button(panel, "Approve").click()
    button(panel, "Send").click()
    expect(status(panel)).to_have_text("The answer was sent.")
    notebook.execute("assert said(await calls[1]) == 'you asked: recommend crime'")


# ---- by keyboard alone


def test_the_keyboard_alone_reads_edits_and_decides(notebook: LabPage, panel: Locator) -> None:
    keyboard = notebook.page.keyboard
    notebook.execute("begin()")
    expect(button(panel, "Approve")).to_be_enabled()
    panel.locator(".body").focus()
    for name in ("summary", "Approve", "Edit"):
        keyboard.press("Tab")
        expect(panel.locator("summary") if name == "summary" else button(panel, name)).to_be_focused()
    keyboard.press("Enter")
    expect(panel.get_by_label("message 1 of 1, user")).to_be_focused()
    keyboard.press("ControlOrMeta+A")
    keyboard.type("recommend poetry")
    keyboard.press("Escape")
    expect(button(panel, "Edit")).to_be_focused()
    expect(panel.locator("pre").nth(1)).to_have_text("recommend crime")  # as it was
    keyboard.press("Enter")
    keyboard.press("ControlOrMeta+A")
    keyboard.type("recommend drama")
    for _ in range(2):
        keyboard.press("Tab")
    expect(button(panel, "Approve as edited")).to_be_focused()
    keyboard.press("Space")
    expect(panel.locator(".head")).to_contain_text("would get this answer")
    expect(panel.get_by_role("region")).to_be_focused()  # what is to be read next
    expect(button(panel, "Withhold")).to_be_enabled()
    keyboard.press("Shift+Tab")
    button(panel, "Withhold").focus()
    keyboard.press("Enter")
    expect(status(panel)).to_have_text("The answer was withheld.")
    expect(button(panel, "Withhold").or_(button(panel, "Refuse"))).to_be_focused()
    notebook.execute("assert asked(heard[0]) == 'recommend drama'")
    assert len(notebook.cells()) == len(CELLS)  # no key reached the notebook's own shortcuts


# ---- many at once


def test_a_hundred_requests_in_one_round_wait_and_are_let_pass_together(notebook: LabPage, panel: Locator) -> None:
    meter = notebook.output(NUMBER["set up"]).locator(".labkit-meter")
    row = meter.get_by_role("listitem").filter(has_text="at once")
    expect(row).to_contain_text("0 of 120")
    notebook.execute("burst = many.start('ask_many', {'number': 100})")
    expect(panel.locator(".head")).to_contain_text("99 more wait")
    expect(row).to_contain_text("100 of 120")
    button(panel, "Approve").click()
    expect(panel.locator("pre").nth(1)).to_have_text("question 1")
    button(panel, "Let this server pass").click()
    expect(status(panel)).to_have_text("Approved. crowd passes from now on.")
    notebook.execute("assert said(await burst) == '100 answers'; assert approval.allowed == {'crowd'}")
    expect(row).to_contain_text("0 of 120")
    expect(meter.get_by_role("listitem").filter(has_text="samples")).to_contain_text(re.compile(r"1\d\d of 200"))


# ---- hostile text, looks


def test_hostile_text_is_shown_whole_and_does_nothing(notebook: LabPage, panel: Locator) -> None:
    notebook.execute("begin(TEXT)")
    expect(panel.locator("pre").nth(1)).to_contain_text("<script>window.__pwned=1</script>")
    expect(panel.locator("section").nth(1).locator("mark")).to_have_text(
        ["⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩", "⟨U+200B ZERO WIDTH SPACE⟩"]
    )
    expect(panel.locator(".facts")).to_contain_text("2 hidden characters")
    panel.locator("summary").click()
    assert "\u202e" not in panel.inner_text()
    button(panel, "Edit").click()
    expect(panel.get_by_label("message 1 of 1, user")).to_have_value(re.compile(r"</script> $"))
    button(panel, "Approve as edited").click()
    expect(button(panel, "Send")).to_be_enabled()
    notebook.execute("assert asked(heard[0]).endswith('</script> ')")
    assert panel.locator("img, script, a").count() == 0
    assert notebook.page.evaluate("() => window.__pwned") is None
    button(panel, "Send").click()
    expect(status(panel)).to_have_text("The answer was sent.")


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_axe_finds_nothing_serious_and_nothing_is_cut_off(notebook: LabPage, panel: Locator, light: bool) -> None:
    notebook.theme(light=light)
    expect(notebook.page.locator("#jupyterlab-splash")).to_have_count(0)
    before = panel.bounding_box()
    notebook.execute("begin()")
    expect(button(panel, "Approve")).to_be_enabled()
    after = panel.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] == before["height"]  # nothing moves when a request comes
    button(panel, "Edit").click()
    found = Axe().run(notebook.page, context={"include": [[".labkit-approval"], [".labkit-meter"]]})
    assert len(found.response["passes"]) > 10  # it has looked
    serious = [fault for fault in found.response["violations"] if fault["impact"] in {"serious", "critical"}]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in serious] == []
    for width in (480, 760):
        panel.evaluate("(node, width) => { node.style.width = `${width}px`; }", width)
        wide = panel.evaluate(
            """(panel) => [panel, ...panel.querySelectorAll('.head, .body, .foot, .last, .facts, pre')]
                 .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className)"""
        )
        assert wide == []
    panel.evaluate("(node) => { node.style.width = ''; }")
    button(panel, "Do not edit").click()
    button(panel, "Refuse").click()
    expect(panel).to_contain_text("Nothing waits for you")


# ---- what stays, and another kernel


def test_a_notebook_saved_with_its_widgets_holds_nothing_of_what_was_decided(
    notebook: LabPage, panel: Locator, root: Path
) -> None:
    saved = root / "approval.ipynb"
    toggle = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
    notebook.command(toggle)
    try:
        notebook.execute("begin('a secret plot')")
        expect(panel.locator("pre").nth(1)).to_have_text("recommend a secret plot")
        notebook.save()
        assert "a secret plot" in saved.read_text(encoding="utf-8")  # what is on view
        button(panel, "Refuse").click()
        expect(status(panel)).to_have_text("The request was refused.")
        notebook.save()
        assert "The request was refused." in saved.read_text(encoding="utf-8")
        assert "a secret plot" not in saved.read_text(encoding="utf-8")
    finally:
        notebook.command(toggle)


def test_after_a_reload_the_review_is_there_with_its_clock(notebook: LabPage, panel: Locator) -> None:
    notebook.execute("begin()")
    expect(button(panel, "Approve")).to_be_enabled()
    notebook.save()
    # As a picture does that is told after the save: Lab then asks whether to leave, and is left.
    notebook.page.evaluate("() => { window.jupyterapp.shell.currentWidget.context.model.dirty = true; }")
    notebook.open("approval.ipynb")
    panel = notebook.output(NUMBER["set up"]).locator(".labkit-approval")
    expect(panel.locator("pre").nth(1)).to_have_text("recommend crime")
    expect(panel.locator(".clock")).to_have_text(re.compile(r"\d:\d\d left"))
    button(panel, "Refuse").click()
    expect(status(panel)).to_have_text("The request was refused.")


def test_after_a_restart_the_panel_says_that_it_is_not_connected(notebook: LabPage, panel: Locator) -> None:
    notebook.execute("begin()")
    expect(button(panel, "Approve")).to_be_enabled()
    notebook.restart_kernel()
    expect(status(panel)).to_contain_text("No longer connected")
    expect(button(panel, "Approve")).to_be_disabled()
    notebook.run_cell(NUMBER["set up"])
    panel = notebook.output(NUMBER["set up"]).locator(".labkit-approval")
    expect(panel).to_contain_text("Nothing waits for you")
    expect(status(panel)).to_have_text("")
    notebook.execute("begin()")
    button(panel, "Refuse").click()
    expect(status(panel)).to_have_text("The request was refused.")
    assert notebook.cells()[NUMBER["set up"]]["errors"] == []
