"""What a sentence names by its words, in the terms of the facts: each figure's column, group, time and kind.

`KnownFacts` are the facts with the words that name them; a `Sentence` tells for a figure in it what its words name,
as a `Scope`: from the figure's own clause, then from the clauses before and behind it, then from the sentence before.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple, cast

from servers.analysis.fact import Fact
from servers.analysis.quantities import MULTIPLYING, UNITS, WORDS, Quantity, Span, Words, spans_of, years_of

MOST_TOKENS = 120
"""Tokens of a sentence; a longer one is cut there."""

_MEASURE = {word: str(name) for name, words in WORDS["measures"].items() for word in words.split()}
SENSES = {str(name): frozenset(words.split()) for name, words in WORDS["senses"].items()}
_SUPERLATIVE = {"maximum": 1, "minimum": -1, "extreme": 2}
_SETS = {str(name): frozenset(words.split()) for name, words in WORDS["words"].items()}
UP, DOWN, _EITHER, _COMPARATIVE = (_SETS[name] for name in ("up", "down", "either", "comparative"))
LEVEL, COMPARE, GAP, BACK = (_SETS[name] for name in ("level", "compare", "gap", "back"))
NOT, _ALL, UNCOUNTED, _JOINT = (_SETS[name] for name in ("not", "all", "uncounted", "joint"))
BOUNDARY = COMPARE | _SETS["boundary"]
_WEEKDAYS = frozenset(WORDS["weekdays"].split())
LEVELS = frozenset({"count", "total", "mean", "rows"})
_UNITLESS = frozenset({"rows", "count", "missing", "correlation", "share", "change", "date"})
EXTREME = frozenset({"maximum", "minimum", "anomaly", "expected", "first", "last", "date", "missing"})


def stem(word: str) -> str:
    word = word.split("'", maxsplit=1)[0].split("\u2019", maxsplit=1)[0]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def stems_of(text: str) -> tuple[str, ...]:
    return tuple(stem(each) for each in re.findall(r"[^\W_]+", text.lower()))


Groups = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Known:
    """A fact, taken apart."""

    fact: Fact
    column: tuple[str, ...]
    daily: bool
    groups: Groups
    span: Span | None
    against: Span | None
    other: tuple[str, ...]
    unit: str
    factor: float
    number: float | None
    day: Span | None


class Scope(NamedTuple):
    """What the words round a figure name; `None` where they name nothing of the kind."""

    columns: frozenset[tuple[str, ...]] | None
    daily: bool
    groups: Groups
    spans: tuple[Span, ...] | None
    measures: frozenset[str] | None
    superlative: int


class KnownFacts:
    """The facts by what they are of, and the words that name it."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.all = [_taken_apart(fact) for fact in facts]
        whole = [each for known in self.all for each in (known.span, known.against, known.day) if each]
        self.hull = (min(first for first, _ in whole), max(last for _, last in whole)) if whole else None
        self.times = tuple({known.span for known in self.all if known.span})
        self.years = years_of(whole)
        self.columns = {known.column for known in self.all if known.fact.measure != "date"}
        self.columns |= {known.other for known in self.all if known.other}
        self.things = {
            column
            for column in self.columns
            if {known.fact.measure for known in self.all if known.column == column} <= {"rows", "count"}
        }
        """Columns that are only counted, as a table's own name is: `the average order brought 97 EUR`."""
        self.dims = {dim for known in self.all for dim, _ in known.groups}
        counted: dict[tuple[str, str], int] = {}
        for known in self.all:
            counted[known.fact.about, known.fact.measure] = counted.get((known.fact.about, known.fact.measure), 0) + 1
        self.alone = {key for key, number in counted.items() if number == 1}
        self.phrases: dict[str, list[tuple[tuple[str, ...], str, object]]] = {}
        self._name_columns()
        for dim, value in {each for known in self.all for each in known.groups}:
            self._add(stems_of(value), f"group {dim}", (dim, value))
            if value.isdigit() or len(stems_of(value)) != 1:
                self._add((*stems_of(dim), *stems_of(value)), f"group {dim}", (dim, value))
            if value.isdigit():
                self.phrases[stems_of(value)[0]] = [
                    each for each in self.phrases[stems_of(value)[0]] if len(each[0]) > 1
                ]
        for dim in self.dims - {""}:
            self._add(stems_of(dim), "dim", dim)
        for known in self.phrases.values():
            known.sort(key=lambda each: -len(each[0]))

    def _name_columns(self) -> None:
        full = {column: column for column in self.columns}
        full |= {column[:-1]: column for column in self.columns if len(column) > 1 and column[-1] in UNITS}
        part: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for column in self.columns:
            for first in range(len(column)):
                for last in range(first + 1, len(column) + 1):
                    piece = column[first:last]
                    if (
                        piece[0] not in _MEASURE
                        and piece[-1] not in {"of", "per", "the", "id", "day"}
                        and piece[-1] not in UNITS
                    ):
                        part.setdefault(piece, set()).add(column)
        for piece, columns in part.items():
            if columns == {("anomaly",)} or piece in {(stem(dim),) for dim in self.dims} - set(full):
                continue
            exact = {column for name, column in full.items() if name == piece}
            self._add(piece, "column", frozenset(exact or columns))
        for piece in set(full) - set(part):
            if piece != ("anomaly",):
                self._add(piece, "column", frozenset({full[piece]}))

    def _add(self, stems: tuple[str, ...], sort: str, payload: object) -> None:
        if stems:
            self.phrases.setdefault(stems[0], []).append((stems, sort, payload))

    def within(self, scope: Scope, also: tuple[Span, ...] = ()) -> Iterator[Known]:
        """The facts that agree with all that a scope names; where it names no time, those of the times `also` too."""
        columns = None if scope.measures == frozenset({"rows"}) else scope.columns
        for known in self.all:
            is_of = columns is None or known.column in columns
            if (
                (is_of or (known.fact.measure == "correlation" and known.other in (columns or ())))
                and (not scope.daily or known.daily)
                and known.groups == scope.groups
                and (scope.measures is None or known.fact.measure in scope.measures)
                and self._in_time(known, scope, also)
            ):
                yield known

    def _in_time(self, known: Known, scope: Scope, also: tuple[Span, ...]) -> bool:
        if scope.spans is None:
            return (
                known.span is None
                or known.span == self.hull
                or known.span in also
                or known.fact.measure in EXTREME
                or (known.fact.about, known.fact.measure) in self.alone
            )
        return any(self.is_of(known, span) for span in scope.spans)

    def is_of(self, known: Known, span: Span) -> bool:
        """Whether a fact is of a period: of just this one, of all if it covers all, or an extreme in it."""
        covers = self.hull is not None and span[0] <= self.hull[0] and span[1] >= self.hull[1]
        if known.span is None:
            return covers
        if known.span == span or (covers and known.span == self.hull):
            return True
        if known.against and span == (known.against[0], known.span[1]):
            return True
        inside = span[0] <= known.span[0] and known.span[1] <= span[1]
        is_long = span[1] - span[0] > 26 or known.fact.measure in ("maximum", "minimum")
        return known.fact.measure in EXTREME and inside and is_long

    def siblings(self, known: Known) -> list[Known]:
        """The facts that differ from one in nothing but its group's value, or but its period."""
        dims = {dim for dim, _ in known.groups}
        length = known.span and known.span[1] - known.span[0]
        return [
            each
            for each in self.all
            if each.column == known.column
            and each.fact.measure == known.fact.measure
            and each.daily == known.daily
            and each.number is not None
            and {dim for dim, _ in each.groups} == dims
            and (each.span == known.span if dims else each.groups == known.groups)
            and (dims or (each.span and length is not None and abs(each.span[1] - each.span[0] - length) <= 3))
        ]

    def is_extreme(self, known: Known, way: int) -> bool:
        """Whether a fact is the largest, or the smallest, of several like it."""
        numbers = [each.number or 0.0 for each in self.siblings(known)]
        ends = {1: {max(numbers, default=0)}, -1: {min(numbers, default=0)}}
        return len(numbers) > 1 and known.number in (ends[way] if way in ends else ends[1] | ends[-1])


