"""The two APIs that providers speak, as far as the stand-in needs them: what a request says, how a reply is written.

Claude's Messages API (`POST /v1/messages`), and the Chat Completions API (`POST /v1/chat/completions`) of OpenAI,
Ollama, LM Studio, llama.cpp and vLLM. Knows nothing of HTTP.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

Api = Literal["messages", "chat"]
Stop = Literal["end", "limit", "sequence", "tool", "refusal"]
"""Why a model stops, whatever its API calls it."""

STOPS: dict[Api, dict[Stop, str]] = {
    "messages": {
        "end": "end_turn",
        "limit": "max_tokens",
        "sequence": "stop_sequence",
        "tool": "tool_use",
        "refusal": "refusal",
    },
    "chat": {
        "end": "stop",
        "limit": "length",
        "sequence": "stop",
        "tool": "tool_calls",
        "refusal": "content_filter",
    },
}
BLOCKS: dict[Api, set[str]] = {
    "messages": {"text", "image", "document", "thinking", "redacted_thinking", "tool_use", "tool_result"},
    "chat": {"text", "image_url", "input_audio", "file", "refusal"},
}
"""The types of block that a message may hold."""

MOST_TOKENS = 128_000
MODEL = "stand-in"


@dataclass(frozen=True)
class Says:
    """A model's reply: words, the use of a tool (its name and arguments), or neither."""

    text: str = ""
    stop: Stop = "end"
    tool: tuple[str, dict[str, Any]] | None = None
    thought: str = ""
    """What the model thinks before it speaks, which is no part of its answer."""
    more: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Further tools that are used in the same reply."""
    model: str = ""
    """The model's name, where it is not the one that was asked for."""

    @property
    def tools(self) -> list[tuple[str, dict[str, Any]]]:
        return [*([self.tool] if self.tool else []), *self.more]


@dataclass(frozen=True)
class Fails:
    """An error of the provider. `retry-after-ms` asks to be tried again at once."""

    status: int
    words: str
    headers: Mapping[str, str] = field(default_factory=lambda: {"retry-after-ms": "1"})


@dataclass(frozen=True)
class Asked:
    """A request as the provider got it."""

    api: Api
    body: dict[str, Any]
    key: str
    path: str = ""

    @property
    def text(self) -> str:
        """The request as JSON, to look for words in."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages as they came; in Chat Completions the system prompt is one of them."""
        messages = self.body.get("messages")
        if not isinstance(messages, list):
            return []
        return [cast("dict[str, Any]", each) for each in cast("list[object]", messages) if isinstance(each, dict)]

    @property
    def turns(self) -> list[tuple[str, str]]:
        """Role and text of the messages, without the system prompt."""
        return [
            (str(each.get("role")), "".join(_texts(each.get("content"))))
            for each in self.messages
            if each.get("role") not in ("system", "developer")
        ]

    @property
    def images(self) -> list[str]:
        """The images: base64, or the address that holds or names one."""
        contents = [each.get("content") for each in self.messages]
        blocks = [block for content in contents if isinstance(content, list) for block in cast("list[Any]", content)]
        return [*_images(blocks)]

    @property
    def limit(self) -> object:
        """The largest number of tokens to answer with; `None` where the request has none."""
        return self.body.get("max_completion_tokens", self.body.get("max_tokens"))

    @property
    def tools(self) -> list[str]:
        """The names of the tools that the model may use."""
        tools: list[dict[str, Any]] = self.body.get("tools") or []
        return [str(tool.get("function", tool).get("name")) for tool in tools]

    @property
    def may_use_tool(self) -> bool:
        choice: Any = self.body.get("tool_choice")
        return bool(self.tools) and choice != "none" and not (isinstance(choice, dict) and "none" in choice.values())

    @property
    def one_tool_at_a_time(self) -> bool:
        choice: Any = self.body.get("tool_choice")
        disabled: Any = isinstance(choice, dict) and cast("dict[str, Any]", choice).get("disable_parallel_tool_use")
        return bool(disabled) or self.body.get("parallel_tool_calls") is False

    @property
    def must_use_tool(self) -> bool:
        choice: Any = self.body.get("tool_choice")
        return bool(self.tools) and (choice == "required" or (isinstance(choice, dict) and "any" in choice.values()))


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for block in content if isinstance(content, list) else ():
        yield from _texts(block.get("text") or block.get("content"))


def _images(blocks: list[Any]) -> Iterator[str]:
    for block in blocks:
        held: Any = isinstance(block, dict) and cast("dict[str, Any]", block)
        source: Any = held and (held.get("source") or held.get("image_url"))
        if held and held.get("type") in ("image", "image_url") and isinstance(source, dict):
            places = cast("dict[str, Any]", source)
            yield str(places.get("data") or places.get("url") or "")


