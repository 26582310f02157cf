"""A stand-in for Claude's Messages API: a local server that checks a request as the API does and answers as it is told.

with MessagesApi(["429", "429", says("fine")]) as api:
    claude = Claude(api_key="a key", base_url=api.url)
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.standins.serving import Behaviour, Received, Reply, StandIn, event, in_threes

OLD_MODELS = ("claude-sonnet-4-5",)
"""Those that still take a temperature, in the first version of the API only."""

LARGEST_MAX_TOKENS = 128_000
FIELDS = {"model", "max_tokens", "messages", "system", "stop_sequences", "metadata", "tools", "tool_choice", "stream"}
DIALS = {"temperature", "top_p", "top_k"}
IMAGE_TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp"}


def message(received: Received, content: list[Any], stop_reason: str = "end_turn", **more: Any) -> Reply:
    """A successful reply."""
    return Reply(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": received.body["model"],
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 11, "output_tokens": 7, "cache_read_input_tokens": 3},
            **more,
        }
    )


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


THOUGHT = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}


def says(words: str, stop_reason: str = "end_turn", **more: Any) -> Behaviour:
    return lambda received: message(received, [text(words)], stop_reason, **more)


def echoes(received: Received) -> Reply:
    """The text of the last message, after a thought."""
    blocks = received.body["messages"][-1]["content"]
    return message(received, [THOUGHT, text("".join(block.get("text", "") for block in blocks))])


def uses_tool(name: str, arguments: dict[str, Any]) -> Callable[[Received], Reply]:
    use = {"type": "tool_use", "id": "toolu_1", "name": name, "input": arguments}
    return lambda received: message(received, [text("Let me look."), use], "tool_use")


def uses_first_tool(received: Received) -> Reply:
    return uses_tool(received.body["tools"][0]["name"], {"line": 3})(received)


def fails(status: int, kind: str, words: str, **headers: str) -> Reply:
    """An error as the API tells it. `retry_after_ms="1"` becomes the header `retry-after-ms: 1`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"type": "error", "error": {"type": kind, "message": words}}, status, named)


def echoes_the_key(received: Received) -> Reply:
    """A failure of the kind that quotes what it was sent."""
    words = f"invalid header Authorization: Bearer {received.key}"
    return fails(401, "authentication_error", words, x_echo=f"Bearer {received.key}")


BEHAVIOURS: dict[str, Behaviour] = {
    "fine": echoes,
    "slow": Reply(ending="never"),
    "refuses": lambda received: message(received, [], "refusal"),
    "no text": lambda received: message(received, [THOUGHT], "max_tokens"),
    "says nothing": lambda received: message(received, []),
    "cut off": says("The disk is fu", "max_tokens"),
    "stop sequence": lambda received: message(received, [text("one, two")], "stop_sequence", stop_sequence="three"),
    "pauses": says("So far.", "pause_turn"),
    "tool use": uses_first_tool,
    "400": fails(400, "invalid_request_error", "messages.0: all is wrong"),
    "401": fails(401, "authentication_error", "invalid key"),
    "402": fails(402, "billing_error", "no credit"),
    "403": fails(403, "permission_error", "not for you"),
    "404": fails(404, "not_found_error", "model: unknown"),
    "413": fails(413, "request_too_large", "too many bytes"),
    "429": fails(429, "rate_limit_error", "organization org-123 is over its limit", retry_after_ms="1"),
    "429 for an hour": fails(429, "rate_limit_error", "come back later", retry_after="3600"),
    "500": fails(500, "api_error", "internal error", retry_after_ms="1"),
    "529": fails(529, "overloaded_error", "overloaded", retry_after_ms="1"),
    "malformed": Reply(b'{"id": "msg_1", "content": [{"type"'),
    "a web page": Reply(b"<html><body>Welcome to the hotel network</body></html>"),
    "another shape": Reply({"content": "hello", "model": None}),
    "hangs up": Reply({"content": [text("x" * 1000)]}, ending="cut"),
    "huge": Reply(b" " * 65536, ending="endless"),
    "echoes the key": echoes_the_key,
}


