"""Sampling requests and answers as the Chat Completions API has them. Knows nothing of HTTP.

Specification 2025-11-25, client/sampling, on the one side; `POST /v1/chat/completions`, which Ollama, LM Studio,
llama.cpp and vLLM speak, on the other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    ContentBlock,
    CreateMessageRequestParams,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    SamplingMessage,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)
from pydantic import AliasChoices, BaseModel, BeforeValidator, Field

from labkit.dial_table import OWN
from labkit.models.convert import (
    IF_KNOWN,
    Refused,
    check,
    check_json,
    is_number,
    resource_block,
    spoken,
    structured_text,
    unsent,
    use_of,
)
from labkit.models.sampler import find_stop

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionAssistantMessageParam,
        ChatCompletionContentPartParam,
        ChatCompletionFunctionToolParam,
        ChatCompletionMessageFunctionToolCallParam,
        ChatCompletionMessageParam,
    )
    from openai.types.chat.chat_completion_content_part_input_audio_param import InputAudio

STOP_REASONS = {"stop": "endTurn", "length": "maxTokens", "tool_calls": "toolUse"}
"""MCP's stop reasons by finish reason; a finish reason that is not among them passes through as it is."""

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
"""What asks for a reply in pieces, which tell of tokens only where that is asked for too."""

DROPPABLE = ("temperature", *OWN, "metadata", *STREAMED, "stop")
"""The fields of a request that are left out, should a server not take them."""


def request(
    params: CreateMessageRequestParams, *, dials: Mapping[str, float | None]
) -> tuple[dict[str, Any], list[str]]:
    """The arguments of `client.chat.completions.create`, without the model, and the names of what they leave out.

    Args:
        params: What the server asks.
        dials: The client's own, which MCP has no field for, by the names of the table of dials.

    Raises:
        Refused: The request is faulty, or holds what the API cannot carry and the model would miss.
    """
    check(params)
    check_json(params)
    left_out = unsent(params)
    messages: list[ChatCompletionMessageParam] = []
    if params.system_prompt:
        messages.append({"role": "system", "content": params.system_prompt})
    for number, message in enumerate(params.messages, 1):
        for each in _messages(number, message):
            if messages and (both := _joined(messages[-1], each)):
                messages[-1] = both
            else:
                messages.append(each)
    body: dict[str, Any] = {"messages": messages, "max_tokens": params.max_tokens}
    if params.stop_sequences:
        body["stop"] = params.stop_sequences
    if params.tools:
        body["tools"] = [_tool(tool.name, tool.description, tool.input_schema) for tool in params.tools]
        if params.tool_choice and params.tool_choice.mode:
            body["tool_choice"] = params.tool_choice.mode
    for name, value in (params.metadata or {}).items():
        if isinstance(value, str):
            body.setdefault("metadata", {})[name] = value
        else:
            left_out.append(f"metadata.{name}")
    for name, value in {"temperature": params.temperature, **dials}.items():
        if value is None:
            continue
        if not is_number(value):
            left_out.append(name)
            continue
        # OpenAI has no top_k and no min_p, so the package has no argument for them: in the body all dials are alike.
        body.setdefault("extra_body", {})[name] = value
    return body, left_out


def _tool(name: str, description: str | None, schema: dict[str, Any]) -> "ChatCompletionFunctionToolParam":
    if description is None:
        return {"type": "function", "function": {"name": name, "parameters": schema}}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def _messages(number: int, message: SamplingMessage) -> "Iterator[ChatCompletionMessageParam]":
    """One message, or one for each of its tool results."""
    blocks = message.content_as_list
    results = [block for block in blocks if isinstance(block, ToolResultContent)]
    if results:
        for result in results:
            yield {"role": "tool", "tool_call_id": result.tool_use_id, "content": _result(number, result)}
        return
    if message.role == "assistant":
        yield _assistant(number, message)
        return
    parts = [_part(number, block) for block in blocks if not isinstance(block, ToolUseContent | ToolResultContent)]
    # A lone text goes out as a string: every server knows that form.
    alone = parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else None
    yield {"role": "user", "content": parts if alone is None else alone}