def as_a_model(asked: Asked) -> Says | Fails:
    """What a model would do: refuse what these APIs refuse, use a tool when it must, else repeat the last message."""
    try:
        fault, must_use_tool = _fault(asked), asked.must_use_tool
    except (AttributeError, KeyError, TypeError):
        fault, must_use_tool = "messages: the request has another shape than this API", False
    if fault:
        return Fails(400, fault)
    if must_use_tool:
        return Says(stop="tool", tool=(asked.tools[0], {"city": "Lima"}))
    words = ("You said: " + asked.turns[-1][1]).split(" ")
    limit = asked.limit if isinstance(asked.limit, int) else MOST_TOKENS
    return Says(" ".join(words[:limit]), "limit" if len(words) > limit else "end")


def _fault(asked: Asked) -> str:
    body, messages = asked.body, asked.messages
    if not asked.turns:
        return "messages: at least one message is required"
    if asked.limit is None and asked.api == "messages":
        return "max_tokens: Field required"
    if asked.limit is not None and not (isinstance(asked.limit, int) and 1 <= asked.limit <= MOST_TOKENS):
        return f"max_tokens: {asked.limit} is not between 1 and {MOST_TOKENS}"
    for content in (each.get("content") for each in messages):
        if not isinstance(content, str | list | None):
            return "messages: content is neither a text nor a list"
        blocks = cast("list[Any]", content) if isinstance(content, list) else []
        if strange := {block["type"] for block in blocks} - BLOCKS[asked.api]:
            return f"messages: there is no block of the type {min(strange)}"
    temperature = body.get("temperature")
    if asked.api == "chat":
        if temperature is not None and not 0 <= temperature <= 2:
            return "temperature: must be between 0 and 2"
    else:
        if temperature is not None:
            return "temperature: Extra inputs are not permitted"
        if not {each.get("role") for each in messages} <= {"user", "assistant"}:
            return "messages: role must be user or assistant"
        if messages[-1]["role"] == "assistant":
            return "This model does not support assistant message prefill."
    if not asked.tools and body.get("tool_choice") not in (None, "none"):
        return "tool_choice: may be given only with tools"
    return _unpaired(asked)


def _unpaired(asked: Asked) -> str:
    """The tool result without its use, or the use without its result, that these APIs refuse."""
    opened: set[object] = set()
    for message in asked.messages:
        blocks: Any = message.get("content")
        blocks = blocks if isinstance(blocks, list) else []
        results = {each.get("tool_use_id") for each in blocks if each.get("type") == "tool_result"}
        if message.get("role") == "tool":
            results.add(message.get("tool_call_id"))
        if results - opened:
            return "messages: a tool result has no tool use before it"
        opened -= results
        if opened and message.get("role") != "tool":
            return "messages: a tool use has no tool result after it"
        opened |= {each.get("id") for each in blocks if each.get("type") == "tool_use"}
        opened |= {each.get("id") for each in message.get("tool_calls") or ()}
    return ""


def reply(api: Api, says: Says, model: object, turn: int = 1) -> dict[str, Any]:
    """A reply as the API writes it. Ids of uses are those of the `turn`: real ones never come twice."""
    stop, model = STOPS[api][says.stop], says.model or model
    if api == "messages":
        content: list[dict[str, Any]] = []
        if says.thought:
            content.append({"type": "thinking", "thinking": says.thought, "signature": "c3RhbmQtaW4="})
        if says.text:
            content.append({"type": "text", "text": says.text})
        for number, (name, arguments) in enumerate(says.tools, 1):
            content.append({"type": "tool_use", "id": f"toolu_{turn}_{number}", "name": name, "input": arguments})
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 11, "output_tokens": 7},
        }
    message: dict[str, Any] = {"role": "assistant", "content": says.text or None}
    if says.tools:
        message["tool_calls"] = [
            {
                "id": f"call_{turn}_{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for number, (name, arguments) in enumerate(says.tools, 1)
        ]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": stop}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def error(api: Api, words: str) -> dict[str, Any]:
    """An error as the API writes it."""
    if api == "messages":
        return {"type": "error", "error": {"type": "api_error", "message": words}}
    return {"error": {"message": words, "type": "api_error", "param": None, "code": None}}


def events(api: Api, whole: dict[str, Any]) -> str:
    """`whole`, a reply, as the server-sent events of a request with `"stream": true`."""
    if api == "messages":
        pieces = list(_message_events(whole))
        return "".join(f"event: {piece['type']}\ndata: {json.dumps(piece)}\n\n" for piece in pieces)
    choice = whole["choices"][0]
    delta = dict(choice["message"])
    for place, call in enumerate(delta.get("tool_calls", ())):
        call["index"] = place
    chunk = {**whole, "object": "chat.completion.chunk"}
    del chunk["usage"]
    first = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    last = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    return "".join(f"data: {piece}\n\n" for piece in (json.dumps(first), json.dumps(last), "[DONE]"))


def _message_events(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    for index, block in enumerate(whole["content"]):
        empty, delta = _in_pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stopped = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": stopped, "usage": {"output_tokens": whole["usage"]["output_tokens"]}}
    yield {"type": "message_stop"}


def _in_pieces(block: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if block["type"] == "tool_use":
        return {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    kind = block["type"]
    return {**block, kind: ""}, {"type": f"{kind}_delta", kind: block[kind]}
