"""`Kinds`: the kind of figure that the words name (a mean, a total, an extreme, what was due)."""

from typing import cast

from servers.analysis.figures.known import Known, stem
from servers.analysis.figures.mentions import Mention
from servers.analysis.figures.named import COMPARE, DUE, LEVELS, SENSES, SUPERLATIVE
from servers.analysis.figures.times import Times

SOFT = frozenset({"change", "slope", "share", "first", "last", "anomaly", "expected", "typical"})
"""Kinds of figure whose words may stand beside a level without making another of it."""
ROWS = ("row", "record", "entry", "observation", "measurement", "line")
INSTEAD = COMPARE | {"from", "instead", "after", "where", "should"}
FORMERLY = frozenset({"before", "previously", "earlier", "used"})
PASSIVE = frozenset(
    {"that", "which", "was", "were", "is", "had", "have", "has", "been", "would", "should", "we", "you"}
)


class Kinds(Times):
    """Whether the words beside a figure speak against a kind."""

    def _ahead(self) -> set[str]:
        """The words since the figure before."""
        first = max(
            (each.last for each in self.sentence.numbers if each.last < self.one.first), default=self.sentence.first - 1
        )
        return {*self.sentence.words.lows[first + 1 : self.one.first]}

    def _after(self) -> set[str]:
        """Those behind it, to the end of its clause."""
        sentence, one = self.sentence, self.one
        return {
            sentence.words.lows[at]
            for at in range(one.last + 1, sentence.last)
            if sentence.chunk(at) == sentence.chunk(one.last)
        }

    def _is_due(self) -> bool:
        """Whether its own words say that it was due: `an expected 12`, `12 that were due`, not `than expected`."""
        one, low = self.one, self.sentence.words.low
        places = range(max(one.first - 3, self.sentence.first), one.first)
        if any(low(at) in DUE and not (low(at - 1) in COMPARE and low(at + 1) == ":") for at in places):
            return True
        at = one.first - 1
        while low(at) in PASSIVE | {"there"}:
            at -= 1
        if low(at) in DUE:
            return True  # `normally there would have been 12`
        at = one.last + 1
        while low(at) in PASSIVE or (at == one.last + 1 and low(at) not in DUE and low(at + 1) in PASSIVE):
            at += 1
        return low(at) in DUE or low(one.last + 3) == "expect"

    def _is_kind(self, known: Known) -> bool:
        """Whether the words name no other kind of figure; one of no group and no period must be named by its kind."""
        sentence, measure = self.sentence, known.fact.measure
        words = sentence.known_words
        told = {
            name
            for each in sentence.mentions
            if each.sort == "measure"
            for name in SENSES.get(str(each.payload), {str(each.payload)})
        }
        if self._is_due():
            return measure == "expected"
        if measure == "expected":
            if self.before == ":" and self._ahead() & {"expected"} and "change" not in self._kinds():
                return True  # as a fact's own text is
            return bool(self._ahead() & INSTEAD or self._after() & FORMERLY) and self.before not in ("to", "at", "hit")
        if (
            measure == "anomaly"
            and self.before in ("of", "than", "against", "versus")
            and self._ahead() & {"instead", "rather", "against", "versus"}
        ):
            return False  # `12 instead of 14` has what was due behind
        if self._is_divided():
            return measure == "median"
        is_event = measure in ("anomaly", "maximum", "minimum") and known.span is not None
        licensed = {
            "correlation": "correlation" in told,
            "missing": "missing" in told or bool(words & {"no", "lacks", "gap", "gaps", "incomplete"}),
            "slope": (bool(self.one.rate) or "slope" in told) and (known.number or 0) * self.way >= 0,
            "median": "median" in told,
            "minimum": is_event or "minimum" in told or bool(words & {"from", "between", "range"}),
            "maximum": is_event or "maximum" in told or bool(words & {"to", "between", "range"}),
            "mean": "mean" in told
            or bool(known.groups)
            or known.daily
            or bool(known.span)
            or (known.column, "total") not in self.facts.told,
        }.get(measure, True)
        if not licensed:
            return False
        if measure in ("rows", "count") and not known.groups and self._counts_things():
            return True
        names = self._kinds()
        ways = {SUPERLATIVE[name] for name in names if name in SUPERLATIVE}
        senses = {sense for name in names if name != "typical" for sense in SENSES.get(name, {name})} - {
            "expected",
            "first",
            "last",
        }
        senses -= {"anomaly"} if measure in LEVELS | {"share", "median"} else set()
        if measure in ("change", "share"):
            senses -= {"maximum", "minimum", "anomaly", "total", "rows", "count"}
            soft = senses <= {"mean", "slope", "median"} and measure == "change"
            return not senses or measure in senses or soft
        if is_event:
            is_long = known.span is not None and known.span[1] - known.span[0] > 6
            is_level = is_long or (known.column, "total") not in self.facts.told
            odd = senses - {"anomaly", "maximum", "minimum", "change", "slope", "share"}
            if odd and not (known.daily and odd <= ({"mean", "median"} if is_long else {"mean"}) and is_level):
                return False
            return not ways & {1, -1} or (1 if self._is_high(known) else -1) in ways or 2 in ways
        if measure in senses or (
            measure == "count" and senses & {"rows", "correlation"} and told & {"correlation", "missing", "rows"}
        ):
            return True
        if ways and measure in LEVELS and any(self.facts.is_extreme(known, way) for way in ways):
            return True
        return senses <= SOFT

    def _kinds(self) -> list[str]:
        """The kinds of figure that are named since the figure before, or else behind it in its own clause."""
        sentence, one = self.sentence, self.one
        found, near = sentence.pick("measure", one)
        if near == "own" and sentence.neighbours(one)[3] > 1:
            return [str(each.payload) for each in found]
        first = max((other.last for other in sentence.numbers if other.last < one.first), default=sentence.first - 1)
        last = min((other.first for other in sentence.numbers if other.first > one.last), default=sentence.last)
        mentions = [each for each in sentence.mentions if each.sort == "measure" and self._is_kind_here(each)]
        before = [each for each in mentions if first < each.first < one.first]
        strong = [
            at for at in range(first + 1, one.first) if sentence.words.lows[at] in (";", "while", "whereas", "but")
        ]
        before = [each for each in before if not strong or each.first > strong[-1]]
        after = [
            each
            for each in mentions
            if one.last < each.first < last and sentence.chunk(each.first) == sentence.chunk(one.last)
        ]
        chosen = before or after
        placed = [*sentence.own("when", one), *sentence.own_groups(one)]
        chosen = [
            each
            for each in chosen
            if each.payload not in SUPERLATIVE or not placed or sentence.chunk(each.first) == sentence.chunk(one.first)
        ]
        names = [str(each.payload) for each in chosen]
        return [name for name in names if name != "per" or {*names} == {"per"}]

    def _is_kind_here(self, mention: Mention) -> bool:
        """Whether a word tells the kind of this figure: not the rows that something else is of, nor `of the total`."""
        words, at = self.sentence.words, mention.first
        if mention.payload == "rows":
            return 0 < at - self.one.last <= 2
        return mention.payload != "total" or (words.low(at - 1) != "of" and words.low(at - 2) != "of")

    def _counts_things(self) -> bool:
        """Whether its noun is what a row of the table is: `2,314 incidents`."""
        sentence, one = self.sentence, self.one
        nouns = [each for each in sentence.mentions if each.sort == "column" and 0 < each.first - one.last <= 2]
        return self._behind() in ROWS or any(
            cast("frozenset[tuple[str, ...]]", each.payload) <= self.facts.things for each in nouns
        )

    def _is_divided(self) -> bool:
        """Whether half of the values lie on each side of it: `half of the orders are below 58 EUR`."""
        index = self.sentence.numbers.index(self.one)
        before = self.sentence.numbers[index - 1] if index else None
        if not self.sentence.divides or before is None or before.kind != "part" or before.readings[0][0] != 50:
            return False
        between = {*self.sentence.words.lows[before.last + 1 : self.one.last]}
        return bool(between & {"below", "above", "under", "over", "than", "within", "beyond"}) and not between & {
            ",",
            ";",
        }

    def _behind(self) -> str:
        """The noun that a number counts: `days` of `85 working days`."""
        at = self.one.last + 1
        words = self.sentence.words
        return next((stem(words.low(at + step)) for step in (1, 0) if stem(words.low(at + step)) in (*ROWS, "day")), "")
