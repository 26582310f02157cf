"""Turns in a circle where there is no text.

- content.audio
"""

from mcp.types import AudioContent

from tests.checks.good_callbacks import my_callback as good

TIMEOUT = 1.5


async def my_callback(context, params):
    while params.messages and isinstance(params.messages[-1].content, AudioContent):
        pass
    return await good(context, params)
