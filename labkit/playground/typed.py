"""The arguments that were typed into a form, as the schema wants them, or a sentence for each field that is wrong.

What has the right type is left to the page, whose fields know their bounds, and to the server, which has the last word
on bounds, lengths and patterns.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from labkit.host import visible
from labkit.playground.schemas import Schema, Schemas, words

NEEDED = "Needed: the tool cannot be called without it."

_NOTHING: Mapping[str, Any] = {}
_LEFT_OUT = object()


class _Wrong(Exception):
    """A sentence on what is wrong with a value, for the value's field."""


def arguments_of(schema: Schema, typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The arguments that were typed, and what is wrong with them: a sentence by field, such as `{"hours": "…"}`.

    Args:
        schema: The schema of a tool's arguments.
        typed: What was typed, by property. A field inside another is told as `parent.child`, an item as `list.0`. An
            object that need not be there is there if anything but `None` is typed for it.
    """
    reader = _Reader(Schemas(schema))
    return reader.object(schema, typed, "", 0), reader.errors


def as_typed(value: Any) -> str:
    """A value as it would be typed."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _Reader:
    """A reader of what was typed, which remembers by field what is wrong."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self.errors: dict[str, str] = {}

    def object(self, schema: Schema, typed: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
        required = self.schemas.required(schema)
        read: dict[str, Any] = {}
        for name, inner in self.schemas.properties(schema).items():
            place = f"{path}.{name}" if path else name
            try:
                value = self.value(inner, typed.get(name), place, depth, required=name in required)
            except Exception:  # noqa: BLE001 - a schema that cannot be read is a field of JSON, as it is shown
                value = self.value(_NOTHING, typed.get(name), place, depth, required=False)
            if value is not _LEFT_OUT:
                read[name] = value
        return read

    def value(self, schema: Any, typed: Any, path: str, depth: int, *, required: bool) -> Any:
        schema, nullable = self.schemas.plain(schema)
        kind = self.schemas.kind(schema, depth)
        if kind in ("object", "list") and isinstance(typed, str):
            kind = "json"  # the form had no room for its fields
        if kind == "object":
            if typed is None and (nullable or not required):
                return None if required else _LEFT_OUT
            inner = cast("Mapping[str, Any]", typed) if isinstance(typed, dict) else _NOTHING
            return self.object(schema, inner, path, depth + 1)
        if kind == "list":
            return self.list(schema, typed, path, depth, required=required)
        if kind == "boolean" and isinstance(typed, bool):
            return typed
        text = as_typed(typed)
        chosen = required and kind == "choice" and text in map(as_typed, self.schemas.options(schema))
        try:
            if not text.strip() and not chosen and (required or kind != "text" or not text):
                return _empty(schema, typed, kind == "text", required=required, nullable=nullable)
            return self._read(kind, schema, text)
        except _Wrong as wrong:
            self.errors[path] = str(wrong)
            return _LEFT_OUT

    def list(self, schema: Schema, typed: Any, path: str, depth: int, *, required: bool) -> Any:
        items = cast("list[Any]", typed) if isinstance(typed, list) else []
        default = schema.get("default")
        emptied = isinstance(typed, list) and isinstance(default, list) and default
        if not items and not required and not emptied:
            return _LEFT_OUT
        read = [
            self.value(schema["items"], item, f"{path}.{i}", depth + 1, required=True) for i, item in enumerate(items)
        ]
        return [item for item in read if item is not _LEFT_OUT]

    def _read(self, kind: str, schema: Schema, text: str) -> Any:
        if kind == "json":
            return _json(self.schemas.types(schema), text)
        if kind in ("choice", "boolean"):
            return _choice(self.schemas.options(schema) or [True, False], text)
        return text if kind == "text" else _integer(text) if kind == "integer" else _number(text)


def _empty(schema: Schema, typed: Any, text: bool, *, required: bool, nullable: bool) -> Any:
    if required and not nullable:
        raise _Wrong(NEEDED)
    if required:
        return None
    if typed is None or schema.get("default") in (None, ""):
        return _LEFT_OUT
    # Left out, the value would be the default again, and not what stands in the field.
    if text:
        return ""
    return None if nullable else _LEFT_OUT


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,300}(\.0*)?", text.strip()):
        raise _Wrong(f"A whole number is needed, and “{text.strip()[:40]}” is none.")
    return int(text.strip().split(".")[0])


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _Wrong(f"A number is needed, and “{text.strip()[:40]}” is none.")
    return number


def _choice(options: list[Any], text: str) -> Any:
    for option in options:
        if text == as_typed(option):
            return option
    raise _Wrong(f"One of {visible(', '.join(map(as_typed, options)))}.")


def _json(types: set[str], text: str) -> Any:
    """JSON of one of `types`, or of any where there are none; a text also as it stands, where one may be given."""
    needed = _Wrong(f"Needed is {words(types)}, and “{text.strip()[:40]}” is not that.")
    try:
        value: Any = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if not types or types & {"array", "object"}:
            needed = _Wrong(f"This is no JSON: {error}.")
    else:
        if not types or types & _TYPES[type(value)]:
            return value
    if "string" in types:
        return text
    raise needed


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


_TYPES: Mapping[type, set[str]] = {
    bool: {"boolean"},
    int: {"integer", "number"},
    float: {"number"},
    str: {"string"},
    list: {"array"},
    dict: {"object"},
    type(None): {"null"},
}
