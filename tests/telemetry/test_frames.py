"""One record, two ways to look: each span agrees with the frames of the flow, and each is found from the other."""

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest
from mcp import MCPError
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from labkit import CallbackError, CallTimeout, Lab, Scripted, Telemetry
from labkit.host import with_retry, with_tools
from labkit.record import Entry
from labkit.steps import HostStep
from labkit.telemetry.frames import Frames
from labkit.telemetry.spans import at
from labkit.wire import Frame
from tests.host.crowd import Gate, refuses
from tests.story import OVER_STDIO, WIRES, bookshop, echo, over_http
from tests.telemetry.spans import ids, named, told
from tests.test_loops import library, search_for

pytestmark = pytest.mark.anyio

TOOLS: list[tuple[str, dict[str, Any]]] = [
    ("price", {"title": "Emma"}),
    ("recommend", {"genre": "noir"}),
    ("compare", {"title": "Emma"}),
    ("review", {"titles": ["a", "b", "c"]}),
    ("poll", {"titles": ["a", "b"]}),
    ("fetch", {}),
    ("lose", {"title": "Emma"}),
]


def agree(kept: Telemetry, *labs: Lab) -> list[str]:
    """Hold every span against the entries that it is found from, and every frame against its spans.

    Returns:
        The names of the spans.
    """
    frames, spans = Frames(kept), kept.spans
    for span in spans:
        found = frames.of(span)
        assert all(ids(span) in map(ids, frames.spans(entry)) for entry in found)
        if span.name.startswith("execute_tool") or span.name == "client call":
            (lab,) = (lab for lab in labs if lab.name == told(span)["labkit.lab"])
            assert found == [each for each in lab.record.entries() if each.call == told(span)["labkit.call"]]
        elif span.name == "sampling/createMessage":
            sample_agrees(span, found)
        elif "mcp.method.name" in told(span):
            request_agrees(span, found)
        else:  # a model, a wait: what was reported meanwhile
            assert all(isinstance(each.item, HostStep) for each in found)
            assert all((span.start_time or 0) <= at(each.time) <= (span.end_time or 0) for each in found)
    for entry in (entry for lab in labs for entry in lab.record.entries() if entry.call is not None):
        of_entry = [span.name for span in frames.spans(entry)]
        if isinstance(entry.item, Frame) and entry.item.id is not None:
            assert of_entry[-1:] if entry.call == 0 else len(of_entry) > 1, entry
        elif entry.call:
            assert of_entry, entry
    return [span.name for span in spans]


def request_agrees(span: ReadableSpan, found: list[Entry]) -> None:
    """The times, the id and the sizes are those of the frames, to the last digit."""
    request, *answers = found
    assert isinstance(request.item, Frame)
    assert (request.item.method, str(request.item.id)) == (
        told(span)["mcp.method.name"],
        told(span)["jsonrpc.request.id"],
    )
    assert (span.start_time, told(span)["labkit.sent.size"]) == (at(request.time), request.item.size)
    if "labkit.received.size" not in told(span):  # never answered: it ended with its call
        assert answers == []
        return
    (answer,) = answers
    assert isinstance(answer.item, Frame)
    assert answer.item.direction != request.item.direction
    assert (str(answer.item.id), answer.item.method) == (told(span)["jsonrpc.request.id"], None)
    assert (span.end_time, told(span)["labkit.received.size"]) == (at(answer.time), answer.item.size)


def sample_agrees(span: ReadableSpan, found: list[Entry]) -> None:
    """It lies between the frame that brought the question and the one that took the answer, which both name it."""
    sample = told(span)["labkit.sample"]
    came, *others = found
    assert isinstance(came.item, Frame)
    assert came.item.direction == "to client"
    assert at(came.time) <= (span.start_time or 0)
    if told(span)["mcp.protocol.version"] < "2026":
        assert (came.item.method, str(came.item.id)) == ("sampling/createMessage", sample)
    else:
        assert sample in came.item.message["result"]["inputRequests"]
    steps = [each for each in others if isinstance(each.item, HostStep)]
    assert {each.sample for each in steps} == {sample}
    assert len(steps) >= (1 if told(span).get("error.type") == "CancelledError" else 2)  # and what became of it
    if went := [each.item for each in others if isinstance(each.item, Frame)]:
        (frame,) = went
        assert frame.direction == "to server"
        assert (span.end_time or 0) <= at(frame.time)
        sent = frame.message
        assert sample in (sent.get("params", {}).get("inputResponses") or [str(sent["id"])])


