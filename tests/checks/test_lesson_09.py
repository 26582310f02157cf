"""The five flows of lesson 09 are what they are said to be, and its class is as the duties make one."""

import asyncio
from collections import Counter
from random import Random
from typing import Any, cast

import pytest
from mcp.client import ClientRequestContext
from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.checks.class_hour import AT_A_TIME, CORES, HANGS, SECONDS, SMOLLM, STUDENTS, Hour, Limits
from labkit.checks.night_calls import NIGHTS, flow_of
from labkit.host import with_budget, with_queue, with_timeout
from labkit.host.duty import Result
from tests.host.virtual import now, run
from tests.story import answer, question

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("letter", NIGHTS)
async def test_a_server_knows_what_crosses_to_it_and_is_no_good_answer(letter: str) -> None:
    night, flow = NIGHTS[letter], await flow_of(letter)
    crossed = [step.label for step in flow.steps if step.source == "client" and step.target == "server"][1:]
    told = [label for label in crossed if "answer" in label]
    assert bool(crossed) == (night.server_knows or night.cause == "busy")
    assert len(told) == {"wrong form": 2, "empty": 1, "busy": 1}.get(night.cause, 0)
    assert flow.wire == ("2025-11-25" if night.mode == "legacy" else "2026-07-28")


class Session:
    """A student's connection."""


class Played:
    """The class as it goes with the duties themselves, in virtual time; it draws from `random` as `Hour` does."""

    def __init__(self, limits: Limits, random: Random) -> None:
        self.random, self.became, self.longest, self.loop, self.under_way = random, Counter[str](), 0.0, 0, 0
        self.timed_out = ""
        model = with_timeout(self.model, limits.timeout)
        queue = with_queue(model, at_once=limits.at_once, waiting=limits.waiting)
        self.callbacks = [with_budget(queue, per_minute=limits.per_minute, clock=now) for _ in range(STUDENTS)]
        self.sessions = [Session() for _ in range(STUDENTS)]

    async def model(self, context: object, params: CreateMessageRequestParams) -> Result:
        self.under_way += 1
        hangs = self.random.randrange(HANGS) == 0
        takes = self.random.choice(SMOLLM) * max(1.0, self.under_way / CORES)
        how = "hung" if hangs else "cut"
        try:
            await (asyncio.Event().wait() if hangs else asyncio.sleep(takes))
            return answer("It is full.")
        except asyncio.CancelledError:
            self.timed_out = how
            raise
        finally:
            self.under_way -= 1

    async def student(self, number: int, begins: float) -> None:
        context = ClientRequestContext(session=cast("Any", self.sessions[number]), request_id=number, meta=None)
        await asyncio.sleep(begins)
        while (since := now()) < SECONDS:
            told = await self.callbacks[number](context, question("plot"))
            how = "answered"
            if isinstance(told, ErrorData):
                words = told.message
                how = "refused" if "minute" in words else "turned away" if "in line" in words else self.timed_out
            if number:
                self.became[how] += 1
                self.longest = max(self.longest, now() - since)
            else:
                self.loop += how == "answered"
            await asyncio.sleep(self.random.uniform(25, 50) if number else 1)

    async def play(self) -> None:
        calls = [(each, self.random.uniform(0, 3)) for each in range(STUDENTS) for _ in range(1 if each else AT_A_TIME)]
        async with asyncio.TaskGroup() as all_of_them:
            for number, begins in calls:
                all_of_them.create_task(self.student(number, begins))


@pytest.mark.parametrize("limits", [Limits(6, 4, 45, 7.0), Limits(3, 1, 10, 20.0), Limits(2, 3, 50, 3.1)], ids=str)
def test_the_arithmetic_of_a_class_is_that_of_the_duties(limits: Limits) -> None:
    played, hour = Played(limits, Random(1)), Hour(SMOLLM, limits, Random(1))
    run(played.play())
    assert (played.became, played.loop) == (hour.became, hour.loop)
    assert played.longest == pytest.approx(hour.longest)
