"""Refuses without a word.

- content.image
- content.audio
- content.mixed
"""

from mcp.types import ErrorData, TextContent

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    for message in params.messages if not params.tools else ():
        if not all(isinstance(block, TextContent) for block in message.content_as_list):
            return ErrorData(code=-32602, message=" ")
    return await good(context, params)
