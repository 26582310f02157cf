"""Every exercise, proven three times: its stub is a TODO, its solution a PASS, and each mistake gets its own sentence.

A file of `tests/wrong_answers/lesson_NN/` is named after its exercise (`1_2_case_matters.py`), holds one function, and
its docstring is a part of the sentence that a student must read for it.
"""

import ast
import importlib.util
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import jupytext
import pytest

from labkit.checks import examine
from lessons import build

pytestmark = pytest.mark.anyio

WRONG = sorted((Path(__file__).parent.parent / "wrong_answers").glob("lesson_*/*.py"))
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


def mistake(path: Path) -> tuple[str, str, Callable[..., Any]]:
    """The exercise a wrong answer belongs to, what must be said of it, and the answer."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lesson, number, _ = path.stem.split("_", 2)
    functions = [f for _, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == path.stem]
    assert len(functions) == 1
    return f"{lesson}.{number}", module.__doc__ or "", functions[0]


@pytest.mark.parametrize(("number", "lesson", "name"), exercises(), ids=[number for number, _, _ in exercises()])
async def test_the_stub_is_a_todo_and_the_solution_a_pass(number: str, lesson: Path, name: str) -> None:
    stub = await examine(number, function_of(lesson, name, solved=False))
    assert stub.status == "TODO", stub
    solution = await examine(number, function_of(lesson, name, solved=True))
    assert solution.status == "PASS", solution
    assert solution.passed == solution.total


@pytest.mark.parametrize("path", WRONG, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_mistake_gets_its_own_sentence(path: Path) -> None:
    number, said, function = mistake(path)
    report = await examine(number, function)
    assert report.status == "NOT YET", report
    assert said in report.problem
    assert "\n" not in report.problem


@pytest.mark.parametrize("number", sorted({number for number, _, _ in exercises()}))
async def test_no_two_mistakes_of_an_exercise_get_the_same_sentence(number: str) -> None:
    wrong = [mistake(path) for path in WRONG]
    said = [words for of, words, _ in wrong if of == number]
    assert len(said) >= 3
    assert len(set(said)) == len(said)


def test_every_exercise_of_a_checks_module_is_in_its_lesson() -> None:
    offered = {number for number, _, _ in exercises()}
    numbers = [lesson.stem[:2] for lesson in build.lessons() if lesson.stem[0].isdigit()]  # the playground has none
    modules = [import_module(f"labkit.checks.lesson_{number}") for number in numbers]
    assert {number for module in modules for number in module.EXERCISES} == offered


def test_a_lesson_source_is_plain_percent_format() -> None:
    for lesson in build.lessons():
        cells = jupytext.reads(lesson.read_text(encoding="utf-8"), fmt="py:percent").cells
        assert cells[0].cell_type == "markdown"
