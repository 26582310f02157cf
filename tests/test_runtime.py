"""One lab thread and its watchdog: they start on demand, outlive what runs on them, and leave nothing behind."""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Generator
from time import monotonic
from typing import Any

import pytest

from labkit.errors import CallbackStuck, Line
from labkit.runtime import GRACE, TICK, Runtime, Watch, wait
from tests.story import until

pytestmark = pytest.mark.anyio

Seen = list[tuple[str, Line | None, bool]]


@pytest.fixture
def runtime() -> Generator[Runtime]:
    yield Runtime.current()
    Runtime.end()
    assert lab_threads() == []


def lab_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("labkit")]


def on(runtime: Runtime, function: Any, *arguments: Any) -> Any:
    """What `function` returns on the lab thread."""
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()
    runtime.post(lambda: future.set_result(function(*arguments)))
    return future.result(60)


def watched(seconds: float, seen: Seen, runtime: Runtime) -> Watch:
    def stuck(line: Line | None, retired: bool) -> None:
        runtime.unwatch(watch)
        seen.append(("stuck", line, retired))

    def overdue() -> None:
        runtime.unwatch(watch)
        seen.append(("overdue", None, False))

    watch = Watch(monotonic() + seconds, stuck, overdue)
    runtime.watch(watch)
    return watch


def test_there_is_one_lab_thread_and_one_watchdog_and_both_are_daemons(runtime: Runtime) -> None:
    assert Runtime.current() is runtime
    assert sorted(lab_threads()) == ["labkit", "labkit-watchdog"]
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in lab_threads())


def test_what_is_posted_runs_on_the_lab_thread(runtime: Runtime) -> None:
    assert on(runtime, lambda: threading.current_thread().name) == "labkit"
    assert on(runtime, lambda: runtime.here)
    assert not runtime.here
    assert on(runtime, asyncio.get_running_loop) is runtime.loop


def test_several_threads_that_ask_at_once_get_one_runtime() -> None:
    together = threading.Barrier(8)
    got: list[Runtime] = []

    def ask() -> None:
        together.wait(60)
        got.append(Runtime.current())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(map(id, got))) == 1
    Runtime.end()
    assert lab_threads() == []


def test_after_the_end_another_one_starts(runtime: Runtime) -> None:
    Runtime.end()
    assert lab_threads() == []
    assert not runtime.alive
    runtime.post(lambda: pytest.fail("nobody is left to call it"))
    Runtime.end()
    other = Runtime.current()
    assert other is not runtime
    assert on(other, lambda: 42) == 42


def test_what_is_held_does_not_end(runtime: Runtime) -> None:
    with Runtime.held() as held:
        Runtime.end()
        assert held is runtime
        assert on(held, lambda: 42) == 42
    Runtime.end()
    assert not runtime.alive


def test_the_end_cancels_what_still_runs(runtime: Runtime) -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    on(runtime, lambda: asyncio.ensure_future(work()) and None)
    on(runtime, lambda: None)
    Runtime.end()
    assert ended.is_set()
    assert runtime.loop.is_closed()


def test_the_end_waits_no_longer_than_promised_for_what_will_not_end() -> None:
    runtime = Runtime.current()
    gate, there = threading.Event(), threading.Event()
    runtime.post(lambda: (there.set(), gate.wait(60)))
    assert there.wait(60)
    start = monotonic()
    Runtime.end()
    assert monotonic() - start < GRACE + 30
    gate.set()
    assert runtime.thread is not None
    runtime.thread.join(60)
    assert lab_threads() == []


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, CallbackStuck])
def test_the_thread_outlives_what_a_task_raises(runtime: Runtime, error: type[BaseException]) -> None:
    raised = threading.Event()

    async def work() -> None:
        raised.set()
        raise error

    on(runtime, lambda: asyncio.ensure_future(work()).add_done_callback(asyncio.Task.exception) and None)
    assert raised.wait(60)
    assert on(runtime, lambda: 42) == 42
    assert Runtime.current() is runtime


def test_the_thread_outlives_code_that_stops_its_loop(runtime: Runtime) -> None:
    on(runtime, runtime.loop.stop)
    assert on(runtime, lambda: 42) == 42
    assert Runtime.current() is runtime


async def test_work_that_is_late_while_the_loop_answers_is_overdue(runtime: Runtime) -> None:
    seen: Seen = []
    watched(0, seen, runtime)
    await until(lambda: seen)
    assert seen == [("overdue", None, False)]


