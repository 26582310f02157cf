"""Takes the content of a message for one block of text.

- messages.lists
- content.image
- content.audio
- content.mixed
- tools.pair
- tools.orphaned-result
- tools.mixed-result
"""

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    if params.messages:
        print(params.messages[-1].content.text)
    return await good(context, params)
