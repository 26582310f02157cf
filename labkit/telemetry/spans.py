"""`Span`: a span as it is written down while a call runs, cheap, and how it becomes OpenTelemetry's.

A span of the SDK costs about 40 µs. These cost a tenth of it and are made into `ReadableSpan` when somebody reads or
sends them. All take their times from the clock of the record, so that spans and frames can be compared.
"""

from functools import lru_cache
from random import Random
from time import perf_counter_ns, time_ns
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from labkit.redacting import redact_shown
from labkit.secret_forms import MARGIN
from labkit.telemetry.conventions import ERROR, VERSION

Value = str | int | float | bool | tuple[str, ...]

MOST_EVENTS = 128
"""Events of a span, as OpenTelemetry bounds them by itself."""

LONGEST = 200
"""Characters of what others name or say and a span tells."""

_ids = Random()
_OFFSET = time_ns() - perf_counter_ns()
_NO_STATE = TraceState()
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
SCOPE = InstrumentationScope("labkit", None, None, {"labkit.semconv.version": VERSION})


def now() -> int:
    """This moment in nanoseconds since 1970, on the clock of `time.perf_counter`."""
    return perf_counter_ns() + _OFFSET


def at(seconds: float) -> int:
    """A time of the record in nanoseconds since 1970."""
    return int(seconds * 1e9) + _OFFSET


def new_context(trace: int | None = None) -> SpanContext:
    """The ids of a new span, in the trace `trace` or in one of its own."""
    return SpanContext(trace or _ids.getrandbits(128) or 1, _ids.getrandbits(64) or 1, False, _SAMPLED, _NO_STATE)


def safe_name(told: object) -> str:
    """A name or an id that others chose, as a span tells it: short, and with a mark in place of a secret."""
    text = str(told)
    return text if len(text) < 8 else _safe_name(text[: LONGEST + MARGIN + 1])


@lru_cache(1_000)  # the same few come again with each call
def _safe_name(text: str) -> str:
    return redact_shown(text, LONGEST)


def _sendable(text: str) -> str:
    """A text without half a character (a lone surrogate): for one of these an exporter would drop the whole batch."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _all_sendable(attributes: dict[str, Value]) -> dict[str, Value]:
    return {
        name: _sendable(value)
        if isinstance(value, str)
        else tuple(map(_sendable, value))
        if isinstance(value, tuple)
        else value
        for name, value in attributes.items()
    }


class Span:
    """A span that is being made. It is kept once it has ended, and not changed after that.

    Args:
        name: The span's name.
        kind: The span's kind.
        parent: Whose child it is; `None` begins a trace.
        attributes: What is known at the beginning.
        start: When it began, in nanoseconds since 1970.
    """

    __slots__ = ("attributes", "context", "end", "events", "fault", "kind", "links", "name", "parent", "start")

    def __init__(
        self,
        name: str,
        kind: SpanKind,
        parent: SpanContext | None,
        attributes: dict[str, Value],
        start: int | None = None,
    ) -> None:
        self.name, self.kind, self.parent, self.attributes = safe_name(name), kind, parent, attributes
        self.context = new_context(parent.trace_id if parent else None)
        self.start = now() if start is None else start
        self.end = 0
        # Most have neither, and what a collection of garbage has to go through is to be little.
        self.events: tuple[tuple[str, dict[str, Value], int], ...] = ()
        self.links: tuple[tuple[SpanContext, str], ...] = ()
        self.fault: str | None = None

    def event(self, name: str, attributes: dict[str, Value]) -> None:
        """Add an event of this moment, unless the span has ended: who was given up may go on and tell."""
        if not self.end and len(self.events) < MOST_EVENTS:
            self.events += ((name, attributes, now()),)

    def link(self, context: SpanContext, why: str) -> None:
        """Add a link to another span."""
        self.links += ((context, why),)

    def failed(self, kind: str, words: str = "") -> None:
        """Say that it ended with an error of a kind, unless it had ended before."""
        if self.end:
            return
        self.attributes[ERROR] = kind
        self.fault = words

    def in_context(self) -> Any:
        """The present context of OpenTelemetry, with this as its span: to be attached."""
        return set_span_in_context(NonRecordingSpan(self.context))

    def readable(self, resource: Resource, link: str) -> ReadableSpan:
        """The span as OpenTelemetry has it; one that goes on has no end.

        Args:
            resource: Whose span it is.
            link: The attribute that says why there is a link.
        """
        return ReadableSpan(
            _sendable(self.name),
            self.context,
            self.parent,
            resource,
            _all_sendable(self.attributes.copy()),
            [Event(name, _all_sendable(attributes), time) for name, attributes, time in self.events],
            [Link(context, {link: why}) for context, why in self.links],
            self.kind,
            status=Status(StatusCode.UNSET)
            if self.fault is None
            else Status(StatusCode.ERROR, _sendable(self.fault) or None),
            start_time=self.start,
            end_time=self.end or None,
            instrumentation_scope=SCOPE,
        )
