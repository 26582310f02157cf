"""Lesson 15 prints the figures that its data have, and its solution asks with the question that was recorded."""

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from labkit import Lab, Scripted, close_all
from labkit.checks.asking_servers import text_of
from lessons import build

CELLS = build.from_lesson(build.LESSONS / "15_capstone.py", solved=True).cells
CODE = [cell.source for cell in CELLS if cell.cell_type == "code"]


def cell(sign: str) -> str:
    """The one cell of code with these words in it."""
    [found] = [source for source in CODE if sign in source]
    return found


@pytest.mark.anyio
async def test_the_figures_that_the_lesson_prints_are_those_of_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names: dict[str, Any] = {}
    for source in (
        CODE[0].partition("\nprint")[0],
        cell("write_database(folder").partition("    print")[0],
        cell("def facts_of("),
        cell("def make_capstone("),
    ):
        exec(source, names)  # noqa: S102 - our own lesson
    facts = {what: (value, day) for what, value, day in names["facts_of"](names["database"], "daily", "latency_ms")}
    mean, largest, worst = f"{facts['mean'][0]:.1f}", f"{facts['largest'][0]:.1f}", facts["largest"][1]
    shown = cell("FACTS = ")
    assert f'FACTS = "mean {mean}, largest {largest} on {worst}"' in shown
    assert f"The worst day had {largest}, the mean is {mean}." in shown
    assert f"The worst day had {mean}, the mean is {largest}." in shown
    [made_up] = re.findall(r'"It was (\S+)\."', shown)
    assert made_up not in shown.partition("\n")[0]

    model = Scripted(lambda _: "")
    lab = Lab(names["make_capstone"](names["database"], tmp_path), sampling_callback=model)
    await lab.call_tool("report", {"table": "daily", "column": "latency_ms"})
    close_all()
    asked = text_of(model.asked[0]).splitlines()[1:]
    text = "\n".join(each.source for each in CELLS)
    [example] = re.findall(r"`(\[[a-z]\] mean: .+?)`", text)
    assert example in asked
    recorded = re.findall(r"^\[.+", cell("RECORDED = "), re.MULTILINE)
    assert [fact.partition(" on ")[0] for fact in asked] == recorded
