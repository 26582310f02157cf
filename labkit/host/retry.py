"""`with_retry`: what fails for now is asked again, a few times, later and later.

A provider says 429 to too many requests and 5xx when it is at fault itself, and may say how long to wait (Retry-After,
RFC 9110, 10.2.3). What a person, a budget or a guard refuses, and what is wrong with the request, is the same at
every try.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer
from labkit.host.duty import REFUSED, Duty, Failure, settled, trying, witnessing, words_of
from labkit.numbers import checked_number, checked_whole
from labkit.steps import report, waiting_for

if TYPE_CHECKING:
    from tenacity import RetryCallState

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP statuses after which the same request may be answered."""


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
        from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_random_exponential

        asked, outcome = 0, cast("Answer | Exception", None)

        async def once() -> bool:
            """Whether to try again."""
            nonlocal asked, outcome
            asked += 1
            with trying() if asked > 1 else nullcontext(), witnessing() as witness:
                outcome = await self.outcome(self.inner[0], context, params)
            # What was refused before the answerer was asked, or withheld after it had answered, is a duty's word.
            return isinstance(outcome, Failure) and witness.asked and not witness.answer and self._may_pass(outcome)

        def pause(state: "RetryCallState") -> float:
            part = wait_random_exponential(multiplier=self._wait, max=self._longest)(state)
            return min(self._longest, _seconds(outcome) + part)

        def tell(state: "RetryCallState") -> None:
            words = words_of(cast("Failure", outcome))
            report(f"try {asked} of {self.tries} failed: {words}", waits=round(state.upcoming_sleep, 3))

        await AsyncRetrying(
            stop=stop_after_attempt(self.tries),
            wait=pause,
            retry=retry_if_result(bool),
            sleep=self._sleep,
            before_sleep=tell,
            retry_error_callback=bool,
        )(once)
        if asked > 1:
            report(f"{'given up' if isinstance(outcome, Failure) else 'answered'} after {asked} tries", tries=asked)
        return settled(outcome)

    def _may_pass(self, failure: Failure) -> bool:
        if isinstance(failure, ErrorData) and failure.code in (REFUSED, INVALID_PARAMS):
            return False
        if not self._on(failure):
            return False
        if (asked := _seconds(failure)) > self._longest:
            report(f"not tried again: it asks to wait {asked:g} s, and longest is {self._longest:g} s")
        return asked <= self._longest

    async def _sleep(self, seconds: float) -> None:
        with waiting_for("the next try of with_retry", cure="Give it fewer tries", kind="pause"):
            await asyncio.sleep(seconds)


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


def _seconds(failure: object) -> float:
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


def _attribute(error: object, name: str) -> object:
    """An attribute of an exception, or of the reply that it carries."""
    return getattr(error, name, None) or getattr(getattr(error, "response", None), name, None)
