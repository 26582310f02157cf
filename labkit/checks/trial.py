"""A callback under examination: how it is made, asked, and given up."""

import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

import anyio
from mcp.client import ClientRequestContext, ClientSession
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.answering import ask
from labkit.callbacks import Answer
from labkit.checks.engine import Problem, bounded, plain, shape
from labkit.checks.overheard import FAKE_KEY, Overheard
from labkit.checks.standin import Standin
from labkit.errors import LabError
from labkit.network import unusable

T = TypeVar("T")

MAKING = 60.0
"""Seconds that a factory may take: it imports its provider's library, which answers nothing yet."""

MAKE = "Let `def make(base_url):` return a callback that asks the provider at base_url, and do no more than that."


class NotApplicable(Exception):
    """Nothing can be said on a case; the text is the reason."""


class Trial:
    """A callback under examination.

    Attributes:
        callback: The callback itself.
        provider: The stand-in that it asks, where it was given as a factory.
        ear: What it prints and logs.
        timeout: Seconds that an answer may take.
    """

    def __init__(self, given: object, provider: Standin | None, ear: Overheard, timeout: float) -> None:
        self.provider = provider
        self.ear = ear
        self.timeout = timeout
        self.callback: SamplingFnT
        self.answer: Answer | None = None
        """The last answer."""
        self.hung = False
        """Whether the callback used up its time once."""
        self._given = given

    async def make(self, **options: Any) -> SamplingFnT:
        """The callback; `options` are for the factory, in place of the address of the stand-in or beside it."""
        if self.provider is None:
            return shape(self._given)
        factory: Any = self._given
        options = {"base_url": self.provider.url} | options
        if self.takes("api_key"):  # a key of the environment is not for every address, and not every callback sends it
            options = {"api_key": FAKE_KEY} | options

        async def build() -> object:
            return factory(**options)

        try:
            if (made := await bounded(build, MAKING)) is None:
                raise Problem("The factory returned nothing: its last line is `return` and the name of the callback.")
            return shape(made)
        except Problem as problem:
            problem.mend = MAKE
            raise
        except LabError as error:
            raise Problem(f"The factory made no callback. {error}", MAKE) from error
        except Exception as error:
            about = f". {why}" if (why := unusable()) else ""
            raise Problem(f"The factory raised {plain(error)}{about}", MAKE) from error

    def takes(self, option: str) -> bool:
        """Whether the callback was given as a factory that takes `option`."""
        return is_factory(self._given) and option in parameters(self._given)

    @property
    def lost(self) -> Problem | None:
        """What there is to say where the provider was looked for in a wrong place, and nowhere else."""
        if not self.provider or self.provider.asked or not self.provider.lost:
            return None
        return Problem(
            f"It asked for {self.provider.lost[-1]}, where nothing is. The stand-in has /v1/messages and "
            "/v1/chat/completions.",
            "base_url is what comes before these two, without /v1: add to it what your provider's client expects.",
        )

    async def ask(self, params: CreateMessageRequestParams, callback: SamplingFnT | None = None) -> Answer:
        """What the callback answers to a copy of `params`.

        Raises:
            CallbackError: The callback raised, or returned no answer.
            CallTimeout: The callback did not answer in time.
        """
        copy = params.model_copy(deep=True)
        self.answer = await self.on_lab(lambda: put(callback or self.callback, copy))
        return self.answer

    async def attempt(self, params: CreateMessageRequestParams) -> Answer | LabError:
        """The callback's answer to `params` themselves. An error is another case's matter and takes the answer's place.

        Raises:
            LabError: The callback did not answer in time, and would not the next time either.
        """
        try:
            self.answer = await self.on_lab(lambda: put(self.callback, params))
        except LabError as error:
            if self.hung:
                raise
            return error
        return self.answer

    async def on_lab(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work` on the lab thread, where callbacks live."""
        began = monotonic()
        try:
            return await bounded(work, self.timeout)
        except LabError:  # an answer that came in the end was only slow, on a busy machine
            self.hung = self.hung or monotonic() - began >= self.timeout
            raise


async def put(callback: SamplingFnT, params: CreateMessageRequestParams) -> Answer:
    """Ask `callback` as the client would; the session of its context is a real one that leads nowhere."""
    send, receive = anyio.create_memory_object_stream[Any](0)
    with send, receive:
        return await ask(callback, ClientRequestContext(session=ClientSession(receive, send), request_id="1"), params)


def is_factory(given: object) -> bool:
    """Whether `given` makes callbacks: something with a parameter `base_url` that is no coroutine function itself."""
    if not callable(given) or inspect.iscoroutinefunction(given):
        return False
    is_callback = not inspect.isclass(given) and inspect.iscoroutinefunction(type(given).__call__)
    return not is_callback and "base_url" in parameters(given)


def parameters(given: Any) -> set[str]:
    """The names of what `given` can be called with."""
    try:
        return {*inspect.signature(given).parameters}
    except (TypeError, ValueError):
        return set()
