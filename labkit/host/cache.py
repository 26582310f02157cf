"""`with_cache`: what was asked before is not paid twice.

On the 2026-07-28 wire a tool runs again at each round, and a server that asks for the same then asks for it anew.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from threading import Lock
from time import monotonic
from weakref import WeakKeyDictionary

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, ErrorData

from labkit.callbacks import Answer
from labkit.dial_table import OWN, Settings, turned_model, turned_request
from labkit.host.dials import Dials, defaults
from labkit.host.duty import Duty, Result, turned_outside
from labkit.numbers import checked_seconds, checked_whole
from labkit.steps import report, waiting_for

TTL = 300.0
"""Seconds that an answer is kept."""

Key = tuple[Hashable, ...]


def whole_request(params: CreateMessageRequestParams) -> str:
    """A key of all that a request holds: messages, system prompt, limits, dials, preferences, tools, metadata.

    What belongs to the one message, `_meta`, is left out: a progress token is another each time.

    Raises:
        ValueError: The request holds what cannot be written as JSON.
    """
    fields = params.model_dump(mode="json", by_alias=True, exclude={"meta"}, warnings=False)
    return sha256(json.dumps(fields, sort_keys=True, allow_nan=False).encode()).hexdigest()


def with_cache(
    callback: SamplingFnT,
    *,
    key: Callable[[CreateMessageRequestParams], Hashable] = whole_request,
    ttl: float = TTL,
    answers: int = 256,
    size: int = 4_000_000,
    clock: Callable[[], float] = monotonic,
) -> "Cache":
    """Answer a request that was answered before with the same answer, and ask once for equal ones under way.

        with_guard(with_budget(with_approval(with_cache(callback))))

    Each connection has answers of its own: no server learns what another was told, nor by the time it takes what
    another has asked. Errors are not kept. Nothing is kept where an answer is drawn at random: where a temperature
    above 0 is asked for, or is the model's own as far as that tells it, and the model has no seed. What was drawn with
    other dials of the client's own is another answer.

    Args:
        callback: Who is asked.
        key: Makes of a request what equal ones have in common; `None` for one that is not to be kept.
        ttl: Seconds that an answer is kept.
        answers: How many answers are kept at most, of all connections; the one not used for longest goes first.
        size: How many bytes they may take as JSON.
        clock: Seconds, for `ttl`.

    Raises:
        TypeError: `key` or `clock` is no function.
        ValueError: `ttl` is no number of seconds above 0, or `answers` or `size` no whole number of 1 or more.
        WrongOrder: `callback` holds an approval or a guard, which a kept answer would pass by.
    """
    return Cache(callback, key=key, ttl=ttl, answers=answers, size=size, clock=clock)


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Result
    since: float
    size: int


class Cache(Duty):
    """What `with_cache` makes."""

    def __init__(
        self,
        callback: SamplingFnT,
        *,
        key: Callable[[CreateMessageRequestParams], Hashable],
        ttl: float,
        answers: int,
        size: int,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(callback)
        for name, function in (("key", key), ("clock", clock)):
            if not callable(function):
                raise TypeError(f"{name}={function!r} is no function")
        self._key, self._clock = key, clock
        self._ttl = checked_seconds("ttl", ttl)
        self._answers, self._size = checked_whole("answers", answers, 1), checked_whole("size", size, 1)
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[Key, asyncio.Future[Answer | Exception | None]] = {}
        self._numbers, self._connections = count(1), WeakKeyDictionary[object, int]()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """The bytes that the answers take which are kept."""
        return self._bytes

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer that was given before, or is being given, or the callback's."""
        key = self._key_of(context, params)
        if key is None:
            return await self.ask(self.inner[0], context, params)
        # A future belongs to one event loop, and a callback may serve several.
        here = (*key, id(asyncio.get_running_loop()))
        while True:
            if (kept := self._found(key)) is not None:
                report(f"answered from the cache, {self._clock() - kept.since:.0f} s old")
                return kept.answer.model_copy(deep=True)
            if (other := self._under_way.get(here)) is None:
                break
            report("waits for the answer to an equal request", waiting=1)
            with waiting_for("the answer to an equal request", cure="Ask a faster model", kind="line"):
                await asyncio.wait({other})
            outcome = other.result()
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is not None:  # whoever asked has given up, and somebody else asks
                return outcome.model_copy(deep=True)
        self._under_way[here] = asking = asyncio.get_running_loop().create_future()
        outcome = None
        try:
            outcome = await self.ask(self.inner[0], context, params)
            self._keep(key, outcome)
            return outcome
        except Exception as error:
            outcome = error
            raise
        finally:
            del self._under_way[here]
            asking.set_result(outcome)

    def _key_of(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Key | None:
        """The key of a request on its connection; `None` for one whose answer is not kept."""
        dials = turned_outside()
        for temperature, seed in _draws(self.inner[0], params, dials):
            if temperature and seed is None:
                report(f"not kept: temperature {temperature:g} without a seed")
                return None
        try:
            key = self._key(params)
        except (ValueError, RecursionError):  # it holds what no JSON can, and reaches no model
            return None
        if key is None:
            return None
        session: object = getattr(context, "session", None) or self
        with self._lock:
            number = self._connections.get(session) or self._connections.setdefault(session, next(self._numbers))
        return (number, key, *(getattr(dials, name) for name in OWN))

    def _found(self, key: Key) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and self._clock() - kept.since >= self._ttl:
                self._drop(key)
                return None
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def _keep(self, key: Key, answer: Answer) -> None:
        if isinstance(answer, ErrorData):
            return
        try:
            size = len(answer.model_dump_json(by_alias=True, warnings=False).encode())
        except (ValueError, RecursionError):
            return
        if size > self._size:
            return
        with self._lock:
            if key in self._kept:  # asked for on another loop meanwhile
                self._drop(key)
            # A copy of its own: what whoever gets the answer makes of it is not kept.
            self._kept[key] = _Kept(answer.model_copy(deep=True), self._clock(), size)
            self._bytes += size
            while len(self._kept) > self._answers or self._bytes > self._size:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        self._bytes -= self._kept.pop(key).size


def _draws(
    callback: SamplingFnT, params: CreateMessageRequestParams, dials: Settings
) -> Iterator[tuple[float | None, int | None]]:
    """Temperature and seed with which each who may answer would draw; `None` where there is none, or none is told."""
    if isinstance(callback, Dials):
        mine, together = callback.within(dials)
        yield from _draws(callback.inner[0], turned_request(params, mine), together)
    elif isinstance(callback, Duty):
        for each in callback.inner:
            yield from _draws(each, params, dials)
    else:
        own = defaults(turned_model(callback, dials))
        yield own.get("temperature") if params.temperature is None else params.temperature, own.get("seed")
