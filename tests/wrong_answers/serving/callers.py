"""Servers that keep on the server what belongs to a call, and states that are not sealed."""

import asyncio
import json

from mcp.server.lowlevel import Server
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.request_state import RequestStateSecurity
from mcp_types import (
    CallToolResult,
    CreateMessageRequest,
    InputRequiredResult,
    ListToolsResult,
    TextContent,
    Tool,
)
from servers.asking import asks_by_result, can_sample, visible
from tests.checks.right_servers import KEY, NO_MODEL, prompt, question, words

TIMEOUT = 1.0
SECRET = "made up for a test: " + 32 * "x"


def _newer(body):
    """A server that does `body(ctx, text, came, asked)` on its newer wire."""
    server = MCPServer("newer")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx) or not asks_by_result(ctx):
            return NO_MODEL
        asked = InputRequiredResult(input_requests={KEY: CreateMessageRequest(params=question(text))})
        return body(ctx, text, ctx.input_responses or {}, asked)

    return server


def asks_under_a_lock():
    """Holds a lock while a client makes up its mind.

    - callers.one-waits
    """
    server = MCPServer("asks-under-a-lock")
    lock = asyncio.Lock()

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str:
        if not can_sample(ctx) or asks_by_result(ctx):
            return NO_MODEL
        async with lock:
            return words(await ctx.session.create_message(question(text).messages, max_tokens=10))

    return server


def counts_on_a_retry():
    """Is busy until the answer comes.

    - callers.one-waits
    - callers.hangs-up
    - rounds.missing
    """
    busy = set()

    def body(ctx, text, came, asked):
        if KEY in came:
            busy.clear()
            return words(came[KEY])
        if busy:
            raise RuntimeError("busy")
        busy.add(text)
        return asked

    return _newer(body)


def never_forgives():
    """Answers nobody after one bad answer.

    - callers.goes-on
    """
    bad = set()

    def body(ctx, text, came, asked):
        if KEY not in came:
            return asked
        if bad:
            return ""
        said = words(came[KEY])
        if "did not answer" in said:
            bad.add(text)
        return said

    return _newer(body)


def keeps_the_text_of_the_last_call():
    """Has one place for the texts of all calls.

    - callers.apart
    - rounds.second-process
    """
    last = {}

    def body(ctx, text, came, asked):
        if KEY in came:
            return f"{last['text']}: {words(came[KEY])}"
        last["text"] = text
        return asked

    return _newer(body)


def answers_once():
    """Forgets a question as soon as it is answered.

    - rounds.twice
    - rounds.second-process
    """
    pending = {}

    def body(ctx, text, came, asked):
        if KEY not in came:
            pending[text] = True
            return asked
        pending.pop(text)
        return words(came[KEY])

    return _newer(body)


def counts_on_every_answer():
    """Looks for its answer wherever a state came.

    - rounds.missing
    """

    def body(ctx, text, came, asked):
        if ctx.request_state is None:
            return asked.model_copy(update={"request_state": "asked"})
        return words(came[KEY])

    return _newer(body)


def takes_whatever_came():
    """Takes any answer for its own.

    - rounds.unasked
    """

    def body(ctx, text, came, asked):
        return words(came.get(KEY)) if KEY in came else asked if not came else words(came[f"my-{KEY}"])

    return _newer(body)


def believes_its_state():
    """Acts on a state that anybody may write.

    - rounds.replayed
    - rounds.changed
    """

    async def tools(ctx, params):
        return ListToolsResult(tools=[Tool(name="label", input_schema={"type": "object"})])

    async def call(ctx, params):
        capabilities = ctx.session.client_params and ctx.session.client_params.capabilities
        if (ctx.protocol_version or "") < "2026-07-28" or not (capabilities and capabilities.sampling):
            return CallToolResult(content=[TextContent(text=NO_MODEL)])
        text = (params.arguments or {}).get("text", "")
        came = (params.input_responses or {}).get(KEY)
        if came is None:
            state = json.dumps({"note": prompt(text)})
            return InputRequiredResult(
                input_requests={KEY: CreateMessageRequest(params=question(text))}, request_state=state
            )
        try:
            note = json.loads(params.request_state or '{"note": ""}')["note"]
        except (ValueError, KeyError):
            return CallToolResult(content=[TextContent(text="This is no state.")], is_error=True)
        return CallToolResult(content=[TextContent(text=f"{visible(note)}: {words(came)}")])

    return Server("believes-its-state", on_list_tools=tools, on_call_tool=call)


def _sealed(security):
    """A server whose states are sealed so."""
    server = MCPServer("sealed", request_state_security=security)

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx) or not asks_by_result(ctx):
            return NO_MODEL
        asked = InputRequiredResult(input_requests={KEY: CreateMessageRequest(params=question(text))})
        came = ctx.input_responses or {}
        return words(came[KEY]) if KEY in came else asked.model_copy(update={"request_state": "asked"})

    return server


def seals_for_ever():
    """Takes a state for thirty years.

    - rounds.expired
    """
    return _sealed(RequestStateSecurity(keys=[SECRET], ttl=10**9))


def does_not_look_at_the_time(ttl=600.0):
    """Does not hand on how long a state is to be taken.

    - rounds.expired
    """
    return _sealed(RequestStateSecurity(keys=[SECRET]))


def has_a_key_of_its_own(keys=()):
    """Does not hand on the keys, so that each process has one of its own.

    - rounds.shared-key
    """
    return _sealed(None)


def has_its_key_in_the_program(keys=()):
    """Has the same key wherever it runs, whatever it is told.

    - rounds.shared-key
    """
    return _sealed(RequestStateSecurity(keys=[SECRET]))
