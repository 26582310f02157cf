"""The lab thread: one daemon thread with one event loop, which owns every server, client and callback.

This is the only file that starts threads and keeps them. A task on the kernel's own loop would freeze the kernel with a
runaway callback and ignore interrupts; on a loop of its own such a callback freezes only the lab, and the watchdog
ends it. Where there are no threads (Pyodide) the runtime is the running loop itself and there is no watchdog.
"""

import asyncio
import concurrent.futures
import contextlib
import ctypes
import sys
import threading
from collections.abc import Callable, Generator
from contextvars import Context
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

from labkit.errors import CallbackStuck, Line, line_in
from labkit.interrupts import interrupts_held

T = TypeVar("T")

TICK = 0.25
"""Seconds between two looks of the watchdog, and between two wake-ups of a waiting cell."""

GRACE = 2.0
"""Seconds that broken code has to give the lab thread back before the thread is left behind."""

LEAVE = 7.0
"""Seconds to leave a server in. The SDK takes up to 6.5 to kill a program that will not end; cut short, it lives on."""

HAS_THREADS = sys.platform != "emscripten"


@dataclass(eq=False, slots=True)
class Watch:
    """Something that must be over at `deadline` (seconds of `time.monotonic`).

    When it is not, and the lab thread does not answer, `stuck(line, retired)` is called from the watchdog's thread
    with the student's line that held it; `retired` tells whether the thread had to be left behind. `overdue()` is
    called when the thread does answer and the work still goes on.
    """

    deadline: float
    stuck: Callable[[Line | None, bool], None]
    overdue: Callable[[], None]

    def hurry(self, seconds: float = TICK) -> None:
        """Move the deadline to at most `seconds` from now: the caller no longer waits for the work."""
        self.deadline = min(self.deadline, monotonic() + seconds)


class Held(Protocol):
    """A connection that a task holds: it can be left in order, and from any thread it can be ended."""

    def leave(self) -> None: ...
    def kill(self) -> None: ...


@dataclass(eq=False)
class Runtime:
    """One event loop, its thread, and the watchdog outside it. Use `Runtime.current()`."""

    loop: asyncio.AbstractEventLoop
    thread: threading.Thread | None
    retired: bool = False
    watches: set[Watch] = field(default_factory=set[Watch])
    connections: dict["asyncio.Task[None]", Held] = field(default_factory=dict["asyncio.Task[None]", Held])
    """Tasks that hold a connection, and which. They are not cancelled: the SDK's leaving of a program breaks of it."""
    _wake: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _watchdog: threading.Thread | None = None
    _winds_down: bool = False

    @classmethod
    def current(cls) -> "Runtime":
        """The runtime of this process, started when there is none."""
        global _runtime  # noqa: PLW0603 - one lab thread a process
        with _lock:
            if _runtime is None or _runtime.retired or not _runtime.alive:
                _runtime = cls._start() if HAS_THREADS else cls(asyncio.get_running_loop(), None)
            return _runtime

    @classmethod
    def _start(cls) -> "Runtime":
        runtime = cls(asyncio.new_event_loop(), None)
        started = threading.Event()
        runtime.loop.call_soon(started.set)
        runtime.thread = threading.Thread(target=runtime._run, name="labkit", daemon=True)
        runtime.thread.start()
        runtime._watchdog = threading.Thread(target=runtime._keep_watch, name="labkit-watchdog", daemon=True)
        runtime._watchdog.start()
        started.wait(5)
        return runtime

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not (self.retired or self.loop.is_closed()):
            # The thread serves every Lab and outlives what one of them raises: `CallbackStuck` which came just after
            # the code that it was meant for had given the loop back, or a SystemExit, which asyncio lets through.
            with contextlib.suppress(BaseException):
                self.loop.run_forever()
        with contextlib.suppress(BaseException):
            self.loop.run_until_complete(self._wind_down())
        self.loop.close()

    async def _wind_down(self) -> None:
        """Cancel what still runs, and once more what then holds on; only what leaves a server is given its time."""
        self._winds_down = True
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for seconds in (TICK, LEAVE):
            for task in tasks:
                held = self.connections.get(task)
                held.leave() if held else task.cancel()
            if tasks:
                _, tasks = await asyncio.wait(tasks, timeout=seconds)
        self._kill()
        await self.loop.shutdown_asyncgens()

    def _kill(self) -> None:
        """End the programs that nobody will leave in order."""
        for held in tuple(self.connections.values()):
            held.kill()

    @classmethod
    def end(cls, unused: Callable[[], bool] = lambda: True) -> None:
        """Stop the runtime of this process, where there is one that is `unused`; `current()` starts another.

        Nobody is given the runtime between the question and the end. While it is held it goes on.
        """
        global _runtime, _ending  # noqa: PLW0603 - one lab thread a process
        with interrupts_held():
            with _lock:
                if _held:
                    return
                # From its own thread it is ended by the last connection that has been left, and not while another is.
                if not unused() or (_runtime is not None and _runtime.here and _runtime.connections):
                    return
                runtime, _runtime = _runtime or _ending, None
                _ending = runtime if runtime is not None and runtime.here else None
            if runtime is not None:
                runtime._retire()
        if runtime is not None:
            runtime.stop()

    @classmethod
    def rest(cls) -> None:
        """End the runtime of this process where it holds no connection: for who held it while the last one was left."""
        cls.end(lambda: _runtime is None or not _runtime.connections)

    @classmethod
    @contextlib.contextmanager
    def held(cls) -> Generator["Runtime"]:
        """The runtime of this process, for work without a Lab: a Lab that is left meanwhile does not end it."""
        global _held  # noqa: PLW0603 - one lab thread a process
        with _lock:
            _held += 1
        try:
            yield cls.current()
        finally:
            with _lock:
                _held -= 1

    @property
    def alive(self) -> bool:
        return not self.loop.is_closed() and (self.thread is None or self.thread.is_alive())

    @property
    def here(self) -> bool:
        """Whether the caller runs on this runtime's own thread."""
        return self.thread is None or threading.current_thread() is self.thread

    def post(self, function: Callable[[], object], context: Context | None = None) -> None:
        """Call `function` on the loop soon, in `context` or else the caller's own."""
        if self.here:
            self.loop.call_soon(function, context=context)
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to call it
            self.loop.call_soon_threadsafe(function, context=context)

    def watch(self, watch: Watch) -> None:
        """Have the watchdog look after `watch` until `unwatch`."""
        if self.thread is not None:
            self.watches.add(watch)
            self._wake.set()

    def unwatch(self, watch: Watch) -> None:
        self.watches.discard(watch)

    def stop(self) -> None:
        """End the loop and both threads. What still ran on the loop is cancelled."""
        if self.thread is None:
            return
        self._retire()
        if not self.here:
            self.thread.join(GRACE)
            if self._winds_down:
                self.thread.join(LEAVE)
            self._kill()
            if self._watchdog is not None and self._watchdog is not threading.current_thread():
                self._watchdog.join(GRACE)

    def _retire(self) -> None:
        if self.thread is None or self.retired:
            return
        self.retired = True
        self._over.set()
        self._wake.set()
        self.post(self.loop.stop)  # where a callback blocks the loop, for the day on which it returns

    def _keep_watch(self) -> None:
        while not self.retired:
            self._wake.wait()
            while self.watches and not self.retired:
                late = [w for w in tuple(self.watches) if monotonic() >= w.deadline]
                if late:
                    self._look_after(late)
                self._over.wait(TICK)
            if not self.watches and not self.retired:
                self._wake.clear()
                if self.watches:  # one came between the look and the clearing
                    self._wake.set()

    def _look_after(self, late: list[Watch]) -> None:
        if self._answers(TICK):
            for watch in late:
                watch.overdue()
            return
        ident = self.thread.ident if self.thread is not None and self.thread.ident is not None else 0
        line = line_in(sys._current_frames().get(ident))  # pyright: ignore[reportPrivateUsage] - documented, in sys
        _raise_in(ident, CallbackStuck)
        if self._answers(GRACE):
            _raise_in(ident, None)
        else:
            self._retire()
            self._kill()
        for watch in tuple(self.watches) if self.retired else late:
            watch.stuck(line, self.retired)

    def _answers(self, seconds: float) -> bool:
        """Whether the loop runs a callback within `seconds`."""
        answered = threading.Event()
        self.post(answered.set)
        return answered.wait(seconds)


