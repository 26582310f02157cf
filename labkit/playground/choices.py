"""`Choices`: all that is chosen in a playground, and the form of that as JSON, which holds no key and no code."""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from numbers import Integral, Real
from typing import Any, Literal, Self, cast
from urllib.parse import urlsplit

from mcp import StdioServerParameters
from pydantic import BaseModel, ConfigDict, SkipValidation, field_validator

from labkit.dial_table import Settings as Dials
from labkit.models.answerers import ANSWERERS, usual_settings
from labkit.playground.duties import checked
from labkit.playground.sources import BoxServer, Source, Transport, transports_of, url_of
from labkit.secret_forms import find_secrets

Wires = Literal["2025-11-25", "2026-07-28", "both"]
MOST = 10**9
"""The largest number that is taken from a file."""

DEEPEST = 12
"""How many lists and objects inside one another are taken from a file: more than a form has."""


class Choices(BaseModel):
    """All that is chosen, but no key, and no code of an own callback or server."""

    model_config = ConfigDict(strict=True, frozen=True, arbitrary_types_allowed=True)

    source: SkipValidation[Source]
    transport: Transport
    wires: Wires
    tool: str
    typed: dict[str, Any]
    who: str
    settings: dict[str, str]
    dials: Dials
    duties: dict[str, dict[str, Any]]
    """The duties that are on, and what is set about each."""

    @field_validator("who")
    @classmethod
    def _is_known(cls, who: str) -> str:
        if who not in ANSWERERS:
            raise ValueError(f"nobody is called {who!r}")
        return who

    @field_validator("settings")
    @classmethod
    def _can_be_set(cls, told: dict[str, str]) -> dict[str, str]:
        usual = usual_settings()
        if unknown := set(told) - set(usual):
            raise ValueError(f"what is {', '.join(map(repr, unknown))}?")
        settings = {**usual, **told}
        for row in ANSWERERS.values():
            if row.settings:
                row.make(settings)
        return settings

    @field_validator("duties")
    @classmethod
    def _can_be_held(cls, duties: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return checked(duties)

    def but(self, **others: Any) -> Self:
        """The same with other values, which nobody looks at."""
        return self.model_copy(update=others)


# To JSON


def to_json(choices: Choices, given: Source | None, keys: Sequence[str]) -> dict[str, Any]:
    """`choices` as they are kept. Whatever holds a key, or looks like a secret, is left out and named in `left_out`.

    Args:
        choices: What is chosen.
        given: The server that the playground was given in code; all that is kept is that it was chosen.
        keys: The keys that must not be kept.
    """
    out: list[str] = []
    told = {
        "server": _server(choices.source, given, keys, out),
        "transport": choices.transport,
        "wires": choices.wires,
        "tool": choices.tool,
        "typed": choices.typed,
        "who": choices.who,
        "settings": dict(choices.settings),
        "dials": {field.name: getattr(choices.dials, field.name) for field in fields(Dials)},
        "duties": {name: dict(values) for name, values in choices.duties.items()},
    }
    kept: dict[str, Any] = {}
    for name, value in told.items():
        clean = _clean(value, name, keys, out)
        if clean is not _SECRET:
            kept[name] = clean
    if find_secrets(json.dumps(kept)):  # a secret that only shows where two texts meet
        return {"left_out": [*kept]}
    return {**kept, "left_out": sorted(set(out))}


_SECRET = object()


def _clean(value: Any, name: str, keys: Sequence[str], out: list[str]) -> Any:
    if isinstance(value, str):
        if not is_secret(value, name, keys):
            return value
        out.append("text")
        return _SECRET
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        cleaned = {key: _clean(each, key, keys, out) for key, each in inner.items() if not is_secret(key, "", keys)}
        return {key: each for key, each in cleaned.items() if each is not _SECRET}
    if isinstance(value, list | tuple):
        cleaned_list = [_clean(each, name, keys, out) for each in cast("Sequence[Any]", value)]
        return ["" if each is _SECRET else each for each in cleaned_list]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Real):  # a number of whatever library
        return int(value) if isinstance(value, Integral) else float(value)
    return _SECRET


