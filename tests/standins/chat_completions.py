"""A stand-in for a model server that speaks the Chat Completions API, as Ollama, LM Studio, llama.cpp and vLLM do.

with ChatCompletions([says("fine")]) as server:
    model = OpenAICompatible(server.base_url)
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.standins.serving import Behaviour, Received, Reply, StandIn, event, in_threes

FIELDS = {"model", "messages", "max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "tools", "tool_choice"}
FIELDS |= {"metadata", "stream", "stream_options", "max_completion_tokens"}


def completion(received: Received, message: dict[str, Any], finish_reason: str = "stop", **more: Any) -> Reply:
    """A successful reply."""
    return Reply(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": received.body["model"],
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", **message},
                    "finish_reason": finish_reason,
                    "logprobs": None,
                }
            ],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
            **more,
        }
    )


def says(words: str, finish_reason: str = "stop", **more: Any) -> Behaviour:
    return lambda received: completion(received, {"content": words}, finish_reason, **more)


def echoes(received: Received) -> Reply:
    """The text of the last message."""
    content = received.body["messages"][-1]["content"]
    text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    return completion(received, {"content": text})


def uses_tool(
    name: str, arguments: str, *, call_id: str = "call_1", finish_reason: str = "tool_calls"
) -> Callable[[Received], Reply]:
    call = {"type": "function", "function": {"name": name, "arguments": arguments}, "id": call_id}
    return lambda received: completion(received, {"content": None, "tool_calls": [call]}, finish_reason)


def uses_first_tool(received: Received) -> Reply:
    return uses_tool(received.body["tools"][0]["function"]["name"], '{"line": 3}')(received)


def fails(status: int, words: str, **headers: str) -> Reply:
    """An error as these servers tell it. `retry_after_ms="1"` becomes the header `retry-after-ms: 1`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": words, "type": "error"}}, status, named)


def echoes_the_key(received: Received) -> Reply:
    return fails(401, f"Incorrect API key provided: {received.key}", x_echo=f"Bearer {received.key}")


BEHAVIOURS: dict[str, Behaviour] = {
    "fine": echoes,
    "slow": Reply(ending="never"),
    "refuses": lambda received: completion(received, {"content": None, "refusal": "I cannot help with that."}),
    "is filtered": lambda received: completion(received, {"content": ""}, "content_filter"),
    "no text": lambda received: completion(received, {"content": "", "reasoning": "Let me see."}, "length"),
    "says nothing": lambda received: completion(received, {"content": None}),
    "cut off": says("The disk is fu", "length"),
    "tool use": uses_first_tool,
    "400": fails(400, "all is wrong"),
    "401": fails(401, "invalid key"),
    "403": fails(403, "not for you"),
    "404": fails(404, 'model "none" not found, try pulling it first'),
    "413": fails(413, "too many bytes"),
    "429": fails(429, "too many requests", retry_after_ms="1"),
    "429 for an hour": fails(429, "come back later", retry_after="3600"),
    "500": fails(500, "model runner has unexpectedly stopped", retry_after_ms="1"),
    "529": fails(529, "overloaded", retry_after_ms="1"),
    "malformed": Reply(b'{"choices": [{"mess'),
    "a web page": Reply(b"<html><body>Welcome to the hotel network</body></html>"),
    "another shape": Reply({"choices": []}),
    "hangs up": Reply({"choices": ["x" * 1000]}, ending="cut"),
    "huge": Reply(b" " * 65536, ending="endless"),
    "echoes the key": echoes_the_key,
}


