"""The token view: what it says of a token is true, the same in every form, and never more than text."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from labkit.models import sampler
from labkit.models.own_logits import own_logits
from labkit.models.tiny import Dials, TinyModel
from labkit.models.tiny.callback import load
from labkit.models.token_reading import Reading, effective
from labkit.models.token_stages import LISTED, in_stage, left, share
from labkit.models.token_words import confidence, confidence_badge, mean_log, percent, spoken
from labkit.models.trace import Rest, Rival, Standing, Trace, TracedToken
from labkit.models.tracing import turned
from labkit.plain import marked, seen
from labkit.views import token_view
from labkit.views.token_drawing import svg
from labkit.views.token_view import TokenView, show_tokens, table
from tests.models.logits import logits_of
from tests.story import until

PROMPT = "Explain this log line: what happened, why, and what to do.\n\n[821] ERROR:  deadlock detected"
HOSTILE = '<img src=x onerror="alert(1)"></text><script>alert(2)</script>'
POSSIBLE = len(load()[1]) - len(load()[1].control) + 1
"""Tokens that the tiny model can draw: all but the control tokens that only mark who speaks."""
HIDDEN = "\u202e\u200b\x07"


def token(
    text: str, probability: float = 0.41, rank: int = 1, shares: Sequence[float] = (), **stages: list[tuple[str, float]]
) -> TracedToken:
    """A token written down by hand: rivals by their texts, whose ids follow from the texts.

    `shares` are its own after each dial, where it is not among the rivals.
    """
    first = stages.get("model", [(text, probability)])
    filled = {"model": first}
    for name in ("temperature", "top_k", "top_p", "min_p"):
        filled[name] = stages.get(name, list(filled.values())[-1])
    rivals = {name: [Rival(hash_of(word), word, p) for word, p in stage] for name, stage in filled.items()}
    kept = {name: len(stage) for name, stage in rivals.items()} | {"model": POSSIBLE}
    own = [probability, *(shares or [dict(stage)[text] for stage in list(filled.values())[1:]])]
    standing = {name: Standing(each, rank, 2.1) for name, each in zip(filled, own, strict=True)}
    return TracedToken(hash_of(text), text, rivals, standing, kept)


def hash_of(text: str) -> int:
    return sum(ord(letter) * 31**i for i, letter in enumerate(text)) % 1_000_003


def trace(
    *tokens: TracedToken,
    stop_reason: str = "maxTokens",
    text: str | None = None,
    dials: Dials | None = None,
    seed: int | None = None,
) -> Trace:
    whole = "".join(each.text for each in tokens) if text is None else text
    return Trace(whole, stop_reason, 10, list(tokens), dials, seed, model=TinyModel())


DRAWN = token(
    "a",
    model=[("a", 0.41), ("locks", 0.17), ("the", 0.12), ("one", 0.09)],
    temperature=[("a", 0.48), ("locks", 0.16), ("the", 0.11), ("one", 0.07)],
    top_k=[("a", 0.49), ("locks", 0.165), ("the", 0.12), ("one", 0.08)],
    top_p=[("a", 0.6), ("locks", 0.21)],
)
SET = Dials(temperature=0.8, top_k=40, top_p=0.9)


# ---- what the sentence says


def test_the_sentence_tells_the_way_of_a_token_from_the_model_to_the_draw() -> None:
    dropped = POSSIBLE - 2
    assert Reading(trace(DRAWN, dials=SET, seed=7)).sentence(0) == (
        "Token 1 “a”: the model gave it 41 %; temperature 0.8 made that 48 %; "
        f"top-k and top-p dropped {dropped:,} rivals and left 2 that held 80 %; the draw with seed 7 took rank 1. "
        "Entropy 2.1 bits, an effective vocabulary of 4.3."
    )


def test_without_dials_the_sentence_tells_what_the_trace_tells() -> None:
    assert Reading(trace(DRAWN)).sentence(0) == (
        "Token 1 “a”: the model gave it 41 %; temperature made that 48 %; "
        f"top-k and top-p dropped {POSSIBLE - 2:,} rivals and left 2 that held 80 %; the draw took rank 1. "
        "Entropy 2.1 bits, an effective vocabulary of 4.3."
    )


def test_what_the_dials_left_is_told_with_what_it_held_before_them() -> None:
    answer = TinyModel().trace("Explain this log line: ERROR: disk full", dials=Dials(1.5, top_k=5, min_p=0.1))
    told = list[str]()
    for i, each in enumerate(answer.tokens):
        held = sum(in_stage(each, "temperature", rival.id) or 0 for rival in each.stages["min_p"])
        told.append(f"that held {percent(held, ' ')};")
        assert told[-1] in Reading(answer).sentence(i)
    assert len(set(told)) > 3


def test_at_temperature_0_there_is_no_draw() -> None:
    dials = Dials(temperature=0)
    found = TinyModel().trace(PROMPT, dials=dials, seed=3, max_tokens=1)
    said = Reading(found).sentence(0)
    assert f"temperature 0 dropped {POSSIBLE - 1:,} rivals and left rank 1, whatever the seed" in said
    assert "draw" not in said


def test_at_temperature_1_nothing_changes_and_no_dial_drops_a_rival() -> None:
    dials = Dials(temperature=1)
    said = Reading(TinyModel().trace(PROMPT, dials=dials, max_tokens=1)).sentence(0)
    assert "temperature 1 left that as it was; no dial dropped a rival; the draw with seed 0 took rank" in said


def test_min_p_is_named_where_it_is_set() -> None:
    dials = Dials(temperature=1, min_p=0.5)
    reading = Reading(TinyModel().trace(PROMPT, dials=dials, max_tokens=1))
    assert [column.name for column in reading.columns][-1] == "min-p 0.5"
    assert "min-p dropped" in reading.sentence(0)
    assert len(Reading(trace(DRAWN, dials=SET)).columns) == 4


def test_a_single_token_that_is_left_is_not_drawn() -> None:
    only = token("a", temperature=[("a", 0.5), ("b", 0.5)], top_k=[("a", 1.0)])
    said = Reading(trace(only, dials=Dials(1.5, top_k=1))).sentence(0)
    assert "left 1 that held 50 %; nothing was left to draw." in said


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "dials",
    [
        Dials(2.0),
        Dials(1.0, top_k=40),
        Dials(1.5, top_k=7),
        Dials(2.0, top_p=0.6),
        Dials(1.5, top_k=40, top_p=0.9, min_p=0.02),
    ],
)
def test_how_many_tokens_were_left_is_never_told_wrong(dials: Dials, seed: int) -> None:
    kept = int(np.isfinite(sampler.turn(logits_of(PROMPT), dials)[-1][1]).sum())
    drawn = TinyModel().trace(PROMPT, dials=dials, seed=seed, max_tokens=1).tokens[0]
    assert left(drawn) == kept
    assert drawn.kept["model"] == POSSIBLE


def test_the_share_of_a_token_beyond_the_ten_listed_is_told_and_right() -> None:
    dials = Dials(temperature=5.0, top_k=900, top_p=0.97)  # flat enough for any weights to draw from far behind
    stages = dict(sampler.turn(logits_of(PROMPT), dials))
    drawn = [TinyModel().trace(PROMPT, dials=dials, seed=seed, max_tokens=1).tokens[0] for seed in range(8)]
    unlisted = [each for each in drawn if each.rank > LISTED]
    assert unlisted
    for each in unlisted:
        for name in ("temperature", "top_k", "top_p"):
            assert share(each, name) == pytest.approx(sampler.softmax(stages[name])[each.id], rel=1e-6)
        row = Reading(trace(each, dials=dials)).rows(0)[-1]
        assert (row.drawn, row.rank, [cell.kept for cell in row.cells]) == (True, each.rank, [True] * 4)


def test_the_share_of_the_drawn_token_is_read_from_the_trace_and_not_worked_out() -> None:
    # Of rivals that are equal nothing follows for another token.
    flat, flatter = ([(letter, each) for letter in "abcdefghij"] for each in (0.05, 0.04))
    odd = token("z", 0.01, 15, [0.02, 0.03, 0.04, 0.04], model=flat, temperature=flatter)
    shown = trace(odd, dials=Dials(1.5))
    row = Reading(shown).rows(0)[-1]
    assert [cell.text for cell in row.cells] == ["1%", "2%", "3%", "4%"]
    assert all(cell.kept for cell in row.cells)
    assert re.search(r"^z #15 ◂ +1% +2% +3% +4%$", table(shown, token=1), re.MULTILINE)
    drawn = " ".join(ET.fromstring(svg(Reading(shown), 0)).itertext())  # noqa: S314 - our own drawing
    assert re.search("z #15 ◂ 1%.*z #15 ◂ 2%.*z #15 ◂ 3%.*z #15 ◂ 4%", drawn)
    assert "temperature 1.5 made that 2 %" in drawn
    assert "?" not in drawn


@pytest.mark.parametrize("dials", [Dials(2.0), Dials(2.0, top_k=0, top_p=0.99, min_p=0.001)], ids=str)
def test_no_share_of_a_hot_answer_is_missing(dials: Dials) -> None:
    found = TinyModel().trace(PROMPT, dials=dials, seed=2, max_tokens=30)
    reading = Reading(found)
    for i, each in enumerate(found.tokens):
        [row] = [row for row in reading.rows(i) if row.drawn]
        assert [cell.text for cell in row.cells] == [
            percent(each.standing[column.stage].probability) for column in reading.columns
        ]


def test_a_trace_tells_the_dials_and_the_seed_that_it_was_drawn_with() -> None:
    model = TinyModel(seed=5, temperature=0.5, top_k=40)
    own = model.trace(PROMPT, max_tokens=1)
    assert (own.dials, own.seed) == (model.dials, 5)
    assert Reading(own).settings == "temperature 0.5 · top-k 40 · seed 5"
    given = model.trace(PROMPT, max_tokens=1, dials=SET, seed=0)
    assert (given.dials, given.seed) == (SET, 0)


# ---- bars and marks


def test_a_rival_that_a_dial_rules_out_keeps_its_place_and_has_no_figure() -> None:
    rows = Reading(trace(DRAWN, dials=SET)).rows(0)
    assert [row.text for row in rows] == ["a", "locks", "the", "one"]
    assert [cell.text for cell in rows[2].cells] == ["12%", "11%", "12%", "–"]
    assert [cell.kept for cell in rows[2].cells] == [True, True, True, False]
    assert [row.drawn for row in rows] == [True, False, False, False]


def test_the_end_of_an_answer_and_what_a_stop_sequence_cut_are_marked() -> None:
    ended = Reading(trace(DRAWN, token("<|end|>"), stop_reason="endTurn", text="a"))
    assert (ended.text(1), ended.is_end(1), ended.is_end(0)) == ("⟨end⟩", True, False)
    assert ended.sentence(1).startswith("Token 2, the end of the answer: the model gave it 41 %;")
    cut = Reading(trace(token("one"), token(" END"), token("."), stop_reason="stopSequence", text="one "))
    assert [cut.is_cut(i) for i in range(3)] == [False, True, True]
    assert cut.label(1) == "2 of 3: “END”, after a space, 41 %, cut off by the stop sequence"
    spread = Reading(trace(token("\ufffd"), token("\ufffd"), token("END"), stop_reason="stopSequence", text="é"))
    assert not any(spread.is_cut(i) for i in range(3))


def test_the_view_opens_where_the_model_hesitated_most() -> None:
    found = TinyModel().trace(PROMPT, dials=Dials(0.8), seed=1)
    i = Reading(found).hesitant
    assert found.tokens[i].entropy == max(each.entropy for each in found.tokens)
    assert TokenView(found).chosen == i


# ---- words


@pytest.mark.parametrize(
    ("value", "told"), [(0, "0%"), (0.001, "<1%"), (0.006, "1%"), (0.414, "41%"), (0.999, "100%"), (1, "100%")]
)
def test_a_probability_is_told_in_whole_percent(value: float, told: str) -> None:
    assert percent(value) == told
    assert percent(value, " ") == told.replace("%", " %")


@pytest.mark.parametrize(("mean", "word"), [(1.0, "sure"), (0.89, "fairly sure"), (0.5, "unsure"), (0.01, "guessing")])
def test_confidence_is_a_word_and_a_figure(mean: float, word: str) -> None:
    assert confidence(float(np.log(mean))) == word
    assert confidence_badge(0.0).text == "sure, 0.00"
    assert confidence_badge(-1.134).text == "guessing, \u22121.13"
    assert mean_log([0.5, 0.5]) == pytest.approx(np.log(0.5))


def test_spaces_newlines_and_hidden_characters_are_made_visible() -> None:
    assert marked(" and\n\t") == "·and↵⇥"
    assert seen(" a\n" + HIDDEN) == " a\n\\u202e\\u200b\\x07"
    assert [spoken(text) for text in (" ", "\n", " and")] == ["a space", "a line break", "“and”, after a space"]


def test_every_answer_is_marked_as_the_tiny_models_and_what_is_beyond_it_too() -> None:
    inside = Reading(trace(DRAWN, stop_reason="endTurn"))
    assert [badge.text for badge in inside.badges] == ["tiny model", "unsure, \u22120.89"]
    outside = Reading(replace(trace(DRAWN, stop_reason="endTurn"), out_of_depth=True))
    assert [badge.text for badge in outside.badges][-1] == "out of its depth"
    cut = Reading(trace(DRAWN, stop_reason="maxTokens"))
    assert [badge.text for badge in cut.badges][-1] == "cut at max tokens"
    assert "cut at max tokens" in svg(cut)
    assert "cut at max tokens" in table(cut.trace)
    assert "out of its depth" in table(outside.trace)
    assert "out of its depth" in svg(outside)


# ---- the twins in text and in SVG


def test_the_table_has_a_line_for_each_token() -> None:
    found = TinyModel().trace(PROMPT, dials=Dials(0.8, top_k=40, top_p=0.9), seed=7)
    lines = table(found).splitlines()
    assert lines[0].startswith(
        f"{len(found.tokens)} tokens, {found.stop_reason} · temperature 0.8 · top-k 40 · top-p 0.9"
    )
    assert len(lines) == 2 + len(found.tokens)
    first = found.tokens[0]
    assert re.match(rf" *1  {re.escape(marked(first.text))} +{percent(first.probability)} +{first.rank} ", lines[2])


def test_the_table_of_one_token_has_its_rivals_at_each_stage_and_the_sentence() -> None:
    text = table(trace(DRAWN, dials=SET, seed=7), token=1)
    assert text.splitlines()[0].split() == ["model", "temperature", "0.8", "top-k", "40", "top-p", "0.9"]
    assert re.search(r"^a ◂ +41% +48% +49% +60%$", text, re.MULTILINE)
    assert re.search(r"^one +9% +7% +8% +–$", text, re.MULTILINE)
    assert text.endswith(Reading(trace(DRAWN, dials=SET, seed=7)).sentence(0))
    with pytest.raises(IndexError, match="1 token, and no number 2"):
        table(trace(DRAWN), token=2)


def test_the_drawing_is_sound_tells_the_same_and_never_changes() -> None:
    reading = Reading(trace(DRAWN, dials=SET, seed=7))
    root = ET.fromstring(svg(reading, 0))  # noqa: S314 - our own drawing, made a line above
    told = " ".join(root.itertext())
    for words in ("1 token", "tiny model", "temperature 0.8", "the fewest that make 90 %", "a ◂", "48%", "–"):
        assert words in told
    assert reading.sentence(0).split("; ")[1] in told
    assert svg(reading, 0) == svg(Reading(trace(DRAWN, dials=SET, seed=7)), 0)


def test_a_rival_below_one_percent_leaves_the_drawing_sound() -> None:
    rare = trace(token("a", model=[("a", 0.996), ("b", 0.004)]), dials=SET, seed=7)
    assert "<1%" in ET.fromstring(svg(Reading(rare), 0)).itertext()  # noqa: S314 - our own drawing


def test_the_drawing_of_a_long_answer_stays_on_its_card() -> None:
    tokens = [token(text) for text in ["word", " and", " another"] * 60] + [token("x" * 300)]
    root = ET.fromstring(svg(Reading(trace(*tokens))))  # noqa: S314 - our own drawing
    ends = [
        float(node.get("x", "0")) + float(node.get("textLength", "0"))
        for node in root.iter("{http://www.w3.org/2000/svg}text")
        if node.get("textLength")
    ]
    assert len(ends) == len(tokens)
    assert max(ends) <= 880


def crossings(drawing: str) -> list[tuple[str, str]]:
    """The texts of a drawing that reach into another text, a bar or over the edge, as wide as they are at least."""
    boxes: list[tuple[float, float, float, str]] = []
    for node in ET.fromstring(drawing).iter():  # noqa: S314 - our own drawing
        kind, y = node.tag.partition("}")[2], float(node.get("y", "0"))
        if kind == "text" and not node.get("textLength"):
            letter = 7.2 if "mono" in node.get("font-family", "") else 5.5 if node.get("font-size") == "11" else 5.8
            said = "".join(node.itertext())
            width = letter * len(said)
            x = float(node.get("x", "0")) - (width if node.get("text-anchor") == "end" else 0)
            boxes.append((y, x, x + width, said))
        elif kind == "rect" and node.get("height") == "10":
            boxes.append(
                (y + 9, float(node.get("x", "0")), float(node.get("x", "0")) + float(node.get("width", "0")), "")
            )
    beyond = [(said, "the edge") for _, left, right, said in boxes if left < 0 or right > 880]
    boxes.sort()
    return beyond + [
        (one[3], other[3])
        for one, other in pairwise(boxes)
        if one[0] == other[0] and one[2] > other[1] + 1 and (one[3] or other[3])
    ]


ALL = Dials(1.3, top_k=40, top_p=0.95, min_p=0.01, frequency_penalty=0.4)


@pytest.mark.parametrize("dials", [SET, SET.but(min_p=0.01), ALL], ids=["four", "five", "six"])
@pytest.mark.parametrize("stop", ["endTurn", "maxTokens"])
def test_no_text_of_a_drawing_reaches_into_another_however_many_dials_stand(dials: Dials, stop: str) -> None:
    behind = token(
        "an unusually long word", 0.001, 12_345, [0.001] * 4, model=[(f"a long one {n}", 0.1) for n in range(9)]
    )
    behind.kept["frequency_penalty"] = POSSIBLE
    behind.stages["frequency_penalty"] = behind.stages["model"]
    behind.standing["frequency_penalty"] = behind.standing["model"]
    for rest in ({}, {name: Rest(900, 0.12, 1.0) for name in behind.stages}):
        told = trace(replace(behind, rest=rest), stop_reason=stop, dials=dials, seed=7, text="x")
        reading = Reading(replace(told, out_of_depth=True))
        assert crossings(svg(reading, 0)) == []


def test_hostile_text_stays_text_in_every_form() -> None:
    bad = HOSTILE + HIDDEN
    hostile = trace(token(bad, model=[(bad, 0.9), (bad + "2", 0.1)]), stop_reason=bad)
    drawing = svg(Reading(hostile))
    ET.fromstring(drawing)  # noqa: S314 - it would fail if a tag had got through unclosed
    assert "<script" not in drawing
    assert "<img" not in drawing
    for form in (
        drawing,
        table(hostile),
        table(hostile, token=1),
        repr(TokenView(hostile).answer),
    ):
        assert not any(letter in form for letter in HIDDEN)


def test_an_answer_without_a_token_is_shown_as_such() -> None:
    empty = trace()
    assert Reading(empty).count == "0 tokens"
    assert table(empty).splitlines()[0].startswith("0 tokens")
    ET.fromstring(svg(Reading(empty)))  # noqa: S314 - our own drawing
    assert TokenView(empty).answer["tokens"] == []


# ---- the widget


def test_the_widget_is_stored_with_its_drawing_and_without_an_address() -> None:
    found = TinyModel().trace(PROMPT, max_tokens=5)
    bundle = show_tokens(found)._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == table(found)  # all that a notebook shows where no SVG is drawn
    assert repr(show_tokens(found)) == "<TokenView 5 tokens, maxTokens>"
    assert bundle[0]["image/svg+xml"] == svg(Reading(found))
    assert not re.search("0x[0-9a-f]{4}", json.dumps(bundle[0]))


def test_a_new_answer_opens_where_the_model_hesitated_most_unless_it_is_the_same_so_far() -> None:
    whole = TinyModel().trace(PROMPT, dials=Dials(0.8), seed=1, max_tokens=20)
    view = TokenView(replace(whole, tokens=whole.tokens[:5]), steady=True)
    view.chosen = 2
    view.show(whole)
    assert view.chosen == 2
    other = replace(whole, tokens=[whole.tokens[1], *whole.tokens])
    view.show(other)
    assert view.chosen == Reading(other).hesitant
    view.show(trace(DRAWN, dials=SET, seed=7))
    assert (view.answer["count"], view.chosen) == ("1 token", 0)
    view.chosen = 9
    assert 'stroke-width="2"' in view.to_svg()  # the last token is marked where the chosen one is beyond it


# ---- dials that are turned without a draw


TURNED = Dials(1.9, frequency_penalty=0.5)


@pytest.fixture(scope="module")
def drawn() -> Trace:
    return TinyModel().trace(PROMPT, dials=SET, seed=7, max_tokens=30)


def test_turned_dials_tell_what_a_draw_with_them_would_have_told(drawn: Trace) -> None:
    again = TinyModel().trace(PROMPT, dials=TURNED, seed=7, max_tokens=30)
    told = turned(drawn, TURNED)
    alike = next(i for i, token in enumerate(told.tokens) if token.instead)
    for mine, real in zip(told.tokens[: alike + 1], again.tokens, strict=False):
        assert (mine.instead or mine).id == real.id
        assert mine.kept == real.kept
        for name in real.standing:
            listed = {rival.id: rival.probability for rival in mine.stages[name]}
            assert all(listed[rival.id] == pytest.approx(rival.probability) for rival in real.stages[name])
            assert mine.standing[name].entropy == pytest.approx(real.standing[name].entropy)
    assert told.tokens[alike].standing["model"] == drawn.tokens[alike].standing["model"]


def test_dials_turned_back_tell_what_was_drawn(drawn: Trace) -> None:
    assert turned(drawn, SET) is drawn
    assert not any(token.instead for token in turned(turned(drawn, TURNED), SET).tokens)


def test_the_view_tells_in_every_form_what_the_turned_dials_would_draw(drawn: Trace) -> None:
    view = TokenView(drawn)
    view.turn(TURNED)
    assert view.turned == {"temperature": 1.9, "frequency_penalty": 0.5, "top_k": 0, "top_p": 1}
    told = turned(drawn, TURNED)
    first = next(i for i, token in enumerate(told.tokens) if token.instead)
    now = marked((told.tokens[first].instead or told.tokens[0]).text)
    places = sum(token.instead is not None for token in told.tokens)
    said = f"dials turned: another token at {places} of 30 places, at {first + 1} first"
    view.chosen = first
    picture = " ".join(ET.fromstring(view.to_svg()).itertext())  # noqa: S314 - our own drawing
    for form in (view.stored()["text/plain"], picture):
        assert said in form
    assert f"now {now}" in view.stored()["text/plain"]
    assert f"the same random number draws “{now}”" in picture
    assert " ◃" in picture
    assert re.search(rf"^{re.escape(now)}( #[\d,]+)? ◂", table(told, token=first + 1), re.MULTILINE)
    view.turned = {"top_p": 7}  # what no dial can be
    assert view.reading.trace is drawn


def test_a_token_that_a_turned_dial_rules_out_is_told_as_such(drawn: Trace) -> None:
    hot = TinyModel().trace(PROMPT, dials=Dials(5.0), seed=3, max_tokens=12)
    cold = Reading(turned(hot, Dials(0)))
    i = next(i for i, token in enumerate(hot.tokens) if token.rank > 1)
    [was] = [row for row in cold.rows(i) if row.was]
    assert [cell.text for cell in was.cells][1:] == ["–", "–", "–"]
    assert re.search("left rank 1, “.+”, whatever the seed", cold.sentence(i))


# ---- branches


@pytest.mark.anyio
async def test_a_rival_that_is_taken_becomes_a_branch_to_go_back_from_and_to_compare(drawn: Trace) -> None:
    view = TokenView(drawn)
    i = view.chosen
    rival = next(each for each in drawn.tokens[i].stages["model"] if each.id != drawn.tokens[i].id)
    view._heard(view, {"take": [i, rival.id]}, None)
    await until(lambda: view.shown == 1 and len(view.tree) == 2)
    word = marked(rival.text)
    assert (view.trace.tokens[i].id, view.chosen, view.note) == (rival.id, i, "")
    assert [(each["name"], each["parent"], each["at"]) for each in view.tree] == [
        ("answer", -1, -1),
        (f"token {i + 1}: “{word}”", 0, i),
    ]
    assert view.reading.sentence(i).startswith(f"Token {i + 1} “{word}”, taken by hand in place of “")
    told = view.stored()
    picture = " ".join(ET.fromstring(told["image/svg+xml"]).itertext())  # noqa: S314 - our own drawing
    for form in (told["text/plain"], picture):
        assert f"▸ token {i + 1}: “{word}”: " in form
        assert " ↳" in form
    view.shown = 0
    assert view.trace is drawn
    assert view.answer["tokens"][i]["own"] == seen(drawn.tokens[i].text)
    view.take(i, rival.id)  # it is there already
    assert (view.shown, len(view.branches)) == (1, 2)
    view.take(i, drawn.tokens[i].id)
    assert view.shown == 0
    view.take(i, 999_999)
    assert view.note == "Not taken: there is no token 999999 among those that are told."
    view.show(drawn)
    assert (len(view.branches), view.shown, view.note) == (1, 0, "")
    view.close()


@pytest.mark.anyio
async def test_of_many_branches_the_oldest_go_and_that_is_said(drawn: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_view, "MOST_BRANCHES", 4)
    view = TokenView(drawn)

    async def take(i: int) -> None:
        before = view.trace
        others = [each.id for each in before.tokens[i].stages["model"] if each.id != before.tokens[i].id]
        view.take(i, others[0])
        await until(lambda: view.shown == len(view.tree) - 1 and view.tree[-1]["at"] == i)

    await take(5)  # the branch of the answer from which the next parts
    await take(3)
    child = view.trace
    view._heard(view, {"logits": "1, 2"}, None)
    assert (len(view.branches), view.note) == (4, "")
    first = view.branches[1].name
    view._heard(view, {"logits": "1, 2, 3"}, None)
    assert (len(view.branches), view.shown) == (4, 3)
    assert view.note == f"Dropped: {first}, the oldest; 4 are kept, with the answer."
    assert view.branches[1].trace is child
    assert [(each["parent"], each["at"]) for each in view.tree] == [(-1, -1), (0, 3), (-1, -1), (-1, -1)]
    view.shown = 1
    view.take(7, next(each.id for each in child.tokens[7].stages["model"] if each.id != child.tokens[7].id))
    await until(lambda: [(each["parent"], each["at"]) for each in view.tree] == [(-1, -1), (-1, -1), (-1, -1), (0, 3)])
    told = view.stored()
    for form in (told["text/plain"], " ".join(ET.fromstring(told["image/svg+xml"]).itertext())):  # noqa: S314
        assert "and 2 that were dropped, the oldest" in form
    view.show(drawn)
    assert "dropped" not in view.stored()["text/plain"]
    view.close()


LOGITS = [
    ("yes: 2.1, no: 1.3, maybe: 0.2", ["yes", "no", "maybe"], [2.1, 1.3, 0.2]),
    ("2, 1\n-0.5", ["token 1", "token 2", "token 3"], [2, 1, -0.5]),
    ('{"a": 1, "b": 2e0}', ["a", "b"], [1, 2]),
    ("[3, 4.5]", ["token 1", "token 2"], [3, 4.5]),
    ('"a" = \u22121; b 2', ["a", "b"], [-1, 2]),
]


@pytest.mark.parametrize(("text", "names", "numbers"), LOGITS)
def test_logits_that_are_pasted_are_read_in_every_form(text: str, names: list[str], numbers: list[float]) -> None:
    token = own_logits(text).tokens[0]
    shares = sampler.softmax(np.array(numbers))
    told = {rival.text: rival.probability for rival in token.stages["model"]}
    assert told == {name: pytest.approx(share) for name, share in zip(names, shares, strict=True)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "2 to 1,000 logits"),
        ("1", "and here is 1"),
        ("a: 1, b: much", "'b: much' is no logit"),
        ("[1, null]", "None is no logit"),
        ("nan, 1", "'nan' is no logit"),
        ("1e9, 2", "at most a million"),
    ],
)
def test_what_is_no_logit_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        own_logits(text)


def test_pasted_logits_are_shown_with_the_dials_as_they_stand(drawn: Trace) -> None:
    view = TokenView(drawn)
    view.turn(TURNED)
    view._heard(view, {"logits": "yes: 2.1, no: 1.3"}, None)
    assert (view.shown, view.tree[1]["name"], view.note) == (1, "own logits", "")
    assert (view.trace.dials, view.trace.seed) == (TURNED, 7)
    assert table(view.trace, token=1) == table(own_logits("yes: 2.1, no: 1.3", TURNED, 7), token=1)
    assert "own logits" in str(view.answer["badges"][0])
    view._heard(view, {"logits": HOSTILE}, None)
    assert view.note.startswith("Not taken: ")
    view.close()


def test_entropy_is_told_as_an_effective_vocabulary_too() -> None:
    even = Reading(own_logits("1, 1, 1, 1"))
    assert even.foot(0, "model") == ("4 left", "2.0 bits, effective 4.0")
    assert "Entropy 2.0 bits, an effective vocabulary of 4.0." in even.sentence(0)
    picture = " ".join(ET.fromstring(svg(even)).itertext())  # noqa: S314 - our own drawing
    assert "2.0 bits, effective 4.0" in picture
    assert "2.0 bits, effective 4.0" in table(even.trace, token=1)
    assert [effective(bits) for bits in (0.0, 6.64, 6.65, 15.58)] == ["1.0", "99.7", "100", "48,983"]


def test_of_an_answer_that_nobody_asked_for_nothing_can_be_taken() -> None:
    view = TokenView(trace(DRAWN, dials=SET))
    assert not view.answer["branches"]
    view.take(0, hash_of("the"))
    assert view.note.startswith("Not taken: what was asked is not known")


def test_what_is_no_trace_is_refused_with_what_to_write() -> None:
    with pytest.raises(TypeError, match=r"a str has no tokens to show: write show_tokens\(model.trace\(prompt\)\)"):
        show_tokens("text")  # pyright: ignore[reportArgumentType] - the mistake that is tested
