"""`Waterfall`: which row a span has, what stands in it, and that text and drawing tell it without doing anything."""

import asyncio
import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from opentelemetry.trace import SpanKind

from labkit.host import Approve, with_approval, with_queue, with_retry
from labkit.plain import LINE
from labkit.telemetry.parts import KINDS, parts
from labkit.telemetry.waterfall import MOST_DRAWN, Waterfall
from labkit.telemetry.waterfall_drawing import LOOKS, ORDER, PAGES, duration, ticks
from tests.story import WIRES
from tests.telemetry import virtual
from tests.telemetry.spans import call, span
from tests.telemetry.test_parts import MODEL, PAUSE, PERSON, POLL, RECOMMEND, calls, fails_once, model, person
from tests.views.test_bars import contrast

S = 10**9


def seen(waterfall: Waterfall) -> list[tuple[int, str]]:
    return [(row.depth, row.label) for row in waterfall.rows]


def seconds(waterfall: Waterfall, label: str) -> dict[str, float]:
    """The whole seconds by kind of the first row of a label."""
    row = next(row for row in waterfall.rows if row.label.startswith(label))
    assert [part.start for part in row.segments[1:]] == [part.end for part in row.segments[:-1]]
    assert (row.segments[0].start, row.segments[-1].end) == (row.start, row.end)
    return {kind: time / S for kind, time in row.took if time}


