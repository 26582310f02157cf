"""`History`: the runs of a playground by their number, bounded, and the one among them that is shown."""

from collections.abc import Callable
from threading import RLock

from labkit.playground.runs import Run

KEPT = 100
"""The number of runs that are kept; of more the oldest are dropped."""


class History:
    """The runs of a playground, in the order of their numbers. A number is given once: run 7 is run 7 everywhere.

    Args:
        changed: Called after every change.
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self.changed = changed
        self.runs: list[Run] = []
        self.last_number = 0
        """The number that was given last."""
        self._opened: Run | None = None
        self._lock = RLock()

    def add(self, run: Run) -> None:
        """Take up a run under the next number; whoever makes one wants to see it, so none is open then."""
        with self._lock:
            self.last_number += 1
            run.n = self.last_number
            self.runs = [*self.runs[-KEPT + 1 :], run]
            self._opened = None

    def run(self, number: int) -> Run:
        """The run of that number.

        Raises:
            LookupError: There is no such run.
        """
        run = next((run for run in self.runs if run.n == number), None)
        if run is None:
            raise LookupError(f"there is no run {number}")
        return run

    @property
    def opened(self) -> Run | None:
        """The run that was opened, as long as it is kept; `None` where the last one is shown."""
        return self._opened if self._opened in self.runs else None

    def open(self, number: int | None) -> None:
        """Show the run of that number; with `None` the last one, whichever that is.

        Raises:
            LookupError: There is no such run.
        """
        self._opened = None if number is None else self.run(number)
        self.changed()

    @property
    def shown(self) -> Run | None:
        """The run that is shown: the one that was opened, else the last; `None` where there is none."""
        return self.opened or (self.runs[-1] if self.runs else None)

    def forget(self) -> None:
        """Empty the history. The numbers go on."""
        with self._lock:
            self.runs = []
        self.changed()
