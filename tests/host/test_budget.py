"""`with_budget`: what it counts, what it holds back, and that a burst cannot get past it."""

import asyncio
import threading
from collections import Counter
from contextvars import copy_context
from typing import Any

import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client, MCPError
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import Lab
from labkit.call import timeout_error
from labkit.host import Left, Spent, with_approval, with_budget
from labkit.host.review import Approve, Edit, Refuse, ReviewRequest
from labkit.host.usage import metering, prompt_tokens
from labkit.models.catalog import Accepts, Catalog, Price, Scores
from labkit.models.catalog import Model as CatalogModel
from labkit.steps import Origin, report
from tests.host.any_request import patient
from tests.host.crowd import Gate, Model, answered, crowd, fails, labels, refuses
from tests.story import WIRES, answer, bookshop, echo, question, said, until

pytestmark = pytest.mark.anyio

WANT = question("x" * 40, max_tokens=20)  # 10 tokens of prompt by estimate


def catalog() -> Catalog:
    accepts = Accepts(dials=(), images=True, tools=True)
    scores = Scores(cost=1, speed=1, intelligence=1)
    prices = {"cheap": (0.1, 0.5), "dear": (10, 50)}
    models = [
        CatalogModel(name=name, prices=(Price(input=i, output=o),), accepts=accepts, always_thinks=False, scores=scores)
        for name, (i, o) in prices.items()
    ]
    return Catalog(checked="2026-11", unit="USD", scores_from="a test", default="cheap", models=tuple(models))


async def test_what_was_told_is_spent_and_the_rest_is_given_back() -> None:
    budget = with_budget(Model(tokens=(12, 5)), samples=2, tokens=100)
    result, steps = await answered(budget, WANT)
    assert said(result) == "Read Chandler."
    assert budget.spent == Spent(samples=1, tokens=17, estimated=0, usd=None)
    assert budget.left == Left(samples=1, tokens=83, usd=None)
    assert labels(steps) == ["answers", "spent 17 tokens; left: 1 sample, 83 tokens"]
    assert steps[-1].data == {
        "samples_spent": 1,
        "samples_left": 1,
        "tokens_spent": 17,
        "tokens_estimated": 0,
        "tokens_left": 83,
    }


async def test_what_nobody_told_is_estimated_and_said_to_be() -> None:
    budget = with_budget(Model("y" * 22), tokens=100)
    _, steps = await answered(budget, WANT)
    assert budget.spent == Spent(samples=1, tokens=10 + 6, estimated=16, usd=None)
    assert labels(steps) == ["spent about 16 tokens; left: 84 tokens"]


async def test_while_a_request_is_under_way_the_most_that_it_may_take_is_not_left() -> None:
    gate = Gate()
    budget = with_budget(gate, samples=2, tokens=100)
    task = asyncio.create_task(answered(budget, WANT))
    await until(lambda: gate.waiting)
    assert budget.left == Left(samples=1, tokens=70, usd=None)
    assert budget.spent.samples == 0
    gate.open.set()
    await task
    assert budget.left == Left(samples=1, tokens=100 - 10 - 2, usd=None)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"samples": 0}, "0 of 0 samples"),
        ({"tokens": 29}, "it may take 30 tokens, and 29 of 29 are left"),
        ({"per_call": 0}, "0 of 0 samples for one call"),
        ({"per_minute": 0}, "0 samples a minute"),
        ({"usd": 0.001, "prices": catalog()}, "it may cost $0.0011, and $0.001 of $0.001 is left"),
    ],
)
async def test_a_limit_holds_a_request_back_with_a_sentence_and_asks_nobody(
    limits: dict[str, Any], reason: str
) -> None:
    model = Model()
    result, steps = await answered(with_budget(model, **limits), WANT)
    assert result == ErrorData(code=-1, message=f"Held back by the client's budget for sampling: {reason}.")
    assert labels(steps) == [f"held: over budget, {reason}"]
    assert model.asked == []


