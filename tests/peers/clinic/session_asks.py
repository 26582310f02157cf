"""A server of 2025, for mcp 1.x: a tool that asks the client's model in its middle."""

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent

server = FastMCP("night-desk")


@server.tool()
async def explain(log_line: str, ctx: Context) -> str:
    """Say in one sentence what a log line means."""
    question = SamplingMessage(role="user", content=TextContent(type="text", text=log_line))
    answer = await ctx.session.create_message(
        [question], max_tokens=60, system_prompt="Explain this log line in one sentence."
    )
    return answer.content.text if answer.content.type == "text" else "No explanation."


if __name__ == "__main__":
    server.run()
