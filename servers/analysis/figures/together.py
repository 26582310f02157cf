"""`Together`: a figure as what follows from facts that its sentence names or has just told."""

from collections.abc import Iterator
from itertools import combinations
from typing import cast

from servers.analysis.figures.known import Known
from servers.analysis.figures.mentions import spans_in
from servers.analysis.figures.named import (
    BEGINS,
    COMPARATIVE,
    COMPARE,
    ENDS,
    FAST,
    GAP,
    LEVELS,
    MEAN,
    SENSES,
    SUPERLATIVE,
    TOGETHER,
)
from servers.analysis.figures.sums import Sums
from servers.analysis.figures.tie import Tie, fits
from servers.analysis.quantities.quantity import Quantity, Span
from servers.analysis.quantities.vocabulary import MULTIPLYING

MOST_IN_PLAY = 40
"""Facts that a sentence names, of which any two may make a figure."""
IN_PLAY = LEVELS | {"anomaly", "expected", "median", "share", "maximum", "minimum"}


class Together(Sums):
    """Ties to sums, shares, differences and ratios of what stands in the sentence."""

    def _follows(self) -> Tie | None:
        return next(self._of_told(), None) or next(self._of_several(), None) or next(self._of_two(), None)

    def _of_told(self) -> Iterator[Tie]:
        """A share of the whole, or a sum, of what the sentence told just before."""
        one, told = self.one, self.sentence.told
        if not told:
            return
        first, last, total = told[0][0], told[-1][0], sum(value for _, value in told)
        behind = self.before == "(" and any(other.last == one.first - 2 for other in self.sentence.numbers)
        if behind and self._tells(last):  # `a quarter (25.5 %)`
            yield Tie("right", last)
        like = {(known.column, known.unit) for known, _ in told}
        if self.around & TOGETHER and len(told) > 1 and len(like) == 1 and fits(one, total, last.unit, first.factor):
            yield Tie("right", first, "a sum", value=total)
        if one.unit != "%" or last.unit == "%" or self.way:
            return
        for known, value in [*told, (first, total)]:
            is_missing = known.fact.measure == "missing"
            kinds = {"rows"} if is_missing else {"total", "count", "rows"}
            for whole, amount in told:
                if known.groups > whole.groups and known.span == whole.span and one.shows(100 * value / (amount or 1)):
                    yield Tie("right", known, "a share of that time")
            for whole in self.facts.all:
                is_like = whole.unit == known.unit and (whole.column == known.column or is_missing)
                is_whole = is_like and self._is_plain(whole) and whole.fact.measure in kinds
                if is_whole and whole.number and one.shows(100 * value / whole.number):
                    yield Tie("right", known, "a share of the whole")

    def _in_play(self) -> list[Known]:
        """The facts that the sentence names: each of its groups and periods, of one column."""
        named = {cast("tuple[str, str]", each.payload) for each in self.sentence.mentions if "group " in each.sort}
        groups = named or {*self.sentence.carried.groups.values()}
        dates = [cast("Quantity", each.payload) for each in self.sentence.mentions if each.sort == "when"]
        times = {span for one in dates for span in (*one.periods, *one.ends[0], *one.ends[1])}
        times = times or {*self.sentence.carried.spans}
        made: list[Known] = []
        sentence_words = self.sentence.known_words
        for known in self.facts.all:
            measure, span = known.fact.measure, known.span
            is_event = measure in ("anomaly", "expected")
            if (
                known.number is not None
                and measure in IN_PLAY
                and known.groups <= groups
                and (known.groups or not named or measure in ("mean", "expected"))
                and (
                    span is None
                    or any(span == at or (is_event and span[0] <= at[0] <= at[1] <= span[1]) for at in times)
                )
                and self._is_of_column(known)
            ):
                made.append(known)
        if sentence_words & BEGINS and sentence_words & ENDS and self.facts.hull:
            first, last = self.facts.hull
            made += [
                known
                for known in self.facts.all
                if known.fact.measure == "mean"
                and known.span
                and (known.span[0] == first) != (known.span[1] == last)
                and known.groups <= groups
                and self._is_of_column(known)
            ]
        if len({known.span for known in made} - {None}) == 1:  # `more than doubled in March`
            for known in made[:MOST_IN_PLAY]:
                past = self._earlier(known)
                if (
                    past
                    and past.span
                    and known.span
                    and past.span[1] + 1 == known.span[0]
                    and past.fact.measure in LEVELS
                ):
                    made.append(past)
        return made[:MOST_IN_PLAY]

    def _is_in(self, at: Span, span: Span) -> bool:
        return span[0] <= at[0] and at[1] <= span[1]

    def _place(self, known: Known, other: Known) -> int:
        """Where the words stand that tell a fact from another."""
        mentions, compares = self.sentence.mentions, self.sentence.compares
        if known.groups != other.groups:
            mine = known.groups - other.groups
            named = [each for each in mentions if each.sort.startswith("group ")]
            at = next((each.first for each in named if each.payload in mine), 1 << 30)
            return at + (1 << 20) * (at < 1 << 30 and self.sentence.chunk(at) in compares)
        if known.span != other.span:
            named = [each for each in mentions if each.sort == "when" and known.span in spans_in(each)]
            hull = self.facts.hull or known.span
            if not named and known.span and hull and (known.span[0] == hull[0]) != (known.span[1] == hull[1]):
                ends = BEGINS if known.span[0] == hull[0] else ENDS
                return next(
                    (
                        at
                        for at in range(self.sentence.first, self.sentence.last)
                        if self.sentence.words.lows[at] in ends
                    ),
                    1 << 30,
                )
            return named[0].first + (1 << 20) * (self.sentence.chunk(named[0].first) in compares) if named else 1 << 30
        of, kind = [each for each in mentions if each.sort == "measure"], known.fact.measure
        named = [each for each in of if kind in SENSES.get(str(each.payload), {str(each.payload)})]
        return named[0].first if named else -1

    def _of_two(self) -> Iterator[Tie]:
        one, sentence = self.one, self.sentence
        is_gap, ahead = self._is_gap(), sentence.words.low(one.last + 1)
        if one.kind == "number" and not one.unit and one.readings[0][0] < 10 and not is_gap:
            return
        way = one.sign or self.way
        is_told = one.kind == "times" or self.role == "change" or ahead == "of" or ahead in COMPARATIVE
        if not (way or is_gap or is_told):
            return
        if {"maximum", "minimum"} <= {*map(str, self._payloads("measure"))}:
            for known in self.facts.all:
                if {each[0] for each in known.groups} & self._dims() and self._is_of_column(known):
                    numbers = [each.number or 0.0 for each in self.facts.siblings(known)]
                    if len(numbers) > 1 and self._between(max(numbers), min(numbers), 0, known):
                        yield Tie("right", known, "from the largest to the smallest")
        told = [known for known, _ in sentence.told]
        superlatives = {*map(str, self._payloads("measure"))} & {*SUPERLATIVE}
        if superlatives:
            told += [
                known
                for known in self.facts.all
                if known.fact.measure in ("maximum", "minimum") and known.span and self._is_of_column(known)
            ]
        terms = list({id(each): each for each in (*told, *self._several(), *self._in_play())}.values())
        for left, right in combinations(terms[:MOST_IN_PLAY], 2):
            if left.unit != right.unit or left.column != right.column:
                continue
            if left.daily != right.daily and not (
                self.sentence.known_words & MEAN and "mean" in (left.fact.measure, right.fact.measure)
            ):
                continue
            if not (left in told and right in told) and not self._differ_in_one(left, right):
                continue
            a, b = self._ordered(left, right)
            if self._between(a.number or 0.0, b.number or 0.0, way, a):
                yield Tie("right", a, f"against {b.fact.value}", tuple(each for each in (a.span, b.span) if each))

    def _differ_in_one(self, left: Known, right: Known) -> bool:
        """Whether two facts differ in their group, their period or their kind, and in nothing else that is not told."""
        words, pair = self.sentence.known_words, {left.fact.measure, right.fact.measure}
        if len(pair) == 1:
            if self._is_plain(left) != self._is_plain(right) and not words & (MEAN | {"overall"}):
                return False
            return (left.groups != right.groups) + (left.span != right.span) == 1
        if pair == {"mean", "median"}:
            return "median" in words and left.groups == right.groups and left.span == right.span
        if any(each.fact.measure in ("mean", "median") and self._is_plain(each) for each in (left, right)):
            return bool(words & MEAN)  # `five times the daily mean`
        return pair == {"anomaly", "expected"} and left.groups == right.groups and left.span == right.span

    def _ordered(self, left: Known, right: Known) -> tuple[Known, Known]:
        """What is compared, and with what: by the time, or by their places in the sentence."""
        one, sentence = self.one, self.sentence
        if {left.fact.measure, right.fact.measure} == {"anomaly", "expected"}:
            return (left, right) if left.fact.measure == "anomaly" else (right, left)
        after = {*sentence.words.lows[one.last + 1 : sentence.last]}
        if left.span != right.span and left.span and right.span:
            inside = {*sentence.words.lows[one.first : one.last + 1]}
            if any(1 << 20 <= each < 1 << 30 for each in (self._place(left, right), self._place(right, left))):
                after = after | {"than"}
                inside = set[str]()
            if inside & MULTIPLYING or (
                one.kind != "times" and not after & {"than", "ahead", "behind", "above", "below"}
            ):
                return (left, right) if left.span > right.span else (right, left)
        a, b = (left, right) if self._place(left, right) <= self._place(right, left) else (right, left)
        if self.near == "comparative" and left.groups and right.groups and not after & COMPARE:
            return b, a  # `Mondays bring 15, Sundays 11, a quarter less`
        return a, b

    def _is_gap(self) -> bool:
        """Whether a figure may be a difference in either direction: `a gap of 12`, `outsold the south by 12`."""
        way = self.one.sign or self.way
        is_open = self.before == "by" or (self.sentence.lows[0] == "between" and len(self.sentence.told) > 1)
        return bool(self.around & GAP) or (is_open and not way)

    def _between(self, a: float, b: float, way: int, known: Known) -> bool:
        one = self.one
        free = self._is_gap()
        if one.kind == "times":
            way = -1 if self.sentence.known_words & FAST else way
            return bool(b) and (one.shows(a / b) or (way < 0 and a < b and bool(a) and one.shows(b / a)))
        if one.unit == "%" and self.sentence.words.low(one.last + 1) == "of" and known.unit != "%":
            return bool(b) and one.shows(100 * a / b)  # `a fifth of North's`
        if free or not way:
            way = 1 if a >= b else -1
        if (a - b) * way <= 0:
            return False
        if one.unit == "%" and (known.unit != "%" or known.fact.measure != "share"):
            return bool(b) and one.shows(100 * abs(a / b - 1))
        if one.unit == "pp" or known.unit == "%":
            return known.unit == "%" and one.unit == "pp" and one.shows(abs(a - b))
        return fits(one, abs(a - b), known.unit, known.factor, of=2)
