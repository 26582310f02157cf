"""Names that a module binds and nothing uses. A name counts as used wherever in the module it is read."""

import ast
import re
from collections.abc import Iterator

from servers.code_facts.fact import Fact, fact
from servers.code_facts.walking import Spot

Named = ast.FunctionDef | ast.AsyncFunctionDef


class Names:
    """The names that a module imports, that its functions bind for themselves, and that it uses, gathered on a walk."""

    def __init__(self) -> None:
        self._imports: dict[str, int] = {}
        self._bound: dict[tuple[int, str], int] = {}
        self._used: set[str] = set()

    def see(self, spot: Spot) -> None:
        """Note what a node binds or uses."""
        node, parent = spot.node, spot.parent
        match node:
            # One in a `try` may only ask whether there is such a module, one in a class makes its attribute.
            case ast.Import(names=names) | ast.ImportFrom(names=names) if not isinstance(parent, ast.Try):
                if not spot.in_class and getattr(node, "module", "") != "__future__":
                    for alias in names:
                        if alias.name not in (alias.asname, "*"):  # `import x as x` is how a module hands a name on
                            self._imports.setdefault(alias.asname or alias.name.split(".")[0], node.lineno)
            case ast.Name(id=name, ctx=ast.Store()):
                # One of a tuple may stand there to take its place, one of a loop to count.
                is_alone = isinstance(parent, ast.Assign | ast.NamedExpr | ast.AnnAssign | ast.withitem)
                is_given = not isinstance(parent, ast.AnnAssign) or parent.value is not None
                if isinstance(spot.function, Named) and not spot.in_class and is_alone and is_given and name[0] != "_":
                    self._bound.setdefault((id(spot.function), name), node.lineno)
            case ast.Name(id=name):
                self._used.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self._used.update(names)
            # A text may name what is used: an annotation in quotes, an entry of `__all__`.
            case ast.Constant(value=str(text)) if len(text) <= 200 and isinstance(
                parent, Named | ast.AnnAssign | ast.arg | ast.Subscript | ast.List | ast.Tuple
            ):
                self._used.update(re.split(r"[\s.,\[\]]+", text))
            case _:
                pass

    def unused(self) -> Iterator[Fact]:
        """A fact for each name that is bound and never read: imports, and what a function keeps for itself."""
        for name, line in self._imports.items():
            if name not in self._used:
                yield fact(line, "unused-name", f"unused import {name}")
        if self._used.isdisjoint(("locals", "vars", "eval", "exec")):  # or any name may be read through them
            for (_, name), line in self._bound.items():
                if name not in self._used:
                    yield fact(line, "unused-name", f"{name} is never used")
