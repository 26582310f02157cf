"""Lesson 07, research assistant: a strategy that asks in groups, and a validator that catches an invented paper."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any, cast

from labkit.checks.engine import STAGE_TIMEOUT, FunctionExercise, Problem, called
from labkit.checks.quizzes import Question
from labkit.lab import Lab
from labkit.models.scripted import Scripted
from servers import research_assistant
from servers.papers import Paper

# Before any clock starts: the client imports it, for two seconds, at the first structured result. By name, for it is
# no dependency of the kit: the client brings it.
import_module("jsonschema")

PAPERS = [
    Paper(
        id=f"2401.0000{n}",
        title=f"The {name} paper",
        authors=["A. Author"],
        year=2024,
        abstract=f"{name.title()} retrieval was studied. It helps.",
    )
    for n, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth", "seventh"), 1)
]


class Heard:
    """Stands where the server's `ask` stands: answers every question, and keeps what was asked together."""

    def __init__(self) -> None:
        self.steps: list[list[str]] = []

    async def __call__(self, questions: object) -> list[str]:
        if not isinstance(questions, list | tuple):
            raise Problem(f"ask() got a {type(questions).__name__}. Give it a list: `await ask([question])`.")
        self.steps.append([str(question) for question in cast("Sequence[object]", questions)])
        return [f"<answer {len(self.steps)}.{number}>" for number, _ in enumerate(self.steps[-1], 1)]


async def _asked(function: Callable[..., Any], count: int, k: int) -> tuple[Heard, object]:
    """What `function` asks on `count` papers in groups of `k`, and what it returns."""
    heard = Heard()
    if not inspect.iscoroutinefunction(function):
        raise Problem("my_groups is a plain function, and the server awaits it. Write `async def my_groups(...)`.")
    returned: object = await function(PAPERS[:count], heard, k)
    if not heard.steps:
        raise Problem("my_groups returned without asking anything. `await ask([...])` asks the client's model.")
    return heard, returned


def _numbers(question: str) -> list[int]:
    """Which of the papers a question holds, by their titles."""
    return [number for number, paper in enumerate(PAPERS, 1) if paper.title in question]


def _grouped(count: int, k: int) -> Callable[..., Awaitable[None]]:
    groups = [[*range(start, min(start + k, count + 1))] for start in range(1, count + 1, k)]

    async def case(function: Callable[..., Any]) -> None:
        heard, _ = await _asked(function, count, k)
        first = [_numbers(question) for question in heard.steps[0]]
        together = [_numbers(question) for step in heard.steps for question in step if _numbers(question)]
        if len(first) == 1 and together[: len(groups)] == groups and len(groups) > 1:
            raise Problem(
                f"You awaited ask() for each group: {len(groups)} questions one after the other. Give ask() the "
                "questions of all groups in one list; on the newer wire they then go out at once."
            )
        missing = [number for number in range(1, count + 1) if not any(number in group for group in first)]
        if missing:
            listed = ", ".join(map(str, missing))
            raise Problem(f"Of {count} papers in groups of {k}, paper {listed} was in no question of the first step.")
        if first != groups:
            raise Problem(f"Of {count} papers in groups of {k} we expected the groups {groups}, and you asked {first}.")
        without = [n for group, q in zip(groups, heard.steps[0], strict=True) for n in group if not _tells(q, n)]
        if without:
            raise Problem(f"A question names paper {without[0]} without its abstract. Give title and abstract.")

    return case


def _tells(question: str, number: int) -> bool:
    return PAPERS[number - 1].abstract in question


async def _joined(function: Callable[..., Any]) -> None:
    heard, returned = await _asked(function, 7, 3)
    if len(heard.steps) == 1:
        raise Problem("After the groups nothing more was asked. One last question makes a synthesis of their answers.")
    last = heard.steps[-1]
    if len(heard.steps) != 2 or len(last) != 1:
        raise Problem(f"We expected two steps, three questions and then one; you asked {[*map(len, heard.steps)]}.")
    lost = [n for n in (1, 2, 3) if f"<answer 1.{n}>" not in last[0]]
    if lost:
        raise Problem(f"The last question does not hold the answer of group {lost[0]}. Give it the answers of all.")
    if _numbers(last[0]) and any(_tells(last[0], number) for number in _numbers(last[0])):
        raise Problem(
            "The last question holds the abstracts again: they are paid for twice. Give it the answers alone."
        )
    if returned != "<answer 2.1>":
        raise Problem(f"my_groups returned {returned!r}. Return the answer to the last question, a text.")


