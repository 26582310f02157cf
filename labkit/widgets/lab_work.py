"""Work for a widget on the lab thread. A click handler must return at once, and what it starts can be cancelled."""

from collections.abc import Awaitable, Callable
from threading import Lock
from typing import Generic, TypeVar

import anyio

from labkit.call import Call
from labkit.flow import Flow
from labkit.runtime import Runtime

T = TypeVar("T")


def start(title: str, work: Callable[[], Awaitable[T]], seconds: float) -> Call[T]:
    """Do `work` on the lab thread and return at once. The call can be cancelled, and fails after `seconds`."""
    call: Call[T] = Call(0, title, None, None, _no_flow)
    _post(call, work, seconds)
    return call


def _post(call: Call[T], work: Callable[[], Awaitable[T]], seconds: float) -> None:
    runtime = Runtime.current()

    async def settle() -> None:
        try:
            with anyio.fail_after(seconds):
                call.succeed(await work())
        except BaseException as error:  # noqa: BLE001 - it reaches whoever asks the call for its result
            call.fail(error)

    call.runs_on(runtime, seconds, lambda: _post(call, work, seconds))
    runtime.post(lambda: call.runs_as(settle()), call.context)


def _no_flow() -> Flow:
    raise LookupError("this work keeps no record")


class Latest(Generic[T]):
    """Does one thing at a time on the lab thread; of those that wait meanwhile only the last is done.

    So a slider that is dragged is never ahead of its view by more than one answer.
    """

    def __init__(self, title: str, work: Callable[[T], Awaitable[None]], seconds: float) -> None:
        self._title = title
        self._work = work
        self._seconds = seconds
        self._lock = Lock()
        self._waiting: list[T] = []
        self._call: Call[None] | None = None
        self._runtime: Runtime | None = None

    def ask(self, what: T) -> None:
        """Have `what` done as soon as what is being done is over. From any thread; returns at once."""
        with self._lock:
            self._waiting = [what]
            # A runtime that has ended in between has taken the call with it.
            if self._call is not None and self._runtime is Runtime.current():
                return
        self._go_on()

    def cancel(self) -> None:
        """Forget what waits and stop what is being done."""
        with self._lock:
            self._waiting, call = [], self._call
        if call is not None:
            call.cancel()

    def _go_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._call = None
                return
            what = self._waiting.pop()
            self._runtime = Runtime.current()
            self._call = call = start(self._title, lambda: self._work(what), self._seconds)
        call.when_over(self._go_on)
