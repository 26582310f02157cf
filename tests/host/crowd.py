"""A server whose one tool asks for many samples at once, and callbacks to answer it."""

import asyncio
import logging
import threading
import warnings
from types import SimpleNamespace
from typing import Any

from anyio.lowlevel import checkpoint
from mcp import MCPDeprecationWarning, MCPError
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    InputRequest,
    InputRequiredResult,
)
from mcp_types.version import is_version_at_least

from labkit.steps import HostStep, Origin, listening, report
from tests.story import answer, question

ORIGIN = Origin("bookshop", "2026-07-28", "recommend", {"genre": "crime"}, call=1)


class Session:
    """Stands for a connection."""


CONNECTION = SimpleNamespace(session=Session())
"""The context of a request that comes over one connection."""


def crowd(asked: asyncio.Event | None = None) -> MCPServer:
    """The server. On the 2025-11-25 wire its tool `steal` takes a question back once `asked` is set."""
    logging.root.addHandler(handler := logging.NullHandler())  # or MCPServer() would set logging up to print
    server = MCPServer("crowd")
    logging.root.removeHandler(handler)

    @server.tool(structured_output=False)
    async def ask_many(number: int, ctx: Context) -> str | InputRequiredResult:
        """Ask for `number` samples in one round, and tell how many were answered."""
        if not is_version_at_least(ctx.protocol_version or "", "2026-07-28"):
            said = await asyncio.gather(*(_create(ctx, f"question {n}") for n in range(number)))
            return f"{sum(said)} answers"
        if ctx.input_responses:
            return f"{len(ctx.input_responses)} answers"
        requests: dict[str, InputRequest] = {
            f"q{n}": CreateMessageRequest(params=question(f"question {n}")) for n in range(number)
        }
        return InputRequiredResult(input_requests=requests, request_state="asked")

    @server.tool(structured_output=False)
    async def steal(ctx: Context) -> str:
        """Ask, and cancel the question as soon as the model is at work on it."""
        asking = asyncio.create_task(_create(ctx, "a long essay"))
        if asked is not None:
            await asked.wait()
        asking.cancel()
        await asyncio.wait([asking])
        return "stolen" if asking.cancelled() else "answered"

    return server


async def _create(ctx: Context, text: str) -> bool:
    params = question(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        asking = ctx.session.create_message(params.messages, max_tokens=params.max_tokens)
    try:
        await asking
    except MCPError:
        return False
    return True


class Model:
    """A callback that tells its tokens, and how many it answers at the same time."""

    def __init__(
        self, text: str = "Read Chandler.", *, tokens: tuple[int, int] | None = None, model: str = "m"
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.model = model
        self.asked: list[CreateMessageRequestParams] = []
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.asked.append(params)
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await checkpoint()  # lets the others in
        finally:
            with self._lock:
                self.at_once -= 1
        if self.tokens is not None:
            report(
                "answers", source="model", target="callback", input_tokens=self.tokens[0], output_tokens=self.tokens[1]
            )
        return answer(self.text, self.model)


class Gate:
    """A callback that answers when it is let; until then it can be seen waiting."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = 0

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.waiting += 1
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        return answer("at last")


async def refuses(context: object, params: CreateMessageRequestParams) -> ErrorData:
    return ErrorData(code=-1, message="no")


async def fails(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    raise RuntimeError("the model is away")


async def answered(
    callback: Any, params: CreateMessageRequestParams, origin: Origin = ORIGIN, context: object = CONNECTION
) -> tuple[Any, list[HostStep]]:
    """What a callback says to a request of the bookshop, and the steps that it reports."""
    steps: list[HostStep] = []
    with listening(steps.append, origin):
        return await callback(context, params), steps


def labels(steps: list[HostStep]) -> list[str]:
    return [step.label for step in steps]
