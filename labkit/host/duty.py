"""What the duties of a host have in common: each is a sampling callback around a callback.

A duty asks the callback inside it through `Duty.ask`, and so knows what became of a request further in (`witnessing`),
and what was remarked on it further out (`remarks`); who answers takes the dials that were turned there (`turning`).
What is changed further in is looked at again: a request when it reaches the answerer (`gated`), an answer before a
human reviews it (`inspecting`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from math import inf
from typing import Any, ClassVar, Self

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, CreateMessageResult, CreateMessageResultWithTools, ErrorData

from labkit.callbacks import Answer, answer_of, awaitable, name_of
from labkit.dial_table import Settings, turned_model
from labkit.errors import sentence
from labkit.host.order import disorder

REFUSED = -1
"""The code of a request that the user, or a duty in the user's name, refuses (client/sampling, Error Handling)."""

MODEL = "model"
"""Who refused, or failed, where that was the answerer and no duty."""

Result = CreateMessageResult | CreateMessageResultWithTools


class WrongOrder(ValueError):
    """Duties were put around each other in an order in which one of them cannot do its work."""


class Duty(ABC):
    """A callback that does something before and after it asks another.

    Args:
        inner: The callbacks that it may ask.

    Raises:
        TypeError: One is no callback.
        WrongOrder: A duty inside belongs outside, as `labkit.host.order` says.
    """

    asks_a_human: ClassVar[bool] = False
    seconds: float = inf
    """Seconds that the duty gives for an answer, or a human for a decision."""

    def __init__(self, *inner: SamplingFnT) -> None:
        for callback in inner:
            if isinstance(callback, type):
                name = callback.__name__
                raise TypeError(f"{name} is a class and no sampling callback: put brackets behind it, {name}()")
            if not callable(callback):
                raise TypeError(f"a {type(callback).__name__} is no sampling callback, and a duty stands around one")
        self.inner = inner
        for callback in inner:
            for duty in duties_in(callback):
                if wrong := disorder(self, duty):
                    raise WrongOrder(wrong)
        # An error is told with the name of the callback that was asked, and that is the student's.
        self.__name__ = name_of(inner[0]) if len(inner) == 1 else type(self).__name__

    @abstractmethod
    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """Answer `params`, or refuse."""

    async def ask(
        self, callback: SamplingFnT, context: ClientRequestContext, params: CreateMessageRequestParams
    ) -> Answer:
        """The answer of `callback`, one of `inner`; of an answerer with the dials that were turned further out.

        Raises:
            CallbackError: `callback` is a plain function, or returned no answer.
        """
        if isinstance(callback, Duty):
            return await callback(context, params)
        callback = turned_model(callback, turned_outside())
        for gate in reversed(_gates.get()):
            held = gate(params)
            if held is not None:
                return held
        witnesses = _witnesses.get()
        for witness in witnesses:
            witness.given_up()
            if witness.params is not None and witness.answer is not None:
                witness.earlier.append((witness.params, witness.answer))
            witness.asked, witness.params, witness.answer = True, params, None
            witness.asking, witness.was_told, witness.named = params, False, next(models_in(callback))
            witness.by = ""
        name = name_of(callback)
        try:
            with _around.get()(callback, params) as told:
                answer = answer_of(await awaitable(callback(context, params), name), name)
                told(answer)
        except Exception:
            for witness in witnesses:
                witness.asking, witness.by = None, MODEL
            raise
        for witness in witnesses:
            witness.asking = None
            if isinstance(answer, ErrorData):
                witness.by = MODEL
            else:
                witness.answer = answer
        return answer

    async def outcome(
        self, callback: SamplingFnT, context: ClientRequestContext, params: CreateMessageRequestParams
    ) -> Answer | Exception:
        """The answer of `callback`, or what it raised."""
        try:
            return await self.ask(callback, context, params)
        except Exception as error:  # noqa: BLE001 - `settled` raises it
            return error

    def around(self, callback: SamplingFnT) -> Self:
        """This duty with all that it knows, around another callback; what is under way goes on in this one."""
        other = copy(self)
        Duty.__init__(other, callback, *self.inner[1:])
        return other

    def models(self) -> Iterator[str]:
        """The names of the models that may answer; an empty text for a callback that does not tell."""
        for callback in self.inner:
            yield from models_in(callback)

    def __repr__(self) -> str:
        inner = (repr(callback) if isinstance(callback, Duty) else name_of(callback) for callback in self.inner)
        return f"{type(self).__name__}({', '.join(inner)})"


