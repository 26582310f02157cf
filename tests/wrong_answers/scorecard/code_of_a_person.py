"""Refuses a broken conversation with the code of a person who says no.

- tools.orphaned-result
- tools.missing-result
- tools.mixed-result
"""

from mcp.types import ErrorData

from tests.checks.good_callbacks import my_callback as good


async def my_callback(context, params):
    answer = await good(context, params)
    return ErrorData(code=-1, message=answer.message) if isinstance(answer, ErrorData) else answer
