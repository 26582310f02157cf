"""A student's budget under examination: requests in turn, a hundred at once, refusals, and a server on both wires."""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import anyio
from anyio.lowlevel import checkpoint
from mcp.client import ClientRequestContext
from mcp.client.session import SamplingFnT
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    ModelHint,
    ModelPreferences,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.checks.asking_servers import MODES, archiver
from labkit.checks.engine import Problem, direct_context, plain, shape
from labkit.errors import line_of
from labkit.host.review import what_changed

LINE = "Log line:\n2026-11-20 02:14:11 UTC [821] ERROR:  deadlock detected"
PICTURE = ImageContent(data="aGk=", mime_type="image/png")
REQUEST = CreateMessageRequestParams(
    messages=[
        SamplingMessage(role="user", content=[TextContent(text=LINE), PICTURE]),
        SamplingMessage(role="assistant", content=TextContent(text="Which table?")),
        SamplingMessage(role="user", content=TextContent(text="orders")),
    ],
    model_preferences=ModelPreferences(hints=[ModelHint(name="haiku")], cost_priority=0.8),
    system_prompt="You explain log lines.",
    include_context="none",
    max_tokens=100,
    temperature=0.2,
    stop_sequences=["END"],
    metadata={"shift": "night"},
    tools=[Tool(name="look_up", input_schema={"type": "object"})],
    tool_choice=ToolChoice(mode="auto"),
)
"""A request with all that it may hold: a budget hands it on whole."""

REFUSALS = {
    2: ErrorData(code=-32603, message="The provider is busy.", data={"wait": 2}),
    3: ErrorData(code=-1, message="A person said no."),
}
"""What the callback refuses, by the number of the request."""
ANSWER = "the answer to request"
"""How each answer begins."""

SAMPLES = 3
WAIT = 1.0
"""Seconds after which a refusal has not come: it has nothing to wait for."""

BURST = 100
CALLS = 8
"""Tool calls at once, where a server stands in between."""


class Callback:
    """A callback that takes a moment, keeps what it was asked, and answers in each way that the protocol has."""

    def __init__(self, refusals: Mapping[int, ErrorData] | None = None) -> None:
        self.asked: list[tuple[object, object]] = []
        """The context and a copy of the request, each time."""
        self._refusals = refusals or {}

    async def __call__(self, context: object, params: object) -> Answer:
        self.asked.append(
            (context, params.model_copy(deep=True) if isinstance(params, CreateMessageRequestParams) else params)
        )
        number = len(self.asked)
        for _ in range(3):
            await checkpoint()  # let the others run
        return self.answer(number)

    def answer(self, number: int) -> Answer:
        """The answer to the request with this number, from 1 on: the second uses a tool, the third is a picture."""
        if number in self._refusals:
            return self._refusals[number].model_copy(deep=True)
        return _ANSWERS.get(number, CreateMessageResult(role="assistant", model="check", content=_words(number)))


class Plain(Callback):
    """A callback whose answers are texts, as a tool shows them."""

    def answer(self, number: int) -> Answer:
        return CreateMessageResult(role="assistant", model="check", content=_words(number), stop_reason="endTurn")


def _words(number: int) -> TextContent:
    return TextContent(text=f"{ANSWER} {number}")


_ANSWERS: dict[int, Answer] = {
    1: CreateMessageResult(
        role="assistant", model="check", content=_words(1), stop_reason="maxTokens", _meta={"check": 1}
    ),
    2: CreateMessageResultWithTools(
        role="assistant",
        model="check",
        content=[_words(2), ToolUseContent(id="1", name="look_up", input={})],
        stop_reason="toolUse",
    ),
    3: CreateMessageResult(role="assistant", model="check", content=PICTURE),
}


def _budget(make: Callable[..., Any], callback: Callback, samples: int) -> SamplingFnT:
    budget: object = make(callback, samples)
    if inspect.iscoroutine(budget):
        budget.close()
        raise Problem(
            "my_budget is itself an `async def`. It should be a plain `def` that returns an async function.",
            hint="shape",
        )
    if not callable(budget):
        got = "nothing: is `return` missing?" if budget is None else f"a {type(budget).__name__}."
        raise Problem(
            f"my_budget(callback, {samples}) returned {got} Return the function inside, without brackets.", hint="shape"
        )
    return shape(budget)


