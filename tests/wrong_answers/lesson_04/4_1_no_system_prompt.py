"""The question has no system prompt"""

from typing import Annotated

from mcp.server.mcpserver import MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult

from servers.asking import message, shortened


def ticket_desk():
    server = MCPServer("ticket desk")

    async def question(ticket: str) -> Sample:
        words = "Answer with one word: database, network or storage."
        return Sample([message("user", f"{words}\n\n{shortened(ticket, 2_000)}")], max_tokens=8)

    @server.tool(structured_output=False)
    async def route(ticket: str, answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        return answer.content.text

    return server
