"""The made-up year of an operations team: the same everywhere, as large as it says, and what was planted is in it."""

import hashlib
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from servers.analysis.operations import Truth, write_database


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("year") / "operations.db"
    return path, write_database(path)


def asked(path: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()


def test_a_seed_gives_the_same_rows_everywhere(year: tuple[Path, Truth], tmp_path: Path) -> None:
    rows = [
        asked(year[0], query) for query in ("SELECT * FROM orders", "SELECT * FROM incidents", "SELECT * FROM latency")
    ]
    assert hashlib.sha256(repr(rows).encode()).hexdigest()[:16] == "5ed5c3d3bc2a25c5"
    assert write_database(tmp_path / "again.db") == year[1]
    assert write_database(tmp_path / "other.db", 7).anomalies != year[1].anomalies


def test_it_has_some_fifty_thousand_rows_with_gaps_and_rows_twice(year: tuple[Path, Truth]) -> None:
    [orders] = asked(year[0], "SELECT count(*), count(DISTINCT order_id), count(region), count(revenue) FROM orders")
    [incidents] = asked(year[0], "SELECT count(*), count(closed_at) FROM incidents")
    [latency] = asked(year[0], "SELECT count(*), count(p95_ms) FROM latency")
    assert 45_000 < orders[0] + incidents[0] + latency[0] < 55_000
    assert orders[0] - orders[1] == 36
    for whole, some in ((orders[0], orders[2]), (orders[0], orders[3]), incidents, latency):
        assert 10 < whole - some < 400


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "operations.db"
    path.write_bytes(b"something else")
    write_database(path, 3)
    assert asked(path, "SELECT count(*) FROM latency")[0][0] > 7000


def test_what_was_planted_is_there(year: tuple[Path, Truth]) -> None:
    path, truth = year
    by_cause = {planted.cause: planted for planted in truth.anomalies if planted.metric in {"revenue", "p95_ms"}}
    on_a_day = "SELECT count(*) FROM orders WHERE substr(placed_at, 1, 10) = ?"
    assert asked(path, on_a_day, str(by_cause["a campaign"].day))[0][0] > 200
    assert asked(path, on_a_day, str(by_cause["the import did not run"].day)) == [(0,)]
    drift = by_cause["the index grows"]
    assert (drift.kind, drift.group, drift.until) == ("drift", "service search", date(2025, 12, 31))
    [(early, late)] = asked(
        path,
        """SELECT avg(p95_ms) FILTER (WHERE measured_at < ?), avg(p95_ms) FILTER (WHERE measured_at > '2025-12-24')
        FROM latency WHERE service = 'search'""",
        str(drift.day),
    )
    assert late / early == pytest.approx(drift.size, rel=0.15)
    [(first,)] = asked(path, "SELECT min(placed_at) FROM orders WHERE region = 'west'")
    assert date.fromisoformat(first[:10]) == truth.begins["region west"]
