"""The connections of a playground: a Lab for each wire, made anew when another server or way is chosen."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.session import SamplingFnT
from mcp.server.mcpserver import MCPServer
from mcp_types import Tool

from labkit.callbacks import uses_tools
from labkit.connection import LabServer, all_tools
from labkit.errors import ConnectError
from labkit.lab import Lab
from labkit.playground.sources import MODES, PYTHONS, BoxServer, Source, Transport, Wire
from labkit.quiet import quieten
from labkit.runtime import Runtime, block_on

STOPPING = 3.0
"""Seconds that a server that is served here has to end."""

STARTING = {"in process": "starting the server", "stdio": "starting the program", "http": "calling the server"}
"""What is done until a server has answered, by transport."""

CLOSED = "The playground is not connected. Choose the server again."


class Connections:
    """The connections of a playground, by wire. Everything here but `close` and `answer_with` runs on the lab thread.

    Args:
        name: The name of the Labs, which add a number and the wire.
        callback: The sampling callback of the Labs.
        lost: Called when a connection has ended.
        changed: Called when a server says that its tools have changed.
    """

    def __init__(
        self, name: str, callback: SamplingFnT, lost: Callable[[], object], changed: Callable[[], object]
    ) -> None:
        self._name = name
        self._callback = callback
        self._lost = lost
        self._changed = changed
        self._client: Client | None = None
        self._numbers = count(1)
        self.labs: dict[Wire, Lab] = {}
        self._stops: list[Callable[[], Future[None] | None]] = []
        self._left: list[Lab] = []
        self._stops_left: list[Callable[[], Future[None] | None]] = []

    async def join(
        self,
        source: Source,
        transport: Transport,
        wires: tuple[Wire, ...],
        folder: Path,
        say: Callable[[str], object],
    ) -> tuple[Tool, ...]:
        """Connect on every wire and return the server's tools. `say` is told in a few words what is done.

        Raises:
            ConnectError: The server could not be reached.
        """
        # The old Labs are closed once another is there: with none, the lab thread would end, and this with it.
        self._left += self.labs.values()
        self._stops_left += self._stops
        self.labs, self._stops = {}, []
        made: dict[Wire, Lab] = {}

        async def listed(client: Client) -> tuple[Tool, ...]:
            say("asking for its tools")
            return await self._list(client)

        tools: tuple[Tool, ...] = ()
        try:
            for wire in wires:
                say(STARTING[transport])
                prepared = await prepare(source, transport, folder)
                self._stops.append(prepared.stop)
                # Each Lab has a name of its own: one of the same name would be closed before this one is there.
                name = f"{self._name} {next(self._numbers)} · {wire}"
                made[wire] = lab = Lab(
                    prepared.target,
                    name=name,
                    sampling_callback=self._callback,
                    mode=MODES[wire],
                    tools_changed=self._changed,
                )
                lab.when_lost = self._lost
                tools = await lab.run(listed)
        except BaseException:
            if made:  # also a Lab that did not come to its server
                self._leave()
            self._left += made.values()
            raise
        self.labs = made
        self._leave()
        return tools

    async def _list(self, client: Client) -> tuple[Tool, ...]:
        self._client = client
        return await all_tools(client)

    async def tools(self) -> tuple[Tool, ...]:
        """The server's tools as they are now, asked for outside of any call."""
        return () if self._client is None else await self._list(self._client)

    def _leave(self) -> None:
        """Leave the servers that are no longer chosen."""
        left, stops = self._left, self._stops_left
        self._left, self._stops_left = [], []
        for lab in left:
            lab.close()
        for stop in stops:
            stop()

    async def lab(self, wire: Wire) -> Lab:
        """The Lab of a wire, which declares what the answerer and the duties of this moment need.

        Raises:
            LookupError: There is no Lab of that wire.
        """
        lab = self.labs.get(wire)
        if lab is None:
            raise LookupError(CLOSED)
        lab.answer_with(self._callback)
        return lab

    def answer_with(self, callback: SamplingFnT) -> None:
        """Have `callback` answer, from the next sample on; from the next run on where a client has to connect anew."""
        self._callback = callback
        for lab in tuple(self.labs.values()):
            if uses_tools(lab.callback) == uses_tools(callback):
                lab.callback = callback

    def close(self) -> None:
        """Leave all servers. Servers that are served here end first: the lab thread ends with the last Lab."""
        self._stops_left += self._stops
        stops, self._stops_left, self._stops = self._stops_left, [], []
        for ended in [stop() for stop in stops]:
            if ended is not None and not Runtime.current().here:
                block_on(ended, STOPPING)
        self._left += self.labs.values()
        self.labs = {}
        self._leave()


@dataclass(slots=True)
class Prepared:
    """A server within reach: what a Lab is given, and what ends the server once the Lab is closed."""

    target: LabServer
    stop: Callable[[], "Future[None] | None"] = lambda: None


async def prepare(source: Source, transport: Transport, folder: Path) -> Prepared:
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
            return Prepared(source.program(folder))
        source = source.make(folder)
    if transport == "http" and isinstance(source, MCPServer):
        served = _Served(source)
        return Prepared(await served.start(), served.stop)
    if isinstance(source, StdioServerParameters) and source.command in PYTHONS:
        return Prepared(source.model_copy(update={"command": sys.executable}))
    return Prepared(source)


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
