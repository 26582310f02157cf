"""What lets an attacker in: text run as code, as a shell command or as SQL, a weak comparison, a silenced error."""

import ast
import re
from collections.abc import Iterator

from servers.code_facts.fact import Fact, fact
from servers.code_facts.masking import names_a_secret
from servers.code_facts.walking import Spot, dotted

SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
UNPICKLERS = {f"{library}.{call}" for library in ("pickle", "cPickle", "dill") for call in ("load", "loads")}
WEAK_HASHES = {"hashlib.md5": "md5", "hashlib.sha1": "sha1"}
SQL = re.compile(
    r"\s*(?:SELECT\s.*\sFROM\s|INSERT\s+INTO\s|UPDATE\s.*\sSET\s|DELETE\s+FROM\s|DROP\s+TABLE\s)",
    re.IGNORECASE | re.DOTALL,
)
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


def sql(spot: Spot) -> Iterator[Fact]:
    """SQL that is put together from texts, so that a value can change the statement."""
    node, parent = spot.node, spot.parent
    inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Mod)
    match node:
        case ast.BinOp(op=ast.Add()) if not inside:
            text, joined = _first_text(node), True
        case ast.BinOp(op=ast.Mod(), left=left) if not inside:
            text, joined = _first_text(left), False
        case ast.JoinedStr() if not inside:
            text, joined = _first_text(node), False
        case ast.Call(func=ast.Attribute(attr="format", value=value)):
            text, joined = _first_text(value), False
        case _:
            return
    if text is None or not SQL.match(f"{text[:LONGEST_SQL]} "):
        return
    how = "joining strings" if joined else "string formatting"
    executed = isinstance(parent, ast.Call) and dotted(parent.func, {}).rpartition(".")[2].startswith("execute")
    told = f"query built by {how} in execute()" if executed else "SQL is built from a string"
    yield fact(node.lineno, "sql-concatenation", told)


def _first_text(node: ast.expr) -> str | None:
    """What an expression begins with, where that is a text; `None` where all of it is a constant."""
    begins, varies = node, False
    while isinstance(begins, ast.BinOp):
        varies = varies or not isinstance(begins.right, ast.Constant)
        begins = begins.left
    if isinstance(begins, ast.JoinedStr):
        varies = varies or any(isinstance(each, ast.FormattedValue) for each in begins.values)
        texts = [part.value if isinstance(part, ast.Constant) else "?" for part in begins.values]
        return "".join(map(str, texts)) if varies else None
    if isinstance(begins, ast.Constant) and isinstance(begins.value, str):
        return begins.value if varies or begins is node else None
    return None


def comparison(spot: Spot) -> Iterator[Fact]:
    """A secret compared with `==`, which stops at the first letter that differs, so its time tells how far it got."""
    node = spot.node
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return
    for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
        short = isinstance(other, ast.Constant) and (not isinstance(other.value, str | bytes) or len(other.value) < 4)
        if names_a_secret(_name(one)) and not short:
            yield fact(node.lineno, "secret-compare", "a secret is compared with ==")
            return


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case _:
            return ""


def silenced(spot: Spot) -> Iterator[Fact]:
    """A handler that takes every error, or drops those that it takes."""
    node = spot.node
    if not isinstance(node, ast.ExceptHandler):
        return
    if node.type is None:
        if not isinstance(node.body[-1], ast.Raise):
            yield fact(node.lineno, "bare-except", "except without a type")
    elif isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"):
        is_dropped = all(isinstance(each, ast.Pass | ast.Continue) for each in node.body)
        yield from [fact(node.lineno, "bare-except", "errors are swallowed")] * is_dropped
