"""Through a real client and server, on both revisions of the protocol."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from mcp import Client
from mcp.server.mcpserver import MCPServer, Resolve, Sample
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

from labkit.answering import ask
from labkit.callbacks import Answer
from labkit.checks.engine import Problem
from labkit.checks.judging import given, said
from labkit.checks.sampling.messages import QUESTION
from labkit.checks.trial import Trial
from labkit.errors import LabError


async def explain() -> Sample:
    return Sample(QUESTION.messages, max_tokens=QUESTION.max_tokens, temperature=0.2)


def make_server() -> MCPServer:
    """A server with one tool, which asks for one sample and returns its text.

    An `MCPServer` sets logging up to print, unless something listens to it already, as the examination of a case does.
    """
    server = MCPServer("scorecard")

    @server.tool(structured_output=False)
    async def explain_log_line(answer: Annotated[CreateMessageResult, Resolve(explain)]) -> str:
        return said(answer)

    return server


def through(mode: str) -> Callable[[Trial], Awaitable[None]]:
    """The callback answers for a tool, which returns its words."""

    async def run(trial: Trial) -> None:
        faults: list[LabError] = []

        async def listening(context: Any, params: CreateMessageRequestParams) -> Answer:
            try:
                trial.answer = await ask(trial.callback, context, params)
            except LabError as fault:
                faults.append(fault)
                raise
            return trial.answer

        async def call() -> str:
            async with Client(make_server(), mode=mode, sampling_callback=listening) as client:
                result = await client.call_tool("explain_log_line")
            return " ".join(block.text for block in result.content if isinstance(block, TextContent))

        try:
            told = await trial.on_lab(call)
        except Exception:
            # What the client makes of a fault or a refusal is a poorer account of it.
            if faults:
                raise faults[0] from None
            if isinstance(trial.answer, ErrorData):
                given(trial.answer)
            raise
        if trial.answer and told != said(trial.answer):
            raise Problem(f"The tool returned {told[:100]!r}, and the answer was {said(trial.answer)[:100]!r}.")

    return run


JUDGES = {
    "wires.modern": through("auto"),
    "wires.legacy": through("legacy"),
}
