"""Replies of providers, read within bounds: in one piece, or as server-sent events while somebody reads along."""

from collections.abc import AsyncGenerator, Callable
from time import perf_counter
from typing import Protocol

import httpx2
from mcp_types import INTERNAL_ERROR
from pydantic import BaseModel, ValidationError

from labkit.models.convert import Refused

LARGEST_REPLY = 8_000_000
"""Bytes of a reply that are read. The longest answers that models give are a tenth of them."""

PAUSE, LONGEST_DRAFT = 0.05, 65_536
"""Seconds from one draft to the next, and characters of one: each is looked through anew for the key."""


class Pieces(Protocol):
    """A reply while it comes in pieces, as an API writes them."""

    def hear(self, data: str) -> bool:
        """Take the data of an event. Returns whether nothing more is awaited.

        Raises:
            ValidationError: It is no piece of a reply.
        """
        ...

    @property
    def draft(self) -> str:
        """The text so far, as it is to be shown."""
        ...

    def whole(self) -> BaseModel | None:
        """What the pieces make: the reply as it comes in one piece; `None` where its end is missing."""
        ...


async def _bounded(response: httpx2.Response) -> AsyncGenerator[bytes]:
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > LARGEST_REPLY:
            raise Refused(f"The reply is larger than {LARGEST_REPLY:,} bytes and was not read.", INTERNAL_ERROR)
        yield chunk


async def whole(response: httpx2.Response) -> bytes:
    """The body of a reply.

    Raises:
        Refused: The body is larger than `LARGEST_REPLY`; the rest is not read.
    """
    return b"".join([chunk async for chunk in _bounded(response)])


async def streamed(response: httpx2.Response, pieces: Pieces, read: Callable[[str], object]) -> bytes:
    """The body that a reply would have had in one piece; `read` hears the text while it grows.

    A server that does not stream is read all the same, and what is no piece is handed on as the body that it may be.

    Raises:
        Refused: The body is larger than `LARGEST_REPLY`; the rest is not read.
        httpx2.RemoteProtocolError: The stream ended in the middle of the reply.
    """
    if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
        return await whole(response)
    due = 0.0
    headers = {"content-type": "text/event-stream"}  # in UTF-8, whatever else the server says
    bounded = httpx2.Response(200, headers=headers, content=_bounded(response), request=response.request)
    async for event in httpx2.EventSource(bounded, LARGEST_REPLY):
        if not event.data:
            continue
        try:
            if pieces.hear(event.data):
                break
        except ValidationError:
            return event.data.encode("utf-8")
        if (now := perf_counter()) >= due and (draft := pieces.draft[:LONGEST_DRAFT]):
            read(draft)
            due = perf_counter() + max(PAUSE, 10 * (perf_counter() - now))
    if (made := pieces.whole()) is None:
        raise httpx2.RemoteProtocolError("the stream ended in the middle", request=response.request)
    return made.model_dump_json().encode("utf-8")
