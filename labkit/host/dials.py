"""`with_dials(callback, settings)`: a callback with its dials turned; `DialState`: dials that can be turned later.

Which dials there are says the table of dials (`labkit/dial_table.py`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

from mcp.client import ClientRequestContext
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.dial_table import DIAL, DIALS, OWN, Dialled, Honour, Settings, honouring, turned_request
from labkit.host.duty import Duty, turned_outside, turning
from labkit.plain import marked, short
from labkit.steps import HostStep, overhearing, report

MEANING: dict[Honour, str] = {
    "yes": "The model takes it into account.",
    "must": "The client must respect what the server asked; the specification leaves no choice.",
    "no": "The model does not take it: it is left out or ignored.",
    "sent on": "It is sent to the server that runs the model, and is up to it.",
    "not told": "The callback is not one of the kit's models, and says nothing about it.",
}

_UNTOLD: Mapping[str, Honour] = {**honouring("not told", max_tokens="must"), **dict.fromkeys(OWN, "no")}
"""Of a callback that tells nothing: the client's own dials have no way to it."""


def with_dials(callback: SamplingFnT, settings: Settings) -> "Dials":
    """`callback` with its dials turned: a sampling callback around a sampling callback.

        Lab(server, sampling_callback=with_dials(TinyModel(), Settings(temperature=0.8, seed=7)))

    The dials reach whoever answers in the end, through all duties; a function that asks a model itself hands on what
    the request has fields for. Of two `with_dials` around each other the outer one's word counts, dial by dial. What
    was asked, what is used and what is not taken goes into the flow as a step.

    Raises:
        TypeError: `callback` is none, or `settings` are no `Settings`.
    """
    _check_callback(callback)
    if not isinstance(settings, Settings):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f"{settings!r} tells no dials: write Settings(temperature=0.8)")
    return Dials(callback, settings)


class Dials(Duty):
    """What `with_dials` makes."""

    def __init__(self, callback: SamplingFnT, settings: Settings) -> None:
        super().__init__(callback)
        self.settings = settings

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback with its dials turned."""
        mine, together = self.within(turned_outside())
        _tell_of(read(self.inner[0], mine, params))
        with turning(together):
            return await self.ask(self.inner[0], context, turned_request(params, mine))

    def within(self, outer: Settings) -> tuple[Settings, Settings]:
        """The dials that are left to this duty where `outer` were turned further out, and all of them together."""
        told = {dial.name: value for dial in DIALS if (value := getattr(outer, dial.name)) is not None}
        return replace(self.settings, **dict.fromkeys(told)), replace(self.settings, **told)


def defaults(callback: SamplingFnT) -> Mapping[str, Any]:
    """Where the dials of who answers in the end stand that nobody turns, as far as one tells."""
    who = [*answerers_in(callback)]
    return who[0].defaults if len(who) == 1 and isinstance(who[0], Dialled) else {}


def answerers_in(callback: SamplingFnT) -> Iterator[SamplingFnT]:
    """Who may answer in the end, through all duties and panels. What stands inside a function cannot be seen."""
    state = getattr(callback, "__self__", None)
    inner = callback.inner if isinstance(callback, Duty) else (state.model,) if isinstance(state, DialState) else ()
    if not inner:
        yield callback
    for each in inner:
        yield from answerers_in(each)


def _honoured(callback: SamplingFnT) -> Mapping[str, Honour]:
    """What becomes of each dial; where several may answer, and not all make the same of one, that is not told."""
    told = [who.honours if isinstance(who, Dialled) else _UNTOLD for who in answerers_in(callback)]
    return {name: word if all(each[name] == word for each in told) else "not told" for name, word in told[0].items()}


@dataclass(frozen=True, slots=True)
class DialReading:
    """One dial for one request: what the server asked, what the client uses, whether the model honours it.

    `turned` tells whether the client uses something else than was asked, by its dial.
    """

    dial: str
    asked: Any
    used: Any
    honoured: Honour
    turned: bool
    clamp: str = ""
    """What the provider's API takes, in words, where that is not what is used."""

    @property
    def title(self) -> str:
        """The dial's name where it is shown."""
        return DIAL[self.dial].title

    @property
    def in_vain(self) -> bool:
        """Whether the dial is turned and the answer is the same as if it were not."""
        return self.turned and self.honoured == "no"

    def __str__(self) -> str:
        """`temperature 0.8 for 0.2`; of the system prompt only that it is another."""
        if self.dial == "system_prompt":
            return "a system prompt of the client's own"
        asked = "" if self.asked is None else f" for {in_words(self.dial, self.asked)}"
        return f"{self.title} {in_words(self.dial, self.used)}{asked}"


def read(callback: SamplingFnT, settings: Settings, params: CreateMessageRequestParams | None) -> list[DialReading]:
    """Every dial, for a request or, where there was none yet, as far as it is known without."""
    own = defaults(callback)
    honoured, [first, *more] = _honoured(callback), answerers_in(callback)
    handed_on = turned_request(params, settings) if params is not None else settings
    readings: list[DialReading] = []
    for dial in DIALS:
        wish = getattr(settings, dial.name)
        asked = getattr(params, dial.name) if params is not None and dial.asked else None
        used = getattr(handed_on, dial.name) if dial.asked else wish
        # An empty list of stop sequences and an empty system prompt ask for as much as none.
        asked, used = (None if value in ([], (), "") else value for value in (asked, used))
        turned = wish is not None and used != asked
        used = own.get(dial.name) if used is None else used
        clamp = dial.clamp("" if more else getattr(first, "api", ""), used)
        readings.append(DialReading(dial.name, asked, used, honoured[dial.name], turned, clamp))
    return readings


