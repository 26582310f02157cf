"""GGUF as a sampling callback, on the kit's own model written as a GGUF file: llama.cpp answers, every dial counts."""

import asyncio
import importlib.util
import sys
from copy import copy
from pathlib import Path
from threading import Event
from typing import Any, cast

import httpx2
import pytest
from mcp.client import ClientRequestContext, ClientSession
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolUseContent,
)

from labkit import Settings, close_all, with_dials
from labkit.checks import scorecard
from labkit.checks.scorecard import CASES
from labkit.models import tiny
from labkit.models.gguf import GGUF, _Answer  # pyright: ignore[reportPrivateUsage]
from labkit.models.tiny import Dials, TinyModel
from labkit.models.tiny.callback import load
from labkit.steps import HostStep, Origin, listening, reading_along
from training import prompts

if importlib.util.find_spec("xllamacpp") is None:  # tests/test_run.py sees that it is there where it should be
    pytest.skip("set up with --small, or on a platform without xllamacpp", allow_module_level=True)

pytestmark = pytest.mark.anyio

QUESTION = "Explain this log line: what happened, why, and what to do.\n\ncould not resolve host: mirror.quarry.test"
QUESTIONS = [
    QUESTION,
    "Explain this log line: what happened, why, and what to do.\n\nERROR:  deadlock detected",
    "Who wrote Hamlet?",
]
CONTEXT = ClientRequestContext(session=cast("ClientSession", None), request_id="one", meta=None)
JUDGED = [
    *(("", question) for question in QUESTIONS),
    (prompts.LOG_SYSTEM, prompts.log_line("ERROR:  deadlock detected DETAIL:  Process 821 waits for process 999.")),
    (prompts.SENTIMENT_SYSTEM, prompts.sentiment("I absolutely love this product!")),
    (prompts.REVIEW_SYSTEM, prompts.review_code("eval(text)", ["line 1: eval-call: call to eval"], "security")),
]
CLOSE = 0.05
"""Two tokens as near as this in probability may change places from one way of adding up to another."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from training.gguf_file import write

    path = tmp_path_factory.mktemp("models") / "our-own.gguf"
    folder = Path(tiny.__file__).parent
    write(path, folder / "weights.npz", folder / "tokenizer.json")
    return path


@pytest.fixture(scope="module")
def greedy(path: Path):
    """The model at temperature 0, loaded once."""
    model = GGUF(path, temperature=0.0, threads=1)
    yield model
    model.close()


def asks(text: str = QUESTION, max_tokens: int = 40, **fields: object) -> CreateMessageRequestParams:
    messages = [SamplingMessage(role="user", content=TextContent(text=text))]
    return CreateMessageRequestParams.model_validate({"messages": messages, "max_tokens": max_tokens, **fields})


async def answer(model: GGUF, params: CreateMessageRequestParams) -> CreateMessageResult:
    result = await model(None, params)
    assert isinstance(result, CreateMessageResult), result
    return result


def text_of(result: CreateMessageResult) -> str:
    assert isinstance(result.content, TextContent)
    return result.content.text


async def refusal(model: GGUF, params: CreateMessageRequestParams) -> ErrorData:
    result = await model(None, params)
    assert isinstance(result, ErrorData)
    return result


def turned(model: GGUF, **dials: float) -> GGUF:
    """The same loaded model with other dials."""
    other = copy(model)
    other.dials = model.dials | dials
    return other


async def test_llama_cpp_says_what_the_embedded_model_says(greedy: GGUF) -> None:
    """As far as each of its tokens is clearly the best."""
    _, tokenizer = load()
    compared = 0
    for question in QUESTIONS:
        clear: list[int] = []
        for token in TinyModel().trace(question, max_tokens=40, dials=Dials(temperature=0.0)).tokens:
            first, second = token.stages["model"][:2]
            if token.id == tokenizer.end or first.probability - second.probability < CLOSE:
                break
            clear.append(token.id)
        assert text_of(await answer(greedy, asks(question))).startswith(tokenizer.decode(clear))
        compared += len(clear)
    assert compared > 10


def test_llama_cpp_gives_every_token_the_probability_that_the_embedded_model_gives_it(path: Path) -> None:
    """Along greedy answers, with whichever weights: the judge reads the same numbers from the GGUF file."""
    from training.judge import WITHIN, judged, started

    assert WITHIN == 1e-2
    _, tokenizer = load()
    server = started(path)
    for system, question in JUDGED:
        verdict = judged(server, tokenizer.encode_chat(system, [("user", question)]), 25)
        assert verdict.ids
        assert verdict.farthest <= WITHIN, (question, verdict)
        assert verdict.other is None, (question, verdict)


async def test_an_answer_names_the_file_and_not_where_it_lies(greedy: GGUF) -> None:
    result = await answer(greedy, asks(max_tokens=400))
    assert (result.role, result.model, result.stop_reason) == ("assistant", "our-own", "endTurn")


@pytest.mark.parametrize("limit", [1, 7])
async def test_max_tokens_is_a_limit_and_is_named(greedy: GGUF, limit: int) -> None:
    steps: list[HostStep] = []
    with listening(steps.append, Origin("server", "modern")):
        result = await answer(greedy, asks(max_tokens=limit))
    assert result.stop_reason == "maxTokens"
    assert steps[-1].data["output_tokens"] == limit


async def test_the_answer_can_be_read_while_it_is_drawn(greedy: GGUF) -> None:
    drafts: list[str] = []
    with reading_along(drafts.append):
        result = await answer(greedy, asks(max_tokens=7))
    assert len({*drafts}) > 3
    assert all(text_of(result).startswith(draft.rstrip()) for draft in drafts)


async def test_the_context_is_a_limit_too(greedy: GGUF) -> None:
    result = await answer(greedy, asks("log " * 900, max_tokens=10**12))
    assert result.stop_reason in ("maxTokens", "endTurn")


async def test_a_stop_sequence_ends_the_text_before_it_and_is_told_from_the_end_of_a_turn(greedy: GGUF) -> None:
    whole = text_of(await answer(greedy, asks()))
    stop = whole[10:14]
    result = await answer(greedy, asks(stop_sequences=["", stop]))
    assert result.stop_reason == "stopSequence"
    assert text_of(result) == whole[: whole.index(stop)]


async def test_the_temperature_of_the_request_comes_before_the_clients(greedy: GGUF) -> None:
    best = await answer(greedy, asks())
    assert await answer(turned(greedy, temperature=2.0), asks(temperature=0.0)) == best
    assert await answer(greedy, asks(temperature=2.0)) != best


@pytest.mark.parametrize("temperature", [-3.0, float("nan")])
async def test_an_impossible_temperature_is_taken_as_zero(greedy: GGUF, temperature: float) -> None:
    assert await answer(greedy, asks(temperature=temperature)) == await answer(greedy, asks())


async def test_an_absurd_temperature_is_taken_as_two(greedy: GGUF) -> None:
    assert await answer(greedy, asks(temperature=1e300)) == await answer(greedy, asks(temperature=2.0))


@pytest.mark.parametrize("dial", [{"top_k": 1}, {"top_p": 1e-9}, {"min_p": 1.0}], ids=str)
async def test_each_dial_alone_can_rule_out_all_but_the_best_token(greedy: GGUF, dial: dict[str, float]) -> None:
    hot = asks(temperature=2.0)
    assert await answer(turned(greedy, **dial), hot) == await answer(greedy, asks())
    assert await answer(greedy, hot) != await answer(greedy, asks())


async def test_the_dials_of_a_panel_are_honoured_and_all_answers_come_of_the_model_loaded_once(path: Path) -> None:
    model = GGUF(path, threads=1)
    hot, greedy = asks(temperature=2.0), with_dials(model, Settings(top_k=1))
    assert await greedy(CONTEXT, hot) == await answer(model, asks(temperature=0.0))
    engine = model._engine.server
    assert engine is not None
    seeded = [await with_dials(model, Settings(seed=seed))(CONTEXT, hot) for seed in (1, 1, 2, 3, 4)]
    assert seeded[0] == seeded[1]
    assert any(other != seeded[0] for other in seeded)
    assert await with_dials(model, Settings(top_p=1e-9))(CONTEXT, hot) == await greedy(CONTEXT, hot)
    assert (model._engine.server is engine, model.dials["top_k"], model.dials["seed"]) == (True, 0, 0)
    model.close()


@pytest.mark.parametrize(
    "dial",
    [
        *({"top_k": 1.5}, {"top_k": True}, {"seed": -1}, {"seed": "x"}),
        *({"top_p": float("nan")}, {"top_p": 0}, {"top_p": "x"}, {"min_p": 2.0}, {"min_p": None}),
        *({"temperature": -0.1}, {"temperature": float("nan")}, {"temperature": float("inf")}, {"temperature": "x"}),
        *({"context": 0}, {"context": 4096.5}, {"context": None}, {"threads": 0}, {"threads": "x"}),
    ],
    ids=str,
)
def test_a_dial_that_cannot_stand_there_is_refused_before_a_model_is_loaded(dial: dict[str, Any]) -> None:
    [(name, value)] = dial.items()
    with pytest.raises(ValueError, match=f"^{name} is {value!r}, and it must be "):
        GGUF("model.gguf", **dial)


async def test_the_same_seed_gives_the_same_text_and_others_vary(greedy: GGUF) -> None:
    hot = asks(temperature=1.5)
    texts = [text_of(await answer(turned(greedy, seed=seed), hot)) for seed in (1, 1, 2, 3, 4)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


async def test_the_system_prompt_and_all_turns_reach_the_model(greedy: GGUF) -> None:
    said = [("user", "one"), ("assistant", "two"), ("user", "three")]
    messages = [{"role": role, "content": {"type": "text", "text": text}} for role, text in said]
    counts: list[int] = []
    for fields in ({}, {"system_prompt": "Be brief."}, {"messages": messages}, {"messages": messages[2:]}):
        steps: list[HostStep] = []
        with listening(steps.append, Origin("server", "modern")):
            await answer(greedy, asks("three", 1, **fields))
        counts.append(steps[-1].data["input_tokens"])
    plain, with_system, with_turns, last_alone = counts
    assert with_system > plain == last_alone
    assert with_turns > plain


async def test_what_it_did_is_reported(greedy: GGUF) -> None:
    steps: list[HostStep] = []
    with listening(steps.append, Origin("server", "modern")):
        result = await greedy(None, asks())
    assert isinstance(result, CreateMessageResult)
    assert [(step.source, step.target) for step in steps[-2:]] == [("callback", "model"), ("model", "callback")]
    asked, answered = (step.data for step in steps[-2:])
    assert asked["dials"] == {**Dials(0.0).values, "seed": 0}
    assert answered["stop_reason"] == result.stop_reason
    assert answered["seconds"] >= 0
    assert str(greedy.path.parent) not in str(steps)


async def test_an_answer_that_is_cancelled_ends_in_llama_cpp_too(greedy: GGUF) -> None:
    best = await answer(greedy, asks())
    model = Slow(greedy)
    task = asyncio.ensure_future(model(None, asks(max_tokens=1000)))
    await asyncio.wait_for(model.began.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    model.go_on.set()
    await asyncio.wait_for(model.ended.wait(), 60)
    assert model.heard == 1
    assert await answer(greedy, asks()) == best


class Slow(GGUF):
    """Takes its first piece of text only when it is told to, and counts the pieces."""

    def __init__(self, loaded: GGUF) -> None:
        super().__init__(loaded.path, temperature=0.0)
        self._engine = loaded._engine
        self._loop = asyncio.get_running_loop()
        self.heard = 0
        self.began, self.ended, self.go_on = asyncio.Event(), asyncio.Event(), Event()

    def _run(self, body: dict[str, Any], answer: Any) -> None:
        hear = answer.hear

        def slowly(chunk: dict[str, Any]) -> bool:
            self.heard += 1
            self._loop.call_soon_threadsafe(self.began.set)
            self.go_on.wait(60)
            return hear(chunk)

        answer.hear = slowly
        super()._run(body, answer)
        self._loop.call_soon_threadsafe(self.ended.set)


async def test_a_prompt_beyond_the_context_is_refused_with_both_numbers(greedy: GGUF) -> None:
    refused = await refusal(greedy, asks("log " * 3000))
    assert refused.code == INVALID_PARAMS
    assert "reads 1024 at most" in refused.message


async def test_what_a_chat_template_refuses_is_told_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import gguf_file

    words = "Conversation roles must alternate"
    guard = "{% if messages|length > 2 %}{{ raise_exception('" + words + "') }}{% endif %}"
    monkeypatch.setattr(gguf_file, "CHAT", guard + gguf_file.CHAT)
    folder = Path(tiny.__file__).parent
    gguf_file.write(tmp_path / "strict.gguf", folder / "weights.npz", folder / "tokenizer.json")
    model = GGUF(tmp_path / "strict.gguf", threads=1)
    try:
        talk = [SamplingMessage(role=role, content=TextContent(text="a")) for role in ("user", "assistant", "user")]
        refused = await refusal(model, asks(messages=talk))
    finally:
        model.close()
    assert "could not answer this request: " in refused.message
    assert words in refused.message


async def test_what_holds_no_text_is_refused(greedy: GGUF) -> None:
    image = SamplingMessage(role="user", content=ImageContent(data="", mime_type="image/png"))
    assert (await refusal(greedy, asks(messages=[image]))).code == INVALID_PARAMS


@pytest.mark.parametrize(("mode", "kind"), [("required", "tool_use"), ("none", "text")])
async def test_whatever_it_says_has_the_form_that_the_tools_give(greedy: GGUF, mode: Any, kind: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "shop": {"enum": ["a"]}}, "required": ["shop"]}
    tools = {"tools": [Tool(name="add", input_schema=schema)], "tool_choice": ToolChoice(mode=mode)}
    told = await greedy(None, asks(max_tokens=120, **tools))
    assert isinstance(told, CreateMessageResultWithTools), told
    [block] = told.content_as_list
    assert block.type == kind
    if isinstance(block, ToolUseContent):
        assert (told.stop_reason, block.name, block.input["shop"]) == ("toolUse", "add", "a")


async def test_half_a_letter_is_no_reason_to_fail(greedy: GGUF) -> None:
    assert text_of(await answer(greedy, asks("half \ud800 a letter", system_prompt="\udfff")))


async def test_a_missing_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    refused = await refusal(GGUF(tmp_path / "none.gguf"), asks())
    assert refused.code == INTERNAL_ERROR
    assert refused.message.startswith("[FIX] The file none.gguf cannot be read")
    assert str(tmp_path) not in refused.message


@pytest.mark.parametrize("content", [b"", b"hello", b"GGUF", b"GGUF" + bytes(500)])
async def test_a_file_that_is_no_model_is_told_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(content)
    assert (await refusal(GGUF(file), asks())).message.startswith("[FIX] broken.gguf is no model")


async def test_a_missing_package_is_told_with_what_to_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    refused = await refusal(GGUF(path), asks())
    assert refused.message.startswith("[FIX] The package xllamacpp is missing: pip install")


async def test_a_model_that_was_closed_is_loaded_again(path: Path) -> None:
    model = GGUF(path, temperature=0.0, threads=1)
    first = await answer(model, asks())
    model.close()
    assert model._engine.server is None
    assert await answer(model, asks()) == first
    model.close()


async def test_its_port_is_shut_to_others(greedy: GGUF) -> None:
    await answer(greedy, asks(max_tokens=1))
    async with httpx2.AsyncClient(trust_env=False) as client:
        response = await client.post(
            f"{greedy._engine.server.listening_address}/v1/chat/completions", json={"messages": []}
        )
    assert response.status_code == 401


def test_a_model_that_is_given_back_before_it_was_asked_does_not_wait_for_ever(greedy: GGUF) -> None:
    """xllamacpp's server, taken apart before its loop begins, never ends; on a busy machine one in twenty did not."""
    for _ in range(3):
        greedy._engine.loaded()
        greedy.close()


