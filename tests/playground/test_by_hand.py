"""A person as the model: blocks of text, uses of tools, and what is wrong with an answer, at its field."""

import asyncio
from typing import Any

import pytest
from mcp_types import CreateMessageResult, CreateMessageResultWithTools, TextContent, Tool, ToolUseContent

from labkit.playground.by_hand import ByHand
from labkit.playground.reading import question as shown
from tests.story import question, until

pytestmark = pytest.mark.anyio

TOOLS = [Tool(name="stock", input_schema={"type": "object"})]
USE = {"tool": "stock", "input": '{"title": "Emma"}'}


async def said(*answers: tuple[Any, ...], tools: list[Tool] | None = None) -> tuple[Any, list[list[Any]]]:
    """What a question gets of answers that are tried in turn, and what is told of those that cannot be."""
    hand = ByHand(lambda: None)
    hand.attended = True
    params = question("what?").model_copy(update={"tools": tools})
    answering = asyncio.ensure_future(hand(None, params))  # pyright: ignore[reportArgumentType] - it reads no context
    wrong: list[list[Any]] = []
    for answer in answers:
        await until(lambda: hand.open)
        hand.answer(1, *answer)
        await asyncio.sleep(0)
        if told := shown(hand):
            wrong.append(told["wrong"])
    return await answering, [each for each in wrong if each]


async def test_model_and_stop_reason_are_what_was_chosen() -> None:
    answer, wrong = await said((["Emma"], "a person", "maxTokens"))
    assert answer == CreateMessageResult(
        role="assistant", model="a person", content=TextContent(text="Emma"), stop_reason="maxTokens"
    )
    assert wrong == []
    answer, _ = await said(("Emma", "a person", ""))
    assert answer.stop_reason is None


async def test_several_blocks_and_the_use_of_a_tool_are_sent_where_tools_are_offered() -> None:
    answer, wrong = await said((["Let me look.", USE], "by hand", "toolUse"), tools=TOOLS)
    assert isinstance(answer, CreateMessageResultWithTools)
    assert isinstance(answer.content, list)
    text, use = answer.content
    assert text == TextContent(text="Let me look.")
    assert isinstance(use, ToolUseContent)
    assert (use.name, use.input, answer.stop_reason, wrong) == ("stock", {"title": "Emma"}, "toolUse", [])


@pytest.mark.parametrize(
    ("answer", "field", "says"),
    [
        ((["Emma"], " "), "model", "Model: an answer tells the name"),
        (
            (["Emma", {"tool": "stock", "input": "{"}],),
            1,
            "Block 2: the input of a tool is a JSON object, and this",
        ),
        ((["Emma", {"tool": "stock", "input": "[]"}],), 1, "Block 2: the input of a tool is a JSON object"),
        (([{"tool": "wipe", "input": "{}"}],), 0, "Block 1: the request offers no tool wipe."),
    ],
)
async def test_what_is_wrong_names_its_field_and_nothing_is_sent(answer: Any, field: object, says: str) -> None:
    result, wrong = await said(answer, (["Emma"],), tools=TOOLS)
    assert result.content == [TextContent(text="Emma")]
    assert wrong[0][0] == field
    assert says in wrong[0][1]


async def test_without_tools_an_answer_is_one_block() -> None:
    result, wrong = await said((["one", "two"],), (["one"],))
    assert result.content == TextContent(text="one")
    assert wrong == [[1, "Block 2: this request offers no tools, and an answer to it is one block."]]
