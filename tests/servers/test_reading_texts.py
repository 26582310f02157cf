"""CSV and JSON as tables: what is told apart, what is not guessed, what is left out and said."""

import json
from datetime import date, timedelta
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.analysis import texts
from servers.analysis.cells import column
from servers.analysis.table import Table, TableError
from servers.analysis.texts import read_text


def told(table: Table) -> dict[str, tuple[str, list[Any]]]:
    """The kinds and values of the columns; days as ISO 8601, a missing value as `None`."""
    found: dict[str, tuple[str, list[Any]]] = {}
    for name, each in table.columns.items():
        values: list[Any] = [
            None if isinstance(value, float) and isnan(value) else value for value in each.values.tolist()
        ]
        if each.kind == "time":
            values = [None if value is None else value.isoformat().removesuffix("T00:00:00") for value in values]
        found[name] = each.kind, values
    return found


ALIKE = {
    "commas": "day,amount,kind\n2025-03-04,1.5,a\n2025-03-05,2,b\n",
    "semicolons and decimal commas": "day;amount;kind\n2025-03-04;1,5;a\n2025-03-05;2,0;b",
    "tabs": "day\tamount\tkind\n2025-03-04\t1.5\ta\n2025-03-05\t2\tb",
    "bars": "day|amount|kind\n2025-03-04|1.5|a\n2025-03-05|2|b",
    "a BOM and Windows' lines": "\ufeffday,amount,kind\r\n2025-03-04,1.5,a\r\n2025-03-05,2,b\r\n",
    "quoted decimal commas": 'day,amount,kind\n2025-03-04,"1,5",a\n2025-03-05,"2,0",b',
    "German days": "day;amount;kind\n04.03.2025;1,5;a\n05.03.2025;2,0;b",
    "English days": "day,amount,kind\n4 Mar 2025,1.5,a\nMarch 5th,2,b".replace("March 5th", '"Mar 5, 2025"'),
    "blank lines and spaces": "day, amount, kind\n\n2025-03-04, 1.5, a\n\n2025-03-05, 2, b",
    "objects": '[{"day": "2025-03-04", "amount": 1.5, "kind": "a"}, {"day": "2025-03-05", "amount": 2, "kind": "b"}]',
    "lines of objects": '{"day":"2025-03-04","amount":1.5,"kind":"a"}\n{"day":"2025-03-05","amount":2,"kind":"b"}\n',
    "columns": '{"day": ["2025-03-04", "2025-03-05"], "amount": [1.5, 2], "kind": ["a", "b"]}',
    "pandas columns": '{"day":{"0":"2025-03-04","1":"2025-03-05"},"amount":{"0":1.5,"1":2},"kind":{"0":"a","1":"b"}}',
    "pandas split": '{"columns":["day","amount","kind"],"data":[["2025-03-04",1.5,"a"],["2025-03-05",2,"b"]]}',
    "lists below a head": '[["day","amount","kind"],["2025-03-04",1.5,"a"],["2025-03-05",2,"b"]]',
    "rows in an object": '{"page":1,"rows":[{"day":"2025-03-04","amount":1.5,"kind":"a"},'
    '{"day":"2025-03-05","amount":2,"kind":"b"}]}',
}


@pytest.mark.parametrize("form", ALIKE)
def test_the_same_rows_are_read_from_every_form(form: str) -> None:
    table = read_text(ALIKE[form])
    assert told(table) == {
        "day": ("time", ["2025-03-04", "2025-03-05"]),
        "amount": ("number", [1.5, 2.0]),
        "kind": ("text", ["a", "b"]),
    }
    assert (table.rows, table.read) == (2, 2)
    assert table.note == ('The rows are those of "rows"; without page.' if form == "rows in an object" else "")


