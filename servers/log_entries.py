"""A log in which several programs write, each in its own format, cut into entries with a time and a level."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

LEVELS = ("critical", "error", "warning", "info", "debug")
"""Most severe first."""


class LogEntry(NamedTuple):
    """One entry: all its lines, when it was written and how severe it is (one of `LEVELS`)."""

    time: datetime
    level: str
    text: str


class _Format(NamedTuple):
    line: re.Pattern[str]
    time: str


_FORMATS = (
    # PostgreSQL: 2026-11-13 01:12:11.482 UTC [821] reporting@shop ERROR:  deadlock detected
    # A DETAIL, HINT or STATEMENT line is not listed: it goes on with the entry before it.
    _Format(
        re.compile(
            r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] (?:\S+@\S+ )?"
            r"(?P<level>DEBUG|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC)\d?:"
        ),
        "%Y-%m-%d %H:%M:%S.%f",
    ),
    # Python's logging: 2026-11-13 01:12:11,495 ERROR shop.orders: order 48702 failed
    _Format(
        re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) "),
        "%Y-%m-%d %H:%M:%S,%f",
    ),
    # nginx, its own messages: 2026/11/13 02:40:24 [error] 411#411: *8802 connect() failed
    _Format(
        re.compile(r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>[a-z]+)\] "),
        "%Y/%m/%d %H:%M:%S",
    ),
    # nginx, a request: 203.0.113.51 - - [13/Nov/2026:02:42:10 +0000] "GET / HTTP/1.1" 502 157
    _Format(
        re.compile(r'\S+ \S+ \S+ \[(?P<time>\S+ [+-]\d{4})\] "(?:[^"\\]|\\.)*" (?P<level>\d)\d\d '),
        "%d/%b/%Y:%H:%M:%S %z",
    ),
    # systemd's journal, which prints no level: 2026-11-13T02:40:20+0000 db01 systemd[1]: …
    _Format(
        re.compile(
            r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}) \S+ [^\s:]+: "
            r"(?:.*\b(?P<level>[Ff]ailed|FAILURE|Killed|cannot)\b)?"
        ),
        "%Y-%m-%dT%H:%M:%S%z",
    ),
    # Kubernetes, which leaves the year out: E1113 02:41:13.402771    1204 pod_workers.go:1324] …
    _Format(
        re.compile(r"(?P<level>[IWEF])(?P<time>\d{4} \d\d:\d\d:\d\d\.\d{6}) "),
        "%m%d %H:%M:%S.%f",
    ),
)

_WORDS = {
    "critical": ("panic", "fatal", "critical", "crit", "alert", "emerg", "f"),
    "error": ("error", "err", "e", "5", "failed", "failure", "killed", "cannot"),
    "warning": ("warning", "warn", "w", "4"),
    "debug": ("debug", "trace"),
}
_LEVEL_OF = {word: level for level, words in _WORDS.items() for word in words}


def read_log(text: str) -> list[LogEntry]:
    """Cut a log into its entries.

    A line in none of the known formats goes on with the entry before it, as the lines of a traceback do; before the
    first entry there is nothing that it could belong to, and it is left out. A time without a zone is taken as UTC,
    and one without a year as of the year of the entry before it.
    """
    entries: list[LogEntry] = []
    for line in text.removesuffix("\n").split("\n"):
        head = _head(line, entries[-1].time.year if entries else 1970)
        if head is not None:
            entries.append(LogEntry(*head, line))
        elif entries:
            entries[-1] = entries[-1]._replace(text=f"{entries[-1].text}\n{line}")
    return entries


def last_hours(entries: Sequence[LogEntry], hours: int) -> list[LogEntry]:
    """The entries of the `hours` hours that end with the newest entry: the log's own clock, whatever time it is now."""
    if not entries:
        return []
    start = max(entry.time for entry in entries) - timedelta(hours=hours)
    return [entry for entry in entries if entry.time >= start]


def most_severe(entries: Sequence[LogEntry], limit: int) -> list[LogEntry]:
    """The `limit` most severe entries, of equal ones the newest, in the order of time."""
    newest_first = sorted(entries, key=lambda entry: entry.time, reverse=True)
    chosen = sorted(newest_first, key=lambda entry: LEVELS.index(entry.level))[:limit]
    return sorted(chosen, key=lambda entry: entry.time)


def _head(line: str, year: int) -> tuple[datetime, str] | None:
    """The time and level that an entry's first line tells; `None` where the line begins no entry."""
    if line.startswith("{"):
        return _json_head(line)
    for known in _FORMATS:
        if found := known.line.match(line):
            try:
                return _time(found["time"], known.time, year), _level(found["level"])
            except ValueError:  # it has the look of a time and is none: 2026-11-31
                return None
    return None


def _json_head(line: str) -> tuple[datetime, str] | None:
    """The time and level that a line of JSON tells: {"time": "2026-11-13T02:41:40Z", "level": "critical", …}."""
    try:
        record: object = json.loads(line)
        fields = cast("dict[str, object]", record)
        time = datetime.fromisoformat(str(fields["time"]))
        return time if time.tzinfo else time.replace(tzinfo=UTC), _level(str(fields["level"]))
    except (ValueError, KeyError, RecursionError):
        return None


def _time(text: str, layout: str, year: int) -> datetime:
    if "%Y" not in layout:
        text, layout = f"{year} {text}", f"%Y {layout}"
    time = datetime.strptime(text, layout)  # noqa: DTZ007 - the next line gives it the zone that it lacks
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _level(word: str | None) -> str:
    return _LEVEL_OF.get((word or "").lower(), "info")
