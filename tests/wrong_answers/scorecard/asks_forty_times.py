"""Asks a busy provider again and again, forty times.

- provider.busy-always
- provider.overloaded
"""

import httpx2
from mcp.types import ErrorData

from tests.checks import good_callbacks as good


def make(base_url, timeout=30.0):
    async def my_callback(context, params):
        if fault := good.fault_of(params):
            return ErrorData(code=-32602, message=fault)
        try:
            return good.answer_of(await good.post(base_url, good.body_of(params), timeout, tries=40))
        except (httpx2.HTTPError, ValueError):
            return ErrorData(code=-32603, message="The provider gave no answer. Ask again later.")

    return my_callback