class MessagesApi(StandIn):
    """A local Messages API.

    Args:
        behaviours: What to do with each request in turn: names of `BEHAVIOURS`, or functions. The last one stays.
        key: The only key that is accepted; any when left out.
    """

    def __init__(self, behaviours: Iterable[str | Behaviour] = ("fine",), *, key: str | None = None) -> None:
        super().__init__(BEHAVIOURS[each] if isinstance(each, str) else each for each in behaviours)
        self.key = key

    def refuse(self, received: Received) -> Reply | None:
        if received.key is None or self.key not in (None, received.key):
            return fails(401, "authentication_error", "invalid key")
        fault = fault_of(received)
        return fails(400, "invalid_request_error", fault) if fault else None

    def pieces(self, whole: dict[str, Any]) -> Iterator[bytes]:
        if whole.get("type") != "message":
            yield event(whole)
            return
        usage, told = (
            whole["usage"],
            {name: whole.get(name) for name in ("stop_reason", "stop_sequence", "stop_details")},
        )
        yield event({"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}})
        for index, block in enumerate(whole["content"]):
            empty, parts = in_parts(block)
            yield event({"type": "content_block_start", "index": index, "content_block": empty})
            yield event({"type": "ping"})
            for delta in parts:
                yield event({"type": "content_block_delta", "index": index, "delta": delta})
            yield event({"type": "content_block_stop", "index": index})
        yield event({"type": "message_delta", "delta": told, "usage": usage})
        yield event({"type": "message_stop"})


def in_parts(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A block as it begins, and what it grows by, three letters at a time."""
    if block["type"] == "tool_use":
        words = in_threes(json.dumps(block["input"]))
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in words]
    kind = block["type"]
    return {**block, kind: ""}, [{"type": f"{kind}_delta", kind: part} for part in in_threes(block[kind])]


def fault_of(received: Received) -> str | None:
    """What the API would refuse a request for; `None` when it would take it."""
    body: Any = received.body
    if (received.method, received.path) != ("POST", "/v1/messages"):
        return f"no such address: {received.method} {received.path}"
    if not isinstance(body, dict):
        return "the body is no JSON object"
    first = received.headers.get("anthropic-version") == "2023-06-01"
    takes = FIELDS | DIALS if first and body.get("model") in OLD_MODELS else FIELDS
    if unknown := body.keys() - takes:
        return f"{min(unknown)}: Extra inputs are not permitted"
    if not isinstance(body.get("max_tokens"), int) or not 1 <= body["max_tokens"] <= LARGEST_MAX_TOKENS:
        return f"max_tokens: must be from 1 to {LARGEST_MAX_TOKENS}"
    if not body.get("system", "x").strip():
        return "system: text content blocks must contain non-whitespace text"
    if body.get("metadata", {}).keys() - {"user_id"}:
        return "metadata: Extra inputs are not permitted"
    if not body.get("messages"):
        return "messages: at least one message is required"
    if body["messages"][-1]["role"] == "assistant":
        return "This model does not support assistant message prefill."
    if "tool_choice" in body and not body.get("tools"):
        return "tool_choice: needs tools"
    if any(tool.keys() - {"name", "description", "input_schema"} for tool in body.get("tools", ())):
        return "tools: Extra inputs are not permitted"
    return fault_in_messages(body["messages"])


def fault_in_messages(messages: list[Any]) -> str | None:
    opened: set[str] = set()
    for number, each in enumerate(messages):
        content = each["content"]
        if not content or each["role"] not in ("user", "assistant"):
            return f"messages.{number}: empty, or of no role"
        if isinstance(content, str):
            content = [text(content)]
        for block in content:
            known: Callable[[Any], bool] | None = BLOCKS.get(block["type"])
            if known is None or not known(block):
                return f"messages.{number}: this block is not allowed: {json.dumps(block)[:99]}"
        answered = {block["tool_use_id"] for block in content if block["type"] == "tool_result"}
        if answered != opened:
            return f"messages.{number}: tool_use ids without tool_result blocks, or the reverse"
        opened = {block["id"] for block in content if block["type"] == "tool_use"}
    return None


BLOCKS: dict[str, Callable[[Any], bool]] = {
    "text": lambda block: block.keys() == {"type", "text"} and block["text"].strip() != "",
    "image": lambda block: block["source"]["type"] == "base64" and block["source"]["media_type"] in IMAGE_TYPES,
    "document": lambda block: block["source"]["media_type"] == "application/pdf",
    "tool_use": lambda block: block.keys() == {"type", "id", "name", "input"} and isinstance(block["input"], dict),
    "tool_result": lambda block: (
        block.keys() <= {"type", "tool_use_id", "content", "is_error"}
        and all(BLOCKS[inner["type"]](inner) for inner in block["content"] if inner["type"] in BLOCKS)
        and {inner["type"] for inner in block["content"]} <= {"text", "image", "document"}
    ),
}
