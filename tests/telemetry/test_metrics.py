"""The metrics: each figure is that of a span."""

from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import Histogram, Metric, Sum
from opentelemetry.trace import SpanKind

from labkit import Lab, Telemetry
from labkit.host import with_budget
from labkit.telemetry import metrics
from labkit.telemetry.conventions import METRICS
from tests.host.crowd import Model
from tests.story import WIRES, bookshop
from tests.telemetry.spans import told

pytestmark = pytest.mark.anyio


def by_name(kept: Telemetry) -> dict[str, Metric]:
    return {
        metric.name: metric
        for resource in kept.metrics.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def points(metric: Metric) -> list[Any]:
    assert isinstance(metric.data, Histogram | Sum)
    return list(metric.data.data_points)


@pytest.mark.parametrize("wire", WIRES)
async def test_the_metrics_are_those_of_the_conventions_and_add_up_to_the_spans(wire: str) -> None:
    kept = Telemetry()
    callback = with_budget(Model(tokens=(10, 3)), samples=9)
    with Lab(bookshop(), sampling_callback=callback, mode=wire, telemetry=kept) as lab:
        for _ in range(2):
            await lab.call_tool("review", {"titles": ["a", "b"]})
    found = by_name(kept)
    assert found.keys() == METRICS.keys()
    assert all(found[name].unit == METRICS[name].unit for name in found)

    spans = kept.spans
    requests = [span for span in spans if "mcp.method.name" in told(span)]
    expected = {
        "gen_ai.execute_tool.duration": [span for span in spans if span.name.startswith("execute_tool")],
        "mcp.client.operation.duration": [span for span in requests if span.kind is SpanKind.CLIENT],
        "mcp.server.operation.duration": [span for span in requests if span.kind is SpanKind.SERVER],
        "gen_ai.client.inference.duration": [span for span in spans if span.name.startswith("chat")],
    }
    for name, measured in expected.items():
        seconds = sum((span.end_time or 0) - (span.start_time or 0) for span in measured) / 1e9
        assert sum(point.count for point in points(found[name])) == len(measured) > 0, name
        assert sum(point.sum for point in points(found[name])) == pytest.approx(seconds), name
        for point in points(found[name]):
            assert point.explicit_bounds == METRICS[name].buckets
            assert sum(point.bucket_counts) == point.count
            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert [point.value for point in points(found["gen_ai.client.inference.usage.input_tokens"])] == [40]
    assert [point.value for point in points(found["gen_ai.client.inference.usage.output_tokens"])] == [12]


async def test_a_value_on_a_boundary_belongs_below_it() -> None:
    kept = Telemetry()
    for value in (0.01, 0.010001, 400):
        kept.metered.add("mcp.client.session.duration", value, {})
    (point,) = points(by_name(kept)["mcp.client.session.duration"])
    assert (point.bucket_counts[0], point.bucket_counts[1], point.bucket_counts[-1]) == (1, 1, 1)
    assert (point.min, point.max) == (0.01, 400)


async def test_where_no_tokens_are_told_nought_is_counted() -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=Model(), telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
    (point,) = points(by_name(kept)["gen_ai.client.inference.usage.input_tokens"])
    assert (point.value, point.attributes["gen_ai.token.modality"]) == (0, "unknown")


async def test_what_a_server_makes_up_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST", 5)
    kept = Telemetry(keep=10)
    for number in range(100):
        kept.metered.add("mcp.client.operation.duration", 1, {"mcp.method.name": f"made/up/{number}"})
    found = points(by_name(kept)["mcp.client.operation.duration"])
    assert len(found) == 6
    assert [point.count for point in found if "otel.metric.overflow" in point.attributes] == [95]


async def test_only_so_many_spans_are_kept_and_all_are_counted() -> None:
    kept = Telemetry(keep=10)
    with Lab(bookshop(), telemetry=kept) as lab:
        for _ in range(150):
            await lab.call_tool("price", {"title": "Emma"})
    assert len(kept.spans) == 10
    (point,) = points(by_name(kept)["gen_ai.execute_tool.duration"])
    assert point.count == 150
    kept.clear()
    assert kept.spans == []
