"""Does not say which model has answered.

- answers.model
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    answer = await good(context, params)
    return answer.model_copy(update={"model": ""}) if hasattr(answer, "model") else answer
