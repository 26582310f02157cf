"""A draw of which the likeliest tokens are known and the others as one sum: what dials leave, and within what bounds.

llama.cpp tells the probabilities of 200 tokens of 49,152. At "model" the rest is then one exact sum, 1 less theirs, of
tokens none of which is likelier than the last one told. What a temperature makes of such a sum depends on how it is
spread: the two ends are "in equal parts" and "in as few tokens as may be", since x ** a is convex for a above 1 and
concave below. Every figure after that is given for the middle, and `Rest` says how far it may be off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.models import sampler
from labkit.models.sampler import Logits
from labkit.models.trace import Rest

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Draw:
    """Told tokens as logits, the best at 0, and what is not told: all weights are multiples of the best token's.

    `least` and `most` bound the weight of the rest as a whole, `each` that of any of its `tokens`. `drawn` is the place
    of the token that was drawn, which every stage has left; `beyond` says that it is not among the likeliest told.
    """

    logits: Logits  # [told]
    tokens: int
    least: float
    most: float
    each: float
    drawn: int
    beyond: bool

    @property
    def rest(self) -> Rest | None:
        """The tokens that are not told, as shares of the draw; `None` where none of them is left."""
        if not self.tokens or not self.most:
            return None
        told = float(np.exp(self.logits).sum())
        return Rest(self.tokens, self.least / (told + self.least), self.most / (told + self.most))

    @property
    def kept(self) -> int:
        """How many tokens are left; at most so many where there is a rest."""
        return int(np.count_nonzero(self.logits > -np.inf)) + self.tokens

    def shares(self) -> Logits:
        """The share of each told token, with the rest in the middle of the rest's bounds. [told]"""
        weights = np.exp(self.logits)
        return weights / (weights.sum() + (self.least + self.most) / 2)

    def alone(self, logits: Logits) -> "Draw":
        """The draw with the told tokens that a dial left, and no rest. llama.cpp's sums decide over the drawn token."""
        if logits[self.drawn] == -np.inf:
            logits = logits.copy()
            logits[self.drawn] = self.logits[self.drawn]
        return replace(self, logits=logits, tokens=0, least=0.0, most=0.0, each=0.0)


def told(likeliest: Logits, drawn: int, own: float, vocabulary: int) -> Draw:
    """The draw as the model gives it: the sum of the rest is exact.

    Args:
        likeliest: Natural logarithms of the probabilities of the likeliest tokens, the best first. [told]
        drawn: The place of the drawn token among `likeliest`; -1 where it is none of them.
        own: The natural logarithm of the drawn token's probability.
        vocabulary: Tokens that there are in all.
    """
    logits = np.append(likeliest, own) if drawn < 0 else likeliest
    best, tokens = float(logits.max()), vocabulary - len(logits)
    rest = max(0.0, 1.0 - float(np.exp(logits).sum())) / float(np.exp(best)) if tokens else 0.0
    each = float(np.exp(likeliest[-1] - best))
    return Draw(logits - best, tokens, rest, rest, each, drawn % len(logits), drawn < 0)


@dataclass(frozen=True, slots=True)
class Used:
    """The tokens of the prompt and the answer so far: `told` are places of told tokens, each as often as it was used;
    `times` says how often the most frequent of the others was.
    """

    told: Sequence[int] = ()
    times: int = 0


def frequency_penalty(draw: Draw, penalty: float, used: Used) -> Draw:
    """The draw after a frequency penalty, exact for the told tokens. Of the rest, none or all may have been used."""
    if not penalty:
        return draw
    logits = sampler.frequency_penalty(draw.logits, penalty, used.told)
    best = float(logits.max())
    low, high = sorted(float(np.exp(-best - lost)) for lost in (0.0, penalty * used.times))
    return replace(draw, logits=logits - best, least=draw.least * low, most=draw.most * high, each=draw.each * high)


