"""Several servers in one host: many calls at once on every transport and both wires, and more than a model can take."""

import asyncio
from collections import Counter
from collections.abc import Generator

import pytest
from mcp import MCPError

from labkit import close_all
from labkit.host import with_queue
from labkit.host.rendering import render
from labkit.host.review_reading import reading
from tests.bench.many import WAYS, Slow, labs_of, many, misled, pressed
from tests.story import until

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


async def test_eight_servers_share_a_callback_a_budget_and_a_bill_and_each_answer_is_its_callers() -> None:
    calls = 5
    ways = [("http", "auto") if way == ("stdio", "auto") else way for way in WAYS]  # another process costs a second
    heard = await many(ways, calls)
    assert misled(heard.labs) == 0
    assert Counter(len(answers) for answers in heard.labs.values()) == {calls: len(ways)}
    # What was asked names the Lab that it comes from, and so does what the callback knows of it.
    assert [(lab, text) for lab, text in heard.asked_by if not text.startswith(f"recommend {lab} tag ")] == []
    assert len(heard.asked_by) == heard.budget.spent.samples == calls * len(ways)
    everywhere = dict.fromkeys(heard.flows, calls)
    assert heard.flows == everywhere
    assert Counter((item.origin.lab, item.origin.server) for item in heard.bill.items if item.origin) == everywhere
    of_requests = [review for review in heard.reviews if review.answer is None]
    assert Counter((each.origin.lab, each.origin.server) for each in of_requests if each.origin) == everywhere
    assert {each.connection for each in heard.reviews} - {""} == {*heard.labs}
    assert f"\non the connection {heard.reviews[-1].connection}\n" in render(heard.reviews[-1])
    assert ["", f"connection {heard.reviews[-1].connection}"] in reading(heard.reviews[-1])["facts"]


async def test_where_the_model_is_slow_the_connections_take_turns() -> None:
    slow = Slow(0)
    assert misled(await pressed([("http", "auto"), ("http", "legacy"), ("http", "auto")], 8, slow)) == 0
    assert slow.most == 2
    assert Counter(Counter(slow.order).values()) == {8: 3}
    assert slow.furthest_apart(8) == 1


async def test_more_calls_at_once_than_an_http_client_has_connections_by_default() -> None:
    slow = Slow(0)
    assert misled(await pressed([("http", "legacy")], 101, slow)) == 0


async def test_what_finds_the_line_full_is_told_at_once_and_takes_no_more_room() -> None:
    slow = Slow(0)
    queue = with_queue(slow, at_once=2, waiting=6)
    with labs_of([("http", "auto"), ("http", "legacy")], queue, 300) as labs:
        asking = [lab.start("recommend", {"genre": f"{number}"}) for lab in labs for number in range(10)]
        await until(lambda: sum(call.done for call in asking) == 12)
        assert queue.waiting == 6
        slow.let.set_result(None)
        results = await asyncio.gather(*asking, return_exceptions=True)
    refused = [str(result) for result in results if isinstance(result, MCPError)]
    assert refused == ["The client answers 2 at once, and 6 stand in line. Ask again later."] * 12
    assert slow.most == 2
