"""Questions in rounds, on revision 2026-07-28: the state that a client holds between them."""

import anyio
from mcp_types import CallToolResult, InputRequiredResult

from labkit.checks.engine import Problem
from labkit.checks.served import (
    NEWER,
    Asked,
    Endless,
    Judge,
    Leg,
    Served,
    ServerCase,
    ends_well,
    good,
    question_of,
    seen_of,
)
from labkit.checks.trial import NotApplicable


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


async def binds_its_state(served: Served, _: str) -> str:
    others = served.tagged("amber-17")
    if not others:
        raise NotApplicable("None of the arguments is a text that could be changed.")
    asked = await served.asked()
    if asked.request_state is None:
        raise NotApplicable("It gives its client no state.")
    return _not_taken(await served.leg(served.answers_to(asked), asked.request_state, others))


async def notices_a_change(served: Served, _: str) -> str:
    asked = await served.asked()
    state = asked.request_state
    if not state:
        raise NotApplicable("It gives its client no state.")
    told = ""
    for place in {len(state) // 3, len(state) // 2}:
        changed = state[:place] + ("A" if state[place] != "A" else "B") + state[place + 1 :]
        told = _not_taken(await served.leg(served.answers_to(asked), changed))
    return told


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


def case(name: str, title: str, sent: str, why: str, source: str, mend: str, judge: Judge, wrong: str) -> ServerCase:  # noqa: PLR0917 - as in ServerCase
    return ServerCase(
        f"rounds.{name}",
        title,
        sent,
        why,
        f"{source}: 2026-07-28, basic/patterns/mrtr, Server Requirements",
        mend,
        judge,
        wires=(NEWER,),
        wrong=wrong,
    )


CASES = [
    case(
        "ends",
        "a call comes to its end",
        "a call, with a good answer in each round",
        "A resolver runs again in each round. A clock, a counter, a live page make another question each time.",
        "advice",
        "Build each question from the tool's arguments and its state alone.",
        comes_to_an_end,
        'f"It is {datetime.now()}. {text}"',
    ),
    case(
        "twice",
        "a retry that comes twice",
        "the same answers with the same state: twice at once, then once more",
        "Networks lose replies, and clients send again what may have arrived.",
        "advice",
        "Let a step follow from its arguments, state and answers; refuse a second use in words where it must not be.",
        takes_a_second_retry,
        "pending.pop(key)",
    ),
    case(
        "replayed",
        "a state under other arguments",
        "the state and the answers of a call, in a call with other arguments",
        "Whoever may call your tool would answer one question, and be given what belongs to another.",
        "SHOULD",
        "Put a digest of the arguments into the state; MCPServer seals states so by itself.",
        binds_its_state,
        "state = json.loads(ctx.request_state)",
    ),
    case(
        "changed",
        "a state changed by a byte",
        "the state of a call with one character changed",
        "The client holds the state, and may write into it what it likes. What you act upon must be sealed.",
        "MUST",
        "Sign or encrypt the state (RequestStateSecurity), and refuse what fails.",
        notices_a_change,
        "state = json.loads(ctx.request_state)",
    ),
    case(
        "missing",
        "a retry without its answers",
        "a retry with the state and no answer",
        "Clients answer some questions and not others. What is missing is asked again.",
        "SHOULD",
        "Look whether each answer is there; return the unfinished result again where one is not.",
        asks_for_what_is_missing,
        'answer = ctx.input_responses["question"]',
    ),
    case(
        "unasked",
        "an answer that nobody asked for",
        "a first call that brings an answer under an unknown name",
        "It may be meant for another version of your server. What is not known is ignored.",
        "SHOULD",
        "Read the answers that you asked for, by their names, and no others.",
        ignores_what_it_did_not_ask,
        "[answer] = ctx.input_responses.values()",
    ),
]
