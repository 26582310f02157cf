"""Several processes from one command: they share a key, and none outlives the others."""

import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from servers import processes
from servers.credentials import SHORTEST_KEY, STATE_KEYS
from servers.processes import command_of, run_several

FIRST = """
import os, sys, time
open(sys.argv[1] + "/first.tmp", "w").write(os.environ["REQUEST_STATE_KEYS"])
os.rename(sys.argv[1] + "/first.tmp", sys.argv[1] + "/first")
time.sleep(600)
"""
SECOND = """
import os, sys, time
while not os.path.exists(sys.argv[1] + "/first"):
    time.sleep(0.01)
open(sys.argv[1] + "/second", "w").write(os.environ["REQUEST_STATE_KEYS"])
sys.exit(3)
"""
DEAF = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(os.getppid(), int(sys.argv[1]))
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    handlers = [(number, signal.getsignal(number)) for number in (signal.SIGINT, *processes.ENDS)]
    before = set(psutil.Process().children())
    yield
    for number, handler in handlers:
        signal.signal(number, handler)
    assert set(psutil.Process().children()) == before


@pytest.mark.parametrize("given", ["", "k" * 40])
def test_they_share_a_key_and_the_end_of_one_is_the_end_of_all(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STATE_KEYS, raising=False)
    if given:
        monkeypatch.setenv(STATE_KEYS, given)
    assert run_several([[sys.executable, "-c", code, str(tmp_path)] for code in (FIRST, SECOND)]) == 3
    keys = [(tmp_path / name).read_text(encoding="utf-8") for name in ("first", "second")]
    assert keys[0] == keys[1] == (given or keys[0])
    assert len(keys[0]) >= SHORTEST_KEY
    assert os.environ.get(STATE_KEYS, "") == given


@pytest.mark.skipif(sys.platform == "win32", reason="there a process cannot be deaf to its end")
@pytest.mark.parametrize("number", [signal.SIGINT, *processes.ENDS])
def test_what_is_deaf_is_killed_when_all_shall_end(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)  # also under nohup
    monkeypatch.setattr(processes, "LONGEST_GOODBYE", 0.2)
    assert run_several([[sys.executable, "-c", DEAF, str(number)]]) == 0


def test_the_same_program_is_run_again_with_what_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["server.py", "--http", "8000"])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    assert command_of(["--http", "8001"]) == [sys.executable, "server.py", "--http", "8000", "--http", "8001"]
