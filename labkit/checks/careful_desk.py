"""Exercise 4.3: a tool that copes with whatever the client answers, and with none at all."""

from collections.abc import Callable
from typing import Any

import anyio
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, ImageContent, SamplingMessage

from labkit.checks.asking_servers import Desk, Use, answered, given_up, made, route, text_of
from labkit.checks.engine import Problem
from servers import plain_reading
from servers.sample_texts import SAMPLE_TICKETS

TEAMS = tuple(plain_reading.TEAMS)
LOCKS, DNS, FULL = (SAMPLE_TICKETS[name] for name in ("locks", "dns", "full"))
LETTER = "¤"
"""A character that no prompt holds."""
LONG = 100_000 * LETTER
LONGEST_TICKET = 2_000
LONGEST_QUESTION = 4_000
"""Characters of a question about a short ticket, with what the model said and the fault."""
MOST_TOKENS = 20
FEWEST_LETTERS = len("image")
"""Letters of a reason: what it says is for people to judge."""


async def copes(make: Callable[..., Any], mode: str, ticket: str, *lines: Any) -> Use:
    """The tool's use, as `route` gives it; an error of the protocol has no place where nobody refused."""
    seen = await route(make, mode, ticket, *lines)
    if seen.error:
        who = "A client that cannot sample" if not lines else "The client"
        raise Problem(f'{who} got an error of the protocol and no result: "{seen.error}".', hint="no-result")
    return seen


async def takes_a_good_answer(make: Callable[..., Any], mode: str) -> None:
    for ticket, said, team in (
        (FULL, "**Storage.**", "storage"),
        (FULL, "network", "network"),
        (DNS, "Database!", "database"),
    ):
        seen = await copes(make, mode, ticket, said)
        if seen.said != team:
            raise Problem(
                f'The client answered "{said}" and the tool returned "{seen.said[:60]}", not "{team}".', hint="answer"
            )
        if len(seen.asked) != 1:
            raise Problem(
                f"A good answer was followed by another question: {len(seen.asked)} samples in place of 1.", hint="once"
            )


async def asks_again_with_the_fault(make: Callable[..., Any], mode: str) -> None:
    for ticket, wrong, team in (
        (LOCKS, "I would say that the disk is full.", "database"),
        (DNS, "Not storage, that much is sure.", "storage"),
    ):
        seen = await copes(make, mode, ticket, wrong, team)
        if len(seen.asked) < 2:
            raise Problem(
                f'The client answered "{wrong}" and was not asked again: the tool returned "{seen.said[:60]}".',
                hint="again",
            )
        if seen.said != team:
            raise Problem(
                f'Asked again, the client answered "{team}", and the tool returned "{seen.said[:60]}".', hint="answer"
            )
        _names_the_fault(seen.asked[0], seen.asked[1], ticket, wrong)


def _names_the_fault(
    first: CreateMessageRequestParams, second: CreateMessageRequestParams, ticket: str, wrong: str
) -> None:
    """See that the second question is the first with what was wrong with its answer."""
    if text_of(first) == text_of(second):
        raise Problem(
            "The second question is the first once more, and gets the same answer. Name the fault in it.", hint="fault"
        )
    if not any(ticket in text_of(_only(second, message)) for message in second.messages):
        raise Problem(
            "The second question lacks the ticket. A model remembers nothing: send the first messages again.",
            hint="ticket",
        )
    if (first.system_prompt or "") not in (second.system_prompt or ""):
        is_lost = not (second.system_prompt or "").strip()
        told = "lacks the rules" if is_lost else "has other rules than the first"
        raise Problem(f"The second question {told}. Send the system prompt again.", hint="rules")
    asked = [text_of(_only(second, message)) for message in second.messages]
    behind = next(at for at, text in enumerate(asked) if ticket in text)
    if not any(
        wrong in text and message.role == "assistant" and at > behind
        for at, (text, message) in enumerate(zip(asked, second.messages, strict=True))
    ):
        raise Problem(
            "The second question does not show what the model said. Put it between the ticket and the fault, as a "
            "message of the assistant.",
            hint="what-it-said",
        )
    last = asked[-1]
    if second.messages[-1].role != "user" or any(team not in last for team in TEAMS):
        raise Problem(
            f'The second question ends "{last[-60:]}". End it with a message of the user that names the fault '
            "and the words that would do.",
            hint="fault",
        )
    if second.max_tokens > MOST_TOKENS:
        raise Problem(f"The second question allows {second.max_tokens} tokens for one word.", hint="tokens")


