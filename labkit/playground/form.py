"""A form from the JSON schema of a tool, and the arguments that are read from what was typed into it.

What a page sends is text for text and numbers alike, as it stands in the fields. Here it becomes what the schema wants,
or a sentence for the field that is wrong. The server checks again: it has the last word.
"""

import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

Schema = Mapping[str, Any]
Kind = Literal["text", "integer", "number", "boolean", "choice", "object", "list", "json"]
Field = dict[str, Any]
"""A field of a form, as JSON: `name`, `kind`, `title`, `help`, `hint`, `required`, and `value`, what stands in it at
first; with `options` for a choice, `fields` for an object, `item` for a list."""

_NOTHING: Mapping[str, Any] = {}
DEEPEST = 5
"""Objects inside objects that get fields of their own. A schema may refer to itself without an end."""

PATTERN_LONGEST = 200
"""Characters of a pattern that are tried: it comes from the server, and may be made to run for ever."""


def fields_of(schema: Schema, examples: Mapping[str, Any] | None = None) -> list[Field]:
    """The fields for an object, in the order of its properties.

    Args:
        schema: That of a tool's arguments.
        examples: What stands in a field at first, in place of the schema's own default.
    """
    return _properties(schema, schema, examples or _NOTHING, 0)


def _properties(schema: Schema, root: Schema, examples: Mapping[str, Any], depth: int) -> list[Field]:
    required = set(cast("list[str]", schema.get("required") or []))
    properties = cast("Mapping[str, Any]", schema.get("properties") or _NOTHING)
    return [
        _field(name, inner, root, required=name in required, example=examples.get(name), depth=depth)
        for name, inner in properties.items()
    ]


def _field(name: str, schema: Any, root: Schema, *, required: bool, example: Any, depth: int) -> Field:
    schema, nullable = _plain(schema, root)
    kind = _kind(schema, depth)
    value: Any = schema.get("default") if example is None else example
    if value is None and isinstance(schema.get("examples"), list) and schema["examples"]:
        value = schema["examples"][0]
    field: Field = {
        "name": name,
        "kind": kind,
        "title": name,
        "help": " ".join(str(schema.get("description") or "").split()),
        "required": required and not nullable,
        "hint": _hint(schema, kind),
    }
    if kind == "choice":
        options: list[Any] = [schema["const"]] if "const" in schema else list(schema["enum"])
        field["options"] = [_as_typed(option) for option in options]
        value = options[0] if value is None and field["required"] else value
    if kind == "object":
        inner = cast("Mapping[str, Any]", value) if isinstance(value, dict) else _NOTHING
        field["fields"] = _properties(schema, root, inner, depth + 1)
    if kind == "list":
        items = schema.get("items") or {}
        field["item"] = _field("", items, root, required=True, example=None, depth=depth + 1)
        value = [_item_value(each) for each in cast("list[Any]", value)] if isinstance(value, list) else []
    elif kind == "json":
        value = "" if value is None else json.dumps(value, ensure_ascii=False)
    elif kind == "boolean":
        value = value is True
    elif kind != "object":
        value = _as_typed(value)
    field["value"] = value
    return field


def _item_value(value: Any) -> Any:
    return value if isinstance(value, dict | list | bool) else _as_typed(value)


def _as_typed(value: Any) -> str:
    """A value as it would be typed."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(schema: Any, root: Schema) -> tuple[Schema, bool]:
    """A schema with its reference followed and `null` taken out of its choices, and whether it may be null."""
    schema = cast("dict[str, Any]", schema) if isinstance(schema, dict) else {}
    nullable, seen = False, 0
    while seen < 20:
        seen += 1
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            target: Any = root
            for part in reference[2:].split("/"):
                target = cast("dict[str, Any]", target).get(part.replace("~1", "/").replace("~0", "~"), {})
            schema = {**cast("dict[str, Any]", target), **{key: schema[key] for key in schema if key != "$ref"}}
            continue
        choices = cast("list[Any]", schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or [])
        real = [each for each in choices if cast("dict[str, Any]", each).get("type") != "null"]
        nullable = nullable or len(real) < len(choices)
        if len(real) == 1:
            rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf", "allOf")}
            schema = {**real[0], **rest}
            continue
        types = schema.get("type")
        if isinstance(types, list) and "null" in types:
            nullable = True
            left = [each for each in cast("list[Any]", types) if each != "null"]
            schema = {**schema, "type": left[0] if len(left) == 1 else left}
        break
    return schema, nullable


def _kind(schema: Schema, depth: int) -> Kind:
    if "enum" in schema or "const" in schema:
        return "choice"
    match schema.get("type"):
        case "string":
            return "text"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "boolean":
            return "boolean"
        case "object" if schema.get("properties") and depth < DEEPEST:
            return "object"
        case "array" if isinstance(schema.get("items"), dict) and depth < DEEPEST:
            return "list"
        case _:
            return "json"


def _hint(schema: Schema, kind: Kind) -> str:
    """The bounds of a field, in a few words."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind in ("integer", "number"):
        if low is not None and high is not None:
            return f"{low} to {high}"
        return f"from {low}" if low is not None else f"up to {high}" if high is not None else ""
    return "JSON" if kind == "json" else ""


