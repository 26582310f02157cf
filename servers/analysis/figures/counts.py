"""`Counts`: a figure as a number of groups, anomalies or days, or as a place in an order."""

import re
from dataclasses import replace
from typing import cast

from servers.analysis.figures.known import stem, stems_of
from servers.analysis.figures.mentions import spans_in
from servers.analysis.figures.named import BEGINS, BOUNDARY, ENDS, LEVELS
from servers.analysis.figures.tie import Beside, Tie, fits
from servers.analysis.quantities.quantity import Span

VOID = frozenset({"no", "missing", "without", "gap", "gaps", "nothing", "none", "lack", "lacks", "empty", "anything"})


class Counts(Beside):
    """Ties to counts."""

    def _counted(self) -> Tie | None:
        """A number of groups, of anomalies, of days of the data; `None` where a figure counts none of these."""
        one, sentence = self.one, self.sentence
        if one.kind != "number" or (one.unit and one.unit != "time") or not one.readings:
            return None
        number = one.readings[0][0]
        noun = next(
            (each for each in sentence.mentions if 0 < each.first - one.last <= 2 and each.sort in ("dim", "measure")),
            None,
        )
        between = sentence.words.lows[one.last + 1 : noun.first] if noun else []
        if {*between} & BOUNDARY:
            noun = None
        if self.before == ":":  # `Anomalies: 5`
            heads = (each for each in sentence.mentions if each.payload == "anomaly" and each.last == one.first - 2)
            noun = next(heads, noun)
        if self.before in BEGINS | ENDS and not one.unit:  # `in the first four weeks and 73 in the last four`
            for other in sentence.numbers:
                if other.last < one.first and other.unit == "time" and other.readings[0][0] == number * other.factor:
                    return Tie("right", why="as long as the one before")
        if (days := self._duration()) or (days := self._some_of(number)):
            return days
        if (
            noun
            and noun.first == one.last + 1
            and noun.payload in ("maximum", "minimum", "extreme")
            and 1 < number <= 12
        ):
            return Tie("right", why="it chooses that many")  # `the two busiest months`
        if noun and noun.sort == "dim":
            dim = str(noun.payload)
            if any(len(run.all) == number for run in sentence.runs.get(f"group {dim}", [])):
                return Tie("right", why="that many are named")  # `three products, battery, lamp and cable`
            size = len({group for known in self.facts.all for group in known.groups if group[0] == dim})
            told = next(
                (known for known in self.facts.all if known.column == stems_of(dim) and known.fact.measure == "count"),
                None,
            )
            total = int(told.number) if told and told.number else size
            if self.before in ("other", "remaining"):  # `more than the other three regions`
                total -= len({str(each.payload) for each in sentence.mentions if each.sort == f"group {dim}"})
            if one.of is not None and one.of != total:
                return Tie("false", told, f"there are {total}")
            if self.before in ("top", "bottom", "largest", "smallest") and number <= total:
                return Tie("right", told)
            if one.of is not None or self.way:
                return self._grown(dim, number)
            example = told or next(
                (known for known in self.facts.all if any(group[0] == dim for group in known.groups)), None
            )
            return Tie("right", example) if one.shows(total) else Tie("false", told, f"there are {total}")
        if noun and noun.payload == "anomaly" and one.of is None:
            scope = next(sentence.scopes(one))
            told = [
                known for known in self.facts.all if known.column[-1:] == ("anomaly",) and known.fact.measure == "count"
            ]
            columns = scope.columns
            found = [
                known
                for known in self.facts.all
                if known.fact.measure == "anomaly"
                and (columns is None or known.column in columns)
                and {cast("tuple[str, str]", each.payload) for each in sentence.own_groups(one)} <= known.groups
            ]
            totals = (
                {float(len(found)), *(known.number or 0.0 for known in told)}
                if found and not sentence.own_groups(one)
                else {float(len(found))}
            )
            if (columns is None or not found) and not sentence.own_groups(one):
                totals = {known.number or 0.0 for known in told} or totals
            if sentence.own("when", one) and scope.spans:
                totals = {
                    len(
                        [
                            known
                            for known in found
                            if known.span and any(first <= known.span[0] <= last for first, last in scope.spans)
                        ]
                    )
                }
            if totals:
                return (
                    Tie("right", (told or found or [None])[0])
                    if any(one.shows(each) for each in totals)
                    else Tie("false", (told or [None])[0], f"there are {sorted(totals)[0]:g}")
                )
        if one.of is not None:
            half = min(1.5, 60 / one.of**2 if number == 1 else 50 / one.of)
            one.readings, one.kind, one.unit = ((100 * number / one.of, half),), "part", "%"
        return None

    def _some_of(self, number: float) -> Tie | None:
        """`four drops`, `two of them spikes`: so many of the anomalies; `the seven`, `all twelve`: all there are."""
        one, sentence = self.one, self.sentence
        behind = [sentence.words.low(one.last + step) for step in range(1, 5)]
        near = behind[2:3] if behind[0] == "of" else behind[:2]
        anomalies = [known for known in self.facts.all if known.fact.measure == "anomaly"]
        high = [known for known in anomalies if self._is_high(known)]
        of_kind = {"drop": len(anomalies) - len(high), "dip": len(anomalies) - len(high), "spike": len(high)}
        short = sum(known.span is not None and known.span[1] - known.span[0] < 7 for known in high)
        noun = next((stem(low) for low in near if stem(low) in of_kind), "")
        if anomalies and noun and one.spelled:
            counts = {of_kind[noun], short} if noun == "spike" else {of_kind[noun]}
            return Tie("right", anomalies[0]) if number in counts else Tie("false", None, f"it is {of_kind[noun]}")
        if behind[:2] in (["of", "them"], ["of", "these"]) and anomalies and "anomaly" in self._payloads("measure"):
            grouped = sum(bool(known.groups) for known in anomalies)
            if number in (grouped, len(anomalies) - grouped):
                return Tie("right", anomalies[0])
        if number == 2 and behind[0] in ("columns", "measures", "metrics", "series", "variables"):
            return Tie("right", why="the two that are compared")
        if (
            one.spelled
            and self.before in ("all", "the", "our", "other")
            and (not behind[0].isalpha() or behind[0] in ("take", "takes", "stay", "stays", "is", "are"))
        ):
            sizes = {
                len({group for known in self.facts.all for group in known.groups if group[0] == dim})
                for dim in self.facts.dims
            }
            months = len({known.span for known in self.facts.all if len(known.fact.when) == 7})
            named = {
                dim: len({str(each.payload) for each in sentence.mentions if each.sort == f"group {dim}"})
                for dim in self.facts.dims
            }
            if self.before == "other":
                sizes = {size - number for size in sizes for number in named.values() if number}
            if number in {*sizes, months}:
                return Tie("right", why="all there are")
        return None

    def _duration(self) -> Tie | None:
        one, facts = self.one, self.facts
        after = self.sentence.words.low(one.last + 1)
        after = self.sentence.words.low(one.last + 2) if after == "-" else after
        is_days = one.unit == "time" and one.factor in (86400.0, 604800.0)
        is_months = not one.unit and after.rstrip("s") in ("month", "year", "quarter")
        units = {known.unit for known in facts.all}
        begins = facts.hull and any(
            known.fact.measure == "mean" and known.span and known.span != facts.hull and known.span[0] == facts.hull[0]
            for known in facts.all
        )
        if begins and self.before in BEGINS | ENDS and one.readings[0][0] == 28 * (86400.0 if is_days else 1.0):
            return Tie("right", why="the days that are compared")
        in_days = any(known.unit == "time" and known.factor >= 3600 for known in facts.all)
        if not (is_days or is_months) or (is_days and in_days) or units & {after, after.rstrip("s")}:
            return None
        named = [each for each in self.sentence.mentions if each.sort == "when"]
        days_of = [span for each in named for span in spans_in(each)]
        runs = self.sentence.runs.get("when", [])
        if is_months and any(len(run.all) == one.readings[0][0] for run in runs):  # `April and May, these two months`
            return Tie("right", why="that many are named")
        if is_days and any(
            known.column[:2] == ("day", "without")
            and known.number == one.readings[0][0] / 86400.0
            and self.sentence.known_words & VOID
            and (
                not named
                or (known.span and any(first <= known.span[1] and known.span[0] <= last for first, last in days_of))
            )
            for known in facts.all
        ):
            return Tie("right", why="the days without values")
        if any(
            known.column == ("day",) and one.unit and known.number == one.readings[0][0] / one.factor
            for known in facts.all
        ):
            return Tie("right", why="the days of the data")
        spans = [span for each in named for span in spans_in(each)] + ([facts.hull] if facts.hull else [])
        spans += [known.span for known in facts.all if known.span and self._may_last(known.span)]
        for first, last in spans:
            days = last - first + 1
            months = {"month": 30.44, "year": 365.25, "quarter": 91.3}.get(after.rstrip("s"), 1.0)
            if (is_days and self._lasts(days)) or (is_months and one.shows(round(days / months, 1))):
                return Tie("right", why="the length of the period")
        counted = [
            known
            for known in facts.all
            if known.column == ("anomaly",) and known.number == one.readings[0][0] / one.factor and one.factor == 86400
        ]
        return Tie("right", counted[0]) if counted else Tie("unknown", why="no period is that long")

    def _lasts(self, days: int) -> bool:
        one = self.one
        exact = replace(one, readings=tuple((value, half / 2) for value, half in one.readings))
        return (exact if one.factor > 86400 and not one.bound else one).shows(days * 86400.0)

    def _may_last(self, span: Span) -> bool:
        """Whether a length may be of a period that is not named by its days: the first, the last, some of a month."""
        facts, sentence = self.facts, self.sentence
        words, hull = sentence.known_words, facts.hull or span
        if (span[0] == hull[0] and words & BEGINS) or (span[1] == hull[1] and words & ENDS):
            return span != hull
        named = [each for mention in sentence.mentions if mention.sort == "when" for each in spans_in(mention)]
        return span[1] - span[0] < 27 and any(first <= span[1] and span[0] <= last for first, last in named)

    def _grown(self, dim: str, number: float) -> Tie | None:
        """`three of five regions grew`, by the facts that tell a change of each."""
        scope = next(self.sentence.scopes(self.one))
        changes = [
            known
            for known in self.facts.all
            if known.fact.measure == "change"
            and known.number is not None
            and {each[0] for each in known.groups} == {dim}
            and (scope.columns is None or known.column in scope.columns)
        ]
        if not changes or not self.way:
            return Tie("unknown", why="no fact tells how many")
        count = sum((known.number or 0.0) * self.way > 0 for known in changes)
        return Tie("right", changes[0]) if count == number else Tie("false", None, f"it is {count}")

    def _rank(self) -> Tie:
        one, words = self.one, self.sentence.words
        text = " ".join(words.lows[one.first : one.last + 3])
        smallest = bool(re.search(r"lowest|smallest|least|fewest|weakest|quietest|worst|shortest|fastest", text))
        best: Tie = Tie("unknown", why="no fact tells the order")
        for scope in self.sentence.scopes(one):
            base = scope._replace(measures=(scope.measures or frozenset()) & LEVELS or LEVELS | {"share"})
            if not base.groups and base.spans is None:
                continue
            for known in self.facts.within(base):
                ordered = sorted({each.number or 0.0 for each in self.facts.siblings(known)}, reverse=not smallest)
                if len(ordered) > 1 and known.number is not None:
                    if ordered.index(known.number) + 1 == one.readings[0][0]:
                        return Tie("right", known)
                    best = Tie("false", known, f"it is number {ordered.index(known.number) + 1} of {len(ordered)}")
        return best

    def _halves(self) -> bool:
        """Whether this is the half in `half of them are below 58 EUR`, and that is a median."""
        one, sentence = self.one, self.sentence
        others = [each for each in sentence.numbers if each.first > one.last]
        if one.kind != "part" or one.readings[0][0] != 50 or not others:
            return False
        medians = [known for known in self.facts.all if known.fact.measure == "median" and known.number is not None]
        return sentence.divides and any(
            fits(others[0], known.number or 0.0, known.unit, known.factor) for known in medians
        )
