"""The rules of `with_guard`: what each is for, where the specification says so, and what is done unless told otherwise.

What they look for is in `labkit.host.request_rules` and `labkit.host.answer_rules`.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.host.answer_rules import hidden_in_answer, large_answer, long_answer, secrets_in_answer
from labkit.host.findings import Bounds, Finding
from labkit.host.request_rules import (
    context,
    empty,
    hidden_characters,
    max_tokens,
    roles,
    secrets,
    size,
    temperature,
    tool_results,
    tools,
    unasked,
)
from labkit.open_requests import Arrival

Action = Literal["note", "ask", "refuse", "off"]

OfRequest = Callable[[CreateMessageRequestParams, Bounds], Finding | None]
OfArrival = Callable[[Arrival], Finding | None]
OfAnswer = Callable[[Answer, CreateMessageRequestParams, int | None, Bounds], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: By which `with_guard(rules={name: …})` sets it.
        why: What happens without it.
        section: Where the specification, revision 2025-11-25, speaks of it.
        action: What is done unless `with_guard` is told otherwise.
        code: The error that a refusal is answered with.
        of_request: Looks at a request.
        of_answer: Looks at an answer, a refusal included.
        of_arrival: Looks at what was open when a request came, where that is known.
    """

    name: str
    why: str
    section: str
    action: Action
    code: int
    of_request: OfRequest | None = None
    of_answer: OfAnswer | None = None
    of_arrival: OfArrival | None = None


_LOOKS: dict[str, dict[str, Any]] = {
    "unasked": {"of_arrival": unasked},
    "size": {"of_request": size, "of_answer": large_answer},
    "long_answer": {"of_answer": long_answer},
    "hidden_characters": {"of_request": hidden_characters, "of_answer": hidden_in_answer},
    "empty": {"of_request": empty},
    "roles": {"of_request": roles},
    "tool_results": {"of_request": tool_results},
    "tools": {"of_request": tools},
    "context": {"of_request": context},
    "max_tokens": {"of_request": max_tokens},
    "temperature": {"of_request": temperature},
    "secrets": {"of_request": secrets, "of_answer": secrets_in_answer},
}
"""What looks for it, by the rule that it belongs to."""

_WORDS = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
RULES = {name: Rule(name, **told, **_LOOKS[name]) for name, told in _WORDS.items()}
"""The rules by name, in the order in which they are looked at. What a rule mends is what the next one sees: what is too
large is refused, or cut, before anybody reads it through, and what hides is taken out before anybody compares."""
