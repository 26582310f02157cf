"""Facts about Python code that need no model: the code is parsed, and never run.

A rule looks at one function at a time and follows no value from one to another, so it misses among others: SQL in an
attribute of a class, or from a builder of queries; a text that one method begins and another lengthens; a secret under
another name, compared with `startswith` or `in`; `with suppress(Exception)`; two loops over the same data in `zip` or
`itertools`, under two names, or through a window `rows[i:j]`; a list as default of a field of a dataclass; a name that
only its own recursion uses. And it cannot tell that a part of a query is a constant under a name, or marks alone
(`", ".join("?" * n)`), so it names that too. `secrets` says which secrets are not known.
"""

import ast
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from servers.code_facts import rules, sql
from servers.code_facts.fact import RULES, SEVERITIES, Aspect, Fact, Severity, fact
from servers.code_facts.secrets import MOST_KNOWN, Secret, cleaned, find_secrets, known_texts, masked
from servers.code_facts.unused import Names
from servers.code_facts.walking import Spot, imported, spots

__all__ = ["LONGEST_CODE", "RULES", "SEVERITIES", "Analysis", "Aspect", "CodeError", "Fact", "Severity", "analyse"]

LONGEST_CODE = 50_000
"""Characters of code that are looked at, some 1,500 lines. All that is done with it takes time in proportion."""

NAME = "<code under review>"


class CodeError(ValueError):
    """The code cannot be looked at; the text says why."""


@dataclass(frozen=True)
class Analysis:
    """What plain code knows of a piece of code.

    Attributes:
        code: The code with a newline for each line break and `***` for each secret; `None` where it could not be
            parsed, since the secrets of what is no Python cannot be told.
        facts: What stands in it, in the order of its lines.
        masked: The lines of the secrets.
        lines: How many lines it has.
        blank: The lines on which there is nothing but space or a comment.
    """

    code: str | None
    facts: tuple[Fact, ...]
    masked: tuple[int, ...]
    lines: int
    blank: frozenset[int]


@lru_cache(maxsize=8)  # a review asks for the same facts once for each sample, and on the newer wire in each round
def analyse(code: str) -> Analysis:
    """Look at Python code without running it.

    Raises:
        CodeError: It is too long, nested too deeply, or holds what no Python source can.
    """
    source = _normalised(code)
    rows = source.split("\n")
    blank = frozenset(n for n, row in enumerate(rows, 1) if not row.strip() or row.lstrip().startswith("#"))
    try:
        tree = _parsed(source)
        every = list(spots(tree))
        secrets = find_secrets(every)
        known = known_texts(secrets)
        hidden, lines = masked(source, tree, secrets, known)
    except (SyntaxError, tokenize.TokenError) as error:
        return Analysis(None, (_syntax_error(error, len(rows)),), (), len(rows), blank)
    found = {str(each): each for each in [*_facts(tree, every), *_facts_of(secrets, known)]}
    order = {rule: place for place, rule in enumerate(RULES)}
    facts = sorted(found.values(), key=lambda each: (each.line, order[each.rule], each.detail))
    return Analysis(hidden, tuple(facts), tuple(lines), len(rows), blank)


def _facts(tree: ast.Module, every: Sequence[Spot]) -> Iterator[Fact]:
    imports, names = imported(tree), Names()
    branches: Counter[int] = Counter()
    texts = {text for spot in every for text in rules.texts_of(spot)}
    executed = {name for spot in every for name in sql.executed_by(spot)}
    held = {name for spot in every for name in sql.held_by(spot, executed)}
    for spot in every:
        names.see(spot)
        branches[id(spot.function)] += rules.decisions(spot.node)
    for spot in every:
        yield from rules.call(spot, imports)
        yield from rules.string_building(spot, texts)
        yield from sql.concatenation(spot, held, executed)
        for rule in (rules.comparison, rules.silenced, rules.nested_loop, rules.mutable_default):
            yield from rule(spot)
        ways = branches[id(spot.node)] + 1
        if isinstance(spot.node, ast.FunctionDef | ast.AsyncFunctionDef) and ways > rules.MOST_COMPLEX:
            yield fact(spot.node.lineno, "complexity", f"{spot.node.name} has complexity {ways}")
    yield from names.unused()


def _facts_of(secrets: Sequence[Secret], known: Sequence[str]) -> Iterator[Fact]:
    for secret in secrets:
        # A name may be a text itself, as the key of a dictionary is, and hold a secret of its own. A keyring has too
        # many to look for each in each name.
        is_told = secret.name and len(known) <= MOST_KNOWN and cleaned(secret.name, known) == secret.name
        told = f"{secret.name} is assigned a string that looks like a secret" if is_told else ""
        yield fact(secret.node.lineno, "hardcoded-secret", told or "a secret stands in the source")


def _normalised(code: str) -> str:
    """`code` with line breaks as a newline each, as the parser counts them."""
    if len(code) > LONGEST_CODE:
        raise CodeError(
            f"The code has {len(code):,} characters, and {LONGEST_CODE:,} are the most that is looked at. Send a part."
        )
    code = code.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    place, name = code.find("\0"), "a NUL byte"
    try:
        code.encode("utf-8")
    except UnicodeEncodeError as error:
        place, name = error.start, "half a surrogate pair"
    if place >= 0:
        line = code.count("\n", 0, place) + 1
        raise CodeError(f"Line {line} holds {name}, which Python source cannot. Is it a text file?")
    return code


def _parsed(code: str) -> ast.Module:
    """The syntax tree of normalised code, which is not executed.

    CPython's parser has limits, and code from outside reaches them: 200 open brackets and 100 levels of indentation are
    a SyntaxError, some thousand operators in a row a MemoryError or a RecursionError, by its version.
    """
    # A warning on an escape such as "\d" would be printed, or raised. `catch_warnings` is not safe beside other
    # threads, so a filter for this name alone is put first, where it stays.
    warnings.filterwarnings("ignore", module=NAME)
    try:
        return ast.parse(code, NAME)
    except (RecursionError, MemoryError):
        why = "The code is nested deeper, or has more operators in a row, than Python's parser takes."
        raise CodeError(why) from None


def _syntax_error(error: SyntaxError | tokenize.TokenError, lines: int) -> Fact:
    if isinstance(error, SyntaxError):
        place = f" at column {error.offset}" if error.offset and error.offset > 0 else ""
        return fact(min(max(error.lineno or 1, 1), lines), "syntax-error", f"{error.msg}{place}")
    return fact(lines, "syntax-error", str(error.args[0]))
