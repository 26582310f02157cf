"""The names of OpenTelemetry's conventions for MCP and generative AI, with their version, and the kit's own.

Version 0.1.0 of open-telemetry/semantic-conventions-genai, whose status is "development". Of the release itself only
the beginnings of its pages could be read (docs/gen-ai/client-inference.md and mcp.md, which list its metrics); the rest
is quoted from the same repository shortly before it: docs/gen-ai/client-inference.md at 024a4f94 and ac48b1f9,
gen-ai-token-metrics.md at 066d4a7f, model/mcp/spans.yaml at 5c50d346, model/mcp/metrics.yaml at 14567fad,
model/mcp/common.yaml at 0e5e6a8d, docs/gen-ai/mcp.md at 1e01e830, model/gen-ai/metrics.yaml at 004902b8.
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "0.1.0"

# Of MCP. Spans are `{mcp.method.name} {gen_ai.tool.name}`: CLIENT where a request is sent, SERVER where it is met.
METHOD = "mcp.method.name"
PROTOCOL = "mcp.protocol.version"
REQUEST_ID = "jsonrpc.request.id"
STATUS = "rpc.response.status_code"
ERROR = "error.type"
TRANSPORT = "network.transport"
ADDRESS = "server.address"
PORT = "server.port"

# Of generative AI. Spans are `{gen_ai.operation.name} {gen_ai.request.model}`.
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
MODALITY = "gen_ai.token.modality"
TOOL = "gen_ai.tool.name"
TOOL_CALL = "gen_ai.tool.call.id"

# Opt-in, for they hold what was said.
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
INSTRUCTIONS = "gen_ai.system_instructions"
DEFINITIONS = "gen_ai.tool.definitions"
ARGUMENTS = "gen_ai.tool.call.arguments"
RESULT = "gen_ai.tool.call.result"

CHAT = "chat"
EXECUTE_TOOL = "execute_tool"
TOOL_ERROR = "tool_error"
OTHER = "_OTHER"

DIALS: Mapping[str, str] = {
    "max_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "stop_sequences": "gen_ai.request.stop_sequences",
    "seed": "gen_ai.request.seed",
}
"""The attribute of each dial that the conventions know."""

FINISH: Mapping[str, str] = {
    "endTurn": "stop",
    "stopSequence": "stop",
    "maxTokens": "length",
    "toolUse": "tool_call",
}
"""What the conventions call a stop reason of MCP (gen-ai-output-messages.json); any other stays as it is."""

NOT_ERRORS = frozenset({-32700, -32600, -32601, -32602, -32002})
"""Codes with which who answers blames who asked: the span of the answering side is then no error."""

TRANSPORTS: Mapping[str, str] = {"stdio": "pipe", "http": "tcp"}
"""`network.transport` by the transport of a Lab; within one process there is none."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the conventions: a histogram where it has `buckets`, else a counter.

    Attributes:
        unit: The metric's unit, as UCUM writes it.
        what: The metric's description, in a few words.
        by: The attributes of a span that the metric is broken down by.
        buckets: The histogram's boundaries.
    """

    unit: str
    what: str
    by: tuple[str, ...]
    buckets: tuple[float, ...] = ()


_MCP = (METHOD, TOOL, OPERATION, ERROR, STATUS, PROTOCOL, TRANSPORT, ADDRESS, PORT)
_MODEL = (OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, ADDRESS, PORT)
_OF_MCP = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
_OF_A_MODEL = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)

CLIENT_OPERATION = "mcp.client.operation.duration"
SERVER_OPERATION = "mcp.server.operation.duration"
CLIENT_SESSION = "mcp.client.session.duration"
INFERENCE = "gen_ai.client.inference.duration"
TOOL_DURATION = "gen_ai.execute_tool.duration"
USED = {
    INPUT_TOKENS: "gen_ai.client.inference.usage.input_tokens",
    OUTPUT_TOKENS: "gen_ai.client.inference.usage.output_tokens",
}
"""The counter of each attribute that tells tokens."""

METRICS: Mapping[str, Metric] = {
    CLIENT_OPERATION: Metric("s", "From sending a request to its answer", _MCP, _OF_MCP),
    SERVER_OPERATION: Metric("s", "From receiving a request to its answer", _MCP, _OF_MCP),
    CLIENT_SESSION: Metric("s", "How long a connection was open", (PROTOCOL, TRANSPORT, ERROR), _OF_MCP),
    INFERENCE: Metric("s", "How long a model took", (*_MODEL, ERROR), _OF_A_MODEL),
    # Its page says no boundaries; those of MCP fit what a call with samples takes.
    TOOL_DURATION: Metric("s", "How long a call of a tool took, all its rounds", (OPERATION, TOOL, ERROR), _OF_MCP),
    USED[INPUT_TOKENS]: Metric("{token}", "Tokens of prompts", (*_MODEL, MODALITY)),
    USED[OUTPUT_TOKENS]: Metric("{token}", "Tokens of answers", (*_MODEL, MODALITY)),
}
"""The metrics by name."""

# The kit's own, where the conventions have no word.
COST = "labkit.usage.cost"
"""US dollars that asking a model cost at the catalogue's prices; 0 for what runs in the kit; else it is not known."""
LESSON = "labkit.lesson"
"""The lesson in which the spans were made, of a resource."""
SERVER, LAB, ASKED_BY = "labkit.server", "labkit.lab", "labkit.tool"
"""The names of the server and of the Lab, and the tool whose call asked for the sample."""
CALL = "labkit.call"
"""The number of a call within its Lab."""
SAMPLE = "labkit.sample"
"""Which sampling request of a call it is: the id that the callback is given, as the steps of a record have it."""
SENT, RECEIVED = "labkit.sent.size", "labkit.received.size"
"""Bytes of JSON of a request and of its answer, as they crossed the wire."""
OFFERED, TURN = "labkit.tools.offered", "labkit.tools.turn"
"""How many tools a sample offers its model, and how often in its conversation the model has asked for some before."""
LINK = "labkit.link"
"""Why a span links to another: one of the three below."""
ROUND, ASKED_IN, TURN_BEFORE, SENT_FROM = "round before", "asked in", "tool turn before", "where it arrived"
WAIT, WAITS_FOR = "labkit.wait", "labkit.wait.for"
"""What kind of wait a span is, one of `WAITS`, and what for, in the host's own words."""
PERSON, LINE, PAUSE, CONNECTION = "person", "line", "pause", "connection"
WAITS: Mapping[str, str] = {
    PERSON: "wait for a person",
    LINE: "wait for a turn",
    PAUSE: "wait for another try",
    CONNECTION: "wait for the connection",
}
"""The name of a span by the kind of wait that it is."""
STEP, TOOL_USE = "labkit.step", "labkit.tool_use"
"""Events: what a duty or a model told of; a tool that the model asks for."""
