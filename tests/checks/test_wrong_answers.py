"""Every exercise, proven three times: the stub is a TODO, the solution a PASS, each mistake gets its own sentence."""

import ast
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import jupytext
import pytest

from labkit.checks import examine
from lessons import build
from tests.checks import mistakes

pytestmark = pytest.mark.anyio

CATALOGUE = {exercise: mistakes.load(exercise) for exercise in mistakes.exercises()}
CHECKED = re.compile(r'await check\("(\d+\.\d+)", (\w+)\)')


def exercises() -> list[tuple[str, Path, str]]:
    """Every exercise that a lesson checks: its number, the lesson, the name of the function."""
    return [
        (number, lesson, name)
        for lesson in build.lessons()
        for number, name in CHECKED.findall(lesson.read_text(encoding="utf-8"))
    ]


def function_of(lesson: Path, name: str, *, solved: bool) -> Callable[..., Any]:
    """A function of a lesson, as the student's or the instructor's notebook defines it."""
    code = [cell.source for cell in build.from_lesson(lesson, solved=solved).cells if cell.cell_type == "code"]
    source = next(source for source in code if re.search(rf"def {name}\(", source))
    imports: list[ast.stmt] = [
        node for node in ast.parse(code[0]).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    namespace: dict[str, Any] = {}
    exec(compile(ast.Module(imports, []), "<setup>", "exec"), namespace)  # noqa: S102 - our own lesson
    exec(compile(source, "<exercise>", "exec"), namespace)  # noqa: S102
    return namespace[name]


@pytest.mark.parametrize(("number", "lesson", "name"), exercises(), ids=[number for number, _, _ in exercises()])
async def test_the_stub_is_a_todo_and_the_solution_a_pass(number: str, lesson: Path, name: str) -> None:
    stub = await examine(number, function_of(lesson, name, solved=False))
    assert stub.status == "TODO", stub
    solution = await examine(number, function_of(lesson, name, solved=True))
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
    assert set(CATALOGUE) == {number for number, _, _ in exercises()}
    for number, wrong in CATALOGUE.items():
        said = {said for _, said in wrong.values()}
        assert len(said) == len(wrong) >= 3, number


def test_every_exercise_of_a_checks_module_is_in_its_lesson() -> None:
    offered = {number for number, _, _ in exercises()}
    numbers = [lesson.stem[:2] for lesson in build.lessons() if lesson.stem[0].isdigit()]  # the playground has none
    modules = [import_module(f"labkit.checks.lesson_{number}") for number in numbers]
    assert {number for module in modules for number in module.EXERCISES} == offered


def test_a_lesson_source_is_plain_percent_format() -> None:
    for lesson in build.lessons():
        cells = jupytext.reads(lesson.read_text(encoding="utf-8"), fmt="py:percent").cells
        assert cells[0].cell_type == "markdown"
