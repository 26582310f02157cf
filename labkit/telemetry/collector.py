"""`Collector`: takes the spans that servers send of themselves, so that a trace of several processes is one.

    async with Collector(telemetry) as collector:
        server = StdioServerParameters(command=python, args=["-m", "servers.text_analyst"], env=collector.environment)
        with Lab(server, sampling_callback=my_callback, telemetry=telemetry) as lab:
            await lab.call_tool("label", {"text": "..."})
    telemetry.spans

It speaks OTLP over HTTP, protobuf alone (OpenTelemetry specification, protocol/otlp), on this machine alone. The
address holds a secret, since any program here could reach the port, and any page that a browser shows. Who knows it may
be hostile all the same: what comes is bounded, secrets are marked, and it never counts as what the kit itself has seen.
"""

import asyncio
import secrets
import socket
import sys
import zlib
from collections import Counter, deque
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Self, TypeVar

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from labkit.cutting import cut
from labkit.errors import LabError
from labkit.plain import short
from labkit.redacting import redact
from labkit.runtime import Runtime
from labkit.secret_forms import redacted_across
from labkit.telemetry.kept import Telemetry
from labkit.telemetry.spans import SCOPE, new_context, safe_name

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

T = TypeVar("T")

LARGEST = 4_000_000
"""Bytes of a request, packed and unpacked."""
LONGEST_HEAD = 16_000
"""Bytes of a request's headers."""
MOST_SPANS, MOST_TEXTS, MOST_BESIDE, ROOM = 5_000, 20_000, 128, 16_000
"""Of a request its spans, with what holds them, and texts that differ; of a span events, links, characters in all."""
LONGEST_NAME, LONGEST_VALUE = 200, 1_000
"""Characters of a name, and of a value."""
MOST_AT_ONCE, SECONDS = 32, 10.0
"""Requests at once, and seconds that each may take."""
LAST = 2**63 - 1

PATH = "/v1/traces"
_KINDS = {
    1: SpanKind.INTERNAL,
    2: SpanKind.SERVER,
    3: SpanKind.CLIENT,
    4: SpanKind.PRODUCER,
    5: SpanKind.CONSUMER,
}
_STATUS = {0: StatusCode.UNSET, 1: StatusCode.OK, 2: StatusCode.ERROR}


