"""Exercises, quizzes and the scorecard: `await check("1.1", my_function)`, `quiz("1.3")`, `await scorecard(cb)`."""

from importlib import import_module

from labkit.checks.case import Case, Row
from labkit.checks.engine import CallbackExercise, CheckFailed, Exercise, FunctionExercise, Problem, Report, conclude
from labkit.checks.quizzes import Question
from labkit.checks.scorecard import Scorecard, cases, scorecard
from labkit.checks.served import ServerCase
from labkit.checks.server_card import scorecard_server, server_cases
from labkit.checks.trying import try_out
from labkit.course import progress
from labkit.course.entries import entry
from labkit.course.progress import lesson_of
from labkit.notebook import say_if_stale

__all__ = [
    "CallbackExercise",
    "Case",
    "CheckFailed",
    "FunctionExercise",
    "Problem",
    "Question",
    "Report",
    "Row",
    "Scorecard",
    "ServerCase",
    "cases",
    "check",
    "examine",
    "quiz",
    "scorecard",
    "scorecard_server",
    "server_cases",
    "try_out",
]


async def check(number: str, function: object) -> None:
    """Check a function against an exercise and print what was found.

        await check("1.1", my_callback)

    It never raises on account of the function: a stub is a `TODO`, a mistake a sentence. With `LABKIT_STRICT=1` in the
    environment everything but a `PASS` raises `CheckFailed`.

    Args:
        number: The exercise, as `"1.1"`.
        function: What you wrote, passed by its name and not called.

    Raises:
        LookupError: There is no such exercise.
    """
    report = await examine(number, function)
    say_if_stale(function)
    await conclude(report)


async def examine(number: str, function: object) -> Report:
    """Check a function against an exercise and return what was found, without printing it."""
    number = str(number)  # it may have been typed without quotes
    try:
        exercises: dict[str, Exercise] = import_module(f"labkit.checks.lesson_{lesson_of(number)}").EXERCISES
    except ModuleNotFoundError:
        raise LookupError(f'There is no lesson for "{number}". A number looks like "1.2".') from None
    if number not in exercises:
        raise LookupError(f"There is no exercise {number} in this lesson; there are {', '.join(exercises)}.")
    return await exercises[number].examine(function)


def quiz(number: str, answer: str = "") -> None:
    """Print a question with its choices, and below it what is to be said to your answer.

        quiz("1.3")        # the question
        quiz("1.3", "b")   # and: right, or why not

    Raises:
        LookupError: There is no such question.
    """
    number, told = entry("quiz", "questions", number)
    question = Question(**told)
    print(question.reply(answer))
    if letter := question.letter(answer):
        progress.note("quiz", number, "right" if letter == question.right else "wrong")
