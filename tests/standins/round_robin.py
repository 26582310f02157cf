"""A balancer as small as can be: each HTTP request goes to the next of several servers, whoever sends it."""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import cycle
from urllib.parse import urlsplit

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from tests.story import app_over_http

HOP = {"host", "content-length", "connection", "transfer-encoding"}
"""Headers that are between two neighbours and are not passed on (RFC 9110, 7.6.1), and those which httpx2 writes."""


@contextmanager
def balanced(urls: Sequence[str], choose: Callable[[bytes], int] | None = None) -> Generator[tuple[str, list[str]]]:
    """The address of a balancer in front of `urls`, and the places to which it sent the requests, in their order.

    They come in turn, or as `choose` says of a request's body.
    """
    turns, sent_to = cycle(urls), list[str]()

    async def forward(request: Request) -> StreamingResponse:
        content = await request.body()
        url = urls[choose(content)] if choose else next(turns)
        sent_to.append(urlsplit(url).netloc)
        headers = {name: value for name, value in request.headers.items() if name not in HOP}
        client = httpx2.AsyncClient(timeout=60, trust_env=False)
        outgoing = client.build_request(request.method, url, content=content, headers=headers)
        answer = await client.send(outgoing, stream=True)

        async def body() -> AsyncGenerator[bytes]:
            async for part in answer.aiter_raw():
                yield part
            await client.aclose()

        back = {name: value for name, value in answer.headers.items() if name not in HOP}
        return StreamingResponse(body(), answer.status_code, back)

    with app_over_http(Starlette(routes=[Route("/mcp", forward, methods=["GET", "POST", "DELETE"])])) as url:
        yield f"{url}/mcp", sent_to
