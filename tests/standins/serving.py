"""A real HTTP server on a free port of loopback that answers as it was told beforehand.

It needs the standard library only. It has threads of its own, so that also a client that blocks its event loop gets an
answer.
"""

import contextlib
import itertools
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

Ending = Literal["whole", "cut", "endless", "never"]
"""How a reply ends: all of it comes; the connection closes half-way; it never stops; it never begins."""


@dataclass(frozen=True)
class Received:
    """A request as it came in. The names of its headers are in lower case; a body that is no JSON is `None`."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    raw: bytes = b""
    """The body as it came; `body` is `None` where that is no JSON."""

    @property
    def key(self) -> str | None:
        """The key that came as `Authorization: Bearer …`, or as `x-api-key: …`, which some older clients send."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        return (key if scheme == "Bearer" else self.headers.get("x-api-key")) or None


@dataclass(frozen=True)
class Reply:
    """What to answer: `body` is sent as JSON, bytes as they are, and what an iterator yields as it comes."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = "whole"

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode("utf-8")


def event(data: object) -> bytes:
    """A server-sent event as both APIs write it: its data is JSON, or a word; its name stands in the data too."""
    name = f"event: {data['type']}\n" if isinstance(data, dict) and "type" in data else ""
    return f"{name}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def in_threes(words: str) -> list[str]:
    return [words[at : at + 3] for at in range(0, len(words), 3)]


def streams(pieces: Iterable[bytes], **headers: str) -> Reply:
    """Each piece is sent by itself; after the last the connection is closed, as if all had come."""
    return Reply(iter(pieces), headers={"content-type": "text/event-stream", **headers})


Behaviour = Reply | Callable[[Received], Reply]
"""A reply, or what makes one of a request."""


class StandIn:
    """Answers the first request with the first behaviour and so on; the last one stays.

    with StandIn([busy, says("fine")]) as server:
        ... server.url ...
    server.received[0].body
    """

    def __init__(self, behaviours: Iterable[Behaviour]) -> None:
        self.received: list[Received] = []
        """Every request that took a behaviour."""
        self.hung_up = threading.Event()
        """Set once a client has closed its connection before its answer was complete."""
        self.connections = 0
        """How many connections were made so far."""
        self.streams = True
        """Whether a request with `"stream": true` is answered in pieces."""
        self.sent = 0
        """Bytes of a body without end that went out so far."""
        self._behaviours = list(behaviours)
        self._scheme = "http"
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="stand-in")

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def secure(self, context: ssl.SSLContext) -> None:
        """From now on speak HTTPS."""
        self._scheme = "https"
        # The handshake is made by the thread of its connection, at the first byte that is read.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    def answer(self, received: Received) -> Reply:
        """The reply to a request: that of the next behaviour, unless the request is at fault."""
        with self._lock:
            self.received.append(received)
            behaviour = self._behaviours[min(len(self.received), len(self._behaviours)) - 1]
        reply = self.refuse(received) or (behaviour if isinstance(behaviour, Reply) else behaviour(received))
        asked = isinstance(received.body, dict) and received.body.get("stream") and self.streams
        if not asked or reply.status != 200 or not isinstance(reply.body, dict):
            return reply
        pieces = list(self.pieces(reply.body))
        halves = pieces[: len(pieces) // 2] if reply.ending == "cut" else pieces
        return streams(halves, **reply.headers)

    def pieces(self, whole: dict[str, Any]) -> Iterator[bytes]:
        """`whole`, a reply, as the server-sent events that make it."""
        raise NotImplementedError

    def behaves(self, *behaviours: Behaviour) -> None:
        """From the next request on do this, in turn."""
        with self._lock:
            self._behaviours = [*self._behaviours[:1] * len(self.received), *behaviours]

    def refuse(self, received: Received) -> Reply | None:
        """What a faulty request is answered with; `None` for one that is in order."""
        return None

    @contextlib.contextmanager
    def connected(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self.connections += 1
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join(60)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close() waits for them
    request_queue_size = 128  # with the default of 5, of twenty requests at once some come a second late

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is printed: a client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a second reply on a connection is 40 ms late
    stand_in: StandIn

    def handle(self) -> None:
        with self.stand_in.connected(self.connection):
            super().handle()

    def do_CONNECT(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def do_GET(self) -> None:
        self._do()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gave it
        """Nothing is logged."""

    def _do(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.stand_in.answer(Received(self.command, self.path, headers, body, raw))
        try:
            self._send(reply)
        except OSError:
            self.stand_in.hung_up.set()
            self.close_connection = True

    def _send(self, reply: Reply) -> None:
        if reply.ending == "never":
            self._wait_for_the_end()
            return
        self.send_response(reply.status)
        for name, value in {"content-type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        if reply.ending == "endless" or isinstance(reply.body, Iterator):
            self.send_header("connection", "close")
            self.end_headers()
            for piece in itertools.repeat(reply.content) if reply.ending == "endless" else reply.body:
                self.wfile.write(piece)
                self.stand_in.sent += len(piece)
            return
        content = reply.content
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if reply.ending == "cut":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.wfile.write(content)

    def _wait_for_the_end(self) -> None:
        """Wait until the client closes the connection, or the server does."""
        self.close_connection = True
        if not self.connection.recv(1):
            self.stand_in.hung_up.set()