def _only(params: CreateMessageRequestParams, message: SamplingMessage) -> CreateMessageRequestParams:
    return params.model_copy(update={"messages": [message]})


async def gives_up_after_two(make: Callable[..., Any], mode: str) -> None:
    for ticket, last in ((FULL, "Well, well."), (LOCKS, "Ist das nicht klar?")):
        seen = await copes(make, mode, ticket, "Hm.", last, "storage")
        if len(seen.asked) != 2:
            raise Problem(
                f"The client answered badly twice and was asked {len(seen.asked)} times. Stop after the second.",
                hint="stop",
            )
        _is_useful(seen.said, ticket, f'answered "Hm." and "{last}"')
        if last not in seen.said:
            raise Problem(
                f'The tool returned "{seen.said[:80]}". Show what the model last said: a person can judge it.',
                hint="what-it-said",
            )


async def takes_no_words_for_a_fault(make: Callable[..., Any], mode: str) -> None:
    picture = CreateMessageResult(
        role="assistant", model="check", content=ImageContent(data="aGk=", mime_type="image/png")
    )
    seen = await copes(make, mode, DNS, picture, "network")
    if seen.said != "network":
        raise Problem(
            f'The client sent an image, then "network", and the tool returned "{seen.said[:60]}".', hint="image"
        )
    for answer, what in ((picture, "sent an image twice"), ("", "twice answered without a word")):
        seen = await copes(make, mode, DNS, answer)
        _is_useful(seen.said, DNS, what)


async def keeps_what_is_long_short(make: Callable[..., Any], mode: str) -> None:
    seen = await copes(make, mode, FULL, "all " * 25_000)
    if len(seen.said) > 1_000:
        raise Problem(
            f"The client answered with 100,000 characters and the tool returned {len(seen.said):,}. No client is held "
            "to max_tokens: cut what you repeat.",
            hint="long-answer",
        )
    if sent := [len(text_of(each)) for each in seen.asked if len(text_of(each)) > LONGEST_QUESTION]:
        raise Problem(
            f"The client answered with 100,000 characters, and was asked again with {sent[0]:,}. Cut what you repeat.",
            hint="long-answer",
        )
    seen = await copes(make, mode, LONG, "Hm.", "storage")
    if sent := [text_of(each).count(LETTER) for each in seen.asked if text_of(each).count(LETTER) > LONGEST_TICKET]:
        raise Problem(
            f"Of a ticket of {len(LONG):,} characters {sent[0]:,} were sent; {LONGEST_TICKET:,} is the limit, in both "
            "questions.",
            hint="long-ticket",
        )


async def keeps_nothing(make: Callable[..., Any], mode: str) -> None:
    """Several callers of one server: what one of them sent or answered is in no question and no result of another."""
    server = made(make, "route")
    calls = (
        (FULL, "Hm.", "storage"),
        (DNS, "So so.", "network"),
        (FULL, "Tja.", "network"),
        (DNS, "No.", "Nothing."),
        (LOCKS, "Oh.", "Nothing."),
    )
    for at, (ticket, wrong, last) in enumerate(calls):
        seen = await answered(server, mode, "route", {"ticket": ticket}, wrong, last)
        found = "\n".join([seen.said, *map(text_of, seen.asked)])
        earlier = [each for before in calls[:at] for each in (before[0], before[1]) if each not in (ticket, wrong)]
        if kept := [each for each in earlier if each in found]:
            raise Problem(
                f'The call before was about another ticket, or answered otherwise, and "{kept[0][:40]}" of it is in '
                "this one. Keep nothing of a call outside of it.",
                hint="kept",
            )
        wanted = last if last in TEAMS else "unclear"
        if len(seen.asked) != 2 or not seen.said.startswith(wanted):
            raise Problem(
                f'Call {at + 1} of one server answered "{wrong}" and "{last}". It was asked {len(seen.asked)} times '
                f'and got "{seen.said[:60]}". Keep nothing of a call outside of it.',
                hint="kept",
            )
        if wanted == "unclear":
            _is_useful(seen.said, ticket, f'of another call answered "{wrong}" and "{last}"')


