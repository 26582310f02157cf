"""Answers in the name of the user.

- answers.role
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    answer = await good(context, params)
    return answer.model_copy(update={"role": "user"}) if hasattr(answer, "role") else answer
