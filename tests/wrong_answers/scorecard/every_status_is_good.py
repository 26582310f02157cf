"""Lets a bad status out as an exception, and tries but once.

- messages.prefill
- provider.wrong-key
- provider.busy-once
- provider.busy-always
- provider.overloaded
- provider.broken
"""

import httpx2
from mcp.types import ErrorData

from tests.checks import good_callbacks as good


def make(base_url, timeout=30.0):
    async def my_callback(context, params):
        if fault := good.fault_of(params):
            return ErrorData(code=-32602, message=fault)
        try:
            return good.answer_of(await good.post(base_url, good.body_of(params), timeout, tries=1))
        except (httpx2.TransportError, ValueError):
            return ErrorData(code=-32603, message="The provider gave no answer. Ask again later.")

    return my_callback
