"""Tools for a model that knows none: the model is told of them in words, and may write nothing but JSON of one form.

The grammar that llama.cpp makes of the form guarantees a use that can be read. Whether the use makes sense is the
model's affair, and with a small model a coin toss. What a server's schema says is taken over as far as its properties'
plain types: a grammar of more could be made to take for ever.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from mcp_types import (
    INTERNAL_ERROR,
    CreateMessageRequestParams,
    SamplingMessage,
    TextContent,
    Tool,
    ToolResultContent,
    ToolUseContent,
)
from pydantic_core import from_json

from labkit.models.convert import Refused
from labkit.models.tiny.messages import blocks_of, in_words

PLAIN = ("string", "number", "integer", "boolean")
MOST_TOOLS, MOST_PROPERTIES, LONGEST, LONGEST_INPUT = 16, 16, 400, 80
"""Tools, properties of one, characters of a description that the model is told of, and of a text it gives a tool."""

WORDS = """\
You can use tools. To use one, write {{"tool": its name, "input": its arguments}}. You get its result and may go on.
When you know enough, write {{"answer": your answer}}.
The tools:
{listed}"""
ANSWER_NOW = 'Write {"answer": your answer}.'


def with_form(params: CreateMessageRequestParams) -> tuple[CreateMessageRequestParams, dict[str, Any] | None]:
    """A request without tools that says the same in words, and the JSON Schema of an answer; `None` for free words.

    Raises:
        Refused: There are more tools than the model can be told of.
    """
    tools = params.tools or []
    if len(tools) > MOST_TOOLS:
        raise Refused(f"The request offers {len(tools)} tools, and this model can be told of {MOST_TOOLS}.")
    mode = (params.tool_choice and params.tool_choice.mode) or "auto"
    named = {use.id: use.name for each in params.messages for use in blocks_of(each) if isinstance(use, ToolUseContent)}
    if not tools and not named:
        return params, None
    messages = [
        SamplingMessage(role=each.role, content=TextContent(text="\n".join(_told(b, named) for b in blocks_of(each))))
        for each in params.messages
    ]
    words = ANSWER_NOW if mode == "none" else WORDS.format(listed="\n".join(map(_line, tools)))
    words = words if tools else ""
    system = "\n\n".join(filter(None, [params.system_prompt, words])) or None
    asked = params.model_copy(
        update={"messages": messages, "system_prompt": system, "tools": None, "tool_choice": None}
    )
    if not tools:
        return asked, None
    forms = [] if mode == "none" else [_use(tool) for tool in tools]
    if mode != "required":
        forms.append(_object({"answer": {"type": "string", "minLength": 1}}))
    return asked.model_copy(update={"stop_sequences": None}), {"anyOf": forms}


def read(text: str, turn: int, *, is_cut: bool) -> list[TextContent | ToolUseContent]:
    """The answer that stands in JSON of the form; of one in words that was cut, what there is.

    Args:
        text: What the model wrote.
        turn: The number of messages so far, which makes the id of a use one of its own.
        is_cut: Whether the limit of tokens ended the text.

    Raises:
        Refused: A use of a tool was cut in the middle.
    """
    try:
        told: dict[str, Any] = from_json(text, allow_partial="trailing-strings" if is_cut else False)
    except ValueError:
        told = {}
    if "answer" in told:
        return [TextContent(text=told["answer"])]
    if is_cut or "tool" not in told:
        why = "The answer was cut off in the middle of its JSON. Ask with a larger maxTokens."
        raise Refused(why if is_cut else "The model's JSON cannot be read.", INTERNAL_ERROR)
    return [ToolUseContent(id=f"use_{turn}", name=told["tool"], input=told["input"])]


def _told(block: Any, named: Mapping[str, str]) -> str:
    """A block as the model reads it: a use as it would write one, a result with the name of its tool."""
    if isinstance(block, ToolUseContent):
        return json.dumps({"tool": block.name, "input": block.input}, ensure_ascii=False)
    if isinstance(block, ToolResultContent):
        failed = " (it failed)" if block.is_error else ""
        return f"Result of {named.get(block.tool_use_id, 'a tool')}{failed}:\n{in_words(block)}"
    return in_words(block)


def _line(tool: Tool) -> str:
    inputs = ", ".join(f"{name}: {form.get('type', 'any')}" for name, form in _properties(tool).items())
    return f"- {tool.name}({inputs}): {' '.join((tool.description or '').split())[:LONGEST]}"


def _use(tool: Tool) -> dict[str, Any]:
    properties = _properties(tool)
    told = cast("Sequence[Any]", tool.input_schema.get("required") or ())
    inputs = _object(properties, [name for name in properties if name in told])
    return _object({"tool": {"const": tool.name}, "input": inputs})


def _properties(tool: Tool) -> dict[str, dict[str, Any]]:
    """The properties of a tool's input, each with a plain type, or a choice of texts, or neither."""
    declared: Any = tool.input_schema.get("properties")
    told = cast("dict[str, Any]", declared) if isinstance(declared, dict) else {}
    short = {name: form for name, form in told.items() if len(name) <= LONGEST_INPUT}
    return {name: _plain(form) for name, form in [*short.items()][:MOST_PROPERTIES]}


def _plain(form: Any) -> dict[str, Any]:
    schema = cast("dict[str, Any]", form) if isinstance(form, dict) else {}
    choice: Any = schema.get("enum")
    if isinstance(choice, list) and choice:
        texts = [
            each
            for each in cast("list[Any]", choice)[:MOST_PROPERTIES]
            if isinstance(each, str) and len(each) <= LONGEST_INPUT
        ]
        if texts:
            return {"type": "string", "enum": texts}
    kind = schema.get("type")
    # Small models fill a text without an end up to the limit of tokens.
    return {"type": kind} | ({"maxLength": LONGEST_INPUT} if kind == "string" else {}) if kind in PLAIN else {}


def _object(properties: Mapping[str, Any], required: Sequence[str] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**properties},
        "required": [*properties] if required is None else [*required],
        "additionalProperties": False,
    }
