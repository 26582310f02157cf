"""A forgotten `await` is called that, and what was made and never awaited is closed before Python warns elsewhere."""

import asyncio
import gc
import warnings
from functools import partial
from typing import Any, cast

import pytest
from mcp_types import CreateMessageResult, TextContent

from labkit.answering import ask
from labkit.checks import examine
from labkit.checks.engine import FunctionExercise
from labkit.errors import CallbackError
from labkit.unawaited import missing
from tests.story import answer, question

pytestmark = pytest.mark.anyio

MODEL = "model(...) was not awaited: write `await model(...)`."
SOMETHING = "Something there was not awaited: write `await` before it."


async def model(*_: object) -> CreateMessageResult:
    return answer("a good book")


class Asked:
    async def __call__(self, *_: object) -> CreateMessageResult:
        return answer("a good book")


def content_of(result: Any) -> Any:
    return result.content


async def returns_it(*given: Any) -> Any:
    return model(*given)


async def returns_a_list(*given: Any) -> Any:
    return [{"answer": (1, model(*given))}]


async def returns_a_task(*given: Any) -> Any:
    return asyncio.create_task(model(*given))


async def reads_it(*given: Any) -> Any:
    reply: Any = model(*given)
    return answer(reply.content.text)


async def reads_it_elsewhere(*given: Any) -> Any:
    return content_of(model(*given))


async def reads_a_callable(*given: Any) -> Any:
    reply: Any = Asked()(*given)
    return reply.content


async def puts_it_into_an_answer(*given: Any) -> Any:
    return CreateMessageResult(role="assistant", content=TextContent(text=model(*given)), model="m")  # pyright: ignore[reportArgumentType] - what it is about


async def puts_it_in_unseen(*given: Any) -> Any:
    return CreateMessageResult.model_construct(role="assistant", content=model(*given), model="m")


async def throws_it_away(*given: Any) -> Any:
    with warnings.catch_warnings():  # Python says so at once, in the cell where it was made
        warnings.simplefilter("ignore", RuntimeWarning)
        return model(*given)["text"]  # pyright: ignore[reportIndexIssue] - what it is about


@pytest.mark.parametrize(
    ("callback", "told"),
    [
        (returns_it, f"returns_it returned a coroutine. {MODEL}"),
        (returns_a_list, f"or ErrorData(code=-1, message=...) to refuse. {MODEL}"),
        (returns_a_task, "returns_a_task returned a Task. It was not awaited: write `return await ...`."),
        (reads_it, f"`return answer(reply.content.text)`. {MODEL}"),
        (reads_it_elsewhere, f"`return result.content`. {MODEL}"),
        (reads_a_callable, "`return reply.content`. Asked(...) was not awaited: write `await Asked(...)`."),
        (puts_it_into_an_answer, MODEL),
        (puts_it_in_unseen, MODEL),
        (throws_it_away, SOMETHING),
    ],
)
async def test_a_forgotten_await_is_called_that_and_closed(callback: Any, told: str) -> None:
    with pytest.raises(CallbackError) as caught:
        await ask(callback, None, question("noir"))
    assert str(caught.value).endswith(told)
    assert str(caught.value).count(" was not awaited") == 1
    del caught
    gc.collect()  # a coroutine that was not closed would warn here, and a warning is an error


async def test_a_function_of_an_exercise_is_told_so_too() -> None:
    async def case(function: Any) -> None:
        await function()

    report = await FunctionExercise("1.1", [case]).examine(partial(reads_it, None, None))
    assert f"`return answer(reply.content.text)`. {MODEL.removesuffix('.')}" in report.problem
    gc.collect()


@pytest.mark.parametrize("number", ["1.1", "2.1", "2.2", "3.1", "4.1", "4.2", "6.1", "7.2"])
async def test_a_check_closes_and_names_what_came_back_and_was_not_awaited(number: str) -> None:
    """Its warning stood beneath another cell's PASS."""

    def returns_a_dict(*given: Any) -> Any:
        return {"text": model(*given)}

    report = await examine(number, returns_a_dict)
    assert report.status == "NOT YET"
    assert MODEL in report.problem or "Write `async def" in report.problem
    del report
    gc.collect()


async def test_what_a_check_calls_once_to_see_what_returns_is_closed_too() -> None:
    def reads_at_once(context: Any, params: Any) -> Any:
        reply: Any = model(context, params)
        return reply.content

    report = await examine("1.1", reads_at_once)
    assert report.problem.endswith(f"`return reply.content`. {MODEL}")
    gc.collect()


async def test_another_mistake_beside_one_is_told_as_that_alone() -> None:
    async def mistaken(*given: Any) -> Any:
        waiting = [model(*given), model(*given)]
        return {"texts": waiting}["text"]

    with pytest.raises(CallbackError) as caught:
        await ask(cast("Any", mistaken), None, question("noir"))
    assert "raised KeyError: 'text'" in str(caught.value)
    assert "await" not in str(caught.value).partition("`return ")[2]
    del caught
    gc.collect()


async def test_what_was_begun_is_left_alone_and_a_circle_ends_the_search() -> None:
    circle: list[Any] = [1]
    circle.append(circle)
    assert missing(circle) == ""
    begun = asyncio.sleep(0, "done")
    begun.send(None)
    assert missing([begun]) == ""
    with pytest.raises(StopIteration, match="done"):
        begun.send(None)
    assert missing([None] * 5_000 + [0]) == ""
