"""Servers that count on a client that can sample and says yes."""

from typing import Annotated

from mcp import MCPError
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp_types import CreateMessageRequest, CreateMessageResult, InputRequiredResult
from servers.asking import asks_by_result, can_sample
from tests.checks.right_servers import KEY, NO_MODEL, question, words


def always_samples():
    """Has nothing for a client that cannot sample.

    - clients.cannot-sample
    """
    server = MCPServer("always-samples")

    async def ask(text: str):
        return Sample(question(text).messages, max_tokens=10)

    @server.tool(structured_output=False)
    async def label(text: str, answer: Annotated[CreateMessageResult, Resolve(ask)]) -> str:
        return words(answer)

    return server


def asks_whoever_comes():
    """Asks without a look at what the client declared.

    - clients.not-asked
    """
    server = MCPServer("asks-whoever-comes")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not asks_by_result(ctx):
            return NO_MODEL
        came = (ctx.input_responses or {}).get(KEY)
        asked = {KEY: CreateMessageRequest(params=question(text))}
        return words(came) if came else InputRequiredResult(input_requests=asked)

    return server


def guesses_in_silence():
    """Returns a label that nobody can tell from a model's.

    - clients.says-so
    """
    server = MCPServer("guesses-in-silence")

    async def ask(text: str, ctx: Context):
        return Sample(question(text).messages, max_tokens=10) if can_sample(ctx) else None

    @server.tool(structured_output=False)
    async def label(text: str, answer: Annotated[CreateMessageResult | None, Resolve(ask)]) -> str:
        said = words(answer).lower() if answer else "neutral"
        return next((each for each in ("positive", "negative", "neutral") if each in said), "unclear")

    return server


def _older(asks):
    """A server that asks on revision 2025-11-25 with `asks(ctx, text)`."""
    server = MCPServer("older")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str:
        return await asks(ctx, text) if can_sample(ctx) and not asks_by_result(ctx) else NO_MODEL

    return server


def uses_an_answer_that_did_not_come():
    """Catches the refusal, and goes on as if there had been an answer.

    - clients.refuses
    - clients.fails
    """

    async def asks(ctx, text):
        try:
            answer = await ctx.session.create_message(question(text).messages, max_tokens=10)
        except MCPError:
            answer = None
        return words(answer) if answer.content else "No label."

    return _older(asks)


def expects_a_no_and_no_fault():
    """Knows the code of a refusal alone.

    - clients.fails
    """

    async def asks(ctx, text):
        try:
            return words(await ctx.session.create_message(question(text).messages, max_tokens=10))
        except MCPError as error:
            if error.code != -1:
                raise LookupError(error.code) from error
            return "No label: the user said no."

    return _older(asks)


def nags():
    """Asks again after a no.

    - clients.no-means-no
    """

    async def asks(ctx, text):
        for _ in range(3):
            try:
                return words(await ctx.session.create_message(question(text).messages, max_tokens=10))
            except MCPError:
                continue
        return "No label: the client did not answer."

    return _older(asks)


def asks_without_an_end():
    """Asks until an answer has letters in it.

    - answers.never-right
    """

    async def asks(ctx, text):
        said = ""
        while not any(each.isalpha() for each in said):
            answer = await ctx.session.create_message(question(text).messages, max_tokens=10)
            said = words(answer)
        return said

    return _older(asks)


def knows_one_wire():
    """Sends requests of its own on a revision that has none.

    - wires.newer
    """
    server = MCPServer("knows-one-wire")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str:
        if not can_sample(ctx):
            return NO_MODEL
        return words(await ctx.session.create_message(question(text).messages, max_tokens=10))

    return server


def knows_the_other_wire():
    """Returns an unfinished result on a revision that has none.

    - wires.older
    """
    server = MCPServer("knows-the-other-wire")

    @server.tool(structured_output=False)
    async def label(text: str, ctx: Context) -> str | InputRequiredResult:
        if not can_sample(ctx):
            return NO_MODEL
        came = (ctx.input_responses or {}).get(KEY)
        asked = {KEY: CreateMessageRequest(params=question(text))}
        return words(came) if came else InputRequiredResult(input_requests=asked)

    return server
