"""raised ValidationError"""

from mcp.types import CreateMessageResult


async def my_callback(context, params):
    return CreateMessageResult(role="assistant", model="me", content="hello")
