"""Says no to everything, as a person might.

- messages.one
- messages.in-turn
- messages.system-prompt
- tools.orphaned-result
- tools.missing-result
- tools.mixed-result
- errors.goes-on
"""

from mcp.types import ErrorData


async def my_callback(context, params):
    return ErrorData(code=-1, message="The user rejected the sampling request.")
