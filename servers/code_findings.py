"""What a model said of code, taken apart into findings, each held against the facts and the lines of the code.

A model's line number is a claim. Here it is confirmed where plain code found the same thing at the same line, and
otherwise marked: as on another line, as unconfirmed, as outside the code, or as no number at all. What a sentence is
about is told by its words, and so is whether it denies a fault (`code_denials`): no more of it is understood.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict

from servers.code_denials import denies
from servers.code_facts import Analysis, Fact, Severity
from servers.plain_text import shortened, visible

Check = Literal["confirmed", "unconfirmed", "wrong line", "no such line", "names no line"]

MOST_FINDINGS = 40
LONGEST_FINDING = 600
"""Characters of a finding that are kept."""

ABOUT = {
    rule: re.compile(words, re.IGNORECASE)
    for rule, words in {
        "syntax-error": r"syntax",
        "sql-concatenation": r"\bsql\b|\bquer(?:y|ies)\b",
        "eval-call": r"\beval\b|\bexec\b|as code\b|arbitrary code",
        "shell-true": r"\bshell\b|\bcommands?\b|os\.system",
        "hardcoded-secret": r"hard.?coded|in the (?:source|code)|environment|plain ?text",
        "pickle-load": r"pickl|deseriali",
        "tls-verify": r"certificate|\bverify\b|\btls\b|\bssl\b",
        "secret-compare": r"compar|==|timing|constant.time",
        "weak-hash": r"\bmd5\b|\bsha-?1\b|weak hash",
        "bare-except": r"\bexcept|every error|all errors|swallow",
        "blocking-in-async": r"block|event loop|\basync|\bsleep\b",
        "nested-loop": r"nested|same data|quadratic|square|o\(n",
        "string-in-loop": r"piece by piece|string\b.{0,40}\bloop|loop\b.{0,40}\bstring|\+=",
        "complexity": r"complex|hard to follow",
        "mutable-default": r"\bdefault|mutable",
        "unused-name": r"unused|never used|not used",
    }.items()
}
"""How a finding tells that it is about what a rule found."""

LINE = r"(?:lines?|ln)\b(?:\s?(?:no|nos|nr|num|numbers?)\b)?"
LINES = re.compile(
    rf"(?:\b{LINE}[\s#:.(*]{{0,3}}|(?:^|[(\[]|\b(?:on|at|in|see)\s)\*{{0,2}}#?L(?=[0-9]+(?!\s?-?(?:cache|norm|regul|loss))))"
    r"[0-9]+(?:\s{0,2}(?:,|-|–|&|\band\b|\bto\b)\s{0,2}L?[0-9]+){0,9}",
    re.IGNORECASE,
)
"""`line 8`, `Lines 3 and 7`, `line no. 8`, `L8:`; not `the L2 cache`."""

NOTHING = re.compile(
    r"\W{0,9}no\s(?:[\w-]{1,20}\s){0,4}(?:problems?|issues?|findings?|vulnerabilities)\b", re.IGNORECASE
)
"""`No obvious security or performance problems`; not `No check of the input, which opens the door to issues`."""
MARKS = re.compile(r"^(?:\s{0,9}(?:[-*•>]|[0-9]{1,3}[.)](?=\s)))+\s{0,9}")
BEFORE_A_LINE = re.compile(
    r"(?<=[.!?])\s{1,9}(?=(?:(?:on|in|at)\s)?(?:lines?\s(?:n\w{0,6}\.?\s)?|L)[0-9])", re.IGNORECASE
)

SENTENCE = re.compile(r"(?<=[.;!?])\s+")


class Finding(BaseModel):
    """Something that a model said of code.

    Attributes:
        aspect: What the model was asked for: `security`, `performance`, or both.
        text: Its words.
        line: The first line that they name.
        check: What came of holding it against the code.
        rule: The rule of the fact that it is about, where plain code found one.
        severity: That rule's.
        stands_at: The line of that fact, where the finding names another.
    """

    model_config = ConfigDict(frozen=True)

    aspect: str
    text: str
    line: int | None = None
    check: Check = "names no line"
    rule: str | None = None
    severity: Severity | None = None
    stands_at: int | None = None

    def __str__(self) -> str:
        instead = f" (see line {self.stands_at})" if self.stands_at else ""
        return f"{self.check}{instead}: {self.text}"


def read_findings(answer: str, aspect: str, analysis: Analysis) -> list[Finding]:
    """The findings of an answer, in its order, each checked. An answer that finds nothing gives none.

    Args:
        answer: A model's words, one finding a line or a sentence.
        aspect: What it was asked for.
        analysis: What plain code knows of the same code.
    """
    facts = _Facts(analysis.facts)
    # What a finding quotes of the code, it quotes as it was shown.
    sent = visible(analysis.code or "")
    said = islice(_sentences(answer), MOST_FINDINGS)
    return [_checked(visible(shortened(text, LONGEST_FINDING), sent), aspect, analysis, facts) for text in said]


def missed(findings: Sequence[Finding], facts: Sequence[Fact], aspects: Sequence[str]) -> list[Fact]:
    """The facts of these aspects that no confirmed finding is about."""
    told = {
        (rule, number)
        for each in findings
        if each.check == "confirmed"
        for rule in _rules_of(each.text)
        for number in _numbers(each.text)
    }
    return [fact for fact in facts if fact.aspect in aspects and (fact.rule, fact.line) not in told]


class _Facts:
    """Facts by rule and line: there may be thousands, and each finding asks."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._at = {(fact.rule, fact.line): fact for fact in reversed(facts)}
        self._first = {fact.rule: fact for fact in reversed(facts)}

    def best(self, rules: Sequence[str], lines: Sequence[int]) -> Fact | None:
        """A fact by one of the rules: on one of the lines where there is one, else the first."""
        here = [self._at[rule, line] for line in sorted(lines) for rule in rules if (rule, line) in self._at]
        elsewhere = [self._first[rule] for rule in rules if rule in self._first]
        return here[0] if here else min(elsewhere, key=lambda fact: fact.line, default=None)


