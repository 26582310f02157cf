"""What is not on the clock of a student's code: a processor that others have, and an import."""

import sys
from collections.abc import Callable
from time import monotonic, process_time

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
