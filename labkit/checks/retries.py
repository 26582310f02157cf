"""A student's retry under examination: what it asks again, how long it waits, what it leaves alone."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from anyio.lowlevel import checkpoint
from mcp import MCPError
from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer, name_of
from labkit.callbacks import hint as told_to_wait
from labkit.checks.asking_servers import MODES, Answers, Case, archiver
from labkit.checks.budgets import REQUEST
from labkit.checks.engine import Problem, called, calling, direct_context, shape
from labkit.checks.judging import said
from labkit.checks.served import good
from servers.sample_logs import SAMPLE_LINES

GIVEN = good("The disk is full.")
REFUSALS = {
    "a person said no": ErrorData(code=-1, message="The user said no."),
    "a budget was spent": ErrorData(code=-1, message="Too many requests (429): the budget is spent."),
    "the request was wrong": ErrorData(code=-32602, message="Ask for fewer tokens."),
}
DRAWS = 60
"""Waits that are drawn to see how they lie: all in one half of where they may lie happens once in 10^18."""
OPEN = (None, {}, "soon", ["retryAfter"], 7, {"status": 429})
"""What may stand in `data` where nobody says how long to wait."""


def busy(wait: float = 0, number: int = 1) -> ErrorData:
    return ErrorData(code=-32603, message=f"Too many requests ({number}).", data=told_to_wait(429, wait))


class Trial:
    """A student's retry around a callback that gives these lines in turn, the last one for ever."""

    def __init__(self, make: Callable[..., Any], *lines: Answer | BaseException, tries: int = 3, longest: float = 20):
        self.lines, self.asked, self.waits = lines, list[CreateMessageRequestParams](), list[float]()
        self.context = direct_context()
        retry = called(make, self.model, tries, longest, self.sleep)
        if not callable(retry):
            raise Problem(f"{name_of(make)}(callback) returned {retry!r}. Return the function inside.", hint="shape")
        self.retry = shape(retry)

    async def model(self, context: object, params: CreateMessageRequestParams) -> Answer:
        if context is not self.context or params != REQUEST:
            raise Problem("The callback was asked something else than was sent. Hand on what came.", hint="as-it-came")
        self.asked.append(params)
        line = self.lines[min(len(self.asked), len(self.lines)) - 1]
        await checkpoint()
        if isinstance(line, BaseException):
            raise line
        return line

    async def sleep(self, seconds: float) -> None:
        """Waits for nothing, and notes how long it was to be."""
        if len(self.waits) >= DRAWS:
            raise Problem(f"It waited {DRAWS} times for one request, and had no end.", hint="tries")
        self.waits.append(seconds)
        await checkpoint()

    async def told(self) -> Answer:
        answer = cast("object", await self.retry(self.context, REQUEST))
        if not isinstance(answer, Answer):
            got = "nothing: is a `return` missing?" if answer is None else f"a {type(answer).__name__}."
            raise Problem(f"Where an answer is wanted it returned {got}", hint="returns")
        return answer


async def _ends(make: Callable[..., Any], *lines: Answer, tries: int = 3, what: str, hint: str) -> Trial:
    """See that the last of `lines` is what is returned, after so many requests and a wait between each two."""
    trial = Trial(make, *lines, tries=tries)
    told = await trial.told()
    asked, wanted = len(trial.asked), len(lines)
    if asked != wanted:
        raise Problem(f"{what}: the callback was asked {asked} times, and {wanted} would be right.", hint=hint)
    if told != lines[-1]:
        raise Problem(f"{what}: it returned {_short(told)}, and not {_short(lines[-1])} as it came.", hint="as-it-came")
    if len(trial.waits) > wanted - 1:
        raise Problem(f"{what}: it waited after the last request, for nothing.", hint="wait-after")
    if len(trial.waits) < wanted - 1:
        raise Problem(f"{what}: it asked again without `await sleep(...)`, the one it was given.", hint="no-wait")
    return trial


def _short(answer: Answer) -> str:
    return repr(answer.message if isinstance(answer, ErrorData) else said(answer))[:60]


async def _asks_again(make: Callable[..., Any]) -> None:
    await _ends(make, GIVEN, what="The first answer was good", hint="good")
    await _ends(make, busy(), GIVEN, what="The first request failed for now (-32603)", hint="again")
    await _ends(make, busy(), busy(number=2), GIVEN, what="Two requests failed for now (-32603)", hint="again")
    refusal = good("Too many requests (429). Ask me again.")
    await _ends(make, refusal, what="A model answered in words that speak of errors", hint="good")


async def _stops(make: Callable[..., Any]) -> None:
    for tries in (1, 2, 5):
        lines = [busy(number=number) for number in range(1, tries + 1)]
        await _ends(make, *lines, tries=tries, what=f"With tries={tries} all requests failed", hint="tries")


async def _leaves_a_no(make: Callable[..., Any]) -> None:
    for what, final in REFUSALS.items():
        await _ends(make, final, what=f"The answer was {final.code}, as {what}", hint="final")
        await _ends(make, busy(), final, what=f"At the second request {what} ({final.code})", hint="final")


