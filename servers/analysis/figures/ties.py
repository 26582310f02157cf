"""`Ties`: the verdict on a figure."""

from servers.analysis.figures.known import Known
from servers.analysis.figures.named import LEVELS, NOT
from servers.analysis.figures.tie import Tie, fits
from servers.analysis.figures.together import Together
from servers.analysis.quantities.quantity import Span


class Ties(Together):
    """Tries what a figure may be."""

    def tie(self) -> Tie:
        """The verdict on this figure."""
        one = self.one
        if one.kind == "unreadable":
            return Tie("unknown", why=one.why)
        if self._denied():
            return Tie("unknown", why="it stands under a negation")
        if one.kind in ("date", "weekday"):
            return self._date()
        if one.kind == "rank":
            return self._rank()
        if counted := self._counted():
            return counted
        if self._halves():
            return Tie("right", why="what a median is")
        named: list[Known] = []
        for scope in self.sentence.scopes(one):
            kinds = (
                frozenset({"change"}) if self.role == "change" else (scope.measures or LEVELS | {"share"}) - {"change"}
            )
            for known in self.facts.within(scope._replace(measures=kinds), self.sentence.carried.spans):
                if known.number is not None and self._same_unit(known) and known not in named:
                    named.append(known)
        if self._is_of_something_else():
            return Tie("unknown", why="it counts something that no fact is about")
        if one.readings and (told := self._uncontradicted() or self._follows()):
            return Tie("false", told.known, "so many are there") if self._is_lacking(told) else told
        if named:
            near = min(named, key=self._distance)
            return Tie("false", near, "", self._mistimed())
        for known in self.facts.all:
            if (
                known.number is not None
                and abs(known.number) >= 2
                and fits(one, abs(known.number), known.unit, known.factor)
            ):
                return Tie("false", known, "its words name something else", self._mistimed())
        return Tie("unknown", why="no fact tells it")

    def after_all(self) -> Tie | None:
        """What it follows from, once all other figures of its sentence are told."""
        return None if self._denied() or self._is_of_something_else() else self._follows()

    def _is_lacking(self, tie: Tie) -> bool:
        """Whether the words behind a figure say that so many are missing, where it is the number that are there."""
        behind = {self.sentence.words.low(self.one.last + step) for step in (1, 2, 3)}
        return (
            tie.known is not None
            and tie.known.fact.measure in ("count", "rows")
            and not tie.known.groups
            and "of" not in (self.before, self.sentence.words.low(self.one.first - 2))
            and bool(behind & {"no", "without", "lack", "lacks", "lacked", "missing"})
            and any(known.fact.measure == "missing" for known in self.facts.all)
        )

    def _mistimed(self) -> tuple[Span, ...]:
        """The periods that are named for this figure, where it is one of another period."""
        kinds = frozenset({"change"}) if self.role == "change" else None
        for scope in self.sentence.scopes(self.one):
            anywhen = scope._replace(spans=None, measures=kinds or scope.measures)
            for known in self.facts.within(anywhen, self.facts.times) if scope.spans else ():
                is_other = known.span and not any(self.facts.is_of(known, each) for each in scope.spans or ())
                if is_other and known.number and fits(self.one, abs(known.number), known.unit, known.factor):
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
            if low in ("until", "before", "anything"):  # `did not open until 3 July`
                break
            if (low in NOT - {"no", "without"} and self.sentence.words.low(at + 1) != "only") or low.endswith(
                ("n't", "n\u2019t")
            ):
                return True
        return False
