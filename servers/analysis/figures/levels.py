"""`Levels`: a figure as a value of one fact."""

from collections.abc import Iterator

from servers.analysis.figures.known import Known, Scope
from servers.analysis.figures.named import EXTREME, LEVELS
from servers.analysis.figures.tie import Beside, Tie, fits, signed

DAYS = {"day": 1, "week": 7, "month": 30.5, "year": 365, "hour": 1 / 24}


class Levels(Beside):
    """Ties to a total, a mean, an extreme, a share."""

    def _levels(self, scope: Scope) -> Iterator[Tie]:
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
            if signed(one, known, value) and self._goes(known):
                yield Tie("right", known, spans=scope.spans or (), value=value)
            elif self._same_unit(known):
                yield Tie("false", known)

    def _rates(self, scope: Scope) -> Iterator[Tie]:
        """A total by the day, the week, the month: `18,250 visits, 50 a day`."""
        if not self.one.rate or not self.facts.hull or not (scope.measures or {"mean"}) & {"mean", "total"}:
            return
        for known in self.facts.within(scope._replace(daily=False, measures=frozenset({"rows", "count", "total"}))):
            first, last = known.span or self.facts.hull
            value = (known.number or 0.0) * DAYS[self.one.rate] / (last - first + 1)
            if fits(self.one, value, known.unit, known.factor):
                yield Tie("right", known, f"by the {self.one.rate}")

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
