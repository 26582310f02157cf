"""What a model said of code, taken apart into findings, each held against the facts and the lines of the code.

A model's line number is a claim. Here it is confirmed where plain code found the same thing at the same line, and
otherwise marked: as on another line, as unconfirmed, as outside the code, or as no number at all. What a sentence is
about is told by its words. One with a `no` or a `safe` in it is never confirmed, whatever it says: it may deny the
fault, and a finding that is not believed costs no more than a look at the line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict

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
CODE = re.compile(r"```[^\S\n]*(?!te?xt|markdown|md)\w")
"""Where code begins that a model writes in the place of the reviewed one: it is no finding."""
BEFORE_A_LINE = re.compile(
    r"(?<=[.!?])\s{1,9}(?=(?:(?:on|in|at)\s)?(?:lines?\s(?:n\w{0,6}\.?\s)?|L)[0-9])", re.IGNORECASE
)

NEGATION = re.compile(
    r"\b(?:no|not|never|nothing(?!\selse)|nobody|none\sof|neither|nor|cannot|without(?!\s\w+=)|hardly|zero|avoids?"
    r"|prevents?|impossible|safe|safely|secure|securely|fine|sound|correct|correctly|properly|harmless|okay|ok|clean"
    r"|free|clear|immune|protected)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
"""What may deny a fault: `no SQL injection`, `is safe`; not `without shell=True`, `so nothing else can run`."""


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
    at = {(fact.rule, fact.line): fact for fact in analysis.facts}  # of thousands, perhaps
    first = {fact.rule: fact for fact in reversed(analysis.facts)}
    # What a finding quotes of the code, it quotes as it was shown.
    sent = visible(analysis.code or "")
    texts = [visible(shortened(text, LONGEST_FINDING), sent) for text in islice(_sentences(answer), MOST_FINDINGS)]
    return [_checked(text, aspect, analysis, at, first) for text in texts]


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


def _rules_of(text: str) -> list[str]:
    """The rules that a finding may be about, by its words."""
    return [rule for rule, words in ABOUT.items() if words.search(text)]


def _sentences(answer: str) -> Iterator[str]:
    in_code = False
    for row in answer.split("\n"):
        if row.lstrip().startswith("```"):
            in_code = not in_code and CODE.match(row.lstrip()) is not None
        if in_code:
            continue
        for part in BEFORE_A_LINE.split(MARKS.sub("", row)):
            text = part.strip()
            is_a_heading = text.startswith(("#", "```")) or text.endswith(":")
            is_empty = not re.search(r"\w", text) or is_a_heading or NOTHING.match(text)
            if LINES.search(text) or not is_empty:
                yield text


def _checked(
    text: str, aspect: str, analysis: Analysis, at: Mapping[tuple[str, int], Fact], first: Mapping[str, Fact]
) -> Finding:
    numbers, rules = _numbers(text), _rules_of(text)
    here = [at[rule, line] for line in sorted(numbers) for rule in rules if (rule, line) in at]
    elsewhere = [first[rule] for rule in rules if rule in first]
    fact = here[0] if here else min(elsewhere, key=lambda each: each.line, default=None)
    check: Check
    if not numbers:
        check = "names no line"
    elif any(not 1 <= number <= analysis.lines for number in numbers):
        check = "no such line"
    elif _may_deny(text, fact):
        check, fact = "unconfirmed", None
    elif here:
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
        stands_at=fact.line if fact and numbers and not here else None,
    )


def _may_deny(text: str, fact: Fact | None) -> bool:
    """Whether a finding holds a negation, but for those by which it names its fault: `is never used`, `line no. 8`."""
    words = LINES.sub(" ", text)
    return NEGATION.search(ABOUT[fact.rule].sub("it", words) if fact else words) is not None


def _numbers(text: str) -> list[int]:
    """Every line that a finding names; a number with more digits than a line can have becomes one that no code has."""
    digits = [number for named in LINES.finditer(text) for number in re.findall("[0-9]+", named[0])]
    return [int(number[:9]) for number in digits]
