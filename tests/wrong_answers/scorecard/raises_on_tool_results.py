"""Was written for the first round of a tool loop.

- tools.pair
"""

from tests.checks.good_callbacks import my_callback as good
from tests.wrong_answers.scorecard.answers_unpaired_tools import is_unpaired


async def my_callback(context, params):
    if len(params.messages) > 1 and params.tools and not is_unpaired(params):
        raise NotADirectoryError("What is a tool_result?")
    return await good(context, params)
