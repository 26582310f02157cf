"""A log of several formats is cut into entries, each with the time and the level that its program gave it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from servers.log_entries import LogEntry, last_hours, most_severe, read_log
from servers.sample_logs import SAMPLE_LINES, SAMPLE_LOG

NOON = datetime(2026, 11, 13, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-13 12:00:00.000 UTC [7] LOG:  checkpoint starting: time", "info"),
        ("2026-11-13 12:00:00.000 UTC [7] mira@shop ERROR:  deadlock detected", "error"),
        ("2026-11-13 12:00:00.000 UTC [7] PANIC:  could not write", "critical"),
        ("2026-11-13 12:00:00.000 UTC [7] DEBUG2:  autovacuum", "debug"),
        ("2026-11-13 12:00:00,000 WARNING shop: slow", "warning"),
        ("2026-11-13 12:00:00,000 CRITICAL shop: down", "critical"),
        ("2026/11/13 12:00:00 [crit] 4#4: *8 SSL_do_handshake() failed", "critical"),
        ("2026/11/13 12:00:00 [notice] 4#4: signal 1", "info"),
        ('203.0.113.9 - - [13/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"', "info"),
        ('203.0.113.9 - - [13/Nov/2026:14:00:00 +0200] "GET / HTTP/1.1" 404 5 "-" "-"', "warning"),
        ('203.0.113.9 - - [13/Nov/2026:12:00:00 +0000] "GET /\\" 200 HTTP/1.1" 502 5 "-" "-"', "error"),
        ("2026-11-13T12:00:00+0000 db01 systemd[1]: Failed to start it.", "error"),
        ("2026-11-13T12:00:00+0000 db01 systemd[1]: Started it.", "info"),
        ('E1113 12:00:00.000000    1204 pod_workers.go:1324] "Error syncing pod"', "error"),
        ('I1113 12:00:00.000000    1204 kubelet.go:2481] "SyncLoop"', "info"),
        ('{"time": "2026-11-13T12:00:00Z", "level": "error", "msg": "no"}', "error"),
        ('{"level": "WARN", "time": "2026-11-13T12:00:00"}', "warning"),
        ('{"time": "2026-11-13T12:00:00Z", "level": 50}', "info"),
    ],
)
def test_every_format_tells_its_time_and_level(line: str, level: str) -> None:
    before = "2026-11-13 11:00:00,000 INFO shop: this one tells the year"
    assert read_log(f"{before}\n{line}")[1:] == [LogEntry(NOON, level, line)]


def test_a_traceback_is_one_entry() -> None:
    text = SAMPLE_LINES["traceback"]
    assert "\nTraceback (most recent call last):\n" in text
    assert [(entry.level, entry.text) for entry in read_log(text)] == [("error", text)]


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-13 12:00:00.000 UTC [7] DETAIL:  Process 7 waits.",
        "2026-13-45 12:00:00,000 ERROR shop: a month that is none",
        '{"time": "yesterday", "level": "error"}',
        '{"level": "error"}',
        '{"time": "2026-11-13T12:00:00Z", "level": "err',
        '{"a":' * 100_000,
        "",
    ],
)
def test_a_line_that_begins_no_entry_goes_on_with_the_one_before(line: str) -> None:
    head = "2026-11-13 12:00:00,000 INFO shop: placed"
    assert [entry.text for entry in read_log(f"{line}\n{head}\n{line}\n")] == [f"{head}\n{line}"]


def test_only_a_line_feed_ends_a_line() -> None:
    text = "2026-11-13 12:00:00,000 INFO shop: a\u20282026-11-13 12:00:00,000 CRITICAL shop: forged"
    assert [entry.level for entry in read_log(text)] == ["info"]


def test_the_last_hours_end_with_the_newest_entry_wherever_it_stands() -> None:
    ages = [0, 1, 2, 25]
    entries = [LogEntry(NOON - timedelta(hours=age), "info", str(age)) for age in ages]
    assert [entry.text for entry in last_hours(entries, 1)] == ["0", "1"]
    assert [entry.text for entry in last_hours(entries[::-1], 24)] == ["2", "1", "0"]
    assert last_hours([], 24) == []


def test_the_most_severe_are_chosen_before_the_newest_and_given_in_order() -> None:
    levels = ["critical", "info", "error", "error", "debug"]
    entries = [LogEntry(NOON + timedelta(hours=hour), level, str(hour)) for hour, level in enumerate(levels)]
    assert [entry.text for entry in most_severe(entries, 2)] == ["0", "3"]
    assert [entry.text for entry in most_severe(entries, 4)] == ["0", "1", "2", "3"]


def test_the_sample_log_is_read_to_the_last_line() -> None:
    text = SAMPLE_LOG.read_text(encoding="utf-8")
    entries = read_log(text)
    assert "\n".join(entry.text for entry in entries) + "\n" == text
    assert 190 <= len(text.splitlines()) <= 230
    assert {entry.level for entry in entries} == {"critical", "error", "warning", "info"}
    assert all(later.time - entry.time > timedelta(seconds=-1) for entry, later in pairwise(entries))


def test_the_named_lines_stand_in_the_sample_log() -> None:
    text = SAMPLE_LOG.read_text(encoding="utf-8")
    assert all(line in text for line in SAMPLE_LINES.values())
    assert [name for name, line in SAMPLE_LINES.items() if "\n" in line] == ["traceback"]
    assert "Process 821 waits for ShareLock on transaction 456; blocked by process 999." in SAMPLE_LINES["deadlock"]
