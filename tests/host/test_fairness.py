"""A guard with its defaults finds nothing in what the kit's own servers ask, whatever language their texts are in."""

from pathlib import Path
from typing import Any

import pytest
from mcp_types import CreateMessageResult

from labkit import Lab
from labkit.host import with_guard
from servers import code_reviewer, log_archiver, research_assistant, text_analyst
from servers.sample_code import SAMPLE_CODE
from servers.sample_logs import SAMPLE_LINES
from servers.sample_texts import SAMPLE_TEXTS, SAMPLE_TICKETS
from tests.story import WIRES, answer

pytestmark = pytest.mark.anyio

TOPICS = (
    "attention",
    "Schrödinger équations β ≤ δ",
    "پژوهش در باره\u200cی یادگیری",
    "हिन्दी पाठ",
    "日本語の要約 👩\u200d🔬",
)
TEXTS = {
    "text-analyst": [*SAMPLE_TEXTS.values(), *SAMPLE_TICKETS.values(), *TOPICS],
    "code-reviewer": [*SAMPLE_CODE.values()],
    "research-assistant": [*TOPICS],
    "log-archiver": [*SAMPLE_LINES.values(), *(f"2026-03-01 02:03:04 ERROR: {topic}" for topic in TOPICS)],
}


async def neutral(context: object, params: object) -> CreateMessageResult:
    return answer("neutral")


@pytest.mark.parametrize("wire", WIRES)
async def test_the_servers_in_the_box_give_no_finding(wire: str, tmp_path: Path) -> None:
    servers = (
        *(made.make_server() for made in (text_analyst, code_reviewer, research_assistant)),
        log_archiver.make_server(tmp_path),
    )
    for server in servers:
        guard = with_guard(neutral)
        with Lab(server, sampling_callback=guard, mode=wire) as lab:
            sampled = 0
            for tool in (await lab.run(lambda client: client.list_tools())).tools:
                for text in TEXTS[server.name]:
                    required: list[Any] = tool.input_schema.get("required", [])
                    await lab.call_tool(tool.name, dict.fromkeys(required, text))
                    sampled += lab.flow.samples
        assert guard.counts == {}, server.name
        assert sampled > 0, server.name
