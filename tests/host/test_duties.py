"""Duties round duties: which orders make sense, and what a student sees who writes one of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from mcp import Client
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

import labkit.host
from labkit import CallbackError, Lab, Scripted, Settings
from labkit.host import (
    Approve,
    Bill,
    Budget,
    ReviewRequest,
    WrongOrder,
    choose_model,
    with_approval,
    with_bill,
    with_budget,
    with_cache,
    with_dials,
    with_fallback,
    with_guard,
    with_queue,
    with_retry,
    with_timeout,
)
from labkit.host.duty import Around, surrounding
from labkit.host.order import ORDER
from labkit.models.catalog import catalog
from tests.host.crowd import Model
from tests.story import WIRES, answer, bookshop, echo, question, said

pytestmark = pytest.mark.anyio


def approves(request: ReviewRequest) -> Approve:
    return Approve()


def approval(callback: Any) -> Any:
    return with_approval(callback, ask=approves)


def choice(callback: Any) -> Any:
    return choose_model({"tiny": callback, "other": echo}, catalog())


def bill(callback: Any) -> Any:
    return with_bill(callback, Bill(catalog()))


def hurry(callback: Any) -> Any:
    return with_timeout(callback, 30)


ORDERS = [
    lambda callback: with_guard(with_budget(approval(callback), samples=5)),
    lambda callback: with_budget(with_guard(approval(callback)), samples=5),
    lambda callback: with_guard(with_guard(callback)),
    lambda callback: with_budget(with_budget(callback, samples=5), per_minute=5),
    lambda callback: bill(with_guard(with_budget(approval(choice(callback)), samples=5))),
    lambda callback: with_guard(with_budget(approval(choice(bill(callback))), samples=5)),
    lambda callback: choice(with_guard(with_budget(approval(callback), samples=5))),
    lambda callback: choice(with_budget(callback, samples=5)),
    lambda callback: with_guard(with_budget(approval(with_retry(with_timeout(callback, 5))))),
    lambda callback: with_timeout(with_retry(with_guard(with_budget(callback))), 5),
    lambda callback: approval(with_fallback(with_retry(callback), with_timeout(callback, 5))),
    lambda callback: with_budget(with_fallback(with_guard(approval(callback)), callback)),
    lambda callback: with_queue(with_guard(with_budget(approval(with_retry(callback))))),
    lambda callback: with_queue(with_guard(with_budget(approval(with_cache(with_retry(with_timeout(callback, 5))))))),
    lambda callback: with_dials(approval(with_dials(callback, Settings(seed=7))), Settings(max_tokens=5)),
    lambda callback: with_timeout(with_budget(approval(with_timeout(callback, 5))), 60),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("mode", WIRES)
async def test_in_any_order_that_makes_sense_the_model_answers_on_both_wires(order: Any, mode: str) -> None:
    with Lab(bookshop(), sampling_callback=order(Model(model="tiny")), mode=mode) as lab:
        assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "Read Chandler."


REFUSED = [
    (
        lambda: approval(with_budget(echo)),
        """with_budget stands inside with_approval, and so a human would be asked for what the budget then holds back.
        Write with_budget(with_approval(callback)).""",
    ),
    (
        lambda: approval(with_guard(echo)),
        """with_guard stands inside with_approval, and so a human would approve what the guard then changes or refuses.
        Write with_guard(with_approval(callback)).""",
    ),
    (
        lambda: approval(approval(echo)),
        """with_approval stands inside with_approval, and so a human would be asked twice for the same.
        Leave one of them out.""",
    ),
    (lambda: approval(choice(with_guard(echo))), "with_guard stands inside with_approval"),
    (lambda: approval(bill(with_budget(echo))), "with_budget stands inside with_approval"),
    (
        lambda: with_timeout(approval(echo), 50),
        """with_approval stands inside with_timeout, and so its 50 s are over before the 50 s that a human has.
        Write with_approval(with_timeout(callback)).""",
    ),
    (
        lambda: with_timeout(with_budget(with_timeout(echo, 5)), 5),
        """with_timeout stands inside with_timeout, and so its time is never up before that of the outer one.
        Leave one of them out.""",
    ),
    (
        lambda: with_retry(with_guard(approval(echo))),
        """with_approval stands inside with_retry, and so a human would be asked again at every try.
        Write with_approval(with_retry(callback)).""",
    ),
    (
        lambda: with_fallback(approval(echo), with_budget(approval(echo))),
        """with_approval stands inside with_fallback, and so a human would be asked again when one fails.
        Write with_approval(with_fallback(callback)).""",
    ),
    (
        lambda: approval(with_dials(echo, Settings(max_tokens=5))),
        """with_dials stands inside with_approval, and so a human would approve what the dials then change.
        Write with_dials(with_approval(callback)).""",
    ),
    (lambda: approval(with_retry(with_queue(echo))), "with_queue stands inside with_approval, and so a human would be"),
    (
        lambda: with_cache(with_budget(approval(echo))),
        """with_approval stands inside with_cache, and so what is kept would be answered without a human.
        Write with_approval(with_cache(callback)).""",
    ),
    (
        lambda: with_cache(with_guard(echo)),
        "with_guard stands inside with_cache, and so what is kept would be answered",
    ),
    (lambda: with_cache(choice(with_cache(echo))), "with_cache stands inside with_cache"),
    (lambda: with_retry(with_cache(echo)), "with_cache stands inside with_retry, and so equal requests"),
    (lambda: with_retry(choice(with_retry(echo))), "with_retry stands inside with_retry, and so each try of the one"),
    (lambda: with_guard(echo, {"size": "ask"}), "nobody can be asked about size"),
]


@pytest.mark.parametrize(("order", "sentence"), REFUSED)
def test_an_order_in_which_a_duty_cannot_do_its_work_is_refused_with_the_right_one(order: Any, sentence: str) -> None:
    with pytest.raises(WrongOrder) as refused:
        order()
    assert str(refused.value).startswith(" ".join(sentence.split()))


@pytest.mark.parametrize(
    "duty", [with_budget, with_guard, approval, choice, bill, hurry, with_retry, with_queue, with_cache]
)
def test_a_duty_stands_round_a_callback_and_nothing_else(duty: Any) -> None:
    with pytest.raises(TypeError, match=r"Scripted is a class and no sampling callback: .*, Scripted\(\)"):
        duty(Scripted)
    with pytest.raises(TypeError, match="a str is no sampling callback"):
        duty("echo")


@pytest.mark.parametrize("duty", [with_budget, with_guard, approval, bill, hurry, with_retry, with_queue, with_cache])
async def test_a_mistake_inside_a_duty_is_told_in_the_students_own_name(duty: Any) -> None:
    async def my_callback(context: object, params: CreateMessageRequestParams) -> None:
        pass

    def my_plain_function(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer("hello")

    async def my_raising_callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise KeyError("genre")

    for callback, sentence in [
        (my_callback, "my_callback returned nothing: is a `return` missing?"),
        (my_plain_function, "my_plain_function is a plain function, and the client awaits it"),
        (my_raising_callback, "my_raising_callback raised KeyError: 'genre' at test_duties.py, line"),
    ]:
        with (
            Lab(
                bookshop(), sampling_callback=with_guard(duty(callback)) if duty is not bill else duty(callback)
            ) as lab,
            pytest.raises(CallbackError) as told,
        ):
            await lab.call_tool("recommend", {"genre": "crime"})
        assert str(told.value).startswith(sentence)


@pytest.mark.parametrize("mode", WIRES)
async def test_the_same_callback_works_with_a_plain_client(mode: str) -> None:
    budget = with_budget(approval(Model()), samples=5)
    async with Client(bookshop(), sampling_callback=with_guard(budget), mode=mode) as client:
        assert said(await client.call_tool("recommend", {"genre": "crime"})) == "Read Chandler."
    assert budget.spent.samples == 1


@pytest.mark.parametrize("mode", WIRES)
async def test_the_flow_shows_each_duty_at_its_work(mode: str) -> None:
    callback = with_guard(with_budget(approval(Model(tokens=(12, 5))), samples=20, tokens=1_000))
    with Lab(bookshop(), sampling_callback=callback, mode=mode) as lab:
        await lab.call_tool("recommend", {"genre": "crime"})
        assert [step.label for step in lab.flow.steps if step.kind == "host"] == [
            "recommend(genre)",
            "1 message, ≤ 50 tokens",
            "approved",
            "answers",
            "answer approved",
            "spent 17 tokens; left: 19 samples, 983 tokens",
            "14 characters, endTurn",
            "result",
        ]
        assert lab.flow.tokens == 5


def test_the_table_of_orders_names_duties_that_there_are() -> None:
    named = {name for pair in ORDER for name in pair}
    assert named <= set(labkit.host.__all__)


def test_what_stands_inside_can_be_read() -> None:
    assert repr(with_guard(with_budget(approval(echo)))) == "Guard(Budget(Approval(echo)))"
    assert repr(choice(with_budget(echo))) == "ModelChoice(Budget(echo), echo)"
    assert isinstance(with_budget(echo), Budget)


def test_all_of_the_package_is_sorted_and_there() -> None:
    assert sorted(labkit.host.__all__, key=lambda name: (not name.isupper(), name)) == labkit.host.__all__
    assert [name for name in labkit.host.__all__ if not hasattr(labkit.host, name)] == []


async def test_a_duty_around_another_callback_knows_what_it_knew() -> None:
    """What a budget has spent stays spent; a request that is under way goes on in the former one."""
    model = Scripted(["Emma"])
    former = with_budget(echo, samples=2)
    await former(cast("Any", None), question("first"))
    later = former.around(model)
    await later(cast("Any", None), question("second"))
    refused = await later(cast("Any", None), question("third"))
    assert isinstance(refused, ErrorData)
    assert former.spent == later.spent
    assert (former.inner, later.inner) == ((echo,), (model,))


async def test_what_stands_around_an_answerer_stands_inside_what_stood_there() -> None:
    seen: list[str] = []

    def around(name: str) -> Around:
        @contextmanager
        def stand(_callback: object, _params: object) -> Iterator[Callable[[object], object]]:
            seen.append(f"{name} begins")
            yield lambda _: seen.append(f"{name} is told")
            seen.append(f"{name} ends")

        return stand

    with surrounding(around("outer")), surrounding(around("inner")):
        await with_budget(echo, samples=2)(cast("Any", None), question("first"))
    assert seen == ["outer begins", "inner begins", "inner is told", "outer is told", "inner ends", "outer ends"]
