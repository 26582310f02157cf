"""Rounds take the answers to what they asked, and no others."""

import pytest
from mcp import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import CallToolResult, CreateMessageRequestParams, CreateMessageResult, InputRequiredResult, TextContent

from servers.asking import message
from servers.rounds import MoreNeeded, Rounds

pytestmark = pytest.mark.anyio

SAID = CreateMessageResult(role="assistant", model="test", content=TextContent(text="All is well here."))

QUESTION = CreateMessageRequestParams(messages=[message("user", "Well?")], max_tokens=9)


def asking() -> MCPServer:
    server = MCPServer("asking")

    @server.tool(structured_output=False)
    async def ask(ctx: Context) -> str | InputRequiredResult:
        try:
            [answer] = await Rounds(ctx).ask([QUESTION])
        except MoreNeeded as more:
            return more.result
        return answer.text

    return server


async def test_an_answer_without_the_state_of_its_question_is_no_answer() -> None:
    async def never(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise AssertionError

    async with Client(asking(), sampling_callback=never) as client:
        first = await client.session.call_tool("ask", allow_input_required=True)
        assert isinstance(first, InputRequiredResult)
        assert first.input_requests
        answers = dict.fromkeys(first.input_requests, SAID)
        again = await client.session.call_tool("ask", input_responses={**answers}, allow_input_required=True)
        assert isinstance(again, InputRequiredResult)
        last = await client.session.call_tool(
            "ask", input_responses={**answers}, request_state=again.request_state, allow_input_required=True
        )
    assert isinstance(last, CallToolResult)
    assert last.content == [TextContent(text="All is well here.")]
