"""`read_text`: a table from a text of CSV or JSON, told apart by themselves.

CSV has commas, semicolons, tabs or bars, whichever cuts its lines alike. JSON is a list of rows (objects, lists or
single values), columns by name, rows by name, the forms that pandas writes, or an object on each line. What is left out
or was guessed stands in the table's note.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from itertools import zip_longest
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from servers.analysis.cells import LONGEST_CELL, column, tells_decimal_comma
from servers.analysis.table import Column, Table, TableError
from servers.plain_text import shortened, visible

LONGEST_TEXT = 10_000_000
"""Characters that are read. Of a longer CSV the rows up to there, of longer JSON nothing."""

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 200_000, 200, 2_000_000
LOOKED_AT = 50
"""Rows from which the separator is told, and whether fractions stand behind a comma."""

DEEPEST = 4
"""Levels of an object in a row that become columns (`customer.address.city`); what lies deeper is text."""

Rows = tuple[list[str], Sequence[Sequence[object]], int, list[str]]
"""Names, rows of as many cells, how many rows there are, and notes."""


def read_text(data: str, name: str = "data") -> Table:
    """The table that a text holds.

    Args:
        data: CSV or JSON.
        name: What to call the table.

    Raises:
        TableError: There is no table in it, or too much of it.
    """
    text = data.lstrip("\ufeff\r\n \0").rstrip()  # a tab may stand for a first name that is empty
    if not text:
        raise TableError("There is no data. Give CSV with a line of column names, or JSON.")
    is_json = text.lstrip()[0] in "[{"
    names, rows, count, notes = _json(text) if is_json else _csv(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not names or not rows:
        raise TableError("There are column names and no rows." if names else "There are no columns.")
    return made(name, names, rows, count, notes)


def made(
    name: str,
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    count: int,
    notes: Sequence[str] = (),
    *,
    keys: frozenset[str] = frozenset(),
) -> Table:
    """The table of rows that were read.

    Args:
        name: The table's.
        names: Of its columns; what has no name gets a number, and what has the name of another too.
        rows: Each with a cell for each name.
        count: Rows that the source has.
        notes: What there is to say of how they were read.
        keys: Columns that identify a row.
    """
    told = [*notes]
    by_comma = any("," in str(cell) for row in rows[:LOOKED_AT] for cell in row if isinstance(cell, str))
    comma = by_comma and tells_decimal_comma(cell for row in rows[:LOOKED_AT] for cell in row)
    columns: dict[str, Column] = {}
    for each, cells in zip(_distinct(names, told), zip(*rows, strict=True), strict=True):
        columns[each], said = column(each, cells, key=each in keys, decimal_comma=comma)
        told += said
    read = len(rows)
    if count > read and (kept := _whole_days(columns)) is not None:
        columns = {each: replace(of, values=of.values[kept]) for each, of in columns.items()}
        read = int(kept.sum())
        told.append("The day in which the reading ended is left out.")
    return Table(name, columns, count, read, " ".join(told))


def _whole_days(columns: Mapping[str, Column]) -> NDArray[np.bool_] | None:
    """Which rows to keep of a table that was read up to a limit: its last day may be half there.

    `None` where there is but one day, or no time by which the rows are ordered.
    """
    for each in columns.values():
        if each.kind == "time" and not each.missing:
            days = each.values.astype("datetime64[D]")
            steps = np.diff(days.astype(int))
            if days.size and (np.all(steps >= 0) or np.all(steps <= 0)):
                kept = days != days[-1]
                return kept if kept.any() else None
    return None


def room(columns: int) -> int:
    """How many rows of so many columns are read."""
    return min(MOST_ROWS, MOST_CELLS // max(1, columns))


def _distinct(names: Sequence[str], notes: list[str]) -> list[str]:
    """The names, each once. A name that was given twice is noted."""
    found: dict[str, None] = {}
    for place, each in enumerate(names, 1):
        plain = name = shortened(each.strip(), 200) or f"column {place}"
        number = 1
        while name in found:
            number += 1
            name = f"{plain} ({number})"
        if number > 1:
            notes.append(f'Of several columns "{visible(plain)}" this one is called "{visible(name)}".')
        found[name] = None
    return [*found]


def _narrowed(names: list[str], notes: list[str]) -> list[str]:
    if len(names) > MOST_COLUMNS:
        notes.append(f"Of {len(names):,} columns the first {MOST_COLUMNS} are read.")
    return names[:MOST_COLUMNS]


def _bounded(count: int, read: int, notes: list[str]) -> None:
    if count > read:
        notes.append(f"Of {count:,} rows the first {read:,} are read.")


# CSV


def _csv(text: str) -> Rows:
    separator = _separator(text)
    consumed = 0

    def lines() -> Iterator[str]:
        nonlocal consumed
        for line in StringIO(text):
            consumed += len(line)
            yield line

    notes: list[str] = []
    rows: list[Sequence[str | None]] = []
    count, longer, most = 0, 0, 0
    reader = csv.reader(lines(), delimiter=separator, skipinitialspace=True)
    try:
        head = next(reader)
        if _holds_figures(head):
            names = [f"column {place}" for place in range(1, len(head) + 1)]
            notes.append("The first line holds figures, so the columns have numbers for names.")
            rows.append([*head])
            count = 1
        else:
            names = head
        names = _narrowed(names, notes)
        width, most = len(names), room(len(names))
        for row in reader:
            if not row:
                continue
            count += 1
            longer += len(row) > len(head) and any(row[len(head) :])
            if len(rows) < most and consumed <= LONGEST_TEXT:
                rows.append([*row[:width], *[None] * (width - len(row))])
    except csv.Error as error:
        raise TableError(f"This is no CSV: {error}, in row {count + 2:,}. Is a quotation mark left open?") from error
    if longer:
        notes.append(f"Cells beyond the last column are left out, in rows: {longer:,}.")
    _bounded(count, len(rows), notes)
    return names, rows, count, notes


def _separator(text: str) -> str:
    """What cuts the first rows into the most alike; a comma where nothing does."""
    beginning = text[:100_000].split("\n", LOOKED_AT)[:LOOKED_AT]

    def likeness(separator: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(StringIO("\n".join(beginning)), delimiter=separator) if row]
        except csv.Error:
            return 0, 0
        head = widths[0] if widths else 1
        return (widths.count(head) / len(widths), head) if head > 1 else (0, 0)

    return max(",;\t|", key=likeness)


def _holds_figures(head: Sequence[str]) -> bool:
    """Whether a first line is a row and not the names of columns. Years beside a word are names: `region,2024,2025`."""
    figures = [each for each in head if column("", [each])[0].kind != "text"]
    years = [each for each in figures if re.fullmatch("(?:19|20)[0-9]{2}", each)]
    return bool(figures) and not (len(years) == len({*figures}) == len(figures) < len(head))


# JSON


def _json(text: str) -> Rows:
    notes: list[str] = []
    told = _records(_parsed(text, notes), notes)
    if all(isinstance(each, list) for each in told):
        lists = cast("list[list[Any]]", told)
        width = max(map(len, lists))
        has_head = len(lists) > 1 and all(isinstance(each, str) for each in lists[0]) and len(lists[0]) == width
        names = [*lists[0]] if has_head else [f"column {place}" for place in range(1, width + 1)]
        body = lists[has_head:]
        names = _narrowed(names, notes)
        rows = [[_cell(each) for each in [*row, *[None] * width][: len(names)]] for row in body[: room(len(names))]]
    else:
        flat = [
            _flat(cast("dict[str, Any]", each) if isinstance(each, dict) else {"value": each})
            for each in told[:MOST_ROWS]
        ]
        names = _narrowed([*dict.fromkeys(name for row in flat for name in row)], notes)
        body, flat = told, flat[: room(len(names))]
        rows = [[row.get(name) for name in names] for row in flat]
    _bounded(len(body), len(rows), notes)
    return names, rows, len(body), notes


def _parsed(text: str, notes: list[str]) -> Any:
    if len(text) > LONGEST_TEXT:
        raise TableError(
            f"This JSON has {len(text):,} characters, and at most {LONGEST_TEXT:,} are read. Give fewer rows, or CSV."
        )
    twice: list[str] = []

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs) and not twice:
            twice.append(next(name for place, (name, _) in enumerate(pairs) if name in dict(pairs[:place])))
        return made

    decoder = json.JSONDecoder(object_pairs_hook=read)
    try:
        try:
            return decoder.decode(text)
        except json.JSONDecodeError as error:
            lines = [line for line in text.split("\n") if line.strip()]
            if len(lines) < 2 or not error.msg.startswith("Extra data"):
                raise
            return [decoder.decode(line) for line in lines]
    except json.JSONDecodeError as error:
        raise TableError(
            f"This begins as JSON does and is none: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except (RecursionError, ValueError) as error:  # also a whole number of thousands of digits
        raise TableError("This JSON is nested too deeply, or holds a number of thousands of digits.") from error
    finally:
        if twice:
            notes.append(f'An object has the name "{visible(shortened(twice[0], 60))}" twice; the last one counts.')


def _records(told: Any, notes: list[str]) -> list[Any]:
    """The rows that JSON holds, as objects, lists or values.

    Raises:
        TableError: It holds none.
    """
    if isinstance(told, dict):
        by_name = cast("dict[str, Any]", told)
        if isinstance(by_name.get("data"), list) and isinstance(by_name.get("columns"), list):
            return [by_name["columns"], *by_name["data"]]
        lists = {name: cast("list[Any]", each) for name, each in by_name.items() if isinstance(each, list)}
        tables = {name: each for name, each in lists.items() if each and isinstance(each[0], dict | list)}
        if tables:
            name = max(tables, key=lambda name: len(tables[name]))
            if others := [visible(shortened(each, 40)) for each in by_name if each != name]:
                notes.append(
                    f'The rows are those of "{visible(shortened(name, 40))}"; without {", ".join(others[:5])}.'
                )
            told = tables[name]
        elif lists and len(lists) == len(by_name):
            return _across(lists, notes)
        elif by_name and all(isinstance(each, dict) for each in by_name.values()):
            inner = {key for each in by_name.values() for key in each}
            if all(key.isdigit() for key in inner):  # as pandas writes columns
                keys = sorted(inner, key=int)
                return _across({name: [each.get(key) for key in keys] for name, each in by_name.items()}, notes)
            return [{"name": name, **each} for name, each in by_name.items()]
        else:
            told = [by_name] if by_name else []
    rows = cast("list[Any]", told) if isinstance(told, list) else []
    if not rows:
        raise TableError("This JSON holds no rows. Give a list of objects, one for each row.")
    return rows


def _across(columns: Mapping[str, Sequence[Any]], notes: list[str]) -> list[Any]:
    """Rows from columns."""
    lengths = {len(each) for each in columns.values()}
    if lengths == {0}:
        raise TableError("There are column names and no rows.")
    if len(lengths) > 1:
        notes.append(
            f"The columns have from {min(lengths):,} to {max(lengths):,} values; the shorter ones are filled up."
        )
    return [[*columns], *([*row] for row in zip_longest(*columns.values()))]


def _flat(row: Mapping[str, Any], before: str = "", depth: int = 1) -> dict[str, object]:
    """A row whose objects have become columns of their own."""
    flat: dict[str, object] = {}
    for name, each in row.items():
        if isinstance(each, dict) and each and depth < DEEPEST:
            flat |= _flat(cast("dict[str, Any]", each), f"{before}{name}.", depth + 1)
        else:
            flat[f"{before}{name}"] = _cell(each)
    return flat


def _cell(value: Any) -> object:
    if not isinstance(value, dict | list):
        return value
    try:
        return shortened(json.dumps(value, ensure_ascii=False), LONGEST_CELL)
    except (RecursionError, ValueError):
        return "nested too deeply"
