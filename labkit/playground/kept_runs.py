"""`KeptRuns`: the history in a folder, a file for each run, so that it is there again after a restart of the kernel.

A file is what the export writes of the run: no key and no secret is in it. Each is written at once and whole, so a full
disk or a killed kernel costs the run that was being written and no other. Its name belongs to no other run: two kernels
of one notebook count alike, and a file that could not be read keeps its place.
"""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from labkit.files import remove_left_behind, tail, write_whole
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
        self._kept: dict[int, tuple[Path, object]] = {}
        """By number the file of a run, and what stands there of all that can still change."""
        self._failed: list[Any] = []
        self.trouble = ""
        """Why a run could not be kept the last time, in a sentence; empty where it could."""
        self.unread = 0
        """How many files could not be read."""

    def read(self) -> list[Run]:
        """The runs that were kept, by number. Of two that kernels side by side gave one number, one gets the next."""
        found: dict[int, Run] = {}
        again: list[tuple[Path, Run]] = []
        self._kept = {}
        paths = sorted(self._folder.glob("run-*.json")) if self._folder else []
        self.unread = len(paths[:-MOST])
        for path in paths[-MOST:]:
            try:
                [run] = runs_of(tail(path, LARGEST).decode(), LAST_TIME, trusted=True)
            except ValueError:
                self.unread += 1
                continue
            if run.n in found:
                again.append((path, run))
            else:
                found[run.n], self._kept[run.n] = run, (path, _as_it_is(run))
        for path, run in again:
            was = _as_it_is(run)
            run.name, run.n = run.name or f"was run {run.n}", max(found) + 1
            found[run.n], self._kept[run.n] = run, (path, was)
        if self._folder:
            remove_left_behind(self._folder / "run")
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
        due = [run for n, run in now.items() if n not in self._kept or self._kept[n][1] != _as_it_is(run)]
        wanted = [*gone, *map(_as_it_is, due)]
        if not wanted or (self.trouble and wanted == self._failed):
            return False
        try:
            if gone:
                self._kept[gone[0]][0].unlink(missing_ok=True)
                del self._kept[gone[0]]
            elif due:
                run, as_it_is = due[0], _as_it_is(due[0])
                path = self._kept[run.n][0] if run.n in self._kept else self._new_file(self._folder, run.n)
                write_whole(path, write(run))
                self._kept[run.n] = path, as_it_is
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
    def _new_file(folder: Path, n: int) -> Path:
        return folder / f"run-{n:09d}-{secrets.token_hex(4)}.json"


def _as_it_is(run: Run) -> tuple[int, str, bool]:
    """All of a run that is over and can still change."""
    return run.n, run.name, run.pinned
