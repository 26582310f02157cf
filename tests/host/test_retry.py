"""`with_retry`: what fails for now is asked again, so often and so late as it may be, and nothing else is."""

import asyncio
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from anthropic import RateLimitError
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import CallbackError, Lab
from labkit.callbacks import hint
from labkit.host import (
    Approve,
    Spent,
    may_pass,
    with_approval,
    with_budget,
    with_fallback,
    with_guard,
    with_retry,
    with_timeout,
)
from labkit.host.usage import prompt_tokens
from labkit.steps import report
from tests.host.crowd import Model, answered, labels
from tests.host.test_timeout import Sleeper
from tests.host.virtual import now, run
from tests.story import WIRES, answer, bookshop, echo, question, said

pytestmark = pytest.mark.anyio

AWAY = ErrorData(code=-32603, message="The model is away.")
BUSY = ErrorData(code=-32603, message="Too many requests (429).", data=hint(429))


class Fails:
    """A callback that fails in these ways, one after the other, and then answers. `told` are the tokens of each try."""

    model = "m"

    def __init__(self, *ways: CreateMessageResult | ErrorData | Exception, told: tuple[int, int] | None = None) -> None:
        self.ways, self.told = list(ways), told
        self.times: list[float] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Any:
        self.times.append(now())
        if self.told:
            report("reads", source="model", target="callback", input_tokens=self.told[0], output_tokens=self.told[1])
        way = self.ways.pop(0) if self.ways else answer("at last")
        if isinstance(way, Exception):
            raise way
        return way


def tried(callback: Any, asked: Fails) -> tuple[Any, list[str], list[float]]:
    """What is said at last, the steps, and when the callback was asked."""

    async def main() -> tuple[Any, list[str], list[float]]:
        told, steps = await answered(callback, question("plot"))
        return told, labels(steps), asked.times

    return run(main())


def limited(after: str) -> RateLimitError:
    request = httpx2.Request("POST", "http://localhost/v1/messages")
    return RateLimitError(
        "slow down", response=httpx2.Response(429, headers={"retry-after": after}, request=request), body=None
    )


def test_what_fails_for_now_is_asked_again_and_the_flow_tells_each_try() -> None:
    model = Fails(BUSY, ConnectionResetError("peer"))
    told, steps, times = tried(with_retry(model), model)
    assert said(told) == "at last"
    assert len(times) == 3
    assert steps == [
        "try 1 of 3 failed: Too many requests (429).",
        "try 2 of 3 failed: ConnectionResetError: peer",
        "answered after 3 tries",
    ]


def test_the_last_failure_is_the_answer_when_no_try_is_left() -> None:
    model = Fails(*[AWAY] * 9)
    told, steps, times = tried(with_retry(model, tries=4), model)
    assert (told, len(times), steps[-1]) == (AWAY, 4, "given up after 4 tries")
    with pytest.raises(ConnectionResetError):
        tried(with_retry(model := Fails(*[ConnectionResetError("peer")] * 9)), model)
    assert len(model.times) == 3


def test_the_waits_are_random_grow_and_have_an_end() -> None:
    spans: list[list[float]] = []
    for _ in range(40):
        model = Fails(*[AWAY] * 9)
        _, _, times = tried(with_retry(model, tries=5, wait=1, longest=3), model)
        spans.append([after - before for before, after in pairwise(times)])
    for n, most in enumerate([1, 2, 3, 3]):
        column = [span[n] for span in spans]
        assert all(0 <= each <= most for each in column)
        assert max(column) - min(column) > most / 3  # jittered: of 40 draws, all in a third of the span


@pytest.mark.parametrize("failure", [ErrorData(code=-32603, message="busy", data=hint(429, 7)), limited("7")])
def test_it_waits_as_long_as_it_was_told_to(failure: Any) -> None:
    model = Fails(failure)
    _, _, times = tried(with_retry(model, wait=1), model)
    assert 7 <= times[1] <= 8


