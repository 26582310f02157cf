"""Lesson 00, start here: questions, and no exercise yet."""

from labkit.checks.engine import CallbackExercise

EXERCISES: dict[str, CallbackExercise] = {}
