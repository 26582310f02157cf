"""Facts about Python code that need no model: the code is parsed, and never run.

bandit 1.9.4 and radon 6.0.1 were tried for parts of it, in November 2026 on one machine, and left:

- bandit took 220 to 400 ms and some 270 modules to import, with eight packages beside it (rich, pygments and a loader
  of plugins among them). It reads files alone, so that a snippet would go to disk with its secrets. Of six faults it
  found the SQL, the shell and the `eval`; a key under a plain name and a password compared with `==` it did not.
- radon took 20 to 80 ms and three packages, to save the twenty lines of `performance.decisions`.
- Both call themselves for each level of a tree: radon ended in a RecursionError at 900 terms in a row, which CPython's
  parser takes.

A rule looks at one function at a time and follows no value from one to another, so it misses among others: SQL in an
attribute of a class, or from a builder of queries; a text that one method begins and another lengthens; a secret under
another name, compared with `startswith` or `in`; `with suppress(Exception)`; two loops over the same data in `zip` or
`itertools`, under two names, or through a window `rows[i:j]`; a list as default of a field of a dataclass; a name that
only its own recursion uses. And it cannot tell that a part of a query is a constant under a name, or marks alone
(`", ".join("?" * n)`), so it names that too. `secret_texts` says which secrets are not known.
"""

import ast
import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from servers.code_facts import habits, performance, security
from servers.code_facts.fact import RULES, SEVERITIES, Aspect, Fact, Severity, fact
from servers.code_facts.masking import MOST_KNOWN, cleaned, known_texts, masked
from servers.code_facts.secret_texts import find_secrets
from servers.code_facts.source import LONGEST_CODE, CodeError, normalised, parsed
from servers.code_facts.walking import Spot, imported, spots

__all__ = ["LONGEST_CODE", "RULES", "SEVERITIES", "Analysis", "Aspect", "CodeError", "Fact", "Severity", "analyse"]


RULES_OF_ONE_NODE = (
    security.comparison,
    security.silenced,
    performance.nested_loop,
    habits.mutable_default,
)


@dataclass(frozen=True)
class Analysis:
    """What plain code knows of a piece of code.

    Attributes:
        code: It, with a newline for each line break and `***` for each secret; `None` where it could not be parsed,
            since the secrets of what is no Python cannot be told.
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
    source = normalised(code)
    rows = source.split("\n")
    blank = frozenset(n for n, row in enumerate(rows, 1) if not row.strip() or row.lstrip().startswith("#"))
    try:
        tree = parsed(source)
        every = list(spots(tree))
        secrets = find_secrets(every)
        known = known_texts(secrets)
        hidden, lines = masked(source, tree, secrets, known)
    except (SyntaxError, tokenize.TokenError) as error:
        return Analysis(None, (_syntax_error(error, len(rows)),), (), len(rows), blank)
    found = _facts(tree, every)
    for secret in secrets:
        # A name may be a text itself, as the key of a dictionary is, and hold a secret of its own. A keyring has too
        # many to look for each in each name.
        is_told = secret.name and len(known) <= MOST_KNOWN and cleaned(secret.name, known) == secret.name
        told = f"{secret.name} is assigned a string that looks like a secret" if is_told else ""
        found.append(fact(secret.node.lineno, "hardcoded-secret", told or "a secret stands in the source"))
    order = {rule: place for place, rule in enumerate(RULES)}
    facts = sorted(
        {str(each): each for each in found}.values(), key=lambda each: (each.line, order[each.rule], each.detail)
    )
    return Analysis(hidden, tuple(facts), tuple(lines), len(rows), blank)


def _facts(tree: ast.Module, every: Sequence[Spot]) -> list[Fact]:
    names, known, statements, found = imported(tree), habits.Names(), security.Statements(), list[Fact]()
    branches: Counter[int] = Counter()
    functions: dict[int, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    texts = {text for spot in every for text in performance.texts_of(spot)}
    for spot in every:
        statements.see(spot)
    for spot in every:
        known.see(spot)
        branches[id(spot.function)] += performance.decisions(spot.node)
        if isinstance(spot.node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions[id(spot.node)] = spot.node
        for rule in RULES_OF_ONE_NODE:
            found += rule(spot)
        found += security.call(spot, names)
        found += statements.sql(spot)
        found += performance.blocking_call(spot, names)
        found += performance.string_building(spot, texts)
    for key, function in functions.items():
        found += performance.complexity(function, branches[key])
    return [*found, *known.unused()]


def _syntax_error(error: SyntaxError | tokenize.TokenError, lines: int) -> Fact:
    if isinstance(error, SyntaxError):
        place = f" at column {error.offset}" if error.offset and error.offset > 0 else ""
        return fact(min(max(error.lineno or 1, 1), lines), "syntax-error", f"{error.msg}{place}")
    return fact(lines, "syntax-error", str(error.args[0]))
