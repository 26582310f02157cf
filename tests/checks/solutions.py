"""The exercises of the lessons with their solutions, as the instructor's notebook has them."""

import ast
import linecache
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jupytext

from lessons import build

CHECKED = re.compile(r'await check\("(\d+\.\d+)", (\w+)\)')

MARKS = ("# SOLUTION", "# END SOLUTION")


class Solution(NamedTuple):
    """An exercise of a lesson, solved.

    `setup` is the first cell of the lesson, `source` the cell of the function, `before` the functions of the exercises
    before it, which it may call.
    """

    number: str
    name: str
    setup: str
    source: str
    before: str

    @property
    def parts(self) -> list[range]:
        """The lines of `source` that a student writes: a range for each solution in it."""
        lines = [line.strip() for line in self.source.splitlines()]
        begins, ends = ([at for at, line in enumerate(lines, 1) if line == mark] for mark in MARKS)
        return [range(begin + 1, end) for begin, end in zip(begins, ends, strict=True)]

    @property
    def stub(self) -> str:
        """The cell as a student finds it."""
        return build.SOLUTION.sub(r"\1raise NotImplementedError\n", self.source)

    def function(self, source: str, **names: object) -> Callable[..., Any]:
        """The function as `source` defines it in the place of its cell; `names` are known there too."""
        imports: list[ast.stmt] = [
            node for node in ast.parse(self.setup).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        namespace: dict[str, Any] = {**names}
        exec(compile(ast.Module(imports, []), "<setup>", "exec"), namespace)  # noqa: S102 - our own lesson
        for each in (self.before, source):
            exec(compile(each, "<exercise>", "exec"), namespace)  # noqa: S102
        # As IPython does it: a check may look for the cell of a function.
        linecache.cache["<exercise>"] = len(source), None, source.splitlines(keepends=True), "<exercise>"
        return namespace[self.name]


def solutions() -> Iterator[Solution]:
    """Every exercise that a lesson checks."""
    for lesson in build.lessons():
        text = lesson.read_text(encoding="utf-8")
        code = [cell.source for cell in jupytext.reads(text, fmt="py:percent").cells if cell.cell_type == "code"]
        before: list[str] = []
        for number, name in CHECKED.findall(text):
            source = next(cell for cell in code if re.search(rf"def {name}\(", cell))
            yield Solution(number, name, code[0], source, "\n\n".join(before))
            before.append(source)
