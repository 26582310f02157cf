"""without asking the client"""

from mcp.server.mcpserver import MCPServer

from servers import plain_reading


def ticket_desk():
    server = MCPServer("ticket desk")

    @server.tool(structured_output=False)
    async def route(ticket: str) -> str:
        return plain_reading.team(ticket)

    return server
