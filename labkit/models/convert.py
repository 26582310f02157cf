"""Parts of every provider's conversion: the checks on a request, what is not carried, and the shape of the answer.

A sampling request comes from a server, and the SDK's client checks nothing of it. What is wrong with it is said here in
a sentence before a model is paid for; what a provider has no place for is named, so that nothing is lost in silence.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    BlobResourceContents,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    EmbeddedResource,
    ErrorData,
    ImageContent,
    ResourceLink,
    SamplingMessage,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)
from pydantic import TypeAdapter, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from labkit.uses import Unmet, Unreadable, uses_in, with_own_ids

_ARGUMENTS = TypeAdapter(dict[str, Any])
CUT = "The answer was cut off in the middle of a tool's arguments. Ask with a larger maxTokens."
SAY_WHY = ("refusal", "content_filter", "stopSequence")
"""The stop reasons that explain an answer without text."""


OPENING = re.compile(r"\s*(?:<(think|thinking|thought|reasoning)>|(\[)THINK\])", re.IGNORECASE)
"""The mark with which a model begins to think aloud before it answers."""
CLOSING = re.compile("</think>", re.IGNORECASE)


def _known(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError:
        return None


IF_KNOWN = WrapValidator(_known)
"""Makes `None` of a part of a reply that has another shape than it should, where the answer is whole without it."""


class Refused(Exception):
    """A request that gets no answer; `error` is what the callback returns for it.

    `INVALID_PARAMS` (-32602) says that the request is at fault and will fail again as it is, `INTERNAL_ERROR` (-32603)
    that the provider or the way to it is. Code -1 is not used: it is a person's refusal. `data` is as `hint` makes it.
    """

    def __init__(self, said: str | ErrorData, code: int = INVALID_PARAMS, data: dict[str, float] | None = None) -> None:
        self.error = ErrorData(code=code, message=said, data=data) if isinstance(said, str) else said
        super().__init__(self.error.message)


def check(params: CreateMessageRequestParams) -> None:
    """See that a request can be answered at all.

    Raises:
        Refused: The request has no messages, an empty message, less than one token, a tool choice that nothing can
            meet, or tool uses and results that do not pair up (specification 2025-11-25, client/sampling, "Message
            Content Constraints").
    """
    if not params.messages:
        raise Refused("The request holds no messages, so there is nothing to answer.")
    if params.max_tokens < 1:
        raise Refused(f"maxTokens is {params.max_tokens}; an answer needs at least 1.")
    if params.tool_choice and params.tool_choice.mode == "required" and not params.tools:
        raise Refused("toolChoice is required, but the request declares no tools to choose from.")
    open_uses: set[str] = set()
    for number, message in enumerate(params.messages, 1):
        open_uses = _pairs(number, message, open_uses)
    if open_uses:
        raise Refused(f"The last message uses tools ({_list(open_uses)}) whose results are missing.")


def check_json(params: CreateMessageRequestParams) -> None:
    """See that what a server wrote freely can be sent on as JSON: MCP's own reader lets NaN and Infinity through.

    Raises:
        Refused: The request holds what cannot be written as JSON.
    """
    uses = [block for each in params.messages for block in each.content_as_list if isinstance(block, ToolUseContent)]
    found = [(f"The input schema of the tool {tool.name}", tool.input_schema) for tool in params.tools or ()]
    for what, value in [*found, *((f"A use of the tool {use.name}", use.input) for use in uses)]:
        try:
            json.dumps(value, allow_nan=False)
        except (ValueError, RecursionError):
            raise Refused(f"{what} holds what cannot be written as JSON, such as NaN.") from None


def spoken(text: str, *, is_cut: bool = False) -> str:
    """`text` without the thought that a model may begin with; text that merely mentions such marks stays as it is.

    Args:
        text: What the model wrote.
        is_cut: Whether more would have come: a thought that has no end yet is then all thought.
    """
    # Some chat templates put the opening mark into the prompt, and the answer begins in the thought.
    closing = CLOSING.search(text)
    if closing and "<think>" not in text[: closing.start()].lower() and _ends_a_thought(text, *closing.span()):
        return text[closing.end() :].lstrip()
    start = 0
    while opening := OPENING.match(text, start):
        closing = r"\[/THINK\]\s*" if opening[2] else rf"</{opening[1]}>\s*"
        end = re.compile(closing, re.IGNORECASE).search(text, opening.end())
        if end is None:
            return "" if is_cut else text
        start = end.end()
    return text[start:]


def _ends_a_thought(text: str, start: int, end: int) -> bool:
    """Whether a closing mark without an opening one ends a thought, and is not merely mentioned.

    A mark that is mentioned stands in code or in quotes, as a word with a space on both sides, or before a full stop.
    """
    line, after = text[:start].rpartition("\n")[2], text[end : end + 9].lstrip(" ")
    is_apart = text[end : end + 1].isspace()
    if text.count("```", 0, start) % 2 or any(line.count(quote) % 2 for quote in ("`", '"')):
        return False
    if (
        (after[:1] == "'" and "'" in line)
        or after[:1] in tuple("\u2019”».,;:!?)")
        or line[-1:] in tuple("\u2018“«([{<|=,")
    ):
        return False
    if not line.strip(" "):  # it begins a line: as a word of a sentence, or alone
        return not (is_apart and after[:1].islower())
    return line[-1] != " " or not is_apart or (line.rstrip()[-1] in ".!?" and after.startswith("\n"))


def is_number(value: float) -> bool:
    """Whether JSON has a word for `value`: there is none for NaN and the infinities."""
    return isinstance(value, int) or math.isfinite(value)


def _pairs(number: int, message: SamplingMessage, open_uses: set[str]) -> set[str]:
    """Check one message against the tool uses of the one before it; the tool uses that it opens."""
    blocks = message.content_as_list
    if not blocks:
        raise Refused(f"Message {number} is empty.")
    uses = [block.id for block in blocks if isinstance(block, ToolUseContent)]
    results = [block.tool_use_id for block in blocks if isinstance(block, ToolResultContent)]
    if uses and message.role != "assistant":
        raise Refused(f"Message {number} uses a tool, but is from the user; only the assistant uses tools.")
    if results and message.role != "user":
        raise Refused(f"Message {number} holds a tool's result, but is from the assistant; results come from the user.")
    if results and len(results) < len(blocks):
        raise Refused(f"Message {number} mixes tool results with other content; it must hold results alone.")
    if strangers := {*results} - open_uses:
        raise Refused(
            f"Message {number} holds results of tools ({_list(strangers)}) that the message before did not use."
        )
    if missing := open_uses - {*results}:
        raise Refused(f"Message {number} should hold the results of tools ({_list(missing)}), which are missing.")
    for ids in (uses, results):
        if len({*ids}) < len(ids):
            raise Refused(f"Message {number} names the same tool use twice.")
    return {*uses}


def _list(ids: set[str]) -> str:
    return ", ".join(sorted(ids))


def unsent(params: CreateMessageRequestParams) -> list[str]:
    """The fields of a request, by their names on the wire, that no provider has a place for."""
    return sorted({*_unsent(params)})


def _unsent(params: CreateMessageRequestParams) -> Iterator[str]:
    if params.include_context not in (None, "none"):
        yield "includeContext"
    if params.task is not None:
        yield "task"
    for message in params.messages:
        results = [block for block in message.content_as_list if isinstance(block, ToolResultContent)]
        for block in (message, *message.content_as_list, *(inner for result in results for inner in result.content)):
            if getattr(block, "meta", None):
                yield "_meta"
            if getattr(block, "annotations", None):
                yield "annotations"
    for tool in params.tools or ():
        fields = {"outputSchema": tool.output_schema, "annotations": tool.annotations, "_meta": tool.meta}
        fields |= {"title": tool.title, "icons": tool.icons, "execution": tool.execution}
        yield from (f"tools.{name}" for name, value in fields.items() if value)


def resource_block(block: EmbeddedResource | ResourceLink) -> TextContent | ImageContent | BlobResourceContents:
    """A resource in a tool's result as something that models know: a text, a picture, or bytes of another kind."""
    if isinstance(block, ResourceLink):
        # The model can only read of the resource, and has no way to fetch it.
        return TextContent(
            text=block.model_dump_json(by_alias=True, exclude_none=True, exclude={"meta", "annotations"})
        )
    resource = block.resource
    if not isinstance(resource, BlobResourceContents):
        return TextContent(text=f"{resource.uri}\n{resource.text}")
    if resource.mime_type and resource.mime_type.startswith("image/"):
        return ImageContent(data=resource.blob, mime_type=resource.mime_type)
    return resource


def structured_text(result: ToolResultContent) -> str | None:
    """The structured content of a tool's result as JSON; `None` without any, or where a text block says the same."""
    if result.structured_content is None:
        return None
    for block in result.content:
        if isinstance(block, TextContent) and _parsed(block.text) == result.structured_content:
            return None
    return json.dumps(result.structured_content, ensure_ascii=False)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


FITS = re.compile(r"[A-Za-z0-9_-]{1,64}")
COMBINED = {"anyOf", "oneOf", "allOf", "not", "enum", "if", "then", "else", "$ref"}
"""What providers refuse at the top of a tool's schema."""


class Fitted:
    """A request whose tools are as providers take them, and the way back to the server's own names.

    Providers take names and ids of 64 letters, digits, `_` and `-`, and schemas of an object that names its properties.

    Attributes:
        params: The request, the same one where nothing had to be changed.
        changed: The names of the tools that are declared in another form than the server's.
    """

    def __init__(self, params: CreateMessageRequestParams) -> None:
        uses = [each for said in params.messages for each in said.content_as_list if isinstance(each, ToolUseContent)]
        declared = params.tools or []
        self._names = _fitting([*(tool.name for tool in declared), *(use.name for use in uses)])
        self._ids = _fitting([use.id for use in uses])
        tools = [
            tool.model_copy(update={"name": self._names[tool.name], "input_schema": fitting_schema(tool.input_schema)})
            for tool in declared
        ]
        self.changed = [
            own.name
            for own, sent in zip(declared, tools, strict=True)
            if (own.name, own.input_schema) != (sent.name, sent.input_schema)
        ]
        self.params = params.model_copy(
            update={
                "messages": [
                    said.model_copy(update={"content": [self._block(each) for each in said.content_as_list]})
                    for said in params.messages
                ],
                "tools": params.tools and tools,
            }
        )

    def _block(self, block: Any) -> Any:
        if isinstance(block, ToolUseContent):
            return block.model_copy(update={"name": self._names[block.name], "id": self._ids[block.id]})
        if isinstance(block, ToolResultContent):
            return block.model_copy(update={"tool_use_id": self._ids.get(block.tool_use_id, block.tool_use_id)})
        return block

    def back(self, blocks: Sequence[TextContent | ToolUseContent]) -> list[TextContent | ToolUseContent]:
        """The blocks of an answer with the server's own names of the tools."""
        own = {sent: name for name, sent in self._names.items()}
        return [
            block.model_copy(update={"name": own.get(block.name, block.name)})
            if isinstance(block, ToolUseContent)
            else block
            for block in blocks
        ]


def _fitting(texts: Sequence[str]) -> dict[str, str]:
    """For each text one that fits and that no other has."""
    sent = {text: text for text in texts if FITS.fullmatch(text)}
    for text in texts:
        if text not in sent:
            short = re.sub(r"[^A-Za-z0-9_-]", "_", text)[:56] or "_"
            taken = {*sent.values()}
            sent[text] = next(each for each in (short, *(f"{short}_{n}" for n in range(2, 10**6))) if each not in taken)
    return sent


def fitting_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of an object without alternatives at its top; what one alternative alone asks for is not required."""
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict) and not COMBINED & schema.keys():
        return {**schema}
    rest = {name: value for name, value in schema.items() if name not in COMBINED}
    always = [*_parts([rest, _target(schema)]), *_parts(schema.get("allOf"))]
    optional = [*_parts(schema.get("anyOf")), *_parts(schema.get("oneOf"))]
    properties: dict[str, Any] = {}
    for part in [*always, *optional]:
        properties = {**(part.get("properties") or {}), **properties}
    asked = {name for part in always for name in part.get("required") or ()}
    if optional:
        asked |= set[str].intersection(*({*(part.get("required") or ())} for part in optional))
    required = [name for name in properties if name in asked]
    return {**rest, "type": "object", "properties": properties, **({"required": required} if required else {})}


def _parts(schemas: Any) -> list[dict[str, Any]]:
    found = cast("list[Any]", schemas) if isinstance(schemas, list) else []
    return [cast("dict[str, Any]", each) for each in found if isinstance(each, dict)]


def _target(schema: Mapping[str, Any]) -> Any:
    """What a schema refers to inside itself; `None` where that is nothing."""
    place = str(schema.get("$ref", ""))
    found: Any = schema if place.startswith("#/") else None
    for step in place.split("/")[1:]:
        found = cast("Mapping[str, Any]", found).get(step) if isinstance(found, Mapping) else None
    return found


def use_of(id: object, name: object, arguments: object) -> ToolUseContent:  # noqa: A002 - as the field is called
    """A use of a tool as a provider tells it; `Unreadable` where its arguments are no JSON object."""
    id, name = (each if isinstance(each, str) else "" for each in (id, name))  # noqa: A001
    try:
        told = arguments if isinstance(arguments, dict) else _ARGUMENTS.validate_json(cast("str", arguments or "{}"))
        json.dumps(told, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return Unreadable(id=id, name=name, input={})
    return ToolUseContent(id=id, name=name, input=cast("dict[str, Any]", told))


def answer(
    params: CreateMessageRequestParams,
    *,
    model: str,
    blocks: Sequence[TextContent | ToolUseContent],
    stop_reason: str | None,
) -> CreateMessageResult | CreateMessageResultWithTools:
    """The answer of a model, in the shape that the request calls for: one text, or a list where tools are in play.

    Raises:
        Refused: The model gave neither text nor tool use, or used a tool in a way that nobody can meet: one that the
            request does not declare, or with arguments that are no JSON object. The error is `Unmet` where tools are in
            play.
    """
    said = [block for block in with_own_ids(blocks, params.messages) if isinstance(block, ToolUseContent) or block.text]
    uses, unreadable = [*uses_in(said)], any(isinstance(block, Unreadable) for block in said)
    if not said and stop_reason not in SAY_WHY:
        raise Refused(_no_text(params, model, stop_reason), INTERNAL_ERROR)
    if unreadable and stop_reason == "maxTokens":
        raise Refused(CUT, INTERNAL_ERROR)
    why = "asked for a tool with arguments that are no JSON object" if unreadable else ""
    if {use.name for use in uses} - {tool.name for tool in params.tools or ()}:
        why = "asked for a tool that the request does not declare"
    if params.tools is not None or params.tool_choice is not None:
        stopped = "toolUse" if uses else stop_reason
        told = CreateMessageResultWithTools(role="assistant", content=[*said], model=model, stop_reason=stopped)
        if why:
            raise Refused(Unmet(f"{model} {why}.", told))
        return told
    if why:
        raise Refused(f"{model} {why}.", INTERNAL_ERROR)
    text = "".join(block.text for block in said if isinstance(block, TextContent))
    return CreateMessageResult(role="assistant", content=TextContent(text=text), model=model, stop_reason=stop_reason)


def _no_text(params: CreateMessageRequestParams, model: str, stop_reason: str | None) -> str:
    if stop_reason == "maxTokens":
        return (
            f"{model} used up its {params.max_tokens} tokens before it wrote a word: what a model thinks counts too. "
            "Ask with a larger maxTokens."
        )
    return f"{model} answered without a word (stop reason {stop_reason})."
