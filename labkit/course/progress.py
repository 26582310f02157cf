"""Progress: what a student has done, a line of JSON for each event in one file beside the notebooks.

    {"form": 1, "at": "2026-11-30T09:12:44+00:00", "event": "check", "lesson": "02", "number": "2.1", "status": "PASS"}

Lines are only ever added, each in one write: two notebooks may do so at once, and a line that cannot be read (torn, of
another form, written by hand) costs that line alone and stays where it is. Where the file cannot be written the kernel
remembers, and tries again at the next event. What is counted is read from the events each time. A line holds no code
and no text of the student but the answers to predictions; nothing here knows a network.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from labkit.files import opened, tail
from labkit.front_end import can_ask_a_person

PLACE = "LABKIT_PROGRESS"
"""The environment variable that names another folder, or `off`."""

FILE = "progress.jsonl"
FORM = 1
"""The number of a line's form. A line of another form is left alone."""

LARGEST = 4_000_000
"""How many bytes of the file are read, the last ones: some thirty thousand events."""

PAUSE = 300.0
"""Seconds between two events of a lesson above which the student is taken to have done something else."""

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a student did.

    Attributes:
        event: `lesson` (opened), `check`, `hint`, `prediction` or `quiz`.
        lesson: Such as `02`.
        number: Of the exercise, prediction or question, such as `2.1`.
        status: What came of it: `PASS`, `said`, `right`, ...
        said: The answer to a prediction, which hint was taken, or which mistake the check found.
    """

    at: datetime
    event: str
    lesson: str
    number: str = ""
    status: str = ""
    said: str = ""

    def line(self) -> str:
        told = {"form": FORM, "at": self.at.isoformat(timespec="seconds"), "event": self.event, "lesson": self.lesson}
        return json.dumps(told | {name: value for name in TEXTS[2:] if (value := getattr(self, name))})

    @classmethod
    def read(cls, line: str | bytes) -> "Event | None":
        """The event of a line; `None` where the line is none of ours."""
        try:
            told: Any = json.loads(line)
            told = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
            if told.get("form") != FORM:
                return None
            texts: list[Any] = [told.get(name, "") for name in TEXTS]
            at = datetime.fromisoformat(told["at"]).astimezone(UTC)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None
        return cls(at, *texts) if all(isinstance(text, str) for text in texts) and texts[0] else None


TEXTS = ("event", "lesson", "number", "status", "said")


@dataclass
class Done:
    """What was done of a lesson."""

    passed: set[str] = field(default_factory=set[str])
    tries: dict[str, int] = field(default_factory=dict[str, int])
    """For each exercise how often it was checked until it passed; a stub is no try."""
    mistakes: dict[str, str] = field(default_factory=dict[str, str])
    """For each exercise which mistake the last check found, if it has a name."""
    hints: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """For each exercise which hints were taken."""
    predicted: dict[str, str] = field(default_factory=dict[str, str])
    """For each prediction the last answer before it was shown how it was."""
    outcomes: dict[str, tuple[bool, str]] = field(default_factory=dict[str, tuple[bool, str]])
    """For each prediction that was shown whether what was entered was right, and what was."""
    minutes: int = 0

    def count(self, event: Event) -> None:
        number, said = event.number, event.said
        match event.event, event.status:
            case "check", "PASS" | "NOT YET":
                if number not in self.passed:
                    self.tries[number] = self.tries.get(number, 0) + 1
                self.mistakes[number] = said
                if event.status == "PASS":
                    self.passed.add(number)
            case "hint", _:
                if said not in self.hints.setdefault(number, []):
                    self.hints[number].append(said)
            case "prediction", "said" if number not in self.outcomes:
                self.predicted[number] = said
            case "prediction", "right" | "wrong" | "shown" if event.status == "shown" or number in self.predicted:
                self.outcomes.setdefault(number, (event.status == "right", said))
            case _:
                pass


class Journal:
    """The events of a course: those of the file at `path`, and those that could not be written there.

    Args:
        path: The file; `None` keeps the events in memory alone, without their time.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.trouble = ""
        """Why the file could not be written the last time, in a sentence; empty where it could."""
        self._unsaved: list[Event] = []
        self._read: tuple[bytes, list[Event]] = b"", []
        self._counted: tuple[tuple[bytes, int], dict[str, Done]] | None = None
        self._told = False

    def add(self, event: str, *, lesson: str, number: str = "", status: str = "", said: str = "") -> None:
        """Keep an event; raises nothing. That it cannot be written is printed once."""
        at = datetime.now(UTC) if self.path else NO_TIME
        self._unsaved.append(Event(at, event, lesson, number, status, said))
        if self.path is None:
            return
        try:
            while self._unsaved:
                _append(self.path, self._unsaved[0].line())
                del self._unsaved[0]
            self.trouble = ""
        except OSError as error:
            self.trouble = (
                f"Your progress could not be kept in {self.path.name} ({error.strerror or error}). "
                "It is remembered until the kernel ends, and the next step tries again."
            )
            if not self._told:
                print(self.trouble)
            self._told = True

    def events(self) -> list[Event]:
        """All events, in the order in which they were kept."""
        content = tail(self.path, LARGEST) if self.path else b""
        if content != self._read[0]:
            self._read = content, [event for line in content.split(b"\n") if (event := Event.read(line))]
        return self._read[1] + self._unsaved

    def done(self) -> dict[str, Done]:
        """What was done of each lesson of which there is an event."""
        events = self.events()
        known = self._read[0], len(self._unsaved)
        if self._counted and self._counted[0] == known:  # each view asks after each event
            return self._counted[1]
        lessons: dict[str, Done] = {}
        times: dict[str, list[datetime]] = {}
        for event in events:
            lessons.setdefault(event.lesson, Done()).count(event)
            times.setdefault(event.lesson, []).append(event.at)
        for lesson, each in times.items():
            gaps = ((later - at).total_seconds() for at, later in pairwise(sorted(each)))  # clocks are set back, too
            lessons[lesson].minutes = round(sum(gap for gap in gaps if gap <= PAUSE) / 60)
        self._counted = known, lessons
        return lessons

    def delete(self) -> None:
        """Forget everything, and delete the file.

        Raises:
            OSError: The file is there and cannot be deleted.
        """
        self._unsaved.clear()
        self._counted = None
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _append(path: Path, line: str) -> None:
    """Add a line in one write. It begins with its newline, so that what another write left torn does not swallow it.

    Raises:
        OSError: Not all of the line could be written; a part of it may have been.
    """
    handle = opened(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        text = f"\n{line}".encode()
        if os.write(handle, text) < len(text):
            raise OSError("the disk is full")
    finally:
        os.close(handle)


_journals: dict[Path | None, Journal] = {}
_listeners: list[Callable[[], object]] = []


@cache
def _beside_the_notebook() -> Path:
    """The folder in which the kernel started; a cell may go into another."""
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return Path()


def journal() -> Journal:
    """The journal of this kernel. Where no person sits before it (a script, a build, a test), nothing is written."""
    named = os.environ.get(PLACE, "").strip()
    path = Path(named or _beside_the_notebook()) / FILE if named != "off" and can_ask_a_person() else None
    return _journals.setdefault(path, Journal(path))


def note(event: str, number: str = "", status: str = "", said: str = "", *, lesson: str = "") -> None:
    """Keep an event. The lesson is that of `number`, where it is not given."""
    journal().add(event, lesson=lesson or lesson_of(number), number=number, status=status, said=said)
    tell()


def tell() -> None:
    """Let all that shows progress show what is known now."""
    for listener in [*_listeners]:
        listener()


def lesson_of(number: str) -> str:
    """The lesson of an exercise, prediction or question: `"02"` for `"2.3"`.

    Raises:
        LookupError: It is no such number.
    """
    found = re.fullmatch(r"(\d{1,2})\.\w+", number)
    if not found:
        raise LookupError(f'There is no lesson for "{number}". A number looks like "1.2".')
    return f"{int(found[1]):02d}"


def listen(listener: Callable[[], object]) -> None:
    """Call `listener` after each event from now on, as long as the kernel runs."""
    _listeners.append(listener)


def done(lesson: str) -> Done:
    """What was done of a lesson."""
    return journal().done().get(lesson, Done())
