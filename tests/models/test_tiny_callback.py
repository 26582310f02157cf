"""TinyModel as a sampling callback: what it honours, why it stops, what it refuses, and that it can be stopped."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp_types import (
    INVALID_PARAMS,
    AudioContent,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    ImageContent,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)

from labkit.models.tiny import OUT_OF_DEPTH, Dials, TinyModel, callback
from labkit.models.tiny.callback import NO_TEXT, PROMPT_ROOM, load
from labkit.models.tiny.messages import conversation, fitted
from labkit.models.trace import Rival, Standing, TracedToken
from labkit.steps import HostStep, Origin, listening, reading_along

pytestmark = pytest.mark.anyio

QUESTION = "Explain this log line: what happened, why, and what to do.\n\ncould not resolve host: mirror.quarry.test"
EXPECTED = json.loads(Path(__file__).with_name("tiny_expected.json").read_text(encoding="utf-8"))


def says(text: str) -> SamplingMessage:
    return SamplingMessage(role="user", content=TextContent(text=text))


def asks(text: str = QUESTION, max_tokens: int = 100, **fields: object) -> CreateMessageRequestParams:
    return CreateMessageRequestParams.model_validate(
        {"messages": [says(text)], "max_tokens": max_tokens, "temperature": 0.0, **fields}
    )


async def answer(params: CreateMessageRequestParams, **options: float) -> CreateMessageResult:
    result = await TinyModel(**options)(None, params)  # pyright: ignore[reportArgumentType] - seeds are whole floats
    assert isinstance(result, CreateMessageResult)
    return result


def text_of(result: CreateMessageResult) -> str:
    assert isinstance(result.content, TextContent)
    return result.content.text


async def test_an_answer_that_is_complete_ends_the_turn() -> None:
    result = await answer(asks())
    assert (result.stop_reason, result.role, result.model) == ("endTurn", "assistant", "tiny")
    assert text_of(result)


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_max_tokens_is_a_limit_and_is_named(limit: int) -> None:
    result = await answer(asks(max_tokens=limit))
    assert result.stop_reason == "maxTokens"
    assert len(load()[1].encode(text_of(result))) <= limit


async def test_a_short_answer_is_the_beginning_of_the_long_one() -> None:
    assert text_of(await answer(asks())).startswith(text_of(await answer(asks(max_tokens=5))))


async def test_an_absurd_max_tokens_ends_with_the_answer() -> None:
    assert (await answer(asks(max_tokens=10**9))).stop_reason == "endTurn"


async def test_the_answer_can_be_read_token_by_token_while_it_is_drawn() -> None:
    drafts: list[str] = []
    with reading_along(drafts.append):
        result = await answer(asks(max_tokens=7))
    assert len(drafts) == 7
    assert drafts == sorted(drafts, key=len)
    assert drafts[-1] == text_of(result)
    await answer(asks(max_tokens=2))
    assert len(drafts) == 7


@pytest.mark.parametrize("limit", [0, -5])
async def test_max_tokens_below_one_is_refused_in_a_sentence(limit: int) -> None:
    result = await TinyModel()(None, asks(max_tokens=limit))
    assert isinstance(result, ErrorData)
    assert result.code == INVALID_PARAMS
    assert str(limit) in result.message


async def test_a_request_without_messages_is_refused() -> None:
    result = await TinyModel()(None, CreateMessageRequestParams(messages=[], max_tokens=5))
    assert isinstance(result, ErrorData)
    assert result.code == INVALID_PARAMS


ADD = Tool(name="add", input_schema={"type": "object"})


@pytest.mark.parametrize("offer", [{"tool_choice": ToolChoice(mode="required")}, {"tools": [ADD]}])
async def test_tools_are_refused(offer: dict[str, Any]) -> None:
    result = await TinyModel()(None, asks(**offer))
    assert isinstance(result, ErrorData)


async def test_a_stop_sequence_ends_the_text_before_it() -> None:
    whole = text_of(await answer(asks()))
    stop = whole[10:14]
    result = await answer(asks(stop_sequences=["", stop]))
    assert result.stop_reason == "stopSequence"
    assert text_of(result) == whole[: whole.index(stop)]


async def test_a_stop_sequence_that_does_not_come_changes_nothing() -> None:
    assert await answer(asks(stop_sequences=["\x00never"])) == await answer(asks())


async def test_the_same_seed_gives_the_same_text_and_others_vary() -> None:
    texts = [text_of(await answer(asks(temperature=1.5), seed=seed)) for seed in (1, 1, 2, 3, 4)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


async def test_the_temperature_of_the_request_comes_before_the_clients() -> None:
    assert await answer(asks(temperature=0.0), temperature=2.0) == await answer(asks(temperature=0.0), temperature=0.0)


async def test_without_a_wish_the_clients_temperature_is_used() -> None:
    assert await answer(asks(temperature=None), temperature=0.0) == await answer(asks(temperature=0.0))


@pytest.mark.parametrize("temperature", [-3.0, float("nan")])
async def test_an_impossible_temperature_is_taken_as_zero(temperature: float) -> None:
    assert await answer(asks(temperature=temperature)) == await answer(asks(temperature=0.0))


async def test_a_temperature_next_to_zero_is_as_good_as_zero_and_warns_of_nothing() -> None:
    assert await answer(asks(temperature=1e-320)) == await answer(asks(temperature=0.0))


NO_NUMBER = float("nan")


@pytest.mark.parametrize(
    "dial",
    [
        {"seed": -1},
        {"seed": 0.5},
        {"top_k": 1.5},
        {"top_k": -1},
        {"top_p": 1.1},
        {"top_p": NO_NUMBER},
        {"top_p": 0},
        {"min_p": NO_NUMBER},
        {"temperature": NO_NUMBER},
        {"temperature": -1},
    ],
    ids=str,
)
def test_a_dial_that_cannot_stand_there_is_refused_when_it_is_set(dial: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(dial))} is {next(iter(dial.values()))}"):
        TinyModel(**dial)


def test_a_trace_refuses_a_dial_that_cannot_stand_there() -> None:
    with pytest.raises(ValueError, match="temperature is nan"):
        TinyModel().trace(QUESTION, dials=Dials(NO_NUMBER))
    with pytest.raises(ValueError, match="seed is -1"):
        TinyModel().trace(QUESTION, seed=-1)


async def test_top_k_one_is_greedy_at_any_temperature() -> None:
    assert text_of(await answer(asks(temperature=2.0), top_k=1)) == text_of(await answer(asks()))


async def test_the_system_prompt_reaches_the_model() -> None:
    model = TinyModel()
    assert model.trace("x", system_prompt="Be brief.").prompt_tokens > model.trace("x").prompt_tokens


async def test_all_messages_reach_the_model_in_turn() -> None:
    messages = [
        says("one"),
        says("two"),
        SamplingMessage(role="assistant", content=TextContent(text="three")),
        says("four"),
    ]
    assert conversation(messages) == [("user", "one\ntwo"), ("assistant", "three"), ("user", "four")]


async def test_what_is_not_text_is_said_in_words() -> None:
    message = SamplingMessage(
        role="user",
        content=[
            TextContent(text="see"),
            ImageContent(data="", mime_type="image/png"),
            AudioContent(data="", mime_type="audio/wav"),
            ToolUseContent(name="add", id="1", input={}),
            ToolResultContent(tool_use_id="1", content=[TextContent(text="five")]),
        ],
    )
    [(_, text)] = conversation([message])
    assert text.startswith("see\n")
    assert all(word in text for word in ("image/png", "audio/wav", "tool add", "five"))


IMAGE = SamplingMessage(role="user", content=ImageContent(data="", mime_type="image/png"))
SOUND = SamplingMessage(role="user", content=AudioContent(data="", mime_type="audio/wav"))
USE = SamplingMessage(role="assistant", content=ToolUseContent(name="add", id="1", input={}))
USED = SamplingMessage(role="user", content=ToolResultContent(tool_use_id="1", content=[TextContent(text="five")]))
ENOUGH = len(load()[1].encode(NO_TEXT))
"""Tokens of the sentence that answers a message without text; one more ends it."""


@pytest.mark.parametrize(
    "messages",
    [[IMAGE], [SOUND], [says(" \n")], [says("see"), IMAGE], [says("add"), USE, USED]],
    ids=["image", "sound", "blank", "image after text", "tool result"],
)
async def test_a_message_without_text_is_answered_in_words(messages: list[SamplingMessage]) -> None:
    result = await answer(CreateMessageRequestParams(messages=messages, max_tokens=100))
    assert (text_of(result), result.stop_reason, result.model) == (NO_TEXT, "endTurn", "tiny")
    assert NO_TEXT.startswith(OUT_OF_DEPTH)


@pytest.mark.parametrize(
    ("limit", "stops", "text", "stop_reason"),
    [
        *((limit, [], None, "maxTokens") for limit in (1, 2, 3, 4, 5, ENOUGH)),
        (ENOUGH + 1, [], NO_TEXT, "endTurn"),
        (100, ["\x00never", ""], NO_TEXT, "endTurn"),
        (100, ["none", "only"], "I am ", "stopSequence"),
        (100, [NO_TEXT[0]], "", "stopSequence"),
        (1, ["only"], None, "maxTokens"),
    ],
)
async def test_the_answer_to_a_message_without_text_keeps_to_the_request_and_is_reported(
    limit: int, stops: list[str], text: str | None, stop_reason: str
) -> None:
    steps: list[HostStep] = []
    with listening(steps.append, Origin("server", "modern")):
        result = await answer(CreateMessageRequestParams(messages=[IMAGE], max_tokens=limit, stop_sequences=stops))
    tokenizer = load()[1]
    expected = tokenizer.decode(tokenizer.encode(NO_TEXT)[:limit]) if text is None else text
    assert (text_of(result), result.stop_reason) == (expected, stop_reason)
    assert [step.label for step in steps] == ["found no text to answer", "out of its depth"]
    found = TinyModel().trace([IMAGE], max_tokens=limit, stop_sequences=stops)
    assert (found.text, found.stop_reason, found.prompt_tokens, found.tokens) == (expected, stop_reason, 0, [])
    assert found.out_of_depth


async def test_a_trace_of_a_blank_prompt_says_that_it_holds_no_text() -> None:
    assert TinyModel().trace(" \n").text == NO_TEXT
    assert TinyModel().trace("x", max_tokens=1).read


@pytest.mark.parametrize("text", ["word " * 5000, "7" * 5000, "é" * 5000])
async def test_a_long_prompt_keeps_its_beginning_and_its_end(text: str) -> None:
    _, tokenizer = load()
    ids, left_out = fitted(tokenizer, "system", [("user", "BEGIN " + text + " THE-END")], PROMPT_ROOM)
    kept = tokenizer.decode(ids)
    assert len(ids) <= PROMPT_ROOM < len(ids) + left_out
    assert kept.startswith("<|user|>BEGIN")
    assert kept.endswith("THE-END<|assistant|>")


async def test_earlier_turns_are_left_out_before_the_last_one() -> None:
    _, tokenizer = load()
    turns = [("user", "old " * 1000), ("assistant", "yes"), ("user", "new")]
    ids, _ = fitted(tokenizer, "system", turns, PROMPT_ROOM)
    assert tokenizer.decode(ids) == "<|system|>system<|assistant|>yes<|end|><|user|>new<|assistant|>"


async def test_a_prompt_at_its_limit_still_gets_an_answer() -> None:
    assert (await answer(asks("log " * 4000, max_tokens=3))).stop_reason in ("maxTokens", "endTurn")


@pytest.mark.parametrize("case", EXPECTED, ids=[case["name"] for case in EXPECTED])
async def test_the_tokens_are_those_that_were_stored(case: dict[str, object]) -> None:
    """On every platform. After new weights: `python -m training.store_expected`."""
    dials = Dials(**case["dials"])  # pyright: ignore[reportCallIssue] - read from JSON
    trace = TinyModel().trace(
        str(case["prompt"]), system_prompt=str(case["system"]), dials=dials, seed=int(str(case["seed"]))
    )
    assert [token.id for token in trace.tokens] == case["ids"]


async def test_a_trace_says_what_the_callback_says() -> None:
    trace = TinyModel().trace(QUESTION, dials=Dials(temperature=0.0))
    result = await answer(asks())
    assert (trace.text, trace.stop_reason) == (text_of(result), result.stop_reason)


async def test_a_trace_shows_every_choice() -> None:
    trace = TinyModel(seed=3).trace(QUESTION, dials=Dials(temperature=0.8, top_k=5, top_p=0.9), max_tokens=20)
    for token in trace.tokens:
        stages = token.stages
        assert list(stages) == ["model", "frequency_penalty", "temperature", "top_k", "top_p", "min_p"]
        assert len(stages["model"]) == 10
        assert len(stages["top_p"]) <= len(stages["top_k"]) <= 5
        assert token.id in [rival.id for rival in stages["min_p"]]
        assert sum(rival.probability for rival in stages["min_p"]) == pytest.approx(1)
        assert 0 < token.probability <= 1
        assert 0 <= token.entropy <= 11
        if token.rank <= 10:
            assert stages["model"][token.rank - 1].id == token.id


async def test_a_trace_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="max_tokens"):
        TinyModel().trace(QUESTION, max_tokens=0)


async def test_the_event_loop_gets_its_turn_while_the_model_answers() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    result = await answer(asks())
    counting.cancel()
    assert turns >= len(load()[1].encode(text_of(result)))


async def test_an_answer_can_be_cancelled_at_once() -> None:
    steps: list[HostStep] = []
    with listening(steps.append, Origin("server", "modern")):
        task = asyncio.ensure_future(TinyModel()(None, asks("log " * 2000, max_tokens=10**6)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [step.label for step in steps] == ["asks the tiny model"]


async def test_two_answers_at_once_are_kept_apart() -> None:
    other = asks("Who wrote Hamlet?")
    together = await asyncio.gather(answer(asks()), answer(other), answer(asks()))
    assert list(together) == [await answer(asks()), await answer(other), await answer(asks())]


async def test_what_the_model_did_is_reported() -> None:
    steps: list[HostStep] = []
    with listening(steps.append, Origin("server", "modern")):
        await answer(asks())
    first, last = steps[0], steps[-1]
    assert (first.source, first.target, last.source, last.target) == ("callback", "model", "model", "callback")
    assert last.data["output_tokens"] == len(last.data["candidates"])
    json.dumps([step.data for step in steps])


def draws(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Have the tokens of `text` drawn, whatever the weights would say."""

    def generate(*_: object) -> Iterator[TracedToken]:
        tokenizer = load()[1]
        sure = Standing(1.0, 1, 0.0)
        for i in [*tokenizer.encode(text), tokenizer.end]:
            word = tokenizer.decode([i])
            yield TracedToken(i, word, {"model": [Rival(i, word, 1.0)]}, {"model": sure})

    monkeypatch.setattr(callback, "generate", generate)


