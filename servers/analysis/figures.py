"""`check_figures`: every figure of an English text held against the facts that plain code found.

    check_figures("North earned 1.4 million, a third of it in June.", facts)   # a Claim for each of the three figures

A figure is right where one fact, or a figure that follows from two or a few of them (a difference, a ratio, a sum, a
share, a count, a place in an order), has its value *and* is what the words round it name: the column, the group, the
period, the kind of figure, the direction, the unit. What those words name is taken from the figure's own clause, then
from the clauses before and behind it, then from the sentence before. A true figure tied to the wrong thing is false;
what can be tied to nothing is unknown. Both are marked.

What this knows is words, not sense: a figure under a negation is unknown, and so is a true one that no fact tells.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise
from typing import Literal, NamedTuple, cast

from servers.analysis.fact import Fact
from servers.analysis.naming import (
    BOUNDARY,
    COMPARE,
    DOWN,
    EXTREME,
    GAP,
    LEVEL,
    LEVELS,
    NOT,
    SENSES,
    UNCOUNTED,
    UP,
    Carried,
    Groups,
    Known,
    KnownFacts,
    Scope,
    Sentence,
    carry,
    mentions_of,
    names_of,
    of_cells,
    pieces,
    spans_in,
    stem,
    stems_of,
)
from servers.analysis.quantities import Quantity, Span, Words, moved, quantities, words_of

MOST_FIGURES = 2_000
"""Figures of a text that are looked at; those behind them are unknown."""
COMPARABLE = frozenset({"mean", "median", "maximum", "minimum", "extreme", "typical"})
DAYS = {"day": 1, "week": 7, "month": 30.5, "year": 365, "hour": 1 / 24}
MOST_PAIRS = 60
"""Facts of either side that a difference or a ratio is looked for in."""

Verdict = Literal["right", "false", "unknown"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure of a text, and what came of holding it against the facts.

    Attributes:
        text: The figure, as it stands there.
        start, end: Its place.
        verdict: `unknown` counts as not right: nothing known says so.
        fact: What it is the figure of; where it is false, the fact that its words name, if they name one.
        why: A few words on the verdict.
    """

    text: str
    start: int
    end: int
    verdict: Verdict
    fact: Fact | None = None
    why: str = ""


# ---- a figure against the facts


class _Tie(NamedTuple):
    verdict: Verdict
    known: Known | None = None
    why: str = ""
    spans: tuple[Span, ...] = ()
    value: float | None = None


def _fits(one: Quantity, value: float, unit: str, factor: float = 1.0) -> bool:
    """Whether a figure shows a value of a unit; one without a unit may be in the fact's own, if that is not percent."""
    if one.unit == unit:
        return one.shows(value)
    return not one.unit and unit != "%" and one.shows(value / factor)


def _signed(one: Quantity, known: Known, value: float) -> bool:
    """The same with its sign."""
    if value < 0 and one.sign < 0:
        return _fits(one, -value, known.unit, known.factor)
    return one.sign >= 0 and _fits(one, value, known.unit, known.factor)


