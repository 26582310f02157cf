"""Which texts of a syntax tree are secrets, as far as plain code can tell.

A text is taken for a secret by the name that it is given to (`password`, `API_KEY`, `auth_token`, `DB_PASS`) or by its
form (the keys of well-known services). It is given to a name by an assignment, a default, a keyword, an entry of a
dictionary or a pair, a comparison, a call such as `set_password("…")` or `login(user, "…")`, and what a function of
such a name returns; it is looked for in what is done with a text: `"…".encode()`, `b64decode("…")`, `get() or "…"`,
`"".join(["…", "…"])`. A name that says little, `token` or `secret_santa`, needs a text with a digit in it.

Not known, so not masked:

- what stands under another name: `x = "hunter2"`, `settings = ("db", "hunter2")`, a word of a list without a digit
- what is given to a call that only its maker knows to want a secret: `connect("db", "hunter2")`
- what is put together by more than `+` and `join`: `"password=%s" % "hunter2"`, `"pwd=" + "hunter2"`
- what a command line gives to an option without a name, `curl -u me:hunter2`, or behind a space and without a digit
- names in other languages than English, and keys of services that `secret_names.FORMS` does not list
- what is no text: numbers, a list of bytes
"""

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeGuard

from servers.code_facts.secret_names import (
    ends_in_a_secret,
    formed,
    is_given,
    is_secret,
    is_weak,
    may_hold_a_secret,
    words_of_name,
)
from servers.code_facts.walking import Spot

HOLDERS = {"SecretStr", "SecretBytes", "Field", "field", "bytes", "bytearray", "str", "frozenset", "set", "list"}
DECODERS = {
    "b64decode", "urlsafe_b64decode", "standard_b64decode", "b32decode", "b16decode", "a85decode", "b85decode",
    "unhexlify", "fromhex", "unquote",
}  # fmt: skip
METHODS = {
    "encode", "decode", "strip", "lstrip", "rstrip", "lower", "upper", "title", "swapcase", "replace", "translate",
    "removeprefix", "removesuffix",
}  # fmt: skip
"""What only holds the text that it is given, and what makes another of it."""

SETTERS = {"set", "check", "verify", "change", "reset", "make", "hash"}
TALKERS = {"check", "validate", "verify", "is", "has", "mask", "hide", "redact", "format", "describe", "hash"}
"""First words of a call that takes a secret, `set_password("…")`; and of a function that returns no secret."""

NAMERS = {"key", "name", "alias", "env", "envvar", "dest", "validation_alias"}
"""Keywords by which a call is told the name of what its `default` is for."""

LOGINS = {"login", "HTTPBasicAuth", "HTTPDigestAuth", "BasicAuth", "DigestAuth"}
COMPARERS = {"compare_digest", "safe_str_cmp", "checkpw"}


class Secret(NamedTuple):
    """A text that is a secret, what it is given to where that is a name, and whether nothing of it may stay.

    Of a secret in pieces there is one for each of them, with the value that they make together.
    """

    node: ast.expr
    value: str
    name: str
    is_whole: bool = True


class Given(NamedTuple):
    """What is given to a name. A `vague` one, such as the second of a pair, must look like a secret as well."""

    name: str
    value: ast.expr
    vague: bool = False


def find_secrets(every: Sequence[Spot]) -> list[Secret]:
    """The texts of a tree that are secrets, in no order. `every` are its spots."""
    found: dict[int, Secret] = {}
    seen: set[tuple[int, bool, bool]] = set()  # a value that many names are given would be taken apart for each
    for spot in every:
        given = [*_given(spot.node)]
        if isinstance(spot.node, ast.Return) and isinstance(spot.function, ast.FunctionDef | ast.AsyncFunctionDef):
            given += _returned(spot.function.name, spot.node)
        for name, value, vague in given:
            if not (ends_in_a_secret(name) if vague else may_hold_a_secret(name)):
                continue
            if (key := (id(value), is_weak(name), vague)) in seen:
                continue
            seen.add(key)
            for text, pieces in _texts(value):
                if is_secret(text, name) and not (vague and _is_plain(text)):
                    for node in pieces:
                        told = "" if vague else name
                        found.setdefault(id(node), Secret(node, text, told, bool(told) or len(pieces) > 1))
    for node in (spot.node for spot in every if not isinstance(spot.parent, ast.JoinedStr)):
        if not is_text(node) or id(node) in found:
            continue
        if value := formed(text_of(node)):
            found[id(node)] = Secret(node, value, "", is_whole=False)
    return list(found.values())


def _is_plain(text: str) -> bool:
    """Whether a text reads like words or a kind of column, and not like a secret."""
    return len(text) < 6 or not any(map(str.isdigit, text)) or any(map(str.isspace, text))


def _returned(function: str, node: ast.Return) -> Iterator[Given]:
    """What a function with the name of a secret returns: not what `validate_password` says of one."""
    if node.value is not None and words_of_name(function)[:1] not in [[word] for word in TALKERS]:
        is_message = any(" " in text for text, _ in _texts(node.value))
        yield from [] if is_message else [Given(function, node.value)]


