"""`with_retry`: what fails for now is asked again, a few times, later and later.

A provider says 429 to too many requests and 5xx when it is at fault itself, and may say how long to wait (Retry-After,
RFC 9110, 10.2.3). What a person, a budget or a guard refuses, and what is wrong with the request, is the same at
every try.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer
from labkit.errors import message_of
from labkit.host.duty import REFUSED, Duty, trying, witnessing
from labkit.numbers import checked_number, checked_whole
from labkit.steps import report, waiting_for

if TYPE_CHECKING:
    from tenacity import RetryCallState

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP statuses after which the same request may be answered."""

Failure = ErrorData | Exception


def may_pass(failure: Failure) -> bool:
    """Whether another try may help: by the HTTP status, where one is told; else after -32603, or a broken connection.

    A status stands in `ErrorData.data`, as `{"status": 429}`, or in the attribute `status_code` of an exception, as the
    packages of the providers have it.
    """
    status = _status(failure)
    if status is not None:
        return status in PASSING
    if isinstance(failure, ErrorData):
        return failure.code == INTERNAL_ERROR
    return any(isinstance(error, OSError) for error in _causes(failure))


def with_retry(
    callback: SamplingFnT,
    *,
    tries: int = 3,
    wait: float = 0.5,
    longest: float = 20.0,
    on: Callable[[Failure], bool] = may_pass,
) -> "Retry":
    """Ask again where an answer failed for now.

        with_approval(with_retry(callback, tries=3))

    Before the second try it waits for a random part of `wait` seconds, before the third of twice as many, and so on: a
    hundred clients that failed together do not come back together. Where the failure says how long to wait, it waits
    that long and such a part longer; where that is longer than `longest`, it gives up at once. A budget outside counts
    all tries as one sample, each with its tokens and each as begun in its minute; a budget inside counts each.

    Claude and OpenAICompatible ask again twice by themselves, and so three times at each try here.

    Never tried again, whatever `on` says: error -1, a person's, and -32602, a wrong request's; what a duty inside has
    refused or withheld.

    Args:
        callback: Who is asked.
        tries: How often at most, the first time included.
        wait: Seconds; 0 for none.
        longest: The most seconds between two tries.
        on: Tells by an `ErrorData` or an exception whether to try again.

    Raises:
        TypeError: `on` is no function.
        ValueError: `tries` is no whole number of 1 or more, or `wait` or `longest` no number of seconds.
        WrongOrder: `callback` holds a duty that belongs outside.
    """
    return Retry(callback, tries, wait, longest, on)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a try; `own` tells whether it came from the answerer, and not from a duty on the way."""

    said: Answer | Exception
    own: bool


class Retry(Duty):
    """What `with_retry` makes."""

    def __init__(
        self, callback: SamplingFnT, tries: int, wait: float, longest: float, on: Callable[[Failure], bool]
    ) -> None:
        super().__init__(callback)
        if not callable(on):
            raise TypeError(f"on={on!r} tells nothing: give a function of the failure, such as on=may_pass")
        self.tries = checked_whole("tries", tries, 1)
        self._wait, self._longest = checked_number("wait", wait), checked_number("longest", longest)
        self._on = on

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The first answer that did not fail, or the last failure."""
        # Its import costs a tenth of a second, which who tries nothing again does not pay.
        from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt

        asked = 0

        async def once() -> _Outcome:
            nonlocal asked
            asked += 1
            with trying() if asked > 1 else nullcontext(), witnessing() as witness:
                try:
                    said = await self.ask(self.inner[0], context, params)
                except Exception as error:  # noqa: BLE001 - it is raised where no try is left
                    said = error
            return _Outcome(said, witness.asked and witness.answer is None)

        outcome: _Outcome = await AsyncRetrying(
            stop=stop_after_attempt(self.tries),
            wait=self._pause,
            retry=retry_if_result(self._failed_for_now),
            sleep=self._sleep,
            before_sleep=self._tell,
            retry_error_callback=_last,
        )(once)
        if asked > 1:
            report(f"{'answered' if not _failed(outcome) else 'given up'} after {asked} tries", tries=asked)
        if isinstance(outcome.said, Exception):
            raise outcome.said
        return outcome.said

    def _failed_for_now(self, outcome: _Outcome) -> bool:
        failure = outcome.said
        if not outcome.own or not isinstance(failure, Failure):
            return False
        if isinstance(failure, ErrorData) and failure.code in (REFUSED, INVALID_PARAMS):
            return False
        if not self._on(failure):
            return False
        if (asked := _seconds(failure)) > self._longest:
            report(f"not tried again: it asks to wait {asked:g} s, and longest is {self._longest:g} s")
            return False
        return True

    def _pause(self, state: "RetryCallState") -> float:
        from tenacity import wait_random_exponential

        part = wait_random_exponential(multiplier=self._wait, max=self._longest)(state)
        return min(self._longest, _seconds(_failure(state)) + part)

    def _tell(self, state: "RetryCallState") -> None:
        failure, pause = _failure(state), state.upcoming_sleep
        words = failure.message if isinstance(failure, ErrorData) else message_of(failure) or type(failure).__name__
        report(
            f"try {state.attempt_number} of {self.tries} failed: {words}",
            waits=round(pause, 3),
            status=_status(failure),
        )

    async def _sleep(self, seconds: float) -> None:
        with waiting_for("the next try of with_retry", cure="Give it fewer tries"):
            await asyncio.sleep(seconds)


def _last(state: "RetryCallState") -> _Outcome:
    assert state.outcome is not None  # noqa: S101 - tenacity calls this after a try
    return cast("_Outcome", state.outcome.result())


def _failure(state: "RetryCallState") -> Failure:
    return cast("Failure", _last(state).said)


def _failed(outcome: _Outcome) -> bool:
    return isinstance(outcome.said, Failure)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error`, and what led to it: the packages wrap the error of the connection in one of their own."""
    seen: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in seen:
        yield at
        seen.append(at)
        at = at.__cause__


def _status(failure: Failure) -> int | None:
    told: object = (
        _data(failure).get("status") if isinstance(failure, ErrorData) else _attribute(failure, "status_code")
    )
    return told if isinstance(told, int) else None


def _seconds(failure: Failure) -> float:
    """Seconds that a failure asks to wait; 0 where it does not say, or gives a date."""
    if isinstance(failure, ErrorData):
        told = _data(failure).get("retryAfter")
    else:
        headers = _attribute(failure, "headers")
        told = cast("Mapping[str, Any]", headers).get("retry-after") if isinstance(headers, Mapping) else None
    try:
        return max(0.0, float(cast("Any", told)))
    except (TypeError, ValueError):
        return 0.0


def _data(failure: ErrorData) -> Mapping[str, object]:
    return cast("Mapping[str, object]", failure.data) if isinstance(failure.data, Mapping) else {}


def _attribute(error: Exception, name: str) -> object:
    """An attribute of an exception, or of the reply that it carries."""
    return getattr(error, name, None) or getattr(getattr(error, "response", None), name, None)