async def test_a_hundred_at_once_get_as_many_answers_as_there_are_samples() -> None:
    model = Model(tokens=(10, 20))
    budget = with_budget(model, samples=20)
    results = await asyncio.gather(*(answered(budget, WANT) for _ in range(100)))
    assert Counter(type(result).__name__ for result, _ in results) == {"CreateMessageResult": 20, "ErrorData": 80}
    assert (len(model.asked), budget.spent.samples, budget.spent.tokens) == (20, 20, 600)


async def test_a_hundred_at_once_stay_within_the_tokens() -> None:
    model = Model(tokens=(10, 20))
    budget = with_budget(model, tokens=1_000)
    await asyncio.gather(*(answered(budget, WANT) for _ in range(100)))
    assert len(model.asked) == 33
    assert budget.spent.tokens == 990
    assert budget.left == Left(samples=None, tokens=10, usd=None)


@pytest.mark.parametrize("mode", WIRES)
async def test_a_hundred_in_one_round_of_a_real_call_stay_within_the_samples(mode: str) -> None:
    model = Model(tokens=(1, 1))
    budget = with_budget(model, samples=20)
    with Lab(crowd(), sampling_callback=budget, mode=mode) as lab:
        call = lab.start("ask_many", {"number": 100})
        if mode == "auto":  # the first refusal ends the round
            with pytest.raises(MCPError, match="Held back by the client's budget for sampling: 20 of 20 samples"):
                await call
        else:
            assert said(await call) == "20 answers"
        held = [step for step in lab.flow.steps if step.label == "held: over budget, 20 of 20 samples"]
        assert held
    assert len(model.asked) == 20
    assert budget.spent.samples == 20
    assert budget.left.samples == 0


@pytest.mark.parametrize("mode", WIRES)
async def test_a_hundred_in_one_round_wait_in_line_and_are_all_answered(mode: str) -> None:
    model = Model()
    budget = with_budget(model, samples=100, at_once=5)
    with Lab(crowd(), sampling_callback=budget, mode=mode) as lab:
        assert said(await lab.call_tool("ask_many", {"number": 100})) == "100 answers"
    assert len(model.asked) == 100
    assert model.most_at_once == 5 if mode == "auto" else model.most_at_once <= 5
    assert budget.waiting == 0


@pytest.mark.parametrize("mode", WIRES)
async def test_a_call_that_runs_out_of_time_in_line_says_so(mode: str) -> None:
    gate = Gate()
    budget = with_budget(gate, at_once=1)
    with (
        Lab(bookshop(), sampling_callback=budget, mode=mode, name="first") as first,
        Lab(crowd(), sampling_callback=budget, mode=mode, name="second") as second,
    ):
        one = first.start("recommend", {"genre": "crime"})
        await until(lambda: gate.waiting == 1)
        other = second.start("ask_many", {"number": 2})
        await until(lambda: budget.waiting == 2)
        assert str(timeout_error(other, 3)) == (
            "ask_many(number) was stopped after timeout=3 s: it waited for its turn in line, as "
            "with_budget(at_once=1) has no more requests answered at once. "
            "Raise at_once=, or give the Lab more time: Lab(..., timeout=...)."
        )
        assert "the sampling callback has not answered" in str(timeout_error(one, 3))
        one.cancel()
        await until(lambda: gate.waiting == 1 and budget.waiting == 1)
        # One of its two is at the model now: that is what holds it up, and no line.
        assert "the sampling callback has not answered" in str(timeout_error(other, 3))
        other.cancel()


