"""A provider of models on this machine, for callbacks that can be pointed at one.

    async with Standin() as provider:
        callback = make(base_url=provider.url)
        ...
        provider.asked[-1].turns

It runs on the event loop of whoever enters it. A callback is examined on the lab thread, so that one which blocks its
loop is answered all the same. Loopback, a free port, the standard library only.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from labkit.checks.apis import MODEL, Api, Asked, Fails, Says, as_a_model, error, events, reply
from labkit.network import spare_this_machine


@dataclass(frozen=True)
class Sends:
    """A body, sent as it is. `half` sends the first half of it and closes the connection."""

    body: bytes
    half: bool = False


Reply = Says | Fails | Sends
Behaviour = Reply | Callable[[Asked], Awaitable[Reply]]
"""A reply, or what makes one of a request, and may take its time."""

COUNT = "/messages/count_tokens"
UNSPOKEN = re.compile(
    r"/(v1/)?(messages/batches|responses|completions?|embeddings|models/.+|complete|conversations|files|batches|uploads"
    r"|moderations|images|audio|assistants|threads|realtime|videos|vector_stores|containers|fine_tuning|skills"
    r"|tokenize|rerank)(/.*)?|/api/(chat|generate|embed|embeddings|tags|show)"
)
"""Paths of the providers' APIs, and of Ollama's own, that the stand-in has no answer for."""

PATHS: dict[str, Api] = {"/messages": "messages", "/chat/completions": "chat"}
"""Where the APIs are, with `/v1` before it or without: some clients have it in their base_url."""


async def models_reply(asked: Asked) -> Reply:
    """What a model would do."""
    return as_a_model(asked)


async def never(_: Asked) -> Reply:
    """Wait until the client gives up, or the stand-in ends."""
    await asyncio.Event().wait()
    raise AssertionError


class Standin:
    """Answers the first request with the first of `behaviours` and so on; the last one stays."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.asked: list[Asked] = []
        """Every request for a completion so far."""
        self.lost: list[str] = []
        """The addresses that were asked for and that no API has."""
        self.unspoken: list[str] = []
        """The addresses that were asked for and that an API has, though not the stand-in."""
        self.behaves(*behaviours)
        self._at_work: dict[asyncio.Task[None], tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    def behaves(self, *behaviours: Behaviour) -> None:
        """From now on do this, in turn."""
        self._behaviours = list(behaviours or (models_reply,))

    @property
    def url(self) -> str:
        """The stand-in's address: what comes before `/v1/messages` or `/chat/completions`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def waited_for(self) -> bool:
        """Whether somebody still waits for a reply."""
        return any(not reader.at_eof() for reader, _ in self._at_work.values())

    async def __aenter__(self) -> Self:
        spare_this_machine()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        # First no more is accepted, then what was a moment ago is handed over: a server that is closed between both
        # forgets the connection, and its client waits until a collection of garbage.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_reader(self._server.sockets[0].fileno())
        for _turn in range(5):
            await asyncio.sleep(0)
        self._server.close()
        for task, (_reader, writer) in self._at_work.items():
            task.cancel()
            writer.close()  # a task that is cancelled before its first step does not
        await asyncio.gather(*self._at_work, return_exceptions=True)
        await self._server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._at_work[task] = reader, writer
        task.add_done_callback(self._at_work.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that hangs up is what some cases are about, and so is being cancelled when the stand-in ends.
        with suppress(OSError, EOFError, asyncio.CancelledError):
            try:
                writer.write(await self._response(reader))
                await writer.drain()
            finally:
                writer.close()
                await writer.wait_closed()

    async def _response(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = [*head[0].split(" "), ""][1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = path.partition("?")[0]
        place = path.removeprefix("/v1")
        if place == "/models":
            return _response(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}], "has_more": False})
        if place == COUNT:
            return _counted(_object(body))
        if place not in PATHS:
            (self.unspoken if UNSPOKEN.fullmatch(path) else self.lost).append(path)
            return _response(404, error("chat", f"There is nothing at {path}: ask for /v1/messages."))
        asked = Asked(PATHS[place], _object(body), _key(headers), path)
        self.asked.append(asked)
        behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        return _told(asked, await behaviour(asked) if callable(behaviour) else behaviour)


def _counted(body: dict[str, Any]) -> bytes:
    """The number of tokens of a request, at four letters each, or the refusal of one that is out of shape."""
    asked = Asked("messages", {"max_tokens": 1, **body}, "")
    fault = as_a_model(asked)
    if isinstance(fault, Fails):
        return _told(asked, fault)
    return _response(200, {"input_tokens": -(-len(json.dumps(body, ensure_ascii=False)) // 4)})


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _key(headers: dict[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key", "")


def _told(asked: Asked, answer: Reply) -> bytes:
    """A reply as the bytes of an HTTP response."""
    if isinstance(answer, Fails):
        return _response(answer.status, error(asked.api, answer.words), dict(answer.headers))
    if isinstance(answer, Sends):
        response = _response(200, answer.body)
        return response[: -(len(answer.body) // 2)] if answer.half else response
    whole = reply(asked.api, answer, asked.body.get("model", MODEL), len(asked.messages))
    if asked.body.get("stream"):
        return _response(200, events(asked.api, whole).encode("utf-8"), {"content-type": "text/event-stream"})
    return _response(200, whole)


def _response(status: int, body: bytes | dict[str, Any], headers: dict[str, str] | None = None) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
    named = {"content-type": "application/json", "content-length": str(len(content)), "connection": "close"}
    # 529 is no status of the HTTP standard, and what stands after the number is for people only.
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in (named | (headers or {})).items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content
