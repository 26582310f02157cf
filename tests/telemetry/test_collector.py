"""`Collector`: the spans of servers stand in the same trace, and nothing else gets in."""

import asyncio
import gzip
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from mcp import StdioServerParameters
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

import labkit.telemetry.collector
from labkit import Collector, Lab, LabError, Program, Scripted, Telemetry
from labkit.telemetry.collector import LARGEST, MOST_BESIDE, MOST_SPANS, ROOM
from labkit.telemetry.frames import Frames
from labkit.telemetry.parts import parts
from tests.story import ROOT, WIRES, bookshop, echo, until
from tests.telemetry.spans import ids, named, parent, told

pytestmark = pytest.mark.anyio

KEY = "sk-" + "ant-api03-" + "Zx9" * 31
SERVER = [sys.executable, "-m", "servers.text_analyst"]
TEXT = {"text": "The night train was late. Nobody on the platform was told why."}


async def test_a_trace_of_three_processes_is_one_on_both_wires() -> None:
    """The client here, a server over stdio and one over HTTP, each a process that sends what it has seen itself."""
    kept = Telemetry()
    async with Collector(kept) as collector:
        program = StdioServerParameters(command=SERVER[0], args=SERVER[1:], cwd=ROOT, env=collector.environment)
        with Program("far", [*SERVER, "--http", "PORT"], **collector.environment) as far:
            for wire in WIRES:
                callback = Scripted(["a summary"] * 2)
                with (
                    Lab(program, sampling_callback=callback, mode=wire, name="near", telemetry=kept) as near,
                    Lab(far.url, sampling_callback=callback, mode=wire, name="far", telemetry=kept) as other,
                ):
                    await asyncio.gather(*(lab.call_tool("summarize", TEXT) for lab in (near, other)))
                    await until(lambda: len(served(kept)) == 4)
                    one_trace_each(kept, wire)
                kept.clear()
        assert not collector.refused


def served(kept: Telemetry) -> list[ReadableSpan]:
    """What both servers tell of a call: on the newer wire two rounds, on the older the call and its question."""
    names = ("tools/call summarize", "MCP send sampling/createMessage")
    theirs = (span for span in kept.spans if span.resource.attributes["service.name"] == "text-analyst")
    return [span for span in theirs if span.name in names]


def one_trace_each(kept: Telemetry, wire: str) -> None:
    frames, found = Frames(kept), parts(kept.spans)
    for call in named(kept.spans, "execute_tool summarize"):
        of_call = [span for span in kept.spans if ids(span)[0] == ids(call)[0]]
        requests = named(of_call, "tools/call summarize")
        ours, theirs = ([span for span in requests if span.kind is kind] for kind in (SpanKind.CLIENT, SpanKind.SERVER))
        # The context that travels is the call's: below it stands what the client sent, and what the server met.
        assert {parent(span, of_call) for span in requests} == {call.name}
        assert {str(span.resource.attributes["service.name"]) for span in theirs} == {"text-analyst"}
        for sent, met in zip(ours, theirs, strict=True):
            assert told(sent)["jsonrpc.request.id"] == told(met)["jsonrpc.request.id"]
            assert frames.of(sent) == frames.of(met)
        (sample,) = named(of_call, "sampling/createMessage")
        assert parent(sample, of_call) == (call.name if wire == "auto" else "MCP send sampling/createMessage")
        kinds = {part.kind for part in found if part.call == ids(call)[1]}
        assert kinds == {"host", "wire", "server", "model"}


def foreign(**changes: Any) -> ReadableSpan:
    """A span as a server may send it."""
    context = SpanContext(7, 8, is_remote=False, trace_flags=TraceFlags(1))
    fields: dict[str, Any] = {
        "name": "tools/call x",
        "context": context,
        "parent": SpanContext(7, 9, is_remote=True),
        "resource": Resource({"service.name": "theirs"}),
        "attributes": {"a text": "x", "a number": 3, "a share": 0.5, "a fact": True, "texts": ("a", "b")},
        "events": [Event("met", {"at": 1}, 11)],
        "links": [Link(SpanContext(1, 2, is_remote=False), {"why": "because"})],
        "kind": SpanKind.SERVER,
        "status": Status(StatusCode.ERROR, "it broke"),
        "start_time": 10,
        "end_time": 20,
        "instrumentation_scope": InstrumentationScope("theirs"),
    } | changes
    return ReadableSpan(**fields)