class ChatCompletions(StandIn):
    """A local model server.

    Args:
        behaviours: What to do with each completion in turn: names of `BEHAVIOURS`, or functions. The last one stays.
        models: What it lists.
        key: The key that it wants; none when left out.
        refuses: Names of fields that it answers with 400.
    """

    def __init__(
        self,
        behaviours: Iterable[str | Behaviour] = ("fine",),
        *,
        models: Iterable[str] = ("nomic-embed-text", "smollm2", "qwen3"),
        key: str | None = None,
        refuses: Iterable[str] = (),
    ) -> None:
        super().__init__(BEHAVIOURS[each] if isinstance(each, str) else each for each in behaviours)
        self.models = list(models)
        self.key = key
        self.refuses = set(refuses)
        self.listings = 0
        """How often its models were asked for."""

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def answer(self, received: Received) -> Reply:
        if (received.method, received.path) == ("GET", "/v1/models"):
            self.listings += 1
            listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
            return fails(401, "invalid key") if self._is_locked(received) else Reply(listed)
        return super().answer(received)

    def refuse(self, received: Received) -> Reply | None:
        if self._is_locked(received):
            return fails(401, "invalid key")
        fault = fault_of(received)
        if fault:
            return fails(400, fault)
        for name in sorted(self.refuses & received.body.keys()):
            return fails(400, f"Unsupported parameter: '{name}' is not supported with this model.")
        return None

    def pieces(self, whole: dict[str, Any]) -> Iterator[bytes]:
        chunk = {**whole, "object": "chat.completion.chunk"}
        usage = chunk.pop("usage", None)
        for choice in whole.get("choices") or ():
            for delta in ({"role": "assistant", "content": ""}, *deltas(choice["message"])):
                yield event({**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            yield event({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
        if not whole.get("choices"):
            yield event(chunk)
        yield event({**chunk, "choices": [], "usage": usage})
        yield event("[DONE]")

    def _is_locked(self, received: Received) -> bool:
        return self.key not in (None, received.key)


def deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a message grows by, three letters at a time; a tool call by its head and then its arguments."""
    content = message.get("content") or ""
    yield from ({"content": words} for words in (in_threes(content) if isinstance(content, str) else [content]))
    yield from ({"refusal": words} for words in in_threes(message.get("refusal") or ""))
    for index, call in enumerate(message.get("tool_calls", ())):
        function, arguments = call["function"], call["function"]["arguments"]
        if not isinstance(arguments, str):
            yield {"tool_calls": [{**call, "index": index}]}
            continue
        yield {"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]}
        for words in in_threes(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": words}}]}


def fault_of(received: Received) -> str | None:
    """What such a server would refuse a request for; `None` when it would take it."""
    body: Any = received.body
    if (received.method, received.path) != ("POST", "/v1/chat/completions"):
        return f"no such address: {received.method} {received.path}"
    if not isinstance(body, dict) or not body.get("messages") or not body.get("model"):
        return "a model and messages are required"
    if unknown := body.keys() - FIELDS:
        return f"{min(unknown)} is no field"
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    if not isinstance(limit, int) or not 1 <= limit <= 128_000:
        return "max_tokens must be from 1 to 128000"
    if not 0 <= body.get("temperature", 0) <= 2:
        return "temperature must be from 0 to 2"
    if "tool_choice" in body and body["tool_choice"] not in ("auto", "required", "none"):
        return "tool_choice is unknown"
    opened: set[str] = set()
    for number, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in opened or not isinstance(message["content"], str):
                return f"messages[{number}]: a result of no call, or no text"
            opened.remove(message["tool_call_id"])
            continue
        if opened:
            return f"messages[{number}]: tool calls without results"
        if message["role"] not in ("system", "user", "assistant") or not is_content(
            message["content"], message["role"]
        ):
            return f"messages[{number}]: its content is not allowed"
        for call in message.get("tool_calls", ()):
            if not isinstance(json.loads(call["function"]["arguments"]), dict):
                return f"messages[{number}]: arguments are no object"
            opened.add(call["id"])
    return None


def is_content(content: Any, role: str) -> bool:
    if content is None or isinstance(content, str):
        return role == "assistant" or content is not None
    kinds = {part["type"] for part in content}
    return bool(content) and kinds <= ({"text", "image_url", "input_audio"} if role == "user" else {"text"})
