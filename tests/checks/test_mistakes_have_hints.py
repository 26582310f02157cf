"""Each mistake that a check names has its hint, and each hint to a mistake belongs to one that a check names."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest

from labkit.checks import (
    asking_servers,
    budgets,
    capstones,
    careful_desk,
    cases,
    days,
    desks,
    engine,
    examine,
    factories,
    hosts,
    instrumented,
    judging,
    retries,
    server_cases,
)
from labkit.course.entries import exercises
from labkit.course.hints import Hints
from labkit.course.table import lessons
from tests.checks import mistakes
from tests.story import ROOT

LESSONS = {
    lesson.number: import_module(f"labkit.checks.lesson_{lesson.number}")
    for lesson in lessons()
    if exercises(lesson.number)
}
OWN_WORDS = {"raises"}
"""What a student's own error is called: the hint goes by what the error says."""


def named(module: ModuleType) -> Iterator[str]:
    """The keys of mistakes in a module: each text that is given as `hint`, by name or by place."""
    tree = ast.parse(inspect.getsource(module))
    places: dict[str, int] = {}
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [argument.arg for argument in each.args.args]
            if "hint" in names:
                places[each.name] = names.index("hint")
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            given = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
            if isinstance(call.func, ast.Name) and len(call.args) > (place := places.get(call.func.id, 99)):
                given.append(call.args[place])
            yield from (str(each.value) for each in given if isinstance(each, ast.Constant) and each.value)


ALSO = {
    "04": [careful_desk],
    "06": [budgets],
    "09": [retries],
    "12": [days],
    "13": [desks, hosts],
    "14": [instrumented],
    "15": [capstones],
}
"""Where else the checks of a lesson stand."""
COMMON = {key for module in (engine, judging, asking_servers) for key in named(module)}


def in_tables(lesson: str) -> Iterator[str]:
    """The keys of mistakes in a lesson's tables of cases."""
    for file in (ROOT / "labkit" / "checks").glob(f"lesson_{lesson}.toml"):
        for table in tomllib.loads(file.read_text(encoding="utf-8")).values():
            yield from (row["hint"] for row in table if "hint" in row)


def keys_of(lesson: str) -> set[str]:
    return {*in_tables(lesson), *(key for module in (LESSONS[lesson], *ALSO.get(lesson, [])) for key in named(module))}


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_mistake_that_a_check_names_has_its_hint(lesson: str) -> None:
    told = {name for number in exercises(lesson) for name in Hints.of(number).mistakes}
    assert keys_of(lesson) - told - OWN_WORDS == set()


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_hint_to_a_mistake_belongs_to_one_that_a_check_names(lesson: str) -> None:
    numbers = [number for number in exercises(lesson) if number != "2.6"]  # its mistakes are cases of the scorecard
    told = {name for number in numbers for name in Hints.of(number).mistakes.keys() - Hints.of(number).errors.keys()}
    letters = {*"ABCDEF"} if lesson == "05" else set()  # the cases of 5.2
    if lesson in ("13", "15"):  # the cases of 13.1
        letters |= {case.id.partition(".")[2] for case in server_cases()}
    letters |= {*LESSONS["14"].CLUES, "samples"} if lesson == "14" else set()  # calls of 14.1, a column of 14.2
    if lesson == "15":  # what stands in the tables of 15.1 to 15.3
        letters |= {"code", "sample", "refused", "rows", "mean", "largest", *(hint for *_, hint in capstones.WRONG)}
    assert told - keys_of(lesson) - COMMON - letters == set()


def test_the_hints_of_the_last_exercise_of_lesson_02_are_to_cases_of_the_scorecard() -> None:
    hints = Hints.of("2.6")
    assert hints.mistakes.keys() - hints.errors.keys() - {*named(LESSONS["02"]), *named(factories)} <= {
        case.id for case in cases()
    }


@pytest.mark.parametrize("lesson", LESSONS)
def test_below_each_check_stand_its_own_hints(lesson: str) -> None:
    [source] = (ROOT / "lessons").glob(f"{lesson}_*.py")
    code = source.read_text(encoding="utf-8")
    checks = re.findall(r'^await check\("(.+?)", \w+\)\nhint\("(.+?)"\)$', code, re.MULTILINE)
    assert checks == [(number, number) for number in exercises(lesson)]
    assert len(checks) == code.count("await check(")
    assert "<details>" not in code


@pytest.mark.anyio
async def test_a_system_prompt_that_is_not_there_has_the_hint_of_one_that_is_left_out() -> None:
    for name in ("none_is_a_prompt", "no_system_prompt"):
        report = await examine("2.1", mistakes.load("2.1")[name][0])
        assert (name, report.hint) == (name, "system")