async def sent(
    collector: Collector,
    body: bytes,
    *,
    method: str = "POST",
    path: str | None = None,
    length: str | None = None,
    headers: Sequence[str] = (),
    kind: str = "application/x-protobuf",
    host: str | None = None,
) -> int:
    """The status with which a request is answered."""
    place = collector.endpoint.removeprefix("http://")
    address, _, secret = place.partition("/")
    reader, writer = await asyncio.open_connection(*address.split(":"))
    lines = [
        f"{method} {path or f'/{secret}/v1/traces'} HTTP/1.1",
        f"Host: {host or address}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    try:
        answer = await asyncio.wait_for(reader.read(), 60)
    except ConnectionError:  # it hangs up on what is too long before all of it has come
        return 0
    finally:
        writer.close()
    return int(answer.split()[1]) if answer else 0


def encoded(*spans: ReadableSpan) -> bytes:
    return encode_spans(spans).SerializeToString()


async def test_a_span_comes_as_it_was_sent() -> None:
    kept = Telemetry()
    async with Collector(kept) as collector:
        assert await sent(collector, encoded(foreign())) == 200
        assert await sent(collector, gzip.compress(encoded(foreign(), foreign(context=SpanContext(7, 5, False)))),
                          headers=["Content-Encoding: gzip"]) == 200  # fmt: skip
        assert collector.taken == 3
    one, two = kept.spans  # the same came twice, and is kept once
    assert ids(two) == (7, 5)
    expected, came = (ReadableSpan.to_json(span) for span in (foreign(), one))
    assert came == expected
    assert one.instrumentation_scope is not None
    assert one.instrumentation_scope.name == "theirs"


async def test_what_a_server_says_never_counts_as_what_the_kit_has_seen() -> None:
    """Neither as a call with a cost, nor with a secret, nor without an end to its words."""
    kept = Telemetry()
    forged = foreign(
        kind=SpanKind.INTERNAL,
        name="execute_tool \x1b[31m" + "x" * 10_000,
        attributes={
            "labkit.call": 1,
            "password": "hunter2-hunter2",
            "said": f"the key is {KEY}",
            "long": "y" * 100_000,
        },
        instrumentation_scope=InstrumentationScope("labkit"),
    )
    async with Collector(kept) as collector:
        assert await sent(collector, encoded(forged)) == 200
    (span,) = kept.spans
    assert parts(kept.spans) == []
    assert len(span.name) <= 200
    assert span.name.startswith("execute_tool ")
    assert span.name.isprintable()
    assert KEY not in kept.json_lines()
    assert "hunter2" not in kept.json_lines()
    assert sum(len(str(value)) for value in told(span).values()) < ROOM


async def test_no_name_takes_a_secret_in_and_no_array_a_part_of_one() -> None:
    kept, pieces = Telemetry(), (KEY[:40], KEY[40:])
    leaks = foreign(
        name=f"call {KEY}",
        attributes={
            f"a {KEY}": 1,
            "pieces": pieces,
            "command": ("curl", "-u", "eva:hunter2-hunter2"),
            "b " * 95 + KEY: 1,
        },
        events=[Event(f"met {KEY}", {KEY: pieces}, 11)],
        links=[Link(SpanContext(1, 2, is_remote=False), {KEY: pieces})],
        resource=Resource({"service.name": "theirs", KEY: KEY, "pieces": pieces}),
        instrumentation_scope=InstrumentationScope(f"theirs {KEY}"),
    )
    async with Collector(kept) as collector:
        assert await sent(collector, encoded(leaks)) == 200
    (span,) = kept.spans
    came = kept.json_lines() + str(span.instrumentation_scope)
    for part in (KEY[:24], KEY[-24:], "hunter2"):
        assert part not in came
    assert span.name == "call [redacted: Anthropic key]"
    assert told(span)["command"][:2] == ("curl", "-u")


async def test_a_flood_of_spans_does_not_push_out_the_kits_own() -> None:
    kept = Telemetry(keep=50)
    with Lab(bookshop(), sampling_callback=echo, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
        own = [ids(span) for span in kept.spans]
        kept.take(foreign(context=SpanContext(7, number, False)) for number in range(1, 1_000))
        assert [ids(span) for span in kept.spans][: len(own)] == own
        assert len(kept.spans) == len(own) + 50
        # What comes back of one's own, as where the variables name one's own collector, is there already.
        kept.take(kept.spans[:3])
        assert len(kept.spans) == len(own) + 50
        assert all(each.name != "tools/call x" for each in kept.spans[: len(own)])


@pytest.mark.parametrize("wire", WIRES)
async def test_no_server_takes_the_place_of_a_span_of_the_kits_own(wire: str) -> None:
    """It is told the id of the span that it is called in, and may send one with that id while the call goes on."""
    kept = Telemetry()

    async def forges(context: Any, params: Any) -> Any:
        assert kept.open
        kept.take([foreign(context=each.context) for each in kept.open])
        return await echo(context, params)

    with Lab(bookshop(), sampling_callback=forges, mode=wire, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
    assert named(kept.spans, "tools/call x") == []
    assert {part.kind for part in parts(kept.spans)} >= {"model", "host"}


MANY = ExportTraceServiceRequest.FromString(encoded(foreign()))
MANY.resource_spans[0].scope_spans[0].spans.extend([MANY.resource_spans[0].scope_spans[0].spans[0]] * MOST_SPANS)

EMPTY = ExportTraceServiceRequest()
EMPTY.resource_spans.add().scope_spans.extend([type(MANY.resource_spans[0].scope_spans[0])()] * (MOST_SPANS + 1))
WORDY = ExportTraceServiceRequest.FromString(
    encoded(*(foreign(context=SpanContext(7, n, False)) for n in range(1, 200)))
)
for number, each in enumerate(WORDY.resource_spans[0].scope_spans[0].spans):
    del each.events[:]
    for n in range(MOST_BESIDE):
        each.events.add().name = f"met {number} {n}"


@pytest.mark.parametrize(
    ("body", "how", "status"),
    [
        (b"nonsense", {}, 400),
        (encoded(foreign()), {"path": "/v1/traces"}, 404),
        (encoded(foreign()), {"path": "/another/v1/traces"}, 404),
        (encoded(foreign()), {"method": "GET"}, 415),
        (b"", {"method": "OPTIONS"}, 415),
        (encoded(foreign()), {"kind": "text/plain"}, 415),
        (b"{}", {"kind": "application/json"}, 415),
        (encoded(foreign()), {"host": "evil.example"}, 403),
        (encoded(foreign()), {"headers": ["Origin: https://evil.example"]}, 403),
        (b"", {"length": ""}, 411),
        (b"", {"length": "-1"}, 411),
        (b"", {"length": "9" * 5_000}, 413),
        (b"", {"length": str(LARGEST + 1)}, 413),
        (b"5\r\nhello\r\n0\r\n\r\n", {"headers": ["Transfer-Encoding: chunked"]}, 411),
        (gzip.compress(b"\0" * (LARGEST + 1)), {"headers": ["Content-Encoding: gzip"]}, 413),
        (b"no gzip", {"headers": ["Content-Encoding: gzip"]}, 400),
        (b"", {"headers": ["Content-Encoding: br"]}, 415),
        (b"", {"headers": ["X: " + "y" * 100_000]}, 431),
        (MANY.SerializeToString(), {}, 413),
        (gzip.compress(b"\x0a\0" * (LARGEST // 2)), {"headers": ["Content-Encoding: gzip"]}, 413),
        (EMPTY.SerializeToString(), {}, 413),
        (WORDY.SerializeToString(), {}, 413),
    ],
)  # fmt: skip
async def test_what_is_no_span_is_refused(body: bytes, how: dict[str, Any], status: int) -> None:
    kept = Telemetry()
    async with Collector(kept) as collector:
        assert await sent(collector, body, **how) in (status, 0)
        assert collector.refused[-1].startswith(str(status))
        assert (kept.spans, collector.taken) == ([], 0)
        assert await sent(collector, encoded(foreign())) == 200  # and it goes on


@pytest.mark.parametrize(
    "change",
    [
        {"trace_id": b"\0" * 16},
        {"trace_id": b"short"},
        {"span_id": b"\0" * 8},
        {"span_id": b""},
        {"start_time_unix_nano": 0},
        {"end_time_unix_nano": 9},
        {"end_time_unix_nano": 2**64 - 1},
    ],
    ids=str,
)
async def test_a_span_without_ids_or_times_is_left_out(change: dict[str, Any]) -> None:
    request = ExportTraceServiceRequest.FromString(encoded(foreign(), foreign(context=SpanContext(7, 5, False))))
    for name, value in change.items():
        setattr(request.resource_spans[0].scope_spans[0].spans[0], name, value)
    kept = Telemetry()
    async with Collector(kept) as collector:
        assert await sent(collector, request.SerializeToString()) == 200
    assert [ids(span) for span in kept.spans] == [(7, 5)]


async def test_who_sends_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labkit.telemetry.collector, "SECONDS", 0.05)
    monkeypatch.setattr(labkit.telemetry.collector, "MOST_AT_ONCE", 3)
    async with Collector(Telemetry()) as collector:
        address = collector.endpoint.removeprefix("http://").partition("/")[0].split(":")
        connections = [await asyncio.open_connection(*address) for _ in range(9)]
        for reader, writer in connections:
            await asyncio.wait_for(reader.read(), 60)
            writer.close()
        assert await sent(collector, encoded(foreign())) == 200


async def test_closing_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    collector = Collector(Telemetry())
    with pytest.raises(LabError, match="The collector is not open"):
        _ = collector.endpoint
    async with collector:
        assert await collector.listen() is collector
        # One that is connected and has not sent all of it.
        reader, writer = await asyncio.open_connection(*collector.endpoint[7:].partition("/")[0].split(":"))
        writer.write(b"POST ")
        await writer.drain()
    await collector.close()
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 60)
    writer.close()
    assert set(threading.enumerate()) <= before
    assert repr(collector) == "<Collector: 0 spans taken, not open>"


def test_what_is_no_telemetry_is_refused() -> None:
    with pytest.raises(TypeError, match="a bool is no telemetry"):
        Collector(True)  # pyright: ignore[reportArgumentType]


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.trace.v1", None)
    with pytest.raises(LabError, match="pip install opentelemetry-exporter-otlp-proto-http"):
        Collector(Telemetry())
