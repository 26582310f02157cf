"""What a trace tells of the choice behind a token: the shares at each stage, and what each dial ruled out.

A trace lists the ten best rivals at each stage and no more, and counts the others. The share of the drawn token is told
at each stage, listed or not.
"""

import math

from labkit.dial_table import STAGES
from labkit.models.tiny import Dials
from labkit.models.trace import TracedToken

LISTED = 10
"""How many rivals a trace lists at each stage, at most."""

Stage = str
"""The name of a stage: `model`, which is before any dial, or the dial's name."""


def possible_tokens(token: TracedToken) -> int:
    """How many tokens there were to draw, before any dial."""
    return token.kept.get("model", len(token.stages["model"]))


def in_stage(token: TracedToken, stage: Stage, wanted: int) -> float | None:
    """The probability of the rival with id `wanted` after `stage`; `None` where that rival is not listed."""
    return next((rival.probability for rival in token.stages[stage] if rival.id == wanted), None)


def share(token: TracedToken, stage: Stage) -> float:
    """The probability of the drawn token itself after `stage`."""
    return token.standing[stage].probability


def has_changed(token: TracedToken, stage: Stage) -> bool:
    """Whether the dial of `stage` changed anything of the distribution before it."""
    order = list(token.stages)
    if stage not in order:
        return False
    before, after = token.stages[order[order.index(stage) - 1]], token.stages[stage]
    return len(before) != len(after) or not all(
        a.id == b.id and math.isclose(a.probability, b.probability, rel_tol=1e-9)
        for a, b in zip(before, after, strict=True)
    )


def is_greedy(token: TracedToken, dials: Dials | None) -> bool:
    """Whether the temperature was 0, which leaves the best token alone."""
    return dials.temperature == 0 if dials else len(token.stages["temperature"]) == 1


def set_limits(dials: Dials) -> list[Stage]:
    """The dials that rule out tokens as they stand."""
    return [dial.name for dial in STAGES if dial.drops and not dial.is_off(dials.values[dial.name])]


def limits(token: TracedToken, dials: Dials | None) -> list[Stage]:
    """The dials that may rule out rivals of `token`: those that are set, or where that is not known those that did."""
    return (
        set_limits(dials) if dials else [each.name for each in STAGES if each.drops and has_changed(token, each.name)]
    )


def left(token: TracedToken) -> int:
    """How many tokens the last dial left to draw from."""
    last = list(token.stages)[-1]
    return token.kept.get(last, len(token.stages[last]))
