"""Asserts what is only a wish.

- limits.temperature
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    assert 0 <= (params.temperature or 0) <= 2
    return await good(context, params)
