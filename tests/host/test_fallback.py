"""`with_fallback`: the next one is asked where one fails, and nobody where a person has said no."""

from typing import Any

import pytest
from mcp_types import CreateMessageResult, ErrorData

from labkit import CallbackError, Lab
from labkit.host import Bill, Refuse, with_approval, with_bill, with_budget, with_fallback
from labkit.models.catalog import catalog
from tests.host.crowd import Model, answered, fails, labels, refuses
from tests.host.test_retry import AWAY, BUSY, Fails
from tests.host.virtual import run
from tests.story import WIRES, answer, bookshop, echo, question, said

pytestmark = pytest.mark.anyio

WRONG = ErrorData(code=-32602, message="The last message holds no text.")
CUT = CreateMessageResult.model_validate({**answer("Read Ch").model_dump(), "stop_reason": "maxTokens"})


@pytest.mark.parametrize("way", [AWAY, BUSY, WRONG, KeyError("genre")], ids=str)
def test_where_one_fails_the_next_is_asked_and_its_name_stands_in_the_answer(way: Any) -> None:
    told, steps = run(answered(with_fallback(Fails(way), Model(model="other")), question("plot")))
    assert (said(told), told.model) == ("Read Chandler.", "other")
    assert labels(steps)[0].startswith("m failed: ")
    assert labels(steps)[1] == "other answered in place of m"


def test_the_first_that_answers_is_the_only_one_asked() -> None:
    second = Model()
    _, steps = run(answered(with_fallback(echo, second), question("plot")))
    assert (second.asked, steps) == ([], [])


@pytest.mark.parametrize(
    "first",
    [refuses, with_approval(echo, ask=lambda _: Refuse("not today")), with_budget(echo, samples=0)],
    ids=["callback", "person", "budget"],
)
def test_after_a_refusal_nobody_else_is_asked(first: Any) -> None:
    second = Model()
    told, _ = run(answered(with_fallback(first, second), question("plot")))
    assert (told.code, second.asked) == (-1, [])


def test_where_all_fail_the_last_failure_is_told() -> None:
    told, steps = run(answered(with_fallback(Fails(WRONG), fails, Fails(AWAY)), question("plot")))
    assert told == AWAY
    assert labels(steps) == [
        "m failed: The last message holds no text.",
        "fails failed: RuntimeError: the model is away",
        "m failed: The model is away.",
    ]
    with pytest.raises(RuntimeError, match="the model is away"):
        run(answered(with_fallback(Fails(AWAY), fails), question("plot")))


def test_an_answer_that_cannot_be_used_is_a_failure_too() -> None:
    def whole(each: Any) -> bool:
        return each.stop_reason != "maxTokens"

    told, _ = run(answered(with_fallback(Fails(CUT), Model(), usable=whole), question("plot")))
    assert said(told) == "Read Chandler."
    told, _ = run(answered(with_fallback(Fails(CUT), Fails(CUT), usable=whole), question("plot")))
    assert told == ErrorData(code=-32603, message="The model's answer could not be used.")


def test_a_budget_outside_counts_one_sample_with_the_tokens_of_both() -> None:
    first, second = Fails(CUT, told=(10, 2)), Model(tokens=(10, 5))
    budget = with_budget(with_fallback(first, second, usable=lambda each: each is not CUT), per_minute=5)
    _, steps = run(answered(budget, question("plot")))
    assert (budget.spent.samples, budget.spent.tokens) == (1, 27)
    assert labels(steps)[-1] == "spent 27 tokens in 2 tries; left: no limit"


@pytest.mark.parametrize("around", [with_budget, lambda inner: with_bill(inner, Bill(catalog()))])
def test_what_an_answer_took_that_could_not_be_used_counts_where_nobody_told_it_too(around: Any) -> None:
    def tokens(callback: Any) -> int:
        duty = around(callback)
        run(answered(duty, question("plot")))
        return duty.spent.tokens if hasattr(duty, "spent") else duty.bill.items[0].usage.tokens

    unused = with_fallback(Fails(answer("x" * 400)), echo, usable=lambda each: len(said(each)) < 400)
    assert tokens(unused) == tokens(Fails(answer("x" * 400))) + tokens(echo) > 100
    assert tokens(with_fallback(Fails(answer("x" * 400)), Fails(AWAY), usable=lambda _: False)) > 100


def test_what_cannot_be_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match=r"write with_fallback\(first, second\)"):
        with_fallback(echo)
    with pytest.raises(TypeError, match="usable=True tells nothing"):
        with_fallback(echo, echo, usable=True)  # pyright: ignore[reportArgumentType] - that is the point
    with pytest.raises(TypeError, match="is no sampling callback"):
        with_fallback(echo, "echo")  # pyright: ignore[reportArgumentType] - that is the point


@pytest.mark.parametrize("mode", WIRES)
async def test_on_both_wires_the_server_reads_the_answer_of_the_second(mode: str) -> None:
    with Lab(bookshop(), sampling_callback=with_fallback(fails, Model()), mode=mode) as lab:
        assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "Read Chandler."
        lab.callback = with_fallback(echo, fails)
        assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "you asked: recommend crime"
        lab.callback = with_fallback(fails, fails)
        with pytest.raises(CallbackError, match=r"raised RuntimeError: the model is away at crowd\.py, line"):
            await lab.call_tool("recommend", {"genre": "crime"})
