"""`with_budget`: how much a server may ask for.

A server that samples spends the client's money and quota. Clients should limit the rate (specification 2025-11-25,
client/sampling, Security Considerations); the SDK leaves that to them.
"""

import logging
from collections.abc import Callable, Collection
from contextlib import nullcontext
from functools import partial
from math import ceil
from time import monotonic
from typing import Any

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer
from labkit.host.duty import Duty, gated, models_in, refusal, this_try
from labkit.host.figures import Left, Spent
from labkit.host.findings import counted
from labkit.host.ledger import NANO, Amount, Ledger, Limits, Overdrawn, Reservation
from labkit.host.prices import Prices, check_catalog, dollars, highest, price_of
from labkit.host.turns import Turns
from labkit.host.usage import MOST, Meter, Usage, metering, prompt_tokens
from labkit.numbers import checked_limit
from labkit.steps import origin, report

_log = logging.getLogger("labkit")


def with_budget(
    callback: SamplingFnT,
    *,
    samples: int | None = None,
    tokens: int | None = None,
    usd: float | None = None,
    per_call: int | None = None,
    per_minute: int | None = None,
    at_once: int | None = None,
    prices: Prices | None = None,
    free: Collection[str] = (),
    clock: Callable[[], float] = monotonic,
) -> "Budget":
    """Hold back what a server asks for beyond a limit. What has no limit is counted all the same.

        budget = with_budget(callback, samples=20, tokens=5_000)
        budget.left  # Left(samples=20, tokens=5000, usd=None)

    Before the callback is asked, the most that a request may take is set aside: one sample, the estimated tokens of its
    prompt and its `max_tokens`, and their price. Where a human inside edits it so that it may take more, more is set
    aside, or it is held back. When the answer is there, what it took is spent and the rest is given back. So a limit
    holds for a hundred requests in one round too, as long as the answerer keeps to `max_tokens`; where more was used,
    the truth is spent. A request that ends in an error gives everything back but the tokens that were told. One that is
    cancelled at the model, as by a `with_timeout` inside, counts as if it had taken all that was set aside: a server
    may cancel on the 2025-11-25 wire, and would otherwise sample for nothing. Several tries at a request (`with_retry`,
    `with_fallback`) are one sample, each with its tokens, and each begins in its minute.

    Args:
        callback: The callback that is asked.
        samples: How many answers in all.
        tokens: Tokens of prompts and answers in all, as told by the answerer, else estimated.
        usd: US dollars in all. Needs `prices`.
        per_call: How many samples for one tool call. Outside a Lab, and where the wire does not tell which call asks,
            all samples of the connection in ten minutes count as one call.
        per_minute: How many samples may begin in any 60 seconds.
        at_once: How many are answered at the same time. The others wait in line; they are not refused.
        prices: A catalogue of models: `labkit.models.catalog.catalog()`. A model that it has no price for costs as much
            as its most expensive.
        free: Names of models that cost nothing, such as one that runs on this computer. A callback tells its name as
            its attribute `model` or `name`; that an answer names a model makes nothing free.
        clock: Seconds, for `per_minute`, and for `per_call` where calls are not told apart.

    Raises:
        TypeError: `prices` is no catalogue, `free` is a single text, or `clock` is no function.
        ValueError: A limit is negative, or no whole number where it counts something; `at_once` is no place for
            anybody; or `usd` is given without `prices`.
    """
    return Budget(
        callback,
        Limits.of(samples, tokens, usd, per_call, per_minute),
        at_once=at_once,
        prices=prices,
        free=free,
        clock=clock,
    )


