"""Sampling requests to ask models with: one at a time, and any that hypothesis can think of."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from mcp_types import (
    Annotations,
    AudioContent,
    BlobResourceContents,
    CreateMessageRequestParams,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    TextResourceContents,
    Tool,
    ToolResultContent,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.steps import HostStep, Origin, listening

READ_LINE = Tool(name="read_line", description="One line of the log.", input_schema={"type": "object"})


def user(*blocks: SamplingMessageContentBlock | str) -> SamplingMessage:
    return message("user", *blocks)


def assistant(*blocks: SamplingMessageContentBlock | str) -> SamplingMessage:
    return message("assistant", *blocks)


def message(role: Any, *blocks: SamplingMessageContentBlock | str) -> SamplingMessage:
    return SamplingMessage(
        role=role, content=[TextContent(text=block) if isinstance(block, str) else block for block in blocks]
    )


def use(number: int, line: int = 3) -> ToolUseContent:
    return ToolUseContent(id=f"use_{number}", name="read_line", input={"line": line})


def result(number: int, *content: Any, **fields: Any) -> ToolResultContent:
    return ToolResultContent(tool_use_id=f"use_{number}", content=list(content), **fields)


def request(*messages: SamplingMessage | str, max_tokens: int = 50, **fields: Any) -> CreateMessageRequestParams:
    """A request of these messages; a text stands for a message from the user."""
    return CreateMessageRequestParams(
        messages=[user(each) if isinstance(each, str) else each for each in messages], max_tokens=max_tokens, **fields
    )


Callback = Callable[[Any, CreateMessageRequestParams], Awaitable[Answer]]


async def ask(callback: Callback, params: CreateMessageRequestParams) -> tuple[Any, list[HostStep]]:
    """The answer of a callback, and the steps that it reports."""
    steps: list[HostStep] = []
    with listening(steps.append, Origin("bookshop", "auto")):
        answer = await callback(None, params)
    return answer, steps


def labels(steps: list[HostStep]) -> list[str]:
    return [step.label for step in steps]


NO_NUMBER = float("nan")
NO_JSON = ToolUseContent(id="use_1", name="read_line", input={"line": [NO_NUMBER]})

FAULTY: dict[str, CreateMessageRequestParams] = {
    "no messages": request(),
    "an empty message": request(user()),
    "no tokens": request("hello", max_tokens=0),
    "fewer tokens than none": request("hello", max_tokens=-5),
    "a choice of no tools": request("hello", tool_choice={"mode": "required"}),
    "a result of no use": request(user(result(1))),
    "a result of another use": request("hello", assistant(use(1)), user(result(2)), tools=[READ_LINE]),
    "a use without its result": request("hello", assistant(use(1), use(2)), user(result(1)), tools=[READ_LINE]),
    "a result that comes late": request("hello", assistant(use(1)), "wait", user(result(1)), tools=[READ_LINE]),
    "a use that nobody answers": request("hello", assistant(use(1)), tools=[READ_LINE]),
    "a result beside a text": request("hello", assistant(use(1)), user(result(1), "so?"), tools=[READ_LINE]),
    "a use by the user": request(user(use(1)), tools=[READ_LINE]),
    "a result from the assistant": request("hello", assistant(result(1)), tools=[READ_LINE]),
    "a schema that is no JSON": request(
        "hello", tools=[Tool(name="add", input_schema={"type": "object", "maximum": NO_NUMBER})]
    ),
    "a use that is no JSON": request("hello", assistant(NO_JSON), user(result(1)), tools=[READ_LINE]),
    "one use twice": request("hello", assistant(use(1), use(1)), user(result(1)), tools=[READ_LINE]),
}
"""Requests that no model should be asked, each by what is wrong with it."""


AT_ITS_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For a property of conversations: a busy machine is no reason for it to fail."""

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
data = st.binary(max_size=12).map(lambda raw: raw.hex())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
notes = st.none() | st.just(Annotations(priority=0.5))

# Built by functions and not from the classes: for those hypothesis would make up values for the names on the wire too.
texts = st.builds(lambda text, note: TextContent(text=text, annotations=note), words, notes)
images = st.builds(
    lambda raw, kind: ImageContent(data=raw, mime_type=kind),
    data,
    st.sampled_from(["image/png", "image/webp", "image/tiff"]),
)
sounds = st.builds(
    lambda raw, kind: AudioContent(data=raw, mime_type=kind),
    data,
    st.sampled_from(["audio/wav", "audio/mpeg", "audio/ogg"]),
)
pages = st.builds(lambda uri, text: TextResourceContents(uri=uri, text=text), names, words)
files = st.builds(
    lambda uri, raw, kind: BlobResourceContents(uri=uri, blob=raw, mime_type=kind),
    names,
    data,
    st.sampled_from(["image/png", "application/pdf", None]),
)
resources = st.builds(lambda contents: EmbeddedResource(resource=contents), pages | files)
links = st.builds(
    lambda name, uri, about: ResourceLink(name=name, uri=uri, description=about), names, names, st.none() | words
)


@st.composite
def conversations(draw: st.DrawFn) -> CreateMessageRequestParams:
    """A request in order: it ends with the user, and every tool use has its result in the next message."""
    messages: list[SamplingMessage] = []
    for turn in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            messages.append(user(*draw(st.lists(texts | images | sounds, min_size=1, max_size=3))))
        said: list[Any] = draw(st.lists(texts, max_size=2))
        ids = [f"use_{turn}_{place}" for place in range(draw(st.integers(0 if said else 1, 2)))]
        arguments = st.dictionaries(names, json_values, max_size=2)
        messages.append(
            assistant(*said, *(ToolUseContent(id=id_, name="read_line", input=draw(arguments)) for id_ in ids))
        )
        if ids:
            messages.append(user(*(draw(results(id_)) for id_ in ids)))
    messages.append(user(*draw(st.lists(texts | images | sounds, min_size=1, max_size=3))))
    return request(*messages, tools=[READ_LINE], system_prompt=draw(st.none() | words))


def results(tool_use_id: str) -> st.SearchStrategy[ToolResultContent]:
    return st.builds(
        lambda content, structured, is_error: ToolResultContent(
            tool_use_id=tool_use_id, content=content, structured_content=structured, is_error=is_error
        ),
        st.lists(texts | images | sounds | resources | links, max_size=2),
        st.none() | st.dictionaries(names, json_values, max_size=2),
        st.none() | st.booleans(),
    )


def everything(params: CreateMessageRequestParams) -> list[Any]:
    """All blocks of a request, those inside tool results too."""
    blocks = [block for each in params.messages for block in each.content_as_list]
    return [*blocks, *(inner for block in blocks if isinstance(block, ToolResultContent) for inner in block.content)]


def kinds(params: CreateMessageRequestParams) -> set[str]:
    """What a request is made of, as `text`, `image/png`, `file image/png`."""
    found: set[str] = set()
    for block in everything(params):
        if isinstance(block, EmbeddedResource):
            found.add(
                f"file {block.resource.mime_type}" if isinstance(block.resource, BlobResourceContents) else "page"
            )
        else:
            found.add(getattr(block, "mime_type", None) or block.type)
    return found


def parsed(text: str) -> Any:
    """The JSON in a text, or nothing."""
    try:
        return json.loads(text)
    except ValueError:
        return None
