"""`Remembered`: an equal request is answered by the same answer, without the model and to the same account."""

import asyncio
from typing import Any

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import TinyModel
from labkit.attacks.memory import LONGEST, Remembered
from labkit.host import with_budget
from tests.host.crowd import Model
from tests.story import answer, question

pytestmark = pytest.mark.anyio

CONNECTION: Any = None


async def test_an_equal_request_is_answered_without_the_model_and_an_other_is_not() -> None:
    model = Remembered(Model(tokens=(3, 4)))
    first, again, other = [await model(CONNECTION, question(text)) for text in ("plot", "plot", "title")]
    assert first == again
    assert (model.asked, model.remembered) == (2, 1)
    assert isinstance(other, CreateMessageResult)


async def test_of_a_thousand_at_once_the_model_is_asked_one() -> None:
    model = Remembered(Model(tokens=(3, 4)))
    said = await asyncio.gather(*(model(CONNECTION, question("plot")) for _ in range(1000)))
    assert model.asked == 1
    assert all(each == said[0] for each in said)


def test_a_model_outlives_the_loop_in_which_it_was_asked_first() -> None:
    """The lab thread ends with the last Lab, and the next one has another loop."""

    async def slow(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        await asyncio.sleep(0)
        return answer("a lighthouse")

    model = Remembered(slow)

    async def three(text: str) -> list[Any]:
        return await asyncio.gather(*(model(CONNECTION, question(text)) for _ in range(3)))

    assert asyncio.run(three("plot")) == asyncio.run(three("title"))
    assert model.asked == 2


async def test_what_a_host_makes_of_an_answer_is_not_kept() -> None:
    model = Remembered(Model(tokens=(3, 4)))
    for _ in range(3):
        said = await model(CONNECTION, question("plot"))
        assert isinstance(said, CreateMessageResult)
        assert said.model != "mine"
        said.model = "mine"


async def test_a_budget_sees_the_same_tokens_each_time() -> None:
    budget = with_budget(Remembered(Model(tokens=(3, 4))))
    for samples in (1, 2, 3):
        await budget(CONNECTION, question("plot"))
        assert (budget.spent.samples, budget.spent.tokens, budget.spent.estimated) == (samples, 7 * samples, 0)


async def test_an_error_is_an_answer_too() -> None:
    async def refuses(context: object, params: CreateMessageRequestParams) -> ErrorData:
        return ErrorData(code=-32602, message="Send less.")

    model = Remembered(refuses)
    assert await model(CONNECTION, question("plot")) == await model(CONNECTION, question("plot"))
    assert model.asked == 1


async def test_no_answer_of_a_real_model_takes_for_ever() -> None:
    asked: list[int] = []

    async def tells(context: object, params: CreateMessageRequestParams) -> ErrorData:
        asked.append(params.max_tokens)
        return ErrorData(code=-1, message="No.")

    params = question("plot", max_tokens=10**9)
    await Remembered(tells)(CONNECTION, params)
    await Remembered(tells)(CONNECTION, question("plot", max_tokens=7))
    assert asked == [LONGEST, 7]
    assert params.max_tokens == 10**9  # what was asked stays as it was


async def test_the_model_keeps_its_name() -> None:
    assert Remembered(TinyModel()).name == "tiny"
