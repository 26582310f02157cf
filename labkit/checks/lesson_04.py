"""Lesson 04, the server's side: a question that is well asked, an answer that is read with care, a tool that copes."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from mcp_types import AudioContent, CreateMessageRequestParams, CreateMessageResult, ImageContent, TextContent

from labkit.checks import careful_desk
from labkit.checks.asking_servers import (
    REVISIONS,
    Answers,
    Case,
    Use,
    connect,
    made,
    on_both_wires,
    route,
    text_of,
    use,
)
from labkit.checks.engine import FunctionExercise, Problem, called, rows
from servers import plain_reading
from servers.sample_texts import SAMPLE_TICKETS

TEAMS = tuple(plain_reading.TEAMS)
LOCKS, DNS, FULL = (SAMPLE_TICKETS[name] for name in ("locks", "dns", "full"))
LETTERS = "  „Größe“ {ticket} {0} %s\n\t<b>数据库</b>: l'e\u0301tat n\u2019est pas là 🙂 "
"""A ticket of marks and letters that a careless program trips over."""
LONGEST_TICKET = 2_000
MOST_TOKENS, FEWEST_TOKENS = 20, 3
ENGLISH = {"the", "which", "you", "or", "and"}
ONE = {"one", "single", "1", "word", "only", "just", "alone", "exactly", "nothing"}
"""Words of a question in English, and those of which one asks for one word. In another language it is not judged."""
MARK = "¤"
"""A character that no prompt holds: what a question says beside a ticket of these alone is the server's own."""


async def question(make: Callable[..., Any], mode: str, ticket: str) -> CreateMessageRequestParams:
    """The first thing that the server asks of a client that answers `storage`."""
    return asked_by(await route(make, mode, ticket, "storage"), mode, ticket)


def asked_by(seen: Use, mode: str, ticket: str) -> CreateMessageRequestParams:
    """The first question of a call.

    Raises:
        Problem: The tool asked nothing.
    """
    if seen.error:
        raise Problem(f"On revision {REVISIONS[mode]} the call failed: {seen.error}.")
    if not seen.asked:
        raise Problem(
            f'We called route({ticket[:40]!r}…) and it returned "{seen.said[:60]}" without asking the client. Let the '
            "resolver return a Sample.",
            hint="never-asks",
        )
    return seen.asked[0]


# 4.1: the question


async def asks_once(make: Callable[..., Any], mode: str) -> None:
    for ticket, team in ((FULL, "storage"), (FULL, "network"), (DNS, "database")):
        seen = await route(make, mode, ticket, team)
        asked = asked_by(seen, mode, ticket)
        if len(seen.asked) != 1:
            raise Problem(f"One ticket cost {len(seen.asked)} samples. Ask once.", hint="once")
        if team not in seen.said.lower():
            raise Problem(f'The client answered "{team}" and the tool returned "{seen.said[:60]}".', hint="answer")
        if [each.role for each in asked.messages] != ["user"]:
            raise Problem(
                f"The question has {len(asked.messages)} messages ({', '.join(each.role for each in asked.messages)}). "
                "One will do, of the user.",
                hint="one-message",
            )


async def names_the_teams(make: Callable[..., Any], mode: str) -> None:
    asked = await question(make, mode, MARK)
    words = f"{asked.system_prompt or ''}\n{text_of(asked)}".lower()
    if missing := [team for team in TEAMS if team not in words]:
        raise Problem(
            f"The question never names {missing[0]}. A model can only choose among words that it is told.", hint="teams"
        )


async def asks_for_one_word(make: Callable[..., Any], mode: str) -> None:
    asked = await question(make, mode, MARK)
    words = {*re.findall(r"\w+", f"{asked.system_prompt or ''} {text_of(asked)}".lower())} - {*TEAMS}
    if (not words or words & ENGLISH) and not words & ONE:
        raise Problem(
            f'The question reads "{(asked.system_prompt or "")[:60]}…" and does not ask for one word. A model then '
            "answers in sentences, and the few tokens cut them.",
            hint="one-word",
        )


async def keeps_data_apart(make: Callable[..., Any], mode: str) -> None:
    for ticket in (DNS, LETTERS):
        asked = await question(make, mode, ticket)
        if not (asked.system_prompt or "").strip():
            raise Problem(
                "The question has no system prompt. Put the rules there, above the ticket that may try to break them.",
                hint="system-prompt",
            )
        if ticket[:40] in (asked.system_prompt or ""):
            raise Problem(
                "The ticket stands in the system prompt, where a model takes it for your own rules. Put it into the "
                "message.",
                hint="data",
            )
        if ticket.strip() not in text_of(asked):
            raise Problem(
                f"The ticket {ticket[:40]!r} is not in the message, which reads {text_of(asked)[:60]!r}. Short tickets "
                "go in whole, letter by letter.",
                hint="whole",
            )


