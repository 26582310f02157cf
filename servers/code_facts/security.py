"""What lets an attacker in: text run as code, as a shell command or as SQL, a weak comparison, a silenced error."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from servers.code_facts.fact import Fact, fact
from servers.code_facts.secret_names import names_a_secret
from servers.code_facts.secret_texts import name_of
from servers.code_facts.walking import Spot, dotted

SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
UNPICKLERS = {f"{library}.{call}" for library in ("pickle", "cPickle", "dill") for call in ("load", "loads")}
WEAK_HASHES = {"hashlib.md5": "md5", "hashlib.sha1": "sha1"}
SQL = (
    r"\s*(?:SELECT\s.*\sFROM\s|INSERT\s+(?:(?:OR\s+\w+|IGNORE)\s+)?INTO\s|REPLACE\s+INTO\s|MERGE\s+INTO\s|DELETE\s+FROM\s"
    r"|UPDATE\s.*\sSET\s|WITH\s+(?:RECURSIVE\s+)?\w+\s+AS\s|TRUNCATE\s+TABLE\s"
    r"|(?:DROP|ALTER|CREATE)\s+(?:TEMP\s+|TEMPORARY\s+)?(?:TABLE|VIEW|INDEX|DATABASE|SCHEMA|USER|ROLE)\s)"
)
STATEMENT = re.compile(SQL, re.IGNORECASE | re.DOTALL)
IN_CAPITALS = re.compile(SQL, re.DOTALL)
CLAUSE = re.compile(
    r"\s\*\s|\bvalues\s*\(|\b(?:order|group)\s+by\s|\bset\s+[\w.?\"`]+\s*="
    r"|\bwhere\s+[\w.?\"`]+\s*(?:[=<>!]|\b(?:like|in|is|between)\s)",
    re.IGNORECASE,
)
"""What tells a statement from a sentence, `select a colour from the list`, where it is not in capitals."""

LONGEST_SQL = 2_000
"""Characters of a text that are looked at: how a statement begins is enough, and this bounds the time."""


def call(spot: Spot, names: dict[str, str]) -> Iterator[Fact]:
    """A call that runs what it is given, or trusts what it should not."""
    node = spot.node
    if not isinstance(node, ast.Call):
        return
    called, line = dotted(node.func, names), node.lineno
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if called in ("eval", "builtins.eval"):
        of = node.args[0] if node.args else None
        told = f"call to eval with {of.id}" if isinstance(of, ast.Name) else "eval() runs a string"
        yield fact(line, "eval-call", told)
    elif called in ("exec", "builtins.exec"):
        yield fact(line, "eval-call", "exec is called")
    elif called in UNPICKLERS:
        of = node.args[0] if node.args else None
        whole = f"{called.rpartition('.')[2]} on {of.id}" if isinstance(of, ast.Name) else ""
        yield fact(line, "pickle-load", f"pickle.{whole}" if whole else "unpickling of untrusted data")
    elif called in WEAK_HASHES and not _is(given.get("usedforsecurity"), False):
        yield fact(line, "weak-hash", f"{WEAK_HASHES[called]} is used as a hash")
    elif called in SHELLS:
        built = node.args and not isinstance(node.args[0], ast.Constant)
        is_system = called == "os.system" and built
        told = "os.system with a built command" if is_system else "a command goes through the shell"
        yield fact(line, "shell-true", told)
    if _is(given.get("shell"), True):
        yield fact(line, "shell-true", "subprocess call with shell=True")
    if _is(given.get("verify"), False):
        yield fact(line, "tls-verify", "verify=False in a request")


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


class Statements:
    """Which names hold SQL, and which are executed, by the function that they stand in."""

    def __init__(self) -> None:
        self._executed: set[tuple[int, str]] = set()
        self._held: set[tuple[int, str]] = set()
        self._clear: set[tuple[int, str]] = set()

    def see(self, spot: Spot) -> None:
        """Note what a node holds or executes."""
        match spot.node:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                targets = [target]
            case ast.Call(func=func, args=[sent, *_]) if _executes(func):
                if name := dotted(sent, {}):
                    self._executed.add((id(spot.function), name))
                return
            case _:
                return
        spelt = _spelt(value)
        if spelt and _is_sql(spelt.text, is_run=True):
            names = {(id(spot.function), name) for target in targets if (name := dotted(target, {}))}
            self._held |= names
            self._clear |= names if _is_sql(spelt.text, is_run=False) else set()

    def sql(self, spot: Spot) -> Iterator[Fact]:
        """SQL that is put together from texts, so that a value can change the statement."""
        node, parent = spot.node, spot.parent
        inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Mod)
        if isinstance(node, ast.BinOp | ast.JoinedStr | ast.Call) and not inside:
            spelt = _spelt(node)
            executed = isinstance(parent, ast.Call) and _executes(parent.func)
            named = isinstance(parent, ast.Assign) and any(self._runs(spot, target) for target in parent.targets)
            if spelt and spelt.varies and _is_sql(spelt.text, is_run=executed or named):
                told = f"query built by {spelt.how} in execute()" if executed else "SQL is built from a string"
                yield fact(node.lineno, "sql-concatenation", told)
        match node:
            case ast.AugAssign(target=target, op=ast.Add(), value=value):
                pass
            case ast.Assign(targets=[target], value=ast.BinOp(begins, ast.Add(), value)):
                while isinstance(begins, ast.BinOp):
                    begins = begins.left
                if dotted(begins, {}) != dotted(target, {}):
                    return
            case _:
                return
        added, name = _spelt(value), (id(spot.function), dotted(target, {}))
        if (not added or added.varies) and name in (self._held if self._runs(spot, target) else self._clear):
            yield fact(node.lineno, "sql-concatenation", "SQL is built from a string")

    def _runs(self, spot: Spot, target: ast.expr) -> bool:
        return (id(spot.function), dotted(target, {})) in self._executed


def _executes(func: ast.expr) -> bool:
    return name_of(func).startswith("execute")


def _is_sql(text: str, *, is_run: bool) -> bool:
    """Whether a text is SQL: one that is executed by how it begins, another only where it cannot be a sentence."""
    return bool(STATEMENT.match(text)) and (is_run or bool(IN_CAPITALS.match(text) or CLAUSE.search(text)))


class Spelt(NamedTuple):
    """A text as far as it is fixed, with a question mark for each value; whether it has one; how it is put together."""

    text: str
    varies: bool
    how: str


def _spelt(node: ast.expr) -> Spelt | None:
    """What an expression spells, where it begins with a text; and no more of it than tells a statement."""
    pieces: list[ast.expr] = []
    varies, how = False, "string formatting"
    match node:
        case ast.Call(func=ast.Attribute(attr="format", value=value)):
            node, varies = value, True
        case ast.Call(
            func=ast.Attribute(attr="join", value=ast.Constant(value=str(between))),
            args=[ast.List(elts=pieces) | ast.Tuple(elts=pieces)],
        ) if pieces:
            spelt = [_piece(each) for each in pieces]
            varies = any(each is None for each in spelt)
            return Spelt(_cut(between.join(each or "?" for each in spelt)), varies, "joining strings")
        case _:
            pass
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        if isinstance(node.op, ast.Mod):
            varies = True
        else:
            how = "joining strings"
            pieces.append(node.right)
        node = node.left
    if isinstance(node, ast.JoinedStr):
        varies = varies or any(isinstance(each, ast.FormattedValue) for each in node.values)
        pieces += reversed(node.values)
    elif _piece(node) is not None:
        pieces.append(node)
    else:
        return None
    spelt = [_piece(each) for each in reversed(pieces)]
    return Spelt(_cut("".join(each or "?" for each in spelt)), varies or None in spelt, how)


def _piece(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _cut(text: str) -> str:
    return f"{text[:LONGEST_SQL]} "


def comparison(spot: Spot) -> Iterator[Fact]:
    """A secret compared with `==`, which stops at the first letter that differs, so its time tells how far it got."""
    node = spot.node
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return
    for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
        short = isinstance(other, ast.Constant) and (not isinstance(other.value, str | bytes) or len(other.value) < 4)
        if names_a_secret(name_of(one)) and not short:
            yield fact(node.lineno, "secret-compare", "a secret is compared with ==")
            return


def silenced(spot: Spot) -> Iterator[Fact]:
    """A handler that takes every error, or drops those that it takes."""
    node = spot.node
    if not isinstance(node, ast.ExceptHandler):
        return
    if node.type is None:
        if not isinstance(node.body[-1], ast.Raise):
            yield fact(node.lineno, "bare-except", "except without a type")
        return
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    takes_all = any(isinstance(each, ast.Name) and each.id in ("Exception", "BaseException") for each in caught)
    if takes_all and all(isinstance(each, ast.Pass | ast.Continue) for each in node.body):
        yield fact(node.lineno, "bare-except", "errors are swallowed")
