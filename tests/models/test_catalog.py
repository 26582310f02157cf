"""The catalogue of models: prices, what each accepts, and how old its facts are."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from labkit.models.catalog import Catalog, catalog, price
from labkit.plain import LINE

PRICED = [model for model in catalog().models if model.prices]
tokens = st.integers(0, 1_000_000)


@pytest.mark.parametrize(
    ("model", "input_tokens", "output_tokens", "usd"),
    [
        ("claude-haiku-5-5", 100_000, 1_000_000, 0.01 + 0.50),
        ("claude-haiku-5-5", 100_001, 1_000_000, 0.0500005 + 2.50),
        ("claude-sonnet-5-5", 1_000_000, 1_000_000, 12),
        ("claude-opus-5-5", 1_000_000, 0, 4),
        ("claude-fable-5-1", 0, 1_000_000, 50),
        ("claude-fable-5-1", 0, 0, 0),
    ],
)
def test_a_price_is_that_of_the_tokens_in_and_out(
    model: str, input_tokens: int, output_tokens: int, usd: float
) -> None:
    assert price(model, input_tokens, output_tokens) == pytest.approx(usd)


def test_a_release_with_its_date_costs_what_its_model_costs() -> None:
    assert price("claude-opus-5-5-20261001", 1000, 10) == price("claude-opus-5-5", 1000, 10)


@given(st.sampled_from(PRICED), tokens, tokens, tokens, tokens)
def test_more_tokens_never_cost_less(model, fewer_in, more_in, fewer_out, more_out) -> None:
    fewer_in, more_in = sorted((fewer_in, more_in))
    fewer_out, more_out = sorted((fewer_out, more_out))
    assert 0 <= model.price(fewer_in, fewer_out) <= model.price(more_in, more_out)


def test_a_model_that_is_not_listed_has_no_price_and_the_error_lists_those_that_are() -> None:
    with pytest.raises(LookupError, match=r"does not know gpt-2\. It has claude-haiku-5-5, "):
        price("gpt-2", 1, 1)


def test_a_model_whose_price_nobody_knows_is_not_free() -> None:
    with pytest.raises(LookupError, match="no price for claude-sonnet-4-5"):
        price("claude-sonnet-4-5", 1, 1)


def test_a_negative_number_of_tokens_is_an_error() -> None:
    with pytest.raises(ValueError, match="never negative"):
        price("claude-haiku-5-5", -1, 1)


def test_the_default_is_the_cheapest_model() -> None:
    assert catalog().default == min(PRICED, key=lambda model: model.price(1000, 1000)).name


def test_the_scores_order_the_models_as_their_prices_do() -> None:
    by_price = sorted(PRICED, key=lambda model: model.price(1000, 1000))
    scores = [model.scores for model in by_price if model.scores]
    assert len(scores) == len(PRICED)
    assert scores == sorted(scores, key=lambda each: (-each.cost, -each.speed, each.intelligence))
    assert len({each.cost for each in scores}) == len(scores)


def test_a_model_that_retires_is_neither_scored_nor_the_default() -> None:
    retiring = [model for model in catalog().models if model.retires]
    assert [model.name for model in retiring] == ["claude-sonnet-4-5"]
    assert all(model.scores is None and model.name != catalog().default for model in retiring)


def test_a_model_that_retires_is_told_of_before_and_after_its_day_and_offered_till_then() -> None:
    old = catalog().find("claude-sonnet-4-5-20250929")  # as a program of the seeds names it
    assert old is not None
    assert old.farewell(date(2026, 11, 29)) == (
        "claude-sonnet-4-5 is served until 2026-11-30: name claude-sonnet-5-5 in its place"
    )
    assert old.farewell(date(2026, 11, 30)) == (
        "claude-sonnet-4-5 has not been served since 2026-11-30: name claude-sonnet-5-5 in its place"
    )
    assert old.instead in {model.name for model in catalog().offered()}
    leaving = catalog().model_copy(
        update={"models": tuple(each.model_copy(update={"retires": date(2027, 5, 1)}) for each in catalog().models)}
    )
    assert [model.name for model in leaving.offered(date(2027, 4, 30))] == [model.name for model in PRICED]
    assert leaving.offered(date(2027, 5, 1)) == []
    assert PRICED[0].farewell() is None


def test_only_older_models_take_a_temperature() -> None:
    assert {model.name for model in catalog().models if "temperature" in model.accepts.dials} == {"claude-sonnet-4-5"}


def test_a_misspelt_key_in_the_file_is_an_error_and_no_default() -> None:
    text = catalog().model_dump_json().replace("always_thinks", "allways_thinks")
    with pytest.raises(ValidationError, match="allways_thinks"):
        Catalog.model_validate_json(text)


def test_the_list_tells_scores_and_prices_and_how_old_they_are() -> None:
    lines = str(catalog()).splitlines()
    assert len(lines) == 2 + len(catalog().models)
    assert lines[0].split()[:4] == ["model", "cost", "speed", "intelligence"]
    assert lines[1].endswith("0.1 / 0.5 up to 100,000 tokens in, 0.5 / 2.5 beyond")
    assert "not known; served until 2026-11-30" in lines[-2]
    assert lines[-1].startswith(f"Checked {catalog().checked}. Scores: ")
    assert max(map(len, lines)) <= LINE, "Lab breaks it within a word, with the files beside the notebook"