def _given(node: ast.AST) -> Iterator[Given]:
    """What a node gives to which name."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
                    yield from (Given(name_of(a), b) for a, b in zip(target.elts, value.elts, strict=False))
                else:
                    yield Given(name_of(target), value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield Given(name_of(target), value)
        case ast.AugAssign(target=target, value=value):
            yield Given(name_of(target), value)
        case ast.keyword(arg="auth", value=ast.Tuple(elts=[_, value])):
            yield Given("password", value)
        case ast.keyword(arg=str(name), value=value):
            yield Given(name, value)
        case ast.arguments():
            positional = [*node.posonlyargs, *node.args]
            yield from (Given(a.arg, b) for a, b in zip(reversed(positional), reversed(node.defaults), strict=False))
            pairs = zip(node.kwonlyargs, node.kw_defaults, strict=True)
            yield from (Given(a.arg, b) for a, b in pairs if b is not None)
        case ast.Dict(keys=keys, values=values):
            yield from (Given(text_of(a), b) for a, b in zip(keys, values, strict=True) if isinstance(a, ast.Constant))
        case ast.List(elts=values) | ast.Tuple(elts=values):
            if len(values) == 2:
                yield Given(text_of(values[0]), values[1], vague=True)
            if isinstance(node, ast.List):
                yield from _optioned(values)
        case ast.Compare(left=left, comparators=[right]):
            yield from (Given(name_of(left), right), Given(name_of(right), left))
        case ast.Match(subject=subject, cases=cases):
            yield from (Given(name_of(subject), value) for each in cases for value in _compared(each.pattern))
        case ast.MatchMapping(keys=keys, patterns=patterns):
            pairs = zip(keys, patterns, strict=True)
            yield from (Given(text_of(key), value) for key, pattern in pairs for value in _compared(pattern))
        case ast.Call():
            yield from _called(node)
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            yield Given(name_of(target), value)
        case ast.BoolOp(values=values):
            yield from (Given(name_of(a), b) for a, b in pairwise(values) if is_text(b))
        case ast.IfExp(body=body, orelse=orelse):
            pairs = ((body, orelse), (orelse, body))
            yield from (Given(name_of(a), b) for a, b in pairs if is_text(b))
        case _:
            pass


def _optioned(values: Sequence[ast.expr]) -> Iterator[Given]:
    """What a list of arguments gives to an option: `["mysql", "--password", "hunter2"]`."""
    for name, value in pairwise(values):
        option, text = text_of(name), text_of(value)
        is_one_word = text and not any(map(str.isspace, text))
        if option.startswith("-") and is_one_word and is_given(text, option, is_sure=True):
            yield Given(option, value)


def _called(node: ast.Call) -> Iterator[Given]:
    """What a call is given as a secret: by its own name, or by the name that stands before it among its arguments."""
    called = name_of(node.func)
    match node.args:
        case [ast.Constant() as name, value] if called in ("get", "getenv", "setdefault", "pop"):
            yield Given(text_of(name), value)
        case [left, right] if called in COMPARERS:
            yield from (Given(name_of(left), right), Given(name_of(right), left))
        case [_, value] if called in LOGINS:
            yield Given("password", value)
        case [*_, value] if words_of_name(called)[:1] in [[word] for word in SETTERS] and ends_in_a_secret(called):
            yield Given(called, value)
        case _:
            pass
    for name, value in pairwise(node.args):
        if isinstance(name, ast.Constant):
            yield Given(text_of(name), value, vague=True)
    named = [*node.args, *(each.value for each in node.keywords if each.arg in NAMERS)]
    if default := next((each.value for each in node.keywords if each.arg == "default"), None):
        yield from (Given(text_of(name), default) for name in named if isinstance(name, ast.Constant))


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


def _compared(pattern: ast.pattern) -> Iterator[ast.expr]:
    """The values that a pattern of a `case` compares its subject with."""
    match pattern:
        case ast.MatchValue(value=value):
            yield value
        case ast.MatchOr(patterns=patterns):
            yield from (each.value for each in patterns if isinstance(each, ast.MatchValue))
        case ast.MatchAs(pattern=ast.pattern() as inner):
            yield from _compared(inner)
        case _:
            pass


def _texts(node: ast.expr) -> Iterator[tuple[str, list[ast.expr]]]:
    """The texts that a value may be: `get() or "text"`, `"text" if a else b`, `"te" + "xt"`, `"text".encode()`.

    Each comes with the strings that it stands in.
    """
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if (made := _put_together(node)) is not None:
            between, pieces = made
            if all(map(is_text, pieces)):
                yield between.join(map(text_of, pieces)), pieces
            else:
                waiting += pieces
            continue
        match node:
            case ast.Constant(value=str() | bytes()) | ast.JoinedStr():
                yield text_of(node), [node]
            case ast.BoolOp(values=values):
                waiting += values
            case ast.IfExp(body=body, orelse=orelse):
                waiting += [body, orelse]
            case ast.BinOp(left=left, right=right):
                waiting += [left, right]
            case ast.Subscript(value=value) | ast.Lambda(body=value) | ast.Await(value=value):
                waiting.append(value)
            case ast.Call(func=called):
                if isinstance(called, ast.Attribute) and called.attr in METHODS:
                    waiting.append(called.value)
                if name_of(called) in ("get", "getenv", "pop") and len(node.args) == 2:
                    waiting.append(node.args[1])
                if name_of(called) in HOLDERS | DECODERS:
                    waiting += node.args[:1]
                waiting += [each.value for each in node.keywords if each.arg in ("default", "fallback")]
            case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values) | ast.Dict(values=values):
                # What stands in a list is as often a name: only a text with a digit in it counts.
                waiting += [each for each in values if any(map(str.isdigit, text_of(each)))]
            case _:
                pass


def _put_together(node: ast.expr) -> tuple[str, list[ast.expr]] | None:
    """What a text is joined from, and what stands between: of `"te" + "xt"`, and of `"".join(["te", "xt"])`."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="join", value=ast.Constant() as between),
            args=[ast.List(elts=pieces) | ast.Tuple(elts=pieces)],
        ):
            return text_of(between), pieces
        case ast.BinOp(op=ast.Add()):
            pieces: list[ast.expr] = []
            left: ast.expr = node
            while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
                pieces.append(left.right)
                left = left.left
            return "", [left, *reversed(pieces)]
        case _:
            return None


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
