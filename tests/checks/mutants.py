"""Mutants of the lessons' solutions: nearly right answers, made by rule, of which a check should let none pass.

    python -m tests.checks.mutants            # a table: how many an exercise has, how many its check kills
    python -m tests.checks.mutants 2.2 2.3    # and of these the ones that live, with what the others are told

A rule changes one place of a solution as a tired student might: a statement dropped, a bound moved, the first in place
of all, two arguments swapped. Others are put around the whole function: it remembers what it should not, changes what
it was given, or does its work on one wire alone. `survivors.toml` lists those that live, each with the reason.
"""

import ast
import asyncio
import copy
import gc
import sys
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from labkit.checks import Report, examine
from tests.checks import spoiling
from tests.checks.solutions import Solution, solutions

SURVIVORS = Path(__file__).parent / "survivors.toml"
MOST, MOST_OF_SLOW = 80, 36
SLOW = ("4.3", "9.3", "13.1")
"""Mutants of an exercise at most, and of one whose check takes long; of more, as many are taken at even distances."""

Place = tuple[str, ast.AST, Callable[[Any], ast.AST]]
"""A rule, a node that it changes, and what that node becomes; given is a copy of the node."""


class Mutant(NamedTuple):
    """A solution with a fault. `name` is the rule and what it changed; `source` is the whole cell."""

    name: str
    source: str


