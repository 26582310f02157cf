"""Sampling requests and answers as Claude's Messages API has them. Knows nothing of HTTP.

Specification 2025-11-25, client/sampling, on the one side; the Messages API (`POST /v1/messages`) on the other.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, cast

from mcp_types import (
    INTERNAL_ERROR,
    AudioContent,
    BlobResourceContents,
    ContentBlock,
    CreateMessageRequestParams,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    Tool,
    ToolResultContent,
    ToolUseContent,
)
from pydantic import BaseModel, ValidationError

from labkit.models.catalog import Accepts
from labkit.models.convert import (
    IF_KNOWN,
    Refused,
    check,
    check_json,
    is_number,
    resource_block,
    structured_text,
    unsent,
    use_of,
)
from labkit.uses import Unreadable

if TYPE_CHECKING:
    from anthropic.types import (
        Base64ImageSourceParam,
        ContentBlockParam,
        DocumentBlockParam,
        ImageBlockParam,
        MessageParam,
        TextBlockParam,
        ToolChoiceParam,
        ToolParam,
        ToolResultBlockParam,
    )

IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
STOP_REASONS = {
    "end_turn": "endTurn",
    "max_tokens": "maxTokens",
    "stop_sequence": "stopSequence",
    "tool_use": "toolUse",
}
"""MCP's stop reasons by those of the Messages API; one that is not among them passes through as it is."""
TOOL_CHOICES: "Mapping[str, ToolChoiceParam]" = {
    "auto": {"type": "auto"},
    "required": {"type": "any"},
    "none": {"type": "none"},
}


def request(
    params: CreateMessageRequestParams,
    *,
    model: str,
    accepts: Accepts,
    dials: Mapping[str, float | None],
) -> tuple[dict[str, Any], list[str]]:
    """The arguments of `client.messages.create` for a sampling request, and the names of what they leave out.

    Args:
        params: What the server asks.
        model: The name of the model.
        accepts: What the model takes.
        dials: The client's own dials, which MCP has no field for, by the names of the table of dials.

    Raises:
        Refused: The request is faulty, or holds what the model cannot take and would miss.
    """
    check(params)
    check_json(params)
    if params.messages[-1].role == "assistant":
        raise Refused(
            f"The last message is from the assistant, and {model} does not go on with words put into its mouth "
            "(prefill). End with a message from the user."
        )
    left_out = unsent(params)
    messages = [_message(number, message, accepts) for number, message in enumerate(params.messages, 1)]
    if not messages[-1]["content"]:
        raise Refused("The last message holds nothing but blanks, which Claude does not read. Write what to answer.")
    # The API refuses texts without a letter; what is around them says the same without.
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": params.max_tokens,
        "messages": [message for message in messages if message["content"]],
    }
    if params.system_prompt and params.system_prompt.strip():
        body["system"] = params.system_prompt
    stops = [each for each in params.stop_sequences or () if each.strip()]
    if stops:
        body["stop_sequences"] = stops
    if len(stops) < len(params.stop_sequences or ()):
        left_out.append("blank stop sequences")
    for name, value in (params.metadata or {}).items():
        if name == "user_id" and isinstance(value, str):
            body["metadata"] = {"user_id": value}
        else:
            left_out.append(f"metadata.{name}")
    if params.tools:
        if not accepts.tools:
            raise Refused(f"{model} cannot use tools. Ask without them.")
        body["tools"] = [_tool(tool) for tool in params.tools]
        if params.tool_choice and params.tool_choice.mode:
            body["tool_choice"] = TOOL_CHOICES[params.tool_choice.mode]
    extra: dict[str, float] = {}
    for name, value in {"temperature": params.temperature, **dials}.items():
        if value is not None and name in accepts.dials and is_number(value):
            extra[name] = value
        elif value is not None:
            left_out.append(name)
    if extra:
        # The package has no such arguments any more, and only the first version of the API takes them.
        body |= {"extra_body": extra, "extra_headers": {"anthropic-version": "2023-06-01"}}
    return body, left_out


