"""Takes the first hint without a look whether there are hints.

- limits.model-no-match
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if params.model_preferences:
        print(params.model_preferences.hints[0].name)
    return await good(context, params)
