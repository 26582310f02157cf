"""One training or evaluation example: a conversation, and what its first answer must hold."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Example:
    """`turns` are (user message, answer) in order; `keys` and `facts` judge the answer of the first turn."""

    subject: str  # "log", "code", "papers", "labels", "text", "outside"
    task: str
    turns: list[tuple[str, str]]
    system: str = ""
    keys: list[str] = field(default_factory=list)  # specifics that must be copied exactly
    facts: str = ""  # a regular expression, matched without regard to case
    rubric: list[str] = field(default_factory=list)  # one for each fact, a line at a time; where there are several
    before: list[tuple[str, str]] = field(default_factory=list)  # turns that went before; their answers are not learnt


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
