"""What was said, as the conventions write it down: in JSON, without secrets, and only where it was asked for.

Schemas: gen-ai-input-messages.json, gen-ai-output-messages.json, gen-ai-system-instructions.json and
gen-ai-tool-definitions.json. Pictures and sounds are told by their kind and their size alone.
"""

import json
from typing import Any

from mcp_types import CreateMessageRequestParams, CreateMessageResult, CreateMessageResultWithTools

from labkit.cutting import outline
from labkit.host.texts import dumped
from labkit.redacting import redact
from labkit.telemetry.conventions import DEFINITIONS, INPUT_MESSAGES, INSTRUCTIONS, OUTPUT_MESSAGES

Told = dict[str, Any]


def asked(params: CreateMessageRequestParams) -> dict[str, str]:
    """The attributes that hold a request's words."""
    request = redact(outline(dumped(params)))
    told = {INPUT_MESSAGES: [_message(message) for message in _list(request.get("messages"))]}
    if system := request.get("systemPrompt"):
        told[INSTRUCTIONS] = [{"type": "text", "content": system}]
    if tools := request.get("tools"):
        told[DEFINITIONS] = [_definition(tool) for tool in _list(tools)]
    return {name: written(value) for name, value in told.items()}


def answered(answer: CreateMessageResult | CreateMessageResultWithTools) -> dict[str, str]:
    """The attribute that holds an answer's words."""
    return {OUTPUT_MESSAGES: written([_message(redact(outline(dumped(answer))))])}


def written(value: Any) -> str:
    """JSON in one line."""
    return finite(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=repr))


def finite(text: str) -> str:
    """What Python wrote as JSON, with `"NaN"` and `"Infinity"` as texts, as OTLP has them: as numbers JSON has none."""
    if "NaN" not in text and "Infinity" not in text:
        return text
    told = json.loads(text, parse_constant=str)
    return json.dumps(told, ensure_ascii=text.isascii(), separators=(",", ":"))


def _list(value: Any) -> list[Told]:
    """The objects of a list; what `outline` left in place of others is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _message(message: Told) -> Told:
    content = message.get("content")
    parts = [_part(block) for block in (_list(content) if isinstance(content, list) else _list([content]))]
    answers = any(part["type"] == "tool_call_response" for part in parts)
    return {"role": "tool" if answers else message.get("role"), "parts": parts}


def _part(block: Told) -> Told:
    match block.get("type"):
        case "text":
            return {"type": "text", "content": block.get("text")}
        case "tool_use":
            return {
                "type": "tool_call",
                "id": block.get("id"),
                "name": block.get("name"),
                "arguments": block.get("input"),
            }
        case "tool_result":
            said = [_part(each) for each in _list(block.get("content"))]
            return {"type": "tool_call_response", "id": block.get("toolUseId"), "response": said}
        case other:
            data = block.get("data")
            size = {"size": len(data)} if isinstance(data, str) else {}
            return {"type": str(other), "mime_type": block.get("mimeType"), **size}


def _definition(tool: Told) -> Told:
    return {"type": "function", "name": tool.get("name"), "description": tool.get("description")}
