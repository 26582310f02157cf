"""Periods of days: what ISO 8601 names, from one to another, so many months away."""

import calendar
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from servers.analysis.quantities.quantity import Span


def spans_of(when: str) -> tuple[Span, ...]:
    """The period that ISO 8601 names: a day, a month, a year, or two of these with a slash between. Perhaps none."""
    first, slash, last = when.partition("/")
    if slash:
        return from_to(spans_of(first), spans_of(last))
    named = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ].*)?)?)?", when)
    return span_of(*(int(part) for part in named.groups() if part)) if named else ()


def span_of(year: int, month: int = 0, day: int = 0) -> tuple[Span, ...]:
    """A period; none where the calendar has none."""
    try:
        first = date(year, month or 1, day or 1)
        last = first if day else date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    except ValueError:
        return ()
    return ((first.toordinal(), last.toordinal()),)


def day_of(ordinal: int, day: int) -> tuple[Span, ...]:
    month = date.fromordinal(ordinal)
    return span_of(month.year, month.month, day)


def from_to(starts: Sequence[Span], ends: Sequence[Span]) -> tuple[Span, ...]:
    """Periods from a start to the next end."""
    pairs = ((first, min((last for _, last in ends if last >= first), default=None)) for first, _ in starts)
    return tuple((first, last) for first, last in pairs if last is not None)


def moved(span: Span, unit: str, steps: int) -> Span:
    """The period so many days, weeks, months, quarters or years away."""
    first, last = (date.fromordinal(each) for each in span)
    if unit in ("day", "week"):
        days = (7 if unit == "week" else 1) * steps
        return (first + timedelta(days)).toordinal(), (last + timedelta(days)).toordinal()
    size = {"month": 1, "quarter": 3, "year": 12}[unit]
    number = (
        first.year * 12 + first.month - 1 if unit != "quarter" else (first.year * 12 + first.month - 1) // 3 * 3
    ) + size * steps
    end = number + size - 1
    start = date(number // 12, number % 12 + 1, 1)
    return start.toordinal(), date(end // 12, end % 12 + 1, calendar.monthrange(end // 12, end % 12 + 1)[1]).toordinal()


def years_of(spans: Iterable[Span]) -> set[int]:
    """The years in which periods begin or end."""
    return {date.fromordinal(each).year for span in spans for each in span}
