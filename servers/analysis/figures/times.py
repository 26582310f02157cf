"""`Times`: a date, a month or a weekday against the times of the facts."""

from collections.abc import Iterator
from datetime import date
from itertools import islice

from servers.analysis.figures.counts import VOID, Counts
from servers.analysis.figures.known import Groups, Known, Scope
from servers.analysis.figures.mentions import spans_in
from servers.analysis.figures.named import EXTREME, LEVELS
from servers.analysis.figures.tie import Tie

FUZZY = frozenset({"early", "mid", "middle", "late", "end", "beginning", "start", "turn", "close"})


class Times(Counts):
    """Ties to times."""

    def _date(self) -> Tie:
        one, sentence = self.one, self.sentence
        days = [date.fromordinal(first).weekday() for first, last in one.periods if first == last]
        if one.kind == "date" and one.weekday is not None and one.weekday not in days:
            return Tie("false", why="that is another day of the week")
        if self.facts.hull in one.periods and self.near != "own" and self.facts.hull:
            return Tie("right", spans=one.periods)  # `in 2025`, where that is all there is
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
                    if scope.superlative and known.day is None and not is_named and not is_extreme:
                        continue
                    if not self._went(known):
                        named.append(known)
                        continue
                    return Tie("right", known, spans=spans)
            if scope.columns is not None and not named:
                like = [
                    known
                    for known in self.facts.within(scope._replace(spans=None, measures=scope.measures), ())
                    if known.span or known.day
                ]
                named += [known for known in like if known.fact.measure in EXTREME]
        if sentence.known_words & VOID:
            for known in self.facts.all:
                if (
                    known.fact.measure == "count"
                    and known.span
                    and (
                        known.span in spans
                        or any(day[0] == day[1] and known.span[0] <= day[0] <= known.span[1] for day in spans)
                    )
                ):
                    return Tie("right", known, spans=spans)
        before = {sentence.words.low(one.first - step) for step in (1, 2, 3)}
        if before & FUZZY:  # `from the end of March`, `before mid-July`
            for known in self.facts.all:
                if (
                    known.fact.measure == "anomaly"
                    and known.span
                    and any(
                        first <= known.span[0] <= min(first + 31, last)
                        or max(first, last - 31) <= known.span[1] <= last
                        for first, last in spans
                    )
                ):
                    return Tie("right", known, spans=spans)
        if not one.periods and one.kind == "date":
            return Tie("unknown", why="it hangs on no date before it")
        return Tie("false", named[0], "") if named else Tie("unknown", why="no fact is of that time")

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
