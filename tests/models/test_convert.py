"""What the conversions of all providers share."""

from typing import Any

import pytest
from mcp_types import TextContent, Tool, ToolUseContent

from labkit.models.convert import Fitted, fitting_schema, spoken
from tests.models.conversations import assistant, request, result, user


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>Let me see.</think>\n\npositive", "positive"),
        ("<think>\n\n</think>\n\npositive", "positive"),
        (" \n<THINK>so</think>positive", "positive"),
        ("<think>one</think><think>two</think>positive", "positive"),
        ("<thinking>so</thinking> positive", "positive"),
        ("[THINK]so[/THINK]positive", "positive"),
        ("Okay, let me see.\n</think>\n\npositive", "positive"),  # the template wrote the opening mark
        ("hm hm</think>positive", "positive"),
        ("hm hm</think> positive", "positive"),
        ("hm hm</think>\n\npositive", "positive"),
        ("hm hm </think>positive", "positive"),
        ("So it is good. </think>\n\npositive", "positive"),
        ("</think>positive", "positive"),
        ("\n</think>\n\npositive", "positive"),
        ("First a\n- b\n\nthen c.</THINK>positive", "positive"),
        ("I don't know, or do I?</think>positive", "positive"),
        ('They wrote "good".</think>{"label": "positive"}', '{"label": "positive"}'),
        ('hm</think>"positive"', '"positive"'),
        ("`so` it is</think>`positive`, as </think> said", "`positive`, as </think> said"),
        ("hm hm\n</think>", ""),
        ("hm hm</think>", ""),
        ("<think>so</think>", ""),
        ("A <think> block comes first.", "A <think> block comes first."),
        ("positive <think>so</think>", "positive <think>so</think>"),
        ("The mark </think> closes it.\nSo it is.", "The mark </think> closes it.\nSo it is."),
        *(
            (mention, mention)
            for mention in (
                "</think> closes a thought.",
                "What closes it?\n</think> closes it.",
                "It is closed by </think>.",
                "Close it (with </think>) and answer.",
                "Close it with (</think>) and answer.",
                "Close it with </think>, then answer.",
                "The mark is `</think>` and stands alone.",
                "Search for `.*</think>` and cut it.",
                "The marks \u2018</think>\u2019 and “</think>” are one.",
                "text.split('</think>')[1]",
                "re.sub('.*</think>', '', text)",
                'answer = text.partition("</think>")[2]',
                'cut(r".*</think>\\s*", text)',
                "Write:\n```\nhm hm\n</think>\n\nanswer\n```\nand no more.",
                "```python\nend=</think>\n```",
                "It ends with </think>\nand the answer follows.",
                "- </think>\n- <think>",
                "| mark |</think>| end |",
                "a <think>b</think> c",
                "<a><think>b</think></a>",
            )
        ),
        ("<think> is a mark of a template.", "<think> is a mark of a template."),
        ("<b>positive</b>", "<b>positive</b>"),
        ("", ""),
    ],
)
def test_a_thought_at_the_beginning_is_no_part_of_an_answer(text: str, answer: str) -> None:
    assert spoken(text) == answer


def test_a_thought_that_was_cut_leaves_nothing() -> None:
    assert spoken("<think>Let me", is_cut=True) == ""
    assert spoken("A <think> block", is_cut=True) == "A <think> block"


def tool(name: str, **schema: Any) -> Tool:
    return Tool(name=name, input_schema=schema)


def test_names_and_ids_are_made_to_fit_and_come_back_as_they_were() -> None:
    names = ["files.read", "files/read", "files_read", "x" * 80, "größe", "fine-1"]
    used = ToolUseContent(id="call:1", name="files.read", input={})
    outcome = result(1, TextContent(text="so")).model_copy(update={"tool_use_id": "call:1"})
    params = request("hello", assistant(used), user(outcome), tools=[tool(each, type="object") for each in names])
    fitted = Fitted(params)
    sent = [each.name for each in fitted.params.tools or ()]
    assert len({*sent}) == len(names)
    assert all(each.replace("-", "").replace("_", "").isascii() and len(each) <= 64 for each in sent)
    assert (sent[2], sent[5]) == ("files_read", "fine-1")
    back = fitted.back([ToolUseContent(id="1", name=each, input={}) for each in sent])
    assert [block.name for block in back if isinstance(block, ToolUseContent)] == names
    use: Any = fitted.params.messages[1].content_as_list[0]
    answered: Any = fitted.params.messages[2].content_as_list[0]
    assert (use.name, use.id, answered.tool_use_id) == (sent[0], "call_1", "call_1")
    assert fitted.changed == names
    assert (params.tools or [])[0].name == "files.read"


A, B = {"properties": {"a": {}, "c": {}}, "required": ["a", "c"]}, {"properties": {"b": {}, "c": {}}, "required": ["c"]}


@pytest.mark.parametrize(
    ("schema", "names", "required"),
    [
        ({}, [], None),
        ({"type": "object"}, [], None),
        ({"type": "object", "anyOf": [A, B]}, ["a", "b", "c"], ["c"]),
        ({"oneOf": [A, B], "properties": {"d": {}}, "required": ["d"]}, ["a", "b", "c", "d"], ["c", "d"]),
        ({"allOf": [A, B]}, ["a", "b", "c"], ["a", "c"]),
        ({"$ref": "#/$defs/A", "$defs": {"A": A}}, ["a", "c"], ["a", "c"]),
        ({"$ref": "#/$defs/B", "$defs": {}}, [], None),
        ({"anyOf": [3, None], "properties": None}, [], None),
    ],
)
def test_a_schema_is_an_object_without_alternatives_at_its_top(schema: Any, names: Any, required: Any) -> None:
    fitted = fitting_schema(schema)
    assert fitted["type"] == "object"
    assert sorted(fitted["properties"]) == names
    assert (sorted(fitted["required"]) if "required" in fitted else None) == required
    assert not {"anyOf", "oneOf", "allOf", "$ref"} & fitted.keys()


def test_a_schema_that_fits_stays_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
    assert fitting_schema(schema) == schema