async def _waits_longer(make: Callable[..., Any]) -> None:
    trials = [Trial(make, *[busy()] * 5, tries=5, longest=6) for _ in range(DRAWS)]
    for trial in trials:
        await trial.told()
    for number, (most, waits) in enumerate(
        zip((1, 2, 4, 6), zip(*(t.waits for t in trials), strict=True), strict=True), 1
    ):
        told = f"Before try {number + 1} it waited {min(waits):.2f} to {max(waits):.2f} s in {DRAWS} trials"
        if min(waits) < 0 or max(waits) > most:
            raise Problem(f"{told} with longest=6, and 0 to {most} s is right: 1, 2, 4, 8 and no more.", hint="grows")
        if max(waits) < most / 2:
            raise Problem(f"{told}, and it may be up to {most} s: each wait may be twice the one before.", hint="grows")
        if min(waits) > most / 2:
            raise Problem(f"{told}. Draw a part of {most} s, or all who failed together come back so.", hint="herd")


async def _waits_as_told(make: Callable[..., Any]) -> None:
    for after in (0.25, 2, 7.5, 20):
        waits = [(await _waits_of(make, after, 20))[0] for _ in range(DRAWS)]
        told = f"The failure said retryAfter {after:g}, and it waited {min(waits):.2f} to {max(waits):.2f} s"
        if min(waits) < after or max(waits) > after + 1:
            raise Problem(f"{told}. That long, and a part of one second more, is right.", hint="told")
        if after < 20 and max(waits) - min(waits) < 0.25:  # at the longest there may be no room for a part
            raise Problem(
                f"{told}. All who were told the same come back together: add a part of a second.", hint="herd"
            )
    for after, longest in ((20.5, 20), (5, 4)):
        if waits := await _waits_of(make, after, longest):
            told = f"The failure said retryAfter {after:g}, with longest={longest}, and it waited {waits[0]:.2f} s"
            raise Problem(f"{told}. Give up at once: who waits shorter fails again.", hint="too-long")


async def _waits_of(make: Callable[..., Any], after: float, longest: float) -> list[float]:
    trial = Trial(make, failure := busy(after), GIVEN, longest=longest)
    told = await trial.told()
    if not trial.waits and after <= longest:
        raise Problem(
            f"The failure said retryAfter {after:g} with longest={longest:g}, and nobody waited.", hint="told"
        )
    if not trial.waits and (told != failure or len(trial.asked) > 1):
        raise Problem(
            f"The failure said retryAfter {after:g} with longest={longest:g}: return it at once.", hint="too-long"
        )
    return trial.waits


async def _reads_any_data(make: Callable[..., Any]) -> None:
    for data in OPEN:
        failure = ErrorData(code=-32603, message="Busy.", data=data)
        with calling(f"it with a failure whose data is {data!r}"):
            await _ends(make, failure, GIVEN, what=f"The data of the failure was {data!r}", hint="data")


async def _lets_errors_through(make: Callable[..., Any]) -> None:
    for error in (ConnectionError("gone"), asyncio.CancelledError(), ZeroDivisionError("a fault of its own")):
        trial = Trial(make, error, GIVEN)
        try:
            await trial.told()
        except type(error):
            continue
        raise Problem(
            f"The callback raised {type(error).__name__}, and it was asked {len(trial.asked)} times. Let it through, "
            "without a `try`.",
            hint="raised",
        )


async def _begins_anew(make: Callable[..., Any]) -> None:
    trial = Trial(make, *[busy()] * 4)
    for number in (1, 2):
        await trial.told()
        if len(trial.asked) != 3 * number:
            raise Problem(
                f"Request {number} of one callback had {len(trial.asked)} tries in all. Count anew.", hint="anew"
            )
    many = Trial(make, busy())
    for _ in range(DRAWS // 3):
        await many.told()
    first = many.waits[::2]
    if max(first) > 1:
        raise Problem(
            f"One of {len(first)} requests of one callback waited {max(first):.2f} s before its second try, and up to "
            "1 s is right. Each begins with the shortest wait.",
            hint="anew",
        )
    if len({*first}) == 1:
        raise Problem(
            f"All of {len(first)} requests of one callback waited {first[0]:.2f} s before their second try. Draw anew "
            "before each wait.",
            hint="herd",
        )
    both = Trial(make, busy())
    await asyncio.gather(both.told(), both.told())
    if len(both.asked) != 6:
        raise Problem(f"Two requests at once had {len(both.asked)} tries and not 3 each. Count in each.", hint="anew")


def _through_the_archiver(mode: str) -> Case:
    async def case(make: Callable[..., Any]) -> None:
        for lines, wanted, why in (
            ((busy(2), busy(), "The disk is full."), 3, "The disk is full."),
            ((REFUSALS["a person said no"],), 1, ""),
        ):
            model, waits = Answers(*lines), list[float]()

            async def noted(seconds: float, waits: list[float] = waits) -> None:
                waits.append(seconds)

            retry = called(make, model, 3, 20, noted)
            told = ""
            with archiver(retry, mode) as process, suppress(MCPError):
                told = str((await process(SAMPLE_LINES["disk_full"])).content)
            if len(model.asked) != wanted or why not in told:
                raise Problem(
                    f"Through the log archiver ({mode}) the model was asked {len(model.asked)} times, not {wanted}.",
                    hint="again",
                )

    return case


CASES: list[Case] = [
    _asks_again,
    _stops,
    _leaves_a_no,
    _waits_longer,
    _waits_as_told,
    _reads_any_data,
    _lets_errors_through,
    _begins_anew,
    *map(_through_the_archiver, MODES),
]
