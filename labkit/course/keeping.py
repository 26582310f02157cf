"""`keep`: what a student wrote in cells as a program in a file, which needs no notebook."""

import ast
import builtins
import linecache
import symtable
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
KEPT_AS_THEY_ARE = ("test_desk.py", "test_my_client.py")
"""The tests of `examples/`, which hold for what a student wrote as well."""
MARK = "# YOUR FUNCTIONS\n"
KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
"""What of a cell belongs in a program: what it prints or tries does not."""


class NotWritten(Exception):
    """Why there is no program yet; the text is what a student reads."""


def keep(name: str, *functions: Callable[..., Any]) -> None:
    """Write a program beside the notebook, with the cells in which functions of yours stand. No file is lost by it.

        keep("my_client.py", conversation, finish, my_callback, make)

    Args:
        name: The program's name: there is a frame for it in the course, or a program of `examples/` that needs none.
        functions: What the frame needs, in this order. While one is a stub, no file is written.

    Raises:
        LookupError: There is no frame of that name.
    """
    try:
        text = program(name, *functions)
        told = _write(Path(name), text)
    except NotWritten as why:
        print(why)
    except OSError as error:
        print(f"{name} could not be written: {error.strerror or error}.")
    else:
        called = ", ".join(map(_named, functions))
        print(f"{name}: {called}, in a program of plain mcp.{told}" if called else f"{name} is written.{told}")
        for function in functions:
            lacking = _globals_of(_cell_of(function)) - _known_in(text)
            if lacking:
                there = f"which stand{'s' * (len(lacking) == 1)} in another cell"
                print(
                    f"{name} uses {', '.join(sorted(lacking))}, {there}: move it into the cell of {_named(function)}."
                )


def program(name: str, *functions: Callable[..., Any]) -> str:
    """The text of the program that `keep` writes.

    Raises:
        LookupError: There is no frame of that name.
        NotWritten: A function is a stub, or cannot be read.
    """
    frames = {path.with_suffix(".py").name: path for path in HERE.glob("*.txt")}
    frame = frames.get(name) or (EXAMPLES / name if not functions and name in KEPT_AS_THEY_ARE else None)
    if frame is None or not frame.exists():
        raise LookupError(f"There is no frame for {name}; there are those of {', '.join(sorted(frames))}.")
    cells = list[str]()
    for function in functions:
        called, cell = _named(function), _cell_of(function)
        if not cell:
            raise NotWritten(f"{called} cannot be read: run its cell, then this one again.")
        if "raise NotImplementedError\n" in cell:
            raise NotWritten(f"TODO: {called} is not written yet, so {name} is not either.")
        if cell not in cells:
            cells.append(cell)
    return frame.read_text(encoding="utf-8").replace(MARK, "\n\n".join(cells))


def _named(function: object) -> str:
    return getattr(function, "__name__", repr(function))


def _cell_of(function: object) -> str:
    """What of the cell of a function belongs in a program; "" where it cannot be read."""
    return _kept("".join(linecache.getlines(_file_of(function))))


def _known_in(text: str) -> set[str]:
    """The names that a module has: its own, and those that are always there."""
    table = symtable.symtable(text, "<program>", "exec")
    own = (name for name in table.get_identifiers() if not _is_read_only(table.lookup(name)))
    return {*own, *dir(builtins), "__file__"}


def _globals_of(text: str) -> set[str]:
    """The names that a module reads and that none of its functions has for itself."""
    waiting, found = [symtable.symtable(text, "<cell>", "exec")], set[str]()
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        at_top = table.get_type() == "module"
        found |= {
            each.get_name() for each in table.get_symbols() if each.is_referenced() and (at_top or each.is_global())
        }
    return found


def _is_read_only(symbol: symtable.Symbol) -> bool:
    return not (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace())


def _write(path: Path, text: str) -> str:
    """Write a file. Another text that stood there is a student's: it gets another name, which is told.

    Raises:
        OSError: One of the two is not possible.
    """
    told = ""
    if path.exists() and path.read_bytes() != text.encode():
        former = next(each for i in count(1) if not (each := path.with_stem(f"{path.stem}_{i}")).exists())
        path.rename(former)
        told = f" What was in {path.name} is in {former.name} now."
    path.write_text(text, encoding="utf-8", newline="\n")
    return told


def _file_of(function: object) -> str:
    """The name under which the cell of a function, a class or a partial is known; "" where there is none."""
    inner: object = getattr(function, "func", function)
    members: list[object] = [inner, *(vars(inner).values() if isinstance(inner, type) else ())]
    codes = (getattr(member, "__code__", None) for member in members)
    return next((code.co_filename for code in codes if code), "")


def _kept(cell: str) -> str:
    """A cell without what is neither an import, a definition nor a name that is set; "" for what is no cell."""
    lines = cell.splitlines()
    parts: list[str] = []
    try:
        body = ast.parse(cell).body
    except SyntaxError:
        return ""
    for node in body:
        if isinstance(node, KEPT):
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
            parts.append("\n".join(lines[first - 1 : node.end_lineno]))
    return "\n\n\n".join(parts) + "\n" * bool(parts)
