"""A provider that is slow, busy, broken or gone. It shows only on a factory, which asks our stand-in."""

import json
import socket
from asyncio import sleep
from collections.abc import Awaitable, Callable

from mcp_types import ErrorData

from labkit.callbacks import Answer
from labkit.checks.apis import Asked, Fails
from labkit.checks.case import Case
from labkit.checks.engine import Problem
from labkit.checks.judging import USER_REJECTED, handles, said
from labkit.checks.sampling.messages import QUESTION
from labkit.checks.sampling.provider import asked_of
from labkit.checks.standin import Behaviour, Reply, Sends, models_reply, never
from labkit.checks.trial import NotApplicable, Trial

Judge = Callable[[Trial], Awaitable[None]]

WORDS = "team 17 has to feed its parrot first"
"""What the provider says of every fault. It is for the client, and no answer of a model."""

MOST_TRIES = 10
FEW_TRIES = 3
"""What comes of a wrong key or a wrong request comes again: a second try may have mended something, a fifth has not."""
LATE = 0.4
SHORT = 0.3
"""Seconds: how late a slow reply comes, and the timeout that a factory is given for one that never comes."""

IN_WORDS = "Catch your provider's errors and return ErrorData(code=-32603, message=...) in words of your own."


def meets(*behaviours: Behaviour, most: int = MOST_TRIES) -> Judge:
    """Ask while the provider behaves so: what comes is an answer of a model, or a refusal in words."""

    async def run(trial: Trial) -> None:
        if trial.provider:
            trial.provider.behaves(*behaviours)
        answer = await trial.ask(QUESTION)
        asked_of(trial)
        is_told(answer)
        sees_few(trial, most)

    return run


def ends(*behaviours: Behaviour) -> Judge:
    """Ask while the provider behaves so: that it comes to an end, after a few tries. In which words, others see."""

    async def run(trial: Trial) -> None:
        if trial.provider:
            trial.provider.behaves(*behaviours)
        await trial.attempt(QUESTION.model_copy(deep=True))
        sees_few(trial, FEW_TRIES)

    return run


def sees_few(trial: Trial, most: int) -> None:
    if trial.provider and (tries := len(trial.provider.asked)) > most:
        raise Problem(f"It asked the provider {tries} times.")


async def in_own_words(trial: Trial) -> None:
    await meets(Fails(500, WORDS))(trial)
    if isinstance(trial.answer, ErrorData) and WORDS in trial.answer.message:
        raise Problem("What the provider said of its fault went out to the server, word for word.")
    if isinstance(trial.answer, ErrorData) and trial.answer.code == USER_REJECTED:
        raise Problem(f"A refusal with the code {USER_REJECTED}, which means that the user said no. Nobody was asked.")


def is_told(answer: Answer) -> None:
    handles(answer, QUESTION)
    if not isinstance(answer, ErrorData) and WORDS in said(answer):
        raise Problem("The error of the provider went out as the words of a model.")
    if not isinstance(answer, ErrorData) and answer.stop_reason == "error":
        raise Problem(f"An error in an answer's place ({said(answer)[:60]!r}): a server takes it for a model's words.")


async def late(asked: Asked) -> Reply:
    await sleep(LATE)
    return await models_reply(asked)