def _rules_of(text: str) -> list[str]:
    """The rules that a finding may be about, by its words."""
    return [rule for rule, words in ABOUT.items() if words.search(text)]


def _sentences(answer: str) -> Iterator[str]:
    for row in answer.split("\n"):
        for part in BEFORE_A_LINE.split(MARKS.sub("", row)):
            text = part.strip()
            is_a_heading = text.startswith(("#", "```")) or text.endswith(":")
            is_empty = not re.search(r"\w", text) or is_a_heading or NOTHING.match(text)
            if LINES.search(text) or not is_empty:
                yield text


def _checked(text: str, aspect: str, analysis: Analysis, facts: _Facts) -> Finding:
    numbers = _numbers(text)
    fact = facts.best(_rules_of(text), numbers)
    check: Check
    if not numbers:
        check = "names no line"
    elif any(not 1 <= number <= analysis.lines for number in numbers):
        check = "no such line"
    elif _denies(text):
        check, fact = "unconfirmed", None
    elif fact and fact.line in numbers:
        check = "confirmed"
    else:
        check = "wrong line" if fact or analysis.blank.issuperset(numbers) else "unconfirmed"
    return Finding(
        aspect=aspect,
        text=text,
        line=numbers[0] if numbers else None,
        check=check,
        rule=fact and fact.rule,
        severity=fact and fact.severity,
        stands_at=fact.line if fact and fact.line not in numbers and numbers else None,
    )


def _denies(text: str) -> bool:
    """Whether a sentence that names a line, or what a rule finds, says that there is no fault."""
    sentences = SENTENCE.split(LINES.sub("line 1", text))  # the `no.` of `line no. 8` ends and denies nothing
    return any(denies(each) for each in sentences if LINES.search(each) or _rules_of(each))


def _numbers(text: str) -> list[int]:
    """Every line that a finding names; a number with more digits than a line can have becomes one that no code has."""
    digits = [number for named in LINES.finditer(text) for number in re.findall("[0-9]+", named[0])]
    return [int(number[:9]) for number in digits]
