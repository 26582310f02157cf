"""What a server sends of its own traces: nothing, unless the variables of OpenTelemetry ask for it.

That it is sent, and stands in the client's trace, is held in `tests/telemetry/test_collector.py`.
"""

import os
import subprocess
import sys

import pytest
from opentelemetry import trace

from servers.tracing import traced
from tests.story import ROOT

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
NAMES = [ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_SDK_DISABLED"]


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*NAMES, "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_SERVICE_NAME": "x", "OTEL_TRACES_EXPORTER": "otlp"},
        {ENDPOINT: "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
        {ENDPOINT: "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "True"},
        {ENDPOINT: " "},
        {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:9"},
    ],
    ids=str,
)
def test_without_the_variables_nothing_is_set_up(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = trace.get_tracer_provider()
    with traced("x"):
        assert trace.get_tracer_provider() is before
    assert capsys.readouterr() == ("", "")


def test_without_the_variables_nothing_is_imported() -> None:
    code = (
        "import sys; import servers.serving; from servers.tracing import traced\n"
        "with traced('x'): print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', "
        "'opentelemetry.exporter'))])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("gone", "variables", "says"),
    [
        (
            EXPORTER,
            {ENDPOINT: "http://127.0.0.1:9"},
            f"there is no {EXPORTER}. Install it: pip install opentelemetry-exporter-otlp-proto-http",
        ),
        (
            "",
            {ENDPOINT: "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "grpc is asked for, and only http/protobuf is spoken here.",
        ),
    ],
)
def test_what_cannot_be_sent_is_told_in_one_sentence(
    gone: str,
    variables: dict[str, str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if gone:
        monkeypatch.setitem(sys.modules, gone, None)
    before = trace.get_tracer_provider()
    with traced("x"):
        assert trace.get_tracer_provider() is before
    assert capsys.readouterr() == ("", f"No traces are sent: {says}\n")


def test_where_nobody_listens_one_sentence_says_so_and_quotes_no_address() -> None:
    code = (
        "from opentelemetry import trace; from servers.tracing import traced\n"
        "with traced('x'):\n    for _ in range(3): trace.get_tracer('x').start_span('y').end()"
    )
    environment = os.environ | {ENDPOINT: "http://127.0.0.1:9/a-key", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == f"Some traces do not arrive where {ENDPOINT} says. Does something listen there?\n"


@pytest.mark.parametrize(("told", "name"), [("", "the server"), ("theirs", "theirs")])
def test_the_spans_bear_the_servers_name_unless_it_is_given_another(told: str, name: str) -> None:
    """In a process of its own: a provider that is once set stays."""
    code = (
        "from opentelemetry import trace; from servers.tracing import traced\n"
        "with traced('the server'): print(trace.get_tracer_provider().resource.attributes['service.name'])"
    )
    environment = os.environ | {ENDPOINT: "http://127.0.0.1:9"} | ({"OTEL_SERVICE_NAME": told} if told else {})
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == (name, "")
