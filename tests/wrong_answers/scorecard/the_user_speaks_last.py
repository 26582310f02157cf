"""Raises where the assistant has the last word.

- messages.prefill
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if params.messages and params.messages[-1].role != "user":
        raise ValueError("The last message should be the user's.")
    return await good(context, params)
