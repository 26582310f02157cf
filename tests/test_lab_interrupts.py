"""Ctrl-C, or the kernel's "interrupt", in the middle of making or closing a Lab leaves nothing over."""

import contextlib
import signal
import threading
from collections.abc import AsyncGenerator, Callable
from time import monotonic, sleep
from typing import Any

import pytest

import labkit.lab
from labkit import Lab, close_all
from labkit.connection import Connection
from labkit.runtime import Runtime
from labkit.wire import InMemoryTransport
from tests.story import bookshop

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


def made(server: Server) -> Lab:
    return Lab(server, name=NAME)  # pyright: ignore[reportArgumentType] - as a transport is made


def nothing_is_left(server: Server) -> bool:
    """Whether what was entered is left, and no thread runs. A server may take a moment to end."""
    end = monotonic() + 60
    while server.entered != server.left or any(t.name.startswith("labkit") for t in threading.enumerate()):
        if monotonic() > end:
            return False
        sleep(0.002)
    return True


def interrupted(function: Callable[..., Any], *, first: bool) -> Callable[..., Any]:
    """`function` with an interrupt just before it, or just after it."""

    def with_interrupt(*arguments: Any, **options: Any) -> Any:
        if first and threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGINT)
        returned = function(*arguments, **options)
        if not first and threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGINT)
        return returned

    return with_interrupt


PLACES = [
    (labkit.lab, "describe"),
    (Runtime, "current"),
    (Runtime, "_start"),
    (Connection, "__init__"),
    (Connection, "wait_until_open"),
]


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), PLACES, ids=[name for _, name in PLACES])
def test_while_a_lab_is_made(owner: Any, name: str, first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    close_all()
    server = Server()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted(getattr(owner, name), first=first))
        with pytest.raises(KeyboardInterrupt):
            made(server)
    made(server).close()  # one of this name can be made again
    assert nothing_is_left(server)


LEAVING = [(Connection, "leave"), (Connection, "close"), (Runtime, "end"), (Runtime, "_retire"), (Runtime, "stop")]


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), LEAVING, ids=[name for _, name in LEAVING])
def test_while_a_lab_is_closed(owner: Any, name: str, first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    close_all()
    server = Server()
    lab = made(server)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted(getattr(owner, name), first=first))
        with pytest.raises(KeyboardInterrupt):
            lab.close()
    close_all()
    assert nothing_is_left(server)


def test_while_the_second_of_one_name_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    close_all()
    server = Server()
    made(server)
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "leave", interrupted(Connection.leave, first=True))
        with pytest.raises(KeyboardInterrupt):
            made(server)
    made(server).close()
    assert nothing_is_left(server)
