"""The connections of a playground: a Lab for each wire, made anew when another server or way is chosen."""

from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from pathlib import Path

from mcp import Client
from mcp.client.session import SamplingFnT
from mcp_types import Tool

from labkit.connection import all_tools
from labkit.lab import Lab
from labkit.playground.reach import MODES, Source, Transport, Wire, reach
from labkit.runtime import Runtime, block_on

STOPPING = 3.0
"""Seconds that a server that is served here has to end."""

CLOSED = "The playground is not connected. Choose the server again."


class Links:
    """The connections of a playground, by wire. Everything here but `close` runs on the lab thread.

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
        self, source: Source, transport: Transport, wires: tuple[Wire, ...], folder: Path
    ) -> tuple[Tool, ...]:
        """Connect on every wire and return the server's tools.

        Raises:
            ConnectError: The server could not be reached.
        """
        # The old Labs are closed once another is there: with none, the lab thread would end, and this with it.
        self._left += self.labs.values()
        self._stops_left += self._stops
        self.labs, self._stops = {}, []
        made: dict[Wire, Lab] = {}
        tools: tuple[Tool, ...] = ()
        try:
            for wire in wires:
                reached = await reach(source, transport, folder)
                self._stops.append(reached.stop)
                # Each Lab has a name of its own: one of the same name would be closed before this one is there.
                name = f"{self._name} {next(self._numbers)} · {wire}"
                made[wire] = lab = Lab(
                    reached.target,
                    name=name,
                    sampling_callback=self._callback,
                    mode=MODES[wire],
                    tools_changed=self._changed,
                )
                lab.when_lost = self._lost
                tools = await lab.run(self._list)
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
        lab.declare_anew()
        return lab

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
