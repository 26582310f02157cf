"""A server of 2025 that keeps no session, so that any of its processes can take any request. Yet its tool asks."""

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent

server = FastMCP("handover-desk", stateless_http=True)


@server.tool()
async def handover(notes: str, ctx: Context) -> str:
    """Sum up a shift's notes for the next one."""
    question = SamplingMessage(role="user", content=TextContent(type="text", text=notes))
    answer = await ctx.session.create_message([question], max_tokens=80, system_prompt="Sum up in one sentence.")
    return answer.content.text if answer.content.type == "text" else "No summary."


if __name__ == "__main__":
    server.run("streamable-http")
