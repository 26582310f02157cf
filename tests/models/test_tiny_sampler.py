"""Every dial on cases worked out by hand, and what must hold for any logits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from labkit.models import sampler
from labkit.models.sampler import Dials

# Probabilities 0.5, 0.25, 0.125, 0.125: halving is one bit, so the sums are exact.
HALVES = np.log(np.array([0.5, 0.25, 0.125, 0.125]))
LOGITS = st.lists(st.integers(-20_000, 20_000), min_size=1, max_size=40).map(lambda n: np.array(n) / sampler.GRID)

DIALS = st.builds(
    Dials,
    st.floats(0.05, 2.0),
    top_k=st.integers(0, 50),
    top_p=st.floats(0.001, 1),
    min_p=st.floats(0, 1),
    frequency_penalty=st.floats(-2, 2),
)


def left(logits: NDArray[np.float64]) -> list[int]:
    return np.flatnonzero(logits > -np.inf).tolist()


def test_temperature_one_changes_no_probability() -> None:
    assert np.allclose(sampler.softmax(sampler.apply_temperature(HALVES, 1.0)), [0.5, 0.25, 0.125, 0.125])


def test_temperature_one_half_squares_the_odds() -> None:
    squares = np.array([16.0, 4.0, 1.0, 1.0])
    assert np.allclose(sampler.softmax(sampler.apply_temperature(HALVES, 0.5)), squares / 22)


def test_temperature_two_takes_the_root_of_the_odds() -> None:
    roots = np.sqrt([4.0, 2.0, 1.0, 1.0])
    assert np.allclose(sampler.softmax(sampler.apply_temperature(HALVES, 2.0)), roots / roots.sum())


def test_temperature_zero_leaves_the_best_token_alone() -> None:
    assert left(sampler.apply_temperature(np.array([1.0, 3.0, 2.0]), 0.0)) == [1]


def test_temperature_zero_takes_the_lowest_id_of_equals() -> None:
    assert left(sampler.apply_temperature(np.array([1.0, 3.0, 3.0]), 0.0)) == [1]


def test_a_tiny_temperature_neither_warns_nor_overflows() -> None:
    assert sampler.draw(sampler.apply_temperature(np.array([0.0, 20.0, -20.0]), 1e-9), 0.999) == 1


def test_top_k_keeps_the_k_best() -> None:
    assert left(sampler.top_k(np.array([0.0, 5.0, 2.0, 3.0]), 2)) == [1, 3]


def test_top_k_takes_the_lower_ids_of_equals() -> None:
    assert left(sampler.top_k(HALVES, 3)) == [0, 1, 2]


def test_top_k_zero_keeps_all() -> None:
    assert left(sampler.top_k(HALVES, 0)) == [0, 1, 2, 3]


@pytest.mark.parametrize(("p", "kept"), [(0.0, 1), (0.4, 1), (0.5, 1), (0.51, 2), (0.75, 2), (0.76, 3), (1.0, 4)])
def test_top_p_keeps_the_fewest_that_hold_p(p: float, kept: int) -> None:
    # 1e-12 below the border: the cumulated probabilities of exact halves carry a rounding error.
    assert left(sampler.top_p(HALVES, p - 1e-12 if 0 < p < 1 else p)) == list(range(kept))


@pytest.mark.parametrize(("p", "kept"), [(0.0, 4), (0.2, 4), (0.3, 2), (0.6, 1), (1.0, 1)])
def test_min_p_measures_against_the_best(p: float, kept: int) -> None:
    assert left(sampler.min_p(HALVES, p)) == list(range(kept))


@pytest.mark.parametrize(("chance", "token"), [(0.0, 0), (0.49, 0), (0.51, 1), (0.74, 1), (0.76, 2), (0.99, 3)])
def test_a_draw_falls_into_the_share_of_its_token(chance: float, token: int) -> None:
    assert sampler.draw(HALVES, chance) == token


def test_a_draw_never_takes_a_token_that_is_ruled_out() -> None:
    logits = np.array([-np.inf, 0.0, -np.inf, 0.0, -np.inf])
    assert {sampler.draw(logits, chance) for chance in (0.0, 0.3, 0.6, 1 - 2**-53)} == {1, 3}


@pytest.mark.parametrize(
    ("shares", "bits"), [([1.0], 0.0), ([0.0, 1.0, 0.0], 0.0), ([0.25] * 4, 2.0), ([0.5, 0.25, 0.125, 0.125], 1.75)]
)
def test_entropy_is_in_bits_and_never_below_nothing(shares: list[float], bits: float) -> None:
    found = sampler.entropy(np.array(shares))
    assert found == bits
    assert not str(found).startswith("-")


def test_equal_to_the_grid_is_equal() -> None:
    logits = sampler.settle(np.array([1.0, 1.0001, 0.9999], np.float32))
    assert sampler.greedy(logits) == 0
    assert sampler.ranking(logits).tolist() == [0, 1, 2]


@given(LOGITS, DIALS, st.floats(0, 1, exclude_max=True))
def test_whatever_the_dials_a_token_is_left_and_drawn(logits: NDArray[np.float64], dials: Dials, chance: float) -> None:
    last = sampler.turn(logits, dials)[-1][1]
    assert sampler.draw(last, chance) in left(last)
    assert sampler.greedy(logits) in left(last)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40), st.integers(1, 12))
def test_the_best_are_the_first_of_the_ranking_also_among_equals(levels: list[int], number: int) -> None:
    logits = np.array(levels, np.float64)
    assert sampler.best(logits, number).tolist() == sampler.ranking(logits)[:number].tolist()


@given(LOGITS, st.floats(0.05, 2.0))
def test_temperature_keeps_the_order(logits: NDArray[np.float64], temperature: float) -> None:
    assert sampler.greedy(sampler.apply_temperature(logits, temperature)) == sampler.greedy(logits)


@given(LOGITS, st.floats(0.1, 1.0), st.floats(1.0, 2.0))
def test_a_higher_temperature_never_makes_the_best_token_likelier(
    logits: NDArray[np.float64], cool: float, hot: float
) -> None:
    best = [sampler.softmax(sampler.apply_temperature(logits, t)).max() for t in (cool, hot)]
    assert best[1] <= best[0] + 1e-12


@given(LOGITS, st.integers(1, 50))
def test_top_k_keeps_k_or_all(logits: NDArray[np.float64], k: int) -> None:
    assert len(left(sampler.top_k(logits, k))) == min(k, len(logits))


@given(LOGITS, st.floats(0, 1))
def test_top_p_keeps_enough_and_no_more(logits: NDArray[np.float64], p: float) -> None:
    kept = sampler.softmax(logits)[left(sampler.top_p(logits, p))]
    assert kept.sum() >= p - 1e-9
    assert len(kept) == 1 or kept.sum() - kept.min() < p + 1e-9


@pytest.mark.parametrize(
    ("text", "stops", "at"),
    [
        ("one. two", ["."], 3),
        ("one. two", ["two", "one"], 0),
        ("one", ["x"], None),
        ("one", [""], None),
        ("", ["a"], None),
    ],
)
def test_the_first_stop_sequence_in_the_text_counts(text: str, stops: list[str], at: int | None) -> None:
    assert sampler.find_stop(text, stops) == at