def as_told(readings: Sequence[DialReading], step: HostStep) -> list[DialReading]:
    """`readings` with what a model tells that it uses as it is asked: a callback may ask it for something else."""
    if (step.source, step.target) != ("callback", "model"):
        return [*readings]
    dials: object = step.data.get("dials")
    told = {**cast("dict[str, object]", dials), **step.data} if isinstance(dials, dict) else step.data
    return [_as_told(reading, told.get(reading.dial)) for reading in readings]


def _as_told(reading: DialReading, used: object) -> DialReading:
    if isinstance(used, bool) or not isinstance(used, int | float) or used == reading.used:
        return reading
    return replace(reading, used=used, turned=reading.turned or reading.used is not None, clamp="")


def in_words(dial: str, value: Any) -> str:
    """Where a dial stands, on one short line: `0.8`, `off`, `END`, and `–` for nothing."""
    if value is None:
        return "–"
    if DIAL[dial].is_off(value):
        return "off"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else f"{value:,}" if dial == "max_tokens" else str(value)
    if isinstance(value, str):
        return short(value, 300)
    return short(" or ".join(marked(text) for text in value), 300)


def _check_callback(callback: object) -> None:
    if not callable(callback) or isinstance(callback, type):
        raise TypeError(f"{callback!r} is no sampling callback: give one, such as TinyModel()")


def _tell_of(readings: list[DialReading]) -> None:
    told = ", ".join(f"{reading}{' (not taken)' * reading.in_vain}" for reading in readings if reading.turned)
    report(
        f"dials: {told or 'all as asked'}",
        source="client",
        dials={
            reading.dial: {"asked": reading.asked, "used": reading.used, "honoured": reading.honoured}
            for reading in readings
        },
    )


class DialState:
    """The dials of one panel. They may be turned at any time, also while a request is being answered.

        state = DialState(TinyModel())
        lab = Lab(server, sampling_callback=state.callback)
        state.turn(temperature=1.5)  # holds from the next sample on

    Args:
        model: The callback whose dials these are.
        settings: Where they stand at first.
        request: What the server is taken to ask before it has asked anything.

    Raises:
        TypeError: `model` is no callback.
    """

    def __init__(
        self,
        model: SamplingFnT,
        settings: Settings | None = None,
        request: CreateMessageRequestParams | None = None,
    ) -> None:
        _check_callback(model)
        self.model = model
        self.settings = settings or Settings()
        self.request = request
        self._told: dict[str, Any] = {}
        """What is used in truth for the last request, by dial, where a callback asked its model for something else."""
        self._listeners: list[Callable[[], object]] = []

    def turn(self, **dials: Any) -> None:
        """Turn some dials, by the names of `Settings`.

        Raises:
            ValueError: A dial cannot stand there. None is turned then.
        """
        settings = replace(self.settings, **dials)
        if settings != self.settings:
            self.settings = settings
            self._told = {name: used for name, used in self._told.items() if name not in dials}
            self._tell()

    def use(self, model: SamplingFnT) -> None:
        """Have another callback answer, with the dials as they stand."""
        self._told = self._told if model is self.model else {}
        self.model = model
        self._tell()

    def listen(self, listener: Callable[[], object]) -> None:
        """Have `listener()` called after every change, in the thread that makes it."""
        self._listeners.append(listener)

    def readings(self) -> list[DialReading]:
        """Every dial: what the last request asked, what is used for it, whether the model honours it."""
        readings = read(self.model, self.settings, self.request)
        return [_as_told(reading, self._told.get(reading.dial)) for reading in readings]

    async def callback(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The model with the dials as they stand at this moment: a sampling callback for a Lab or an `mcp.Client`."""
        self._heard(params)
        with overhearing(self.hear):
            return await with_dials(self.model, self.settings)(context, params)

    def turned(self, params: CreateMessageRequestParams) -> CreateMessageRequestParams:
        """The request as the dials make it at this moment, for a host whose duties stand between dials and model.

        It is told as a step in the flow, as `callback` does; the client's own dials are still to be given to the model.
        """
        self._heard(params)
        _tell_of(self.readings())
        return turned_request(params, self.settings)

    def hear(self, step: HostStep) -> None:
        """Take what a model tells that it uses for the request, where that is not what was handed on."""
        readings = read(self.model, self.settings, self.request)
        told = {now.dial: now.used for now, was in zip(as_told(readings, step), readings, strict=True) if now != was}
        if told and told != self._told:
            self._told = told
            with suppress(Exception):
                self._tell()

    def _heard(self, params: CreateMessageRequestParams) -> None:
        self.request, self._told = params, {}
        with suppress(Exception):  # a panel that cannot be drawn must not stop the call that it shows
            self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
