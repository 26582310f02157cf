"""The servers that can be chosen, and the ways to each; those in the box have tools and arguments to try."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast

from mcp import StdioServerParameters
from mcp.server import Server
from mcp.server.mcpserver import MCPServer

from labkit.connection import describe

ROOT = Path(__file__).parent.parent.parent
"""The folder that holds the package `servers`: servers are started there as programs."""


Transport = Literal["in process", "stdio", "http"]
TRANSPORTS: tuple[Transport, ...] = ("in process", "stdio", "http")
Wire = Literal["2025-11-25", "2026-07-28"]
WIRES: tuple[Wire, ...] = ("2025-11-25", "2026-07-28")
MODES: dict[Wire, str] = {"2025-11-25": "legacy", "2026-07-28": "auto"}
"""The `mode` of `mcp.Client` for a wire."""


@dataclass(frozen=True, slots=True)
class BoxServer:
    """A server that comes with the kit.

    Attributes:
        id: The server's module in the package `servers`.
        tool: The tool that is offered first; the first of the server's own where it has no such tool.
        examples: The arguments to begin with, by tool and by name.
        samples: Other arguments to try, by tool and by what they are.
    """

    id: str
    tool: str = ""
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    samples: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, Any]]]
    )

    @property
    def title(self) -> str:
        """The server's name on the page."""
        return self.id.replace("_", " ")

    @property
    def keeps_files(self) -> bool:
        """Whether the server writes into a folder, which `make_server` then takes first."""
        return next(iter(self._parameters()), "") in ("folder", "directory", "root")

    def make(self, folder: Path) -> MCPServer:
        """The server as an object, with `folder` for its files where it keeps any."""
        make_server = import_module(f"servers.{self.id}").make_server
        return cast("MCPServer", make_server(folder) if self.keeps_files else make_server())

    def program(self, folder: Path) -> StdioServerParameters:
        """The server as a program that speaks over standard input and output."""
        return StdioServerParameters(command=sys.executable, args=self.arguments(str(folder)), cwd=ROOT)

    def arguments(self, folder: str) -> list[str]:
        """The arguments that follow `python` on the server's command line."""
        return ["-m", f"servers.{self.id}", *(["--folder", folder] if self.keeps_files else [])]

    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(import_module(f"servers.{self.id}").make_server).parameters


def in_the_box() -> dict[str, BoxServer]:
    """The servers of the kit by id, in the order in which they are offered."""
    return {server.id: server for server in _known()}


def _known() -> list[BoxServer]:
    from servers.sample_code import SAMPLE_CODE
    from servers.sample_logs import SAMPLE_LINES
    from servers.sample_texts import SAMPLE_CONVERSATION, SAMPLE_MESSAGE, SAMPLE_TABLE, SAMPLE_TEXTS

    return [
        BoxServer(
            "log_archiver",
            "process_log_entry",
            {"process_log_entry": {"log_line": SAMPLE_LINES["deadlock"]}},
            {
                "process_log_entry": {
                    _called(name, "crash_loop"): {"log_line": line} for name, line in SAMPLE_LINES.items()
                }
            },
        ),
        BoxServer(
            "text_analyst",
            "summarize",
            {
                "summarize": {"text": SAMPLE_TEXTS["report"]},
                "analyze_sentiment": {"text": SAMPLE_TEXTS["complaint"]},
                "classify_document": {"text": SAMPLE_TEXTS["invoice"]},
                "analyze_text": {"text": SAMPLE_TEXTS["report"], "kind": "entities"},
                "label": {"text": SAMPLE_TEXTS["outage"], "labels": ["crash", "refund", "praise"], "several": True},
                "rewrite": {"text": SAMPLE_TEXTS["notice"], "to": "plain words"},
                "detect_language": {"text": "Varmuuskopio epäonnistui."},
                "moderate": {"text": SAMPLE_MESSAGE},
                "draft_reply": {"conversation": SAMPLE_CONVERSATION},
                "explain": {"text": SAMPLE_TEXTS["report"], "level": "beginner"},
            },
            {
                tool: {_called(name, doubtful): {"text": SAMPLE_TEXTS[name]} for name in names}
                for tool, doubtful, names in (
                    ("analyze_sentiment", "migration", ("complaint", "praise", "torn", "migration")),
                    ("classify_document", "migration", ("invoice", "email", "manual", "migration")),
                )
            },
        ),
        BoxServer(
            "research_assistant",
            "research_topic",
            {
                "research_topic": {"topic": "dense retrieval", "max_results": 3},
                "investigate": {"question": "Does dense retrieval help small models?"},
                "summarize": {"text": SAMPLE_TEXTS["report"]},
            },
        ),
        BoxServer(
            "code_reviewer",
            "review_code",
            {
                "review_code": {"code": SAMPLE_CODE["orders"]},
                "analyze_code": {"code": SAMPLE_CODE["orders"]},
                "explain_code": {"code": SAMPLE_CODE["sound"]},
                "document_code": {"code": SAMPLE_CODE["orders"]},
            },
        ),
        BoxServer(
            "data_analyst",
            "smart_report",
            {
                "smart_report": {"table": "orders", "metric": "revenue"},
                "analyze_data": {"data": SAMPLE_TABLE, "question": "On which day did orders fall?"},
            },
        ),
    ]


HESITATES = "the embedded model hesitates"


def _called(name: str, doubtful: str) -> str:
    """The name of a sample text on the page, which says of the `doubtful` one that it is."""
    return name.replace("_", " ") + (f": {HESITATES}" if name == doubtful else "")


PYTHONS = ("python", "python3")
"""Commands that mean the Python of the kernel: the one on the path may have no `mcp`, or not be there."""

Source = BoxServer | MCPServer | Server[Any] | StdioServerParameters | str
"""A server that can be chosen: a server in the box, an object, a command, a URL."""


def transports_of(source: Source) -> tuple[Transport, ...]:
    """The ways in which a server can be reached."""
    if isinstance(source, BoxServer):
        return TRANSPORTS
    if isinstance(source, MCPServer):
        return ("in process", "http")
    if isinstance(source, Server):
        return ("in process",)
    return ("http",) if isinstance(source, str) else ("stdio",)


def why_not(source: Source, transport: Transport) -> str:
    """Why a server cannot be reached over `transport`; empty where it can."""
    if transport in transports_of(source):
        return ""
    if isinstance(source, str):
        return "a URL is reached over HTTP"
    if isinstance(source, StdioServerParameters):
        return "a command is reached over stdio"
    return "an object of this kernel is no program" if transport == "stdio" else "only an MCPServer can be served so"


def name_of(source: Source) -> str:
    """The name of a server on the page. Of a URL and of a command nothing is shown that may be a key."""
    return source.title if isinstance(source, BoxServer) else describe(source)[0]


def url_of(text: str) -> str:
    """The address of a server.

    Raises:
        ValueError: `text` is no address.
    """
    url = text.strip()
    if not url.startswith(("http://", "https://")) or len(url) < 10 or any(c.isspace() for c in url):
        raise ValueError("type the address of the server, such as: http://127.0.0.1:8000/mcp")
    return url
