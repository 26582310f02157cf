"""`Turns`: in order, never too many, and nobody's place is lost."""

import asyncio
import threading

import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from labkit.host.turns import Turns
from tests.host.any_request import patient
from tests.story import until

pytestmark = pytest.mark.anyio


async def test_the_others_wait_in_the_order_in_which_they_came() -> None:
    turns, order, gates = Turns(1), list[int](), [asyncio.Event() for _ in range(4)]

    async def come(n: int) -> None:
        async with turns:
            order.append(n)
            await gates[n].wait()

    tasks = [asyncio.create_task(come(n)) for n in range(4)]
    await until(lambda: turns.waiting == 3)
    for n, gate in enumerate(gates):
        await until(lambda n=n: len(order) == n + 1)
        gate.set()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3]


@patient
@given(places=st.integers(1, 4), cancelled=st.lists(st.booleans(), min_size=1, max_size=12), late=st.booleans())
def test_no_place_is_lost_and_none_is_given_twice(places: int, cancelled: list[bool], late: bool) -> None:
    async def trial() -> None:
        turns, inside, most = Turns(places), 0, 0

        async def come() -> None:
            nonlocal inside, most
            async with turns:
                inside += 1
                most = max(most, inside)
                try:
                    await checkpoint()
                finally:
                    inside -= 1

        tasks = [asyncio.create_task(come()) for _ in cancelled]
        await checkpoint()
        if late:
            await checkpoint()
        for task, gives_up in zip(tasks, cancelled, strict=True):
            if gives_up:
                task.cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
        assert most <= places
        assert turns.waiting == 0
        async with asyncio.timeout(10):  # all places are free again
            for _ in range(places):
                await turns.__aenter__()

    asyncio.run(trial())


async def test_a_turn_is_handed_on_from_one_event_loop_to_another() -> None:
    turns, entered, leave = Turns(1), threading.Event(), threading.Event()

    async def elsewhere() -> None:
        async with turns:
            entered.set()
            await asyncio.to_thread(leave.wait, 10)

    thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
    thread.start()
    await until(entered.is_set)
    task = asyncio.create_task(turns.__aenter__())
    await until(lambda: turns.waiting == 1)
    leave.set()
    await asyncio.wait_for(task, 60)
    thread.join(60)


async def test_whoever_waited_on_a_loop_that_is_no_more_is_passed_over() -> None:
    turns = Turns(1)
    await turns.__aenter__()

    async def wait_elsewhere() -> None:
        asyncio.create_task(turns.__aenter__())  # noqa: RUF006 - it is left behind with its loop
        await until(lambda: turns.waiting == 1)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(wait_elsewhere(),))
    thread.start()
    await until(lambda: not thread.is_alive())
    for left_behind in asyncio.all_tasks(loop):
        left_behind._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue] - it is meant to be
    loop.close()
    await turns.__aexit__(None, None, None)
    await asyncio.wait_for(turns.__aenter__(), 60)


def test_at_least_one_place_is_needed() -> None:
    with pytest.raises(ValueError, match="0 places"):
        Turns(0)