@pytest.mark.parametrize(("text", "told"), [(f"{OUT_OF_DEPTH} and know no capitals.", True), ("A name.", False)])
async def test_being_out_of_its_depth_is_reported(monkeypatch: pytest.MonkeyPatch, text: str, told: bool) -> None:
    draws(monkeypatch, text)
    steps: list[HostStep] = []
    with listening(steps.append, Origin("server", "modern")):
        result = await answer(asks("What is the capital of Japan?"))
    assert (text_of(result), result.stop_reason) == (text, "endTurn")
    assert ("out of its depth" in [step.label for step in steps]) is told


@pytest.mark.parametrize(
    ("text", "stop_reason", "told"),
    [
        ("I am only a tiny model, and this is outside what I know.", "endTurn", True),
        ("I am only a tiny, and this is outside what I know.", "endTurn", True),
        ("I am only a tiny", "maxTokens", True),
        ("I am only a tiny ", "maxTokens", True),
        ("I am only", "maxTokens", True),
        ("I am", "stopSequence", True),
        ("I am", "endTurn", False),
        ("I", "maxTokens", False),
        ("", "maxTokens", False),
        ("I am happy with the charts", "maxTokens", False),
        ("Process 821 said: I am only a tiny model", "endTurn", False),
    ],
)
def test_an_answer_that_was_cut_may_say_as_well_that_it_is_out_of_its_depth(
    text: str, stop_reason: str, told: bool
) -> None:
    assert callback.is_out_of_depth(text, stop_reason) is told


async def test_being_out_of_its_depth_is_reported_wherever_the_answer_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    draws(monkeypatch, f"{OUT_OF_DEPTH} and know no capitals.")
    for limit in range(1, 9):
        steps: list[HostStep] = []
        with listening(steps.append, Origin("server", "modern")):
            said = text_of(await answer(asks("What is the capital of Japan?", limit)))
        assert ("out of its depth" in [step.label for step in steps]) == said.startswith("I am"), said
