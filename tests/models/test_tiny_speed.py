"""The embedded model is quick enough on one core, measured so that a busy machine does not matter."""

import time

from training.speed import drawing, loading

LOADING = 0.150
"""Seconds that it may take to load."""

DRAWING = 1 / 300
"""Seconds that a token may take."""

MARGIN = 3
"""A machine may be so many times slower than the bars are meant for."""

TRIES = 10
"""One that keeps to the bar is enough: what disturbs a measurement only ever makes it longer."""


# The time of the thread that computes, not of the clock on the wall: it does not grow while other programs compute.
# It is that of one core, for the model's products are too small for numpy to share them out, see `Matrix`.
def test_it_loads_within_three_times_its_bar() -> None:
    assert any(loading(time.thread_time) < MARGIN * LOADING for _ in range(TRIES))


def test_it_draws_within_three_times_its_bar() -> None:
    assert any(drawing(time.thread_time) < MARGIN * DRAWING for _ in range(TRIES))
