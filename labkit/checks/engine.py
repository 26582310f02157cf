"""How an exercise is checked: shape, then fixed requests, then a round trip on both wires.

A check calls the student's own function, judges what it does and never how it is written, stops at the first problem,
and says it in one sentence. It reports and does not raise, so that a notebook full of stubs runs from top to bottom;
with `LABKIT_STRICT=1` in the environment it raises, which is how solved notebooks are proven.
"""

import asyncio
import inspect
import os
import tomllib
import traceback
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import anyio
from mcp import MCPError
from mcp.client import ClientRequestContext, ClientSession
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams, SamplingMessage, TextContent
from pydantic import BaseModel

from labkit.answering import ask
from labkit.call import Call
from labkit.callbacks import Answer, name_of, not_awaited, takes_two
from labkit.checks.clock import BUSY, Clock
from labkit.course.hints import note_check
from labkit.errors import CallbackError, CallbackStuck, CallTimeout, LabError, line_of, sentence
from labkit.plain import folded
from labkit.runtime import TICK, Runtime
from labkit.unawaited import missing

T = TypeVar("T")

STAGE_TIMEOUT = 10.0
"""Seconds that each stage may take."""

Status = Literal["PASS", "TODO", "NOT YET"]


class Problem(Exception):
    """What is wrong with an answer, in one sentence: what was sent, what came back, what to try.

    Attributes:
        mend: What to do about it, where the case's own advice would not help.
        hint: A short key of the mistake, such as "limit", for the hint that explains this one; none where it is empty.
    """

    def __init__(self, text: str, mend: str = "", hint: str = "") -> None:
        super().__init__(text)
        self.mend = mend
        self.hint = hint


class CheckFailed(AssertionError):
    """An exercise is not solved; raised with `LABKIT_STRICT=1` only."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `print(report)` is what the student reads.

    `hint` is the key of the mistake that was made, see `Problem`; `tried` says in a short line what a PASS has held.
    """

    number: str
    status: Status
    passed: int
    total: int
    problem: str = ""
    hint: str = ""
    tried: str = ""

    def __str__(self) -> str:
        if self.status == "PASS":
            return f"PASS {self.number} ({self.passed} of {self.total}){self.tried and f': {self.tried}'}"
        if self.status == "TODO":
            return f"TODO {self.number}: write the body of the function, run its cell, then run this one again."
        return f"{self.problem}\nNOT YET {self.number} ({self.passed} of {self.total})"


@dataclass(frozen=True)
class Request:
    """A sampling request that a check sends straight to the function, and how the answer is judged.

    `judge` returns nothing when the answer will do, and raises `Problem` when it will not.
    """

    params: CreateMessageRequestParams
    judge: Callable[[Answer], None]


@dataclass(frozen=True)
class CallbackExercise:
    """An exercise whose solution is a sampling callback.

    `requests` are sent to it directly, in order, and then those that `follow` makes of the answer to the first.
    `round_trip` connects it to a server in a Lab of the given mode and judges what the tool returned; it runs once on
    each wire. `tried` is the short line of what all this tries.
    """

    number: str
    requests: Sequence[Request]
    round_trip: Callable[[SamplingFnT, str], Awaitable[None]] | None = None
    modes: tuple[str, ...] = ("auto", "legacy")
    tried: str = ""
    follow: Callable[[Answer], Sequence[Request]] | None = None

    @property
    def total(self) -> int:
        """How many things are checked: the shape, each request, what follows, and each round trip."""
        return 1 + len(self.requests) + (self.follow is not None) + (len(self.modes) if self.round_trip else 0)

    async def examine(self, function: object) -> Report:
        """Check `function`, stage by stage."""
        passed = 0
        try:
            callback = shape(function)
            await bounded(partial(is_awaited, callback, self.requests[0].params))
            passed += 1
            answers: list[Answer] = []
            for request in self.requests:
                answers.append(await bounded(partial(self._put, callback, request)))
                passed += 1
            if self.follow:
                for request in self.follow(answers[0]):
                    await bounded(partial(self._put, callback, request))
                passed += 1
            for mode in self.modes if self.round_trip else ():
                await self._cross(callback, mode)
                passed += 1
        except NotImplementedError:
            return Report(self.number, "TODO", passed, self.total)
        except Problem as problem:
            return Report(self.number, "NOT YET", passed, self.total, _with_forgotten(problem), problem.hint)
        except (LabError, MCPError) as error:
            return Report(self.number, "NOT YET", passed, self.total, plain(error))
        return Report(self.number, "PASS", passed, self.total, tried=self.tried)

    async def _put(self, callback: SamplingFnT, request: Request) -> Answer:
        params, sent = request.params.model_copy(deep=True), f"We sent {quoted(request.params)}"
        try:
            answer = await ask(callback, direct_context(), params)
        except CallbackError as error:
            if isinstance(error.__cause__, NotImplementedError):
                raise error.__cause__ from None
            raise Problem(f"{sent}. {plain(error)}", hint="raises") from error
        try:
            request.judge(answer)
        except Problem as problem:
            told = str(problem) if str(problem).startswith("We sent") else f"{sent}. {problem}"
            raise Problem(told, problem.mend, problem.hint) from problem
        if params != request.params:
            raise Problem(
                f"{sent}, and afterwards the request was another. Others read it too: leave `params` as they are, and "
                "change a copy.",
                hint="request-changed",
            )
        return answer

    async def _cross(self, callback: SamplingFnT, mode: str) -> None:
        try:
            if self.round_trip is not None:
                await self.round_trip(callback, mode)
        except Problem as problem:
            told = f"Called directly it answers well; through a server ({mode}) not: {problem}"
            raise Problem(told, problem.mend, problem.hint) from problem