class _Wrong(Exception):
    """What is wrong with a value, for its field."""


_LEFT_OUT = object()


def arguments_of(schema: Schema, typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The arguments that were typed, and what is wrong with them: a sentence by field, such as `{"hours": "…"}`.

    Args:
        schema: That of a tool's arguments.
        typed: By name of a property. A field inside another is told as `parent.child`, an item as `list.0`.
    """
    reader = _Reader(schema)
    return reader.object(schema, typed, "", 0), reader.errors


class _Reader:
    """Reads what was typed, and remembers what is wrong with it by field."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.errors: dict[str, str] = {}

    def object(self, schema: Schema, typed: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
        required = set(cast("list[str]", schema.get("required") or []))
        read: dict[str, Any] = {}
        for name, inner in cast("Mapping[str, Any]", schema.get("properties") or {}).items():
            place = f"{path}.{name}" if path else name
            value = self.value(inner, typed.get(name), place, depth, required=name in required)
            if value is not _LEFT_OUT:
                read[name] = value
        return read

    def value(self, schema: Any, typed: Any, path: str, depth: int, *, required: bool) -> Any:
        schema, nullable = _plain(schema, self.root)
        kind = _kind(schema, depth)
        if kind == "object":
            inner = cast("Mapping[str, Any]", typed) if isinstance(typed, dict) else _NOTHING
            if not required and not _holds_something(inner):
                return _LEFT_OUT
            return self.object(schema, inner, path, depth + 1)
        if kind == "list":
            return self.list(schema, typed, path, depth, required=required)
        if kind == "boolean":
            return typed if isinstance(typed, bool) else _LEFT_OUT if typed is None and not required else bool(typed)
        text = "" if typed is None else typed if isinstance(typed, str) else json.dumps(typed)
        if not text.strip():
            if required and not nullable:
                self.errors[path] = "Needed: the tool cannot be called without it."
            return None if required and nullable else _LEFT_OUT
        try:
            return _READ[kind](schema, text)
        except _Wrong as wrong:
            self.errors[path] = str(wrong)
            return _LEFT_OUT

    def list(self, schema: Schema, typed: Any, path: str, depth: int, *, required: bool) -> Any:
        items = cast("list[Any]", typed) if isinstance(typed, list) else []
        if not items and not required:
            return _LEFT_OUT
        read = [
            self.value(schema["items"], item, f"{path}.{i}", depth + 1, required=True) for i, item in enumerate(items)
        ]
        low, high = schema.get("minItems"), schema.get("maxItems")
        if isinstance(low, int) and len(items) < low:
            self.errors[path] = f"At least {low} needed, and there {'is' if len(items) == 1 else 'are'} {len(items)}."
        if isinstance(high, int) and len(items) > high:
            self.errors[path] = f"At most {high} are taken, and there are {len(items)}."
        return [item for item in read if item is not _LEFT_OUT]


def _holds_something(typed: Any) -> bool:
    if isinstance(typed, dict):
        return any(map(_holds_something, cast("dict[str, Any]", typed).values()))
    return typed not in ("", None, [], False)


def _text(schema: Schema, text: str) -> str:
    low, high, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if isinstance(low, int) and len(text) < low:
        raise _Wrong(f"At least {low} characters; these are {len(text)}.")
    if isinstance(high, int) and len(text) > high:
        raise _Wrong(f"At most {high} characters; these are {len(text):,}.")
    if isinstance(pattern, str) and _is_harmless(pattern) and not re.search(pattern, text):
        raise _Wrong(f"It does not have the form {pattern}.")
    return text


def _is_harmless(pattern: str) -> bool:
    """Whether a pattern can be tried: without a repetition, it takes time in proportion to the text."""
    return len(pattern) <= PATTERN_LONGEST and re.fullmatch(r"[\w\s^$\-.,:/@]+", pattern) is not None


def _integer(schema: Schema, text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,300}(\.0*)?", text.strip()):
        raise _Wrong(f"A whole number is needed, and “{text.strip()[:40]}” is none.")
    return _bounded(schema, int(text.strip().split(".")[0]))


def _number(schema: Schema, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _Wrong(f"A number is needed, and “{text.strip()[:40]}” is none.")
    return _bounded(schema, number)


def _bounded(schema: Schema, number: Any) -> Any:
    for name, words, holds in _BOUNDS:
        bound = schema.get(name)
        if isinstance(bound, int | float) and not holds(number, bound):
            raise _Wrong(f"It must be {words} {bound}.")
    return number


_BOUNDS: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("minimum", "at least", operator.ge),
    ("maximum", "at most", operator.le),
    ("exclusiveMinimum", "above", operator.gt),
    ("exclusiveMaximum", "below", operator.lt),
)


def _choice(schema: Schema, text: str) -> Any:
    options: list[Any] = [schema["const"]] if "const" in schema else list(schema["enum"])
    for option in options:
        if text == _as_typed(option):
            return option
    raise _Wrong(f"One of {', '.join(map(_as_typed, options))}.")


def _json(_: Schema, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _Wrong(f"This is no JSON: {error}.") from None


_READ = {"text": _text, "integer": _integer, "number": _number, "choice": _choice, "json": _json}
