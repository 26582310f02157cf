"""Spans whose times are written down in place of measured: what is read off them is then the same everywhere.

    call 0 9
      sent 0 1
      sample 1 8
        person 1.5 6
        model 6 8
      sent 8 9

A line is a span, below the one that it is indented under: what it is, when it began and when it ended in seconds.
"""

from collections.abc import Iterable, Mapping
from random import Random

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanKind

from labkit.telemetry import conventions as names
from labkit.telemetry.sample import METHOD
from labkit.telemetry.spans import Span, Value

BEGAN = 1_796_000_000_000_000_000
"""When all of it began, in nanoseconds since 1970."""
MODEL, TOOL = "haiku", "explain"

_TOOL: dict[str, Value] = {names.OPERATION: names.EXECUTE_TOOL, names.TOOL: TOOL}
_REQUEST: dict[str, Value] = {names.METHOD: "tools/call", **_TOOL}
_CHAT: dict[str, Value] = {names.OPERATION: names.CHAT, names.REQUEST_MODEL: MODEL}

KINDS: Mapping[str, tuple[str, SpanKind, Mapping[str, Value]]] = {
    "call": (f"{names.EXECUTE_TOOL} {TOOL}", SpanKind.INTERNAL, _TOOL),
    "sent": (f"tools/call {TOOL}", SpanKind.CLIENT, _REQUEST),
    "refused": (f"tools/call {TOOL}", SpanKind.CLIENT, {**_REQUEST, names.ERROR: names.TOOL_ERROR}),
    "met": (f"tools/call {TOOL}", SpanKind.SERVER, _REQUEST),
    "elsewhere": ("morning", SpanKind.INTERNAL, {}),
    "sample": (METHOD, SpanKind.SERVER, {names.METHOD: METHOD, names.ASKED_BY: TOOL}),
    "model": (f"{names.CHAT} {MODEL}", SpanKind.CLIENT, _CHAT),
    "failed": (f"{names.CHAT} {MODEL}", SpanKind.CLIENT, {**_CHAT, names.ERROR: "-32603"}),
    **{
        kind: (name, SpanKind.INTERNAL, {names.WAIT: kind, names.WAITS_FOR: name.removeprefix("wait for ")})
        for kind, name in names.WAITS.items()
    },
}
"""What a span may be: its name, its kind, its attributes. `met` is the server's own of what was `sent`, `refused` is a
request in which the tool raised an error; one that is kept `elsewhere` is left out."""


def span(
    what: str, start: float, end: float, parent: Span | None = None, told: Mapping[str, Value] | None = None
) -> Span:
    """A span from so many seconds to so many; `told` are more attributes, or others."""
    name, kind, attributes = KINDS[what]
    made = Span(
        name, kind, parent.context if parent else None, {**attributes, **(told or {})}, BEGAN + round(start * 1e9)
    )
    made.end = BEGAN + round(end * 1e9)
    if names.ERROR in made.attributes:
        made.fault = ""
    return made


class Spans(list[ReadableSpan]):
    """Spans as OpenTelemetry has them."""

    def __repr__(self) -> str:
        return f"[{len(self)} spans]"


def readable(spans: Iterable[Span], seed: int = 0) -> Spans:
    """The spans as OpenTelemetry has them, in the order of their ends, or in any order."""
    order = sorted(spans, key=lambda span: span.end)
    if seed:
        Random(seed).shuffle(order)
    return Spans(map(_readable, order))


def _readable(span: Span) -> ReadableSpan:
    theirs = span.kind is SpanKind.SERVER and span.name != METHOD
    if not theirs:
        return span.readable(Resource({}), names.LINK)
    # As `mcp` makes it in the server's process, which knows of no Lab.
    return ReadableSpan(
        span.name,
        span.context,
        span.parent,
        attributes={name: value for name, value in span.attributes.items() if not name.startswith("labkit.")},
        kind=span.kind,
        start_time=span.start,
        end_time=span.end,
        instrumentation_scope=InstrumentationScope("mcp-python-sdk"),
    )


def written(text: str, seed: int = 0) -> Spans:
    """The spans of lines such as `sample 1 8`, or `call 2 7 @archive` for one of another server."""
    spans: list[Span] = []
    above: list[tuple[int, Span, str]] = []
    for number, line in enumerate(text.strip("\n").rstrip().splitlines()):
        depth = len(line) - len(line.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        what, start, end, *server = line.split()
        parent, server = (above[-1][1] if above else None), (*server, above[-1][2] if above else "@desk")[0]
        told: dict[str, Value] = {names.SERVER: server[1:], names.LAB: server[1:], names.REQUEST_ID: str(number)}
        if what in ("met", "elsewhere") and parent:
            told[names.REQUEST_ID] = parent.attributes[names.REQUEST_ID]
        if what == "call":
            told[names.CALL] = number + 1
        made = span(what, float(start), float(end), parent, told)
        if what != "elsewhere":
            spans.append(made)
        above.append((depth, made, server))
    return readable(spans, seed)