CELLS: list[tuple[list[Any], str, list[Any]]] = [
    (["1,234", "12"], "number", [1234.0, 12.0]),
    (["1,234", "1,5"], "number", [1.234, 1.5]),
    (["1.234,5", "2"], "number", [1234.5, 2.0]),
    (["1 234", "1\u202f000"], "number", [1234.0, 1000.0]),
    (["1'234.50", "2"], "number", [1234.5, 2.0]),
    (["1,5", "1.5"], "text", ["1,5", "1.5"]),
    (["-5", "+3", "\u22122"], "number", [-5.0, 3.0, -2.0]),
    (["1e3", "2.5E-1"], "number", [1000.0, 0.25]),
    (["3", "NA", ""], "number", [3.0, None, None]),
    (["NA", "DE", ""], "text", ["NA", "DE", None]),
    (["007", "123"], "text", ["007", "123"]),
    (["1.2.3", "1.2.4"], "text", ["1.2.3", "1.2.4"]),
    (["10.0.0.1", "10.0.0.2"], "text", ["10.0.0.1", "10.0.0.2"]),
    (["1_000", "2"], "text", ["1_000", "2"]),
    (["1e999", "2"], "number", [None, 2.0]),
    ([2**60, 3], "text", [str(2**60), "3"]),
    ([10**5000], "text", ["a number of thousands of digits"]),
    ([True, None, False], "text", ["true", None, "false"]),
    ([True, 3], "text", ["true", "3"]),
    ([1, "2", "3.5"], "number", [1.0, 2.0, 3.5]),
    (["12 ms", "3 s"], "text", ["12 ms", "3 s"]),
    (["14/03/2025", "05/06/2025"], "time", ["2025-03-14", "2025-06-05"]),
    (["03/14/2025", "05/06/2025"], "time", ["2025-03-14", "2025-05-06"]),
    (["03/04/2025", "05/06/2025"], "text", ["03/04/2025", "05/06/2025"]),
    (["2025-02-30", "2025-02-28"], "text", ["2025-02-30", "2025-02-28"]),
    (["2025-03", "March 2025"], "time", ["2025-03-01", "2025-03-01"]),
    (["2025-03-04T10:00:00+02:00", "2025-03-04 10:00Z"], "time", ["2025-03-04T08:00:00", "2025-03-04T10:00:00"]),
    (["4 Mar 2025 3:15 PM", "2025/3/5"], "time", ["2025-03-04T15:15:00", "2025-03-05"]),
    (["2025-03-04", "unknown"], "text", ["2025-03-04", "unknown"]),
    (["2025-03-04", "n/a"], "time", ["2025-03-04", None]),
    ([None, None], "text", [None, None]),
]


@pytest.mark.parametrize(("cells", "kind", "values"), CELLS)
def test_what_cells_are(cells: list[Any], kind: str, values: list[Any]) -> None:
    each, _ = column("x", cells)
    assert told(Table("", {"x": each}, 1, 1))["x"] == (kind, values)


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("order_id", [1, 2], "text"),
        ("orderId", ["1", "2"], "text"),
        ("zip", ["12345", "54321"], "text"),
        ("paid", [1, 2], "number"),
        ("created_at", [1740000000, 1750000000], "time"),
        ("ts", [1740000000000, None], "time"),
        ("amount", [1740000000, 1750000000], "number"),
        ("year", ["2024", "2025"], "time"),
        ("date", [20250304, 20250305], "time"),
        ("date", [20250399, 20250305], "number"),
    ],
)
def test_what_a_name_tells_of_whole_numbers(name: str, cells: list[Any], kind: str) -> None:
    assert column(name, cells)[0].kind == kind


@pytest.mark.parametrize(("cells", "unit"), [(["12%", "3 %"], "%"), (["€ 3", "-€4.50"], "€"), (["12 ms", ""], "ms")])
def test_a_unit_that_all_carry_is_the_columns(cells: list[str], unit: str) -> None:
    each, _ = column("x", cells)
    assert (each.kind, each.unit) == ("number", unit)


NOTED = {
    "a,a,\n1,2,3": 'Of several columns "a" this one is called "a (2)".',
    "a,b\n1\n3,4,5": "Cells beyond the last column are left out, in rows: 1.",
    "1,2\n3,4": "The first line holds figures, so the columns have numbers for names.",
    '{"a":[1,2],"b":[1]}': "The columns have from 1 to 2 values; the shorter ones are filled up.",
    '[{"a":1,"a":2}]': 'An object has the name "a" twice; the last one counts.',
    '[{"a":Infinity},{"a":1}]': "a: infinite values count as missing: 1.",
    "d\n03/04/2025": "d: "
    "03/04/2025 may begin with the day or the month, so these are texts. Write dates as 2025-03-04.",
    "t\n2025-03-04T10:00:00+02:00": "t: times with an offset are told in UTC.",
    "ms\n" + "1\n" * 30 + "time\u202eout": 'ms: what is no number ("time[U+202E]out") counts as missing: 1 of 31.',
}