async def everything(lab: Lab) -> None:
    """Each way to ask, one after the other and then all at once."""
    for name, arguments in TOOLS:
        await lab.call_tool(name, arguments)
    await asyncio.gather(*(lab.call_tool(name, arguments) for name, arguments in TOOLS))
    await lab.run(lambda client: client.list_prompts())


@pytest.mark.parametrize("wire", WIRES)
async def test_every_span_agrees_with_the_frames_of_its_flow(wire: str) -> None:
    """Three servers at once, in process, over stdio and over HTTP, with samples by rounds and by requests."""
    kept = Telemetry()
    with over_http() as url, ExitStack() as stack:
        labs = [
            stack.enter_context(Lab(server, sampling_callback=echo, mode=wire, telemetry=kept, name=name))
            for name, server in {"here": bookshop(), "program": OVER_STDIO, "far": url}.items()
        ]
        await asyncio.gather(*map(everything, labs))
        seen = agree(kept, *labs)
    assert seen.count("sampling/createMessage") == 3 * 2 * 9


@pytest.mark.parametrize("wire", WIRES)
async def test_so_it_does_where_something_fails(wire: str) -> None:
    kept = Telemetry()

    async def breaks(context: object, params: object) -> Any:
        raise LookupError

    with (
        Lab(bookshop(), sampling_callback=with_retry(refuses, wait=0), mode=wire, name="a", telemetry=kept) as refusing,
        Lab(bookshop(), sampling_callback=breaks, mode=wire, name="b", telemetry=kept) as broken,
        Lab(bookshop(), sampling_callback=Gate(), mode=wire, name="c", telemetry=kept, timeout=0.3) as slow,
    ):
        with pytest.raises(MCPError):
            await refusing.call_tool("recommend", {"genre": "noir"})
        with pytest.raises(CallbackError):
            await broken.call_tool("compare", {"title": "Emma"})
        for tool, arguments in (("wait_for_delivery", {}), ("recommend", {"genre": "noir"})):
            with pytest.raises(CallTimeout):
                await slow.call_tool(tool, arguments)
        await refusing.call_tool("price", {"title": "Emma"})
        assert agree(kept, refusing, broken, slow).count("execute_tool recommend") == 2


@pytest.mark.parametrize("wire", WIRES)
async def test_so_it_does_in_a_loop_of_tools(wire: str) -> None:
    kept = Telemetry()
    answers: list[Any] = [search_for("a"), search_for("b", "v"), "done"]
    with Lab(library(3), sampling_callback=with_tools(Scripted(answers)), mode=wire, telemetry=kept) as lab:
        await lab.call_tool("find")
        assert agree(kept, lab).count("sampling/createMessage") == 3


@pytest.mark.parametrize("wire", WIRES)
async def test_a_span_of_the_server_is_found_with_the_frames_of_its_request(
    wire: str, traced: InMemorySpanExporter
) -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=echo, mode=wire, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
        ours = named(kept.spans, "tools/call recommend")
        kept.take(traced.get_finished_spans())
        frames = Frames(kept)
        theirs = named(traced.get_finished_spans(), "tools/call recommend")
        assert [frames.of(span) for span in theirs] == [frames.of(span) for span in ours]
        asked = named(traced.get_finished_spans(), "MCP send sampling/createMessage")
        assert [[each.seq for each in frames.of(span) if isinstance(each.item, Frame)] for span in asked] == (
            [[8, 11]] if wire == "legacy" else []
        )


async def test_what_is_not_kept_any_more_is_not_found() -> None:
    kept = Telemetry()
    with Lab(bookshop(), telemetry=kept, keep=4) as lab:
        for _ in range(3):
            await lab.call_tool("price", {"title": "Emma"})
        frames = Frames(kept)
        assert [len(frames.of(span)) for span in named(kept.spans, "tools/call price")] == [0, 0, 2]
    del lab
