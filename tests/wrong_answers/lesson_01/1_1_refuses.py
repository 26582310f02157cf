"""It refused (-1: no)"""

from mcp.types import ErrorData


async def my_callback(context, params):
    return ErrorData(code=-1, message="no")
