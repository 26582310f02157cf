"""returned nothing: is a `return` missing?"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    CreateMessageResult(role="assistant", model="me", content=TextContent(text="hello"))
