"""The code with `***` in the place of each secret: of those found in its tree, and of those that a text spells out.

Only what Python holds as text is looked at: strings, and comments. A secret that was found is masked wherever else it
stands; what `secret_texts` cannot tell stays.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence

from servers.code_facts.secret_names import FORMS, IN_URL, is_placeholder, optional, spoken
from servers.code_facts.secret_texts import Secret, is_text, text_of

MASK = "***"

MOST_KNOWN = 100
"""Secrets that are looked for wherever else they stand. A file with more is a keyring: every text in it is masked."""

QUOTED = re.compile(rb"(?i:[rbuf]{0,2})(\"\"\"|'''|\"|')")


def masked(code: str, tree: ast.Module, secrets: Sequence[Secret], known: Sequence[str]) -> tuple[str, list[int]]:
    """`code` with `***` for each secret, its lines where they were; and the lines of the secrets.

    Args:
        code: Normalised, and what `tree` was made of.
        tree: Its syntax tree.
        secrets: Those found in it.
        known: What `known_texts` gives of them.
    """
    source = code.encode("utf-8")
    starts = [0, *(end + 1 for end, byte in enumerate(source) if byte == 10)]
    whole = {id(secret.node) for secret in secrets if secret.is_whole}
    every = {id(secret.node) for secret in secrets}
    same = {secret.value for secret in secrets}
    parts: list[tuple[int, int, bytes]] = []
    for start, end, node in [*_literals(tree, starts), *_comments(code, starts)]:
        old = source[start:end]
        is_one = node is not None and (id(node) in whole or text_of(node) in same or _holds(node, every))
        if is_one or len(known) > MOST_KNOWN:
            new = _blank(old)
        else:
            text = old.decode("utf-8")
            new = cleaned(text, known).encode("utf-8")
            if node is not None and (value := text_of(node)) not in text and cleaned(value, known) != value:
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


def known_texts(secrets: Sequence[Secret]) -> list[str]:
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
        if is_text(node):
            last = starts[(node.end_lineno or node.lineno) - 1]
            yield starts[node.lineno - 1] + node.col_offset, last + (node.end_col_offset or 0), node
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _comments(code: str, starts: list[int]) -> Iterator[tuple[int, int, None]]:
    """Every comment, with the bytes that it stands at."""
    lines = code.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            start = starts[line - 1] + len(lines[line - 1][:column].encode("utf-8"))
            yield start, start + len(token.string.encode("utf-8")), None


def cleaned(text: str, known: Sequence[str]) -> str:
    """A text without the secrets that can be found in it as it stands; `known` are those of `known_texts`."""
    for secret in known:
        text = text.replace(secret, _same_lines(secret))
    for pattern in (FORMS, IN_URL):
        text = pattern.sub(_without_group, text)
    for places in (optional, spoken):
        pieces: list[str] = []
        done = 0
        for start, end in places(text):
            pieces += [text[done:start], _same_lines(text[start:end])]
            done = end
        text = "".join([*pieces, text[done:]])
    return text


def _without_group(hit: re.Match[str]) -> str:
    """A match with the mask in the place of its group, or of all of it where it has none."""
    group = hit.lastindex or 0
    if group and is_placeholder(hit[group]):
        return hit[0]
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
