"""`OfLab`: the spans of a Lab's calls, read off its record while it grows: times, ids and sizes are the frames'.

A call of a tool is a span `execute_tool NAME`. Below it stands a CLIENT span `tools/call NAME` for each request that it
sent: on revision 2026-07-28 one a round, each linked to the round before. A request of no call begins a trace.
"""

from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import ref

from mcp import MCPError
from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp.shared.dispatcher import coerce_request_id
from mcp_types import CallToolResult, CreateMessageRequestParams, RequestId
from opentelemetry.context import attach, detach
from opentelemetry.trace import SpanKind, get_current_span

from labkit.call import Call
from labkit.callbacks import Answer
from labkit.connection import Connection
from labkit.cutting import Latest, outline
from labkit.record import Entry, Record
from labkit.redacting import redact
from labkit.steps import Wait
from labkit.telemetry import conventions as names
from labkit.telemetry.contents import written
from labkit.telemetry.kept import Telemetry
from labkit.telemetry.sample import METHOD, address, kind_of, sampled, waiting
from labkit.telemetry.spans import Span, Value, at, now, safe_name
from labkit.wire import Frame

OPEN = 10_000
"""Requests without an answer that are waited for."""


Key = tuple[str, RequestId]
"""A request: which way it went, and its id."""


@dataclass(slots=True)
class _Open:
    """A call that is under way: its span, the request that it sent last, and its requests without an answer."""

    span: Span
    sent: Span | None = None
    unanswered: set[Key] = field(default_factory=set[Key])
    connecting: Span | None = None


