"""Spans and metrics of what a client does for its servers, in the words of OpenTelemetry's conventions.

    lab = Lab(server, sampling_callback=my_callback, telemetry=True)
    await lab.call_tool("recommend", {"genre": "noir"})
    for span in lab.telemetry.spans:
        print(span.name)

    mcp.Client(server, sampling_callback=with_telemetry(my_callback))   # without a Lab: the samples alone

`mcp` itself makes spans of what it sends and of what a server does; nobody sees them until a program sets up a
`TracerProvider`, and the kit sets up none. It makes what is missing there, from what a Lab keeps on record anyhow: a
span of the call, of each round, of the answered sample, of the model that was asked. Their context goes to the server,
so that what the server traces itself stands in the same trace. Nothing leaves the process unless the user has set
`OTEL_EXPORTER_OTLP_ENDPOINT`, and no word of a message is in a span unless it was asked for.
"""

from labkit.telemetry.kept import Telemetry, shared
from labkit.telemetry.sample import with_telemetry

__all__ = ["Telemetry", "shared", "with_telemetry"]
