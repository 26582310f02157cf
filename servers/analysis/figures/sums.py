"""`Sums`: a figure as the sum of a few facts, as their share of the whole, as what remains of it."""

from collections.abc import Iterator, Sequence
from typing import cast

from servers.analysis.figures.known import Known, Scope
from servers.analysis.figures.levels import Levels
from servers.analysis.figures.mentions import names_of, spans_in
from servers.analysis.figures.tie import Tie, fits


class Sums(Levels):
    """Ties to sums and shares."""

    def _sums(self, scope: Scope) -> Iterator[Tie]:
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
                    yield Tie("right", shares[0], "what remains")
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
                    yield Tie("right", parts[0], "a share of the whole")

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

    def _sum(self, parts: Sequence[Known | None]) -> Iterator[Tie]:
        known = [each for each in parts if each]
        if len(known) < 2 or len(known) < len(parts) or len({(each.unit, each.column) for each in known}) > 1:
            return
        total = sum(each.number or 0.0 for each in known)
        if fits(self.one, total, known[0].unit, known[0].factor, of=len(known)):
            spans = self.sentence.pick("when", self.one)[0]
            named = tuple(span for mention in spans for span in spans_in(mention))
            yield Tie("right", known[0], "a sum", (*named, *(each.span for each in known if each.span)), total)