def _joined(first: "ChatCompletionMessageParam", then: "ChatCompletionMessageParam") -> Any:
    """Two messages of one role as one, since many chat templates want roles to take turns; else `None`."""
    one, two = cast("dict[str, Any]", first), cast("dict[str, Any]", then)
    if one["role"] != two["role"] or one["role"] not in ("user", "assistant") or {"tool_calls"} & {*one, *two}:
        return None
    said: tuple[Any, Any] = one["content"], two["content"]
    if all(isinstance(each, str) for each in said):
        return {**one, "content": "\n\n".join(said)}
    parts = [[{"type": "text", "text": each}] if isinstance(each, str) else each for each in said]
    return {**one, "content": [*parts[0], *parts[1]]}


def _assistant(number: int, message: SamplingMessage) -> "ChatCompletionMessageParam":
    texts: list[str] = []
    calls: list[ChatCompletionMessageFunctionToolCallParam] = []
    for block in message.content_as_list:
        if isinstance(block, TextContent):
            texts.append(block.text)
        elif isinstance(block, ToolUseContent):
            arguments = json.dumps(block.input, ensure_ascii=False)
            calls.append({"type": "function", "id": block.id, "function": {"name": block.name, "arguments": arguments}})
        else:
            raise Refused(f"Message {number} is the assistant's and holds {block.type}, where only text can stand.")
    said: ChatCompletionAssistantMessageParam = {"role": "assistant", "content": None}
    if texts:
        said["content"] = texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]
    if calls:
        said["tool_calls"] = calls
    return said


def _part(number: int, block: TextContent | ImageContent | AudioContent) -> "ChatCompletionContentPartParam":
    if isinstance(block, TextContent):
        return {"type": "text", "text": block.text}
    if isinstance(block, ImageContent):
        return {"type": "image_url", "image_url": {"url": f"data:{block.mime_type};base64,{block.data}"}}
    return {"type": "input_audio", "input_audio": _audio(number, block)}


def _audio(number: int, block: AudioContent) -> "InputAudio":
    if block.mime_type in ("audio/wav", "audio/x-wav"):
        return {"data": block.data, "format": "wav"}
    if block.mime_type in ("audio/mpeg", "audio/mp3"):
        return {"data": block.data, "format": "mp3"}
    raise Refused(f"Message {number} holds audio of a type that cannot be sent. Send WAV or MP3.")


def _result(number: int, result: ToolResultContent) -> str:
    """A tool's result as the one text that the API has room for."""
    texts = [_inside(number, block) for block in result.content]
    structured = structured_text(result)
    if structured is not None:
        texts.append(structured)
    if result.is_error:
        texts.insert(0, "The tool failed.")  # the API has no other place for it
    return "\n".join(texts)


def _inside(number: int, block: ContentBlock) -> str:
    content = resource_block(block) if isinstance(block, EmbeddedResource | ResourceLink) else block
    if isinstance(content, TextContent):
        return content.text
    kind = "a file" if isinstance(content, BlobResourceContents) else content.type
    raise Refused(f"Message {number} holds {kind} in a tool's result, where only text can stand.")


