"""Sampling requests in the form of the Chat Completions API: nothing is lost without a word."""

import json
from typing import Any

from hypothesis import event, given
from mcp_types import INVALID_PARAMS, CreateMessageRequestParams, SamplingMessage, ToolResultContent

from labkit.models.chat_completions import request as to_body
from labkit.models.convert import Refused
from tests.models.conversations import AT_ITS_PACE, conversations, everything, kinds, parsed
from tests.standins.chat_completions import fault_of
from tests.standins.serving import Received

FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}


def has_no_place(params: CreateMessageRequestParams) -> bool:
    """Whether a request holds what the API cannot carry: odd audio, or anything but text in a tool's result."""
    results = [block for block in everything(params) if isinstance(block, ToolResultContent)]
    inside = [inner for block in results for inner in block.content]
    readable = all(
        inner.type in ("text", "resource_link") or (inner.type == "resource" and hasattr(inner.resource, "text"))
        for inner in inside
    )
    return not readable or "audio/ogg" in kinds(params)


@AT_ITS_PACE
@given(conversations())
def test_a_conversation_is_converted_without_loss_or_refused_in_words(params: CreateMessageRequestParams) -> None:
    try:
        made = to_body(params, dials={})
    except Refused as refused:
        made = refused
    assert isinstance(made, Refused) == has_no_place(params)
    if isinstance(made, Refused):
        event("refused")
        assert made.error.code == INVALID_PARAMS
        return
    body, left_out = made
    sent = json.loads(json.dumps({**body, "model": "smollm2"}))
    assert fault_of(Received("POST", "/v1/chat/completions", {}, sent)) is None
    messages = sent["messages"]
    if params.system_prompt:
        assert messages.pop(0) == {"role": "system", "content": params.system_prompt}
    assert [back(each) for each in messages] == joined([line for each in params.messages for line in kept(each)])
    assert ("annotations" in left_out) == any(getattr(each, "annotations", None) for each in everything(params))


def joined(lines: list[list[Any]]) -> list[list[Any]]:
    """Texts of one role in a row are one message."""
    made: list[list[Any]] = []
    for line in lines:
        calls = any(isinstance(part, tuple) for part in [*line, *(made[-1] if made else ())])
        if not made or made[-1][0] != line[0] or line[0] == "tool" or calls:
            made.append(line)
        elif (
            len(made[-1]) == len(line) == 2
            and isinstance(made[-1][1], str)
            and isinstance(line[1], str)
            and not (made[-1][1].startswith("data:") or line[1].startswith("data:"))
        ):
            made[-1] = [line[0], f"{made[-1][1]}\n\n{line[1]}"]
        else:
            made[-1] = [*made[-1], *line[1:]]
    return made


def kept(message: SamplingMessage) -> list[list[Any]]:
    """What must be left of a message: its role and its parts in order; a line for each tool result."""
    blocks: list[Any] = message.content_as_list
    if blocks[0].type == "tool_result":
        return [["tool", block.tool_use_id, kept_result(block)] for block in blocks]
    # Texts come before the calls of tools; the API has two fields for them.
    blocks = sorted(blocks, key=lambda block: block.type == "tool_use")
    return [[message.role, *map(kept_block, blocks)]]


def kept_block(block: Any) -> Any:
    match block.type:
        case "text":
            return block.text
        case "image":
            return f"data:{block.mime_type};base64,{block.data}"
        case "audio":
            return {"data": block.data, "format": FORMATS[block.mime_type]}
        case _:
            return (block.id, block.name, block.input)


def kept_result(block: Any) -> str:
    texts = ["The tool failed."] if block.is_error else []
    for inner in block.content:
        match inner.type:
            case "text":
                texts.append(inner.text)
            case "resource":
                texts.append(f"{inner.resource.uri}\n{inner.resource.text}")
            case _:
                texts.append(inner.model_dump_json(by_alias=True, exclude_none=True, exclude={"annotations"}))
    structured = block.structured_content
    if structured is not None and structured not in [
        parsed(each.text) for each in block.content if each.type == "text"
    ]:
        texts.append(json.dumps(structured, ensure_ascii=False))
    return "\n".join(texts)


def back(message: dict[str, Any]) -> list[Any]:
    """The same, read from the body of a request."""
    content = message["content"]
    if message["role"] == "tool":
        return ["tool", message["tool_call_id"], content]
    parts = [content] if isinstance(content, str) else [back_part(part) for part in content or ()]
    calls = [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls", ())
    ]
    return [message["role"], *parts, *calls]


def back_part(part: dict[str, Any]) -> Any:
    match part["type"]:
        case "text":
            return part["text"]
        case "image_url":
            return part["image_url"]["url"]
        case _:
            return part["input_audio"]
