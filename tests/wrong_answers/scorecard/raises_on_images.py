"""Raises, and does not refuse, what it cannot look at.

- content.image
- content.mixed
"""

from mcp.types import ImageContent

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    for message in params.messages:
        if any(isinstance(block, ImageContent) for block in message.content_as_list):
            raise TypeError("I cannot look at images.")
    return await good(context, params)
