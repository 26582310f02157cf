"""How fast the embedded model loads and draws: `python -m training.speed` prints the medians of five runs as JSON.

For one core, numpy has to be told before it is loaded: `training.evaluate.speed` starts this file with `ONE_THREAD` in
its environment. The clock on the wall says what a user waits for; the time of the thread that computes does not grow
when other programs take the processor away, so it is what a test can hold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import islice
from statistics import median

from labkit.models.tiny import Dials
from labkit.models.tiny.callback import FOLDER, load
from labkit.models.tiny.generation import generate
from labkit.models.tiny.model import Model
from labkit.models.tiny.tokenizer import Tokenizer

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""What the libraries that numpy computes with read when they are loaded."""

TOKENS = 100
RUNS = 5
QUESTION = "Explain this log line: " + "deadlock detected " * 10


def loading(clock: Callable[[], float]) -> float:
    """Seconds that the weights and the tokenizer take to load, by `clock`."""
    began = clock()
    Model.load(FOLDER / "weights.npz")
    Tokenizer.load(FOLDER / "tokenizer.json")
    return clock() - began


def drawing(clock: Callable[[], float]) -> float:
    """Seconds for a token, by `clock`: the mean of a hundred with all that a trace keeps, the prompt read among them.

    An answer is drawn on beyond its end, so that it has as many tokens with any weights.
    """
    model, tokenizer = load()
    prompt = tokenizer.encode_chat("", [("user", QUESTION)])
    began = clock()
    tokens = (token for token in generate(model, tokenizer, prompt, Dials(2.0), 0) if token is not None)
    count = len(list(islice(tokens, TOKENS)))
    return (clock() - began) / count


def main() -> None:
    told: dict[str, float] = {}
    load()
    for suffix, clock in (("", time.perf_counter), (", thread", time.thread_time)):
        told[f"load ms{suffix}"] = round(1000 * median(loading(clock) for _ in range(RUNS)), 1)
        told[f"tokens/s{suffix}"] = round(1 / median(drawing(clock) for _ in range(RUNS)))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
