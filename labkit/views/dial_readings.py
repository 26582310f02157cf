"""What each dial reads for a request: what the server asked, what the client uses, whether the model honours it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.diagram import short
from labkit.models.catalog import catalog
from labkit.models.claude import CURRENT, Claude
from labkit.models.gguf import GGUF
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.scripted import Scripted
from labkit.models.tiny import TinyModel
from labkit.views.dial_settings import DIALS, OWN, Dial, Settings, turned_request
from labkit.views.token_words import marked

Honour = Literal["yes", "must", "no", "sent on", "not told"]

MEANING: dict[Honour, str] = {
    "yes": "The model takes it into account.",
    "must": "The client must respect what the server asked; the specification leaves no choice.",
    "no": "The model does not take it: it is left out or ignored.",
    "sent on": "It is sent to the server that runs the model, and is up to it.",
    "not told": "The callback is not one of the kit's models, and says nothing about it.",
}


@dataclass(frozen=True, slots=True)
class DialReading:
    """One dial for one request. `turned` tells whether the client uses something else than was asked, by its dial."""

    dial: Dial
    asked: Any
    used: Any
    honoured: Honour
    turned: bool


def read(callback: SamplingFnT, settings: Settings, params: CreateMessageRequestParams | None) -> list[DialReading]:
    """Every dial, for a request or, where there was none yet, as far as it is known without."""
    own, honoured = defaults(callback), honours(callback)
    handed_on = turned_request(params, settings) if params is not None else settings
    readings: list[DialReading] = []
    for dial in DIALS:
        wish = getattr(settings, dial)
        asked = getattr(params, dial) if params is not None and dial not in OWN else None
        used = wish if dial in OWN else getattr(handed_on, dial)
        # An empty list of stop sequences and an empty system prompt ask for as much as none.
        asked, used = (None if value in ([], (), "") else value for value in (asked, used))
        turned = wish is not None and used != asked
        readings.append(DialReading(dial, asked, own.get(dial) if used is None else used, honoured[dial], turned))
    return readings


def defaults(callback: SamplingFnT) -> Mapping[str, Any]:
    """What a model does where nobody says anything, as far as it tells."""
    if isinstance(callback, TinyModel):
        dials = callback.dials
        return {"temperature": dials.temperature, "top_p": dials.top_p, "top_k": dials.top_k, "seed": callback.seed}
    if isinstance(callback, Claude | OpenAICompatible | GGUF):
        return callback.dials
    return {}


def honours(callback: SamplingFnT) -> dict[Dial, Honour]:
    """Whether a model honours each dial: by its own declaration, for Claude by the catalogue's.

    Of a callback that is none of the kit's models nothing is known, and the client's own dials have no way to it.
    """
    if isinstance(callback, TinyModel | GGUF):
        return _all("yes", {"max_tokens": "must"})
    if isinstance(callback, Claude):
        known = catalog().find(callback.model)
        accepts = known.accepts if known else CURRENT
        told: dict[Dial, Honour] = {"max_tokens": "must", "seed": "no"}  # the Messages API has no field for a seed
        told["temperature"] = "yes" if accepts.temperature else "no"
        told["top_p"] = "yes" if accepts.top_p else "no"
        told["top_k"] = "yes" if accepts.top_k else "no"
        return _all("yes", told)
    if isinstance(callback, OpenAICompatible):
        return _all("sent on", {"max_tokens": "must"})
    if isinstance(callback, Scripted):
        return _all("no", {})
    return _all("not told", {"max_tokens": "must", "top_p": "no", "top_k": "no", "seed": "no"})


def _all(word: Honour, others: Mapping[Dial, Honour]) -> dict[Dial, Honour]:
    return {dial: others.get(dial, word) for dial in DIALS}


def name_of(dial: Dial) -> str:
    """How a dial is called where it is shown: `max tokens`, `top-p`, `stop`."""
    return {"max_tokens": "max tokens", "top_p": "top-p", "top_k": "top-k", "stop_sequences": "stop"}.get(
        dial, dial.replace("_", " ")
    )


def in_words(dial: Dial, value: Any) -> str:
    """Where a dial stands, on one short line: `0.8`, `off`, `END`, and `–` for nothing."""
    if value is None:
        return "–"
    if (dial == "top_p" and value == 1) or (dial == "top_k" and value == 0):
        return "off"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else f"{value:,}" if dial == "max_tokens" else str(value)
    if isinstance(value, str):
        return short(value, 300)
    return short(" or ".join(marked(text) for text in value), 300)


def turning(reading: DialReading) -> str:
    """`temperature 0.8 for 0.2`; of the system prompt only that it is another."""
    if reading.dial == "system_prompt":
        return "a system prompt of the client's own"
    asked = "" if reading.asked is None else f" for {in_words(reading.dial, reading.asked)}"
    return f"{name_of(reading.dial)} {in_words(reading.dial, reading.used)}{asked}"
