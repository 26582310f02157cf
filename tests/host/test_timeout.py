"""`with_timeout`: the sentence comes in time, and nothing goes on behind it."""

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import CallbackError, Lab
from labkit.host import with_budget, with_timeout
from tests.host.crowd import Model, answered, fails, labels
from tests.host.virtual import now, run
from tests.story import WIRES, answer, bookshop, echo, question, said

pytestmark = pytest.mark.anyio


NOTE = ContextVar("note", default="")


async def sets(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    await asyncio.sleep(1)
    NOTE.set("set")
    return answer("hello")


class Sleeper:
    """A callback that answers after so many seconds, and catches so many cancellations before."""

    def __init__(self, seconds: float, *, stubborn: int = 0) -> None:
        self.seconds, self.stubborn = seconds, stubborn
        self.ended = ""

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        while True:
            try:
                await asyncio.sleep(self.seconds)
                self.ended = "answered"
                return answer("at last")
            except asyncio.CancelledError:
                if not self.stubborn:
                    self.ended = "cancelled"
                    raise
                self.stubborn -= 1


def test_an_answer_in_time_is_handed_on() -> None:
    async def main() -> None:
        told, steps = await answered(with_timeout(Sleeper(4.9), 5), question("plot"))
        assert said(told) == "at last"
        assert (now(), labels(steps)) == (4.9, [])

    run(main())


def test_after_its_time_the_callback_is_cancelled_and_the_server_reads_a_sentence() -> None:
    async def main() -> None:
        sleeper = Sleeper(60)
        told, steps = await answered(with_timeout(sleeper, 5), question("plot"))
        assert told == ErrorData(code=-32603, message="There was no answer within 5 s.")
        assert (now(), sleeper.ended) == (5, "cancelled")
        assert labels(steps) == ["cancelled after 5 s without an answer"]

    run(main())


def test_a_callback_that_catches_its_cancellation_does_not_hold_the_sentence_up() -> None:
    async def main() -> None:
        sleeper = Sleeper(60, stubborn=1)
        told, steps = await answered(with_timeout(sleeper, 5), question("plot"))
        assert (told.code, now()) == (-32603, 5.5)
        assert labels(steps) == ["cancelled after 5 s without an answer, and it goes on"]
        await asyncio.sleep(60)
        assert sleeper.ended == "answered"

    run(main())


def test_whoever_gives_the_request_up_ends_the_callback_too() -> None:
    async def main() -> None:
        sleeper = Sleeper(60)
        asking = asyncio.create_task(answered(with_timeout(sleeper, 5), question("plot")))
        await asyncio.sleep(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (now(), sleeper.ended) == (1, "cancelled")

    run(main())


def test_what_the_callback_raises_is_raised_also_where_it_would_end_the_loop() -> None:
    async def leaves(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise SystemExit(3)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="the model is away"):
            await answered(with_timeout(fails, 5), question("plot"))
        with pytest.raises(SystemExit):
            await answered(with_timeout(leaves, 5), question("plot"))

    run(main())


def test_what_the_callback_sets_is_set_for_whoever_asked_as_without_a_timeout() -> None:
    async def main() -> None:
        for callback in (sets, with_timeout(sets, 5), with_timeout(with_timeout(sets, 4), 5)):
            NOTE.set("")
            await answered(callback, question("plot"))
            assert NOTE.get() == "set"
        NOTE.set("")
        await answered(with_timeout(sets, 0.5), question("plot"))
        assert NOTE.get() == ""

    run(main())


def test_a_budget_inside_is_settled_before_the_sentence_comes() -> None:
    async def main() -> None:
        budget = with_budget(Sleeper(60), tokens=1000)
        _, steps = await answered(with_timeout(budget, 5), question("plot"))
        assert budget.spent.tokens > 0
        assert labels(steps)[-1] == "cancelled after 5 s without an answer"

    run(main())


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), True, "5"])
def test_a_time_is_a_number_of_seconds_above_0(seconds: Any) -> None:
    with pytest.raises(ValueError, match=r"seconds is .*, and it must be a number of seconds above 0"):
        with_timeout(echo, seconds)


@pytest.mark.parametrize("mode", WIRES)
async def test_on_both_wires_the_sentence_reaches_whoever_called(mode: str) -> None:
    async with Client(bookshop(), sampling_callback=with_timeout(Sleeper(60), 0.01), mode=mode) as client:
        with pytest.raises(MCPError, match=r"There was no answer within 0\.01 s"):
            await client.call_tool("recommend", {"genre": "crime"})


async def test_in_a_lab_a_mistake_is_told_with_the_students_own_line() -> None:
    with Lab(bookshop(), sampling_callback=with_timeout(fails, 5)) as lab, pytest.raises(CallbackError) as told:
        await lab.call_tool("recommend", {"genre": "crime"})
    assert str(told.value).startswith("fails raised RuntimeError: the model is away at crowd.py, line")
    with Lab(bookshop(), sampling_callback=with_timeout(Model(), 5)) as lab:
        assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "Read Chandler."
