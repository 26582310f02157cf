"""The table of defences that a matrix compares: each makes of a callback one that stands in for a careful host.

A defence is a function `callback -> callback`. With a parameter `ask` it is given whoever decides for the person, with
`agreed` the names of the tools that the user agreed to when the server was connected.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import cast

from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams, TextContent

from labkit.attacks.bed import Defence, undefended
from labkit.callbacks import name_of
from labkit.host.approval import Ask, Said, with_approval
from labkit.host.budget import with_budget
from labkit.host.guard import with_guard
from labkit.host.policy import Policy, with_policy
from labkit.host.review import Approve, ReviewRequest
from labkit.secret_forms.hidden import visible

TRUSTED = frozenset({"log-archiver"})
MOST_TOKENS, MOST_CHARACTERS = 200, 1_000


def harmless(request: ReviewRequest) -> bool:
    """Whether the rule that lesson 06 teaches lets a request pass without a question (exercise 6.1)."""
    params = request.params
    text = "".join(read_by_the_rule(params))
    return (
        request.origin is not None
        and request.origin.server in TRUSTED
        and params.max_tokens <= MOST_TOKENS
        and len(text) <= MOST_CHARACTERS
        and visible(text) == text
        and "instructions" not in text.lower()
    )


def read_by_the_rule(params: CreateMessageRequestParams) -> Iterable[str]:
    """The texts that the rule of lesson 06 looks at."""
    yield params.system_prompt or ""
    for message in params.messages:
        for block in message.content_as_list:
            if isinstance(block, TextContent):
                yield block.text


def by_rule(callback: SamplingFnT, ask: Ask) -> SamplingFnT:
    """The rule of lesson 06; the person decides about the rest."""

    def decide(request: ReviewRequest) -> Said:
        return Approve() if harmless(request) else ask(request)

    return with_approval(callback, ask=decide)


def by_policy(callback: SamplingFnT, ask: Ask, agreed: Sequence[str]) -> SamplingFnT:
    """The recommended policy, told by name which tools the user agreed to when the server was connected."""
    return with_policy(callback, Policy(tools=tuple(agreed)), ask=ask)


def unread(callback: SamplingFnT, ask: Ask, agreed: Sequence[str]) -> SamplingFnT:
    """The same with a person who is shown everything and approves without reading: what a host does by itself."""

    def approve(request: ReviewRequest) -> Said:
        ask(request)
        return Approve()

    return by_policy(callback, approve, agreed)


def taken(defence: object) -> Defence:
    """`defence` with the parameters `ask` and `agreed`, of which it may have both, one or none.

    Raises:
        TypeError: `defence` is no function, or does not take a callback. So does the result where no callback is made.
    """
    if not callable(defence):
        raise TypeError(f"{defence!r} is no defence: give a name of the table, or a function that wraps a callback")
    signature = inspect.signature(defence)
    wanted = {"ask", "agreed"} & signature.parameters.keys()
    try:
        signature.bind(None, **dict.fromkeys(wanted))
    except TypeError:
        raise TypeError(
            f"{name_of(defence)} is no defence: it takes a callback and returns one, def {name_of(defence)}(callback)"
        ) from None

    def taking(callback: SamplingFnT, *, ask: Ask, agreed: Sequence[str] = ()) -> SamplingFnT:
        given = {"ask": ask, "agreed": agreed}
        made = defence(callback, **{name: given[name] for name in wanted})
        if not callable(made):
            raise TypeError(f"{name_of(defence)} made a {type(made).__name__} of a callback: return a callback")
        return cast("SamplingFnT", made)

    return taking


DEFENCES: Mapping[str, Defence] = {
    "none": undefended,
    "guard": taken(with_guard),
    "budget": taken(partial(with_budget, samples=20, tokens=5_000)),
    "approval": taken(by_rule),
    "policy": taken(by_policy),
    "unread": taken(unread),
}
"""The defences by name, in the order in which a matrix shows them."""


def chosen(defences: Mapping[str, object] | Iterable[object] | Callable[..., object] | None) -> dict[str, Defence]:
    """The defences by name: those of the table that are named, policies, and functions of one's own by their own names.

    Raises:
        TypeError: One is neither a name nor a function.
        ValueError: There is none of that name, two have one name, or there is none at all.
    """
    if defences is None:
        return dict(DEFENCES)
    if isinstance(defences, str) or callable(defences):
        defences = [defences]
    given = defences.items() if isinstance(defences, Mapping) else ((None, each) for each in defences)
    found: dict[str, Defence] = {}
    for name, each in cast("Iterable[tuple[str | None, object]]", given):
        own, defence = _known(each)
        named = name or own
        if named in found:
            raise ValueError(f"two defences are called {named!r}: name them, {{{named!r}: ..., 'another': ...}}")
        found[named] = defence
    if not found:
        raise ValueError(f"there is no defence to try; there are {', '.join(DEFENCES)}")
    return found


def _known(each: object) -> tuple[str, Defence]:
    """A defence with the name that it has by itself."""
    if isinstance(each, str):
        if each not in DEFENCES:
            raise ValueError(f"there is no defence {each!r}; there are {', '.join(DEFENCES)}")
        return each, DEFENCES[each]
    if isinstance(each, Policy):
        return "Policy", taken(partial(with_policy, policy=each))
    return name_of(each), taken(each)
