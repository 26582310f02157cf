"""returned nothing: is `return server` missing?"""

from mcp.server.mcpserver import MCPServer


def ticket_desk():
    server = MCPServer("ticket desk")

    @server.tool(structured_output=False)
    async def route(ticket: str) -> str:
        return "storage"
