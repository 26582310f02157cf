"""Five calls of one night, each of which went wrong in its own way: real ones, made anew when they are asked for."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

from mcp import MCPError
from mcp_types import INTERNAL_ERROR, ErrorData

from labkit.call import Call
from labkit.callbacks import TOO_MANY, hint
from labkit.checks.asking_servers import Answers, never
from labkit.flow import Flow
from labkit.host import with_retry, with_timeout
from labkit.lab import Lab
from servers import log_archiver, text_analyst
from servers.sample_logs import SAMPLE_LINES
from servers.sample_texts import SAMPLE_TEXTS

CAUSES = {
    "cannot sample": "the client cannot sample",
    "refused": "a person said no, or a duty in a person's name",
    "busy": "the model had too many requests",
    "raised": "the callback raised an error",
    "late": "the callback was given a time, and took longer",
    "given up": "the caller waited no longer",
    "wrong form": "the answer had not the form that the server asked for",
    "cut": "the answer ended at its limit of tokens",
    "empty": "the answer held no text",
}
"""What may have failed."""

BUSY = ErrorData(code=INTERNAL_ERROR, message="Too many requests (429).", data=hint(TOO_MANY))


class Night(NamedTuple):
    """A call: what failed, whether the server learned that something had, its wire, and who answers."""

    cause: str
    server_knows: bool
    mode: str
    answers: Callable[[], Any]


NIGHTS = {
    "A": Night("wrong form", True, "auto", lambda: Answers("I would rather not say.")),
    "B": Night("given up", True, "legacy", lambda: Answers(never)),
    "C": Night("late", False, "auto", lambda: with_timeout(cast("Any", Answers(never)), 0.1)),
    "D": Night("empty", True, "auto", lambda: Answers("")),
    "E": Night("busy", False, "auto", lambda: with_retry(cast("Any", Answers(BUSY, BUSY, "It is full.")), wait=0)),
}


async def night_calls() -> None:
    """Make the five calls, and print the flow of each."""
    for letter in NIGHTS:
        print(f"--- {letter}: {await flow_of(letter)}\n")


async def flow_of(letter: str) -> Flow:
    """The flow of one of the calls, made now."""
    night = NIGHTS[letter]
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server, tool = log_archiver.make_server(folder), "process_log_entry"
        arguments = {"log_line": SAMPLE_LINES["disk_full"]}
        if night.cause == "wrong form":
            server, tool, arguments = text_analyst.make_server(), "analyze_sentiment", {"text": SAMPLE_TEXTS["praise"]}
        with Lab(server, name=f"night {letter}", mode=night.mode, sampling_callback=night.answers()) as lab:
            return await _played(lab.start(tool, arguments), give_up=night.cause == "given up")


async def _played(call: Call[Any], *, give_up: bool) -> Flow:
    """The flow of a call at its end."""
    if give_up:
        await _until(lambda: any(step.target == "callback" for step in call.flow.steps))
        call.cancel()
        await _until(lambda: sum("cancelled" in step.label for step in call.flow.steps) == 2)
    with suppress(MCPError, asyncio.CancelledError):
        await call
    return call.flow


async def _until(seen: Callable[[], bool]) -> None:
    """Wait until something is seen, ten seconds at most."""
    for _ in range(500):
        if seen():
            return
        await asyncio.sleep(0.02)
