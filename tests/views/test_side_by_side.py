"""Two calls side by side: steps aligned by what they mean, differences told by their paths and in words."""

import json
from collections.abc import Generator
from dataclasses import replace as changed
from typing import Any

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit import Flow, Lab, Step, close_all, compare, replay
from labkit.views.aligned import MOST_STEPS
from labkit.views.words import compared
from tests.story import WIRES, answer, asked, bookshop, echo

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


async def warm(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer(f"{asked(params)} when it is {params.temperature} outside")


@pytest.mark.parametrize("tool", ["recommend", "compare"])
async def test_the_wires_differ_in_how_a_sample_is_asked_and_in_nothing_else(tool: str) -> None:
    labs = [Lab(bookshop(), mode=mode, sampling_callback=echo) for mode in WIRES]
    for lab in labs:
        await lab.call_tool(tool, {"genre": "noir"} if tool == "recommend" else {"title": "Emma"})
    sides = compare(*labs)
    assert [str(fact) for fact in sides.facts] == ["wire 2026-07-28 → 2025-11-25"]
    assert [str(each) for pair in sides.pairs for each in pair.differences] == [
        "how in a result → by a request of the server's own",
        "how in a new request → by a response",
    ]
    assert all(pair.one and pair.other for pair in sides.pairs)
    samples = 1 if tool == "recommend" else 3
    assert str(sides).endswith(f"{2 + 4 * samples} of {4 + 4 * samples} steps are alike")


@pytest.mark.parametrize("mode", WIRES)
async def test_what_differs_is_told_by_its_path_and_a_text_by_its_words(mode: str) -> None:
    lab = Lab(bookshop(), mode=mode, sampling_callback=warm)
    call = lab.start("recommend", {"genre": "noir"})
    await call
    other = lab.start("recommend", {"genre": "poetry"})
    await other
    (asks,) = [pair for pair in compare(call, other).pairs if pair.name == "server → client: question"]
    assert [str(each) for each in asks.differences] == ["messages 1 content text recommend noir → recommend poetry"]
    hot = replay(call, temperature=1.5)
    await hot
    sides = compare(call, hot)
    assert [str(each) for pair in sides.pairs for each in pair.differences] == [
        "content text: “1.5” in place of “None”",
        "content 1 text: “1.5” in place of “None”",
    ]
    (dials,) = [pair for pair in sides.pairs if pair.one is None]
    assert dials.name == "client: dials: temperature 1.5"
    html = sides._repr_html_()
    assert 'when it is <mark style="background:#fff3bf;color:#1b1f24;text-decoration:none">1.5</mark> outside' in html
    assert html.count("no such step") == 1


@pytest.mark.parametrize("mode", WIRES)
async def test_a_sample_that_was_asked_again_stands_beside_the_one_that_it_was(mode: str) -> None:
    lab = Lab(bookshop(), mode=mode, sampling_callback=warm)
    call = lab.start("compare", {"title": "Emma"})
    await call
    again = replay(call.samples[1], temperature=0.3)
    await again
    sides = compare(call, again)
    both = [pair for pair in sides.pairs if pair.one and pair.other]
    assert [(pair.name, pair.sample) for pair in both] == [
        ("you → client: compare(title)", 0),
        ("client → callback: 1 message, ≤ 50 tokens", 2),
        ("callback → client: 37 characters, endTurn", 2),
        ("client → you: result", 0),
    ]
    assert [str(each) for pair in both for each in pair.differences] == ["content text: “0.3” in place of “None”"]
    assert [str(fact) for fact in sides.facts] == ["call compare(title) → sample 2 of compare(title), again"]
    cooler = replay(again.samples[0], temperature=0.1)
    await cooler
    assert [str(each) for pair in compare(again, cooler).pairs for each in pair.differences] == [
        "dials temperature used 0.3 → 0.1",
        "content text: “0.1” in place of “0.3”",
    ]


async def test_text_from_outside_is_escaped_and_where_it_is_asked_for_redacted() -> None:
    token = "ghp_" + "0123456789abcdef" * 3
    flow = Flow(f"<b>{token}", "s", "w", "t", (Step(1, "client", "callback", "<i>", "host", {"<u>": f"<s> {token}"}),))
    other = changed(flow, steps=(changed(flow.steps[0], data={"<u>": "\x1b[31m"}),))
    html = compare(flow, other)._repr_html_()
    assert not any(tag in html for tag in ("<b>", "<i>", "<u>", "<s>", "\x1b"))
    assert token in html
    assert token not in str(compare(flow, other, redacting=True)) + compare(flow, other, redacting=True)._repr_html_()


async def test_long_flows_are_compared_in_part_and_say_so() -> None:
    steps = tuple(Step(n, "client", "model", f"step {n}", "host", {"n": n}) for n in range(1, 10_001))
    one = Flow("long", "s", "w", "t", steps)
    other = changed(one, steps=tuple(changed(step, data={"n": step.n, "x": list(range(99))}) for step in steps))
    sides = compare(one, other)
    assert len(sides.pairs) == MOST_STEPS
    assert max(len(pair.differences) for pair in sides.pairs) == 40
    assert sides.told == "0 of 500 steps are alike, of the first 500"


@pytest.mark.parametrize("of", [3, None, "flow"])
def test_what_has_no_flow_is_told_what_to_write(of: Any) -> None:
    flow = Flow.from_json(json.dumps({"title": "", "server": "", "wire": "", "transport": "", "steps": []}))
    with pytest.raises(TypeError, match="has no flow to compare: write compare"):
        compare(flow, of)


@pytest.mark.parametrize(
    ("first", "text", "parts", "words"),
    [
        ("a red cat", "a red cat", [("a red cat", False)], ""),
        ("a red cat", "a blue cat", [("a ", False), ("blue", True), (" cat", False)], "“blue” in place of “red”"),
        ("a cat", "a cat sat", [("a cat", False), (" sat", True)], "adds “sat”"),
        ("a cat sat", "a cat", [("a cat", False)], "lacks “sat”"),
        ("", "a cat", [("a cat", False)], ""),
        ("猫が好き", "犬が好き", [("犬", True), ("が好き", False)], "“犬” in place of “猫”"),
    ],
)
def test_texts_are_compared_word_by_word(first: str, text: str, parts: list[tuple[str, bool]], words: str) -> None:
    assert compared(first, text) == (parts, words)
