"""A right answer to exercise 13.1 in another style. Its file is read as a cell is, so it stands alone."""

from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp.types import CreateMessageResult, SamplingMessage

UNSEEN = "an answer without text"


class Report:
    """The report of a desk."""

    def __init__(self, folder: str) -> None:
        self.path = Path(folder, "incident_report.txt")

    def add(self, *lines: str) -> None:
        before = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        self.path.write_text(before + "".join(f"{line}\n" for line in lines), encoding="utf-8")


def another_desk(folder: str) -> MCPServer:
    desk, report = MCPServer("desk", log_level="ERROR"), Report(folder)

    async def asks(log_line: str, ctx: Context) -> Sample | None:
        can = ctx.client_capabilities and ctx.client_capabilities.sampling is not None
        message = SamplingMessage.model_validate({"role": "user", "content": {"type": "text", "text": log_line}})
        return Sample([message], max_tokens=60) if can else None

    async def process_log_entry(log_line: str, said: Annotated[CreateMessageResult | None, Resolve(asks)]) -> Any:
        """Erkl\u00e4rt eine Zeile."""
        text = getattr(said.content, "text", "") if said else ""
        seen = "".join(filter(str.isprintable, text))[:2_000] or ("Kein Modell." if said is None else UNSEEN)
        if text and said and said.stop_reason == "maxTokens":
            seen += " [abgeschnitten]"
        report.add(log_line, seen)
        return seen

    desk.add_tool(process_log_entry, structured_output=False)
    return desk
