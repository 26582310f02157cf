"""Drawing an answer token by token, in slices short enough to be interrupted between any two."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from labkit.models.tiny import sampler
from labkit.models.tiny.model import Cache, Floats, Model
from labkit.models.tiny.tokenizer import Tokenizer

SLICE = 16
"""Prompt tokens read at a time, some milliseconds of work."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A token that could have been drawn, and its probability at one point of the way."""

    id: int
    text: str
    probability: float


class Standing(NamedTuple):
    """How the drawn token stood among its rivals at one point of the way.

    `probability` is its share of the draw, above 0 up to 1. `rank` is its place among the tokens that are left, 1 for
    the best; of equal ones the lower id goes first. `entropy` is that of the whole distribution, in bits: 0 where one
    token is left, and log2(n) where n are equally likely.
    """

    probability: float
    rank: int
    entropy: float


@dataclass(frozen=True, slots=True)
class TracedToken:
    """One drawn token and the choice it was drawn from.

        token = TinyModel().trace("...", dials=Dials(temperature=1.5, top_p=0.9)).tokens[0]
        token.probability, token.standing["temperature"].probability, token.standing["top_p"].probability
        token.stages["top_p"], token.kept["top_p"]

    Each dictionary has the same keys: "model", which is before any dial, then after each dial in its turn
    "frequency_penalty", "temperature", "top_k", "top_p" and "min_p". A dial that is off leaves everything as it was.

    `stages` holds the ten best rivals, the best first; a token that a dial rules out is not among them. `standing`
    holds the drawn token's own probability, rank and entropy, listed among the ten or not. `kept` says how many tokens
    each stage left in all.
    """

    id: int
    text: str
    stages: dict[str, list[Rival]]
    standing: dict[str, Standing]
    kept: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def probability(self) -> float:
        """The model's own, before any dial, 0 to 1."""
        return self.standing["model"].probability

    @property
    def rank(self) -> int:
        """The model's own, before any dial; 1 is the best."""
        return self.standing["model"].rank

    @property
    def entropy(self) -> float:
        """Of the model's own distribution, before any dial, in bits."""
        return self.standing["model"].entropy


def generate(
    model: Model, tokenizer: Tokenizer, prompt: Sequence[int], dials: sampler.Dials, seed: int
) -> Iterator[TracedToken | None]:
    """Read the prompt, yielding `None` after each slice of it, then draw tokens until the context is full.

    The end token is yielded too; it is for the caller to stop there, at its limit, or at a stop sequence.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    cache = Cache(model.shape)
    logits = np.zeros(0, np.float32)
    for logits in read(model, prompt, cache):  # noqa: B007 - the last ones count
        yield None
    drawn: list[int] = []
    while True:
        before = possible(logits, tokenizer)
        token = _choose(before, sampler.turn(before, dials, drawn), tokenizer, random.random())
        drawn.append(token.id)
        yield token
        if cache.length == model.shape.context:
            return
        logits = model.forward([token.id], cache)


def read(model: Model, prompt: Sequence[int], cache: Cache) -> Iterator[Floats]:
    """The logits [vocabulary] after each slice of a prompt: those after the last are what an answer begins with.

    How a prompt is cut is a part of the result: float32 sums of other sizes differ in their last digits.
    """
    for start in range(0, len(prompt), SLICE):
        yield model.forward(prompt[start : start + SLICE], cache)


def possible(logits: Floats, tokenizer: Tokenizer) -> sampler.Logits:
    """The settled logits, in which no control token but the end can be drawn."""
    settled = sampler.settle(logits)
    settled[[i for i in tokenizer.control.values() if i != tokenizer.end]] = -np.inf
    return settled


def _choose(
    logits: sampler.Logits, turned: Sequence[tuple[str, sampler.Logits]], tokenizer: Tokenizer, chance: float
) -> TracedToken:
    chosen = sampler.draw(turned[-1][1], chance)
    before, view = logits, _view(logits, chosen, tokenizer)
    views = {"model": view}
    for name, stage in turned:
        # A dial that rules nothing out gives back what it was given, and everything is the same.
        view = view if stage is before else _view(stage, chosen, tokenizer)
        views[name], before = view, stage
    return TracedToken(
        id=chosen,
        text=tokenizer.decode([chosen]),
        stages={name: view[0] for name, view in views.items()},
        standing={name: view[1] for name, view in views.items()},
        kept={name: view[2] for name, view in views.items()},
    )


def _view(
    logits: sampler.Logits, chosen: int, tokenizer: Tokenizer, number: int = 10
) -> tuple[list[Rival], Standing, int]:
    """The best tokens that are not ruled out, how the chosen one stands, and how many are left in all."""
    ids = np.flatnonzero(logits > -np.inf)
    left = logits[ids]
    shares = sampler.softmax(left)
    best = [(int(ids[i]), float(shares[i])) for i in sampler.best(left, number)]
    at = int(np.searchsorted(ids, chosen))
    # As many are better as have a higher logit, or an equal one and a lower id.
    rank = 1 + int(np.count_nonzero(left > left[at]) + np.count_nonzero(left[:at] == left[at]))
    standing = Standing(float(shares[at]), rank, sampler.entropy(shares))
    return [Rival(i, tokenizer.decode([i]), share) for i, share in best], standing, len(ids)
