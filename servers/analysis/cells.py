"""`column`: what the cells of a column are (numbers, times, texts), read from the cells themselves.

What could be read in two ways is not guessed: `03/04/2025` is a text where no date of its column has a day above 12. A
column is of a kind where 19 in 20 of its cells are; the others count as missing, and a note tells of them.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servers.analysis.table import Column
from servers.plain_text import shortened, visible

LONGEST_CELL = 1_000
"""Characters of a cell that are kept."""

ENOUGH = 0.95
"""The share of the cells that have to be of a kind for their column to be."""

EXACT = 2**53
"""Whole numbers up to here are exact in 64 bits of floating point. Larger ones name something."""

NOTHING = {"-", "–", "—", ".", "?", "#n/a", "n/a", "na", "n.a.", "nan", "nil", "none", "null"}
"""What stands for a missing number or time, in any case of letters. Among texts it is a text: `NA` is Namibia."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_IDENTIFIERS = {
    "code",
    "guid",
    "iban",
    "id",
    "ids",
    "isbn",
    "key",
    "no",
    "nr",
    "phone",
    "pid",
    "plz",
    "postcode",
    "sku",
    "uid",
    "uuid",
    "zip",
}
_TIMES = {
    "at",
    "date",
    "datetime",
    "day",
    "month",
    "on",
    "since",
    "time",
    "timestamp",
    "ts",
    "until",
    "updated",
    "created",
    "week",
    "when",
    "year",
}
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = {name: n for n, full in enumerate(_MONTHS, 1) for name in (full, full[:3])} | {"sept": 9}
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?(?:[eE][-+]?\d{1,3})?", re.ASCII)
_NUMBER = re.compile(
    r"""(?P<sign>[-+\u2212]?)\ ?(?P<before>[$€£¥]|(?:EUR|USD|GBP|CHF|JPY)(?=[\ \d]))?\ ?(?P<minus>-?)
    (?P<digits>\d[\d.,'\u2019\ ]*|\.\d+)(?P<power>[eE][-+]?\d{1,3}(?!\d))?
    \ ?(?P<after>%|‰|[$€£¥]|°[CF]?|[A-Za-zµ]{1,3}(?:/[a-z]{1,3})?)?""",
    re.VERBOSE | re.ASCII,
)
_GROUPED = {mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", re.ASCII) for mark in ",.' "}
_DATE = re.compile(
    r"""(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\ )?
    (?:
        (?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?:(?P=s)(?P<d>\d{1,2}))?    # 2025-03-04, 2025-03
      | (?P<a>\d{1,2})(?P<t>[-/.])(?P<b>\d{1,2})(?P=t)(?P<y2>\d{4})        # 04.03.2025, 03/04/2025
      | (?P<d3>\d{1,2})[-\ ](?P<m3>[a-z]{3,9})\.?,?[-\ ](?P<y3>\d{4})      # 4 March 2025
      | (?P<m4>[a-z]{3,9})\.?\ (?:(?P<d4>\d{1,2}),?\ )?(?P<y4>\d{4})       # Mar 4, 2025, March 2025
    )
    (?:(?:t|,?\ )(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?
       \ ?(?P<half>[ap]m)?\ ?(?P<zone>z|utc|gmt|[-+]\d\d:?\d\d)?)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)

Value = str | int | float | bool | None
Read = tuple[NDArray[Any], str, list[str]]
"""The values of a column, their unit, and what there is to say."""


def column(
    name: str, cells: Sequence[object], *, key: bool = False, decimal_comma: bool = False
) -> tuple[Column, list[str]]:
    """The column, and what there is to say of how its cells were read, in sentences.

    Args:
        name: The column's name, which tells identifiers and times from other whole numbers: `order_id`, `created_at`.
        cells: Texts, numbers, truth values or `None`, in the order of the rows.
        key: Whether the source says that it identifies its row.
        decimal_comma: Whether `1,500` is one and a half where its column does not tell.
    """
    values = [each if isinstance(each, int | float | None) else _text(each) for each in cells]
    values = [None if isinstance(each, float) and isnan(each) else each for each in values]  # JSON may have NaN
    notes: list[str] = []
    if not key and not any(isinstance(each, bool) for each in values):
        plain = _plain(values, decimal_comma)
        words = [word.lower() for word in _WORDS.findall(name)] or [""]
        found = _times(plain, words)
        if isinstance(found, str):
            notes, found = [found], None
        kind = "time" if found else "number"
        if found := found or _numbers(plain, words, decimal_comma):
            read, unit, notes = found
            return Column(name, kind, read, unit), _about(name, notes)
    texts = np.empty(len(values), dtype=object)
    texts[:] = [None if each is None else _as_text(each) for each in values]
    return Column(name, "text", texts), _about(name, notes)


def tells_decimal_comma(cells: Iterable[object]) -> bool:
    """Whether some cell writes a fraction behind a comma (`12,50`, `1.234,5`), and none behind a point."""
    matches = [_NUMBER.fullmatch(text) for each in cells if isinstance(each, str) and (text := _text(each))]
    return _point(match["digits"] for match in matches if match) == ","


def _about(name: str, notes: list[str]) -> list[str]:
    return [f"{visible(shortened(name, 60))}: {each}" for each in notes]


def _text(cell: object) -> str | None:
    return str(cell).translate(_SPACES).strip() or None


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return str(int(value))
    try:
        return shortened(str(value), LONGEST_CELL)
    except ValueError:  # a whole number of more digits than Python writes out
        return "a number of thousands of digits"


def _plain(values: list[Value], decimal_comma: bool) -> list[Value]:
    """The values, as numbers where all of them are written as a program writes numbers."""
    read: list[Value] = []
    for each in values:
        if isinstance(each, str):
            match = _PLAIN.fullmatch(each)
            if match is None or (decimal_comma and match[1]):
                return values
            whole = each.lstrip("-").isdigit() and len(each) < 20
            read.append(int(each) if whole else float(each))
        else:
            read.append(each)
    return read


def _left_out(values: list[Value], read: Sequence[object], what: str) -> list[str] | None:
    """What to say of values that are there and could not be read; `None` where they are too many, or none was read."""
    wrong = [
        value
        for value, got in zip(values, read, strict=True)
        if got is None and value is not None and str(value).lower() not in NOTHING
    ]
    there = len(wrong) + sum(got is not None for got in read)
    if len(wrong) == there or len(wrong) > (1 - ENOUGH) * there:
        return None
    example = visible(shortened(str(wrong[0]), 30)).replace("\n", " ") if wrong else ""
    return [f'what is no {what} ("{example}") counts as missing: {len(wrong):,} of {there:,}.'] if wrong else []


# Times


def _times(values: list[Value], words: list[str]) -> Read | str | None:
    """The values as times; a sentence where they are dates that can be read in two ways; `None` where they are none."""
    if not any(isinstance(each, str) for each in values):
        return _counted(values, words) if not _TIMES.isdisjoint(words) else None
    if any(isinstance(each, int | float) for each in values):
        return None
    matches: dict[str, re.Match[str] | None] = {}
    misses = 0
    for each in values:
        if isinstance(each, str):
            if each not in matches:
                matches[each] = _DATE.fullmatch(each)
            misses += matches[each] is None and each.lower() not in NOTHING
            if misses > (1 - ENOUGH) * len(values):
                return None
    slashed = [(int(match["a"]), int(match["b"])) for match in matches.values() if match and match["t"] in {"/", "-"}]
    day, month = any(first > 12 for first, _ in slashed), any(second > 12 for _, second in slashed)
    if slashed and day == month:
        example = next(text for text, match in matches.items() if match and match["t"] in {"/", "-"})
        return f"{example} may begin with the day or the month, so these are texts. Write dates as 2025-03-04."
    moments = {text: _moment(match, day) if match else None for text, match in matches.items()}
    read = [moments[each] if isinstance(each, str) else None for each in values]
    if (notes := _left_out(values, read, "time")) is None:
        return None
    if any(match and (match["zone"] or " ")[0] in "+-" for match in matches.values()):
        notes.append("times with an offset are told in UTC.")
    return np.array(read, dtype="datetime64[s]"), "", notes


def _counted(values: list[Value], words: list[str]) -> Read | None:
    """Whole numbers of a column that is named as a time: 20250304, years, seconds or milliseconds since 1970."""
    there = [each for each in values if isinstance(each, int | float)]
    if not there or not all(isinstance(each, int) or each.is_integer() for each in there):
        return None
    lowest, highest = min(there), max(there)
    whole = [int(each) if isinstance(each, int | float) else None for each in values]
    notes: list[str] = []
    if "year" in words and 1800 <= lowest <= highest <= 2200:
        told = [each and f"{each}-01-01" for each in whole]
    elif 1800_01_01 <= lowest <= highest <= 2200_12_31:
        told = [each and f"{each // 10_000}-{each // 100 % 100:02}-{each % 100:02}" for each in whole]
    elif 10**8 <= lowest <= highest < 10**10:
        told, notes = whole, ["read as seconds since 1970, in UTC."]
    elif 10**11 <= lowest <= highest < 10**13:
        told, notes = [each and each // 1_000 for each in whole], ["read as milliseconds since 1970, in UTC."]
    else:
        return None
    try:
        return np.array([np.datetime64("NaT" if each is None else each, "s") for each in told]), "", notes
    except ValueError:  # 20250399 is no day
        return None


def _moment(match: re.Match[str], day_first: bool) -> datetime | None:
    """The time, in UTC where it has an offset; `None` where there is no such day or hour."""
    year = int(match["y"] or match["y2"] or match["y3"] or match["y4"])
    if match["y"]:
        if not match["d"] and match["s"] == ".":  # a number
            return None
        month, day = int(match["m"]), int(match["d"] or 1)
    elif match["a"]:
        first, second = int(match["a"]), int(match["b"])
        # With points the day stands first: nobody writes 03.31.2025.
        day, month = (first, second) if day_first or match["t"] == "." else (second, first)
    else:
        month, day = _MONTH.get((match["m3"] or match["m4"]).lower(), 0), int(match["d3"] or match["d4"] or 1)
    hour, half, zone = int(match["hour"] or 0), (match["half"] or "").lower(), match["zone"] or ""
    if half:
        hour = hour % 12 + 12 * (half == "pm") if 1 <= hour <= 12 else 99
    try:
        moment = datetime(year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0))  # noqa: DTZ001 - numpy
        if zone[:1] in {"+", "-"}:
            moment -= timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[-2:]))
    except (ValueError, OverflowError):
        return None
    return moment


# Numbers


def _numbers(values: list[Value], words: list[str], decimal_comma: bool) -> Read | None:
    """The values as numbers; `None` where they are none, or name things: `00123`, an `order_id`, 17 digits."""
    texts = {each for each in values if isinstance(each, str)}
    if any(len(each) > 1 and each[0] == "0" and each.isdigit() for each in texts):
        return None
    if any(isinstance(each, int) and abs(each) > EXACT for each in values):
        return None
    parsed = {each: match for each in texts if (match := _NUMBER.fullmatch(each))}
    point = _point(match["digits"] for match in parsed.values()) or ("," if decimal_comma else ".")
    known = {text: _number(match, point) for text, match in parsed.items()}
    units = {match["before"] or match["after"] or "" for text, match in parsed.items() if known[text] is not None}
    if len(units) > 1 or point == "?":
        return None
    read = [known.get(each) if isinstance(each, str) else each for each in values]
    if (notes := _left_out(values, read, "number")) is None:
        return None
    numbers = np.array(read, dtype=float)
    if infinite := int(np.isinf(numbers).sum()):
        numbers[np.isinf(numbers)] = np.nan
        notes.append(f"infinite values count as missing: {infinite:,}.")
    there = numbers[~np.isnan(numbers)]
    names_things = words[-1] in _IDENTIFIERS and bool((there == np.floor(there)).all())
    return None if names_things or not there.size else (numbers, units.pop() if units else "", notes)


def _point(digits: Iterable[str]) -> str:
    """What stands before a fraction, `.` or `,`; empty where no number tells, `?` where they contradict each other.

    `12,5` and `1.234,56` tell, `1,234` does not.
    """
    told: set[str] = set()
    for each in digits:
        marks = [mark for mark in each if mark in ".,"]
        if len({*marks}) == 2:
            told.add(marks[-1])
        elif len(marks) == 1 and not _GROUPED[marks[0]].fullmatch(each.strip()):
            told.add(marks[0])
    return "?" if len(told) == 2 else "".join(told)


def _number(match: re.Match[str], point: str) -> float | None:
    whole, *fraction = match["digits"].strip().replace("\u2019", "'").split(point)
    marks = {mark for mark in whole if not mark.isdigit()}
    if len(fraction) > 1 or (fraction and not fraction[0].isdigit()) or len(marks) > 1:
        return None
    for mark in marks:
        if not _GROUPED[mark].fullmatch(whole):
            return None
        whole = whole.replace(mark, "")
    number = float(f"{whole or '0'}.{''.join(fraction) or '0'}{match['power'] or ''}")
    return -number if (match["sign"] in {"-", "\u2212"}) != bool(match["minus"]) else number
