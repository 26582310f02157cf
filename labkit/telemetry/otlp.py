"""What leaves the process: spans and metrics over OTLP, where the user has set the variables of OpenTelemetry for it.

Without `OTEL_EXPORTER_OTLP_ENDPOINT`, or that of traces or of metrics alone, there is no exporter and no network.
Source: OpenTelemetry specification, protocol/exporter.
"""

import os
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from opentelemetry.sdk.metrics.export import MetricExporter, MetricsData
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from labkit.runtime import HAS_THREADS

SPOKEN = "http/protobuf"
ENDPOINT, PROTOCOL = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"


def outside(metrics_now: Callable[[], MetricsData]) -> SpanProcessor | None:
    """What sends spans and metrics, from a thread of its own; `None` where the variables do not ask for it.

    Metrics go out beside each batch of spans, every five seconds or as `OTEL_BSP_SCHEDULE_DELAY` says, and at the end.
    """
    traces, metrics = _asked("TRACES"), _asked("METRICS")
    if not (traces or metrics) or not _can_send():
        return None
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(
        _Sender(
            OTLPSpanExporter() if traces else None,
            OTLPMetricExporter() if metrics else None,
            metrics_now,
        )
    )


class _Sender(SpanExporter):
    """Sends spans, metrics, or both."""

    def __init__(
        self, spans: SpanExporter | None, metrics: MetricExporter | None, metrics_now: Callable[[], MetricsData]
    ) -> None:
        self._spans, self._metrics, self._now = spans, metrics, metrics_now

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        done = self._spans.export(spans) if self._spans else SpanExportResult.SUCCESS
        self._send_metrics()
        return done

    def shutdown(self) -> None:
        self._send_metrics()  # those of connections, of which there are no spans, come last
        for exporter in (self._spans, self._metrics):
            if exporter is not None:
                exporter.shutdown()

    def _send_metrics(self) -> None:
        if self._metrics is not None:
            self._metrics.export(self._now())


def _asked(signal: str) -> bool:
    """Whether the variables ask for one kind of signal to be sent."""
    told = _told(ENDPOINT.replace("OTLP_", f"OTLP_{signal}_")) or _told(ENDPOINT)
    return bool(told) and _told(f"OTEL_{signal}_EXPORTER") in ("", "otlp") and _told("OTEL_SDK_DISABLED") != "true"


def _can_send() -> bool:
    """Whether what the variables ask for can be done here. Where not, a warning says so."""
    names = [PROTOCOL, *(PROTOCOL.replace("OTLP_", f"OTLP_{signal}_") for signal in ("TRACES", "METRICS"))]
    others = [f"{name}={_told(name)}" for name in names if _told(name) not in ("", SPOKEN)]
    why = (
        "threads are needed for it, and a browser has none"
        if not HAS_THREADS
        else f"{others[0]}, and only {SPOKEN} is spoken"
        if others
        else "the package for it is not installed: pip install opentelemetry-exporter-otlp-proto-http"
        if find_spec("opentelemetry.exporter") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None
        else ""
    )
    if why:
        warnings.warn(f"{ENDPOINT} is set and nothing is sent: {why}.", stacklevel=4)
    return not why


def _told(name: str) -> str:
    return os.environ.get(name, "").strip()
