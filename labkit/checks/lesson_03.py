"""Lesson 03, turn the dials: temperature, dials for a job, a callback that keeps to its limits, and top-p."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import partial
from inspect import iscoroutinefunction
from math import log
from random import Random
from typing import Any, cast

import numpy as np
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

from labkit.answering import ask
from labkit.checks.engine import FunctionExercise, Problem, called, direct_context, request
from labkit.checks.quizzes import Question
from labkit.errors import CallbackError
from labkit.models import sampler

Numbers = Sequence[float]
NEAR = 1e-6


def close(given: Any, wanted: Numbers) -> bool:
    """Whether `given` is a list of numbers, each within a millionth of the one wanted."""
    try:
        numbers = [float(number) for number in given]
    except (TypeError, ValueError):
        return False
    return len(numbers) == len(wanted) and all(abs(a - b) <= NEAR for a, b in zip(numbers, wanted, strict=True))


def shown(numbers: Any) -> str:
    """Numbers as a reader wants them: three digits, six of them."""
    if type(numbers) not in (list, tuple):
        return repr(numbers)[:60]
    listed = [f"{number:.3f}" if isinstance(number, float) else repr(number) for number in numbers[:6]]
    return f"[{', '.join(listed)}{', …' if len(numbers) > 6 else ''}]"


def gives(
    call: str, logits: list[float], dial: float, wanted: Numbers, *, why: str, what: str = ""
) -> Callable[..., Awaitable[None]]:
    """A case: the function, called with `logits` and a dial, returns the numbers wanted.

    `why` explains them, and `what` is how the logits are told where their figures say little.
    """

    async def case(function: Callable[..., Any]) -> None:
        given: Any = called(function, list(logits), dial)
        if not close(given, wanted):
            asked = f"{call}({what or shown(logits)}, {dial!r})"
            raise Problem(f"{asked} returned {shown(given)}, and {shown(list(wanted))} is right. {why}")

    return case


def tempered(logits: Numbers, temperature: float) -> list[float]:
    """The probabilities of the kit's own sampler after a temperature."""
    return [float(p) for p in sampler.softmax(sampler.apply_temperature(_array(logits), temperature))]


def nucleus(logits: Numbers, p: float) -> list[float]:
    """The probabilities of the kit's own sampler after top-p."""
    return [float(kept) for kept in sampler.softmax(sampler.top_p(_array(logits), p))]


def _array(numbers: Numbers) -> sampler.Logits:
    return np.asarray(numbers, dtype=np.float64)


def _random_logits(seed: int) -> list[float]:
    random = Random(seed)
    return [round(random.gauss(0, 3), 3) for _ in range(12)]


def _temperature(logits: list[float], temperature: float, why: str) -> Callable[..., Awaitable[None]]:
    return gives("apply_temperature", logits, temperature, tempered(logits, temperature), why=why)


def _top_p(probabilities: list[float], p: float, why: str) -> Callable[..., Awaitable[None]]:
    logits = [log(probability) for probability in probabilities]
    return gives("top_p", logits, p, nucleus(logits, p), why=why, what=f"the logits of {shown(probabilities)}")


FEWEST_WORDS = 4
"""Words of a reason. What a reason says is for people to judge."""

JOBS = {
    "label": ((0.0, 0.0), (1, 16), "One word of a fixed set: take the likeliest, and leave no room for chatter."),
    "explain": ((0.0, 0.5), (40, 400), "One true sentence with its specifics copied: stay near the likeliest tokens."),
    "names": (
        (0.8, 2.0),
        (40, 400),
        "Ten names that differ take room, and at a low temperature you get one name ten times.",
    ),
}


def _job(job: str) -> Callable[..., Awaitable[None]]:
    (coldest, hottest), (fewest, most), why = JOBS[job]

    async def case(function: Callable[..., Any]) -> None:
        given: Any = called(function, job)
        try:
            temperature, max_tokens, reason = given
            fits = coldest <= float(temperature) <= hottest, fewest <= int(max_tokens) <= most
        except (TypeError, ValueError):
            raise Problem(
                f"my_dials({job!r}) returned {given!r}. Return three values: temperature, max tokens, and why."
            ) from None
        if not fits[0]:
            raise Problem(f"For {job!r} you chose temperature {temperature}. {why}")
        if not fits[1]:
            raise Problem(f"For {job!r} you chose {max_tokens} tokens; {fewest} to {most} fit the job. {why}")
        if not isinstance(reason, str) or len(reason.split()) < FEWEST_WORDS:
            raise Problem(f"For {job!r} you chose well; now defend it: the third value is a sentence that says why.")

    return case


class _Reply:
    """What the model behind a student's callback gives back. It hears the request when it is awaited.

    It stands for a coroutine, which would warn on stderr where it is not awaited.
    """

    def __init__(self, asked: CreateMessageRequestParams, heard: list[CreateMessageRequestParams]) -> None:
        self._asked = asked
        self._heard = heard

    def __await__(self) -> Generator[None, None, CreateMessageResult]:
        yield
        self._heard.append(self._asked)
        return CreateMessageResult(role="assistant", model="probe", content=TextContent(text="fine"))


