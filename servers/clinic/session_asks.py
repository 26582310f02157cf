"""Explains a log line. In 2025 it asked with `create_message`; here with `Resolve`, on both wires."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp_types import CreateMessageResult, SamplingMessage, TextContent

from servers.serving import quietly

RULES = "Explain this log line in one sentence."


async def question(log_line: str, ctx: Context) -> Sample | None:
    """The first half of what was one function: the question, which follows from the line alone."""
    if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
        return None  # where a client cannot sample, `create_message` failed
    asked = SamplingMessage(role="user", content=TextContent(text=log_line))
    return Sample([asked], system_prompt=RULES, max_tokens=60)


@quietly()
def make_server() -> MCPServer:
    """A server with the tool explain(log_line)."""
    server = MCPServer("night-desk")

    @server.tool(structured_output=False)
    async def explain(log_line: str, answer: Annotated[CreateMessageResult | None, Resolve(question)]) -> str:  # noqa: ARG001 - the resolver's
        """Say in one sentence what a log line means."""
        if answer is None:
            return "No explanation: this client cannot sample."
        return answer.content.text if isinstance(answer.content, TextContent) else "No explanation."

    return server


if __name__ == "__main__":
    make_server().run()
