"""`Teller`: facts in sentences that code writes, name, period and figure together, so that none can be of another.

    teller = Teller(findings)
    teller.each(one)            # "In May 2025 the number of orders was 2,974, 7.3 % of all."
    teller.compared(one, two)   # "In May 2025 ... was 2,974, in June 2025 ... 3,009: the first is 35 less, 1.2 % less."
    teller.together([one, two]) # "May 2025 and June 2025 together: the number of orders was 5,983, 14.8 % of all."

Figures are those of `findings`, rounded as a person reads them; differences, ratios, shares and places in an order
are computed from the full figures. Names come from the data, and each is one line with nothing hidden in it.
"""

import re
from collections.abc import Sequence
from datetime import date
from math import isclose, isfinite

import numpy as np

from servers.analysis.fact import Fact
from servers.analysis.findings import Findings, figure, plain
from servers.analysis.patterns import MONTHS, WEEKDAYS

COUNTED = {
    "anomalies": "anomaly",
    "days": "day",
    "dates": "date",
    "days without values": "day without values",
    "repeated rows": "repeated row",
}
AVERAGES = frozenset({"mean", "median", "minimum", "maximum", "anomaly", "expected"})
ALIKE = (frozenset({"share"}), frozenset({"total"}), frozenset({"count"}), AVERAGES)
"""Measures whose figures can stand beside each other where they are of one series or column."""
MONTH = re.compile(r"\d{4}-\d\d")
ROWS = {"rows": "", "count": " with a value of ", "missing": " without a value of "}
ONE_WORD = re.compile(r"[^\W\d_][\w-]{0,23}")
"""A name that needs no quotation marks to be told from the sentence round it."""


class NotTold(ValueError):
    """These facts cannot be told so; the text says why."""


