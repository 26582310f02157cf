"""A student's budget under examination: requests in turn, a hundred at once, refusals, and a server on both wires."""

import asyncio
import inspect
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any, cast

from anyio.lowlevel import checkpoint
from mcp.client import ClientRequestContext
from mcp.client.session import SamplingFnT
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    SamplingMessage,
    TextContent,
)

from labkit.callbacks import Answer
from labkit.checks.asking_servers import MODES
from labkit.checks.engine import STAGE_TIMEOUT, Problem, direct_context, plain
from labkit.host.review import what_changed
from labkit.lab import Lab
from servers import log_archiver

LINE = "Log line:\n2026-11-20 02:14:11 UTC [821] ERROR:  deadlock detected"
REQUEST = CreateMessageRequestParams(
    messages=[SamplingMessage(role="user", content=TextContent(text=LINE))],
    system_prompt="You explain log lines.",
    max_tokens=100,
    temperature=0.2,
    stop_sequences=["END"],
)
REFUSAL = ErrorData(code=-32603, message="The provider is busy.")
ANSWER = "the answer to request"
"""How each answer begins."""

SAMPLES = 3
BURST = 100
CALLS = 8
"""Tool calls at once, where a server stands in between."""


class Callback:
    """A callback that takes a moment, keeps what it was asked, and refuses the first few times."""

    def __init__(self, refusals: int = 0) -> None:
        self.asked: list[tuple[object, object]] = []
        """The context and a copy of the request, each time."""
        self._refusals = refusals

    async def __call__(self, context: object, params: object) -> Answer:
        self.asked.append(
            (context, params.model_copy(deep=True) if isinstance(params, CreateMessageRequestParams) else params)
        )
        number = len(self.asked)
        for _ in range(3):
            await checkpoint()  # let the others run
        return REFUSAL.model_copy() if number <= self._refusals else self.answer(number)

    def answer(self, number: int) -> CreateMessageResult:
        """The answer to the request with this number, counted from 1."""
        text = TextContent(text=f"{ANSWER} {number}")
        return CreateMessageResult(role="assistant", model="check", content=text, stop_reason="endTurn")


def _budget(make: Callable[..., Any], callback: Callback, samples: int) -> SamplingFnT:
    budget: object = make(callback, samples)
    if inspect.iscoroutine(budget):
        budget.close()
        raise Problem("my_budget is itself an `async def`. It should be a plain `def` that returns an async function.")
    if not callable(budget):
        got = "nothing: is `return` missing?" if budget is None else f"a {type(budget).__name__}."
        raise Problem(f"my_budget(callback, {samples}) returned {got} Return the function inside, without brackets.")
    return cast("SamplingFnT", budget)


async def _asked(budget: SamplingFnT, when: str, context: ClientRequestContext | None = None) -> Answer:
    try:
        awaitable: object = budget(context or direct_context(), REQUEST.model_copy(deep=True))
        if not inspect.isawaitable(awaitable):
            raise Problem("What my_budget returns is a plain function, and the client awaits it. Write `async def`.")
        answer = cast("object", await awaitable)
    except (Problem, NotImplementedError):
        raise
    except UnboundLocalError as error:
        raise Problem(f"{when} it raised {plain(error)}. Begin the inner function with `nonlocal`.") from error
    except Exception as error:
        raise Problem(f"{when} it raised {plain(error)}. Return an ErrorData to refuse.") from error
    if not isinstance(answer, CreateMessageResult | ErrorData):
        raise Problem(f"{when} it returned {answer!r}. Return what the callback answers, or an ErrorData.")
    return answer


async def holds_in_turn(make: Callable[..., Any]) -> None:
    """Requests one after the other: as many answers as samples, then refusals that reach nobody."""
    callback, context = Callback(), direct_context()
    budget = _budget(make, callback, SAMPLES)
    for number in range(1, SAMPLES + 1):
        answer = await _asked(budget, f"Within the budget, at request {number} of {SAMPLES},", context)
        if isinstance(answer, ErrorData):
            raise Problem(f"A budget of {SAMPLES} samples refused request {number}: {answer.message}")
        if answer != callback.answer(number):
            raise Problem("What the callback answered did not come back. Return its answer as it is.")
        _handed_on(callback, context)
    answer = await _asked(budget, f"Over the budget, at request {SAMPLES + 1} of {SAMPLES},")
    if not isinstance(answer, ErrorData):
        raise Problem(f"A budget of {SAMPLES} samples answered {SAMPLES + 1} requests in turn.")
    if len(callback.asked) > SAMPLES:
        raise Problem("The request over the budget was refused, but only after the callback was asked and paid for.")
    if answer.code != -1:
        raise Problem(f"The refusal has the code {answer.code}. A client that refuses says code=-1.")
    if not answer.message.strip():
        raise Problem("The refusal says nothing. Give it a message, so that the server knows why.")


