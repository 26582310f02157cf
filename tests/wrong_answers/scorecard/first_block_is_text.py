"""Takes the first block of a reply for its text.

- stop-reasons.refusal
- provider.no-text
"""

import httpx2
from mcp.types import ErrorData

from tests.checks import good_callbacks as good


def make(base_url, timeout=30.0):
    async def my_callback(context, params):
        if fault := good.fault_of(params):
            return ErrorData(code=-32602, message=fault)
        try:
            reply = await good.post(base_url, good.body_of(params), timeout)
        except (httpx2.HTTPError, ValueError):
            return ErrorData(code=-32603, message="The provider gave no answer. Ask again later.")
        print(reply["content"][0]["text"])
        return good.answer_of(reply)

    return my_callback
