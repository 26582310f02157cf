"""Lesson 07: what it says of its three strategies is so, by the lesson's own measure and on its own topic."""

from collections.abc import Sequence
from typing import Any

import jupytext
import pytest

from labkit import Lab, Quoting
from lessons import build
from servers.papers import Paper
from servers.research_assistant import STRATEGIES, make_server

pytestmark = pytest.mark.anyio

LESSON = build.LESSONS / "07_research_assistant.py"


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    """The names of the lesson's set-up, of its measure and of the solution of 7.1."""
    cells = jupytext.reads(LESSON.read_text(encoding="utf-8"), fmt="py:percent").cells
    wanted = ("import re\n", "def own_words(", "from labkit import catalog", "async def my_groups(")
    namespace: dict[str, Any] = {}
    for cell in cells:
        if cell.source.startswith(wanted):
            exec(compile(cell.source, "<lesson>", "exec"), namespace)  # noqa: S102 - our own lesson
    return namespace


async def lost_and_kept(lesson: dict[str, Any], strategy: Any, papers: int, *k: int) -> tuple[int, int]:
    """What the lesson measures of a strategy: the server asks, and cuts what ends at a limit."""

    async def chosen(found: Sequence[Paper], ask: Any) -> str:
        return await strategy(found, ask, *k)

    with Lab(make_server(strategies={"chosen": chosen}), sampling_callback=Quoting()) as lab:
        arguments = {"topic": lesson["TOPIC"], "max_results": papers, "strategy": "chosen"}
        result = await lab.call_tool("research_topic", arguments)
    return lesson["lost_and_kept"](result.structured_content)


@pytest.mark.parametrize("papers", [5, 7, 10])
async def test_groups_lie_between_one_and_each_in_what_they_lose(lesson: dict[str, Any], papers: int) -> None:
    one, each = [await lost_and_kept(lesson, STRATEGIES[name], papers) for name in ("one", "each")]
    for k in (2, 3, 5):
        lost, kept = await lost_and_kept(lesson, lesson["my_groups"], papers, k)
        assert each[0] <= lost <= one[0], k
        assert each[1] <= kept <= one[1], k
    assert one[1] > each[1]
    assert await lost_and_kept(lesson, lesson["my_groups"], papers, 1) == each
    assert await lost_and_kept(lesson, lesson["my_groups"], papers, papers) == one


async def test_the_instructors_figures_for_ten_papers_are_those_that_are_measured(lesson: dict[str, Any]) -> None:
    groups = {f"`k={k}`": await lost_and_kept(lesson, lesson["my_groups"], 10, k) for k in (5, 3, 2)}
    each = await lost_and_kept(lesson, STRATEGIES["each"], 10)
    one = await lost_and_kept(lesson, STRATEGIES["one"], 10)
    told = " ".join(line.removeprefix("# ") for line in LESSON.read_text(encoding="utf-8").splitlines())
    assert f'`"one"` loses {one[0]} and keeps {one[1]} % of the others\' own words' in told
    for name, (lost, kept) in {**groups, '`"each"`': each}.items():
        assert f"{name} {lost} and {kept} %" in told
