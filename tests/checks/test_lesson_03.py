"""Lesson 03: more than one choice of dials is right for a job; each exercise has its hints, and the form is kept."""

import ast
import re
from typing import Any

import pytest
from nbformat import NotebookNode

from labkit import close_all
from labkit.checks import examine
from lessons import build

pytestmark = pytest.mark.anyio

LESSON = build.LESSONS / "03_turn_the_dials.py"
Dials = tuple[float, int, str]
WHY = "I have my reasons for this"
KEEP = """
async def keep(context, params):
    asked.append(params)
    return await model(context, params)
"""


def choosing(**jobs: tuple[float, int]):
    """A student's `my_dials` that chooses well, and for `jobs` what is given."""
    chosen = {"label": (0.0, 8), "explain": (0.2, 100), "names": (1.2, 100)} | jobs

    def my_dials(job: str) -> Dials:
        return (*chosen[job], f"{WHY}, {job}")

    return my_dials


@pytest.mark.parametrize("tokens", [40, 300, 400])
async def test_a_few_sentences_and_ten_names_may_have_room(tokens: int) -> None:
    report = await examine("3.2", choosing(explain=(0.2, tokens), names=(1.0, tokens)))
    assert report.status == "PASS", report


@pytest.mark.parametrize("job", ["explain", "names"])
@pytest.mark.parametrize("tokens", [20, 39, 401])
async def test_neither_less_room_nor_endless_room_fits(job: str, tokens: int) -> None:
    report = await examine("3.2", choosing(**{job: (0.8 if job == "names" else 0.2, tokens)}))
    assert f"you chose {tokens} tokens; 40 to 400 fit the job" in report.problem


async def test_a_temperature_that_does_not_fit_is_told_why() -> None:
    """Not with what holds only for ten requests of one name each: here one request asks for ten."""
    report = await examine("3.2", choosing(names=(0.2, 100)))
    assert "For 'names' you chose temperature 0.2." in report.problem
    assert "the likeliest words" in report.problem
    assert "ten times" not in report.problem


@pytest.fixture(params=[False, True], ids=["student", "instructor"])
def cells(request: pytest.FixtureRequest) -> list[NotebookNode]:
    return build.from_lesson(LESSON, solved=request.param).cells


def test_the_lesson_keeps_to_its_form(cells: list[NotebookNode]) -> None:
    assert 16 <= len(cells) <= 40
    assert [cell.source for cell in cells if cell.cell_type == "code" and cell.source.count("\n") >= 12] == []


def test_the_flow_of_a_stub_names_the_function_that_the_student_writes() -> None:
    stored = (build.EXECUTED / "03_turn_the_dials.ipynb").read_text(encoding="utf-8")
    assert set(re.findall(r"(\w+) raised NotImplementedError", stored)) == {"careful"}


async def test_twenty_hot_draws_show_that_a_label_wants_temperature_0(capsys: pytest.CaptureFixture[str]) -> None:
    """What the cell is there to show hangs on the weights, and on a text that leaves them room for doubt."""
    cells = build.from_lesson(LESSON, solved=False).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    [drawing] = [source for source in code if "drawn = [" in source]
    notebook: dict[str, Any] = {"asked": []}
    for source in (code[0], KEEP, drawing):
        compiled = compile(source, "lesson 03", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        ran = eval(compiled, notebook)  # noqa: S307 - a cell of ours
        if ran is not None:
            await ran
    close_all()
    *cold, warm, hot = [line for line in capsys.readouterr().out.splitlines() if line.startswith("tiny model")]
    labels = {line.rpartition("| ")[2] for line in cold}
    assert len(labels) == 1
    assert warm.startswith("tiny model, temperature 1 | ")
    assert hot.startswith("tiny model, temperature 2 | ")
    found = ast.literal_eval(warm.partition("| ")[2].rpartition(", no label")[0])
    another = 'In lesson 03, "A label", take another of SAMPLE_TEXTS, one that the model is less sure of.'
    assert sum(count > 0 for count in found.values()) > 1, f"At temperature 1 students see no race: {warm}. {another}"
    assert set(notebook["drawn"]) != labels, f"At temperature 2 students see no harm in heat: {hot}. {another}"


def test_every_line_that_shows_what_the_embedded_model_says_names_it(cells: list[NotebookNode]) -> None:
    prints = [
        line.strip()
        for cell in cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if re.search(r"\bprint\(.*(\.text|\btext\}|\bfound\})", line)
    ]
    said = [line for line in prints if ".text == " not in line]
    assert len(said) > 5
    assert [line for line in said if not re.match(r'print\(f?"tiny model\b', line)] == []
