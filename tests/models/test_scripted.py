"""`Scripted` says what is written down, in turn, by pattern, or as a function says, and tells when the script ends."""

import asyncio
from typing import Any

import pytest
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    SamplingMessage,
    TextContent,
    ToolUseContent,
)

from labkit import Lab, Origin, Scripted, ScriptEnded, close_all
from labkit.models.scripted import text_of
from labkit.steps import HostStep, listening
from tests.story import WIRES, answer, bookshop, question, said

pytestmark = pytest.mark.anyio


async def ask(model: Scripted, text: str) -> Any:
    return await model(None, question(text))


async def test_a_list_answers_in_turn_and_then_says_that_it_has_ended() -> None:
    model = Scripted(["first", "second"])
    assert [said(await ask(model, "a")), said(await ask(model, "b"))] == ["first", "second"]
    for _ in range(2):
        with pytest.raises(ScriptEnded, match=r"asked once more than it is long\. Add an answer"):
            await ask(model, "c")


async def test_an_answer_is_a_result_that_says_it_was_scripted() -> None:
    result = await ask(Scripted(["first"]), "a")
    assert isinstance(result, CreateMessageResult)
    assert (result.role, result.model, result.stop_reason) == ("assistant", "scripted", "endTurn")
    assert (await ask(Scripted(["first"], model="a parrot"), "a")).model == "a parrot"


async def test_any_iterable_is_a_script() -> None:
    model = Scripted(str(n) for n in range(2))
    assert [said(await ask(model, "a")) for _ in range(2)] == ["0", "1"]


async def test_the_first_pattern_that_is_found_answers() -> None:
    model = Scripted({"dead.?lock": "two wait", "lock": "one waits", ".": "nobody waits"})
    assert said(await ask(model, "a DEADLOCK was detected")) == "two wait"
    assert said(await ask(model, "the Lock")) == "one waits"
    assert said(await ask(model, "fine")) == "nobody waits"


async def test_a_prompt_that_no_pattern_fits_is_told_with_the_patterns() -> None:
    with pytest.raises(ScriptEnded, match=r"No pattern of the script \(deadlock, timeout\) is in the prompt: 'fine'"):
        await ask(Scripted({"deadlock": "a", "timeout": "b"}), "fine")


async def test_patterns_are_looked_for_in_every_message() -> None:
    params = question("first")
    params.messages.append(SamplingMessage(role="assistant", content=[TextContent(text="a"), TextContent(text="deep")]))
    assert said(await Scripted({"deep": "found"})(None, params)) == "found"


async def test_a_function_answers_and_may_wait() -> None:
    async def later(params: CreateMessageRequestParams) -> str:
        await asyncio.sleep(0)
        return f"at most {params.max_tokens}"

    assert said(await ask(Scripted(lambda params: f"{params.max_tokens}"), "a")) == "50"
    assert said(await ask(Scripted(later), "a")) == "at most 50"


async def test_a_line_may_be_a_whole_result_or_a_refusal() -> None:
    whole, refusal = answer("whole"), ErrorData(code=-1, message="no")
    model = Scripted([whole, refusal])
    assert await ask(model, "a") is whole
    assert await ask(model, "b") is refusal


def test_a_single_text_is_no_script() -> None:
    with pytest.raises(TypeError, match=r"write Scripted\(\[text\]\)"):
        Scripted("first")  # pyright: ignore[reportArgumentType] - that is the point


@pytest.mark.parametrize("script", [[1], [None], {"lock": 1}])
def test_a_line_that_is_no_answer_is_refused_when_it_is_written(script: Any) -> None:
    with pytest.raises(TypeError, match="is no answer: write a text"):
        Scripted(script)


def test_a_pattern_that_is_none_is_refused_when_it_is_written() -> None:
    with pytest.raises(ValueError, match=r"'\(lock' is no pattern: missing \)"):
        Scripted({"lock": "one waits", "(lock": "two wait"})


async def test_what_was_asked_is_kept() -> None:
    model = Scripted(["a", "b"])
    for text in ("one", "two"):
        await ask(model, text)
    assert [text_of(params.messages[0]) for params in model.asked] == ["one", "two"]


async def test_many_that_ask_at_once_each_get_a_line_of_their_own() -> None:
    model = Scripted([str(n) for n in range(100)])
    answers = await asyncio.gather(*(ask(model, "a") for _ in range(100)))
    assert sorted(map(said, answers), key=int) == [str(n) for n in range(100)]


async def test_it_reports_itself_as_the_model() -> None:
    heard: list[HostStep] = []
    with listening(heard.append, Origin("bookshop", "2026-07-28")):
        await ask(Scripted(["a"]), "a")
    assert [(step.source, step.target, step.reply) for step in heard] == [
        ("callback", "model", False),
        ("model", "callback", True),
    ]


def test_blocks_that_are_no_text_are_left_out() -> None:
    image = ImageContent(data="", mime_type="image/png")
    assert (
        text_of(SamplingMessage(role="user", content=[TextContent(text="a"), image, TextContent(text="b")])) == "a\nb"
    )
    assert text_of(SamplingMessage(role="user", content=image)) == ""


def test_its_repr_has_no_address() -> None:
    assert repr(Scripted([])) == "Scripted(model='scripted')"


@pytest.mark.parametrize("wire", WIRES)
async def test_it_answers_a_lab(wire: str) -> None:
    try:
        lab = Lab(bookshop(), sampling_callback=Scripted({"noir": "read Chandler"}), mode=wire)
        assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "read Chandler"
        assert [(step.source, step.target) for step in lab.flow.steps if "model" in (step.source, step.target)] == [
            ("callback", "model"),
            ("model", "callback"),
        ]
        with pytest.raises(ScriptEnded, match="No pattern"):
            await lab.call_tool("recommend", {"genre": "poetry"})
    finally:
        close_all()


async def test_a_use_of_a_tool_is_an_answer() -> None:
    use = ToolUseContent(id="1", name="search", input={"words": "raft"})
    told = await Scripted([use])(None, question("Look it up."))
    assert isinstance(told, CreateMessageResultWithTools)
    assert (told.content_as_list, told.stop_reason, told.model) == ([use], "toolUse", "scripted")
