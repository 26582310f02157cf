"""The host's duties in a playground: they check, count and show what who answers then gets. On both wires."""

import asyncio
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ToolUseContent,
)

from labkit import close_all, host
from labkit.host import AllowServer, Approve, Edit, Refuse, ReviewRequest
from labkit.host.duty import duties_in
from labkit.playground import Playground
from labkit.playground.duties import DUTIES
from labkit.playground.reading import top
from labkit.playground.sources import WIRES, Wire
from tests.story import answer, bookshop


class Asked:
    """A callback that keeps what it is asked, and a reviewer who keeps what is shown."""

    def __init__(self) -> None:
        self.model: list[CreateMessageRequestParams] = []
        self.shown: list[ReviewRequest] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.model.append(params)
        return answer("Read Chandler.", "mine")

    def approves(self, request: ReviewRequest) -> Approve:
        self.shown.append(request)
        return Approve()


@pytest.fixture
def shop() -> Iterator[Playground]:
    own = Playground(bookshop())
    own.wait()
    own.target.use_tool("recommend")
    own.target.type({"genre": "romance"})
    yield own
    own.close()
    close_all()


def ran(playground: Playground) -> Any:
    playground.run()
    playground.wait()
    return playground.runs[-1]


def settled(playground: Playground) -> None:
    """Block until no sample is under way: on the 2025-11-25 wire the server hears of a cancellation first."""
    changed = threading.Event()
    forget = playground.answers.budget.listen(lambda _: changed.set())
    end = monotonic() + 60
    while playground.answers.budget.under_way and monotonic() < end:
        changed.wait(0.25)
        changed.clear()
    forget()


@pytest.mark.parametrize("wire", WIRES)
def test_a_human_reviews_the_request_with_the_dials_turned(shop: Playground, wire: Wire) -> None:
    asked = Asked()
    shop.target.use_wires(wire)
    shop.answers.use_own(asked)
    shop.answers.ask = asked.approves
    shop.answers.hold(approval=True)
    shop.answers.dials.turn(system_prompt="BE A PIRATE", max_tokens=7, temperature=1.7)
    run = ran(shop)
    assert [request.params for request in asked.shown] == asked.model * 2
    got = asked.model[0]
    assert (got.system_prompt, got.max_tokens, got.temperature) == ("BE A PIRATE", 7, 1.7)
    assert "BE A PIRATE" in run.samples[0].prompt
    labels = [step.label for step in run.flow.steps]
    [dials] = [label for label in labels if label.startswith("dials: ")]
    assert labels.index(dials) < labels.index("approved")


def test_the_dials_of_a_request_that_was_refused_are_in_its_prompt_too(shop: Playground) -> None:
    shop.answers.ask = lambda _: Refuse()
    shop.answers.hold(approval=True)
    shop.answers.dials.turn(system_prompt="BE A PIRATE")
    assert "BE A PIRATE" in ran(shop).samples[0].prompt


def test_what_a_human_edits_is_what_the_model_gets_whatever_the_dials_say(shop: Playground) -> None:
    asked = Asked()

    def edits(request: ReviewRequest) -> Approve | Edit:
        if request.answer is not None:
            return Approve()
        return Edit(request.params.model_copy(update={"max_tokens": 20, "system_prompt": "Sell books."}))

    shop.answers.use_own(asked)
    shop.answers.ask = edits
    shop.answers.hold(approval=True)
    shop.answers.dials.turn(system_prompt="BE A PIRATE", max_tokens=7)
    run = ran(shop)
    assert (asked.model[0].system_prompt, asked.model[0].max_tokens) == ("Sell books.", 20)
    assert run.samples[0].seen == asked.model[0]
    used = {reading.dial: (reading.used, reading.turned) for reading in run.samples[0].dials}
    assert used["max_tokens"] == (20, True)
    assert used["system_prompt"] == ("Sell books.", True)
    assert used["temperature"][1] is False


def test_the_tokens_of_the_embedded_model_are_drawn_for_the_request_that_it_got(shop: Playground) -> None:
    shop.answers.use("tiny")
    shop.answers.dials.turn(max_tokens=3, seed=5, top_k=2)
    sample = ran(shop).samples[0]
    assert sample.drawing.request == sample.seen
    assert (sample.drawing.request.max_tokens, sample.drawing.seed, sample.drawing.dials.top_k) == (3, 5, 2)


@pytest.mark.parametrize("wire", WIRES)
def test_guard_and_budget_hold_what_the_dials_ask_for(shop: Playground, wire: Wire) -> None:
    asked = Asked()
    shop.target.use_wires(wire)
    shop.answers.use_own(asked)
    shop.answers.hold(budget={"tokens": 300})
    shop.answers.dials.turn(max_tokens=5_000, insist=True)
    assert "budget" in ran(shop).result
    shop.answers.hold(budget=False)
    shop.answers.hold(guard=True)
    run = ran(shop)
    assert run.outcome == "failed"
    assert "maxTokens is 5,000" in run.result
    assert asked.model == []
    assert shop.answers.budget.spent.tokens == 0


