"""Tools for a model that knows none: what it reads, the form it is held to, and what becomes of what it writes."""

from typing import Any

import pytest
from mcp_types import (
    CreateMessageRequestParams,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)

from labkit.models.convert import Refused
from labkit.models.tool_form import LONGEST_INPUT, MOST_TOOLS, read, with_form

COUNT = Tool(
    name="count",
    description="Count\ncopies.",
    input_schema={
        "type": "object",
        "properties": {
            "title": {"type": "string", "pattern": "(a+)+$"},
            "shop": {"enum": ["a", "b"]},
            "more": {"allOf": []},
        },
        "required": ["title", "nothing"],
    },
)


def asks(*later: SamplingMessage, mode: Any = None, tools: Any = (COUNT,)) -> CreateMessageRequestParams:
    said = [SamplingMessage(role="user", content=TextContent(text="How many?")), *later]
    choice = ToolChoice(mode=mode) if mode else None
    return CreateMessageRequestParams(
        messages=said, max_tokens=9, system_prompt="Be brief.", tools=[*tools], tool_choice=choice, stop_sequences=["}"]
    )


def test_the_model_is_told_of_the_tools_and_may_write_uses_and_an_answer_alone() -> None:
    asked, form = with_form(asks())
    assert asked.system_prompt is not None
    assert asked.system_prompt.startswith("Be brief.\n\nYou can use tools.")
    assert asked.system_prompt.endswith("- count(title: string, shop: string, more: any): Count copies.")
    assert (asked.tools, asked.tool_choice, asked.stop_sequences) == (None, None, None)
    properties = {
        "title": {"type": "string", "maxLength": LONGEST_INPUT},
        "shop": {"type": "string", "enum": ["a", "b"]},
    }
    assert form is not None
    use, answer = form["anyOf"]
    assert use["properties"]["tool"] == {"const": "count"}
    assert use["properties"]["input"] == {
        "type": "object",
        "properties": {**properties, "more": {}},
        "required": ["title"],
        "additionalProperties": False,
    }
    assert answer["required"] == ["answer"]


def test_what_must_be_used_leaves_no_answer_and_what_must_not_leaves_nothing_else() -> None:
    for mode, told in (("required", ["tool"]), ("none", ["answer"])):
        form = with_form(asks(mode=mode))[1]
        assert form is not None
        assert [next(iter(each["properties"])) for each in form["anyOf"]] == told


def test_a_request_without_tools_stays_as_it_is() -> None:
    plain = CreateMessageRequestParams(messages=asks().messages, max_tokens=9)
    assert with_form(plain) == (plain, None)


def test_uses_and_results_are_read_as_the_model_would_write_them() -> None:
    use = ToolUseContent(id="1", name="count", input={"title": "Emma"})
    result = ToolResultContent(tool_use_id="1", content=[TextContent(text="3")], is_error=True)
    asked, _ = with_form(
        asks(SamplingMessage(role="assistant", content=[use]), SamplingMessage(role="user", content=[result]))
    )
    assert [each.content_as_list for each in asked.messages[1:]] == [
        [TextContent(text='{"tool": "count", "input": {"title": "Emma"}}')],
        [TextContent(text="Result of count (it failed):\n3")],
    ]


def test_more_tools_than_it_can_be_told_of_are_refused() -> None:
    with pytest.raises(Refused, match="offers 17 tools"):
        with_form(asks(tools=[COUNT] * (MOST_TOOLS + 1)))


def test_what_it_writes_is_a_use_or_an_answer() -> None:
    assert read('{"tool": "count", "input": {"title": "Emma"}}', 3, is_cut=False) == [
        ToolUseContent(id="use_3", name="count", input={"title": "Emma"})
    ]
    assert read('{"answer": "three"}', 1, is_cut=False) == [TextContent(text="three")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"answer": "thr', "thr"),
        ('{ "answer":"a\\nb\\', "a\nb"),
        ('{"answer": "three"', "three"),
        ('{"answer": "', ""),
    ],
)
def test_an_answer_that_was_cut_is_given_as_far_as_it_goes(text: str, words: str) -> None:
    assert read(text, 1, is_cut=True) == [TextContent(text=words)]


@pytest.mark.parametrize("text", ['{"answer": "a\\u00', '{"answer": "a\\\\', '{"answer": "a\\"', '{"answer": "a\\'])
def test_an_answer_that_was_cut_in_an_escape_is_read_all_the_same(text: str) -> None:
    [block] = read(text, 1, is_cut=True)
    assert isinstance(block, TextContent)
    assert block.text.startswith("a")


def test_a_use_that_was_cut_is_refused() -> None:
    with pytest.raises(Refused, match="cut off in the middle"):
        read('{"tool": "count", "inp', 1, is_cut=True)
