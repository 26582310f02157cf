"""Many calls at once over several servers, and more than a model can take: does every answer come to its own caller?

    python tests/bench/many.py

First eight Labs, over every transport and on both wires, of fifty calls each, with one callback, one budget and one
bill. Then two hundred calls over HTTP of four Labs with a model that takes two at a time: how long, how much memory,
and how far apart the connections get. The tests do the same with less.
"""

import asyncio
import sys
import tracemalloc
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from time import perf_counter, process_time
from typing import Any, NamedTuple

from mcp import StdioServerParameters
from mcp.client.sse import sse_client
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit import Lab, close_all, origin, report
from labkit.host import Approve, Bill, Budget, ReviewRequest, with_approval, with_bill, with_budget, with_queue
from labkit.models.catalog import catalog
from tests.story import ROOT, answer, asked, bookshop, over_http, said, until

WAYS = (
    ("in process", "legacy"),
    ("in process", "auto"),
    ("stdio", "legacy"),
    ("stdio", "auto"),
    ("http", "legacy"),
    ("http", "auto"),
    ("stateless", "auto"),
    ("sse", "legacy"),
)


class Heard(NamedTuple):
    """What came of many calls: for each Lab what it asked for and what it was answered; who asked for what, in order;
    and how many samples the flows of each Lab, and of which server, hold."""

    labs: dict[str, list[tuple[str, str]]]
    asked_by: list[tuple[str, str]]
    reviews: list[ReviewRequest]
    bill: Bill
    budget: Budget
    flows: dict[tuple[str, str], int]


@contextmanager
def labs_of(ways: Sequence[tuple[str, str]], callback: Any, timeout: float) -> Generator[list[Lab]]:
    """A Lab for each way, each with a bookshop of its own name, and one callback for all."""
    with ExitStack() as stack:
        labs = list[Lab]()
        for number, (transport, wire) in enumerate(ways):
            name = f"shop {number}"
            if transport == "stdio":
                code = f"from tests.story import bookshop; bookshop(name={name!r}).run()"
                way: Any = StdioServerParameters(command=sys.executable, args=["-c", code], cwd=ROOT)
            elif transport == "in process":
                way = bookshop(name=name)
            else:
                serving = over_http(bookshop(name=name), sse=transport == "sse", stateless=transport == "stateless")
                way = stack.enter_context(serving)
                if transport == "sse":
                    way = lambda url=way: sse_client(url)  # noqa: E731
            lab = Lab(way, name=f"{name} {transport} {wire}", mode=wire, sampling_callback=callback, timeout=timeout)
            labs.append(stack.enter_context(lab))
        yield labs


async def ask_all(labs: Sequence[Lab], calls: int) -> dict[str, list[tuple[str, str]]]:
    """Have each Lab make `calls` calls, all at once; what each asked for, and what came."""
    genres = [(lab, f"{lab.name} tag {number}") for lab in labs for number in range(calls)]
    results = await asyncio.gather(*(lab.call_tool("recommend", {"genre": genre}) for lab, genre in genres))
    heard: dict[str, list[tuple[str, str]]] = {}
    for (lab, genre), result in zip(genres, results, strict=True):
        heard.setdefault(lab.name, []).append((genre, said(result)))
    return heard


async def many(ways: Sequence[tuple[str, str]], calls: int) -> Heard:
    """`calls` calls of each of `ways` at once, with one callback, one budget and one bill."""
    asked_by = list[tuple[str, str]]()

    async def model(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        by = origin()
        assert by is not None
        asked_by.append((by.lab, asked(params)))
        report("answers", source="model", target="callback", input_tokens=3, output_tokens=2)
        await asyncio.sleep(0)
        return answer(f"about {asked(params)}")

    def passes(request: ReviewRequest) -> Approve:
        reviews.append(request)
        return Approve()

    bill, reviews = Bill(catalog()), list[ReviewRequest]()
    budget = with_budget(with_approval(with_bill(model, bill), ask=passes), samples=calls * len(ways))
    with labs_of(ways, budget, 300) as labs:
        heard = await ask_all(labs, calls)
        flows = {(lab.name, lab.server): sum(flow.samples for flow in lab.flows) for lab in labs}
    return Heard(heard, asked_by, reviews, bill, budget, flows)


class Slow:
    """A model that takes a while, once it is let, and notes for whom it works and how many it had at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.let: Future[None] = Future()
        self.order = list[str]()
        self.inside = self.most = 0

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        by = origin()
        self.order.append(by.lab if by else "")
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.shield(asyncio.wrap_future(self.let))
            await asyncio.sleep(self.seconds)
        finally:
            self.inside -= 1
        return answer(f"about {asked(params)}")

    def furthest_apart(self, calls: int) -> int:
        """By how many answers two connections were apart at most, while each had someone in line."""
        had, apart = dict.fromkeys(self.order, 0), 0
        left = {name: calls - self.order[:2].count(name) for name in had}
        for name in self.order[2:]:  # two were let in before there was a line
            had[name] += 1
            apart = max(apart, max(had.values()) - min(had.values()))
            if had[name] == left[name]:
                break
        return apart


async def pressed(ways: Sequence[tuple[str, str]], calls: int, slow: Slow) -> dict[str, list[tuple[str, str]]]:
    """`calls` calls of each of `ways`, with a model that takes two at a time, and begins when all the others wait."""
    queue = with_queue(slow, at_once=2, waiting=len(ways) * calls)
    with labs_of(ways, queue, 300) as labs:
        asking = asyncio.ensure_future(ask_all(labs, calls))
        try:
            await until(lambda: queue.waiting == len(ways) * calls - 2 or asking.done(), 200)
        finally:
            slow.let.set_result(None)
        return await asking


def misled(labs: dict[str, list[tuple[str, str]]]) -> int:
    """How many answers are another call's."""
    return sum(text != f"about recommend {genre}" for heard in labs.values() for genre, text in heard)


async def main() -> None:
    start, cpu = perf_counter(), process_time()
    heard = await many(WAYS, 50)
    print(
        f"{len(heard.labs)} servers × 50 calls: {perf_counter() - start:.1f} s, {process_time() - cpu:.1f} s of CPU, "
        f"{misled(heard.labs)} answers at another caller, {len(heard.asked_by)} samples, budget {heard.budget.spent}"
    )
    for ways, calls in (([("http", "auto"), ("http", "legacy")] * 2, 50), ([("http", "legacy")], 200)):
        slow = Slow(0.02)
        tracemalloc.start()
        start, cpu = perf_counter(), process_time()
        labs = await pressed(ways, calls, slow)
        seconds, cpu = perf_counter() - start, process_time() - cpu
        left, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"{len(ways)} Labs × {calls} calls over HTTP, two at a time of 0.02 s: {seconds:.1f} s, {cpu:.1f} of CPU, "
            f"at most {slow.most} at once, {misled(labs)} answers at another caller, connections at most "
            f"{slow.furthest_apart(calls)} answers apart, {peak / 1e6:.1f} MB at most for both ends, "
            f"{left / 1e6:.1f} MB after"
        )


if __name__ == "__main__":
    asyncio.run(main())
    close_all()
