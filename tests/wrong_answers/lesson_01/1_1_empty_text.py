"""The answer's text is empty"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=""))
