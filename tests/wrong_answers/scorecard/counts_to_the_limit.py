"""Makes room for as many tokens as it may use.

- limits.absurd
"""

from tests.checks.good_callbacks import my_callback as good

TIMEOUT = 1.5


async def my_callback(context, params):
    room = 0
    for _ in range(params.max_tokens):
        room += 1
    return await good(context, params)
