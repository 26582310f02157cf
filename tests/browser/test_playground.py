"""The playground in a real JupyterLab: a newcomer's three clicks, the keyboard alone, each choice, and no key left."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
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

playground.target.use_server(bookshop())
"""
PROGRAM = f"""
import sys

sys.path.insert(0, {str(REPOSITORY)!r})

from tests.story import bookshop

_, *address = sys.argv
bookshop().run("streamable-http", port=int(address[0])) if address else bookshop().run("stdio")
"""
FORMS = """
from typing import Annotated, Literal

from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel, Field

forms = MCPServer("forms")

class Place(BaseModel):
    city: str
    number: int = 1

class Wrapping(BaseModel):
    paper: str
    bow: bool = True

@forms.tool()
def order(
    size: Literal["small", "large"], copies: Annotated[int, Field(ge=1)], to: Place, gift: bool = False,
    notes: list[str] = [], wrapping: Wrapping | None = None,
) -> str:
    return f"{size} {copies} {gift} {notes} {to.city} {to.number} {wrapping}"

playground.target.use_server(forms)
"""
NO_KEY = "import os; os.environ.pop('ANTHROPIC_API_KEY', None); playground.answers.keys.clear()"
IN_THE_BOX = {
    "data_analyst": ("smart_report", "Found without a model"),
    "research_assistant": ("research_topic", "from the library in the box"),
    "text_analyst": ("summarize", "So says the script."),
    "code_reviewer": ("review_code", "Facts, found without a model"),
    "log_archiver": ("process_log_entry", "Explanation: So says the script."),
}
HOSTILE = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script> [a](javascript:alert(1))'
DIALS = ("temperature", "max tokens", "top-p", "top-k", "stop", "seed", "system prompt")
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
    tab(playground, "Flow").click()
    return playground


def button(playground: Locator, name: str) -> Locator:
    return playground.get_by_role("button", name=name, exact=True)


def tab(playground: Locator, name: str) -> Locator:
    return playground.get_by_role("tab", name=name)


def allow(playground: Locator, samples: int) -> None:
    """Set how many samples may be asked."""
    field = playground.get_by_label("Budget: samples")
    field.fill(str(samples))
    field.blur()


def runs(playground: Locator) -> int:
    """How many runs the history holds."""
    words = tab(playground, "History").inner_text().split()
    return int(words[1]) if len(words) > 1 else 0


def over(playground: Locator, before: int, times: int = 1) -> Locator:
    """The result, once `times` runs have come to those that were there `before`."""
    expect(tab(playground, "History")).to_have_text(f"History {before + times}")
    expect(button(playground, "Run")).to_have_text("Run")
    expect(button(playground, "Run")).to_have_attribute("aria-disabled", "false")
    return playground.locator(".made .answer")


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
    playground.get_by_label(name, exact=True).click(force=True)
    expect(playground.get_by_label(name, exact=True)).to_be_checked()
    # The program is told after the status: once it is the new one, so is the status.
    mode = {"2025-11-25": 'mode="legacy"', "2026-07-28": 'mode="auto"', "both": "for mode in"}[name]
    expect(playground.locator(".panel.code pre")).to_contain_text(mode)
    expect(playground.locator(".top .status")).to_contain_text("connected ·")


def drag(slider: Locator, share: float) -> None:
    """Take the handle of a slider with the mouse and let it go at a share of the way."""
    slider.hover()  # whatever that tells is there before it is measured
    box, mouse = slider.bounding_box(), slider.page.mouse
    assert box is not None
    half = box["height"] / 2  # of the handle, too
    now = slider.evaluate("({value, min, max}) => (value - min) / (max - min)")
    left, y = box["x"] + half, box["y"] + half
    way = box["width"] - 2 * half
    mouse.move(left + now * way, y)
    mouse.down()
    mouse.move(left + share * way, y, steps=4)
    mouse.up()


def dial(playground: Locator, name: str) -> Locator:
    """The row of a dial: its control, and what was asked, what is used, whether it is honoured."""
    header = playground.page.get_by_role("rowheader", name=name, exact=True)
    return playground.locator(".labkit-dials tbody tr").filter(has=header)


