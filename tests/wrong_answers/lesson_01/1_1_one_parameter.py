"""The client calls my_callback(context, params)"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(params):
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text="hello"))
