"""Habits that bite later: a default that all calls share, a name that nothing uses."""

import ast
from collections.abc import Iterator

from servers.code_facts.fact import Fact, fact
from servers.code_facts.walking import Function, Spot, dotted

CONTAINERS = {"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter"}

Named = ast.FunctionDef | ast.AsyncFunctionDef


def mutable_default(spot: Spot) -> Iterator[Fact]:
    """A parameter whose default is made once, and then changed by any call."""
    if not isinstance(spot.node, ast.arguments):
        return
    arguments = spot.node
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(positional), reversed(arguments.defaults), strict=False)]
    pairs += [
        (name, value)
        for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if value is not None
    ]
    for name, value in pairs:
        made = dotted(value.func, {}).removeprefix("collections.") if isinstance(value, ast.Call) else ""
        is_display = isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
        if is_display or made in CONTAINERS:
            yield fact(value.lineno, "mutable-default", f"mutable default argument {name.arg}")


class Names:
    """The names that a module binds and uses, gathered on one walk. A name counts as used wherever it is read."""

    def __init__(self) -> None:
        self._bound: dict[tuple[int, str], int] = {}
        self._inside: dict[int, set[str]] = {}
        self._used: set[str] = set()
        self._imports: dict[str, int] = {}
        self._around: dict[int, tuple[int, ...]] = {id(None): ()}
        self._free: set[int] = set()

    def see(self, spot: Spot) -> None:
        """Note what a node binds or uses."""
        node, function = spot.node, spot.function
        if isinstance(node, Function):
            self._around[id(node)] = (*self._around.get(id(function), ()), id(node))
        match node:
            case ast.Import() if not _is_for_others(spot):
                for alias in node.names:
                    if alias.asname != alias.name:  # `import x as x` is how a module hands a name on
                        self._imports.setdefault(alias.asname or alias.name.split(".")[0], node.lineno)
            case ast.ImportFrom() if node.module != "__future__" and not _is_for_others(spot):
                for alias in node.names:
                    if alias.name not in (alias.asname, "*"):
                        self._imports.setdefault(alias.asname or alias.name, node.lineno)
            case ast.Name(id=name, ctx=ast.Store()):
                is_local = isinstance(function, Named) and not spot.in_class
                if is_local and _is_bound_alone(spot) and not name.startswith("_"):
                    self._bound.setdefault((id(function), name), node.lineno)
            case ast.Name(id=name):
                self._use(name, function)
                if name in ("locals", "vars", "eval", "exec"):
                    self._free.add(id(function))
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                for name in names:
                    self._use(name, function)
            case ast.Constant(value=str(text)) if len(text) <= 200 and _names_others(spot):
                for word in text.replace(".", " ").replace("[", " ").replace("]", " ").replace(",", " ").split():
                    self._use(word, function)
            case _:
                pass

    def _use(self, name: str, function: Function | None) -> None:
        self._used.add(name)
        for around in self._around.get(id(function), ()):
            self._inside.setdefault(around, set()).add(name)

    def unused(self) -> Iterator[Fact]:
        """A fact for each name that is bound and never read: imports, and what a function keeps for itself."""
        for name, line in self._imports.items():
            if name not in self._used:
                yield fact(line, "unused-name", f"unused import {name}")
        for (function, name), line in self._bound.items():
            if name not in self._inside.get(function, ()) and function not in self._free:
                yield fact(line, "unused-name", f"{name} is never used")


def _is_for_others(spot: Spot) -> bool:
    """Whether an import stands in a `try`, where it may only ask whether there is such a module, or in a class, whose
    attribute it makes."""
    return isinstance(spot.parent, ast.Try) or spot.in_class


def _is_bound_alone(spot: Spot) -> bool:
    """Whether a name is bound by itself: one of a tuple may stand there to take its place, one of a loop to count."""
    parent = spot.parent
    return (
        isinstance(parent, ast.Assign | ast.NamedExpr)
        or (isinstance(parent, ast.AnnAssign) and parent.value is not None)
        or (isinstance(parent, ast.withitem))
    )


def _names_others(spot: Spot) -> bool:
    """Whether a text may name what is used: an annotation in quotes, an entry of `__all__`."""
    return isinstance(spot.parent, Named | ast.AnnAssign | ast.arg | ast.Subscript | ast.List | ast.Tuple)