async def wants_few_tokens(make: Callable[..., Any], mode: str) -> None:
    for ticket in ("", DNS, 50 * DNS):
        asked = await question(make, mode, ticket)
        if asked.max_tokens > MOST_TOKENS:
            raise Problem(
                f"You allow {asked.max_tokens} tokens for one word. A chatty model fills them and the client's user "
                f"pays: {MOST_TOKENS} are plenty.",
                hint="tokens",
            )
        if asked.max_tokens < FEWEST_TOKENS:
            raise Problem(
                f"You allow {asked.max_tokens} token(s). A word may be cut into two or three, so leave room for them.",
                hint="tokens",
            )


async def forgets_other_tickets(make: Callable[..., Any], mode: str) -> None:
    answers = Answers("network")
    with connect(made(make, "route"), mode, answers) as lab:
        for ticket in (DNS, LOCKS, DNS):
            await use(lab, "route", {"ticket": ticket}, answers)
    first, between, again = answers.asked[:3]
    if text_of(first) != text_of(again) or first.system_prompt != again.system_prompt:
        raise Problem(
            "The same ticket was asked about in other words the second time. The question must follow from the "
            "arguments alone: what another caller sent has no place in it.",
            hint="other-callers",
        )
    if text_of(between) == text_of(first):
        raise Problem("Two different tickets gave the same question.")


async def is_honest_about_long_tickets(make: Callable[..., Any], mode: str) -> None:
    around: dict[int, str] = {}
    for length in (10, LONGEST_TICKET, LONGEST_TICKET + 1, 3_000, 100_000):
        asked = await question(make, mode, length * MARK)
        sent = text_of(asked).count(MARK)
        told = f"Of a ticket of {length:,} characters you sent {sent:,}"
        if sent > LONGEST_TICKET:
            raise Problem(f"{told}; {LONGEST_TICKET:,} is the limit here.", hint="limit")
        if sent < min(length, LONGEST_TICKET // 2) or (length <= LONGEST_TICKET and sent < length):
            raise Problem(f"{told}. Up to {LONGEST_TICKET:,} may go.", hint="limit")
        around[length] = f"{asked.system_prompt}{text_of(asked)}".replace(MARK, "")
        if sent < length and around[length] == around[10]:
            raise Problem(
                f"{told}, and the model is not told, so it takes a part for the whole. shortened(ticket, 2_000) leaves "
                "a note.",
                hint="note",
            )


# 4.2: the answer


def reads(
    content: TextContent | ImageContent | AudioContent,
    wanted: str | None,
    why: str,
    labels: Sequence[str] = TEAMS,
    hint: str = "",
) -> Case:
    """A case for `my_label(answer, labels)`."""

    async def case(function: Callable[..., Any]) -> None:
        answer, given = CreateMessageResult(role="assistant", model="check", content=content), list(labels)
        before = answer.model_copy(deep=True)
        got: object = called(function, answer, given)
        shown = f'"{content.text}"' if isinstance(content, TextContent) else f"of type {content.type}"
        told = f"The answer {shown}{'' if labels == TEAMS else f' to {list(labels)}'}"
        if got != wanted:
            raise Problem(f"{told} gave {got!r}, and {wanted!r} is right. {why}", hint=hint)
        if (answer, given) != (before, list(labels)):
            raise Problem(f"{told} was changed, or the list of labels. They belong to the caller.", hint="changed")

    return case


def _read_as(table: str) -> list[Case]:
    """The cases of a table: answers with the label that each is read as."""
    return [
        reads(TextContent(text=text), row.get("label"), row["why"], tuple(row.get("labels", TEAMS)), row["hint"])
        for row in rows("lesson_04", table)
        for text in row["texts"]
    ]


EXERCISES = {
    "4.1": FunctionExercise(
        "4.1",
        [
            on_both_wires(case)
            for case in (
                asks_once,
                names_the_teams,
                asks_for_one_word,
                keeps_data_apart,
                wants_few_tokens,
                forgets_other_tickets,
                is_honest_about_long_tickets,
            )
        ],
        tried="answer, teams, one word, rules apart, 3 to 20 tokens, any letters, up to 100,000 of them, both wires",
    ),
    "4.2": FunctionExercise(
        "4.2",
        [
            *_read_as("teams"),
            reads(ImageContent(data="aGk=", mime_type="image/png"), None, "Look at the type of the content first."),
            reads(AudioContent(data="aGk=", mime_type="audio/wav"), None, "Look at the type of the content first."),
            *_read_as("others"),
        ],
        tried="marks, capitals, sentences, denials, other words, two labels, none, labels of other letters, no text",
    ),
    "4.3": FunctionExercise(
        "4.3",
        [on_both_wires(case) for case in careful_desk.CASES],
        tried=careful_desk.TRIED,
    ),
}
