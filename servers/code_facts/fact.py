"""A fact: what plain code found at a line, by which rule, and how it is put.

The wording is one that the embedded model was trained on (`training/grammar/reviews.py`): `line 3: rule: detail`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from servers.plain_text import shortened, visible

Aspect = Literal["security", "performance", "other"]
Severity = Literal["high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
"""The gravest first."""

RULES: dict[str, tuple[Aspect, Severity]] = {
    "syntax-error": ("other", "high"),
    "sql-concatenation": ("security", "high"),
    "eval-call": ("security", "high"),
    "shell-true": ("security", "high"),
    "hardcoded-secret": ("security", "high"),
    "pickle-load": ("security", "high"),
    "tls-verify": ("security", "high"),
    "secret-compare": ("security", "medium"),
    "weak-hash": ("security", "medium"),
    "bare-except": ("security", "medium"),
    "blocking-in-async": ("performance", "high"),
    "nested-loop": ("performance", "medium"),
    "string-in-loop": ("performance", "medium"),
    "complexity": ("performance", "low"),
    "mutable-default": ("other", "medium"),
    "unused-name": ("other", "low"),
}
"""Every rule with the aspect that it belongs to and how much it weighs."""


class Fact(BaseModel):
    """Something that stands at a line, whatever a model says. `str(fact)` is how a model is told of it."""

    model_config = ConfigDict(frozen=True)

    line: int
    rule: str
    detail: str
    aspect: Aspect
    severity: Severity

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule}: {self.detail}"


def fact(line: int, rule: str, detail: str) -> Fact:
    """A fact by one of the `RULES`. Names in `detail` come from the code: they are kept short, and nothing hides."""
    aspect, severity = RULES[rule]
    return Fact(line=line, rule=rule, detail=visible(shortened(detail, 120)), aspect=aspect, severity=severity)
