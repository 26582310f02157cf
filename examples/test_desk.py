"""The desk answers every client: one that lends a model, on both wires, and one that has none.

python -m pytest test_desk.py
"""

import asyncio
import sys
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.session import ClientRequestContext
from mcp.types import CreateMessageRequestParams, CreateMessageResult, TextContent

sys.path.insert(0, str(Path(__file__).parent))

from desk import make_desk

LINE = {"log_line": "ERROR: deadlock detected"}


async def model(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
    said = TextContent(text="Two processes waited for each other.")
    return CreateMessageResult(role="assistant", model="written beforehand", content=said)


@pytest.mark.parametrize("wire", ["auto", "legacy"])
def test_an_explanation_is_returned_and_filed(wire: str, tmp_path: Path) -> None:
    async def call() -> str:
        async with Client(make_desk(tmp_path), mode=wire, sampling_callback=model) as client:
            return str((await client.call_tool("process_log_entry", LINE)).content)

    assert "Two processes waited for each other." in asyncio.run(call())
    assert "Two processes waited for each other." in (tmp_path / "incident_report.txt").read_text(encoding="utf-8")


def test_the_line_of_a_client_without_a_model_is_filed_all_the_same(tmp_path: Path) -> None:
    async def call() -> str:
        async with Client(make_desk(tmp_path)) as client:
            return str((await client.call_tool("process_log_entry", LINE)).content)

    assert "Two processes" not in asyncio.run(call())
    assert LINE["log_line"] in (tmp_path / "incident_report.txt").read_text(encoding="utf-8")
