"""Raises, and does not refuse, when the prompt is too long.

- messages.long-system-prompt
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if len(params.system_prompt or "") > 100_000:
        raise ValueError("This prompt is too long.")
    return await good(context, params)
