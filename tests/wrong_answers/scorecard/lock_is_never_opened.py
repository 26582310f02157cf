"""Locks its door and leaves by the window: after one faulty request it answers nobody.

- errors.goes-on
"""

import asyncio

from mcp.types import ErrorData

from tests.checks import good_callbacks


def make(base_url, timeout=30.0):
    lock = asyncio.Lock()
    good = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        if params.max_tokens > 0 and params.messages and lock.locked() and not params.tools:
            raise RuntimeError("Somebody else is at work.")
        answer = await good(context, params)
        if isinstance(answer, ErrorData) and params.max_tokens < 0:
            await lock.acquire()
        return answer

    return my_callback