class _Ties:
    """What a figure of a sentence is tied to."""

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

    def tie(self) -> _Tie:
        """The verdict on this figure."""
        one = self.one
        if one.kind == "unreadable":
            return _Tie("unknown", why=one.why)
        if self._denied():
            return _Tie("unknown", why="it stands under a negation")
        if one.kind in ("date", "weekday"):
            return self._date()
        if one.kind == "rank":
            return self._rank()
        if counted := self._counted():
            return counted
        if self._halves():
            return _Tie("right", why="what a median is")
        named: list[Known] = []
        for scope in self.sentence.scopes(one):
            for tie in self._from(scope):
                if tie.verdict == "right":
                    return tie
                if tie.known and tie.known not in named:
                    named.append(tie.known)
        if self._is_of_something_else():
            return _Tie("unknown", why="it counts something that no fact is about")
        if named:
            near = min(named, key=self._distance)
            return _Tie("false", near, "", self._mistimed())
        for known in self.facts.all:
            if (
                known.number is not None
                and abs(known.number) >= 2
                and _fits(one, abs(known.number), known.unit, known.factor)
            ):
                return _Tie("false", known, "its words name something else", self._mistimed())
        return _Tie("unknown", why="no fact tells it")

    def _mistimed(self) -> tuple[Span, ...]:
        """The periods that are named for this figure, where it is one of another period."""
        kinds = frozenset({"change"}) if self.role == "change" else None
        for scope in self.sentence.scopes(self.one):
            anywhen = scope._replace(spans=None, measures=kinds or scope.measures)
            for known in self.facts.within(anywhen, self.facts.times) if scope.spans else ():
                is_other = known.span and not any(self.facts.is_of(known, each) for each in scope.spans or ())
                if is_other and known.number and _fits(self.one, abs(known.number), known.unit, known.factor):
                    return scope.spans or ()
        return ()

    def _distance(self, known: Known) -> tuple[bool, float]:
        shown = self.one.readings[0][0] if self.one.readings else 0.0
        number = abs(known.number or 0.0)
        return known.fact.measure not in LEVELS | {"change"}, abs(number - shown) / (number + shown + 1e-9)

    def _denied(self) -> bool:
        chunk = self.sentence.chunk(self.one.first)
        for at in range(self.one.first - 1, max(self.sentence.first, self.one.first - 12) - 1, -1):
            if self.sentence.chunk(at) != chunk:
                break
            low = self.sentence.words.lows[at]
            if (low in NOT - {"no", "without"} and self.sentence.words.low(at + 1) != "only") or low.endswith(
                ("n't", "n\u2019t")
            ):
                return True
        return False

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

    def _from(self, scope: Scope) -> Iterator[_Tie]:
        """Ties within a scope; those that are not right name the fact that its words mean."""
        if self._is_of_something_else():
            return
        if self.role == "change":
            yield from self._changes(scope)
        else:
            yield from self._levels(scope)
            yield from self._sums(scope)
            if self.before in ("or", "(") and self.near:  # `fell by 8 %, or 26,500 EUR`
                yield from (tie for tie in self._changes(scope) if tie.verdict == "right")

    # ---- levels

    def _levels(self, scope: Scope) -> Iterator[_Tie]:
        one = self.one
        measures = (scope.measures or frozenset()) - {"change", "slope"}
        extremes, of_day = bool(scope.superlative), False
        if not measures:
            measures = LEVELS | ({"anomaly", "maximum", "minimum"} if scope.spans else frozenset())
            of_day = True
            measures |= {"first"} if self.before == "from" else {"last"} if self.before == "to" else frozenset()
            if one.unit == "%":
                measures |= {"share"}
            if self.sentence.divides:
                measures |= {"median"}
            if self.before in ("from", "between", "and", "to") and self.sentence.known_words & {
                "between",
                "range",
                "ranged",
                "ranges",
                "ranging",
                "varied",
                "varies",
                "vary",
            }:
                measures |= {"minimum", "maximum"}
                of_day = False
        if one.kind == "part" or (
            one.unit == "%" and self.sentence.words.low(one.last + 1) == "of" and not scope.measures
        ):
            measures |= {"share"}
        wanted = scope._replace(measures=measures)
        found = list(self.facts.within(wanted, self.sentence.carried.spans))
        if extremes:
            base = scope._replace(measures=LEVELS | {"share"} if not measures & LEVELS else measures & LEVELS)
            pools = [base]
            if not scope.groups:
                pools += [
                    base._replace(groups=frozenset({each}))
                    for each in {g for known in self.facts.all for g in known.groups}
                    if each[0] in self._dims()
                ]
            for pool in pools:
                found += [
                    each
                    for each in self._anywhen(pool)
                    if each not in found and self.facts.is_extreme(each, scope.superlative)
                ]
        if self.sentence.divides and one.bound:
            wanted = wanted._replace(measures=measures | {"median"})
            found = list(self.facts.within(wanted, self.sentence.carried.spans))
        yield from self._rates(scope)
        if self.before == "from" and scope.spans:  # `jumped in May, from 12 to 14`
            earlier = [(self._earlier(known), known) for known in found]
            found += [
                past
                for past, known in earlier
                if past and past.span and known.span and past.span[1] + 1 == known.span[0]
            ]
        for known in found:
            if known.number is None or (
                of_day and known.fact.measure in EXTREME and known.span not in (scope.spans or ())
            ):
                continue
            value = known.number
            if known.fact.measure == "correlation":
                pair = self.columns
                inverse = bool(self.around & {"negative", "negatively", "inverse", "inversely"})
                value = -value if inverse and one.sign == 0 else value
                if not (pair <= {known.column, known.other} if len(pair) < 3 else {known.column, known.other} <= pair):
                    continue
            if _signed(one, known, value) and self._goes(known):
                yield _Tie("right", known, spans=scope.spans or (), value=value)
            elif self._same_unit(known):
                yield _Tie("false", known)

    def _rates(self, scope: Scope) -> Iterator[_Tie]:
        """A total by the day, the week, the month: `18,250 visits, 50 a day`."""
        if not self.one.rate or not self.facts.hull or not (scope.measures or {"mean"}) & {"mean", "total"}:
            return
        for known in self.facts.within(scope._replace(daily=False, measures=frozenset({"rows", "count", "total"}))):
            first, last = known.span or self.facts.hull
            value = (known.number or 0.0) * DAYS[self.one.rate] / (last - first + 1)
            if _fits(self.one, value, known.unit, known.factor):
                yield _Tie("right", known, f"by the {self.one.rate}")

    def _halves(self) -> bool:
        """Whether this is the half in `half of them are below 58 EUR`, and that is a median."""
        one, sentence = self.one, self.sentence
        others = [each for each in sentence.numbers if each.first > one.last]
        if one.kind != "part" or one.readings[0][0] != 50 or not others:
            return False
        medians = [known for known in self.facts.all if known.fact.measure == "median" and known.number is not None]
        return sentence.divides and any(
            _fits(others[0], known.number or 0.0, known.unit, known.factor) for known in medians
        )

    def _anywhen(self, scope: Scope) -> Iterator[Known]:
        """The facts of a scope, of any time where it names none."""
        yield from self.facts.within(scope, self.facts.times if scope.spans is None else ())

    def _dims(self) -> set[str]:
        return {str(each.payload) for each in self.sentence.mentions if each.sort == "dim"}

    def _same_unit(self, known: Known) -> bool:
        return self.one.unit == known.unit or (not self.one.unit and known.unit != "%")

    def _goes(self, known: Known) -> bool:
        """Whether a level was reached in the direction that its words name: `fell to 12`."""
        if not self.way or self.near != "own" or self.before not in ("to", "at") or known.number is None:
            return True
        if known.fact.measure in ("maximum", "minimum"):
            return (known.fact.measure == "maximum") == (self.way > 0)
        for other in self.facts.all:
            if (
                other.number is not None
                and other.column == known.column
                and other.groups == known.groups
                and other.span == known.span
            ):
                if known.fact.measure == "anomaly" and other.fact.measure == "expected":
                    return (known.number - other.number) * self.way > 0
                if other.fact.measure == "change" and known.span:
                    return other.number * self.way > 0
        if earlier := self._earlier(known):
            return (known.number - (earlier.number or 0.0)) * self.way > 0
        return known.span is None or known.fact.measure == "last"

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

    def _sums(self, scope: Scope) -> Iterator[_Tie]:
        """Sums of what is named, a share of the whole, what remains of it."""
        one, words = self.one, self.sentence.known_words
        additive = frozenset({"total", "count", "rows", "share"})
        measures = (scope.measures & additive) if scope.measures else additive
        if scope.measures and not measures:
            measures = frozenset({"missing"}) & scope.measures
        named = [
            g
            for dim in self.facts.dims
            for mention in self.sentence.pick(f"group {dim}", one)[0]
            for g in [cast("tuple[str, str]", mention.payload)]
        ]
        if scope.superlative or "share" in measures:
            measures = additive
        if "missing" in {name for run in self.sentence.runs.get("measure", []) for name in names_of(run.all)}:
            measures |= {"missing"}
        for measure in measures:
            at = scope._replace(measures=frozenset({measure}))
            if len(named) > 1 and not words & {"each", "respectively"}:
                yield from self._sum([self._one(at._replace(groups=frozenset({each}))) for each in named])
            if scope.spans and measure != "share":
                if self._is_extreme_quarter(at):
                    yield from self._sum(self._parts(at))
                if len(scope.spans) > 1:
                    yield from self._sum([self._one(at._replace(spans=(each,))) for each in scope.spans])
            if one.unit != "%":
                continue
            if words & {"remaining", "rest", "remainder", "others"} and measure == "share":
                everyone = [
                    cast("tuple[str, str]", each.payload)
                    for each in self.sentence.mentions
                    if each.sort.startswith("group ") and each.first < one.first
                ]
                shares = [self._one(at._replace(groups=frozenset({each}))) for each in everyone]
                if shares and all(shares) and one.shows(100 - sum(each.number or 0.0 for each in shares if each)):
                    yield _Tie("right", shares[0], "what remains")
            whole: list[Known] = []
            if measure == "missing":
                whole = [known for known in self.facts.all if known.fact.measure == "rows"]
            elif measure != "share" and scope.groups:
                whole = list(self.facts.within(at._replace(groups=frozenset(), measures=additive - {"share"})))
            parts = (
                [each for each in (self._one(at._replace(groups=frozenset({g}))) for g in named) if each]
                if len(named) > 1
                else list(self.facts.within(at))[:1]
            )
            for total in whole[:3]:
                share = 100 * sum(each.number or 0.0 for each in parts) / (total.number or float("nan"))
                if parts and one.shows(share):
                    yield _Tie("right", parts[0], "a share of the whole")

    def _one(self, scope: Scope) -> Known | None:
        return next((known for known in self.facts.within(scope) if known.number is not None), None)

    def _parts(self, scope: Scope) -> list[Known | None]:
        """The facts whose periods make up the named one, day for day; none where they do not."""
        [span, *_] = scope.spans or ((0, 0),)
        inside = [
            known
            for known in self.facts.within(scope._replace(spans=None), self.facts.times)
            if known.span and span[0] <= known.span[0] and known.span[1] <= span[1] and known.span != span
        ]
        inside.sort(key=lambda known: known.span or (0, 0))
        ends = [span[0] - 1, *(known.span[1] for known in inside if known.span)]
        whole = (
            bool(inside)
            and ends[-1] == span[1]
            and all(known.span and known.span[0] == end + 1 for known, end in zip(inside, ends, strict=False))
        )
        return [*inside] if whole and len(inside) > 1 else []

    def _is_extreme_quarter(self, scope: Scope) -> bool:
        """Whether a named quarter is the best or the worst, where it is told to be; true of any other period."""
        span = (scope.spans or ((0, 0),))[0]
        if not scope.superlative or not 88 < span[1] - span[0] < 93:
            return True
        sums = [
            sum(
                known.number or 0.0
                for known in self._parts(scope._replace(spans=(moved(span, "quarter", step),)))
                if known
            )
            for step in (0, -3, -2, -1, 1, 2, 3)
        ]
        whole = [each for each in sums if each]
        ends = {1: [max(whole, default=0)], -1: [min(whole, default=0)]}
        return sums[0] in ends.get(scope.superlative, [*ends[1], *ends[-1]])

    def _sum(self, parts: Sequence[Known | None]) -> Iterator[_Tie]:
        known = [each for each in parts if each]
        if len(known) < 2 or len(known) < len(parts) or len({(each.unit, each.column) for each in known}) > 1:
            return
        if _fits(self.one, sum(each.number or 0.0 for each in known), known[0].unit, known[0].factor):
            spans = self.sentence.pick("when", self.one)[0]
            named = tuple(span for mention in spans for span in spans_in(mention))
            yield _Tie("right", known[0], "a sum", (*named, *(each.span for each in known if each.span)))

    # ---- changes, differences, ratios

    def _changes(self, scope: Scope) -> Iterator[_Tie]:
        one = self.one
        way = self.way or one.sign
        if one.rate:
            yield from self._slopes(scope, way)
        for known in self.facts.within(scope._replace(measures=frozenset({"change"})), self.sentence.carried.spans):
            if known.number is None or self._names_another(known):
                continue
            ratio = 1 + known.number / 100
            if one.kind == "times" or (one.kind == "part" and self.sentence.words.low(one.last + 1) == "as"):
                shown = ratio if one.kind == "times" else 100 * ratio
                fits = one.shows(shown) or (way < 0 and ratio > 0 and one.kind == "times" and one.shows(1 / ratio))
            else:
                fits = one.unit == "%" and self._shown(known.number, way)
            if fits:
                yield _Tie("right", known, spans=tuple(each for each in (known.span, known.against) if each))
            elif one.unit == "%" or one.kind == "times":
                yield _Tie("false", known)
        for left, right, free in self._pairs(scope):
            if left.number is None or right.number is None or left.unit != right.unit:
                continue
            spans = tuple(each for each in (left.span, right.span) if each)
            if self._shows_pair(left, right, 0 if free else way, free):
                yield _Tie("right", left, f"against {right.fact.value}", spans)

    def _names_another(self, known: Known) -> bool:
        """Whether the sentence compares with another period than a change was measured against."""
        sentence = self.sentence
        spans = [
            span
            for each in sentence.mentions
            if each.sort == "when" and sentence.chunk(each.first) in sentence.compares
            for span in spans_in(each)
        ]
        return bool(spans) and known.against is not None and known.against not in spans

    def _shown(self, value: float, way: int) -> bool:
        return self.one.shows(abs(value)) and (value * way > 0 if way else value >= 0 or self.near == "own")

    def _shows_pair(self, left: Known, right: Known, way: int, free: bool) -> bool:
        one, a, b = self.one, left.number or 0.0, right.number or 0.0
        if one.kind == "times" or (
            one.kind == "part" and self.sentence.words.low(one.last + 1) in ("as", "the", "that", "of", "its")
        ):
            scale = 1 if one.kind == "times" else 100
            if self.near == "comparative" and way < 0:
                a, b = b, a
            elif one.kind == "times" and self.sentence.words.low(one.first) in ("halved", "halving", "halves"):
                way = 0
            return bool(b) and one.shows(scale * a / b)
        if one.unit == "pp":
            return left.unit == "%" and (one.shows(abs(a - b)) if free else self._shown(a - b, way))
        if one.unit == "%":
            if left.unit == "%" and left.fact.measure == "share" and not b:
                return False
            change = 100 * (a / b - 1) if b else float("inf")
            return one.shows(abs(change)) if free else self._shown(change, way)
        if not self._same_unit(left):
            return False
        difference = (a - b) / (1 if one.unit else left.factor)
        return one.shows(abs(difference)) and (free or not way or difference * way > 0)

    def _slopes(self, scope: Scope, way: int) -> Iterator[_Tie]:
        days = DAYS[self.one.rate]
        for known in self.facts.within(scope._replace(daily=False, measures=frozenset({"slope"}))):
            if known.number is not None:
                value = known.number * days
                if (value * way > 0 or not way) and _fits(
                    self.one, abs(value) if way else value, known.unit, known.factor
                ):
                    yield _Tie("right", known, spans=scope.spans or ())
                elif self._same_unit(known):
                    yield _Tie("false", known)

    def _pairs(self, scope: Scope) -> Iterator[tuple[Known, Known, bool]]:
        """Facts that differ in just what the sentence sets against each other; and whether their order is left open."""
        sentence, words = self.sentence, self.sentence.known_words
        free = bool(self.around & GAP)
        named = scope.measures or frozenset()
        base = (named - {"change", "slope", "expected"}) or LEVELS | {"anomaly", "maximum", "share"}
        if {*base} <= {"mean"} and sentence.compares:
            base |= LEVELS
        if scope.superlative:
            base |= LEVELS | {"anomaly", "share"}
        subject = scope._replace(measures=base, spans=scope.spans or sentence.carried.spans or None)
        sides: list[tuple[Scope, Scope, bool]] = []
        for mention in sentence.mentions:
            if mention.sort.startswith("group "):
                dim, value = cast("tuple[str, str]", mention.payload)
                other = frozenset(each for each in scope.groups if each[0] != dim) | {(dim, value)}
                if other != scope.groups and any(each[0] == dim for each in scope.groups):
                    sides.append((subject, subject._replace(groups=other), True))
            elif mention.sort == "when" and isinstance(mention.payload, Quantity):
                start, end = mention.payload.ends
                if start and end:
                    sides.append((subject._replace(spans=end), subject._replace(spans=start), True))
                elif spans_in(mention) != scope.spans:
                    sides.append((subject, subject._replace(spans=spans_in(mention)), True))
            elif mention.sort == "measure":
                name = str(mention.payload)
                senses = frozenset(SENSES.get(name, {name}))
                is_another = name == "expected" or not senses & named or (name == "mean" and sentence.compares)
                if not is_another or name not in ("mean", "expected", "typical", "median", "minimum"):
                    continue
                expected = senses | ({"expected"} if words & {"normal", "usual"} else set())
                like = subject._replace(measures=(base - senses) | ({"mean"} if name == "mean" else set()))
                other = subject._replace(measures=expected)
                whole = other._replace(groups=frozenset(), spans=None)
                sides.append((like, other, False))
                sides.append((like, whole, False))
                sides.append((like._replace(daily=True), whole._replace(daily=True), False))
        told = [str(each.payload) for each in sentence.mentions if each.sort == "measure"]
        kinds = [name for name in dict.fromkeys(told) if name in COMPARABLE]
        for index, name in enumerate(kinds[:6]):  # `the mean exceeds the median by 25 EUR`, `35 times the mean`
            for after in kinds[index + 1 : 6]:
                left = subject._replace(measures=frozenset(SENSES.get(name, {name})))
                sides.append((left, subject._replace(measures=frozenset(SENSES.get(after, {after}))), False))
        times = sorted({span for each in sentence.mentions if each.sort == "when" for span in spans_in(each)})
        if scope.spans is None and 2 <= len(times) <= 12:
            sides.append((subject._replace(spans=(times[-1],)), subject._replace(spans=(times[0],)), True))
        if not sides and scope.spans is None:
            sides.append(
                (subject._replace(measures=frozenset({"last"})), subject._replace(measures=frozenset({"first"})), False)
            )
        if {"maximum", "minimum"} <= (
            both := {
                name
                for each in sentence.mentions
                if each.sort == "measure"
                for name in SENSES.get(str(each.payload), {str(each.payload)})
            }
        ):
            sides.append(
                (subject._replace(measures=both & {"maximum"}), subject._replace(measures=both & {"minimum"}), False)
            )
        for left, right, alike in sides:
            others = list(self.facts.within(right))[:MOST_PAIRS]
            for one in list(self.facts.within(left))[:MOST_PAIRS]:
                for other in others:
                    if (
                        one is not other
                        and one.column == other.column
                        and (not alike or one.fact.measure == other.fact.measure)
                    ):
                        yield one, other, free
        if not any(each.sort == "when" and spans_in(each) != scope.spans for each in sentence.mentions):
            for one in list(self.facts.within(subject))[:MOST_PAIRS] if scope.spans else []:
                earlier = self._earlier(one)
                if (
                    earlier
                    and earlier.span
                    and one.span
                    and earlier.span[1] + 1 == one.span[0]
                    and one.fact.measure in LEVELS
                ):
                    yield one, earlier, free

    # ---- counts, places in an order, dates

    def _counted(self) -> _Tie | None:
        """A number of groups, of anomalies, of days of the data; `None` where a figure counts none of these."""
        one, sentence = self.one, self.sentence
        if one.kind != "number" or (one.unit and one.unit != "time") or not one.readings:
            return None
        number = one.readings[0][0]
        noun = next(
            (each for each in sentence.mentions if 0 < each.first - one.last <= 2 and each.sort in ("dim", "measure")),
            None,
        )
        between = sentence.words.lows[one.last + 1 : noun.first] if noun else []
        if {*between} & BOUNDARY:
            noun = None
        days = self._duration()
        if days is not None:
            return days
        if (
            noun
            and noun.first == one.last + 1
            and noun.payload in ("maximum", "minimum", "extreme")
            and 1 < number <= 12
        ):
            return _Tie("right", why="it chooses that many")  # `the two busiest months`
        if noun and noun.sort == "dim":
            dim = str(noun.payload)
            size = len({group for known in self.facts.all for group in known.groups if group[0] == dim})
            told = next(
                (known for known in self.facts.all if known.column == stems_of(dim) and known.fact.measure == "count"),
                None,
            )
            total = int(told.number) if told and told.number else size
            if one.of is not None and one.of != total:
                return _Tie("false", told, f"there are {total}")
            if self.before in ("top", "bottom", "largest", "smallest") and number <= total:
                return _Tie("right", told)
            if one.of is not None or self.way:
                return self._grown(dim, number)
            example = told or next(
                (known for known in self.facts.all if any(group[0] == dim for group in known.groups)), None
            )
            return _Tie("right", example) if one.shows(total) else _Tie("false", told, f"there are {total}")
        if noun and noun.payload == "anomaly" and one.of is None:
            scope = next(sentence.scopes(one))
            told = [
                known for known in self.facts.all if known.column[-1:] == ("anomaly",) and known.fact.measure == "count"
            ]
            columns = scope.columns
            found = [
                known
                for known in self.facts.all
                if known.fact.measure == "anomaly" and (columns is None or known.column in columns)
            ]
            totals = {len(found)} if found else set[float]()
            if columns is None or not found:
                totals = {known.number or 0.0 for known in told} or totals
            if sentence.own("when", one) and scope.spans:
                totals = {
                    len(
                        [
                            known
                            for known in found
                            if known.span and any(first <= known.span[0] <= last for first, last in scope.spans)
                        ]
                    )
                }
            if totals:
                return (
                    _Tie("right", (told or found or [None])[0])
                    if any(one.shows(each) for each in totals)
                    else _Tie("false", (told or [None])[0], f"there are {sorted(totals)[0]:g}")
                )
        if one.of is not None:
            one.readings, one.kind, one.unit = ((100 * number / one.of, max(1.5, 50 / one.of / 5)),), "part", "%"
        return None

    def _duration(self) -> _Tie | None:
        one, facts = self.one, self.facts
        after = self.sentence.words.low(one.last + 1)
        after = self.sentence.words.low(one.last + 2) if after == "-" else after
        is_days = one.unit == "time" and one.factor in (86400.0, 604800.0)
        is_months = not one.unit and after.rstrip("s") in ("month", "year", "quarter")
        units = {known.unit for known in facts.all}
        in_days = any(known.unit == "time" and known.factor >= 3600 for known in facts.all)
        if not (is_days or is_months) or (is_days and in_days) or units & {after, after.rstrip("s")}:
            return None
        spans = [span for each in self.sentence.mentions if each.sort == "when" for span in spans_in(each)] + (
            [facts.hull] if facts.hull else []
        )
        for first, last in spans:
            days = last - first + 1
            months = {"month": 30.44, "year": 365.25, "quarter": 91.3}.get(after.rstrip("s"), 1.0)
            if (is_days and one.shows(days * 86400.0)) or (is_months and one.shows(round(days / months, 1))):
                return _Tie("right", why="the length of the period")
        counted = [
            known
            for known in facts.all
            if known.column == ("anomaly",) and known.number == one.readings[0][0] / one.factor
        ]
        return _Tie("right", counted[0]) if counted else _Tie("unknown", why="no period is that long")

    def _grown(self, dim: str, number: float) -> _Tie | None:
        """`three of five regions grew`, by the facts that tell a change of each."""
        scope = next(self.sentence.scopes(self.one))
        changes = [
            known
            for known in self.facts.all
            if known.fact.measure == "change"
            and known.number is not None
            and {each[0] for each in known.groups} == {dim}
            and (scope.columns is None or known.column in scope.columns)
        ]
        if not changes or not self.way:
            return _Tie("unknown", why="no fact tells how many")
        count = sum((known.number or 0.0) * self.way > 0 for known in changes)
        return _Tie("right", changes[0]) if count == number else _Tie("false", None, f"it is {count}")

    def _rank(self) -> _Tie:
        one, words = self.one, self.sentence.words
        text = " ".join(words.lows[one.first : one.last + 3])
        smallest = bool(re.search(r"lowest|smallest|least|fewest|weakest|quietest|worst|shortest|fastest", text))
        best: _Tie = _Tie("unknown", why="no fact tells the order")
        for scope in self.sentence.scopes(one):
            base = scope._replace(measures=(scope.measures or frozenset()) & LEVELS or LEVELS | {"share"})
            if not base.groups and base.spans is None:
                continue
            for known in self.facts.within(base):
                ordered = sorted({each.number or 0.0 for each in self.facts.siblings(known)}, reverse=not smallest)
                if len(ordered) > 1 and known.number is not None:
                    if ordered.index(known.number) + 1 == one.readings[0][0]:
                        return _Tie("right", known)
                    best = _Tie("false", known, f"it is number {ordered.index(known.number) + 1} of {len(ordered)}")
        return best

    def _date(self) -> _Tie:
        one, sentence = self.one, self.sentence
        days = [date.fromordinal(first).weekday() for first, last in one.periods if first == last]
        if one.kind == "date" and one.weekday is not None and one.weekday not in days:
            return _Tie("false", why="that is another day of the week")
        named: list[Known] = []
        spans = one.periods
        for named_by in sentence.scopes(one):
            scope = named_by._replace(spans=None if one.kind == "weekday" else spans)
            if one.kind == "weekday":
                days_of = self._weekday_groups()
                dims = {dim for dim, _ in days_of}
                scope = scope._replace(groups=frozenset(each for each in scope.groups if each[0] not in dims) | days_of)
            pools = [scope]
            if (
                scope.measures
                and not scope.superlative
                and scope.measures <= {"share", "slope", "total", "mean", "median"}
            ):
                pools = (
                    [scope, scope._replace(measures=None)] if not sentence.numbers else [scope._replace(measures=None)]
                )
            elif scope.measures is not None and sentence.numbers:
                pools = (
                    [scope, scope._replace(measures=LEVELS | {"anomaly", "change"} | scope.measures)]
                    if not scope.superlative
                    else [scope]
                )
            if scope.superlative:
                pools.append(scope._replace(measures=None))
            for pool in pools:
                for known in self._dated(pool):
                    is_base = known.fact.measure in LEVELS | {"share"}
                    is_named = not is_base and known.fact.measure in (scope.measures or ())
                    is_extreme = is_base and self.facts.is_extreme(known, scope.superlative)
                    if scope.superlative and not is_named and not is_extreme:
                        continue
                    if not self._went(known):
                        named.append(known)
                        continue
                    return _Tie("right", known, spans=spans)
            if scope.columns is not None and not named:
                like = [
                    known
                    for known in self.facts.within(scope._replace(spans=None, measures=scope.measures), ())
                    if known.span or known.day
                ]
                named += [known for known in like if known.fact.measure in EXTREME]
        if not one.periods and one.kind == "date":
            return _Tie("unknown", why="it hangs on no date before it")
        return _Tie("false", named[0], "") if named else _Tie("unknown", why="no fact is of that time")

    def _weekday_groups(self) -> Groups:
        name = date.fromordinal((self.one.weekday or 0) + 1).strftime("%A").lower()
        return frozenset(group for known in self.facts.all for group in known.groups if group[1] == name)

    def _dated(self, scope: Scope) -> Iterator[Known]:
        """The facts of a scope at its time: those whose value is that day, or that are measured against it, as well."""
        one = self.one
        if one.kind == "weekday":
            named = [span for each in self.sentence.mentions if each.sort == "when" for span in spans_in(each)]
            days = [span for span in named if span[0] == span[1]]
            group = self._weekday_groups()
            if group and not days:
                yield from self.facts.within(scope)
                return
            for known in self.facts.within(
                scope._replace(groups=scope.groups - group, spans=tuple(days) or None), tuple(named)
            ):
                is_day = known.span and known.span[0] == known.span[1]
                if known.span and is_day and date.fromordinal(known.span[0]).weekday() == one.weekday:
                    yield known
            return
        start, end = one.ends
        of_range = one.periods if end else ()
        yield from (known for known in self.facts.within(scope) if not end or known.span in of_range)
        for known in self.facts.all:
            in_scope = scope.columns is None or known.column in scope.columns or known.fact.measure == "date"
            if (known.day and in_scope and known.day in one.periods) or (
                in_scope and known.against and known.against in one.periods
            ):
                yield known
            elif start and known.groups == scope.groups and in_scope and known.span in end:
                like = (each for each in self.facts.all if each.fact.about == known.fact.about and each.span in start)
                yield from (known for _ in islice(like, 1))
        if self.facts.hull and self.facts.hull in one.periods and self.facts.all:
            yield from (known for known in self.facts.all if known.day)

    def _went(self, known: Known) -> bool:
        """Whether at this time it went where the date's own clause says."""
        sentence, one = self.sentence, self.one
        if self.near != "own" or not self.way or known.number is None:
            return True
        if any(sentence.chunk(each.first) == sentence.chunk(one.first) for each in sentence.numbers):
            return True
        if known.fact.measure == "change":
            return known.number * self.way > 0
        if known.fact.measure in ("maximum", "minimum"):
            return (known.fact.measure == "maximum") == (self.way > 0)
        for other in self.facts.all:
            if (
                other.fact.measure == "expected"
                and known.fact.measure == "anomaly"
                and other.span == known.span
                and other.column == known.column
            ):
                return (known.number - (other.number or 0.0)) * self.way > 0
        earlier = self._earlier(known)
        return earlier is None or (known.number - (earlier.number or 0.0)) * self.way > 0


