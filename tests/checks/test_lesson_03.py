"""Lesson 03: the embedded model says what the lesson tells of it, and the form is kept."""

import re
from tempfile import mkdtemp
from typing import Any

import pytest
from mcp.client import ClientRequestContext
from mcp_types import CreateMessageRequestParams
from nbformat import NotebookNode

from labkit import Lab, Settings, TinyModel, trace
from lessons import build
from servers import log_archiver
from servers.sample_logs import SAMPLE_LINES

pytestmark = pytest.mark.anyio

LESSON = build.LESSONS / "03_turn_the_dials.py"


@pytest.fixture(params=[False, True], ids=["student", "instructor"])
def cells(request: pytest.FixtureRequest) -> list[NotebookNode]:
    return build.from_lesson(LESSON, solved=request.param).cells


def test_the_lesson_keeps_to_its_form(cells: list[NotebookNode]) -> None:
    assert 16 <= len(cells) <= 40
    assert [cell.source for cell in cells if cell.cell_type == "code" and cell.source.count("\n") >= 12] == []


def test_the_flow_of_a_stub_names_the_function_that_the_student_writes() -> None:
    stored = (build.EXECUTED / "03_turn_the_dials.ipynb").read_text(encoding="utf-8")
    assert set(re.findall(r"(\w+) raised NotImplementedError", stored)) == {"careful"}


async def test_the_case_holds_for_the_embedded_model() -> None:
    """What the lesson tells hangs on the weights: one answer of ten is false, and cold is no truth."""
    asked: list[CreateMessageRequestParams] = []

    async def keep(context: ClientRequestContext, params: CreateMessageRequestParams) -> Any:
        asked.append(params)
        return await TinyModel(seed=1)(context, params.model_copy(update={"temperature": 1}))

    async with Lab(log_archiver.make_server(mkdtemp()), sampling_callback=keep) as lab:
        said = await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["deadlock"]})
        await lab.call_tool("process_log_entry", {"log_line": SAMPLE_LINES["crash_loop"]})
    assert "821 and 821" in str(said.content[0])
    ten = [trace(asked[0], settings=Settings(temperature=1, seed=seed)).text for seed in range(10)]
    assert 1 <= sum("821 and 999" not in text for text in ten) <= 5
    assert "821 and 999" in trace(asked[0], settings=Settings(temperature=0)).text
    assert "821 and 999" in trace(asked[0], settings=Settings(temperature=1, top_p=0.6, seed=1)).text
    assert "10 restarts" in trace(asked[1], settings=Settings(temperature=0)).text
    warm = [trace(asked[1], settings=Settings(temperature=1, seed=seed)).text for seed in range(6)]
    assert any("10 restarts" not in text for text in warm)


def test_every_line_that_shows_what_the_embedded_model_says_names_it(cells: list[NotebookNode]) -> None:
    prints = [
        line.strip()
        for cell in cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if re.search(r"\bprint\(.*(\.text|\btext\}|\bfound\})", line)
    ]
    said = [line for line in prints if ".text == " not in line]
    assert len(said) > 3
    assert [line for line in said if not re.match(r'print\(f?"tiny model\b', line)] == []
