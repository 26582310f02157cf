"""Lesson 04, the server's side: a question that is well asked, an answer that is read with care, a tool that copes."""

from collections.abc import Callable, Sequence
from typing import Any

from mcp_types import CreateMessageRequestParams, CreateMessageResult, ImageContent, TextContent

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
from labkit.checks.engine import FunctionExercise, Problem, called
from labkit.checks.quizzes import Question
from servers import plain_reading
from servers.sample_texts import SAMPLE_TICKETS

TEAMS = tuple(plain_reading.TEAMS)
LOCKS, DNS, FULL = (SAMPLE_TICKETS[name] for name in ("locks", "dns", "full"))
LONGEST_TICKET = 2_000
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
            f'We called route({ticket[:40]!r}…) and it returned "{seen.said[:60]}" without asking the client.'
        )
    return seen.asked[0]


# 4.1: the question


async def asks_once(make: Callable[..., Any], mode: str) -> None:
    seen = await route(make, mode, FULL, "storage")
    asked_by(seen, mode, FULL)
    if len(seen.asked) != 1:
        raise Problem(f"One ticket cost {len(seen.asked)} samples. Ask once.")
    if "storage" not in seen.said.lower():
        raise Problem(f'The client answered "storage" and the tool returned "{seen.said[:60]}".')


async def names_the_teams(make: Callable[..., Any], mode: str) -> None:
    asked = await question(make, mode, MARK)
    words = f"{asked.system_prompt or ''}\n{text_of(asked)}".lower()
    if missing := [team for team in TEAMS if team not in words]:
        raise Problem(f"The question never names {missing[0]}. A model can only choose among words that it is told.")


async def keeps_data_apart(make: Callable[..., Any], mode: str) -> None:
    asked = await question(make, mode, DNS)
    if not (asked.system_prompt or "").strip():
        raise Problem(
            "The question has no system prompt. Put the rules there, above the ticket that may try to break them."
        )
    if DNS[:40] in (asked.system_prompt or ""):
        raise Problem(
            "The ticket stands in the system prompt, where a model takes it for your own rules. Put it into the "
            "message."
        )
    if DNS not in text_of(asked):
        raise Problem(
            f'The ticket is not in the message, which reads "{text_of(asked)[:60]}". Short tickets go in whole.'
        )


async def wants_few_tokens(make: Callable[..., Any], mode: str) -> None:
    asked = await question(make, mode, DNS)
    if asked.max_tokens > 20:
        raise Problem(
            f"You allow {asked.max_tokens} tokens for one word. A chatty model fills them and the client's user pays: "
            "20 are plenty."
        )
    if asked.max_tokens < 3:
        raise Problem(
            f"You allow {asked.max_tokens} token(s). A word may be cut into two or three, so leave room for them."
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
            "arguments alone: what another caller sent has no place in it."
        )
    if text_of(between) == text_of(first):
        raise Problem("Two different tickets gave the same question.")


async def is_honest_about_long_tickets(make: Callable[..., Any], mode: str) -> None:
    short, long = [text_of(await question(make, mode, length * MARK)) for length in (10, 100_000)]
    if (sent := long.count(MARK)) > LONGEST_TICKET:
        raise Problem(f"Of a ticket of 100,000 characters you sent {sent:,}; {LONGEST_TICKET:,} is the limit here.")
    if sent < LONGEST_TICKET // 2:
        raise Problem(f"Of a ticket of 100,000 characters you sent {sent:,}. Up to {LONGEST_TICKET:,} may go.")
    if long.replace(MARK, "") == short.replace(MARK, ""):
        raise Problem(
            "A long ticket is cut and the model is not told, so it takes a part for the whole. "
            "shortened(ticket, 2_000) leaves a note."
        )


# 4.2: the answer


