"""names no model"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    return CreateMessageResult(role="assistant", model="", content=TextContent(text="hello"))
