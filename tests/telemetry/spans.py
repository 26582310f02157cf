"""What the tests of telemetry read off spans."""

from collections.abc import Iterable
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan


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
