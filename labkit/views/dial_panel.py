"""The dials on a page: what the browser sends becomes settings, and the readings of these are sent to the browser."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import anywidget
import traitlets
from mcp.client.session import SamplingFnT

from labkit.callbacks import name_of
from labkit.dial_table import DIAL, DIALS, Dial, Settings
from labkit.host.dials import MEANING, DialReading, DialState, defaults, in_words
from labkit.models.scripted import text_of
from labkit.models.token_words import badge_of
from labkit.plain import short
from labkit.views.page import read_parts
from labkit.views.placed import Placed

MOST_TOKENS = 400
"""The end of the dial for max tokens before a server has asked anything."""


def _control(dial: Dial) -> str:
    """The control that a dial has on the page."""
    if dial.marks:
        return "steps"
    return {"texts": "text", "text": "area", "whole": "limit" if dial.asked else "number", "number": "number"}[
        dial.kind
    ]


class DialPanel(Placed, anywidget.AnyWidget):
    """The panel of `dials`. Every dial is described, works from the keyboard, and says in words where it stands.

    Args:
        state: The dials themselves; also `panel.state`.
        code: Returns what the panel does as plain code, where there is such code.
    """

    # Not ipywidgets' sliders: their handles have no name that a screen reader could say, and tell a number in the list
    # of steps instead of the step.
    _esm = read_parts("page.js", "dials.js")
    _css = read_parts("page.css", "dials.css")

    wishes = traitlets.Dict().tag(sync=True)
    """The places to which the reader has turned the dials: written by the browser, and here when code turns a dial."""

    readings = traitlets.List().tag(sync=True)
    steps = traitlets.Dict().tag(sync=True)
    limit = traitlets.Int().tag(sync=True)
    badges = traitlets.List().tag(sync=True)
    controls = traitlets.List([[dial.name, dial.title, dial.what, _control(dial)] for dial in DIALS]).tag(sync=True)
    prompt = traitlets.Unicode().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    fault = traitlets.Unicode().tag(sync=True)
    wrong = traitlets.Dict().tag(sync=True)
    """What is wrong with a wish that is therefore not used, by the dial."""

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
        """Take over what has moved on the page. Dials that code has turned, or no one moved, are left as they stand."""
        stands = _wishes(self.state.settings)
        moved = {
            name: wish
            for name, wish in change["new"].items()
            if wish != change["old"].get(name) and not (name in stands and wish == stands[name])
        }
        wrong: dict[str, str] = {}
        settings: dict[str, Any] = {}
        for name, wish in moved.items():
            try:
                replace(self.state.settings, **{name: (setting := _setting(DIAL[name], wish))})
                settings[name] = setting
            except (KeyError, TypeError, ValueError) as error:
                wrong[name] = f"Not used: {error}."
        self.fault = ""
        self.state.turn(**settings)
        kept = {} if settings else {name: each for name, each in self.wrong.items() if name not in moved}
        self.wrong = kept | wrong

    def _turned(self) -> None:
        """Take a turned dial or a new request into account, in the thread in which that happens."""
        wishes = _wishes(self.state.settings)
        if wishes != self.wishes:
            self.wishes = wishes
        for name, value in self._read().items():
            setattr(self, name, value)

    def _read(self) -> dict[str, Any]:
        """The readings of all dials, with everything that is told to the browser."""
        settings, request = self.state.settings, self.state.request
        limit = request.max_tokens if request else MOST_TOKENS
        usual, readings = defaults(self.state.model), self.state.readings()
        return {
            "readings": [_row(reading) for reading in readings],
            "steps": {reading.dial: _scale(DIAL[reading.dial], settings, usual, reading) for reading in readings},
            "limit": max(1, limit, (settings.insist and settings.max_tokens) or 0),
            "prompt": short(" ".join(text_of(request.messages[-1]).split()), 160) if request else "",
            "code": self._tell_code() if self._tell_code else "",
        }

    def __repr__(self) -> str:
        turned = [
            reading for reading in self.state.readings() if getattr(self.state.settings, reading.dial) is not None
        ]
        told = ", ".join(f"{reading.title} {in_words(reading.dial, reading.used)}" for reading in turned)
        return f"<DialPanel {short(told, 80) or 'as asked'}>"

    def __str__(self) -> str:
        rows = [("", "asked", "used", "honoured")]
        for reading in self.state.readings():
            asked, used = (short(in_words(reading.dial, value), 30) for value in (reading.asked, reading.used))
            rows.append((reading.title, asked, used, reading.honoured))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)


def _row(reading: DialReading) -> list[Any]:
    """The row of a dial, in the order that dials.js reads."""
    asked, used = (in_words(reading.dial, value) for value in (reading.asked, reading.used))
    used += f" ({reading.clamp})" if reading.clamp else ""
    return [reading.dial, asked, used, reading.honoured, MEANING[reading.honoured], reading.turned]


def _wishes(settings: Settings) -> dict[str, Any]:
    """Settings as the controls of a page hold them: one line for the stop sequence, with newlines written as `\\n`."""
    return {dial.name: _wish(dial, getattr(settings, dial.name)) for dial in DIALS}


def _wish(dial: Dial, setting: Any) -> Any:
    if dial.kind == "texts":
        return setting[0].replace("\n", "\\n").replace("\t", "\\t") if setting else ""
    return setting or "" if dial.kind == "text" else setting


def _setting(dial: Dial, wish: Any) -> Any:
    """The value of a control, as `Settings` have it.

    Raises:
        ValueError: `wish` is no number where one is needed.
    """
    if dial.kind == "texts":
        return (wish.replace("\\n", "\n").replace("\\t", "\t"),) if wish else None
    if dial.kind == "text":
        return wish or None
    if wish is None:
        return None
    if isinstance(wish, bool) or not isinstance(wish, int | float):
        raise ValueError(f"{wish!r} is no number")
    if dial.kind == "number":
        return float(wish)
    if wish != int(wish):
        raise ValueError(f"{wish:g} is no whole number")
    return int(wish)


def _scale(dial: Dial, settings: Settings, usual: Mapping[str, Any], reading: DialReading) -> dict[str, Any]:
    """The scale of one dial: its marks with their words, where an unturned one stands, and the words for that.

    What is set or used and no mark has a place of its own among them.
    """
    unturned = usual.get(dial.name)
    words = "as asked" if dial.asked else f"its own, {in_words(dial.name, unturned)}"
    if not dial.asked and (unturned is None or dial.is_off(unturned)):
        words = "off" if dial.marks else "its own"
    if not dial.marks:
        return {"words": words}
    marks, stands = list(dial.marks), reading.used if reading.used is not None else dial.off
    for value in (getattr(settings, dial.name), stands):
        if isinstance(value, int | float) and value not in marks:
            end = len(marks) - dial.is_off(marks[-1])
            marks.insert(next((i for i, mark in enumerate(marks) if mark > value), end), value)
    told = [[mark, "off" if dial.is_off(mark) else f"{mark:g}"] for mark in marks]
    return {"marks": told, "at": marks.index(stands) if stands in marks else 0, "words": words}


def _badges(model: SamplingFnT) -> list[list[str]]:
    badge = badge_of(model)
    if badge is not None:
        return [[badge.kind, badge.text, badge.title]]
    named = getattr(model, "name", None) or getattr(model, "model", None) or name_of(model)
    return [["model", short(str(named), 40), "The callback whose dials these are"]]
