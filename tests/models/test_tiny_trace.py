"""What a trace tells of the drawn token, before the dials and after each, against the formulas on the whole vocabulary.

The weights are any: the dials are hot enough to draw from far behind, and no test asks what is said.
"""

import math
from dataclasses import replace

import pytest

from labkit.models import sampler
from labkit.models.tiny import Dials, TinyModel
from labkit.models.trace import END, Standing, TracedToken
from labkit.models.tracing import begun, branch
from tests.models.logits import logits_of

PROMPT = "Explain this log line: what happened, why, and what to do.\n\n[821] ERROR:  deadlock detected"
STAGES = ["model", "frequency_penalty", "temperature", "top_k", "top_p", "min_p"]
DIALS = [
    Dials(0.0),
    Dials(0.7),
    Dials(1.0),
    Dials(2.0),
    Dials(5.0, top_k=900),
    Dials(5.0, top_p=0.97),
    Dials(5.0, min_p=0.01),
    Dials(5.0, top_k=900, top_p=0.97, min_p=0.01),
]


def first_token(dials: Dials, seed: int) -> TracedToken:
    return TinyModel().trace(PROMPT, dials=dials, seed=seed, max_tokens=1).tokens[0]


@pytest.mark.parametrize("dials", DIALS, ids=str)
def test_how_the_drawn_token_stood_is_told_at_every_stage_and_right(dials: Dials) -> None:
    logits = logits_of(PROMPT)
    stages = {"model": logits, **dict(sampler.turn(logits, dials))}
    for seed in range(2):
        drawn = first_token(dials, seed)
        assert list(drawn.standing) == list(drawn.stages) == list(drawn.kept) == STAGES
        for name, stage in stages.items():
            weights = [math.exp(logit - best) for best in [stage.max()] for logit in stage]
            total = math.fsum(weights)
            shares = [each / total for each in weights]
            told = drawn.standing[name]
            assert told.probability == pytest.approx(shares[drawn.id], rel=1e-9)
            order = sorted(range(len(stage)), key=[(-logit, i) for i, logit in enumerate(stage)].__getitem__)
            assert told.rank == 1 + order.index(drawn.id)
            bits = -sum(each * math.log2(each) for each in shares if each > 0)
            assert told.entropy == pytest.approx(bits, rel=1e-9, abs=1e-12)


def test_no_share_is_missing_from_a_hot_answer_and_what_is_listed_agrees() -> None:
    tokens = TinyModel().trace(PROMPT, dials=Dials(5.0), max_tokens=30).tokens
    tokens += [first_token(Dials(5.0), seed) for seed in range(1, 8)]  # where the answer ended soon
    assert any(token.rank > 10 for token in tokens)
    for token in tokens:
        assert all(0 < each.probability <= 1 for each in token.standing.values())
        for name, rivals in token.stages.items():
            listed = {rival.id: (rank, rival.probability) for rank, rival in enumerate(rivals, 1)}
            told = token.standing[name]
            assert (token.id in listed) == (told.rank <= 10)
            assert listed.get(token.id, (told.rank, told.probability)) == (told.rank, told.probability)


def test_the_short_names_are_the_models_own() -> None:
    token = first_token(Dials(1.5, top_k=7), 3)
    assert Standing(token.probability, token.rank, token.entropy) == token.standing["model"]


def test_temperature_0_leaves_nothing_to_doubt() -> None:
    token = first_token(Dials(0.0), 3)
    assert [token.standing[name] for name in STAGES[2:]] == [Standing(1.0, 1, 0.0)] * 4
    assert token.rank == 1


def test_a_dial_that_is_off_leaves_the_standing_as_it_was() -> None:
    standing = first_token(Dials(1.5, top_p=0.9), 3).standing
    assert standing["top_k"] is standing["temperature"]
    assert standing["min_p"] is standing["top_p"]
    assert standing["top_p"].probability > standing["top_k"].probability


def test_an_answer_goes_on_from_another_token_with_the_same_random_numbers() -> None:
    drawn = TinyModel().trace(PROMPT, dials=Dials(1.2, top_p=0.9), seed=7, max_tokens=14)
    same = branch(drawn, 6, drawn.tokens[6].id)
    assert (same.text, [token.id for token in same.tokens]) == (drawn.text, [token.id for token in drawn.tokens])
    assert [t.choice and t.choice.chance for t in same.tokens] == [t.choice and t.choice.chance for t in drawn.tokens]
    rival = next(each for each in drawn.tokens[4].stages["model"] if each.id != drawn.tokens[4].id)
    other = branch(drawn, 4, rival.id)
    taken = other.tokens[4]
    assert other.tokens[:4] == drawn.tokens[:4]
    assert (taken.id, taken.instead_of, taken.instead) == (rival.id, drawn.tokens[4].text, None)
    assert taken.probability == pytest.approx(rival.probability)
    assert len(other.tokens) <= 14
    assert other.text == "".join(token.text for token in other.tokens if token.text != END)
    again = branch(other, 9, other.tokens[9].id)  # a branch is an answer like any other
    assert again.text == other.text


def test_a_branch_that_takes_the_end_is_over_and_what_cannot_be_taken_is_said() -> None:
    drawn = TinyModel().trace(PROMPT, dials=Dials(0.8), seed=7, max_tokens=9)
    choice = drawn.tokens[3].choice
    assert choice is not None
    end = next(token for token in choice.ids if choice.text_of(token) == END)
    over = branch(drawn, 3, end)
    assert (over.stop_reason, len(over.tokens)) == ("endTurn", 4)
    assert over.text == "".join(token.text for token in drawn.tokens[:3])
    with pytest.raises(LookupError, match="no token 999999"):
        begun(drawn, 3, 999_999)
    with pytest.raises(ValueError, match="what was asked is not known"):
        begun(replace(drawn, asked={}), 3, end)