# ---- the whole text


def check_figures(text: str, facts: Sequence[Fact]) -> tuple[Claim, ...]:
    """Every figure of a text, in its order, held against the facts.

    Args:
        text: English, as a model wrote it; figures of other languages' words are not seen, other scripts' digits are
            unknown.
        facts: All that is known. A figure that none of them tells, or a few together, is unknown.
    """
    known = KnownFacts(facts)
    words = words_of(text)
    figures = quantities(words, known.years)
    mentions = mentions_of(words, known, figures)
    labels = {at for each in mentions if each.sort != "way" for at in range(each.first, each.last + 1)}
    kept = ("date", "weekday", "unreadable", "times")
    figures = [one for one in figures if one.kind in kept or not labels.issuperset(range(one.first, one.last + 1))]
    claims: list[Claim] = []
    carried = Carried()
    left = MOST_FIGURES
    at = named = 0
    for first, last, header in pieces(words):
        start, begin = at, named
        while at < len(figures) and figures[at].first < last:
            at += 1
        while named < len(mentions) and mentions[named].first < last:
            named += 1
        inside, near = figures[start:at], mentions[begin:named]
        if header:
            near = of_cells(words, (first, last), near, header, mentions)
            named_by = {each.first for each in near if each.sort.startswith("group ") and each.first == each.last}
            inside = [one for one in inside if one.kind != "number" or one.first not in named_by]
        if inside and left > 0:
            claims += _claims(Sentence(words, known, (first, last), inside, near, carried=carried))
        else:
            claims += (_claim(words, one, _Tie("unknown", why="there are too many figures")) for one in inside)
        left -= len(inside)
        carry(carried, near)
    return tuple(claims)


