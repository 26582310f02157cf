"""A server under examination: one tool of it, called by clients that answer in every way there is, on both wires."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import isfunction
from types import TracebackType
from typing import Any, Self, cast

from mcp import Client, MCPError, StdioServerParameters
from mcp.client import InputRequiredRoundsExceededError
from mcp.client.session import SamplingFnT
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    InputRequiredResult,
    TextContent,
)

from labkit.callbacks import Answer
from labkit.checks.asking_servers import REVISIONS, Answers, Line, connect
from labkit.checks.case import Matter, Row, is_ours, verdict_on
from labkit.checks.clock import in_time
from labkit.checks.engine import STAGE_TIMEOUT, Problem, bounded
from labkit.checks.overheard import FAKE_KEY, KEYS, overheard
from labkit.checks.trial import NotApplicable, parameters
from labkit.connection import LabServer, all_tools, describe
from labkit.errors import CallTimeout, LabError
from labkit.lab import Lab
from labkit.quiet import crashes
from labkit.wire import Frame

NEWER, OLDER = REVISIONS
WIRES = (NEWER, OLDER)

ANSWER = "All is well: nothing here needs to be done."
"""What a client answers where nobody said what a good answer is."""

BACK = "back-channel"
"""What stands in the SDK's error where a server has no way to send a request of its own."""

MOST_SAMPLES = 20
"""Samples of one call that are answered; who asks more often is refused."""

CALLS = 30
"""So many times the time of a call a case may take: none makes so many, one after the other."""

Given = LabServer | Callable[..., MCPServer | Server[Any]]
Leg = CallToolResult | InputRequiredResult | MCPError


class Endless(NotApplicable):
    """A call asked again and again. One case is about that, and no other."""


class Asked(Answers):
    """A sampling callback that gives its answers in turn, up to `MOST_SAMPLES`, and keeps what it was asked."""

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Answer:
        if len(self.asked) >= MOST_SAMPLES:
            self.asked.append(params.model_copy(deep=True))
            return ErrorData(code=-1, message="This client has answered often enough.")
        return await super().__call__(context, params)


@dataclass(frozen=True)
class Seen:
    """What came of one call.

    Attributes:
        text: The texts of the result, and its structured content as JSON where there is some; of an error its message.
        kind: `"result"`, `"error"` for a result that says it is one, `"refused"` for an error of the protocol.
        asked: What the client was asked.
        crash: What the tool raised and did not catch, where that shows; for a server of this process with its line.
        code: That of an error of the protocol.
        asking: Questions that crossed the wire, whether or not the client could answer them.
    """

    text: str
    kind: str = "result"
    asked: Sequence[CreateMessageRequestParams] = field(default=())
    crash: str = ""
    code: int = 0
    asking: int = 0

    @property
    def told(self) -> str:
        """What came back, as it stands in a row."""
        if self.crash:
            return f"The tool raised: {self.crash}"
        kinds = {"result": "A result", "error": "A result that is an error", "refused": f"An error ({self.code})"}
        return f"{kinds[self.kind]}: {self.text[:200]!r}."


