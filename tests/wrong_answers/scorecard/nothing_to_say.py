"""Answers what it cannot read with nothing.

- content.image
- content.audio
"""

from tests.checks.good_callbacks import answer, text_of
from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if params.messages and not params.tools and not text_of(params.messages[-1]):
        return answer("", 1)
    return await good(context, params)
