"""`Changes`: a figure as a change or a slope, as a fact tells it."""

from collections.abc import Iterator

from servers.analysis.figures.known import Scope
from servers.analysis.figures.levels import DAYS
from servers.analysis.figures.sums import Sums
from servers.analysis.figures.tie import Tie, fits


class Changes(Sums):
    """Ties to changes."""

    def _changes(self, scope: Scope) -> Iterator[Tie]:
        one = self.one
        way = self.way or one.sign
        if one.rate:
            yield from self._slopes(scope, way)
        for known in self.facts.within(scope._replace(measures=frozenset({"change"})), self.sentence.carried.spans):
            if known.number is None:
                continue
            ratio = 1 + known.number / 100
            if one.kind == "times" or (one.kind == "part" and self.sentence.words.low(one.last + 1) == "as"):
                shown = ratio if one.kind == "times" else 100 * ratio
                fits = one.shows(shown) or (way < 0 and ratio > 0 and one.kind == "times" and one.shows(1 / ratio))
            else:
                fits = one.unit == "%" and self._shown(known.number, way)
            if fits:
                yield Tie("right", known, spans=tuple(each for each in (known.span, known.against) if each))
            elif one.unit == "%" or one.kind == "times":
                yield Tie("false", known)

    def _shown(self, value: float, way: int) -> bool:
        return self.one.shows(abs(value)) and (value * way > 0 if way else value >= 0 or self.near == "own")

    def _slopes(self, scope: Scope, way: int) -> Iterator[Tie]:
        days = DAYS[self.one.rate]
        for known in self.facts.within(scope._replace(daily=False, measures=frozenset({"slope"}))):
            if known.number is not None:
                value = known.number * days
                if (value * way > 0 or not way) and fits(
                    self.one, abs(value) if way else value, known.unit, known.factor
                ):
                    yield Tie("right", known, spans=scope.spans or ())
                elif self._same_unit(known):
                    yield Tie("false", known)