def test_several_threads_share_a_budget_without_overspending() -> None:
    model = Model(tokens=(10, 20))
    budget = with_budget(model, samples=50, tokens=10_000, at_once=3)

    async def burst() -> None:
        await asyncio.wait_for(asyncio.gather(*(answered(budget, WANT) for _ in range(40))), 60)

    threads = [threading.Thread(target=lambda: asyncio.run(burst())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(model.asked) == 50
    assert model.most_at_once <= 3
    assert budget.spent == Spent(samples=50, tokens=1_500, estimated=0, usd=None)


async def test_a_plain_client_is_counted_too() -> None:
    budget = with_budget(echo, samples=2)
    async with Client(bookshop(), sampling_callback=budget) as client:
        assert said(await client.call_tool("recommend", {"genre": "crime"})) == "you asked: recommend crime"
        with pytest.raises(MCPError, match="2 of 2 samples"):
            await client.call_tool("compare", {"title": "Emma"})
    assert budget.left == Left(samples=0, tokens=None, usd=None)


@pytest.mark.parametrize("callback", [refuses, fails])
async def test_a_sample_that_ended_in_an_error_is_given_back(callback: Any) -> None:
    budget = with_budget(callback, samples=1, tokens=30, usd=1, prices=catalog())
    for _ in range(3):
        try:
            result, _ = await answered(budget, WANT)
            assert result.message == "no"
        except RuntimeError:
            assert callback is fails
    assert budget.spent == Spent(samples=0, tokens=0, estimated=0, usd=0.0)
    assert budget.left == Left(samples=1, tokens=30, usd=1.0)


async def test_tokens_that_were_told_before_an_error_are_spent() -> None:
    async def fails_late(context: object, params: CreateMessageRequestParams) -> ErrorData:
        report("answers", source="model", target="callback", input_tokens=10, output_tokens=4)
        return ErrorData(code=-1, message="that was no answer")

    budget = with_budget(fails_late, samples=5, tokens=100)
    await answered(budget, WANT)
    assert budget.spent == Spent(samples=1, tokens=14, estimated=0, usd=None)


async def test_a_sample_that_is_cancelled_at_the_model_counts_in_full() -> None:
    """On the 2025-11-25 wire the server can cancel: it would have the answer made, and made again, for nothing."""
    gate = Gate()
    budget = with_budget(gate, samples=2, tokens=100)
    task = asyncio.create_task(answered(budget, WANT))
    await until(lambda: gate.waiting)
    task.cancel()
    await asyncio.wait([task], timeout=60)
    assert task.cancelled()
    assert budget.spent == Spent(samples=1, tokens=30, estimated=30, usd=None)
    assert budget.left == Left(samples=1, tokens=70, usd=None)


async def test_a_server_that_cancels_its_question_has_paid_for_the_answer() -> None:
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def writes(context: object, params: CreateMessageRequestParams) -> Any:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    budget = with_budget(writes, samples=5)
    with Lab(crowd(asked), sampling_callback=budget, mode="legacy") as lab:
        assert said(await lab.call_tool("steal")) == "stolen"
        await until(lambda: budget.spent.samples == 1)
    assert cancelled.is_set()
    assert budget.left.samples == 4


async def test_what_a_model_tells_when_its_sample_is_over_is_not_heard() -> None:
    """A worker thread that was left behind still reports, in the context of a sample that is settled."""
    late: list[Any] = []

    async def leaves(context: object, params: CreateMessageRequestParams) -> Any:
        late.append(copy_context())
        return answer("hello")

    with metering(WANT) as meter:
        meter.witness.answer = await leaves(None, WANT)
    late[0].run(report, "answers", output_tokens=500)
    assert "output_tokens" not in meter.told


async def test_a_sample_that_is_cancelled_before_the_model_was_asked_costs_nothing() -> None:
    model, asked = Model(), asyncio.Event()

    async def thinks(request: ReviewRequest) -> Approve:
        asked.set()
        await asyncio.Event().wait()
        return Approve()

    budget = with_budget(with_approval(model, ask=thinks), samples=1, tokens=100)
    task = asyncio.create_task(answered(budget, WANT))
    await asyncio.wait_for(asked.wait(), 60)
    task.cancel()
    await asyncio.wait([task], timeout=60)
    assert budget.spent == Spent(samples=0, tokens=0, estimated=0, usd=None)
    assert budget.left == Left(samples=1, tokens=100, usd=None)


async def test_whoever_is_cancelled_in_line_leaves_it_and_pays_nothing() -> None:
    gate = Gate()
    budget = with_budget(gate, samples=2, at_once=1)
    first = asyncio.create_task(answered(budget, WANT))
    await until(lambda: gate.waiting)
    second = asyncio.create_task(answered(budget, WANT))
    await until(lambda: budget.waiting == 1)
    second.cancel()
    await asyncio.wait([second], timeout=60)
    gate.open.set()
    await first
    await answered(budget, WANT)
    assert budget.spent.samples == 2


async def test_an_answer_that_the_person_withholds_was_paid_for() -> None:
    def withholds(request: ReviewRequest) -> Approve | Refuse:
        return Refuse() if request.answer else Approve()

    budget = with_budget(with_approval(Model(tokens=(10, 5)), ask=withholds), samples=5)
    result, _ = await answered(budget, WANT)
    assert isinstance(result, ErrorData)
    assert budget.spent == Spent(samples=1, tokens=15, estimated=0, usd=None)


async def test_more_than_max_tokens_is_spent_as_it_was_told_and_nothing_more_gets_through() -> None:
    model = Model(tokens=(10, 500))
    budget = with_budget(model, tokens=100)
    await answered(budget, WANT)
    assert budget.spent.tokens == 510
    assert budget.left.tokens == 0
    result, _ = await answered(budget, question("", max_tokens=1))
    assert result.message.endswith("it may take 1 tokens, and 0 of 100 are left.")


async def test_samples_are_counted_for_each_tool_call() -> None:
    budget = with_budget(Model(), per_call=2)

    async def ask(call: int | None) -> str:
        result, _ = await answered(budget, WANT, Origin("bookshop", "2026-07-28", "recommend", call=call))
        return type(result).__name__

    first = [await ask(1) for _ in range(3)]
    assert first == ["CreateMessageResult", "CreateMessageResult", "ErrorData"]
    assert [await ask(2), await ask(None)] == ["CreateMessageResult", "CreateMessageResult"]


@pytest.mark.parametrize("mode", WIRES)
async def test_one_call_that_samples_without_end_is_stopped(mode: str) -> None:
    budget = with_budget(echo, per_call=3)
    with (
        Lab(bookshop(), sampling_callback=budget, mode=mode) as lab,
        pytest.raises(MCPError, match="3 of 3 samples for one call"),
    ):
        await lab.call_tool("review", {"titles": ["Emma", "Ulysses", "Dune", "Dracula", "Kim"]})
    assert budget.spent.samples == 3


async def test_the_minute_goes_by_the_clock_that_is_given() -> None:
    now = [0.0]
    budget = with_budget(Model(), per_minute=1, clock=lambda: now[0])
    assert not isinstance((await answered(budget, WANT))[0], ErrorData)
    now[0] = 59.5
    result, _ = await answered(budget, WANT)
    assert result.message.endswith("1 sample a minute; the next in 1 s.")
    now[0] = 60.0
    assert not isinstance((await answered(budget, WANT))[0], ErrorData)


@pytest.mark.parametrize(("model", "usd"), [("cheap", 0.0000037), ("dear", 0.00037), ("a stranger", 0.00037)])
async def test_dollars_go_by_the_model_that_answered_and_a_stranger_costs_as_much_as_the_dearest(
    model: str, usd: float
) -> None:
    budget = with_budget(Model(tokens=(12, 5), model=model), usd=1, prices=catalog())
    await answered(budget, WANT)
    assert budget.spent.usd == pytest.approx(usd, abs=1e-12)
    assert budget.left.usd == pytest.approx(1 - usd, abs=1e-12)


async def test_a_model_that_is_free_costs_nothing_and_needs_nothing_set_aside() -> None:
    budget = with_budget(Model(tokens=(12, 5), model="tiny"), usd=0, prices=catalog(), free=("tiny",))
    result, _ = await answered(budget, WANT)
    assert said(result)
    assert budget.spent.usd == 0.0


async def test_what_is_set_aside_goes_by_the_dearest_model_that_may_answer() -> None:
    budget = with_budget(Model(tokens=(1, 1), model="cheap"), usd=0.0001, prices=catalog())
    assert not isinstance((await answered(budget, WANT))[0], ErrorData)

    async def unknown(context: object, params: CreateMessageRequestParams) -> Any:
        return answer("hello", model="cheap")

    assert isinstance((await answered(with_budget(unknown, usd=0.0001, prices=catalog()), WANT))[0], ErrorData)


async def test_an_absurd_number_of_tokens_is_held_like_any_other() -> None:
    budget = with_budget(Model(), tokens=1_000, usd=1, prices=catalog())
    for number in (10**9, 10**400):
        result, _ = await answered(budget, question("hello", max_tokens=number))
        assert isinstance(result, ErrorData)
    result, _ = await answered(budget, question("hello", max_tokens=-5))
    assert said(result)


async def test_a_meter_is_told_of_every_change_and_one_that_fails_is_told_no_more() -> None:
    budget = with_budget(Model(tokens=(10, 5)), samples=5)
    seen: list[tuple[int | None, int]] = []

    def fails(_: object) -> None:
        seen.append((None, -1))
        raise RuntimeError("the meter broke")

    stop = budget.listen(lambda budget: seen.append((budget.left.samples, budget.spent.tokens)))
    budget.listen(fails)
    await answered(budget, WANT)
    assert seen == [(4, 0), (None, -1), (4, 15)]
    stop()
    await answered(budget, WANT)
    assert len(seen) == 3


@pytest.mark.parametrize("mode", WIRES)
async def test_a_human_who_raises_the_limit_of_a_request_spends_no_more_than_there_is(mode: str) -> None:
    def raises(request: ReviewRequest) -> Approve | Edit:
        return Approve() if request.answer else Edit(request.params.model_copy(update={"max_tokens": 500}))

    model = Model(tokens=(3, 500))
    budget = with_budget(with_approval(model, ask=raises), tokens=60)
    with Lab(bookshop(), sampling_callback=budget, mode=mode) as lab:
        with pytest.raises(MCPError, match=r"it may take 504 tokens, and 60 of 60 are left\."):
            await lab.call_tool("recommend", {"genre": "crime"})
        assert "held: over budget, it may take 504 tokens, and 60 of 60 are left" in [s.label for s in lab.flow.steps]
    assert model.asked == []
    assert budget.spent.samples == 0
    assert budget.left == Left(samples=None, tokens=60, usd=None)


async def test_an_edit_for_which_there_is_room_is_set_aside_and_spent_as_it_was_sent() -> None:
    aside: list[int | None] = []

    async def model(context: object, params: CreateMessageRequestParams) -> Any:
        aside.append(budget.left.tokens)
        return answer("y" * 40)

    def raises(request: ReviewRequest) -> Approve | Edit:
        if request.answer:
            return Approve()
        edit = request.edit("z" * 80).instead.model_copy(update={"max_tokens": 50})
        return Edit(edit)

    budget = with_budget(with_approval(model, ask=raises), tokens=100)
    await answered(budget, WANT)
    assert aside == [100 - 20 - 50]
    assert budget.spent == Spent(samples=1, tokens=20 + 10, estimated=30, usd=None)


async def test_limits_can_be_set_anew_and_what_was_spent_stays_spent() -> None:
    budget = with_budget(Model(tokens=(10, 5)), samples=2, at_once=1)
    heard: list[Left] = []
    budget.listen(lambda budget: heard.append(budget.limit))
    await answered(budget, WANT)
    budget.set_limits(samples=3, tokens=100, at_once=2)
    assert heard[-1] == Left(samples=3, tokens=100, usd=None)
    assert budget.spent == Spent(samples=1, tokens=15, estimated=0, usd=None)
    assert (budget.left, budget.at_once) == (Left(samples=2, tokens=85, usd=None), 2)
    budget.set_limits(samples=1)
    assert isinstance((await answered(budget, WANT))[0], ErrorData)
    for wrong in ({"samples": -1}, {"usd": 1}, {"at_once": 0}):
        with pytest.raises(ValueError, match=r"0 or more|prices|at least one"):
            budget.set_limits(tokens=7, **wrong)  # pyright: ignore[reportArgumentType]
    assert budget.limit == Left(samples=1, tokens=None, usd=None)


async def test_what_limits_a_call_and_a_minute_is_told() -> None:
    now = [0.0]
    budget = with_budget(Model(), per_call=3, per_minute=5, clock=lambda: now[0])
    assert (budget.of_last_call, budget.of_last_minute) == ((0, 3), (0, 5, 0.0))
    await answered(budget, WANT)
    now[0] = 20.0
    await answered(budget, WANT)
    assert (budget.of_last_call, budget.of_last_minute) == ((2, 3), (2, 5, 40.0))
    now[0] = 61.0
    assert budget.of_last_minute == (1, 5, 19.0)
    assert (with_budget(echo).of_last_call, with_budget(echo).of_last_minute) == (None, None)


@pytest.mark.parametrize("name", ["samples", "tokens", "per_call", "per_minute", "at_once"])
@pytest.mark.parametrize("limit", [1.5, "3", True, float("nan")])
def test_a_limit_that_is_no_whole_number_is_refused_when_it_is_given(name: str, limit: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is {limit!r}, and it must be a whole number, 0 or more$"):
        with_budget(echo, **{name: limit})


@pytest.mark.parametrize("usd", ["1", float("nan"), float("inf"), True])
def test_dollars_that_are_no_amount_are_refused_when_they_are_given(usd: Any) -> None:
    with pytest.raises(ValueError, match=rf"^usd is {usd!r}, and it must be a number, 0 or more$"):
        with_budget(echo, usd=usd, prices=catalog())


def test_dollars_need_prices() -> None:
    with pytest.raises(ValueError, match="usd= needs the prices"):
        with_budget(echo, usd=1)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"prices": catalog}, r"catalog is a function and no catalogue: .*, catalog\(\)$"),
        ({"prices": 0.5}, "a float is no catalogue: give"),
        ({"free": "tiny"}, r"free='tiny': give a list of names, such as free=\[\"tiny\"\]"),
        ({"clock": 5.0}, "clock=5.0 tells no time: give a function"),
    ],
)
def test_what_else_a_budget_cannot_use_is_refused_when_it_is_given(option: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        with_budget(echo, samples=5, **option)


def test_the_figures_in_a_step_are_not_taken_for_the_tokens_of_a_model() -> None:
    """`Flow.tokens` adds up what is called `output_tokens`; a budget's own steps must not be counted again."""

    async def trial() -> int | None:
        budget = with_budget(with_budget(Model(tokens=(10, 5)), samples=5), tokens=100)
        with Lab(bookshop(), sampling_callback=budget) as lab:
            await lab.call_tool("recommend", {"genre": "crime"})
            assert budget.spent.tokens == 15
            return lab.flow.tokens

    assert asyncio.run(trial()) == 5


# What may become of a sample: tokens that are told (or not) with an answer, a refusal, an error, a cancellation.
fates = st.tuples(
    st.sampled_from(["answers", "tells", "refuses", "raises", "is cancelled"]), st.integers(0, 10), st.integers(0, 20)
)


@settings(patient, max_examples=60)
@given(
    fate=st.lists(fates, min_size=1, max_size=25),
    samples=st.none() | st.integers(0, 10),
    tokens=st.none() | st.integers(0, 200),
    usd=st.none() | st.floats(0, 0.01),
    at_once=st.none() | st.integers(1, 3),
)
def test_whatever_becomes_of_a_burst_nothing_is_negative_overspent_or_kept_back(
    fate: list[tuple[str, int, int]], samples: int | None, tokens: int | None, usd: float | None, at_once: int | None
) -> None:
    asked: Counter[str] = Counter()
    overspent: list[bool] = []

    async def model(context: Any, params: CreateMessageRequestParams) -> Any:
        what, prompt, written = fate[context]
        asked[what] += 1
        overspent.append(not within())
        await checkpoint()
        if what == "is cancelled":
            tasks[context].cancel()
            await checkpoint()
        if what == "refuses":
            return await refuses(context, params)
        if what == "raises":
            return await fails(context, params)
        if what == "tells":
            report("answers", input_tokens=prompt, output_tokens=written)
        return answer("y" * 4 * written, model="dear")

    def within() -> bool:
        left, spent = budget.left, budget.spent
        return (
            min(left.samples or 0, left.tokens or 0, left.usd or 0) >= 0
            and (samples is None or spent.samples <= samples)
            and (tokens is None or spent.tokens <= tokens)
            and (usd is None or (spent.usd or 0) <= round(usd, 9))
        )

    budget = with_budget(model, samples=samples, tokens=tokens, usd=usd, at_once=at_once, prices=catalog())
    tasks: list[asyncio.Task[Any]] = []

    async def burst() -> None:
        tasks.extend(asyncio.create_task(answered(budget, WANT, context=n)) for n in range(len(fate)))
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)

    asyncio.run(burst())
    spent, left = budget.spent, budget.left
    assert spent.samples == asked["answers"] + asked["tells"] + asked["is cancelled"]
    assert samples is None or (spent.samples <= samples and left.samples == samples - spent.samples)
    assert tokens is None or (spent.tokens <= tokens and left.tokens == tokens - spent.tokens)
    assert usd is None or (spent.usd or 0) <= round(usd, 9)
    assert budget.waiting == 0
    assert not any(overspent)


