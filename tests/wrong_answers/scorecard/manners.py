"""Mistakes with what belongs to others: the request, the key, the lock, other requests."""

import asyncio
import logging
import os
import traceback

from mcp.types import ErrorData, SamplingMessage, TextContent

from tests.checks import good_callbacks
from tests.checks.good_callbacks import answer, fault_of, text_of
from tests.checks.good_callbacks import my_callback as good

_current = {}
_said = []


async def adds_to_the_request(context, params):
    """Makes the request its own.

    - manners.untouched
    """
    answer = await good(context, params)
    params.messages.append(SamplingMessage(role="user", content=TextContent(text="Be brief.")))
    return answer


async def goes_on_when_cancelled(context, params):
    """Catches its own cancellation and waits on.

    - manners.cancelled
    """
    ready = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, ready.set)
    while not ready.is_set():
        try:
            await ready.wait()
        except asyncio.CancelledError:
            pass
    return await good(context, params)


def lock_is_never_opened(base_url, timeout=30.0):
    """Locks its door and leaves by the window: after one faulty request it answers nobody.

    - errors.goes-on
    """
    lock = asyncio.Lock()
    asks = good_callbacks.make(base_url, timeout)

    async def my_callback(context, params):
        if params.max_tokens > 0 and params.messages and lock.locked() and not params.tools:
            raise RuntimeError("Somebody else is at work.")
        answer = await asks(context, params)
        if isinstance(answer, ErrorData) and params.max_tokens < 0:
            await lock.acquire()
        return answer

    return my_callback


async def one_for_all(context, params):
    """Keeps the request where the next one overwrites it.

    - manners.apart
    """
    if fault_of(params):
        return await good(context, params)
    _current["text"] = text_of(params.messages[-1])
    await asyncio.sleep(0)
    return answer("You said: " + _current["text"], params.max_tokens)


async def prints_the_key(context, params):
    """Logs the key, to see whether it is the right one.

    - manners.key
    """
    logging.getLogger("my_callback").warning("asking with %s", os.environ.get("ANTHROPIC_API_KEY"))
    return await good(context, params)


async def remembers(context, params):
    """Keeps what was said before, for all servers and for ever.

    - messages.not-kept
    - manners.apart
    """
    if fault_of(params):
        return await good(context, params)
    _said.append(text_of(params.messages[-1]))
    return answer("So far you said: " + " ".join(_said[-3:]), params.max_tokens)


async def traceback_in_the_refusal(context, params):
    """Shows the server its own code.

    - errors.in-words
    """
    try:
        params.messages[0]
    except IndexError:
        return ErrorData(code=-32603, message=traceback.format_exc())
    return await good(context, params)
