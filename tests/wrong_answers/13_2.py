"""Exercise 13.2: a host of several servers."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from mcp import Client, MCPError


async def _call(client, tool, arguments):
    try:
        result = await client.call_tool(tool, arguments)
    except MCPError as error:
        return error.message
    return result.content[0].text


async def _host(servers, calls, answer, *, bind=partial, call=_call, gather=asyncio.gather):
    """A host as it should be, but for what a mistake hands in."""
    async with AsyncExitStack() as stack:
        clients = {}
        for name, server in servers.items():
            client = Client(server, sampling_callback=bind(answer, name))
            clients[name] = await stack.enter_async_context(client)
        return await gather(*(call(clients[name], tool, arguments) for name, tool, arguments in calls))


async def the_last_of_the_loop(servers, calls, answer):
    """Makes the callbacks in a loop, and all of them see its last value.

    and answer was told that 'reviewer' asks.
    """
    async with AsyncExitStack() as stack:
        clients = {}
        for name, server in servers.items():
            callback = lambda context, params: answer(name, context, params)
            clients[name] = await stack.enter_async_context(Client(server, sampling_callback=callback))
        return await asyncio.gather(*(_call(clients[name], tool, arguments) for name, tool, arguments in calls))


async def the_name_of_nobody(servers, calls, answer):
    """Tells the model nothing of who asks.

    and answer was told that None asks.
    """
    return await _host(servers, calls, answer, bind=lambda answer, name: partial(answer, None))


async def one_after_the_other(servers, calls, answer):
    """Waits for each call before it makes the next.

    The calls were made one after the other
    """

    async def in_turn(*calls):
        return [await call for call in calls]

    return await _host(servers, calls, answer, gather=in_turn)


async def as_they_come(servers, calls, answer):
    """Puts the results in the order in which they were ready.

    The call of archiver has the result 'reviewer was told: [jade: some code] for reviewer'
    """
    results = []

    async def call(client, tool, arguments):
        results.append(await _call(client, tool, arguments))

    await _host(servers, calls, answer, call=call)
    return results


async def a_connection_for_each_call(servers, calls, answer):
    """Starts a program for each call.

    To reviewer 3 connections were opened.
    """

    async def call(name, tool, arguments):
        async with Client(servers[name], sampling_callback=partial(answer, name)) as client:
            return await _call(client, tool, arguments)

    return await asyncio.gather(*(call(*each) for each in calls))


async def one_refusal_is_the_end(servers, calls, answer):
    """Lets the error of one call end all of them.

    Your function raised MCPError: This model says no.
    """

    async def call(client, tool, arguments):
        return (await client.call_tool(tool, arguments)).content[0].text

    return await _host(servers, calls, answer, call=call)


async def errors_for_texts(servers, calls, answer):
    """Puts an exception where a text was asked for.

    and MCPError(-1, 'This model says no.', None) stands in its place
    """

    async def call(client, tool, arguments):
        return (await client.call_tool(tool, arguments)).content[0].text

    return await _host(servers, calls, answer, call=call, gather=partial(asyncio.gather, return_exceptions=True))


async def forgets_the_results(servers, calls, answer):
    """Makes the calls, and returns nothing.

    For 1 calls host returned None.
    """
    await _host(servers, calls, answer)


def plain(servers, calls, answer):
    """Lacks the word `async`.

    which nobody can wait for
    """
    return ["one text"]


async def results_as_they_are(servers, calls, answer):
    """Returns results where texts were asked for.

    has the result CallToolResult(
    """

    async def call(client, tool, arguments):
        return await client.call_tool(tool, arguments)

    return await _host(servers, calls, answer, call=call)
