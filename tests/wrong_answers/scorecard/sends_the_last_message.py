"""Hands the last message on and forgets those before it.

- provider.messages
"""

from tests.checks import good_callbacks


def make(base_url, timeout=30.0):
    good = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        return await good(context, params.model_copy(update={"messages": params.messages[-1:]}))

    return my_callback
