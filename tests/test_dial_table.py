"""A dial is a row of the table and, where it takes part in the draw, one function: every place reads it there."""

import ast
import importlib.util
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from mcp_types import CreateMessageRequestParams, SamplingMessage, TextContent

from labkit.dial_table import DIAL, DIALS, OWN, STAGES, Dial, Settings, turned_model, turned_request
from labkit.host.dials import in_words, read
from labkit.models import sampler
from labkit.models.chat_completions import request
from labkit.models.claude import Claude
from labkit.models.gguf import GGUF, SAMPLERS
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.tiny import Dials, TinyModel
from labkit.models.token_reading import Reading
from labkit.views.dials import dials
from tests.test_house import name_of, trees

ASKED = CreateMessageRequestParams(
    messages=[SamplingMessage(role="user", content=TextContent(text="Explain this log line: disk full"))], max_tokens=9
)
WISHES: dict[str, Any] = {"top_p": 0.5, "top_k": 3, "min_p": 0.1, "frequency_penalty": 0.7, "seed": 5}

# llama.cpp has one name of its own.
MAY_NAME_A_DIAL = {
    "labkit/dial_table.py",
    "labkit/models/sampler.py",
    "labkit/models/partial.py",  # the same functions for a draw of which llama.cpp tells a part
    "labkit/models/gguf.py",
    "labkit/telemetry/conventions.py",  # what a published convention calls those that it knows
}


def named(tree: ast.Module) -> Iterator[str]:
    """Every name, attribute, argument and text of the code, docstrings aside."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(name)) if id(node) not in docs:
                yield name
            case _:
                pass


def test_no_other_file_of_the_kit_names_the_dials_that_came_last() -> None:
    found = {
        name_of(path)
        for path, tree in trees().items()
        if name_of(path).startswith("labkit/") and {"min_p", "frequency_penalty"} & {*named(tree)}
    }
    assert found == MAY_NAME_A_DIAL


def test_every_wish_of_the_tests_is_a_row_and_every_row_has_a_wish() -> None:
    assert set(WISHES) == set(OWN)


@pytest.mark.parametrize("dial", DIALS, ids=lambda dial: dial.name)
def test_a_row_says_all_that_a_panel_shows(dial: Dial) -> None:
    assert dial.title
    assert dial.what[0].isupper()
    if dial.marks:
        assert dial.asked or dial.off in dial.marks
        assert all(Settings(**cast("Any", {dial.name: mark})) for mark in dial.marks)
    assert dials().controls[DIALS.index(dial)][:2] == [dial.name, dial.title]


@pytest.mark.parametrize("dial", STAGES, ids=lambda dial: dial.name)
def test_the_ends_of_what_can_be_typed_are_values_that_the_dial_can_have(dial: Dial) -> None:
    ends = [dial.least] if dial.most is None else [dial.least, dial.most]
    for end in ends:
        dial.check(dial.name, int(end) if dial.kind == "whole" else end)
        assert dial.most is None or dial.least <= end <= dial.most
    assert all(dial.least <= mark <= (dial.most or math.inf) for mark in dial.marks)


def test_what_a_providers_api_does_not_take_is_said_in_words() -> None:
    heat = DIAL["temperature"]
    assert heat.clamp("Anthropic", 1.5) == "Anthropic's API takes 0–1"
    assert [heat.clamp(api, 1.0) for api in ("Anthropic", "OpenAI", "")] == ["", "", ""]
    assert heat.clamp("OpenAI", 1.5) == ""
    assert DIAL["top_k"].clamp("OpenAI", 40) == "OpenAI's API has no such dial"
    assert DIAL["top_k"].clamp("OpenAI", 0) == ""
    hot = dials(Claude(), Settings(temperature=1.5, max_tokens=5))
    assert hot.readings[0][2] == "1.5 (Anthropic's API takes 0–1)"
    assert "1.5 (Anthropic's API takes" in str(hot) or hot.readings[1][2] == "5"
    assert [row[2] for row in dials(OpenAICompatible(), Settings(top_k=3)).readings][3].startswith(
        "3 (OpenAI's API has"
    )


def fields_of(package: str, module: str) -> dict[str, str]:
    """The fields of a request as a provider's own package declares them, each with what is said of it."""
    spec = importlib.util.find_spec(package)
    assert spec
    assert spec.origin
    text = (Path(spec.origin).parent / module).read_text(encoding="utf-8")
    return dict(re.findall(r'^    (\w+): [^\n]*\n    """(.*?)"""', text, re.MULTILINE | re.DOTALL))


