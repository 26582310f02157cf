"""Hints for one exercise: one at a time, the one for the mistake that was made first, the solution last.

An entry `[hints."2.3"]` of `NN.toml` holds `steps`, and `mistakes` by the name that a check gives a mistake:

    limit = "…"                                        said when the check found it
    nothing = { see = "returned nothing", say = "…" }  also when its sentence holds `see`, and to be looked up by it

Text between backticks is code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labkit.course import progress
from labkit.course.entries import Entry, entry, solutions

SOLUTION = "solution"


@dataclass(frozen=True)
class Hints(Entry):
    """The hints of an exercise.

    Attributes:
        steps: The hints in their order.
        mistakes: What to say to a mistake, by its name.
        errors: By the name of a mistake, what one sees of it.
        solution: The code of the solution, or empty.
    """

    steps: Sequence[str]
    mistakes: dict[str, str]
    errors: dict[str, str]
    solution: str

    @classmethod
    def of(cls, number: str) -> "Hints":
        """The hints of an exercise.

        Raises:
            LookupError: There are none.
        """
        number, told = entry("hints", "hints", number)
        mistakes: dict[str, Any] = told.get("mistakes", {})
        return cls(
            number,
            told["steps"],
            {name: each if isinstance(each, str) else each["say"] for name, each in mistakes.items()},
            {name: each["see"] for name, each in mistakes.items() if not isinstance(each, str)},
            solutions(progress.lesson_of(number)).get(number, ""),
        )

    def taken(self) -> list[str]:
        """What was taken so far: numbers of steps, names of mistakes, `solution`."""
        return [each for each in self.done.hints.get(self.number, []) if self.text(each)]

    def next(self) -> str:
        """What comes next; empty where all was told."""
        made, taken = self.done.mistakes.get(self.number, ""), self.taken()
        steps = [str(i + 1) for i in range(len(self.steps))]
        order = [made, *steps, *([SOLUTION] if self.solution else [])]
        return next((each for each in order if self.text(each) and each not in taken), "")

    def text(self, what: str) -> str:
        """The text of a step, a mistake or the solution; empty where there is no such thing."""
        if what == SOLUTION:
            return self.solution
        if what.isdecimal() and 0 < int(what) <= len(self.steps):
            return self.steps[int(what) - 1]
        return self.mistakes.get(what, "")

    def title(self, what: str) -> str:
        if what == SOLUTION:
            return "The solution"
        if what.isdecimal():
            return f"Hint {what} of {len(self.steps)}"
        return f'If you see "{self.errors[what]}"' if what in self.errors else "To what the check found"

    def take(self, what: str) -> None:
        """Tell a step, a mistake or the solution from now on.

        Raises:
            LookupError: There is no such thing.
        """
        if not self.text(what):
            names = ", ".join(self.mistakes)
            raise LookupError(f'There is no "{what}" for {self.number}; there are {names} and "next".')
        if what not in self.taken():
            progress.note("hint", self.number, said=what)

    def offer(self) -> str:
        """What the next one is, in words."""
        following = self.next()
        if not following:
            return "That is all there is"
        if following == SOLUTION:
            return "Show the solution"
        return f"Show h{self.title(following)[1:]}" if following.isdecimal() else "Show a hint to what the check found"

    def __str__(self) -> str:
        """What was taken, and how to get more."""
        told = [f"{self.title(each)}:\n{self.text(each)}" for each in self.taken()]
        more = f'hint("{self.number}", "next")  {self.offer()}' if self.next() else self.offer()
        see = [f'hint("{self.number}", "{name}")  If you see "{seen}"' for name, seen in self.errors.items()]
        return "\n".join([f"Hints for {self.number}, one at a time, the solution last.", *told, more, *see])


def note_check(number: str, status: str, mistake: str, problem: str) -> None:
    """Keep what a check has found; the mistake by its name, or by what the hints say one sees of it."""
    try:
        hints = Hints.of(number)
    except LookupError:
        pass
    else:
        if mistake not in hints.mistakes:
            mistake = next((name for name, words in hints.errors.items() if words in problem), mistake)
    progress.note("check", number, status, mistake)
