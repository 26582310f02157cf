"""The rules of `with_guard`: what each is for, where the specification says so, and what is done unless told otherwise.

What they look for is in `labkit.host.request_rules` and `labkit.host.answer_rules`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mcp_types import INVALID_PARAMS, CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.host.answer_rules import hidden_in_answer, large_answer, long_answer, secrets_in_answer
from labkit.host.duty import REFUSED
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


_MESSAGES = "client/sampling, Creating Messages"
_CONTENT = "client/sampling, Message Content Constraints"
_VALIDATE = "client/sampling, Security Considerations 2: both parties should validate message content"
_SENSITIVE = "client/sampling, Security Considerations 5: both parties must handle sensitive data appropriately"
_LIMIT = "client/sampling, Security Considerations 4: clients should implement rate limiting"

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "unasked",
            "A server that asks while nobody has asked it for anything spends the client's tokens for itself.",
            "client/sampling, Introduction: model calls occur nested inside other server features. SEP-2260 demands it "
            "and names the error",
            "refuse",
            INVALID_PARAMS,
            of_arrival=unasked,
        ),
        Rule(
            "size",
            "A prompt costs by its length, and the client pays. An answer costs the server, and whoever reads it.",
            _LIMIT,
            "refuse",
            REFUSED,
            size,
            large_answer,
        ),
        Rule(
            "long_answer",
            "maxTokens is the most that the server asked for, and the SDK lets any length through.",
            _MESSAGES,
            "note",
            REFUSED,
            of_answer=long_answer,
        ),
        Rule(
            "hidden_characters",
            "A person does not see them, and the model obeys them.",
            _VALIDATE,
            "note",
            REFUSED,
            hidden_characters,
            hidden_in_answer,
        ),
        Rule(
            "empty",
            "There is nothing to answer, and a provider refuses it.",
            _MESSAGES,
            "refuse",
            INVALID_PARAMS,
            empty,
        ),
        Rule(
            "roles",
            "Only a model uses tools, and their results come from the other side; a provider is told nothing else.",
            "client/sampling, Message Roles",
            "refuse",
            INVALID_PARAMS,
            roles,
        ),
        Rule(
            "tool_results",
            "A tool use without its result, or a result without its use, is no valid request; the SDK passes it on.",
            f"{_CONTENT}, and Error Handling",
            "refuse",
            INVALID_PARAMS,
            tool_results,
        ),
        Rule(
            "tools",
            "A client that did not declare tools answers with an error; the SDK passes the request on.",
            "client/sampling, Tools in Sampling",
            "refuse",
            INVALID_PARAMS,
            tools,
        ),
        Rule(
            "context",
            "A client that did not offer it gives no server the context of its own talk, or of other servers.",
            "client/sampling, Capabilities: for clients that declare sampling.context",
            "note",
            INVALID_PARAMS,
            context,
        ),
        Rule(
            "max_tokens",
            "Less than 1 means nothing, and a very large number is a blank cheque.",
            f"{_MESSAGES}; {_LIMIT}",
            "refuse",
            INVALID_PARAMS,
            max_tokens,
        ),
        Rule(
            "temperature",
            "A temperature outside a provider's range fails the whole request.",
            f"{_MESSAGES}; {_VALIDATE}",
            "refuse",
            INVALID_PARAMS,
            temperature,
        ),
        Rule(
            "secrets",
            "What a server read may hold a key, and the model's provider would get it. An answer may hold another.",
            _SENSITIVE,
            "note",
            REFUSED,
            secrets,
            secrets_in_answer,
        ),
    )
}
"""The rules by name, in the order in which they are looked at. What a rule mends is what the next one sees: what is too
large is refused, or cut, before anybody reads it through, and what hides is taken out before anybody compares."""
