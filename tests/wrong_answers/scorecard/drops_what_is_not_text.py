"""Hands the text on, and what is not text and the tools to nobody.

- provider.image
- provider.tool-result
- provider.tool-use
- tools.required
- tools.required-without
- tools.orphaned-result
- tools.missing-result
- tools.mixed-result
"""

from mcp.types import SamplingMessage, TextContent

from tests.checks import good_callbacks
from tests.checks.good_callbacks import text_of


def make(base_url, timeout=30.0):
    good = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        texts = [
            SamplingMessage(role=message.role, content=TextContent(text=text_of(message)))
            for message in params.messages
            if text_of(message)
        ]
        return await good(context, params.model_copy(update={"messages": texts, "tools": None, "tool_choice": None}))

    return my_callback
