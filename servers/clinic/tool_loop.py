"""Answers a question about a log. It asks in a loop, and the model may search the log meanwhile.

Each turn depends on the one before, so neither `Resolve` nor one round will do. It is kept as it was, on mcp 2: it
works for a client that connects with `mode="legacy"`, and tells any other so.
"""

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import SamplingMessage, TextContent, Tool, ToolResultContent, ToolUseContent

from servers.serving import quietly

LOG = "02:58 disk at 91 %\n03:01 disk full\n03:02 orders stopped: no space left\n04:10 orders run again"
WORD = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
FIND = Tool(name="find", description="Lines of the log with a word in them.", input_schema=WORD)
MOST = 5
"""Samples of one call."""
NEEDS = 'This tool asks in a loop: connect with mode="legacy" (2025-11-25), from a client whose model may use tools.'


@quietly()
def make_server() -> MCPServer:
    """A server with the tool investigate(question)."""
    server = MCPServer("detective-desk")

    @server.tool(structured_output=False)
    async def investigate(question: str, ctx: Context) -> str:
        """Answer a question about the log of the night."""
        can = ctx.client_capabilities and ctx.client_capabilities.sampling
        if (ctx.protocol_version or "") >= "2026-07-28" or not can or can.tools is None:
            return NEEDS
        talk = [SamplingMessage(role="user", content=TextContent(text=question))]
        for _ in range(MOST):
            answer = await ctx.session.create_message(  # pyright: ignore[reportDeprecated] - as it was
                talk, max_tokens=200, tools=[FIND], related_request_id=ctx.request_id
            )
            calls = [block for block in answer.content_as_list if isinstance(block, ToolUseContent)]
            if not calls:
                return " ".join(block.text for block in answer.content_as_list if isinstance(block, TextContent))
            talk.append(SamplingMessage(role="assistant", content=answer.content))
            talk.append(SamplingMessage(role="user", content=[found(call) for call in calls]))
        return f"No answer in {MOST} questions."

    return server


def found(call: ToolUseContent) -> ToolResultContent:
    """The lines that a use of the tool asks for."""
    word = str(call.input.get("word", ""))
    lines = "\n".join(line for line in LOG.splitlines() if word.lower() in line.lower())
    return ToolResultContent(tool_use_id=call.id, content=[TextContent(text=lines or f"No line holds {word!r}.")])


if __name__ == "__main__":
    make_server().run()
