"""`show_spans(telemetry)`: a live waterfall of calls. Its twin in plain code is `print(Waterfall(telemetry.spans))`.

lab = Lab(server, sampling_callback=my_callback, telemetry=True)
show_spans(lab)  # as the last line of a cell
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock
from typing import Any, cast

import anywidget
import traitlets
from opentelemetry.sdk.trace import ReadableSpan

from labkit.diagram import LOOKS
from labkit.lab import Lab
from labkit.plain import seen, short
from labkit.record import Entry
from labkit.redacting import redact, redact_shown
from labkit.telemetry import Telemetry
from labkit.telemetry import conventions as names
from labkit.telemetry.frames import Frames
from labkit.telemetry.parts import attributes_of
from labkit.telemetry.spans import at, now
from labkit.telemetry.waterfall import MOST_DRAWN, Waterfall, process_of
from labkit.telemetry.waterfall_drawing import Row, duration, sentence, shown, told_beside
from labkit.views.pace import Pace, weakly
from labkit.views.page import read_parts, style_of_times
from labkit.views.placed import SVG, Placed
from labkit.wire import Frame

MOST_ROWS = 500
"""Rows on a page: of more spans, those of the last calls."""

LONGEST, MOST_TOLD = 4_000, 60
"""Characters of a text that an opened row shows, and how many of a kind: frames, events, attributes."""

Line = tuple[str, str, str]
"""A line of an opened row: its name, its words, and the id of the row that it leads to."""


def show_spans(
    of: "Telemetry | Lab | Iterable[ReadableSpan]", *, times: bool = True, connection: bool = False
) -> "SpanView":
    """A waterfall of the calls that a telemetry tells of, which grows while they run, or of spans that are over.

    What a call waited for is told by colour, pattern and word. Choose a row with the mouse or the arrow keys to read
    its parts, its attributes, events and links, and the steps of the flow that it agrees with.

    Args:
        of: A telemetry, which may be of several Labs; a Lab with one; or spans.
        times: Whether the picture that a notebook stores has figures of time, which differ at every run. Without them
            it has what happened in its order. The page shows them all the same.
        connection: Whether requests that belong to no call are shown too, such as `initialize`.

    Raises:
        TypeError: `of` has no spans.
    """
    told = of.telemetry if isinstance(of, Lab) else of
    if isinstance(of, Lab) and told is None:
        raise TypeError("this Lab keeps no spans: make it with telemetry=True")
    if isinstance(told, Telemetry):
        return SpanView(told, times=times, connection=connection)
    spans: list[Any] = [*told] if isinstance(told, Iterable) else [told]  # pyright: ignore[reportUnnecessaryIsInstance]
    for span in spans:
        if not isinstance(span, ReadableSpan):
            raise TypeError(f"a {type(span).__name__} is no span: write show_spans(lab.telemetry)")
    return SpanView(spans, times=times, connection=connection)


class SpanView(Placed, anywidget.AnyWidget):
    """The widget that `show_spans` makes. It listens to the telemetry until it is closed."""

    _esm = read_parts("page.js", "times.js", "span_view.js")
    _css = read_parts("page.css", "times.css", "span_view.css") + style_of_times("spans")

    state = traitlets.Dict().tag(sync=True)
    looks = traitlets.Dict({kind: look.words for kind, look in LOOKS.items()}).tag(sync=True)

    def __init__(self, of: Telemetry | list[ReadableSpan], *, times: bool = True, connection: bool = False) -> None:
        self._of, self._times, self._connection = of, times, connection
        self._lock = RLock()
        self._forget: Callable[[], None] = lambda: None
        self._rows: dict[str, Row] = {}
        self._pace = Pace(self.read, rate=2, burst=0)  # never from within a call: to read takes longer than a span
        super().__init__(state=self._known())
        self.on_msg(self._asked)
        if isinstance(of, Telemetry):
            self._forget = of.listen(weakly(self.changed))
            self.read()  # what came in between

    def close(self) -> None:
        """Stop listening and take the waterfall off the page, where its picture stays."""
        self._forget()
        super().close()

    def changed(self) -> None:
        """Show the spans soon. Called in the middle of a call, from its thread: quick."""
        self._pace.soon()

    def read(self) -> None:
        """Read the spans anew, and show them."""
        with self._lock:
            self.state = self._known()

    def waterfall(self, most: int = MOST_ROWS) -> Waterfall:
        """The last spans as they are now."""
        spans = self._of.latest(most) if isinstance(self._of, Telemetry) else self._of
        until = now() if isinstance(self._of, Telemetry) else None
        return Waterfall(spans, until=until, most=most, connection=self._connection)

    def _known(self) -> dict[str, Any]:
        """What the page is told: numbers, and words that are shown as they are."""
        now_shown = self.waterfall()
        self._rows = {row.id: row for row in now_shown.rows}
        more = " · older ones are left out" if len(self._rows) >= MOST_ROWS and not now_shown.left_out else ""
        return {"head": now_shown.head(times=False) + more, "rows": [_told(row) for row in now_shown.rows]}

    def _asked(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("ask") == "detail" and (row := self._rows.get(str(message.get("id")))):
            self.send({"answer": "detail", "id": row.id, "sections": self.detail(row)})

    def detail(self, row: Row) -> list[tuple[str, list[Line]]]:
        """All that is known of a row, by headings."""
        span, shown_too = row.span, {id_: each.label for id_, each in self._rows.items()}
        facts = [("name", span.name), ("kind", span.kind.name), ("process", process_of(span) or "this one")]
        facts += [("span", row.id), *([("failed", row.fault)] if row.fault else [])]
        whole = (row.end - row.start) or 1
        took = [
            (kind or "waits for another row", f"{duration(time)} · {100 * time / whole:.1f} %")
            for kind, time in row.took
        ]
        links: list[Line] = []
        for link in span.links:
            to = f"{link.context.span_id:016x}"
            why = str((link.attributes or {}).get(names.LINK, "link"))
            links.append((why, shown_too.get(to, f"span {to}, which is not shown"), to))
        events = [
            (f"after {duration(event.timestamp - row.start)}", " · ".join([event.name, *_values(event.attributes)]))
            for event in span.events
        ]
        told = [(name, _words(value, name)) for name, value in sorted(attributes_of(span).items())]
        found: list[tuple[str, Sequence[tuple[str, ...]]]] = [
            *(("Span", facts), ("Time", took), ("Steps of the flow", self._steps(row)), ("Links", links)),
            *(("Events", events), ("Attributes", told)),
        ]
        return [
            (title, [(short(name, 80), seen(words)[:LONGEST], "".join(to)) for name, words, *to in lines[:MOST_TOLD]])
            for title, lines in found
            if lines
        ]

    def _steps(self, row: Row) -> list[tuple[str, str]]:
        """The steps of the flow that a row agrees with, numbered as the flow has them."""
        if not isinstance(self._of, Telemetry):
            return []
        entries = Frames(self._of).of(row.span)[:MOST_TOLD]
        records = [record.entries() for record in [*self._of.records]]
        found: list[tuple[str, str]] = []
        for entry in entries:
            for record in records:
                if entry in record:
                    n = sum(each.call == entry.call and each.seq <= entry.seq for each in record)
                    found.append(
                        (f"step {n} of {f'call {entry.call}' if entry.call else 'the connection'}", _step(entry, row))
                    )
        return found

    def stored(self) -> dict[str, str]:
        picture = self.waterfall(MOST_DRAWN)
        return {"text/plain": picture.text(times=self._times), SVG: picture.svg(times=self._times)}

    def __repr__(self) -> str:
        return "<SpanView>"

    def __str__(self) -> str:
        return self.waterfall(MOST_DRAWN).text(times=self._times)


def _told(row: Row) -> dict[str, Any]:
    """A row for the page: times are microseconds since what ran at once with its call began."""
    return {
        "id": row.id,
        "call": row.call,
        "depth": row.depth,
        "label": row.label,
        "server": shown(str(attributes_of(row.span).get(names.SERVER, "")), 60),
        "start": _micro(row.start, row),
        "end": _micro(row.end, row),
        "open": row.is_open,
        "fault": row.fault,
        "parts": [(kind, _micro(start, row), _micro(end, row)) for kind, start, end in row.segments],
        "beside": told_beside(row),
        "said": sentence(row),
    }


def _micro(time: int, row: Row) -> float:
    return round((time - row.zero) / 1_000, 1)


def _words(value: object, name: str = "") -> str:
    """A value in words, without secrets: of the spans of others nobody has looked for them."""
    words = ", ".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)
    return redact_shown(str(redact(words, name)), LONGEST)


def _values(attributes: Mapping[str, Any] | None) -> list[str]:
    return [
        f"{name.removeprefix(names.STEP + '.')}: {_words(value, name)}" for name, value in (attributes or {}).items()
    ]


def _step(entry: Entry, row: Row) -> str:
    """A step in words: what crossed the wire, its id, its size and when, by the clock of the row."""
    item, time = entry.item, at(entry.time)
    if time in (row.start, row.end):
        when = "at its beginning" if time == row.start else "at its end"
    else:
        when = f"{duration(abs(time - row.start))} {'before' if time < row.start else 'after'} its beginning"
    if isinstance(item, Frame):
        way = "to the server" if item.direction == "to server" else "to the client"
        what = item.method or "the answer"
        return f"{what} {way} · id {item.id} · {item.size:,} bytes · {when}"
    return f"{item.label} · {when}"