Failure = ErrorData | Exception


def settled(outcome: Answer | Exception) -> Answer:
    """`outcome` itself, if it is an answer; what was raised is raised again."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def words_of(failure: Failure) -> str:
    """What a failure says, in a sentence."""
    return failure.message if isinstance(failure, ErrorData) else sentence(failure)


def duties_in(callback: SamplingFnT) -> Iterator[Duty]:
    """`callback`, if it is a duty, and the duties inside it. What stands inside a function cannot be seen."""
    if isinstance(callback, Duty):
        yield callback
        for inner in callback.inner:
            yield from duties_in(inner)


def always_asks_a_human(callback: SamplingFnT) -> bool:
    """Whether an approval stands before everyone who may answer."""
    if not isinstance(callback, Duty):
        return False
    return callback.asks_a_human or all(map(always_asks_a_human, callback.inner))


def models_in(callback: SamplingFnT) -> Iterator[str]:
    """The names of the models that may answer, as far as the callbacks tell; an empty text for one that does not."""
    if isinstance(callback, Duty):
        yield from callback.models()
    else:
        names = (getattr(callback, told, None) for told in ("model", "name"))
        yield next((name for name in names if isinstance(name, str)), "")


@dataclass(slots=True)
class Witness:
    """What became of a request further in.

    Attributes:
        asked: Whether the request reached the answerer. A duty may have refused it before.
        params: The request as the answerer got it.
        answer: The answerer's own words. The person may have edited or withheld it since.
        named: The name that the answerer told before it was asked; empty where it tells none.
        earlier: What was asked and answered in tries before this one.
        asking: The request while the answerer is at work on it, also when it was cancelled or left to itself there.
        was_told: Whether the answerer has told of tokens meanwhile.
        lost: The requests that were given up while the answerer was at work on them and had told of no tokens.
        by: Who gave an error in the place of an answer last: `MODEL`, or who `refusal` names; empty after an answer.
    """

    asked: bool = False
    params: CreateMessageRequestParams | None = None
    answer: Result | None = None
    named: str = ""
    by: str = ""
    earlier: list[tuple[CreateMessageRequestParams, Result]] = field(default_factory=list[Any])

    asking: CreateMessageRequestParams | None = None
    was_told: bool = False
    lost: list[CreateMessageRequestParams] = field(default_factory=list[CreateMessageRequestParams])

    def given_up(self) -> list[CreateMessageRequestParams]:
        """What was lost so far, with what is being asked: nobody waits for that any more."""
        if self.asking is not None and not self.was_told:
            self.lost.append(self.asking)
        self.asking = None
        return self.lost

    def is_own(self, answer: Result) -> bool:
        """Whether `answer` says what the answerer said, and nobody has changed it since."""
        return self.answer is not None and self.answer.content == answer.content


def refusal(by: str, message: str, code: int = REFUSED, data: object = None) -> ErrorData:
    """An error in the place of an answer; the duties further out know by whom."""
    for witness in _witnesses.get():
        witness.by = by
    return ErrorData(code=code, message=message, data=data)


@contextmanager
def witnessing() -> Generator[Witness]:
    """Watch what becomes of the request that is asked inside the block."""
    witness = Witness()
    token = _witnesses.set((*_witnesses.get(), witness))
    try:
        yield witness
    finally:
        _witnesses.reset(token)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a rule found in a request. `must_ask` says that a human has to see it, whoever sent it."""

    rule: str
    text: str
    must_ask: bool = False