@pytest.mark.parametrize(
    ("told", "prompt", "spent", "estimated"),
    [
        ((0, 4), "x" * 400_000, 100_004, 100_000),
        ((10, 4), "x" * 400_000, 100_004, 100_000),
        ((30_000, 4), "x" * 400_000, 30_004, 0),  # a text of few long words
        ((-5, -5), "hello", 6, 6),
        ((float("nan"), float("inf")), "hello", 6, 6),
        ((10**30, 10**400), "hello", 6, 6),
        ((True, None), "hello", 6, 6),
        (("12", 4.0), "hello", 6, 6),
        ((12, 4), "hello", 16, 0),
    ],
)
async def test_counts_that_cannot_be_are_estimated(told: Any, prompt: str, spent: int, estimated: int) -> None:
    budget = with_budget(Model(tokens=told))
    await answered(budget, question(prompt))
    assert (budget.spent.tokens, budget.spent.estimated) == (spent, estimated)


RESULT = {"type": "tool_result", "toolUseId": "a", "content": []}


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        ({"type": "image", "data": "A" * 4_000, "mimeType": "image/png"}, 1_503),
        ({"type": "audio", "data": "A" * 4_000_000, "mimeType": "audio/wav"}, 6_003),
        (
            {"type": "tool_result", "toolUseId": "a", "content": [{"type": "image", "data": "A" * 4, "mimeType": "x"}]},
            1_501,
        ),
        ({"type": "tool_result", "toolUseId": "a", "content": [], "structuredContent": {"a": [12345] * 4_000}}, 5_001),
        ({"type": "image", "data": "not base64 " * 40, "mimeType": "image/png"}, 113),
    ],
)
async def test_what_has_no_words_is_estimated_too(block: Any, tokens: int) -> None:
    wanted = CreateMessageRequestParams.model_validate(
        {"messages": [{"role": "user", "content": [block]}], "maxTokens": 10}
    )
    assert prompt_tokens(wanted) == tokens
    budget = with_budget(Model(tokens=(0, 4)), tokens=tokens + 9)
    held, _ = await answered(budget, wanted)
    assert held.message.startswith("Held back by the client's budget")


async def test_an_answer_that_names_itself_free_or_cheap_costs_what_the_answerer_costs() -> None:
    class Gateway(Model):
        async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
            return answer("hello", model=names)

    def plain(context: object, params: CreateMessageRequestParams) -> Any:
        return Gateway()(context, params)

    for names, callback, usd in [
        ("tiny", Gateway(model="dear"), "dear"),
        ("cheap", Gateway(model="dear"), "dear"),
        ("dear", Gateway(model="cheap"), "dear"),
        ("a stranger", Gateway(model="cheap"), "cheap"),
        ("tiny", plain, "dear"),
        ("tiny", Gateway(model="tiny"), None),
    ]:
        budget = with_budget(callback, prices=catalog(), free=("tiny",))
        await answered(budget, WANT)
        expected = with_budget(Model("hello", model=usd or "tiny"), prices=catalog(), free=("tiny",))
        await answered(expected, WANT)
        assert budget.spent.usd == expected.spent.usd, (names, callback)
        assert (budget.spent.usd == 0) == (usd is None)
