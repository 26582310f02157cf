"""Asks its provider with a client that blocks the event loop.

- manners.loop
"""

import json
import os
import urllib.error
import urllib.request

from mcp.types import ErrorData

from tests.checks.good_callbacks import answer_of, body_of, fault_of


def make(base_url, timeout=1.0):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    async def my_callback(context, params):
        if fault := fault_of(params):
            return ErrorData(code=-32602, message=fault)
        headers = {"content-type": "application/json", "x-api-key": os.environ["ANTHROPIC_API_KEY"]}
        body = json.dumps(body_of(params)).encode("utf-8")
        try:
            with opener.open(
                urllib.request.Request(f"{base_url}/v1/messages", body, headers), timeout=timeout
            ) as reply:
                return answer_of(json.load(reply))
        except Exception as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            return ErrorData(code=-32603, message="The provider gave no answer. Ask again later.")

    return my_callback