def cells(playground: Locator, name: str) -> list[str]:
    return dial(playground, name).locator(".asked, .used, .honoured").all_inner_texts()


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
    expect(page_of.get_by_label("Sample", exact=True)).to_be_focused()
    keyboard.type("crash")  # the sample is filled in, with what is said of it
    expect(typed(page_of, "log_line")).to_have_value(re.compile("CrashLoopBackOff"))
    keyboard.press("Tab")
    expect(typed(page_of, "log_line")).to_be_focused()
    keyboard.press("ControlOrMeta+a")
    keyboard.type("ERROR: disk full")
    keyboard.press("Enter")
    keyboard.type("a second line")
    expect(typed(page_of, "log_line")).to_have_value("ERROR: disk full\na second line")
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
        if decide == "Send":
            keyboard.press("ControlOrMeta+Enter")
            continue
        tab_to(button(page_of, decide))
        keyboard.press("Enter")
    over(page_of, before, 2)
    expect(button(page_of, "Run")).to_be_focused()
    approval.focus()
    keyboard.press("Space")
    expect(approval).not_to_be_checked()
    # The tabs, and a step of the flow.
    button(page_of, "Run").focus()
    for _ in range(3):  # behind Run x10 and Cancel
        keyboard.press("Tab")
    keyboard.press("Enter")
    expect(tab(page_of, "Flow")).to_be_focused()
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
    # What the tests before have spent stays spent: three more may be asked.
    spent = int(page_of.locator(".spent").inner_text().split()[1])
    allow(page_of, spent + 3)
    expect(page_of.locator(".spent")).to_contain_text(f"{spent} of {spent + 3} samples")
    page_of.get_by_role("checkbox", name="Guard").check()
    expect(run(page_of, "Run ×10", 10)).to_contain_text("budget")
    expect(page_of.locator(".spent")).to_contain_text(f"{spent + 3} of {spent + 3} samples")
    allow(page_of, 100)
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
    expect(page_of.locator(".wrong:visible")).to_have_text("text is needed: the tool cannot be called without it.")
    expect(typed(page_of, "text")).to_have_attribute("aria-invalid", "true")
    expect(typed(page_of, "text")).to_be_focused()
    typed(page_of, "text").fill("Mira restarted PostgreSQL.")
    expect(page_of.locator(".wrong:visible")).to_have_count(0)
    page_of.get_by_label("Over", exact=True).select_option("http")
    chosen_wire(page_of, "both")
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
    expect(page_of.locator(".top .status")).to_have_text("not connected")  # nor is the server before told as connected
    expect(button(page_of, "Run")).to_have_attribute("aria-disabled", "true")
    page_of.get_by_label("Server", exact=True).select_option("text_analyst")


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
        if name == "data_analyst":
            drawn = page_of.get_by_role("img", name="Picture 1 of the result")
            expect(drawn).to_have_js_property("naturalWidth", 800)
    # That of the log archiver, in each way on both wires, and on one.
    for over in ("in process", "stdio", "http"):
        page_of.get_by_label("Over", exact=True).select_option(over)
        starts = {"in process": "make_server(", "stdio": "StdioServerParameters(", "http": "subprocess.Popen("}[over]
        expect(page_of.locator(".panel.code pre")).to_contain_text(starts)
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

    later = root / "later.py"
    words = [sys.executable, str(later)]
    command = " ".join(words) if os.name == "nt" else shlex.join(words)
    for kind, label, text in (
        ("command", "Command that starts the server", command),
        ("url", "Address of the server", listening),
    ):
        servers.select_option(kind)
        page_of.get_by_label(label).fill(text)
        button(page_of, "Connect").click()
        if kind == "command":  # which cannot be started before it is written
            expect(page_of.locator(".top .status")).to_contain_text("✕ failed to connect: ")
            later.write_text(PROGRAM, encoding="utf-8")
            button(page_of, "Connect again").click()
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
    page_of.get_by_role("checkbox", name="Budget").uncheck()
    # What is off takes no line; what is on has its settings.
    tries = page_of.get_by_label("Retry: tries")
    expect(tries).to_be_hidden()
    page_of.get_by_role("checkbox", name="Retry").check()
    tries.fill("12")
    tries.blur()
    expect(page_of.locator(".run .fault")).to_have_text("tries is 12, and must be a number from 1 to 10")
    tries.fill("2")
    tries.blur()
    expect(page_of.locator(".run .fault")).to_have_text("")
    page_of.get_by_role("checkbox", name="Fallback").check()
    page_of.get_by_label("Fallback: is asked then").select_option("embedded model")
    expect(page_of.locator(".panel.code pre")).to_contain_text("with_retry(model, tries=2, wait=0.5)")
    expect(page_of.locator(".panel.code pre")).to_contain_text("with_fallback(callback, TinyModel())")
    for duty in ("Retry", "Fallback"):
        page_of.get_by_role("checkbox", name=duty).uncheck()
    expect(tries).to_be_hidden()
    # What differs between the two, chosen by hand.
    tab(page_of, "History").click()
    for mark in page_of.get_by_role("checkbox", name=re.compile("Compare run")).all():
        mark.uncheck()
    expect(page_of.locator(".sides tr")).to_have_count(0)
    for number in (before + 1, before + 2):
        page_of.get_by_role("checkbox", name=f"Compare run {number}", exact=True).check()
    expect(page_of.locator(".sides thead th")).to_contain_text(["what", f"run {before + 1}", f"run {before + 2}"])
    expect(page_of.locator(".sides .differs th").first).to_contain_text("who answers")
    page_of.get_by_role("checkbox", name="only what differs").click()
    expect(page_of.locator(".sides tbody th").first).to_have_text("server")
    page_of.get_by_role("checkbox", name="only what differs").click()
    the_history_by_keyboard(page_of, before + 1)


