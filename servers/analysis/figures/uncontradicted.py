"""`Uncontradicted`: a figure as the value of any fact that the words round it do not speak against."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from servers.analysis.figures.kinds import ROWS, Kinds
from servers.analysis.figures.known import Known, stem
from servers.analysis.figures.mentions import Mention, spans_in
from servers.analysis.figures.named import (
    ALL,
    BEGINS,
    COMPARATIVE,
    COMPARE,
    DUE,
    ENDS,
    LEVEL,
    MATTERS,
    PEOPLE,
    TOGETHER,
    WHOLE,
)
from servers.analysis.figures.tie import Tie, signed
from servers.analysis.quantities.quantity import Quantity, Span

INVERSE = frozenset({"negative", "negatively", "inverse", "inversely"})
DAYS = {"day": 1.0, "week": 7.0, "month": 30.5, "year": 365.0, "hour": 1 / 24}


class Uncontradicted(Kinds):
    """Ties to what nothing speaks against: each name of a fact stands in its sentence or the one before, no other."""

    def _uncontradicted(self) -> Tie | None:
        for known in self.facts.all:
            if self._tells(known) and self._may_be(known):
                spans = tuple(each for each in (known.span, known.against) if each)
                return Tie("right", known, spans=spans, value=known.number)
        return None

    def _tells(self, known: Known) -> bool:
        one, number, measure, sentence = self.one, known.number, known.fact.measure, self.sentence
        if number is None:
            return False
        if measure == "change":
            way = one.sign or (self.way if self.near else 0)
            of_due = one.unit == "%" and sentence.words.low(one.last + 1) == "of" and self.around & (DUE | {"normal"})
            if one.kind == "times" or of_due or (one.kind == "part" and self.sentence.words.low(one.last + 1) == "as"):
                ratio = 1 + number / 100
                return one.shows(ratio if one.kind == "times" else 100 * ratio)
            return one.unit == "%" and one.shows(abs(number)) and (number * way > 0 if way else True)
        if self.sentence.words.low(one.last + 1) in COMPARATIVE:
            return False
        if measure == "median" and self._is_divided():
            one = replace(one, bound="")
        if one.kind == "times" or (measure != "share" and known.unit != "%" and one.unit == "%"):
            return False
        if measure == "correlation" and self.around & INVERSE and not one.sign:
            return number < 0 and one.shows(-number)
        return any(signed(one, known, each) for each in self._by_time(known, number)) and self._goes(known)

    def _rate_ahead(self) -> str:
        """The `week` of `a week brings 12`."""
        lows, one = self.sentence.words.lows, self.one
        for at in range(one.first - 1, max(one.first - 4, self.sentence.first), -1):
            if lows[at] in DAYS and lows[at - 1] in ("a", "an", "per", "each", "every"):
                return lows[at]
        return ""

    def _by_time(self, known: Known, number: float) -> list[float]:
        """What a fact's value is by the day, the week, the month that the figure names: `18,250 visits, 50 a day`."""
        rate, hull = self.one.rate or self._rate_ahead(), known.span or self.facts.hull
        if not rate or (rate == "day" and known.daily):
            return [number]
        if known.daily or known.fact.measure == "slope":
            return [number * DAYS[rate]]
        if hull and known.fact.measure in ("total", "count", "rows"):
            return [number * DAYS[rate] / (hull[1] - hull[0] + 1)]
        return [number]

    def _may_be(self, known: Known) -> bool:
        return (
            self._is_of_column(known) and self._is_of_groups(known) and self._is_of_time(known) and self._is_kind(known)
        )

    def _is_of_column(self, known: Known) -> bool:
        sentence, facts = self.sentence, self.facts
        if self._is_of_another_matter():
            return False
        if known.fact.measure == "count" and known.other:
            named = {column for each in self._payloads("column") for column in cast("frozenset[tuple[str, ...]]", each)}
            is_pair = "correlation" in self._payloads("measure") or {known.column, known.other} <= named
            return is_pair and known.other in named | {facts.metric}
        if known.fact.measure == "rows" and (self.before == "of" or self._behind() in ROWS):
            return True
        if known.column == ("day",) and self._behind() == "day":
            return True
        if known.fact.measure in ("rows", "count", "missing"):
            behind = [
                each
                for each in sentence.mentions
                if each.sort == "column"
                and 0 < each.first - self.one.last <= (4 if sentence.words.low(self.one.last + 1) == "of" else 1)
            ]
            if any(known.column in cast("frozenset[tuple[str, ...]]", each.payload) for each in behind):
                return True
        found, near = sentence.pick("column", self.one)
        found = [each for each in found if self._may_have_unit(each)]
        named = [cast("frozenset[tuple[str, ...]]", each.payload) for each in found if near == "own"]
        named = [each for each in named if not each <= facts.things]
        if not named:
            named = [
                cast("frozenset[tuple[str, ...]]", each.payload)
                for each in sentence.mentions
                if each.sort == "column" and self._may_have_unit(each)
            ]
            named = [each for each in named if not each <= facts.things]
            if not named and (known.column == facts.metric or known.fact.measure in ("rows", "count")):
                return True
            named = named or ([sentence.carried.columns] if sentence.carried.columns else [])
            if not named:
                is_extreme = known.fact.measure in ("maximum", "minimum") and self._is_kind(known)
                if known.unit and stem(sentence.words.low(self.one.last + 1)) == stem(known.unit):
                    return True
                return bool(known.groups) or bool(self.one.unit and self.one.unit == known.unit != "%") or is_extreme
        if known.other:
            pair = {known.column, known.other}
            union = {column for each in self._payloads("column") for column in cast("frozenset[tuple[str, ...]]", each)}
            near = (self.columns or {*named[0]}) - facts.things
            fits_near = near <= pair if len(near) < 3 else pair <= near
            return pair <= union | {facts.metric} and fits_near
        return any(known.column in each for each in named)

    def _is_of_another_matter(self) -> bool:
        """Whether the words name a matter that no column is of: `camera prices were 12`, `12 % of customers`."""
        one, words = self.one, self.sentence.words
        named = {at for each in self.sentence.mentions for at in range(each.first, each.last + 1)}
        breaks = {",", ";", ":", "and", "but", "while", "whereas"}
        numbered = {at for each in self.sentence.numbers for at in range(each.first, each.last + 1)}
        at, ahead = one.first - 1, list[int]()
        while at >= self.sentence.first and at not in numbered and words.lows[at] not in breaks:
            ahead += [at] * (words.lows[at] in MATTERS)
            at -= 1
        at = one.last + 1
        while words.low(at) in ("of", "all", "the", "our", "its", "new"):
            at += 1
        return any(each not in named for each in ahead) or (words.low(at) in MATTERS | PEOPLE and at not in named)

    def _may_have_unit(self, mention: Mention) -> bool:
        """Whether a column that is named may be that of this figure: an error rate has no figure in milliseconds."""
        columns = cast("frozenset[tuple[str, ...]]", mention.payload)
        units = {known.unit for known in self.facts.all if known.column in columns}
        return not units or not self.one.unit or self.one.unit in (*units, "%", "pp")

    def _is_of_groups(self, known: Known) -> bool:
        sentence = self.sentence
        if known.fact.measure == "rows" and self.before == "of":
            return True
        for dim in self.facts.dims:
            found, near = sentence.pick(f"group {dim}", self.one)
            mine = {each for each in known.groups if each[0] == dim}
            own = {cast("tuple[str, str]", each.payload) for each in found}
            if near == "own" and len(own) > 1 and mine < own and self.around & TOGETHER:
                return False  # `North and South together brought 12`
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
        if self.before in ("day", "week", "month", "year"):  # `of that day's 1,757`
            return True
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
            if not named:
                return bool(self.sentence.known_words & BEGINS and self.sentence.known_words & ENDS)
        is_event = measure in ("anomaly", "expected") or known.fact.against == "expected" or measure == "count"
        if self.before == "from" and any(each[0] == span[1] + 1 for each in named):
            return True  # `jumped in May, from 12 to 14`
        if any(
            each == span
            or (
                is_event
                and (
                    (span[0] <= each[0] and each[1] <= span[1] and (each[0] == span[0] or each[1] - each[0] < 7))
                    or (each[1] - each[0] > 20 and each[0] <= span[0] <= each[1])
                )
            )
            or (is_event and abs(each[0] - span[0]) < 31 > abs(each[1] - span[1]) and each[1] - each[0] > 58)
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

    def _way_place(self) -> int:
        ways = [each.first for each in self.sentence.mentions if each.sort == "way" and each.first < self.one.first]
        return max(ways, default=-1)

    def _goes(self, known: Known) -> bool:
        """Whether a level was reached in the direction that its words name: `fell to 12`."""
        if not self.way or self.near != "own" or self.before not in ("to", "at") or known.number is None:
            return True
        if any(self._way_place() < other.first < self.one.first for other in self.sentence.numbers):
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
