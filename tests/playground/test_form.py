"""A form is made from a tool's schema, and what is typed into it becomes arguments or a sentence at the field."""

from typing import Annotated, Any, Literal

import pytest
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel, Field

from labkit.playground.form import arguments_of, fields_of


class Place(BaseModel):
    city: str
    floor: int = 0


async def everything(  # noqa: PLR0917 - one for each type
    title: Annotated[str, Field(min_length=2, max_length=10)],
    number: Annotated[int, Field(ge=1, le=72)],
    kind: Literal["short", "long"],
    place: Place,
    share: float = 0.5,
    loud: bool = False,
    tags: list[str] | None = None,
    places: list[Place] | None = None,
    note: str | None = None,
    free: dict[str, int] | None = None,
) -> str:
    return f"{title} {number} {kind} {place} {share} {loud} {tags} {places} {note} {free}"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """As the SDK makes it from the types of a tool."""
    server = MCPServer("forms")
    server.tool(structured_output=False)(everything)
    return server._tool_manager.list_tools()[0].parameters


GOOD: dict[str, Any] = {
    "title": "tea",
    "number": "3",
    "kind": "long",
    "place": {"city": "Bremen", "floor": "2"},
    "share": "0.25",
    "loud": True,
    "tags": ["a", "b"],
    "places": [{"city": "Kiel", "floor": ""}],
    "note": "",
    "free": '{"x": 1}',
}


def test_every_type_has_a_field_of_its_kind(schema: dict[str, Any]) -> None:
    fields = {field["name"]: field for field in fields_of(schema)}
    kinds = {name: field["kind"] for name, field in fields.items()}
    assert kinds == {
        "title": "text",
        "number": "integer",
        "kind": "choice",
        "place": "object",
        "share": "number",
        "loud": "boolean",
        "tags": "list",
        "places": "list",
        "note": "text",
        "free": "json",
    }
    assert [name for name, field in fields.items() if field["required"]] == ["title", "number", "kind", "place"]
    assert fields["kind"]["options"] == ["short", "long"]
    assert fields["number"]["hint"] == "1 to 72"
    assert (fields["share"]["value"], fields["loud"]["value"]) == ("0.5", False)
    assert [inner["name"] for inner in fields["place"]["fields"]] == ["city", "floor"]
    assert fields["places"]["item"]["kind"] == "object"


def test_an_example_stands_in_the_place_of_a_default(schema: dict[str, Any]) -> None:
    fields = {field["name"]: field for field in fields_of(schema, {"share": 0.75, "place": {"city": "Ulm"}})}
    assert fields["share"]["value"] == "0.75"
    assert fields["place"]["fields"][0]["value"] == "Ulm"


def test_what_was_typed_becomes_what_the_schema_wants(schema: dict[str, Any]) -> None:
    arguments, errors = arguments_of(schema, GOOD)
    assert errors == {}
    assert arguments == {
        "title": "tea",
        "number": 3,
        "kind": "long",
        "place": {"city": "Bremen", "floor": 2},
        "share": 0.25,
        "loud": True,
        "tags": ["a", "b"],
        "places": [{"city": "Kiel"}],
        "free": {"x": 1},
    }


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        ({"title": ""}, "title", "Needed"),
        ({"title": "t"}, "title", "At least 2"),
        ({"title": "t" * 11}, "title", "At most 10"),
        ({"number": ""}, "number", "Needed"),
        ({"number": "three"}, "number", "“three” is none"),
        ({"number": "900"}, "number", "at most 72"),
        ({"number": "1.5"}, "number", "whole number"),
        ({"kind": "middling"}, "kind", "One of short, long"),
        ({"place": {"city": "", "floor": "1"}}, "place.city", "Needed"),
        ({"place": {"city": "Ulm", "floor": "x"}}, "place.floor", "whole number"),
        ({"share": "nan"}, "share", "number is needed"),
        ({"places": [{"city": "Kiel", "floor": "x"}]}, "places.0.floor", "whole number"),
        ({"free": "{"}, "free", "no JSON"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    schema: dict[str, Any], change: dict[str, Any], place: str, says: str
) -> None:
    _, errors = arguments_of(schema, GOOD | change)
    assert list(errors) == [place]
    assert says in errors[place]


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    schema = {"type": "object", "properties": {"first": {"$ref": "#/$defs/node"}}, "$defs": {"node": node}}
    assert fields_of(schema)[0]["kind"] == "object"
    assert arguments_of(schema, {"first": {"next": {"next": {}}}}) == ({}, {})
    loop = {"type": "object", "properties": {"x": {"$ref": "#/properties/x"}}}
    assert fields_of(loop)[0]["kind"] == "json"


@pytest.mark.parametrize("schema", [{}, {"properties": {"x": {}}}, {"properties": {"x": True}}, {"properties": None}])
def test_a_schema_that_says_nothing_gives_fields_of_json_or_none(schema: dict[str, Any]) -> None:
    assert all(field["kind"] == "json" for field in fields_of(schema))
    assert arguments_of(schema, {"x": "[1]"})[1] == {}