def temperature(draw: Draw, heat: float) -> Draw:
    """The draw at a temperature: each weight to the power of 1/heat."""
    if heat == 0:
        return draw.alone(np.full_like(draw.logits, -np.inf))
    logits = sampler.apply_temperature(draw.logits, heat)
    if not draw.tokens:
        return draw.alone(logits)
    power = 1 / heat

    def spread(weight: float) -> float:
        """A weight of the rest in equal parts, after the temperature."""
        return draw.tokens * float(np.float64(weight / draw.tokens) ** power)

    def packed(weight: float) -> float:
        """A weight of the rest in as few tokens as may be, each at the bound, after the temperature."""
        return weight * float(np.float64(draw.each) ** (power - 1)) if draw.each else 0.0

    low, high = (spread, packed) if power >= 1 else (packed, spread)
    each = float(np.float64(draw.each) ** power)
    return replace(draw, logits=logits, least=low(draw.least), most=high(draw.most), each=each)


def top_k(draw: Draw, k: int) -> Draw:
    """The draw after top-k, exact where k tokens are told that are better than any other can be."""
    if not k:
        return draw
    weights = np.exp(draw.logits)
    left, sure = weights > 0, (weights > 0) & (weights >= draw.each)
    if not draw.tokens or k <= np.count_nonzero(sure):
        return draw.alone(sampler.top_k(draw.logits, k))
    sure[draw.drawn] = True
    places = max(0, k - int(np.count_nonzero(sure)))
    kept = min(places, draw.tokens)
    # The best of the rest are kept: at least their equal part of it, where no told token takes their places.
    least = draw.least * kept / draw.tokens if (sure == left).all() else 0.0
    return _cut(draw, sure, left, kept, least=least, most=min(draw.most, kept * draw.each))


def top_p(draw: Draw, p: float) -> Draw:
    """The draw after top-p, exact where the told tokens reach p and the bounds of the rest agree on which does."""
    if p >= 1:
        return draw
    weights = np.exp(draw.logits)
    total, order = float(weights.sum()), sampler.ranking(draw.logits)
    before = np.empty_like(weights)
    before[order] = np.cumsum(weights[order]) - weights[order]  # what the better ones hold
    sure = (weights > 0) & (weights >= draw.each) & (before < p * (total + draw.least))
    possible = (weights > 0) & (before < p * (total + draw.most))
    if not draw.beyond and not (possible & (weights < draw.each)).any() and total >= p * (total + draw.most):
        return _cut(draw, sure, possible, 0, least=0.0, most=0.0)
    least = max(0.0, p * (total + draw.least) - total)
    most = min(draw.most, max(least, p * (total + draw.most) - float(weights[sure].sum())) + draw.each)
    return _cut(draw, sure, possible, draw.tokens, least=least, most=most)


def min_p(draw: Draw, p: float) -> Draw:
    """The draw after min-p, exact where p times the best is more than any untold token can have."""
    if p <= 0:
        return draw
    weights = np.exp(draw.logits)
    sure, possible = weights >= p * max(1.0, draw.each), weights >= p
    if p > draw.each:
        return _cut(draw, sure, possible, 0, least=0.0, most=0.0)
    return _cut(draw, sure, possible, draw.tokens, least=0.0, most=draw.most)


def _cut(draw: Draw, sure: Mask, possible: Mask, tokens: int, *, least: float, most: float) -> Draw:
    """The told tokens that are surely left; those that may be join the rest, of which `tokens` may be left."""
    sure = sure.copy()
    sure[draw.drawn] = True
    unsure = np.exp(draw.logits[possible & ~sure])
    logits = np.where(sure, draw.logits, -np.inf)
    if not tokens and not len(unsure):
        return draw.alone(logits)
    each = float(max([draw.each if tokens else 0.0, *unsure]))
    return replace(
        draw, logits=logits, tokens=tokens + len(unsure), least=least, most=most + float(unsure.sum()), each=each
    )


Stage = Callable[[Draw, Any, Used], Draw]

STAGES: Mapping[str, Stage] = {
    "frequency_penalty": frequency_penalty,
    "temperature": lambda draw, value, _: temperature(draw, value),
    "top_k": lambda draw, value, _: top_k(draw, value),
    "top_p": lambda draw, value, _: top_p(draw, value),
    "min_p": lambda draw, value, _: min_p(draw, value),
}
"""The function of each dial that takes part in the draw, as `sampler` has one for a draw of which all is known."""
