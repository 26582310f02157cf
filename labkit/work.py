"""Work for a widget on the lab thread. A click handler must return at once, and what it starts can be cancelled."""

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

import anyio

from labkit.call import Call
from labkit.runtime import Runtime

T = TypeVar("T")


def start(title: str, work: Callable[[], Awaitable[T]], seconds: float) -> Call[T]:
    """Do `work` on the lab thread and return at once. The call can be cancelled, and fails after `seconds`."""
    call: Call[T] = Call(0, title)
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


class Latest(Generic[T]):
    """Does on the lab thread what was asked last; what was asked before and is not done yet is given up.

    So a slider that is dragged waits for one answer only, at the place where it comes to rest. What is given up is
    broken off where it awaits something next.

    Args:
        title: What is done.
        work: Does what is asked.
        seconds: How long that may take.
        failed: Is told what went wrong, a `TimeoutError` where the time was up; not that it was given up.
    """

    def __init__(
        self,
        title: str,
        work: Callable[[T], Awaitable[None]],
        seconds: float,
        failed: Callable[[Exception], object] = lambda _: None,
    ) -> None:
        self._title = title
        self._work = work
        self._seconds = seconds
        self._failed = failed
        self._lock = Lock()
        self._waiting: list[T] = []
        self._call: Call[None] | None = None

    def ask(self, what: T) -> None:
        """Have `what` done in place of what is being done. From any thread; returns at once."""
        with self._lock:
            self._waiting, call = [what], self._call
        if call is None:
            self._go_on(None)
        else:
            call.cancel()  # which goes on with `what`, as its end does where it is over already

    def cancel(self) -> None:
        """Forget what waits and stop what is being done."""
        with self._lock:
            self._waiting, call = [], self._call
        if call is not None:
            call.cancel()

    def _over(self, call: Call[None], what: T) -> None:
        try:
            call.result(0)
        except concurrent.futures.CancelledError:
            pass  # given up
        except asyncio.CancelledError:
            # The last Lab was left, and the lab thread ended with it: what nobody has given up is begun anew.
            with self._lock:
                self._waiting = self._waiting or [what]
        except Exception as error:  # noqa: BLE001 - nobody awaits this
            self._failed(error)
        self._go_on(call)

    def _go_on(self, over: Call[None] | None) -> None:
        """Do what waits, after `over`; another thread may have gone on already."""
        with self._lock:
            if self._call is not over:
                return
            if not self._waiting:
                self._call = None
                return
            what = self._waiting.pop()
            self._call = call = start(self._title, lambda: self._work(what), self._seconds)
        call.when_over(partial(self._over, call, what))
