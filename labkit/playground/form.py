"""A form from the JSON schema of a tool.

A page sends back what stands in the fields, as text for text and numbers alike; `arguments_of` reads that.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from labkit.host import visible
from labkit.playground.schemas import MOST, Kind, Schema, Schemas, words
from labkit.playground.typed import arguments_of, as_typed

__all__ = ["Field", "Schema", "arguments_of", "at_first", "fields_of", "filled", "note_of"]

Field = dict[str, Any]
"""A field of a form, as JSON: `name`, `kind`, `title`, `help`, `hint`, `least`, `most`, `required`, and `value`, what
stands there at first; with `options` for a choice and `item` for a list. An object has `fields`, says with `optional`
whether that object may be left out, and with `included` whether it is there."""

_NOTHING: Mapping[str, Any] = {}
_LONGEST = 1000
"""How many characters a text about a field may have."""


def fields_of(schema: Schema, examples: Mapping[str, Any] | None = None) -> list[Field]:
    """The fields for an object, in the order of the properties. A property that cannot be read becomes a field of JSON.

    Args:
        schema: The schema of a tool's arguments.
        examples: The values that stand in the fields at first, in place of the schema's own defaults.
    """
    return _Maker(Schemas(schema)).properties(schema, examples or _NOTHING, _Place())


def note_of(schema: Schema) -> str:
    """What is not sound in the schema of a tool, in a sentence; empty where all is sound."""
    maker = _Maker(Schemas(schema))
    maker.properties(schema, _NOTHING, _Place())
    return maker.schemas.note


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a field: its path, how many objects and lists are around it, and how many fields have room."""

    path: str = ""
    depth: int = 0
    room: int = MOST

    def inside(self, name: str, room: int) -> "_Place":
        return _Place(f"{self.path}.{name}" if self.path else name, self.depth, room)

    def deeper(self) -> "_Place":
        return _Place(self.path, self.depth + 1, self.room)


