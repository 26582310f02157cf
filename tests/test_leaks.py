"""Opening and closing a Lab two hundred times leaves what there was before: no task, thread, socket, file, process."""

import asyncio
import contextlib
import gc
import sys
import threading
from collections import Counter
from collections.abc import Generator
from typing import Any

import psutil
import pytest

from labkit import Lab, close_all
from labkit.call import Call
from labkit.connection import Connection
from labkit.runtime import Runtime
from tests.story import OVER_STDIO, bookshop, echo, over_http, said, until

pytestmark = pytest.mark.anyio

CYCLES = 200
process = psutil.Process()


@pytest.fixture(scope="module", autouse=True)
def _what_was_there_is_not_looked_at() -> Generator[None]:
    """Keep what is there already out of every collection of garbage: here are thousands of them."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


def left() -> dict[str, Any]:
    """What a leak would leave behind, counted."""
    gc.collect()
    kinds = Counter(type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, Lab | Call | Connection))
    return {
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "files": process.num_handles() if sys.platform == "win32" else process.num_fds(),
        "sockets": len(process.net_connections()),
        "processes": len(process.children(recursive=True)),
        "objects": dict(kinds),
    }


def more(before: dict[str, Any], calls: int = 0) -> dict[str, tuple[object, object]]:
    """What there is more of than before. Less is no leak: some things of the warm-up went late.

    Up to `calls` Calls more are none either, where each of many rounds would leave one: the last round may still hold
    its own, in a traceback or a thread that waits.
    """
    now = left()
    grown = {name: (before[name], now[name]) for name in ("files", "sockets", "processes") if now[name] > before[name]}
    for name in ("threads", "objects"):
        if Counter(now[name]) - Counter(before[name]) - Counter({"Call": calls}):
            grown[name] = (before[name], now[name])
    return grown


async def back_to(before: dict[str, Any], calls: int = 0) -> None:
    """What goes away a moment later is no leak."""
    with contextlib.suppress(AssertionError):
        await until(lambda: not more(before, calls))
    assert more(before, calls) == {}


async def use(server: object, wire: str) -> None:
    with Lab(server, sampling_callback=echo, mode=wire, name="again") as lab:  # pyright: ignore[reportArgumentType]
        assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


async def test_in_process_two_hundred_labs_leave_nothing(wire: str) -> None:
    for _ in range(5):
        await use(bookshop(), wire)
    before = left()
    assert "labkit" not in str(before["threads"])
    for _ in range(CYCLES):
        await use(bookshop(), wire)
    await back_to(before)


async def test_beside_another_lab_many_leave_the_lab_thread_as_it_was(wire: str) -> None:
    Lab(bookshop(), name="stays", mode=wire)
    runtime = Runtime.current()
    for _ in range(5):
        await use(bookshop(), wire)
    tasks = len(asyncio.all_tasks(runtime.loop))
    before = left()
    for _ in range(25):
        await use(bookshop(), wire)
    await until(lambda: len(asyncio.all_tasks(runtime.loop)) <= tasks)
    await back_to(before)
    assert Runtime.current() is runtime
    assert runtime.watches == set()
    assert len(runtime.connections) == 1


async def test_hundreds_of_calls_leave_nothing_but_the_record(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire, keep=100)
    runtime = Runtime.current()
    for _ in range(5):
        await lab.call_tool("recommend", {"genre": "noir"})
    before, tasks = left(), len(asyncio.all_tasks(runtime.loop))
    for _ in range(20):
        await asyncio.gather(*(lab.call_tool("recommend", {"genre": "noir"}) for _ in range(10)))
    await until(lambda: len(asyncio.all_tasks(runtime.loop)) <= tasks)
    await back_to(before)
    assert len(lab.record.entries()) == 100
    assert lab._calls.open == lab._calls.begun == {}
    assert runtime.watches == set()


async def test_calls_that_fail_and_calls_that_are_left_leave_nothing(wire: str) -> None:
    async def raises(context: object, params: object) -> None:
        raise KeyError("title")

    lab = Lab(bookshop(), sampling_callback=raises, mode=wire, timeout=30)  # pyright: ignore[reportArgumentType]
    runtime = Runtime.current()

    async def fail() -> None:
        with pytest.raises(Exception, match="title"):
            await lab.call_tool("recommend", {"genre": "noir"})
        call = lab.start("wait_for_delivery")
        await until(lambda: len(call.flow.steps) >= 2)
        call.cancel()
        lab.start("wait_for_delivery").cancel()
        await until(lambda: not lab._calls.open)

    for _ in range(5):
        await fail()
    before, tasks = left(), len(asyncio.all_tasks(runtime.loop))
    for _ in range(25):
        await fail()
    await until(lambda: len(asyncio.all_tasks(runtime.loop)) <= tasks)
    await until(lambda: not runtime.watches)
    await back_to(before, calls=3)


async def test_over_stdio_closing_leaves_no_process_and_no_pipe(wire: str) -> None:
    await use(OVER_STDIO, wire)
    before = left()
    await use(OVER_STDIO, wire)
    await back_to(before)


async def test_over_http_closing_leaves_no_socket(wire: str) -> None:
    with over_http() as url:
        for _ in range(3):
            await use(url, wire)
        before = left()
        for _ in range(4):
            await use(url, wire)
        await back_to(before)


async def test_labs_that_could_not_connect_leave_nothing(wire: str) -> None:
    with pytest.raises(Exception, match="No connection"):
        Lab("http://127.0.0.1:9/mcp", mode=wire)
    before = left()
    for _ in range(5):
        with pytest.raises(Exception, match="No connection"):
            Lab("http://127.0.0.1:9/mcp", mode=wire)
    await back_to(before)


def test_after_close_all_no_thread_of_the_kit_remains(wire: str) -> None:
    for name in "abc":
        Lab(bookshop(), sampling_callback=echo, mode=wire, name=name).start("wait_for_delivery")
    close_all()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("labkit")] == []