class Refused(Exception):
    """A request that is not taken, with an HTTP status and the reason."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Collector:
    """Puts the spans of other processes into a telemetry, as long as it is open.

    It runs on the lab thread. Where a callback hangs so that the lab leaves that thread behind, the collector is gone.

    Args:
        telemetry: Where they are kept: `Lab(..., telemetry=telemetry)` of the calls, so that all is in one place.

    Raises:
        TypeError: `telemetry` is none.
        LabError: The package that reads the spans is not installed, or there are no sockets here.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        if not isinstance(telemetry, Telemetry):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a {type(telemetry).__name__} is no telemetry: write Collector(Telemetry())")
        if sys.platform == "emscripten":
            raise LabError("A collector listens on a port of this machine, and a browser has none.")
        try:
            from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
        except ImportError as error:
            wanted = "pip install opentelemetry-exporter-otlp-proto-http"
            raise LabError(f"The package that reads what servers send is not installed: {wanted}") from error
        self._read = trace_service_pb2.ExportTraceServiceRequest.FromString
        self.telemetry = telemetry
        self.taken = 0
        """Spans that came and were taken."""
        self.refused: deque[str] = deque(maxlen=100)
        """Why requests were refused, the latest of them."""
        self._secret = secrets.token_urlsafe(12)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._at_work: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._held = ExitStack()

    @property
    def endpoint(self) -> str:
        """The address, as `OTEL_EXPORTER_OTLP_ENDPOINT` takes it: `/v1/traces` is put behind it by who sends.

        Raises:
            LabError: It is not open.
        """
        if not self._port:
            raise LabError("The collector is not open: write `async with Collector(telemetry) as collector:`.")
        return f"http://127.0.0.1:{self._port}/{self._secret}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables for a server's process: where it sends its traces, every fifth of a second, past any proxy."""
        return {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": self.endpoint + PATH,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "NO_PROXY": "127.0.0.1",
        }

    async def listen(self) -> Self:
        """Listen, on a free port."""
        if self._server is None:
            self._runtime = self._held.enter_context(Runtime.held())
            await self._on_lab_thread(self._listen())
        return self

    async def close(self) -> None:
        """Listen no more. More than once does no harm."""
        server, self._server, self._port = self._server, None, 0
        if server is None:
            return
        with suppress(RuntimeError):  # the thread was left behind, and its loop with it
            await self._on_lab_thread(self._end(server))
        self._held.close()
        self._socket.close()
        Runtime.rest()

    async def __aenter__(self) -> Self:
        return await self.listen()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Collector: {self.taken} spans taken{'' if self._server else ', not open'}>"

    async def _on_lab_thread(self, work: Coroutine[Any, Any, T]) -> T:
        if self._runtime.loop is asyncio.get_running_loop():
            return await work
        if self._runtime.retired:
            work.close()
            raise RuntimeError("the lab thread is gone")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._runtime.loop))

    async def _listen(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._connected, sock=self._socket, limit=LONGEST_HEAD)
        self._port = self._socket.getsockname()[1]

    async def _end(self, server: asyncio.Server) -> None:
        # First no more is accepted, then what was a moment ago is handed over: a server that is closed between both
        # forgets the connection, and its client waits until a collection of garbage.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_reader(self._socket)
        for _ in range(5):
            await asyncio.sleep(0)
        server.close()
        for task, writer in self._at_work.items():
            task.cancel()
            writer.close()  # a task that is cancelled before its first step does not
        await asyncio.gather(*self._at_work, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._at_work) >= MOST_AT_ONCE or self._server is None:  # closed since it came
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._at_work[task] = writer
        task.add_done_callback(self._at_work.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        status, body = 400, b""
        try:
            with suppress(OSError, EOFError):
                try:
                    async with asyncio.timeout(SECONDS):
                        self._take(await self._asked(reader))
                    status = 200
                except Refused as why:
                    status, body = why.status, str(why).encode()
                    self.refused.append(f"{status}: {why}")
                except (asyncio.LimitOverrunError, TimeoutError):
                    status = 431
                    self.refused.append("431: the headers are too long, or the request takes too long to come")
                kind = "application/x-protobuf" if status == 200 else "text/plain"
                head = (
                    f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close"
                )
                writer.write(head.encode() + b"\r\n\r\n" + body)
                await writer.drain()
        finally:
            writer.close()

    async def _asked(self, reader: asyncio.StreamReader) -> bytes:
        """The body of a request.

        Raises:
            Refused: It is none that is taken.
        """
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        method, path, *_ = [*head[0].split(" "), "", ""]
        if not secrets.compare_digest(path.encode(), f"/{self._secret}{PATH}".encode()):
            raise Refused(404, "only traces are taken, at the endpoint of this collector")
        if method != "POST" or headers.get("content-type", "").partition(";")[0] != "application/x-protobuf":
            raise Refused(415, "only POST and application/x-protobuf are taken")
        if headers.get("host") != f"127.0.0.1:{self._port}" or "origin" in headers:
            raise Refused(403, "a page in a browser has nothing to send here")
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()) or "transfer-encoding" in headers:
            raise Refused(411, "the length must be told")
        if len(length) > len(str(LARGEST)) or int(length) > LARGEST:
            raise Refused(413, f"more than {LARGEST:,} bytes")
        body = await reader.readexactly(int(length))
        match headers.get("content-encoding", "identity"):
            case "identity":
                return body
            case "gzip" | "deflate":
                return _unpacked(body)
            case _:
                raise Refused(415, "only gzip and deflate are unpacked")

    def _take(self, body: bytes) -> None:
        """Keep the spans of a request.

        Raises:
            Refused: It cannot be read.
        """
        try:
            request = self._read(body)
        except Exception as error:  # protobuf's DecodeError has no place of its own that stays
            raise Refused(400, "this is no ExportTraceServiceRequest") from error
        spans = list(_Reader().spans(request))
        self.taken += len(spans)
        self.telemetry.take(spans)


def _unpacked(body: bytes) -> bytes:
    """What was packed.

    Raises:
        Refused: It is not in order, or too large.
    """
    unpacker = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        whole = unpacker.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise Refused(400, "this cannot be unpacked") from error
    if len(whole) > LARGEST:
        raise Refused(413, f"more than {LARGEST:,} bytes when unpacked")
    return whole


