"""`with_cache`: equal requests of one connection are asked once, for a while, and nothing else is kept."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit import Lab, Settings, TinyModel
from labkit.host import with_approval, with_bill, with_budget, with_cache, with_dials
from labkit.host.bill import Bill
from labkit.host.cache import whole_request
from labkit.models.catalog import catalog
from tests.host.any_request import patient, requests
from tests.host.crowd import Model, Session, answered, fails, labels
from tests.host.test_retry import AWAY, Fails
from tests.host.test_timeout import Sleeper
from tests.host.virtual import now, run
from tests.story import WIRES, answer, bookshop, echo, question, said

pytestmark = pytest.mark.anyio


def other_connection() -> Any:
    return SimpleNamespace(session=Session())


def asks(cache: Any, *requests: Any) -> list[Any]:
    async def main() -> list[Any]:
        return [await cache(other_connection(), each) for each in requests]

    return run(main())


def test_an_equal_request_of_the_same_connection_is_answered_without_the_model() -> None:
    model = Model(tokens=(3, 4))
    cache = with_cache(model, clock=lambda: 0.0)
    first, _ = run(answered(cache, question("plot")))
    again, steps = run(answered(cache, question("plot")))
    assert (again, len(model.asked), len(cache)) == (first, 1, 1)
    assert labels(steps) == ["answered from the cache, 0 s old"]


def test_another_connection_is_never_told_what_this_one_was() -> None:
    model = Model()
    cache = with_cache(model)
    asks(cache, *[question("plot")] * 3)
    assert len(model.asked) == 3


CHANGES: list[dict[str, Any]] = [
    {"max_tokens": 51},
    {"temperature": 0.0},
    {"system_prompt": "Be brief."},
    {"stop_sequences": ["END"]},
    {"include_context": "none"},
    {"metadata": {"a": 1}},
    {"model_preferences": {"costPriority": 1}},
    {"tools": [{"name": "t", "inputSchema": {}}]},
    {"tool_choice": {"mode": "auto"}},
    {"messages": [{"role": "assistant", "content": {"type": "text", "text": "plot"}}]},
]


def test_every_field_that_is_asked_for_makes_another_request() -> None:
    plain = question("plot").model_dump()
    keys = [whole_request(CreateMessageRequestParams.model_validate({**plain, **change})) for change in [{}, *CHANGES]]
    assert len(set(keys)) == len(CHANGES) + 1
    covered = {name for change in CHANGES for name in change}
    assert covered == CreateMessageRequestParams.model_fields.keys() - {"meta", "task"}
    assert whole_request(question("plot").model_copy(update={"meta": {"progressToken": 7}})) == keys[0]


@patient
@given(requests)
def test_any_request_has_a_key_or_is_asked_anew(params: CreateMessageRequestParams) -> None:
    model = Model()
    cache = with_cache(model)

    async def main() -> None:
        context = other_connection()
        assert await cache(context, params) == await cache(context, params)

    run(main())
    assert len(model.asked) in (1, 2)


def test_an_answer_is_kept_for_its_time_and_no_longer() -> None:
    model, clock = Model(), [0.0]
    cache = with_cache(model, ttl=10, clock=lambda: clock[0])
    for time, times in [(0.0, 1), (9.9, 1), (10.0, 2), (19.9, 2)]:
        clock[0] = time
        run(answered(cache, question("plot")))
        assert (time, len(model.asked)) == (time, times)


def test_answers_are_bounded_by_their_number_and_their_size() -> None:
    async def main() -> None:
        context, model = other_connection(), Model("x" * 400)
        few = with_cache(model, answers=2)
        for name in ("a", "b", "a", "c", "a", "b"):  # c pushes out b, which was not used for longest
            await few(context, question(name))
        assert ([each.messages[0].content.text for each in model.asked], len(few)) == (["a", "b", "c", "b"], 2)  # pyright: ignore[reportAttributeAccessIssue]
        small = with_cache(model, size=1_200)
        for n in range(9):
            await small(context, question(str(n)))
        assert len(small) == 2
        assert 800 < small.size <= 1_200
        none = with_cache(model, size=100)
        await none(context, question("a"))
        assert (len(none), none.size) == (0, 0)
        small.clear()
        assert (len(small), small.size) == (0, 0)

    run(main())


def test_what_a_server_in_this_process_makes_of_an_answer_is_not_kept() -> None:
    cache = with_cache(Model())
    first, _ = run(answered(cache, question("plot")))
    first.content.text = "changed"
    again, _ = run(answered(cache, question("plot")))
    again.content.text = "changed too"
    assert said(run(answered(cache, question("plot")))[0]) == "Read Chandler."


def test_no_error_is_kept() -> None:
    model = Fails(AWAY, RuntimeError("away"))
    cache = with_cache(model)
    assert run(answered(cache, question("plot")))[0] == AWAY
    with pytest.raises(RuntimeError):
        run(answered(cache, question("plot")))
    assert said(run(answered(cache, question("plot")))[0]) == "at last"


def hot(temperature: float | None) -> CreateMessageRequestParams:
    return question("plot").model_copy(update={"temperature": temperature})


@pytest.mark.parametrize(
    ("callback", "temperature", "kept"),
    [
        (echo, None, True),
        (echo, 0.0, True),
        (echo, 0.7, False),
        (with_budget(echo), 0.7, False),
        (with_dials(echo, Settings(temperature=0.7)), 0.0, False),
        (with_dials(echo, Settings(temperature=0.0)), 0.7, True),
        (with_dials(echo, Settings(seed=7)), 0.7, False),  # it has no seed to turn
        (TinyModel(seed=7), 0.7, True),
        (with_dials(with_dials(TinyModel(), Settings(seed=7)), Settings(temperature=0.7)), 0.0, True),
    ],
)
def test_an_answer_drawn_at_random_is_not_kept(callback: Any, temperature: float | None, kept: bool) -> None:
    cache = with_cache(callback)
    _, steps = run(answered(cache, hot(temperature)))
    assert len(cache) == kept
    assert ("not kept: temperature 0.7 without a seed" in labels(steps)) is not kept


def test_an_answer_that_was_drawn_with_other_dials_is_another() -> None:
    cache = with_cache(TinyModel(seed=7))
    for settings in (Settings(), Settings(seed=8), Settings(seed=8, top_k=3), Settings(seed=8)):
        run(answered(with_dials(cache, settings), hot(0.7)))
    assert len(cache) == 3


def test_the_key_can_be_said_and_is_still_one_connections_own() -> None:
    model = Model()
    cache = with_cache(model, key=lambda params: params.messages[0].content.text[:4] if params.max_tokens > 9 else None)  # pyright: ignore[reportAttributeAccessIssue]
    for text in ("plot of A", "plot of B"):
        run(answered(cache, question(text)))
    assert len(model.asked) == 1
    run(answered(cache, question("plot of A"), context=other_connection()))
    assert len(model.asked) == 2
    for _ in range(2):
        run(answered(cache, question("plot", max_tokens=9)))
    assert len(model.asked) == 4


def test_equal_requests_under_way_share_one_ask() -> None:
    async def main() -> None:
        asked: list[float] = []

        async def slow(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
            asked.append(now())
            await asyncio.sleep(1)
            return answer("at last")

        cache = with_cache(slow)
        told = await asyncio.gather(*(answered(cache, question("plot")) for _ in range(5)))
        assert ({said(each) for each, _ in told}, asked, now()) == ({"at last"}, [0], 1)
        assert labels(told[1][1]) == ["waits for the answer to an equal request"]

    run(main())


def test_they_share_a_failure_too_and_it_is_not_kept() -> None:
    async def main() -> None:
        cache = with_cache(fails)
        told = await asyncio.gather(*(answered(cache, question("plot")) for _ in range(3)), return_exceptions=True)
        assert [str(each) for each in told] == ["the model is away"] * 3
        assert len(cache) == 0

    run(main())


def test_where_whoever_asked_gives_up_the_next_one_asks() -> None:
    async def main() -> None:
        sleeper = Sleeper(2)
        cache = with_cache(sleeper)
        first, second, third = (asyncio.create_task(answered(cache, question("plot"))) for _ in range(3))
        await asyncio.sleep(1)
        first.cancel()
        third.cancel()
        told, _ = await second
        assert (said(told), now()) == ("at last", 3)
        await asyncio.wait([first, third])

    run(main())


def test_what_comes_from_the_cache_is_neither_spent_nor_billed() -> None:
    bill = Bill(catalog())
    budget = with_budget(with_bill(with_cache(Model(tokens=(10, 5))), bill))
    for _ in range(3):
        run(answered(budget, question("plot")))
    assert (budget.spent.samples, budget.spent.tokens, budget.under_way, len(bill.items)) == (1, 15, 0, 1)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"ttl": 0}, ValueError, "ttl is 0"),
        ({"answers": 0}, ValueError, "answers is 0"),
        ({"size": 1.5}, ValueError, r"size is 1\.5"),
        ({"key": "prompt"}, TypeError, "key='prompt' is no function"),
        ({"clock": 3}, TypeError, "clock=3 is no function"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(options: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        with_cache(echo, **options)


@pytest.mark.parametrize("mode", WIRES)
async def test_on_both_wires_a_human_is_asked_each_time_and_the_model_once(mode: str) -> None:
    reviews: list[Any] = []

    def approves(request: Any) -> Any:
        from labkit.host import Approve

        reviews.append(request)
        return Approve()

    model = Model()
    callback = with_approval(with_cache(model), ask=approves)
    with Lab(bookshop(), sampling_callback=callback, mode=mode) as lab:
        for _ in range(2):
            assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "Read Chandler."
    with Lab(bookshop(), sampling_callback=callback, mode=mode) as lab:
        await lab.call_tool("recommend", {"genre": "crime"})
    assert (len(model.asked), len(reviews)) == (2, 6)
