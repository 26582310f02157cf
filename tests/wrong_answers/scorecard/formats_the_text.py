"""Takes the braces of a log line for its own.

- content.odd-letters
"""

from tests.checks.good_callbacks import my_callback as good
from tests.checks.good_callbacks import text_of


async def my_callback(context, params):
    prompt = "Explain this line: " + "".join(text_of(message) for message in params.messages)
    print(prompt.format())
    return await good(context, params)
