"""Questions in rounds, on revision 2026-07-28: the state that a client holds between them."""

from secrets import token_hex

import anyio
from mcp import StdioServerParameters
from mcp_types import CallToolResult, InputRequiredResult

from labkit.checks.engine import Problem
from labkit.checks.served import (
    Asked,
    Endless,
    Leg,
    Served,
    ends_well,
    good,
    question_of,
    seen_of,
)
from labkit.checks.trial import NotApplicable

PLACES = 7
"""Of a state as many characters are changed, one at a time."""
DAY = 86_400.0
SOON = 0.2
"""Seconds that a state is taken, where a function can be told so."""


async def comes_to_an_end(served: Served, mode: str) -> None:
    client = Asked(served.answer)
    try:
        await served.seen(served.lab(mode, client), client)
    except Endless:
        same = len({question_of(params) for params in client.asked}) == 1
        what = "the same question came in every round" if same else "each round brought another question"
        raise Problem(f"One call asked {len(client.asked)} times and had no end: {what}.") from None


async def takes_a_second_retry(served: Served, _: str) -> None:
    asked = await served.asked()
    answers = served.answers_to(asked)
    legs = list[Leg]()

    async def again() -> None:
        legs.append(await served.leg(answers, asked.request_state))

    async with anyio.create_task_group() as both:
        both.start_soon(again)
        both.start_soon(again)
    await again()
    for leg in legs:
        _in_words(leg)
    if not any(isinstance(leg, CallToolResult | InputRequiredResult) for leg in legs):
        raise Problem(f"Of three retries with the same answers none had a result. {seen_of(legs[0]).told}")


async def _with_state(served: Served) -> tuple[InputRequiredResult, str]:
    """The first step of a call, and its state.

    Raises:
        NotApplicable: It gives none.
    """
    asked = await served.asked()
    if not asked.request_state:
        raise NotApplicable("It gives its client no state.")
    return asked, asked.request_state


async def binds_its_state(served: Served, mode: str) -> str:
    others = served.tagged("amber-17")
    if not others:
        raise NotApplicable("None of the arguments is a text that could be changed.")
    asked, state = await _with_state(served)
    leg = await served.leg(served.answers_to(asked), state, others)
    if seen_of(leg).text == (await served.use(mode, served.answer, arguments=others)).text:
        raise NotApplicable("It led to what those arguments lead to by themselves: nothing hangs on the state.")
    return _not_taken(leg)


async def notices_a_change(served: Served, _: str) -> str:
    asked, state = await _with_state(served)
    answers = served.answers_to(asked)
    usual = seen_of(await served.leg(answers, state))
    told, same = "", 0
    for place in {len(state) * part // (PLACES + 1) for part in range(1, PLACES + 1)}:
        changed = state[:place] + ("A" if state[place] != "A" else "B") + state[place + 1 :]
        leg = await served.leg(answers, changed)
        if usual.kind == "result" and seen_of(leg).text == usual.text:
            same += 1
        else:
            told = _not_taken(leg)
    if same:
        raise NotApplicable("A changed state led to the same result: it may be that nothing hangs on it.")
    return told


async def lets_it_expire(served: Served, _: str) -> str:
    """Where a function takes `ttl`, a state of that many seconds; else one that the SDK has sealed with its time up."""
    async with served.anew(**({"ttl": SOON} if served.takes("ttl") else {})) as other:
        security = None if served.takes("ttl") else other.security
        if security and security.ttl > DAY:
            raise Problem(f"A state is taken for {security.ttl / DAY:,.0f} days.")
        if security and not served.is_made:
            raise NotApplicable(f"A state is taken for {security.ttl:g} s. That it expires shows on a function make().")
        if security:
            security.ttl = -1.0  # it is sealed as if it had been made long ago
        elif not served.takes("ttl"):
            raise NotApplicable("How long a state is taken shows on a function make(ttl=...), in seconds.")
        asked, state = await _with_state(other)
        await anyio.sleep(0 if security else 2 * SOON)
        return _not_taken(await other.leg(other.answers_to(asked), state))


async def moves(served: Served, _: str) -> str:
    """A retry at a second process. With no key in common it may be refused, in words."""
    if not (served.is_made or isinstance(served.server, StdioServerParameters)):
        raise NotApplicable("A second process can be had of a command, or of a function that makes the server.")
    asked = await served.asked()
    answers = served.answers_to(asked)
    usual = seen_of(await served.leg(answers, asked.request_state))
    async with served.anew() as second:
        leg = await second.leg(answers, asked.request_state)
    seen = seen_of(leg)
    _in_words(leg)
    if seen.kind == "result" and seen.text != usual.text:
        raise Problem(f"{seen.told} The first process made of the same: {usual.text[:200]!r}.")
    if seen.kind != "result":
        return f"It was not taken, as where processes share no key. {'' if seen.kind == 'asks' else seen.told}"
    return "It was taken."


async def shares_a_key(served: Served, _: str) -> None:
    if not served.takes("keys"):
        raise NotApplicable("Whether processes can share a key shows on a function make(keys=[...]).")
    key, another = token_hex(32), token_hex(32)
    async with (
        served.anew(keys=[key]) as first,
        served.anew(keys=[key]) as second,
        served.anew(keys=[another]) as third,
    ):
        asked, state = await _with_state(first)
        answers = first.answers_to(asked)
        if seen_of(leg := await second.leg(answers, state)).kind != "result":
            raise Problem(f"Two processes with the same key, and the second did not take it. {seen_of(leg).told}")
        try:
            _not_taken(await third.leg(answers, state))
        except Problem as problem:
            raise Problem(f"Two processes with different keys, and the second took it. {problem}") from None


async def asks_for_what_is_missing(served: Served, _: str) -> str:
    asked = await served.asked()
    leg = await served.leg({}, asked.request_state)
    _in_words(leg)
    if isinstance(leg, CallToolResult) and not leg.is_error:
        raise NotApplicable("It did without the answer.")
    if not isinstance(leg, InputRequiredResult):
        raise Problem(seen_of(leg).told)
    return "It asked again."


async def ignores_what_it_did_not_ask(served: Served, _: str) -> None:
    leg = await served.leg({"nobody-asked-this": good(served.answer)})
    _in_words(leg)
    if not isinstance(leg, InputRequiredResult | CallToolResult):
        raise Problem(seen_of(leg).told)


def _not_taken(leg: Leg) -> str:
    """What came back, where it is no result.

    Raises:
        Problem: It is a result, or the tool raised.
    """
    seen = seen_of(leg)
    if seen.kind == "result":
        raise Problem(seen.told)
    _in_words(leg)
    return "It asked again." if seen.kind == "asks" else seen.told


def _in_words(leg: Leg) -> None:
    if not isinstance(leg, InputRequiredResult):
        ends_well(seen_of(leg))


JUDGES = {
    "rounds.ends": comes_to_an_end,
    "rounds.twice": takes_a_second_retry,
    "rounds.replayed": binds_its_state,
    "rounds.changed": notices_a_change,
    "rounds.expired": lets_it_expire,
    "rounds.second-process": moves,
    "rounds.shared-key": shares_a_key,
    "rounds.missing": asks_for_what_is_missing,
    "rounds.unasked": ignores_what_it_did_not_ask,
}
