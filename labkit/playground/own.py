"""The source of a student's callback, with what it uses from the notebook, for a program of its own."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any

from labkit.models.claude import Claude
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.tiny import TinyModel

PLACES = ("mcp.types", "mcp", "labkit")
"""Where a name is looked for before the module that says it made it."""


@dataclass(slots=True)
class Source:
    """Functions and values as text, and what they import: names by module, `""` for a whole module."""

    blocks: list[str] = field(default_factory=list[str])
    imports: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    seen: set[str] = field(default_factory=set[str])


def source_of(callback: Any) -> tuple[str, Source] | None:
    """The name of a callback and its source with all that it needs; `None` where there is no source to be had."""
    source = Source()
    if not isinstance(callback, FunctionType) or not _add(callback, source):
        return None
    return callback.__name__, source


def _add(function: FunctionType, source: Source) -> bool:
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return False
    tree = ast.parse(text).body[0]
    if not isinstance(tree, ast.AsyncFunctionDef | ast.FunctionDef):
        return False
    source.seen.add(function.__name__)
    for name in _names(function.__code__):
        if name not in source.seen and name in function.__globals__:
            source.seen.add(name)
            _use(name, function.__globals__[name], source)
    source.blocks.append("\n".join(text.splitlines()[tree.lineno - 1 :]))  # without its decorators
    return True


def _names(code: CodeType) -> Iterator[str]:
    """The global names that a function may use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _use(name: str, value: Any, source: Source) -> None:
    if isinstance(value, ModuleType):
        short = value.__name__ == name
        source.imports.setdefault("" if short else value.__name__, set()).add(name if short else f"* as {name}")
    elif (place := _place(name, value)) is not None:
        source.imports.setdefault(place, set()).add(name)
    elif isinstance(value, FunctionType):
        _add(value, source)
    elif isinstance(value, TinyModel | Claude | OpenAICompatible):
        source.imports.setdefault("labkit", set()).add(type(value).__name__)
        source.blocks.append(f"{name} = {value!r}")
    elif _is_plain(value):
        source.blocks.append(f"{name} = {value!r}")
    else:
        source.blocks.append(f"{name} = ...  # as it is in your notebook")


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
