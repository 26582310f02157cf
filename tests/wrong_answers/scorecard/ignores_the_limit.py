"""Says all that it has to say, however little was asked for.

- limits.one-token
"""

from tests.checks.good_callbacks import answer, fault_of
from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if fault_of(params):
        return await good(context, params)
    return answer("Look at what came before this line.", 1_000)
