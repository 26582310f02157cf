"""A student's server under examination: used through real Labs, by clients that answer in every way there is.

A client may answer well or badly, late, never, or refuse; or it cannot sample at all. Each is tried on both wires.
"""

import inspect
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any, cast

import anyio
from mcp import MCPError
from mcp.client import InputRequiredRoundsExceededError
from mcp.client.session import SamplingFnT
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, CreateMessageRequestParams, CreateMessageResult, TextContent

from labkit.callbacks import Answer, name_of
from labkit.checks.clock import BUSY, in_time
from labkit.checks.engine import STAGE_TIMEOUT, Problem, called
from labkit.connection import LabServer
from labkit.errors import LabError
from labkit.lab import Lab
from labkit.quiet import crashes
from servers import log_archiver

MODES = ("auto", "legacy")
REVISIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
PATIENCE = STAGE_TIMEOUT * 0.8
"""Seconds that a call may take: less than its stage, so that the sentence is about the call."""

_numbers = count(1)

Line = str | Answer | Callable[[], Awaitable[str]]
"""An answer: a text, a result, a refusal, or a function to wait for."""

Case = Callable[[Callable[..., Any]], Awaitable[None]]
Desk = Callable[[Callable[..., Any], str], Awaitable[None]]


class Answers:
    """A sampling callback that gives its answers in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self, *lines: Line) -> None:
        self.lines = lines
        self.asked: list[CreateMessageRequestParams] = []
        self.is_asked = anyio.Event()

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Answer:
        self.asked.append(params.model_copy(deep=True))
        self.is_asked.set()
        line = self.lines[min(len(self.asked), len(self.lines)) - 1]
        if callable(line):
            line = await line()
        if isinstance(line, str):
            return CreateMessageResult(role="assistant", model="check", content=TextContent(text=line))
        return line


@dataclass(frozen=True)
class Use:
    """What came of one call: the tool's text, or the protocol's error; and the requests that the client was sent."""

    said: str = ""
    error: MCPError | None = None
    asked: Sequence[CreateMessageRequestParams] = field(default=())


def made(make: Callable[..., Any], tool: str) -> MCPServer:
    """The student's server.

    Raises:
        Problem: `make` returned no server.
    """
    server: object = called(make)
    if not isinstance(server, MCPServer):
        got = "nothing: is `return server` missing?" if server is None else f"a {type(server).__name__}."
        raise Problem(
            f"{name_of(make)}() returned {got} It should return the MCPServer that has the tool {tool}.", hint="return"
        )
    return cast("MCPServer", server)


def connect(server: LabServer, mode: str, answers: Answers | None, seconds: float = PATIENCE) -> Lab:
    """A Lab of its own between a server and a client that answers so; with `None` it cannot sample.

    A call of it may take `seconds`, and more on a busy machine.
    """
    return Lab(
        server,
        name=f"check {next(_numbers)}",
        mode=mode,
        sampling_callback=cast("SamplingFnT | None", answers),
        timeout=seconds * BUSY,
    )


@contextmanager
def archiver(callback: object, mode: str) -> Generator[Callable[[str], Awaitable[CallToolResult]]]:
    """The tool of a log archiver, which files in a folder of its own and asks `callback`; it takes a line of a log."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server, asked = log_archiver.make_server(folder), cast("SamplingFnT", callback)
        with Lab(server, name="check", sampling_callback=asked, mode=mode, timeout=STAGE_TIMEOUT * BUSY) as lab:
            yield lambda line: in_time(lab.start("process_log_entry", {"log_line": line}), STAGE_TIMEOUT)


async def use(lab: Lab, tool: str, arguments: dict[str, Any], answers: Answers | None = None) -> Use:
    """Call the tool of a student's server once.

    Raises:
        Problem: The tool raised, or asked in a way that cannot work; the sentence says which wire it was.
        NotImplementedError: The tool is not written yet.
    """
    before = len(answers.asked) if answers else 0
    on = f"On revision {REVISIONS[lab.mode]}"
    with crashes() as raised:
        try:
            result = await in_time(lab.start(tool, arguments), PATIENCE)
        except InputRequiredRoundsExceededError:
            asked = [each.model_dump_json() for each in answers.asked[before:]] if answers else []
            why = "the question was another one in every round. Build it from the tool's arguments alone"
            if len({*asked}) < len(asked):
                why = "the same was asked in every round. Take the answers that came"
            raise Problem(
                f"{on} one call of {tool} asked {len(asked)} times and never came to an end: {why}.",
                hint="pure",
            ) from None
        except LabError as error:
            raise Problem(f"{on}: {error}") from error
        except MCPError as error:
            if "back-channel" in str(error):
                raise Problem(
                    f"{on} the call failed ({error}). create_message needs a server that sends requests of its own; "
                    "return a Sample from a resolver.",
                    hint="back-channel",
                ) from None
            return Use(error=error, asked=answers.asked[before:] if answers else ())
    if raised and isinstance(raised[0].error, NotImplementedError):
        raise NotImplementedError
    if raised:
        error, asked = raised[0].error, len(answers.asked) - before if answers else 0
        if isinstance(error, AttributeError) and error.name == "content" and answers and not asked:
            raise Problem(
                f"{on} nobody was asked, and {tool} was given {_handed(error.obj)} in the place of an answer: a "
                "resolver returned it. Return a Sample.",
                hint="resolver",
            )
        raise Problem(f"{on} {raised[0]}", hint="raises")
    said = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    if result.is_error:
        raise Problem(f'{on} the call of {tool} failed: "{said[:200]}"', hint="raises")
    return Use(said, asked=answers.asked[before:] if answers else ())


def _handed(what: object) -> str:
    """What a resolver returned, by its type."""
    if inspect.iscoroutine(what):
        what.close()
        return f"a coroutine, {what.__name__}(...), that nobody awaited,"
    return "nothing (is a `return` missing?)" if what is None else f"a {type(what).__name__}"


async def answered(server: MCPServer, mode: str, tool: str, arguments: dict[str, Any], *lines: Line) -> Use:
    """The tool's use on a connection of its own, by a client that gives these answers; without any it cannot sample."""
    answers = Answers(*lines) if lines else None
    with connect(server, mode, answers) as lab:
        return await use(lab, tool, arguments, answers)


async def given_up(server: MCPServer, mode: str, tool: str, arguments: dict[str, Any]) -> None:
    """Call the tool, and hang up while the client has yet to answer."""
    silent = Answers(never)
    with connect(server, mode, silent) as lab:
        call = lab.start(tool, arguments)
        with anyio.move_on_after(PATIENCE):
            await silent.is_asked.wait()
        call.cancel()


async def never() -> str:
    """An answer that does not come."""
    await anyio.sleep_forever()
    return ""


def text_of(params: CreateMessageRequestParams) -> str:
    """Every text of the messages of a request."""
    return "\n".join(
        block.text for message in params.messages for block in message.content_as_list if isinstance(block, TextContent)
    )


def on_both_wires(case: Desk) -> Case:
    """A case that is tried with `mode="auto"`, then with `mode="legacy"`."""

    async def both(make: Callable[..., Any]) -> None:
        for mode in MODES:
            await case(make, mode)

    return both


async def route(make: Callable[..., Any], mode: str, ticket: str, *lines: Any) -> Use:
    """A call of the tool `route` on a new server of the student's, by a client that gives these answers."""
    return await answered(made(make, "route"), mode, "route", {"ticket": ticket}, *lines)
