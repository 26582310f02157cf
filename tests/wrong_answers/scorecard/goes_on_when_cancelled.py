"""Catches its own cancellation and waits on.

- manners.cancelled
"""

import asyncio

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    ready = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, ready.set)
    while not ready.is_set():
        try:
            await ready.wait()
        except asyncio.CancelledError:
            pass
    return await good(context, params)
