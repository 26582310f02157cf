"""What leaves the process: nothing without the variables, and with them what a collector then holds."""

import json
import subprocess
import sys
import threading
from typing import Any

import pytest
from mcp import StdioServerParameters
from mcp_types import CreateMessageResult, ErrorData
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import labkit.telemetry.otlp
from labkit import Lab, Telemetry, report, with_budget, with_telemetry
from tests.host.crowd import CONNECTION, Model
from tests.standins.collector import Collector
from tests.story import ROOT, WIRES, bookshop, echo, question

pytestmark = pytest.mark.anyio

SERVER = Span.SPAN_KIND_SERVER
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("", "_TRACES", "_METRICS"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP{name}_ENDPOINT", raising=False)
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP{name}_PROTOCOL", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.parametrize("wire", WIRES)
async def test_a_collector_gets_what_is_kept(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Collector() as collector:
        monkeypatch.setenv(ENDPOINT, collector.url)
        kept = Telemetry(contents=True)
        callback = with_budget(Model(tokens=(10, 3)), samples=9)
        with Lab(bookshop(), sampling_callback=callback, mode=wire, telemetry=kept) as lab:
            await lab.call_tool("review", {"titles": ["Emma", "Persuasion"]})
        kept.close()
        came, metrics = collector.spans, collector.metrics
    # The whole of each span, as the exporter's own encoder writes it: names, ids, times, attributes, events, links.
    expected = [
        span
        for resource in encode_spans(kept.spans).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert sorted(each.SerializeToString() for each in came) == sorted(each.SerializeToString() for each in expected)
    assert {metric.name for metric in metrics} == {
        metric.name
        for resource in kept.metrics.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    (tokens,) = (metric for metric in metrics if metric.name == "gen_ai.client.inference.usage.input_tokens")
    assert tokens.sum.is_monotonic
    assert [point.as_int or point.as_double for point in tokens.sum.data_points] == [20]


TRACED_SERVER = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
from tests.story import bookshop
bookshop().run()
"""


@pytest.mark.parametrize("wire", WIRES)
async def test_a_server_that_traces_itself_stands_in_the_same_trace(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Collector() as collector:
        monkeypatch.setenv(ENDPOINT, collector.url)
        environment = {ENDPOINT: collector.url, "NO_PROXY": "127.0.0.1"}
        program = StdioServerParameters(command=sys.executable, args=["-c", TRACED_SERVER], cwd=ROOT, env=environment)
        kept = Telemetry()
        with Lab(program, sampling_callback=echo, mode=wire, telemetry=kept) as lab:
            await lab.call_tool("recommend", {"genre": "noir"})
        kept.close()
        came = {span.span_id: span for span in collector.spans}
    (call,) = (span for span in came.values() if span.name == "execute_tool recommend")
    in_trace = [span for span in came.values() if span.trace_id == call.trace_id]
    served = [span for span in in_trace if span.name == "tools/call recommend" and span.kind == SERVER]
    assert len(served) == (2 if wire == "auto" else 1)
    assert {span.parent_span_id for span in served} == {call.span_id}
    (sample,) = (span for span in in_trace if span.name == "sampling/createMessage" and span.kind == SERVER)
    parent = came[sample.parent_span_id]
    assert parent.name == ("execute_tool recommend" if wire == "auto" else "MCP send sampling/createMessage")


async def test_half_a_character_does_not_keep_the_rest_from_being_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tells(context: object, params: object) -> CreateMessageResult | ErrorData:
        report("half \ud83d of a smile", source="callback")
        return ErrorData(code=-1, message="no \ud83d")

    with Collector() as collector:
        monkeypatch.setenv(ENDPOINT, collector.url)
        kept = Telemetry()
        await with_telemetry(tells, kept)(CONNECTION, question("hello"))  # pyright: ignore[reportArgumentType]
        kept.close()
        assert {span.name for span in collector.spans} == {"chat", "sampling/createMessage"}
        assert collector.spans[1].events[0].attributes[1].value.string_value == "half ? of a smile"


@pytest.mark.parametrize(("signal", "path"), [("TRACES", "/v1/traces"), ("METRICS", "/v1/metrics")])
async def test_one_signal_can_be_sent_alone(signal: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Collector() as collector:
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", collector.url + path)
        kept = Telemetry()
        with Lab(bookshop(), telemetry=kept) as lab:
            await lab.call_tool("price", {"title": "Emma"})
        kept.close()
        assert {received.path for received in collector.received} == {path}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "otlp"},
        {ENDPOINT: "URL", "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"},
        {ENDPOINT: "URL", "OTEL_SDK_DISABLED": "true"},
    ],
    ids=str,
)
async def test_without_the_variables_nothing_is_sent(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = {thread.name for thread in threading.enumerate()}
    with Collector() as collector:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.replace("URL", collector.url))
        kept = Telemetry()
        assert {thread.name for thread in threading.enumerate()} - threads == {"stand-in"}
        with Lab(bookshop(), telemetry=kept) as lab:
            await lab.call_tool("price", {"title": "Emma"})
        kept.close()
        assert collector.received == []
    assert kept.spans


def test_without_the_variables_no_exporter_is_imported() -> None:
    code = (
        "import sys; from labkit import Lab; from tests.story import bookshop;"
        "lab = Lab(bookshop(), telemetry=True); lab.start('price', {'title': 'x'}).result();"
        "print(len(lab.telemetry.spans) > 1, [name for name in sys.modules if 'opentelemetry.exporter' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda patch: patch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "PROTOCOL=grpc, and only http/protobuf"),
        (lambda patch: patch.setattr(labkit.telemetry.otlp, "HAS_THREADS", False), "a browser has none"),
        (lambda patch: patch.setattr(labkit.telemetry.otlp, "find_spec", lambda _: None), "pip install"),
    ],
)
def test_what_cannot_be_sent_is_kept_and_a_sentence_says_why(
    change: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    change(monkeypatch)
    with pytest.warns(UserWarning, match=says):
        kept = Telemetry()
    with Lab(bookshop(), telemetry=kept) as lab:
        lab.start("price", {"title": "Emma"}).result()
    assert kept.spans


def test_closing_ends_the_thread_that_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    with Collector() as collector:
        monkeypatch.setenv(ENDPOINT, collector.url)
        kept = Telemetry()
        kept.close()
        kept.close()
    assert set(threading.enumerate()) <= before


async def test_a_processor_of_the_user_hears_of_each_span() -> None:
    exporter = InMemorySpanExporter()
    kept = Telemetry(processors=[SimpleSpanProcessor(exporter)])
    with Lab(bookshop(), sampling_callback=echo, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
    assert [span.name for span in exporter.get_finished_spans()] == [span.name for span in kept.spans]


async def test_json_lines_are_a_span_each() -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=echo, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
    spans = [json.loads(line) for line in kept.json_lines().splitlines()]
    assert [span["name"] for span in spans] == [span.name for span in kept.spans]
    assert all(span["context"]["trace_id"].startswith("0x") for span in spans)