@pytest.mark.parametrize("wire", WIRES)
def test_a_call_stands_above_its_rounds_samples_waits_and_models(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = virtual.run(monkeypatch, calls(wire, RECOMMEND, callback=with_approval(model, ask=person)))
    told = Waterfall(spans)
    asking = "round 1" if wire == "auto" else "request"
    rows = [each for each in seen(told) if each[1] != "wait for the connection"]
    assert rows == [
        (0, "call 1 · recommend · bookshop"),
        (1, f"{asking} · tools/call recommend"),
        (1, "sample 1 · sampling/createMessage"),
        (2, "wait for a person"),
        (2, "model · chat"),
        (2, "wait for a person"),
        *([(1, "round 2 · tools/call recommend")] if wire == "auto" else []),
    ]
    assert seconds(told, "call 1") == seconds(told, "sample 1") == {"person": 2 * PERSON, "model": MODEL}
    beside = [label for depth, label in seen(Waterfall(spans, connection=True)) if not depth]
    assert f"request · {'server/discover' if wire == 'auto' else 'initialize'} · bookshop" in beside
    # On the older wire the request is open while its sample is answered, and says that it waits.
    assert seconds(told, f"{asking} · tools/call") == ({} if wire == "auto" else {"": 2 * PERSON + MODEL})


def test_calls_on_both_wires_say_on_which_they_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [each for wire in WIRES for each in virtual.run(monkeypatch, calls(wire, RECOMMEND, callback=model))]
    roots = {label for depth, label in seen(Waterfall(both)) if not depth}
    assert {f"call 1 on {revision} · recommend · bookshop" for revision in ("2025-11-25", "2026-07-28")} <= roots


def test_the_row_of_a_call_has_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = virtual.run(monkeypatch, calls("auto", POLL, callback=with_queue(model, at_once=1)))
    sums: Counter[str] = Counter()
    for part in parts(spans):
        sums[part.kind] += part.end - part.start
    told = Waterfall(spans)
    assert seconds(told, "call 1") == {kind: time / S for kind, time in sums.items() if time} == {"model": 3.0 * MODEL}
    # Of samples at once the call's parts tell of one at a time; each row tells of its own.
    assert [seconds(told, f"sample {n}") for n in (1, 2, 3)] == [
        {"model": MODEL},
        {"turn": MODEL, "model": MODEL},
        {"turn": 2 * MODEL, "model": MODEL},
    ]


def test_tries_that_failed_are_seen_with_the_pause_between(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Waterfall(virtual.run(monkeypatch, calls("auto", RECOMMEND, callback=with_retry(fails_once(PAUSE), wait=0))))
    rows = [(row.label, row.fault) for row in told.rows if row.depth == 2]
    assert rows == [("try 1 · chat", "-32603"), ("wait for another try", ""), ("try 2 · chat", "")]
    assert "try 1 · chat" in told.text()
    assert "✗ -32603" in told.text(times=False)


def test_turns_with_tools_are_numbered() -> None:
    turns: list[Any] = [{"labkit__tools__offered": 2}, {"labkit__tools__offered": 2, "labkit__tools__turn": 1}]
    method = "sampling/createMessage"
    asked: Any = {"name": method, "kind": SpanKind.SERVER, "mcp__method__name": method}
    told = Waterfall(
        [call(1, 0, 9), *(span(n + 2, n, n + 1, parent=1, **asked, **turn) for n, turn in enumerate(turns))]
    )
    assert [label for _, label in seen(told)[1:]] == ["sample 1, turn 1 with tools", "sample 2, turn 2 with tools"]


def test_calls_at_once_share_an_axis_and_another_begins_anew() -> None:
    told = Waterfall([call(1, 0, 4), call(2, 3, 5), call(3, 60, 61)])
    assert [row.zero / S - 100 for row in told.rows] == [0, 0, 60]
    assert told.head() == "3 calls · 1 server · 3 spans · the longest took 4.0 s"
    lines = told.text(60).split("\n")
    assert lines[1].split() == ["0", "5", "s"]
    first, second, third = (line.split("shop ")[1][: len("HHHH")] for line in lines[2:5])
    assert (first[0], second[0], third[0]) == ("H", " ", "H")


@pytest.mark.parametrize("wire", WIRES)
def test_without_figures_the_same_calls_look_the_same_whatever_time_they_take(
    wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(longer: int, later: int) -> Waterfall:
        async def decides() -> Approve:
            await asyncio.sleep(later)
            return Approve()

        async def slow(context: object, params: object) -> Any:
            await asyncio.sleep(longer)
            return await model(context, params)

        return Waterfall(
            virtual.run(monkeypatch, calls(wire, RECOMMEND, callback=with_approval(slow, ask=lambda _: decides())))
        )

    one, other = told(1, 12), told(30, 1)
    took = [[[kind for kind, _ in row.took] for row in each.rows] for each in (one, other)]
    assert took[0] != took[1]  # the person took most of the one, the model of the other
    assert one.text() != other.text()
    assert one.text(times=False) == other.text(times=False)
    assert one.svg(times=False) == other.svg(times=False)
    for shown in (one.text(times=False), one.svg(times=False)):
        assert not re.search(r"\d (µs|ms|s|min|%)( |$|<)", shown)
    assert re.search(r"\d s +\w+ \d+ %", one.text())
    assert one.text(times=False).endswith(ORDER)


def test_spans_of_another_process_are_named_and_stand_below_their_call() -> None:
    told = Waterfall(
        [
            call(1, 0, 9),
            span(5, 1, 8, parent=1, name="tools/call sell", process="the shop", kind=SpanKind.SERVER),
            span(6, 2, 3, parent=5, name="SELECT", process="the shop"),
            span(7, 4, 5, parent=77, name="lost", process="a till"),  # nobody has told of its parent
        ]
    )
    assert seen(told) == [
        (0, "call 1 · sell · shop"),
        (1, "the shop · answers · tools/call sell"),
        (2, "SELECT"),
        (1, "a till · lost"),
    ]
    assert "3 processes" in told.head()
    assert seconds(told, "the shop") == {"server": 7}
    assert seconds(told, "SELECT") == seconds(told, "a till") == {"server": 1}


def test_spans_that_stand_within_each_other_without_end_or_in_a_circle_do_no_harm() -> None:
    deep = [span(n, n / 10_000, 2, parent=n - 1, process="x") for n in range(1, 3_000)]
    circle = [span(n, 5, 6, parent=m, trace=9, process="x") for n, m in ((1, 2), (2, 1), (3, 3))]
    told = Waterfall([*deep, *circle])
    assert (len(told.rows), told.left_out) == (MOST_DRAWN, len(deep) - MOST_DRAWN)
    assert max(map(len, told.text().split("\n"))) < 130
    assert Waterfall([]).text() == "no span yet"
    assert "<svg" in Waterfall([]).svg()


def test_of_many_calls_the_last_are_drawn() -> None:
    told = Waterfall(call(n, 10 * n, 10 * n + 1) for n in range(1, 400))
    assert (told.rows[0].label, told.rows[-1].label) == (
        f"call {400 - MOST_DRAWN} · sell · shop",
        "call 399 · sell · shop",
    )
    assert "279 earlier ones are left out" in told.head()


def test_what_goes_on_reaches_to_the_moment_that_is_looked_at() -> None:
    (row,) = Waterfall([call(1, 0, None)], until=107 * S).rows
    assert (row.is_open, row.end) == (True, 107 * S)
    assert "7.0 s …" in Waterfall([call(1, 0, None)], until=107 * S).text()


HOSTILE = (
    '"><script>alert(1)</script>',
    "</text><image href=x onerror=alert(1)>",
    "\x1b[2J\u202egninrael\u200b",
    "a\nb\tcall 1 · forged",
    "\ud800",
    "x" * 5_000,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_does_nothing_in_a_drawing_or_a_text(name: str) -> None:
    told = Waterfall([call(1, 0, 9, error__type=name), span(2, 1, 2, parent=1, name=name, process=name)])
    for times in (True, False):
        for dark in (True, False):
            root = ET.fromstring(told.svg(dark=dark, times=times).encode("utf-8", "replace"))  # noqa: S314 - our own
            tags = {each.tag.rpartition("}")[2] for each in root.iter()}
            assert tags <= {"svg", "title", "desc", "defs", "pattern", "path", "rect", "line", "text"}
        lines = told.text(times=times).split("\n")
        assert all(line.isprintable() and len(line) <= LINE for line in lines)
        assert len(lines) == 5


def test_secrets_in_names_are_marked() -> None:
    key = "sk-" + "ant-api03-" + "Ab1" * 30
    told = Waterfall([call(1, 0, 9), span(2, 1, 2, parent=1, name=f"ask {key}", process="x")])
    assert key[:20] not in told.text() + told.svg()
    assert "[redacted" in told.text()


def test_each_kind_of_time_has_a_look_of_its_own_that_can_be_read() -> None:
    assert set(LOOKS) == set(KINDS)
    assert len({kind[0] for kind in LOOKS}) == len({look.light for look in LOOKS.values()}) == len(LOOKS)
    waits = {kind: look.pattern for kind, look in LOOKS.items() if look.pattern}
    assert len({*waits.values()}) == len(waits) == 3  # a pattern tells them apart where colours do not
    for page in PAGES.values():
        assert all(contrast(page[kind], page["page"]) >= 4.5 for kind in (*LOOKS, "ink", "mute", "bad"))


@pytest.mark.parametrize(
    ("longest", "expected"),
    [
        (900, ["0", "0.2 µs", "0.4 µs", "0.6 µs", "0.8 µs"]),
        (47 * 10**6, ["0", "10 ms", "20 ms", "30 ms", "40 ms"]),
        (3 * S, ["0", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"]),
        (110 * S, ["0", "20 s", "40 s", "60 s", "80 s", "100 s"]),
        (150 * S, ["0", "0.5 min", "1 min", "1.5 min", "2 min", "2.5 min"]),
    ],
)
def test_an_axis_has_round_times_in_one_unit(longest: int, expected: list[str]) -> None:
    assert [words for _, words in ticks(longest)] == expected
    assert all(0 <= time <= longest for time, _ in ticks(longest))


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (0, "0 µs"),
        (49_000, "49 µs"),
        (9_940_000, "9.9 ms"),
        (999_400_000, "999 ms"),
        (S, "1.0 s"),
        (125 * S, "2 min 5 s"),
    ],
)
def test_a_time_is_told_in_the_unit_that_fits(time: int, words: str) -> None:
    assert duration(time) == words
