"""A form is made from a tool's schema, and what is typed into it becomes arguments or a sentence at the field."""

from typing import Annotated, Any, Literal

import pytest
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel, Field

from labkit import close_all
from labkit.playground import Playground
from labkit.playground.form import arguments_of, at_first, fields_of, filled, note_of
from labkit.playground.schemas import DEEPEST


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


class Options(BaseModel):
    level: int
    loud: bool = True


class Node(BaseModel):
    y: int = 0
    next: "Node | None" = None


async def optional(  # noqa: PLR0917 - one for each way of being left out
    options: Options | None = None,
    node: Node | None = None,
    preset: Options = Options(level=3),  # noqa: B008 - pydantic copies it
    sure: bool | None = None,
    on: bool | None = True,
    tags: list[str] = ["default"],  # noqa: B006
    note: str = "hello",
    most: int | None = 5,
    either: int | str = 1,
    figure: float | bool | None = None,
    many: list[Options | None] = [],  # noqa: B006
) -> str:
    return f"{options} {node} {preset} {sure} {on} {tags} {note} {most} {either} {figure} {many}"


def schema_of(tool: Any) -> dict[str, Any]:
    """As the SDK makes it from the types of a tool."""
    server = MCPServer("forms")
    server.tool(structured_output=False)(tool)
    return server._tool_manager.list_tools()[0].parameters


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return schema_of(everything)


@pytest.fixture(scope="module")
def optionals() -> dict[str, Any]:
    return schema_of(optional)


def untouched(schema: dict[str, Any]) -> dict[str, Any]:
    """What a page sends of a form in which nobody has typed."""
    return {field["name"]: at_first(field) for field in fields_of(schema)}


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
    assert [fields["number"][name] for name in ("hint", "least", "most")] == ["1 to 72", 1, 72]
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
        ({"number": ""}, "number", "Needed"),
        ({"number": "three"}, "number", "“three” is none"),
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


