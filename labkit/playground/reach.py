"""The ways to a server: in process, as a program over stdio, or over HTTP on this machine.

Everything here runs on the lab thread.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from mcp import StdioServerParameters
from mcp.server import Server
from mcp.server.mcpserver import MCPServer

from labkit.connection import LabServer, describe
from labkit.errors import ConnectError
from labkit.playground.box import BoxServer
from labkit.quiet import quieten

Transport = Literal["in process", "stdio", "http"]
TRANSPORTS: tuple[Transport, ...] = ("in process", "stdio", "http")
Wire = Literal["2025-11-25", "2026-07-28"]
WIRES: tuple[Wire, ...] = ("2025-11-25", "2026-07-28")
MODES: dict[Wire, str] = {"2025-11-25": "legacy", "2026-07-28": "auto"}
"""The `mode` of `mcp.Client` for a wire."""

Source = BoxServer | MCPServer | Server[Any] | StdioServerParameters | str
"""A server that can be chosen: a server in the box, an object, a command, a URL."""


def transports_of(source: Source) -> tuple[Transport, ...]:
    """The ways in which a server can be reached."""
    if isinstance(source, BoxServer):
        return TRANSPORTS
    if isinstance(source, MCPServer):
        return ("in process", "http")
    if isinstance(source, Server):
        return ("in process",)
    return ("http",) if isinstance(source, str) else ("stdio",)


def why_not(source: Source, transport: Transport) -> str:
    """Why a server cannot be reached over `transport`; empty where it can."""
    if transport in transports_of(source):
        return ""
    if isinstance(source, str):
        return "a URL is reached over HTTP"
    if isinstance(source, StdioServerParameters):
        return "a command is reached over stdio"
    return "an object of this kernel is no program" if transport == "stdio" else "only an MCPServer can be served so"


def name_of(source: Source) -> str:
    """The name of a server on the page. Of a URL and of a command nothing is shown that may be a key."""
    return source.title if isinstance(source, BoxServer) else describe(source)[0]


def url_of(text: str) -> str:
    """The address of a server.

    Raises:
        ValueError: `text` is no address.
    """
    url = text.strip()
    if not url.startswith(("http://", "https://")) or len(url) < 10 or any(c.isspace() for c in url):
        raise ValueError("type the address of the server, such as: http://127.0.0.1:8000/mcp")
    return url


@dataclass(slots=True)
class Reached:
    """A server within reach: what a Lab is given, and what ends the server once the Lab is closed."""

    target: LabServer
    stop: Callable[[], "Future[None] | None"] = lambda: None


async def reach(source: Source, transport: Transport, folder: Path) -> Reached:
    """Make `source` ready to be connected to.

    Args:
        source: The server that was chosen.
        transport: One of `transports_of(source)`.
        folder: Where a server in the box keeps its files.

    Raises:
        ConnectError: The server cannot be served over HTTP here.
    """
    if isinstance(source, BoxServer):
        if transport == "stdio":
            return Reached(source.program(folder))
        source = source.make(folder)
    if transport == "http" and isinstance(source, MCPServer):
        served = _Served(source)
        return Reached(await served.start(), served.stop)
    return Reached(source)


def _is_not_ours(record: logging.LogRecord) -> bool:
    """Whether another thread logs: a server stopped while a client listens says so at length, to nobody's use."""
    return record.threadName != "labkit"


class _Served:
    """A server over HTTP at a free port of 127.0.0.1, as a task of the running loop."""

    def __init__(self, server: MCPServer) -> None:
        self._app = server
        self._loop = asyncio.get_running_loop()
        self._server: Any = None
        self.ended: Future[None] = Future()

    async def start(self) -> str:
        """Serve, and return the address."""
        # uvicorn is imported by name, being no dependency of the kit: the SDK serves with it and brings it, but not to
        # Pyodide, where the playground opens without it. Every other import has its line in pyproject.toml.
        uvicorn = import_module("uvicorn")
        logging.getLogger("uvicorn.error").addFilter(_is_not_ours)
        quieten()
        listening = socket.create_server(("127.0.0.1", 0))
        options = uvicorn.Config(
            self._app.streamable_http_app(), log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(options)
        self._task = self._loop.create_task(self._server.serve(sockets=[listening]))
        self._task.add_done_callback(lambda _: self._over(listening))
        try:
            while not self._server.started:
                if self._task.done():
                    raise ConnectError("The server could not be started over HTTP on this machine.")
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.stop()
            raise
        return f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"

    def _over(self, listening: socket.socket) -> None:
        listening.close()
        self.ended.set_result(None)

    def stop(self) -> "Future[None]":
        """Stop serving, from any thread. The returned future is done when the server has stopped."""
        self._server.should_exit = True
        return self.ended
