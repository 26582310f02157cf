"""Lesson 05, which model?: a chooser, six predictions, and a class that has to pay for what it asks."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from mcp_types import ModelHint, ModelPreferences

from labkit.checks.engine import FunctionExercise, Problem, called, calling, rows
from labkit.host import choose
from labkit.host.choice import AXES
from labkit.models.catalog import Accepts, Model, Price, Scores, catalog

MODELS = {
    "claude-sonnet": (0.6, 0.9, 0.5),
    "claude-haiku": (0.9, 0.6, 0.2),
    "Own-Opus-7B": (0.2, 0.4, 1.0),
    "claude-opus": (0.4, 0.5, 0.8),
    "claude-fable": (0.1, 0.2, 0.9),
}
"""Cost, speed and intelligence of models. No score follows from another, and no order is that of a score."""

EQUAL = {"zeta": (0.5, 0.5, 0.5), "alpha": (0.5, 0.5, 0.5)}
CLOSE = {"close": (0.6, 0.5, 0.3), "clever": (0.5, 0.5, 0.9)}
"""Two whose costs lie close together: spread over 0 to 1, as the kit does it, they would outweigh the intelligence."""


def wish(
    *hints: str, cost: float | None = None, speed: float | None = None, intelligence: float | None = None
) -> ModelPreferences:
    """What a server prefers; without hints the field is left out, as servers do."""
    return ModelPreferences(
        hints=[ModelHint(name=hint) for hint in hints] or None,
        cost_priority=cost,
        speed_priority=speed,
        intelligence_priority=intelligence,
    )


def told(preferences: ModelPreferences | None) -> str:
    """A wish in a few words: `hints 'opus', 'haiku', cost 1`."""
    if preferences is None:
        return "no preferences (None)"
    hints = [repr(hint.name) for hint in preferences.hints or []]
    words = [f"hints {', '.join(hints)}"] if hints else []
    for axis, weight in zip(AXES, _weights(preferences), strict=True):
        words += [] if weight is None else [f"{axis} {weight:g}"]
    return ", ".join(words) or "preferences in which all is None"


def _weights(preferences: ModelPreferences) -> tuple[float | None, ...]:
    return preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority


def _chosen(
    preferences: ModelPreferences | None,
    right: str,
    why: str,
    hint: str,
    scores: dict[str, tuple[float, float, float]] = MODELS,
) -> Callable[..., Awaitable[None]]:
    async def case(function: Callable[..., Any]) -> None:
        sent, given = preferences and preferences.model_copy(deep=True), dict(scores)
        with calling(f"my_choice with {told(preferences)}"):
            chosen: Any = called(function, sent, given)
        if chosen not in list(scores):
            raise Problem(
                f"my_choice returned {chosen!r:.60}. Return one of the names: {', '.join(scores)}.", hint="name"
            )
        if chosen != right:
            of = {name: f"{name} {scores[name]}" for name in (chosen, right)}
            more = f" Cost, speed, intelligence: {of[chosen]}, {of[right]}." if hint in ("weights", "tie") else ""
            raise Problem(
                f"For {told(preferences)} you chose {chosen} of {', '.join(scores)}, and {right} is right. {why}{more}",
                hint=hint,
            )
        if sent != preferences or [*given.items()] != [*scores.items()]:
            raise Problem(
                f"For {told(preferences)} you changed what you were given. The next choice needs it as it was: build "
                "a list of your own.",
                hint="changed",
            )

    return case


def _wished(row: dict[str, Any]) -> Callable[..., Awaitable[None]]:
    """The case of a row: a wish, the model that is right, and why."""
    right, why, hint = (row.pop(key) for key in ("right", "why", "hint"))
    models = {"equal": EQUAL, "close": CLOSE}.get(row.pop("models", ""), MODELS)
    return _chosen(wish(*row.pop("hints", ()), **row), right, why, hint, models)


CASES: dict[str, ModelPreferences | None] = {
    "A": None,
    "B": wish("opus", cost=1.0),
    "C": wish("gpt-9", "SONNET", "haiku"),
    "D": wish("claude", intelligence=0.9, cost=0.3),
    "E": wish("claude-sonnet-4-20250514", cost=0.3, speed=0.7, intelligence=0.5),
    "F": wish(cost=0.4, intelligence=0.6),
}
"""What lesson 05 has predicted, over the models of the catalogue that have scores. E is the wish of a tutorial."""


def names() -> list[str]:
    """The models of the catalogue that can be chosen."""
    return [model.name for model in catalog().offered()]


def _predicted(letter: str) -> Callable[..., Awaitable[None]]:
    async def case(function: Callable[..., Any]) -> None:
        given: Any = called(function)
        if not isinstance(given, dict):
            raise Problem(f"my_predictions() returned {given!r:.60}. Return a dict with a model for each of A to F.")
        said = {str(key).strip().upper(): value for key, value in cast("dict[object, object]", given).items()}
        if missing := [each for each in CASES if each not in said]:
            raise Problem(f"my_predictions() has no model for {', '.join(missing)}. Return one for each of A to F.")
        words = re.findall(r"\w+", str(said[letter] or "").lower())
        meant = [name for name in names() if words and all(word in name for word in words)]
        right = choose(CASES[letter], names(), catalog(), catalog().default)
        if len(meant) != 1:
            raise Problem(f"In case {letter} you wrote {said[letter]!r:.60}. Write a model's name, such as 'haiku'.")
        if meant[0] != right.name:
            reasons = "; ".join(right.reasons)
            raise Problem(f"In case {letter} you said {meant[0]}; it is {right.name}, because: {reasons}.", hint=letter)

    return case


def _model(name: str, scores: tuple[float, float, float] | None, *prices: tuple[float, float, int | None]) -> Model:
    return Model(
        name=name,
        prices=tuple(Price(input=paid_in, output=out, up_to_prompt_tokens=limit) for paid_in, out, limit in prices),
        accepts=Accepts(dials=(), images=True, tools=True),
        always_thinks=False,
        scores=scores and Scores(cost=scores[0], speed=scores[1], intelligence=scores[2]),
    )


DEAR = _model("dear", (0.1, 0.3, 0.5), (20, 80, None))
SMALL = _model("small", (1.0, 0.6, 0.2), (0.1, 0.5, 100_000), (0.5, 2.5, None))
RETIRED = _model("retired", None)
LARGE = _model("large", (0.2, 0.5, 1.0), (10, 50, None))
MEDIUM = _model("medium", (0.5, 0.2, 0.6), (2, 10, None))
ALIKE = _model("alike", (0.6, 0.9, 0.6), (1.9, 9.5, None))
BOX = (DEAR, SMALL, LARGE, MEDIUM, ALIKE)
"""The dearest is not the most intelligent, and two are equally so."""
MADE_UP = {model.name: model for model in (*BOX, RETIRED)}


def _affordable(
    asked: tuple[int, int, int, float], right: str | None, why: str, hint: str, models: Sequence[Model] = BOX
) -> Callable[..., Awaitable[None]]:
    """A case: requests, tokens in and out of each, dollars; the model to choose."""

    async def case(function: Callable[..., Any]) -> None:
        given = [*models]
        requests, tokens_in, tokens_out, usd = asked
        told = (
            f"{requests} request{'s'[: requests > 1]} of {tokens_in:,} tokens in and {tokens_out:,} out, and ${usd:g}"
        )
        with calling(f"within_budget with {', '.join(model.name for model in models) or 'no models'}; {told}"):
            chosen: Any = called(function, given, *asked)
        if isinstance(chosen, Model):
            raise Problem(f"within_budget returned the whole entry of {chosen.name!r}. Return its name.", hint="name")
        if chosen != right:
            more = _compared(models, chosen, right)
            raise Problem(f"For {told}, you chose {chosen!r:.60}, and {right!r} is right. {why}{more}", hint=hint)
        if given != [*models]:
            raise Problem(
                "within_budget changed the list that it was given. Others read it too: build a new one.", hint="changed"
            )

    return case


def _budgeted(row: dict[str, Any]) -> Callable[..., Awaitable[None]]:
    """The case of a row: what is asked, the model that is right or none, and why."""
    models = [MADE_UP[name] for name in row["models"]] if "models" in row else BOX
    return _affordable(tuple(row["asked"]), row.get("right"), row["why"], row["hint"], models)


def _compared(models: Sequence[Model], *names: object) -> str:
    """How intelligent two models are, where both are models: ` Intelligence: dear 0.5, large 1.`"""
    of = {model.name: model.scores.intelligence for model in models if model.scores and model.name in names}
    return f" Intelligence: {', '.join(f'{name} {score:g}' for name, score in of.items())}." if len(of) > 1 else ""


def _best_of_the_catalogue() -> str:
    scored = [(model.scores.intelligence, model.name) for model in catalog().models if model.scores]
    return max(scored)[1]


EXERCISES = {
    "5.1": FunctionExercise(
        "5.1",
        [
            *map(_wished, rows("lesson_05", "wishes")),
            _chosen(
                ModelPreferences(hints=[], speed_priority=0.3), "claude-sonnet", "An empty list holds no hint.", "none"
            ),
            _chosen(None, "claude-sonnet", "A server may wish for nothing: then the first wins.", "none"),
        ],
        tried="hints in order and in either case, priorities alone and together, ties, and nothing at all",
    ),
    "5.2": FunctionExercise("5.2", [_predicted(letter) for letter in CASES], tried="six wishes, against choose()"),
    "5.3": FunctionExercise(
        "5.3",
        [
            *map(_budgeted, rows("lesson_05", "budgets")),
            _affordable(
                (1, 10, 10, 1.0),
                _best_of_the_catalogue(),
                "This was the kit's own catalogue.",
                "retired",
                catalog().models,
            ),
        ],
        tried="much money, just enough, a little too little and none; long prompts, ties, and a model without a price",
    ),
}