async def unreachable(trial: Trial) -> None:
    with socket.socket() as taken:  # bound, and listening to nobody
        taken.bind(("127.0.0.1", 0))
        callback = await trial.make(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        is_told(await trial.ask(QUESTION, callback))


async def gives_up(trial: Trial) -> None:
    if not trial.takes("timeout"):
        raise NotApplicable("This shows only on a factory with a timeout: def make(base_url, timeout).")
    if trial.provider:
        trial.provider.behaves(never)
    is_told(await trial.ask(QUESTION, await trial.make(timeout=SHORT)))


def case(name: str, title: str, sent: str, why: str, mend: str, judge: Judge, *, wrong: str) -> Case:  # noqa: PLR0917 - as in Case
    return Case(
        f"provider.{name}",
        title,
        f"a question; {sent}",
        why,
        "advice: 2025-11-25, client/sampling, Error Handling",
        mend,
        judge,
        needs_provider=True,
        wrong=wrong,
    )


CASES = [
    case(
        "slow",
        "a slow provider",
        f"the reply comes after {LATE:g} s",
        "A model thinks for seconds, on a busy day for a minute.",
        "Give your provider's client a timeout of about a minute.",
        meets(late),
        wrong="timeout=0.3",
    ),
    case(
        "silent",
        "a provider that never replies",
        f"there is no reply, and the factory was given timeout={SHORT:g}",
        "A server that waits for you without an end holds its own caller up as well.",
        "Give up after a time of your own, and return ErrorData with a sentence.",
        gives_up,
        wrong="timeout=None",
    ),
    case(
        "wrong-key",
        "a key that is not accepted",
        "the reply is 401",
        f"It is the first thing that goes wrong. More than {FEW_TRIES} tries look like somebody who guesses keys.",
        IN_WORDS,
        meets(Fails(401, WORDS, {}), most=FEW_TRIES),
        wrong="while True: try again",
    ),
    case(
        "bad-request",
        "a request that the provider refuses",
        "every reply is 400",
        "The same request is wrong the next time too.",
        "Mend the request once if the reply says how; else return ErrorData with a sentence.",
        ends(Fails(400, WORDS, {})),
        wrong="while True: try again",
    ),
    case(
        "busy-once",
        "a busy provider (429), once",
        "the first reply is 429, the next are good",
        "It is part of a normal day, and over in a moment.",
        "Wait as retry-after says and ask again, two or three times; the providers' own clients do.",
        meets(Fails(429, WORDS), models_reply),
        wrong="one try, and no look at the status",
    ),
    case(
        "busy-always",
        "a busy provider (429), always",
        "every reply is 429",
        f"Who asks again without an end makes it worse. More than {MOST_TRIES} times count as that here.",
        "Give up after two or three tries, and return ErrorData with a sentence.",
        meets(Fails(429, WORDS)),
        wrong="while reply.status_code == 429: try again",
    ),
    case(
        "busy-for-long",
        "a busy provider (429), for an hour",
        "every reply is 429, with retry-after: 3600",
        "A server does not wait for an hour, and holds its own caller up as long as you wait.",
        "Wait as retry-after says where that is seconds; where it is longer, return ErrorData with a sentence.",
        ends(Fails(429, WORDS, {"retry-after": "3600", "retry-after-ms": "3600000"})),
        wrong='await asyncio.sleep(float(reply.headers["retry-after"]))',
    ),
    case(
        "overloaded",
        "an overloaded provider (529)",
        "every reply is 529, a status of Claude's API",
        "The number is in no standard, so that tables of statuses do not have it.",
        IN_WORDS,
        meets(Fails(529, WORDS)),
        wrong="if reply.status_code in (500, 502, 503): ...",
    ),
    case(
        "broken",
        "a provider with a fault (500)",
        "every reply is 500",
        "What the provider says of it may hold names and numbers of your account.",
        IN_WORDS,
        in_own_words,
        wrong="ErrorData(code=-32603, message=reply.text)",
    ),
    case(
        "malformed",
        "a reply that is no JSON",
        "the reply is the beginning of a JSON object",
        "A proxy, or the page of a hotel network, may answer in the provider's place.",
        "Catch the error of the parser too, and return ErrorData with a sentence.",
        meets(Sends(b'{"id": "1", "content": [{"type"')),
        wrong="reply.json(), with nothing around it",
    ),
    case(
        "error-in-reply",
        "an error with a good status",
        "the status is 200, and the reply holds an error and no answer",
        "Gateways do that: what went wrong stands in the body alone.",
        "Look for `error` before you read the answer, and catch what a missing field raises.",
        meets(Sends(json.dumps({"error": {"code": 429, "message": WORDS}}).encode("utf-8"))),
        wrong='reply.raise_for_status(), and then reply["content"]',
    ),
    case(
        "hangs-up",
        "a connection that breaks off",
        "the connection is closed half-way through the reply",
        "Networks do that, and it comes as another error than a bad status.",
        "Catch your HTTP client's own errors beside the provider's, and return ErrorData with a sentence.",
        meets(Sends(b" " * 4000, half=True)),
        wrong="except APIStatusError: ..., and nothing for the network",
    ),
    case(
        "gone",
        "no provider at all",
        "nothing listens at the address",
        "A local model server that was not started is the most usual fault there is.",
        "Catch the error of the connection, and say in ErrorData what to start.",
        unreachable,
        wrong="except APIStatusError: ..., and nothing for the network",
    ),
]
