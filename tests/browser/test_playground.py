"""The playground in a real JupyterLab: a newcomer's three clicks, the keyboard alone, each choice, and no key left."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

KEY = "sk-ant-browser-0123456789abcdef"
OPEN = "from labkit import Playground\n\nplayground = Playground()\nplayground"
OWN = """
from mcp.types import CreateMessageResult, TextContent

@playground.callback
async def mine(context, params):
    return CreateMessageResult(role="assistant", model="mine", content=TextContent(text={text!r}))
"""
HANGS = """
import threading

@playground.callback
async def hangs(context, params):
    threading.Event().wait(60)
"""
HOSTILE = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script> [a](javascript:alert(1))'
SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    """A notebook whose first cell opens the playground."""
    write_notebook(root / "playground.ipynb", OPEN)
    with new_page() as lab_page:
        lab_page.open("playground.ipynb").without_sidebar().run_all()
        assert lab_page.errors() == []
        yield lab_page
        lab_page.shut_down()


@pytest.fixture
def page_of(notebook: LabPage) -> Locator:
    """The playground, at rest."""
    playground = notebook.output(0).locator(".labkit-playground")
    expect(playground.locator(".top .status")).to_have_text("connected · can sample · tools not declared")
    return playground


def button(playground: Locator, name: str) -> Locator:
    return playground.get_by_role("button", name=name, exact=True)


def tab(playground: Locator, name: str) -> Locator:
    return playground.get_by_role("tab", name=name)


def runs(playground: Locator) -> int:
    """How many runs the history holds."""
    words = tab(playground, "History").inner_text().split()
    return int(words[1]) if len(words) > 1 else 0


def over(playground: Locator, before: int, times: int = 1) -> Locator:
    """The result, once `times` runs have come to those that were there `before`."""
    expect(tab(playground, "History")).to_have_text(f"History {before + times}")
    expect(button(playground, "Run")).to_have_text("Run")
    expect(button(playground, "Run")).to_have_attribute("aria-disabled", "false")
    return playground.locator(".answer")


def run(playground: Locator, name: str = "Run", times: int = 1) -> Locator:
    """Click, and give the result once it is there."""
    before = runs(playground)
    button(playground, name).click()
    return over(playground, before, times)


def typed(playground: Locator, name: str) -> Locator:
    return playground.get_by_role("textbox", name=name, exact=True)


def tab_to(node: Locator) -> None:
    """Press Tab until `node` has the focus; what stands before it may have parts that can be focused too."""
    for _ in range(8):
        node.page.keyboard.press("Tab")
        if node.evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError("Tab does not come to it")


def places(playground: Locator) -> list[object]:
    parts = (".left", ".tabs", ".panel.flow", ".result", ".run", ".dials", ".host")
    return [playground.locator(part).first.bounding_box() for part in parts]


def test_a_newcomer_has_a_sampled_answer_with_one_click_and_nothing_moves(page_of: Locator) -> None:
    button(page_of, "Run").scroll_into_view_if_needed()
    page_of.evaluate("(node) => node.scrollIntoView({ block: 'nearest' })")
    expect(page_of.locator(".labkit-dials tbody").last).to_be_visible()
    before = places(page_of)
    expect(run(page_of)).to_contain_text("Explanation: ")
    expect(page_of.locator(".labkit-flow [role=option]").first).to_contain_text("process_log_entry")
    expect(page_of.locator(".labkit-flow")).to_contain_text("sampling/createMessage")
    assert places(page_of) == before
    tab(page_of, "Tokens").click()
    expect(page_of.locator(".labkit-tokens [role=option]").first).to_be_visible()
    tab(page_of, "Flow").click()


def test_the_main_path_goes_by_keyboard_alone(notebook: LabPage, page_of: Locator) -> None:
    keyboard = notebook.page.keyboard
    page_of.get_by_label("Tool", exact=True).focus()
    keyboard.press("Tab")
    expect(typed(page_of, "log_line")).to_be_focused()
    keyboard.press("ControlOrMeta+a")
    keyboard.type("ERROR: disk full")
    keyboard.press("Tab")
    expect(button(page_of, "Run")).to_be_focused()
    before = runs(page_of)
    keyboard.press("Enter")
    over(page_of, before)
    # A human in the loop: decided without the mouse, and back at Run afterwards.
    approval = page_of.get_by_role("checkbox", name="Ask me first")
    approval.focus()
    keyboard.press("Space")
    expect(approval).to_be_checked()
    button(page_of, "Run").focus()
    keyboard.press("Enter")
    for decide in ("Approve", "Send"):
        review = page_of.locator(".labkit-approval")
        expect(review).to_be_visible()
        expect(review.locator(".body")).to_be_focused()
        expect(button(page_of, decide)).to_have_attribute("aria-disabled", "false")
        tab_to(button(page_of, decide))
        keyboard.press("Enter")
    over(page_of, before, 2)
    expect(button(page_of, "Run")).to_be_focused()
    approval.focus()
    keyboard.press("Space")
    expect(approval).not_to_be_checked()
    # The tabs, and a step of the flow.
    tab(page_of, "Flow").focus()
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    expect(tab(page_of, "History")).to_be_focused()
    expect(page_of.locator(".sides")).to_contain_text("approval")
    keyboard.press("Home")
    page_of.locator(".labkit-flow [role=option]").first.focus()
    keyboard.press("Enter")
    expect(page_of.locator(".labkit-flow .detail")).to_be_visible()
    assert len(notebook.cells()) == 1  # no key reached the notebook's own shortcuts


def test_who_answers_is_chosen_by_mouse(notebook: LabPage, page_of: Locator) -> None:
    page_of.get_by_role("radio", name="a script").check()
    script = typed(page_of, "answers")
    script.fill("So says the script.")
    script.blur()
    expect(run(page_of)).to_contain_text("So says the script.")
    page_of.get_by_role("radio", name="you, by hand").check()
    before = runs(page_of)
    button(page_of, "Run").click()
    answer = page_of.get_by_label("Your answer")
    expect(answer).to_be_focused()
    notebook.page.keyboard.type("So says a person.")
    button(page_of, "Answer").click()
    expect(over(page_of, before)).to_contain_text("So says a person.")
    page_of.get_by_role("radio", name="local model").check()
    expect(typed(page_of, "address")).to_have_value("http://localhost:11434/v1")
    # The cell of one's own callback, run twice: the running lab goes on with the newer one.
    for text in ("So say I.", HOSTILE):
        notebook.execute(OWN.format(text=text))
        expect(page_of.get_by_role("radio", name="your callback")).to_be_checked()
        expect(run(page_of)).to_contain_text(text)
    assert notebook.page.evaluate("window.__pwned") is None


def test_runs_are_repeated_cancelled_and_held_back(notebook: LabPage, page_of: Locator) -> None:
    page_of.get_by_role("radio", name="a script").check()
    page_of.get_by_label("samples that may be asked").fill("3")
    page_of.get_by_label("samples that may be asked").blur()
    expect(page_of.locator(".spent")).to_contain_text("0 of 3 samples")
    page_of.get_by_role("checkbox", name="Guard").check()
    expect(run(page_of, "Run ×10", 10)).to_contain_text("budget")
    expect(page_of.locator(".spent")).to_contain_text("3 of 3 samples")
    page_of.get_by_role("checkbox", name="Budget").uncheck()
    notebook.execute(HANGS)
    button(page_of, "Run").click()
    expect(page_of.locator(".labkit-flow")).to_contain_text("1 message")
    button(page_of, "Cancel").click()
    expect(page_of.locator(".result .meta")).to_contain_text("was cancelled")
    expect(button(page_of, "Run")).to_have_attribute("aria-disabled", "false")
    page_of.get_by_role("radio", name="embedded model").check()


def test_the_server_its_way_and_its_wire_are_chosen_by_mouse(page_of: Locator) -> None:
    page_of.get_by_label("Server", exact=True).select_option("text_analyst")
    expect(page_of.get_by_label("Tool", exact=True)).to_have_value("summarize")
    page_of.get_by_label("Tool", exact=True).select_option("analyze_text")
    expect(page_of.get_by_label("kind")).to_have_value("entities")
    typed(page_of, "text").fill("")
    button(page_of, "Run").click()
    expect(page_of.locator(".wrong:visible")).to_have_text("Needed: the tool cannot be called without it.")
    expect(typed(page_of, "text")).to_be_focused()
    typed(page_of, "text").fill("Mira restarted PostgreSQL.")
    page_of.get_by_label("Over", exact=True).select_option("http")
    page_of.get_by_label("both", exact=True).check(force=True)
    expect(page_of.locator(".top .status")).to_contain_text("connected ·")
    expect(typed(page_of, "text")).to_have_value("Mira restarted PostgreSQL.")
    page_of.get_by_role("radio", name="a script").check()
    run(page_of, times=2)
    tab(page_of, "History").click()
    expect(page_of.locator(".sides")).to_contain_text("2025-11-25")
    tab(page_of, "Code").click()
    expect(page_of.locator(".panel.code pre")).to_contain_text("for mode in ('legacy', 'auto')")
    tab(page_of, "Flow").click()
    button(page_of, "2025-11-25").click()
    expect(page_of.locator(".labkit-flow:visible")).to_contain_text("sampling/createMessage · id")
    page_of.get_by_label("Server", exact=True).select_option("url")
    page_of.get_by_label("Address of the server").fill("not an address")
    button(page_of, "Connect").click()
    expect(page_of.locator(".fault:visible").first).to_contain_text("type the address of the server")


def test_a_key_is_cleared_at_once_and_left_nowhere(notebook: LabPage, page_of: Locator, root: Path) -> None:
    page_of.get_by_role("radio", name="Claude").check()
    field = page_of.get_by_label("key", exact=True)
    field.fill(KEY)
    field.press("Enter")
    expect(field).to_have_value("")
    expect(field).to_have_attribute("placeholder", "a key is there")
    notebook.execute("assert playground.answers.key is not None")
    tab(page_of, "History").click()
    for form in ("JSON", "Mermaid", "HTML"):
        with notebook.page.expect_download() as told:
            button(page_of.locator(".history"), form).click()
        text = told.value.path().read_text(encoding="utf-8")
        assert "createMessage" in text or "sampling" in text
        assert KEY not in text
    notebook.page.evaluate("(name) => window.jupyterapp.commands.execute(name)", SAVE_STATE)
    notebook.page.wait_for_function("(name) => window.jupyterapp.commands.isToggled(name)", arg=SAVE_STATE)
    notebook.save()
    content = (root / "playground.ipynb").read_text(encoding="utf-8")
    assert "a script" in json.dumps(json.loads(content)["metadata"]["widgets"])  # the state is there to be looked at
    assert KEY not in content
    assert KEY not in notebook.page.content()


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(notebook: LabPage, page_of: Locator, light: bool) -> None:
    notebook.theme(light=light)
    expect(notebook.page.locator("#jupyterlab-splash")).to_have_count(0)
    for name in ("Flow", "Tokens", "History", "Code"):
        tab(page_of, name).click()
        assert faults(notebook.page) == [], name


def faults(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, context={"include": [[".labkit-playground"]]})
    serious = [fault for fault in found.response["violations"] if fault["impact"] in {"serious", "critical"}]
    return [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in serious]
