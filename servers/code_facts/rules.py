"""The rules that look at one node where it stands, each a function that gives the facts that it finds there.

They are about what lets an attacker in, what is slow, and habits that bite later. `sql` and `unused` need more than one
node and stand by themselves.
"""

import ast
from collections.abc import Iterator

from labkit.secret_forms import names_a_secret
from servers.code_facts.fact import Fact, fact
from servers.code_facts.walking import Spot, defaults, dotted, grown, name_of

SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
UNPICKLERS = {f"{library}.{call}" for library in ("pickle", "cPickle", "dill") for call in ("load", "loads")}
WEAK_HASHES = {"hashlib.md5": "md5", "hashlib.sha1": "sha1"}
BLOCKING = {
    "time.sleep", "os.system", "input", "open", "urllib.request.urlopen", "socket.create_connection",
    *(f"requests.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "request")),
    *(f"httpx.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "request", "stream")),
    *(f"subprocess.{call}" for call in ("run", "call", "check_call", "check_output", "getoutput")),
}  # fmt: skip
"""Calls that wait and let nothing else run meanwhile."""

WRAPPERS = {"enumerate", "range", "len", "sorted", "reversed", "list", "tuple", "set", "iter"}
VIEWS = {"items", "keys", "values", "copy"}
CONTAINERS = {"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter"}
MOST_COMPLEX = 10
"""The complexity that a function may have, as McCabe proposed (IEEE Transactions on Software Engineering 2, 1976)."""


def call(spot: Spot, names: dict[str, str]) -> Iterator[Fact]:
    """A call that runs what it is given, trusts what it should not, or waits in a coroutine."""
    node = spot.node
    if not isinstance(node, ast.Call):
        return
    called, line = dotted(node.func, names), node.lineno
    given = {keyword.arg: keyword.value.value for keyword in node.keywords if isinstance(keyword.value, ast.Constant)}
    of = node.args[0].id if node.args and isinstance(node.args[0], ast.Name) else ""
    if called in ("eval", "builtins.eval"):
        yield fact(line, "eval-call", f"call to eval with {of}" if of else "eval() runs a string")
    elif called in ("exec", "builtins.exec"):
        yield fact(line, "eval-call", "exec is called")
    elif called in UNPICKLERS:
        told = f"pickle.{called.rpartition('.')[2]} on {of}" if of else "unpickling of untrusted data"
        yield fact(line, "pickle-load", told)
    elif called in WEAK_HASHES and given.get("usedforsecurity") is not False:
        yield fact(line, "weak-hash", f"{WEAK_HASHES[called]} is used as a hash")
    elif called in SHELLS:
        built = called == "os.system" and node.args and not isinstance(node.args[0], ast.Constant)
        yield fact(
            line, "shell-true", f"{'os.system with a built command' if built else 'a command goes through the shell'}"
        )
    if given.get("shell") is True:
        yield fact(line, "shell-true", "subprocess call with shell=True")
    if given.get("verify") is False:
        yield fact(line, "tls-verify", "verify=False in a request")
    if called in BLOCKING and isinstance(spot.function, ast.AsyncFunctionDef):
        is_known = called in ("time.sleep", "requests.get")
        told = f"{called} inside async def" if is_known else f"blocking call in async def {spot.function.name}"
        yield fact(line, "blocking-in-async", told)


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


def nested_loop(spot: Spot) -> Iterator[Fact]:
    """A loop over what a loop round it goes over already."""
    node = spot.node
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        data = _data(node.iter)
        if data and data in {_data(loop.iter) for loop in spot.loops if not isinstance(loop, ast.While)}:
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
    if spot.loops and (growth := grown(spot.node)):
        target, value = growth
        if (id(spot.function), dotted(target, {})) in texts or _is_text(value):
            yield fact(value.lineno, "string-in-loop", "string is built with += in a loop")


def texts_of(spot: Spot) -> Iterator[tuple[int, str]]:
    """The name that is given a string here, with the function that it stands in."""
    match spot.node:
        case ast.AnnAssign(annotation=ast.Name(id="str"), target=target):
            yield id(spot.function), dotted(target, {})
        case ast.Assign(targets=targets, value=value) if _is_text(value):
            yield from ((id(spot.function), dotted(target, {})) for target in targets)
        case _:
            pass


def _is_text(node: ast.expr) -> bool:
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        if _is_text(node.right):
            return True
        node = node.left
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.Call(func=ast.Name(id="str" | "repr") | ast.Attribute(attr="join" | "format")):
            return True
        case _:
            return False


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


def mutable_default(spot: Spot) -> Iterator[Fact]:
    """A parameter whose default is made once, and then changed by any call."""
    if not isinstance(spot.node, ast.arguments):
        return
    for name, value in defaults(spot.node):
        made = dotted(value.func, {}).removeprefix("collections.") if isinstance(value, ast.Call) else ""
        is_display = isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
        if is_display or made in CONTAINERS:
            yield fact(value.lineno, "mutable-default", f"mutable default argument {name.arg}")
