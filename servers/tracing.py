"""What a server sends of its own traces, where the usual variables of OpenTelemetry ask for it; else nothing at all.

    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 python -m servers.text_analyst

The spans are those that the SDK makes of every request; the client's context comes in `params._meta`, so that they
stand in its trace. Sources: OpenTelemetry specification, protocol/exporter and configuration/sdk-environment-variables.
"""

import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN = "http/protobuf"


@contextmanager
def traced(name: str) -> Generator[None]:
    """Send the spans that are made inside the block, from a thread of their own, and the last of them at its end.

    Args:
        name: The server's name, where the variables give it no other (`OTEL_SERVICE_NAME`).
    """
    if not _asked():
        yield
        return
    protocol = next((told for told in map(_told, PROTOCOLS) if told), SPOKEN)
    if protocol != SPOKEN:
        print(f"No traces are sent: {protocol} is asked for, and only {SPOKEN} is spoken here.", file=sys.stderr)
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import set_tracer_provider
    except ImportError as error:
        wanted = "opentelemetry-exporter-otlp-proto-http"
        print(f"No traces are sent: there is no {error.name}. Install it: pip install {wanted}", file=sys.stderr)
        yield
        return
    resource = Resource.create()
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: name}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    logging.getLogger("opentelemetry").addHandler(_Once())  # else each try that fails is printed, with the address
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


class _Once(logging.Handler):
    """Says once that what is to be sent does not arrive."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        # What the record says is left out: an address may hold a key.
        if not self._said:
            self._said = True
            print(f"Some traces do not arrive where {ENDPOINTS[1]} says. Does something listen there?", file=sys.stderr)


def _asked() -> bool:
    is_off = _told("OTEL_SDK_DISABLED").lower() == "true" or _told("OTEL_TRACES_EXPORTER") not in ("", "otlp")
    return any(map(_told, ENDPOINTS)) and not is_off


def _told(name: str) -> str:
    return os.environ.get(name, "").strip()
