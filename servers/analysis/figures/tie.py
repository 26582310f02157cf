"""`Tie`: what came of a figure; and what the words beside a figure make of it."""

from typing import Literal, NamedTuple, cast

from servers.analysis.figures.known import Known, stem
from servers.analysis.figures.mentions import names_of
from servers.analysis.figures.named import GAP, LEVEL, UNCOUNTED
from servers.analysis.figures.sentence import Sentence
from servers.analysis.quantities.quantity import Quantity, Span

Verdict = Literal["right", "false", "unknown"]


class Tie(NamedTuple):
    verdict: Verdict
    known: Known | None = None
    why: str = ""
    spans: tuple[Span, ...] = ()
    value: float | None = None


def fits(one: Quantity, value: float, unit: str, factor: float = 1.0, *, of: int = 1) -> bool:
    """Whether a figure shows a value of a unit; one without a unit may be in the fact's own, if that is not percent.

    Of a sum or a difference `of` several figures each may have been rounded before.
    """
    if one.unit != unit and (one.unit or unit == "%"):
        return False
    value = value if one.unit == unit else value / factor
    half = max((each for _, each in one.readings), default=0.0) * (of > 1)
    return any(one.shows(each) for each in (value, value - half, value + half))


def signed(one: Quantity, known: Known, value: float) -> bool:
    """The same with its sign."""
    if value < 0 and one.sign < 0:
        return fits(one, -value, known.unit, known.factor)
    return one.sign >= 0 and fits(one, value, known.unit, known.factor)


class Beside:
    """A figure in its sentence."""

    def __init__(self, sentence: Sentence, one: Quantity) -> None:
        self.sentence, self.facts, self.one = sentence, sentence.facts, one
        self.before = sentence.words.low(one.first - 1)
        self.way, self.near = sentence.direction(one)
        self.around, self.columns = self._beside()
        self.role = self._role()

    def _beside(self) -> tuple[set[str], set[tuple[str, ...]]]:
        """The words since the figure before, to the end of the figure's own clause, and the columns that they name."""
        sentence, one = self.sentence, self.one
        ends = max((other.last for other in sentence.numbers if other.last < one.first), default=sentence.first - 1)
        last = min((other.first for other in sentence.numbers if other.first > one.last), default=sentence.last)
        own = [at for at in range(ends + 1, last) if at < one.first or sentence.chunk(at) == sentence.chunk(one.last)]
        columns = {
            each
            for mention in sentence.mentions
            if mention.sort == "column" and mention.first in own
            for each in cast("frozenset[tuple[str, ...]]", mention.payload)
        }
        return {sentence.words.lows[at] for at in own}, columns

    def _role(self) -> str:
        """What a figure is by the words beside it: a `change`, a `level`, or either."""
        one, names = self.one, {*names_of(self.sentence.own("measure", self.one))}
        if one.kind == "times" or (self.around & GAP and self.before != "and"):
            return "change"
        if "correlation" in names:
            return "level"
        if self.near == "comparative":
            return "change"
        if self.before == "of" and any(
            each.sort == "measure" and each.payload != "change" and each.last == one.first - 2
            for each in self.sentence.mentions
        ):
            return "level"  # `exceeds the median of 71 EUR`
        if self.before in LEVEL - {"with", "was", "were", "is", "are"} or names & {"share", "expected"}:
            return "level"
        if self.before == "by" and (self.near or "change" in names):
            return "change"
        if one.unit == "pp" or (one.sign and one.unit == "%"):
            return "change"
        if "change" in names or "slope" in names or (one.rate and self.near == "own"):
            return "change"
        if self.near == "own" and self.sentence.words.low(one.last + 1) != "of" and self.before not in LEVEL:
            return "change"
        if self.near == "before" and one.unit == "%" and not names and self.sentence.words.low(one.last + 1) != "of":
            return "change"
        return "level"

    def _is_of_something_else(self) -> bool:
        one, words = self.one, self.sentence.words
        noun = words.low(one.last + 1)
        return (
            one.kind == "number"
            and not one.unit
            and words.kind(one.last + 1) == "word"
            and len(noun) > 3
            and noun.endswith("s")
            and noun not in UNCOUNTED
            and noun not in ("was", "is", "has", "across", "this", "its", "versus", "always", "plus", "less")
            and not any(mention.first == one.last + 1 for mention in self.sentence.mentions)
            and not any(noun == known.unit or stem(noun) == known.unit for known in self.facts.all)
            and not self.sentence.own("column", one)
            and not self.sentence.own("measure", one)
        )

    def _payloads(self, sort: str) -> list[object]:
        return [each.payload for each in self.sentence.mentions if each.sort == sort]

    def _dims(self) -> set[str]:
        return {str(each.payload) for each in self.sentence.mentions if each.sort == "dim"}

    def _same_unit(self, known: Known) -> bool:
        return self.one.unit == known.unit or (not self.one.unit and known.unit != "%")

    def _earlier(self, known: Known) -> Known | None:
        """The fact of the period before."""
        if known.span is None:
            return None
        like = [
            each
            for each in self.facts.all
            if each.span
            and each.span[1] < known.span[0]
            and each.fact.about == known.fact.about
            and each.fact.measure == known.fact.measure
            and each.number is not None
        ]
        return max(like, key=lambda each: each.span or (0, 0), default=None)

    def _is_high(self, known: Known) -> bool:
        """Whether an extreme is one above what was due."""
        if known.fact.measure != "anomaly":
            return known.fact.measure == "maximum"
        like = (
            each.number
            for each in self.facts.all
            if each.fact.measure == "expected" and each.fact.about == known.fact.about and each.span == known.span
        )
        return (known.number or 0.0) > (next(like, None) or 0.0)
