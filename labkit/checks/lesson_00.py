"""Lesson 00, start here: which sampling is meant."""

from labkit.checks.engine import CallbackExercise
from labkit.checks.quizzes import Question

EXERCISES: dict[str, CallbackExercise] = {}

QUESTIONS = {
    "0.1": Question(
        '"Set the temperature to 0 and the sampling becomes greedy." Which sampling is meant?',
        {"a": "MCP sampling", "b": "decoding"},
        "b",
        {
            "a": "MCP sampling is a server's request for a completion. Temperature acts on how a token is drawn.",
            "b": "drawing the next token. In MCP the temperature is only a wish that travels with the request.",
        },
    ),
    "0.2": Question(
        '"My client can do sampling." Which sampling is meant?',
        {"a": "MCP sampling", "b": "decoding"},
        "a",
        {
            "a": "servers may ask it for completions. It says so at connect, and since 2026-07-28 in each request.",
            "b": "decoding is done inside a model; nobody declares it on the wire.",
        },
    ),
    "0.3": Question(
        "In the call above, who decided which model answers?",
        {"a": "the server", "b": "the protocol", "c": "the client, through its sampling callback"},
        "c",
        {
            "a": "the server may hint at a model. It never sees one.",
            "b": "the protocol carries the question and the answer, and leaves the choice to the client.",
            "c": "the callback answers as it likes. Here it gave a sentence of yours, and the server cannot check.",
        },
    ),
}
