"""Every exercise, proven three times: the stub is a TODO, the solution a PASS, each mistake gets its own sentence."""

from importlib import import_module

import jupytext
import pytest

from labkit.checks import examine
from lessons import build
from tests.checks import mistakes
from tests.checks.solutions import solutions

pytestmark = pytest.mark.anyio

CATALOGUE = {exercise: mistakes.load(exercise) for exercise in mistakes.exercises()}
SOLUTIONS = {solution.number: solution for solution in solutions()}


@pytest.mark.parametrize("number", SOLUTIONS)
async def test_the_stub_is_a_todo_and_the_solution_a_pass(number: str) -> None:
    solved = SOLUTIONS[number]
    stub = await examine(number, solved.function(solved.stub))
    assert stub.status == "TODO", stub
    solution = await examine(number, solved.function(solved.source))
    assert solution.status == "PASS", solution
    assert solution.passed == solution.total


@pytest.mark.parametrize(
    ("number", "name"),
    [pytest.param(number, name, id=f"{number}/{name}") for number in CATALOGUE for name in CATALOGUE[number]],
)
async def test_a_mistake_gets_its_own_sentence(number: str, name: str) -> None:
    function, said = CATALOGUE[number][name]
    report = await examine(number, function)
    assert report.status == "NOT YET", report
    assert said in report.problem
    assert "\n" not in report.problem


def test_every_exercise_has_three_mistakes_and_no_two_of_them_get_the_same_sentence() -> None:
    assert set(CATALOGUE) == SOLUTIONS.keys()
    for number, wrong in CATALOGUE.items():
        said = {said for _, said in wrong.values()}
        assert len(said) == len(wrong) >= 3, number


def test_every_exercise_of_a_checks_module_is_in_its_lesson() -> None:
    offered = SOLUTIONS.keys()
    numbers = [lesson.stem[:2] for lesson in build.lessons() if lesson.stem[0].isdigit()]  # the playground has none
    modules = [import_module(f"labkit.checks.lesson_{number}") for number in numbers]
    assert {number for module in modules for number in module.EXERCISES} == offered


def test_a_lesson_source_is_plain_percent_format() -> None:
    for lesson in build.lessons():
        cells = jupytext.reads(lesson.read_text(encoding="utf-8"), fmt="py:percent").cells
        assert cells[0].cell_type == "markdown"
