"""`spending`: what is told of tokens, cost and time is what was used, and what is not known is said to be so."""

import asyncio
from typing import Any

import pytest
from mcp_types import ErrorData

from labkit import Lab, Scripted, Telemetry, with_telemetry
from labkit.host import with_fallback, with_retry, with_timeout
from labkit.models.catalog import catalog
from labkit.steps import report
from labkit.telemetry.spending import spending
from tests.host.crowd import CONNECTION, Model
from tests.story import WIRES, answer, bookshop, echo, question
from tests.telemetry import virtual

HAIKU = catalog().find("claude-haiku-5-5")
assert HAIKU is not None
ONE = HAIKU.price(1_000, 200)
BUSY = ErrorData(code=-32603, message="busy", data={"status": 529})


def paid(*, fails: int = 0, seconds: int = 0, busy: Any = BUSY) -> Any:
    """A model with a price that takes 1,000 tokens and 200 for each answer, also for those that it fails to give."""
    tries = iter([busy] * fails)

    async def callback(context: object, params: object) -> Any:
        report("answers", source="model", target="callback", input_tokens=1_000, output_tokens=200)
        await asyncio.sleep(seconds)
        return next(tries, answer("words", "claude-haiku-5-5"))

    callback.model = "claude-haiku-5-5"  # pyright: ignore[reportFunctionMemberAccess]
    return callback


def kept_of(patch: pytest.MonkeyPatch, *made: tuple[Any, str, list[str]], wire: str = "auto") -> Telemetry:
    """The telemetry of calls of Labs with these callbacks and servers, one call after the other, in virtual time."""
    kept = Telemetry()

    async def main() -> None:
        for callback, server, tools in made:
            with Lab(bookshop(name=server), sampling_callback=callback, mode=wire, telemetry=kept) as lab:
                for tool in tools:
                    arguments = {"recommend": {"genre": "noir"}, "review": {"titles": ["a", "b"]}}
                    await asyncio.gather(
                        lab.call_tool(tool, arguments.get(tool, {"title": "Emma"})), return_exceptions=True
                    )
            await asyncio.sleep(100)

    virtual.run(patch, main())
    return kept