def test_what_an_api_takes_is_what_its_providers_package_says() -> None:
    openai = fields_of("openai", "types/chat/completion_create_params.py")
    anthropic = fields_of("anthropic", "types/message_create_params.py")
    names = {"stop_sequences": "stop", "system_prompt": "messages"}
    for dial in DIALS:
        assert (dial.apis.get("OpenAI", ()) is None) == (names.get(dial.name, dial.name) not in openai), dial.name
        if dial.apis.get("Anthropic", ()) is None:
            assert dial.name not in anthropic
    assert "between 0 and 2." in openai["temperature"]
    assert "Number between -2.0 and 2.0." in openai["frequency_penalty"]
    assert "Up to 4 sequences" in openai["stop"]
    assert {name: DIAL[name].apis["OpenAI"] for name in ("temperature", "frequency_penalty", "stop_sequences")} == {
        "temperature": (0, 2),
        "frequency_penalty": (-2, 2),
        "stop_sequences": (0, 4),
    }
    assert DIAL["stop_sequences"].clamp("OpenAI", tuple("abcde")) == "OpenAI's API takes at most 4 of them"
    assert [DIAL["stop_sequences"].clamp(api, tuple("abcd")) for api in ("OpenAI", "Anthropic")] == ["", ""]
    assert DIAL["seed"].clamp("Anthropic", 7) == "Anthropic's API has no such dial"


@pytest.mark.parametrize("name", OWN)
def test_a_dial_of_the_clients_own_reaches_each_model(name: str) -> None:
    wish = Settings(**{name: WISHES[name]})
    for model in (TinyModel(), GGUF("a.gguf"), OpenAICompatible(), Claude()):
        turned = turned_model(model, wish)
        assert turned.defaults[name] == WISHES[name]  # pyright: ignore[reportAttributeAccessIssue, reportFunctionMemberAccess]
        assert model.defaults[name] != WISHES[name]
        assert turned_model(type(model)(*(["a.gguf"] if isinstance(model, GGUF) else [])), Settings()) is not turned
    body, left_out = request(ASKED, dials={name: WISHES[name]})
    assert (body["extra_body"], left_out) == ({name: WISHES[name]}, [])


@pytest.mark.parametrize("name", OWN)
def test_a_dial_of_the_clients_own_is_no_part_of_the_request(name: str) -> None:
    assert turned_request(ASKED, Settings(**{name: WISHES[name]})) == ASKED


@pytest.mark.parametrize("dial", STAGES, ids=lambda dial: dial.name)
def test_a_dial_of_the_draw_has_a_function_a_sampler_of_llama_cpp_and_a_column(dial: Dial) -> None:
    assert len(SAMPLERS) == len(STAGES)
    value = {"temperature": 1.5, **WISHES}[dial.name]
    logits = np.linspace(-2.0, 2.0, 40)
    stages = dict(sampler.turn(logits, Dials(1.0).but(**{dial.name: value}), [39, 39, 38]))
    before = [logits, *stages.values()][list(stages).index(dial.name)]
    assert not np.array_equal(stages[dial.name], before)
    assert dial.drops == bool(np.isinf(stages[dial.name]).any())
    reading = Reading(
        TinyModel().trace("Explain this log line: disk full", max_tokens=3, dials=Dials(1.0).but(**{dial.name: value}))
    )
    column = next(column for column in reading.columns if column.stage == dial.name)
    assert (column.name, column.note) == (f"{dial.title} {value:g}", dial.effect(value))
    assert f"{dial.title} {value:g}" in reading.settings
    assert f"{dial.title}" in reading.sentence(0)


@pytest.mark.parametrize("dial", STAGES, ids=lambda dial: dial.name)
def test_a_dial_that_is_off_leaves_the_logits_alone(dial: Dial) -> None:
    logits = np.linspace(-2.0, 2.0, 40)
    stages = dict(sampler.turn(logits, Dials(1.0), [3, 3]))
    assert dial.off is None or stages[dial.name] is [logits, *stages.values()][list(stages).index(dial.name)]
    assert dial.off is None or in_words(dial.name, dial.off) == "off"


def test_every_dial_is_read_for_a_request() -> None:
    readings = read(TinyModel(), Settings(**WISHES), ASKED)
    assert [reading.dial for reading in readings] == list(DIAL)
    assert {reading.dial for reading in readings if reading.turned} == set(OWN)


def test_the_frequency_penalty_counts_how_often_a_token_stands_in_the_answer() -> None:
    logits = np.zeros(4)
    lowered = sampler.frequency_penalty(logits, 0.5, [1, 3, 1])
    assert lowered.tolist() == [0.0, -1.0, 0.0, -0.5]
    assert logits.tolist() == [0.0] * 4
    assert sampler.frequency_penalty(logits, -2.0, [2]).tolist() == [0.0, 0.0, 2.0, 0.0]


def test_a_frequency_penalty_ends_a_repetition() -> None:
    prompt = "Explain this log line: what happened, why, and what to do.\n\n[821] ERROR:  deadlock detected"
    plain, against = (
        TinyModel().trace(prompt, dials=Dials(0.0, frequency_penalty=penalty), max_tokens=60) for penalty in (0.0, 2.0)
    )

    def most(tokens: list[int]) -> int:
        return max(map(tokens.count, tokens))

    assert most([token.id for token in against.tokens]) < most([token.id for token in plain.tokens])


def test_an_unknown_dial_is_refused_with_the_names_of_those_there_are() -> None:
    for make in (TinyModel, OpenAICompatible, Claude):
        with pytest.raises(TypeError, match=r"dial.*heat.*top_p"):
            make(heat=1.0)
    with pytest.raises(TypeError, match=r"no dial heat; there are .*top_p"):
        Dials(heat=1.0)
    with pytest.raises(ValueError, match="frequency_penalty is 3"):
        OpenAICompatible(frequency_penalty=3.0)
