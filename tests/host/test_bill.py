"""`with_bill`: tokens times prices, for each call and in all."""

import pytest
from mcp_types import ErrorData

from labkit import Lab
from labkit.host import Bill, Refuse, with_approval, with_bill, with_budget
from labkit.host.bill import KEPT
from labkit.host.usage import Usage
from labkit.models.catalog import catalog
from labkit.steps import Origin
from tests.host.crowd import Model, answered, labels, refuses
from tests.story import WIRES, bookshop, question, said

pytestmark = pytest.mark.anyio

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"


async def test_a_sample_costs_its_tokens_at_the_price_of_the_model_that_answered() -> None:
    bill = Bill(catalog())
    _, steps = await answered(with_bill(Model(tokens=(1_000, 200), model=SONNET), bill), question("hello"))
    assert bill.usd == pytest.approx((1_000 * 2 + 200 * 10) / 1_000_000)
    assert labels(steps) == ["answers", "billed $0.004 for 1,200 tokens"]
    assert bill.items[0].usage == Usage(1_000, 200, 0, SONNET)


async def test_a_release_is_billed_as_its_model_and_a_long_prompt_at_its_own_price() -> None:
    bill = Bill(catalog())
    await answered(with_bill(Model(tokens=(200_000, 0), model=f"{HAIKU}-20260801"), bill), question("hello"))
    assert bill.usd == pytest.approx(0.10)


def test_the_bill_has_a_line_for_each_call_and_says_how_old_its_prices_are() -> None:
    bill = Bill(catalog())
    for call, tool, model, tokens in [
        (1, "recommend", HAIKU, (1_000, 50)),
        (2, "compare", SONNET, (500, 40)),
        (2, "compare", SONNET, (500, 60)),
    ]:
        bill.add(Usage(*tokens, 0, model), Origin("bookshop", "2026-07-28", tool, call=call))
    assert str(bill) == (
        "call 1, recommend of bookshop  claude-haiku-5-5    1 sample  1,000 in   50 out  $0.000125\n"
        "call 2, compare of bookshop    claude-sonnet-5-5  2 samples  1,000 in  100 out     $0.003\n"
        "total                                             3 samples  2,000 in  150 out  $0.003125\n"
        f"prices of {catalog().checked}"
    )
    assert [len(items) for items in bill.by_call().values()] == [1, 2]


def test_what_the_total_leaves_out_is_said() -> None:
    bill = Bill(catalog())
    assert str(bill) == f"total  0 samples  0 in  0 out  $0.00\nprices of {catalog().checked}"
    bill.add(Usage(10, 5, 15, "tiny"))
    bill.add(Usage(10, 5, 5, ""))
    assert str(bill).splitlines()[0].startswith("call unknown  tiny  2 samples")
    assert str(bill).endswith("20 of the tokens are estimated; no price for tiny, an unnamed model")
    assert bill.usd == 0


async def test_what_ended_in_an_error_is_not_billed_and_what_was_withheld_is() -> None:
    bill = Bill(catalog())
    assert isinstance((await answered(with_bill(refuses, bill), question("hello")))[0], ErrorData)
    assert bill.items == ()
    withheld = with_approval(
        Model(tokens=(10, 5), model=HAIKU), ask=lambda request: Refuse() if request.answer else request.edit("hi")
    )
    await answered(with_bill(withheld, bill), question("hello"))
    assert len(bill.items) == 1


@pytest.mark.parametrize("mode", WIRES)
async def test_one_bill_may_be_kept_for_several_labs(mode: str) -> None:
    bill = Bill(catalog())
    callback = with_budget(with_bill(Model(tokens=(100, 10), model=HAIKU), bill), samples=10)
    for name in ("first", "second"):
        with Lab(bookshop(), sampling_callback=callback, mode=mode, name=name) as lab:
            assert said(await lab.call_tool("compare", {"title": "Emma"}))
            assert lab.flow.tokens == 30
    assert len(bill.items) == 6
    first, second, _, _ = str(bill).splitlines()
    assert first.startswith("call 1, compare of bookshop, first   claude-haiku-5-5  3 samples")
    assert second.startswith("call 1, compare of bookshop, second  claude-haiku-5-5  3 samples")
    assert {item.origin.tool for item in bill.items if item.origin} == {"compare"}
    assert bill.usd == pytest.approx(6 * (100 * 0.1 + 10 * 0.5) / 1_000_000)


def test_what_is_no_bill_and_what_has_no_prices_is_refused_when_it_is_given() -> None:
    with pytest.raises(TypeError, match=r"a Catalog is no bill: write with_bill\(callback, Bill\(catalog\(\)\)\)"):
        with_bill(Model(), catalog())  # pyright: ignore[reportArgumentType] - that is the point
    with pytest.raises(TypeError, match="a dict is no catalogue: give"):
        Bill({})  # pyright: ignore[reportArgumentType] - that is the point


def test_a_bill_that_is_kept_for_long_tells_the_sum_of_what_is_older() -> None:
    bill = Bill(catalog())
    large = Origin("bookshop", "2026-07-28", "recommend", {"genre": "x" * 1_000_000}, call=1)
    for _ in range(KEPT + 5):
        bill.add(Usage(1_000, 200, 4, SONNET), large)
    bill.add(Usage(1, 1, 0, "m" * 1_000_000), large)
    assert len(bill.items) == KEPT
    assert bill.usd == pytest.approx((KEPT + 5) * 0.004)
    first, second, total, _ = str(bill).splitlines()
    assert first.split() == ["earlier", "6", "samples", "6,000", "in", "1,200", "out", "$0.024"]
    assert second.startswith("call 1, recommend of bookshop")
    assert total.split()[:3] == ["total", "10,006", "samples"]
    assert "40,020 of the tokens are estimated; no price for mmm" in str(bill)
    assert len(repr(bill.items[-1])) < 1_000
