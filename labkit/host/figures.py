"""What a budget tells: what was spent, and what is left."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent. `estimated` of the tokens were not told by the answerer. `usd` is `None` without prices."""

    samples: int
    tokens: int
    estimated: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Left:
    """What can still be spent; `None` where there is no limit."""

    samples: int | None
    tokens: int | None
    usd: float | None
