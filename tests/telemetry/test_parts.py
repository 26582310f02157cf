"""`parts`: each planted wait is found as what it is, and all parts of a call together are the call."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.server.mcpserver import MCPServer
from mcp_types import ElicitResult, ErrorData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind

from labkit import CallTimeout, Lab, Telemetry, with_telemetry
from labkit.host import (
    Approve,
    Policy,
    with_approval,
    with_budget,
    with_cache,
    with_policy,
    with_queue,
    with_retry,
    with_timeout,
)
from labkit.host.duty import Duty
from labkit.playground.by_hand import ByHand
from labkit.telemetry.parts import KINDS, Part, parts
from labkit.telemetry.spans import SCOPE
from labkit.wire import InMemoryTransport
from tests.host.crowd import CONNECTION
from tests.story import WIRES, answer, bookshop, question
from tests.telemetry import virtual
from tests.telemetry.spans import ids, named

pytestmark = pytest.mark.anyio

PERSON, MODEL, SERVER, PAUSE, WIRE = 2, 5, 7, 11, 13
"""Seconds that each takes, so that a sum tells who was in it."""

RECOMMEND = ("recommend", {"genre": "noir"})
POLL = ("poll", {"titles": ["a", "b", "c"]})


def sums(found: Iterable[Part]) -> dict[str, int]:
    """Whole seconds by kind. In virtual time nothing else takes any."""
    seconds = Counter[str]()
    for part in found:
        seconds[part.kind] += part.end - part.start
    assert all(each % 10**9 == 0 for each in seconds.values()), seconds
    return {kind: each // 10**9 for kind, each in seconds.items()}


def add_up(spans: Iterable[ReadableSpan], found: Iterable[Part]) -> None:
    """Hold that the parts of each call follow each other from its beginning to its end."""
    by_call: dict[int, list[Part]] = {}
    for part in found:
        by_call.setdefault(part.call, []).append(part)
    known = {ids(span)[1]: span for span in spans}
    for call, of_call in by_call.items():
        assert [part.start for part in of_call[1:]] == [part.end for part in of_call[:-1]]
        assert (of_call[0].start, of_call[-1].end) == (known[call].start_time, known[call].end_time)


async def model(context: object, params: object) -> Any:
    await asyncio.sleep(MODEL)
    return answer("words")


def person(_: object) -> Awaitable[Approve]:
    async def decides() -> Approve:
        await asyncio.sleep(PERSON)
        return Approve()

    return decides()


def fails_once(after: int) -> Any:
    tries = iter([False])

    async def busy(context: object, params: object) -> Any:
        if next(tries, True):
            return await model(context, params)
        return ErrorData(code=-32603, message="busy", data={"status": 429, "retryAfter": after})

    return busy


def by_hand() -> ByHand:
    """Somebody who types the answer to each question."""

    def asked() -> None:
        if question := hand.open:
            asyncio.get_running_loop().call_later(PERSON, hand.answer, question.number, "words")

    hand = ByHand(asked)
    hand.attended = True
    return hand


async def fills_in(context: object, params: object) -> ElicitResult:
    await asyncio.sleep(PERSON)
    return ElicitResult(action="accept", content={"number": 3})


def slow(*, server: int = SERVER) -> MCPServer:
    """A bookshop whose tool takes its time before it asks, or after."""
    shop = bookshop()

    @shop.tool(structured_output=False)
    async def dust() -> str:
        await asyncio.sleep(server)
        return "done"

    return shop


async def calls(
    wire: str, *asked: tuple[str, dict[str, Any]], server: Any = None, callback: Any = model, **options: Any
) -> list[ReadableSpan]:
    """The spans of calls that are made at once."""
    kept = Telemetry()
    target = slow() if server is None else server
    with Lab(target, sampling_callback=callback, mode=wire, telemetry=kept, **options) as lab:
        await asyncio.gather(*(lab.call_tool(*each) for each in asked), return_exceptions=True)
    await asyncio.sleep(100)  # what goes on after its call
    return [*kept.spans, *kept.open]


class Looks(Duty):
    """A duty that takes its time, and waits for nobody."""

    async def __call__(self, context: Any, params: Any) -> Any:
        await asyncio.sleep(PERSON)
        return await self.ask(self.inner[0], context, params)


Planted = dict[str, tuple[Callable[[], Any], list[tuple[str, dict[str, Any]]], dict[str, int]]]

PLANTED: Planted = {
    "a model": (lambda: model, [RECOMMEND], {"model": MODEL}),
    "an approval": (lambda: with_approval(model, ask=person), [RECOMMEND], {"model": MODEL, "person": 2 * PERSON}),
    "a rule that decides": (lambda: with_approval(model, ask=lambda _: Approve()), [RECOMMEND], {"model": MODEL}),
    "a question of a policy": (
        lambda: with_policy(model, Policy(ask="always"), ask=person),
        [RECOMMEND],
        {"model": MODEL, "person": 2 * PERSON},
    ),
    "whoever types the answer": (by_hand, [RECOMMEND], {"person": PERSON}),
    "a pause before another try": (
        lambda: with_retry(fails_once(PAUSE), wait=0),
        [RECOMMEND],
        {"model": MODEL, "turn": PAUSE},
    ),
    "a queue": (lambda: with_queue(model, at_once=1), [RECOMMEND] * 2, {"model": 2 * MODEL, "turn": MODEL}),
    "a budget": (lambda: with_budget(model, at_once=1), [RECOMMEND] * 2, {"model": 2 * MODEL, "turn": MODEL}),
    "an equal request": (lambda: with_cache(model), [RECOMMEND] * 2, {"model": MODEL, "turn": MODEL}),
    "an approval in line": (
        lambda: with_approval(model, ask=person),
        [RECOMMEND] * 2,
        {"model": 2 * MODEL, "person": 4 * PERSON, "turn": PERSON},
    ),
    "the server": (lambda: model, [("dust", {})], {"server": SERVER}),
    "three samples at once, of which two wait for a turn": (
        lambda: with_queue(model, at_once=1),
        [POLL],
        {"model": 3 * MODEL},
    ),
    "duties that work while other samples wait for a turn": (
        lambda: with_queue(Looks(model), at_once=1),
        [POLL],
        {"model": 3 * MODEL, "host": 3 * PERSON},
    ),
    "three samples, each before a person": (
        lambda: with_approval(model, ask=person),
        [POLL],
        # A model that works comes before the person who looks at another of the samples.
        {"model": MODEL + 2 * PERSON, "person": 2 * PERSON},
    ),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("planted", PLANTED)
def test_each_wait_is_found_as_its_kind(wire: str, planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    callback, asked, expected = PLANTED[planted]
    spans = virtual.run(monkeypatch, calls(wire, *asked, callback=callback()))
    found = parts(spans)
    assert sums(found) == expected
    add_up(spans, found)


@pytest.mark.parametrize("wire", WIRES)
def test_the_person_whom_a_server_asks_is_found_on_both_wires(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ("order", {"title": "Emma"})
    spans = virtual.run(monkeypatch, calls(wire, order, elicitation_callback=fills_in))
    assert sums(parts(spans)) == {"person": PERSON}
    add_up(spans, parts(spans))


@asynccontextmanager
async def far_away(shop: MCPServer) -> AsyncGenerator[Any]:
    """A transport that takes its time to be there, and then for each message that it carries to the server."""
    await asyncio.sleep(WIRE)
    async with InMemoryTransport(shop) as (read, write):

        class Slow:
            async def send(self, item: Any) -> None:
                await asyncio.sleep(WIRE)
                await write.send(item)

            async def aclose(self) -> None:
                await write.aclose()

            async def __aenter__(self) -> Any:
                return self

            async def __aexit__(self, *_: object) -> None:
                await self.aclose()

        yield read, Slow()


@pytest.mark.parametrize("wire", WIRES)
def test_a_server_that_traces_itself_is_told_from_the_wire(
    wire: str, monkeypatch: pytest.MonkeyPatch, traced: InMemorySpanExporter
) -> None:
    shop = slow()
    spans = virtual.run(monkeypatch, calls(wire, ("dust", {}), RECOMMEND, server=lambda: far_away(shop), timeout=1000))
    spans += traced.get_finished_spans()
    found = parts(spans)
    add_up(spans, found)
    dust, recommend = (
        [part for part in found if part.call == ids(call)[1]]
        for name in ("dust", "recommend")
        for call in named(spans, f"execute_tool {name}")
    )
    # The connection takes its time to be there, and four messages: two of the handshake, and the list of tools.
    assert (dust[0].kind, dust[0].what) == ("wire", "the connection")
    opened = dust[0].end
    assert sums(part for part in dust if part.start >= opened) == {"wire": WIRE, "server": SERVER}
    # Two messages go to the server: the call and, on the newer wire, another; else the answer to its question.
    assert sums(part for part in recommend if part.start >= opened) == {"wire": 2 * WIRE, "model": MODEL}


@pytest.mark.parametrize("wire", WIRES)
def test_a_call_that_runs_out_of_time_says_for_whom_it_waited(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = virtual.run(monkeypatch, calls(wire, RECOMMEND, callback=model, timeout=MODEL - 1))
    (call,) = named(spans, "execute_tool recommend")
    assert dict(call.attributes or {})["error.type"] == CallTimeout.__qualname__
    assert sums(parts(spans)) == {"model": MODEL - 1}
    add_up(spans, parts(spans))


@pytest.mark.parametrize("wire", WIRES)
def test_what_goes_on_after_its_call_is_no_part_of_it(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stubborn(context: object, params: object) -> Any:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(100)
        return await model(context, params)

    callback = with_retry(with_timeout(stubborn, 3), tries=2, wait=0, on=lambda _: True)
    spans = virtual.run(monkeypatch, calls(wire, RECOMMEND, callback=callback))
    (call,) = named(spans, "execute_tool recommend")
    # Each try is left to itself half a second after its time.
    assert sums(parts(spans)) == {"model": 7}
    assert [(chat.end_time or 0) - (call.start_time or 0) for chat in named(spans, "chat")] == [8 * 10**9, 11.5 * 10**9]
    add_up(spans, parts(spans))


@pytest.mark.parametrize("wire", WIRES)
async def test_a_call_that_goes_on_lasts_until_now(wire: str) -> None:
    kept, asked = Telemetry(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def waits(context: object, params: object) -> Any:
        loop.call_soon_threadsafe(asked.set)
        await asyncio.Event().wait()

    with Lab(bookshop(), sampling_callback=waits, mode=wire, telemetry=kept) as lab:
        call = lab.start(*RECOMMEND)
        await asyncio.wait_for(asked.wait(), 60)
        open_now = {span.name for span in kept.open}
        assert open_now >= {"execute_tool recommend", "sampling/createMessage", "chat"}
        assert all(span.end_time is None for span in kept.open)
        assert parts([*kept.spans, *kept.open])[-1].kind == "model"
        call.cancel()
        # Whoever cancelled it finds the call's span at its end at once, with what became of it.
        (ended,) = named(kept.spans, "execute_tool recommend")
        assert dict(ended.attributes or {})["error.type"] == "CancelledError"
    assert kept.open == []


def test_a_sample_without_a_call_is_taken_apart_too(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Telemetry()
    callback = with_telemetry(with_approval(model, ask=person), kept)
    virtual.run(monkeypatch, callback(CONNECTION, question("hello")))  # pyright: ignore[reportArgumentType]
    assert [(part.kind, part.seconds) for part in parts(kept.spans)] == [
        ("person", PERSON),
        ("model", MODEL),
        ("person", PERSON),
    ]
    add_up(kept.spans, parts(kept.spans))


def test_a_call_made_while_a_sample_is_answered_stands_in_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Telemetry()

    async def main() -> None:
        with Lab(slow(), name="inner", telemetry=kept) as inner:

            async def asks_another(context: object, params: object) -> Any:
                await inner.call_tool("dust")
                return await model(context, params)

            with Lab(slow(), name="outer", sampling_callback=asks_another, telemetry=kept) as outer:
                await outer.call_tool(*RECOMMEND)
        await asyncio.sleep(1)

    virtual.run(monkeypatch, main())
    outer, inner = (named(kept.spans, f"execute_tool {name}")[0] for name in ("recommend", "dust"))
    whole = [part for part in parts(kept.spans) if part.call == ids(outer)[1]]
    own = [part for part in parts(kept.spans) if part.call == ids(inner)[1]]
    assert sums(whole) == {"server": SERVER, "model": MODEL}
    assert sums(own) == {"server": SERVER}
    assert [part[:-1] for part in own] == [part[:-1] for part in whole if part.kind == "server"]
    add_up(kept.spans, [*whole, *own])


@pytest.mark.parametrize("scope", [None, SCOPE])
def test_calls_that_say_they_were_made_by_each_other_end(scope: InstrumentationScope | None) -> None:
    """Spans may be written by hand, without a scope, or come out of a file."""
    contexts = [SpanContext(1, number, is_remote=False) for number in (1, 2)]
    calls = [
        ReadableSpan(
            "execute_tool x", mine, other, attributes={"labkit.call": 1}, start_time=10, end_time=20,
            instrumentation_scope=scope,
        )
        for mine, other in (contexts, contexts[::-1])
    ]  # fmt: skip
    assert [(part.kind, part.start, part.end) for part in parts(calls)] == [("host", 10, 20)] * 2


NUMBERS = st.integers(1, 12)
NAMES = ("execute_tool x", "tools/call x", "sampling/createMessage", "chat", "wait for a person", "wait for a turn")


@st.composite
def any_span(draw: st.DrawFn) -> ReadableSpan:
    name, ours = draw(st.sampled_from(NAMES)), draw(st.booleans())
    told: dict[str, Any] = {
        "execute_tool x": {"labkit.call": draw(NUMBERS)},
        "tools/call x": {"mcp.method.name": "tools/call", "jsonrpc.request.id": str(draw(NUMBERS))},
        "sampling/createMessage": {"mcp.method.name": "sampling/createMessage"},
        "chat": {"gen_ai.operation.name": "chat"},
        "wait for a person": {"labkit.wait": draw(st.sampled_from(["person", "connection", "another"]))},
        "wait for a turn": {"labkit.wait": "line"},
    }[name]
    kinds = {
        "execute_tool x": SpanKind.INTERNAL,
        "tools/call x": draw(st.sampled_from([SpanKind.CLIENT, SpanKind.SERVER])),
        "sampling/createMessage": draw(st.sampled_from([SpanKind.CLIENT, SpanKind.SERVER])),
    }
    start, above = draw(NUMBERS), draw(st.none() | NUMBERS)
    return ReadableSpan(
        name,
        SpanContext(draw(st.integers(1, 2)), draw(NUMBERS), is_remote=False),
        SpanContext(1, above, is_remote=False) if above else None,
        attributes=told,
        kind=kinds.get(name, SpanKind.INTERNAL),
        start_time=start,
        end_time=draw(NUMBERS | st.none()),
        instrumentation_scope=SCOPE if ours else InstrumentationScope("mcp-python-sdk"),
    )


@given(st.lists(any_span(), max_size=12))
def test_whatever_the_spans_say_the_parts_neither_overlap_nor_leave_a_gap(spans: list[ReadableSpan]) -> None:
    """Spans of servers are anybody's: in a circle, with an end before the beginning, with the id of another."""
    found = parts(spans)
    assert {part.kind for part in found} <= set(KINDS)
    known = {ids(span)[1]: span for span in spans}
    by_call: dict[int, list[Part]] = {}
    for part in found:
        by_call.setdefault(part.call, []).append(part)
    for call, of_call in by_call.items():
        assert [part.start for part in of_call[1:]] == [part.end for part in of_call[:-1]]
        assert of_call[0].start == known[call].start_time
        assert known[call].end_time in (None, of_call[-1].end)
        assert all(part.start < part.end for part in of_call)