def the_history_by_keyboard(page_of: Locator, number: int) -> None:
    """Order, search, open, name and pin runs, read why one ended so, save and import them, and go back to the last."""
    keyboard, rows = page_of.page.keyboard, page_of.locator(".runs tbody tr")
    opening = page_of.get_by_role("button", name=str(number), exact=True)
    opening.focus()
    keyboard.press("Enter")
    row = rows.filter(has=page_of.page.get_by_role("button", name=str(number), exact=True))
    expect(row).to_have_attribute("aria-current", "true")
    expect(opening).to_be_focused()  # the row is the same one
    expect(tab(page_of, "Flow")).to_have_text(f"Flow · run {number}")
    expect(page_of.locator(".result .meta")).to_contain_text(f"run {number} ·")
    expect(page_of.get_by_role("region", name="Sampled answer")).to_contain_text("So says the script.")
    page_of.locator(".result .badges .badge").focus()
    keyboard.press("Enter")
    expect(page_of.locator(".result .why")).to_contain_text("stop reason endTurn")
    name = page_of.get_by_label("Name of the run")
    name.fill("the first one")
    keyboard.press("Enter")
    expect(row).to_contain_text("the first one")
    pin = page_of.get_by_role("button", name=f"Pin run {number}", exact=True)
    pin.focus()
    keyboard.press("Enter")
    expect(pin).to_have_attribute("aria-pressed", "true")
    search = page_of.get_by_label("Show the runs with this text")
    search.fill("THE FIRST one")
    expect(rows).to_have_count(1)
    search.fill("")
    expect(rows).not_to_have_count(1)
    page_of.get_by_label("Show the runs: any answerer").select_option("embedded model · tiny model")
    expect(row).to_have_count(0)
    page_of.get_by_label("Show the runs: any answerer").select_option("")
    for order in ("ascending", "descending"):
        page_of.locator(".runs").get_by_role("button", name="run", exact=True).press("Enter")
        expect(page_of.get_by_role("columnheader", name="run", exact=True)).to_have_attribute("aria-sort", order)
    with page_of.page.expect_download() as told:
        button(page_of.locator(".history"), "JSON").click()
    page_of.locator(".history input[type=file]").set_input_files(
        {"name": "runs.json", "mimeType": "application/json", "buffer": told.value.path().read_bytes()}
    )
    expect(page_of.locator(".history > .note")).to_contain_text("0 runs came in; 2 were here already.")
    button(page_of, "Its flow").click()
    expect(page_of.locator(".labkit-flow:visible")).to_contain_text("sampling/createMessage")
    button(page_of, "Back to the last run").press("Enter")
    expect(tab(page_of, "Flow")).to_have_text("Flow")
    tab(page_of, "History").click()
    pin.click()
    expect(pin).to_have_attribute("aria-pressed", "false")