async def _sent(careful: Callable[..., Any], params: CreateMessageRequestParams) -> CreateMessageRequestParams:
    """What `model` is asked when `careful(model, context, params)` is."""
    heard: list[CreateMessageRequestParams] = []
    called: list[_Reply] = []

    def model(_context: object, asked: CreateMessageRequestParams) -> _Reply:
        called.append(_Reply(asked, heard))
        return called[-1]

    before = params.model_copy(deep=True)
    if not iscoroutinefunction(careful):
        raise Problem(
            "careful is a plain function, and the client awaits it. Write `async def careful(model, context, params):`."
        )
    try:
        answer = await ask(cast("SamplingFnT", partial(careful, model)), direct_context(), params)
    except CallbackError as error:
        if isinstance(error.__cause__, NotImplementedError):
            raise error.__cause__ from None
        if called and not heard:
            raise Problem(
                "model(context, …) was called and not awaited. Write `return await model(context, …)`."
            ) from None
        raise
    if len(heard) != 1:
        raise Problem(f"The model was asked {len(heard)} times for one request. Await model(context, …) once.")
    if params != before:
        raise Problem(
            "The request itself was changed. Others may read it: send a copy, params.model_copy(update={...})."
        )
    if not isinstance(answer, CreateMessageResult) or answer.model != "probe":
        raise Problem("What the model said did not come back. Return its answer.")
    return heard[0]


def _careful(
    sent: tuple[float | None, int], wanted: tuple[float | None, int], why: str
) -> Callable[..., Awaitable[None]]:
    async def case(careful: Callable[..., Any]) -> None:
        asked = await _sent(careful, request("Say something.", temperature=sent[0], max_tokens=sent[1]))
        if (asked.temperature, asked.max_tokens) != wanted:
            raise Problem(
                f"Asked for temperature {sent[0]} and {sent[1]} tokens, your callback asked the model for "
                f"{asked.temperature} and {asked.max_tokens}; {wanted[0]} and {wanted[1]} are right. {why}"
            )

    return case


EXERCISES = {
    "3.1": FunctionExercise(
        "3.1",
        [
            _temperature([2.0, 1.0, 0.0], 1.0, "At temperature 1 this is the softmax of the logits."),
            _temperature([2.0, 1.0, 0.0], 0.5, "Divide the logits by the temperature before the softmax."),
            _temperature([2.0, 1.0, 0.0], 2.0, "Divide the logits by the temperature before the softmax."),
            _temperature([1.0, 3.0, 3.0], 0.0, "At temperature 0 the best takes all; of equal ones the first."),
            _temperature([1000.0, 999.0], 1.0, "exp(1000) is too large: take the largest logit off all of them first."),
            *(_temperature(_random_logits(seed), 0.7, "These logits were drawn at random.") for seed in range(3)),
        ],
    ),
    "3.2": FunctionExercise("3.2", [_job(job) for job in JOBS]),
    "3.3": FunctionExercise(
        "3.3",
        [
            _careful((0.2, 50), (0.2, 50), "What is within your limits passes unchanged."),
            _careful((0.0, 8), (0.0, 8), "A temperature of 0 is a wish too: only None means that there is none."),
            _careful((1.8, 50), (1.0, 50), "A temperature above 1 becomes 1."),
            _careful((-1.0, 50), (0.0, 50), "A temperature below 0 becomes 0."),
            _careful((None, 50), (None, 50), "A request that names no temperature leaves it to the model."),
            _careful((0.2, 5000), (0.2, 120), "More than 120 tokens become 120."),
        ],
    ),
    "3.4": FunctionExercise(
        "3.4",
        [
            _top_p([0.5, 0.3, 0.2], 1.0, "With p = 1 nothing is ruled out."),
            _top_p([0.5, 0.3, 0.2], 0.7, "Keep the fewest best that together hold at least p, and share 1 among them."),
            _top_p([0.2, 0.5, 0.3], 0.7, "The list need not be sorted: what is kept stays in its place."),
            _top_p([0.5, 0.3, 0.2], 0.01, "At least one is always kept, however small p is."),
            _top_p([0.4, 0.4, 0.2], 0.3, "Of equal ones the first goes first."),
            _top_p([0.9, 0.05, 0.05], 0.5, "Where one token holds p by itself, it stays alone."),
            *(_top_p(tempered(_random_logits(seed), 1.0), 0.9, "These were drawn at random.") for seed in range(3)),
        ],
    ),
}

QUESTIONS = {
    "3.5": Question(
        "Two tokens hold 0.55 and 0.43, a thousand others share the rest. Which dial leaves exactly these two?",
        {"a": "top-k 2 only", "b": "top-p 0.9 only", "c": "both"},
        "c",
        {
            "a": "top-k 2 does, and top-p 0.9 does here too: 0.55 alone is not enough, with 0.43 it is.",
            "b": "top-p 0.9 does, and so does top-k 2, which keeps the two best whatever they hold.",
            "c": (
                "they are the two best, and it takes both to hold 0.9: 0.55 does not, 0.98 does. "
                "On a flat distribution top-k would still keep two, and top-p many."
            ),
        },
    ),
    "3.6": Question(
        "A server asks for temperature 0.2 and your callback uses 0.9. Has it broken the protocol?",
        {"a": "no, the temperature is a wish", "b": "yes, the request is binding"},
        "a",
        {
            "a": "the client may change or ignore it. It should say so to its user, as the flow does here.",
            "b": "only maxTokens binds the client. The specification lets it change or ignore the temperature.",
        },
    ),
}
