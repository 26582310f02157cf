"""Reads the last message before it has seen that there is one.

- messages.none
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    print(params.messages[-1].role)
    return await good(context, params)
