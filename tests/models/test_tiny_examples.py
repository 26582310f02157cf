"""Every example in the docstrings of the tiny model runs as it is written."""

import ast
from collections.abc import Generator, Iterator

import pytest

import labkit
import labkit.models.tiny
from labkit import close_all
from labkit.models.tiny.callback import FOLDER
from tests.story import bookshop


def examples() -> Iterator[tuple[str, str]]:
    """The name of what is documented, and the code: lines that stand further in, after an empty line."""
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = path.stem if isinstance(node, ast.Module) else f"{path.stem}.{node.name}"
                yield from ((name, code) for code in examples_in(ast.get_docstring(node) or ""))


def examples_in(docstring: str) -> Iterator[str]:
    lines, code = docstring.splitlines(), list[str]()
    for before, line in zip(["", *lines], [*lines, ""], strict=True):
        if line.startswith("    ") and (code or not before.strip()):
            code.append(line[4:])
        elif code:
            yield "\n".join(code)
            code = []


EXAMPLES = list(examples())


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


@pytest.mark.parametrize(("name", "code"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_runs_as_it_is_written(name: str, code: str) -> None:
    shared = {each: getattr(labkit.models.tiny, each) for each in labkit.models.tiny.__all__}
    exec(compile(code, f"an example of {name}", "exec"), {**shared, "Lab": labkit.Lab, "server": bookshop()})  # noqa: S102 - our own text


def test_the_examples_are_found() -> None:
    assert "callback.TinyModel" in {name for name, _ in EXAMPLES}
    told = "One line.\n\n    one()\n    two()\n\nMore.\n\nArgs:\n    name: No code.\n        Nor this.\n"
    assert list(examples_in(told)) == ["one()\ntwo()"]
    assert list(examples_in("One line.\n\n    last()")) == ["last()"]
