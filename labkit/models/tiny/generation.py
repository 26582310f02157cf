"""Drawing an answer token by token, in slices short enough to be interrupted between any two."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from labkit.models.tiny import sampler
from labkit.models.tiny.model import Cache, Model
from labkit.models.tiny.tokenizer import Tokenizer

SLICE = 16
"""Prompt tokens read at a time, some milliseconds of work."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A token that could have been drawn, and its probability at one point of the way."""

    id: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class TracedToken:
    """One drawn token and the choice it was drawn from.

    `probability`, `rank` (1 is the best) and `entropy` (in bits) are those of the model itself, before any dial.
    `stages` holds the ten best rivals under "model", and after each dial in turn under "temperature", "top_k", "top_p"
    and "min_p"; a token that a dial rules out is not among them. `kept` says how many tokens each stage left in all.
    """

    id: int
    text: str
    probability: float
    rank: int
    entropy: float
    stages: dict[str, list[Rival]]
    kept: dict[str, int] = field(default_factory=dict[str, int])


def generate(
    model: Model, tokenizer: Tokenizer, prompt: Sequence[int], dials: sampler.Dials, seed: int
) -> Iterator[TracedToken | None]:
    """Read the prompt, yielding `None` after each slice of it, then draw tokens until the context is full.

    The end token is yielded too; it is for the caller to stop there, at its limit, or at a stop sequence.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    cache = Cache(model.shape)
    logits = np.zeros(0, np.float32)
    for start in range(0, len(prompt), SLICE):
        logits = model.forward(prompt[start : start + SLICE], cache)
        yield None
    never = [i for i in tokenizer.control.values() if i != tokenizer.end]
    while True:
        logits[never] = -np.inf
        token = _choose(sampler.settle(logits), tokenizer, dials, random.random())
        yield token
        if cache.length == model.shape.context:
            return
        logits = model.forward([token.id], cache)


def _choose(logits: sampler.Logits, tokenizer: Tokenizer, dials: sampler.Dials, chance: float) -> TracedToken:
    turned = sampler.turn(logits, dials)
    chosen = sampler.draw(turned[-1][1], chance)
    probabilities = sampler.softmax(logits)
    present = probabilities[probabilities > 0]
    stages = {"model": best_of(logits, tokenizer)}
    kept = {name: int(np.count_nonzero(stage > -np.inf)) for name, stage in [("model", logits), *turned]}
    before, rivals = logits, stages["model"]
    for name, stage in turned:
        # A dial that rules nothing out gives back what it was given, and the rivals are the same.
        rivals = rivals if stage is before else best_of(stage, tokenizer)
        stages[name], before = rivals, stage
    return TracedToken(
        id=chosen,
        text=tokenizer.decode([chosen]),
        probability=float(probabilities[chosen]),
        # As many are better as have a higher logit, or an equal one and a lower id.
        rank=1 + int(np.count_nonzero(logits > logits[chosen]) + np.count_nonzero(logits[:chosen] == logits[chosen])),
        entropy=float(-(present * np.log2(present)).sum()),
        stages=stages,
        kept=kept,
    )


def best_of(logits: sampler.Logits, tokenizer: Tokenizer, number: int = 10) -> list[Rival]:
    """The best tokens and their probabilities, the best first; none that is ruled out."""
    probabilities = sampler.softmax(logits)
    best = [int(i) for i in sampler.ranking(logits)[:number] if logits[i] > -np.inf]
    return [Rival(i, tokenizer.decode([i]), float(probabilities[i])) for i in best]
