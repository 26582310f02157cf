"""`read_table`: a table of an SQLite file that anybody may have made, opened read-only.

    SELECT * FROM ${tableName} ORDER BY created_at DESC LIMIT 100

is how tutorials read one, and whoever names the table writes the query: `orders; DROP TABLE orders`, `orders UNION
SELECT ...`. Here a name that a caller gives never becomes SQL. It is looked up among the names that the file lists, and
the one that is found there is quoted, for a file may list a table that is called `x"; DROP TABLE orders; --`.

The file is hostile too. A view runs whatever query its maker wrote: it may read tables of this file and nothing else,
for so many seconds, with values of so many bytes. Nothing is attached, no extension is loaded, nothing is written.
"""

import sqlite3
import stat
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from urllib.parse import quote

from servers.analysis.cells import LONGEST_CELL
from servers.analysis.table import Table, TableError
from servers.analysis.texts import MOST_COLUMNS, made, room
from servers.plain_text import shortened, visible

SECONDS = 10.0
"""The longest that the reading of a table may take."""

LOCKED_SECONDS = 2.0
"""How long a file that another process is writing to is waited for."""

LARGEST_VALUE = 1_000_000
"""Bytes of a text or of a row, above which SQLite gives it up. A blob is never loaded at all."""

MOST_BYTES = 100_000_000
"""Bytes of text that are read of a table."""

MOST_LISTED = 30
"""Tables that an error names."""

_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LARGEST_VALUE,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_NAMES = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
    "AND (sql IS NULL OR sql NOT LIKE 'create virtual %') ORDER BY rowid LIMIT 1001"
)


def table_names(path: Path, *, seconds: float = SECONDS) -> list[str]:
    """The tables and views of a database, in the order in which they were made; virtual tables run code and are none.

    Raises:
        TableError: As for `read_table`.
    """
    with _opened(path, seconds) as database:
        return _names(database)


def read_table(path: Path, name: str, *, seconds: float = SECONDS) -> Table:
    """The rows of a table or a view; of one that is too large the newest, where a column tells their times.

    Args:
        path: An SQLite file.
        name: A table that it lists; upper and lower case are one, as in SQL.
        seconds: The longest that it may take.

    Raises:
        TableError: There is no such file or table, it is no database, it is locked or damaged, or it takes too long.
    """
    with _opened(path, seconds) as database:
        return _read(database, _found(name, _names(database)))


def quoted(identifier: str) -> str:
    """An identifier as it may stand in SQL, whatever it is: in quotation marks, with those in it doubled."""
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def _opened(path: Path, seconds: float) -> Generator[sqlite3.Connection]:
    """A connection that can only read, and only for so long.

    Raises:
        TableError: See `read_table`. Whatever SQLite says of a file is told in one sentence that names no path.
    """
    path = path.resolve()
    try:
        before = path.lstat()
        if not stat.S_ISREG(before.st_mode):
            raise TableError(f"{visible(path.name)} is no file.")
        uri = f"file:{quote(str(path))}?mode=ro{_unlogged(path)}"
        end = monotonic() + seconds
        with closing(sqlite3.connect(uri, uri=True, timeout=LOCKED_SECONDS, isolation_level=None)) as database:
            database.text_factory = _decoded
            for limit, most in _LIMITS.items():
                database.setlimit(limit, most)
            for setting in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
                database.execute(f"PRAGMA {setting}")
            database.set_progress_handler(lambda: monotonic() > end, _STEPS)
            database.execute("BEGIN")  # one state of the file, though another process goes on writing
            yield database
        after = path.lstat()
    except (OSError, sqlite3.Error, sqlite3.Warning, ValueError) as error:
        raise error if isinstance(error, TableError) else TableError(_said(path.name, error, seconds)) from error
    if "immutable" in uri and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise TableError(f"{visible(path.name)} was changed while it was read. Call again.")


def _unlogged(path: Path) -> str:
    """What to add to the address of a file that keeps a log of writes (`-wal`) and has none just now.

    SQLite would make one, though it only reads. `immutable` says that nobody writes, which is looked at afterwards.
    """
    with path.open("rb") as file:
        logs = file.read(20)[18:20] == b"\2\2"
    log = path.with_name(f"{path.name}-wal")
    return "&immutable=1" if logs and not (log.exists() and log.stat().st_size) else ""


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _said(name: str, error: Exception, seconds: float) -> str:
    """What went wrong, in a sentence."""
    name = visible(shortened(name, 80))
    if isinstance(error, FileNotFoundError):
        return f"There is no file {name}."
    if isinstance(error, OSError):
        return f"{name} could not be opened: {error.strerror}."
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    told = {
        sqlite3.SQLITE_INTERRUPT: f"Reading it took more than {seconds:g} s and was stopped. Take a smaller table, or "
        "one that is no view.",
        sqlite3.SQLITE_BUSY: f"{name} stayed locked by another process for {LOCKED_SECONDS:g} s. Call again.",
        sqlite3.SQLITE_NOTADB: f"{name} is no SQLite database.",
        sqlite3.SQLITE_CORRUPT: f"{name} is damaged; SQLite cannot read it.",
        sqlite3.SQLITE_TOOBIG: f"It holds a text or a row of more than {LARGEST_VALUE:,} bytes, which is not read.",
        sqlite3.SQLITE_CANTOPEN: f"{name} cannot be opened as it lies there. Copy it, with the -wal file beside "
        "it, into a folder that can be written to.",
        sqlite3.SQLITE_READONLY: f"{name} was left in the middle of a change. Opened once with SQLite, it is mended.",
    }
    return told.get(code, f"SQLite could not read it: {visible(shortened(str(error), 200))}.")


