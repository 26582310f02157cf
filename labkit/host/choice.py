"""`choose_model`: which model answers, by what the server wishes for.

The wishes are `modelPreferences`: hints, which are substrings of model names in order of preference, and priorities of
cost, speed and intelligence, each from 0 to 1 (specification 2025-11-25, client/sampling, Model Preferences). They are
advice; the client decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Protocol

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams, ModelPreferences

from labkit.callbacks import Answer
from labkit.host.duty import Duty
from labkit.host.findings import short
from labkit.host.prices import check_catalog
from labkit.steps import report

AXES = ("cost", "speed", "intelligence")


class Scores(Protocol):
    """0 to 1 on each axis: 1 for the cheapest, the fastest, the most capable."""

    @property
    def cost(self) -> float: ...

    @property
    def speed(self) -> float: ...

    @property
    def intelligence(self) -> float: ...


class Scored(Protocol):
    """A model of a catalogue; without scores it is chosen by its name alone."""

    @property
    def scores(self) -> Scores | None: ...


class ScoredModels(Protocol):
    """What `labkit.models.catalog.catalog()` is, as far as a choice needs it."""

    def find(self, name: str) -> Scored | None: ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice and how it came about.

    Attributes:
        name: The model.
        reasons: What was decided, one sentence each, in order.
        points: By model, what the priorities gave it, from 0 to 1; empty where they did not decide.
    """

    name: str
    reasons: tuple[str, ...]
    points: dict[str, float] = field(default_factory=dict[str, float])


def choose(preferences: ModelPreferences | None, names: Sequence[str], catalog: ScoredModels, default: str) -> Chosen:
    """Choose one of `names`.

    1. Hints, in order: the first that is part of a name, whatever its case, leaves the models it is part of. A hint
       that is part of none is a wish that cannot be fulfilled. Without a match all models are left.
    2. Priorities, where more than one model is left: each model gets the mean of its scores, weighted by them,

           points = (cost·p_cost + speed·p_speed + intelligence·p_intelligence) / (p_cost + p_speed + p_intelligence)

       where a priority that is not given is 0, and one outside 0 to 1 is the nearest of the two. The scores of an axis
       are first spread over 0 to 1 among the models left: `(score - least) / (greatest - least)`, and 0 where they are
       all equal. Most points win; among equals the one that is named first. A model without scores takes no part.
    3. Where that decides nothing, `default` if it is left, else the first that is.
    """
    preferences = preferences or ModelPreferences()
    left, reasons = _by_hints(preferences, names)
    if len(left) == 1:
        return Chosen(left[0], tuple(reasons))
    weights = {axis: _clamped(getattr(preferences, f"{axis}_priority")) for axis in AXES}
    points = _points(weights, left, catalog)
    if points:
        wishes = ", ".join(f"{axis} {weight:g}" for axis, weight in weights.items() if weight)
        best = max(points, key=lambda name: points[name])
        reasons.append(f"{wishes}: most points, {points[best]:.2f}")
        return Chosen(best, tuple(reasons), points)
    name = default if default in left else left[0]
    reasons.append("no priorities" if not any(weights.values()) else "no scores to compare")
    reasons.append("the default" if name == default else "the first of them")
    return Chosen(name, tuple(reasons))


def _by_hints(preferences: ModelPreferences, names: Sequence[str]) -> tuple[list[str], list[str]]:
    reasons: list[str] = []
    for hint in preferences.hints or []:
        wish = (hint.name or "").strip().lower()
        found = [name for name in names if wish in name.lower()] if wish else []
        if found:
            reasons.append(f"hint {short(hint.name)!r} is part of {', '.join(found)}")
            return found, reasons
        reasons.append(f"hint {short(hint.name)!r} is part of no name here")
    return list(names), reasons


def _points(weights: dict[str, float], names: Sequence[str], catalog: ScoredModels) -> dict[str, float]:
    total = sum(weights.values())
    known = {name: model.scores for name in names if (model := catalog.find(name)) and model.scores}
    if not total or not known:
        return {}
    points = dict.fromkeys(known, 0.0)
    for axis, weight in weights.items():
        scores = {name: float(getattr(of_model, axis)) for name, of_model in known.items()}
        least, most = min(scores.values()), max(scores.values())
        for name, score in scores.items():
            points[name] += weight * (score - least) / (most - least) if most > least else 0.0
    # Rounded, so that two sums which differ only in the order of their terms are a tie.
    return {name: round(sum_ / total, 9) for name, sum_ in points.items()}


def _clamped(priority: float | None) -> float:
    return 0.0 if priority is None or isnan(priority) else min(1.0, max(0.0, priority))


def choose_model(
    models: Mapping[str, SamplingFnT], catalog: ScoredModels, *, default: str | None = None
) -> "ModelChoice":
    """Ask the model that fits the server's `modelPreferences` best. `choose` says how.

        choose_model({"claude-haiku-5-5": haiku, "claude-opus-5-5": opus}, labkit.models.catalog.catalog())

    Each choice is a step in the flow, with its reasons. Duties may stand inside, around one model alone: an approval
    only for the one that is paid, a guard only for the one that runs elsewhere.

    Args:
        models: The answerers, by name. The name is what a hint is looked for in.
        catalog: Where the scores are found.
        default: The name of the answerer where the preferences decide nothing; the first of `models` when left out.

    Raises:
        TypeError: `models` is no mapping, or `catalog` no catalogue.
        ValueError: There are no models, or `default` is none of them.
    """
    return ModelChoice(models, catalog, default)


class ModelChoice(Duty):
    """What `choose_model` makes."""

    def __init__(self, models: Mapping[str, SamplingFnT], catalog: ScoredModels, default: str | None) -> None:
        if not isinstance(models, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
            raise TypeError(f"a {type(models).__name__} does not name its models: pass {{name: callback}}")
        check_catalog(catalog, "find")
        if not models:
            raise ValueError("there is no model to choose: pass {name: callback}")
        super().__init__(*models.values())
        self.callbacks = dict(models)
        self.default = next(iter(models)) if default is None else default
        if self.default not in models:
            raise ValueError(f"the default {self.default!r} is none of {', '.join(models)}")
        self._catalog = catalog

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the model that was chosen."""
        chosen = choose(params.model_preferences, tuple(self.callbacks), self._catalog, self.default)
        report(
            f"chose {chosen.name}: {'; '.join(chosen.reasons)}",
            chosen=chosen.name,
            reasons=chosen.reasons,
            points=chosen.points,
        )
        return await self.ask(self.callbacks[chosen.name], context, params)

    def models(self) -> Iterator[str]:
        """The names of the models."""
        return iter(self.callbacks)
