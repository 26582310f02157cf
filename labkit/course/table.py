"""The table of the lessons: number, title, what one can do after a lesson, how long it takes, what comes next."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

TABLE = Path(__file__).with_name("lessons.toml")


@dataclass(frozen=True)
class Lesson:
    """A lesson as the whole course names it."""

    number: str
    """Two digits: `"02"`."""
    slug: str
    """What its files are called behind the number: `"your_own_callback"`."""
    title: str
    after: str
    """What a student can do after it, as "after it you can …" goes on."""
    server: str
    """The module of `servers` that it is about."""
    minutes: tuple[int, int]
    """How long it takes, from and to: estimates, as no class has been timed."""
    stop: tuple[str, ...] = ()
    """The headings above which one may stop and go on another day; none in a short lesson."""

    @property
    def notebook(self) -> str:
        """The file of its notebook: `"02_your_own_callback.ipynb"`."""
        return f"{self.number}_{self.slug}.ipynb"

    @property
    def time(self) -> str:
        """How long it takes: `"60–80 minutes"`."""
        return "{}–{} minutes".format(*self.minutes)

    @property
    def link(self) -> str:
        """A link to it in Markdown, from a notebook beside it."""
        return f"[{self.number} · {self.title}]({self.notebook})"


@cache
def lessons() -> tuple[Lesson, ...]:
    """Every lesson, in the order of the course."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["lesson"]
    return TypeAdapter(tuple[Lesson, ...]).validate_python(rows)
