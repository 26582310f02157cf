"""The source of a student's callback, with what it uses from the notebook, for a program of its own."""

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
from labkit.secret_forms import find_secrets

PLACES = ("mcp.types", "mcp", "labkit")
"""Where a name is looked for before the module that says it made it."""

_OF_THE_KIT = ("labkit.host", "labkit.models")
"""Whose objects a program may make anew; a Lab, a playground and what they show belong to the notebook."""

_EMPTY: Mapping[type, str] = {list: "[]", dict: "{}", set: "set()", deque: "deque()", Counter: "Counter()"}


@dataclass(slots=True)
class Source:
    """Functions and values as text, and what they import: names by module, `""` for a whole module."""

    blocks: list[str] = field(default_factory=list[str])
    imports: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    seen: set[str] = field(default_factory=set[str])

    def copy(self) -> "Source":
        """Another, to try something on."""
        imports = {module: set(names) for module, names in self.imports.items()}
        return Source(list(self.blocks), imports, set(self.seen))

    def take(self, tried: "Source") -> None:
        """Be as `tried` is."""
        self.blocks, self.imports, self.seen = tried.blocks, tried.imports, tried.seen

    def use(self, module: str, name: str) -> None:
        """Import a name from a module."""
        self.imports.setdefault(module, set()).add(name)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the names of a function stand for, and the texts that may say how they came to it, the last one first."""

    names: Mapping[str, Any]
    texts: tuple[str, ...]


def source_of(callback: Any) -> tuple[str, Source] | None:
    """The name of a callback and its source with all that it needs; `None` where there is no source to be had.

    What cannot be written down has a block that says so when the program is started.
    """
    source = Source()
    if _is_rebuilt(callback):
        _use("model", callback, source, _Scope({}, ()))
        return "model", source
    if not isinstance(callback, FunctionType) or not _add(callback, source):
        return None
    return callback.__name__, source


def _is_rebuilt(value: object) -> bool:
    """Whether `value` is a model of the kit that its `repr` makes anew."""
    row = row_of(value)
    return row is not None and row.rebuilt


def missing(name: str, what: str) -> str:
    """The lines of a program that has to be told what `name` is before it can run."""
    text = f"{what} is missing: put it into the line that begins with `{name} =`."
    return f'{name} = None  # put it here\nif {name} is None:\n    sys.exit("{text}")'


def _scope_of(function: FunctionType) -> _Scope:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    closed: dict[str, Any] = {}
    for name, cell in cells:
        with suppress(ValueError):  # it is empty
            closed[name] = cell.cell_contents
    told: Any = function.__globals__.get("In")  # as IPython keeps what was run
    ran = [text for text in cast("list[Any]", told) if isinstance(text, str)] if isinstance(told, list) else []
    file = "".join(linecache.getlines(function.__code__.co_filename))
    return _Scope({**function.__globals__, **closed}, (*reversed(ran), file))


def _add(given: FunctionType, source: Source) -> bool:
    """Write a function down, with all that it needs. Returns whether it can be."""
    function = inspect.unwrap(given)
    if not isinstance(function, FunctionType):
        return False
    try:
        text = textwrap.dedent(inspect.getsource(function))
        node = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return False
    if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
        return False
    # The playground's own decorator has done its work; any other changes what the function does.
    node.decorator_list = [each for each in node.decorator_list if not _is_ours(each)]
    source.seen.add(node.name)
    _use_names(node, source, _scope_of(function))
    source.blocks.append(_text_of(node, text))
    return True


def _is_ours(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr == "callback"


def _use_names(node: ast.stmt, source: Source, scope: _Scope) -> bool:
    """Write down what a statement uses. Returns whether all of it is there then."""
    whole = True
    for name in dict.fromkeys(_names(_compiled(node))):
        if name in source.seen or name.startswith("__"):
            continue
        if name in scope.names:
            source.seen.add(name)
            whole = _use(name, scope.names[name], source, scope) and whole
        else:
            whole = whole and hasattr(builtins, name)
    return whole


def _compiled(node: ast.stmt) -> CodeType:
    # The program has annotations that are not evaluated, but for what looks at those of a class, as pydantic does.
    flags = 0 if isinstance(node, ast.ClassDef) else __future__.annotations.compiler_flag
    return compile(ast.Module([node], []), "own", "exec", flags, dont_inherit=True)


def _names(code: CodeType) -> Iterator[str]:
    """The global names that a statement may use, with all inside it."""
    for step in dis.get_instructions(code):
        if step.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")):
            yield str(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _use(name: str, value: Any, source: Source, scope: _Scope) -> bool:
    """Write down what `name` stands for. Returns whether the program then has it as the notebook does."""
    if isinstance(value, ModuleType):
        short = value.__name__ == name
        source.use("" if short else value.__name__, name if short else f"* as {name}")
    elif (place := _place(name, value)) is not None:
        source.use(place, name)
    elif _is_rebuilt(value):
        source.use("labkit", type(value).__name__)
        source.blocks.append(f"{name} = {value!r}")
    elif isinstance(value, FunctionType) and not hasattr(value, "__wrapped__") and _add(value, source):
        if value.__name__ != name:
            source.blocks.append(f"{name} = {value.__name__}")
    elif find_secrets(str(value) if isinstance(value, str) else "", name):
        return _is_missing(name, source)
    elif _is_plain(value) and type(value) not in _EMPTY:
        source.blocks.append(f"{name} = {value!r}")
    elif not _add_statement(name, value, source, scope):
        if _is_plain(value) and not find_secrets(repr(value)):
            source.blocks.append(f"{name} = {value!r}")
        elif type(value) in _EMPTY:
            empty = _EMPTY[type(value)]
            if isinstance(value, deque | Counter):
                source.use("collections", empty.removesuffix("()"))
            source.blocks.append(f"{name} = {empty}  # what your notebook has put into it is left out")
        else:
            return _is_missing(name, source)
    return True


def _is_missing(name: str, source: Source) -> bool:
    source.blocks.append(missing(name, f"`{name}`, which your callback uses,"))
    return False


def _add_statement(name: str, value: object, source: Source, scope: _Scope) -> bool:
    """Write down the statement that made a value, with all that it needs. Returns whether there is one."""
    module = type(value).__module__
    if module.partition(".")[0] in ("labkit", "ipywidgets", "anywidget") and not module.startswith(_OF_THE_KIT):
        return False
    for text in scope.texts:
        if name not in text:
            continue
        for node in reversed(_statements(text)):
            if name not in _made_by(node):
                continue
            tried = source.copy()
            tried.seen |= _made_by(node)
            try:
                if _needs_itself(node) or not _use_names(node, tried, scope):
                    return False
            except SyntaxError:  # it awaits, which a program does in a function only
                return False
            tried.blocks.append(_text_of(node, text))
            if find_secrets(tried.blocks[-1]):
                return False
            source.take(tried)
            return True
    return False


def _statements(text: str) -> list[ast.stmt]:
    """What stands at the top of a cell, without its magics."""
    if text.lstrip().startswith("%%"):
        return []
    try:
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return compile(re.sub(r"(?m)^[ \t]*[%!].*$", "", text), "cell", "exec", flags, dont_inherit=True).body
    except (SyntaxError, ValueError):
        return []


def _made_by(node: ast.stmt) -> set[str]:
    """The names that a statement gives a value to, where it is one that can be written down."""
    match node:
        case ast.Assign():
            targets = node.targets
        case ast.AnnAssign() if node.value is not None:
            targets = [node.target]
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return {node.name}
        case _:
            return set()
    inside = (each for target in targets for each in ast.walk(target))
    return {each.id for each in inside if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _needs_itself(node: ast.stmt) -> bool:
    """Whether a name must have a value before the statement gives it one."""
    made, steps = _made_by(node), dis.get_instructions(_compiled(node))
    return any(step.opname == "LOAD_NAME" and step.argval in made for step in steps)


def _text_of(node: ast.stmt, text: str) -> str:
    decorators = cast("list[ast.expr]", getattr(node, "decorator_list", []))
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
    """Whether Python reads it back from how it shows it."""
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        return bool(ast.literal_eval(repr(value)) == value)
    return False
