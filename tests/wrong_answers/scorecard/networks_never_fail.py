"""Is ready for every status, and for no network.

- provider.silent
- provider.hangs-up
- provider.gone
"""

import httpx2
from mcp.types import ErrorData

from tests.checks import good_callbacks as good


def make(base_url, timeout=30.0):
    async def my_callback(context, params):
        if fault := good.fault_of(params):
            return ErrorData(code=-32602, message=fault)
        try:
            return good.answer_of(await good.post(base_url, good.body_of(params), timeout))
        except (httpx2.HTTPStatusError, ValueError):
            return ErrorData(code=-32603, message="The provider gave no answer. Ask again later.")

    return my_callback
