"""Mistakes with a provider that fails: too often asked, too long waited for, told as something else."""

import asyncio
import os

import httpx2
from mcp.types import ErrorData

from tests.checks import good_callbacks
from tests.checks.good_callbacks import TLS, body_of, fault_of
from tests.wrong_answers.scorecard.provider import NO_ANSWER, _asks

TIMEOUT = 1.5


def _tries(base_url, timeout, status, tries=9):
    """Asks again and again where the status is that one."""

    async def my_callback(context, params):
        if fault := fault_of(params):
            return ErrorData(code=-32602, message=fault)
        headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}
        try:
            async with httpx2.AsyncClient(timeout=timeout, trust_env=False, verify=TLS) as client:
                for left in reversed(range(tries)):
                    reply = await client.post(f"{base_url}/v1/messages", json=body_of(params), headers=headers)
                    if reply.status_code not in (429, status) or not left or (reply.status_code == 429 and left < 7):
                        return good_callbacks.answer_of(reply.raise_for_status().json())
        except (httpx2.HTTPError, ValueError):
            pass
        return ErrorData(code=-32603, message=NO_ANSWER)

    return my_callback


def faults_in_the_users_name(base_url, timeout=30.0):
    """Says that the user said no, where the provider failed.

    - provider.broken
    """
    return _asks(base_url, timeout, told=lambda error, params: ErrorData(code=-1, message="The user said no."))


def good_status_good_reply(base_url, timeout=30.0):
    """Looks at the status alone, and not for an error in the reply.

    - provider.error-in-reply
    """

    def read(reply):
        if "error" in reply:
            raise KeyError("content")
        return good_callbacks.answer_of(reply)

    return _asks(base_url, timeout, read=read)


def nine_tries_after_a_400(base_url, timeout=30.0):
    """Sends again what the provider has just called wrong.

    - provider.bad-request
    """
    return _tries(base_url, timeout, 400)


def nine_tries_after_a_401(base_url, timeout=30.0):
    """Knocks with a key that was refused, until it is locked out.

    - provider.wrong-key
    """
    return _tries(base_url, timeout, 401)


def waits_as_long_as_it_is_told(base_url, timeout=30.0):
    """Sleeps for as long as the provider says, be it an hour.

    - provider.busy-for-long
    """

    async def my_callback(context, params):
        if fault := fault_of(params):
            return ErrorData(code=-32602, message=fault)
        headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}
        try:
            async with httpx2.AsyncClient(timeout=timeout, trust_env=False, verify=TLS) as client:
                for _ in range(3):
                    reply = await client.post(f"{base_url}/v1/messages", json=body_of(params), headers=headers)
                    if reply.status_code != 429:
                        break
                    await asyncio.sleep(float(reply.headers.get("retry-after", 0)))
            return good_callbacks.answer_of(reply.raise_for_status().json())
        except (httpx2.HTTPError, ValueError):
            return ErrorData(code=-32603, message=NO_ANSWER)

    return my_callback