@pytest.mark.parametrize("text", NOTED)
def test_what_was_left_out_or_guessed_is_said(text: str) -> None:
    assert read_text(text).note == NOTED[text]


def test_rows_of_every_length_and_shape_are_rows() -> None:
    assert told(read_text('a,b\n"x\ny, ""z""",2\n3'))["a"] == ("text", ['x\ny, "z"', "3"])
    assert [*told(read_text("region,2024,2025\nnorth,5,6"))] == ["region", "2024", "2025"]
    nested = '[{"a":{"b":{"c":{"d":{"e":1}}}},"tags":["x"]},{"a":null,"z":true}]'
    assert told(read_text(nested)) == {
        "a.b.c.d": ("text", ['{"e": 1}', None]),
        "tags": ("text", ['["x"]', None]),
        "a": ("text", [None, None]),
        "z": ("text", [None, "true"]),
    }
    assert told(read_text('{"north":{"sales":1},"south":{"sales":2}}'))["name"] == ("text", ["north", "south"])
    assert told(read_text("[1, 2.5, null]")) == {"value": ("number", [1.0, 2.5, None])}
    assert [*told(read_text("\tname\n0\tann\n1\tbob"))] == ["column 1", "name"]
    wide = read_text(",".join(f"c{n}" for n in range(300)) + "\n" + "1," * 299 + "1")
    assert (len(wide.columns), wide.note) == (200, "Of 300 columns the first 200 are read.")


WRONG = {
    "": "There is no data.",
    " \n\t": "There is no data.",
    "hello": "There are column names and no rows.",
    "[]": "This JSON holds no rows.",
    '{"a":[],"b":[]}': "There are column names and no rows.",
    "[{}]": "There are no columns.",
    '{"a": 1,': "This begins as JSON does and is none: line 1, column ",
    "[" * 100_000: "This JSON is nested too deeply",
    '[{"a":' + "1" * 5_000 + "}]": "This JSON is nested too deeply, or holds a number of thousands of digits.",
    'a,b\n1,"' + "x" * 200_000: "This is no CSV: field larger than field limit (131072), in row 2.",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:20])
def test_what_holds_no_table_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(TableError) as caught:
        read_text(text)
    assert str(caught.value).startswith(WRONG[text])


def test_of_too_many_rows_the_first_are_read_up_to_a_whole_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_ROWS", 25)
    days = [date(2025, 1, 1) + timedelta(row // 10) for row in range(60)]
    for text in (
        "day,n\n" + "".join(f"{day},{row}\n" for row, day in enumerate(days)),
        json.dumps([{"day": str(day), "n": row} for row, day in enumerate(days)]),
    ):
        table = read_text(text)
        assert (table.rows, table.read, table.columns["n"].values.tolist()) == (60, 20, [*range(20)])
        assert table.note == "Of 60 rows the first 25 are read. The day in which the reading ended is left out."
    assert read_text("n\n" + "1\n" * 60).read == 25


def test_a_long_text_is_read_as_far_as_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LONGEST_TEXT", 1_000)
    table = read_text("n\n" + "12345678\n" * 1_000)
    assert (table.rows, table.read) == (1_000, 110)
    with pytest.raises(TableError, match="This JSON has 3,000 characters, and at most 1,000 are read"):
        read_text("[" + "1," * 1_498 + "10]")


@given(st.text(max_size=200) | st.text('[]{}",:;.\n\t-0123456789aeN%/ ', max_size=80))
def test_any_text_is_a_table_or_a_sentence(text: str) -> None:
    try:
        table = read_text(text)
    except TableError:
        pass
    else:
        assert {len(each.values) for each in table.columns.values()} == {table.read}
        assert 0 < table.read <= table.rows
        assert all(each.missing <= table.read for each in table.columns.values())


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_numbers_that_a_program_wrote_are_read_as_they_were(numbers: list[float]) -> None:
    each = read_text("x,y\n" + "".join(f"{number!r},a\n" for number in numbers)).columns["x"]
    assert np.array_equal(each.values, np.array(numbers))
