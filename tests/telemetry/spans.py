"""What the tests of telemetry read off spans, and spans that are written by hand."""

from collections.abc import Iterable
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind

from labkit.telemetry.spans import SCOPE

S = 10**9


def named(spans: Iterable[ReadableSpan], name: str) -> list[ReadableSpan]:
    """The spans of a name, in the order in which they began."""
    return sorted((span for span in spans if span.name == name), key=lambda span: span.start_time or 0)


def told(span: ReadableSpan) -> dict[str, Any]:
    """The attributes of a span."""
    return dict(span.attributes or {})


def ids(span: ReadableSpan) -> tuple[int, int]:
    """The ids of a span's trace and of the span."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def parent(span: ReadableSpan, spans: Iterable[ReadableSpan]) -> str | None:
    """The name of a span's parent among `spans`."""
    return next((each.name for each in spans if span.parent and ids(each)[1] == span.parent.span_id), None)


def links(span: ReadableSpan, spans: Iterable[ReadableSpan]) -> list[tuple[str, ReadableSpan]]:
    """What a span links to, and why."""
    known = {ids(each)[1]: each for each in spans}
    return [(str((link.attributes or {})["labkit.link"]), known[link.context.span_id]) for link in span.links]


def events(span: ReadableSpan) -> list[dict[str, Any]]:
    """The attributes of a span's events, in order."""
    return [dict(event.attributes or {}) for event in span.events]


def span(
    number: int,
    start: float,
    end: float | None,
    *,
    parent: int = 0,
    name: str = "work",
    trace: int = 1,
    process: str = "",
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: Any,
) -> ReadableSpan:
    """A span written by hand; its times are seconds, and `process` is another one."""
    return ReadableSpan(
        name,
        SpanContext(trace, number, False),
        SpanContext(trace, parent, False) if parent else None,
        Resource({"service.name": process or "this"}),
        {name.replace("__", "."): value for name, value in attributes.items()},
        kind=kind,
        start_time=int((100 + start) * S),
        end_time=None if end is None else int((100 + end) * S),
        instrumentation_scope=InstrumentationScope("theirs") if process else SCOPE,
    )


def call(number: int, start: float, end: float | None, **attributes: Any) -> ReadableSpan:
    named = {"labkit__call": number, "labkit__lab": "a", "labkit__server": "shop", "gen_ai__tool__name": "sell"}
    return span(number, start, end, name="execute_tool sell", **named, **attributes)
