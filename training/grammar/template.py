"""A template is text with `[a|b]` for alternatives and `{slot}` for a value; it is parsed once and drawn many times.

Brackets without a bar are literal, so that log lines can hold `[821]`. Alternatives nest; an empty one makes the group
optional.
"""

from __future__ import annotations

import re
from random import Random

SLOT = re.compile(r"\{(\w+)\}")

Node = str | list["Sequence"]
Sequence = tuple[Node, ...]


class Template:
    """Parsed template text; `draw` gives one of its wordings, slots still in place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sequence = _parse(text)
        self.slots = frozenset(SLOT.findall(text))
        # A slot inside an alternative may be absent from a wording, so it cannot be demanded of every answer.
        self.sure_slots = frozenset(_sure(self.sequence))

    def draw(self, random: Random) -> str:
        return _draw(self.sequence, random)


def templates(text: str) -> list[Template]:
    """One template a line; blank lines are left out."""
    return [Template(line.strip()) for line in text.strip().splitlines() if line.strip()]


def _parse(text: str) -> Sequence:
    out: list[Node] = []
    literal = ""
    i = 0
    while i < len(text):
        if text[i] == "[":
            end = _closing(text, i)
            inner = text[i + 1 : end]
            parts = _split(inner)
            if end < len(text) and len(parts) > 1:
                out += [literal, [_parse(part) for part in parts]]
                literal = ""
                i = end + 1
                continue
        literal += text[i]
        i += 1
    return (*out, literal)


def _closing(text: str, start: int) -> int:
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "[") - (text[i] == "]")
        if depth == 0:
            return i
    return len(text)


def _split(text: str) -> list[str]:
    parts, depth, last = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if char == "|" and depth == 0:
            parts.append(text[last:i])
            last = i + 1
    return [*parts, text[last:]]


def _draw(sequence: Sequence, random: Random) -> str:
    return "".join(
        node if isinstance(node, str) else _draw(node[int(random.random() * len(node))], random) for node in sequence
    )


def _sure(sequence: Sequence) -> set[str]:
    found: set[str] = set()
    for node in sequence:
        if isinstance(node, str):
            found |= set(SLOT.findall(node))
        else:
            found |= set.intersection(*(_sure(branch) for branch in node))
    return found