def is_secret(text: str, name: str = "", keys: Sequence[str] = ()) -> bool:
    """Whether `text` holds one of `keys`, or what is taken for a secret by its form; `name` is the field's name."""
    return bool(find_secrets(text, name)) or any(key in text for key in keys)


def text_of(source: Source, keys: Sequence[str] = ()) -> str:
    """A command or an address as it was typed; empty for an object, and where a key may be in the text."""
    if isinstance(source, str):
        parts = urlsplit(source)
        return "" if parts.query or parts.fragment or "@" in parts.netloc or is_secret(source, "", keys) else source
    if not isinstance(source, StdioServerParameters) or source.env or source.cwd:
        return ""
    words = [source.command, *source.args]
    text = " ".join(f'"{word}"' if " " in word else word for word in words) if os.name == "nt" else shlex.join(words)
    options = (word.lstrip("-") for word in words)
    behind = any(is_secret(word, option) for option, word in zip(options, words[1:], strict=False))
    return "" if behind or is_secret(" ".join(words), "", keys) else text


def _server(source: Source, given: Source | None, keys: Sequence[str], out: list[str]) -> dict[str, Any]:
    if isinstance(source, BoxServer):
        return {"box": source.id}
    if source is given:
        return {"given": True}
    if not text_of(source, keys):
        out.append("server")
        return {}
    if isinstance(source, str):
        return {"url": source}
    return {"command": [source.command, *source.args]} if isinstance(source, StdioServerParameters) else {}


# From JSON


def from_json(
    told: Mapping[str, Any], first: Choices, servers: Mapping[str, BoxServer], given: Source | None
) -> Choices:
    """The choices in a file, over `first` for what the file leaves open. A server that is given in code stays as it is.

    Raises:
        ValueError: Something in the file cannot be so. Nothing of the file is to be used then.
    """
    checked_json(told)
    source = _source(told.get("server", {}), first, servers, given)
    left_open = {name: getattr(first, name) for name in Choices.model_fields}
    dials = _Dials.model_validate_json(json.dumps({"dials": told.get("dials", {})})).dials
    if unknown := set(told.get("dials", {})) - {each.name for each in fields(Dials)}:
        raise ValueError(f"there are no dials {', '.join(unknown)}")
    dials = replace(dials, stop_sequences=tuple(filter(None, dials.stop_sequences or ())) or None)
    known = {name: value for name, value in told.items() if name in left_open}
    chosen = Choices.model_validate({**left_open, **known, "source": source, "dials": dials})
    ways = transports_of(source)
    return chosen if chosen.transport in ways else chosen.but(transport=ways[0])


class _Dials(BaseModel):
    """The dials of a file, as JSON has them: a list is no tuple there."""

    model_config = ConfigDict(strict=True)

    dials: Dials


def checked_json(value: Any, deepest: int = DEEPEST, most: float = MOST) -> None:
    """Let through what a page and a message can carry.

    Raises:
        ValueError: A number is larger than `most`, a text cannot be encoded, or more than `deepest` lists and objects
            stand inside one another.
    """
    if deepest < 0:
        raise ValueError("it is nested too deeply")
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is a ValueError
    elif isinstance(value, int | float) and not -most <= value <= most:
        raise ValueError("a number is too large")
    elif isinstance(value, Mapping):
        for key, each in cast("Mapping[str, Any]", value).items():
            checked_json(key, deepest, most)
            checked_json(each, deepest - 1, most)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            checked_json(each, deepest - 1, most)


def _source(told: Any, first: Choices, servers: Mapping[str, BoxServer], given: Source | None) -> Source:
    match told:
        case _ if given is not None:
            return given
        case {"box": str(name)} if name in servers:
            return servers[name]
        case {"url": str(url)}:
            return url_of(url)
        case {"command": [str(command), *arguments]} if command and all(isinstance(each, str) for each in arguments):
            return StdioServerParameters(command=command, args=arguments)
        case {"given": True} | {}:
            return first.source
        case _:
            raise ValueError(f"no server: {told!r}")
