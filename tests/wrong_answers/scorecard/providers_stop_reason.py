"""Passes the provider's own word for the stop reason on.

- stop-reasons.words
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    answer = await good(context, params)
    return answer.model_copy(update={"stop_reason": "end_turn"}) if hasattr(answer, "role") else answer
