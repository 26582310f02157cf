"""Shows the server its own code.

- errors.in-words
"""

import traceback

from mcp.types import ErrorData

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    try:
        params.messages[0]
    except IndexError:
        return ErrorData(code=-32603, message=traceback.format_exc())
    return await good(context, params)