def _taken_apart(fact: Fact) -> Known:
    head, *parts = fact.about.split(",")
    stems = stems_of(head)
    daily = stems[:1] == ("daily",) and len(stems) > 1
    groups = [
        (
            (stems_of(part)[0], " ".join(part.split()[1:]).lower())
            if len(part.split()) > 1
            else ("", part.strip().lower())
        )
        for part in parts
        if part.strip()
    ]
    spans, against = spans_of(fact.when), spans_of(fact.against)
    if fact.when and not spans:
        groups.append(("", fact.when.lower()))
    unit, factor = UNITS.get(fact.unit.lower().split("/")[0].strip(), (fact.unit.lower(), 1.0))
    named = (
        next((UNITS[each] for each in (f"{stems[-1]}s", stems[-1], f"{stems[0]}s") if each in UNITS), None)
        if stems
        else None
    )
    if not fact.unit and named and fact.measure not in _UNITLESS:  # `minutes_to_close`
        unit, factor = named
    is_number = isinstance(fact.value, (int, float)) and not isinstance(fact.value, bool)
    day = spans_of(fact.value)[:1] if isinstance(fact.value, str) else ()
    return Known(
        fact=fact,
        column=stems[1:] if daily else stems,
        daily=daily,
        groups=frozenset(groups),
        span=spans[0] if spans else None,
        against=against[0] if against else None,
        other=() if against else stems_of(fact.against),
        unit=unit,
        factor=factor,
        number=float(fact.value) * factor if is_number else None,
        day=day[0] if day else None,
    )


