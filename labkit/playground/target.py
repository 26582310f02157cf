"""`Target`: what a playground calls: the server, the way to it, the tool, and what was typed into the tool's form."""

import tempfile
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError as Cancelled
from pathlib import Path
from typing import Any, Literal
from weakref import finalize

import anyio
from mcp import StdioServerParameters
from mcp.client.session import SamplingFnT
from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from mcp_types import Tool

from labkit.call import Call
from labkit.command_line import command_of
from labkit.connection import too_late
from labkit.errors import sentence
from labkit.lab import Lab
from labkit.playground import form as forms
from labkit.playground.choices import Choices, Wires
from labkit.playground.connections import Connections
from labkit.playground.sources import (
    WIRES,
    BoxServer,
    Source,
    Transport,
    Wire,
    in_the_box,
    name_of,
    transports_of,
    url_of,
    why_not,
)
from labkit.work import start

CONNECTING = 60.0
"""Seconds that a connection may take, unless a playground is given others."""

SPARE = 5.0
"""Seconds beyond them, after which work that does not end by itself is ended."""


class Target:
    """A tool that can be called: its server, the connections to that, and the form of its arguments.

    Args:
        server: A server of one's own, which is then chosen at first.
        name: The name of the connections.
        callback: The sampling callback of the connections.
        changed: Called after every change, in the thread that makes it.
        leaving: Called before another connection is made.
        connect_timeout: Seconds that a connection may take.
    """

    def __init__(
        self,
        server: MCPServer | Server[Any] | StdioServerParameters | str | None,
        name: str,
        callback: SamplingFnT,
        *,
        changed: Callable[[], object],
        leaving: Callable[[], object],
        connect_timeout: float = CONNECTING,
    ) -> None:
        self._changed, self._leaving = changed, leaving
        self.seconds = connect_timeout
        """Seconds that a connection may take."""
        self._folder = tempfile.TemporaryDirectory(prefix="playground-", ignore_cleanup_errors=True)
        finalize(self, self._folder.cleanup)
        self.box_servers = in_the_box()
        """The servers that come with the kit, by id."""
        self.given: Source | None = server
        self.source: Source = server if server is not None else next(iter(self.box_servers.values()))
        self.transport: Transport = transports_of(self.source)[0]
        self.wires: Wires = "2026-07-28"
        self.tools: tuple[Tool, ...] = ()
        self.tool = ""
        self.typed: dict[str, Any] = {}
        """The values in the form, by name: text for text and numbers alike."""
        self.errors: dict[str, str] = {}
        """The sentence for each wrong field, by the field's place: `{"hours": "A whole number is needed …"}`."""
        self.fault = ""
        """The sentence for what could not be done."""
        self.form_number = 0
        """The number of the form: another whenever the fields are others."""
        self.connections = Connections(name, callback, changed, self._tools_changed)
        self._joining: Call[None] | None = None
        self._wanted: tuple[str, Mapping[str, Any]] | None = None
        self.doing = ""
        """What is done to connect, in a few words."""
        self.unreached = False
        """Whether the server could not be reached in the last run."""
        self._of: Source | None = None
        self._carried: tuple[str, Mapping[str, Any]] | None = None
        self._listing: Call[None] | None = None
        self._ways: dict[type, Transport] = {}
        """The transport that was chosen last, by the kind of server."""
        self.unasked = False
        """Whether the server was chosen and is not to be started or called before somebody says so."""

    @property
    def labs(self) -> dict[Wire, Lab]:
        """The connections, by wire; empty while they are being made."""
        return {} if self.unasked else self.connections.labs

    @property
    def status(self) -> Literal["connecting", "connected", "lost", "failed", "not connected"]:
        """The connection's status. Where it was lost, since the server has ended, the next run makes another."""
        if self._joining is not None and not self._joining.done:
            return "connecting"
        if self.unreached or not all(lab.connected for lab in self.labs.values()):
            return "lost"
        if self.labs:
            return "connected"
        return "failed" if error_of(self._joining) is not None else "not connected"

    @property
    def why_not(self) -> str:
        """Why no tool can be called, in a sentence; empty where one can."""
        status = self.status
        if self.tool:
            return ""
        if self.unasked:
            return "Not connected: press Connect."
        if status == "connecting":
            return "There is no tool to call yet: it is still connecting."
        if status in ("failed", "not connected"):
            return "Not connected: there is no tool to call."
        return f"{self.server} offers no tool."

    @property
    def server(self) -> str:
        """The name of the chosen server."""
        return name_of(self.source)

    def use_server(self, server: str | MCPServer | Server[Any] | StdioServerParameters) -> None:
        """Connect to a server in the box, by its id, or to one of your own: an object, a command, a URL.

        Raises:
            ValueError: `server` is a text that is neither an id nor an address.
        """
        if isinstance(server, str):
            source: Source = self.box_servers.get(server) or url_of(server)
        else:
            source = server
            self.given = server if isinstance(server, MCPServer | Server) else self.given
        self._wanted = self._wanted if source == self.source else None
        self._choose(source)
        self.connect()

    def _choose(self, source: Source) -> None:
        """Take another server, and the way to it that was chosen for one of its kind before."""
        self._ways[type(self.source)] = self.transport
        ways, usual = transports_of(source), self._ways.get(type(source))
        self.source, self.transport = source, usual if usual in ways else ways[0]

    def use_given(self) -> None:
        """Connect to the server that this playground was given.

        Raises:
            LookupError: The playground was given no server.
        """
        if self.given is None:
            raise LookupError("this playground was given no server: Playground(my_server)")
        self._wanted = None
        self._choose(self.given)
        self.connect()

    def use_command(self, command: str) -> None:
        """Connect to a program, by its command line.

        Raises:
            ValueError: `command` is no command line.
        """
        self.use_server(command_of(command))

    def use_transport(self, transport: Transport) -> None:
        """Connect in another way.

        Raises:
            ValueError: The server cannot be reached over `transport`.
        """
        reason = why_not(self.source, transport)
        if reason:
            raise ValueError(f"{transport} cannot be used: {reason}")
        self.transport = transport
        self.connect()

    def use_wires(self, wires: Wires) -> None:
        """Speak one revision of the protocol, or both, one after the other.

        Raises:
            ValueError: There is no such revision here.
        """
        if wires not in (*WIRES, "both"):
            raise ValueError(f"there is no wire {wires!r}; there are {', '.join(WIRES)} and both")
        self.wires = wires
        self.connect()

    def take(self, choices: Choices, *, ask: bool = False) -> None:
        """Choose server, way, tool and what is typed at once; what was chosen already is not connected to anew.

        Args:
            choices: All that is chosen.
            ask: Connect to a command or an address only when somebody asks for the connection.
        """
        former = self.source, self.transport, self.wires
        self.source, self.transport, self.wires = choices.source, choices.transport, choices.wires
        self._wanted = (choices.tool, choices.typed)
        if ask and choices.source is not self.given and isinstance(choices.source, str | StdioServerParameters):
            self._stay()
        elif (self.source, self.transport, self.wires) == former and self.status == "connected":
            self._offer(self.tools)
            self._changed()
        else:
            self.connect()

    def _stay(self) -> None:
        """Show a server as chosen, and leave it alone."""
        self._leaving()
        if self._joining is not None:
            self._joining.cancel()
        self.unasked, self.fault, self.errors, self._joining, self.unreached = True, "", {}, None, False
        self._clear()
        self._changed()

    def _clear(self) -> None:
        self.tools, self.tool, self.typed, self._of = (), "", {}, None
        self.form_number += 1

    @property
    def called(self) -> tuple[str, Mapping[str, Any]]:
        """The tool and what is typed; while there is no connection, those that will be there once it is."""
        return self._wanted or (self.tool, self._changed_by_hand)

    def use_tool(self, name: str, typed: Mapping[str, Any] | None = None) -> None:
        """Choose a tool; its form is filled with an example, or with what is `typed`.

        Raises:
            ValueError: The server has no such tool.
        """
        if name not in [tool.name for tool in self.tools]:
            raise ValueError(f"{self.server} has no tool {name!r}")
        self.tool, self.errors = name, {}
        self.form_number += 1
        self.typed = {}
        self.typed = {field["name"]: forms.at_first(field) for field in forms.filled(self.fields, typed or {})}
        self._changed()

    @property
    def samples(self) -> Mapping[str, Mapping[str, Any]]:
        """Arguments to try with the chosen tool, by what they are; none for a server that is not in the box."""
        return self._of.samples.get(self.tool, {}) if isinstance(self._of, BoxServer) else {}

    def use_sample(self, name: str) -> None:
        """Fill the form in with other arguments to try.

        Raises:
            ValueError: There are none of that name.
        """
        if name not in self.samples:
            raise ValueError(f"{self.tool} has no sample {name!r}")
        self.use_tool(self.tool, self.samples[name])

    @property
    def fields(self) -> list[forms.Field]:
        """The form of the chosen tool, with what stands in it."""
        return forms.filled(self._empty_form, self.typed)

    @property
    def _empty_form(self) -> list[forms.Field]:
        known = self._of.examples.get(self.tool) if isinstance(self._of, BoxServer) else None
        return forms.fields_of(self.schema, known)

    @property
    def _changed_by_hand(self) -> dict[str, Any]:
        """What was typed, without what stood in the form at first: that may be another once the server is run again."""
        at_first = {field["name"]: forms.at_first(field) for field in self._empty_form}
        return {name: value for name, value in self.typed.items() if value != at_first.get(name)}

    @property
    def tool_note(self) -> str:
        """The sentence for what is not sound in the schema of the chosen tool."""
        return forms.note_of(self.schema)

    @property
    def schema(self) -> forms.Schema:
        """The schema of the tool's arguments, as the server tells it."""
        nothing: dict[str, Any] = {}
        return next((tool.input_schema for tool in self.tools if tool.name == self.tool), nothing)

    def type(self, values: Mapping[str, Any]) -> None:
        """Fill in the form: text for text and numbers alike, as it stands in the fields."""
        self.typed = {**self.typed, **values}
        if self.errors:
            _, self.errors = forms.arguments_of(self.schema, self.typed)
        self._changed()

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that were typed, as the tool gets them."""
        return forms.arguments_of(self.schema, self.typed)[0]

    @property
    def each_wire(self) -> tuple[Wire, ...]:
        """The revisions that are spoken, one after the other."""
        return WIRES if self.wires == "both" else (self.wires,)

    def say(self, fault: str) -> None:
        """Tell on the page what could not be done."""
        self.fault = fault
        self._changed()

    def connect(self) -> None:
        """Connect, or connect anew."""
        self._leaving()
        if self._joining is not None:
            self._joining.cancel()
        self.unasked, self.fault, self.errors, self.unreached = False, "", {}, False
        if self._of is not None and self._of != self.source:
            if name_of(self._of) == self.server:  # of one's own, run again
                self._carried = self.tool, self._changed_by_hand
            self._clear()  # the tools of another server can neither be called nor told in a program
        source, transport, wires = self.source, self.transport, self.each_wire

        def say(doing: str) -> None:
            self.doing = doing
            self._changed()

        async def join() -> None:
            try:
                with anyio.fail_after(self.seconds):
                    tools = await self.connections.join(source, transport, wires, Path(self._folder.name), say)
            except TimeoutError:
                raise too_late(name_of(source), self.seconds, "Playground") from None
            if source is self.source:
                self._offer(tools)

        self.doing = ""
        self._joining = joining = start(f"connecting to {self.server}", join, self.seconds + SPARE)
        joining.when_over(lambda: self._joined(joining))
        self._changed()

    def _offer(self, tools: tuple[Tool, ...]) -> None:
        """Show the server's tools. What was typed stays where the tool is there and takes it."""
        wanted, self._wanted = self._wanted, None
        carried, self._carried = self._carried or (self.tool, self._changed_by_hand), None
        schema, was = self.schema, self.tool
        self.tools, self._of = tools, self.source
        names = [tool.name for tool in tools]
        if wanted and wanted[0] in names:
            self.use_tool(*wanted)
        elif carried[0] in names:
            if carried[0] == was and self.schema == schema:
                return
            self.tool = carried[0]
            _, wrong = forms.arguments_of(self.schema, carried[1])
            places = {place.partition(".")[0] for place in wrong}
            self.use_tool(self.tool, {name: each for name, each in carried[1].items() if name not in places})
        else:
            first = self.source.tool if isinstance(self.source, BoxServer) else ""
            self.tool, self.typed = "", {}
            self.form_number += 1
            if names:
                self.use_tool(first if first in names else names[0])
            if was:
                self.fault = f"{self.server} has no tool {was} any more."

    def _tools_changed(self) -> None:
        source = self.source

        async def look() -> None:
            tools = await self.connections.tools()
            if source is self.source and self.status == "connected":
                self._offer(tools)
                self._changed()

        self._listing = start(f"the tools of {self.server}", look, self.seconds)

    def _joined(self, joining: "Call[None]") -> None:
        if joining is not self._joining:
            return
        error = error_of(joining)
        if error is not None:
            self.fault = sentence(error)
            self._wanted = self.called if self.called[0] else None  # there again with the connection
            self._clear()
        self._changed()

    async def joined(self) -> None:
        """Wait for the connection that is being made, where one is."""
        if self._joining is not None and not self._joining.done:
            await self._joining

    def close(self) -> None:
        """Leave the server. More than once does no harm."""
        self.connections.close()
        self._folder.cleanup()


def error_of(work: "Call[None] | None") -> BaseException | None:
    """The error in which `work` ended, where it failed; `None` for work that was cancelled."""
    try:
        if work is not None and work.done:
            work.result(0)
    except (CancelledError, Cancelled):
        return None
    except BaseException as error:  # noqa: BLE001 - the caller tells it
        return error
    return None
