"""Cuts the answer to maxTokens words, also where maxTokens is negative.

- limits.negative
"""

from tests.checks.good_callbacks import answer
from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if params.max_tokens < 0 and params.messages:
        return answer("Look at what came before this line, if there is anything.", params.max_tokens)
    return await good(context, params)