def test_an_untouched_form_sends_what_the_tool_has_by_itself(optionals: dict[str, Any]) -> None:
    arguments, errors = arguments_of(optionals, untouched(optionals))
    assert errors == {}
    assert arguments == {
        "preset": {"level": 3, "loud": True},
        "on": True,
        "tags": ["default"],
        "note": "hello",
        "most": 5,
        "either": 1,
    }


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ({"options": {"level": "2", "loud": True}}, {"options": {"level": 2, "loud": True}}),
        ({"node": {"y": "0", "next": None}}, {"node": {"y": 0}}),
        ({"node": {"y": "", "next": {"y": "1", "next": None}}}, {"node": {"next": {"y": 1}}}),
        ({"preset": None}, {}),
        ({"sure": "true"}, {"sure": True}),
        ({"sure": False, "on": "false"}, {"sure": False, "on": False}),
        ({"on": ""}, {"on": None}),
        ({"tags": []}, {"tags": []}),
        ({"note": ""}, {"note": ""}),
        ({"note": " "}, {"note": " "}),
        ({"most": ""}, {"most": None}),
        ({"either": "hello"}, {"either": "hello"}),
        ({"either": "7"}, {"either": 7}),
        ({"either": '"7"'}, {"either": "7"}),
        ({"either": "[7]"}, {"either": "[7]"}),
        ({"figure": "2.5"}, {"figure": 2.5}),
        ({"many": [None, {"level": "1", "loud": False}]}, {"many": [None, {"level": 1, "loud": False}]}),
    ],
)
def test_what_need_not_be_there_is_sent_as_it_stands(
    optionals: dict[str, Any], typed: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert arguments_of(optionals, typed) == (sent, {})


@pytest.mark.parametrize(
    ("typed", "place", "says"),
    [
        ({"options": {"level": "", "loud": True}}, "options.level", "Needed"),
        ({"figure": "hello"}, "figure", "Needed is true or false or a number, and “hello” is not that."),
        ({"figure": "NaN"}, "figure", "“NaN” is not that"),
        ({"many": [{"level": ""}]}, "many.0.level", "Needed"),
    ],
)
def test_what_is_wrong_with_them_is_told_too(
    optionals: dict[str, Any], typed: dict[str, Any], place: str, says: str
) -> None:
    _, errors = arguments_of(optionals, typed)
    assert list(errors) == [place]
    assert says in errors[place]


def test_an_optional_object_has_a_mark_and_keeps_what_stands_in_it(optionals: dict[str, Any]) -> None:
    fields = {field["name"]: field for field in fields_of(optionals)}
    options, preset = fields["options"], fields["preset"]
    assert (options["optional"], options["included"]) == (True, False)
    assert (preset["optional"], preset["included"]) == (True, True)
    assert (fields["sure"]["kind"], fields["sure"]["options"]) == ("choice", ["true", "false"])
    assert fields["either"]["hint"] == "a whole number or text"
    assert fields["many"]["item"]["optional"]
    [options] = filled([options], {"options": {"level": "2", "loud": False}})
    assert at_first(options) == {"level": "2", "loud": False}
    [options] = filled([options], {"options": None})
    assert at_first(options) is None


def test_an_object_that_must_be_there_and_may_be_null_is_null_until_it_is_marked() -> None:
    async def tool(options: Options | None) -> None: ...

    schema = schema_of(tool)
    assert arguments_of(schema, untouched(schema)) == ({"options": None}, {})


def test_bounds_and_lengths_are_left_to_the_page_and_the_server(schema: dict[str, Any]) -> None:
    arguments, errors = arguments_of(schema, GOOD | {"number": "900", "title": "t", "tags": []})
    assert (arguments["number"], arguments["title"], errors) == (900, "t", {})


def depth(fields: list[dict[str, Any]]) -> int:
    return 1 + max((depth(field["fields"]) for field in fields if field["kind"] == "object"), default=0)


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    schema = {"type": "object", "properties": {"first": {"$ref": "#/$defs/node"}}, "$defs": {"node": node}}
    assert depth(fields_of(schema)) == DEEPEST + 1
    assert arguments_of(schema, untouched(schema)) == ({}, {})
    assert arguments_of(schema, {"first": {"next": {"next": None}}}) == ({"first": {"next": {}}}, {})
    loop = {"type": "object", "properties": {"x": {"$ref": "#/properties/x"}}}
    assert fields_of(loop)[0]["kind"] == "json"


def count(fields: list[dict[str, Any]]) -> int:
    return sum(
        1 + count(field.get("fields", [])) + count([field["item"]] if "item" in field else []) for field in fields
    )


def test_a_schema_that_grows_without_end_has_room_for_so_many_fields() -> None:
    wide = {"properties": {f"x{i}": {"$ref": "#"} for i in range(60)}, "type": "object"}
    assert count(fields_of(wide)) < 2500
    assert note_of(wide) == ""
    typed = {"x0": '{"x1": null}'}
    assert arguments_of(wide, typed) == ({"x0": {"x1": None}}, {})
    assert "no JSON" in arguments_of(wide, {"x0": "{"})[1]["x0"]
    long = {"properties": {f"x{i}": {"type": "string"} for i in range(10_000)}, "required": ["x9999"]}
    assert len(fields_of(long)) == 400
    assert "of 10,000 arguments the first 400 are shown" in note_of(long)
    assert arguments_of(long, untouched(long)) == ({}, {})


@pytest.mark.parametrize("schema", [{}, {"properties": {"x": {}}}, {"properties": {"x": True}}, {"properties": None}])
def test_a_schema_that_says_nothing_gives_fields_of_json_or_none(schema: dict[str, Any]) -> None:
    assert all(field["kind"] == "json" for field in fields_of(schema))
    assert arguments_of(schema, {"x": "[1]"})[1] == {}
    assert note_of(schema) == ""


HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"enum": []}, "`enum` has nothing to choose"),
    ({"enum": 3}, "`enum` has nothing to choose"),
    ({"anyOf": [True]}, ""),
    ({"anyOf": 3}, "`anyOf` is no list"),
    ({"anyOf": [3]}, "it is no schema"),
    ({"type": {}}, ""),
    ({"type": [[], {}]}, ""),
    ({"type": ["null"]}, ""),
    ({"type": "object", "properties": [1]}, "`properties` is no object"),
    ({"type": "object", "properties": {"y": {"enum": []}}}, "x.y: `enum`"),
    ({"type": "object", "properties": {"y": {}}, "required": {}}, "`required` is no list"),
    ({"type": "array", "items": {"$ref": "#/nowhere/at/all"}}, "is not there"),
    ({"$ref": "#/properties/x/$ref/deeper"}, "is not there"),
    ({"type": "integer", "minimum": 10**5000}, ""),
    ({"type": "integer", "minimum": [], "examples": {}, "description": []}, ""),
    ({"type": "string", "pattern": "("}, ""),
    ({"type": "string", "minLength": "x"}, ""),
    (3, "it is no schema"),  # pyright: ignore[reportAssignmentType]
]


