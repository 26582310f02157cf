"""Mistakes with a provider, and with the network before it."""

import json
import os
import urllib.error
import urllib.request

import httpx2
from mcp.types import ErrorData, TextContent

from tests.checks import good_callbacks as good

NO_ANSWER = "The provider gave no answer. Ask again later."


def _asks(
    base_url,
    timeout,
    *,
    tries=3,
    caught=(httpx2.HTTPError, ValueError),
    told=lambda error, params: ErrorData(code=-32603, message=NO_ANSWER),
    read=good.answer_of,
):
    """A callback that asks the provider as it should, but for what a mistake hands in."""

    async def my_callback(context, params):
        if fault := good.fault_of(params):
            return ErrorData(code=-32602, message=fault)
        try:
            reply = await good.post(base_url, good.body_of(params), timeout, tries)
        except caught as error:
            return told(error, params)
        return read(reply)

    return my_callback


def asks_forty_times(base_url, timeout=30.0):
    """Asks a busy provider again and again, forty times.

    - provider.busy-always
    - provider.overloaded
    """
    return _asks(base_url, timeout, tries=40)


def blocking_client(base_url, timeout=1.0):
    """Asks its provider with a client that blocks the event loop.

    - manners.loop
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    async def my_callback(context, params):
        if fault := good.fault_of(params):
            return ErrorData(code=-32602, message=fault)
        headers = {"content-type": "application/json", "x-api-key": os.environ["ANTHROPIC_API_KEY"]}
        body = json.dumps(good.body_of(params)).encode("utf-8")
        request = urllib.request.Request(f"{base_url}/v1/messages", body, headers)
        try:
            with opener.open(request, timeout=timeout) as reply:
                return good.answer_of(json.load(reply))
        except Exception as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            return ErrorData(code=-32603, message=NO_ANSWER)

    return my_callback


def drops_the_system_prompt(base_url, timeout=30.0):
    """Hands the messages on and nothing else.

    - provider.system-prompt
    """
    asks = good.make(base_url, timeout)

    async def my_callback(context, params):
        return await asks(context, params.model_copy(update={"system_prompt": None}))

    return my_callback


def errors_as_answers(base_url, timeout=30.0):
    """Puts the error of the provider into the mouth of a model.

    - manners.key
    - provider.wrong-key
    - provider.busy-always
    - provider.overloaded
    - provider.broken
    """

    def told(error, params):
        if isinstance(error, httpx2.HTTPStatusError):
            return good.answer(f"Error: {error.response.text}", params.max_tokens)
        return ErrorData(code=-32603, message=NO_ANSWER)

    return _asks(base_url, timeout, told=told)


def errors_in_the_place_of_answers(base_url, timeout=30.0):
    """Returns an answer that holds the class of the error, and the stop reason "error".

    - provider.silent
    - provider.wrong-key
    - provider.busy-always
    - provider.overloaded
    - provider.broken
    - provider.malformed
    - provider.hangs-up
    - provider.gone
    """

    def told(error, params):
        return good.answer(f"Error: {type(error).__name__}", params.max_tokens).model_copy(
            update={"stop_reason": "error"}
        )

    return _asks(base_url, timeout, told=told)


def errors_of_the_provider_go_out(base_url, timeout=30.0):
    """Tells the server what the provider said, word for word.

    - manners.key
    - provider.broken
    """

    def told(error, params):
        words = error.response.text if isinstance(error, httpx2.HTTPStatusError) else NO_ANSWER
        return ErrorData(code=-32603, message=words)

    return _asks(base_url, timeout, told=told)


def every_status_is_good(base_url, timeout=30.0):
    """Lets a bad status out as an exception, and tries but once.

    - messages.prefill
    - provider.wrong-key
    - provider.busy-once
    - provider.busy-always
    - provider.overloaded
    - provider.broken
    """
    return _asks(base_url, timeout, tries=1, caught=(httpx2.TransportError, ValueError))


def first_block_is_text(base_url, timeout=30.0):
    """Takes the first block of a reply for its text.

    - stop-reasons.refusal
    - provider.no-text
    - provider.error-in-reply
    """

    def read(reply):
        print(reply["content"][0]["text"])
        return good.answer_of(reply)

    return _asks(base_url, timeout, read=read)


def hands_the_temperature_on(base_url, timeout=30.0):
    """Sends each temperature to a model that takes none, and so refuses every question that has one.

    - limits.temperature
    """

    async def my_callback(context, params):
        if fault := good.fault_of(params):
            return ErrorData(code=-32602, message=fault)
        body = good.body_of(params)
        if params.temperature is not None:
            body["temperature"] = min(params.temperature, 1.0)
        try:
            return good.answer_of(await good.post(base_url, body, timeout))
        except (httpx2.HTTPError, ValueError):
            return ErrorData(code=-32603, message=NO_ANSWER)

    return my_callback


def images_as_text(base_url, timeout=30.0):
    """Puts the letters of an image into a text, so that no model can see a picture.

    - provider.image
    """
    asks = good.make(base_url, timeout)

    async def my_callback(context, params):
        messages = []
        for message in params.messages:
            blocks = [
                TextContent(text=f"data:{block.mime_type};base64,{block.data}") if block.type == "image" else block
                for block in message.content_as_list
            ]
            messages.append(message.model_copy(update={"content": blocks}))
        return await asks(context, params.model_copy(update={"messages": messages}))

    return my_callback


def impatient(base_url, timeout=30.0):
    """Gives a model no time to think, and has no words for it.

    - provider.slow
    - provider.silent
    """
    caught = (httpx2.HTTPStatusError, httpx2.ConnectError, httpx2.RemoteProtocolError, ValueError)
    return _asks(base_url, min(timeout, 0.3), caught=caught)


def networks_never_fail(base_url, timeout=30.0):
    """Is ready for every status, and for no network.

    - provider.silent
    - provider.hangs-up
    - provider.gone
    """
    return _asks(base_url, timeout, caught=(httpx2.HTTPStatusError, ValueError))


def replies_are_always_json(base_url, timeout=30.0):
    """Expects that whatever comes can be read.

    - provider.malformed
    """
    return _asks(base_url, timeout, caught=httpx2.HTTPError)


def sends_the_last_message(base_url, timeout=30.0):
    """Hands the last message on and forgets those before it.

    - provider.messages
    """
    asks = good.make(base_url, timeout)

    async def my_callback(context, params):
        return await asks(context, params.model_copy(update={"messages": params.messages[-1:]}))

    return my_callback
