"""Drawing an answer token by token, in slices short enough to be interrupted between any two."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from labkit.models import sampler
from labkit.models.tiny.model import Cache, Floats, Model
from labkit.models.tiny.tokenizer import Tokenizer
from labkit.models.trace import Choice, TracedToken, traced

SLICE = 16
"""How many prompt tokens are read at a time, some milliseconds of work."""


def generate(
    model: Model,
    tokenizer: Tokenizer,
    prompt: Sequence[int],
    dials: sampler.Dials,
    seed: int,
    *,
    begin: Sequence[int] = (),
) -> Iterator[TracedToken | None]:
    """Read the prompt, yielding `None` after each slice of it, then draw tokens until the context is full.

    What the answer is to `begin` with is read too, and passes by as many random numbers as it has tokens. The end token
    is yielded too; the caller has to stop there, at the limit, or at a stop sequence.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    cache = Cache(model.shape)
    logits = np.zeros(0, np.float32)
    for part in (prompt, begin):
        for logits in read(model, part, cache):  # noqa: B007 - the last ones count
            yield None
    random.random(len(begin))
    drawn = [*begin]

    def text_of(token: int) -> str:
        return tokenizer.decode([token])

    while True:
        before = possible(logits, tokenizer)
        turned = sampler.turn(before, dials, drawn)
        chance = random.random()
        chosen = sampler.draw(turned[-1][1], chance)
        choice = Choice(range(len(before)), before, chosen, Counter(drawn), chance, text_of)
        token = traced(before, turned, chosen, text_of, choice)
        drawn.append(chosen)
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
