"""`own_logits(text)`: logits that somebody wrote down, as a choice of one token, to turn the dials on."""

import json
import math
import re
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from labkit.models import sampler
from labkit.models.sampler import Dials
from labkit.models.trace import Choice, Trace, traced
from labkit.plain import short

MOST = 1000
"""The most logits that are read."""

_NUMBER = r"[-+\u2212]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_PAIR = re.compile(rf"\s*(?:(?P<token>.*?)(?:\s*[:=]\s*|\s+))?(?P<number>{_NUMBER})\s*", re.DOTALL)


def own_logits(text: str, dials: Dials | None = None, seed: int = 0) -> Trace:
    """The draw of one token from logits that are written down, as `show_tokens` and `table` show it.

        print(table(own_logits("yes: 2.1, no: 1.3, maybe: 0.2", Dials(0.8, top_p=0.9)), token=1))

    Args:
        text: Numbers, or tokens each with a number (`yes: 2.1`), between commas or on lines of their own; or JSON.
        dials: Where the dials stand; all off and temperature 1 where none are given.
        seed: The seed of the draw.

    Raises:
        ValueError: There are not two logits or more, or something in `text` is none.
    """
    pairs = _pairs(text)
    if not 2 <= len(pairs) <= MOST:
        raise ValueError(f"a choice needs 2 to {MOST:,} logits, as in yes: 2.1, no: 1.3, and here is {len(pairs)}")
    names = [name for name, _ in pairs]
    logits = np.array([number for _, number in pairs])
    dials, chance = dials or Dials(1.0), float(np.random.Generator(np.random.PCG64(seed)).random())
    turned = sampler.turn(logits, dials)
    chosen = sampler.draw(turned[-1][1], chance)
    choice = Choice(range(len(names)), logits, chosen, {}, chance, names.__getitem__)
    token = traced(logits, turned, chosen, names.__getitem__, choice)
    model = SimpleNamespace(name="own logits")
    return Trace(names[chosen], "one draw", 0, [token], dials, seed, model=model)


def _pairs(text: str) -> list[tuple[str, float]]:
    try:
        told: Any = json.loads(text)
    except ValueError:
        told = [each for each in re.split(r"[,;\n]", text) if each.strip()]
    if isinstance(told, dict):
        return [(str(name), _number(value)) for name, value in cast("dict[str, Any]", told).items()]
    entries = cast("list[Any]", told) if isinstance(told, list) else [told]
    return [_pair(entry, i) for i, entry in enumerate(entries, 1)]


def _pair(entry: Any, i: int) -> tuple[str, float]:
    if not isinstance(entry, str):
        return f"token {i}", _number(entry)
    found = _PAIR.fullmatch(entry)
    if found is None:
        raise ValueError(f"{short(entry.strip(), 40)!r} is no logit: write a number, or a token and a number, yes: 2.1")
    name = (found["token"] or "").strip("\"' ")
    return name or f"token {i}", _number(float(found["number"].replace("\u2212", "-")))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e6:
        raise ValueError(f"{short(str(value), 40)} is no logit: it must be a number, at most a million")
    return float(value)