# ---- what the words of a sentence name


@dataclass(slots=True)
class Mention:
    first: int
    last: int
    sort: str
    payload: object
    bound: int = -1
    """The figure that it stands directly behind, of a column."""


@dataclass(slots=True)
class _Run:
    """Mentions of one sort in a row: `North, South and East`."""

    first: int
    last: int
    all: list[Mention]


@dataclass(slots=True)
class Carried:
    """What the sentence before was about."""

    columns: frozenset[tuple[str, ...]] | None = None
    groups: dict[str, tuple[str, str]] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()


class Sentence:
    """One sentence, or one cell of a table with what stands over and before it."""

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
        self.lows = words.lows[first:last]
        self.known_words = {*self.lows}
        self.divides = "half" in self.known_words and bool(
            self.known_words & {"below", "above", "under", "over", "than"}
        )
        """Whether it may say what a median is: `half of the orders are below 58 EUR`."""
        if any(first == last for one in figures for first, last in one.periods):  # `Black Friday (28 November)`
            mentions = [
                each
                for each in mentions
                if not (each.sort.startswith("group ") and self.lows[each.first - first] in _WEEKDAYS)
            ]
            self.mentions = mentions
        taken = {at for one in figures for at in range(one.first, one.last + 1)}
        self.chunks: list[int] = []
        self.compares: set[int] = set()
        chunk, seen_as = 0, False
        for at in range(first, last):
            low = words.lows[at]
            is_boundary = at not in taken and low in BOUNDARY
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
        self.runs: dict[str, list[_Run]] = {}
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
                and {*between} <= _JOINT | facts.dims
                and {*between} & {",", "and", "&", "or", "/"}
                and not (between == [","] and self.chunk(runs[-1].last) in self.compares)
            ):
                runs[-1].last = mention.last
                runs[-1].all.append(mention)
            else:
                runs.append(_Run(mention.first, mention.last, [mention]))

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
        return 0 < len(between) <= 2 and {*between} <= {",", "and", "&", "/"}

    def _follows_from(self, one: Quantity) -> bool:
        """Whether a number is the second of `from 12 in May to 14`."""
        index = self.numbers.index(one)
        low = self.words.low
        return index > 0 and low(one.first - 1) == "to" and low(self.numbers[index - 1].first - 1) == "from"

    def pick(self, sort: str, one: Quantity) -> tuple[list[Mention], str]:
        """The mentions of a sort that belong to a figure, and how near they are: `own`, `before`, `after`, or none."""
        runs = self.runs.get(sort, [])
        if not runs:
            return [], ""
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
        earlier = [run for run in runs if run.last < start]
        if sort == "when" and is_number and self._follows_from(one):
            earlier = [run for run in earlier if run.last < self.numbers[self.numbers.index(one) - 1].first]
        before = earlier[-1] if earlier else None
        after = next((run for run in runs if run.first > end), None)
        for run in (before, after):
            if run and many > 1 and len(run.all) == many:
                return [run.all[place]], "own"
        index = self.numbers.index(one) if is_number else -1
        if sort == "column":
            bound = [mention for run in runs for mention in run.all if mention.bound == index >= 0]
            if bound:
                return bound, "own"
        ends = max((other.last for other in self.numbers if other.last < one.first), default=-1)
        begins = min((other.first for other in self.numbers if other.first > one.last), default=self.last)
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

    # ---- what a figure's words name

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
        elif near in ("before", "after") and any(name in _SUPERLATIVE for name in names_of(found)):
            named = [*self.own("when", one), *self.own_groups(one), *self.own("dim", one)]
            if near == "before" and named:
                found = [each for each in found if str(each.payload) not in _SUPERLATIVE]
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
        way = next((_SUPERLATIVE[name] for name in names if name in _SUPERLATIVE), 0)
        return senses, way

    def own(self, sort: str, one: Quantity) -> list[Mention]:
        """The mentions of a sort in a figure's own clause."""
        found, near = self.pick(sort, one)
        return found if near == "own" else []

    def own_groups(self, one: Quantity) -> list[Mention]:
        """Those of groups."""
        return [each for dim in self.facts.dims for each in self.own(f"group {dim}", one)]

    def direction(self, one: Quantity) -> tuple[int, str]:
        """Where a figure's words say that something went: 1 up, -1 down, 0 nowhere; and how near they say so."""
        if self.words.low(one.first) in ("halved", "halving", "halves"):
            return -1, "own"
        mentions = [each for run in self.runs.get("way", []) for each in run.all]
        behind = next((each for each in mentions if 0 < each.first - one.last <= 2), None)
        if (
            behind
            and behind.payload
            and (self.words.lows[behind.first] in _COMPARATIVE or behind.first - one.last == 1)
        ):
            between = self.words.lows[one.last + 1 : behind.first]
            if not {*between} & BOUNDARY - COMPARE:
                return int(cast("int", behind.payload)), "comparative"
        usable = [
            each
            for each in mentions
            if self.words.lows[each.first] not in _COMPARATIVE
            or self.words.low(each.last + 1) == "by"
            or 0 < one.first - each.last <= 2
        ]
        chunk = self.chunk(one.first)
        if one.kind in ("date", "weekday"):
            usable = [each for each in usable if self.words.lows[each.first] not in _COMPARATIVE]
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
        if groups and not own and (chunk_words & _ALL):
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


