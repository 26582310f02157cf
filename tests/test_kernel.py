"""A Lab in a real kernel: an interrupt is heard, a print lands in its cell, an error is short, a restart is clean.

What the kernel itself would say badly is a sentence: an interrupt, a question of a callback, a cell that did not run.
"""

import contextlib
import re
import signal
import textwrap
from collections.abc import Generator
from dataclasses import dataclass, field
from queue import Empty
from time import monotonic
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.story import ROOT

PATIENCE = 60.0
"""Seconds that a busy machine may take for what has no promised time."""

SET_UP = """
import asyncio, sys, threading, time
from mcp import StdioServerParameters
from labkit import Lab, Scripted, close_all, report
from tests.story import *

gate = threading.Event()

async def never_ends(context, params):
    print("here", flush=True)
    await asyncio.Event().wait()

async def loops(context, params):
    print("here", flush=True)
    while True:
        pass

async def sleeps(context, params):
    print("here", flush=True)
    gate.wait(60)

async def raises(context, params):
    raise KeyError("title")

async def returns_nothing(context, params):
    pass

async def returns_text(context, params):
    return "a good book"

def is_plain(context, params):
    return answer("a good book")

async def raises_a_group(context, params):
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(raises(context, params))

class Gate:
    def __init__(self):
        self.open = asyncio.Event()
    async def __call__(self, context, params):
        await self.open.wait()
        print("from the callback", flush=True)
        return answer("late")
"""


@dataclass
class Cell:
    """What a cell has put out so far."""

    id: str
    out: str = ""
    err: str = ""
    errors: list[dict[str, Any]] = field(default_factory=list)
    done: bool = False


