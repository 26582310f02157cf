"""The source of a student's callback, with what it uses from the notebook, for a program of its own.

Each name that the callback uses is imported where it can be; else its function is written down, its value, or the
statement of the notebook that made it, with all that these use in turn; else the program says that it is missing.
"""

import __future__

import ast
import builtins
import dis
import inspect
import linecache
import re
import textwrap
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

from labkit.models.answerers import row_of
from labkit.playground.program_parts import Parts
from labkit.secret_forms import find_secrets

PLACES = ("mcp.types", "mcp", "labkit")
"""The modules in which a name is looked for before the module that says it made the value."""

_OF_THE_KIT = ("labkit.host", "labkit.models")
"""The packages whose objects a program may make anew; a Lab, a playground and their views belong to the notebook."""

_CONTAINERS: tuple[Any, ...] = (list, dict, set, deque, Counter)
_MAKING = (ast.Assign, ast.AnnAssign, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


_Scope = tuple[Mapping[str, Any], list[str]]
"""The values of a function's names, and the texts that may say how the names came to these, the last one first."""


@dataclass(slots=True)
class _Source(Parts):
    """The source of a callback: functions and values as text with their imports, and the names that are done with."""

    seen: set[str] = field(default_factory=set[str])


def source_of(callback: Any) -> tuple[str, Parts] | None:
    """The name of a callback and its source with all that it needs; `None` where there is no source to be had.

    A value that cannot be written down has a block that says so when the program is started.
    """
    source = _Source()
    if (row := row_of(callback)) and row.rebuilt:
        _use("model", callback, source, ({}, []))
        return "model", source
    return (callback.__name__, source) if _add(callback, source) else None


def missing(name: str, what: str) -> str:
    """The lines of a program that has to be told what `name` is before it can run."""
    text = f"{what} is missing: put it into the line that begins with `{name} =`."
    return f'{name} = None  # put it here\nif {name} is None:\n    sys.exit("{text}")'


def _add(given: Any, source: _Source) -> bool:
    """Write a function down, with all that it needs. Returns whether that is possible."""
    function = inspect.unwrap(given) if isinstance(given, FunctionType) else None
    if not isinstance(function, FunctionType):
        return False
    try:
        text = textwrap.dedent(inspect.getsource(function))
        node = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return False
    if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
        return False
    # The playground's own decorator has done its work; any other decorator changes what the function does.
    node.decorator_list = [
        each for each in node.decorator_list if not (isinstance(each, ast.Attribute) and each.attr == "callback")
    ]
    source.seen.add(node.name)
    _use_names(_compiled(node), source, _scope_of(function))
    source.blocks.append(_text_of(node, text))
    return True


def _scope_of(function: FunctionType) -> _Scope:
    closed: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        with suppress(ValueError):  # the cell is empty
            closed[name] = cell.cell_contents
    ran: Any = function.__globals__.get("In")  # as IPython keeps what was run
    texts = [each for each in cast("list[Any]", ran) if isinstance(each, str)] if isinstance(ran, list) else []
    file = "".join(linecache.getlines(function.__code__.co_filename))
    return {**function.__globals__, **closed}, [*reversed(texts), file]


def _compiled(node: ast.stmt) -> CodeType:
    # The program has annotations that are not evaluated, unless something looks at those of a class, as pydantic does.
    flags = 0 if isinstance(node, ast.ClassDef) else __future__.annotations.compiler_flag
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compile(ast.Module([node], []), "own", "exec", flags, dont_inherit=True)


def _names(code: CodeType, *operations: str, inside: bool = False) -> Iterator[str]:
    """The names in a statement with which one of `operations` is done; with `inside` also in its functions."""
    for step in dis.get_instructions(code):
        if step.opname.startswith(operations):
            yield str(step.argval)
    for constant in code.co_consts if inside else ():
        if isinstance(constant, CodeType):
            yield from _names(constant, *operations, inside=True)


def _use_names(code: CodeType, source: _Source, scope: _Scope) -> bool:
    """Write down what a statement uses from outside. Returns whether all of it is there then."""
    (known, _), whole = scope, True
    used = _names(code, "LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", inside=True)
    for name in dict.fromkeys(used):
        if name in source.seen or name.startswith("__"):
            continue
        if name in known:
            source.seen.add(name)
            whole = _use(name, known[name], source, scope) and whole
        else:
            whole = whole and hasattr(builtins, name)
    return whole


def _use(name: str, value: Any, source: _Source, scope: _Scope) -> bool:
    """Write down what `name` stands for. Returns whether the program then has it as the notebook does."""
    kind: Any = type(value)
    shown, note = None, ""
    if isinstance(value, ModuleType):
        source.use(name if value.__name__ == name else f"{value.__name__} as {name}")
    elif (place := _place(name, value)) is not None:
        source.use(place, name)
    elif (row := row_of(value)) and row.rebuilt:
        source.use("labkit", kind.__name__)
        shown = repr(value)
    elif isinstance(value, FunctionType) and not hasattr(value, "__wrapped__") and _add(value, source):
        shown = value.__name__ if value.__name__ != name else None
    elif isinstance(value, str) and find_secrets(value, name):
        return _is_missing(name, source)
    elif kind not in _CONTAINERS and _is_plain(value):
        shown = repr(value)
    elif _add_statement(name, value, source, scope):
        pass
    elif _is_plain(value) and not find_secrets(repr(value)):
        shown = repr(value)
    elif kind in _CONTAINERS:
        shown, note = repr(kind()), "  # what your notebook has put into it is left out"
        if kind.__module__ == "collections":
            source.use("collections", kind.__name__)
    else:
        return _is_missing(name, source)
    if shown is not None:
        source.blocks.append(f"{name} = {shown}{note}")
    return True


def _is_missing(name: str, source: _Source) -> bool:
    source.blocks.append(missing(name, f"`{name}`, which your callback uses,"))
    return False


def _add_statement(name: str, value: object, source: _Source, scope: _Scope) -> bool:
    """Write down the statement that made a value, with all that it needs. Returns whether there is one."""
    module = type(value).__module__
    if module.partition(".")[0] in ("labkit", "ipywidgets", "anywidget") and not module.startswith(_OF_THE_KIT):
        return False
    statements = ((text, *each) for text in scope[1] if name in text for each in _statements(text))
    for cell, node, code in statements:
        made = set(_names(code, "STORE_NAME"))
        if name not in made:
            continue
        # A statement that awaits can stand in a function only; one that reads what it makes has another before it.
        if code.co_flags & inspect.CO_COROUTINE or made & set(_names(code, "LOAD_NAME")):
            return False
        tried = _Source(seen=source.seen | made)
        whole, block = _use_names(code, tried, scope), _text_of(node, cell)
        if not whole or find_secrets(block):
            return False
        source.add(tried)
        source.seen |= tried.seen
        source.blocks.append(block)
        return True
    return False


def _statements(text: str) -> list[tuple[ast.stmt, CodeType]]:
    """The statements at the top of a cell that give a name a value, the last one first, without the cell's magics."""
    with suppress(SyntaxError, ValueError):  # then the cell has never been run
        if not text.lstrip().startswith("%%"):
            nodes = ast.parse(re.sub(r"(?m)^[ \t]*[%!].*$", "", text)).body
            return [(node, _compiled(node)) for node in reversed(nodes) if isinstance(node, _MAKING)]
    return []


def _text_of(node: ast.stmt, text: str) -> str:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    lines = [f"@{ast.get_source_segment(text, each)}" for each in decorators]
    return "\n".join([*lines, ast.get_source_segment(text, node) or ""])


def _place(name: str, value: Any) -> str | None:
    """The module from which `value` can be imported under its name."""
    for place in (*PLACES, getattr(value, "__module__", None)):
        if isinstance(place, str) and place != "__main__":
            with suppress(ImportError):
                if getattr(import_module(place), name, None) is value:
                    return place
    return None


def _is_plain(value: Any) -> bool:
    """Whether Python reads `value` back from its `repr`."""
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        return bool(ast.literal_eval(repr(value)) == value)
    return False
