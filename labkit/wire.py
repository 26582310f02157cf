"""`tap()`: a Transport around a Transport that keeps every frame and changes none.

An `mcp` transport is an async context manager that yields a read and a write stream of `SessionMessage`. The tap yields
the same two streams, each wrapped, so it works around the in-memory, stdio and streamable HTTP transports alike, on
both protocol revisions. Each frame is serialised once, when it passes: what is kept can no longer change. A large one
is kept in part, with its size and a hash of the whole.
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import Context
from hashlib import sha256
from time import perf_counter
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from anyio import EndOfStream

# The SDK keeps its in-memory transport and the stream protocols private. They are imported here and nowhere else: on
# the modern wire `Client(server)` makes no JSON-RPC frames, and through this transport it makes every one of them.
from mcp.client._memory import InMemoryTransport
from mcp.client._transport import ReadStream, Transport, TransportStreams, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import RequestId
from pydantic import BaseModel

from labkit.cutting import LARGEST, cut, outline
from labkit.exchange import Exchange, current
from labkit.lines import ENDLESS
from labkit.unread import unread

__all__ = ["Frame", "InMemoryTransport", "Transport", "tap"]

Direction = Literal["to server", "to client"]

_LONGEST_NAME = 200


class Whole(NamedTuple):
    """What is known of a frame that was kept in part: its bytes of JSON, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Frame(NamedTuple):
    """One JSON-RPC message as it crossed the wire.

    Attributes:
        direction: `"to server"` or `"to client"`.
        time: Seconds on the clock of `time.perf_counter`.
        json: The message as UTF-8 JSON, with the field names of the wire. Where it has more than 65,536 bytes, JSON of
            about so many: long texts keep their beginning, long lists their first entries, and say what is missing.
        method: The method of a request or a notification; `None` for a response.
        id: The JSON-RPC id of a request or a response; `None` for a notification. Beside a fault, that of the request
            which the server meant to answer, where it can be told. Of a long id, as of a long method, `short_name`.
        fault: What went wrong in place of a message, or after one: a line that could not be parsed, a send that failed.
    """

    direction: Direction
    time: float
    json: bytes
    method: str | None = None
    id: RequestId | None = None
    fault: str | None = None
    whole: Whole | None = None
    """The size and the hash of the message, where `json` holds a part of it."""
    http: Exchange | None = None
    """The request over HTTP in which the message went out, or in whose answer it came."""

    @property
    def size(self) -> int:
        """Bytes of JSON that crossed, without what the transport adds (a newline on stdio, headers on HTTP)."""
        return len(self.json) if self.whole is None else self.whole.size

    @property
    def message(self) -> dict[str, Any]:
        """The message, or what was kept of it, parsed anew; `{}` when there was only a fault."""
        return json.loads(self.json) if self.json else {}


Record = Callable[[Frame], None]


def tap(
    transport: AbstractAsyncContextManager[TransportStreams],
    record: Record,
    *,
    ended: Callable[[], object] | None = None,
    turn: Callable[[], Awaitable[object] | None] | None = None,
    over: str = "",
) -> Transport:
    """Wrap `transport` so that `record` is called with every frame, in the order they pass.

    `record` must be quick and must not raise. It runs in the context (`contextvars`) of whoever sent the frame, where
    the transport knows it: that is how a request of the server is tied to the call it belongs to. `ended` is called
    when nothing more will come from the server: its process ended, or the connection was left. `turn` is
    asked before each frame is read, and what it returns is awaited. `over` stdio or http, what no JSON can hold is
    refused with a ValueError, and not sent: it would end the connection. Over http, frames are tied to what
    `labkit.exchange` is told of the requests that carry them.

        frames: list[Frame] = []
        async with Client(tap(streamable_http_client(url), frames.append)) as client: ...
    """
    return _tapped(transport, record, ended, turn, over)


@asynccontextmanager
async def _tapped(
    transport: AbstractAsyncContextManager[TransportStreams],
    record: Record,
    ended: Callable[[], object] | None,
    turn: Callable[[], Awaitable[object] | None] | None,
    over: str,
) -> AsyncGenerator[TransportStreams]:
    async with transport as (read_stream, write_stream):
        yield (
            _TappedReadStream(read_stream, record, ended, turn, over == "http"),
            _TappedWriteStream(write_stream, record, over),
        )