class _Maker:
    """The maker of the fields of a form."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas

    def properties(self, schema: Schema, values: Mapping[str, Any], place: _Place) -> list[Field]:
        required = self.schemas.required(schema, place.path)
        properties = self.schemas.properties(schema, place.path)
        # All that may have fields of their own share the room equally, or a schema without an end would take all.
        sharing = sum(
            isinstance(inner, dict) and not _is_single(cast("Schema", inner)) for inner in properties.values()
        )
        room = (place.room - len(properties)) // max(1, sharing)
        fields: list[Field] = []
        for name, inner in properties.items():
            at = place.inside(name, room)
            try:
                fields.append(self.field(name, inner, at, required=name in required, example=values.get(name)))
            except Exception:  # noqa: BLE001 - whatever a server has thought of: the others are to be had
                self.schemas.is_odd("it cannot be read", at.path)
                fields.append(_plainest(name))
        return fields

    def field(self, name: str, schema: Any, place: _Place, *, required: bool, example: Any) -> Field:
        schema, nullable = self.schemas.plain(schema, place.path)
        default = schema.get("default")
        value: Any = default if example is None else example
        if value is None and isinstance(schema.get("examples"), list) and schema["examples"]:
            value = schema["examples"][0]
        three = nullable or (not required and not isinstance(default, bool))
        kind = self.schemas.kind(schema, place.depth, place.path, three=three)
        if kind in ("object", "list") and not self._has_room(schema, kind, place):
            kind = "json"
        least, most = _bounds(schema) if kind in ("integer", "number") else (None, None)
        field: Field = {
            "name": name,
            "least": least,
            "most": most,
            "kind": kind,
            "title": visible(name)[:_LONGEST],
            "help": visible(" ".join(str(schema.get("description") or "")[:_LONGEST].split())),
            "required": required and not nullable,
            "hint": visible(self._hint(schema, kind, least, most))[:_LONGEST],
        }
        match kind:
            case "choice":
                options = self.schemas.options(schema) or [True, False]
                field["options"] = [as_typed(option) for option in options]
                field["shown"] = [visible(option) for option in field["options"]]
                field["value"] = as_typed(options[0] if value is None and field["required"] else value)
            case "object":
                inner = cast("Mapping[str, Any]", value) if isinstance(value, dict) else _NOTHING
                field["optional"] = nullable or not required
                field["included"] = isinstance(value, dict) or not field["optional"]
                field["fields"] = self.properties(schema, inner, place.deeper())
            case "list":
                item = partial(self.field, "", schema["items"], place.deeper(), required=True)
                field["item"] = item(example=None)
                values = cast("list[Any]", value) if isinstance(value, list) else []
                field["value"] = [at_first(item(example=each)) for each in values]
            case "boolean":
                field["value"] = value is True
            case "json":
                field["value"] = self._as_json(schema, value)
            case _:
                field["value"] = as_typed(value)
        return field

    def _has_room(self, schema: Schema, kind: Kind, place: _Place) -> bool:
        return place.room >= (len(self.schemas.properties(schema)) if kind == "object" else 1)

    def _as_json(self, schema: Schema, value: Any) -> str:
        """A value as JSON; a text as it stands, where the schema takes texts."""
        if value is None:
            return ""
        as_it_stands = isinstance(value, str) and "string" in self.schemas.types(schema)
        return value if as_it_stands else json.dumps(value, ensure_ascii=False)

    def _hint(self, schema: Schema, kind: Kind, least: float | None, most: float | None) -> str:
        """The hint of a field: the bounds, or what the field takes, in a few words."""
        if kind == "json":
            return words(self.schemas.types(schema))
        if kind == "text" and isinstance(schema.get("pattern"), str):
            return f"of the form {schema['pattern']}"  # which the server tries, and nobody else
        if least is not None and most is not None:
            return f"{least} to {most}"
        return f"from {least}" if least is not None else f"up to {most}" if most is not None else ""


def _bounds(schema: Schema) -> list[float | None]:
    """The least and the most that a number may be, as far as a page can hold them."""
    bounds = schema.get("minimum"), schema.get("maximum")
    return [bound if isinstance(bound, int | float) and abs(bound) < _HUGE else None for bound in bounds]


_HUGE = 1e300


def _is_single(schema: Any) -> bool:
    """Whether a schema is that of a single value, as most schemas are."""
    kind = cast("dict[str, Any]", schema).get("type") if isinstance(schema, dict) else None
    return kind in ("string", "integer", "number", "boolean")


def _plainest(name: str) -> Field:
    """A field of JSON without anything that the schema says of the property."""
    title = visible(name)[:_LONGEST]
    return {"name": name, "kind": "json", "title": title, "help": "", "required": False, "hint": "JSON", "value": ""}


def filled(fields: list[Field], typed: Mapping[str, Any]) -> list[Field]:
    """The fields with what was typed standing in them, where it fits."""
    return [_filled(field, typed[field["name"]]) if field["name"] in typed else field for field in fields]


def _filled(field: Field, typed: Any) -> Field:
    kind = field["kind"]
    if kind == "object":
        inner = cast("Mapping[str, Any]", typed) if isinstance(typed, dict) else _NOTHING
        included = isinstance(typed, dict) or not field["optional"]
        return {**field, "included": included, "fields": filled(field["fields"], inner)}
    if kind == "choice":
        typed = as_typed(typed)
    fits = isinstance(typed, {"list": list, "boolean": bool}.get(kind, str))
    if kind == "choice":
        fits = typed in field["options"] or (typed == "" and not field["required"])
    return {**field, "value": typed} if fits else field


def at_first(field: Field) -> Any:
    """The value that stands in a field at first, as a page sends it."""
    if field["kind"] != "object":
        return field["value"]
    return {inner["name"]: at_first(inner) for inner in field["fields"]} if field["included"] else None