def _handed_on(callback: Callback, context: ClientRequestContext) -> None:
    """See that the callback was last asked what came in."""
    got_context, got = callback.asked[-1]
    if not isinstance(got, CreateMessageRequestParams):
        raise Problem(f"The callback was given a {type(got).__name__} as its params. Call callback(context, params).")
    if changed := what_changed(REQUEST, got):
        raise Problem(
            f"The callback was asked something else than what came in: {', '.join(changed)} changed. "
            "A budget counts: hand on params as they are."
        )
    if got_context is not context:
        raise Problem("The callback was given another context than the one that came in. Hand on both parameters.")


async def is_its_own(make: Callable[..., Any]) -> None:
    """A second budget knows nothing of the first, and one of nothing answers nothing."""
    first, second = _budget(make, Callback(), 1), _budget(make, Callback(), 1)
    await _asked(first, "At its first request")
    if isinstance(await _asked(second, "At its first request"), ErrorData):
        raise Problem("A second budget was spent by the first. Keep the number inside my_budget, one for each.")
    nothing = _budget(make, Callback(), 0)
    if not isinstance(await _asked(nothing, "With samples=0"), ErrorData):
        raise Problem("A budget of 0 samples answered a request.")


async def holds_in_a_burst(make: Callable[..., Any]) -> None:
    """A hundred at the same time."""
    callback = Callback()
    budget = _budget(make, callback, SAMPLES)
    answers = await asyncio.gather(*(_asked(budget, "In a burst") for _ in range(BURST)))
    number = len(callback.asked)
    if number > SAMPLES:
        raise Problem(
            f"{BURST} arrived at once, the budget was {SAMPLES}, and the callback was asked {number} times. "
            "Count before the `await`, not after it."
        )
    answered = sum(not isinstance(answer, ErrorData) for answer in answers)
    if answered != SAMPLES:
        raise Problem(f"{BURST} arrived at once, the budget was {SAMPLES}, and {answered} were answered.")


async def gives_back(make: Callable[..., Any]) -> None:
    """What the callback refuses is not spent."""
    callback = Callback(refusals=2)
    budget = _budget(make, callback, 1)
    gone = Problem(
        "The callback refused twice, and the budget of 1 sample was gone. Give the sample back when the answer is "
        "an ErrorData."
    )
    for number in (1, 2):
        answer = await _asked(budget, "When the callback refuses")
        if len(callback.asked) < number:
            raise gone
        if answer != REFUSAL:
            came = f"{answer.code}, {answer.message!r}," if isinstance(answer, ErrorData) else "an answer"
            raise Problem(
                f"The callback refused with {REFUSAL.code}, {REFUSAL.message!r}, and {came} came back. Return its own "
                "ErrorData: only it knows why."
            )
    if isinstance(await _asked(budget, "After two refusals"), ErrorData):
        raise gone
    if not isinstance(await _asked(budget, "After an answer"), ErrorData):
        raise Problem("After two refusals and an answer, a budget of 1 sample gave another. Give back once for each.")


async def through_the_archiver(make: Callable[..., Any]) -> None:
    """Calls at once through a server, on both wires."""
    for mode in MODES:
        callback = Callback()
        budget = _budget(make, callback, SAMPLES)
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            server = log_archiver.make_server(folder)
            with Lab(server, name="check", sampling_callback=budget, mode=mode, timeout=STAGE_TIMEOUT) as lab:
                calls = [lab.call_tool("process_log_entry", {"log_line": LINE}) for _ in range(CALLS)]
                results = await asyncio.gather(*calls, return_exceptions=True)
        # A call that was refused ends in an error on one wire, and in a result that says so on the other.
        told = [str(result.content) for result in results if isinstance(result, CallToolResult)]
        answered = sum(ANSWER in each for each in told)
        if answered != SAMPLES:
            raise Problem(f"{CALLS} calls at once ({mode}), a budget of {SAMPLES}, and {answered} were answered.")
