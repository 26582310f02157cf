"""Programs that will not end: they flood, they are deaf, they have children. Nothing of them remains."""

import sys
import threading
from collections.abc import Generator
from contextlib import nullcontext, redirect_stderr
from functools import partial
from io import StringIO
from time import monotonic

import mcp.client.stdio
import psutil
import pytest
from mcp import StdioServerParameters

from labkit import CallbackError, CallTimeout, ConnectError, Lab, child, close_all, connection, runtime
from labkit.call import Patience
from labkit.child import BURST, MORE, PAUSE, Echo
from labkit.lines import ENDLESS, bounded
from labkit.record import CONNECTION
from labkit.wire import Frame
from tests.story import said, until

pytestmark = pytest.mark.anyio

SERVER = """
import json, os, signal, subprocess, sys, time
INFO = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "bad", "version": "1"}}
SAID = {"content": [{"type": "text", "text": "fine"}]}
RESULTS = {"initialize": INFO, "tools/list": {"tools": []}, "tools/call": SAID}
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "tools/call" and asked["params"]["name"] == "bad":
        exec(sys.argv[1])
    if asked["method"] in RESULTS:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": RESULTS[asked["method"]]}), flush=True)
exec(sys.argv[2])
"""


def program(does: str, at_last: str = "") -> StdioServerParameters:
    """A server that `does` something where the tool `bad` is called, and `at_last`, when its input has ended."""
    return StdioServerParameters(command=sys.executable, args=["-c", SERVER, does, at_last])


class Family:
    """All processes that this one has started, and theirs, as far as they were seen."""

    def __init__(self) -> None:
        self._before = {*psutil.Process().children(recursive=True)}
        self._seen = set[psutil.Process]()

    def look(self) -> set[psutil.Process]:
        self._seen |= {*psutil.Process().children(recursive=True)} - self._before
        return self._seen

    def alive(self) -> list[psutil.Process]:
        return [each for each in self.look() if is_alive(each)]


def is_alive(process: psutil.Process) -> bool:
    """Whether it is more than an entry that its parent has yet to read."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def family() -> Generator[Family]:
    family = Family()
    yield family
    close_all()
    left = family.alive()
    for process in left:
        process.kill()
    assert left == []


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits less for a program that does not end: what it does then is the same."""
    for name in ("PROCESS_TERMINATION_TIMEOUT", "FORCE_KILL_TIMEOUT"):
        monkeypatch.setattr(mcp.client.stdio, name, 0.2)


@pytest.fixture
def unmanaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that is too busy: the time which the SDK's own shutdown has is over before its end."""
    monkeypatch.setattr(mcp.client.stdio, "PROCESS_TERMINATION_TIMEOUT", 600)
    for module in (connection, runtime):
        monkeypatch.setattr(module, "LEAVE", 0.5)


ENDLESS_LINE = 'while True: os.write(1, b"x" * 10_000)'


@pytest.fixture
def short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "bounded", partial(bounded, longest=20_000))


async def works(lab: Lab) -> None:
    lab.timeout = 60
    assert said(await lab.call_tool("good")) == "fine"


@pytest.mark.usefixtures("hurried", "short_lines")
async def test_a_line_without_an_end_ends_the_connection_and_the_next_call_makes_another(family: Family) -> None:
    lab = Lab(program(ENDLESS_LINE), mode="legacy")
    with pytest.raises(ConnectError, match=r"was under way when the connection to .* ended\. The next call"):
        await lab.call_tool("bad")
    assert ENDLESS in str([step.label for step in lab.flow.steps])
    await until(lambda: family.alive() == [])  # before the Lab is closed: nobody's core is kept busy
    await works(lab)
    lab.close()
    assert family.alive() == []


@pytest.mark.usefixtures("unmanaged", "short_lines")
async def test_a_program_that_is_being_left_while_the_next_one_is_closed_does_not_live_on(family: Family) -> None:
    lab = Lab(program(ENDLESS_LINE), mode="legacy")
    with pytest.raises(ConnectError, match="The next call makes another"):
        await lab.call_tool("bad")
    await works(lab)
    assert len(family.alive()) == 2
    lab.close()
    await until(lambda: family.alive() == [])


FOREVER = "while True: time.sleep(1)"
DEAF = f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FOREVER}"
CHILD = 'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])'


@pytest.mark.parametrize(
    ("does", "at_last"),
    [
        ('while True: os.write(2, b"x" * 10_000)', ""),
        ('while True: os.write(1, b"junk\\n" * 1_000)', ""),
        (FOREVER, DEAF),
        (CHILD, ""),
    ],
    ids=["floods stderr", "floods lines", "is deaf", "has a child"],
)
@pytest.mark.usefixtures("hurried")
async def test_nothing_of_a_program_remains(family: Family, does: str, at_last: str) -> None:
    lab = Lab(program(does, at_last), mode="legacy", timeout=0.5)
    with nullcontext() if does == CHILD else pytest.raises(CallTimeout):
        await lab.call_tool("bad")
    assert family.alive() != []
    lab.close()
    await until(lambda: family.alive() == [])


@pytest.mark.usefixtures("unmanaged")
async def test_a_program_that_the_sdk_does_not_end_in_time_is_killed(family: Family) -> None:
    lab = Lab(program(FOREVER, DEAF), mode="legacy")
    lab.close()
    await until(lambda: family.alive() == [])


