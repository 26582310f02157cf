"""SQL that is put together from texts, so that a value can change the statement."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from servers.code_facts.fact import Fact, fact
from servers.code_facts.walking import Spot, dotted, grown, name_of

BEGINS = (
    r"\s*(?:SELECT\s.*\sFROM\s|INSERT\s+(?:(?:OR\s+\w+|IGNORE)\s+)?INTO\s|REPLACE\s+INTO\s|MERGE\s+INTO\s|DELETE\s+FROM\s"
    r"|UPDATE\s.*\sSET\s|WITH\s+(?:RECURSIVE\s+)?\w+\s+AS\s|TRUNCATE\s+TABLE\s"
    r"|(?:DROP|ALTER|CREATE)\s+(?:TEMP\s+|TEMPORARY\s+)?(?:TABLE|VIEW|INDEX|DATABASE|SCHEMA|USER|ROLE)\s)"
)
EXECUTED = re.compile(BEGINS, re.IGNORECASE | re.DOTALL)
STATEMENT = re.compile(
    rf"(?-i:{BEGINS})|(?={BEGINS}).*(?:\s\*\s|\bvalues\s*\(|\b(?:order|group)\s+by\s|\bset\s+[\w.?\"`]+\s*="
    r"|\bwhere\s+[\w.?\"`]+\s*(?:[=<>!]|\b(?:like|in|is|between)\s))",
    re.IGNORECASE | re.DOTALL,
)
"""SQL that is executed is told by how it begins; other SQL stands in capitals, or has a clause that no sentence has, as
`select a colour from the list` has none."""

LONGEST = 2_000
"""Characters of a text that are looked at: how a statement begins is enough, and this bounds the time."""


class Spelt(NamedTuple):
    """A text as far as it is fixed, with a question mark for each value; whether it has one; how it is put together."""

    text: str
    varies: bool
    how: str


Names = set[tuple[int, str]]
"""Names, each with the function that it stands in."""


def executed_by(spot: Spot) -> Iterator[tuple[int, str]]:
    """The name that is executed here."""
    match spot.node:
        case ast.Call(func=func, args=[sent, *_]) if _executes(func) and (name := dotted(sent, {})):
            yield id(spot.function), name
        case _:
            pass


def held_by(spot: Spot, executed: Names) -> Iterator[tuple[int, str]]:
    """The name that is given a statement here."""
    match spot.node:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            spelt, name = _spelt(value), (id(spot.function), dotted(target, {}))
            if spelt and (EXECUTED if name in executed else STATEMENT).match(spelt.text):
                yield name
        case _:
            pass


def concatenation(spot: Spot, held: Names, executed: Names) -> Iterator[Fact]:
    """A statement that is built where it stands, or one that a name holds and that is lengthened there.

    `held` are the names that hold a statement, `executed` those that are executed.
    """
    node, parent = spot.node, spot.parent
    inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Mod)
    if isinstance(node, ast.BinOp | ast.JoinedStr | ast.Call) and not inside and (spelt := _spelt(node)):
        now = isinstance(parent, ast.Call) and _executes(parent.func)
        later = isinstance(parent, ast.Assign) and (id(spot.function), dotted(parent.targets[0], {})) in executed
        if spelt.varies and (EXECUTED if now or later else STATEMENT).match(spelt.text):
            told = f"query built by {spelt.how} in execute()" if now else "SQL is built from a string"
            yield fact(node.lineno, "sql-concatenation", told)
    if (growth := grown(node)) and (id(spot.function), dotted(growth[0], {})) in held:
        added = _spelt(growth[1])
        if not added or added.varies:
            yield fact(growth[1].lineno, "sql-concatenation", "SQL is built from a string")


def _executes(func: ast.expr) -> bool:
    return name_of(func).startswith("execute")


def _spelt(node: ast.expr) -> Spelt | None:
    """What an expression spells, where it begins with a text; and no more of it than tells a statement."""
    pieces: list[ast.expr] = []
    varies, how, between = False, "string formatting", ""
    match node:
        case ast.Call(func=ast.Attribute(attr="format", value=value)):
            node, varies = value, True
        case ast.Call(
            func=ast.Attribute(attr="join", value=ast.Constant(value=str(between))),
            args=[ast.List(elts=[node, *pieces]) | ast.Tuple(elts=[node, *pieces])],
        ):
            pieces, how = [*reversed(pieces)], "joining strings"
        case _:
            pass
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        if isinstance(node.op, ast.Mod):
            varies = True
        else:
            how = "joining strings"
            pieces.append(node.right)
        node = node.left
    pieces += reversed(node.values) if isinstance(node, ast.JoinedStr) else [node]
    spelt = [each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else None for each in pieces]
    if spelt[-1] is None and not isinstance(node, ast.JoinedStr):
        return None
    text = between.join(each or "?" for each in reversed(spelt))
    return Spelt(f"{text[:LONGEST]} ", varies or None in spelt, how)