def marked(text: str, claims: Sequence[Claim]) -> str:
    """The text with a mark behind each figure that is not right, and the right one where a fact is tied.

    `fell by 12 % [false: change of revenue, 2025-06 is 8.4 %]`, `5 offices [unknown: no fact tells it]`
    """
    parts: list[str] = []
    end = 0
    for claim in claims:
        if claim.verdict != "right":
            parts.append(f"{text[end : claim.end]} [{claim.verdict}: {_reason(claim)}]")
            end = claim.end
    return "".join([*parts, text[end:]])


def _reason(claim: Claim) -> str:
    told = str(claim.fact) if claim.fact else ""
    return "; ".join(filter(None, [claim.why, told])) or "no fact tells it"


def _claim(words: Words, one: Quantity, tie: _Tie) -> Claim:
    start, end = words.spans[one.first][0], words.spans[one.last][1]
    return Claim(words.text[start:end], start, end, tie.verdict, tie.known and tie.known.fact, tie.why)


def _claims(sentence: Sentence) -> Iterator[Claim]:
    words = sentence.words
    ties: list[tuple[Quantity, _Tie]] = []
    used: set[Span] = set()
    mistimed: set[Span] = set()
    for one in sentence.figures:
        if one.kind in ("date", "weekday"):
            continue
        if (
            one.spelled
            and one.of is None
            and one.kind == "number"
            and one.readings[0][0] == 1
            and one.first == one.last
            and not one.unit
        ):
            follows = [
                each for each in sentence.mentions if 0 < each.first - one.last <= 2 and each.payload == "anomaly"
            ]
            if not follows:
                continue
        tie = _Ties(sentence, one).tie()
        ties.append((one, tie))
        if tie.verdict == "right":
            used.update(tie.spans)
        elif tie.spans:
            mistimed.update(tie.spans)
        if tie.verdict == "right":
            used.update(span for span in (tie.known and tie.known.span, tie.known and tie.known.against) if span)
    ties = _compared(sentence, ties)
    by_figure = {id(one): tie for one, tie in ties}
    for one in sentence.figures:
        if one.kind in ("date", "weekday"):
            tie = _Ties(sentence, one).tie()
            ends = {*one.periods, *one.ends[0], *one.ends[1]}
            if tie.verdict != "right" and one.weekday is None and ends & used:
                tie = _Tie("right", tie.known)
            elif tie.verdict == "right" and {*one.periods} & mistimed and not ends & used:
                tie = _Tie("false", tie.known, "the figure beside it is of another time")
            yield _claim(words, one, tie)
        elif id(one) in by_figure:
            yield _claim(words, one, by_figure[id(one)])


def _compared(sentence: Sentence, ties: list[tuple[Quantity, _Tie]]) -> list[tuple[Quantity, _Tie]]:
    """The ties, with two levels false that are right by themselves, where the words between set them the wrong way."""
    made = list(ties)
    for index, ((one, tie), (after, other)) in enumerate(pairwise(ties)):
        if (
            tie.value is None
            or other.value is None
            or not tie.known
            or not other.known
            or tie.known.unit != other.known.unit
        ):
            continue
        between = sentence.words.lows[one.last + 1 : after.first]
        way = 0
        if sentence.words.low(one.first - 1) == "from" and sentence.words.low(after.first - 1) == "to":
            mentions = [each for each in sentence.mentions if each.sort == "way" and each.first < one.first]
            way = -int(cast("int", mentions[-1].payload)) if mentions else 0
        elif tie.known.column == other.known.column and {*between} & COMPARE:
            way = next((1 if low in UP else -1 for low in between if low in UP or low in DOWN), 0)
        if way and (tie.value - other.value) * way <= 0:
            made[index] = (one, _Tie("false", tie.known, "compared the wrong way round"))
            made[index + 1] = (after, _Tie("false", other.known, "compared the wrong way round"))
    return made
