"""`Sentence`: what the words of a sentence name for a figure in it, as a `Scope`."""

from collections.abc import Iterator
from typing import cast

from servers.analysis.figures.clauses import Clauses
from servers.analysis.figures.known import Groups, Scope
from servers.analysis.figures.mentions import names_of, spans_in
from servers.analysis.figures.named import ALL, BACK, BOUNDARY, COMPARATIVE, COMPARE, SENSES, SUPERLATIVE
from servers.analysis.quantities.quantity import Quantity


class Sentence(Clauses):
    """Names a figure's column, group, time, kind and direction."""

    def measures(self, one: Quantity) -> tuple[frozenset[str] | None, int]:
        """The kinds of figure that are named, and whether as an extreme: 1 the largest, -1 the smallest."""
        runs = self.runs.get("measure", [])
        found, near = self.pick("measure", one)
        if near == "after" and one.kind in ("date", "weekday"):
            return None, 0
        if near == "own":
            ends = max((other.last for other in self.numbers if other.last < one.first), default=-1)
            begins = min((other.first for other in self.numbers if other.first > one.last), default=self.last)
            chunk = self.chunk(one.first)
            is_listed = one.kind not in ("date", "weekday") and self.neighbours(one)[3] > 1
            if not is_listed:
                inside = [
                    each
                    for run in runs
                    for each in run.all
                    if ends < each.first < begins and self.chunk(each.first) == chunk
                ]
                found = inside or found
        elif near in ("before", "after") and any(name in SUPERLATIVE for name in names_of(found)):
            named = [*self.own("when", one), *self.own_groups(one), *self.own("dim", one)]
            if near == "before" and named:
                found = [each for each in found if str(each.payload) not in SUPERLATIVE]
        elif near == "soft":
            found = []
        if near in ("before", "after") and self.own("column", one):
            busy = {self.chunk(other.first) for other in self.numbers}
            found = [each for each in found if self.chunk(each.first) not in busy]
        names = [
            name for name in names_of(found) if near == "own" or one.unit == "%" or name not in ("share", "change")
        ]
        names = [name for name in names if name != "per" or {*names} == {"per"}]
        if not names:
            return None, 0
        senses = frozenset(sense for name in names for sense in SENSES.get(name, {name}))
        way = next((SUPERLATIVE[name] for name in names if name in SUPERLATIVE), 0)
        return senses, way

    def direction(self, one: Quantity) -> tuple[int, str]:
        """Where a figure's words say that something went: 1 up, -1 down, 0 nowhere; and how near they say so."""
        if self.words.low(one.first) in ("halved", "halving", "halves"):
            return -1, "own"
        mentions = [each for run in self.runs.get("way", []) for each in run.all]
        behind = next((each for each in mentions if 0 < each.first - one.last <= 2), None)
        if behind and behind.payload and (self.words.lows[behind.first] in COMPARATIVE or behind.first - one.last == 1):
            between = self.words.lows[one.last + 1 : behind.first]
            if not {*between} & BOUNDARY - COMPARE:
                return int(cast("int", behind.payload)), "comparative"
        usable = [
            each
            for each in mentions
            if self.words.lows[each.first] not in COMPARATIVE
            or self.words.low(each.last + 1) == "by"
            or 0 < one.first - each.last <= 2
        ]
        chunk = self.chunk(one.first)
        if one.kind in ("date", "weekday"):
            usable = [each for each in usable if self.words.lows[each.first] not in COMPARATIVE]
        reach = (chunk - 1, chunk) if self.words.low(one.first - 1) in ("to", "from") else (chunk,)
        own = [each for each in usable if self.chunk(each.first) in reach]
        ahead = [each for each in own if each.first < one.first]
        if own:
            return int(cast("int", (ahead[-1] if ahead else own[0]).payload)), "own"
        before = [each for each in usable if each.first < one.first]
        return (int(cast("int", before[-1].payload)), "before") if before else (0, "")

    def scopes(self, one: Quantity) -> Iterator[Scope]:
        """What a figure's words name, the strictest reading first."""
        found, near = self.pick("column", one)
        columns = (
            frozenset(each for mention in found for each in cast("frozenset[tuple[str, ...]]", mention.payload)) or None
        )
        soft = near == "soft" or not columns or columns <= self.facts.things
        if not columns and (self.known_words & BACK or not self.own_groups(one)):
            columns, soft = self.carried.columns, True
        groups: dict[str, list[tuple[str, str]]] = {}
        nearest: dict[str, str] = {}
        for dim in self.facts.dims:
            found, near = self.pick(f"group {dim}", one)
            if found and near != "soft":
                groups[dim] = [cast("tuple[str, str]", each.payload) for each in found]
                nearest[dim] = near
        chunk_words = {
            self.words.lows[at] for at in range(self.first, self.last) if self.chunk(at) == self.chunk(one.first)
        }
        if not groups and self.carried.groups and (self.known_words & BACK or not self.runs.get("column")):
            groups = {dim: [value] for dim, value in self.carried.groups.items()}
        found, near = self.pick("when", one)
        spans = tuple(span for mention in found for span in spans_in(mention)) if found and near != "soft" else None
        measures, way = self.measures(one)
        daily = "daily" in self.known_words or one.rate == "day"
        choices: list[Groups] = [frozenset()]
        for values in groups.values():
            choices = [chosen | {value} for chosen in choices for value in values][:40]
        own = {dim: values for dim, values in groups.items() if nearest.get(dim) == "own"}
        if own and len(own) < len(groups):
            choices += [frozenset({value}) for values in own.values() for value in values]
        if groups and not own and (chunk_words & ALL):
            choices.append(frozenset())
        for chosen in choices:
            yield Scope(columns, daily, chosen, spans, measures, way)
        if daily:
            for chosen in choices:
                yield Scope(columns, False, chosen, spans, measures, way)
        if soft and columns:
            others = {
                each
                for mention in self.mentions
                if mention.sort == "column" and not self._is_a_thing(mention)
                for each in cast("frozenset[tuple[str, ...]]", mention.payload)
            }
            for chosen in choices:
                named = frozenset(others) if others and columns <= self.facts.things else None
                yield Scope(named, False, chosen, spans, measures, way)
