"""From logits to a token: the dials, each a small function on logits [vocabulary]. A token that is ruled out gets -inf.

`numpy.random.PCG64` gives the same numbers everywhere. Logits do not quite agree between processors (the last digits of
a float32 sum depend on its order), so they are first rounded to a grid of 1/1024: equal to that precision is equal, and
the lower id goes first. What is left is a draw or a tie that falls within some 1e-5 of a border.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.numbers import checked_number, checked_ratio, checked_whole

Logits = NDArray[np.float64]

GRID = 1024


@dataclass(frozen=True, slots=True)
class Dials:
    """How tokens are drawn, in this order. `top_k` 0, `top_p` 1 and `min_p` 0 rule nothing out.

    Raises:
        ValueError: A dial cannot stand there.
    """

    temperature: float = 0.2
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        checked_number("temperature", self.temperature)
        checked_whole("top_k", self.top_k)
        checked_ratio("top_p", self.top_p)
        checked_ratio("min_p", self.min_p)


def checked_seed(seed: int) -> int:
    """`seed` itself.

    Raises:
        ValueError: It is no whole number of 0 or more, which the generator wants.
    """
    return checked_whole("seed", seed)


def settle(logits: NDArray[np.float32]) -> Logits:
    """Logits on the grid, in double precision."""
    return np.round(logits.astype(np.float64) * GRID) / GRID


def apply_temperature(logits: Logits, temperature: float) -> Logits:
    """Divide by the temperature: below 1 the likely tokens gain, above 1 the others. 0 leaves the best one alone."""
    if temperature == 0:
        only = np.full_like(logits, -np.inf)
        only[greedy(logits)] = 0.0
        return only
    with np.errstate(over="ignore"):  # next to 0 the quotients of all but the best are beyond what a float holds: -inf
        return (logits - logits.max()) / temperature


def top_k(logits: Logits, k: int) -> Logits:
    """Keep the k best tokens; of equal ones those with the lower ids. 0 keeps all."""
    return logits if k <= 0 else _keep(logits, ranking(logits)[:k])


def top_p(logits: Logits, p: float) -> Logits:
    """Keep the best tokens until their probabilities add up to p; always at least one. 1 keeps all."""
    if p >= 1:
        return logits
    order = ranking(logits)
    shares = softmax(logits)[order]
    before = np.cumsum(shares) - shares  # what the better ones hold already
    kept = before < p
    kept[0] = True
    return _keep(logits, order[kept])


def min_p(logits: Logits, p: float) -> Logits:
    """Keep the tokens that are at least p times as probable as the best one. 0 keeps all."""
    return logits if p <= 0 else np.where(logits >= logits.max() + np.log(min(p, 1.0)), logits, -np.inf)


def softmax(logits: Logits) -> NDArray[np.float64]:
    """Probabilities, which add up to 1."""
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def entropy(probabilities: NDArray[np.float64]) -> float:
    """In bits: 0 where one token is certain, log2(n) where n are equally likely (Shannon 1948, section 6)."""
    present = probabilities[probabilities > 0]
    return max(0.0, -float((present * np.log2(present)).sum()))


def ranking(logits: Logits) -> NDArray[np.intp]:
    """Ids from the best to the worst; of equal ones the lower id first."""
    return np.argsort(-logits, kind="stable")


def best(logits: Logits, number: int) -> NDArray[np.intp]:
    """The first `number` ids of `ranking`, found without sorting the others."""
    if len(logits) <= number:
        return ranking(logits)
    ids = np.flatnonzero(logits >= np.partition(logits, -number)[-number])
    return ids[ranking(logits[ids])[:number]]


def greedy(logits: Logits) -> int:
    """The best token; of equal ones the lowest id."""
    return int(np.argmax(logits))


def draw(logits: Logits, chance: float) -> int:
    """The token in whose share of [0, 1) `chance` falls, the shares laid side by side in the order of the ids."""
    shares = np.cumsum(softmax(logits))
    at = int(np.count_nonzero(shares <= chance * shares[-1]))
    # The last share may end a rounding error below 1: then the last token that has one is meant.
    return min(at, int(np.flatnonzero(logits > -np.inf)[-1]))


def turn(logits: Logits, dials: Dials) -> list[tuple[str, Logits]]:
    """The logits after each dial in its turn: temperature, top-k, top-p, min-p."""
    stages = [("temperature", apply_temperature(logits, dials.temperature))]
    stages.append(("top_k", top_k(stages[-1][1], dials.top_k)))
    stages.append(("top_p", top_p(stages[-1][1], dials.top_p)))
    stages.append(("min_p", min_p(stages[-1][1], dials.min_p)))
    return stages


def find_stop(text: str, stop_sequences: Sequence[str]) -> int | None:
    """Where the first stop sequence begins in the text, or `None`. An empty sequence stops nothing."""
    found = [text.index(sequence) for sequence in stop_sequences if sequence and sequence in text]
    return min(found, default=None)


def _keep(logits: Logits, ids: NDArray[np.intp]) -> Logits:
    kept = np.full_like(logits, -np.inf)
    kept[ids] = logits[ids]
    return kept