@dataclass(frozen=True)
class FunctionExercise:
    """An exercise whose solution is any other function.

    Each case is called with it, in order, and raises `Problem` when it does not do what it should. `tried` is the short
    line of what all this tries. A case may take `seconds`.
    """

    number: str
    cases: Sequence[Callable[[Callable[..., Any]], Awaitable[None]]]
    tried: str = ""
    seconds: float = STAGE_TIMEOUT

    @property
    def total(self) -> int:
        """How many things are checked."""
        return len(self.cases)

    async def examine(self, function: object) -> Report:
        """Check `function`, case by case."""
        passed = 0
        try:
            if not callable(function):
                raise Problem(f"We were given a {type(function).__name__}. Pass the function itself, without brackets.")
            for case in self.cases:
                await bounded(partial(case, function), self.seconds)
                passed += 1
        except NotImplementedError:
            return Report(self.number, "TODO", passed, self.total)
        except LabError as error:
            return Report(self.number, "NOT YET", passed, self.total, str(error), "raises")
        except Exception as error:  # noqa: BLE001 - whatever a student's code raises is told
            if isinstance(error, Problem) and _is_ours(error, self.cases[0]):
                return Report(self.number, "NOT YET", passed, self.total, _with_forgotten(error), error.hint)
            if isinstance(error.__cause__, StopIteration):  # what becomes of one in a coroutine
                error = error.__cause__
            line, called_with = line_of(error), getattr(error, "called_with", "")
            told = f"Your function raised {plain(error)}{f' at {line}' if line else ''}"
            given = f". We called {called_with}." if called_with else ""
            forgotten = f". {what}" if (what := missing(error)) else ""
            told = f"{told.removesuffix('.')}{forgotten.removesuffix('.')}{given}"
            return Report(self.number, "NOT YET", passed, self.total, told, "raises")
        return Report(self.number, "PASS", passed, self.total, tried=self.tried)


def _with_forgotten(problem: Problem) -> str:
    """What a check found, with what was not awaited in what it looked at."""
    forgotten, told = missing(problem, judged=True), str(problem)
    return f"{told} {forgotten}" if forgotten and "await" not in told else told


def _is_ours(problem: Problem, case: object) -> bool:
    """Whether a check raised `problem`; a student's code that raises one has an error like any other."""
    *_, (frame, _) = traceback.walk_tb(problem.__traceback__)
    module = str(frame.f_globals.get("__name__"))
    return module.startswith("labkit.") or module == getattr(case, "__module__", "")


Exercise = CallbackExercise | FunctionExercise


def shape(function: object) -> SamplingFnT:
    """`function` as a sampling callback. Whether it can be awaited shows when it is called: see `is_awaited`.

    Raises:
        Problem: `function` cannot be a callback.
    """
    name = name_of(function)
    if not callable(function):
        raise Problem(f"We were given a {name}, which cannot be called. Pass the function itself, without brackets.")
    if isinstance(function, type) and not hasattr(function, "__await__"):
        raise Problem(f"{name} is a class, and the client awaits what it calls. Pass an object of it: {name}(...).")
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        raise Problem(takes_two(name)) from None
    except ValueError:
        pass  # a function written in C need not have a signature
    return cast("SamplingFnT", function)


async def is_awaited(callback: SamplingFnT, params: CreateMessageRequestParams) -> None:
    """See that what `callback` returns can be awaited, as the client does; where it is `async def`, without a call.

    An error that it raises is no matter here: it will come again when the callback is asked.

    Raises:
        Problem: `callback` returns something that cannot be awaited.
    """
    if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(type(callback).__call__):
        return
    try:
        returned = cast("object", callback(direct_context(), params.model_copy(deep=True)))
    except CallbackStuck:
        raise
    except BaseException as error:  # noqa: BLE001 - also what would end the event loop
        missing(error)
        return
    if inspect.iscoroutine(returned):
        returned.close()
    elif isinstance(returned, asyncio.Future):
        cast("asyncio.Future[object]", returned).cancel()
    elif not inspect.isawaitable(returned):
        name, written = name_of(callback), inspect.isroutine(callback) or isinstance(callback, partial)
        what = f"{name} is a plain function" if written else f"{name}.__call__ is a plain method"
        mend = f"`async def {name}(context, params):`" if written else "`async def __call__(self, context, params):`"
        raise Problem(not_awaited(what, mend))