async def _single(function: Callable[..., Any]) -> None:
    heard, returned = await _asked(function, 2, 3)
    count = sum(map(len, heard.steps))
    if count != 1:
        raise Problem(
            f"Two papers fit into one group of three, and you took {count} samples. The answer on a single group is "
            "the synthesis: return it."
        )
    if returned != "<answer 1.1>":
        raise Problem(f"With a single group my_groups returned {returned!r}. Return that group's answer, a text.")


def _served(mode: str) -> Callable[..., Awaitable[None]]:
    async def case(function: Callable[..., Any]) -> None:
        server = research_assistant.make_server(strategies={"groups": function})
        with Lab(
            server, name="check", sampling_callback=Scripted(lambda _: "Fine."), mode=mode, timeout=STAGE_TIMEOUT
        ) as lab:
            result = await lab.call_tool("research_topic", {"topic": "dense retrieval", "max_results": 5})
        research = result.structured_content
        if result.is_error or not research or research["samples"] != 3:
            told = getattr(result.content[0], "text", "")[:200]
            raise Problem(f"Called directly it does well; in the server ({mode}) five papers gave: {told!r}.")

    return case


KNOWN = [{"id": "2005.11401", "title": "RAG"}, {"id": "2004.04906", "title": "DPR"}]


def _finds(
    text: str, wanted: list[str], why: str, papers: list[dict[str, str]] = KNOWN
) -> Callable[..., Awaitable[None]]:
    async def case(function: Callable[..., Any]) -> None:
        given: Any = called(function, text, [dict(paper) for paper in papers])
        if not isinstance(given, list):
            raise Problem(f'invented("{text}", …) returned {given!r}. Return a list of ids.')
        if given != wanted:
            raise Problem(f'invented("{text}", …) returned {given!r}, and {wanted!r} is right. {why}')

    return case


EXERCISES = {
    "7.1": FunctionExercise(
        "7.1", [_grouped(7, 3), _grouped(6, 2), _joined, _single, _grouped(4, 1), _served("auto"), _served("legacy")]
    ),
    "7.2": FunctionExercise(
        "7.2",
        [
            _finds("RAG (2005.11401) retrieves.", [], "It is among the papers."),
            _finds("The best is 2401.99999.", ["2401.99999"], "No paper has this id."),
            _finds("Nothing is cited here.", [], "It names no paper; it need not name them all."),
            _finds("As arXiv:2005.11401v4 says.", [], "v4 is the fourth version of a paper that is there."),
            _finds("See 2401.99999v2.", ["2401.99999"], "Return the id without its version."),
            _finds("See 1301.3781 first.", ["1301.3781"], "Before 2015 an id ended in four digits."),
            _finds("2401.99999, 2401.00077 and 2401.99999", ["2401.99999", "2401.00077"], "Each once, in order."),
            _finds("From 0.1234 to 28.8 in 2023, at 3.14159.", [], "None of these has the form of an arXiv id."),
            _finds("12345.67890 and 1234.567890 tokens.", [], "With a digit more at either end it is no id."),
            _finds("2005.11401", ["2005.11401"], "There were no papers at all.", []),
        ],
    ),
}

QUESTIONS = {
    "7.3": Question(
        "Why must a resolver's prompt be pure on revision 2026-07-28?",
        {
            "a": "the resolver runs again when the answer comes, and asks anew where its question has changed",
            "b": "the wire cannot carry numbers that change",
            "c": "the client refuses a prompt that it has not seen before",
        },
        "a",
        {
            "a": "an answer belongs to its question. A changed question has none yet, so it is asked, and paid, again.",
            "b": "the wire carries any text. What changes is which question the answer belongs to.",
            "c": "the client answers whatever it is asked, up to ten rounds. That is what makes it expensive.",
        },
    ),
}
