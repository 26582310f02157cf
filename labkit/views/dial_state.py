"""`with_dials(callback, settings)`: a callback with its dials turned; `DialState`: dials that can be turned later."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mcp.client import ClientRequestContext
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.answering import Answer
from labkit.steps import report
from labkit.views.dial_readings import DialReading, read, turning
from labkit.views.dial_settings import Settings, turned_model, turned_request


def with_dials(callback: SamplingFnT, settings: Settings) -> SamplingFnT:
    """`callback` with its dials turned: a sampling callback round a sampling callback.

        Lab(server, sampling_callback=with_dials(TinyModel(), Settings(temperature=0.8, seed=7)))

    What was asked and what is used, dial by dial, goes into the flow as a step.

    Raises:
        TypeError: `callback` is none, or `settings` are no `Settings`.
    """
    _check_callback(callback)
    if not isinstance(settings, Settings):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f"{settings!r} tells no dials: write Settings(temperature=0.8)")

    async def turned(context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        _tell_of(read(callback, settings, params))
        return await turned_model(callback, settings)(context, turned_request(params, settings))

    return turned


def _check_callback(callback: object) -> None:
    if not callable(callback) or isinstance(callback, type):
        raise TypeError(f"{callback!r} is no sampling callback: give one, such as TinyModel()")


def _tell_of(readings: list[DialReading]) -> None:
    told = ", ".join(turning(reading) for reading in readings if reading.turned)
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
        self._listeners: list[Callable[[], object]] = []

    def turn(self, **dials: Any) -> None:
        """Turn some dials, by the names of `Settings`.

        Raises:
            ValueError: A dial cannot stand there. None is turned then.
        """
        settings = replace(self.settings, **dials)
        if settings != self.settings:
            self.settings = settings
            self._tell()

    def use(self, model: SamplingFnT) -> None:
        """Have another callback answer, with the dials as they stand."""
        self.model = model
        self._tell()

    def listen(self, listener: Callable[[], object]) -> None:
        """Have `listener()` called after every change, in the thread that makes it."""
        self._listeners.append(listener)

    def readings(self) -> list[DialReading]:
        """Every dial: what the last request asked, what is used for it, whether the model honours it."""
        return read(self.model, self.settings, self.request)

    async def callback(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The model with the dials as they stand at this moment: a sampling callback for a Lab or an `mcp.Client`."""
        self._heard(params)
        return await with_dials(self.model, self.settings)(context, params)

    def turned(self, params: CreateMessageRequestParams) -> CreateMessageRequestParams:
        """The request as the dials make it at this moment, for a host whose duties stand between dials and model.

        It is told as a step in the flow, as `callback` does; the client's own dials are still to be given to the model.
        """
        self._heard(params)
        _tell_of(self.readings())
        return turned_request(params, self.settings)

    def _heard(self, params: CreateMessageRequestParams) -> None:
        self.request = params
        with suppress(Exception):  # a panel that cannot be drawn must not stop the call that it shows
            self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