def test_the_program_turns_the_dials_outside_every_duty(shop: Playground) -> None:
    namespace: dict[str, object] = {"__name__": "program"}
    shop.answers.hold(guard=True)
    shop.answers.hold(budget={"tokens": 300})
    shop.answers.dials.turn(max_tokens=5_000, insist=True)
    shop.answers.use("script")
    code = shop.code.replace("sys.exit(asyncio.run(main()))", "").replace('sys.exit("Your own', 'str("Your own')
    exec(compile(code, "program", "exec"), namespace)  # noqa: S102 - it is what the playground writes
    turned: Any = namespace["turned"]
    params = CreateMessageRequestParams.model_validate(
        {"messages": [{"role": "user", "content": {"type": "text", "text": "hello"}}], "maxTokens": 5}
    )
    assert "maxTokens is 5,000" in asyncio.run(turned(None, params)).message


@pytest.mark.parametrize("wire", WIRES)
def test_a_server_that_passes_passes_no_more_when_another_of_its_name_is_chosen(shop: Playground, wire: Wire) -> None:
    seen: list[str] = []

    def allows(request: ReviewRequest) -> AllowServer:
        seen.append(request.stage)
        return AllowServer()

    shop.target.use_wires(wire)
    shop.answers.use_own(Asked())
    shop.answers.ask = allows
    shop.answers.hold(approval=True)
    ran(shop)
    ran(shop)
    assert seen == ["request"]
    shop.target.use_server(bookshop())
    shop.wait()
    shop.target.use_tool("recommend")
    shop.target.type({"genre": "romance"})
    ran(shop)
    assert seen == ["request", "request"]


def test_other_limits_leave_spent_what_was_spent(shop: Playground) -> None:
    shop.answers.use_own(Asked())
    ran(shop)
    spent = shop.answers.budget.spent
    assert spent.samples == 1
    shop.answers.hold(budget={"samples": 1, "tokens": 5_000})
    assert shop.answers.budget.spent == spent
    assert "1 of 1 sample" in ran(shop).result


@pytest.mark.parametrize("wire", WIRES)
def test_a_run_that_is_cancelled_while_the_human_reviews_costs_nothing(shop: Playground, wire: Wire) -> None:
    begun = threading.Event()

    async def thinks(request: ReviewRequest) -> Approve:
        begun.set()
        await asyncio.Event().wait()
        return Approve()

    shop.target.use_wires(wire)
    shop.answers.use_own(Asked())
    shop.answers.ask = thinks
    shop.answers.hold(approval=True)
    shop.run()
    assert begun.wait(60)
    shop.cancel()
    shop.wait()
    assert shop.runs[-1].outcome == "cancelled"
    settled(shop)
    assert shop.answers.budget.spent.samples == 0
    assert shop.answers.budget.left.samples == 100


def test_what_is_typed_by_hand_costs_nothing_also_where_it_is_cancelled(shop: Playground) -> None:
    shop.answers.hand.attended = True
    shop.answers.use("hand")
    asked = threading.Event()
    forget = shop.listen(lambda: asked.set() if shop.answers.hand.open else None)
    shop.run()
    assert asked.wait(60)
    forget()
    shop.cancel()
    shop.wait()
    settled(shop)
    assert shop.answers.budget.spent.samples == 1
    assert shop.answers.budget.spent.usd == 0


class Failing:
    """A callback that fails at first, as a provider does that is busy."""

    def __init__(self, times: int) -> None:
        self.asked, self.times = 0, times

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.asked += 1
        if self.asked <= self.times:
            raise ConnectionError("busy")
        return answer(f"Answer {self.asked}.", "mine")


def labels_of(run: Any) -> str:
    return "\n".join(step.label for step in run.flow.steps)


def test_every_duty_of_the_host_is_in_the_table_and_each_order_of_the_table_makes_sense() -> None:
    made = {name.removeprefix("with_") for name in vars(host) if name.startswith("with_")}
    # Bill and dials stand in other places; the playground keeps its runs itself; a policy is made of the others.
    assert made - set(DUTIES) == {"audit", "bill", "dials", "policy"}
    callback: Any = Asked()
    for row in reversed([*DUTIES.values()]):  # raises WrongOrder
        callback = row.make(
            callback, row.usual, lambda _: Asked(), **({"ask": lambda _: Refuse()} if row.name == "approval" else {})
        )
    assert [type(each).__name__.lower() for each in duties_in(callback)] == [*DUTIES]
    for row in DUTIES.values():
        assert row.checked(row.usual) == row.usual


class Reader:
    """A model that searches once where it is offered tools, and answers from what it read."""

    def __init__(self) -> None:
        self.asked: list[CreateMessageRequestParams] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Any:
        self.asked.append(params)
        if not params.tools or len(params.messages) > 1:
            return answer("Yes [2005.11401].", "reader")
        use = ToolUseContent(id="1", name="search_papers", input={"words": "retrieval"})
        return CreateMessageResultWithTools(role="assistant", content=[use], model="reader", stop_reason="toolUse")


