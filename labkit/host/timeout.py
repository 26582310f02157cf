"""`with_timeout`: an answer in time, or a sentence.

A tool's call waits for as long as the model thinks, and on the 2025-11-25 wire a client's read timeout runs meanwhile.
"""

import asyncio
from contextlib import suppress
from contextvars import copy_context

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import INTERNAL_ERROR, CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.host.duty import Duty, refusal
from labkit.numbers import checked_seconds
from labkit.steps import report

GRACE = 0.5
"""Seconds that what was cancelled has to end in order before it is left to itself."""


def with_timeout(callback: SamplingFnT, seconds: float) -> "Timeout":
    """Answer with error -32603 and a sentence where `callback` takes longer than `seconds`, and cancel it.

        with_timeout(callback, 20)

    A callback that catches its cancellation and goes on delays the sentence by half a second at most; what it answers
    later goes nowhere. One that holds the event loop and never awaits cannot be stopped so: a Lab's watchdog does that.

    Raises:
        ValueError: `seconds` is no number of seconds above 0.
        WrongOrder: A human inside has longer than `seconds` to decide.
    """
    return Timeout(callback, seconds)


class Timeout(Duty):
    """What `with_timeout` makes."""

    def __init__(self, callback: SamplingFnT, seconds: float) -> None:
        self.seconds = checked_seconds("seconds", seconds)
        super().__init__(callback)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback, if it comes in time."""
        # What is cancelled in this task, as by `asyncio.timeout`, has to end before anything goes on.
        variables = copy_context()
        asking = asyncio.create_task(self._outcome(context, params), context=variables)
        asking.add_done_callback(_heard)
        try:
            done, _ = await asyncio.wait({asking}, timeout=self.seconds)
        finally:
            if not asking.done():
                asking.cancel()
                await asyncio.wait({asking}, timeout=GRACE)
        if done:
            for variable, value in variables.items():
                if variable.get(None) is not value:
                    variable.set(value)  # what a task sets is its own
            outcome = asking.result()
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome
        goes_on = "" if asking.done() else ", and it goes on"
        report(f"cancelled after {self.seconds:g} s without an answer{goes_on}", seconds=self.seconds)
        return refusal("timeout", f"There was no answer within {self.seconds:g} s.", INTERNAL_ERROR)

    async def _outcome(
        self, context: ClientRequestContext, params: CreateMessageRequestParams
    ) -> Answer | BaseException:
        try:
            return await self.ask(self.inner[0], context, params)
        except (SystemExit, KeyboardInterrupt) as error:  # which would end the loop, were it raised in a task
            return error


def _heard(asking: "asyncio.Task[object]") -> None:
    """Take note of the error of what was left to itself, of which asyncio would complain."""
    with suppress(asyncio.CancelledError):
        asking.exception()