class Teller:
    """Tells the facts of some findings."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._facts = findings.facts
        self._adds_up = findings.how != "mean"
        self._counts = findings.how == "count"
        self._metric = findings.metric
        self._series = findings.series
        self._unclear = findings.trend is None or findings.trend.direction == "unclear"
        self._kinds = {(one.about, _days(one.day, one.until)): one.kind for one in findings.anomalies}
        self._groups = {f"{each.column} {each.name}": (each.column, each.name) for each in findings.groups}
        self._daily = findings.daily
        step = findings.series.step if findings.series else "other"
        self._four_weeks = "weeks (four at most)" if step == "day" else "dates (28 at most)"
        self._cut_days = findings.cut_days
        bases = {self._metric, self._daily, "first day", "days without values"} - {""}
        self._bases = sorted(bases, key=len, reverse=True)
        whole = (findings.table.name, "rows") if self._counts else (self._metric, "total")
        self._whole = next((_number(each) for each in self._facts if (each.about, each.measure) == whole), 0.0)

    def each(self, fact: Fact) -> str:
        """One fact as a sentence, with its place in the order of its like and its share of the whole where it has them.

        Raises:
            NotTold: It is of a kind that no sentence tells.
        """
        if fact.measure == "correlation" or (fact.measure == "count" and fact.against):
            return self._moves_with(fact)
        if (special := self._counted(fact) or self._differs(fact) or self._changed(fact)) is not None:
            return special
        told = f"{_upper(self.named(fact))} was {value(fact)}"
        notes = [self._over(fact), self._place(fact), self._share(fact)]
        return ", ".join(filter(None, [told, *notes])) + "."

    def compared(self, one: Fact, two: Fact) -> str:
        """Two facts beside each other, their difference and how many times the one is the other.

        Raises:
            NotTold: They are not of one kind and unit, so that their difference says nothing.
        """
        if one == two:
            raise NotTold("it compares a fact with itself")
        if one.measure == two.measure == "date":
            apart = abs((date.fromisoformat(str(one.value)) - date.fromisoformat(str(two.value))).days)
            told = f"{_upper(self.named(one))} is {value(one)}, {self.named(two)} {value(two)}"
            return f"{told}: {figure(apart)} {'day' if apart == 1 else 'days'} apart."
        of_rows = self._counts_rows(one) and self._counts_rows(two)
        is_alike = (
            any({one.measure, two.measure} <= kinds for kinds in ALIKE) and self._split(one)[0] == self._split(two)[0]
        )
        counted = {self._split(one)[0], self._split(two)[0]} & {*COUNTED} or one.against or two.against
        if not (of_rows or is_alike) or counted or one.unit != two.unit:
            raise NotTold("it compares figures of different kinds")
        first, second = _number(one), _number(two)
        grouped = {self._by_and_label(each)[0] not in {"", "weekday", "month"} for each in (one, two)}
        of_all = one.measure in AVERAGES and len(grouped) > 1  # a group beside all of them
        over = (f" {self._over(each)}".rstrip() for each in (one, two))
        told = "{} was {}{}, {} {}{}".format(
            *(_upper(self.named(one, of_all)), value(one), next(over)),
            *(self.named(two, of_all), value(two), next(over)),
        )
        if isclose(first, second, rel_tol=1e-9):
            return f"{told}: the same."
        if value(one) == value(two):
            return f"{told}: nearly the same."
        apart = f"{abs(first - second):.1f} points" if one.unit == "%" else f"{shown(abs(first - second))} {one.unit}"
        difference = f"the first is {apart.rstrip()} {'more' if first > second else 'less'}"
        if one.unit == "%" or first <= 0 or second <= 0:
            return f"{told}: {difference}."
        if max(first / second, second / first) < 2:
            return f"{told}: {difference}{_by(second, first)}."
        if first > second:
            return f"{told}: {difference}, {shown(first / second)} times the second."
        return f"{told}: {difference}, the second is {shown(second / first)} times the first."

    def together(self, facts: Sequence[Fact]) -> str:
        """Facts of parts of one whole, summed.

        Raises:
            NotTold: They do not add up: other kinds, other columns, the same part twice, or averages.
        """
        kinds = {(each.measure, each.unit, self._split(each)[0], self._parted_by(each)) for each in facts}
        parts = {(each.about, each.when) for each in facts}
        measure, unit, base, by = kinds.pop()
        adds_up = self._adds_up and base == self._metric and measure in {"total", "count", "share"} and by
        if kinds or not adds_up or len(parts) < max(2, len(facts)):
            raise NotTold("it adds up figures that do not add up")
        total = sum(_number(each) for each in facts)
        names = [self._part(each) or self._in(each).removeprefix("in ") for each in facts]
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        if measure == "share":
            return f"{_upper(listed)} together have {_percent(total)} of {self._of_metric()}{self._with(by)}."
        shares = [self._share_of(each) for each in facts]
        share = f", {_percent(sum(filter(None, shares)))} {self._of_all(by)}" if None not in shares else ""
        return f"{_upper(listed)} together: {self._of_metric()} was {f'{shown(total)} {unit}'.rstrip()}{share}."

    def named(self, fact: Fact, of_all: bool = False) -> str:
        """What a figure is of, all of it: `the number of orders of region north`, `in May 2025 the total of sales`.

        Args:
            fact: Any but a change, a slope or a correlation.
            of_all: Whether to say of one that is of no group that it is of all.
        """
        base, part = self._split(fact)[0], self._part(fact)
        if fact.measure == "date":
            whole = base.replace(" day", " whole day") if base in self._cut_days and not part else base
            return f"the {whole} of {part}" if part else f"the {whole}"
        if fact.measure == "share":
            return f"the share of {part} in {self._of_metric()}{self._with(self._parted_by(fact))}"
        if self._counts_rows(fact):
            return f"the number of rows{ROWS[fact.measure]}{'' if fact.measure == 'rows' else _name(fact.about)}"
        seen = "value farthest from what was due" if "/" in fact.when else "value"
        kinds = {"count": "number", "anomaly": seen, "expected": "due value"}
        of_rows = base == self._metric and fact.measure in {"mean", "median", "minimum", "maximum"}
        of_a_row = " per row" if of_rows and not part and not fact.when else ""
        of = "" if not part else f" {part}" if part.startswith(("on ", "in ")) else f" of {part}"
        of = f" of all{of}" if of_all and self._by_and_label(fact)[0] in {"", "weekday", "month"} else of
        kind = self._kinds.get((fact.about, fact.when))
        if kind in {"shift", "drift"} and fact.measure in {"anomaly", "expected"}:
            first = fact.when.split("/")[0]
            end = "last" if kind == "drift" else "first"
            time = f"{end} {self._four_weeks} of the time {_period(fact.when)}"
            time = f"{self._four_weeks} before {_date(first)}" if fact.measure == "expected" else time
            return f"the median of {_name(base)}{of} in the {time}"
        told = f"the {kinds.get(fact.measure, fact.measure)} of {_name(base)}{of_a_row}{of}"
        if fact.measure in {"minimum", "maximum"} and fact.when:
            return f"{told} ({self._days_of(fact)})"
        return f"{self._in(fact)} {told}" if fact.when else told

    def _in(self, fact: Fact) -> str:
        """Its period; of a month, how many of its days have no values."""
        series = self._series
        if series is None or not MONTH.fullmatch(fact.when):
            return _period(fact.when)
        inside = series.days.astype("datetime64[M]") == np.datetime64(fact.when)
        lost = int(np.isnan(series.values[inside]).sum())
        return (
            f"{_period(fact.when)}{f' ({lost} days without values)' if lost > 1 else ' (1 day without values)' * lost}"
        )

    def _days_of(self, fact: Fact) -> str:
        """The day of a minimum or a maximum, and on how many more it was."""
        same = 0 if self._series is None else int((self._series.values == fact.value).sum())
        return f"on {same} days, the first {_date(fact.when)}" if same > 1 else _date(fact.when)

    def _over(self, fact: Fact) -> str:
        """Over how many days a mean or median of all of them is, where some have no values."""
        if fact.about != self._daily or fact.when or fact.measure not in {"mean", "median"} or self._series is None:
            return ""
        there = int(np.isfinite(self._series.values).sum())
        days = f"{'whole ' if self._cut_days else ''}{'days' if self._series.step == 'day' else 'dates'}"
        lost = len(self._series.values) - there
        return f"over the {there:,} {days}{' with values' if lost else ''}" if lost or self._cut_days else ""

    def _counts_rows(self, fact: Fact) -> bool:
        """Whether a fact is a number of rows: all, those with a value of the metric, those without."""
        with_value = fact.measure == "count" and fact.about == self._metric and not self._counts and not fact.against
        return fact.measure in {"rows", "missing"} or (with_value and not fact.when and not self._split(fact)[1])

    def _with(self, by: str) -> str:
        """`with a region`, where some rows have none, or nothing."""
        groups = sum(share.rows for share in self._findings.groups if share.column == by)
        return "" if groups == self._findings.table.read else f" with a {_name(by)}"

    def lasts(self, fact: Fact) -> bool | None:
        """Whether it is a level that stays to the end, or is none; `None` where the fact does not tell."""
        kind = self._kinds.get((fact.about, fact.when))
        if kind in {"shift", "drift"}:
            to_the_end = self._series is not None and fact.when.endswith(str(self._series.days[-1]))
            return True if to_the_end else None
        is_a_day = fact.measure in {"minimum", "maximum"} or self._split(fact)[0] == "days without values"
        none = fact.measure == "slope" and self._unclear
        return False if kind or none or (is_a_day and fact.when) else None

    def _of_metric(self) -> str:
        return f"the {'number' if self._counts else 'total'} of {_name(self._metric)}"

    def _split(self, fact: Fact) -> tuple[str, str]:
        """The series or the column that a fact is of, and its group as it stands there; a name may hold a comma."""
        for base in self._bases:
            if fact.about.startswith(f"{base}, "):
                return base, fact.about[len(base) + 2 :]
        return fact.about, ""

    def _by_and_label(self, fact: Fact) -> tuple[str, str]:
        part = self._split(fact)[1]
        by, _, label = part.partition(" ")
        return self._groups.get(part, (by, label))

    def _part(self, fact: Fact) -> str:
        """`region north`, `on Mondays`; the month where it is a part of the year; nothing where it is of the whole."""
        by, label = self._by_and_label(fact)
        if not by:
            return ""
        if by == "weekday" and label in WEEKDAYS:
            return f"on {label}s"
        if by == "month" and label in MONTHS:
            return f"in {label}"
        begins = next((each for each in self._facts if each.about == f"first day, {by} {label}"), None)
        since = f" (from {value(begins)})" if begins and fact.measure != "date" and not fact.when else ""
        return f"{_name(by)} {_name(label)}{since}"

    def _parted_by(self, fact: Fact) -> str:
        """By what a fact is one of several: a column, weekdays, months; nothing where it is of the whole."""
        return self._by_and_label(fact)[0] or ("months" if MONTH.fullmatch(fact.when) else "")

    def _place(self, fact: Fact) -> str:
        """Where it is the highest or the lowest of its like, and no other is level with it."""
        by, mine = self._parted_by(fact), _number(fact)
        kind = (fact.measure, fact.unit, self._split(fact)[0], by)
        like = [
            _number(each)
            for each in self._facts
            if by and (each.measure, each.unit, self._split(each)[0], self._parted_by(each)) == kind
        ]
        if len(like) < 2 or like.count(mine) > 1 or mine not in {max(like), min(like)}:
            return ""
        of = f"{by}s" if by in {"weekday", "month"} else "whole months" if by == "months" else f"by {_name(by)}"
        words = ("higher", "lower") if len(like) == 2 else ("highest", "lowest")
        return f"the {words[mine < max(like)]} of the {len(like)} {of}"

    def _share(self, fact: Fact) -> str:
        share = self._share_of(fact)
        return "" if share is None else f"{_percent(share)} {self._of_all(self._parted_by(fact))}"

    def _of_all(self, by: str) -> str:
        return "of all" if by == "months" else f"of all{self._with(by)}"

    def _share_of(self, fact: Fact) -> float | None:
        """What a part is of its whole, in percent: a month of all, a group of all rows that have one."""
        by = self._parted_by(fact)
        if not by or fact.measure not in {"total", "count"} or not self._adds_up:
            return None
        if by == "months":
            return 100 * _number(fact) / self._whole if self._whole > 0 else None
        shares = (each for each in self._facts if each.measure == "share" and each.about == fact.about)
        return next((_number(each) for each in shares), None)

    def _counted(self, fact: Fact) -> str | None:
        """A count that is not one of the metric, a date, a number of rows."""
        if fact.measure == "rows":
            return f"There are {value(fact)} rows."
        if fact.measure == "missing":
            return f"{value(fact)} {'row has' if fact.value == 1 else 'rows have'} no value of {_name(fact.about)}."
        if fact.measure == "date":
            return f"{_upper(self.named(fact))} is {value(fact)}."
        if fact.measure == "count" and fact.about == self._metric and not self._counts:
            return f"{value(fact)} {'row has' if fact.value == 1 else 'rows have'} a value of {_name(fact.about)}."
        if fact.measure == "count" and (base := self._split(fact)[0]) in COUNTED:
            are, of = ("is", COUNTED[base]) if fact.value == 1 else ("are", base)
            of = f"whole {of}" if base in {"days", "dates"} and self._cut_days else of
            of += f" of {self._part(fact)}" if self._part(fact) else ""
            of += " (spikes, drops, new levels, gaps)" if base == "anomalies" and fact.value else ""
            return f"There {are} {value(fact)} {of}" + (f", {_period(fact.when)}." if fact.when else ".")
        return None

    def _differs(self, fact: Fact) -> str | None:
        """What was seen and what was due, of whichever of the two, or of the change between them."""
        if fact.measure not in {"anomaly", "expected"} and fact.against != "expected":
            return None
        seen = self._beside(fact, "anomaly", fact.when)
        due = self._beside(fact, "expected", fact.when)
        base, part = _name(self._split(fact)[0]), self._part(fact)
        of = f"{_period(fact.when)} {base} of {part}" if part else f"{_period(fact.when)} {base}"
        by = _by(_number(due), _number(seen))
        kind = self._kinds.get((fact.about, fact.when))
        if kind == "shift":
            four = self._four_weeks
            told = (
                f"was at a new level: a median of {value(seen)} in its first {four}, of {value(due)} in {four} before"
            )
        elif kind == "drift":
            four = self._four_weeks
            told = f"moved away: a median of {value(seen)} in the last {four}, of {value(due)} in {four} before"
        else:
            day = " on the day farthest from what was due," if "/" in fact.when else ""
            told = f"came to {value(seen)}{day} where {value(due)} was due"
        return f"{_upper(of)} {told}{by}."

    def _changed(self, fact: Fact) -> str | None:
        """A slope, or a change between two periods, with the figures of both."""
        name = _name(self._split(fact)[0])
        if fact.measure == "slope" and self._unclear:
            return f"{_upper(_period(fact.when))} there is no clear rise or fall of {name}."
        if fact.measure == "slope":
            way = "rose" if _number(fact) > 0 else "fell" if _number(fact) < 0 else "moved"
            period = f"{_period(fact.when)} " if fact.when else ""
            unit = f" {fact.unit}" if fact.unit else ""
            slope = f"{shown(abs(_number(fact)))}{unit}"
            told = f"{_upper(f'{period}{name}')} {way} by about {slope} a day"
            return f"{told}, the median slope of all pairs of whole weeks."
        if fact.measure != "change":
            return None
        before, after = self._beside(fact, "mean", fact.against), self._beside(fact, "mean", fact.when)
        periods = f"{value(before)} {_period(fact.against)}, {value(after)} {_period(fact.when)}"
        return f"The mean of {name}: {periods}{_by(_number(before), _number(after))}."

    def _moves_with(self, fact: Fact) -> str:
        r = next(e for e in self._facts if e.measure == "correlation" and e.against == fact.against)
        rows = next(e for e in self._facts if e.measure == "count" and e.against == fact.against)
        pair = f"{_name(fact.about)} and {_name(fact.against)}"
        return f"The correlation of {pair} is {_number(r):.2f}, over {value(rows)} rows."

    def _beside(self, fact: Fact, measure: str, when: str) -> Fact:
        for each in self._facts:
            if each.about == fact.about and each.measure == measure and each.when == when:
                return each
        raise NotTold("a figure that belongs to it is missing")


def value(fact: Fact) -> str:
    """A fact's figure with its unit, a date in words."""
    if isinstance(fact.value, str):
        return _date(fact.value)
    if fact.unit == "%":
        return _percent(fact.value)
    return f"{shown(fact.value)} {fact.unit}".rstrip()