class _Reader:
    """Makes spans of what came in one request. `known` is what became of its texts so far."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._left = 0

    def spans(self, request: "ExportTraceServiceRequest") -> Iterator[ReadableSpan]:
        """The spans that are in order.

        Raises:
            Refused: There are more than may come at once.
        """
        held = count(1)
        for of_resource in request.resource_spans:
            self._count(next(held))
            self._left = ROOM
            resource = Resource(self._attributes(of_resource.resource.attributes))
            for of_scope in of_resource.scope_spans:
                self._count(next(held))
                name = self._name(of_scope.scope.name)
                scope = InstrumentationScope(f"{name} (elsewhere)" if name == SCOPE.name else name)
                for span in of_scope.spans:
                    self._count(next(held))
                    if (read := self._span(span, resource, scope)) is not None:
                        yield read

    def _count(self, held: int) -> None:
        """Refuse what would keep the lab thread at work for long: many things, or many texts to look through."""
        if held > MOST_SPANS:
            raise Refused(413, f"more than {MOST_SPANS:,} spans, with the resources and scopes that hold them")
        if len(self._known) > MOST_TEXTS:
            raise Refused(413, f"more than {MOST_TEXTS:,} texts")

    def _span(self, span: Any, resource: Resource, scope: InstrumentationScope) -> ReadableSpan | None:
        """A span, or nothing where its ids or its times are none."""
        context, parent = _context(span.trace_id, span.span_id), _context(span.trace_id, span.parent_span_id)
        if context is None or not 0 < span.start_time_unix_nano <= span.end_time_unix_nano <= LAST:
            return None
        self._left = ROOM
        linked = ((_context(link.trace_id, link.span_id), link.attributes) for link in span.links[:MOST_BESIDE])
        code = _STATUS.get(span.status.code, StatusCode.UNSET)
        words = self._text(span.status.message) if code is StatusCode.ERROR else ""
        return ReadableSpan(
            self._name(span.name),
            context,
            parent,
            resource,
            self._attributes(span.attributes),
            [
                Event(self._name(event.name), self._attributes(event.attributes), min(event.time_unix_nano, LAST))
                for event in span.events[:MOST_BESIDE]
            ],
            [Link(context, self._attributes(told)) for context, told in linked if context is not None],
            _KINDS.get(span.kind, SpanKind.INTERNAL),
            status=Status(code, words or None),
            start_time=span.start_time_unix_nano,
            end_time=span.end_time_unix_nano,
            instrumentation_scope=scope,
        )

    def _attributes(self, told: Iterable[Any]) -> dict[str, Any]:
        """Attributes, as long as there is room for them."""
        kept: dict[str, Any] = {}
        for each in told:
            name = self._name(each.key)
            value = self._value(each.value, short(each.key, LONGEST_NAME))
            self._left -= len(name) + (len(value) if isinstance(value, str) else 8)
            if self._left < 0:
                break
            if value is not None:
                kept[name] = value
        return kept

    def _value(self, value: Any, name: str) -> Any:
        match value.WhichOneof("value"):
            case "string_value":
                return self._text(value.string_value, name)
            case "bool_value" | "int_value" | "double_value" as kind:
                return getattr(value, kind)
            case "array_value":  # OpenTelemetry has texts alone in them where the kit's servers have any
                texts = [each.string_value for each in value.array_value.values[:MOST_BESIDE]]
                self._left -= sum(map(len, texts))
                whole = redacted_across([cut(each, LONGEST_VALUE) for each in texts], Counter())
                return tuple(map(str, redact(whole, name, self._known)))
            case _:
                return None

    def _name(self, text: str) -> str:
        if (name := self._known.get((text, "a name"))) is None:
            name = self._known[text, "a name"] = short(safe_name(text), LONGEST_NAME)
        return name

    def _text(self, text: str, name: str = "") -> str:
        return str(redact(cut(text, LONGEST_VALUE), name, self._known))


def _context(trace: bytes, span: bytes) -> SpanContext | None:
    if len(trace) != 16 or len(span) != 8 or not any(trace) or not any(span):
        return None
    like = new_context(int.from_bytes(trace))
    return SpanContext(like.trace_id, int.from_bytes(span), True, like.trace_flags, like.trace_state)
