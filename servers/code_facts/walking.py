"""A walk over a syntax tree that knows, at each node, the function and the loops round it; and what a node is called.

Nothing here calls itself for each level of a tree, so what the parser lets pass is walked to its end.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Loop = ast.For | ast.AsyncFor | ast.While | ast.comprehension

MOST_LOOPS = 20
"""Loops in loops that are remembered, the innermost: a comprehension may have thousands, each inside all before."""

MOST_PARTS = 20
"""Parts of a dotted name. It is looked at anew for each loop inside its loop, so its length counts many times."""


class Spot(NamedTuple):
    """A node where it stands.

    Attributes:
        node: It.
        parent: The node that holds it.
        function: The innermost function round it.
        loops: The loops of that function round it, outermost first, at most `MOST_LOOPS`.
        in_class: Whether it stands in the body of a class, and not in a method.
    """

    node: ast.AST
    parent: ast.AST | None = None
    function: Function | None = None
    loops: tuple[Loop, ...] = ()
    in_class: bool = False


def spots(tree: ast.Module) -> Iterator[Spot]:
    """Every node of a tree, each before those that it holds. What is deep takes memory, and no recursion."""
    waiting = [Spot(tree)]
    while waiting:
        spot = waiting.pop()
        yield spot
        waiting.extend(reversed(list(_children(spot))))


def _children(spot: Spot) -> Iterator[Spot]:
    node, _, function, loops, in_class = spot

    def beside(child: ast.AST) -> Spot:
        return Spot(child, node, function, loops, in_class)

    def looped(child: ast.AST, loop: Loop) -> Spot:
        return Spot(child, node, function, (*loops, loop)[-MOST_LOOPS:], in_class)

    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            body = {id(each) for each in (node.body if isinstance(node.body, list) else [node.body])}
            # Decorators and defaults are run where the function is made.
            yield from (Spot(c, node, node) if id(c) in body else beside(c) for c in ast.iter_child_nodes(node))
        case ast.ClassDef():
            yield from (Spot(child, node, function, in_class=True) for child in ast.iter_child_nodes(node))
        case ast.For() | ast.AsyncFor():
            yield from map(beside, (node.target, node.iter))
            yield from (looped(child, node) for child in node.body)
            yield from map(beside, node.orelse)
        case ast.While():
            yield from (looped(child, node) for child in (node.test, *node.body))
            yield from map(beside, node.orelse)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            for generator in node.generators:
                yield beside(generator)
                loops = (*loops, generator)[-MOST_LOOPS:]  # `beside` looks it up anew
            yield from map(beside, (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,))
        case ast.comprehension():
            yield from map(beside, (node.target, node.iter))
            yield from (looped(child, node) for child in node.ifs)
        case _:
            yield from map(beside, ast.iter_child_nodes(node))


def imported(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `{"sleep": "time.sleep", "np": "numpy"}`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module or ''}.{alias.name}" for alias in node.names}
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """`time.sleep` for `sleep`, where it was imported from there; empty for what is no name, or has too many parts."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < MOST_PARTS:
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def name_of(node: ast.expr) -> str:
    """What a value is called: the last part of a name, or the key that it is taken from; else nothing."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(
            func=ast.Attribute(attr="get" | "pop" | "getenv") | ast.Name(id="getenv"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return name
        case _:
            return ""


def text_of(node: ast.AST) -> str:
    """The text of a constant; of an f-string what is fixed in it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    return ""


def is_text(node: ast.AST) -> TypeGuard[ast.Constant | ast.JoinedStr]:
    """Whether a node is a string, also one with expressions in it."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def grown(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    """What is lengthened by a node and what is added last, `text += x` or `text = text + x`; else `None`."""
    match node:
        case ast.AugAssign(target=target, op=ast.Add(), value=value):
            begins: ast.expr = target
        case ast.Assign(targets=[target], value=ast.BinOp(begins, ast.Add(), value)):
            while isinstance(begins, ast.BinOp):
                begins = begins.left
        case _:
            return None
    name = dotted(target, {})
    return (target, value) if name and name == dotted(begins, {}) else None


def defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    """Each parameter that has a default, with it."""
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from zip(reversed(positional), reversed(arguments.defaults), strict=False)
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    yield from ((name, value) for name, value in pairs if value is not None)
