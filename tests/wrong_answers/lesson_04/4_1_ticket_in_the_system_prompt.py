"""The ticket stands in the system prompt"""

from typing import Annotated

from mcp.server.mcpserver import MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult

from servers.asking import message, shortened


def ticket_desk():
    server = MCPServer("ticket desk")

    async def question(ticket: str) -> Sample:
        rules = f"Which team is this for: database, network or storage? One word. {shortened(ticket, 2_000)}"
        return Sample([message("user", "Which team?")], system_prompt=rules, max_tokens=8)

    @server.tool(structured_output=False)
    async def route(ticket: str, answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        return answer.content.text

    return server
