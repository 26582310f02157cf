"""The servers in the box that the playground offers, each with a tool and arguments to try."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from mcp import StdioServerParameters
from mcp.server.mcpserver import MCPServer

ROOT = Path(__file__).parent.parent.parent
"""The folder that holds the package `servers`: servers are started there as programs."""


@dataclass(frozen=True, slots=True)
class BoxServer:
    """A server that comes with the kit.

    Attributes:
        id: The server's module in the package `servers`.
        tool: The tool that is offered first; the first of the server's own where it has no such tool.
        examples: The arguments to begin with, by tool and by name.
    """

    id: str
    tool: str = ""
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

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
    from servers.sample_texts import SAMPLE_TEXTS

    return [
        BoxServer("log_archiver", "process_log_entry", {"process_log_entry": {"log_line": SAMPLE_LINES["deadlock"]}}),
        BoxServer(
            "text_analyst",
            "summarize",
            {
                "summarize": {"text": SAMPLE_TEXTS["report"]},
                "analyze_sentiment": {"text": SAMPLE_TEXTS["complaint"]},
                "classify_document": {"text": SAMPLE_TEXTS["invoice"]},
                "analyze_text": {"text": SAMPLE_TEXTS["report"], "kind": "entities"},
            },
        ),
        BoxServer(
            "research_assistant",
            "research_topic",
            {
                "research_topic": {"topic": "dense retrieval", "max_results": 3},
                "summarize": {"text": SAMPLE_TEXTS["report"]},
            },
        ),
        BoxServer(
            "code_reviewer",
            "review_code",
            {name: {"code": SAMPLE_CODE["orders"]} for name in ("review_code", "analyze_code")},
        ),
    ]