def remarks() -> tuple[Remark, ...]:
    """What was remarked on the request being answered."""
    return _remarks.get()


@contextmanager
def remarking(found: Iterable[Remark]) -> Generator[None]:
    """Add remarks for the duties that are asked inside the block."""
    token = _remarks.set((*_remarks.get(), *found))
    try:
        yield
    finally:
        _remarks.reset(token)


def turned_outside() -> Settings:
    """The dials that were turned further out."""
    return _turned.get()


@contextmanager
def turning(settings: Settings) -> Generator[None]:
    """Have those who are asked inside the block take the client's own dials of `settings`."""
    token = _turned.set(settings)
    try:
        yield
    finally:
        _turned.reset(token)


@contextmanager
def trying() -> Generator[None]:
    """Say that what is asked inside the block is another try at the same request."""
    token = _try.set(object())
    try:
        yield
    finally:
        _try.reset(token)


def this_try() -> object:
    """The try that is under way: another object for each, and `None` for the first."""
    return _try.get()


Around = Callable[[SamplingFnT, CreateMessageRequestParams], AbstractContextManager[Callable[[Answer], object]]]
"""Stands around an answerer each time that one is asked, and is told what it answered."""


@contextmanager
def surrounding(around: Around) -> Generator[None]:
    """Have `around` stand around each answerer that is asked inside the block, inside of what stands there already."""
    outer = _around.get()
    token = _around.set(around if outer is _alone else _both(outer, around))
    try:
        yield
    finally:
        _around.reset(token)


def _both(outer: Around, inner: Around) -> Around:
    @contextmanager
    def around(callback: SamplingFnT, params: CreateMessageRequestParams) -> Generator[Callable[[Answer], object]]:
        with outer(callback, params) as first, inner(callback, params) as second:

            def told(answer: Answer) -> None:
                second(answer)
                first(answer)

            yield told

    return around


def _alone(*_: object) -> AbstractContextManager[Callable[[Answer], object]]:
    return nullcontext(_unheard)


def _unheard(_: Answer) -> None:
    pass


Gate = Callable[[CreateMessageRequestParams], ErrorData | None]
"""Looks at a request in the moment in which it reaches the answerer, and may hold it back."""


@contextmanager
def gated(gate: Gate) -> Generator[None]:
    """Have `gate` look at what reaches the answerer inside the block: a human, or a duty, may have changed it."""
    token = _gates.set((*_gates.get(), gate))
    try:
        yield
    finally:
        _gates.reset(token)


Inspector = Callable[[Result], tuple[Answer, tuple[Remark, ...]]]
"""Looks at an answer: what becomes of it, and what is to be remarked on it."""


@contextmanager
def inspecting(inspector: Inspector) -> Generator[None]:
    """Have `inspector` look at an answer before a human inside the block reviews it."""
    token = _inspectors.set((*_inspectors.get(), inspector))
    try:
        yield
    finally:
        _inspectors.reset(token)


def inspected(answer: Result) -> tuple[Answer, tuple[Remark, ...]]:
    """What the rules further out make of an answer, and what they remark on it."""
    found: list[Remark] = []
    for inspector in reversed(_inspectors.get()):
        passed, remarked = inspector(answer)
        found += remarked
        if isinstance(passed, ErrorData):
            return passed, tuple(found)
        answer = passed
    return answer, tuple(found)


_turned: ContextVar[Settings] = ContextVar("labkit_turned", default=Settings())  # noqa: B039 - it is frozen
_try: ContextVar[object] = ContextVar("labkit_try", default=None)
_around: ContextVar[Around] = ContextVar("labkit_around", default=_alone)
_gates: ContextVar[tuple[Gate, ...]] = ContextVar("labkit_gates", default=())
_inspectors: ContextVar[tuple[Inspector, ...]] = ContextVar("labkit_inspectors", default=())
_witnesses: ContextVar[tuple[Witness, ...]] = ContextVar("labkit_witnesses", default=())
_remarks: ContextVar[tuple[Remark, ...]] = ContextVar("labkit_remarks", default=())
