"""Lesson 06 keeps to its form, shows every decision on both wires, and asks a person on one panel at a time."""

import ast
import re

import nbformat
import pytest
from mcp_types import CreateMessageResult

from labkit.checks import lesson_06
from labkit.checks.budgets import REQUEST, Callback
from lessons import build

LESSON = build.LESSONS / "06_a_human_in_the_loop.py"
NOTEBOOK = build.from_lesson(LESSON, solved=False)
CODE = [cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code"]
TEXT = [cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown"]
DECISIONS = ("approve", "edit", "edit the answer", "refuse", "withhold")


def shown() -> str:
    """All that the executed twin of the student's notebook shows as text."""
    stored = nbformat.read(build.EXECUTED / f"{LESSON.stem}.ipynb", as_version=4)
    outputs = [output for cell in stored.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(output.get("text", "") for output in outputs)


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_each_decision_is_run_on_each_wire(decision: str, revision: str) -> None:
    (told,) = re.findall(rf"^{decision} +{revision}  server: (.+?) +you: ", shown(), re.MULTILINE)
    if decision not in ("refuse", "withhold"):
        assert "answer" in told
    elif revision == "2025-11-25":
        assert told.startswith("error -1: ")
    else:
        assert told == "nothing"


def test_no_count_is_told_in_the_wrong_number() -> None:
    assert re.findall(r"\b1 (?:questions|samples|calls|times)\b", shown()) == []


def test_what_one_lab_asks_waits_on_a_panel_of_its_own() -> None:
    nodes = [node for source in CODE for node in ast.walk(ast.parse(source))]
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    panels = [name for name in dict.fromkeys(names) if name.endswith("panel") and name != "approval_panel"]
    assert len(panels) == names.count("approval_panel") == 2
    assert [names.count(panel) for panel in panels] == [3, 3]  # made, given to one Lab, shown once


def test_its_cells_are_short() -> None:
    assert len(NOTEBOOK.cells) <= 40
    assert max(source.count("\n") + 1 for source in CODE) <= 12


def test_its_time_has_room_for_what_it_asks_for() -> None:
    text = "\n".join(TEXT)
    least = int(re.findall(r"\| (\d+)–\d+ minutes", text)[0])
    exercises = sum(map(int, re.findall(r"Exercise .+ (\d+) minutes", text)))
    reading = len(text.split()) / 150  # words a minute, to be understood
    clicks = len(CODE) / 4 + sum(source.count("predict(") for source in CODE) / 2
    assert exercises + reading + clicks <= least  # nobody is as quick as that


@pytest.mark.anyio
async def test_a_place_in_a_request_holds_what_is_put_there() -> None:
    for place, put in lesson_06.PLACES.items():
        params = put("here").params
        texts = [params.system_prompt, *(message.content_as_list[0] for message in params.messages)]
        assert sum("here" in str(text) for text in texts) == 1, place


@pytest.mark.anyio
async def test_the_callback_of_the_check_keeps_a_copy_that_nobody_changes_later() -> None:
    callback, params = Callback(), REQUEST.model_copy(deep=True)
    assert isinstance(await callback("context", params), CreateMessageResult)
    params.messages.clear()
    assert callback.asked == [("context", REQUEST)]
