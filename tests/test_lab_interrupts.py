"""Ctrl-C, or the kernel's "interrupt", at every line that making and closing a Lab runs through leaves nothing over."""

import contextlib
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from time import monotonic, sleep
from types import FrameType
from typing import Any

import pytest

from labkit import Lab, close_all
from labkit.wire import InMemoryTransport
from tests.story import bookshop

FILES = ("labkit/lab.py", "labkit/connection.py", "labkit/runtime.py")
NAME = "interrupted"

pytestmark = pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="only a main thread is interrupted"
)


class Server:
    """A way to a server that counts how often it was entered and left."""

    def __init__(self) -> None:
        self.entered = self.left = 0

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncGenerator[Any]:
        self.entered += 1
        try:
            async with InMemoryTransport(bookshop()) as streams:
                yield streams
        finally:
            self.left += 1


def interrupted_at(line: int, work: Callable[[], object]) -> str:
    """Do `work` with an interrupt before the `line`-th line of the kit; the place, or "" if there were not so many."""
    left, place = line, ""
    former = sys.gettrace()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left, place
        if not frame.f_code.co_filename.replace("\\", "/").endswith(FILES):
            return None
        if event == "line":
            if left == 0:
                sys.settrace(None)
                place = f"{frame.f_code.co_qualname}, line {frame.f_lineno}"
                signal.raise_signal(signal.SIGINT)
            left -= 1
        return trace

    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return place
    finally:
        sys.settrace(former)
    assert not place, f"the interrupt was swallowed in {place}"
    return ""


def whole(server: Server) -> bool:
    """Whether nothing is left over: what was entered is left, and no thread runs. A server may take a moment to end."""
    close_all()
    end = monotonic() + 10
    while server.entered != server.left or any(t.name.startswith("labkit") for t in threading.enumerate()):
        if monotonic() > end:
            return False
        sleep(0.002)
    return True


def interruptions(work: Callable[[Server], object], prepare: Callable[[Server], object] = lambda _: None) -> int:
    """Interrupt `work` at each of its lines in turn; how many there were."""
    line = 0
    server = Server()
    prepare(server)
    while place := interrupted_at(line, lambda: work(server)):
        assert whole(server), f"something was left over by the interrupt in {place}"
        line += 1
        prepare(server)
    assert whole(server)
    return line


def made(server: Server) -> Lab:
    return Lab(server, name=NAME)  # pyright: ignore[reportArgumentType] - as a transport is made


def test_making_a_lab() -> None:
    assert interruptions(made) > 60


def test_making_the_second_of_one_name() -> None:
    assert interruptions(made, made) > 90


def test_closing_a_lab() -> None:
    labs: list[Lab] = []
    assert interruptions(lambda _: labs[-1].close(), lambda server: labs.append(made(server))) > 20
