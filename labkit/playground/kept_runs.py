"""`KeptRuns`: the history in a folder, a file for each run, so that it is there again after a restart of the kernel.

A file is what the export writes of the run: no key and no secret is in it. Each is written at once and whole, so a full
disk or a killed kernel costs the run that was being written and no other.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from labkit.files import tail, write_whole
from labkit.playground.imported import runs_of
from labkit.playground.runs import Run

ROOM = 160_000
"""Characters that the file of a run takes, about; of a larger run a part is kept."""

LARGEST = 1_000_000
"""Bytes of a file that are read, at most."""

MOST = 200
"""Files that are read, at most, the last ones."""

LAST_TIME = "last time"


class KeptRuns:
    """The runs of a playground in `folder`, which need not be there and need not be writable; `None` keeps nothing.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._kept: dict[int, tuple[str, bool]] = {}
        """By number what was written last of a run that can still change: its name, and whether it is pinned."""
        self._failed: list[Any] = []
        self.trouble = ""
        """Why a run could not be kept the last time, in a sentence; empty where it could."""
        self.unread = 0
        """How many files could not be read."""

    def read(self) -> list[Run]:
        """The runs that were kept, by number."""
        found: dict[int, Run] = {}
        self.unread = 0
        for path in sorted(self._folder.glob("run-*.json"))[-MOST:] if self._folder else []:
            try:
                [run] = runs_of(tail(path, LARGEST).decode(), LAST_TIME, trusted=True)
            except ValueError:
                self.unread += 1
            else:
                found[run.n] = run
        self._kept = {n: (run.name, run.pinned) for n, run in found.items()}
        return [found[n] for n in sorted(found)]

    def keep_one(self, runs: Sequence[Run], write: Callable[[Run], str]) -> bool:
        """Write or remove the file of one run, so that the folder comes to hold `runs`. Whether another one is due.

        Where the disk is full or read-only, `trouble` says so and nothing is due before the next change: all stays in
        memory, and the next call tries again.

        Args:
            runs: The history.
            write: Gives what is written of a run.
        """
        if self._folder is None:
            return False
        now = {run.n: run for run in runs if run.outcome != "running"}
        gone = [n for n in self._kept if n not in now]
        due = [run for n, run in now.items() if self._kept.get(n) != (run.name, run.pinned)]
        wanted = [*gone, *((run.n, run.name, run.pinned) for run in due)]
        if not wanted or (self.trouble and wanted == self._failed):
            return False
        try:
            if gone:
                self._path(self._folder, gone[0]).unlink(missing_ok=True)
                del self._kept[gone[0]]
            elif due:
                run, as_it_is = due[0], (due[0].name, due[0].pinned)
                write_whole(self._path(self._folder, run.n), write(run))
                self._kept[run.n] = as_it_is
            self.trouble = ""
        except OSError as error:
            why = error.strerror or error
            self.trouble = (
                f"The history cannot be kept on this disk ({why}). Nothing is lost while the kernel runs: save what "
                "matters as JSON, or make room. The next run tries again."
            )
            self._failed = wanted
            return False
        return len(gone) + len(due) > 1

    @staticmethod
    def _path(folder: Path, n: int) -> Path:
        return folder / f"run-{n:09d}.json"