def _tool(tool: Tool) -> "ToolParam":
    if tool.description is None:
        return {"name": tool.name, "input_schema": tool.input_schema}
    return {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}


def _message(number: int, message: SamplingMessage, accepts: Accepts) -> "MessageParam":
    content = [_block(number, block, accepts) for block in message.content_as_list if not _is_blank(block)]
    return {"role": "user", "content": content} if message.role == "user" else {"role": "assistant", "content": content}


def _is_blank(block: SamplingMessageContentBlock | ContentBlock) -> bool:
    return isinstance(block, TextContent) and not block.text.strip()


def _block(number: int, block: SamplingMessageContentBlock, accepts: Accepts) -> "ContentBlockParam":
    if isinstance(block, ToolUseContent):
        return {"type": "tool_use", "id": block.id, "name": block.name, "input": cast("dict[str, object]", block.input)}
    if isinstance(block, ToolResultContent):
        return _tool_result(number, block, accepts)
    return _plain(number, block, accepts)


def _plain(
    number: int, block: TextContent | ImageContent | AudioContent, accepts: Accepts
) -> "TextBlockParam | ImageBlockParam":
    if isinstance(block, TextContent):
        return {"type": "text", "text": block.text}
    if isinstance(block, AudioContent):
        raise Refused(f"Message {number} holds audio, which Claude cannot hear. Send what is said in it as text.")
    if not accepts.images:
        raise Refused(f"Message {number} holds an image, which this model cannot see. Describe it in words.")
    if block.mime_type not in IMAGE_TYPES:
        raise Refused(
            f"Message {number} holds an image of a type that Claude does not read. Send PNG, JPEG, GIF or WebP."
        )
    source: Base64ImageSourceParam = {"type": "base64", "media_type": block.mime_type, "data": block.data}
    return {"type": "image", "source": source}


def _tool_result(number: int, block: ToolResultContent, accepts: Accepts) -> "ToolResultBlockParam":
    content = [_inside(number, inner, accepts) for inner in block.content if not _is_blank(inner)]
    structured = structured_text(block)
    if structured is not None:
        content.append({"type": "text", "text": structured})
    result: ToolResultBlockParam = {"type": "tool_result", "tool_use_id": block.tool_use_id, "content": content}
    if block.is_error is not None:
        result["is_error"] = block.is_error
    return result


def _inside(
    number: int, block: ContentBlock, accepts: Accepts
) -> "TextBlockParam | ImageBlockParam | DocumentBlockParam":
    """A block of a tool's result, which may also be a resource."""
    if not isinstance(block, EmbeddedResource | ResourceLink):
        return _plain(number, block, accepts)
    content = resource_block(block)
    if not isinstance(content, BlobResourceContents):
        return _plain(number, content, accepts)
    if content.mime_type == "application/pdf":
        return {
            "type": "document",
            "title": content.uri,
            "source": {"type": "base64", "media_type": "application/pdf", "data": content.blob},
        }
    raise Refused(f"Message {number} holds a file of a type that Claude does not read. Send text, an image or a PDF.")


class Usage(BaseModel):
    """Tokens of a request. The prompt's are in three parts: read from the cache, written to it, and the rest."""

    input_tokens: Annotated[int | None, IF_KNOWN] = None
    output_tokens: Annotated[int | None, IF_KNOWN] = None
    cache_creation_input_tokens: Annotated[int | None, IF_KNOWN] = None
    cache_read_input_tokens: Annotated[int | None, IF_KNOWN] = None

    @property
    def prompt_tokens(self) -> int | None:
        """`None` where a part is not told that always is."""
        if self.input_tokens is None:
            return None
        return self.input_tokens + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)


class _Details(BaseModel):
    explanation: str | None = None