async def test_it_passes_every_case_that_needs_no_provider(greedy: GGUF) -> None:
    card = await scorecard(greedy, timeout=60.0)
    close_all()
    assert card.failed == [], str(card)
    of_tools = {row.id for row in card.not_applicable if row.id.startswith("tools.")}
    assert of_tools == {"tools.input", "tools.loop", "tools.one-missing"}  # by itself it declares none
    assert {row.id for row in card.not_applicable} - of_tools == {case.id for case in CASES if case.needs_provider}


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_a_thought_is_no_part_of_the_answer_and_nothing_in_it_stops_one(chunk: int) -> None:
    text = "<think>One.\n\nTwo.</think>\n\nred\n\nor green"
    heard = _Answer(["\n\n"])
    for start in range(0, len(text), chunk):
        if heard.hear({"choices": [{"delta": {"content": text[start : start + chunk]}, "finish_reason": None}]}):
            break
    assert (heard.said, heard.stop_reason) == ("red", "stopSequence")


@pytest.mark.parametrize(
    ("text", "answer"), [("hm hm</think>red", "red"), ("The mark `</think>` ends it.", "The mark `</think>` ends it.")]
)
def test_a_thought_that_the_template_opened_is_no_part_of_the_answer(text: str, answer: str) -> None:
    heard = _Answer([])
    for letter in text:
        heard.hear({"choices": [{"delta": {"content": letter}, "finish_reason": None}]})
    assert heard.said == answer


def test_a_thought_that_is_cut_leaves_no_answer() -> None:
    heard = _Answer([])
    heard.hear({"choices": [{"delta": {"content": "<think>One"}, "finish_reason": "length"}]})
    assert (heard.said, heard.stop_reason) == ("", "maxTokens")
