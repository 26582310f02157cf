"""Says that every answer is whole.

- stop-reasons.cut-off
- stop-reasons.sequence
- stop-reasons.refusal
"""

from tests.checks import good_callbacks


def make(base_url, timeout=30.0):
    good = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        answer = await good(context, params)
        return answer.model_copy(update={"stop_reason": "endTurn"}) if hasattr(answer, "role") else answer

    return my_callback
