"""The incident report: a plain text file of entries, each of them whole or not there.

    --- INCIDENT 3149c469e48f ---
    RAW: 2026-11-13 01:12:11.482 UTC [821] ERROR:  deadlock detected
    ANALYSIS: Two transactions waited for each other, so PostgreSQL stopped one of them.

A line break inside a log line or an explanation goes on behind a bar ("   | "). Any other character that does not show
(a carriage return, a terminal's escape, a change of writing direction) is written as its number, [U+001B], so that no
text can pass for an entry or play a trick on a terminal.

To append is to write a copy with the new entry, flush it to the disk and put it in the report's place, under a lock
between processes: a process that is killed half-way leaves the report as it was.
"""

import hashlib
import json
import re
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from os import fsync
from pathlib import Path
from shutil import copymode

from filelock import FileLock, Timeout

from servers.plain_text import restored, visible

REPORT_NAME = "incident_report.txt"

_BAR = "\n   | "
_FIELD = r"(.*(?:\n   \| .*)*)"
_ENTRY = re.compile(rf"^--- INCIDENT [0-9a-f]{{12}} ---\nRAW: {_FIELD}\nANALYSIS: {_FIELD}\n", re.MULTILINE)


class ReportError(Exception):
    """The report could not be read or changed; it is as it was. The message names no path but the report's own name."""


@dataclass(frozen=True)
class Entry:
    """One log line with one explanation."""

    log_line: str
    explanation: str

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that follow from the two texts alone."""
        texts = json.dumps([self.log_line, self.explanation])
        return hashlib.sha256(texts.encode("ascii")).hexdigest()[:12]

    def __str__(self) -> str:
        """The entry as it stands in the report."""
        return f"--- INCIDENT {self.id} ---\nRAW: {_stored(self.log_line)}\nANALYSIS: {_stored(self.explanation)}\n\n"


def read_entries(text: str) -> list[Entry]:
    """The entries of a report's text, exactly as they were appended. What is no entry is passed over."""
    return [Entry(_restored(raw), _restored(analysis)) for raw, analysis in _ENTRY.findall(text)]


class IncidentReport:
    """The report in `folder`, which is made when the first entry is written.

    A writer that finds it locked by another process waits for `lock_seconds`.
    """

    def __init__(self, folder: Path | str, *, lock_seconds: float = 10.0) -> None:
        self._lock_seconds = lock_seconds
        self._folder = Path(folder).resolve()
        self._path = self._folder / REPORT_NAME

    def append(self, entry: Entry) -> bool:
        """Append an entry; `False` where it is in the report already, and nothing is written.

        Raises:
            ReportError: another process keeps the report locked, or the file system refuses.
        """
        with self._locked():
            text = self._read()
            if entry in read_entries(text.decode(errors="replace")):
                return False
            if text and not text.endswith(b"\n"):  # somebody edited the report by hand
                text += b"\n"
            copy = self._folder / f".{REPORT_NAME}.new"
            copy.unlink(missing_ok=True)  # left behind by a process that was killed
            try:
                with copy.open("xb") as file:  # "x" never opens what somebody put there in between, a link least of all
                    if text:
                        copymode(self._path, copy)
                    file.write(text + str(entry).encode())
                    file.flush()
                    fsync(file.fileno())
                copy.replace(self._path)
            except OSError:
                copy.unlink(missing_ok=True)  # the disk is full: no half report stays there
                raise
            return True

    def text(self) -> str:
        """The report as it stands; empty where there is none yet.

        Raises:
            ReportError: as for `append`.
        """
        if not self._folder.exists():
            return ""
        with self._locked():
            return self._read().decode(errors="replace")

    @contextmanager
    def _locked(self) -> Generator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._folder.resolve() != self._folder:
                raise ReportError(f"The folder of {REPORT_NAME} has become a link to another; nothing was written.")
            with self._lock():
                yield
        except Timeout as error:
            raise ReportError(
                f"{REPORT_NAME} stayed locked by another process for {self._lock_seconds:g} s."
            ) from error
        except OSError as error:
            raise ReportError(f"{REPORT_NAME} could not be read or written: {error.strerror}.") from error

    def _lock(self) -> FileLock | nullcontext[None]:
        if sys.platform == "emscripten":  # one process, and no locks
            return nullcontext()
        return FileLock(self._folder / f".{REPORT_NAME}.lock", timeout=self._lock_seconds, poll_interval=0.005)

    def _read(self) -> bytes:
        try:
            if not stat.S_ISREG(self._path.lstat().st_mode):
                raise ReportError(f"{REPORT_NAME} is a link or no file at all; it was left alone.")
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""


def _stored(text: str) -> str:
    return visible(text).replace("\n", _BAR)


def _restored(text: str) -> str:
    return restored(text.replace(_BAR, "\n"))