class Budget(Duty):
    """What `with_budget` makes: a callback that counts. Several Labs may share it."""

    def __init__(
        self,
        callback: SamplingFnT,
        limits: Limits,
        *,
        at_once: int | None,
        prices: Prices | None,
        free: Collection[str],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(callback)
        if isinstance(free, str):  # a collection too, of letters
            raise TypeError(f'free={free!r}: give a list of names, such as free=["{free}"]')
        if not callable(clock):
            raise TypeError(f"clock={clock!r} tells no time: give a function that returns seconds")
        if prices is not None:
            check_catalog(prices, "find", "models")
        self._prices = prices
        self._ledger = Ledger(self._priced(limits))
        self._turns = _turns(at_once)
        self._free = frozenset(free)
        self._clock = clock
        self._listeners: list[Callable[[Budget], None]] = []

    @property
    def spent(self) -> Spent:
        """What was spent so far."""
        spent, has_prices = self._ledger.spent, self._prices is not None
        return Spent(spent.samples, spent.tokens, spent.estimated, spent.nano_usd / NANO if has_prices else None)

    @property
    def left(self) -> Left:
        """What can still be spent. What is set aside for requests under way is not left."""
        left = self._ledger.left
        return Left(left.samples, left.tokens, None if left.nano_usd is None else left.nano_usd / NANO)

    @property
    def limit(self) -> Left:
        """What may be spent in all; `None` where there is no limit."""
        limits = self._ledger.limits
        return Left(limits.samples, limits.tokens, None if limits.nano_usd is None else limits.nano_usd / NANO)

    def set_limits(
        self,
        *,
        samples: int | None = None,
        tokens: int | None = None,
        usd: float | None = None,
        per_call: int | None = None,
        per_minute: int | None = None,
        at_once: int | None = None,
    ) -> None:
        """Put these limits in place of those that were set. What was spent stays spent.

        `per_minute` counts the samples that begin from now on, where there was no such limit.

        Raises:
            ValueError: As for `with_budget`; nothing is changed.
        """
        limits, turns = self._priced(Limits.of(samples, tokens, usd, per_call, per_minute)), self._turns
        if at_once != self.at_once:
            turns = _turns(at_once)
        self._ledger.limits, self._turns = limits, turns
        self._tell()

    @property
    def of_last_call(self) -> tuple[int, int] | None:
        """Samples of the call that asked last, and how many a call may have; `None` where there is no such limit."""
        most = self._ledger.limits.per_call
        return None if most is None else (self._ledger.of_last_call, most)

    @property
    def of_last_minute(self) -> tuple[int, int, float] | None:
        """Samples that began in the last minute, how many may begin in one, and seconds until one less is counted.

        `None` where there is no such limit.
        """
        most = self._ledger.limits.per_minute
        begun, wait = self._ledger.in_the_last_minute(self._clock())
        return None if most is None else (begun, most, wait)

    @property
    def at_once(self) -> int | None:
        """How many may be answered at the same time; `None` where there is no limit."""
        return None if self._turns is None else self._turns.places

    @property
    def under_way(self) -> int:
        """How many are being answered. What is set aside for them is neither spent nor left."""
        return self._ledger.reserved.samples

    @property
    def waiting(self) -> int:
        """How many requests stand in line because of `at_once`."""
        return 0 if self._turns is None else self._turns.waiting

    def listen(self, listener: Callable[["Budget"], None]) -> Callable[[], None]:
        """Call `listener` after every change, in the thread that makes it, until the returned function is called.

        A listener that raises is logged and called no more.
        """
        self._listeners.append(listener)
        return partial(self._forget, listener)

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer `params` within the limits, or hold it back with a refusal that says which limit it met."""
        async with self._turns or nullcontext():
            return await self._within_limits(context, params)

    async def _within_limits(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        connection: object = getattr(context, "session", None) or self
        call = asked_by.call if (asked_by := origin()) else None
        try:
            held = self._ledger.reserve(self._most(params), connection, call, self._clock())
        except Overdrawn as reason:
            return self._held_back(reason)
        self._tell()
        tries, latest = 1, this_try()

        def looks(params: CreateMessageRequestParams) -> ErrorData | None:
            nonlocal tries, latest
            try:
                if (another := this_try()) is not latest:
                    # What earlier tries told is spent whatever this one takes.
                    told = Amount(tokens=meter.usage.tokens, nano_usd=self._cost(meter.usage, meter.witness.named))
                    told += self._lost(meter)
                    self._ledger.again(held, told + self._most(params), self._clock())
                    tries, latest = tries + 1, another
                    self._tell()
                elif self._ledger.extend(held, self._most(params)):
                    self._tell()
            except Overdrawn as reason:
                return self._held_back(reason)
            return None

        with metering(params) as meter, gated(looks):
            try:
                return await self.ask(self.inner[0], context, params)
            finally:
                self._settle(held, meter, tries)

    def _held_back(self, reason: Overdrawn) -> ErrorData:
        report(f"held: over budget, {reason}", **self._figures())
        return refusal("budget", f"Held back by the client's budget for sampling: {reason}.")

    def _priced(self, limits: Limits) -> Limits:
        if limits.nano_usd is not None and self._prices is None:
            raise ValueError("usd= needs the prices: with_budget(..., usd=1, prices=labkit.models.catalog.catalog())")
        return limits

    def _most(self, params: CreateMessageRequestParams) -> Amount:
        """What a request may take of what is limited."""
        limits = self._ledger.limits
        if limits.tokens is None and limits.nano_usd is None:
            return Amount(samples=1)
        usage = Usage(prompt_tokens(params), min(max(0, params.max_tokens), MOST))
        return Amount(
            samples=1,
            tokens=0 if limits.tokens is None else usage.tokens,
            nano_usd=0 if limits.nano_usd is None else self._highest_cost(usage),
        )

    def _settle(self, held: Reservation, meter: Meter, tries: int) -> None:
        usage, witness = meter.usage, meter.witness
        spent, lost = Amount(), self._lost(meter)
        if witness.answer is not None or usage.tokens or witness.lost:
            spent = Amount(1, usage.tokens, self._cost(usage, witness.named, usage.model), usage.estimated) + lost
        self._ledger.settle(held, spent)
        if spent.samples:
            about = "about " if spent.estimated else ""
            times = f" in {tries} tries" if tries > 1 else ""
            left = self._left_in_words()
            report(f"spent {about}{counted(spent.tokens, 'token')}{times}; left: {left}", **self._figures())
        self._tell()

    def _lost(self, meter: Meter) -> Amount:
        """What the tries that were cancelled, or left to themselves, may have taken: as much as they could."""
        lost = Amount()
        for params in meter.witness.given_up():
            prompt, most = Usage(prompt_tokens(params), 0), self._most(params)
            tokens = max(prompt.tokens, most.tokens)
            lost += Amount(0, tokens, max(self._highest_cost(prompt), most.nano_usd), estimated=tokens)
        return lost

    def _highest_cost(self, usage: Usage) -> int:
        return max(self._cost(usage, name) for name in models_in(self.inner[0]))

    def _cost(self, usage: Usage, named: str, answered: str = "") -> int:
        """Billionths of a dollar, rounded up.

        Args:
            usage: The tokens.
            named: The model as the answerer names itself. That one may be free.
            answered: The model that stands in the answer. It may be dearer, and is never cheaper.
        """
        if self._prices is None or named in self._free:
            return 0
        usages = [Usage(usage.input_tokens, usage.output_tokens, model=name) for name in (named, answered) if name]
        known = [price for usage in usages if (price := price_of(self._prices, usage)) is not None]
        # round() takes off what binary fractions add: at 0.1 USD a million tokens, one token is 100 parts and no more.
        return ceil(round((max(known) if known else highest(self._prices, usage)) * NANO, 3))

    def _left_in_words(self) -> str:
        left = self._ledger.left
        words: list[str] = []
        if left.samples is not None:
            words.append(counted(left.samples, "sample"))
        if left.tokens is not None:
            words.append(counted(left.tokens, "token"))
        if left.nano_usd is not None:
            words.append(dollars(left.nano_usd / NANO))
        return ", ".join(words) or "no limit"

    def _figures(self) -> dict[str, Any]:
        spent, left = self.spent, self.left
        figures = {
            "samples_spent": spent.samples,
            "samples_left": left.samples,
            "tokens_spent": spent.tokens,
            "tokens_estimated": spent.estimated,
            "tokens_left": left.tokens,
            "usd_spent": spent.usd,
            "usd_left": left.usd,
        }
        return {name: figure for name, figure in figures.items() if figure is not None}

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(self)
            except Exception:  # noqa: BLE001 - it is logged
                # A meter that fails must not fail the sample.
                self._forget(listener)
                _log.exception("a listener of a budget failed and is not called any more")

    def _forget(self, listener: Callable[["Budget"], None]) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)


def _turns(at_once: int | None) -> Turns | None:
    places = checked_limit("at_once", at_once)
    line = f"its turn in line, as with_budget(at_once={places}) has no more requests answered at once"
    return None if places is None else Turns(places, line, "Raise at_once=")
