"""The catalogue of mistakes: `tests/wrong_answers/1_2.py` holds those that students make in exercise 1.2.

A function is a mistake and its name says which. Its docstring says first, in a teacher's words, what is wrong, and
then a part of the sentence that the student must read. What begins with an underscore is shared, and no mistake.

A file of `tests/wrong_answers/scorecard/` holds wrong callbacks, and factories of them, by theme; one of `serving/`
functions that make wrong servers. There the docstring ends in the cases that must fail.
"""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from labkit.checks.engine import STAGE_TIMEOUT

FOLDER = Path(__file__).parent.parent / "wrong_answers"
PACKAGE = "tests.wrong_answers"


class Wrong(NamedTuple):
    """A callback, or a factory of one, or of a server; the cases that it must fail; seconds for an answer of it."""

    given: Callable[..., Any]
    fails: set[str]
    timeout: float


def exercises() -> list[str]:
    """The numbers of the exercises in the catalogue: ["1.1", "1.2", ...]."""
    return sorted(path.stem.replace("_", ".") for path in FOLDER.glob("*_*.py"))


def load(exercise: str) -> dict[str, tuple[Callable[..., Any], str]]:
    """The mistakes of an exercise by name: each the function, and the words that the student must read for it."""
    module = import_module(f"{PACKAGE}.{exercise.replace('.', '_')}")
    return {function.__name__: (function, " ".join(told.split())) for function, told in _mistakes(module)}


def load_callbacks() -> dict[str, Wrong]:
    """The wrong callbacks of every theme, by name."""
    return _by_cases("scorecard")


def load_servers() -> dict[str, Wrong]:
    """What makes the wrong servers of every theme, by name."""
    return _by_cases("serving")


def _by_cases(folder: str) -> dict[str, Wrong]:
    modules = [import_module(f"{PACKAGE}.{folder}.{path.stem}") for path in FOLDER.glob(f"{folder}/*.py")]
    return {
        function.__name__: Wrong(
            function, set(told.replace("- ", "").split()), getattr(module, "TIMEOUT", STAGE_TIMEOUT)
        )
        for module in sorted(modules, key=lambda module: module.__name__)
        for function, told in _mistakes(module)
    }


def _mistakes(module: ModuleType) -> Iterator[tuple[Callable[..., Any], str]]:
    """The functions of a module that are mistakes, each with what stands below the first line of its docstring."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            wrong, _, told = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
            assert wrong.endswith("."), f"{module.__name__}.{name}: say in a sentence what is wrong."
            assert told, f"{module.__name__}.{name}: say what the student must read."
            yield function, told