ASKS = """
message = {"role": "user", "content": {"type": "text", "text": "noir"}}
params = {"messages": [message], "maxTokens": 9}
print(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": params}), flush=True)
time.sleep(600)
"""


async def test_a_callback_that_holds_the_lab_thread_for_good_leaves_no_program_either(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "GRACE", 0.3)
    gate = threading.Event()

    async def blocks(context: object, params: object) -> None:
        gate.wait(120)

    lab = Lab(program(ASKS), sampling_callback=blocks, mode="legacy", timeout=0.5)  # pyright: ignore[reportArgumentType]
    (left_behind,) = family.alive()
    with pytest.raises(CallbackError, match="left that thread behind"):
        await lab.call_tool("bad")
    await until(lambda: not is_alive(left_behind))
    await works(lab)
    gate.set()


@pytest.mark.usefixtures("hurried")
async def test_a_program_that_ends_while_its_child_keeps_its_output_is_told_at_the_time_out(family: Family) -> None:
    lab = Lab(program(f"{CHILD}; os._exit(0)"), mode="legacy", timeout=0.5)
    with pytest.raises(ConnectError, match="The next call makes another"):
        await lab.call_tool("bad")
    await works(lab)


async def test_what_a_program_writes_to_its_standard_error_stands_in_the_flow_of_its_call(family: Family) -> None:
    # (the word is cut in two within a letter, and the last line has no end)
    writes = r"""os.write(2, b"one caf\xc3"); os.write(2, b"\xa9\ntwo\n")"""
    lab = Lab(program(writes, 'os.write(2, b"good bye")'), mode="legacy")
    await lab.call_tool("bad")
    (step,) = [step for step in lab.flow.steps if step.label.startswith("stderr")]
    assert (step.source, step.target, step.wire) == ("server", "server", False)
    assert (step.label, step.data) == ("stderr, 2 lines: two", {"stderr": "one café\ntwo", "lines": 2})
    await works(lab)
    assert "stderr" not in str(lab.flow)
    lab.close()
    assert "stderr: good bye" in str(lab.flows[0])


async def test_in_a_script_it_goes_to_the_terminal_too_with_nothing_hidden_in_it(
    family: Family, capfd: pytest.CaptureFixture[str]
) -> None:
    writes = r"""os.write(2, b"ready\r\n\x1b[31mred\x1b]0;title\x07\xe2\x80\xae\n" + b"y" * 3000 + b"\n")"""
    lab = Lab(program(writes), mode="legacy")
    await lab.call_tool("bad")
    lab.close()
    told = capfd.readouterr().err
    assert told == "ready\n" + r"\x1b[31mred\x1b]0;title\x07\u202e" + f"\n{'y' * Echo.LONGEST}…\n"
    assert "red" in str(lab.flows)


def test_what_is_told_in_a_terminal_is_bounded_by_the_second(capfd: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    echo = Echo(lambda: now)
    for _ in range(1_000):
        echo.write("\n".join(["x" * 99] * 100))
    told = capfd.readouterr().err
    assert Echo.ROOM <= len(told) <= Echo.ROOM + 200
    assert told.endswith(f"{MORE}\n")
    now = 1.0
    echo.write("quiet again")
    assert capfd.readouterr().err == "quiet again\n"


def test_in_a_notebook_and_without_a_terminal_nothing_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(child, "is_a_notebook", lambda: True)
        Echo().write("in the flow alone")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", None)
        Echo().write("of a program without a console")
    assert capfd.readouterr() == ("", "")
    with redirect_stderr(StringIO()) as told:
        Echo().write("told elsewhere")
    assert told.getvalue() == "told elsewhere\n"


async def test_a_program_that_ends_is_told_with_its_last_words(family: Family) -> None:
    lab = Lab(program('sys.stderr.write("bad\\nno disk\\n"); sys.exit(3)'), mode="legacy")
    with pytest.raises(ConnectError, match=r'ended\. It last wrote: "no disk"\. The next call makes another'):
        await lab.call_tool("bad")
    unheard = StdioServerParameters(command=sys.executable, args=["-c", "import no_such_module"])
    with pytest.raises(ConnectError, match=r"ended before it answered\. It last wrote: \"ModuleNotFoundError: No mod"):
        Lab(unheard)


async def test_a_flood_of_standard_error_keeps_no_core_busy(family: Family) -> None:
    lab = Lab(program('while True: os.write(2, b"x" * 999 + b"\\n")'), mode="legacy", timeout=1)
    start = monotonic()
    with pytest.raises(CallTimeout):
        await lab.call_tool("bad")
    lines = sum(step.data["lines"] for step in lab.flow.steps if step.label.startswith("stderr"))
    assert 0 < lines * 1_000 < ((monotonic() - start) / PAUSE + 2) * (BURST + 65_536)
    lab.close()


async def test_large_lines_that_are_no_message_are_read_slowly_too(family: Family) -> None:
    lab = Lab(program('while True: os.write(1, b"x" * 1_000_000 + b"\\n")'), mode="legacy", timeout=0.5)
    with pytest.raises(CallTimeout):
        await lab.call_tool("bad")
    await until(lambda: "goes on sending" in str(lab.flows[0]))
    entries = [entry for entry in lab.record.entries() if entry.call == CONNECTION]
    faults = [(entry.times, entry.item.size) for entry in entries if isinstance(entry.item, Frame) and entry.item.fault]
    assert sum(times for times, _ in faults) < Patience.BURST / 2
    assert {size for _, size in faults} == {1_000_000}