async def _asked(budget: SamplingFnT, when: str, context: ClientRequestContext | None = None) -> Answer:
    try:
        awaitable: object = budget(context or direct_context(), REQUEST.model_copy(deep=True))
        if not inspect.isawaitable(awaitable):
            raise Problem(
                "What my_budget returns is a plain function, and the client awaits it. Write `async def`.", hint="shape"
            )
        answer = cast("object", await awaitable)
    except (Problem, NotImplementedError):
        raise
    except UnboundLocalError as error:
        raise Problem(
            f"{when} it raised {plain(error)}. Begin the inner function with `nonlocal`.", hint="nonlocal"
        ) from error
    except Exception as error:
        line = line_of(error)
        told = f"{plain(error)}{f' at {line}' if line else ''}"
        raise Problem(f"{when} it raised {told}. Return an ErrorData to refuse.", hint="raises") from error
    if inspect.iscoroutine(answer):
        answer.close()  # or Python warns of it under another cell
        raise Problem(
            f"{when} it returned a coroutine: nobody awaited the callback. Write `await callback(context, params)`.",
            hint="not-awaited",
        )
    if not isinstance(answer, Answer):
        raise Problem(
            f"{when} it returned {answer!r:.80}. Return what the callback answers, or an ErrorData.", hint="return"
        )
    return answer


async def holds_in_turn(make: Callable[..., Any]) -> None:
    """Requests one after the other: as many answers as samples, then refusals that reach nobody."""
    callback, context = Callback(), direct_context()
    budget = _budget(make, callback, SAMPLES)
    for number in range(1, SAMPLES + 1):
        answer = await _asked(budget, f"Within the budget, at request {number} of {SAMPLES},", context)
        if isinstance(answer, ErrorData):
            raise Problem(f"A budget of {SAMPLES} samples refused request {number}: {answer.message}", hint="count")
        if answer != callback.answer(number):
            raise Problem(
                f"What the callback answered did not come back: it gave {_short(callback.answer(number))}, and you "
                f"returned {_short(answer)}. Return its answer as it is.",
                hint="return",
            )
        _handed_on(callback, context)
    for over in (SAMPLES + 1, SAMPLES + 2):
        when = f"Over the budget, at request {over} of {SAMPLES},"
        answer: Answer | None = None
        with anyio.move_on_after(WAIT):
            answer = await _asked(budget, when)
        if answer is None:
            raise Problem(f"{when} it waits. No sample comes back, so refuse at once with an ErrorData.", hint="waits")
        if len(callback.asked) > SAMPLES and isinstance(answer, ErrorData):
            raise Problem(
                f"Request {over} was over the budget and refused, but only after the callback was asked and paid for.",
                hint="first",
            )
        if not isinstance(answer, ErrorData):
            which = "Every answer but an ErrorData counts, also one that uses a tool."
            spent = "A refusal of your own gives nothing back."
            raise Problem(
                f"A budget of {SAMPLES} samples answered request {over} in turn. "
                f"{which if over == SAMPLES + 1 else spent}",
                hint="count",
            )
        if answer.code != -1:
            raise Problem(
                f"The refusal has the code {answer.code}. A client that refuses says code=-1.", hint="refusal"
            )
        if not answer.message.strip():
            raise Problem(
                "The refusal says nothing. Give it a message: whoever made the call reads it, and on 2025-11-25 the "
                "server does too.",
                hint="refusal",
            )


def _short(answer: Answer) -> str:
    """An answer in a few words."""
    return f"{type(answer).__name__}({answer.model_dump_json(exclude_none=True, by_alias=True)[:90]}…)"


def _handed_on(callback: Callback, context: ClientRequestContext) -> None:
    """See that the callback was last asked what came in."""
    got_context, got = callback.asked[-1]
    if not isinstance(got, CreateMessageRequestParams):
        raise Problem(
            f"The callback was given a {type(got).__name__} as its params. Call callback(context, params).",
            hint="whole",
        )
    if changed := what_changed(REQUEST, got):
        raise Problem(
            f"The callback was asked something else than what came in: {', '.join(changed)} changed. "
            "A budget counts: hand on params as they are.",
            hint="whole",
        )
    if got_context is not context:
        raise Problem(
            "The callback was given another context than the one that came in. Hand on both parameters.", hint="whole"
        )


