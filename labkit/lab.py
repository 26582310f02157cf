"""`Lab`: one named connection to one MCP server, made for notebooks.

It holds a real `mcp.Client` on the lab thread. A Lab adds a name (running its cell again closes the former), a record
of everything that crosses the wire, a sampling callback that can be swapped, and a deadline; the rest is the SDK's.
"""

import atexit
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from mcp import Client, MCPError
from mcp.client.session import ClientRequestContext, ClientSession, SamplingFnT
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    CallToolResult,
    CreateMessageRequestParams,
    ErrorData,
    SamplingCapability,
    SamplingToolsCapability,
)
from pydantic import ValidationError

from labkit.answering import answer_for, ask, dumped, returned
from labkit.call import Call, Calls, Deadline, Patience, timeout_error
from labkit.callbacks import Answer, uses_tools
from labkit.child import Echo
from labkit.connection import (
    LIST_CHANGED,
    Connection,
    LabServer,
    about_http,
    about_refused,
    describe,
    is_over,
    transport_to,
)
from labkit.errors import CallTimeout, ConnectError, LabClosed, LabError, for_a_person, sentence
from labkit.flow import Flow
from labkit.interrupts import interrupts_held
from labkit.numbers import checked_seconds
from labkit.open_requests import OpenRequests
from labkit.plain import plain
from labkit.record import CONNECTION, Entry, Record
from labkit.runtime import Runtime
from labkit.sampled import AGAIN, Sample
from labkit.steps import ELSEWHERE, HostStep, Origin, Written, jsonable, listening
from labkit.unread import no_result
from labkit.wire import Frame, short_name, tap

if TYPE_CHECKING:
    from labkit.telemetry import Telemetry
    from labkit.telemetry.of_lab import OfLab

T = TypeVar("T")

NO_ANSWER = "The client's callback gave no answer; only the client knows why."
_ANSWER = {"elicitation_callback": True, "list_roots_callback": False}
"""The options with callbacks whose answers go to the server, beside the one for samples; whether they ask a person."""

AT_ONCE = 2_000
"""Samples that are answered at once. A server that asks for more is refused those: it could ask without an end."""

_labs: dict[str, "Lab"] = {}
_registering = Lock()


