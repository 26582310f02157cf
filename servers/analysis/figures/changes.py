"""`Changes`: a figure as a change, a difference or a ratio, told by a fact or between two."""

from collections.abc import Iterator
from typing import cast

from servers.analysis.figures.known import Known, Scope
from servers.analysis.figures.levels import DAYS
from servers.analysis.figures.mentions import spans_in
from servers.analysis.figures.named import GAP, LEVELS, SENSES
from servers.analysis.figures.sums import Sums
from servers.analysis.figures.tie import Tie, fits
from servers.analysis.quantities.quantity import Quantity

MOST_PAIRS = 60
"""Facts of either side that a difference or a ratio is looked for in."""
COMPARABLE = frozenset({"mean", "median", "maximum", "minimum", "extreme", "typical"})


class Changes(Sums):
    """Ties to changes."""

    def _changes(self, scope: Scope) -> Iterator[Tie]:
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
                yield Tie("right", known, spans=tuple(each for each in (known.span, known.against) if each))
            elif one.unit == "%" or one.kind == "times":
                yield Tie("false", known)
        for left, right, free in self._pairs(scope):
            if left.number is None or right.number is None or left.unit != right.unit:
                continue
            spans = tuple(each for each in (left.span, right.span) if each)
            if self._shows_pair(left, right, 0 if free else way, free):
                yield Tie("right", left, f"against {right.fact.value}", spans)

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
