"""Knows one name of a model, and fails when a hint is a part of it.

- limits.model-match
"""

from tests.checks.good_callbacks import my_callback as good

MODELS = {"my-rules": good}


async def my_callback(context, params):
    hints = (params.model_preferences and params.model_preferences.hints) or []
    wanted = [hint.name for hint in hints if hint.name and "my-rules".startswith(hint.name)]
    chosen = MODELS[wanted[0]] if wanted else good
    return await chosen(context, params)
