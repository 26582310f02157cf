"""The playground in a real JupyterLab: a newcomer's three clicks, the keyboard alone, each choice, and no key left."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import REPOSITORY, NewPage
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
OWN_SERVER = """
from tests.story import bookshop

playground.use_server(bookshop())
"""
PROGRAM = f"""
import sys

sys.path.insert(0, {str(REPOSITORY)!r})

from tests.story import bookshop

_, *address = sys.argv
bookshop().run("streamable-http", port=int(address[0])) if address else bookshop().run("stdio")
"""
NO_KEY = "import os; os.environ.pop('ANTHROPIC_API_KEY', None); playground.answers.key = None"
IN_THE_BOX = {
    "research_assistant": ("research_topic", "from the library in the box"),
    "text_analyst": ("summarize", "So says the script."),
    "code_reviewer": ("review_code", "Facts, found without a model"),
    "log_archiver": ("process_log_entry", "Explanation: So says the script."),
}
HOSTILE = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script> [a](javascript:alert(1))'
WIRES = ("2025-11-25", "2026-07-28")
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


@pytest.fixture(scope="module")
def listening(root: Path) -> Iterator[str]:
    """The address of a server on this machine that the notebook has not started."""
    program = root / "my_server.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, program, str(port)], stderr=subprocess.DEVNULL) as server:
        try:
            until_it_listens(port, server)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.kill()


def until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    end = monotonic() + 90
    while monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            sleep(0.1)  # between two looks at a process that is starting
        else:
            return
    pytest.fail("the server did not start")


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


def script(playground: Locator) -> None:
    """Let a script answer, which says one thing."""
    playground.get_by_role("radio", name="a script").check()
    answers = typed(playground, "answers")
    answers.fill("So says the script.")
    answers.blur()


def offered(playground: Locator, tool: str) -> None:
    """Wait until there is a connection to a server with `tool`."""
    expect(playground.get_by_label("Tool", exact=True)).to_have_value(tool)
    expect(playground.locator(".top .status")).to_contain_text("connected ·")


def chosen_wire(playground: Locator, name: str) -> None:
    """Choose a wire. The mark of a segment is as large as the segment and not to be seen."""
    playground.get_by_label(name, exact=True).check(force=True)
    expect(playground.locator(".top .status")).to_contain_text("connected ·")


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


def test_every_server_in_the_box_gives_its_result(page_of: Locator) -> None:
    script(page_of)
    chosen_wire(page_of, "2026-07-28")
    servers = page_of.get_by_label("Server", exact=True)
    ids = [option.get_attribute("value") for option in servers.get_by_role("option").all()]
    assert set(ids) == {*IN_THE_BOX, "command", "url"}
    for name, (tool, says) in IN_THE_BOX.items():
        servers.select_option(name)
        offered(page_of, tool)
        page_of.locator(".left").evaluate("(node) => node.scrollTo(0, node.scrollHeight)")
        expect(button(page_of, "Run")).to_be_in_viewport(ratio=1)  # however long the form is
        expect(run(page_of)).to_contain_text(says)
    # That of the log archiver, in each way on both wires, and on one.
    for over in ("in process", "stdio", "http"):
        page_of.get_by_label("Over", exact=True).select_option(over)
        chosen_wire(page_of, "both")
        expect(run(page_of, times=2)).to_contain_text("Explanation: So says the script.")
        for wire in WIRES:
            button(page_of, wire).click()
            expect(page_of.locator(".labkit-flow:visible")).to_contain_text("sampling/createMessage")
    page_of.get_by_label("Over", exact=True).select_option("in process")
    for wire in WIRES:
        chosen_wire(page_of, wire)
        expect(run(page_of)).to_contain_text("Explanation: So says the script.")
        tab(page_of, "History").click()
        expect(page_of.locator(".runs tbody tr").first).to_contain_text(wire)
        tab(page_of, "Flow").click()


def test_a_server_of_ones_own_is_a_command_a_url_or_an_object(
    notebook: LabPage, page_of: Locator, root: Path, listening: str
) -> None:
    script(page_of)
    servers = page_of.get_by_label("Server", exact=True)

    def recommends() -> None:
        offered(page_of, "price")
        page_of.get_by_label("Tool", exact=True).select_option("recommend")
        typed(page_of, "genre").fill("romance")
        expect(run(page_of)).to_contain_text("So says the script.")
        servers.select_option("log_archiver")
        offered(page_of, "process_log_entry")

    words = [sys.executable, str(root / "my_server.py")]
    command = " ".join(words) if os.name == "nt" else shlex.join(words)
    for kind, label, text in (
        ("command", "Command that starts the server", command),
        ("url", "Address of the server", listening),
    ):
        servers.select_option(kind)
        page_of.get_by_label(label).fill(text)
        button(page_of, "Connect").click()
        recommends()
    notebook.execute(OWN_SERVER)
    recommends()
    servers.select_option("given")
    recommends()


def test_a_model_that_cannot_be_asked_says_why(notebook: LabPage, page_of: Locator) -> None:
    notebook.execute(NO_KEY)
    page_of.get_by_role("radio", name="Claude").check()
    expect(run(page_of)).to_contain_text("Claude needs a key: put one into the environment variable ANTHROPIC_API_KEY")
    page_of.get_by_role("radio", name="local model").check()
    address = typed(page_of, "address")
    address.fill("http://127.0.0.1:9/v1")
    address.blur()
    expect(run(page_of)).to_contain_text("127.0.0.1:9")
    page_of.get_by_role("radio", name="you, by hand").check()
    before = runs(page_of)
    button(page_of, "Run").click()
    button(page_of, "Refuse").click()
    expect(over(page_of, before)).to_contain_text("The user refused to answer.")
    page_of.get_by_role("radio", name="embedded model").check()


def test_the_dials_and_the_duties_are_set_by_mouse(page_of: Locator) -> None:
    script(page_of)
    page_of.get_by_role("checkbox", name="Budget").check()
    for duty in ("Ask me first", "Guard", "Budget"):
        page_of.get_by_role("checkbox", name=duty).click()
    expect(page_of.get_by_role("checkbox", name="Budget")).not_to_be_checked()
    before = runs(page_of)
    button(page_of, "Run").click()
    for decide in ("Approve", "Send"):
        button(page_of, decide).click()
    expect(over(page_of, before)).to_contain_text("So says the script.")
    page_of.get_by_role("radio", name="embedded model").check()
    slider = page_of.get_by_role("slider", name="max tokens")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": 10, "y": box["height"] / 2})
    for duty in ("Ask me first", "Guard", "Budget"):
        page_of.get_by_role("checkbox", name=duty).click()
    run(page_of)
    expect(page_of.locator(".result .meta")).to_contain_text("max tokens")
    button(page_of, "As asked").click()
    # What differs between the two, chosen by hand.
    tab(page_of, "History").click()
    for mark in page_of.get_by_role("checkbox", name=re.compile("Compare run")).all():
        mark.uncheck()
    expect(page_of.locator(".sides tr")).to_have_count(0)
    for number in (before + 1, before + 2):
        page_of.get_by_role("checkbox", name=f"Compare run {number}", exact=True).check()
    expect(page_of.locator(".sides thead th")).to_have_text(["what", f"run {before + 1}", f"run {before + 2}"])
    expect(page_of.locator(".sides .differs th").first).to_contain_text("who answers")
    page_of.get_by_role("checkbox", name="only what differs").click()
    expect(page_of.locator(".sides tbody th").first).to_have_text("server")
    page_of.get_by_role("checkbox", name="only what differs").click()


def test_the_program_is_copied_and_saved(notebook: LabPage, page_of: Locator) -> None:
    tab(page_of, "Code").click()
    program = page_of.locator(".panel.code pre").text_content() or ""
    assert "sampling_callback=" in program
    button(page_of, "Copy").click()
    expect(page_of.locator(".panel.code")).to_contain_text("Copied.")
    assert notebook.page.evaluate("navigator.clipboard.readText()") == program
    with notebook.page.expect_download() as told:
        button(page_of, "Save as .py").click()
    assert told.value.path().read_text(encoding="utf-8") == program


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
