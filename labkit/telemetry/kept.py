"""`Telemetry`: where spans and metrics are kept in memory, and handed on to whom the user has named."""

import atexit
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from threading import Lock
from weakref import WeakKeyDictionary

from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanContext

from labkit.cutting import Latest
from labkit.host.prices import Prices, check_catalog
from labkit.models.catalog import catalog
from labkit.numbers import checked_whole
from labkit.record import Record
from labkit.telemetry.contents import finite
from labkit.telemetry.conventions import LESSON, LINK
from labkit.telemetry.metrics import Metrics
from labkit.telemetry.otlp import outside
from labkit.telemetry.spans import Span, now

_log = logging.getLogger("labkit")
_AT_ONCE = 500
"""Spans that are added up at once, where as many wait for it as are kept."""
_OPEN = 20_000
"""Spans that are known before they have ended: as many as Labs let be under way."""


class Telemetry:
    """Keeps the spans that were made, and counts what they took. One may serve many Labs, whose calls it then tells.

        telemetry = Telemetry(contents=True)
        Lab(server, sampling_callback=my_callback, telemetry=telemetry)
        telemetry.spans[-1].attributes
        Path("spans.jsonl").write_text(telemetry.json_lines(), encoding="utf-8")

    Where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, or that of traces or of metrics alone, spans and metrics are sent there
    too, from a thread of its own, until `close`.

    Args:
        contents: Whether the words of prompts, answers, arguments and results stand in the spans, secrets redacted.
        prices: A catalogue, for what a sample costs; that of the kit by itself.
        keep: How many spans are kept, and how many of other processes; older ones are forgotten.
        lesson: The lesson in which they are made, as `"14"`: it stands beside all of them.
        processors: OpenTelemetry's own, such as `SimpleSpanProcessor(my_exporter)`; each hears of ended spans.

    Raises:
        TypeError: `prices` is no catalogue.
        ValueError: `keep` is no whole number of 1 or more.
    """

    def __init__(
        self,
        *,
        contents: bool = False,
        prices: Prices | None = None,
        keep: int = 10_000,
        lesson: str = "",
        processors: Sequence[SpanProcessor] = (),
    ) -> None:
        if prices is not None:
            check_catalog(prices, "find")
        self.contents = contents
        self.prices = catalog() if prices is None else prices
        self.turns: dict[tuple[int, str], SpanContext] = Latest(1_000)
        """The sample in which a model asked for a tool, by the session and the id of that use."""
        self._most = checked_whole("keep", keep, 1)
        self._spans: deque[Span] = deque(maxlen=keep)
        self._taken: deque[ReadableSpan] = deque(maxlen=keep)
        self.records: WeakKeyDictionary[Record, str] = WeakKeyDictionary()
        """What the Labs keep whose calls are told here, with their names."""
        self._open: dict[int, Span] = Latest(_OPEN)
        self._listeners: list[Callable[[], object]] = []
        self._processors = tuple(processors)
        resource = Resource.create({LESSON: lesson} if lesson else {})
        unnamed = str(resource.attributes[SERVICE_NAME]).startswith("unknown_service")
        self._resource = resource.merge(Resource({SERVICE_NAME: "labkit"})) if unnamed else resource
        self.metered = Metrics()
        self._unmetered: deque[Span] = deque()
        self._sends = outside(lambda: self.metrics)
        if self._sends is not None:
            atexit.register(self.close)

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, in the order in which they did; then those of other processes, as they came."""
        return [*map(self._readable, tuple(self._spans)), *tuple(self._taken)]

    @property
    def open(self) -> list[ReadableSpan]:
        """The spans that have begun and not ended, in the order in which they began. They tell no end."""
        return [self._readable(span) for span in tuple(self._open.values()) if not span.end]

    @property
    def metrics(self) -> MetricsData:
        """The metrics so far, as OpenTelemetry has them."""
        self._meter()
        return self.metered.data(self._resource)

    def json_lines(self) -> str:
        """The spans, one a line, each as OpenTelemetry writes it in JSON."""
        return "".join(finite(span.to_json(indent=None)) + "\n" for span in self.spans)

    def take(self, spans: Iterable[ReadableSpan]) -> None:
        """Keep spans that another process has made, such as a server's. They are in no metric and are sent nowhere."""
        # Those that go on too: a server is told the id of the span that it is called in.
        places = (self._open.values(), self._spans, self._taken)
        known = {span.context.span_id for kept in places for span in tuple(kept) if span.context}
        for span in spans:
            if span.context and span.context.span_id not in known:
                known.add(span.context.span_id)
                self._taken.append(span)
        self._tell()

    def clear(self) -> None:
        """Forget the spans. The metrics go on."""
        self._spans.clear()
        self._taken.clear()
        self._tell()

    def latest(self, most: int) -> list[ReadableSpan]:
        """The last `most` that have ended, as many of other processes, and those of `open`: quicker than all."""
        return [*map(self._readable, tuple(self._spans)[-most:]), *tuple(self._taken)[-most:], *self.open]

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener`, which is quick, whenever a span begins or ends, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception:  # noqa: BLE001 - it is logged; a view that fails must not break the call it looks at
                self._listeners.remove(listener)
                _log.exception("a listener of the spans failed and is not called any more")

    def close(self) -> None:
        """Send what has not been sent yet, and end the thread that sends. More than once does no harm."""
        sends, self._sends = self._sends, None
        if sends is not None:
            sends.shutdown()
            atexit.unregister(self.close)

    def begun(self, span: Span) -> None:
        """Know a span whose work has begun."""
        self._open[id(span)] = span
        if self._listeners:
            self._tell()

    def ended(self, span: Span) -> None:
        """Keep a span whose work is over. What comes to it again is left alone."""
        if span.end:
            return
        span.end = now()
        self.keep(span)

    def keep(self, span: Span) -> None:
        """Keep a span whose end is written down."""
        self._spans.append(span)
        self._open.pop(id(span), None)  # after that, so that another thread finds it in one of both
        self._unmetered.append(span)
        if len(self._unmetered) > self._most:
            self._meter(_AT_ONCE)
        if self._listeners:
            self._tell()
        sends = self._sends
        if self._processors or sends is not None:
            readable = self._readable(span)
            for processor in self._processors if sends is None else (*self._processors, sends):
                processor.on_end(readable)

    def _meter(self, most: int | None = None) -> None:
        """Add up what has not been yet, the `most` oldest of it: not beside each call, but when somebody reads it."""
        with suppress(IndexError):  # another thread may do the same
            for _ in range(len(self._unmetered) if most is None else most):
                self.metered.of(self._unmetered.popleft())

    def _readable(self, span: Span) -> ReadableSpan:
        return span.readable(self._resource, LINK)

    def __repr__(self) -> str:
        return f"<Telemetry: {len(self._spans)} spans>"


_shared: Telemetry | None = None
_making = Lock()


def shared() -> Telemetry:
    """The one for all Labs with `telemetry=True` and for `with_telemetry(callback)`.

    It is made at the first use, and reads the variables for OTLP then.
    """
    global _shared  # noqa: PLW0603 - one for the process
    with _making:
        if _shared is None:
            _shared = Telemetry()
        return _shared