class OfLab:
    """Writes down the spans of one Lab.

    Args:
        telemetry: Where they are kept.
        record: What the Lab keeps.
        lab: The Lab's name.
        server: The server's name.
        transport: `stdio`, `http` or another word of a Lab.
        url: The server's address; empty where it has none.
    """

    def __init__(
        self, telemetry: Telemetry, record: Record, lab: str, server: str, transport: str, *, url: str = ""
    ) -> None:
        self.telemetry = telemetry
        lab = safe_name(lab)
        telemetry.records[record] = lab
        record.listen(self.hear)
        self._names: dict[str, Value] = {names.SERVER: safe_name(server), names.LAB: lab}
        kind = names.TRANSPORTS.get(transport)
        self._transport: dict[str, Value] = {names.TRANSPORT: kind} if kind else {}
        self._address = address(url)
        self._connection: Connection | None = None
        self._calls: dict[int, _Open] = {}
        self._requests: dict[Key, tuple[Span, _Open | None]] = Latest(OPEN)

    def hear(self, entry: Entry) -> None:
        """Take up a frame: a request begins a span, its answer ends it."""
        frame = entry.item
        if not isinstance(frame, Frame) or frame.id is None:
            return
        if frame.method is None or frame.fault:
            key = "to server" if frame.direction == "to client" else "to client", coerce_request_id(frame.id)
            if begun := self._requests.pop(key, None):
                span, call = begun
                if call is not None:
                    call.unanswered.discard(key)
                self._answered(span, frame)
        elif frame.method != METHOD or frame.direction == "to server":  # the sample's span is made where it is answered
            call, key = self._calls.get(entry.call or 0), (frame.direction, coerce_request_id(frame.id))
            self._requests[key] = self._begun(frame, call), call
            if call is not None:
                call.unanswered.add(key)

    def _begun(self, frame: Frame, call: _Open | None) -> Span:
        method, within = safe_name(frame.method), call and call.span
        attributes: dict[str, Value] = {
            names.METHOD: method, names.REQUEST_ID: safe_name(frame.id), names.SENT: frame.size,
            **self._spoken(), **self._names,
        }  # fmt: skip
        kind = SpanKind.CLIENT if frame.direction == "to server" else SpanKind.SERVER
        tool = _target(frame, within) if frame.method == "tools/call" and kind is SpanKind.CLIENT else ""
        if tool:
            attributes |= {names.OPERATION: names.EXECUTE_TOOL, names.TOOL: tool}
        if kind is SpanKind.CLIENT:
            attributes |= self._address
        name = f"{method} {tool}" if tool else method
        span = Span(name, kind, within.context if within else None, attributes, at(frame.time))
        self.telemetry.begun(span)
        if call is not None and kind is SpanKind.CLIENT:
            before = call.sent
            if before is not None and before.name == span.name and before.end:
                span.link(before.context, names.ROUND)
            call.sent = span
        return span

    def _answered(self, span: Span, frame: Frame) -> None:
        span.attributes[names.RECEIVED] = frame.size
        if frame.fault:
            span.failed(names.OTHER)
        elif b'"error"' in frame.json[:400] and "error" in frame.message:
            code = int(frame.message["error"].get("code", 0))
            span.attributes[names.STATUS] = str(code)
            if span.kind is SpanKind.CLIENT or code not in names.NOT_ERRORS:
                span.failed(str(code))
        elif b'"isError":true' in frame.json and frame.message.get("result", {}).get("isError") is True:
            span.failed(names.TOOL_ERROR)
        span.end = at(frame.time)
        self.telemetry.keep(span)

    @contextmanager
    def call(self, call: Call[Any]) -> Generator[Callable[[object], None]]:
        """The span of a call whose work is done inside the block, which says what came of it."""
        attributes: dict[str, Value] = {names.CALL: call.number, **self._names}
        name = call.title
        if call.tool is not None:
            name = f"{names.EXECUTE_TOOL} {call.tool}"
            attributes |= {names.OPERATION: names.EXECUTE_TOOL, names.TOOL: safe_name(call.tool)}
        if self.telemetry.contents and call.arguments:
            attributes[names.ARGUMENTS] = _words(call.arguments)
        around = get_current_span().get_span_context()
        span = Span(name, SpanKind.INTERNAL, around if around.is_valid else None, attributes)
        self.telemetry.begun(span)
        self._calls[call.number] = _Open(span, connecting=self._connecting(span))
        call.when_over(partial(self._settled, ref(call), span))
        attached = attach(span.in_context())
        try:
            yield partial(self._became, call.number, span)
        finally:
            detach(attached)
            self._over(call.number, span)

    def _became(self, number: int, span: Span, outcome: object) -> None:
        if isinstance(outcome, CallToolResult):
            if outcome.is_error:
                span.failed(names.TOOL_ERROR)
            if self.telemetry.contents:
                span.attributes[names.RESULT] = _words(
                    outcome.model_dump(mode="json", by_alias=True, exclude_none=True)
                )
        elif isinstance(outcome, MCPError):
            span.attributes[names.STATUS] = str(outcome.error.code)
            span.failed(str(outcome.error.code))
        elif isinstance(outcome, BaseException):
            span.failed(kind_of(outcome))
        self._over(number, span)

    def _settled(self, call: "ref[Call[Any]]", span: Span) -> None:
        """End the span of a call that was ended from outside: by who made it, or by the watchdog."""
        if not span.end and (over := call()) is not None:
            span.failed(kind_of(over.failure) if over.failure else names.OTHER)
            self._over(over.number, span)

    def _over(self, number: int, span: Span) -> None:
        """End a call's span, before whoever awaits the call hears of it; what it has sent is answered no more."""
        if (call := self._calls.pop(number, None)) is None:
            return
        if call.connecting is not None:
            self.telemetry.ended(call.connecting)
        for key in call.unanswered:
            if begun := self._requests.pop(key, None):
                begun[0].failed(str(span.attributes.get(names.ERROR, names.OTHER)))
                self.telemetry.ended(begun[0])
        self.telemetry.ended(span)

    def _connecting(self, within: Span) -> Span | None:
        """The span of a call's wait for its connection, where that is not open yet."""
        if self._connection is None or self._connection.opened.done():
            return None
        told: dict[str, Value] = {names.WAIT: names.CONNECTION, names.WAITS_FOR: "the connection", **self._names}
        span = Span(names.WAITS[names.CONNECTION], SpanKind.INTERNAL, within.context, told)
        self.telemetry.begun(span)
        self._connection.opened.add_done_callback(lambda _: self.telemetry.ended(span))
        return span

    def asking_a_person(self, call: Call[Any] | None) -> AbstractContextManager[None]:
        """The span of a question that the server has for the person, and no model, inside the block."""
        open_call = self._calls.get(call.number) if call else None
        if open_call is None:
            return nullcontext()
        return waiting(self.telemetry, open_call.span, Wait("a person to answer the server", "Answer sooner", "person"))

    async def answering(
        self,
        asking: Coroutine[Any, Any, Answer],
        number: int | None,
        callback: SamplingFnT,
        context: ClientRequestContext,
        params: CreateMessageRequestParams,
    ) -> Answer:
        """The answer of `asking`, which asks `callback` for a sample of the call `number`, and a span of it."""
        call = self._calls.get(number or 0)
        links = [(call.sent.context, names.ASKED_IN)] if call and call.sent else []
        within = call.span.context if call else None
        told = self._transport
        with sampled(self.telemetry, callback, context, params, within=within, links=links, told=told) as became:
            answer = await asking
            became(answer)
            return answer

    def connected(self, connection: Connection) -> None:
        """Tell, when a connection has ended, how long it was there."""
        self._connection, began = connection, now()
        connection.ended.add_done_callback(
            lambda _: self.telemetry.metered.add(names.CLIENT_SESSION, (now() - began) / 1e9, self._spoken())
        )

    def _spoken(self) -> dict[str, Value]:
        version = self._connection and self._connection.protocol_version
        return {names.PROTOCOL: version, **self._transport} if version else self._transport


def _target(frame: Frame, within: Span | None) -> str:
    """The tool that a frame calls: that of its call, or what the frame says."""
    if within is not None and isinstance(tool := within.attributes.get(names.TOOL), str):
        return tool
    name = frame.message.get("params", {}).get("name")
    return safe_name(name) if isinstance(name, str) else ""


def _words(told: object) -> str:
    return written(redact(outline(told)))
