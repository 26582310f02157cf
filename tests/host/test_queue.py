"""`with_queue`: never too many at once, never too many in line, and no connection before its turn."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit import Lab
from labkit.host import with_queue, with_retry
from tests.host.any_request import patient
from tests.host.crowd import Gate, Model, Session, answered, crowd, labels
from tests.host.virtual import run
from tests.story import WIRES, answer, asked, echo, question, said, until

pytestmark = pytest.mark.anyio


class Notes:
    """A callback that needs a second for each answer, and notes whom it answers."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.inside = self.most = 0

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.order.append(asked(params))
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(1)
        finally:
            self.inside -= 1
        return answer(asked(params))


def connections(number: int) -> list[Any]:
    return [SimpleNamespace(session=Session()) for _ in range(number)]


def test_connections_come_in_turn_and_on_each_who_came_first() -> None:
    async def main() -> list[str]:
        notes, (a, b, c) = Notes(), connections(3)
        queue = with_queue(notes, at_once=1, waiting=20)
        names = [(a, f"a{n}") for n in range(5)] + [(b, "b0"), (b, "b1"), (c, "c0")]
        told = await asyncio.gather(*(queue(each, question(name)) for each, name in names))
        assert [name for _, name in names] == list(map(said, told))
        return notes.order

    assert run(main()) == ["a0", "a1", "b0", "c0", "a2", "b1", "a3", "a4"]


def test_past_its_end_a_request_is_turned_away_with_a_sentence() -> None:
    async def main() -> None:
        queue = with_queue(Notes(), at_once=2, waiting=3)
        told = await asyncio.gather(*(answered(queue, question(f"{n}")) for n in range(7)))
        away = [each for each, _ in told if not isinstance(each, CreateMessageResult)]
        assert [each.code for each in away] == [-32603, -32603]
        assert away[0].message == "The client answers 2 at once, and 3 stand in line. Ask again later."
        assert away[0].data == {"status": 429}
        assert [labels(steps) for _, steps in told[3:6]] == [
            ["in line behind 1"],
            ["in line behind 2"],
            ["in line behind 3", "turned away: 2 at once and 3 in line"],
        ]

    run(main())


def test_a_retry_outside_does_not_push_into_a_full_line() -> None:
    async def main() -> None:
        notes = Notes()
        retry = with_retry(with_queue(notes, at_once=1, waiting=0), tries=9)
        told = await asyncio.gather(*(retry(each, question("plot")) for each in connections(3)))
        assert [isinstance(each, CreateMessageResult) for each in told] == [True, False, False]
        assert len(notes.order) == 1

    run(main())


@patient
@given(
    at_once=st.integers(1, 3),
    waiting=st.integers(0, 6),
    came=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.none() | st.integers(0, 4)), max_size=14),
)
def test_no_place_is_lost_whoever_comes_and_whenever_they_give_up(
    at_once: int, waiting: int, came: list[tuple[int, int, int | None]]
) -> None:
    async def main() -> None:
        notes, places = Notes(), connections(3)
        queue = with_queue(notes, at_once=at_once, waiting=waiting)

        async def come(whose: int, after: int, patience: int | None) -> object:
            await asyncio.sleep(after / 2)
            return await asyncio.wait_for(queue(places[whose], question("plot")), patience and patience / 2)

        outcomes = await asyncio.gather(*(come(*each) for each in came), return_exceptions=True)
        assert notes.most <= at_once
        assert (notes.inside, queue.waiting) == (0, 0)
        told = [each for each in outcomes if not isinstance(each, TimeoutError)]
        assert all(isinstance(each, CreateMessageResult) or each.code == -32603 for each in told)  # pyright: ignore[reportAttributeAccessIssue]
        again = await asyncio.gather(*(queue(places[0], question("plot")) for _ in range(at_once)))  # all are free
        assert all(isinstance(each, CreateMessageResult) for each in again)

    run(main())


async def test_whoever_gives_up_leaves_the_line() -> None:
    gate = Gate()
    queue = with_queue(gate, at_once=1, waiting=1)
    first, second = (asyncio.create_task(queue(each, question("plot"))) for each in connections(2))
    await until(lambda: queue.waiting == 1)
    second.cancel()
    await asyncio.wait([second])
    assert queue.waiting == 0
    gate.open.set()
    assert said(await first) == "at last"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"at_once": 0}, "at_once is 0"), ({"waiting": -1}, "waiting is -1"), ({"at_once": 1.5}, r"at_once is 1\.5")],
)
def test_what_cannot_be_is_refused_when_it_is_made(options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        with_queue(echo, **options)


@pytest.mark.parametrize("mode", WIRES)
async def test_on_both_wires_a_hundred_at_once_reach_the_model_two_at_a_time(mode: str) -> None:
    model = Model()
    with Lab(crowd(), sampling_callback=with_queue(model, at_once=2, waiting=98), mode=mode) as lab:
        assert said(await lab.call_tool("ask_many", {"number": 100})) == "100 answers"
    assert model.most_at_once <= 2
    assert len(model.asked) == 100