def names_of(mentions: Sequence[Mention]) -> list[str]:
    return [str(each.payload) for each in mentions]


def spans_in(mention: Mention) -> tuple[Span, ...]:
    payload = mention.payload
    return payload.periods if isinstance(payload, Quantity) else ()


# ---- the words of a text


def carry(carried: Carried, mentions: Sequence[Mention]) -> None:
    """Keep what the next sentence may leave unsaid."""
    for each in mentions:
        if each.sort == "column":
            carried.columns = cast("frozenset[tuple[str, ...]]", each.payload)
        elif each.sort.startswith("group "):
            dim, value = cast("tuple[str, str]", each.payload)
            carried.groups = {dim: (dim, value)}
        elif each.sort == "when":
            carried.spans = spans_in(each)


def pieces(words: Words) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """The sentences and the rows of tables, as first token and the one behind, and the cells of a row's head."""
    first = 0
    header: list[tuple[int, int]] = []
    size = len(words.lows)
    for at in range(size + 1):
        low, kind = words.low(at), words.kind(at)
        is_end = at == size or kind == "line" or at - first >= MOST_TOKENS
        if low in (".", "!", "?") and words.tight[at + 1 : at + 2] != [True]:
            is_end = words.low(at - 1) not in {"vs", "approx", "ca", "incl", "no", "e", "g", "i"}
        if not is_end:
            continue
        is_row = words.low(first) == "|"
        if is_row:
            cells = _cells(words, first, at)
            yield first, at, header
            header = header or cells
        elif at > first:
            yield first, at, []
            header = []
        first = at + (at < size and (kind == "line" or low in (".", "!", "?")))


def _cells(words: Words, first: int, last: int) -> list[tuple[int, int]]:
    bars = [at for at in range(first, last) if words.lows[at] == "|"] + [last]
    return [(start, end) for start, end in pairwise(bars) if end - start > 1]


