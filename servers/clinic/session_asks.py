"""Explains a log line. In 2025 it asked with `create_message`; here with `Resolve`, on both wires."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp_types import CreateMessageResult

from servers.asking import ask, text_of, visible
from servers.serving import quietly

RULES = "Explain this log line in one sentence."


async def question(log_line: str, ctx: Context) -> Sample | None:
    """The first half of what was one function: the question, which follows from the line alone."""
    return ask(ctx, RULES, log_line, max_tokens=60)  # `None` where the client cannot sample: `create_message` failed


@quietly()
def make_server() -> MCPServer:
    """A server with the tool explain(log_line)."""
    server = MCPServer("night-desk")

    @server.tool(structured_output=False)
    async def explain(log_line: str, answer: Annotated[CreateMessageResult | None, Resolve(question)]) -> str:  # noqa: ARG001 - the resolver's
        """Say in one sentence what a log line means."""
        return visible(text_of(answer))

    return server


if __name__ == "__main__":
    make_server().run()
