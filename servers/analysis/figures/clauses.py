"""`Clauses`: a sentence in clauses, and which of its mentions belong to a figure."""

from itertools import pairwise
from typing import cast

from servers.analysis.figures.known import Known, KnownFacts
from servers.analysis.figures.mentions import Carried, Mention, Run, spans_in
from servers.analysis.figures.named import BOUNDARY, COMPARE, DAY_NAMES, JOINT, LEVEL
from servers.analysis.quantities.quantity import Quantity
from servers.analysis.quantities.tokens import Words

AGAINST = frozenset({"against", "compared", "versus", "vs", "to"})


class Clauses:
    """One sentence, or one row of a table with what stands over and before each cell."""

    def __init__(
        self,
        words: Words,
        facts: KnownFacts,
        place: tuple[int, int],
        figures: list[Quantity],
        mentions: list[Mention],
        *,
        carried: Carried,
    ) -> None:
        first, last = place
        self.words, self.facts, self.first, self.last, self.carried = words, facts, first, last, carried
        self.figures, self.mentions = figures, mentions
        self.told: list[tuple[Known, float]] = []
        """The facts that its figures before were right of, and their values."""
        self.lows = words.lows[first:last]
        self.known_words = {*self.lows}
        self.divides = "half" in self.known_words and bool(
            self.known_words & {"below", "above", "under", "over", "than", "within", "beyond"}
        )
        """Whether it may say what a median is: `half of the orders are below 58 EUR`."""
        if any(first == last for one in figures for first, last in one.periods):  # `Black Friday (28 November)`
            mentions = [
                each
                for each in mentions
                if not (each.sort.startswith("group ") and self.lows[each.first - first] in DAY_NAMES)
            ]
            self.mentions = mentions
        self.heads = self._apposed(figures)
        alone = {at for one, _ in self.heads.values() for at in (one.first - 1, one.last + 1)}
        taken = {at for one in figures for at in range(one.first, one.last + 1)}
        self.chunks: list[int] = []
        self.compares: set[int] = set()
        chunk, seen_as = 0, False
        for at in range(first, last):
            low = words.lows[at]
            is_boundary = at not in taken and at not in alone and low in BOUNDARY
            if low == "as":
                is_boundary, seen_as = seen_as, True
            if low in ("to", "from") and not any(one.first == at + 1 for one in figures):
                is_boundary = False
            if is_boundary:
                chunk += 1
                if low in COMPARE or low == "as":
                    self.compares.add(chunk)
            self.chunks.append(chunk)
        self.numbers = [one for one in figures if one.kind not in ("date", "weekday")]
        self.runs: dict[str, list[Run]] = {}
        for mention in mentions:
            if mention.sort == "column":
                self._bind(mention)
                if mention.bound < 0 and self._is_a_thing(mention) and self._has_a_column():
                    continue
            runs = self.runs.setdefault(mention.sort, [])
            between = words.lows[runs[-1].last + 1 : mention.first] if runs else []
            if (
                runs
                and len(between) <= 3
                and between
                and {*between} <= JOINT | facts.dims
                and {*between} & {",", "and", "&", "or", "/"}
                and not (between == [","] and self.chunk(runs[-1].last) in self.compares)
            ):
                runs[-1].last = mention.last
                runs[-1].all.append(mention)
            else:
                runs.append(Run(mention.first, mention.last, [mention]))

    def _apposed(self, figures: list[Quantity]) -> dict[int, tuple[Quantity, Quantity]]:
        """Figures in brackets behind another, which say the same again, with that one: `a quarter (25.5 %)`."""
        return {
            id(one): (one, before)
            for before, one in pairwise(figures)
            if before.last == one.first - 2
            and self.words.low(one.first - 1) == "("
            and self.words.low(one.last + 1) == ")"
            and one.kind not in ("date", "weekday")
            and before.kind not in ("date", "weekday")
        }

    def _is_a_thing(self, mention: Mention) -> bool:
        return cast("frozenset[tuple[str, ...]]", mention.payload) <= self.facts.things

    def _has_a_column(self) -> bool:
        return any(each.sort == "column" and not self._is_a_thing(each) for each in self.mentions)

    def _bind(self, mention: Mention) -> None:
        if self.words.lows[mention.first] == "|":
            return
        for index, one in enumerate(self.numbers):
            between = self.words.lows[one.last + 1 : mention.first]
            if (
                one.last < mention.first
                and len(between) <= 2
                and not {*between} & (BOUNDARY | LEVEL | {".", "in", "for", "per"})
            ):
                mention.bound = index

    def chunk(self, at: int) -> int:
        """The clause that a token is in."""
        return self.chunks[min(at, self.last - 1) - self.first]

    def neighbours(self, one: Quantity) -> tuple[int, int, int, int]:
        """Of a list of numbers (`1, 2 and 3`): the first token, the last, the place of this one in it, how many."""
        index = self.numbers.index(one)
        start = end = index
        while start and self._listed(self.numbers[start - 1], self.numbers[start]):
            start -= 1
        while end + 1 < len(self.numbers) and self._listed(self.numbers[end], self.numbers[end + 1]):
            end += 1
        return self.numbers[start].first, self.numbers[end].last, index - start, end - start + 1

    def _listed(self, one: Quantity, after: Quantity) -> bool:
        between = self.words.lows[one.last + 1 : after.first]
        named = any(
            one.last < each.first < after.first and each.sort[:5] in ("group", "when") for each in self.mentions
        )
        is_pair = not named and {*between[-2:]} & AGAINST and not {*between} & (BOUNDARY - AGAINST - COMPARE)
        return (0 < len(between) <= 2 and {*between} <= {",", "and", "&", "/"}) or (len(between) <= 3 and bool(is_pair))

    def _alternate(self, runs: list[Run]) -> bool:
        """Whether names and numbers come in turn: `30 in May and 40 in June`."""
        order = sorted([(run.first, 0) for run in runs] + [(one.first, 1) for one in self.numbers])
        ends = {one.first: one.last for one in self.numbers}
        is_close = all(at - ends[first] <= 3 for (first, is_one), (at, _) in pairwise(order) if is_one and order[0][1])
        return is_close and all(one[1] != after[1] for one, after in pairwise(order))

    def _is_against(self, start: int, end: int) -> bool:
        """Whether two numbers are set against each other: `12 against 14`."""
        return bool({*self.words.lows[start:end]} & AGAINST)

    def pick(self, sort: str, one: Quantity) -> tuple[list[Mention], str]:
        """The mentions of a sort that belong to a figure, and how near they are: `own`, `before`, `after`, or none."""
        runs = self.runs.get(sort, [])
        if not runs:
            return [], ""
        if id(one) in self.heads:
            return self.pick(sort, self.heads[id(one)][1])
        is_number = one.kind not in ("date", "weekday")
        if not is_number:
            own = [run for run in runs if self.chunk(run.last) == self.chunk(one.first) and run.first != one.first]
            if own:
                return min(own, key=lambda run: abs(run.first - one.first)).all, "own"
        start, end, place, many = self.neighbours(one) if is_number else (one.first, one.last, 0, 1)
        if self.words.low(one.last + 1) == "(":  # `12 (North)`
            close = next(
                (at for at in range(one.last + 2, min(one.last + 8, self.last)) if self.words.lows[at] == ")"), 0
            )
            inside = [run for run in runs if one.last < run.first and run.last < close]
            if inside and not any(one.last < other.first < close for other in self.numbers):
                return inside[0].all, "own"
        chunk = self.chunk(one.first)
        opener = self.lows[self.chunks.index(chunk) : one.first - self.first]
        is_after_other = chunk not in self.compares and not {*opener} & {
            "when",
            "where",
            "which",
            "who",
            "(",
        }  # `10 more than March, or 12 in all`
        earlier = [
            run
            for run in runs
            if run.last < start
            and not (
                is_after_other and is_number and self.chunk(run.last) in self.compares and self.chunk(run.last) != chunk
            )
        ]
        before = earlier[-1] if earlier else None
        after = next((run for run in runs if run.first > end), None)
        flat = [each for run in runs if run.last < start for each in run.all]
        for all_of in (
            before.all if before else [],
            after.all if after else [],
            flat if many == 2 and self._is_against(start, end) else [],
        ):
            if len(all_of) == many > 1:
                return [all_of[place]], "own"
        index = self.numbers.index(one) if is_number else -1
        if is_number and sort != "column" and len(runs) == len(self.numbers) > 1 and self._alternate(runs):
            return runs[index].all, "own"
        if sort == "column":
            bound = [mention for run in runs for mention in run.all if mention.bound == index >= 0]
            if bound:
                return bound, "own"
        numbers = [other for other in self.numbers if id(other) not in self.heads]
        ends = max((other.last for other in numbers if other.last < one.first), default=-1)
        begins = min((other.first for other in numbers if other.first > one.last), default=self.last)
        free_before = before if before and not (sort == "column" and before.all[-1].bound >= 0) else None
        free_after = after if after and not (sort == "column" and after.all[0].bound >= 0) else None
        own_before = free_before and free_before.last > ends and self.chunk(free_before.last) == self.chunk(one.first)
        own_after = free_after and free_after.first < begins and self.chunk(free_after.first) == self.chunk(one.last)
        if own_before and own_after and free_before and free_after and sort == "when" and one.kind != "times":
            wide, narrow = (spans_in(free_before.all[-1])[:1], spans_in(free_after.all[0])[:1])
            if wide and narrow and wide[0][0] <= narrow[0][0] and narrow[0][1] <= wide[0][1]:
                return free_after.all, "own"
        if own_before and free_before:
            return free_before.all, "own"
        if own_after and free_after:
            return free_after.all, "own"
        if before and before.last < one.first and (not before.all[-1].bound >= 0 or sort != "column"):
            return before.all, "before"
        busy = {self.chunk(other.first) for other in self.numbers if other is not one}
        if free_after and free_after.first < begins and not {self.chunk(free_after.first)} & (self.compares | busy):
            return free_after.all, "after"
        if after and not before and sort.startswith("group ") and self.lows[0] in ("with", "at"):  # `With 40 %, North`
            return after.all[:1], "after"
        if before:
            return before.all, "soft"
        return (after.all, "soft") if after and sort == "column" else ([], "")

    def own(self, sort: str, one: Quantity) -> list[Mention]:
        """The mentions of a sort in a figure's own clause."""
        found, near = self.pick(sort, one)
        return found if near == "own" else []

    def own_groups(self, one: Quantity) -> list[Mention]:
        """Those of groups."""
        return [each for dim in self.facts.dims for each in self.own(f"group {dim}", one)]
