"""Keeps the request where the next one overwrites it.

- manners.apart
"""

import asyncio

from tests.checks.good_callbacks import answer, fault_of, text_of
from tests.checks.good_callbacks import my_callback as good

current = {}


async def my_callback(context, params):
    if fault_of(params):
        return await good(context, params)
    current["text"] = text_of(params.messages[-1])
    await asyncio.sleep(0)
    return answer("You said: " + current["text"], params.max_tokens)