_runtime: Runtime | None = None
_ending: Runtime | None = None
"""A runtime that was ended from its own thread, which cannot wait for itself: the next `end()` does."""
_held = 0
"""How many hold the runtime just now."""
_lock = threading.Lock()


def _raise_in(thread: int, exception: type[BaseException] | None) -> None:
    """Raise `exception` in `thread` at its next Python instruction; `None` takes an undelivered one back."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(exception) if exception is not None else None
    )


def block_on(future: "concurrent.futures.Future[Any]", seconds: float) -> bool:
    """Block until a thread-safe future is done; whether it is, after at most `seconds`.

    It looks up every quarter of a second: a signal may be delivered to another thread, and then it interrupts no lock
    that the main thread waits for. Only the main thread's next instruction raises the `KeyboardInterrupt`.
    """
    end = monotonic() + seconds
    while not future.done() and (left := end - monotonic()) > 0:
        concurrent.futures.wait([future], min(TICK, left))
    return future.done()


async def wait(future: "concurrent.futures.Future[T]") -> T:
    """Await a thread-safe future from a cell; leaving the wait cancels it."""
    loop, here = asyncio.get_running_loop(), threading.get_ident()
    over = loop.create_future()

    def settle() -> None:
        if not over.done():
            over.set_result(None)

    def tell(_: object) -> None:
        if threading.get_ident() == here:
            settle()
        else:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle)

    future.add_done_callback(tell)
    with kept_awake():
        try:
            await over
            if future.cancelled():
                raise asyncio.CancelledError
            return future.result()
        finally:
            future.cancel()


@contextlib.contextmanager
def kept_awake() -> Generator[None]:
    """Wake the running loop every quarter of a second; asleep it does not hear the kernel's "interrupt"."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        yield
        return
    alarm = _alarms.setdefault(loop, _Alarm())
    alarm.waits += 1
    if not alarm.armed:
        alarm.ring(loop)
    try:
        yield
    finally:
        alarm.waits -= 1


@dataclass(slots=True)
class _Alarm:
    """Wakes a loop again and again while somebody waits there, and once more: one timer, however many wait."""

    waits: int = 0
    armed: bool = False

    def ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self.armed = self.waits > 0
        if self.armed:
            loop.call_later(TICK, self.ring, loop, context=Context())


_alarms: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Alarm]" = WeakKeyDictionary()
