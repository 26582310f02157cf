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
from labkit.models.sampler import Dials, Logits
from labkit.models.trace import LISTED, Choice, Rest, Rival, Standing, TracedToken

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Draw:
    """Told tokens as logits, the best at 0, and what is not told: all weights are multiples of the best token's.

    `least` and `most` bound the weight of the rest as a whole, `each` that of any of its `tokens`. `drawn` is the place
    of the token that was drawn, which every stage has left, and `None` under dials with which nobody has drawn;
    `beyond` says that the last one told is not among the likeliest.
    """

    logits: Logits  # [told]
    tokens: int
    least: float
    most: float
    each: float
    drawn: int | None
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
        if self.drawn is not None and logits[self.drawn] == -np.inf:
            logits = logits.copy()
            logits[self.drawn] = self.logits[self.drawn]
        return replace(self, logits=logits, tokens=0, least=0.0, most=0.0, each=0.0)


def told(choice: Choice, *, drawn: bool = True) -> Draw:
    """The draw as the model gives it: the sum of the rest is exact. `drawn` says whether it was drawn from as it is."""
    best = float(choice.logits.max())
    rest = each = 0.0
    if choice.untold:
        rest = max(0.0, 1.0 - float(np.exp(choice.logits).sum())) / float(np.exp(best))
        each = float(np.exp(choice.logits[-2 if choice.beyond else -1] - best))
    place = choice.place if drawn else None
    return Draw(choice.logits - best, choice.untold, rest, rest, each, place, choice.beyond)


def retold(choice: Choice, dials: Dials, *, drawn: bool) -> TracedToken:
    """The token with the choice behind it, at every stage.

    Args:
        choice: What there was to choose from.
        dials: Where the dials stand.
        drawn: Whether the token was drawn with these dials: then each stage has left it.
    """
    draw, before = told(choice, drawn=drawn), None
    draws: dict[str, Draw] = {"model": draw}
    for name, value in dials.values.items():
        draws[name] = draw = STAGES[name](draw, value, choice)
    taken = choice.place if drawn else fallen(draw, choice.chance)
    likeliest = [*_best(draws["model"]), choice.place, *([taken] if taken < len(choice.ids) else [])]
    views: dict[str, tuple[list[Rival], Standing]] = {}
    for name, each in draws.items():
        # A dial that changes nothing gives back the draw that it was given, so the view before it holds.
        views[name] = [*views.values()][-1] if each is before else _view(each, choice, likeliest)
        before = each
    chosen, instead = choice.ids[choice.place], None
    if drawn and choice.untold:  # llama.cpp keeps its random number to itself
        shares = draw.shares()
        choice = replace(choice, chance=float(shares[: choice.place].sum() + shares[choice.place] / 2))
    if taken != choice.place:
        # What lies behind all that is told is the rest, which has no name.
        known = taken < len(choice.ids)
        share = float(draw.shares()[taken]) if known else draw.rest.share if draw.rest else 0.0
        text = choice.text_of(choice.ids[taken]) if known else ""
        instead = Rival(choice.ids[taken] if known else -1, text, share)
    return TracedToken(
        id=chosen,
        text=choice.text_of(chosen),
        stages={name: view[0] for name, view in views.items()},
        standing={name: view[1] for name, view in views.items()},
        kept={name: each.kept for name, each in draws.items()},
        rest={name: rest for name, each in draws.items() if (rest := each.rest)},
        told=len(choice.ids) - choice.beyond if choice.untold else 0,
        choice=choice,
        instead=instead,
    )


def fallen(draw: Draw, chance: float) -> int:
    """The place in whose share of [0, 1) `chance` falls; the number of the told tokens where it falls on the rest."""
    shares = np.cumsum(np.exp(draw.logits))
    whole = float(shares[-1]) + (draw.least + draw.most) / 2
    at = int(np.count_nonzero(shares <= chance * whole))
    return at if draw.rest else min(at, int(np.flatnonzero(draw.logits > -np.inf)[-1]))


def _best(draw: Draw) -> list[int]:
    """The places of the best tokens that are left, the best first."""
    left = np.flatnonzero(draw.logits > -np.inf)
    return left[sampler.best(draw.logits[left], LISTED)].tolist()


def _view(draw: Draw, choice: Choice, likeliest: Sequence[int]) -> tuple[list[Rival], Standing]:
    """The best rivals and those of `likeliest` that are left, and how the token of the answer stands."""
    shares, logits = draw.shares(), draw.logits
    best = {*_best(draw), *(place for place in likeliest if logits[place] > -np.inf)}
    places = sorted(best, key=lambda place: (-logits[place], place))
    own = logits[choice.place]
    rank = 1 + int(np.count_nonzero(logits > own) + np.count_nonzero(logits[: choice.place] == own))
    rest = draw.rest or Rest(0, 0.0, 0.0)
    entropy = sampler.entropy(shares) + (rest.share * float(np.log2(rest.tokens / rest.share)) if rest.share else 0.0)
    standing = Standing(float(shares[choice.place]), rank, entropy)
    ids = choice.ids
    return [Rival(ids[at], choice.text_of(ids[at]), float(shares[at])) for at in places], standing


def frequency_penalty(draw: Draw, penalty: float, choice: Choice) -> Draw:
    """The draw after a frequency penalty, exact for the told tokens. Of the rest, none or all may have been used."""
    if not penalty:
        return draw
    logits = draw.logits.copy()
    for place, times in choice.uses.items():
        logits[place] -= penalty * times
    best = float(logits.max())
    low, high = sorted(float(np.exp(-best - lost)) for lost in (0.0, penalty * choice.others))
    return replace(draw, logits=logits - best, least=draw.least * low, most=draw.most * high, each=draw.each * high)


def temperature(draw: Draw, heat: float) -> Draw:
    """The draw at a temperature: each weight to the power of 1/heat."""
    if heat == 0:
        # llama.cpp has decided which of two equal ones is the best.
        best = sampler.apply_temperature(draw.logits, 0) if draw.drawn is None else np.full_like(draw.logits, -np.inf)
        return draw.alone(best)
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
    if draw.drawn is not None:
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
    if draw.drawn is not None:
        sure[draw.drawn] = True
    unsure = np.exp(draw.logits[possible & ~sure])
    logits = np.where(sure, draw.logits, -np.inf)
    if not tokens and not len(unsure):
        return draw.alone(logits)
    each = float(max([draw.each if tokens else 0.0, *unsure]))
    return replace(
        draw, logits=logits, tokens=tokens + len(unsure), least=least, most=most + float(unsure.sum()), each=each
    )


Stage = Callable[[Draw, Any, Choice], Draw]

STAGES: Mapping[str, Stage] = {
    "frequency_penalty": frequency_penalty,
    "temperature": lambda draw, value, _: temperature(draw, value),
    "top_k": lambda draw, value, _: top_k(draw, value),
    "top_p": lambda draw, value, _: top_p(draw, value),
    "min_p": lambda draw, value, _: min_p(draw, value),
}
"""The function of each dial that takes part in the draw, as `sampler` has one for a draw of which all is known."""
