"""Which requests of the client a server has yet to answer, and so whether it was asked for what it samples.

On revision 2025-11-25 a server sends `sampling/createMessage` whenever it likes. `OpenRequests` reads off the frames of
a connection whether a request of the client is open in that moment, and `arrival` tells it to the callback. On revision
2026-07-28 a question stands in the answer to a request, and there is nothing to know.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from mcp.client.session import ClientRequestContext
from mcp.shared.dispatcher import coerce_request_id
from mcp_types import RequestId

from labkit.wire import Frame, short_name

_OF_THE_CONNECTION = {"initialize", "ping", "server/discover", "subscriptions/listen"}
"""Requests that ask the server for nothing which could need a model."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was open on a connection in the moment in which a server asked for a sample.

    Attributes:
        id: The JSON-RPC id of the sampling request.
        open: How many requests of the client the server had yet to answer.
        given_up: Seconds since the client gave up the last of them; `None` where it gave up none.
    """

    id: RequestId
    open: int
    given_up: float | None


class OpenRequests:
    """Counts the open requests of one connection, and passes its frames on.

    Client(tap(stdio_client(server), OpenRequests(frames.append)), sampling_callback=with_guard(callback))

    Args:
        record: What `tap` would be given without it.
    """

    def __init__(self, record: Callable[[Frame], object]) -> None:
        self._record = record
        self._open: set[RequestId] = set()
        self._given_up: float | None = None

    def __call__(self, frame: Frame) -> None:
        """Hear of a frame, as `tap` tells it: in the context in which the SDK then runs the callback."""
        if frame.direction == "to client":
            if frame.method is None and frame.id is not None:
                self._open.discard(coerce_request_id(frame.id))
            elif frame.method == "sampling/createMessage" and frame.id is not None:
                since = None if self._given_up is None else frame.time - self._given_up
                _arrival.set(Arrival(frame.id, len(self._open), since))
        elif frame.method == "notifications/cancelled":
            given_up = coerce_request_id(frame.message.get("params", {}).get("requestId"))
            if given_up in self._open:
                self._open.discard(given_up)
                self._given_up = frame.time
        elif frame.method is not None and frame.id is not None and frame.method not in _OF_THE_CONNECTION:
            self._open.add(coerce_request_id(frame.id))
        self._record(frame)


_arrival: ContextVar[Arrival | None] = ContextVar("labkit_arrival", default=None)


def arrival(context: ClientRequestContext) -> Arrival | None:
    """What was open when the request of `context` came; `None` where a server cannot ask unasked, or nobody counts."""
    came = _arrival.get()
    return came if came is not None and came.id == short_name(getattr(context, "request_id", None)) else None
