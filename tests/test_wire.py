"""A tap keeps every frame and changes none: not the messages, their order, the errors, nor who waits for whom."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from hashlib import sha256
from typing import Any

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from labkit import Frame, tap
from labkit.wire import InMemoryTransport
from tests.story import OVER_STDIO, WIRES, answer, bookshop, echo, over_http, said

pytestmark = pytest.mark.anyio

PING = SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=1, method="ping"))
PONG = SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=1, result={}))


class Pipe:
    """A transport whose server is the test: `to_client` feeds what the client reads, `from_client` is what it wrote."""

    def __init__(self, buffer: int = 100) -> None:
        self.to_client: MemoryObjectSendStream[SessionMessage | Exception]
        self.from_client: MemoryObjectReceiveStream[SessionMessage]
        self.to_client, self._read = anyio.create_memory_object_stream[SessionMessage | Exception](buffer)
        self._write, self.from_client = anyio.create_memory_object_stream[SessionMessage](buffer)
        self.left = False

    async def __aenter__(self) -> Any:
        return self._read, self._write

    async def __aexit__(self, *_: object) -> None:
        self.left = True
        for stream in (self.to_client, self._read, self._write, self.from_client):
            stream.close()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.text(max_size=5), values, max_size=3)
ids = st.integers() | st.text(max_size=5)
messages: st.SearchStrategy[JSONRPCMessage] = st.one_of(
    st.builds(JSONRPCRequest, jsonrpc=st.just("2.0"), id=ids, method=st.text(max_size=5), params=objects),
    st.builds(JSONRPCRequest, jsonrpc=st.just("2.0"), id=ids, method=st.text(max_size=5)),
    st.builds(JSONRPCNotification, jsonrpc=st.just("2.0"), method=st.text(max_size=5), params=objects),
    st.builds(JSONRPCResponse, jsonrpc=st.just("2.0"), id=ids, result=objects),
    st.builds(
        JSONRPCError,
        jsonrpc=st.just("2.0"),
        id=ids | st.none(),
        error=st.builds(ErrorData, code=st.integers(), message=st.text(max_size=5), data=values),
    ),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(sent=st.lists(messages, max_size=6), received=st.lists(messages, max_size=6))
async def test_what_passes_is_what_was_sent_and_the_record_says_the_same(
    sent: list[JSONRPCMessage], received: list[JSONRPCMessage]
) -> None:
    frames: list[Frame] = []
    pipe = Pipe()
    written, read = [SessionMessage(message) for message in sent], [SessionMessage(message) for message in received]
    async with tap(pipe, frames.append) as (read_stream, write_stream):
        for item in written:
            await write_stream.send(item)
            assert await pipe.from_client.receive() is item
        for item in read:
            await pipe.to_client.send(item)
        for item in read:
            assert await read_stream.receive() is item
    assert [frame.direction for frame in frames] == ["to server"] * len(sent) + ["to client"] * len(received)
    for frame, message in zip(frames, sent + received, strict=True):
        assert frame.message == message.model_dump(by_alias=True, exclude_unset=True)
        assert (frame.method, frame.id) == (getattr(message, "method", None), getattr(message, "id", None))
        assert frame.fault is None
        assert frame.size == len(frame.json) > 0
    assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(received=st.lists(messages, max_size=6))
async def test_iterating_and_receiving_give_the_same(received: list[JSONRPCMessage]) -> None:
    frames: list[Frame] = []
    pipe = Pipe()
    async with tap(pipe, frames.append) as (read_stream, _):
        for message in received:
            await pipe.to_client.send(SessionMessage(message))
        pipe.to_client.close()
        assert [item.message async for item in read_stream if isinstance(item, SessionMessage)] == received
    assert len(frames) == len(received)


async def test_a_null_that_was_sent_is_kept_and_what_was_left_out_stays_out() -> None:
    frames: list[Frame] = []
    pipe = Pipe()
    async with tap(pipe, frames.append) as (_, write_stream):
        await write_stream.send(
            SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/call", params={"arguments": {"id": None}}))
        )
        await write_stream.send(PING)
    assert frames[0].message["params"] == {"arguments": {"id": None}}
    assert "params" not in frames[1].message


async def test_what_is_kept_does_not_change_when_the_message_does() -> None:
    frames: list[Frame] = []
    arguments = {"title": "Emma"}
    message = JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/call", params=arguments)
    async with tap(Pipe(), frames.append) as (_, write_stream):
        await write_stream.send(SessionMessage(message))
        arguments["title"] = "Persuasion"
        message.id = 2
    assert (frames[0].id, frames[0].message["params"]) == (1, {"title": "Emma"})


async def test_an_exception_on_the_read_stream_passes_as_it_is_and_is_kept_as_a_fault() -> None:
    frames: list[Frame] = []
    pipe, broken = Pipe(), ValueError("line 3 is no JSON")
    async with tap(pipe, frames.append) as (read_stream, _):
        await pipe.to_client.send(broken)
        assert await read_stream.receive() is broken
    assert [(frame.fault, frame.message, frame.size) for frame in frames] == [("ValueError: line 3 is no JSON", {}, 0)]


async def test_a_frame_that_could_not_be_sent_is_marked() -> None:
    frames: list[Frame] = []
    pipe = Pipe()
    async with tap(pipe, frames.append) as (_, write_stream):
        pipe.from_client.close()
        with pytest.raises(anyio.BrokenResourceError):
            await write_stream.send(PING)
    assert [(frame.method, frame.fault) for frame in frames] == [
        ("ping", None),
        (None, "not sent: BrokenResourceError"),
    ]


async def test_a_slow_receiver_still_makes_the_sender_wait() -> None:
    pipe = Pipe(buffer=0)
    done = anyio.Event()
    async with tap(pipe, lambda _: None) as (_, write_stream), anyio.create_task_group() as tasks:

        async def send() -> None:
            await write_stream.send(PING)
            done.set()

        tasks.start_soon(send)
        await anyio.wait_all_tasks_blocked()
        assert not done.is_set()
        assert await pipe.from_client.receive() is PING
        await done.wait()


async def test_nothing_is_read_ahead_of_a_slow_reader() -> None:
    pipe = Pipe(buffer=0)
    async with tap(pipe, lambda _: None) as (read_stream, _):
        with pytest.raises(anyio.WouldBlock):
            pipe.to_client.send_nowait(PONG)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipe.to_client.send, PONG)
            assert await read_stream.receive() is PONG


async def test_a_receive_that_is_cancelled_loses_no_frame() -> None:
    frames: list[Frame] = []
    pipe = Pipe(buffer=0)
    async with tap(pipe, frames.append) as (read_stream, _):
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read_stream.receive)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipe.to_client.send, PONG)
            assert await read_stream.receive() is PONG
    assert len(frames) == 1


async def test_a_send_that_is_cancelled_stays_cancelled() -> None:
    frames: list[Frame] = []
    pipe = Pipe(buffer=0)
    async with tap(pipe, frames.append) as (_, write_stream), anyio.create_task_group() as tasks:
        tasks.start_soon(write_stream.send, PING)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert [frame.method for frame in frames] == ["ping"]


async def test_the_end_of_the_stream_passes_and_is_told_once() -> None:
    ends: list[str] = []
    pipe = Pipe()
    async with tap(pipe, lambda _: None, ended=lambda: ends.append("ended")) as (read_stream, _):
        await pipe.to_client.send(PONG)
        pipe.to_client.close()
        assert [item async for item in read_stream] == [PONG]
        assert ends == ["ended"]
        with pytest.raises(anyio.EndOfStream):
            await read_stream.receive()


async def test_closing_a_tapped_stream_closes_the_stream_itself() -> None:
    pipe = Pipe()
    async with tap(pipe, lambda _: None) as (read_stream, write_stream):
        await read_stream.aclose()
        async with write_stream:
            pass
        with pytest.raises(anyio.BrokenResourceError):
            await pipe.to_client.send(PONG)
        with pytest.raises(anyio.EndOfStream):
            await pipe.from_client.receive()
        with pytest.raises(anyio.ClosedResourceError):
            await read_stream.receive()
    assert pipe.left


async def test_an_error_inside_the_block_reaches_the_transport_and_whoever_entered() -> None:
    pipe = Pipe()
    with pytest.raises(LookupError, match="not on its shelf"):
        async with tap(pipe, lambda _: None):
            raise LookupError("not on its shelf")
    assert pipe.left


async def test_a_transport_that_cannot_be_entered_raises_its_own_error() -> None:
    class NoServer(Pipe):
        async def __aenter__(self) -> Any:
            raise FileNotFoundError("no such program")

    pipe = NoServer()
    with pytest.raises(FileNotFoundError, match="no such program"):
        async with tap(pipe, lambda _: None):
            pytest.fail("it was entered")
    await pipe.__aexit__()


async def test_a_lone_surrogate_passes_and_is_kept_in_escapes() -> None:
    frames: list[Frame] = []
    pipe = Pipe()
    item = SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=1, result={"text": "\ud800", "none": None}))
    async with tap(pipe, frames.append) as (read_stream, _):
        await pipe.to_client.send(item)
        assert await read_stream.receive() is item
    assert b"\\ud800" in frames[0].json
    assert frames[0].message["result"] == {"text": "\ud800", "none": None}


async def test_a_lone_surrogate_in_an_error_is_kept_with_its_code() -> None:
    frames: list[Frame] = []
    error = ErrorData(code=-1, message="\udfff")
    async with tap(Pipe(), frames.append) as (_, write_stream):
        await write_stream.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=1, error=error)))
    assert frames[0].message == {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "\udfff"}}


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"in": value}
    return value


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["in"] = value
    return value


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        pytest.param({"tool": object}, None, id="an object"),
        pytest.param({(1, 2): "a key"}, None, id="a key that is no text"),
        pytest.param(deep(300), None, id="deeper than pydantic goes"),
        pytest.param(deep(100_000), "passed, but has no JSON: RecursionError", id="deeper than JSON goes"),
        pytest.param(circular(), "passed, but has no JSON: ValueError", id="a circle"),
    ],
)
async def test_what_has_no_json_passes_all_the_same(value: dict[str, Any], fault: str | None) -> None:
    frames: list[Frame] = []
    pipe = Pipe()
    item = SessionMessage(JSONRPCNotification.model_construct(jsonrpc="2.0", method="strange", params=value))
    async with tap(pipe, frames.append) as (_, write_stream):
        await write_stream.send(item)
        assert await pipe.from_client.receive() is item
    assert (frames[0].method, frames[0].fault) == ("strange", fault)
    assert isinstance(frames[0].message, dict)


async def test_a_large_frame_passes_whole_and_is_kept_in_part_with_its_size_and_hash() -> None:
    frames: list[Frame] = []
    for text in ("é" * 2**20, "\ud800" * 2**20):
        pipe = Pipe()
        message = JSONRPCResponse(jsonrpc="2.0", id=1, result={"text": text, "model": "tiny"})
        async with tap(pipe, frames.append) as (read_stream, _):
            await pipe.to_client.send(SessionMessage(message))
            passed = await read_stream.receive()
        assert isinstance(passed, SessionMessage)
        assert passed.message.model_dump()["result"]["text"] == text
        frame = frames.pop()
        kept = frame.message["result"]
        assert kept["text"][:5_000] == text[:5_000]
        assert kept["text"].endswith(" characters more⟩")
        assert kept["model"] == "tiny"
        assert (frame.id, frame.method, frame.fault) == (1, None, None)
        assert len(frame.json) <= 131_072
        assert frame.size > 2**21
        assert frame.whole is not None
        if text[0] == "é":
            assert frame.whole == (
                frame.size,
                sha256(message.model_dump_json(by_alias=True, exclude_unset=True).encode()).hexdigest(),
            )


async def test_a_name_as_long_as_a_book_is_kept_in_part_and_told_from_another() -> None:
    frames: list[Frame] = []
    for last in "ab":
        message = JSONRPCRequest(jsonrpc="2.0", id="i" * 2**20 + last, method="m" * 2**20)
        async with tap(Pipe(), frames.append) as (_, write_stream):
            await write_stream.send(SessionMessage(message))
    one, other = frames
    assert one.method == other.method
    assert one.id != other.id
    assert len(str(one.id)) + len(str(one.method)) + len(one.json) < 80_000


def in_memory() -> AbstractAsyncContextManager[Any]:
    return InMemoryTransport(bookshop())


@asynccontextmanager
async def http() -> AsyncGenerator[Any]:
    with over_http() as url:
        async with streamable_http_client(url) as streams:
            yield streams


def stdio() -> AbstractAsyncContextManager[Any]:
    return stdio_client(OVER_STDIO)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("transport", [in_memory, stdio, http])
async def test_it_works_round_every_transport(
    transport: Callable[[], AbstractAsyncContextManager[Any]], wire: str
) -> None:
    frames: list[Frame] = []
    async with Client(tap(transport(), frames.append), mode=wire, sampling_callback=echo) as client:
        frames.clear()
        result = await client.call_tool("recommend", {"genre": "noir"})
        assert said(result) == "you asked: recommend noir"
        fetched = await client.call_tool("fetch", {}, progress_callback=progressed)
        assert said(fetched) == "fetched"
    text = b"".join(frame.json for frame in frames).decode()
    assert text.count("sampling/createMessage") == 1
    assert text.count("you asked: recommend noir") >= 2
    assert [frame.method for frame in frames].count("notifications/progress") == 3
    assert [frame.fault for frame in frames] == [None] * len(frames)


async def progressed(progress: float, total: float | None, message: str | None) -> None:
    assert message == "on the ladder"


asked_by: ContextVar[str] = ContextVar("asked_by", default="nobody")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("transport", [in_memory, http])
async def test_a_context_variable_of_the_caller_reaches_the_callback(
    transport: Callable[[], AbstractAsyncContextManager[Any]], wire: str
) -> None:
    async def callback(context: object, params: object) -> Any:
        return answer(asked_by.get())

    async with Client(tap(transport(), lambda _: None), mode=wire, sampling_callback=callback) as client:
        asked_by.set("mira")
        assert said(await client.call_tool("recommend", {"genre": "noir"})) == "mira"


@pytest.mark.parametrize("wire", WIRES)
async def test_a_frame_is_recorded_in_the_context_of_its_sender(wire: str) -> None:
    seen: list[tuple[str | None, str]] = []

    def record(frame: Frame) -> None:
        seen.append((frame.method, asked_by.get()))

    async with Client(tap(in_memory(), record), mode=wire, sampling_callback=echo) as client:
        asked_by.set("mira")
        seen.clear()
        await client.call_tool("recommend", {"genre": "noir"})
        assert {who for _, who in seen} == {"mira"}
        assert json.dumps(seen).count("tools/call") == (2 if wire == "auto" else 1)