class Served:
    """A tool of a server, and the connections to it, which cases share.

        async with Served(server, "label", {"text": "I like it."}) as served:
            seen = await served.use("auto", "positive")

    Args:
        server: What a Lab takes, or a function that makes a server.
        tool: The name of the tool.
        arguments: What it is called with.
        answer: What a client says that answers well.
        timeout: Seconds that a call may take.
        options: What a function that makes a server is called with.
    """

    def __init__(
        self,
        server: Given,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        answer: str = ANSWER,
        timeout: float = STAGE_TIMEOUT,
        **options: Any,
    ) -> None:
        self._given = server
        made = cast("object", server(**options)) if isfunction(server) else None
        self.is_made = isinstance(made, MCPServer | Server)
        """Whether the server was made by a function, which can make another."""
        self.server = cast("LabServer", made if self.is_made else server)
        self.tool = tool
        self.arguments = dict(arguments)
        self.answer = answer
        self.timeout = timeout
        self.hung = False
        """Whether a call used up its time."""
        self._labs: dict[tuple[str, bool, str], Lab] = {}
        self._first: dict[str, Seen | Exception] = {}

    @property
    def name(self) -> str:
        """What is examined, in words: `my-server: label`."""
        return f"{describe(self.server)[0]}: {self.tool}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for lab in self._labs.values():
            lab.close()
        self._labs.clear()

    def lab(self, mode: str, client: Answers | None, who: str = "one") -> Lab:
        """A connection whose client answers so; there is one for each who."""
        key = mode, client is not None, who
        lab = self._labs.get(key)
        if lab is None or not lab.connected:
            lab = self._labs[key] = connect(self.server, mode, client or None, self.timeout)
        lab.callback = cast("SamplingFnT | None", client)
        return lab

    async def look(self) -> None:
        """See that the server has the tool. Where it cannot be asked, the cases tell what comes of a call.

        Raises:
            LookupError: It has others.
        """
        try:
            names = await self.tools(NEWER, Asked(self.answer))
        except (LabError, MCPError):
            return
        if self.tool not in names:
            there = f"there are {', '.join(names)}" if names else "it has none"
            raise LookupError(f"There is no tool {self.tool!r} on this server; {there}.")

    async def tools(self, mode: str, client: Asked | None) -> list[str]:
        """The names of the tools that are listed for a client."""
        return [tool.name for tool in await self.lab(mode, client).run(all_tools)]

    def revision(self, mode: str) -> str:
        """The revision that is spoken with the server: it may be an older one than was asked for."""
        spoken = (lab.protocol_version for (wire, *_), lab in self._labs.items() if wire == mode)
        return next(filter(None, spoken), REVISIONS[mode])

    async def first(self, mode: str) -> Seen:
        """What comes of a good answer on a wire; asked once.

        Raises:
            Problem: It was no useful result.
            NotApplicable: The server does not speak that revision, or asks again and again (`Endless`).
        """
        if mode not in self._first:
            try:
                seen = self._first[mode] = await self.use(mode, self.answer)
                version = self.lab(mode, Asked(self.answer)).protocol_version
                if mode == NEWER and version != REVISIONS[NEWER]:
                    raise NotApplicable(f"The server speaks revision {version} at best.")
                if mode == OLDER and BACK in seen.text:  # a server of this process, or over stdio, has one there
                    raise NotApplicable("As it is served, without sessions, nobody can be asked on that revision.")
                useful(seen)
            except (Problem, LabError, NotApplicable, NotImplementedError) as error:
                self._first[mode] = error
        first = self._first[mode]
        if isinstance(first, Exception):
            raise first
        return first

    async def use(self, mode: str, *lines: Line, arguments: Mapping[str, Any] | None = None, who: str = "one") -> Seen:
        """What comes of a call, of a client that gives these answers; without any it cannot sample.

        Raises:
            Problem: The call had no end.
            Endless: It asked another question in each round.
            LabError: There is no connection.
        """
        client = Asked(*lines) if lines else None
        return await self.seen(self.lab(mode, client, who), client, arguments)

    async def seen(self, lab: Lab, client: Answers | None, arguments: Mapping[str, Any] | None = None) -> Seen:
        """What comes of a call on a connection; raises as `use` does."""
        before = lab.record.entries()
        last = before[-1].seq if before else 0
        with crashes() as raised:
            try:
                result: object = await in_time(lab.start(self.tool, dict(arguments or self.arguments)), self.timeout)
            except InputRequiredRoundsExceededError:
                raise Endless("A call asks again in every round: see rounds.ends.") from None
            except MCPError as error:
                result = error
            except CallTimeout as late:
                self.hung = True
                lab.close()
                raise Problem(str(late)) from None
        asking = sum(_asks(entry.item) for entry in lab.record.entries() if entry.seq > last)
        seen = replace(seen_of(result), asked=client.asked if client else (), asking=asking)
        if raised and isinstance(raised[0].error, NotImplementedError) and not str(raised[0].error):
            raise NotImplementedError
        return replace(seen, crash=str(raised[0])) if seen.crash and raised else seen

    async def leg(
        self,
        answers: Mapping[str, Any] | None = None,
        state: str | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> Leg:
        """One step of a call on the newer wire: the result, or the questions; an error of the protocol is returned."""
        given = dict(self.arguments if arguments is None else arguments)

        async def step(client: Client) -> Leg:
            return await client.session.call_tool(
                self.tool,
                given,
                input_responses=cast("Any", answers),
                request_state=state,
                allow_input_required=True,
            )

        try:
            return await self.lab(NEWER, Asked(self.answer)).run(step)
        except MCPError as error:
            return error

    def answers_to(self, asked: InputRequiredResult) -> dict[str, Any]:
        """A good answer to each question of a step."""
        return {key: good(self.answer) for key in asked.input_requests or {}}

    async def asked(self) -> InputRequiredResult:
        """The first step of a call on the newer wire.

        Raises:
            NotApplicable: It asks nothing.
        """
        leg = await self.leg()
        if not isinstance(leg, InputRequiredResult) or not leg.input_requests:
            raise NotApplicable("Its first step asks nothing.")
        return leg

    def tagged(self, tag: str) -> dict[str, Any] | None:
        """The arguments with a tag behind the longest text of theirs; `None` where there is no text."""
        texts = [name for name, value in self.arguments.items() if isinstance(value, str)]
        if not texts:
            return None
        name = max(texts, key=lambda each: len(self.arguments[each]))
        return self.arguments | {name: f"{self.arguments[name]}\n# {tag}"}

    def anew(self, **options: Any) -> "Served":
        """The same with a new server where a function makes them, else with new connections: a new process."""
        other = Served(self._given, self.tool, self.arguments, answer=self.answer, timeout=self.timeout, **options)
        other._first = self._first  # it is asked once
        return other

    def takes(self, option: str) -> bool:
        """Whether the server was given as a function that takes `option`."""
        return self.is_made and option in parameters(self._given)

    @property
    def security(self) -> RequestStateSecurity | None:
        """How a server of this process seals its states, where the SDK does it."""
        server = self.server
        chain = cast("list[object]", server.middleware if isinstance(server, MCPServer | Server) else [])
        sealing = [each for each in chain if isinstance(each, RequestStateBoundary)]
        return sealing[0]._security if sealing else None  # pyright: ignore[reportPrivateUsage] - told nowhere else

    def with_key(self) -> "Served":
        """The same anew, where the environment of a server's own process holds a key; this one's `overheard` gives."""
        server = self._given
        if isinstance(server, StdioServerParameters):
            keys = dict.fromkeys(KEYS, FAKE_KEY)
            server = server.model_copy(update={"env": (server.env or {}) | keys})
        return Served(server, self.tool, self.arguments, answer=self.answer, timeout=self.timeout)


Judge = Callable[[Served, str], Awaitable[object]]


@dataclass(frozen=True)
class ServerCase(Matter):
    """Something that a good server handles, on each of some wires.

        row = await case.examine(make_server(), "label", {"text": "I like it."})
        assert not row.failed, row

    Attributes:
        judge: Calls the tool on a wire, and raises `Problem` or `NotApplicable`.
        wires: Where it is tried.
        asks: Whether it can be seen only on a tool that asks its client.
    """

    judge: Judge
    wires: tuple[str, ...] = WIRES
    asks: bool = True

    async def examine(
        self,
        server: Given | Served,
        tool: str = "",
        arguments: Mapping[str, Any] | None = None,
        *,
        answer: str = ANSWER,
        timeout: float = STAGE_TIMEOUT,
    ) -> Row:
        """Examine a tool of a server. Nothing that it does is raised. The arguments are those of `scorecard_server`."""
        if isinstance(server, Served):
            return await self._row(server)
        with overheard():
            async with Served(server, tool, arguments or {}, answer=answer, timeout=timeout) as served:
                return await self._row(served)

    async def _row(self, served: Served) -> Row:
        passed, unseen = list[str](), list[str]()
        served.hung = False
        for mode in self.wires:
            try:
                with crashes():  # what the tool raises is told in the row, and nowhere else
                    told = await bounded(lambda mode=mode: self._on(served, mode), served.timeout * CALLS)
                passed.append(str(told or ""))
            except BaseException as raised:
                if is_ours(raised):
                    raise
                status, said = verdict_on(raised)
                if status == "N/A":
                    unseen.append(said)
                    continue
                where = f"On revision {served.revision(mode)}: " if status == "FAIL" else ""
                return self.row(status, f"{where}{said}", hung=served.hung, mend=getattr(raised, "mend", ""))
        if not passed:
            return self.row("N/A", " ".join(dict.fromkeys(unseen)), hung=served.hung)
        return self.row("PASS", next(filter(None, passed), ""), hung=served.hung)

    async def _on(self, served: Served, mode: str) -> object:
        if self.group != "wires":
            try:
                first = await served.first(mode)
            except Endless:
                if self.id != "rounds.ends":
                    raise
                return await self.judge(served, mode)
            except (Problem, LabError, NotImplementedError):
                wire = "newer" if mode == NEWER else "older"
                raise NotApplicable(f"Not examined: first see to wires.{wire}.") from None
            if self.asks and not first.asked:
                raise NotApplicable("It asked its client nothing there.")
        return await self.judge(served, mode)


def good(text: str, stop_reason: str = "endTurn") -> CreateMessageResult:
    """A model's answer of one text."""
    return CreateMessageResult(
        role="assistant", model="a-model", content=TextContent(text=text), stop_reason=stop_reason
    )


def seen_of(result: object) -> Seen:
    """What came of a call or of a step."""
    if isinstance(result, MCPError):
        return Seen(result.message, "refused", code=result.code)
    if isinstance(result, InputRequiredResult):
        return Seen("", "asks", asking=1)
    if not isinstance(result, CallToolResult):
        return Seen("", "error", crash=f"a {type(result).__name__}")
    text = "\n".join(block.text if isinstance(block, TextContent) else f"[{block.type}]" for block in result.content)
    if result.structured_content not in (None, {"result": text}):
        text = f"{text}\n{json.dumps(result.structured_content, ensure_ascii=False)}"
    return Seen(text, "error" if result.is_error else "result", crash=_crash(text) if result.is_error else "")


PYTHONS = ("has no attribute", "not subscriptable", "NoneType", "list index out of range", "validation error for")
"""What stands in the text of an error that nobody meant to show."""


def _crash(text: str) -> str:
    """What an error's text says of an exception that a tool did not catch; empty where it is a sentence."""
    _, colon, said = text.strip().partition(": ")
    bare = text.strip().startswith("Error executing tool") and not (colon and said)
    return text.strip() if bare or any(each in text for each in PYTHONS) else ""


def useful(seen: Seen) -> None:
    """A result with something in it.

    Raises:
        Problem: It is an error, or empty.
    """
    if seen.kind != "result":
        raise Problem(seen.told)
    if not seen.text.strip():
        raise Problem("A result with nothing in it.")


def ends_well(seen: Seen) -> None:
    """A result, or an error in words.

    Raises:
        Problem: The tool raised what it did not mean to, or said nothing.
    """
    if seen.crash:
        raise Problem(seen.told)
    if not seen.text.strip():
        raise Problem("A result with nothing in it." if seen.kind == "result" else "An error without a word.")


def question_of(params: CreateMessageRequestParams) -> str:
    """The texts of a question: system prompt and messages."""
    blocks = [block for message in params.messages for block in message.content_as_list]
    return "\n".join([params.system_prompt or "", *(block.text for block in blocks if isinstance(block, TextContent))])


def _asks(item: object) -> bool:
    """Whether a frame asks the client for a sample."""
    if not isinstance(item, Frame) or item.direction != "to client":
        return False
    if item.method == "sampling/createMessage":
        return True
    result: Any = item.message.get("result")
    asked: Any = cast("dict[str, Any]", result).get("inputRequests") if isinstance(result, dict) else None
    return "sampling/createMessage" in str(asked)
