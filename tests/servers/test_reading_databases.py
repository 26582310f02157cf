"""Tables of SQLite files that anybody may have made: names that are SQL, views, blobs, locks, logs, damage, no end."""

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.analysis import texts
from servers.analysis.database import quoted, read_table, table_names
from servers.analysis.table import TableError

ORDERS = "CREATE TABLE orders (id INTEGER PRIMARY KEY, day TEXT, amount REAL, paid BOOLEAN, note TEXT)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def make(path: Path, *statements: str) -> Path:
    """A database with ten orders, and whatever else is said."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(ORDERS)
        rows = [(f"2025-03-{day:02}", day * 1.5, day % 2, "fine") for day in range(1, 11)]
        database.executemany("INSERT INTO orders (day, amount, paid, note) VALUES (?, ?, ?, ?)", rows)
        for statement in statements:
            database.execute(statement)
    return path


def fails(path: Path, name: str = "orders", *, seconds: float = 10) -> str:
    with pytest.raises(TableError) as caught:
        read_table(path, name, seconds=seconds)
    assert "\n" not in str(caught.value)
    assert str(path.parent) not in str(caught.value)
    return str(caught.value)


def test_a_table_is_read_with_its_types(path: Path) -> None:
    table = read_table(make(path), "Orders")
    assert (table.name, table.rows, table.read, table.note) == ("orders", 10, 10, "")
    kinds = {name: each.kind for name, each in table.columns.items()}
    assert kinds == {"id": "text", "day": "time", "amount": "number", "paid": "text", "note": "text"}
    assert table.columns["amount"].values.tolist() == [day * 1.5 for day in range(1, 11)]
    assert table.columns["paid"].values.tolist()[:2] == ["true", "false"]
    assert table_names(path) == ["orders"]


EVIL = [
    'x"; DROP TABLE orders; --',
    "orders; DROP TABLE orders",
    "a b",
    "'",
    '"',
    "select",
    "[x]",
    "x -- y",
    "день",
    "*",
]


@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_never_sql_whether_a_caller_gives_it_or_the_file_has_it(name: str, path: Path) -> None:
    assert fails(make(path), name).endswith("in this database; there are: orders.")
    columns = f"{quoted(name)} REAL, {quoted(name + '2')} TEXT"
    path.unlink()
    into = f"INSERT INTO {quoted(name)} VALUES (4.5, 'x')"  # noqa: S608 - the names of a hostile file, quoted
    make(path, f"CREATE TABLE {quoted(name)} ({columns})", into)
    table = read_table(path, name)
    assert table.name == name
    assert [each.values.tolist() for each in table.columns.values()] == [[4.5], ["x"]]
    assert read_table(path, "orders").rows == 10


def test_the_query_of_the_tutorial_hands_out_another_table_and_this_reader_does_not(path: Path) -> None:
    make(path, "CREATE TABLE users (name TEXT, password TEXT)", "INSERT INTO users VALUES ('ann', 'blue')")
    name = "(SELECT name, password, 1 AS created_at FROM users)"
    with closing(sqlite3.connect(path)) as database:
        query = f"SELECT * FROM {name} ORDER BY created_at DESC LIMIT 100"  # noqa: S608 - the hole that is shown
        assert database.execute(query).fetchall() == [("ann", "blue", 1)]
    assert "There is no table" in fails(path, name)


@given(st.text(min_size=1, max_size=30).filter(lambda name: "\0" not in name and name.isprintable()))
def test_an_identifier_in_quotation_marks_is_one_identifier(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        if not name.lower().startswith("sqlite_"):
            database.execute(f"CREATE TABLE {quoted(name)} ({quoted(name)})")
            assert database.execute("SELECT name FROM sqlite_master").fetchall() == [(name,)]


VIEWS = {
    "without an end": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "took more than",
    ),
    "that multiplies": (
        "SELECT a.id FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g, orders h",
        "took more than",
    ),
    "of a huge value": (
        "SELECT zeroblob(1000000000) AS z, hex(zeroblob(1000000000)) AS h",
        "more than 1,000,000 bytes",
    ),
    "of an extension": ("SELECT load_extension('x') AS x", "SQLite could not read it"),
    "of nothing": ("SELECT * FROM gone", "SQLite could not read it: no such table"),
    "of the settings": ("SELECT * FROM pragma_database_list", "SQLite could not read it: unsafe use"),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_that_does_more_than_read_is_stopped(kind: str, path: Path) -> None:
    query, told = VIEWS[kind]
    make(path, f"CREATE VIEW evil AS {query}")
    before = process_time()
    assert told in fails(path, "evil", seconds=0.2)
    assert process_time() - before < 5
    assert read_table(path, "orders").rows == 10


def test_an_honest_view_is_read_as_a_table(path: Path) -> None:
    make(path, "CREATE VIEW paid AS SELECT day, amount, amount FROM orders WHERE paid")
    table = read_table(path, "paid")
    assert (table.rows, [*table.columns]) == (5, ["day", "amount", "amount:1"])


def test_a_file_is_as_it_was_though_it_has_triggers_and_a_log(path: Path) -> None:
    make(path, "CREATE TRIGGER t AFTER INSERT ON orders BEGIN DELETE FROM orders; END")
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert read_table(path, "orders").rows == 10
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [*path.parent.iterdir()] == [path]


def test_what_stands_in_the_log_of_another_process_is_read_too(path: Path) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("INSERT INTO orders (amount) VALUES (3)")
        other.commit()
        assert read_table(path, "orders").rows == 11


def test_a_file_that_is_locked_is_waited_for_and_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("servers.analysis.database.LOCKED_SECONDS", 0.05)
    with closing(sqlite3.connect(make(path), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert fails(path) == "shop.db stayed locked by another process for 0.05 s. Call again."


def a_folder(path: Path) -> None:
    path.mkdir()


def no_database(path: Path) -> None:
    path.write_text("To whom it may concern: this is no database at all.\n" * 50, encoding="utf-8")


def damaged(path: Path) -> None:
    make(path, "CREATE INDEX i ON orders (note)")
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def an_empty_file(path: Path) -> None:
    path.touch()


FILES: list[tuple[Callable[[Path], object], str]] = [
    (lambda _: None, "There is no file shop.db."),
    (a_folder, "shop.db is no file."),
    (a_pipe, "shop.db is no file."),
    (no_database, "shop.db is no SQLite database."),
    (damaged, "shop.db is damaged; SQLite cannot read it."),
    (an_empty_file, 'There is no table "orders" in this database; there are: none.'),
]


@pytest.mark.parametrize(("spoil", "told"), FILES)
def test_what_is_no_database_is_told_in_a_sentence(spoil: Callable[[Path], object], told: str, path: Path) -> None:
    if spoil is a_pipe and sys.platform == "win32":
        pytest.skip("Windows has no pipes in folders")
    spoil(path)
    assert fails(path) == told


def test_no_table_lies_outside_of_the_file(path: Path) -> None:
    make(path, "CREATE VIRTUAL TABLE words USING fts5(word)", "CREATE TABLE empty (a)")
    other = make(path.with_name("other.db"), "CREATE TABLE secret (a)")
    for name in ("../other.db", str(other), "other.secret", "sqlite_master", "words", "secret"):
        assert "There is no table" in fails(path, name)
    assert fails(path, "empty") == 'The table "empty" has no rows.'


def test_a_large_table_gives_its_newest_rows_of_whole_days(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_ROWS", 25)
    make(path, "CREATE TABLE events (n INTEGER, created_at TEXT, id TEXT)", "CREATE TABLE plain (n INTEGER)")
    with closing(sqlite3.connect(path)) as database, database:
        days = [date(2025, 1, 1) + timedelta(row // 10) for row in range(60)]
        rows = [(row, f"{day}T10:00:{row % 10:02}") for row, day in enumerate(days)]
        database.executemany("INSERT INTO events (n, created_at) VALUES (?, ?)", reversed(rows))
        database.executemany("INSERT INTO plain VALUES (?)", [(row,) for row in range(60)])
    table = read_table(path, "events")
    assert (table.rows, table.read, table.columns["n"].values.tolist()) == (60, 20, [*range(40, 60)])
    assert table.note.startswith("Of 60 rows the newest 25 by created_at are read. The day in which the reading ended")
    assert read_table(path, "plain").note == "Of 60 rows the first 25 are read."


def test_blobs_long_texts_and_broken_ones_do_no_harm(path: Path) -> None:
    make(path, "INSERT INTO orders (note) VALUES (zeroblob(5000000))", "UPDATE orders SET note = hex(zeroblob(9000))")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE orders SET note = CAST(x'ff41' AS TEXT) WHERE id = 1")
        database.execute("UPDATE orders SET note = zeroblob(5000000) WHERE id = 2")
    notes = read_table(path, "orders").columns["note"].values
    assert (notes[0], notes[1], len(notes[2])) == ("\ufffdA", None, 1000)
