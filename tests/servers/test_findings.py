"""What plain code finds in a table about one metric, and what it does not claim."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from servers.analysis.findings import Findings, analyze
from servers.analysis.table import Column, Table


def table(name: str = "orders", **columns: Sequence[Any] | np.ndarray) -> Table:
    """A table of columns whose kind is told by their values, as a reader would tell it."""
    typed: dict[str, Column] = {}
    for title, given in columns.items():
        values = np.asarray(given)
        if values.dtype.kind == "M":
            typed[title] = Column(title, "time", values.astype("datetime64[s]"))
        elif values.dtype.kind in "biuf":
            typed[title] = Column(title, "number", values.astype(float))
        else:
            typed[title] = Column(title, "text", np.asarray(given, object))
    rows = len(next(iter(typed.values())).values) if typed else 0
    return Table(name, typed, rows, rows)


def days(number: int, first: str = "2025-01-01") -> np.ndarray:
    return np.datetime64(first) + np.arange(number)


def noise(number: int, seed: int = 1, level: float = 100, spread: float = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, spread, number)


def told(findings: Findings) -> list[tuple[str, str, str]]:
    """Kind, first and last day of each anomaly."""
    return [(found.kind, str(found.day), str(found.until)) for found in findings.anomalies]


def test_a_day_that_stands_out_is_found_with_what_was_due() -> None:
    values = noise(365)
    values[100] = 200
    found = analyze(table(day=days(365), revenue=values)).anomalies
    assert [(one.kind, str(one.day), one.value) for one in found] == [("spike", "2025-04-11", 200)]
    assert abs(found[0].expected - 100) < 5
