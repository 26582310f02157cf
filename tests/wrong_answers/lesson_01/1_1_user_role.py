"""has role=\"user\"."""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    return CreateMessageResult(role="user", model="me", content=TextContent(text="hello"))
