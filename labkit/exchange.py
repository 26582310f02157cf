"""`Exchange`: the HTTP request in which a frame went out, or in whose answer it came, and what may be shown of both.

What ties the two together is a context variable: the SDK sends in the context of whoever wrote a frame, and hands on
what it reads in the context of the request that it reads from.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_SHOWN = {"content-type", "last-event-id", "retry-after"}
"""Headers that are kept beside those of MCP. All others may hold a key, or say who somebody is."""

_SESSION, _ENOUGH = "mcp-session-id", 8
"""A session's id lets whoever knows it speak in that session: so many characters tell two of them apart."""

LONGEST = 500
"""Characters of a header that are kept: a server may mirror arguments in them, and chooses its own."""


@dataclass(slots=True)
class Exchange:
    """A request over HTTP and its answer, which is not there yet where `status` is `None`.

    No address is kept, since its query may hold a key; of the headers those of MCP, and few others.
    """

    method: str = ""
    sent: dict[str, str] = field(default_factory=dict[str, str])
    status: int | None = None
    received: dict[str, str] = field(default_factory=dict[str, str])
    refused: Callable[["Exchange"], object] | None = field(default=None, compare=False, repr=False)
    """Is called with an answer that is no success, where no frame will tell of it."""

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the answer."""
        self.status, self.received = status, _kept(headers)
        refused, self.refused = self.refused, None
        if refused is not None and status >= 300:
            refused(self)

    def told(self) -> dict[str, Any]:
        """The exchange as JSON: `{"method", "sent", "status", "received"}`."""
        return {"method": self.method, "sent": {**self.sent}, "status": self.status, "received": {**self.received}}


def asked(method: str, headers: Mapping[str, str]) -> Exchange:
    """The exchange that a request begins: the frame's that goes out in it, or one that no frame of ours began."""
    exchange = current.get()
    if exchange is None or exchange.method or method != "POST":  # a stream, or one that is read on, after all
        current.set(exchange := Exchange())
    exchange.method, exchange.sent = method, _kept(headers)
    return exchange


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower(): value for name, value in headers.items()}
    return {
        name: _session(value) if name == _SESSION else value[:LONGEST]
        for name, value in names.items()
        if name in _SHOWN or name.startswith("mcp-")
    }


def _session(value: str) -> str:
    return value if len(value) <= _ENOUGH else f"{value[:_ENOUGH]}…"


current: ContextVar[Exchange | None] = ContextVar("labkit_exchange", default=None)
"""The exchange that the running code sends or reads in."""
