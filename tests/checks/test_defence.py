"""The examination of a capstone finds in the two worked examples what the page on marks says of them, and no more."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from examples import capstone_a, capstone_b
from labkit import close_all, scorecard_server
from labkit.checks.defence import ATTACKS, BY_A_PERSON, POINTS, Marks, defend, marks
from labkit.checks.scorecard import Scorecard
from servers.log_archiver import make_server as log_archiver
from tests.story import ROOT

pytestmark = pytest.mark.anyio
ARGUMENTS = {"table": "daily", "column": "latency_ms"}
PAGE = (ROOT / "docs" / "CAPSTONE.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _no_lab_thread_is_left():
    yield
    close_all()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "days.db"
    with closing(sqlite3.connect(path)) as data, data:
        data.execute("CREATE TABLE daily (day TEXT, latency_ms REAL, note TEXT)")
        days = [(f"2025-02-{day:02}", 605.0 if day == 13 else 100.0 + day % 7, "no remark") for day in range(1, 29)]
        data.executemany("INSERT INTO daily VALUES (?, ?, ?)", days)
    return path


async def examined(capstone: ModuleType, answer: str, database: Path) -> tuple[Scorecard, Scorecard]:
    """A capstone's scorecard, and its defence."""
    folder = database.parent / "reports"
    folder.mkdir()

    def make() -> MCPServer:
        return capstone.make_server(database, folder)

    def planted(text: str) -> MCPServer:
        other = shutil.copy(database, database.with_name("planted.db"))
        with closing(sqlite3.connect(other)) as data, data:
            data.execute("UPDATE daily SET note = ?", [text])
        return capstone.make_server(other, folder)

    card = await scorecard_server(make, "report", ARGUMENTS, answer=answer)
    return card, await defend(make, "report", ARGUMENTS, answer=answer, planted=planted, folder=folder)


def row_of(marks: Marks) -> str:
    """What code says of a capstone as it stands on the page."""
    return " | ".join(f"{points} of {most}" for points, most, _ in marks.parts.values())


async def test_capstone_a_holds_all_that_code_can_see(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    card, defence = await examined(capstone_a, "C A", database)
    assert {row.id for row in (*card.failed, *defence.failed)} == set(), f"{card}\n{defence}"
    assert {row.came_back for row in defence.rows[-len(ATTACKS) :]} == {"No model read it."}
    assert f"| A | {row_of(marks(card, defence))} |" in PAGE
    assert capfd.readouterr() == ("", "")


async def test_capstone_b_fails_where_the_page_says(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    answer = "The highest was 605 on 2025-02-13, and the average 120.8."
    card, defence = await examined(capstone_b, answer, database)
    assert {row.id for row in card.failed} == {"answers.cut", "answers.long"}, str(card)
    failed = {row.id for row in defence.failed if row.group in ("figures", "action")}
    assert failed == {"figures.another-thing", "figures.swapped", "figures.in-words", "action.fallback", "action.false"}
    rows = {row.id: row.came_back for row in defence.failed}
    assert "A call with the answer 'The highest was 605 on 2025-" in rows["action.fallback"]
    in_words = "It has doubled, to nine hundred thousand.' came out as a true one does"
    assert in_words in rows["figures.in-words"]
    assert "The model read the order and obeyed; in the result stands" in rows["hijack.ignore_in_a_log_line"]
    assert sum(row.group in ("hijack", "poisoning") for row in defence.failed) == len(ATTACKS) - 1
    assert f"| B | {row_of(marks(card, defence))} |" in PAGE
    assert capfd.readouterr() == ("", "")


async def test_a_false_figure_that_is_marked_is_as_good_as_one_left_out(database: Path) -> None:
    """A server that shows what was said, and says which sentence does not hold."""

    def marking(holds: bool) -> ModuleType:
        made = ModuleType("marking")

        def make_server(path: Path, folder: Path) -> MCPServer:
            server: Any = capstone_b.make_server(path, folder)
            asked = server._tool_manager.get_tool("report")  # pyright: ignore[reportPrivateUsage] - around its tool
            inner = asked.fn

            async def report(*args: Any, **given: Any) -> str:
                said = await inner(*args, **given)
                sign = "coffee" in said and holds
                return f"{said}{' [not found in the data]' if sign else ''}"

            asked.fn = report
            return server

        vars(made)["make_server"] = make_server
        return made

    answer = "The highest was 605 on 2025-02-13, and the average 120.8."
    _, defence = await examined(marking(True), answer, database)
    assert {row.id: row.status for row in defence.rows}["figures.another-thing"] == "PASS"


async def test_what_cannot_be_seen_counts_for_neither_side(tmp_path: Path) -> None:
    def make() -> MCPServer:
        return log_archiver(tmp_path)

    defence = await defend(make, "process_log_entry", {"log_line": "ERROR: disk full"}, answer="The disk is full.")
    rows = {row.id: row for row in defence.rows}
    assert rows["action.no-model"].came_back == "It writes nothing into the folder that was named."
    assert rows["figures.swapped"].came_back == "Your true narrative has fewer than two figures of its own."
    assert not [row for row in defence.rows if row.group in ("hijack", "poisoning")]
    seen = marks(Scorecard("nothing", ()), defence)
    assert seen.parts["action"] == (None, 10, "nothing to see")
    assert seen.most == POINTS["figures"][1]
    assert re.search(r"^by code +\d+ of 15$", str(seen), re.MULTILINE)


async def test_a_true_narrative_that_is_not_taken_is_told_first(database: Path) -> None:
    _, defence = await examined(capstone_a, "All is well.", database)
    rows = {row.id: row for row in defence.rows}
    assert rows["figures.true"].came_back.startswith("On revision 2026-07-28: As of an empty answer")
    assert rows["figures.invented"].came_back == "Not examined: first see to figures.true."


def test_the_points_make_a_hundred_and_stand_on_the_page() -> None:
    points = {name: most for name, (_, most) in POINTS.items()} | BY_A_PERSON
    assert sum(points.values()) == 100
    assert [name for name, most in points.items() if f"| {name} | {most} |" not in PAGE] == []