class _Block(BaseModel):
    """A block of any type. Blocks that MCP has no type for (thinking, the provider's own tools) are not passed on."""

    type: str
    text: str = ""
    id: object = None
    name: object = None
    input: object = None


class Reply(BaseModel):
    """The part of a reply that is used. It comes from the network, so its shape is checked before it is read."""

    model: str | None = None
    content: list[_Block] = []
    stop_reason: str | None = None
    stop_details: Annotated[_Details | None, IF_KNOWN] = None
    usage: Annotated[Usage | None, IF_KNOWN] = None
    type: str = ""
    error: Any = None
    """What went wrong, where a gateway tells that with the status 200."""

    @property
    def stopped(self) -> str | None:
        """The stop reason, in MCP's words where there is one."""
        return STOP_REASONS.get(self.stop_reason or "", self.stop_reason)

    def blocks(self) -> list[TextContent | ToolUseContent]:
        """The blocks of the answer, in their order. A refusal without text is given the words of the explanation."""
        said = [
            TextContent(text=block.text) if block.type == "text" else use_of(block.id, block.name, block.input)
            for block in self.content
            if block.type in ("text", "tool_use")
        ]
        if self.stopped == "maxTokens" and said and isinstance(cut := said[-1], ToolUseContent):
            said[-1] = Unreadable(id=cut.id, name=cut.name, input={})  # what there is of its input is read, and short
        if not said and self.stop_reason == "refusal" and self.stop_details and self.stop_details.explanation:
            return [TextContent(text=self.stop_details.explanation)]
        return said


class _Delta(BaseModel):
    text: str = ""
    partial_json: str = ""
    stop_reason: str | None = None
    stop_details: Annotated[_Details | None, IF_KNOWN] = None


class _Event(BaseModel):
    type: str
    message: Annotated[Reply | None, IF_KNOWN] = None
    index: int = 0
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: Annotated[Usage | None, IF_KNOWN] = None
    error: Any = None


class Pieces:
    """A reply while its events come, until `message_stop`."""

    def __init__(self) -> None:
        self._reply = Reply()
        self._blocks: dict[int, tuple[_Block, list[str]]] = {}

    def hear(self, data: str) -> bool:
        """Take an event. Returns whether nothing more is awaited."""
        event, reply = _Event.model_validate_json(data), self._reply
        if event.message:
            self._reply = event.message
        elif event.content_block:
            self._blocks[event.index] = event.content_block, []
        elif event.type == "message_delta" and event.delta:
            reply.stop_reason, reply.stop_details = event.delta.stop_reason, event.delta.stop_details
            told = event.usage.model_dump(exclude_none=True) if event.usage else {}
            reply.usage = (reply.usage or Usage()).model_copy(update=told)
        elif event.delta and event.index in self._blocks:
            self._blocks[event.index][1].append(event.delta.text or event.delta.partial_json)
        reply.error = event.error
        return event.type == "message_stop" or bool(event.error)

    @property
    def draft(self) -> str:
        """The text so far."""
        return "".join("".join((block.text, *said)) for block, said in self._blocks.values() if block.type == "text")

    def whole(self) -> Reply | None:
        """The reply; `None` where it has neither a stop reason nor an error."""
        if not (self._reply.stop_reason or self._reply.error):
            return None
        for block, said in self._blocks.values():
            if block.type == "text":
                block.text = "".join((block.text, *said))
            else:
                block.input = "".join(said) or block.input
        self._reply.content = [block for block, _ in self._blocks.values()]
        return self._reply


def read(body: bytes) -> Reply:
    """A reply of the Messages API.

    Raises:
        Refused: `body` is no reply of the Messages API.
    """
    try:
        reply = Reply.model_validate_json(body)
        if reply.error or reply.type == "message" or reply.content:
            return reply
    except ValidationError:
        pass
    raise Refused("What came back is no reply of the Messages API. Check base_url.", INTERNAL_ERROR)
