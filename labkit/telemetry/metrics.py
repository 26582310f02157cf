"""The metrics of the conventions, all read off spans that have ended: a figure can always be looked up in a trace.

The SDK's instruments take about 40 µs for each value, half of what a sampled call may cost more. What is added up here
is handed over in the SDK's own form when it is read or sent.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from threading import Lock

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import SpanKind

from labkit.telemetry.conventions import (
    CHAT,
    CLIENT_OPERATION,
    EXECUTE_TOOL,
    INFERENCE,
    METHOD,
    METRICS,
    MODALITY,
    OPERATION,
    SERVER_OPERATION,
    TOOL_DURATION,
    USED,
)
from labkit.telemetry.spans import SCOPE, Span, Value, now

MOST = 2_000
"""Series of values that are told apart, as many as OpenTelemetry does; those beyond share one for each metric."""
OVERFLOW = "otel.metric.overflow"

_CUMULATIVE = AggregationTemporality.CUMULATIVE


@dataclass(slots=True)
class _Series:
    """The values of a metric with the same attributes."""

    attributes: dict[str, Value]
    buckets: list[int]
    count: int = 0
    sum: float = 0
    least: float = float("inf")
    most: float = float("-inf")


@dataclass
class Metrics:
    """Adds values up. It may be called from any thread."""

    _began: int = field(default_factory=now)
    _series: dict[tuple[object, ...], _Series] = field(default_factory=dict[tuple[object, ...], _Series])
    _lock: Lock = field(default_factory=Lock)

    def add(self, name: str, value: float, attributes: Mapping[str, Value]) -> None:
        """Add a value of the metric `name`, broken down by those of the attributes that the conventions take."""
        metric = METRICS[name]
        key = (name, *map(attributes.get, metric.by))
        with self._lock:
            series = self._series.get(key)
            if series is None:
                series = self._begun(name, key)
            series.count += 1
            series.sum += value
            if metric.buckets:
                series.buckets[bisect_left(metric.buckets, value)] += 1
                series.least, series.most = min(series.least, value), max(series.most, value)

    def _begun(self, name: str, key: tuple[object, ...]) -> _Series:
        by = METRICS[name].by
        told: dict[str, Value] = {each: value for each, value in zip(by, key[1:], strict=True) if value is not None}  # pyright: ignore[reportAssignmentType]
        if MODALITY in by:  # a model tells none
            told[MODALITY] = "unknown"
        if len(self._series) >= MOST:
            key, told = (name, OVERFLOW), {OVERFLOW: True}
        buckets = METRICS[name].buckets
        return self._series.setdefault(key, _Series(told, [0] * (len(buckets) + 1) if buckets else []))

    def of(self, span: Span) -> None:
        """Add what an ended span tells."""
        seconds, told = (span.end - span.start) / 1e9, span.attributes
        if METHOD in told:
            self.add(SERVER_OPERATION if span.kind is SpanKind.SERVER else CLIENT_OPERATION, seconds, told)
        elif told.get(OPERATION) == EXECUTE_TOOL:
            self.add(TOOL_DURATION, seconds, told)
        elif told.get(OPERATION) == CHAT:
            self.add(INFERENCE, seconds, told)
            # Where a model tells no tokens the conventions ask for a 0; an estimate is none.
            for attribute, metric in USED.items():
                tokens = told.get(attribute, 0)
                self.add(metric, tokens if isinstance(tokens, int) else 0, told)

    def data(self, resource: Resource) -> MetricsData:
        """What was added up so far, as OpenTelemetry has it."""
        end = now()
        with self._lock:
            series = sorted(self._series.items(), key=lambda item: str(item[0][0]))
            metrics = [
                self._metric(str(name), [each for _, each in group], end)
                for name, group in groupby(series, key=lambda item: item[0][0])
            ]
        scopes = [ScopeMetrics(SCOPE, metrics, "")] if metrics else []
        return MetricsData([ResourceMetrics(resource, scopes, "")] if scopes else [])

    def _metric(self, name: str, series: list[_Series], end: int) -> Metric:
        metric, began = METRICS[name], self._began
        if metric.buckets:
            data = Histogram(
                [
                    HistogramDataPoint(
                        each.attributes, began, end, each.count, each.sum, tuple(each.buckets), metric.buckets,
                        each.least, each.most,
                    )
                    for each in series
                ],
                _CUMULATIVE,
            )  # fmt: skip
        else:
            points = [NumberDataPoint(each.attributes, began, end, each.sum) for each in series]
            data = Sum(points, _CUMULATIVE, is_monotonic=True)
        return Metric(name, metric.what, metric.unit, data)
