"""is a plain function, and the client awaits it"""

from mcp.types import CreateMessageResult, TextContent


def my_callback(context, params):
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text="hello"))
