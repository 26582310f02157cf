"""'TextContent' object has no attribute 'lower'"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    line = params.messages[-1].content.lower()
    text = "Database: a lock." if "deadlock" in line else "Unknown: look."
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text))