class Kernel:
    """A kernel that is talked to as a notebook does."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(ROOT))
        self.cells: dict[str, Cell] = {}
        self.connect()

    def connect(self) -> None:
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        assert self.run(SET_UP).errors == []

    def send(self, code: str) -> Cell:
        number = self.client.execute(textwrap.dedent(code))
        self.cells[number] = cell = Cell(number)
        return cell

    def run(self, code: str) -> Cell:
        cell = self.send(code)
        self.until(lambda: cell.done)
        return cell

    def until(self, condition: Any, seconds: float = PATIENCE) -> float:
        """Hear what the kernel says until `condition` holds; the seconds that it took."""
        start = monotonic()
        while not condition():
            left = start + seconds - monotonic()
            assert left > 0, f"it did not come about within {seconds:g} s: {list(self.cells.values())[-1]}"
            with contextlib.suppress(Empty):
                self.hear(self.client.get_iopub_msg(timeout=min(left, 0.2)))
        return monotonic() - start

    def hear(self, message: dict[str, Any]) -> None:
        cell = self.cells.get(message["parent_header"].get("msg_id", ""))
        if cell is None:
            return
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            setattr(
                cell, name := {"stdout": "out", "stderr": "err"}[content["name"]], getattr(cell, name) + content["text"]
            )
        elif kind == "error":
            cell.errors.append(content)
        elif kind == "status" and content["execution_state"] == "idle":
            cell.done = True

    def shut_down(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel() -> Generator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.shut_down()


ASK = 'print(said(await lab.call_tool("recommend", {"genre": "noir"})))'


def works(kernel: Kernel) -> None:
    cell = kernel.run(f"lab.callback = echo\n{ASK}")
    assert (cell.out, cell.err, cell.errors) == ("you asked: recommend noir\n", "", [])


def test_a_cell_calls_a_tool(kernel: Kernel, wire: str) -> None:
    cell = kernel.run(f'lab = Lab(bookshop(), sampling_callback=echo, mode="{wire}")\n{ASK}')
    assert (cell.out, cell.err, cell.errors) == ("you asked: recommend noir\n", "", [])


@pytest.mark.parametrize("callback", ["never_ends", "loops", "sleeps"])
def test_an_interrupt_ends_the_cell_within_a_second_and_the_lab_goes_on(
    kernel: Kernel, wire: str, callback: str
) -> None:
    cell = kernel.send(f'gate.clear()\nlab = Lab(bookshop(), sampling_callback={callback}, mode="{wire}")\n{ASK}')
    kernel.until(lambda: "here" in cell.out)
    kernel.manager.interrupt_kernel()
    took = kernel.until(lambda: cell.done)
    assert took < 30, "a second, and more for a busy machine; without the interrupt it is a minute"
    assert [error["ename"] for error in cell.errors] == ["KeyboardInterrupt"]
    start = monotonic()
    works(kernel)
    assert monotonic() - start < 30
    assert kernel.run("gate.set()").errors == []


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("print('here')\nawait lab.call_tool('wait_for_delivery')", "2"),
        ("print('here')\ncall = lab.start('wait_for_delivery')\nawait call", "3"),
        ("print('here')\nawait asyncio.gather(*(lab.call_tool('wait_for_delivery') for _ in range(3)))", "2"),
        ("print('here')\nawait asyncio.wait_for(lab.call_tool('wait_for_delivery'), 60)", "2"),
        ("async with asyncio.TaskGroup() as tasks:\n    tasks.create_task(never_ends(None, None))", "1"),
        ("from labkit import show\nshow(lab)\nlab.callback = never_ends\n" + ASK, "4"),
        ("from labkit import scorecard\nprint('here')\nawait scorecard(never_ends, timeout=60)", "3"),
        ("async def mine(context):\n    print('here')\n    await asyncio.sleep(60)\n\nawait mine(None)", "3"),
        # Without an `await` the signal may come while the line of the print still runs.
        ("print('here')\nlab.start('wait_for_delivery').result()", "[12]"),
        ("def mine():\n    print('here')\n    while True: pass\n\nmine()", "[23]"),
    ],
)
def test_an_interrupt_is_a_sentence_that_names_the_line(kernel: Kernel, code: str, line: str) -> None:
    kernel.run("lab = Lab(bookshop(), sampling_callback=echo)")
    cell = kernel.send(code)
    kernel.until(lambda: "here" in cell.out)
    kernel.manager.interrupt_kernel()
    assert kernel.until(lambda: cell.done) < 30, "a second, and more for a busy machine; unheard it is a minute"
    (error,) = cell.errors
    assert error["ename"] == "KeyboardInterrupt"
    assert error["traceback"] == [error["evalue"]]
    said = rf"You stopped the cell at line {line}: `.*`\. Nothing is broken: run it again whenever you like\."
    assert re.fullmatch(said, error["evalue"]), error["evalue"]
    assert cell.err == ""
    works(kernel)


def test_a_call_that_is_cancelled_in_the_cell_is_a_sentence_too(kernel: Kernel) -> None:
    cell = kernel.run("call = lab.start('wait_for_delivery')\ncall.cancel()\nawait call")
    (error,) = cell.errors
    assert error["ename"] == "CancelledError"
    assert error["traceback"][0].startswith(
        "What the cell waited for was cancelled at line 3: `await call`. Nothing is"
    )


@pytest.mark.parametrize(
    ("asks", "name"),
    [
        ("input('Shall it? ')", "input"),
        ("await asyncio.to_thread(input, 'Shall it? ')", "input"),
        ("__import__('getpass').getpass()", "getpass"),
        ("__import__('pdb').set_trace()", "input"),
    ],
)
@pytest.mark.parametrize("when", ["the cell waits", "no cell runs"])
def test_a_callback_that_asks_the_person_is_refused_at_once(kernel: Kernel, asks: str, name: str, when: str) -> None:
    cell = kernel.run(
        f"""
        async def asks(context, params):
            {asks}
            return answer("yes")

        lab = Lab(bookshop(), sampling_callback=asks)
        call = lab.start("recommend", {{"genre": "noir"}})
        """
        + ("await call" if when == "the cell waits" else "")
    )
    if when == "no cell runs":
        cell = kernel.run("await call")
    (error,) = cell.errors
    said = f"CallbackError: asks raised RuntimeError: {name}() in a callback would hold up the notebook, and nobody"
    assert error["traceback"][0].startswith(said)
    assert f"or let approval_panel() ask, in place of {name}() at line " in error["traceback"][0]


def test_a_cell_may_ask_and_a_callback_that_it_calls_itself_too(kernel: Kernel) -> None:
    cell = kernel.send(
        "async def mine(context, params):\n    return input('Shall it? ')\n\nprint(await mine(None, None))"
    )
    assert kernel.client.get_stdin_msg(timeout=PATIENCE)["content"]["prompt"] == "Shall it? "
    kernel.client.input("yes")
    kernel.until(lambda: cell.done)
    assert (cell.out, cell.errors) == ("yes\n", [])


def test_a_function_whose_later_cell_did_not_run_is_told(kernel: Kernel) -> None:
    def said() -> str:
        return kernel.run("print(stale(mine))").out.strip()

    kernel.run("from labkit.notebook import stale\n\nasync def mine(context, params):\n    pass")
    assert said() == ""
    before = "Your last cell with mine did not run ({}): this is about mine as it was before."
    for code, why in (
        ("x = 1\nasync def mine(context, params)\n    return x", "SyntaxError, line 2"),
        ("if True:\nasync def mine(context, params):\n    pass", "IndentationError, line 2"),
        ("@undefined\nasync def mine(context, params):\n    pass", "NameError, line 1"),
        ("mine = undefined(3)", "NameError, line 1"),
        ("x = y = 1\nclass mine:\n    a = 1 / 0", "ZeroDivisionError, line 3"),
    ):
        assert len(kernel.run(code).errors) == 1, code
        assert said() == before.format(why)
        assert kernel.run("mine = mine").errors == []
        assert said() == ""
    kernel.run("from labkit import check, scorecard, try_out\nlab = Lab(bookshop())")
    kernel.run("async def mine(context params):\n    pass")
    before = f"{before.format('SyntaxError, line 1')}\n"
    for uses in ("check('1.1', mine)", "try_out(lab, mine, 'price', {'title': 'Emma'})", "scorecard(mine, timeout=5)"):
        assert kernel.run(f"await {uses}").out.startswith(before), uses
    kernel.run("async def mine(context, params):\n    pass\n\nundefined")
    assert said() == "", "the cell failed after it had defined the function"
    kernel.run("def other():\n    mine == 3\n    syntax error")
    assert said() == ""


def test_an_interrupt_while_a_lab_connects_leaves_nothing(kernel: Kernel) -> None:
    cell = kernel.send(
        """
        print("here", flush=True)
        Lab(StdioServerParameters(command=sys.executable, args=["-c", "import sys; sys.stdin.read()"]), name="silent")
        """
    )
    kernel.until(lambda: "here" in cell.out)
    kernel.until(lambda: child_of(kernel) is not None)
    kernel.manager.interrupt_kernel()
    assert kernel.until(lambda: cell.done) < 18, "unheard it is 20 s"
    assert [error["ename"] for error in cell.errors] == ["KeyboardInterrupt"]
    assert kernel.run("import psutil; print(len(psutil.Process().children()))").out == "0\n"
    works(kernel)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="the system cannot signal one thread")
def test_an_interrupt_that_reaches_another_thread_is_heard_too(kernel: Kernel) -> None:
    """The operating system chooses the thread that a signal interrupts; a lock of the main thread sleeps on."""
    cell = kernel.send(
        """
        import signal
        def interrupt():
            time.sleep(0.5)
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        threading.Thread(target=interrupt).start()
        Lab(StdioServerParameters(command=sys.executable, args=["-c", "import sys; sys.stdin.read()"]), name="silent")
        """
    )
    assert kernel.until(lambda: cell.done) < 18, "unheard it is 20 s"
    assert [error["ename"] for error in cell.errors] == ["KeyboardInterrupt"]
    works(kernel)


def child_of(kernel: Kernel) -> psutil.Process | None:
    provider: Any = kernel.manager.provisioner
    return next(iter(psutil.Process(provider.pid).children()), None)


def test_what_a_callback_prints_lands_in_the_cell_that_called(kernel: Kernel, wire: str) -> None:
    started = kernel.run(
        f"""
        late = Gate()
        lab = Lab(bookshop(), sampling_callback=late, mode="{wire}")
        call = lab.start("recommend", {{"genre": "noir"}})
        """
    )
    assert started.out == ""
    between = kernel.run('print("another cell")')
    last = kernel.run("call._runtime.post(late.open.set)\nprint(said(await call))")
    kernel.until(lambda: started.out)
    assert (started.out, between.out, last.out) == ("from the callback\n", "another cell\n", "late\n")


@pytest.mark.parametrize("callback", ["raises", "returns_nothing", "returns_text", "is_plain", "raises_a_group"])
def test_an_error_is_one_short_output_and_no_group(kernel: Kernel, wire: str, callback: str) -> None:
    cell = kernel.run(f'lab = Lab(bookshop(), sampling_callback={callback}, mode="{wire}")\n{ASK}')
    (error,) = cell.errors
    assert error["ename"] == "CallbackError"
    assert error["evalue"].startswith(callback)
    assert len(error["traceback"]) <= 3
    assert sum(line.count("\n") + 1 for line in error["traceback"]) <= 3
    assert (cell.out, cell.err) == ("", "")
    assert "ExceptionGroup" not in str(error)
    assert "ipykernel" not in error["evalue"]
    if "raises" in callback:
        assert '`raise KeyError("title")`' in error["evalue"]
    works(kernel)


def test_a_call_that_hangs_says_at_which_line_of_the_cell(kernel: Kernel, wire: str) -> None:
    cell = kernel.run(
        f"""\
        async def patient(context, params):
            await asyncio.Event().wait()

        lab = Lab(bookshop(), sampling_callback=patient, mode="{wire}", timeout=0.2)
        {ASK}
        """
    )
    (error,) = cell.errors
    assert error["ename"] == "CallTimeout"
    assert "it waits at line 2: `await asyncio.Event().wait()`" in error["evalue"]
    works(kernel)


def test_running_the_cell_again_closes_the_former_lab(kernel: Kernel, wire: str) -> None:
    code = f'former, lab = globals().get("lab"), Lab(bookshop(), sampling_callback=echo, mode="{wire}")\n{ASK}'
    for _ in range(3):
        assert kernel.run(code).out == "you asked: recommend noir\n"
    cell = kernel.run('await former.call_tool("price", {"title": "Emma"})')
    assert [error["ename"] for error in cell.errors] == ["LabClosed"]
    assert kernel.run('print([t.name for t in threading.enumerate()].count("labkit"))').out == "1\n"
    works(kernel)


def test_a_flow_is_shown_as_a_drawing_and_as_text(kernel: Kernel, wire: str) -> None:
    cell = kernel.run(f'lab = Lab(bookshop(), sampling_callback=echo, mode="{wire}")\n{ASK}\nprint(lab.flow)')
    assert "1 sample · bookseller" in cell.out
    cell = kernel.run(
        "from IPython.display import display\nbundle = lab.flow._repr_mimebundle_()\nprint(sorted(bundle))"
    )
    assert cell.out == "['image/svg+xml', 'text/plain']\n"


def test_a_server_made_in_a_cell_prints_a_line_for_a_tool_that_raises_and_no_more(kernel: Kernel, wire: str) -> None:
    cell = kernel.run(
        f"""
        import logging
        from mcp.server.mcpserver import MCPServer
        mine = MCPServer("mine")

        @mine.tool(structured_output=False)
        async def broken() -> str:
            return 1 / 0

        lab = Lab(mine, mode="{wire}")
        print((await lab.call_tool("broken")).content[0].text)
        logging.getLogger("student").info("my own line")
        """
    )
    assert (cell.out, cell.errors) == ("Error executing tool broken\n", [])
    assert cell.err == "broken raised ZeroDivisionError: division by zero at line 7: `return 1 / 0`\nmy own line\n"
    assert kernel.run("logging.root.handlers.clear()\nlogging.root.setLevel(logging.WARNING)").errors == []


@pytest.mark.parametrize("now", [False, True], ids=["asked to end", "killed"])
def test_a_restart_leaves_no_server_process(kernel: Kernel, now: bool) -> None:
    cell = kernel.run('lab = Lab(OVER_STDIO, sampling_callback=echo)\ncall = lab.start("wait_for_delivery")')
    assert cell.errors == []
    child = child_of(kernel)
    assert child is not None
    assert "tests.story" in child.cmdline()
    kernel.client.stop_channels()
    kernel.manager.restart_kernel(now=now)
    kernel.connect()
    _, alive = psutil.wait_procs([child], timeout=PATIENCE)
    assert alive == []
    cell = kernel.run(f"lab = Lab(bookshop(), sampling_callback=echo)\n{ASK}")
    assert (cell.out, cell.errors) == ("you asked: recommend noir\n", [])
