"""`History`: the runs of a playground by their number, bounded, and the one among them that is shown."""

from collections.abc import Callable, Sequence
from threading import RLock

from labkit.playground.kept_runs import KeptRuns
from labkit.playground.runs import LONGEST_NAME, Run, make_room

KEPT = 100
"""The number of runs that are kept; of more the oldest are dropped, but no pinned one."""

MOST_PINNED = KEPT // 2
"""The number of runs that can be pinned."""


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
        self.note = ""
        """What is to be told of what was done last with the history, in a sentence."""
        self.dropped = ""
        """What was dropped for others, in a sentence; empty where nothing was."""
        self.kept: KeptRuns | None = None
        """Where the runs are kept for the next kernel, once a page has asked for those of last time."""
        self._opened: Run | None = None
        self._gone: list[int] = []
        self._lock = RLock()

    def add(self, run: Run) -> None:
        """Take up a run under the next number. Whoever makes one wants to see it: none is open then but one of ten."""
        with self._lock:
            self.last_number += 1
            run.n = self.last_number
            self.runs = [*self.runs, run]
            if not (run.batch and self._opened and self._opened.batch == run.batch):
                self._opened = None
            self._bound()

    def take_in(self, runs: Sequence[Run]) -> None:
        """Put the runs of last time before those of this time, whose numbers then go on from theirs."""
        if not runs:
            return
        with self._lock:
            last = max(run.n for run in runs)
            for run in self.runs:
                run.n, run.line = run.n + last, None
            self.last_number += last
            self.runs = [*runs, *self.runs]
            self._bound()
        self.changed()

    def import_runs(self, runs: Sequence[Run]) -> int:
        """Take up runs of a file, each under its number where that is free, else under the next. How many are new.

        A run that is here already, as where an export comes back, is left out.
        """
        with self._lock:
            known = {run.n: run for run in self.runs}
            new = [run for run in runs if not ((here := known.get(run.n)) and run.is_like(here))]
            self.last_number = max([self.last_number, *(run.n for run in new)])
            for run in new:
                if run.n in known:
                    self.last_number += 1
                    run.name = run.name or f"was run {run.n}"
                    run.n = self.last_number
                known[run.n] = run
            self.runs = [*new, *self.runs]
            self._bound()
        self.changed()
        return len(new)

    def _bound(self) -> None:
        """Drop the oldest that are too many, and keep a part of what is too large."""
        loose = sorted((run for run in self.runs if not run.pinned), key=lambda run: run.n)
        gone = loose[: max(0, len(self.runs) - KEPT)]
        if gone:
            self._gone += [run.n for run in gone]
            self.runs = [run for run in self.runs if run not in gone]
            many = f"{len(self._gone)} runs were" if len(self._gone) > 1 else "A run was"
            self.dropped = f"{many} dropped, run {gone[-1].n} last: {KEPT} are kept. Pin a run to keep it."
        make_room(self.runs)

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
        """The run that is shown: the one that was opened, else the last that was made here; `None` without one."""
        return self.opened or (self.runs[-1] if self.runs and not self.runs[-1].came else None)

    @property
    def notes(self) -> str:
        """All that is to be told of the history: what was done, what was dropped, what cannot be kept or read."""
        kept = self.kept
        unread = f"{kept.unread} of the runs of last time could not be read." if kept and kept.unread else ""
        return " ".join(filter(None, (self.note, self.dropped, kept and kept.trouble, unread)))

    def pin(self, number: int, pinned: bool = True) -> None:
        """Let a run stay, however many come after it, or let it go again.

        Raises:
            LookupError: There is no such run.
            ValueError: Too many are pinned.
        """
        if pinned and sum(run.pinned for run in self.runs) >= MOST_PINNED:
            raise ValueError(f"{MOST_PINNED} runs are pinned, which is the most: let go of another first")
        run = self.run(number)
        run.pinned, run.line = pinned, None
        self.changed()

    def rename(self, number: int, name: str) -> None:
        """Call a run by a name of one's own; an empty one takes the name away.

        Raises:
            LookupError: There is no such run.
        """
        run = self.run(number)
        run.name, run.line = name.strip()[:LONGEST_NAME], None
        self.changed()

    def forget(self) -> None:
        """Empty the history but for what is pinned. The numbers go on."""
        with self._lock:
            self.runs = [run for run in self.runs if run.pinned]
            self._gone, self.dropped = [], ""
        self.changed()
