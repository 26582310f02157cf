"""Talks about the tools in place of using them.

- tools.required
- tools.required-without
"""

from tests.checks.good_callbacks import answer
from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if params.tool_choice and len(params.messages) == 1 and "Lima" in params.messages[0].content.text:
        return answer("I have no tools here.", params.max_tokens)
    return await good(context, params)
