"""A collector of OpenTelemetry: takes spans and metrics over OTLP/HTTP, as protobuf, and keeps them.

with Collector() as collector:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    ...
    collector.spans[0].name
"""

from collections.abc import Sequence

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.standins.serving import Received, Reply, StandIn


class Collector(StandIn):
    """Answers every request as a collector does that has taken all of it."""

    def __init__(self) -> None:
        super().__init__([Reply(b"")])

    def refuse(self, received: Received) -> Reply | None:
        right = received.path in ("/v1/traces", "/v1/metrics")
        right = right and received.headers.get("content-type") == "application/x-protobuf"
        return None if right else Reply({"error": received.path}, 404)

    @property
    def spans(self) -> Sequence[Span]:
        """Every span that came."""
        requests = (ExportTraceServiceRequest.FromString(raw) for raw in self._bodies("/v1/traces"))
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def metrics(self) -> Sequence[Metric]:
        """The metrics as they came last."""
        requests = [ExportMetricsServiceRequest.FromString(raw) for raw in self._bodies("/v1/metrics")]
        return [
            metric
            for request in requests[-1:]
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]

    def _bodies(self, path: str) -> list[bytes]:
        return [received.raw for received in self.received if received.path == path]
