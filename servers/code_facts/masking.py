"""Secrets in code: which texts are one, and the code with `***` in their place.

A text is taken for a secret by the name that it is given to (`password`, `API_KEY`, `auth_token`), by its form (the
keys of well-known services), or because it is the same as one of these. No other secret is known: a password under the
name `x` stays. Only what Python holds as text is looked at: strings, and comments.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple, TypeGuard

MASK = "***"

MOST_KNOWN = 100
"""Secrets that are looked for wherever else they stand. A file with more is a keyring: every text in it is masked."""

PASSWORDS = {"password", "passwd", "passphrase", "pwd", "secret", "apikey", "credential", "credentials", "signature"}
KEYS = {"api", "access", "auth", "private", "secret", "signing", "encryption", "master"}
TOKENS = {"token", "hmac"}
ABOUT = {
    "url", "uri", "path", "file", "filename", "name", "names", "field", "length", "len", "count", "id", "ids",
    "type", "kind", "header", "headers", "env", "var", "variable", "size", "limit", "max", "min", "re", "regex",
    "pattern", "label", "prompt", "help", "message", "msg", "error", "errors", "hint", "placeholder", "input",
    "column", "param", "params", "policy", "version", "expires", "expiry", "expiration", "ttl", "age", "rounds",
    "iterations", "salt", "form", "format", "prefix", "suffix", "strength",
}  # fmt: skip
"""What a name ends in when it is about a secret and is none: `password_length`, `token_url`."""

WRAPPERS = {"SecretStr", "SecretBytes", "Field", "field", "bytes", "bytearray", "str", "frozenset", "set", "list"}
"""Calls that only hold the text that they are given."""

FORMS = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----END ).)*"
    r"|(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+){2,}"
    r"|(?<![0-9A-Za-z])(?:"
    r"sk-(?=[\w-]{0,60}\d)[\w-]{16,}|[rs]k_(?:live|test)_\w{16,}|(?:AKIA|ASIA)[0-9A-Z]{16,}|AIza[\w-]{35,}"
    r"|gh[pousr]_\w{36,}|github_pat_\w{22,}|xox[abeoprs]-[0-9A-Za-z-]{10,})"
    r"|(?<=Bearer )[\w.~+/-]{16,}=*"
    r"|(?<=Basic )(?=[A-Za-z+/]{0,99}(?:[a-z][A-Z]|[\d=]))[A-Za-z\d+/]{12,}=*",
    re.ASCII | re.DOTALL,
)
"""The keys of well-known services by their form: none begins inside a word, each goes on to the end of its letters."""

IN_URL = re.compile(r"(?<=://)[^\s/:@'\"]{0,100}:([^\s/'\"]+)(?=@)")
SPOKEN = re.compile(
    r"(?i:\b(?:password|passwd|passphrase|secret|api[_-]?key|(?:access|auth)?[_-]?token))[ \t]{0,3}[:=][ \t]{0,3}"
    r"([^\s'\",;{}<>]{6,})"
)
"""`password: hunter22` in a comment or a text."""

QUOTED = re.compile(rb"(?i:[rbuf]{0,2})(\"\"\"|'''|\"|')")


class Secret(NamedTuple):
    """A text that is a secret, and what it is given to where that is a name."""

    node: ast.expr
    value: str
    name: str


def names_a_secret(name: str) -> bool:
    """Whether a name is one of a secret: `DB_PASSWORD`, `apiKey`, `token`; not `token_count`."""
    words = [_single(word.lower()) for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name[:200])]
    if not words or words[-1] in ABOUT:
        return False
    return not {*words}.isdisjoint(PASSWORDS | TOKENS) or any(a in KEYS and b == "key" for a, b in pairwise(words))


def _single(word: str) -> str:
    """`password` for `passwords`; `tokens` stay, which are mostly counted."""
    return word[:-1] if word[:-1] in PASSWORDS | ABOUT | {"key"} else word


def is_secret(value: str, name: str) -> bool:
    """Whether a text is one under such a name. `PASSWORD = "password"` names a field, and `token = "("` a bracket."""
    is_field = re.fullmatch("[A-Za-z_-]+", value) is not None and names_a_secret(value)
    if len(value) < 4 or set(value) <= set("*.xX") or is_field or not names_a_secret(name):
        return False
    is_token = {*re.findall("[a-z]+", name.lower())} <= TOKENS
    return not is_token or (len(value) >= 8 and any(map(str.isdigit, value)))


def find_secrets(tree: ast.Module) -> list[Secret]:
    """The texts of a tree that are secrets, in no order."""
    found: dict[int, Secret] = {}
    for node in ast.walk(tree):
        for name, value in _given(node):
            for text in _texts(value):
                if is_secret(_value(text), name):
                    found.setdefault(id(text), Secret(text, _value(text), name))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if not _is_text(node) or id(node) in inside or id(node) in found:
            continue
        if hit := FORMS.search(_value(node)) or IN_URL.search(_value(node)):
            found[id(node)] = Secret(node, hit[hit.lastindex or 0], "")
    return list(found.values())


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What a node gives to which name: an assignment, a keyword, a default, an entry of a dictionary, a comparison."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
                    yield from ((_name(a), b) for a, b in zip(target.elts, value.elts, strict=False))
                else:
                    yield _name(target), value
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield _name(target), value
        case ast.keyword(arg=str(name), value=value):
            yield name, value
        case ast.arguments():
            positional = [*node.posonlyargs, *node.args]
            yield from ((a.arg, b) for a, b in zip(reversed(positional), reversed(node.defaults), strict=False))
            yield from ((a.arg, b) for a, b in zip(node.kwonlyargs, node.kw_defaults, strict=True) if b is not None)
        case ast.Dict(keys=keys, values=values):
            yield from ((_value(a), b) for a, b in zip(keys, values, strict=True) if isinstance(a, ast.Constant))
        case ast.Compare(left=left, comparators=[right]):
            yield from ((_name(left), right), (_name(right), left))
        case ast.Match(subject=subject, cases=cases):
            yield from ((_name(subject), value) for each in cases for value in _compared(each.pattern))
        case ast.Call(func=ast.Attribute(attr="get" | "getenv" | "setdefault"), args=[ast.Constant() as name, value]):
            yield _value(name), value
        case ast.Call(func=ast.Name(id="getenv"), args=[ast.Constant() as name, value]):
            yield _value(name), value
        case ast.Call(args=[ast.Constant(value=str(name)), *_], keywords=keywords):
            yield from ((name, each.value) for each in keywords if each.arg == "default")
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            yield _name(target), value
        case _:
            pass


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
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


def _texts(node: ast.expr) -> Iterator[ast.expr]:
    """The texts that a value may be: `get() or "text"`, `"text" if a else b`, `"te" + "xt"`, `"text".encode()`."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Constant(value=str() | bytes()) | ast.JoinedStr():
                yield node
            case ast.BoolOp(values=values):
                waiting += values
            case ast.IfExp(body=body, orelse=orelse):
                waiting += [body, orelse]
            case ast.BinOp(left=left, right=right):
                waiting += [left, right]
            case ast.Call(func=ast.Attribute(attr="encode" | "strip", value=value)):
                waiting.append(value)
            case ast.Call(func=ast.Attribute(attr="get" | "getenv"), args=[_, value]):
                waiting.append(value)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in WRAPPERS:
                waiting += node.args[:1]
                waiting += [each.value for each in node.keywords if each.arg == "default"]
            case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values) | ast.Dict(values=values):
                # What stands in a list is as often a name: only a text with a digit in it counts.
                waiting += [each for each in values if any(map(str.isdigit, _value(each)))]
            case _:
                pass


