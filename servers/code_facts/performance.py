"""What makes code slow, or hard to make fast: loops in loops, strings built in pieces, an event loop held up."""

import ast
from collections.abc import Iterator

from servers.code_facts.fact import Fact, fact
from servers.code_facts.walking import Spot, dotted

MOST_COMPLEX = 10
"""The complexity that a function may have, as McCabe proposed (IEEE Transactions on Software Engineering 2, 1976)."""

BLOCKING = {
    "time.sleep", "os.system", "input", "open", "urllib.request.urlopen", "socket.create_connection",
    *(f"requests.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "request")),
    *(f"httpx.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "request", "stream")),
    *(f"subprocess.{call}" for call in ("run", "call", "check_call", "check_output", "getoutput")),
}  # fmt: skip
"""Calls that wait and let nothing else run meanwhile."""

WRAPPERS = {"enumerate", "range", "len", "sorted", "reversed", "list", "tuple", "set", "iter"}
VIEWS = {"items", "keys", "values", "copy"}


def blocking_call(spot: Spot, names: dict[str, str]) -> Iterator[Fact]:
    """A call that waits, in a coroutine."""
    node = spot.node
    if isinstance(node, ast.Call) and isinstance(spot.function, ast.AsyncFunctionDef):
        called = dotted(node.func, names)
        if called in ("time.sleep", "requests.get"):
            yield fact(node.lineno, "blocking-in-async", f"{called} inside async def")
        elif called in BLOCKING:
            yield fact(node.lineno, "blocking-in-async", f"blocking call in async def {spot.function.name}")


def nested_loop(spot: Spot) -> Iterator[Fact]:
    """A loop over what a loop round it goes over already."""
    node = spot.node
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension) and (data := _data(node.iter)):
        around = {_data(loop.iter) for loop in spot.loops if not isinstance(loop, ast.While)}
        if data in around:
            yield fact(node.iter.lineno, "nested-loop", f"two loops over the same data: {data}")


def _data(node: ast.expr) -> str:
    """What is looped over, without what is wrapped round it: `rows` for `enumerate(rows)`, `range(len(rows))` and
    `rows[n:]`; a slice with two bounds may be a window of a few."""
    while isinstance(node, ast.Call | ast.Subscript):
        if isinstance(node, ast.Subscript):
            if not isinstance(node.slice, ast.Slice) or (node.slice.lower and node.slice.upper):
                return ""
            node = node.value
        elif isinstance(node.func, ast.Name) and node.func.id in WRAPPERS and node.args:
            node = node.args[min(1, len(node.args) - 1) if node.func.id == "range" else 0]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in VIEWS and not node.args:
            node = node.func.value
        else:
            return ""
    return dotted(node, {})


def string_building(spot: Spot, texts: set[tuple[int, str]]) -> Iterator[Fact]:
    """A string that grows in a loop, which copies it each time. `texts` are the names that hold one, by function."""
    if not spot.loops:
        return
    match spot.node:
        case ast.AugAssign(target=target, op=ast.Add(), value=value):
            same = target
        case ast.Assign(targets=[target], value=ast.BinOp(same, ast.Add(), value)):
            pass
        case _:
            return
    name = dotted(target, {})
    if name and name == dotted(same, {}) and ((id(spot.function), name) in texts or _is_text(value)):
        yield fact(value.lineno, "string-in-loop", "string is built with += in a loop")


def texts_of(spot: Spot) -> Iterator[tuple[int, str]]:
    """The name that is given a string here, with the function that it stands in."""
    match spot.node:
        case ast.AnnAssign(annotation=ast.Name(id="str"), target=target):
            targets = [target]
        case ast.Assign(targets=targets, value=value) if _is_text(value):
            pass
        case _:
            return
    yield from ((id(spot.function), name) for target in targets if (name := dotted(target, {})))


def _is_text(node: ast.expr) -> bool:
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        if isinstance(node.right, ast.JoinedStr) or _is_constant_text(node.right):
            return True
        node = node.left
    if isinstance(node, ast.Call):
        return (isinstance(node.func, ast.Name) and node.func.id in ("str", "repr")) or (
            isinstance(node.func, ast.Attribute) and node.func.attr in ("join", "format")
        )
    return isinstance(node, ast.JoinedStr) or _is_constant_text(node)


def _is_constant_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def decisions(node: ast.AST) -> int:
    """How many ways a node adds to those through its function.

    Source: McCabe (1976), counted as the tool radon does: branches, loops and their `else`, handlers, comprehensions
    and their conditions, `assert`, and each `and` and `or`.
    """
    match node:
        case ast.BoolOp(values=values):
            return len(values) - 1
        case ast.For(orelse=orelse) | ast.AsyncFor(orelse=orelse) | ast.While(orelse=orelse):
            return 1 + bool(orelse)
        case ast.comprehension(ifs=ifs):
            return 1 + len(ifs)
        case ast.match_case(pattern=ast.MatchAs(pattern=None), guard=None):
            return 0
        case ast.If() | ast.IfExp() | ast.ExceptHandler() | ast.Assert() | ast.match_case():
            return 1
        case _:
            return 0


def complexity(function: ast.FunctionDef | ast.AsyncFunctionDef, branches: int) -> Iterator[Fact]:
    """A function with too many ways through it."""
    if branches + 1 > MOST_COMPLEX:
        yield fact(function.lineno, "complexity", f"{function.name} has complexity {branches + 1}")
