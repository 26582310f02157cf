"""The JSON schema of a tool, read as a form needs it.

The schema comes from the server, which may mean to do harm: nothing in it is taken for granted.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal, TypeVar, cast

from labkit.host import visible

Schema = Mapping[str, Any]
_Kind = TypeVar("_Kind", list[Any], dict[str, Any])
Kind = Literal["text", "integer", "number", "boolean", "choice", "object", "list", "json"]

DEEPEST = 5
"""How many objects inside objects get fields of their own. A schema may refer to itself without an end."""

MOST = 400
"""How many fields a form has room for. Of more arguments the first are shown; an object without room is JSON."""

_FOLLOWED = 20
"""How many references, and choices between one schema alone, are followed from a schema to the next."""

_UNIONS = ("anyOf", "oneOf", "allOf")
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "JSON",
    "object": "JSON",
}
_SCALARS: dict[str, Kind] = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}


class Schemas:
    """The schema of one tool with all schemas inside, and what is not sound in these.

    Args:
        root: The schema of the tool's arguments.
    """

    def __init__(self, root: Schema) -> None:
        self.root = root
        self._odd: dict[str, None] = {}

    @property
    def note(self) -> str:
        """The parts that could not be read so far, in a sentence; empty where all could be."""
        first = [f"{what[:100]}" for what in islice(self._odd, 3)]
        more = f"; and {len(self._odd) - 3} more" if len(self._odd) > 3 else ""
        return f"The server's schema for this tool is not sound: {'; '.join(first)}{more}." if first else ""

    def is_odd(self, what: str, place: str = "") -> None:
        """Remember what is wrong in the schema of the argument at `place`."""
        self._odd[f"{visible(place)}: {what}" if place else what] = None

    def properties(self, schema: Schema, place: str = "") -> dict[str, Any]:
        """The schemas of an object's properties, by name: as many as a form has room for."""
        inner = self._given(schema, "properties", dict[str, Any], place)
        if len(inner) > MOST:
            self.is_odd(f"of {len(inner):,} arguments the first {MOST} are shown", place)
        return dict(islice(inner.items(), MOST))

    def required(self, schema: Schema, place: str = "") -> set[str]:
        """The names of the properties that must be there."""
        return {name for name in self._given(schema, "required", list[Any], place) if isinstance(name, str)}

    def plain(self, schema: Any, place: str = "") -> tuple[Schema, bool]:
        """A schema with the reference followed and `null` taken out of the choices; and whether it may be null."""
        plain = self._mapping(schema, place)
        nullable = False
        for _ in range(_FOLLOWED):
            reference = plain.get("$ref")
            if isinstance(reference, str) and reference.startswith("#"):
                plain = {**self._target(reference, place), **_without(plain, "$ref")}
                continue
            choices = self._choices(plain, place)
            real = [each for each in choices if not _is_null(each)]
            nullable = nullable or len(real) < len(choices)
            if len(real) != 1:
                break
            plain = {**self._mapping(real[0], place), **_without(plain, *_UNIONS)}
        types = plain.get("type")
        if isinstance(types, list) and "null" in types:
            nullable = True
            left = [each for each in cast("list[Any]", types) if each != "null"]
            plain = {**plain, "type": left[0] if len(left) == 1 else left}
        options = plain.get("enum")
        return plain, nullable or (isinstance(options, list) and None in options)

    def kind(self, schema: Schema, depth: int, place: str = "", *, three: bool = False) -> Kind:
        """The kind of a schema's field. `schema` is a plain one, `depth` how many objects and lists it is inside.

        With `three` the value may be left out, so that yes and no are not all: a choice in place of a box to tick.
        """
        if self.options(schema, place):
            return "choice"
        match schema.get("type"):
            case "boolean" if three:
                return "choice"
            case "string" | "integer" | "number" | "boolean" as kind:
                return _SCALARS[kind]
            case "object" if depth < DEEPEST and self.properties(schema, place):
                return "object"
            case "array" if depth < DEEPEST and isinstance(schema.get("items"), dict):
                return "list"
            case _:
                return "json"

    def options(self, schema: Schema, place: str = "") -> list[Any]:
        """The values to choose from; none where anything may be given."""
        if schema.get("const") is not None:
            return [schema["const"]]
        if "enum" not in schema:
            return []
        options: Any = schema["enum"]
        left = [each for each in cast("list[Any]", options) if each is not None] if isinstance(options, list) else []
        if not left:
            self.is_odd("`enum` has nothing to choose", place)
        return left

    def types(self, schema: Schema) -> set[str]:
        """The types of JSON that a plain schema takes; none where it does not say, or not for each of the choices."""
        return self._types(schema, 0)

    def _types(self, schema: Schema, depth: int) -> set[str]:
        choices = self._choices(schema, "") if "allOf" not in schema else []
        if not choices:
            types: Any = schema.get("type")
            each = cast("list[Any]", types if isinstance(types, list) else [types])
            return {str(one) for one in each} if all(isinstance(one, str) for one in each) else set()
        if depth > DEEPEST or len(choices) > MOST:
            return set()
        inner = [self._types(self.plain(each)[0], depth + 1) for each in choices if not _is_null(each)]
        return set[str]().union(*inner) if all(inner) else set()

    def _choices(self, schema: Schema, place: str) -> list[Any]:
        name = next((name for name in _UNIONS if name in schema), "")
        return self._given(schema, name, list[Any], place)

    def _given(self, schema: Schema, name: str, kind: type[_Kind], place: str) -> _Kind:
        """The value under `name` in a schema, or an empty one where the value is of another kind."""
        given, empty = schema.get(name), kind()
        if isinstance(given, type(empty)):
            return given
        if given is not None:
            self.is_odd(f"`{name}` is no {'list' if isinstance(empty, list) else 'object'}", place)
        return empty

    def _mapping(self, schema: Any, place: str) -> dict[str, Any]:
        if isinstance(schema, dict):
            return cast("dict[str, Any]", schema)
        if not isinstance(schema, bool):  # true and false are schemas too
            self.is_odd("it is no schema", place)
        return {}

    def _target(self, reference: str, place: str) -> dict[str, Any]:
        target: Any = self.root
        for part in reference[1:].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            target = cast("dict[str, Any]", target).get(name) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            self.is_odd("what `$ref` names is not there", place)
            return {}
        return dict(cast("Mapping[str, Any]", target))


def words(types: set[str]) -> str:
    """Types of JSON in words: `a whole number or text`."""
    return " or ".join(dict.fromkeys(word for name, word in sorted(_WORDS.items()) if name in types)) or "JSON"


def _without(schema: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in names}


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and cast("dict[str, Any]", schema).get("type") == "null"