@pytest.mark.parametrize("failure", [ErrorData(code=-32603, message="busy", data=hint(429, 3600)), limited("3600")])
def test_what_asks_for_too_long_a_wait_is_given_up_at_once(failure: Any) -> None:
    model = Fails(failure)

    async def main() -> list[str]:
        try:
            told, steps = await answered(with_retry(model), question("plot"))
        except RateLimitError:
            return []
        assert told == failure
        return labels(steps)

    assert run(main()) in ([], ["not tried again: it asks to wait 3600 s, and longest is 20 s"])
    assert model.times == [0]


@pytest.mark.parametrize("after", ["nan", "-3", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_is_no_number_of_seconds_is_none(after: str) -> None:
    model = Fails(limited(after))
    _, _, times = tried(with_retry(model, wait=0), model)
    assert times == [0, 0]


@pytest.mark.parametrize(
    "failure",
    [
        ErrorData(code=-1, message="The user refused this request."),
        ErrorData(code=-32602, message="maxTokens is -5."),
        ErrorData(code=-1, message="busy", data=hint(429)),
        ErrorData(code=-32603, message="The key was not accepted (401).", data=hint(401)),
        ErrorData(code=-32603, message="odd", data=["429"]),
    ],
)
def test_what_would_fail_again_is_not(failure: ErrorData) -> None:
    model = Fails(failure)
    always = with_retry(model, on=lambda _: failure.data is None)
    told, steps, times = tried(always if failure.data != ["429"] else with_retry(model, tries=1), model)
    assert (told, steps, len(times)) == (failure, [], 1)


def test_a_mistake_of_the_student_is_raised_at_once() -> None:
    model = Fails(KeyError("genre"))
    with pytest.raises(KeyError):
        tried(with_retry(model), model)
    assert len(model.times) == 1


def test_what_is_tried_again_can_be_said() -> None:
    model = Fails(KeyError("genre"), AWAY)
    told, _, times = tried(with_retry(model, on=lambda failure: isinstance(failure, KeyError)), model)
    assert (told, len(times)) == (AWAY, 2)


@pytest.mark.parametrize(
    ("inside", "asked"),
    [
        (lambda model: with_guard(model, {"max_tokens": "refuse"}, max_tokens=1), 0),
        (lambda model: with_guard(model, {"long_answer": "refuse"}), 1),
        (lambda model: with_budget(model, samples=0), 0),
    ],
)
def test_what_a_duty_inside_refuses_or_withholds_is_final(inside: Any, asked: int) -> None:
    model = Fails(answer("word " * 2_000))
    told, steps, times = tried(with_retry(inside(model), on=lambda _: True), model)
    assert isinstance(told, ErrorData)
    assert len(times) == asked
    assert not any("tries" in step for step in steps)


def test_a_budget_inside_counts_each_try() -> None:
    model = Fails(BUSY, BUSY, told=(10, 0))
    budget = with_budget(model)
    tried(with_retry(budget), model)
    assert budget.spent.samples == 3


def test_a_budget_outside_counts_one_sample_with_the_tokens_of_all_tries() -> None:
    model = Fails(BUSY, BUSY, told=(10, 5))
    budget = with_budget(with_retry(model), samples=5, per_minute=10, clock=lambda: 0.0)
    _, steps, _ = tried(budget, model)
    assert (budget.spent.samples, budget.spent.tokens, budget.under_way) == (1, 45, 0)
    assert steps[-1] == "spent 45 tokens in 3 tries; left: 4 samples"
    assert budget.of_last_minute is not None
    assert budget.of_last_minute[0] == 3


def test_a_try_that_is_cut_off_costs_a_budget_outside_all_that_was_set_aside_for_it() -> None:
    async def main() -> None:
        for stubborn in (0, 1):
            budget = with_budget(with_retry(with_timeout(Sleeper(60, stubborn=stubborn), 5), wait=0), tokens=1000)
            told, steps = await answered(budget, question("plot"))
            assert told.code == -32603
            each = prompt_tokens(question("plot")) + question("plot").max_tokens
            assert budget.spent == Spent(samples=1, tokens=3 * each, estimated=3 * each, usd=None)
            assert labels(steps)[-1].startswith(f"spent about {3 * each} tokens in 3 tries")
            await asyncio.sleep(60 * stubborn)  # what was left to itself ends
        budget = with_budget(with_fallback(with_timeout(Sleeper(60), 5), Model(tokens=(10, 5))), tokens=1000)
        await answered(budget, question("plot"))
        assert budget.spent == Spent(samples=1, tokens=each + 15, estimated=each, usd=None)
        budget = with_budget(with_retry(with_timeout(Sleeper(60), 5), wait=0), tokens=2 * each)
        told, _ = await answered(budget, question("plot"))
        assert (told.code, budget.spent.tokens) == (-1, 2 * each)

    run(main())


def test_a_try_that_failed_before_the_request_was_given_up_costs_nothing() -> None:
    async def main() -> None:
        budget = with_budget(with_timeout(with_retry(Fails(*[AWAY] * 9), tries=9, wait=60), 5), tokens=1000)
        await answered(budget, question("plot"))
        assert budget.spent == Spent(samples=0, tokens=0, estimated=0, usd=None)

    run(main())


def test_a_budget_outside_ends_the_tries_where_its_minute_or_its_tokens_do() -> None:
    model = Fails(*[BUSY] * 9)
    told, _, times = tried(with_budget(with_retry(model), per_minute=2, clock=lambda: 0.0), model)
    assert (told.code, len(times)) == (-1, 2)
    assert "2 samples a minute" in told.message
    model = Fails(*[BUSY] * 9, told=(60, 0))
    told, _, times = tried(with_budget(with_retry(model), tokens=100), model)
    assert (told.code, len(times)) == (-1, 1)
    assert "it may take" in told.message


def test_around_a_timeout_each_try_has_its_time_and_inside_all_have() -> None:
    async def main() -> None:
        told, _ = await answered(with_retry(with_timeout(Sleeper(60), 5), wait=0), question("plot"))
        assert (told.code, now()) == (-32603, 15)
        told, _ = await answered(with_timeout(with_retry(Fails(*[AWAY] * 9), tries=9, wait=60), 5), question("plot"))
        assert (told.code, now()) == (-32603, 20)

    run(main())


def test_whoever_gives_the_request_up_ends_the_tries() -> None:
    async def main() -> None:
        model = Fails(*[AWAY] * 99)
        asking = asyncio.create_task(answered(with_retry(model, tries=99, wait=10), question("plot")))
        await asyncio.sleep(100)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert len(model.times) < 99

    run(main())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tries": 0}, "tries is 0"),
        ({"tries": 2.5}, "tries is 2.5"),
        ({"wait": -1}, "wait is -1"),
        ({"longest": float("inf")}, "longest is inf"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        with_retry(echo, **options)
    with pytest.raises(TypeError, match="on=429 tells nothing"):
        with_retry(echo, on=429)  # pyright: ignore[reportArgumentType] - that is the point


def test_by_itself_it_goes_by_status_code_and_the_connection() -> None:
    wrapped = RuntimeError("package")
    wrapped.__cause__ = TimeoutError()
    assert [may_pass(each) for each in (AWAY, BUSY, wrapped, limited("1"))] == [True] * 4
    assert not may_pass(RuntimeError("bug"))
    assert not may_pass(ErrorData(code=-1, message="no"))


@pytest.mark.parametrize("mode", WIRES)
async def test_on_both_wires_a_human_is_asked_once_and_the_model_twice(mode: str) -> None:
    asked: list[str] = []

    def approves(request: Any) -> Approve:
        asked.append(request.stage)
        return Approve()

    model = Fails(BUSY)
    with Lab(
        bookshop(), sampling_callback=with_approval(with_retry(model, wait=0.001), ask=approves), mode=mode
    ) as lab:
        assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "at last"
    assert (len(model.times), len(asked)) == (2, 2)


async def test_in_a_lab_a_mistake_is_told_with_the_students_own_line() -> None:
    with Lab(bookshop(), sampling_callback=with_retry(Fails(KeyError("genre")))) as lab:
        with pytest.raises(CallbackError) as told:
            await lab.call_tool("recommend", {"genre": "crime"})
        assert "raised KeyError: 'genre' at test_retry.py, line" in str(told.value)
