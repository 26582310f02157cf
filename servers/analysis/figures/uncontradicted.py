"""`Uncontradicted`: a figure as the value of any fact that the words round it do not speak against."""

from collections.abc import Iterator
from typing import cast

from servers.analysis.figures.known import Known
from servers.analysis.figures.mentions import Mention, spans_in
from servers.analysis.figures.named import (
    ALL,
    BEGINS,
    COMPARATIVE,
    COMPARE,
    DUE,
    ENDS,
    LEVEL,
    LEVELS,
    SENSES,
    SUPERLATIVE,
    WHOLE,
)
from servers.analysis.figures.tie import Tie, signed
from servers.analysis.figures.times import Times
from servers.analysis.quantities.quantity import Quantity, Span

SOFT = frozenset({"change", "slope", "share", "first", "last", "anomaly", "expected", "typical"})
"""Kinds of figure whose words may stand beside a level without making another of it."""


class Uncontradicted(Times):
    """Ties to what nothing speaks against: each name of a fact stands in its sentence or the one before, no other."""

    def _uncontradicted(self) -> Tie | None:
        for known in self.facts.all:
            if self._tells(known) and self._may_be(known):
                spans = tuple(each for each in (known.span, known.against) if each)
                return Tie("right", known, spans=spans, value=known.number)
        return None

    def _tells(self, known: Known) -> bool:
        one, number, measure = self.one, known.number, known.fact.measure
        if number is None:
            return False
        if measure == "change":
            way = one.sign or (self.way if self.near else 0)
            if one.kind == "times" or (one.kind == "part" and self.sentence.words.low(one.last + 1) == "as"):
                ratio = 1 + number / 100
                return one.shows(ratio if one.kind == "times" else 100 * ratio)
            return one.unit == "%" and one.shows(abs(number)) and (number * way > 0 if way else True)
        if self.sentence.words.low(one.last + 1) in COMPARATIVE:
            return False
        if one.kind == "times" or (measure != "share" and known.unit != "%" and one.unit == "%"):
            return False
        return signed(one, known, number) and self._goes(known)

    def _may_be(self, known: Known) -> bool:
        return (
            self._is_of_column(known) and self._is_of_groups(known) and self._is_of_time(known) and self._is_kind(known)
        )

    def _payloads(self, sort: str) -> list[object]:
        return [each.payload for each in self.sentence.mentions if each.sort == sort]

    def _is_of_column(self, known: Known) -> bool:
        sentence, facts = self.sentence, self.facts
        if known.fact.measure == "count" and known.other:
            return "correlation" in self._payloads("measure")
        if known.fact.measure == "rows" and self.before == "of":
            return True
        if known.fact.measure in ("rows", "count", "missing"):
            behind = [
                each for each in sentence.mentions if each.sort == "column" and 0 < each.first - self.one.last <= 1
            ]
            if any(known.column in cast("frozenset[tuple[str, ...]]", each.payload) for each in behind):
                return True
        found, near = sentence.pick("column", self.one)
        named = [cast("frozenset[tuple[str, ...]]", each.payload) for each in found if near == "own"]
        named = [each for each in named if not each <= facts.things]
        if not named:
            named = [cast("frozenset[tuple[str, ...]]", each) for each in self._payloads("column")]
            named = [each for each in named if not each <= facts.things]
            if not named and (known.column == facts.metric or known.fact.measure in ("rows", "count")):
                return True
            named = named or ([sentence.carried.columns] if sentence.carried.columns else [])
            if not named:
                return bool(known.groups) or bool(self.one.unit and self.one.unit == known.unit != "%")
        if known.other:
            pair, union = {known.column, known.other}, {column for each in named for column in each}
            return pair - {facts.metric} <= union and (union <= pair or known.fact.measure == "count")
        return any(known.column in each for each in named)

    def _is_of_groups(self, known: Known) -> bool:
        sentence = self.sentence
        if known.fact.measure == "rows" and self.before == "of":
            return True
        for dim in self.facts.dims:
            found, near = sentence.pick(f"group {dim}", self.one)
            mine = {each for each in known.groups if each[0] == dim}
            own = {cast("tuple[str, str]", each.payload) for each in found}
            if near in ("own", "before", "after"):
                if not mine <= own or (not mine and not self._is_whole_named()):
                    return False
            elif mine:
                named = {*own, *map(tuple, cast("list[tuple[str, str]]", self._payloads(f"group {dim}")))}
                carried = sentence.carried.groups.get(dim)
                if not named and carried:
                    named = {carried}
                if not mine <= named and (named or dim not in self._dims() or not self._is_told_extreme(known)):
                    return False
        return True

    def _is_told_extreme(self, known: Known) -> bool:
        """Whether it is the largest or the smallest of several, and the words say so, or tell from where to where."""
        is_range = bool(self.sentence.known_words & {"between", "range", "ranged", "ranges", "ranging", "varied"})
        way = self.sentence.measures(self.one)[1] or 2 * is_range
        return bool(way) and self.facts.is_extreme(known, way)

    def _is_whole_named(self) -> bool:
        if self.before in ("the", "all") and self.sentence.words.low(self.one.first - 2) == "of":
            return True
        return bool(self.around & (ALL | WHOLE)) and bool({*self.sentence.known_words} & (COMPARE | ALL | {"of"}))

    def _named_spans(self) -> tuple[list[Span], str]:
        found, near = self.sentence.pick("when", self.one)
        if near in ("own", "before", "after"):
            return [span for each in found for span in self._spans_of(each)], near
        spans = [span for each in self.sentence.mentions if each.sort == "when" for span in spans_in(each)]
        return spans or [*self.sentence.carried.spans], near if spans else ""

    def _spans_of(self, mention: Mention) -> Iterator[Span]:
        """A mention's periods; those of the end that a level is of: `from May to June, reaching 12`."""
        yield from spans_in(mention)
        if isinstance(mention.payload, Quantity) and mention.payload.ends[0]:
            if self.before == "from":
                yield from mention.payload.ends[0]
            elif self.before in LEVEL:
                yield from mention.payload.ends[1]

    def _is_of_time(self, known: Known) -> bool:
        named, near = self._named_spans()
        hull = self.facts.hull
        if self.is_relative() and known.span is None and known.fact.measure == "mean":
            return False
        if known.span is None or self.facts.is_whole(known):
            covers = any(hull and span[0] <= hull[0] and span[1] >= hull[1] for span in named)
            if known.groups:  # `West, which opened on 2 July, brought 12`
                covers |= any(each.day in named for each in self.facts.all if each.groups == known.groups)
            return covers or near not in ("own", "before") or (near == "before" and self._is_whole_named())
        span, measure = known.span, known.fact.measure
        if measure == "mean" and hull and span != hull and (span[0] == hull[0] or span[1] == hull[1]):
            begins = span[0] == hull[0]
            if words := self._ends():
                return bool(words & (BEGINS if begins else ENDS)) or span in named
            is_all = all(each[0] <= hull[0] and hull[1] <= each[1] for each in named)
            if self.before in ("from", "to") and (is_all or self.sentence.known_words & (BEGINS | ENDS)):
                return (self.before == "from") == begins
        is_event = measure in ("anomaly", "expected") or known.fact.against == "expected" or measure == "count"
        if any(
            each == span
            or (
                is_event
                and (
                    (span[0] <= each[0] and each[1] <= span[1] and (each[0] == span[0] or each[1] - each[0] < 7))
                    or (each[1] - each[0] > 20 and each[0] <= span[0] <= each[1])
                )
            )
            or (known.against and each == (known.against[0], span[1]))
            for each in named
        ):
            return True
        if named and near in ("own", "before", "after"):
            return measure in ("maximum", "minimum") and any(
                each[0] <= span[0] and span[1] <= each[1] for each in named
            )
        if measure in ("maximum", "minimum"):
            return True
        if measure == "change" and known.against:
            return not named
        if is_event and not named:
            return bool(known.groups)
        return (
            not named
            and self._is_told_extreme(known)
            and bool(self.sentence.known_words & {"month", "months", "monthly", "quarter", "day", "week", "period"})
        )

    def _ends(self) -> set[str]:
        """The words that say whether a figure is of the first days or of the last: `in the last four weeks 12`."""
        one, sentence = self.one, self.sentence
        if not self.around & (BEGINS | ENDS):
            last = next((other for other in reversed(sentence.numbers) if other.last < one.first), None)
            if last and last.unit == "time" and sentence.chunk(last.first) == sentence.chunk(one.first):
                return {sentence.words.low(last.first - 1)} & (BEGINS | ENDS)
        return self.around & (BEGINS | ENDS)

    def is_relative(self) -> bool:
        """Whether the figure is of the first or the last days: `12 in the first 28 days and 14 in the last 28`."""
        low, one = self.sentence.words.low, self.one
        return bool(self._ends()) and any(
            low(other.first - 1) in BEGINS | ENDS and 0 < other.first - one.last <= 4 for other in self.sentence.numbers
        )

    def _is_due(self) -> bool:
        """Whether the figure's own words say that it was due: `an expected 12`, `12 was due`, not `than expected`."""
        one, low = self.one, self.sentence.words.low
        ahead = any(low(at) in DUE for at in range(max(one.first - 3, self.sentence.first), one.first))
        behind = (
            low(one.last + 1) in DUE
            or low(one.last + 3) == "expect"
            or (low(one.last + 1) in ("was", "were") and low(one.last + 2) in DUE)
        )
        return ahead or behind

    def _is_kind(self, known: Known) -> bool:
        sentence, measure = self.sentence, known.fact.measure
        words = sentence.known_words
        senses, way = sentence.measures(self.one)
        told = {
            name
            for each in sentence.mentions
            if each.sort == "measure"
            for name in SENSES.get(str(each.payload), {str(each.payload)})
        }
        if self._is_due():
            return measure == "expected"
        if measure == "expected":
            return bool(self.around & (COMPARE | {"from", "instead", "after", "where"})) and self.before not in (
                "to",
                "at",
                "hit",
            )
        licensed = {
            "correlation": "correlation" in told,
            "missing": "missing" in told or bool(words & {"no", "lacks", "gap", "gaps", "incomplete"}),
            "slope": (bool(self.one.rate) or "slope" in told) and (known.number or 0) * self.way >= 0,
            "median": "median" in told,
            "minimum": bool(told & {"minimum"}) or bool(words & {"from", "between", "range"}),
            "maximum": bool(told & {"maximum"}) or bool(words & {"to", "between", "range"}),
            "mean": "mean" in told
            or bool(known.groups)
            or known.daily
            or bool(known.span)
            or (known.column, "total") not in self.facts.told,
        }.get(measure, True)
        if not licensed:
            return False
        is_several = any(  # `the two best months`
            each.payload in SUPERLATIVE and any(one.last == each.first - 1 and not one.unit for one in sentence.numbers)
            for each in sentence.mentions
            if each.sort == "measure"
        )
        if is_several or sentence.pick("measure", self.one)[1] == "after" or senses == SENSES["typical"]:
            senses = None
        senses = (senses or frozenset()) - {"expected"}
        found, near = sentence.pick("measure", self.one)
        between = {*sentence.words.lows[found[-1].last : self.one.first]} if near == "before" else set[str]()
        if between & {"while", "whereas", "but", "and"} and any(
            found[-1].last < each.first < self.one.first and each.sort[:5] in ("group", "when")
            for each in sentence.mentions
        ):  # `Saturday is the strongest, while Sunday (12) is the weakest`
            senses -= {"maximum", "minimum", "anomaly"}
        if not senses or measure in senses:
            return True
        if (
            measure == "count"
            and senses == frozenset({"rows"})
            and known.fact.about.split(",")[0] not in self.facts.tables
        ):
            return bool(told & {"correlation", "missing"})
        if measure == "rows" and senses == frozenset({"missing"}):
            return self.before in ("of", "the", "all")
        if way and (measure in LEVELS | {"share"}) and self.facts.is_extreme(known, way):
            return True
        if measure in ("anomaly", "maximum", "minimum") and senses & {"maximum", "minimum", "anomaly"}:
            return self._is_told_extreme(known) or (bool(self._named_spans()[0]) and way in (0, 2))
        if measure in ("anomaly", "maximum", "minimum", "expected") and senses <= {"mean", "expected"}:
            return known.daily and (known.column, "total") not in self.facts.told
        if measure == "change" or self.one.unit == "%":
            return not senses - SOFT - {"mean"} if measure == "change" else not senses - SOFT
        return senses <= SOFT