@contextmanager
def calling(what: str) -> Generator[None]:
    """What a student's function raises within the block is told with `what` was called: `my_choice with cost 1`."""
    try:
        yield
    except Exception as error:
        with suppress(AttributeError):  # an exception may have no room for it
            error.called_with = what  # pyright: ignore[reportAttributeAccessIssue]
        raise


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a plain function returns.

    Raises:
        Problem: It returns a coroutine.
        Exception: What the function raised; its `called_with` says with what it was called.
    """
    try:
        returned = function(*arguments)
    except Exception as error:
        with suppress(AttributeError):  # an exception may have no room for it
            error.called_with = f"{name_of(function)}({', '.join(map(_brief, arguments))})"  # pyright: ignore[reportAttributeAccessIssue]
        raise
    if inspect.iscoroutine(returned):
        returned.close()
        name = name_of(function)
        raise Problem(f"{name} is `async def`, and nobody awaits it here. Write a plain `def {name}`.", hint="shape")
    return returned


async def bounded(work: Callable[[], Awaitable[T]], seconds: float = STAGE_TIMEOUT) -> T:
    """Do `work` on the lab thread, ended after `seconds` even when it never gives control back.

    Time for which other programs had the processor is not counted, see `Clock`.

    Raises:
        CallTimeout: The work took longer.
        CallbackError: The work held the thread, or raised what would end the program, such as `SystemExit`.
    """
    call: Call[T] = Call(0, "the check")
    deadline = anyio.CancelScope()
    loop, clock, tick = asyncio.get_running_loop(), Clock(seconds * BUSY), min(TICK, seconds / 4)

    async def settle() -> None:
        try:
            with deadline:
                deadline.deadline = anyio.current_time() + seconds
                call.succeed(await work())
            if deadline.cancelled_caught:
                raise CallTimeout(f"It had not answered after {seconds:g} s, so the check stopped it.")
        except BaseException as error:  # noqa: BLE001 - it reaches whoever awaits the call
            call.fail(_survived(error))

    def prolong(lost: float) -> None:
        deadline.deadline += lost

    def look() -> None:
        nonlocal timer
        if lost := clock.lost():
            call.prolong(lost)
            runtime.post(partial(prolong, lost))
        timer = loop.call_later(tick, look)

    timer = loop.call_later(tick, look)
    try:
        with Runtime.held() as runtime:  # the last Lab of the check before may be leaving just now
            call.runs_on(runtime, seconds, lambda: runtime.post(lambda: call.runs_as(settle())))
            runtime.post(lambda: call.runs_as(settle()), call.context)
            return await call
    finally:
        timer.cancel()


def _survived(error: BaseException) -> BaseException:
    """`error` as the awaiting cell may be given it: what the student's code raised must not end that, or the kernel."""
    if isinstance(error, Exception | CallbackStuck):
        return error
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        return error  # the check itself is given up
    # Told apart here: on the cell's own thread a KeyboardInterrupt is the kernel's "interrupt".
    line = line_of(error)
    told = CallbackError(f"Your function raised {sentence(error)}{f' at {line}' if line else ''}. Let it return.")
    told.__cause__ = error
    return told


def _brief(argument: object) -> str:
    text = f"a {type(argument).__name__}" if isinstance(argument, BaseModel) else repr(argument)
    return text if len(text) <= 60 else f"{text[:59]}…"


def request(
    text: str, *, max_tokens: int = 100, system_prompt: str | None = None, **rest: Any
) -> CreateMessageRequestParams:
    """A sampling request with one message of the user."""
    message = SamplingMessage(role="user", content=TextContent(text=text))
    return CreateMessageRequestParams(messages=[message], max_tokens=max_tokens, system_prompt=system_prompt, **rest)


def rows(file: str, table: str) -> list[dict[str, Any]]:
    """The rows of a table in `FILE.toml` beside this module: the cases of an exercise, as data."""
    return tomllib.loads(Path(__file__).with_name(f"{file}.toml").read_text(encoding="utf-8"))[table]


def quoted(params: CreateMessageRequestParams) -> str:
    """The last text of a request, cut to what fits in a sentence; what it holds where it holds no text."""
    if not params.messages:
        return "a request without messages"
    blocks = params.messages[-1].content_as_list
    text = " ".join(" ".join(block.text for block in blocks if isinstance(block, TextContent)).split())
    if not text:
        return f"a message that holds {' and '.join(block.type for block in blocks) or 'nothing'}"
    return f'"{text[:110]}…"' if len(text) > 110 else f'"{text}"'


def plain(error: BaseException) -> str:
    """An error as the sentence that a student reads."""
    return str(error) if isinstance(error, LabError) else sentence(error)


def direct_context() -> ClientRequestContext:
    """The first argument of a callback that is called directly, without a server."""
    # Nothing listens behind it: a callback that is called directly has a request id and no session.
    return ClientRequestContext(session=cast("ClientSession", None), request_id="check", meta=None)


async def conclude(report: Report) -> None:
    """Print `report`; raise when it is no PASS and `LABKIT_STRICT` is set."""
    print(folded(str(report)))
    note_check(report.number, report.status, report.hint, report.problem)
    if report.status != "PASS" and os.environ.get("LABKIT_STRICT") == "1":
        raise CheckFailed(str(report))
