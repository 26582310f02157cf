"""The dials on a page: what the browser sends is turned into settings, what is read of them is sent to the browser."""

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets
from mcp.client.session import SamplingFnT

from labkit import answering
from labkit.diagram import short
from labkit.models.gguf import GGUF
from labkit.models.scripted import text_of
from labkit.models.tiny import TinyModel
from labkit.views.dial_readings import MEANING, DialReading, defaults, in_words, name_of
from labkit.views.dial_settings import Dial, Settings
from labkit.views.dial_state import DialState
from labkit.views.page import read_parts
from labkit.views.token_words import TINY

TEMPERATURES = (0.0, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0)
TOP_P = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
TOP_K = (1, 2, 3, 5, 10, 20, 40, 100)
MOST_TOKENS = 400
"""Where the dial for max tokens ends before a server has asked anything."""


class DialPanel(anywidget.AnyWidget):
    """What `dials` makes. Every dial is described, works from the keyboard, and says in words where it stands.

    Args:
        state: The dials themselves; also `panel.state`.
        code: Tells the same in plain code, where there is such.
    """

    # Not ipywidgets' sliders: their handles have no name that a screen reader could say, and tell a number in the list
    # of steps instead of the step.
    _esm = read_parts("page.js", "dials.js")
    _css = read_parts("page.css", "dials.css")

    wishes = traitlets.Dict().tag(sync=True)
    """Where the reader has put the dials: written by the browser, and here only when code turns a dial."""

    readings = traitlets.List().tag(sync=True)
    steps = traitlets.Dict().tag(sync=True)
    limit = traitlets.Int().tag(sync=True)
    badges = traitlets.List().tag(sync=True)
    prompt = traitlets.Unicode().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    fault = traitlets.Unicode().tag(sync=True)

    def __init__(self, state: DialState, code: Callable[[], str] | None = None) -> None:
        self.state = state
        self._tell_code = code
        super().__init__(wishes=_wishes(state.settings), badges=_badges(state.model), **self._read())
        state.listen(self._turned)
        self.observe(self._wished, "wishes")

    @property
    def callback(self) -> SamplingFnT:
        """A sampling callback for a Lab or an `mcp.Client`: the model with the dials as they stand when it is asked."""
        return self.state.callback

    def _wished(self, change: Any) -> None:
        """A dial has moved on the page. What code has turned, or what no one moved, is left as it stands."""
        stands = _wishes(self.state.settings)
        moved = {
            name: wish
            for name, wish in change["new"].items()
            if wish != change["old"].get(name) and not (name in stands and wish == stands[name])
        }
        self.fault = ""
        try:
            self.state.turn(**{name: _setting(name, wish) for name, wish in moved.items()})
        except (TypeError, ValueError) as error:
            self.fault = f"Not used: {error}."

    def _turned(self) -> None:
        """A dial was turned, or a request has come: in the thread in which that happens."""
        wishes = _wishes(self.state.settings)
        if wishes != self.wishes:
            self.wishes = wishes
        for name, value in self._read().items():
            setattr(self, name, value)

    def _read(self) -> dict[str, Any]:
        """Everything that is told to the browser."""
        settings, request = self.state.settings, self.state.request
        limit = request.max_tokens if request else MOST_TOKENS
        return {
            "readings": [_row(reading) for reading in self.state.readings()],
            "steps": _steps(self.state.model, settings),
            "limit": max(1, limit, (settings.insist and settings.max_tokens) or 0),
            "prompt": short(" ".join(text_of(request.messages[-1]).split()), 160) if request else "",
            "code": self._tell_code() if self._tell_code else "",
        }

    def __repr__(self) -> str:
        turned = [
            reading for reading in self.state.readings() if getattr(self.state.settings, reading.dial) is not None
        ]
        told = ", ".join(f"{name_of(reading.dial)} {in_words(reading.dial, reading.used)}" for reading in turned)
        return f"<DialPanel {short(told, 80) or 'as asked'}>"

    def __str__(self) -> str:
        rows = [("", "asked", "used", "honoured")]
        for reading in self.state.readings():
            asked, used = (short(in_words(reading.dial, value), 30) for value in (reading.asked, reading.used))
            rows.append((name_of(reading.dial), asked, used, reading.honoured))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_()
        if bundle is not None:
            bundle[0]["text/plain"] = str(self)
        return bundle


def _row(reading: DialReading) -> list[Any]:
    """In the order that dials.js reads."""
    asked, used = (in_words(reading.dial, value) for value in (reading.asked, reading.used))
    name, meaning = name_of(reading.dial), MEANING[reading.honoured]
    return [reading.dial, name, asked, used, reading.honoured, meaning, reading.turned]


def _wishes(settings: Settings) -> dict[str, Any]:
    """Settings as the controls of a page hold them: one line for the stop sequence, its newlines written as `\\n`."""
    stop = settings.stop_sequences[0] if settings.stop_sequences else ""
    return {
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "top_p": settings.top_p,
        "top_k": settings.top_k,
        "stop_sequences": stop.replace("\n", "\\n").replace("\t", "\\t"),
        "seed": settings.seed,
        "system_prompt": settings.system_prompt or "",
    }


def _setting(name: str, wish: Any) -> Any:
    """What a control says, as `Settings` have it.

    Raises:
        ValueError: It is no number where one is needed.
    """
    if name == "stop_sequences":
        return (wish.replace("\\n", "\n").replace("\\t", "\t"),) if wish else None
    if name == "system_prompt":
        return wish or None
    if wish is None:
        return None
    if isinstance(wish, bool) or not isinstance(wish, int | float):
        raise ValueError(f"{wish!r} is no number")
    if name in ("temperature", "top_p"):
        return float(wish)
    if wish != int(wish):
        raise ValueError(f"{wish:g} is no whole number")
    return int(wish)


def _steps(model: SamplingFnT, settings: Settings) -> dict[str, list[list[Any]]]:
    """Where each slider may stand, from left to right: the wish, and the words for it."""
    heat = sorted({*TEMPERATURES, *([] if settings.temperature is None else [settings.temperature])})
    steps: dict[str, list[list[Any]]] = {"temperature": [[None, "as asked"], *([step, f"{step:g}"] for step in heat)]}
    shares: tuple[tuple[Dial, Sequence[float], float], ...] = (("top_p", TOP_P, 1.0), ("top_k", TOP_K, 0))
    for dial, values, off in shares:
        own, wish = defaults(model).get(dial), getattr(settings, dial)
        places = sorted({*values, *([] if wish in (None, off) else [wish])})
        ends: list[list[Any]] = [[None, "off"]]
        if own not in (None, off):
            ends = [[off, "off"], [None, f"the model's own, {own:g}"]]
        elif wish == off:
            ends = [[off, "off"]]
        steps[dial] = [*([place, f"{place:g}"] for place in places), *ends]
    return steps


def _badges(model: SamplingFnT) -> list[list[str]]:
    if isinstance(model, TinyModel):
        return [[TINY.kind, TINY.text, TINY.title]]
    named = model.name if isinstance(model, GGUF) else getattr(model, "model", None)
    named = named or answering.name_of(model)
    return [["model", short(str(named), 40), "The callback whose dials these are"]]
