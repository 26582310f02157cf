"""`Sums`: a figure as the sum of groups or periods that are named together, as what is left, as their share."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from servers.analysis.figures.known import Groups, Known
from servers.analysis.figures.mentions import spans_in
from servers.analysis.figures.named import TOGETHER
from servers.analysis.figures.tie import Tie, fits
from servers.analysis.figures.uncontradicted import Uncontradicted
from servers.analysis.quantities.quantity import Span


class Sums(Uncontradicted):
    """Ties to sums and their shares."""

    def _several(self) -> list[Known]:
        """The sums of the groups or the periods that the sentence names together, and what is left of the whole."""
        sentence, made = self.sentence, list[Known]()
        if self.around & {"each", "respectively", "apiece"}:
            return made
        for dim in self.facts.dims:
            runs = [
                [cast("tuple[str, str]", each.payload) for each in run.all]
                for run in sentence.runs.get(f"group {dim}", [])
            ]
            sets = [frozenset(run) for run in runs if len(run) > 1]
            everyone = frozenset(each for run in runs for each in run)
            if sentence.known_words & TOGETHER and len(everyone) > 1:
                sets.append(everyone)
            all_of = frozenset(
                each for known in self.facts.all for each in known.groups if each[0] == dim and len(known.groups) == 1
            )
            if sentence.known_words & {"remaining", "rest", "remainder", "others", "other"}:
                sets += [all_of - each for each in (everyone, *sets)]
            for groups in dict.fromkeys(sets):
                made += self._sum_of([frozenset({each}) for each in groups], [None])
        for run in sentence.runs.get("when", []):
            spans = [span for each in run.all for span in spans_in(each)]
            if len(spans) == 1 and spans[0][1] - spans[0][0] > 31:  # `the last two months`
                spans = sorted(
                    {
                        each.span
                        for each in self.facts.all
                        if each.span
                        and len(each.fact.when) == 7
                        and spans[0][0] <= each.span[0]
                        and each.span[1] <= spans[0][1]
                    }
                )
            if len(spans) > 1:
                made += self._sum_of([frozenset()], spans)
        return made

    def _sum_of(self, groups: Sequence[Groups], spans: Sequence[Span | None]) -> Iterator[Known]:
        for measure in ("total", "count", "rows", "share"):
            parts = [
                next(
                    (
                        known
                        for known in self.facts.all
                        if (known.groups, known.span, known.fact.measure) == (group, span, measure)
                        and known.number is not None
                        and not known.daily
                        and not known.other
                    ),
                    None,
                )
                for group in groups
                for span in spans
            ]
            known = [each for each in parts if each]
            if len(known) == len(parts) > 1 and len({each.column for each in known}) == 1:
                whole = (
                    (min(each.span[0] for each in known if each.span), max(each.span[1] for each in known if each.span))
                    if known[0].span
                    else None
                )
                yield replace(
                    known[0],
                    groups=frozenset(each for group in groups for each in group),
                    span=whole,
                    number=sum(each.number or 0.0 for each in known),
                )

    def _of_several(self) -> Iterator[Tie]:
        for known in self._several():
            if known.number is None or not self._is_of_column(known):
                continue
            spans = self.sentence.pick("when", self.one)[0]
            named = tuple(span for mention in spans for span in spans_in(mention))
            if fits(self.one, known.number, known.unit, known.factor, of=2):
                yield Tie("right", known, "a sum", named, known.number)
            whole = self._whole(known)
            if (
                whole
                and whole.number
                and self.one.unit == "%" != known.unit
                and not (self.way and (self.near == "own" or self.before == "or"))
                and self.one.shows(100 * known.number / whole.number)
            ):
                yield Tie("right", known, "a share of the whole", named)

    def _whole(self, known: Known) -> Known | None:
        """What a group or a period is a part of."""
        like = {
            each.fact.measure: each
            for each in self.facts.all
            if self._is_plain(each) and not each.daily and (each.column == known.column or each.fact.measure == "rows")
        }
        return like.get(known.fact.measure) or like.get("total") or like.get("rows")

    def _is_plain(self, known: Known) -> bool:
        return not known.groups and known.span is None
