"""Lesson 03, turn the dials: temperature, dials for a job, a callback that keeps to its limits, and top-p."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import partial
from math import log
from random import Random
from typing import Any, cast

import numpy as np
from mcp.client.session import SamplingFnT
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ModelPreferences,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolUseContent,
)

from labkit.answering import ask
from labkit.callbacks import Answer
from labkit.checks.engine import FunctionExercise, Problem, called, direct_context
from labkit.errors import CallbackError
from labkit.host.review import what_changed
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


def shown(numbers: Any, digits: int = 3) -> str:
    """Numbers as a reader wants them: so many digits, six of them."""
    if type(numbers) not in (list, tuple):
        return repr(numbers)[:60]
    listed = [f"{number:.{digits}f}" if isinstance(number, float) else repr(number) for number in numbers[:6]]
    return f"[{', '.join(listed)}{', …' if len(numbers) > 6 else ''}]"


def gives(
    call: str, logits: list[float], dial: float, wanted: Numbers, *, why: str, what: str = "", hint: str = ""
) -> Callable[..., Awaitable[None]]:
    """A case: the function, called with `logits` and a dial, returns the numbers wanted.

    `why` explains them, and `what` is how the logits are told where their figures say little.
    """

    async def case(function: Callable[..., Any]) -> None:
        copy = list(logits)
        given: Any = called(function, copy, dial)
        asked = f"{call}({what or shown(logits)}, {dial!r})"
        if not close(given, wanted):
            digits = 3 if shown(given) != shown(list(wanted)) else 9  # what tells them apart
            raise Problem(
                f"{asked} returned {shown(given, digits)}, and {shown(list(wanted), digits)} is right. {why}", hint=hint
            )
        if copy != logits:
            raise Problem(
                f"{asked} changed the list of logits. It belongs to the caller: make another.", hint="list-changed"
            )

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


def _temperature(logits: list[float], temperature: float, why: str, hint: str = "") -> Callable[..., Awaitable[None]]:
    return gives("apply_temperature", logits, temperature, tempered(logits, temperature), why=why, hint=hint)


def _top_p(probabilities: list[float], p: float, why: str, hint: str = "") -> Callable[..., Awaitable[None]]:
    logits = [log(probability) for probability in probabilities]
    what = f"the logits of {shown(probabilities)}"
    return gives("top_p", logits, p, nucleus(logits, p), why=why, what=what, hint=hint)


def _even(number: int, p: float, kept: int, why: str) -> Callable[..., Awaitable[None]]:
    """A case for `top_p` of equal logits: a sum of these probabilities is exact, so that it can be just `p`."""
    wanted = [1 / kept] * kept + [0.0] * (number - kept)
    return gives("top_p", [0.0] * number, p, wanted, why=why, hint="bound")


UNKNOWN = "What the rule cannot tell is not true."


def _rule(text: str) -> bool | None:
    """The rule of the cases: a text ends with a sign that says whether it is true, or with none."""
    return {"+": True, "-": False}.get(text[-1:])


def _count(texts: Sequence[str]) -> str:
    true = sum(_rule(text) is True for text in texts)
    unknown = sum(_rule(text) is None for text in texts)
    return f"{true} of {len(texts)} true" + (f", {unknown} not to tell" if unknown else "")


def _choice(runs: dict[float, list[str]], wanted: float, why: str, hint: str) -> Callable[..., Awaitable[None]]:
    """A case: of these answers at each temperature, the function chooses the one wanted."""

    async def case(function: Callable[..., Any]) -> None:
        given = {temperature: [*texts] for temperature, texts in runs.items()}
        chosen: Any = called(function, given, _rule)
        figures = "; ".join(f"at {temperature:g}: {_count(texts)}" for temperature, texts in runs.items())
        if isinstance(chosen, bool) or not isinstance(chosen, int | float) or chosen not in runs:
            raise Problem(
                f"With {figures}, choose returned {chosen!r:.60}. Return a temperature of them.", hint="temperature"
            )
        if chosen != wanted:
            raise Problem(f"With {figures}, choose returned {chosen:g}, and {wanted:g} is right. {why}", hint=hint)
        if given != runs:
            raise Problem(
                "choose changed `runs`, which belongs to the caller: make a dict of your own.", hint="runs-changed"
            )

    return case


class _Reply:
    """What a model gives back: it notes in `heard` what the model is asked, when it is awaited.

    It stands for a coroutine, which would warn on stderr where it is not awaited.
    """

    def __init__(self, heard: list[tuple[object, object]], asked: tuple[object, object], answer: Answer) -> None:
        self._heard, self._asked, self._answer = heard, asked, answer

    def __await__(self) -> Generator[None, None, Answer]:
        yield
        self._heard.append(self._asked)
        return self._answer


ANSWERS: tuple[Answer, ...] = (
    CreateMessageResult(role="assistant", model="probe", content=TextContent(text="Fine."), stop_reason="maxTokens"),
    CreateMessageResultWithTools(
        role="assistant",
        model="probe",
        content=[TextContent(text="I look."), ToolUseContent(id="1", name="weather", input={})],
        stop_reason="toolUse",
    ),
    ErrorData(code=-32603, message="The provider is busy."),
)
"""What a model may answer, in turn."""


async def _asked(careful: Callable[..., Any], params: CreateMessageRequestParams, answer: Answer) -> Any:
    """What the model is asked when `careful(model, context, params)` is, and answers with `answer`.

    It is `None` where a request for less than one token is refused, as lesson 02 has it, and nobody is asked.
    """
    heard: list[tuple[object, object]] = []
    given: list[_Reply] = []
    context, before = direct_context(), params.model_copy(deep=True)

    def model(context: object, params: object) -> _Reply:
        given.append(_Reply(heard, (context, params), answer))
        return given[-1]

    model.__qualname__ = "model"  # as it is called where it is called wrongly
    try:
        came = await ask(cast("SamplingFnT", partial(careful, model)), context, params)
    except CallbackError as error:
        if isinstance(error.__cause__, NotImplementedError):
            raise error.__cause__ from None
        if given and not heard:
            raise Problem(
                "model(context, …) was called and not awaited. Write `return await model(context, …)`.", hint="await"
            ) from None
        if "is a plain function" in str(error):
            raise Problem(
                "careful is a plain function, and the client awaits it. Write "
                "`async def careful(model, context, params):`.",
                hint="shape",
            ) from None
        told = f"Asked for temperature {params.temperature} and {params.max_tokens} tokens, {error}"
        raise Problem(told, hint="raises") from error
    if not given and params.max_tokens < 1 and isinstance(came, ErrorData):
        return None
    if len(heard) != 1:
        raise Problem(
            f"The model was asked {len(heard)} times for one request. Await model(context, …) once.", hint="await"
        )
    if params != before:
        raise Problem(
            "The request itself was changed. Others may read it: send a copy, params.model_copy(update={...}).",
            hint="request-changed",
        )
    if came != answer:
        did = "refused" if isinstance(answer, ErrorData) else "answered"
        raise Problem(f"The model {did}, and that did not come back. Return its answer as it is.", hint="answer")
    [(got_context, asked)] = heard
    if got_context is not context:
        raise Problem("The model was given another context than the one that came in. Hand it on.", hint="context")
    if not isinstance(asked, CreateMessageRequestParams):
        raise Problem(
            f"The model was asked with a {type(asked).__name__}. Call model(context, params).", hint="context"
        )
    return asked


FULL = CreateMessageRequestParams(
    messages=[
        SamplingMessage(role="user", content=TextContent(text="Say something.")),
        SamplingMessage(role="assistant", content=[TextContent(text="What"), TextContent(text="about?")]),
        SamplingMessage(role="user", content=TextContent(text="The weather.")),
    ],
    max_tokens=50,
    system_prompt="You are brief.",
    stop_sequences=["END"],
    include_context="none",
    metadata={"shop": "books"},
    model_preferences=ModelPreferences(cost_priority=0.5),
    tools=[Tool(name="weather", input_schema={"type": "object"})],
    tool_choice=ToolChoice(mode="auto"),
)
"""A request with all that it may hold, but the temperature."""


def _careful(
    sent: tuple[float | None, int], wanted: tuple[float | None, int], why: str, hint: str, answer: Answer = ANSWERS[0]
) -> Callable[..., Awaitable[None]]:
    """A case: asked for a temperature and tokens, the model is asked for those wanted, and all else as it came."""

    async def case(careful: Callable[..., Any]) -> None:
        params = FULL.model_copy(update={"temperature": sent[0], "max_tokens": sent[1]}, deep=True)
        if (asked := await _asked(careful, params, answer)) is None:
            return
        if (asked.temperature, asked.max_tokens) != wanted:
            raise Problem(
                f"Asked for temperature {sent[0]} and {sent[1]} tokens, your callback asked the model for "
                f"{asked.temperature} and {asked.max_tokens}; {wanted[0]} and {wanted[1]} are right. {why}",
                hint=hint,
            )
        if changed := what_changed(
            params.model_copy(update={"temperature": wanted[0], "max_tokens": wanted[1]}), asked
        ):
            raise Problem(
                f"The model was asked with another {changed[0]} than the server's. Limit the temperature and the "
                "tokens, and hand on all else.",
                hint="the-rest",
            )

    return case


EXERCISES = {
    "3.1": FunctionExercise(
        "3.1",
        [
            _temperature([2.0, 1.0, 0.0], 1.0, "At temperature 1 this is the softmax of the logits."),
            _temperature([2.0, 1.0, 0.0], 0.5, "Divide the logits by the temperature before the softmax.", "divide"),
            _temperature([2.0, 1.0, 0.0], 2.0, "Divide the logits by the temperature before the softmax.", "divide"),
            _temperature([1.0, 3.0, 3.0], 0.0, "At temperature 0 the best takes all; of equal ones the first.", "zero"),
            _temperature([-3.0, -1.0, -2.0], 0, "At temperature 0 the best takes all, below 0 too.", "zero"),
            _temperature(
                [1000.0, 999.0], 1.0, "exp(1000) is too large: take the largest logit off them first.", "large"
            ),
            _temperature([-1000.0, -999.0], 1.0, "exp(-1000) is 0: take the largest logit off them first.", "large"),
            _temperature(
                [3.0, 1.0, 2.0], 0.002, "A small temperature makes logits large: take the largest off.", "large"
            ),
            _temperature([2.0, 1.0, 0.0], 10.0, "A temperature has no upper bound: divide by it as it is.", "divide"),
            _temperature([2.0, 2.0, 1.0], 0.3, "Equal logits have equal probabilities.", "divide"),
            _temperature([5.0], 0.7, "One token alone has it all.", "divide"),
            *(_temperature(_random_logits(seed), 0.7, "These logits were drawn at random.") for seed in range(3)),
        ],
        tried="temperatures from 0 to 10, equal logits, a single one, large and small ones, some at random",
    ),
    "3.2": FunctionExercise(
        "3.2",
        [
            _choice({0.0: ["a-", "a-"], 1.0: ["a+", "b-"]}, 1.0, "The share of true answers decides.", "rule"),
            _choice(
                {1.0: ["a+", "b+", "c-", "d-"], 0.5: ["a+"], 0.0: ["a-"]}, 0.5,
                "All of one are more than half of four: the share counts, not the number.", "share",
            ),
            _choice(
                {2.0: ["a+", "b+"], 0.2: ["a+", "a+"], 1.0: ["a+", "c+", "d+"]}, 0.2,
                "Of equal shares the lowest temperature wins, wherever it stands.", "ties",
            ),
            _choice({0.5: ["a-", "b-"], 0.0: ["a-"], 1.0: ["c-"]}, 0.0, "None is true: the lowest wins.", "ties"),
            _choice({0.0: ["a", "a", "a+"], 0.7: ["a+", "b-"]}, 0.7, UNKNOWN, "unknown"),
            _choice({0.0: ["a", "b-"], 1.5: ["a+", "b"]}, 1.5, UNKNOWN, "unknown"),
            _choice({1.5: ["a+"]}, 1.5, "There is one to choose from.", "rule"),
            _choice({0: ["+", "-", "-"], 1: ["+", "+", "-"], 2: ["+", "-"]}, 1, "Two of three are the most.", "share"),
        ],
        tried="unequal numbers of answers, equal shares, none true, a rule that cannot tell, one temperature alone",
    ),
    "3.3": FunctionExercise(
        "3.3",
        [
            _careful((0.2, 50), (0.2, 50), "What is within your limits passes unchanged.", "within"),
            _careful(
                (0.0, 8), (0.0, 8), "A temperature of 0 is a wish too: only None means that there is none.", "none"
            ),
            _careful((1.8, 50), (1.0, 50), "A temperature above 1 becomes 1.", "temperature", ANSWERS[1]),
            _careful((1.001, 50), (1.0, 50), "A temperature above 1 becomes 1.", "temperature"),
            _careful((-1.0, 50), (0.0, 50), "A temperature below 0 becomes 0.", "temperature"),
            _careful((None, 50), (None, 50), "A request that names no temperature leaves it to the model.", "none"),
            _careful((0.2, 5000), (0.2, 120), "More than 120 tokens become 120.", "tokens", ANSWERS[2]),
            _careful((1.0, 121), (1.0, 120), "More than 120 tokens become 120.", "tokens"),
            _careful((None, 120), (None, 120), "120 tokens are within your limits.", "tokens"),
            *(
                _careful((None, few), (None, few), "Never ask for more tokens than the server did.", "tokens")
                for few in (1, 0, -5)
            ),
        ],
        tried="both limits from either side and just at them, no temperature, the whole request, every kind of answer",
    ),
    "3.4": FunctionExercise(
        "3.4",
        [
            _top_p([0.5, 0.3, 0.2], 1.0, "With p = 1 nothing is ruled out."),
            _top_p([0.98, 0.019, 0.001], 1.0, "With p = 1 nothing is ruled out, be it ever so unlikely."),
            _top_p(
                [0.5, 0.3, 0.2], 0.7, "Keep the fewest best that together hold at least p, and share 1 among them.",
                "fewest",
            ),
            _top_p([0.2, 0.5, 0.3], 0.7, "The list need not be sorted: what is kept stays in its place.", "sorted"),
            _top_p([0.5, 0.3, 0.2], 0.01, "At least one is always kept, however small p is.", "one"),
            _top_p([0.5, 0.3, 0.2], 0.0, "At least one is always kept, and of a p of 0 too.", "one"),
            _top_p([0.4, 0.4, 0.2], 0.3, "Of equal ones the first goes first.", "ties"),
            _top_p([0.1, 0.3, 0.3, 0.3], 0.5, "Of equal ones the first goes first.", "ties"),
            _top_p([0.9, 0.05, 0.05], 0.5, "Where one token holds p by itself, it stays alone.", "fewest"),
            _even(4, 0.5, 2, "Two of four equal ones hold just 0.5, and that is at least p."),
            _even(4, 0.75, 3, "Three of four equal ones hold just 0.75, and that is at least p."),
            _even(1, 0.9, 1, "A single token is kept."),
            *(_top_p(tempered(_random_logits(seed), 1.0), 0.9, "These were drawn at random.") for seed in range(3)),
        ],
        tried="p of 0, 0.01, 1 and just what some hold, equal ones, unsorted ones, a single one, some at random",
    ),
}  # fmt: skip
