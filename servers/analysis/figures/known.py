"""`KnownFacts`: the facts, and the words that name them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import NamedTuple

from servers.analysis.fact import Fact, Measure
from servers.analysis.figures.named import EXTREME, MEASURE, UNITLESS
from servers.analysis.quantities.periods import span_of, spans_of, years_of
from servers.analysis.quantities.quantity import Span
from servers.analysis.quantities.vocabulary import UNITS, WORDS


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

    def __init__(self, facts: Sequence[Fact], others: Sequence[str] = ()) -> None:
        self.all = [_taken_apart(fact) for fact in facts]
        self.all += [*_longer_periods(self.all), *_shares(self.all)]
        whole = [each for known in self.all for each in (known.span, known.against, known.day) if each]
        self.hull = (min(first for first, _ in whole), max(last for _, last in whole)) if whole else None
        self.times = tuple({known.span for known in self.all if known.span})
        self.years = years_of(whole)
        self.columns = {known.column for known in self.all if known.fact.measure != "date"}
        self.columns |= {known.other for known in self.all if known.other}
        own = {known.column for known in self.all}
        self.things = {
            column
            for column in self.columns & own
            if {known.fact.measure for known in self.all if known.column == column} <= {"rows", "count"}
        }
        """Columns that are only counted, as a table's own name is: `the average order brought 97 EUR`."""
        self.columns |= (
            {stems_of(name) for name in others} - {(dim,) for known in self.all for dim, _ in known.groups} - {()}
        )
        self.told = {(known.column, known.fact.measure) for known in self.all}
        self.tables = {known.fact.about for known in self.all if known.fact.measure == "rows"}
        of = Counter(known.column for known in self.all if known.fact.measure not in ("rows", "date", "correlation"))
        self.metric = max(of, key=lambda column: of[column], default=())
        """The column that most facts are of: it goes without saying."""
        self.dims = {dim for known in self.all for dim, _ in known.groups}
        counted: dict[tuple[str, str], int] = {}
        for known in self.all:
            counted[known.fact.about, known.fact.measure] = counted.get((known.fact.about, known.fact.measure), 0) + 1
        self.alone = {key for key, number in counted.items() if number == 1}
        self.phrases: dict[str, list[tuple[tuple[str, ...], str, object]]] = {}
        self._name_columns()
        for dim, value in {each for known in self.all for each in known.groups}:
            self._add(stems_of(value), f"group {dim}", (dim, value))
            for other in WORDS["aliases"].get(value, "").split(", "):
                self._add(stems_of(other), f"group {dim}", (dim, value))
            if value.isdigit() or len(stems_of(value)) != 1:
                self._add((*stems_of(dim), *stems_of(value)), f"group {dim}", (dim, value))
            if value.isdigit():
                self.phrases[stems_of(value)[0]] = [
                    each for each in self.phrases[stems_of(value)[0]] if len(each[0]) > 1
                ]
        for column in self.columns:
            for other in WORDS["aliases"].get(column[0] if column else "", "").split(", "):
                self._add(stems_of(other), "column", frozenset({column}))
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
                        piece[0] not in MEASURE
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
            if known.fact.measure == "count" and known.other:
                continue
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
                or self.is_whole(known)
                or known.span in also
                or known.fact.measure in EXTREME
                or (known.fact.about, known.fact.measure) in self.alone
            )
        return any(self.is_of(known, span) for span in scope.spans)

    def is_whole(self, known: Known) -> bool:
        """Whether a fact is of all the time, or a change from its beginning to its end."""
        first = known.against or known.span
        return first is not None and known.span is not None and (first[0], known.span[1]) == self.hull

    def is_of(self, known: Known, span: Span) -> bool:
        """Whether a fact is of a period: of just this one, of all if it covers all, or an extreme in it."""
        covers = self.hull is not None and span[0] <= self.hull[0] and span[1] >= self.hull[1]
        if known.span is None:
            return covers
        if known.span == span or (covers and self.is_whole(known)):
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


def _longer_periods(facts: Sequence[Known]) -> list[Known]:
    """The totals of the quarters and the halves of a year that known ones make up, day for day."""
    told: dict[tuple[str, str], dict[int, Known]] = {}
    for each in facts:
        if (
            each.fact.measure in ("total", "count")
            and each.span
            and each.span[1] - each.span[0] > 26
            and each.number is not None
        ):
            told.setdefault((each.fact.about, each.fact.measure), {})[each.span[0]] = each
    made: list[Known] = []
    for starts in told.values():
        years = sorted(years_of(each.span for each in starts.values() if each.span))
        for year, (first, size) in product(years[:20], ((1, 3), (4, 3), (7, 3), (10, 3), (1, 6), (7, 6))):
            at, end = date(year, first, 1).toordinal(), span_of(year, first + size - 1)[0][1]
            parts: list[Known] = []
            while at <= end and at in starts:
                parts.append(starts[at])
                at = (starts[at].span or (0, at))[1] + 1
            if len(parts) > 1 and at == end + 1:
                number = sum(each.number or 0.0 for each in parts)
                days = f"{date(year, first, 1)}/{date.fromordinal(end)}"
                fact = replace(parts[0].fact, value=number / parts[0].factor, when=days)
                made.append(replace(parts[0], fact=fact, span=(date(year, first, 1).toordinal(), end), number=number))
    return made


def _shares(facts: Sequence[Known]) -> Iterator[Known]:
    """What part of the whole each group has, and what part of the rows lacks a value, where no fact tells it."""
    told = {(each.fact.about, each.fact.measure) for each in facts if each.span is None}
    wholes = {
        (each.column, each.fact.measure): each
        for each in facts
        if not (each.groups or each.span or each.daily or each.other)
    }
    rows = next((each for each in facts if each.fact.measure == "rows"), None)
    for each in facts:
        measure = each.fact.measure
        whole = (
            rows
            if measure == "missing"
            else wholes.get((each.column, measure))
            or wholes.get((each.column, "total"))
            or wholes.get((each.column, "rows"))
        )
        if (
            whole
            and whole.number
            and each.number is not None
            and each.span is None
            and not each.daily
            and (measure == "missing" or (measure in ("total", "count") and each.groups))
            and (each.fact.about, "share") not in told
        ):
            percent = 100 * each.number / whole.number
            kind: Measure = "missing" if measure == "missing" else "share"
            fact = replace(each.fact, measure=kind, value=percent, unit="%")
            yield replace(each, fact=fact, unit="%", factor=1.0, number=percent)


def _taken_apart(fact: Fact) -> Known:
    head, *parts = fact.about.split(",")
    stems = stems_of(head)
    daily = stems[:1] == ("daily",) and len(stems) > 1
    stems = stems[1:] if daily else stems
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
    if not fact.unit and named and fact.measure not in UNITLESS:  # `minutes_to_close`
        unit, factor = named
    is_number = isinstance(fact.value, (int, float)) and not isinstance(fact.value, bool)
    day = spans_of(fact.value)[:1] if isinstance(fact.value, str) else ()
    return Known(
        fact=fact,
        column=stems,
        daily=daily,
        groups=frozenset(groups),
        span=spans[0] if spans else None,
        against=against[0] if against else None,
        other=() if against or fact.against == "expected" else stems_of(fact.against),
        unit=unit,
        factor=factor,
        number=float(fact.value) * factor if is_number else None,
        day=day[0] if day else None,
    )
