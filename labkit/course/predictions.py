"""Predictions: a question before a run, an answer, and after the run what it was.

An entry `[predict."2.1"]` of `NN.toml` holds `ask`, `why` (one sentence, said afterwards), `it_was` (left out where the
run measures it), and one of

    choices = ["…", "…"]    answered by a letter
    order = ["…", "…"]      answered by all letters, in their order
    number = "words"        answered by a number of them; `within` says how far off is still right
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from labkit.course import progress
from labkit.course.entries import Entry, entry
from labkit.plain import folded

Answer = str | float | Sequence[str]
Kind = Literal["choices", "order", "number"]


@dataclass(frozen=True)
class Prediction(Entry):
    """A question and how its answer is judged.

    Attributes:
        items: The choices, or what is to be put in order, by letter.
        unit: What a number counts.
        was: What it was, or empty where only the run tells.
    """

    kind: Kind
    ask: str
    why: str
    items: dict[str, str]
    unit: str = ""
    within: float = 0
    was: str = ""

    @classmethod
    def of(cls, number: str) -> "Prediction":
        """The prediction of a number.

        Raises:
            LookupError: There is none.
        """
        number, told = entry("predict", "predictions", number)
        kind: Kind = "order" if "order" in told else "number" if "number" in told else "choices"
        items: list[str] = [] if kind == "number" else told[kind]
        return cls(
            number,
            kind,
            told["ask"],
            told["why"],
            {chr(ord("a") + i): item for i, item in enumerate(items)},
            str(told.get("number", "")),
            told.get("within", 0),
            str(told.get("it_was", "")),
        )

    def read(self, answer: Any) -> str:
        """An answer in the form in which it is kept: a letter, letters, or a number.

        Raises:
            ValueError: It is no answer to this question; the text says what would be one.
        """
        text = answer if isinstance(answer, str) else "".join(map(str, answer)) if _is_list(answer) else str(answer)
        text = text.strip().lower()
        if self.kind == "number":
            try:
                value = float(text.replace(",", "."))
            except ValueError:
                value = float("nan")
            if not isfinite(value):
                raise ValueError(f"{answer!r} is no number. {self.how}")
            return f"{value:g}" if abs(value) < 1e6 else str(int(value))
        letters = "".join(letter for letter in text if letter.isalnum())
        is_one = sorted(letters) == [*self.items] if self.kind == "order" else letters in self.items
        if not is_one:
            raise ValueError(f"{answer!r} is no answer here. {self.how}")
        return letters

    @property
    def how(self) -> str:
        """How to answer in code, in a sentence."""
        letters = [*self.items]
        if self.kind == "number":
            return f'Answer with a number: predict("{self.number}", 7).'
        if self.kind == "order":
            return f'Answer with the letters in their order: predict("{self.number}", "{"".join(reversed(letters))}").'
        return f'Answer with {", ".join(letters[:-1])} or {letters[-1]}: predict("{self.number}", "{letters[0]}").'

    def words(self, answer: str) -> str:
        """An answer as it is told: the letter with its words, letters in their order, a number with its unit."""
        if self.kind == "number":
            return f"{answer} {self.unit.removesuffix('s') if answer == '1' else self.unit}"
        return ", ".join(answer) if self.kind == "order" else f"{answer}: {self.items.get(answer, answer)}"

    def is_right(self, answer: str, was: str) -> bool:
        return abs(float(answer) - float(was)) <= self.within if self.kind == "number" else answer == was

    def known(self) -> tuple[str, str, bool]:
        """What was entered, what it was as far as that was shown, and whether both agree; empty where nothing is."""
        right, was = self.done.outcomes.get(self.number, (False, ""))
        return self._fits(self.done.predicted.get(self.number, "")), self._fits(was), right

    def _fits(self, kept: str) -> str:
        try:
            return self.read(kept) if kept else ""
        except ValueError:  # the course was another when this was kept
            return ""

    def enter(self, answer: Any) -> None:
        """Keep an answer. Once it was shown how it was, none is taken any more.

        Raises:
            ValueError: It is no answer to this question.
        """
        said = self.read(answer)
        if not self.known()[1]:
            progress.note("prediction", self.number, "said", said)

    def __str__(self) -> str:
        """The question, and what is known of its answer."""
        said, was, right = self.known()
        lines = [f"Predict {self.number}. {self.ask}", *(f"  {key}  {item}" for key, item in self.items.items())]
        return folded("\n".join([*lines, self.outcome(said, was, right) if was else self.state(said)]))

    def state(self, said: str) -> str:
        """What there is to say before the run."""
        return f"You said · {self.words(said)}\nYou may change it until you see how it was." if said else self.how

    def outcome(self, said: str, was: str, right: bool) -> str:
        """What there is to say after the run."""
        if not said:
            return f"You made no guess.\nIt was · {self.words(was)}\n{self.why}"
        verdict = "You were right." if right else "Not what you expected."
        return f"You said · {self.words(said)}\nIt was · {self.words(was)}\n{verdict} {self.why}"


def _is_list(answer: Any) -> bool:
    return isinstance(answer, Sequence)


def it_was(number: str, result: Answer | None = None) -> None:
    """Print what you predicted, what it was, and why.

        it_was("2.1")
        it_was("2.3", len(words))   # where the run measures it

    Args:
        number: The prediction.
        result: What the run has shown, where that differs from run to run.

    Raises:
        LookupError: There is no such prediction.
        ValueError: The result is not told, or can be no answer to the question.
    """
    prediction = Prediction.of(number)
    if result is None and not prediction.was:
        raise ValueError(f'This is measured: it_was("{number}", result).')
    was = prediction.read(prediction.was if result is None else result)
    said, shown, _ = prediction.known()
    right = bool(said) and prediction.is_right(said, was)
    if not shown:
        progress.note("prediction", prediction.number, ("right" if right else "wrong") if said else "shown", was)
    print(folded(prediction.outcome(said, was, right)))
