"""Sampling requests in the form of the Messages API: nothing is lost without a word."""

import json
from typing import Any

from hypothesis import event, given
from mcp_types import INVALID_PARAMS, CreateMessageRequestParams, SamplingMessage, TextContent

from labkit.models.catalog import catalog
from labkit.models.claude import CURRENT
from labkit.models.convert import Refused
from labkit.models.messages_api import request as to_body
from tests.models.conversations import AT_ITS_PACE, conversations, everything, kinds, parsed
from tests.standins.messages_api import fault_of
from tests.standins.serving import Received

UNREADABLE = {"audio/wav", "audio/mpeg", "audio/ogg", "image/tiff", "file None"}


def converted(params: CreateMessageRequestParams) -> tuple[dict[str, Any], list[str]] | Refused:
    try:
        return to_body(params, model="claude-haiku-5-5", accepts=CURRENT, dials={})
    except Refused as refused:
        return refused


@AT_ITS_PACE
@given(conversations())
def test_a_conversation_is_converted_without_loss_or_refused_in_words(params: CreateMessageRequestParams) -> None:
    made = converted(params)
    if isinstance(made, Refused):
        event("refused")
        assert kinds(params) & UNREADABLE or not kept(params.messages[-1])[1:]
        assert made.error.code == INVALID_PARAMS
        return
    body, left_out = made
    assert kinds(params).isdisjoint(UNREADABLE)
    assert fault_of(Received("POST", "/v1/messages", {}, json.loads(json.dumps(body)))) is None
    assert [back(each) for each in body["messages"]] == [each for each in map(kept, params.messages) if each[1:]]
    assert body.get("system") == (params.system_prompt if (params.system_prompt or "").strip() else None)
    assert ("annotations" in left_out) == any(getattr(each, "annotations", None) for each in everything(params))


def kept(message: SamplingMessage) -> list[Any]:
    """What must be left of a message: kinds and values, in order."""
    return [message.role, *(kept_block(block) for block in message.content_as_list if not is_blank(block))]


def is_blank(block: Any) -> bool:
    return block.type == "text" and not block.text.strip()


def kept_block(block: Any) -> Any:
    match block.type:
        case "text":
            return block.text
        case "image":
            return (block.mime_type, block.data)
        case "tool_use":
            return (block.id, block.name, block.input)
        case "tool_result":
            inside = [kept_block(inner) for inner in block.content if not is_blank(inner)]
            structured = block.structured_content
            texts = [inner.text for inner in block.content if inner.type == "text"]
            if structured is not None and structured not in map(parsed, texts):
                inside.append(json.dumps(structured, ensure_ascii=False))
            return (block.tool_use_id, bool(block.is_error), inside)
        case "resource" if hasattr(block.resource, "text"):
            return f"{block.resource.uri}\n{block.resource.text}"
        case "resource" if block.resource.mime_type == "application/pdf":
            return (block.resource.uri, block.resource.blob)
        case "resource":
            return (block.resource.mime_type, block.resource.blob)
        case _:
            return block.model_dump_json(by_alias=True, exclude_none=True, exclude={"annotations"})


def back(message: dict[str, Any]) -> list[Any]:
    """The same, read from the body of a request."""
    return [message["role"], *(back_block(block) for block in message["content"])]


def back_block(block: dict[str, Any]) -> Any:
    match block["type"]:
        case "text":
            return block["text"]
        case "image":
            return (block["source"]["media_type"], block["source"]["data"])
        case "document":
            return (block["title"], block["source"]["data"])
        case "tool_use":
            return (block["id"], block["name"], block["input"])
        case _:
            return (block["tool_use_id"], block.get("is_error", False), [back_block(each) for each in block["content"]])


def test_what_the_catalogue_says_of_current_models_is_assumed_of_unknown_ones() -> None:
    assert [model.name for model in catalog().models if not model.retires and model.accepts != CURRENT] == []


def test_a_stop_sequence_without_a_letter_is_left_out_and_told() -> None:
    hello = SamplingMessage(role="user", content=TextContent(text="hello"))
    for stops, kept_stops in ((["END", " ", "\n", ""], ["END"]), ([" "], None)):
        made = converted(CreateMessageRequestParams(messages=[hello], max_tokens=5, stop_sequences=stops))
        assert not isinstance(made, Refused)
        assert made[0].get("stop_sequences") == kept_stops
        assert "blank stop sequences" in made[1]
