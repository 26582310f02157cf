"""The meter of a budget: what it says, that it follows, and that it holds nobody up."""

import asyncio
import gc
import weakref

import pytest

from labkit import Lab
from labkit.host import with_budget
from labkit.models.catalog import catalog
from labkit.views.budget_meter import BudgetMeter, budget_meter, readings
from tests.host.crowd import Model, answered, crowd
from tests.story import WIRES, echo, question, until

pytestmark = pytest.mark.anyio


async def test_it_follows_what_is_spent() -> None:
    budget = with_budget(Model(), samples=2, tokens=500)
    meter = budget_meter(budget)
    assert meter.lines == [["samples", "0 of 2", "2 left", 0.0], ["tokens", "0 of 500", "500 left", 0.0]]
    await answered(budget, question("recommend crime"))
    assert meter.lines[0] == ["samples", "1 of 2", "1 left", 0.5]
    assert meter.lines[1][1] == "8 of 500, 8 estimated"
    await answered(budget, question("recommend crime"))
    assert meter.lines[0] == ["samples", "2 of 2", "0 left", 1.0]
    meter.close()
    meter.close()


def test_what_has_no_limit_is_counted_and_has_no_bar() -> None:
    assert readings(with_budget(echo)) == [["samples", "0", "no limit", None], ["tokens", "0", "no limit", None]]
    assert str(budget_meter(with_budget(echo, samples=3))) == "samples  0 of 3; 3 left\ntokens   0; no limit"


def test_a_limit_of_nothing_is_full() -> None:
    assert readings(with_budget(echo, samples=0))[0] == ["samples", "0 of 0", "0 left", 1.0]


def test_dollars_have_a_line_where_there_are_prices() -> None:
    line = readings(with_budget(echo, usd=0.5, prices=catalog()))[2]
    assert line == ["cost", "$0.00 of $0.50", "$0.50 left", 0.0]


@pytest.mark.parametrize("mode", WIRES)
async def test_a_burst_ends_with_the_true_figures(mode: str) -> None:
    budget = with_budget(Model(), samples=100, at_once=4)
    meter = budget_meter(budget)
    with Lab(crowd(), sampling_callback=budget, mode=mode) as lab:
        await lab.call_tool("ask_many", {"number": 100})
    await until(lambda: meter.lines[0] == ["samples", "100 of 100", "0 left", 1.0])
    await until(lambda: meter.lines[2] == ["at once", "0 of 4", "none waiting", 0.0])
    meter.close()


async def test_what_is_set_aside_and_what_waits_for_its_turn_is_told() -> None:
    gate = asyncio.Event()
    inner = Model()

    async def slow(context: object, params: object) -> object:
        await gate.wait()
        return await inner(context, params)  # type: ignore[arg-type]

    budget = with_budget(slow, samples=5, at_once=1)  # type: ignore[arg-type]
    meter = budget_meter(budget)
    tasks = [asyncio.create_task(answered(budget, question(text))) for text in "abc"]
    await until(lambda: budget.waiting == 2)
    assert readings(budget)[0] == ["samples", "0 of 5, 1 set aside", "4 left", 0.2]
    assert readings(budget)[2] == ["at once", "1 of 1", "2 waiting", 1.0]
    gate.set()
    await asyncio.gather(*tasks)
    await until(lambda: meter.lines[2][1] == "0 of 1")
    meter.close()


async def test_what_one_call_and_one_minute_may_have_has_a_line_too() -> None:
    now = [0.0]
    budget = with_budget(
        Model(),
        samples=9,
        tokens=900,
        usd=1,
        per_call=3,
        per_minute=5,
        at_once=2,
        prices=catalog(),
        clock=lambda: now[0],
    )
    meter = budget_meter(budget)
    await answered(budget, question("recommend crime"))
    lines = {line[0]: line[1:] for line in readings(budget)}
    assert list(lines) == ["samples", "tokens", "cost", "per call", "per minute", "at once"]
    assert lines["per call"] == ["1 of 3 in the last call", "2 left", 0.3333]
    assert lines["per minute"] == ["1 of 5 in the last 60 s", "4 left", 0.2]
    assert "per call   1 of 3 in the last call; 2 left" in str(meter)
    now[0] = 60.0
    meter.a_minute_later()  # as its timer does
    assert meter.lines[4] == ["per minute", "0 of 5 in the last 60 s", "5 left", 0.0]
    meter.close()


async def test_a_meter_looks_again_when_what_began_a_minute_ago_counts_no_more() -> None:
    now = [0.0]
    budget = with_budget(Model(), per_minute=5, clock=lambda: now[0])
    await answered(budget, question("recommend crime"))
    now[0] = 59.9
    meter = budget_meter(budget)
    assert meter.lines[2][1] == "1 of 5 in the last 60 s"
    now[0] = 60.0
    await until(lambda: meter.lines[2][1] == "0 of 5 in the last 60 s")
    meter.close()


def test_a_meter_that_is_closed_hears_no_more() -> None:
    budget = with_budget(echo)
    meter = budget_meter(budget)
    meter.close()
    known = weakref.ref(meter)
    del meter
    gc.collect()
    assert known() is None


def test_what_is_no_budget_is_told() -> None:
    with pytest.raises(TypeError, match="a function is no budget: write budget_meter"):
        budget_meter(echo)  # pyright: ignore[reportArgumentType]
    assert repr(BudgetMeter(with_budget(echo))) == "<BudgetMeter>"
