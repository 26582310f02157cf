"""Asks for a thousand tokens, whatever the server wants.

- limits.one-token
- limits.negative
- provider.limit
"""

from tests.checks import good_callbacks


def make(base_url, timeout=30.0):
    good = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        return await good(context, params.model_copy(update={"max_tokens": 1_000}))

    return my_callback