@pytest.mark.parametrize(("hostile", "says"), HOSTILE)
def test_a_schema_that_is_not_sound_takes_nothing_else_away(hostile: dict[str, Any], says: str) -> None:
    schema = {"properties": {"x": hostile, "good": {"type": "integer"}}, "required": ["x", 3, []]}
    x, good = fields_of(schema)
    assert good == fields_of({"properties": {"good": {"type": "integer"}}})[0]
    assert says in note_of(schema)
    assert bool(says) == bool(note_of(schema))
    typed = untouched(schema) | {"good": "3"}
    assert arguments_of(schema, typed)[0]["good"] == 3
    if x["kind"] == "json":
        assert arguments_of(schema, typed | {"x": "[1]"})[0]["good"] == 3


def test_a_tool_that_is_not_sound_takes_no_other_tool_away_and_says_so() -> None:
    server = MCPServer("hostile")
    for name in ("broken", "sound"):
        server.tool(name=name, structured_output=False)(optional)
    broken, _ = server._tool_manager.list_tools()
    broken.parameters = {"type": "object", "properties": {"a": {"enum": []}, "b\u202e": {"anyOf": [3]}}, "required": 3}
    playground = Playground(server)
    playground.wait()
    assert (playground.target.status, playground.target.fault) == ("connected", "")
    assert [tool.name for tool in playground.target.tools] == ["broken", "sound"]
    assert playground.target.tool_note == (
        "The server's schema for this tool is not sound: `required` is no list; a: `enum` has nothing to choose; "
        "b⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩: it is no schema."
    )
    playground.target.use_tool("sound")
    assert playground.target.tool_note == ""
    playground.run()
    [run] = playground.wait()
    assert run.result == "None None level=3 loud=True None True ['default'] hello 5 1 None []"
    playground.close()
    close_all()


async def numbered(number: Annotated[str, Field(pattern=r"^\d+$")]) -> str:
    return f"It is {number}."


def test_a_pattern_is_shown_and_what_does_not_fit_comes_back_in_the_words_of_the_server() -> None:
    server = MCPServer("numbers")
    server.tool(structured_output=False)(numbered)
    [field] = fields_of(schema_of(numbered))
    assert field["hint"] == r"of the form ^\d+$"
    playground = Playground(server)
    playground.wait()
    for typed in ("12", "12a"):
        playground.target.type({"number": typed})
        playground.run()
        playground.wait()
    good, bad = playground.runs
    assert (good.outcome, good.result) == ("done", "It is 12.")
    assert bad.outcome == "tool failed"
    assert r"String should match pattern '^\d+$'" in bad.result
    playground.close()
    close_all()


@pytest.mark.parametrize("pattern", ["(a+)+$", "[a", "a{9999999999999}", "a" * 100_000])
def test_no_pattern_is_tried_here(pattern: str) -> None:
    schema = {"properties": {"x": {"type": "string", "pattern": pattern, "default": "a" * 60 + "!"}}}
    [field] = fields_of(schema)
    assert field["hint"] == f"of the form {pattern}"[:1000]
    assert arguments_of(schema, {"x": field["value"]}) == ({"x": field["value"]}, {})