async def does_without_a_model(make: Callable[..., Any], mode: str) -> None:
    for ticket in (FULL, LOCKS):
        seen = await copes(make, mode, ticket)
        _is_useful(seen.said, ticket, "cannot sample")
        said = (await copes(make, mode, ticket, "Hm.", "Well, well.")).said
        why = "".join(word for word in seen.said.split() if word not in said.split())  # the rest says nothing of it
        if sum(letter.isalpha() for letter in why) < FEWEST_LETTERS or "None" in seen.said:
            raise Problem(f'The client cannot sample, and the tool returned "{seen.said[:80]}". Say so.', hint="why")


async def waits_for_a_late_answer(make: Callable[..., Any], mode: str) -> None:
    async def late() -> str:
        await anyio.sleep(0.3)
        return "network"

    seen = await copes(make, mode, DNS, late)
    if (seen.said, len(seen.asked)) != ("network", 1):
        raise Problem(
            f'The client took its time and answered "network". It was asked {len(seen.asked)} times and the tool '
            f'returned "{seen.said[:60]}". Waiting is the client\'s business.'
        )


async def survives_a_client_that_never_answers(make: Callable[..., Any], mode: str) -> None:
    server = made(make, "route")
    await given_up(server, mode, "route", {"ticket": DNS})
    await _still_works(server, mode, "one client hung up without an answer")


async def survives_a_refusal(make: Callable[..., Any], mode: str) -> None:
    server = made(make, "route")
    refusal = ErrorData(code=-1, message="User rejected sampling request")
    seen = await answered(server, mode, "route", {"ticket": DNS}, refusal)
    if len(seen.asked) != 1:
        raise Problem(f"The user refused and was asked {len(seen.asked)} times in all. A refusal is an answer.")
    await _still_works(server, mode, "one client refused")


async def _still_works(server: Any, mode: str, after: str) -> None:
    seen = await answered(server, mode, "route", {"ticket": LOCKS}, "Hm.", "database")
    if (seen.said, len(seen.asked)) != ("database", 2):
        raise Problem(
            f'After {after}, the next answered "Hm." and then "database": it was asked {len(seen.asked)} times and got '
            f'"{seen.said[:60]}". Keep nothing of a call outside of it.'
        )


def _is_useful(said: str, ticket: str, client: str) -> None:
    team = plain_reading.team(ticket)
    if said.strip().lower() in TEAMS:
        raise Problem(
            f'The client {client}, and the tool returned "{said}" as if a model had said so. Begin with unclear.',
            hint="unclear",
        )
    if not said.startswith("unclear"):
        raise Problem(
            f'The client {client}, and the tool returned "{said[:60]}". Begin with unclear, then say why.',
            hint="unclear",
        )
    if team not in said:
        raise Problem(
            f'The client {client}, and the tool returned "{said[:80]}". Add what plain code can tell: {team}, '
            "from plain_reading.team(ticket).",
            hint="plain-code",
        )
    if others := [other for other in TEAMS if other != team and other in said and other not in client]:
        raise Problem(
            f'The client {client}, and the tool returned "{said[:80]}". The words of the ticket say {team}, and not '
            f"{others[0]}.",
            hint="plain-code",
        )
    why = said.removeprefix("unclear").replace(team, "")
    if sum(letter.isalpha() for letter in why) < FEWEST_LETTERS:
        raise Problem(
            f'The client {client}, and the tool returned "{said[:80]}". Say why it is unclear: what the model said, or '
            "that the client cannot sample.",
            hint="why",
        )


CASES: tuple[Desk, ...] = (
    takes_a_good_answer,
    asks_again_with_the_fault,
    gives_up_after_two,
    takes_no_words_for_a_fault,
    keeps_what_is_long_short,
    does_without_a_model,
    waits_for_a_late_answer,
    survives_a_client_that_never_answers,
    survives_a_refusal,
    keeps_nothing,
)
TRIED = (
    "answers good, bad, long, late, none and refused, what is asked again and said in the end, nothing kept, both wires"
)
