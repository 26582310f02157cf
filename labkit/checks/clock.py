"""What is not on the clock of a student's code: a processor that others have, and an import."""

import asyncio
import sys
from collections.abc import Callable
from time import monotonic, process_time
from typing import TypeVar

from labkit.call import Call, timeout_error

T = TypeVar("T")

BUSY = 5
"""So many times as long again a stage or a call may take where other programs have the processor."""

WAITING = 0.03
"""A process that has had a smaller share of one processor was waiting, and not for a processor."""


class Clock:
    """Tells how much of the time that goes by a busy machine takes from this process.

    Who has computed, though less than the time that went by, may have wanted the rest of it too, and did not get it. An
    import of two seconds takes twenty among ten programs; and it is paid once, by whoever comes first.

    Args:
        most: Seconds that are left out in all, for code that computes a little and never ends.
        went: Tells the time.
        had: Tells the processor time of this process.
        loaded: Tells how many modules were imported so far.
    """

    def __init__(
        self,
        most: float,
        went: Callable[[], float] = monotonic,
        had: Callable[[], float] = process_time,
        loaded: Callable[[], int] = sys.modules.__len__,
    ) -> None:
        self._left = most
        self._clocks = went, had, loaded
        self._last = went(), had(), loaded()

    def lost(self) -> float:
        """Seconds since the last call of this that are not to be counted."""
        now = self._clocks[0](), self._clocks[1](), self._clocks[2]()
        went, had, loaded = (new - old for new, old in zip(now, self._last, strict=True))
        self._last = now
        lost = min(went if loaded else max(went - had, 0.0), self._left) if had > WAITING * went else 0.0
        self._left -= lost
        return lost


async def in_time(call: Call[T], seconds: float) -> T:
    """What `call` brings, if it takes no more than `seconds` of a processor's time that are its own, see `Clock`.

    The Lab's own `timeout` counts every second: make it `seconds * BUSY` or more.

    Raises:
        CallTimeout: It took longer, and was stopped; the sentence is the Lab's.
    """
    clock, left = Clock(seconds * BUSY), seconds
    task, last = asyncio.ensure_future(_result(call)), monotonic()
    try:
        while not (await asyncio.wait({task}, timeout=min(left, seconds / 4)))[0]:
            now = monotonic()
            left, last = left - (now - last) + clock.lost(), now
            if left <= 0:
                raise timeout_error(call, seconds)
        return task.result()
    finally:
        task.cancel()


async def _result(call: Call[T]) -> T:
    return await call
