"""Who cut an answer is told as it was: the server, the dial, a review, the callback, the model, or nobody says."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from mcp_types import INTERNAL_ERROR, CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import close_all
from labkit.host import Approve, Edit, ReviewRequest
from labkit.models.tiny import TinyModel
from labkit.playground import Playground
from labkit.playground.imported import runs_of
from labkit.playground.limits import Limit
from labkit.playground.reading import history, result
from labkit.playground.sources import WIRES, Wire
from labkit.playground.view import PlaygroundView
from labkit.steps import HostStep, report
from labkit.views.flow_view import FlowView
from tests.story import answer

WHOLE = Limit("own", dialled=100, told=100, spent=100, ended="maxTokens")


@pytest.mark.parametrize(
    ("limit", "asked", "seen", "says"),
    [
        (WHOLE, 100, 100, "The server asked for 100 tokens at most, and the client must respect that."),
        (WHOLE, 100, 100, "No dial gives more: have the server ask for more"),
        (replace(WHOLE, told=20, spent=20), 100, 100, "Your callback asked the model for 20 of the 100 tokens that"),
        (replace(WHOLE, told=500, spent=500), 100, 100, "500 tokens, where the server allowed 100."),
        (
            replace(WHOLE, spent=37),
            100,
            100,
            "after 37 of the 100 tokens that it was asked for (stop",
        ),
        (replace(WHOLE, ended="endTurn"), 100, 100, "the model that it asked had told endTurn"),
        (replace(WHOLE, dialled=20, told=20, spent=20), 100, 20, "stood at 20, and the server asked for 100."),
        (replace(WHOLE, dialled=20, told=20, spent=20), 100, 20, "Set the dial to as asked."),
        (replace(WHOLE, dialled=20, told=9, spent=9), 100, 20, "for 9 of the 20 tokens that the client allowed"),
        (replace(WHOLE, dialled=200, told=200, spent=200), 100, 200, "No dial gives more"),
        (replace(WHOLE, told=20, spent=20), 100, 20, "The review set 20 tokens, where the request had 100."),
        (replace(WHOLE, dialled=None, told=20, spent=20), 100, 20, "The dial or a review set 20 tokens"),
        (Limit("own", 100), 100, 100, "Your callback tells the stop reason maxTokens and not at how many tokens; 100"),
        (Limit("claude", 20), 100, 20, "The dial for max tokens stood at 20, and the server asked for 100."),
        (Limit("hand", 100), 100, 100, "You told this stop reason yourself"),
        (Limit("", 100), 100, 100, "Nobody was asked: the cache has kept this answer"),
    ],
)
def test_who_cut_an_answer_is_told_with_what_to_do(limit: Limit, asked: int, seen: int, says: str) -> None:
    assert says in limit.why_cut(asked, seen)


def test_of_several_models_that_a_callback_asks_the_last_one_counts_and_a_step_may_hold_anything() -> None:
    limit = Limit("own")
    for told in (20, 30):
        limit.hear(HostStep("asks", "callback", "model", {"max_tokens": told}))
        limit.hear(HostStep("answers", "model", "callback", {"output_tokens": told, "stop_reason": "maxTokens"}))
    assert (limit.told, limit.spent, limit.ended) == (30, 30, "maxTokens")
    limit.hear(HostStep("asks", "callback", "model", {"max_tokens": True}))
    limit.hear(HostStep("answers", "model", "callback", {"output_tokens": "9", "stop_reason": ["<b>"]}))
    assert (limit.told, limit.spent, limit.ended) == (None, None, "")


@pytest.fixture
def playground() -> Iterator[Playground]:
    opened = Playground(remember=False)
    opened.wait()
    yield opened
    opened.close()
    close_all()


def ran(playground: Playground) -> Any:
    playground.run()
    playground.wait()
    return playground.runs[-1]


def used(playground: Playground, dial: str) -> Any:
    return next((each.used, each.turned) for each in playground.answers.dials.readings() if each.dial == dial)


def fewer(request: ReviewRequest) -> Approve | Edit:
    return Approve() if request.answer else Edit(request.params.model_copy(update={"max_tokens": 6}))


model = TinyModel()


async def lowers(context: Any, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
    return await model(context, params.model_copy(update={"max_tokens": 5, "temperature": 0.5}))


@pytest.mark.parametrize("wire", WIRES)
def test_a_callback_that_asks_for_less_is_named_with_its_step_and_the_dials_show_what_was_used(
    playground: Playground, wire: Wire
) -> None:
    playground.target.use_wires(wire)
    playground.wait()
    view = PlaygroundView(playground)
    playground.callback(lowers)
    run = ran(playground)
    [badge] = result(playground)["ended"]
    assert badge["why"].startswith(f"Your callback asked the model for 5 of the {run.samples[0].asked.max_tokens} ")
    step = run.flow.steps[badge["step"] - 1]
    assert (step.source, step.target, step.data["max_tokens"]) == ("callback", "model", 5)
    assert used(playground, "max_tokens") == (5, True)
    assert used(playground, "temperature") == (0.5, True)
    assert {row.name: row.values for row in playground.compare(1)}["max tokens"] == ("5 · must",)
    assert history(playground)["runs"][0]["ended"][0]["why"] == badge["why"]
    opened: list[Any] = []
    [flow] = view.flows
    assert isinstance(flow, FlowView)
    vars(flow)["send"] = opened.append
    view._handle_custom_msg({"do": "step", "step": badge["step"]}, [])
    assert playground.target.fault == ""
    lab = next(iter(playground.target.labs.values()))
    [told] = [entry.item for entry in lab.record.entries() if entry.seq == opened[0]["go"]]
    assert isinstance(told, HostStep)
    assert (told.target, told.data["max_tokens"]) == ("model", 5)
    playground.history.open(1)
    [past] = view.flows
    vars(past)["send"] = opened.append
    view._handle_custom_msg({"do": "step", "step": badge["step"]}, [])
    assert opened[-1] == {"go": badge["step"]}
    [again] = runs_of(playground.export("json"), "a file")
    assert again.ended == run.ended
    playground.answers.dials.turn(temperature=0.8)
    assert used(playground, "temperature") == (0.8, True)
    view.close()


def test_a_review_a_fallback_a_second_try_and_a_kept_answer_are_told_as_they_were(playground: Playground) -> None:
    playground.answers.dials.turn(max_tokens=7)
    assert "The dial for max tokens stood at 7" in ran(playground).ended[0].why
    playground.answers.dials.turn(max_tokens=None)
    playground.answers.ask = fewer
    playground.answers.hold(approval=True)
    assert "The review set 6 tokens, where the request had" in ran(playground).ended[0].why
    assert ran(playground).samples[0].dials[1].used == 6
    playground.answers.hold(approval=False, fallback={"other": "tiny"})
    playground.answers.dials.turn(max_tokens=5)
    tries: list[int] = []

    @playground.callback
    async def fails(context: Any, params: CreateMessageRequestParams) -> ErrorData:
        report("asks for less", target="model", max_tokens=2)
        tries.append(params.max_tokens)
        return ErrorData(code=INTERNAL_ERROR, message="not now")

    run = ran(playground)
    assert (tries, "The dial for max tokens stood at 5" in run.ended[0].why) == ([5], True)
    assert {each.dial: each.honoured for each in run.samples[0].dials}["top_k"] == "yes"
    playground.answers.hold(fallback=False, retry={"tries": 2, "wait": 0})

    @playground.callback
    async def once(context: Any, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        tries.append(0)
        return await fails(context, params) if len(tries) == 2 else await model(context, params)

    assert "The dial for max tokens stood at 5" in ran(playground).ended[0].why
    limit = playground.runs[-1].samples[0].limit
    assert limit
    assert (limit.who, limit.told) == ("own", 5)
    playground.answers.hold(retry=False, cache=True)
    playground.answers.use("tiny")
    playground.answers.dials.turn(temperature=0.0)
    assert "The dial" in ran(playground).ended[0].why
    assert "the cache has kept this answer" in ran(playground).ended[0].why


def test_a_callback_that_tells_no_limit_is_not_given_one(playground: Playground) -> None:
    @playground.callback
    async def cuts(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer("Read Em").model_copy(update={"stop_reason": "maxTokens"})

    run = ran(playground)
    [badge] = result(playground)["ended"]
    assert badge["why"].startswith("Your callback tells the stop reason maxTokens and not at how many tokens;")
    assert (badge["step"], used(playground, "max_tokens")) == (0, (run.samples[0].asked.max_tokens, False))
