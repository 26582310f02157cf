"""Answers that are right, each in a style of its own: a check judges what a function does, never how it is written.

The solution of each exercise is proven with the mistakes. Here are the others: an object that is called, a partial, a
plain function that returns an awaitable, a loop where others write a comprehension, a reason in another language.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from labkit.checks import examine

pytestmark = pytest.mark.anyio


class Right(NamedTuple):
    """A right answer to an exercise; its style is what a test is called after."""

    number: str
    style: str
    answer: Any


RIGHT: list[Right] = []


def right(number: str) -> Callable[[Any], Any]:
    """What is decorated is a right answer to this exercise."""

    def kept(answer: Any) -> Any:
        RIGHT.append(Right(number, answer.__name__, answer))
        return answer

    return kept


def right_as_object_and_partial(number: str) -> Callable[[Any], Any]:
    """So is it as an object with `__call__`, as a method of one, and as a partial that has a parameter more."""

    def kept(answer: Any) -> Any:
        class Called:
            def __call__(self, *arguments: Any, **named: Any) -> Any:
                return answer(*arguments, **named)

        def with_more(_more: int, *arguments: Any, **named: Any) -> Any:
            return answer(*arguments, **named)

        RIGHT.extend(
            Right(number, style, each)
            for style, each in {
                answer.__name__: answer,
                "an object": Called(),
                "a method": Called().__call__,
                "a partial": partial(with_more, 1),
            }.items()
        )
        return answer

    return kept


# 5.1: a chooser


def _left(preferences: Any, scores: Any) -> list[str]:
    for hint in preferences.hints or []:
        if fits := [name for name in scores if hint.name.casefold() in name.casefold()]:
            return fits
    return [*scores]


@right_as_object_and_partial("5.1")
def the_best_so_far(preferences, scores):
    first, *_ = scores
    if not preferences:
        return first
    best, most = None, -1.0
    wanted = (preferences.cost_priority, preferences.speed_priority, preferences.intelligence_priority)
    for name in _left(preferences, scores):
        points = 0.0
        for priority, score in zip(wanted, scores[name], strict=True):
            if priority is not None:
                points += priority * score
        if points > most:
            best, most = name, points
    return best


@right("5.1")
def a_weighted_mean(preferences, scores):
    if preferences is None:
        return next(iter(scores))
    cost, speed, clever = (
        preferences.cost_priority or 0,
        preferences.speed_priority or 0,
        preferences.intelligence_priority or 0,
    )
    whole = (cost + speed + clever) or 1
    mean = {n: (cost * c + speed * s + clever * i) / whole for n, (c, s, i) in scores.items()}
    return sorted(_left(preferences, scores), key=mean.__getitem__, reverse=True)[0]


# 5.2: six predictions


@right_as_object_and_partial("5.2")
def as_one_speaks():
    return {"a": "Haiku 5.5", "b": "Opus", "c": " sonnet ", "d": "Claude Fable", "e": "HAIKU", "f": "claude-fable-5-1"}


# 5.3: within a budget


@right_as_object_and_partial("5.3")
def from_the_best_down(models, requests, tokens_in, tokens_out, usd):
    ranked = sorted((m for m in models if m.scores), key=lambda m: m.scores.intelligence, reverse=True)
    return next((m.name for m in ranked if requests * m.price(tokens_in, tokens_out) <= usd), None)


@right("5.3")
def by_trying(models, requests, tokens_in, tokens_out, usd):
    best = None
    for model in models:
        try:
            is_payable = model.price(tokens_in, tokens_out) * requests <= usd
        except LookupError:
            continue
        if is_payable and (best is None or model.scores.intelligence > best.scores.intelligence):
            best = model
    return best and best.name


@pytest.mark.parametrize(
    ("number", "answer"), [pytest.param(each.number, each.answer, id=f"{each.number}/{each.style}") for each in RIGHT]
)
async def test_what_is_right_in_another_style_passes(number: str, answer: Any) -> None:
    report = await examine(number, answer)
    assert report.status == "PASS", report
