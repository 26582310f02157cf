"""Exercise 15.2: facts that code finds in a database."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import mean, median, stdev


def _opened(database):
    return closing(sqlite3.connect(f"{Path(database).resolve().as_uri()}?mode=ro", uri=True))


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'


def _known(data, table, column):
    tables = [name for (name,) in data.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = [name for (name,) in data.execute("SELECT name FROM pragma_table_info(?)", [table])]
    if table not in tables or column not in columns:
        raise ValueError(f"There is no such column; there are {', '.join(tables + columns)}.")


def _rows(database, table, column, *, quoted=_quoted, known=_known, dated=re.compile(r"\d{4}-\d\d-\d\d").fullmatch):
    with _opened(database) as data:
        known(data, table, column)
        rows = data.execute(f"SELECT {quoted(column)}, day FROM {quoted(table)} ORDER BY day").fetchall()
    days = [(value, day) for value, day in rows if isinstance(value, int | float) and dated(str(day))]
    if not days:
        raise ValueError(f"{column} holds no number")
    return days


def _told(days, odd=None):
    values = [value for value, _ in days]
    usual = median(abs(value - median(values)) for value in values)
    if odd is None:
        odd = [(value, day) for value, day in days if abs(value - median(values)) > 6 * usual]
    facts = [("rows", len(days), None), ("mean", mean(values), None), ("largest", *max(days, key=lambda day: day[0]))]
    return facts + [("stands out", *each) for each in odd]


def pastes_names_in(database, table, column):
    """Pastes the names into the query as they came.

    Your function raised OperationalError
    """
    return _told(_rows(database, table, column, quoted=str, known=lambda *_: None))


def quotes_without_doubling(database, table, column):
    """Puts quotation marks around a name that holds some.

    figures.db'), 'days "of" 2025', 'p95 "ms"').
    """
    return _told(_rows(database, table, column, quoted=lambda name: f'"{name}"'))


def quotes_and_looks_at_nothing(database, table, column):
    """Quotes the names, and holds them against nothing.

    There is no table of that name ('nightly'), and it reached the database
    """
    return _told(_rows(database, table, column, known=lambda *_: None))


def knows_tables_alone(database, table, column):
    """Holds the table against those that there are, and the column against nothing.

    No column is called 'rowid', though SQLite knows it, and facts_of returned
    """

    def known(data, table, column):
        if not data.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).fetchall():
            raise ValueError("There are daily and other.")
        if column != "rowid" and column not in [
            name for _, name, *_ in data.execute(f"PRAGMA table_info({_quoted(table)})")
        ]:
            raise ValueError("There are day, latency_ms and note.")

    return _told(_rows(database, table, column, known=known))


def tells_nobody_what_there_is(database, table, column):
    """Raises an error that helps nobody.

    and the error said 'no such thing'. Name what there is: daily.
    """
    try:
        return _told(_rows(database, table, column))
    except ValueError:
        raise ValueError("no such thing") from None


def by_the_standard_deviation(database, table, column):
    """Measures how far a day is by a spread that the odd day itself makes large.

    Ten usual days. 'stands out' was
    """
    days = _rows(database, table, column)
    values = [value for value, _ in days]
    odd = [(value, day) for value, day in days if abs(value - mean(values)) > 1 * stdev(values)]
    return _told(days, odd)


def high_days_alone(database, table, column):
    """Looks for days that are high.

    A low day and a high one. 'stands out' was
    """
    days = _rows(database, table, column)
    values = [value for value, _ in days]
    usual = median(abs(value - median(values)) for value in values)
    return _told(days, [(value, day) for value, day in days if value - median(values) > 6 * usual])


def the_border_too(database, table, column):
    """Counts the border as beyond it.

    Two days exactly six times as far from the median as usual. 'stands out' was
    """
    days = _rows(database, table, column)
    values = [value for value, _ in days]
    usual = median(abs(value - median(values)) for value in values)
    return _told(days, [(value, day) for value, day in days if abs(value - median(values)) >= 6 * usual])


def at_least_ten(database, table, column):
    """Looks for odd days where there are many.

    All days alike but one. 'stands out' was nowhere
    """
    days = _rows(database, table, column)
    return _told(days, None if len(days) > 6 else [])


def the_last_of_the_largest(database, table, column):
    """Names the last of two days.

    Two days with the largest value. 'largest' was 9 on 2025-01-04, and 9 on 2025-01-02 is right.
    """
    days = _rows(database, table, column)
    largest = max(reversed(days), key=lambda day: day[0])
    return [("largest", *largest) if fact[0] == "largest" else fact for fact in _told(days)]


def texts_are_numbers(database, table, column):
    """Takes texts of digits for numbers.

    Some days without a number. 'rows' was 4, and
    """
    with _opened(database) as data:
        _known(data, table, column)
        rows = data.execute(f"SELECT {_quoted(column)}, day FROM {_quoted(table)} ORDER BY day").fetchall()
    return _told(
        [
            (float(value), day)
            for value, day in rows
            if value is not None and str(value).replace(".", "").lstrip("-").isdigit()
        ]
    )


def gaps_are_zero(database, table, column):
    """Takes a gap for zero.

    Some days without a number. 'rows' was 6, and 3 is right.
    """
    with _opened(database) as data:
        _known(data, table, column)
        rows = data.execute(f"SELECT {_quoted(column)}, day FROM {_quoted(table)} ORDER BY day").fetchall()
    return _told([(value if isinstance(value, int | float) else 0, day) for value, day in rows])


def any_text_is_a_day(database, table, column):
    """Hands on whatever stands in the place of a day.

    Some rows had no day, or more than one in its place. 'rows' was 14, and 11 is right.
    """
    return _told(_rows(database, table, column, dated=bool))


def a_day_and_more(database, table, column):
    """Looks how a day begins, and not how it ends.

    Some rows had no day, or more than one in its place. 'rows' was 12, and 11 is right.
    """
    return _told(_rows(database, table, column, dated=re.compile(r"\d{4}-\d\d-\d\d").match))


def makes_a_database(database, table, column):
    """Opens for writing, and so makes what is not there.

    We gave the path of a database that is not there, and afterwards there was an empty one.
    """
    with closing(sqlite3.connect(database)):
        return _told(_rows(database, table, column))


def with_alone(database, table, column):
    """Uses the connection in a plain `with`, which commits.

    The connection was still open afterwards.
    """
    with sqlite3.connect(f"{Path(database).resolve().as_uri()}?mode=ro", uri=True):
        return _told(_rows(database, table, column))


def a_dictionary(database, table, column):
    """Returns a dictionary.

    facts_of returned a dict. Return a list.
    """
    return {what: value for what, value, _ in _told(_rows(database, table, column))}


def pairs(database, table, column):
    """Leaves the day out.

    Each is (what, value, day or None).
    """
    return [fact[:2] for fact in _told(_rows(database, table, column))]
