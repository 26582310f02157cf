"""Makes the request its own.

- manners.untouched
"""

from mcp.types import SamplingMessage, TextContent

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    answer = await good(context, params)
    params.messages.append(SamplingMessage(role="user", content=TextContent(text="Be brief.")))
    return answer
