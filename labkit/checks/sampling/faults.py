"""A provider that is slow, busy, broken or gone. It shows only on a factory, which asks our stand-in."""

import json
import socket
from asyncio import sleep
from collections.abc import Awaitable, Callable

from mcp_types import ErrorData

from labkit.callbacks import Answer
from labkit.checks.apis import Asked, Fails
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


JUDGES = {
    "provider.slow": meets(late),
    "provider.silent": gives_up,
    "provider.wrong-key": meets(Fails(401, WORDS, {}), most=FEW_TRIES),
    "provider.bad-request": ends(Fails(400, WORDS, {})),
    "provider.busy-once": meets(Fails(429, WORDS), models_reply),
    "provider.busy-always": meets(Fails(429, WORDS)),
    "provider.busy-for-long": ends(Fails(429, WORDS, {"retry-after": "3600", "retry-after-ms": "3600000"})),
    "provider.overloaded": meets(Fails(529, WORDS)),
    "provider.broken": in_own_words,
    "provider.malformed": meets(Sends(b'{"id": "1", "content": [{"type"')),
    "provider.error-in-reply": meets(Sends(json.dumps({"error": {"code": 429, "message": WORDS}}).encode("utf-8"))),
    "provider.hangs-up": meets(Sends(b" " * 4000, half=True)),
    "provider.gone": unreachable,
}