def shown(number: float) -> str:
    """A figure as a person reads it; below one with three digits."""
    return f"{number:.3g}" if 1e-4 <= abs(number) < 1 else figure(number)


def _by(before: float, after: float) -> str:
    if before <= 0 or not isfinite(after / before):
        return ""
    percent = 100 * (after / before - 1)
    return f", {_percent(abs(percent))} {'more' if percent > 0 else 'less'}" if percent else ""


def _percent(percent: float) -> str:
    return f"{percent:,.0f} %" if percent >= 1000 else "less than 0.1 %" if 0 < percent < 0.05 else f"{percent:.1f} %"


def _number(fact: Fact) -> float:
    if isinstance(fact.value, str):
        raise NotTold("it reckons with a date")
    return float(fact.value)


def _name(name: str) -> str:
    """A name from the data; in quotation marks where it is more than a word."""
    shown = plain(name)
    words = re.sub(r"^daily | by (?:week|month|date)$", "", shown)
    return shown if ONE_WORD.fullmatch(words) else f'"{shown}"'


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _days(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first}/{last}"


def _period(when: str) -> str:
    """`on 4 March 2025`, `in March 2025`, `from 1 to 28 January 2025`."""
    if "/" in when:
        first, last = when.split("/")
        one, two = _date(first).split(" "), _date(last).split(" ")
        same = 0 if one[2] != two[2] else 1 if one[1] != two[1] else 2
        return f"from {' '.join(one[: 3 - same])} to {_date(last)}"
    return f"{'in' if len(when) <= 7 else 'on'} {_date(when)}"


def _date(when: str) -> str:
    year, *rest = when.split("-")
    if not rest:
        return when
    month = MONTHS[int(rest[0]) - 1]
    return f"{month} {year}" if len(rest) == 1 else f"{int(rest[1])} {month} {year}"
