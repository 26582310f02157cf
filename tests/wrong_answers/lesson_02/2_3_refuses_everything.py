"""It refused (-32602: I cannot do this.)"""

from mcp.types import CreateMessageResult, ErrorData, TextContent


async def my_callback(context, params):
    return ErrorData(code=-32602, message="I cannot do this.")
