"""What is written about a lesson as data: `NN.toml` beside this module, with its predictions, hints and questions."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from labkit.course import progress
from labkit.course.progress import lesson_of

HERE = Path(__file__).parent


@cache
def entries(kind: str, lesson: str) -> dict[str, dict[str, Any]]:
    """The entries of a lesson by number, in the order of the file; none where the lesson has no file.

    Args:
        kind: `predict`, `hints` or `quiz`.
    """
    path = HERE / f"{lesson}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")).get(kind, {}) if path.exists() else {}


@dataclass(frozen=True)
class Entry:
    """What is written about a prediction or an exercise of a lesson."""

    number: str

    @property
    def done(self) -> progress.Done:
        """What was done of its lesson."""
        return progress.done(lesson_of(self.number))


def entry(kind: str, word: str, number: str) -> tuple[str, dict[str, Any]]:
    """The entry of a number, behind the number as a text: it may have been typed without quotes.

    Args:
        kind: `predict`, `hints` or `quiz`.
        word: What such an entry is called.
        number: Such as `2.1`.

    Raises:
        LookupError: There is none.
    """
    number = str(number)
    found = entries(kind, lesson_of(number))
    if number not in found:
        raise LookupError(f"There are no {word} for {number}; there are for {', '.join(found) or 'none'}.")
    return number, found[number]


def solutions(lesson: str) -> dict[str, str]:
    """The solution of each exercise of a lesson, as code. `lessons/build.py` writes their file from the lessons."""
    return {number: code for number, code in _solutions().items() if lesson_of(number) == lesson}


@cache
def _solutions() -> dict[str, str]:
    written = tomllib.loads((HERE / "solutions.toml").read_text(encoding="utf-8"))
    return {number: code.strip() for number, code in written.items()}


def exercises(lesson: str) -> list[str]:
    """The numbers of a lesson's exercises."""
    return [*solutions(lesson)]