def test_every_dial_is_turned_by_mouse_and_the_next_run_shows_it(notebook: LabPage, page_of: Locator) -> None:
    page_of.get_by_role("radio", name="embedded model").check()
    run(page_of)
    at_first = {name: cells(page_of, name) for name in DIALS}
    # Each slider is dragged to one of its steps, by number.
    for name, step in (("temperature", 5), ("top-p", 4), ("top-k", 3)):
        slider = page_of.get_by_role("slider", name=name)
        drag(slider, step / float(slider.get_attribute("max") or 0))
    drag(page_of.get_by_role("slider", name="max tokens"), 0.25)
    seed = page_of.get_by_role("spinbutton", name="seed", exact=True)
    for control, text in ((seed, "7"), (typed(page_of, "system prompt"), "Be brief.")):
        control.click()
        control.page.keyboard.type(text)
    tokens = int(page_of.get_by_role("slider", name="max tokens").get_attribute("aria-valuetext") or 0)
    asked = int(at_first["max tokens"][0])
    assert 0.1 * asked < tokens < 0.4 * asked
    used = {"temperature": "1.5", "top-p": "0.5", "top-k": "5", "seed": "7", "system prompt": "Be brief."}
    used["max tokens"] = str(tokens)
    for name, value in used.items():
        expect(dial(page_of, name).locator(".used")).to_have_text(value)
    run(page_of)
    told = page_of.locator(".result .meta")
    for name, value in used.items():
        expect(told).to_contain_text(f"{name} {value}")
        honoured = "must" if name == "max tokens" else "yes"
        assert cells(page_of, name) == [at_first[name][0], value, honoured]
    expect(page_of.locator(".labkit-flow:visible")).to_contain_text("dials: temperature 1.5 for")
    # It was answered so: within the tokens, and the same once more, but for what comes from the stop on.
    notebook.execute(f"answers = [playground.runs[-1].answers]; assert 1 < playground.runs[-1].tokens <= {tokens}")
    stop = typed(page_of, "stop")
    words = page_of.locator(".made .answer").inner_text().partition("Explanation: ")[2].split()
    stop.click()
    stop.page.keyboard.type(words[len(words) // 2])
    expect(dial(page_of, "stop").locator(".used")).to_have_text(words[len(words) // 2])
    run(page_of)
    notebook.execute(
        f"answers.append(playground.runs[-1].answers); stop = {words[len(words) // 2]!r};"
        "assert answers[1].rstrip() == answers[0].partition(stop)[0].rstrip(), answers"
    )
    tab(page_of, "Tokens").click()
    for part in ("temperature 1.5", "top-p 0.5", "top-k 5", "seed 7"):
        expect(page_of.locator(".labkit-tokens .settings")).to_contain_text(part)
    token = page_of.locator(".labkit-tokens [role=option]").first
    token.click()
    expect(token).to_have_attribute("aria-selected", "true")
    tab(page_of, "Flow").click()
    # A model that takes no notice says so, and everything goes back with one click.
    script(page_of)
    expect(dial(page_of, "temperature").locator(".honoured")).to_have_text("no")
    page_of.get_by_role("radio", name="embedded model").check()
    button(page_of, "As asked").click()
    for name in DIALS:
        expect(dial(page_of, name).locator(".used.turned")).to_have_count(0)
    run(page_of)
    expect(told).to_contain_text("Result of")
    expect(told).not_to_contain_text("temperature")
    assert {name: cells(page_of, name) for name in DIALS} == at_first


def test_a_form_of_every_kind_is_filled_in_by_mouse(notebook: LabPage, page_of: Locator) -> None:
    notebook.execute(FORMS)
    offered(page_of, "order")
    page_of.get_by_label("size").select_option("large")
    copies, keyboard = page_of.get_by_role("spinbutton", name="copies"), notebook.page.keyboard
    copies.click()
    for typed_in, says in (("1.5", "a whole number is needed"), ("0", "at least 1 is needed")):
        copies.fill(typed_in)
        button(page_of, "Run").click()
        expect(page_of.locator(".field:has([type=number]) .wrong:visible").first).to_contain_text(says)
        expect(copies).to_be_focused()
    copies.fill("3")
    page_of.get_by_label("gift").click()
    for note in ("1", "2"):
        button(page_of, "Add").click()
        typed(page_of, note).click()
        keyboard.type(f"note {note}")
    button(page_of, "Remove last").click()
    typed(page_of, "city").click()
    keyboard.type("Delft")
    expect(run(page_of)).to_have_text("large 3 True ['note 1'] Delft 1 None")
    page_of.get_by_role("checkbox", name="wrapping").click()
    typed(page_of, "paper").click()
    keyboard.type("blue")
    expect(run(page_of)).to_have_text("large 3 True ['note 1'] Delft 1 paper='blue' bow=True")
    page_of.get_by_label("Server", exact=True).select_option("log_archiver")
    offered(page_of, "process_log_entry")


def test_what_is_reviewed_is_edited_withheld_refused_and_let_pass(page_of: Locator) -> None:
    script(page_of)
    approval = page_of.get_by_role("checkbox", name="Ask me first")
    approval.click()
    sheet = page_of.locator(".labkit-approval")
    before = runs(page_of)
    button(page_of, "Run").click()
    button(sheet, "Edit").click()
    sheet.get_by_label("system prompt").fill("Be brief.")
    button(sheet, "Approve as edited").click()
    button(sheet, "Withhold").click()
    over(page_of, before)
    expect(page_of.locator(".labkit-flow:visible")).to_contain_text("answer withheld")
    button(page_of, "Run").click()
    sheet.get_by_label("Reason of a refusal").fill("not today")
    button(sheet, "Refuse").click()
    over(page_of, before, 2)
    expect(page_of.locator(".labkit-flow:visible")).to_contain_text("refused: not today")
    button(page_of, "Run").click()
    button(sheet, "Let this server pass").click()
    over(page_of, before, 3)
    expect(run(page_of)).to_contain_text("So says the script.")  # and nothing is asked
    approval.click()
    expect(approval).not_to_be_checked()


def test_the_flow_is_filtered_searched_opened_and_copied_by_mouse(notebook: LabPage, page_of: Locator) -> None:
    script(page_of)
    run(page_of)
    flow, page = page_of.locator(".labkit-flow:visible"), notebook.page
    rows = flow.locator(".rows [role=option]")
    # The result may be on the page before the flow's last step is.
    expect(rows.last).to_have_accessible_name(re.compile("client to you"))
    everything = rows.count()
    button(flow, "Filter").click()
    for name, others in (("wire only", "[role=option]:not(.heavy)"), ("host only", "[role=option].heavy")):
        flow.get_by_role("radio", name=name).check(force=True)
        expect(flow.locator(others)).to_have_count(0)
        expect(rows).not_to_have_count(0)
    flow.get_by_role("radio", name="samples").check(force=True)
    expect(flow).to_contain_text("sampling/createMessage")
    flow.get_by_role("radio", name="all", exact=True).check(force=True)
    expect(rows).to_have_count(everything)
    search = flow.get_by_role("searchbox")
    search.fill("So says the script.")
    expect(rows).not_to_have_count(everything)
    search.fill("")
    expect(rows).to_have_count(everything)  # what was found is the first row until then
    rows.first.click()
    expect(flow.locator(".detail")).to_have_accessible_name("Step 1")
    expect(flow.locator(".detail")).to_contain_text('"log_line"')
    rows.first.click()
    expect(flow.locator(".detail")).to_be_hidden()
    for form, begins in (("JSON", '{"title"'), ("Mermaid", "sequenceDiagram")):
        button(flow, form).click()
        expect(flow.get_by_role("status")).to_have_text(f"Copied the flow as {form}.")
        assert page.evaluate("navigator.clipboard.readText()").startswith(begins)
    calls = flow.get_by_role("combobox", name="Call")
    calls.select_option("all")
    expect(flow).to_contain_text("all calls")
    calls.select_option("last")


def test_what_is_set_about_who_answers_and_the_budget_is_set_by_mouse(notebook: LabPage, page_of: Locator) -> None:
    page_of.get_by_role("radio", name="Claude").check()
    models = page_of.locator(".detail-of-who").get_by_label("model", exact=True)
    last = models.get_by_role("option").last.inner_text()
    models.select_option(last)
    page_of.get_by_role("radio", name="local model").check()
    model = typed(page_of, "model")
    model.click()
    notebook.page.keyboard.type("my-model")
    model.blur()
    tab(page_of, "Code").click()
    expect(page_of.locator(".panel.code pre")).to_contain_text('"my-model"')
    page_of.get_by_role("radio", name="Claude").check()
    expect(page_of.locator(".panel.code pre")).to_contain_text(f'Claude("{last}"')
    tab(page_of, "Flow").click()
    notebook.execute(OWN.format(text="So say I."))
    script(page_of)
    page_of.get_by_role("radio", name="your callback").click()
    budget = page_of.get_by_role("checkbox", name="Budget")
    budget.uncheck()  # whatever the tests before have left
    budget.check()
    tokens = page_of.get_by_label("Budget: tokens")
    tokens.fill("1")
    tokens.blur()
    expect(page_of.locator(".spent")).to_contain_text("of 1 tokens")
    expect(run(page_of)).to_contain_text("budget")
    budget.uncheck()
    expect(tokens).to_be_hidden()
    expect(run(page_of)).to_contain_text("So say I.")


def test_the_program_is_copied_and_saved(notebook: LabPage, page_of: Locator) -> None:
    tab(page_of, "Code").click()
    program = page_of.locator(".panel.code pre").text_content() or ""
    assert "sampling_callback=" in program
    button(page_of.locator(".panel.code"), "Copy").click()
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
    notebook.execute('assert playground.answers.keys["claude"]')
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
    notebook.page.evaluate("(name) => window.jupyterapp.commands.execute(name)", SAVE_STATE)
    content = (root / "playground.ipynb").read_text(encoding="utf-8")
    assert "a script" in json.dumps(json.loads(content)["metadata"]["widgets"])  # the state is there to be looked at
    assert KEY not in content
    assert KEY not in notebook.page.content()


def test_the_keys_on_the_panel_call_the_tool_and_the_cell_run_again_keeps_the_history(
    notebook: LabPage, page_of: Locator
) -> None:
    script(page_of)
    before = runs(page_of)
    count = notebook.cells()[0]["count"]
    page_of.locator(".labkit-dials .head").click()  # no control: the focus was the notebook's then
    notebook.page.keyboard.press("ControlOrMeta+Enter")
    over(page_of, before)
    assert notebook.cells()[0]["count"] == count
    notebook.run_cell(0)
    page = notebook.output(0).locator(".labkit-playground")
    expect(tab(page, "History")).to_have_text(f"History {before + 1}")
    expect(page.locator(".made .answer")).to_contain_text("So says the script.")
    expect(page.locator(".top .status")).to_contain_text("connected ·")


def test_the_history_is_forgotten_once_that_is_confirmed_and_begins_anew(notebook: LabPage, page_of: Locator) -> None:
    script(page_of)
    expect(run(page_of)).to_contain_text("So says the script.")
    tab(page_of, "History").click()
    lines = page_of.locator(".runs tbody tr")
    count = runs(page_of)
    assert count
    # By keyboard: what does no harm has the focus, Escape goes back.
    forget, keep = button(page_of.locator(".history"), "Forget all"), button(page_of, "Keep them")
    for back in ("Enter", "Escape"):
        forget.focus()
        notebook.page.keyboard.press("Enter")
        expect(page_of.get_by_role("group", name="Forget all runs?")).to_contain_text(f"Forget all {count} runs?")
        expect(keep).to_be_focused()
        notebook.page.keyboard.press(back)
        expect(keep).to_be_hidden()
        expect(forget).to_be_focused()
    if count > 30:
        expect(lines).to_have_count(30)
        button(page_of, f"Show all {count}").click()
    expect(lines).to_have_count(count)
    forget.click()
    button(page_of, "Forget them").click()
    expect(lines).to_have_count(0)
    expect(forget).to_be_focused()
    expect(page_of.locator(".sides tr")).to_have_count(0)
    expect(tab(page_of, "History")).to_have_text("History")
    expect(page_of.get_by_text("No run yet.")).to_be_visible()
    expect(page_of.locator(".made .answer")).not_to_contain_text("So says the script.")
    run(page_of, "Run ×10", 10)
    grouped = page_of.locator(".result .labkit-answers")
    expect(grouped.locator(".status")).to_contain_text("10 answers, 1 different")
    grouped.locator("summary").first.press("Enter")
    expect(grouped.locator("li").first.locator("button")).to_have_attribute("aria-pressed", "true")
    expect(tab(page_of, "Flow")).to_have_text(re.compile(r"Flow · run \d+"))
    button(page_of, "Back to the last run").click()
    expect(page_of.locator(".runs tbody tr")).to_have_count(10)
    expect(page_of.locator(".sides thead th")).to_have_count(3)


OUTSIDE = """(panel) => {
  const room = panel.getBoundingClientRect();
  const shown = [...panel.querySelectorAll('button, select, input')].filter((node) => node.checkVisibility());
  return shown.filter((node) => node.getBoundingClientRect().right > room.right).map((node) => node.outerHTML);
}"""
COLLIDE = """(flow) => {
  const heads = [...flow.querySelectorAll('.chip')].map((node) => node.getBoundingClientRect());
  return heads.slice(1).filter(({left}, i) => left < heads[i].right).length;
}"""


@pytest.fixture
def sized(notebook: LabPage) -> Iterator[Callable[..., None]]:
    """Gives the window another size, with Lab's file browser or without, until the test is over."""

    def size(width: int, height: int, *, sidebar: bool) -> None:
        notebook.page.set_viewport_size({"width": width, "height": height})
        _ = notebook.with_sidebar() if sidebar else notebook.without_sidebar()
        notebook.output(0)

    yield size
    size(1366, 768, sidebar=False)


@pytest.mark.parametrize(
    ("window", "sidebar", "columns"),
    [
        ((1366, 768), True, 2),
        ((1366, 640), True, 2),
        ((1024, 768), False, 2),
        ((1024, 768), True, 1),
        ((1920, 1080), True, 2),
    ],
)
def test_run_and_what_it_makes_are_in_view_in_every_window(
    page_of: Locator, sized: Callable[..., None], window: tuple[int, int], sidebar: bool, columns: int
) -> None:
    script(page_of)
    sized(*window, sidebar=sidebar)
    left, right = page_of.locator(".cols > .left"), page_of.locator(".right")
    beside = "([left, right]) => right.getBoundingClientRect().left >= left.getBoundingClientRect().right - 1"
    page_of.page.wait_for_function(
        f"([parts, columns]) => ({beside})(parts) === (columns === 2)",
        arg=[[left.element_handle(), right.element_handle()], columns],
    )
    expect(run(page_of)).to_be_in_viewport(ratio=1)
    for part in (tab(page_of, "Flow"), page_of.locator(".labkit-flow:visible .lanes")):
        expect(part).to_be_in_viewport(ratio=1)
    if columns == 2:
        expect(button(page_of, "Run")).to_be_in_viewport(ratio=1)
    assert page_of.evaluate(OUTSIDE) == []
    assert page_of.locator(".labkit-flow:visible").evaluate(COLLIDE) == 0


@pytest.mark.parametrize("sidebar", [True, False], ids=["one column", "two columns"])
def test_a_question_is_in_view_wherever_the_page_is_scrolled_to(
    notebook: LabPage, page_of: Locator, sized: Callable[..., None], sidebar: bool
) -> None:
    script(page_of)
    sized(1024, 640, sidebar=sidebar)
    approval, refuse, sheet = (
        page_of.get_by_role("checkbox", name="Ask me first"), button(page_of, "Refuse"), page_of.locator(".sheet")
    )  # fmt: skip
    approval.check()
    before = runs(page_of)
    button(page_of, "Run").click()
    expect(sheet).to_be_in_viewport(ratio=1)
    place = sheet.bounding_box()
    assert place is not None
    for end in ("start", "end"):
        notebook.page.evaluate(
            "(at) => document.querySelector('.labkit-playground').closest('.jp-Cell').scrollIntoView({block: at})", end
        )
        expect(sheet).to_be_in_viewport(ratio=1)
        expect(refuse).to_be_in_viewport(ratio=1)
    now = sheet.bounding_box()
    assert now is not None
    assert (now["x"], now["width"]) == (place["x"], place["width"])
    refuse.click()
    over(page_of, before)
    expect(sheet).to_be_hidden()
    approval.uncheck()


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
