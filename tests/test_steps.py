"""What a model or a duty reports reaches whoever listens, as JSON, and nobody when nobody listens."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Origin, origin, report
from labkit.steps import HostStep, jsonable, listening

SHOP = Origin("bookshop", "2026-07-28", "recommend", {"genre": "noir"})


def test_outside_a_lab_nobody_listens_and_nothing_fails() -> None:
    report("held: over budget", spent=3)
    assert origin() is None


def test_a_report_reaches_the_listener_and_tells_where_it_belongs() -> None:
    heard: list[HostStep] = []
    with listening(heard.append, SHOP):
        report("held: over budget", spent=3)
        assert origin() is SHOP
    assert heard == [HostStep("held: over budget", "callback", "callback", {"spent": 3})]


def test_after_the_block_the_outer_listener_is_back() -> None:
    outer: list[HostStep] = []
    inner: list[HostStep] = []
    with listening(outer.append, SHOP):
        with listening(inner.append, Origin("library", "2025-11-25")):
            report("inside")
        report("outside")
        assert origin() is SHOP
    report("nowhere")
    assert [step.label for step in inner] == ["inside"]
    assert [step.label for step in outer] == ["outside"]


@pytest.mark.parametrize("leave", [ValueError, KeyboardInterrupt])
def test_a_listener_is_forgotten_also_when_the_block_raises(leave: type[BaseException]) -> None:
    heard: list[HostStep] = []
    with pytest.raises(leave), listening(heard.append, SHOP):
        raise leave
    report("nowhere")
    assert heard == []


def test_what_a_model_says_to_another_lane_is_its_reply() -> None:
    heard: list[HostStep] = []
    with listening(heard.append, SHOP):
        report("asks", target="model")
        report("thinks", source="model")
        report("answers", source="model", target="callback")
    assert [(step.source, step.target, step.reply) for step in heard] == [
        ("callback", "model", False),
        ("model", "model", False),
        ("model", "callback", True),
    ]


def test_what_is_changed_after_the_report_does_not_change_the_report() -> None:
    heard: list[HostStep] = []
    tokens = [1, 2]
    with listening(heard.append, SHOP):
        report("model answered", tokens=tokens)
    tokens.append(3)
    assert heard[0].data == {"tokens": [1, 2]}


circle: list[object] = []
circle.append(circle)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ((1, 2), [1, 2]),
        ({1: "one"}, {"1": "one"}),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (2 + 3j, "(2+3j)"),
        ({(1, 2): "a"}, "{(1, 2): 'a'}"),
        (circle, "[[...]]"),
    ],
)
def test_what_json_cannot_hold_is_kept_as_text(value: object, kept: object) -> None:
    assert jsonable({"value": value}) == {"value": kept}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=5), anything, max_size=4))
def test_whatever_is_reported_is_the_same_after_a_trip_through_json(data: dict[str, object]) -> None:
    kept = jsonable(data)
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