def _text(content: Any) -> Any:
    """The text of a content in parts; parts of other kinds (what the model thought) are no part of the answer."""
    if not isinstance(content, list):
        return content
    parts = cast("list[dict[str, Any] | str]", content)
    texts = [part if isinstance(part, str) else part.get("text") for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


class _Function(BaseModel):
    name: object = None
    arguments: object = None


class _Call(BaseModel):
    index: object = None
    id: object = None
    function: _Function = _Function()


class _Message(BaseModel):
    content: Annotated[str | None, BeforeValidator(_text)] = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens of a request, as far as the server tells."""

    prompt_tokens: Annotated[int | None, IF_KNOWN] = None
    completion_tokens: Annotated[int | None, IF_KNOWN] = None


class Reply(BaseModel):
    """The part of a reply that is used. It comes from the network, so its shape is checked before it is read."""

    model: str | None = None
    choices: Annotated[list[_Choice], BeforeValidator(lambda told: told or [])] = []
    usage: Annotated[Usage | None, IF_KNOWN] = None
    error: Any = None
    """What went wrong, where a server tells that with the status 200."""

    @property
    def stopped(self) -> str | None:
        """The finish reason, as a stop reason of MCP where there is one. Some servers call a tool and say `stop`."""
        choice = self.choices[0]
        if choice.message.refusal:
            return "refusal"
        if choice.message.tool_calls and choice.finish_reason == "stop":
            return "toolUse"
        return STOP_REASONS.get(choice.finish_reason or "", choice.finish_reason)

    def blocks(self) -> list[TextContent | ToolUseContent]:
        """The blocks of the answer."""
        message = self.choices[0].message
        content = spoken(message.content or "", is_cut=self.stopped == "maxTokens")
        texts = [TextContent(text=text) for text in (content, message.refusal) if text]
        calls = message.tool_calls or ()
        return [*texts, *(use_of(call.id, call.function.name, call.function.arguments) for call in calls)]


class _Piece(BaseModel):
    delta: Annotated[_Message | None, Field(validation_alias=AliasChoices("delta", "message"))] = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    model: str | None = None
    choices: Annotated[list[_Piece], BeforeValidator(lambda told: told or [])] = []
    usage: Annotated[Usage | None, IF_KNOWN] = None
    error: Any = None


class Pieces:
    """A reply while its chunks come, until `[DONE]`. The draft ends at one of `stops`, if these are ours to find."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = stops
        self._reply, self._over = Reply(), False
        self._reason: str | None = None
        self._said: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[tuple[_Call, list[str]]] = []
        self._open: dict[str, tuple[_Call, list[str]]] = {}

    def hear(self, data: str) -> bool:
        """Take a chunk. Returns whether nothing more is awaited."""
        if data.strip() == "[DONE]":
            self._over = True
            return True
        chunk, reply = _Chunk.model_validate_json(data), self._reply
        reply.model, reply.usage, reply.error = chunk.model or reply.model, chunk.usage or reply.usage, chunk.error
        for piece in chunk.choices[:1]:
            self._reason = piece.finish_reason or self._reason
            if piece.delta:
                self._said.append(piece.delta.content or "")
                self._refusal.append(piece.delta.refusal or "")
                for call in piece.delta.tool_calls or ():
                    self._use(call)
        self._over = bool(self._reason or reply.error)
        return bool(reply.error)

    def _use(self, call: _Call) -> None:
        """Take a piece of a tool call: it goes on with the one at its index, unless its id is that of another."""
        place, arguments = str(call.index), call.function.arguments
        known = self._open.get(place)
        if not known or (call.id and call.id != known[0].id):
            known = self._open[place] = (call, [])
            self._calls.append(known)
        if isinstance(arguments, str):
            known[1].append(arguments)

    @property
    def draft(self) -> str:
        """The text so far, without what the model thought."""
        text = spoken("".join(self._said), is_cut=True)
        return text[: find_stop(text, self._stops)]

    def whole(self) -> Reply | None:
        """The reply; `None` where neither `[DONE]` nor a finish reason nor an error came."""
        for call, arguments in self._calls:
            call.function.arguments = "".join(arguments) or call.function.arguments
        said = _Message(content="".join(self._said), refusal="".join(self._refusal))
        said.tool_calls = [call for call, _ in self._calls]
        if self._said or self._reason:
            self._reply.choices = [_Choice(message=said, finish_reason=self._reason)]
        return self._reply if self._over else None


class _Listed(BaseModel):
    id: str


class Models(BaseModel):
    """The models that a server lists (`GET /v1/models`)."""

    data: list[_Listed] | None

    @property
    def first(self) -> str | None:
        """The first listed model that can answer: models for embeddings are listed beside the others and cannot."""
        return next((model.id for model in self.data or () if "embed" not in model.id), None)
