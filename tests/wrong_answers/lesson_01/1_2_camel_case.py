"""has no attribute 'maxTokens'"""

from mcp.types import CreateMessageResult, TextContent


async def my_callback(context, params):
    text = f"Database: at most {params.maxTokens} tokens."
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text=text))