def of_cells(
    words: Words,
    place: tuple[int, int],
    near: Sequence[Mention],
    header: Sequence[tuple[int, int]],
    mentions: Sequence[Mention],
) -> list[Mention]:
    """The mentions of a row, with those of the column's head and of the row's first cell repeated in each cell."""
    made = list(near)
    cells = _cells(words, *place)
    label = [each for each in near if cells and each.first < cells[0][1]]
    dims = [
        str(each.payload)
        for each in mentions
        if header and each.sort == "dim" and header[0][0] <= each.first < header[0][1]
    ]
    if dims and not label and cells and cells[0][1] - cells[0][0] == 2:  # a number as a group's name
        at = cells[0][0] + 1
        label = [Mention(at, at, f"group {dims[0]}", (dims[0], words.lows[at]))]
        made += label
    for (start, _), head in zip(cells[1:], header[1:], strict=False):
        over = [each for each in mentions if head[0] <= each.first < head[1]]
        made += (replace(each, first=start, last=start) for each in [*label, *over])
    return sorted(made, key=lambda each: each.first)


def mentions_of(words: Words, known: KnownFacts, figures: Sequence[Quantity]) -> list[Mention]:
    """What the words of a text name, in its order."""
    made = [Mention(one.first, one.last, "when", one) for one in figures if one.kind == "date" and one.periods]
    in_figure = {at for one in figures for at in range(one.first, one.last + 1)}
    in_date = {at for one in figures if one.kind == "date" for at in range(one.first, one.last + 1)}
    stems: list[str] = []
    places: list[int] = []
    for at, low in enumerate(words.lows):
        for piece in low.split("_") if words.kinds[at] in ("word", "ident", "num") else [low]:
            if piece:
                stems.append(stem(piece))
                places.append(at)
    place = 0
    while place < len(stems):
        at = places[place]
        first = stems[place]
        options = known.phrases.get(first) or (known.phrases.get(first[:-3]) if first.endswith("ern") else None) or []
        size = 0
        for phrase, sort, payload in options:
            if (size in (0, len(phrase))) and tuple(stems[place + 1 : place + len(phrase)]) == phrase[1:]:
                is_per = sort == "column" and words.low(at - 1) == "per"  # `97 EUR per order` is not of the orders
                if is_per or (at in in_date and not sort.startswith("group ")):
                    continue
                made.append(Mention(at, places[place + len(phrase) - 1], sort, payload))
                size = len(phrase)
        if size > 1 and stems[place + size - 1].isdigit() and made[-1].sort.startswith("group "):
            dim = made[-1].sort.removeprefix("group ")
            while stems[place + size : place + size + 1] and stems[place + size] in (
                ",",
                "and",
                "&",
            ):  # `wards 2 and 3`
                value = (stems[place + size + 1 : place + size + 2] or [""])[0]
                if not any((dim, value) in each.groups for each in known.all):
                    break
                made.append(Mention(places[place + size + 1], places[place + size + 1], f"group {dim}", (dim, value)))
                size += 2
        if not size and at not in in_date:
            ahead = known.phrases.get(stem(words.low(at + 1)), [])
            is_column = any(sort == "column" for _, sort, _ in ahead)
            made += _by_word(words, at, is_column, in_figure)
        place += size or 1
    return sorted(made, key=lambda each: each.first)


def _by_word(words: Words, at: int, is_column: bool, in_figure: set[int]) -> Iterator[Mention]:
    """What a word tells of the kind of figure or of the direction; `is_column` is of the word behind it."""
    low, ahead = words.lows[at], words.low(at + 1)
    if low in MULTIPLYING:
        yield Mention(at, at, "way", -1 if low.startswith("halv") else 1)
    if at in in_figure:
        return
    if low == "no" and (ahead in ("value", "values", "entry", "data") or is_column):
        yield Mention(at, at + 1, "measure", "missing")
    is_other = (low in ("made", "make", "makes") and ahead != "up") or (
        low in ("top", "bottom") and at + 1 in in_figure
    )
    if low == "per" and ahead not in UNITS and ahead not in ("cent", "month", "year", "quarter"):  # `97 EUR per order`
        yield Mention(at, at, "measure", "per")
    if low in _MEASURE and not is_other:
        yield Mention(at, at, "measure", _MEASURE[low])
    if low in UP or low in DOWN or low in _EITHER:
        yield Mention(at, at, "way", 0 if low in _EITHER else 1 if low in UP else -1)