def _names(database: sqlite3.Connection) -> list[str]:
    return [name for (name,) in database.execute(_NAMES)]


def _found(name: str, names: list[str]) -> str:
    """The name as the file has it.

    Raises:
        TableError: It lists no such table.
    """
    for each in [*(each for each in names if each == name), *names]:
        if each.casefold() == name.casefold():
            return each
    shown = ", ".join(visible(shortened(each, 60)).replace("\n", " ") for each in names[:MOST_LISTED]) or "none"
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    raise TableError(f'There is no table "{visible(shortened(name, 60))}" in this database; there are: {shown}{more}.')


@dataclass(frozen=True)
class _Column:
    name: str
    type: str
    is_key: bool

    @property
    def is_time(self) -> bool:
        return any(word in f"{self.type} {self.name}".lower() for word in ("date", "time", "_at", "day"))


def _read(database: sqlite3.Connection, name: str) -> Table:
    known = database.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
    shown = [_Column(row[1], str(row[2] or ""), bool(row[5])) for row in known if row[6] != 1]
    keys = [each for each in shown if each.is_key]
    columns, notes = shown[:MOST_COLUMNS], list[str]()
    if len(shown) > len(columns):
        notes.append(f"Of {len(shown):,} columns the first {MOST_COLUMNS} are read.")
    table = quoted(name)
    [(count,)] = database.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - quoted
    if not count or not columns:
        raise TableError(f'The table "{visible(shortened(name, 60))}" has no rows.')
    most = room(len(columns))
    newest = _time_of(database, table, columns) if count > most else None
    order = f" ORDER BY {table}.{quoted(newest)} DESC" if newest else ""
    picked = ", ".join(_picked(f"{table}.{quoted(each.name)}") for each in columns)
    rows: list[list[object]] = []
    size = 0
    query = f"SELECT {picked} FROM {table}{order} LIMIT {most}"  # noqa: S608 - each name is quoted
    for row in database.execute(query):
        size += sum(len(each) for each in row if isinstance(each, str))
        if size > MOST_BYTES:
            break
        rows.append([*row])
    if count > len(rows):
        kept = f"the newest {len(rows):,} by {visible(shortened(newest, 60))}" if newest else f"the first {len(rows):,}"
        notes.append(f"Of {count:,} rows {kept} are read.")
    flags = [place for place, each in enumerate(columns) if each.type.upper().startswith("BOOL")]
    for row in rows if flags else []:
        for place in flags:
            row[place] = bool(row[place]) if row[place] in (0, 1) else row[place]
    key = frozenset(each.name for each in keys) if len(keys) == 1 else frozenset[str]()
    read = made(name, [each.name for each in columns], rows, count, notes, keys=key)
    if newest:  # oldest first, as the rest of the table
        turned = {each: replace(of, values=of.values[::-1]) for each, of in read.columns.items()}
        read = replace(read, columns=turned)
    return read


def _picked(column: str) -> str:
    """A column's value; of a long text the beginning, and of a blob nothing, which is then not even loaded."""
    return (
        f"CASE typeof({column}) WHEN 'blob' THEN NULL WHEN 'text' THEN substr({column}, 1, {LONGEST_CELL}) "
        f"ELSE {column} END"
    )


def _time_of(database: sqlite3.Connection, table: str, columns: list[_Column]) -> str | None:
    """The first column that is ordered as its times are: of ISO dates, or of whole numbers."""
    for each in columns:
        if each.is_time:
            cell = f"{table}.{quoted(each.name)}"
            beginning = f"SELECT {cell} AS told FROM {table} LIMIT 1000"  # noqa: S608 - quoted
            iso = "typeof(told) = 'text' AND told GLOB '[12][0-9][0-9][0-9]-[01][0-9]*'"
            odd = f"SELECT 1 FROM ({beginning}) WHERE NOT (typeof(told) = 'integer' OR ({iso})) LIMIT 1"  # noqa: S608
            if not database.execute(odd).fetchone():
                return each.name
    return None
