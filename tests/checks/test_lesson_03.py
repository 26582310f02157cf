"""Lesson 03: more than one choice of dials is right for a job; each exercise has its hints, and the form is kept."""

import re
from itertools import pairwise

import pytest
from nbformat import NotebookNode

from labkit.checks import examine
from lessons import build

pytestmark = pytest.mark.anyio

Dials = tuple[float, int, str]
WHY = "I have my reasons for this"


def choosing(**jobs: tuple[float, int]):
    """A student's `my_dials` that chooses well, and for `jobs` what is given."""
    chosen = {"label": (0.0, 8), "explain": (0.2, 100), "names": (1.2, 100)} | jobs

    def my_dials(job: str) -> Dials:
        return (*chosen[job], WHY)

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


@pytest.fixture(params=[False, True], ids=["student", "instructor"])
def cells(request: pytest.FixtureRequest) -> list[NotebookNode]:
    return build.from_lesson(build.LESSONS / "03_turn_the_dials.py", solved=request.param).cells


def test_the_lesson_keeps_to_its_form(cells: list[NotebookNode]) -> None:
    assert 16 <= len(cells) <= 40
    assert [cell.source for cell in cells if cell.cell_type == "code" and cell.source.count("\n") >= 12] == []


def test_below_each_check_stand_its_own_hints_and_an_error_that_a_student_may_see(cells: list[NotebookNode]) -> None:
    below = {
        found.group(1): after.source
        for cell, after in pairwise(cells)
        if (found := re.match(r'await check\("(3\.\d)"', cell.source))
    }
    assert sorted(below) == ["3.1", "3.2", "3.3", "3.4"]
    for text in below.values():
        assert re.findall(r"<summary>Hint (\d)", text) == ["1", "2", "3"]
        assert '<summary>I see "' in text


def test_the_flow_of_a_stub_names_the_function_that_the_student_writes() -> None:
    stored = (build.NOTEBOOKS / "03_turn_the_dials.ipynb").read_text(encoding="utf-8")
    assert set(re.findall(r"(\w+) raised NotImplementedError", stored)) == {"careful"}