def _value(node: ast.AST) -> str:
    """The text of a constant; of an f-string what is fixed in it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_value(part) for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    return ""


def masked(code: str, tree: ast.Module, secrets: list[Secret]) -> tuple[str, list[int]]:
    """`code` with `***` for each secret, its lines where they were; and the lines of the secrets.

    Args:
        code: Normalised, and what `tree` was made of.
        tree: Its syntax tree.
        secrets: Those found in it.
    """
    source = code.encode("utf-8")
    starts = [0, *(end + 1 for end, byte in enumerate(source) if byte == 10)]
    whole = {id(secret.node) for secret in secrets if secret.name}
    every = {id(secret.node) for secret in secrets}
    same = {secret.value for secret in secrets}
    known = _known(secrets)
    parts: list[tuple[int, int, bytes]] = []
    for start, end, node in [*_literals(tree, starts), *_comments(code, starts)]:
        old = source[start:end]
        is_one = node is not None and (id(node) in whole or _value(node) in same or _holds(node, every))
        if is_one or len(known) > MOST_KNOWN:
            new = _blank(old)
        else:
            text = old.decode("utf-8")
            new = _cleaned(text, known).encode("utf-8")
            if node is not None and (value := _value(node)) not in text and _cleaned(value, known) != value:
                new = _blank(old)  # spelt with escapes or in pieces, so not all could be found as it stands
        if new != old:
            parts.append((start, end, new))
    pieces: list[bytes] = []
    lines: list[int] = []
    done = 0
    for start, end, new in sorted(parts):
        if start < done:  # a comment inside an f-string, as Python 3.12 allows, which was cleaned with it
            continue
        pieces += [source[done:start], new]
        lines.append(source.count(b"\n", 0, start) + 1)
        done = end
    return b"".join([*pieces, source[done:]]).decode("utf-8"), sorted({*lines})


def cleaned(text: str, secrets: list[Secret]) -> str:
    """A text without the secrets that can be found in it."""
    return _cleaned(text, _known(secrets))


def _known(secrets: list[Secret]) -> list[str]:
    """The secrets that are looked for wherever else they stand, the longest first."""
    return sorted({secret.value for secret in secrets if _is_rare(secret.value)}, key=lambda each: (-len(each), each))


def _holds(node: ast.AST, every: set[int]) -> bool:
    """Whether a secret stands inside an f-string, whose parts have no places of their own before Python 3.12."""
    return isinstance(node, ast.JoinedStr) and any(id(each) in every for each in ast.walk(node))


def _is_rare(value: str) -> bool:
    """Whether a secret would not stand in other texts by chance, as the password `secret` does."""
    return len(value) >= 8 and not value.isalpha()


def _literals(tree: ast.Module, starts: list[int]) -> Iterator[tuple[int, int, ast.expr]]:
    """Every string of a tree, an f-string as one, with the bytes that it stands at."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if _is_text(node):
            last = starts[(node.end_lineno or node.lineno) - 1]
            yield starts[node.lineno - 1] + node.col_offset, last + (node.end_col_offset or 0), node
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant | ast.JoinedStr]:
    """Whether a node is a string, also one with expressions in it."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _comments(code: str, starts: list[int]) -> Iterator[tuple[int, int, None]]:
    """Every comment, with the bytes that it stands at."""
    lines = code.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            start = starts[line - 1] + len(lines[line - 1][:column].encode("utf-8"))
            yield start, start + len(token.string.encode("utf-8")), None


def _cleaned(text: str, known: list[str]) -> str:
    """A text without the secrets that can be found in it as it stands."""
    for secret in known:
        text = text.replace(secret, _same_lines(secret))
    for pattern in (FORMS, IN_URL, SPOKEN):
        text = pattern.sub(_without_group, text)
    return text


def _without_group(hit: re.Match[str]) -> str:
    """A match with the mask in the place of its group, or of all of it where it has none."""
    group = hit.lastindex or 0
    start, end = hit.start(group) - hit.start(), hit.end(group) - hit.start()
    return hit[0][:start] + _same_lines(hit[group]) + hit[0][end:]


def _blank(literal: bytes) -> bytes:
    """A string literal with nothing but the mask in it, over as many lines."""
    opening = QUOTED.match(literal)
    if opening is None:
        return MASK.encode() + b"\n" * literal.count(b"\n")
    quote = opening[1]
    breaks = (b"\n" if len(quote) == 3 else b"\\\n") * literal.count(b"\n")
    return opening[0] + MASK.encode() + breaks + quote


def _same_lines(secret: str) -> str:
    return MASK + "\n" * secret.count("\n")