@pytest.fixture
def library() -> Iterator[Playground]:
    own = Playground()
    own.target.use_server("research_assistant")
    own.wait()
    own.target.use_tool("investigate")
    own.target.type({"question": "Does retrieval help?"})
    yield own
    own.close()
    close_all()


@pytest.mark.parametrize("wire", WIRES)
def test_a_model_may_use_a_servers_tools_while_the_duty_is_on(library: Playground, wire: Wire) -> None:
    reader, person = Reader(), Asked()
    library.target.use_wires(wire)
    library.callback(reader)
    library.answers.ask = person.approves
    assert "cannot use tools" in ran(library).result  # the client has not said that it can
    assert top(library)["status"] == "connected · can sample · tools not declared"
    library.answers.hold(tools=True, guard=True, approval=True)
    assert top(library)["status"] == "connected · can sample · tools declared"
    run = ran(library)
    assert (run.outcome, run.host) == ("done", "guard, budget, tools, approval"), run.result
    assert "[2005.11401]" in run.result
    assert [bool(params.tools) for params in reader.asked] == [False, True, True]
    assert [request.stage for request in person.shown] == ["request", "answer"] * 2
    assert [sample.text for sample in run.samples] == ['search_papers({"words": "retrieval"})', "Yes [2005.11401]."]
    library.answers.hold(tools=False)
    assert "cannot use tools" in ran(library).result
    assert not reader.asked[-1].tools


@pytest.mark.parametrize("wire", WIRES)
def test_a_model_that_cannot_use_tools_says_so(library: Playground, wire: Wire) -> None:
    library.target.use_wires(wire)
    library.answers.hold(tools=True)
    run = ran(library)
    assert "the tiny model cannot use any. Ask without tools." in run.samples[0].text
    assert "the tiny model cannot use any" in run.result
    assert wire == "2026-07-28" or "may answer it:\n- [" in run.result  # the server goes on without the model


def test_what_fails_is_tried_again_and_then_another_is_asked_and_the_flow_says_so(shop: Playground) -> None:
    failing = Failing(1)
    shop.callback(failing)
    shop.answers.hold(retry={"tries": 2, "wait": 0})
    run = ran(shop)
    assert (run.answers, failing.asked, run.host) == ("Answer 2.", 2, "budget, retry")
    assert "try 1 of 2 failed" in labels_of(run)
    shop.answers.hold(fallback=True)
    failing.times = 99
    run = ran(shop)
    assert (run.model, failing.asked, run.host) == ("tiny", 4, "budget, fallback, retry")
    assert "answered in place of" in labels_of(run)
    assert run.samples[0].drawing is None  # another's model would draw other tokens
    shop.answers.hold(fallback=False, retry=False)
    assert ran(shop).outcome != "done"
    assert failing.asked == 5


def test_who_is_too_late_is_cancelled(shop: Playground) -> None:
    async def slow(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        await asyncio.Event().wait()
        raise AssertionError

    shop.callback(slow)
    shop.answers.hold(timeout={"seconds": 0.1})
    run = ran(shop)
    assert "There was no answer within 0.1 s." in run.result
    assert "cancelled after 0.1 s" in labels_of(run)


@pytest.mark.parametrize("wire", WIRES)
def test_what_was_asked_before_comes_from_the_cache_until_another_answers(shop: Playground, wire: Wire) -> None:
    asked = Asked()
    shop.target.use_wires(wire)
    shop.callback(asked)
    shop.answers.dials.turn(temperature=0)
    shop.answers.hold(cache=True)
    shop.run(2)
    shop.wait()
    assert len(asked.model) == 1
    assert "answered from the cache" in labels_of(shop.runs[-1])
    assert shop.runs[-1].answers == shop.runs[0].answers == "Read Chandler."
    again = Asked()
    shop.callback(again)
    assert "answered from the cache" not in labels_of(ran(shop))
    assert len(again.model) == 1


def test_ten_runs_with_a_cache_draw_once(shop: Playground) -> None:
    shop.answers.use("tiny")
    shop.answers.hold(cache=True)
    shop.answers.dials.turn(temperature=1)
    shop.run(3)
    shop.wait()
    assert len({run.answers for run in shop.runs}) == 1
    assert "answered from the cache" in labels_of(shop.runs[-1])
    shop.answers.hold(cache=False)
    shop.run(3)
    shop.wait()
    assert len({run.answers for run in shop.runs[3:]}) > 1


def test_what_cannot_be_set_changes_nothing(shop: Playground) -> None:
    before = dict(shop.answers.duties)
    for wrong in ({"tries": 0}, {"tries": 2.5}, {"tries": True}, {"tries": "3"}, {"wait": float("nan")}, {"rest": 1}):
        with pytest.raises(ValueError, match=r"must be|has no"):
            shop.answers.hold(retry=wrong)
    with pytest.raises(ValueError, match="one of"):
        shop.answers.hold(fallback={"other": "own"})
    assert shop.answers.duties == before
    shop.answers.hold(retry={"tries": 4})
    shop.answers.hold(retry=False)
    shop.answers.hold(retry=True)
    assert shop.answers.duties["retry"] == {"tries": 4, "wait": 0.5}