def reads(content: TextContent | ImageContent, wanted: str | None, why: str, labels: Sequence[str] = TEAMS) -> Case:
    """A case for `my_label(answer, labels)`."""

    async def case(function: Callable[..., Any]) -> None:
        answer = CreateMessageResult(role="assistant", model="check", content=content)
        got: object = called(function, answer, list(labels))
        if got != wanted:
            shown = f'"{content.text}"' if isinstance(content, TextContent) else f"of type {content.type}"
            raise Problem(f"The answer {shown} gave {got!r}, and {wanted!r} is right. {why}")

    return case


EXERCISES = {
    "4.1": FunctionExercise(
        "4.1",
        [
            on_both_wires(case)
            for case in (
                asks_once,
                names_the_teams,
                keeps_data_apart,
                wants_few_tokens,
                forgets_other_tickets,
                is_honest_about_long_tickets,
            )
        ],
    ),
    "4.2": FunctionExercise(
        "4.2",
        [
            reads(TextContent(text="storage"), "storage", "It is one of the labels."),
            reads(TextContent(text=" Storage "), "storage", "Give back the label itself: case and space are no fault."),
            reads(TextContent(text="the weather"), None, "It is none of the labels: return None."),
            *(
                reads(TextContent(text=text), "network", "Marks around a word are no fault.")
                for text in ("**network**.", "network,", "(network)", '{"team": "network"}')
            ),
            *(
                reads(TextContent(text=text), "storage", "Exactly one label stands in it and nothing denies it.")
                for text in ("The ticket is classified as storage.", "Storage. The disk of the host is full.")
            ),
            *(
                reads(TextContent(text=text), None, "A word that holds a label is another word.")
                for text in ("storages", "It is networking.")
            ),
            *(
                reads(TextContent(text=text), None, "A denial turns the label into its opposite, or leaves it open.")
                for text in ("not storage", "It isn't storage.", "I cannot say whether it is storage.")
            ),
            *(
                reads(TextContent(text=text), None, "Two labels are no label.")
                for text in ("storage, or network", "More network than storage.", "neither network nor storage")
            ),
            reads(TextContent(text=""), None, "Nothing is no label."),
            reads(ImageContent(data="aGk=", mime_type="image/png"), None, "Look at the type of the content first."),
            reads(TextContent(text="Yes!"), "yes", "The labels are those given: here yes and no.", ["yes", "no"]),
            reads(TextContent(text="No."), "no", "Here no is a label, and denies nothing.", ["yes", "no"]),
        ],
    ),
    "4.3": FunctionExercise(
        "4.3",
        [on_both_wires(case) for case in careful_desk.CASES],
    ),
}

QUESTIONS = {
    "4.4": Question(
        "Which of these may a resolver put into its question?",
        {"a": "the time of day", "b": "the tool's arguments", "c": "a number drawn at random"},
        "b",
        {
            "a": "the next round has another time, so the answer that came belongs to no question.",
            "b": "they are the same in every round, so is the question, and the answer finds it.",
            "c": "the next round draws another. Draw it from the arguments, if you must, as with a fixed seed.",
        },
    ),
    "4.5": Question(
        "Your server hints at haiku and gets an answer of a model named llama. What does it do?",
        {"a": "it asks again", "b": "it checks the answer like any other", "c": "it refuses the answer"},
        "b",
        {
            "a": "the client may have no other. A hint is a wish, and asking again costs its user twice.",
            "b": "a prompt must do with any model, and the check must hold for all of them.",
            "c": "the client chooses the model, and the name is only what it says. What counts is the answer.",
        },
    ),
    "4.6": Question(
        "The user refuses the sample. On revision 2026-07-28, what does a tool with Resolve learn of it?",
        {"a": "nothing, its body never runs", "b": "it gets None as the answer", "c": "it can catch an MCPError"},
        "a",
        {
            "a": "the refusal ends the call on the client's side. Whoever called the tool sees it.",
            "b": "None is what your own resolver returns where the client cannot sample at all.",
            "c": "create_message raised one inside the tool, on the older wire alone.",
        },
    ),
}
