"""From logits to a token: the dials, each a small function on logits [vocabulary]. A token that is ruled out gets -inf.

The table of dials says in which order they come (`labkit/dial_table.py`); `stage` puts a function to its row.

`numpy.random.PCG64` gives the same numbers everywhere. Logits do not quite agree between processors (the last digits of
a float32 sum depend on its order), so they are first rounded to a grid of 1/1024: equal to that precision is equal, and
the lower id goes first. What is left is a draw or a tie that falls within some 1e-5 of a border.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.dial_table import DIAL, STAGES
from labkit.numbers import checked_whole

Logits = NDArray[np.float64]

GRID = 1024

TEMPERATURE = 0.2
"""The temperature where nobody says anything."""


class Dials:
    """Where the dials stand that take part in the draw of a token: a value for each, by name in the table of dials.

        Dials(0.8, top_p=0.9).top_p

    Args:
        temperature: 0 takes the best token.
        others: `top_k`, `top_p`, `min_p`, `frequency_penalty`; a dial that is left out is off.

    Raises:
        TypeError: There is no such dial.
        ValueError: A dial cannot stand there.
    """

    def __init__(self, temperature: float = TEMPERATURE, **others: float) -> None:
        given = {"temperature": temperature, **others}
        values: dict[str, float] = {}
        for dial in STAGES:
            # Every dial of the draw but the temperature has a value at which it is off.
            values[dial.name] = given.pop(dial.name, 0.0 if dial.off is None else dial.off)
            dial.check(dial.name, values[dial.name])
        if given:
            raise TypeError(f"there is no dial {', '.join(given)}; there are {', '.join(values)}")
        self.values: Mapping[str, float] = values
        """The values by dial, in the order of the draw."""

    def but(self, **others: float) -> "Dials":
        """A copy of the dials with `others` in place of those of the same names."""
        return Dials(**{**self.values, **others})

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(f"Dials has no {name}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dials) and self.values == other.values

    def __hash__(self) -> int:
        return hash(tuple(self.values.values()))

    def __repr__(self) -> str:
        turned = [(name, value) for name, value in self.values.items() if not DIAL[name].is_off(value)]
        return f"Dials({', '.join(f'{name}={value!r}' for name, value in turned)})"


def checked_seed(seed: int) -> int:
    """`seed` unchanged, if a generator can start from it.

    Raises:
        ValueError: `seed` is no whole number of 0 or more, which the generator wants.
    """
    return checked_whole("seed", seed)


def settle(logits: NDArray[np.float32]) -> Logits:
    """Logits on the grid, in double precision."""
    return np.round(logits.astype(np.float64) * GRID) / GRID


Stage = Callable[[Logits, Any, Sequence[int]], Logits]
"""A stage of the draw: from logits, where the dial stands and the ids drawn so far to new logits."""

_stages: dict[str, Stage] = {}


def stage(function: Callable[[Logits, Any], Logits]) -> Callable[[Logits, Any], Logits]:
    """Enter a function of the logits and the dial's value as the stage of the dial that has its name."""
    _stages[function.__name__.removeprefix("apply_")] = lambda logits, value, _: function(logits, value)
    return function


@stage
def apply_temperature(logits: Logits, temperature: float) -> Logits:
    """Divide by the temperature: below 1 the likely tokens gain, above 1 the others. 0 leaves the best one alone."""
    if temperature == 0:
        only = np.full_like(logits, -np.inf)
        only[greedy(logits)] = 0.0
        return only
    with np.errstate(over="ignore"):  # next to 0 the quotients of all but the best are beyond what a float holds: -inf
        return (logits - logits.max()) / temperature


@stage
def top_k(logits: Logits, k: int) -> Logits:
    """Keep the k best tokens; of equal ones those with the lower ids. 0 keeps all."""
    return logits if k <= 0 else _keep(logits, ranking(logits)[:k])


@stage
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


@stage
def min_p(logits: Logits, p: float) -> Logits:
    """Keep the tokens that are at least p times as probable as the best one. 0 keeps all."""
    return logits if p <= 0 else np.where(logits >= logits.max() + np.log(min(p, 1.0)), logits, -np.inf)


def softmax(logits: Logits) -> NDArray[np.float64]:
    """Probabilities, which add up to 1."""
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def entropy(probabilities: NDArray[np.float64]) -> float:
    """The entropy in bits: 0 where one token is certain, log2(n) where n are equally likely (Shannon 1948, § 6)."""
    present = probabilities[probabilities > 0]
    return max(0.0, -float((present * np.log2(present)).sum()))


def ranking(logits: Logits) -> NDArray[np.intp]:
    """The ids from the best to the worst; of equal ones the lower id first."""
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
    # The last share may end a rounding error below 1: then the last token that has a share is meant.
    return min(at, int(np.flatnonzero(logits > -np.inf)[-1]))


def frequency_penalty(logits: Logits, penalty: float, drawn: Sequence[int]) -> Logits:
    """Take the penalty off each token's logit for every time that it was drawn. 0 leaves all as they are."""
    if penalty == 0 or not drawn:
        return logits
    ids, times = np.unique(np.asarray(drawn), return_counts=True)
    lowered = logits.copy()
    lowered[ids] -= penalty * times
    return lowered


_stages["frequency_penalty"] = frequency_penalty  # the one dial that looks at what was drawn before


def turn(logits: Logits, dials: Dials, drawn: Sequence[int] = ()) -> list[tuple[str, Logits]]:
    """The logits after each dial in its turn; `drawn` are the ids of the answer so far."""
    stages: list[tuple[str, Logits]] = []
    for name, value in dials.values.items():
        logits = _stages[name](logits, value, drawn)
        stages.append((name, logits))
    return stages


def find_stop(text: str, stop_sequences: Sequence[str]) -> int | None:
    """The index at which the first stop sequence begins in the text, or `None`. An empty sequence stops nothing."""
    found = [text.index(sequence) for sequence in stop_sequences if sequence and sequence in text]
    return min(found, default=None)


def _keep(logits: Logits, ids: NDArray[np.intp]) -> Logits:
    kept = np.full_like(logits, -np.inf)
    kept[ids] = logits[ids]
    return kept
