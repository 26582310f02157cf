"""Hands the messages on and nothing else.

- provider.system-prompt
"""

from tests.checks import good_callbacks


def make(base_url, timeout=30.0):
    good = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        return await good(context, params.model_copy(update={"system_prompt": None}))

    return my_callback