@pytest.mark.parametrize("wire", WIRES)
def test_tokens_and_cost_stand_where_they_were_used(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kept_of(
        monkeypatch,
        (paid(), "corner shop", ["recommend", "review", "price"]),
        (Scripted(["words"] * 9), "market stall", ["recommend", "lose"]),
        wire=wire,
    )
    by_server = spending(kept)
    corner, market = by_server["corner shop"], by_server["market stall"]
    assert (corner.calls, corner.samples, corner.tries, corner.failed) == (3, 3, 3, 0)
    assert (corner.input_tokens, corner.output_tokens, corner.untold, corner.unpriced) == (3_000, 600, 0, 0)
    assert corner.cost == pytest.approx(3 * ONE)
    assert (market.calls, market.samples, market.failed, market.cost) == (2, 1, 1, 0.0)  # a script is paid by nobody
    assert [row.name for row in by_server] == ["corner shop", "market stall"]  # the dearest first
    assert by_server.total.cost == corner.cost
    assert (by_server.total.calls, by_server.total.samples) == (5, 4)

    by_tool = spending(kept, by="tool")
    assert {row.name: (row.calls, row.samples, row.input_tokens) for row in by_tool} == {
        "recommend": (2, 2, 1_000),
        "review": (1, 2, 2_000),
        "price": (1, 0, 0),
        "lose": (1, 0, 0),
    }
    by_model = spending(kept, by="model")
    assert {row.name: (row.calls, row.samples, row.tries) for row in by_model} == {
        "claude-haiku-5-5": (2, 3, 3),
        "scripted": (1, 1, 1),
    }
    assert {row.name for row in spending(kept, by="lab")} == {
        f"{name} · {wire} · in process" for name in ("corner shop", "market stall")
    }


def test_a_try_that_was_paid_and_came_to_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kept_of(monkeypatch, (with_retry(paid(fails=2), wait=0), "shop", ["recommend", "recommend"]))
    (row,) = spending(kept)
    assert (row.calls, row.samples, row.tries) == (2, 2, 4)
    assert row.cost == pytest.approx(4 * ONE)
    assert row.lost_tokens == 2 * 1_200
    assert row.lost_cost == pytest.approx(2 * ONE)
    assert spending(kept, by="model")["claude-haiku-5-5"].failed == 2
    assert "Lost are 2,400 tokens" in str(spending(kept))


def test_what_a_fallback_had_asked_before_is_lost_too(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kept_of(
        monkeypatch, (with_fallback(paid(fails=9), Scripted(["words"], model="local")), "shop", ["recommend"])
    )
    by_model = spending(kept, by="model")
    assert (by_model["claude-haiku-5-5"].lost_tokens, by_model["local"].lost_tokens) == (1_200, 0)


def test_an_unknown_cost_is_not_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    unpriced = Model(tokens=(10, 3), model="my own")
    kept = kept_of(
        monkeypatch, (unpriced, "one", ["recommend"]), (paid(), "two", ["recommend"]), (echo, "three", ["recommend"])
    )
    found = spending(kept)
    assert [(row.name, row.cost, row.unpriced) for row in found] == [
        ("two", pytest.approx(ONE), 0),
        ("one", None, 1),
        ("three", None, 1),
    ]
    assert (found.total.cost, found.total.unpriced) == (pytest.approx(ONE), 2)
    assert (found["three"].untold, found["one"].untold) == (1, 0)
    table = str(found)
    assert table.count("unknown") == 2
    assert f"≥ ${ONE:.4f}"[:8] in table
    assert "The cost of 2 of 3 tries is not known, and in no sum." in table


def test_what_is_broken_off_may_have_cost_something_and_what_is_refused_has_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def works(context: object, params: object) -> Any:
        await asyncio.sleep(50)

    async def turned_away(context: object, params: object) -> Any:
        return BUSY

    kept = kept_of(monkeypatch, (with_timeout(works, 3), "slow", ["recommend"]), (turned_away, "busy", ["recommend"]))
    found = spending(kept)
    assert (found["slow"].cost, found["slow"].unpriced, found["slow"].untold) == (None, 1, 1)
    assert (found["busy"].cost, found["busy"].unpriced, found["busy"].untold) == (0.0, 0, 0)
    assert [row.failed for row in found] == [1, 1]


def test_percentiles_are_times_that_were_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [(paid(seconds=seconds), "shop", ["recommend"]) for seconds in range(1, 21)]
    kept = kept_of(monkeypatch, *made)
    (row,) = spending(kept)
    assert (row.p50, row.p95) == (10.0, 19.0)
    (row,) = spending(kept, by="model")
    assert (row.p50, row.p95) == (10.0, 19.0)


def test_the_table_can_do_without_what_differs_from_run_to_run() -> None:
    """A line for each, aligned, and nothing that a model or a server has written in a way that breaks it."""
    kept = Telemetry(lesson="14")
    callback = with_telemetry(Model(tokens=(10, 3), model="evil\n\x1b[31mmodel" + "x" * 100), kept)
    asyncio.run(callback(CONNECTION, question("hello")))  # pyright: ignore[reportArgumentType]
    for by in ("server", "model", "tool", "lab", "lesson"):
        lines = spending(kept, by=by).text(times=False).splitlines()
        assert lines[0].split() == [by, "calls", "samples", "tries", "failed", "tokens", "in", "out", "lost", "cost"]
        assert len({len(line) for line in lines[:3]}) == 1
        assert len(lines) == 4
    assert spending(kept, by="lesson")["14"].samples == 1
    assert [row.name for row in spending(kept)] == ["(not told)"]


def test_who_adds_up_may_say_how() -> None:
    kept = Telemetry()
    asyncio.run(with_telemetry(Model(tokens=(10, 3)), kept)(CONNECTION, question("hello")))  # pyright: ignore[reportArgumentType]
    assert spending(kept.spans, by=lambda span: span.name.partition(" ")[0])["chat"].input_tokens == 10
    with pytest.raises(ValueError, match="by='day' is no way to add up; there are server, model"):
        spending(kept, by="day")  # pyright: ignore[reportArgumentType]
    with pytest.raises(KeyError, match="there is no 'x'; there are"):
        spending(kept)["x"]


def test_of_nothing_nothing_was_spent() -> None:
    found = spending(Telemetry())
    assert (found.rows, found.total.cost, found.total.p50) == ((), 0.0, None)
    assert str(found).splitlines()[1].split() == ["total", "0", "0", "0", "0", "0", "0", "0", "$0.00"]
