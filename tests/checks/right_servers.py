"""Small servers in the styles that people write them in. All are right, and none may fail in any case.

Each has a tool `label(text)`.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from mcp import MCPError
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.request_state import RequestStateSecurity
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    InputRequests,
    InputRequiredResult,
    ListToolsResult,
    SamplingMessage,
    TextContent,
    Tool,
)

from servers.asking import asks_by_result, can_sample, can_use_tools, shortened, visible
from servers.rounds import Declined, MoreNeeded, Rounds
from servers.tool_loop import with_own_tools

TEXT = "I like it very much."
NO_MODEL = "No label: this client cannot sample."
KEY = "label"


def prompt(text: str) -> str:
    return f"Label this text as positive, negative or neutral:\n{text}"


def question(text: str) -> CreateMessageRequestParams:
    message = SamplingMessage(role="user", content=TextContent(text=prompt(text)))
    return CreateMessageRequestParams(messages=[message], max_tokens=10)


def asked(text: str) -> InputRequests:
    return {KEY: CreateMessageRequest(params=question(text))}


def words(answer: object) -> str:
    """An answer read with care."""
    if not isinstance(answer, CreateMessageResult) or not isinstance(answer.content, TextContent):
        return "No label: the client did not answer with a text."
    note = " (Cut.)" if answer.stop_reason == "maxTokens" else ""
    return (visible(shortened(answer.content.text, 500)) or "No label: the answer was empty.") + note


def with_resolve() -> MCPServer:
    server = MCPServer("with-resolve")

    async def ask(text: str, ctx: Context) -> Any:
        return Sample(question(text).messages, max_tokens=10) if can_sample(ctx) else None

    @server.tool(structured_output=False)
    async def label(text: str, answer: Annotated[CreateMessageResult | None, Resolve(ask)]) -> str:
        return words(answer) if answer else NO_MODEL

    return server


def by_hand(read: Callable[[object], str] = words) -> MCPServer:
    server = MCPServer("by-hand")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx) or not asks_by_result(ctx):
            return NO_MODEL
        if KEY not in (ctx.input_responses or {}):
            return InputRequiredResult(input_requests=asked(text), request_state="asked")
        return read((ctx.input_responses or {})[KEY])

    return server


def with_create_message(read: Callable[[object], str] = words) -> MCPServer:
    server = MCPServer("with-create-message")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str:
        if not can_sample(ctx) or asks_by_result(ctx):
            return "No label: a model is asked on revision 2025-11-25 alone, of a client that can sample."
        try:
            answer = await ctx.session.create_message(question(text).messages, max_tokens=10)
        except MCPError as error:
            raise ToolError(f"The client did not answer ({error.code}).") from None
        except ValueError:
            raise ToolError("What the client returned is no answer.") from None
        return read(answer)

    return server


def like_ctx_sample() -> MCPServer:
    """As with `text = await ctx.sample(prompt)`."""
    server = MCPServer("like-ctx-sample")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx):
            return NO_MODEL
        try:
            [answer] = await Rounds(ctx).ask([question(text)])
        except MoreNeeded as more:
            return more.result
        except Declined as declined:
            return f"No label: {declined}."
        cut = " (Cut.)" if answer.stop_reason == "maxTokens" else ""
        return f"{visible(answer.text) or 'No label.'}{cut}"

    return server


def with_keys(keys: Sequence[str] = (), ttl: float = 600.0) -> MCPServer:
    """Takes the keys that processes share, and how long a state is taken."""
    security = RequestStateSecurity(keys=keys, ttl=ttl) if keys else RequestStateSecurity.ephemeral(ttl=ttl)
    server = MCPServer("with-keys", request_state_security=security)

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx) or not asks_by_result(ctx):
            return NO_MODEL
        if KEY in (ctx.input_responses or {}):
            return f"{ctx.request_state}: {words((ctx.input_responses or {})[KEY])}"
        return InputRequiredResult(input_requests=asked(text), request_state=f"{len(text)} characters")

    return server


def without_a_seal(*, hides: bool = False) -> Server[Any]:
    """Gives a state on which nothing hangs, which need not be sealed."""

    def samples(ctx: Any) -> bool:
        capabilities = ctx.session.client_params and ctx.session.client_params.capabilities
        return bool(capabilities and capabilities.sampling)

    async def tools(ctx: Any, params: Any) -> ListToolsResult:
        shown = [Tool(name="label", input_schema={"type": "object"})]
        return ListToolsResult(tools=[] if hides and not samples(ctx) else shown)

    async def call(ctx: Any, params: CallToolRequestParams) -> CallToolResult | InputRequiredResult:
        if hides and not samples(ctx):
            raise MCPError(INVALID_PARAMS, "Tool label not found")
        if (ctx.protocol_version or "") < "2026-07-28" or not samples(ctx):
            return CallToolResult(content=[TextContent(text=NO_MODEL)])
        if came := (params.input_responses or {}).get(KEY):
            return CallToolResult(content=[TextContent(text=words(came))])
        text = (params.arguments or {}).get("text", "")
        return InputRequiredResult(input_requests=asked(text), request_state="asked for a label")

    return Server("without-a-seal", on_list_tools=tools, on_call_tool=call)


def lets_a_model_look() -> MCPServer:
    """Offers a tool to models that can use one."""
    server = MCPServer("lets-a-model-look")

    async def look_up(word: str) -> str:
        """Look up what a word is used for."""
        return f"{word} is used for good things."

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx):
            return NO_MODEL
        rounds = Rounds(ctx)
        try:
            if can_use_tools(ctx):
                told = await with_own_tools(rounds, ctx, question(text), [look_up], most_turns=3)
                return visible(told.answer) or f"No label: {told.declined or 'no words came'}."
            [answer] = await rounds.ask([question(text)])
        except MoreNeeded as more:
            return more.result
        except Declined as declined:
            return f"No label: {declined}."
        cut = " (Cut.)" if answer.stop_reason == "maxTokens" else ""
        return f"{visible(answer.text) or 'No label.'}{cut}"

    return server


def shown_where_it_can_be_used() -> Server[Any]:
    """Lists its tool to clients that can sample, and to no others."""
    return without_a_seal(hides=True)


def without_a_sample() -> MCPServer:
    server = MCPServer("without-a-sample")

    @server.tool(structured_output=False)
    async def label(text: str) -> str:
        return "positive" if "like" in text else "neutral"

    return server


RIGHT = [
    with_resolve,
    by_hand,
    with_create_message,
    like_ctx_sample,
    with_keys,
    without_a_seal,
    lets_a_model_look,
    shown_where_it_can_be_used,
    without_a_sample,
]