def mutants(solution: Solution) -> list[Mutant]:
    """The mutants of a solution, no two of them alike."""
    tree = ast.parse(solution.source)
    nodes = list(ast.walk(tree))
    original, made = ast.unparse(tree), dict[str, str]()
    seen, names = {original}, Counter[str]()
    for rule, old, change in _places(tree, {line for part in solution.parts for line in part}):
        twin = copy.deepcopy(tree)
        target = list(ast.walk(twin))[nodes.index(old)]
        new = change(target)
        mutated = ast.unparse(ast.fix_missing_locations(_Replacing(target, new).visit(twin)))
        if mutated not in seen:
            seen.add(mutated)
            before = ast.unparse(old) if isinstance(old, ast.expr | ast.stmt) else ""
            after = "" if isinstance(new, ast.Pass) else ast.unparse(new)
            name = f"{rule}: {_short(before)} → {_short(after)}" if after else f"{rule}: {_short(before)}"
            names[name] += 1
            made[name if names[name] == 1 else f"{name} ({names[name]})"] = mutated
    for name, mutated in _around(tree, solution):
        made[name] = mutated
    whole = [Mutant(name, source) for name, source in made.items() if _is_code(source)]
    most = MOST_OF_SLOW if solution.number in SLOW else MOST
    return [whole[at * len(whole) // most] for at in range(most)] if len(whole) > most else whole


def _is_code(source: str) -> bool:
    """Whether `source` can be compiled: a `nonlocal` may have lost what it belongs to."""
    with suppress(SyntaxError):
        return bool(compile(source, "<mutant>", "exec"))
    return False


def _short(source: str) -> str:
    text = " ".join(source.split())
    return text if len(text) <= 100 else f"{text[:60]} … {text[-37:]}"


class _Replacing(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else self.generic_visit(node)


# The rules that change one place


def _places(tree: ast.AST, lines: set[int]) -> Iterator[Place]:
    bound = Counter(
        name.id for name in ast.walk(tree) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ) + Counter(arg.arg for arg in ast.walk(tree) if isinstance(arg, ast.arg))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if getattr(node.iter if isinstance(node, ast.comprehension) else node, "lineno", 0) not in lines:
            continue
        if isinstance(node, ast.stmt):
            yield from _statement(node, bound)
        elif id(node) not in notes:
            yield from _expression(node)


def _statement(node: ast.stmt, bound: Counter[str]) -> Iterator[Place]:
    targets = {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    needed = isinstance(node, ast.Assign) and any(bound[name] == 1 for name in targets)  # else a NameError: too easy
    if not needed and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield "drop", node, lambda _: ast.Pass()
    match node:
        case ast.If():
            yield "always", node.test, lambda _: ast.Constant(True)
            yield "never", node.test, lambda _: ast.Constant(False)
        case ast.For():
            yield from _items(node.iter)
        case ast.AugAssign(op=ast.Add() | ast.Sub()):
            yield "the other way", node, _with(op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())
        case ast.Return(value=ast.expr()):
            yield "nothing", node, _with(value=ast.Constant(None))
        case _:
            pass


def _items(iterable: ast.expr) -> Iterator[Place]:
    """Another selection of what a loop goes through."""
    for rule, part in (("first", ":1"), ("last", "-1:"), ("all but last", ":-1"), ("backwards", "::-1")):
        yield rule, iterable, lambda old, part=part: _expr(f"list({ast.unparse(old)})[{part}]")


_COMPARED: dict[type[ast.cmpop], tuple[ast.cmpop, ...]] = {
    ast.Lt: (ast.LtE(), ast.Gt()),
    ast.LtE: (ast.Lt(), ast.GtE()),
    ast.Gt: (ast.GtE(), ast.Lt()),
    ast.GtE: (ast.Gt(), ast.LtE()),
    ast.Eq: (ast.NotEq(),),
    ast.NotEq: (ast.Eq(),),
    ast.In: (ast.NotIn(),),
    ast.NotIn: (ast.In(),),
    ast.Is: (ast.IsNot(),),
    ast.IsNot: (ast.Is(),),
}
_CALCULATED: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Div(),
    ast.Div: ast.Mult(),
    ast.BitAnd: ast.BitOr(),
    ast.BitOr: ast.BitAnd(),
}
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_KEPT = {"len", "range", "sum", "enumerate", "zip", "iter", "next"}
"""Functions that a mutant without them cannot run without."""

_FIELDS = {
    "system_prompt": "None",
    "messages": "params.messages[-1:]",
    "max_tokens": "params.max_tokens + 1",
    "temperature": "None",
    "stop_sequences": "None",
    "metadata": "None",
    "model_preferences": "None",
    "tools": "None",
}
"""A field of a request, and what a careless hand makes of it."""


def _expression(node: ast.AST) -> Iterator[Place]:
    match node:
        case ast.Compare(ops=[op]):
            for other in _COMPARED[type(op)]:
                yield "bound", node, _with(ops=[other])
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "and or", node, _with(op=other)
            for at in range(len(node.values)):
                yield "drop", node, lambda old, at=at: _without(old, "values", at)
        case ast.BinOp() if type(node.op) in _CALCULATED:
            yield "calculate", node, _with(op=_CALCULATED[type(node.op)])
        case ast.UnaryOp():
            yield "sign", node, lambda old: old.operand
        case ast.IfExp():
            yield "always", node, lambda old: old.body
            yield "never", node, lambda old: old.orelse
        case ast.comprehension():
            yield from _items(node.iter)
            for test in node.ifs:
                yield "always", test, lambda _: ast.Constant(True)
        case ast.Constant():
            yield from _constant(node)
        case ast.JoinedStr():
            yield "empty", node, lambda _: ast.Constant("")
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    yield "unsaid", value, lambda _: ast.Constant("…")
        case ast.Subscript(slice=ast.Slice() as part):
            yield from _slice(part)
        case ast.Dict():
            for at in range(len(node.values)):
                yield "drop", node, lambda old, at=at: _without(_without(old, "keys", at), "values", at)
                yield "swap", node, lambda old, at=at: _swapped(old, "values", at)
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()):
            for at in range(len(node.elts) - 1):
                yield "swap", node, lambda old, at=at: _swapped(old, "elts", at)
        case ast.Call():
            yield from _call(node)
        case _:
            pass


def _constant(node: ast.Constant) -> Iterator[Place]:
    match node.value:
        case bool():
            yield "constant", node, lambda old: ast.Constant(not old.value)
        case int() | float():
            yield "constant", node, lambda old: ast.Constant(old.value + 1)
            yield "constant", node, lambda old: ast.Constant(old.value - 1)
        case str():
            yield "empty", node, lambda _: ast.Constant("")
            if " " not in node.value:
                yield "constant", node, lambda old: ast.Constant(f"{old.value}x")
        case _:
            pass


def _slice(part: ast.Slice) -> Iterator[Place]:
    for end in ("lower", "upper"):
        if getattr(part, end) is not None:
            yield "slice", part, _with(**{end: None})
            for by in ("+ 1", "- 1"):
                yield (
                    "slice",
                    part,
                    lambda old, end=end, by=by: _set(old, end, _expr(f"{ast.unparse(getattr(old, end))} {by}")),
                )


def _call(node: ast.Call) -> Iterator[Place]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    for at in range(len(node.args) - 1):
        yield "swap", node, lambda old, at=at: _swapped(old, "args", at)
    for at in range(len(node.args) if len(node.args) > 1 else 0):
        yield "drop", node, lambda old, at=at: _without(old, "args", at)
    for at in range(len(node.keywords)):
        yield "drop", node, lambda old, at=at: _without(old, "keywords", at)
    if name in _TWINS:
        yield "twin", node, lambda old: _set(old, "func", ast.Name(_TWINS[name]))
    if isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
        yield "as it is", node, lambda old: old.func.value
    elif name and name not in _KEPT and not name[0].isupper():
        for at in range(len(node.args)):
            yield "as it is", node, lambda old, at=at: old.args[at]
    if any(isinstance(each, ast.Name) and each.id == "params" for each in node.args) or (
        isinstance(node.func, ast.Attribute) and node.func.attr == "model_copy"
    ):
        for field, value in _FIELDS.items():
            yield f"another {field}", node, lambda old, field=field, value=value: _elsewhere(old, field, value)


def _elsewhere(call: ast.Call, field: str, value: str) -> ast.Call:
    """`call` with a field of the request changed that it should hand on as it is."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "model_copy":
        update = ast.unparse(call.keywords[0].value)
        return _expr(f"params.model_copy(update={{'{field}': {value}, **{update}}})")
    given = [
        _expr(f"params.model_copy(update={{'{field}': {value}}})") if ast.unparse(each) == "params" else each
        for each in call.args
    ]
    return _set(call, "args", given)


def _with(**fields: Any) -> Callable[[Any], ast.AST]:
    def change(old: ast.AST) -> ast.AST:
        for name, value in fields.items():
            setattr(old, name, value)
        return copy.copy(old)

    return change


def _set(node: Any, field: str, value: Any) -> Any:
    setattr(node, field, value)
    return copy.copy(node)


def _without(node: Any, field: str, at: int) -> Any:
    left = [each for place, each in enumerate(getattr(node, field)) if place != at]
    return left[0] if isinstance(node, ast.BoolOp) and len(left) == 1 else _set(node, field, left)


def _swapped(node: Any, field: str, at: int) -> Any:
    items = list(getattr(node, field))
    after = (at + 1) % len(items)
    items[at], items[after] = items[after], items[at]
    return _set(node, field, items)


def _expr(source: str) -> Any:
    return ast.parse(source, mode="eval").body


# The rules around the whole function


def _around(tree: ast.Module, solution: Solution) -> Iterator[tuple[str, str]]:
    """The function in which the solution stands, under each decorator of `spoiling`."""
    for rule, part in product(spoiling.RULES, solution.parts):
        twin = copy.deepcopy(tree)
        around = [
            node
            for node in ast.walk(twin)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if node.lineno < part.start <= (node.end_lineno or 0)
        ]
        around[-1].decorator_list.append(_expr(f"spoiling.RULES[{rule!r}]"))
        yield f"around {around[-1].name}: {rule}", ast.unparse(ast.fix_missing_locations(twin))


# Who lives

TOO_EASY = ("raised NameError", "raised UnboundLocalError")
"""What a mutant is told that is none: it would run nowhere."""


async def judged(solution: Solution) -> dict[str, Report]:
    """The mutants of a solution by name, each with what the check says of it."""
    found: dict[str, Report] = {}
    for mutant in mutants(solution):
        spoiling.done.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of coroutines that nobody awaits
            report = await examine(solution.number, solution.function(mutant.source, spoiling=spoiling))
            gc.collect(0)
        idle = mutant.name.startswith("around") and not spoiling.done
        if not idle and not any(words in report.problem for words in TOO_EASY):
            found[mutant.name] = report
    return found


def alive(found: dict[str, Report]) -> set[str]:
    """The names of the mutants that passed."""
    return {name for name, report in found.items() if report.status == "PASS"}


def listed() -> dict[str, dict[str, str]]:
    """The mutants of each exercise that are known to live, each with the reason.

    It begins with `same:` where the mutant is as right as the solution, and with `left:` where it is not.
    """
    return tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))


async def _main(numbers: list[str]) -> None:
    print("exercise  mutants  killed  same  left  not listed")
    for solution in solutions():
        if numbers and solution.number not in numbers:
            continue
        found, known = await judged(solution), listed().get(solution.number, {})
        kinds = Counter(known.get(name, "?").split(":")[0] for name in alive(found))
        killed = len(found) - kinds.total()
        print(f"{solution.number:8}  {len(found):7}  {killed:6}  {kinds['same']:4}  {kinds['left']:4}  {kinds['?']:10}")
        for name, report in found.items() if numbers else ():
            print(f"  {'killed' if report.problem else 'LIVES '}  {name} | {report.problem or known.get(name, '')}")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1:]))
