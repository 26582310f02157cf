"""Lesson 14, watch and pay: the cause of a slow call read off its spans, who spent what, a span of one's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, cast

from opentelemetry.sdk.trace import ReadableSpan

from labkit.callbacks import name_of
from labkit.checks import instrumented
from labkit.checks.asking_servers import Case
from labkit.checks.engine import FunctionExercise, Problem, called, rows
from labkit.checks.written_spans import Spans, readable, span, written
from labkit.telemetry import conventions as names
from labkit.telemetry.spans import Span, Value

# 14.1: the cause of a slow call

CAUSES = ("model", "person", "turn", "host", "server", "wire", "tries")


def slow(told: Mapping[str, Any]) -> Case:
    """A case: the cause of a slow call, and at which server, as a row of slow_calls.toml has both."""
    what, hint = f"We gave the spans of {told['what']}", str(told["hint"])

    async def case(function: Callable[..., Any]) -> None:
        spans = written(told["spans"], told.get("seed", 0))
        said: object = called(function, given := Spans(spans))
        if given != spans:
            raise Problem(f"{what}, and afterwards the list was another. Leave it as it is.", hint="changed")
        pair = tuple(cast("Sequence[object]", said)) if isinstance(said, tuple | list) else ()
        if len(pair) != 2 or pair[0] not in CAUSES:
            causes = ", ".join(CAUSES)
            raise Problem(
                f'{what}, and got {said!r}. Return a pair such as ("model", "desk"); there are {causes}.', hint="pair"
            )
        if pair[0] != told["cause"]:
            raise Problem(f'{what}, and you say "{pair[0]}". {CLUES[hint]}', hint=hint)
        if pair[1] != told["server"]:
            raise Problem(f'{what}. "{pair[0]}" is right, and it was not at {pair[1]!r}.', hint="where")

    return case


CLUES = {
    "most": "Add up what each cause took, and name the one that took most.",
    "first": "Find the cause first, over all calls and servers; then, of that cause, the server with most of it.",
    "sum": "No single stretch of it is long: add up the many short ones.",
    "at-once": "What goes on at the same time may not be counted twice: a call has no more seconds than the clock.",
    "tries": "A try that failed, and the pause after it, belong to the tries: nobody got an answer of them.",
    "raised": "A try is a model's. The tool raised an error too, and what it had computed for was the server's time.",
    "wire": "What the server itself took is told by a span of its own. The rest of the request was on its way.",
    "twice": "The inner call is told in the outer one, and by itself as well. Its time went by once.",
    "nested": "The call of the desk waited for a call of another server, and there it was somebody's doing.",
}

SLOW = [slow(row) for row in rows("slow_calls", "call")]

# 14.2: who spent what

PRICES = {"haiku": (0.10, 0.50), "sonnet": (2.0, 10.0), "opus": (4.0, 20.0), "tiny": (0.0, 0.0)}
"""US dollars for a million tokens in and out."""


@dataclass(frozen=True)
class Try:
    """A model that was asked: its name, its tokens, and the error in which the try ended."""

    model: str = "haiku"
    given: int | None = None
    taken: int | None = None
    error: str = ""
    asked_for: str = ""


Sample = tuple[Try, ...]
"""The tries of one sample; none where it was answered from what was kept."""


def a_class(
    students: Mapping[str, Sequence[Sample]], seed: int = 0, more: Sequence[ReadableSpan] = ()
) -> list[ReadableSpan]:
    """The spans of a class: for each student a call with so many samples."""
    spans: list[Span] = []
    for lab, samples in students.items():
        whose: dict[str, Value] = {names.LAB: lab, names.SERVER: "desk"}
        spans.append(call := span("call", 0, 10, told={**whose, names.CALL: 1}))
        for sample in samples:
            spans.append(asked := span("sample", 1, 9, call, whose))
            spans += (span("failed" if each.error else "model", 2, 8, asked, whose | told_of(each)) for each in sample)
    return [*more, *readable(spans, seed)]


def told_of(each: Try) -> dict[str, Value]:
    """The attributes of a try: a failed one tells no model that has answered."""
    told: dict[str, Value] = {names.REQUEST_MODEL: each.asked_for or each.model}
    told[names.ERROR if each.error else names.RESPONSE_MODEL] = each.error or each.model
    tokens = {names.INPUT_TOKENS: each.given, names.OUTPUT_TOKENS: each.taken}
    return told | {name: number for name, number in tokens.items() if number is not None}


def _row(samples: Sequence[Sample], prices: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    tries = [each for sample in samples for each in sample]
    usd, unknown = 0.0, 0
    for each in tries:
        price = prices.get(each.model)
        if price is None or each.given is None or each.taken is None:
            unknown += 1
        else:
            usd += (each.given * price[0] + each.taken * price[1]) / 1e6
    return {"samples": len(samples), "tries": len(tries), "unknown": unknown, "usd": usd}


def spends(row: Mapping[str, Any]) -> Case:
    """A case: what each student of a class has spent, as a row of lesson_14.toml has the class.

    `prices` are what the models cost, `seed` puts the spans into another order, `beside` names spans of which none is a
    student's try, and `hint` is the mistake that is likely where a row is wrong.
    """
    prices = {model: (each[0], each[1]) for model, each in row.get("prices", PRICES).items()}
    students = {
        lab: [tuple(Try(**each) for each in sample) for sample in samples] for lab, samples in row["students"].items()
    }

    async def case(function: Callable[..., Any]) -> None:
        beside = BESIDE[row["beside"]]() if "beside" in row else ()
        spans, rates = a_class(students, row.get("seed", 0), beside), dict(prices)
        given = Spans(spans)
        returned: object = called(function, given, rates)
        told = f"We gave the spans of {row['what']}"
        if not isinstance(returned, Mapping):
            got = "nothing (is a `return` missing?)" if returned is None else f"a {type(returned).__name__}"
            told = f"{name_of(function)} returned {got}."
            raise Problem(f"{told} Return a dict, with a row for each student.", hint="form")
        if given != spans or rates != prices:
            raise Problem(f"{told}, and afterwards the spans or the prices were others.", hint="changed")
        table = cast("Mapping[object, object]", returned)
        wanted = {lab: _row(samples, prices) for lab, samples in students.items()}
        if table.keys() != wanted.keys():
            raise Problem(f"{told}, and there are rows for {[*table]}, not for {[*wanted]}.", hint="students")
        for lab, right in wanted.items():
            _is_right(table[lab], right, f"{told}, and of {lab}", row.get("hint", ""))

    return case


def _is_right(row: object, wanted: Mapping[str, float], told: str, hint: str) -> None:
    if not isinstance(row, Mapping):
        raise Problem(f'{told} you return {row!r}. Return a dict such as {{"samples": 2, ...}}.', hint="form")
    said = cast("Mapping[str, object]", row)
    for key, value in wanted.items():
        number = said.get(key)
        if not isinstance(number, int | float):
            raise Problem(f'{told} "{key}" is {number!r}, and has to be a number.', hint="form")
        if not isclose(number, value, rel_tol=1e-9, abs_tol=1e-12):
            raise Problem(f'{told} "{key}" is {number:.8g}, where {value:.8g} is right.', hint=hint or key)


def _of_a_server() -> list[ReadableSpan]:
    """Spans that a server made of its own use of a model: they belong to no Lab."""
    met = span("met", 0, 4)
    return readable([met, span("model", 1, 2, met, told_of(Try("opus", 500, 500)))])


def _of_an_agent() -> list[ReadableSpan]:
    """A span of a framework around two tries, which tells the sum of their tokens once more."""
    told: dict[str, Value] = {names.LAB: "ada", names.SERVER: "desk", names.OPERATION: "invoke_agent"}
    return readable([span("model", 0, 9, told=told_of(Try("opus", 900, 90)) | told)])


BESIDE = {"server": _of_a_server, "agent": _of_an_agent}

EXERCISES = {
    "14.1": FunctionExercise(
        "14.1",
        SLOW,
        tried="each cause, many samples and three at once, tries of every length, two servers, calls within calls",
    ),
    "14.2": FunctionExercise(
        "14.2",
        [*map(spends, rows("lesson_14", "class"))],
        tried="one student and three, kept answers, failed tries, no price and 0, no tokens and 0, others' spans",
    ),
    "14.3": FunctionExercise(
        "14.3",
        instrumented.CASES,
        tried="requests and replies whole and in part, three errors, two at once, one given up, and both wires",
    ),
}
