"""Lesson 05, which model?: a chooser, six predictions, and a class that has to pay for what it asks."""

from collections.abc import Awaitable, Callable
from typing import Any

from mcp_types import ModelHint, ModelPreferences

from labkit.checks.engine import FunctionExercise, Problem, called
from labkit.checks.quizzes import Question
from labkit.host import choose
from labkit.models.catalog import Accepts, Model, Price, Scores, catalog

CLAUDES = {
    "claude-haiku": (1.0, 1.0, 0.25),
    "claude-sonnet": (0.75, 0.75, 0.5),
    "claude-opus": (0.5, 0.5, 0.75),
    "claude-fable": (0.25, 0.25, 1.0),
}
"""Cost, speed and intelligence of models with short names, so that a sentence about them stays short."""

WITH_OURS = {"our-own": (1.0, 1.0, 0.9), **CLAUDES}
EQUAL = {"first": (0.5, 0.5, 0.5), "second": (0.5, 0.5, 0.5)}


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
    for axis in ("cost", "speed", "intelligence"):
        weight = getattr(preferences, f"{axis}_priority")
        words += [] if weight is None else [f"{axis} {weight:g}"]
    return ", ".join(words)


def _chosen(
    preferences: ModelPreferences | None, right: str, why: str, scores: dict[str, tuple[float, float, float]] = CLAUDES
) -> Callable[..., Awaitable[None]]:
    async def case(function: Callable[..., Any]) -> None:
        given: Any = called(function, preferences, dict(scores))
        if given not in list(scores):
            raise Problem(f"my_choice returned {given!r:.60}. Return one of the names: {', '.join(scores)}.")
        if given != right:
            raise Problem(f"For {told(preferences)} you chose {given}, and {right} is right. {why}")

    return case


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
        if not isinstance(given, dict) or not all(each in given for each in CASES):
            raise Problem(f"my_predictions() returned {given!r:.60}. Return a dict with a model for each of A to F.")
        said: Any = given[letter]
        meant = [name for name in names() if isinstance(said, str) and said and said.lower() in name]
        right = choose(CASES[letter], names(), catalog(), catalog().default)
        if len(meant) != 1:
            raise Problem(f"In case {letter} you wrote {said!r:.60}. Write a model's name, such as 'haiku'.")
        if meant[0] != right.name:
            reasons = "; ".join(right.reasons)
            raise Problem(f"In case {letter} you said {meant[0]}; it is {right.name}, because: {reasons}.")

    return case


def _model(name: str, intelligence: float, *prices: tuple[float, float, int | None]) -> Model:
    return Model(
        name=name,
        prices=tuple(Price(input=paid_in, output=out, up_to_prompt_tokens=limit) for paid_in, out, limit in prices),
        accepts=Accepts(dials=(), images=True, tools=True),
        always_thinks=False,
        scores=Scores(cost=0.5, speed=0.5, intelligence=intelligence),
    )


LARGE = _model("large", 1.0, (10, 50, None))
SMALL = _model("small", 0.2, (0.1, 0.5, 100_000), (0.5, 2.5, None))
MEDIUM = _model("medium", 0.6, (2, 10, None))


def _affordable(asked: tuple[int, int, int, float], right: str | None, why: str) -> Callable[..., Awaitable[None]]:
    """A case: requests, tokens in and out of each, dollars; the model to choose."""

    async def case(function: Callable[..., Any]) -> None:
        given: Any = called(function, [LARGE, SMALL, MEDIUM], *asked)
        if isinstance(given, Model):
            raise Problem(f"within_budget returned the whole entry of {given.name!r}. Return its name.")
        if given != right:
            requests, tokens_in, tokens_out, usd = asked
            told = f"{requests} requests of {tokens_in:,} tokens in and {tokens_out:,} out, and ${usd:g}"
            raise Problem(f"For {told}, you chose {given!r:.60}, and {right!r} is right. {why}")

    return case


EXERCISES = {
    "5.1": FunctionExercise(
        "5.1",
        [
            _chosen(wish("opus"), "claude-opus", "A hint is a part of a name."),
            _chosen(wish("OPUS"), "claude-opus", "Case does not matter: compare both in lower case."),
            _chosen(wish("gpt-9", "sonnet"), "claude-sonnet", "A hint that is part of no name is passed over."),
            _chosen(wish("sonnet", "haiku"), "claude-sonnet", "Hints stand in order: the first that fits decides."),
            _chosen(wish("opus", cost=1.0), "claude-opus", "A hint comes before the priorities."),
            _chosen(wish(cost=1.0), "claude-haiku", "A high cost priority asks for a cheap model: its score for cost."),
            _chosen(wish(intelligence=1.0), "claude-fable", "Only the intelligence counts here; None counts as 0."),
            _chosen(wish(cost=0.2, speed=0.2, intelligence=0.9), "claude-fable", "Add up priority × score."),
            _chosen(wish(cost=0.9, intelligence=0.3), "claude-haiku", "Add up priority × score."),
            _chosen(
                wish("claude", intelligence=0.9, cost=0.5),
                "claude-fable",
                "The hint leaves four models, and the priorities choose among these four alone.",
                WITH_OURS,
            ),
            _chosen(wish("gpt-9", intelligence=1.0), "claude-fable", "Where no hint fits, all models are left."),
            _chosen(wish(cost=1.0), "first", "Of equal ones the first wins.", EQUAL),
            _chosen(None, "claude-haiku", "A server may wish for nothing: then the first wins."),
        ],
    ),
    "5.2": FunctionExercise("5.2", [_predicted(letter) for letter in CASES]),
    "5.3": FunctionExercise(
        "5.3",
        [
            _affordable((360, 400, 100, 50.0), "large", "All can be paid: the most intelligent, wherever it stands."),
            _affordable((360, 400, 100, 1.0), "medium", "The large one costs $3.24 and the medium one $0.65."),
            _affordable(
                (500, 1_000, 200, 0.2),
                "small",
                "Its higher price is for long prompts, and each of these is short: ask price() for one request.",
            ),
            _affordable((360, 400, 100, 0.1), "small", "The medium one costs $0.65 and the small one $0.03."),
            _affordable((360, 400, 100, 0.01), None, "Not even the small one can be paid: return None."),
            _affordable(
                (10, 150_000, 1_000, 0.5),
                None,
                "These prompts are long, and the small model's second price holds. price() knows it.",
            ),
        ],
    ),
}

QUESTIONS = {
    "5.4": Question(
        "A server sends costPriority 1. What does it wish for?",
        {"a": "the cheapest model", "b": "the best model, whatever it costs", "c": "nothing, 1 is neutral"},
        "a",
        {
            "a": "the priority says how much it matters to keep the cost low. The client pays, so it is a courtesy.",
            "b": "some tutorials say so. In the specification a higher value prefers a cheaper model.",
            "c": "0 is neutral: it does not matter.",
        },
    ),
    "5.5": Question(
        "A server hints 'opus', and your client asks a cheaper model. Has it broken the protocol?",
        {"a": "yes", "b": "no", "c": "only when it does not ask the server first"},
        "b",
        {
            "a": "hints are advice. The specification leaves the choice to the client.",
            "b": "hints are advice. The answer names a model, and even that is a claim which the server cannot check.",
            "c": "there is no message for that. The server learns of the choice from the answer, if at all.",
        },
    ),
}
