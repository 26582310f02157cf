"""Works in a task group and lets its errors out, three groups deep.

- content.image
- content.audio
- content.mixed
- tools.pair
- tools.orphaned-result
- tools.missing-result
- tools.mixed-result
"""

import asyncio

from mcp.types import TextContent

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    async def read(block):
        if not isinstance(block, TextContent):
            raise TypeError(f"{block.type} is not text")

    async with asyncio.TaskGroup() as outer:
        for message in params.messages:
            async with asyncio.TaskGroup() as inner:
                for block in message.content_as_list:
                    inner.create_task(read(block))
    return await good(context, params)