async def is_its_own(make: Callable[..., Any]) -> None:
    """A second budget round the same callback knows nothing of the first, and one of nothing answers nothing."""
    callback = Callback()
    first, second = _budget(make, callback, 1), _budget(make, callback, 1)
    await _asked(first, "At its first request")
    if isinstance(await _asked(second, "At its first request"), ErrorData):
        raise Problem(
            "Two budgets stood around one callback, and the second was spent by the first. Keep the number inside "
            "my_budget, one for each.",
            hint="own",
        )
    nothing = _budget(make, Callback(), 0)
    if not isinstance(await _asked(nothing, "With samples=0"), ErrorData):
        raise Problem("A budget of 0 samples answered a request.", hint="count")


async def holds_in_a_burst(make: Callable[..., Any]) -> None:
    """A hundred at the same time."""
    callback = Callback()
    budget = _budget(make, callback, SAMPLES)
    answers = await asyncio.gather(*(_asked(budget, "In a burst") for _ in range(BURST)))
    number = len(callback.asked)
    if number > SAMPLES:
        raise Problem(
            f"{BURST} arrived at once, the budget was {SAMPLES}, and the callback was asked {number} times. "
            "Count before the `await`, not after it.",
            hint="await",
        )
    answered = sum(not isinstance(answer, ErrorData) for answer in answers)
    if answered != SAMPLES:
        raise Problem(f"{BURST} arrived at once, the budget was {SAMPLES}, and {answered} were answered.", hint="await")


async def gives_back_in_a_burst(make: Callable[..., Any]) -> None:
    """Refusals among many at once: whether they wait for one another or not, as many are answered as samples."""
    callback = Callback(REFUSALS)
    budget = _budget(make, callback, SAMPLES)
    answers = await asyncio.gather(*(_asked(budget, "In a burst") for _ in range(BURST)))
    answers += [await _asked(budget, "After a burst") for _ in range(SAMPLES)]
    answered = sum(not isinstance(answer, ErrorData) for answer in answers)
    if answered != SAMPLES:
        raise Problem(
            f"{BURST} arrived at once, the callback refused two of them, and {SAMPLES} came in turn: of a budget of "
            f"{SAMPLES} samples {answered} were answered. Give back by adding 1 to what is left then, not to what was "
            "left before the `await`.",
            hint="back",
        )


async def gives_back(make: Callable[..., Any]) -> None:
    """What the callback refuses is not spent: of two samples one is used, two are given back, one is used."""
    callback = Callback(REFUSALS)
    budget = _budget(make, callback, 2)
    for number in (1, 2, 3, 4):
        answer = await _asked(budget, f"When the callback refuses, at request {number},")
        right = callback.answer(number)
        if len(callback.asked) < number:
            raise Problem(
                f"Of a budget of 2 samples one was used, the callback refused {number - 2} more, and request {number} "
                "was refused by you. Give the sample back when the answer is an ErrorData, whatever its code.",
                hint="back",
            )
        if isinstance(right, ErrorData) and answer != right:
            came = f"{answer.code}, {answer.message!r}," if isinstance(answer, ErrorData) else "an answer"
            raise Problem(
                f"The callback refused with {right.code}, {right.message!r}, and {came} came back. Return its own "
                "ErrorData: only it knows why.",
                hint="return",
            )
    if not isinstance(await _asked(budget, "After two answers"), ErrorData):
        raise Problem(
            "After two answers and two refusals a budget of 2 samples gave another. Give back one for each refusal.",
            hint="back",
        )


async def through_the_archiver(make: Callable[..., Any]) -> None:
    """Calls at once through a server, on both wires."""
    for mode in MODES:
        budget = _budget(make, Plain(), SAMPLES)
        with archiver(budget, mode) as process:
            results = await asyncio.gather(*(process(LINE) for _ in range(CALLS)), return_exceptions=True)
        # A call that was refused ends in an error on one wire, and in a result that says so on the other.
        told = [str(result.content) for result in results if isinstance(result, CallToolResult)]
        answered = sum(ANSWER in each for each in told)
        if answered != SAMPLES:
            raise Problem(
                f"{CALLS} calls at once ({mode}), a budget of {SAMPLES}, and {answered} were answered.", hint="await"
            )
