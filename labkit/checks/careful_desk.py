"""Exercise 4.3: a tool that copes with whatever the client answers, and with none at all."""

from collections.abc import Callable
from typing import Any

import anyio
from mcp_types import CreateMessageResult, ErrorData, ImageContent

from labkit.checks.asking_servers import Desk, Use, answered, given_up, made, route, text_of
from labkit.checks.engine import Problem
from servers import plain_reading
from servers.sample_texts import SAMPLE_TICKETS

TEAMS = tuple(plain_reading.TEAMS)
LOCKS, DNS, FULL = (SAMPLE_TICKETS[name] for name in ("locks", "dns", "full"))


async def copes(make: Callable[..., Any], mode: str, ticket: str, *lines: Any) -> Use:
    """The tool's use, as `route` gives it; an error of the protocol has no place where nobody refused."""
    seen = await route(make, mode, ticket, *lines)
    if seen.error:
        who = "A client that cannot sample" if not lines else "The client"
        raise Problem(f'{who} got an error of the protocol and no result: "{seen.error}".')
    return seen


async def takes_a_good_answer(make: Callable[..., Any], mode: str) -> None:
    seen = await copes(make, mode, FULL, "**Storage.**")
    if seen.said != "storage":
        raise Problem(f'The client answered "**Storage.**" and the tool returned "{seen.said[:60]}", not "storage".')
    if len(seen.asked) != 1:
        raise Problem(f"A good answer was followed by another question: {len(seen.asked)} samples in place of 1.")


async def asks_again_with_the_fault(make: Callable[..., Any], mode: str) -> None:
    wrong = "I would say that the disk is full."
    seen = await copes(make, mode, LOCKS, wrong, "database")
    if len(seen.asked) < 2:
        raise Problem(f'The client answered "{wrong}" and was not asked again: the tool returned "{seen.said[:60]}".')
    if seen.said != "database":
        raise Problem(f'Asked again, the client answered "database", and the tool returned "{seen.said[:60]}".')
    first, second = seen.asked[:2]
    if text_of(first) == text_of(second):
        raise Problem("The second question is the first once more, and gets the same answer. Name the fault in it.")
    if LOCKS not in text_of(second):
        raise Problem("The second question lacks the ticket. A model remembers nothing: send the first messages again.")
    if wrong not in text_of(second):
        raise Problem(
            "The second question does not show what the model said. Put it before the fault, as a message of the "
            "assistant."
        )
    end = second.model_copy(update={"messages": second.messages[-1:]})
    if second.messages[-1].role != "user" or any(team not in text_of(end) for team in TEAMS):
        raise Problem(
            f'The second question ends "{text_of(end)[-60:]}". End it with a message of the user that names the fault '
            "and the words that would do."
        )


async def gives_up_after_two(make: Callable[..., Any], mode: str) -> None:
    seen = await copes(make, mode, FULL, "Hm.", "Well, well.", "storage")
    if len(seen.asked) != 2:
        raise Problem(f"The client answered badly twice and was asked {len(seen.asked)} times. Stop after the second.")
    _is_useful(seen.said, FULL, 'answered "Hm." and "Well, well."')
    if "Well, well." not in seen.said:
        raise Problem(f'The tool returned "{seen.said[:80]}". Show what the model last said: a person can judge it.')


async def takes_no_words_for_a_fault(make: Callable[..., Any], mode: str) -> None:
    picture = CreateMessageResult(
        role="assistant", model="check", content=ImageContent(data="aGk=", mime_type="image/png")
    )
    seen = await copes(make, mode, DNS, picture, "network")
    if seen.said != "network":
        raise Problem(f'The client sent an image, then "network", and the tool returned "{seen.said[:60]}".')


async def keeps_a_long_answer_short(make: Callable[..., Any], mode: str) -> None:
    seen = await copes(make, mode, FULL, "all " * 25_000)
    if len(seen.said) > 1_000:
        raise Problem(
            f"The client answered with 100,000 characters and the tool returned {len(seen.said):,}. No client is held "
            "to max_tokens: cut what you repeat."
        )


async def does_without_a_model(make: Callable[..., Any], mode: str) -> None:
    seen = await copes(make, mode, FULL)
    _is_useful(seen.said, FULL, "cannot sample")


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
            f'The client {client}, and the tool returned "{said}" as if a model had said so. Begin with unclear.'
        )
    if not said.startswith("unclear"):
        raise Problem(f'The client {client}, and the tool returned "{said[:60]}". Begin with unclear, then say why.')
    if team not in said:
        raise Problem(
            f'The client {client}, and the tool returned "{said[:80]}". Add what plain code can tell: {team}, '
            "from plain_reading.team(ticket)."
        )


CASES: tuple[Desk, ...] = (
    takes_a_good_answer,
    asks_again_with_the_fault,
    gives_up_after_two,
    takes_no_words_for_a_fault,
    keeps_a_long_answer_short,
    does_without_a_model,
    waits_for_a_late_answer,
    survives_a_client_that_never_answers,
    survives_a_refusal,
)