def _frame(direction: Direction, item: SessionMessage, as_json: bool = False) -> Frame:
    message, fault = item.message, None
    try:
        # As stdio and streamable HTTP write it: a `null` that was sent is kept, a field that was left out stays out.
        # This is what `model_dump_json` calls; it makes of these bytes a text, which would be made bytes again.
        written = message.__pydantic_serializer__.to_json(message, by_alias=True, exclude_unset=True, warnings=False)
    except ValueError:
        if as_json:
            raise ValueError("what is to be sent holds half a character (a lone surrogate), and no JSON can") from None
        # A lone surrogate passes in memory and has no UTF-8 form. The frame is kept in escapes rather than refused:
        # a tap that fails where the bare transport does not would change what passes.
        sent = {name: value for name, value in message if name in message.model_fields_set}
        try:
            written = json.dumps(sent, default=_jsonable, skipkeys=True).encode()
        except (ValueError, RecursionError) as error:
            written, fault = b"", f"passed, but has no JSON: {type(error).__name__}"
    fields = vars(message)  # a response has no method, and pydantic is slow to say so
    if len(written) > LARGEST:
        return _in_part(direction, message, written, fault)
    method, of = fields.get("method"), fields.get("id")
    if type(of) is str or (method and len(method) > _LONGEST_NAME):
        method, of = short_name(method), short_name(of)
    return Frame(direction, perf_counter(), written, method, of, fault)


def _in_part(direction: Direction, message: BaseModel, written: bytes, fault: str | None) -> Frame:
    sent = {name: value for name, value in message if name in message.model_fields_set}
    kept = outline(sent)
    try:
        part = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate
        part = json.dumps(kept, separators=(",", ":")).encode()
    method, of = short_name(sent.get("method")), short_name(sent.get("id"))
    return Frame(direction, perf_counter(), part, method, of, fault, _whole(written))


def _whole(written: bytes) -> Whole:
    return Whole(len(written), sha256(written).hexdigest())


def short_name(name: Any) -> Any:
    """A method or an id as a frame has it: one that takes no more room than the rest, and is still told from others."""
    if not isinstance(name, str) or len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:100]}… {sha256(name.encode('utf-8', 'replace')).hexdigest()[:16]}"


def _jsonable(value: object) -> object:
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else repr(value)


class _TappedReadStream:
    def __init__(
        self,
        inner: ReadStream[SessionMessage | Exception],
        record: Record,
        ended: Callable[[], object] | None,
        turn: Callable[[], Awaitable[object] | None] | None,
        over_http: bool,
    ) -> None:
        self._inner = inner
        self._over_http = over_http
        self._turn = turn
        self._record = record
        self._ended = ended

    @property
    def last_context(self) -> Context | None:
        """The sender's context: the SDK runs the sampling callback in it, so that context variables arrive there."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        # Before it is read: a wait that is cancelled then loses no frame.
        if self._turn is not None and (wait := self._turn()) is not None:
            await wait
        try:
            return self._keep(await self._inner.receive())
        except EndOfStream:
            self._end()
            raise

    def __aiter__(self) -> "ReadStream[SessionMessage | Exception]":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        if self._turn is not None and (wait := self._turn()) is not None:
            await wait
        try:
            return self._keep(await self._inner.__anext__())
        except (EndOfStream, StopAsyncIteration):
            self._end()
            raise StopAsyncIteration from None

    def _end(self) -> None:
        if self._ended is not None:
            self._ended()

    def _keep(self, item: SessionMessage | Exception) -> SessionMessage | Exception:
        if isinstance(item, Exception):
            fault, answered, sent = unread(item)
            whole = _whole(sent.encode("utf-8", "replace")) if len(sent) > LARGEST else None
            frame = Frame("to client", perf_counter(), b"", id=answered, fault=cut(fault), whole=whole)
        else:
            frame = _frame("to client", item)
        context = self.last_context
        if context is None:
            self._record(frame)
        else:
            context.run(self._record, frame._replace(http=context.get(current)) if self._over_http else frame)
        if frame.fault and frame.fault.endswith(ENDLESS):
            raise EndOfStream
        return item

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(exc_type, exc_val, exc_tb)


class _TappedWriteStream:
    def __init__(self, inner: WriteStream[SessionMessage], record: Record, over: str) -> None:
        self._inner = inner
        self._record = record
        self._over = over

    async def send(self, item: SessionMessage, /) -> None:
        # Recorded before it is sent: an unbuffered stream returns from `send` only when the other side already answers.
        frame = _frame("to server", item, self._over in ("stdio", "http"))
        exchange = None
        if self._over == "http":
            is_request = frame.method is not None and frame.id is not None  # which gets an answer, if need be an error
            exchange = Exchange(refused=None if is_request else self._refused)
            frame = frame._replace(http=exchange)
        self._record(frame)
        token = current.set(exchange)
        try:
            await self._inner.send(item)
        except Exception as error:
            self._record(Frame("to server", perf_counter(), b"", fault=f"not sent: {type(error).__name__}"))
            raise
        finally:
            current.reset(token)

    def _refused(self, exchange: Exchange) -> None:
        fault = f"refused with HTTP status {exchange.status}"
        self._record(Frame("to server", perf_counter(), b"", fault=fault, http=exchange))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(exc_type, exc_val, exc_tb)