async def test_work_that_is_over_in_time_is_left_alone(runtime: Runtime) -> None:
    seen: Seen = []
    never: Seen = []
    runtime.unwatch(watched(0.3, never, runtime))
    watched(0.4, seen, runtime)
    await until(lambda: seen)
    assert never == []


async def test_a_deadline_can_be_moved_nearer_and_never_further(runtime: Runtime) -> None:
    seen: Seen = []
    watch = watched(1000, seen, runtime)
    watch.hurry()
    assert watch.deadline <= monotonic() + TICK
    watch.hurry(5000)
    assert watch.deadline <= monotonic() + TICK
    await until(lambda: seen)


def loop_for_ever(began: threading.Event, ended: threading.Event) -> None:
    began.set()
    try:
        while True:
            pass
    except CallbackStuck:
        ended.set()


async def test_a_loop_that_holds_the_thread_is_broken_and_its_line_is_told(runtime: Runtime) -> None:
    seen: Seen = []
    began, ended = threading.Event(), threading.Event()
    runtime.post(lambda: loop_for_ever(began, ended))
    assert began.wait(60)
    bystander: Seen = []
    unharmed = watched(1000, bystander, runtime)
    watched(0, seen, runtime)
    await until(lambda: seen)
    assert ended.is_set()
    ((kind, line, retired),) = seen
    assert (kind, retired) == ("stuck", False)
    assert line is not None
    assert (line.function, line.text in ("while True:", "pass")) == ("loop_for_ever", True)
    assert on(runtime, lambda: 42) == 42
    assert Runtime.current() is runtime
    assert bystander == []
    runtime.unwatch(unharmed)


async def test_a_call_that_blocks_costs_the_thread_and_the_next_one_is_a_new_one() -> None:
    runtime = Runtime.current()
    seen: Seen = []
    gate, began = threading.Event(), threading.Event()

    def block() -> None:
        began.set()
        with contextlib.suppress(CallbackStuck):
            gate.wait(60)

    runtime.post(block)
    assert began.wait(60)
    bystander: Seen = []
    watched(1000, bystander, runtime)
    watched(0, seen, runtime)
    start = monotonic()
    await until(lambda: seen and bystander)
    assert monotonic() - start < GRACE + 30
    assert [(kind, line.text if line else None, retired) for kind, line, retired in seen + bystander] == [
        ("stuck", "gate.wait(60)", True)
    ] * 2
    other = Runtime.current()
    assert other is not runtime
    assert on(other, lambda: 42) == 42
    gate.set()
    assert runtime.thread is not None
    runtime.thread.join(60)
    assert runtime.loop.is_closed()
    Runtime.end()
    assert lab_threads() == []


async def test_a_wait_gives_the_result_and_the_error_of_another_thread(runtime: Runtime) -> None:
    good: concurrent.futures.Future[int] = concurrent.futures.Future()
    bad: concurrent.futures.Future[int] = concurrent.futures.Future()
    runtime.post(lambda: good.set_result(42))
    runtime.post(lambda: bad.set_exception(LookupError("no")))
    assert await wait(good) == 42
    with pytest.raises(LookupError, match="no"):
        await wait(bad)
    assert await wait(good) == 42


async def test_a_wait_that_is_left_cancels_what_it_waited_for() -> None:
    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    waiting = asyncio.ensure_future(wait(future))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert future.cancelled()


async def test_a_wait_for_what_is_cancelled_is_cancelled() -> None:
    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    waiting = asyncio.ensure_future(wait(future))
    await asyncio.sleep(0)
    future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(asyncio.CancelledError):
        await wait(future)


def test_a_result_that_comes_after_its_loop_has_closed_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(wait(future))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    giving = threading.Thread(target=future.set_result, args=(42,))
    giving.start()
    giving.join(60)
    assert future.result() == 42
    assert not waiting.done()
    waiting._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue] - it is meant to be left
    assert caplog.text == ""


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts how often it came round."""

    rounds = 0

    def _run_once(self) -> None:
        self.rounds += 1
        super()._run_once()  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own


def test_a_wait_wakes_its_loop_so_that_an_interrupt_is_heard() -> None:
    future: concurrent.futures.Future[str] = concurrent.futures.Future()
    timer = threading.Timer(4 * TICK, future.set_result, ["done"])
    with contextlib.closing(CountingLoop()) as loop:
        timer.start()
        assert loop.run_until_complete(wait(future)) == "done"
        assert loop.rounds >= 4