class Lab:
    """A named connection to an MCP server, with everything that crosses it on record.

        lab = Lab(server, sampling_callback=my_callback)
        result = await lab.call_tool("process_log_entry", {"log_line": line})
        print(lab.flow)

    Args:
        server: What `mcp.Client` takes: an in-process server, `StdioServerParameters`, a URL, a transport. Also a
            function that makes a transport, which unlike a transport can be used again after a lost connection.
        name: The second of one name closes the first, so a cell may be run again. Default: server, `mode`, transport.
        sampling_callback: `async def callback(context, params)` as the SDK has it. May be swapped with `lab.callback`.
        mode: `"auto"` (revision 2026-07-28 where the server speaks it), `"legacy"` (2025-11-25), or a revision.
        timeout: Seconds for a call in all: server, callback, model, a human who decides, perhaps on others first.
        connect_timeout: Seconds that the server has to answer the handshake; one that is first downloaded needs many.
        headers: What is sent with each request to a URL: `{"Authorization": "Bearer ..."}`. It is shown nowhere.
        keep: How many frames and steps are kept; older ones are forgotten.
        tools_changed: Is called, in the lab thread, when the server says that its tools have changed. On revision
            2026-07-28 a stream is opened for that, where the server offers it; the first of `flows` shows it.
        telemetry: Whether spans and metrics of the calls are kept as OpenTelemetry has them: in `lab.telemetry`, which
            all Labs share, or in a `Telemetry` of your own.
        **client_options: Passed on to `mcp.Client`.

    Raises:
        ConnectError: The server could not be reached.
        TypeError: `telemetry` is none.
        ValueError: A timeout is no number of seconds above 0, or `keep` no whole number of 1 or more.
    """

    def __init__(
        self,
        server: LabServer,
        *,
        name: str | None = None,
        sampling_callback: SamplingFnT | None = None,
        mode: str = "auto",
        timeout: float = 60.0,
        connect_timeout: float = 60.0,
        headers: Mapping[str, str] | None = None,
        keep: int = 10_000,
        tools_changed: Callable[[], object] | None = None,
        telemetry: "Telemetry | bool" = False,
        **client_options: Any,
    ) -> None:
        self.server, self.transport = describe(server)
        self.mode = mode
        self.timeout = checked_seconds("timeout", timeout)
        connect_timeout = checked_seconds("connect_timeout", connect_timeout)
        self.name = name or f"{self.server} · {mode} · {self.transport}"
        self.record = Record(keep)
        self._target = server
        self._headers = headers
        self._callback = sampling_callback
        self._declares = {"sampling": sampling_callback is not None, "sampling.tools": uses_tools(sampling_callback)}
        self._tools_changed = tools_changed
        if tools_changed is not None:
            self.record.listen(partial(_tell_of_tools, tools_changed))
        self._room = AT_ONCE
        self._spans = self._watched(telemetry) if telemetry else None
        self._options = client_options
        self._calls = Calls(keep)
        self._patience = Patience(
            lambda: not self._calls.open,
            lambda told: self.record.add(HostStep(told, "client", "client"), CONNECTION),
        )
        self._echo = Echo()
        self._why_closed: str | None = None
        self.when_lost: Callable[[], object] = lambda: None
        """Called when a connection has ended, in the lab thread."""
        if former := _labs.get(self.name):
            former._close("another Lab of this name was made; give one of them a name of its own: Lab(..., name=...)")
        self._reconnecting = Lock()
        try:
            # What is registered has a connection. The lab thread is held, since it ends when there is no Lab.
            with interrupts_held(), _registering, Runtime.held():
                self._connection = self._connect()
                _labs[self.name] = self
            if not self._connection.runtime.here:
                self._connection.wait_until_open(connect_timeout, lambda: self._calls.last_unread)
        except BaseException:  # also the kernel's "interrupt"
            if _labs.get(self.name) is self:
                self.close()
            raise

    # What a client does

    async def call_tool(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> CallToolResult:
        """Call a tool and wait for its result, as `mcp.Client.call_tool` does; `options` are passed on to it.

        On revision 2025-11-25 the server is told of a callback that raised, in one sentence without its reason, and
        decides what comes of it. Most make a result with `is_error` of that, or go on without the sample: nothing is
        raised here, and `lab.fault` says what was wrong, and on which of your lines.

        Raises:
            MCPError: The server or the callback refused, or the protocol was broken.
            CallbackError: The callback raised, hung, or returned no answer, and that ended the call: always on revision
                2026-07-28, on 2025-11-25 where the server answered with an error.
            CallTimeout: The call took longer than `timeout`.
        """
        return await self.start(name, arguments, **options)

    async def run(self, function: Callable[[Client], Awaitable[T]]) -> T:
        """Do anything else that the client can: `await lab.run(lambda client: client.list_tools())`."""
        return await self._post(self._begin("client call"), lambda connection: _with_client(connection, function))

    def start(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> Call[CallToolResult]:
        """Call a tool and return at once: widgets work while it goes on. `await` the handle for its result."""
        return self._call_tool(name, arguments, options)

    def _call_tool(
        self, name: str, arguments: dict[str, Any] | None, options: dict[str, Any], callback: SamplingFnT | None = None
    ) -> Call[CallToolResult]:
        call = self._begin(plain(f"{name}({', '.join(arguments or {})})"), name, arguments)
        call.options, call.callback = options, callback

        def call_it(client: Client) -> Awaitable[CallToolResult]:
            return client.call_tool(name, arguments, **options)

        return self._post(call, lambda connection: _with_client(connection, call_it))

    def again(self, of: Call[Any] | Sample, callback: SamplingFnT | None = None) -> Call[Any]:
        """Make a call again, or ask a sample again without the server; `callback` answers in place of the Lab's own.

        Raises:
            ValueError: The call was of no tool, nobody can answer, or the sample was not kept whole.
        """
        if isinstance(of, Call):
            if of.tool is None:
                raise ValueError(f"{of.title} is no call of a tool, which alone can be made again")
            return self._call_tool(of.tool, of.arguments, of.options, callback)
        if not of.is_whole:
            raise ValueError("the request was too large to be kept whole, so it cannot be asked again")
        answerer = callback or self._callback
        if answerer is None:
            raise ValueError("there is nobody to ask: write replay(sample, callback=...)")
        params = of.params
        title = of.title if of.title.endswith(AGAIN) else f"sample {of.number} of {of.title}{AGAIN}"
        call = self._begin(title, arguments=dumped(params))
        context = ClientRequestContext(session=cast("ClientSession", None), request_id="again", meta=None)

        async def work(_: Connection) -> Answer:
            return await self._answer(call, "again", answerer, context, params, whole=True)

        return self._post(call, work)

    @property
    def callback(self) -> SamplingFnT | None:
        """The sampling callback. A new one answers from the next sample on, on the running connection."""
        return self._callback

    @callback.setter
    def callback(self, callback: SamplingFnT | None) -> None:
        if changed := self.answer_with(callback):
            print(f"{self.server} is connected anew: the client that was there declares {changed}.")

    def answer_with(self, callback: SamplingFnT | None) -> str:
        """Set the sampling callback without a word; where it needs another declaration, the next call connects anew.

        Returns:
            What the client that is there declares, or not; empty where nothing has to change.
        """
        self._callback, was = callback, self._declares
        now = {"sampling": was["sampling"] or callback is not None, "sampling.tools": uses_tools(callback)}
        if not (changed := [name for name in now if now[name] != was[name]]):
            return ""
        self._declares = now
        with interrupts_held():
            self._break_off("it was connected anew for the sampling callback")
        self._connection.close()
        return changed[0] if was[changed[0]] else f"no {changed[0]}"

    @property
    def protocol_version(self) -> str | None:
        """The revision that both sides agreed on last, or `None` before they did."""
        return self._connection.protocol_version

    # What was seen

    @property
    def connected(self) -> bool:
        """Whether the connection is there, or is being made. Where it was lost, the next call makes another."""
        # A thread that was left behind, since a callback held it, says nothing about the server.
        return not self._why_closed and (self._connection.usable or self._connection.runtime.retired)

    @property
    def telemetry(self) -> "Telemetry | None":
        """Where the spans and metrics of the calls are kept; `None` where none were asked for."""
        return self._spans and self._spans.telemetry

    @property
    def calls(self) -> int:
        """How many calls were made: the number of the last one."""
        return self._calls.last

    @property
    def flow(self) -> Flow:
        """What happened in the last call."""
        return self.flow_of(self._calls.last)

    @property
    def fault(self) -> LabError | None:
        """What was last wrong with the callback, in the call that is under way or was made last; `None`: nothing.

        Of calls that run at once each has its own `Call.fault`, where the wire tells whose sample it was.
        """
        return self._calls.fault

    @property
    def flows(self) -> list[Flow]:
        """What happened in each call that is still on record, oldest first. `flows[0]` is the handshake.

        Over stdio on revision 2025-11-25 a server does not say for which of several open calls it asks. What it asks
        then, and what the callback made of it, stands in a flow of its own, whose title is "call unknown".
        """
        entries: dict[int | None, list[Entry]] = {}
        for entry in self.record.entries():
            entries.setdefault(entry.call, []).append(entry)
        return [self._flow_of(number, of_call) for number, of_call in entries.items()]

    def flow_of(self, number: int | None) -> Flow:
        """What happened in a call that is still on record, by its number."""
        return self._flow_of(number, [entry for entry in self.record.entries() if entry.call == number])

    def _flow_of(self, number: int | None, entries: list[Entry]) -> Flow:
        return Flow.of(
            entries,
            title=self._calls.title(number),
            server=self.server,
            wire=self.protocol_version or self.mode,
            transport=self.transport,
        )

    # Its life

    def close(self) -> None:
        """End what is in flight and leave the server. More than once does no harm."""
        self._close("it was closed")

    def _close(self, why: str) -> None:
        with interrupts_held():
            self._why_closed = self._why_closed or why
            with _registering:
                if _labs.get(self.name) is self:
                    del _labs[self.name]
            self._break_off(why)
        self._connection.close()
        ended = self._connection.ended
        if self._connection.runtime.here and not ended.done():
            # A callback closes its own Lab: the thread that it runs on has yet to leave the server.
            ended.add_done_callback(lambda _: _rest())
        else:
            _rest()

    def _break_off(self, why: str) -> None:
        """End the calls that are under way, from their beginning on, and have the connection left."""
        for call in list(self._calls.begun.values()):
            call.fail(LabClosed(f"{call.title} was under way when the Lab {self.name} ended: {why}."))
            call.abandon()
        self._connection.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Lab {self.name}{' (closed)' if self._why_closed else ''}>"

    def _connect(self, former: Connection | None = None) -> Connection:
        connection = Connection(
            Runtime.current(),
            f"{self.server} ({self.transport})",
            partial(transport_to, self._target, self._headers, self._wrote),
            self._make_client,
            self._url,
            tools_changed=self._tools_changed,
            former=former,
        )
        connection.ended.add_done_callback(lambda _: self.when_lost())
        if self._spans:
            self._spans.connected(connection)
        return connection

    def _watched(self, telemetry: "Telemetry | bool") -> "OfLab":
        # OpenTelemetry's SDK takes a while to import, and most never ask for it.
        from labkit.telemetry import Telemetry, shared
        from labkit.telemetry.of_lab import OfLab

        kept = shared() if telemetry is True else telemetry
        if not isinstance(kept, Telemetry):
            raise TypeError(f"{telemetry!r} is no telemetry: write telemetry=True, or telemetry=Telemetry()")
        return OfLab(kept, self.record, self.name, self.server, self.transport, url=self._url)

    @property
    def _url(self) -> str:
        return self._target if isinstance(self._target, str) else ""

    def _make_client(self, transport: Any, ended: Callable[[], None]) -> Client:
        options: dict[str, Any] = self._options | {
            name: self._private(self._options[name], asks_a_person)
            for name, asks_a_person in _ANSWER.items()
            if self._options.get(name)
        }
        if self._declares["sampling.tools"]:
            options.setdefault("sampling_capabilities", SamplingCapability(tools=SamplingToolsCapability()))
        return Client(
            tap(
                transport,
                OpenRequests(self._keep),
                ended=ended,
                turn=self._patience.turn,
                over=self.transport,
            ),
            mode=self.mode,
            sampling_callback=self._sample if self._declares["sampling"] else None,
            **options,
        )

    def _keep(self, frame: Frame) -> None:
        number = self._calls.of(frame)
        self.record.add(frame, number)
        if frame.direction == "to client":
            # What is no message costs ten times as much of what is one: the SDK logs it, with all that is wrong in it.
            self._patience.heard(frame.size * 10 if frame.fault else frame.size)
        answers = frame.method is None and frame.direction == "to client"
        if answers and (frame.fault or frame.id is None or number is None):
            self._calls.unread(frame, number)

    def _wrote(self, text: str) -> None:
        """Tell what the server wrote to standard error, and keep it with the call that is open, where one alone is."""
        self._echo.write(text)
        self.record.add(Written.of(text), self._calls.now())

    def _begin(self, title: str, tool: str | None = None, arguments: dict[str, Any] | None = None) -> Call[Any]:
        if self._why_closed:
            raise LabClosed(f"The Lab {self.name} is closed: {self._why_closed}. Run the cell that makes it again.")
        return self._calls.begin(title, tool, arguments, self)

    def _usable(self) -> Connection:
        if self._connection.usable:
            return self._connection
        # The watchdog may start a call again in the moment in which a cell makes another.
        with interrupts_held(), self._reconnecting:
            if not self._connection.usable:
                self._connection = self._connect(self._connection)
            return self._connection

    def _post(self, call: Call[T], function: Callable[[Connection], Awaitable[T]]) -> Call[T]:
        connection = self._usable()
        call.runs_on(connection.runtime, self.timeout, lambda: self._post(call, function))

        def begin() -> None:
            call.runs_as(self._work(call, connection, function))

        if connection.runtime.here:
            begin()
        else:
            connection.runtime.post(begin)
        return call

    async def _work(
        self, call: Call[T], connection: Connection, function: Callable[[Connection], Awaitable[T]]
    ) -> None:
        """Do `function` as the work of `call` and settle it; nothing is raised, since nobody awaits the task itself."""
        with self._calls.at_work(call), self._spans.call(call) if self._spans else nullcontext(_unheard) as became:
            asked = {"arguments": jsonable(call.arguments)} if call.arguments else {}
            self.record.add(HostStep(call.title, "you", "client", asked), call.number)
            try:
                with Deadline(self.timeout, partial(timeout_error, call, self.timeout)):
                    result = await function(connection)
                    # Told before it is handed over: who awaits the call may read its flow at once.
                    became(result)
                    self._told(call, "result")
                    call.succeed(result)
            except BaseException as error:  # noqa: BLE001 - it reaches whoever awaits the call
                fault = self._plain(call, connection, error)
                became(fault)
                self._told(call, sentence(fault), {"error": {"message": sentence(fault)}})
                call.fail(fault)

    def _plain(self, call: Call[Any], connection: Connection, error: BaseException) -> BaseException:
        """The error that a person should see in place of `error`."""
        leaf = for_a_person(error)
        closed = is_over(leaf, connection.status) or (
            isinstance(leaf, CallTimeout) and not call.asking and connection.is_deserted
        )
        if closed:
            connection.close()
        if closed or (isinstance(leaf, CancelledError) and not connection.usable):
            leaf = ConnectError(
                f"{call.title} was under way when the connection to {connection.place} ended.{connection.last_words} "
                "The next call makes another."
            )
        elif isinstance(leaf, CallTimeout) and connection.status is not None:
            leaf = CallTimeout(f"{leaf} {about_refused(connection.status)}")
        elif told := about_http(leaf, connection.status):
            leaf = ConnectError(f"{call.title}: {told}")
        elif isinstance(leaf, ValidationError) and "Result" in leaf.title:  # the SDK's, not of the caller's arguments
            leaf = MCPError(PARSE_ERROR, f"The server's answer to {call.title} is none: {no_result(leaf)}")
        told = call.fault or (call.unanswered if isinstance(leaf, CancelledError) else None)
        return for_a_person(told) if told else leaf.with_traceback(None)

    async def _sample(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The callback that the SDK is given; it asks the one that is set at this moment."""
        call, sample = self._calls.current(), short_name(str(context.request_id))
        if call is None:
            self._point_to_unknown()
        callback = (call and call.callback) or self._callback
        if callback is None:
            return ErrorData(code=INVALID_REQUEST, message="The client's sampling callback was taken away.")
        if not self._room:
            return ErrorData(
                code=INVALID_REQUEST, message=f"The client answers {AT_ONCE:,} requests at once, not more."
            )
        self._room -= 1
        try:
            with self._kept_here(call):
                return await self._answer(call, sample, callback, context, params)
        finally:
            self._room += 1

    async def _answer(
        self,
        call: Call[Any] | None,
        sample: str,
        callback: SamplingFnT,
        context: ClientRequestContext,
        params: CreateMessageRequestParams,
        *,
        whole: bool = False,
    ) -> Answer:
        """What `callback` answers, with all that it reports on record. `whole`: no frame holds question and answer."""
        number = call.number if call else None

        def add(step: HostStep) -> None:
            self.record.add(step, number, sample)

        wire = getattr(context.session, "protocol_version", None) or self.protocol_version or self.mode
        tool, arguments = (call.tool, call.arguments) if call else (None, None)
        origin = Origin(self.server, wire, tool, arguments, number, self.name)
        with listening(add, origin, call and call.waits):
            answering = ask(callback, context, params)
            if self._spans:
                answering = self._spans.answering(answering, number, callback, context, params)
            return await answer_for(call, sample, answering, params, add, whole=whole)

    def _point_to_unknown(self) -> None:
        """Say in the flow of each open call, once, where a sample stands that may be its own."""
        for call in self._calls.open.values():
            if not call.pointed:
                call.pointed = True
                self.record.add(HostStep(ELSEWHERE, "client", "client"), call.number)

    def _private(self, callback: Callable[..., object], asks_a_person: bool) -> Callable[..., Awaitable[object]]:
        """`callback`, which answers a server that asks for something else, with what it raises kept here."""

        async def answering(*given: object) -> object:
            call = self._calls.current()
            told = self._spans.asking_a_person(call) if asks_a_person and self._spans else nullcontext()
            with self._kept_here(call), told:
                return await returned(callback, *given)

        return answering

    @contextmanager
    def _kept_here(self, call: Call[Any] | None) -> Generator[None]:
        """Keep what goes wrong inside for the caller. The server, which may be anybody's, is told that and no more.

        Raises:
            MCPError: The callback gave no answer.
        """
        try:
            yield
        except LabError as fault:
            self._calls.fault = fault
            if call:
                call.fault = fault
            raise MCPError(INTERNAL_ERROR, NO_ANSWER) from fault

    def _told(self, call: Call[Any], label: str, data: dict[str, Any] | None = None) -> None:
        self.record.add(HostStep(label, "client", "you", data or {}, reply=True), call.number)


async def _with_client(connection: Connection, function: Callable[[Client], Awaitable[T]]) -> T:
    return await function(await connection.client())


def _tell_of_tools(changed: Callable[[], object], entry: Entry) -> None:
    if isinstance(entry.item, Frame) and entry.item.method == LIST_CHANGED:
        changed()


def _unheard(_: object) -> None:
    pass


def _rest() -> None:
    """End the lab thread when there is no Lab left."""
    Runtime.end(lambda: not _labs)


def close_all() -> None:
    """Close every Lab and end the lab thread. The next Lab starts it anew."""
    labs = list(_labs.values())
    for lab in labs:
        lab.close()
    if not labs:
        _rest()


atexit.register(close_all)
