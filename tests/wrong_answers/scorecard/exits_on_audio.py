"""Ends the whole process over one message.

- content.audio
"""

import sys

from mcp.types import AudioContent

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    for message in params.messages:
        if isinstance(message.content, AudioContent):
            sys.exit("I cannot listen to audio.")
    return await good(context, params)
