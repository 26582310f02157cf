"""Five calls of one morning, each slow for a reason of its own: real ones, made anew when they are asked for."""

from asyncio import ensure_future, gather, sleep
from typing import Annotated, cast

import anyio
from mcp.client import ClientRequestContext, ClientSession
from mcp.client.session import SamplingFnT
from mcp.server.mcpserver import MCPServer, Resolve, Sample
from mcp_types import CreateMessageRequestParams, CreateMessageResult, SamplingMessage, TextContent

from labkit.checks.engine import request
from labkit.host import Approve, Decision, ReviewRequest, with_approval, with_queue, with_retry
from labkit.lab import Lab
from labkit.models.faulty import Faulty
from labkit.models.scripted import Scripted
from labkit.steps import report
from labkit.telemetry import Telemetry
from servers.serving import quietly

SLOW = 0.8
"""Seconds that the reason takes; all else takes a tenth of that, also on a busy machine."""
LINE = "ERROR: no space left on device"
LONG = 4_000
"""Tokens that somebody else asks for."""
SAID = "The disk is full: delete old files."


@quietly()
def desk(seconds: float = 0) -> MCPServer:
    """A server whose tool explains a log line, and then computes for so many seconds."""
    server = MCPServer("desk")

    async def question(line: str) -> Sample:
        return Sample([SamplingMessage(role="user", content=TextContent(text=line))], max_tokens=900)

    @server.tool(structured_output=False)
    async def explain(line: str, answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        await anyio.sleep(seconds)
        return answer.content.text if isinstance(answer.content, TextContent) else line

    return server


def _model(seconds: float = 0, tokens: int = 9) -> SamplingFnT:
    async def writes(_: CreateMessageRequestParams) -> str:
        await anyio.sleep(seconds)
        report(f"wrote {tokens} tokens", source="model", input_tokens=12, output_tokens=tokens)
        return SAID

    return Scripted(writes, model="haiku")


async def _busy(params: CreateMessageRequestParams) -> str:
    await anyio.sleep(1.2 * SLOW if params.max_tokens == LONG else 0)
    return SAID


async def _thinks(_: ReviewRequest) -> Decision:
    await anyio.sleep(SLOW / 2)  # about the request, and about the answer
    return Approve()


async def slow_calls() -> dict[str, Telemetry]:
    """Make the five calls, on 2026-07-28; what each left behind, by its letter."""
    line = with_queue(Scripted(_busy, model="haiku"), at_once=1)
    callbacks = {
        "A": with_retry(Faulty(_model(), [f"429 after {SLOW / 2}"] * 2), wait=0),
        "B": with_approval(_model(), ask=_thinks),
        "C": _model(),
        "D": line,
        "E": _model(SLOW, tokens=870),
    }
    kept = {letter: Telemetry() for letter in callbacks}

    async def called(letter: str, telemetry: Telemetry) -> None:
        server = desk(SLOW if letter == "C" else 0)
        with Lab(server, name=letter, sampling_callback=callbacks[letter], telemetry=telemetry) as lab:
            await lab.call_tool("explain", {"line": LINE})

    before = ensure_future(line(_somebody_else(), request(LINE, max_tokens=LONG)))
    await sleep(0)  # the one place of the line is taken now
    await gather(before, *(called(letter, telemetry) for letter, telemetry in kept.items()))
    return kept


def _somebody_else() -> ClientRequestContext:
    """The first argument of a callback, of a connection of its own."""
    return ClientRequestContext(session=cast("ClientSession", object()), request_id="before", meta=None)
