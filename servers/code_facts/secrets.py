"""Which texts of a program are secrets, as far as plain code can tell, and the program with `***` in their place.

A text is taken for a secret by the name that it is given to (`password`, `API_KEY`, `auth_token`, `DB_PASS`) or by what
stands in it (`labkit.secret_forms`). It is given to a name by an assignment, a default, a keyword, an entry of a
dictionary or a pair, a comparison, a call such as `set_password("…")` or `login(user, "…")`, and what a function of
such a name returns; it is looked for in what is done with a text: `"…".encode()`, `b64decode("…")`, `get() or "…"`,
`"".join(["…", "…"])`. A name that says little, `token` or `secret_santa`, needs a text with a digit in it.

Not known, so not masked:

- what stands under another name: `x = "hunter2"`, `settings = ("db", "hunter2")`, a word of a list without a digit
- what is given to a call that only its maker knows to want a secret: `connect("db", "hunter2")`
- what is put together by more than `+` and `join`: `"password=%s" % "hunter2"`, `"pwd=" + "hunter2"`
- what a command line gives to an option behind a space and without a digit: `mysql --password geheim`
- names in languages and keys of services that `secret_forms` does not list
- what is no text: numbers, a list of bytes
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from labkit.secret_forms.finding import find_secrets as find_in_text
from labkit.secret_forms.given import is_given
from labkit.secret_forms.names import ends_in_a_secret, is_secret, is_weak, may_name_a_secret, words_of_name
from servers.code_facts.walking import Spot, defaults, is_text, name_of, text_of

MASK = "***"
MOST_KNOWN = 100
"""Secrets that are looked for wherever else they stand. A file with more is a keyring: every text in it is masked."""

METHODS = {
    "encode", "decode", "strip", "lstrip", "rstrip", "lower", "upper", "title", "swapcase", "replace", "translate",
    "removeprefix", "removesuffix",
}  # fmt: skip
HOLDERS = {
    "SecretStr", "SecretBytes", "Field", "field", "bytes", "bytearray", "str", "frozenset", "set", "list",
    "b64decode", "urlsafe_b64decode", "standard_b64decode", "b32decode", "b16decode", "a85decode", "b85decode",
    "unhexlify", "fromhex", "unquote",
}  # fmt: skip
"""What makes another text of the one that it is called on; and what holds the text that it is given, or decodes it."""

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
        for name, value, vague in _given(spot):
            key = (id(value), is_weak(name), vague)
            if key in seen or not (ends_in_a_secret(name) if vague else may_name_a_secret(name)):
                continue
            seen.add(key)
            for text, pieces in _texts(value):
                is_plain = len(text) < 6 or not any(map(str.isdigit, text)) or any(map(str.isspace, text))
                if is_secret(text, name) and not (vague and is_plain):
                    for node in pieces:
                        found.setdefault(
                            id(node), Secret(node, text, "" if vague else name, not vague or len(pieces) > 1)
                        )
    for node in (spot.node for spot in every if not isinstance(spot.parent, ast.JoinedStr)):
        if is_text(node) and id(node) not in found:
            text = text_of(node)
            for hit in find_in_text(text)[:1]:
                found[id(node)] = Secret(node, text[hit.start : hit.end], "", is_whole=False)
    return list(found.values())


def _given(spot: Spot) -> Iterator[Given]:
    """What a node gives to which name."""
    match spot.node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
                    yield from (Given(name_of(a), b) for a, b in zip(target.elts, value.elts, strict=False))
                else:
                    yield Given(name_of(target), value)
        case (
            ast.AnnAssign(target=target, value=ast.expr() as value)
            | ast.NamedExpr(target=target, value=value)
            | ast.AugAssign(target=target, value=value)
            | ast.For(target=target, iter=value)
            | ast.AsyncFor(target=target, iter=value)
        ):
            yield Given(name_of(target), value)
        case ast.keyword(arg="auth", value=ast.Tuple(elts=[_, value])):
            yield Given("password", value)
        case ast.keyword(arg=str(name), value=value):
            yield Given(name, value)
        case ast.arguments() as node:
            yield from (Given(name.arg, value) for name, value in defaults(node))
        case ast.Dict(keys=keys, values=values):
            yield from (Given(text_of(a), b) for a, b in zip(keys, values, strict=True) if a)
        case ast.List(elts=values) | ast.Tuple(elts=values):
            if len(values) == 2:
                yield Given(text_of(values[0]), values[1], vague=True)
            for option, value in pairwise(values if isinstance(spot.node, ast.List) else []):
                name, text = text_of(option), text_of(value)  # `["mysql", "--password", "hunter2"]`
                if name.startswith("-") and len(text.split()) == 1 and is_given(name, text, is_sure=True):
                    yield Given(name, value)
        case ast.Compare(left=left, comparators=[right]):
            yield from (Given(name_of(left), right), Given(name_of(right), left))
        case ast.Match(subject=subject, cases=cases):
            yield from (Given(name_of(subject), value) for each in cases for value in _compared(each.pattern))
        case ast.MatchMapping(keys=keys, patterns=patterns):
            pairs = zip(keys, patterns, strict=True)
            yield from (Given(text_of(key), value) for key, pattern in pairs for value in _compared(pattern))
        case ast.Call() as node:
            yield from _called(node)
        case ast.BoolOp(values=values):
            yield from (Given(name_of(a), b) for a, b in pairwise(values) if is_text(b))
        case ast.IfExp(body=body, orelse=orelse):
            yield from (Given(name_of(a), b) for a, b in ((body, orelse), (orelse, body)) if is_text(b))
        case ast.Return(value=ast.expr() as value) if isinstance(spot.function, ast.FunctionDef | ast.AsyncFunctionDef):
            is_message = any(" " in text for text, _ in _texts(value))
            if not is_message and TALKERS.isdisjoint(words_of_name(spot.function.name)[:1]):
                yield Given(spot.function.name, value)
        case _:
            pass


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
        case [*_, value] if not SETTERS.isdisjoint(words_of_name(called)[:1]) and ends_in_a_secret(called):
            yield Given(called, value)
        case _:
            pass
    yield from (Given(text_of(name), value, vague=True) for name, value in pairwise(node.args))
    named = [*node.args, *(each.value for each in node.keywords if each.arg in NAMERS)]
    if default := next((each.value for each in node.keywords if each.arg == "default"), None):
        yield from (Given(text_of(name), default) for name in named)


def _compared(pattern: ast.pattern) -> list[ast.expr]:
    """The values that a pattern of a `case` compares its subject with."""
    return [each.value for each in ast.walk(pattern) if isinstance(each, ast.MatchValue)]


def _texts(node: ast.expr) -> Iterator[tuple[str, list[ast.expr]]]:
    """The texts that a value may be: `get() or "text"`, `"text" if a else b`, `"te" + "xt"`, `"text".encode()`.

    Each comes with the strings that it stands in.
    """
    waiting = [node]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Constant(value=str() | bytes()) | ast.JoinedStr():
                yield text_of(node), [node]
            case ast.Call(
                func=ast.Attribute(attr="join", value=ast.Constant() as between),
                args=[ast.List(elts=pieces) | ast.Tuple(elts=pieces)],
            ):
                if all(map(is_text, pieces)):
                    yield text_of(between).join(map(text_of, pieces)), pieces
                waiting += [] if all(map(is_text, pieces)) else pieces
            case ast.BinOp():
                pieces = [node.right]
                while isinstance(node.left, ast.BinOp):
                    node = node.left
                    pieces.append(node.right)
                pieces = [node.left, *reversed(pieces)]
                if all(map(is_text, pieces)):
                    yield "".join(map(text_of, pieces)), pieces
                waiting += [] if all(map(is_text, pieces)) else pieces
            case ast.BoolOp(values=values):
                waiting += values
            case ast.IfExp(body=body, orelse=orelse):
                waiting += [body, orelse]
            case ast.Subscript(value=value) | ast.Lambda(body=value) | ast.Await(value=value):
                waiting.append(value)
            case ast.Call(func=called, args=args):
                if isinstance(called, ast.Attribute) and called.attr in METHODS:
                    waiting.append(called.value)
                if name_of(called) in ("get", "getenv", "pop") and len(args) == 2:
                    waiting.append(args[1])
                waiting += args[:1] if name_of(called) in HOLDERS else []
                waiting += [each.value for each in node.keywords if each.arg in ("default", "fallback")]
            case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values) | ast.Dict(values=values):
                # What stands in a list is as often a name: only a text with a digit in it counts.
                waiting += [each for each in values if any(map(str.isdigit, text_of(each)))]
            case _:
                pass


def known_texts(secrets: Sequence[Secret]) -> list[str]:
    """The secrets that are looked for wherever else they stand, the longest first; not one like `geheim`, which may
    stand in other texts by chance."""
    rare = {each.value for each in secrets if len(each.value) >= 8 and not each.value.isalpha()}
    return sorted(rare, key=lambda each: (-len(each), each))


def masked(code: str, tree: ast.Module, secrets: Sequence[Secret], known: Sequence[str]) -> tuple[str, list[int]]:
    """`code` with `***` for each secret, its lines where they were; and the lines of the secrets.

    Only what Python holds as text is looked at: strings, and comments.

    Args:
        code: Normalised, and what `tree` was made of.
        tree: Its syntax tree.
        secrets: Those found in it.
        known: What `known_texts` gives of them.
    """
    source = code.encode("utf-8")  # the tree counts columns in bytes
    starts = [0, *(end + 1 for end, byte in enumerate(source) if byte == 10)]
    whole = {id(secret.node) for secret in secrets if secret.is_whole}
    every = {id(secret.node) for secret in secrets}
    same = {secret.value for secret in secrets}
    pieces: list[bytes] = []
    lines: list[int] = []
    done = 0
    for start, end, node in sorted([*_literals(tree, starts), *_comments(code, starts)], key=lambda each: each[:2]):
        old = source[start:end].decode("utf-8")
        if node is None:
            new = MASK if len(known) > MOST_KNOWN else cleaned(old, known)
        elif id(node) in whole or text_of(node) in same or len(known) > MOST_KNOWN:
            new = _blank(old)
        else:
            new, value = cleaned(old, known), text_of(node)
            # An f-string holds code, and has no places of its own before Python 3.12. A text that is spelt with escapes
            # or in pieces may hold what could not be found as it stands.
            is_hidden = value not in old and cleaned(value, known) != value
            if is_hidden or (
                isinstance(node, ast.JoinedStr) and (new != old or any(id(n) in every for n in ast.walk(node)))
            ):
                new = _blank(old)
        if new != old and start >= done:  # not a comment inside an f-string, as Python 3.12 allows
            pieces += [source[done:start], new.encode("utf-8")]
            lines.append(source.count(b"\n", 0, start) + 1)
            done = end
    return b"".join([*pieces, source[done:]]).decode("utf-8"), sorted({*lines})


def cleaned(text: str, known: Sequence[str]) -> str:
    """A text without the secrets that can be found in it as it stands; `known` are those of `known_texts`."""
    for secret in known:
        text = text.replace(secret, _same_lines(secret))
    pieces: list[str] = []
    done = 0
    for start, end, _ in find_in_text(text):
        pieces += [text[done:start], _same_lines(text[start:end])]
        done = end
    return "".join([*pieces, text[done:]])


def _literals(tree: ast.Module, starts: Sequence[int]) -> Iterator[tuple[int, int, ast.expr]]:
    """Every string of a tree, an f-string as one, with the bytes that it stands at."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if is_text(node):
            last = starts[(node.end_lineno or node.lineno) - 1]
            yield starts[node.lineno - 1] + node.col_offset, last + (node.end_col_offset or 0), node
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _comments(code: str, starts: Sequence[int]) -> Iterator[tuple[int, int, None]]:
    """Every comment, with the bytes that it stands at."""
    lines = code.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            start = starts[line - 1] + len(lines[line - 1][:column].encode("utf-8"))
            yield start, start + len(token.string.encode("utf-8")), None


def _blank(literal: str) -> str:
    """A string literal with nothing but the mask in it, over as many lines."""
    opening = re.match(r"(?i:[rbuf]{0,2})(\"\"\"|'''|\"|')", literal)
    if opening is None:
        return _same_lines(literal)
    breaks = ("\n" if len(opening[1]) == 3 else "\\\n") * literal.count("\n")
    return f"{opening[0]}{MASK}{breaks}{opening[1]}"


def _same_lines(secret: str) -> str:
    return MASK + "\n" * secret.count("\n")
