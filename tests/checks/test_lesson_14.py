"""The five slow calls of lesson 14 are slow for what they are said to be, and written spans look as a Lab's do."""

import asyncio
from collections import Counter
from pathlib import Path
from tomllib import loads

import pytest

from labkit import parts
from labkit.checks import lesson_14, slow_calls, written_spans
from labkit.telemetry import Telemetry
from labkit.telemetry import conventions as names
from tests.checks import right_spans
from tests.telemetry import virtual
from tests.telemetry.spans import told

WHY = {"A": "tries", "B": "person", "C": "server", "D": "turn", "E": "model"}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, Telemetry]:
    async def whole() -> dict[str, Telemetry]:
        kept = await slow_calls.slow_calls()
        await asyncio.sleep(60)  # in which the Labs end
        return kept

    return virtual.run(monkeypatch, whole())


def test_each_of_the_five_is_slow_for_a_reason_of_its_own(made: dict[str, Telemetry]) -> None:
    assert {letter: right_spans.in_nanoseconds(kept.spans) for letter, kept in made.items()} == {
        letter: (cause, "desk") for letter, cause in WHY.items()
    }
    for letter, kept in made.items():
        took = Counter[str]()
        for part in parts(kept.spans):
            took[part.kind] += part.end - part.start
        most, others = took.most_common(1)[0][1], took.total() - took.most_common(1)[0][1]
        assert most > 2 * others, (letter, took)


def test_written_spans_have_the_names_and_the_attributes_of_those_of_a_lab(made: dict[str, Telemetry]) -> None:
    real = {span.name: span for kept in made.values() for span in kept.spans}
    for what, (name, kind, attributes) in written_spans.KINDS.items():
        if what in ("met", "connection", "elsewhere"):  # these calls have no such spans
            continue
        assert real[name].kind is kind or names.CHAT in name, what  # a model in this process is INTERNAL
        written = attributes.keys() - {names.ERROR}
        assert written <= told(real[name]).keys(), what
        if names.WAIT in attributes:
            assert told(real[name])[names.WAIT] == attributes[names.WAIT]


def test_each_cause_is_in_a_trace_and_no_two_traces_are_told_alike() -> None:
    rows = loads(Path(lesson_14.__file__).with_name("slow_calls.toml").read_text(encoding="utf-8"))["call"]
    assert {row["cause"] for row in rows} == {*lesson_14.CAUSES}
    assert len({row["what"] for row in rows}) == len(rows)
    assert {row["hint"] for row in rows} == lesson_14.CLUES.keys()
