"""Duties around a callback that fails in any way, in any order: no hang, no leak, never too many tries."""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit.callbacks import Answer
from labkit.host import (
    Approve,
    Bill,
    WrongOrder,
    with_approval,
    with_bill,
    with_budget,
    with_cache,
    with_fallback,
    with_guard,
    with_queue,
    with_retry,
    with_timeout,
)
from labkit.models.catalog import catalog
from labkit.models.faulty import KINDS, Faulty
from tests.host.crowd import Model, answered
from tests.host.virtual import now, run
from tests.story import answer, asked, question

DEADLINE, TRIES, LONGEST = 10.0, 3, 20.0
BILL = Bill(catalog())

DUTIES: dict[str, Any] = {
    "approval": lambda inner: with_approval(inner, ask=lambda _: Approve(), timeout=5),
    "bill": lambda inner: with_bill(inner, BILL),
    "budget": with_budget,
    "cache": with_cache,
    "fallback": lambda inner: with_fallback(inner, Model()),
    "guard": with_guard,
    "queue": lambda inner: with_queue(inner, at_once=1, waiting=1),
    "retry": lambda inner: with_retry(inner, tries=TRIES, longest=LONGEST),
    "timeout": lambda inner: with_timeout(inner, DEADLINE),
}
WAYS = [way for way in KINDS if way != "block"]  # which holds the clock too


def around(callback: Any, order: list[str]) -> Any:
    """`callback` with the duties around it; one that would stand in no sensible order is left out."""
    for name in order:
        try:
            callback = DUTIES[name](callback)
        except WrongOrder:
            continue
    return callback


@settings(max_examples=200)
@given(
    order=st.lists(st.sampled_from(sorted(DUTIES)), max_size=5),
    plan=st.lists(st.sampled_from(WAYS), max_size=8) | st.just(["raise"] * 12),
    patience=st.lists(st.sampled_from([0.1, 0.5, None, None]), min_size=1, max_size=4),
)
def test_whatever_fails_there_is_an_end_and_nothing_is_left_behind(
    order: list[str], plan: list[str], patience: list[float | None]
) -> None:
    tries = Counter[str]()

    async def needs_time(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        await asyncio.sleep(0.5)
        return answer("Read Chandler.")

    async def main() -> None:
        faulty = Faulty(needs_time, plan, deadline=DEADLINE)

        async def counted(context: Any, params: CreateMessageRequestParams) -> Any:
            tries[asked(params)] += 1
            return await faulty(context, params)

        callback = around(counted, order)
        prompts = [f"plot {n % 3}" for n in range(len(patience))]
        tasks = [asyncio.create_task(answered(callback, question(prompt))) for prompt in prompts]
        for task, seconds in zip(tasks, patience, strict=True):
            if seconds is not None:
                asyncio.get_running_loop().call_later(seconds, task.cancel)
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            told = outcome if isinstance(outcome, BaseException) else outcome[0]
            assert isinstance(told, Answer | ConnectionError | asyncio.CancelledError)
        most = TRIES if "retry" in order else 1
        assert all(times <= most * prompts.count(prompt) for prompt, times in tries.items())
        assert now() <= (2 * DEADLINE + LONGEST) * most * len(patience)

    run(main())
