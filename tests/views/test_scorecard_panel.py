"""The Python side of the scorecard's panel: what it tells the browser, what it stores, and what it says of two runs."""

import asyncio
import builtins
from typing import Any

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

from labkit import close_all, scorecard, scorecard_server, show_scorecard, show_server_scorecard
from labkit.checks import CheckFailed
from labkit.checks.scorecard import CASES, Scorecard
from labkit.checks.server_card import SERVER_CASES
from labkit.views import scorecard_panel
from labkit.views.scorecard_panel import VIEW, ScorecardPanel
from tests.checks.good_callbacks import my_callback
from tests.checks.right_servers import TEXT, without_a_sample

pytestmark = pytest.mark.anyio

STATUSES = {"PASS", "FAIL", "TODO", "N/A"}


async def weak(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    """Answers whatever it is asked."""
    return CreateMessageResult(role="assistant", model="me", content=TextContent(text="Look at the disk."))


@pytest.fixture(autouse=True)
def _no_panel_and_no_lab_thread_is_left():
    yield
    for panel in scorecard_panel._panels.values():
        panel.close()
    scorecard_panel._panels.clear()
    close_all()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is displayed, in a place that has a `display` as a notebook does."""
    things: list[Any] = []

    def display(thing: Any, *, raw: bool = False) -> None:
        things.append(thing)

    monkeypatch.setattr(builtins, "display", display, raising=False)
    return things


def runs_of(panel: ScorecardPanel) -> list[dict[str, Any]]:
    """What a panel tells the browser from now on."""
    runs: list[dict[str, Any]] = []
    panel.observe(lambda change: runs.append(change["new"]), "run")
    return runs


async def test_the_panel_says_of_each_case_what_the_scorecard_says(shown: list[Any]) -> None:
    await show_scorecard(weak)
    panel, _ = shown
    card = await scorecard(weak)
    assert panel.run["rows"] == {row.id: [row.status, row.came_back, ""] for row in card.rows}
    assert {row[0] for row in panel.run["rows"].values()} <= STATUSES
    assert [(case["id"], case["mend"], case["source"]) for case in panel.card["cases"]] == [
        (case.id, case.mend, case.source) for case in CASES
    ]
    assert list(dict.fromkeys(case["group"] for case in panel.card["cases"])) == panel.card["groups"]


async def test_a_server_has_a_panel_of_the_same_kind(shown: list[Any]) -> None:
    await show_server_scorecard(without_a_sample, "label", {"text": TEXT})
    panel, stored = shown
    card = await scorecard_server(without_a_sample, "label", {"text": TEXT})
    assert panel.run["rows"] == {row.id: [row.status, row.came_back, ""] for row in card.rows}
    assert [case["id"] for case in panel.card["cases"]] == [case.id for case in SERVER_CASES]
    assert panel.card["groups"] == list(dict.fromkeys(case.group for case in SERVER_CASES))
    assert panel.run["over"]
    assert repr(panel) == "Scorecard of without-a-sample: label"
    assert stored["text/plain"] == str(card)
    with pytest.raises(LookupError, match="no tool 'lable'"):
        await show_server_scorecard(without_a_sample, "lable")
    assert shown[2].run["said"] == f"stopped after 0 of {len(SERVER_CASES)} cases"


async def test_what_is_stored_for_readers_is_the_table(shown: list[Any]) -> None:
    await show_scorecard(weak)
    panel, stored = shown
    assert repr(panel) == "Scorecard of weak"
    assert stored["text/plain"] == str(await scorecard(weak))
    assert stored.keys() == {"text/plain", VIEW}


async def test_it_tells_how_far_it_is_case_by_case(shown: list[Any]) -> None:
    async def looking(context: object, params: CreateMessageRequestParams) -> Any:
        said.add(shown[0].run["said"])
        return await weak(context, params)

    said: set[str] = set()
    await show_scorecard(looking)
    assert f"examining 2 of {len(CASES)}" in said
    assert len(said) > 20
    runs = runs_of(shown[0])
    await show_scorecard(looking)
    assert [run["at"] for run in runs] == [*(case.id for case in CASES), None, None]
    assert [run["done"] for run in runs] == [*range(len(CASES) + 1), len(CASES)]
    assert [run["over"] for run in runs] == [False] * (len(CASES) + 1) + [True]


async def test_run_again_it_says_what_has_changed(shown: list[Any]) -> None:
    async def mine(context: object, params: CreateMessageRequestParams) -> Any:
        return await inner(context, params)

    inner: Any = weak
    await show_scorecard(mine)
    failed = {name for name, row in shown[0].run["rows"].items() if row[0] == "FAIL"}
    assert shown[0].run["said"] == ""
    inner = my_callback
    await show_scorecard(mine)
    assert shown[2] is shown[0]
    assert {name for name, row in shown[0].run["rows"].items() if row[2] == "now passes"} == failed
    assert shown[0].run["said"] == f"since the last run: {len(failed)} now pass"
    inner = weak
    await show_scorecard(mine)
    assert {name for name, row in shown[0].run["rows"].items() if row[2] == "now fails"} == failed
    await show_scorecard(mine)
    assert shown[0].run["said"] == ""


def test_one_that_changed_is_told_in_the_singular() -> None:
    first = CASES[0]
    good, bad = (Scorecard("x", (first.row(status, ""),)) for status in ("PASS", "FAIL"))
    assert good.changes(bad) == {first.id: "now passes"}
    assert bad.changes(good) == {first.id: "now fails"}
    assert good.changes(good) == {}
    rows = tuple(case.row("PASS", "") for case in CASES)
    said = scorecard_panel._said(Scorecard("x", rows), len(rows), ["now passes", "now fails", "now fails"])
    assert said == "since the last run: 1 now passes, 2 now fail"


async def test_two_runs_at_once_each_come_to_their_end(shown: list[Any]) -> None:
    await asyncio.gather(show_scorecard(weak), show_scorecard(weak))
    stored = [thing["text/plain"] for thing in shown if isinstance(thing, dict)]
    assert [table.splitlines()[-1].partition(" ")[0] for table in stored] == ["weak:", "weak:"]
    assert len(shown[0].scorecard.rows) == len(CASES)
    assert shown[0].run["over"]


async def test_callbacks_of_two_names_have_two_panels(shown: list[Any]) -> None:
    await show_scorecard(weak)
    await show_scorecard(my_callback)
    assert shown[0] is not shown[2]


async def test_a_stub_is_told_to_be_written(shown: list[Any]) -> None:
    async def stub(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise NotImplementedError

    await show_scorecard(stub)
    panel, stored = shown
    assert panel.run["said"].startswith("TODO: write the body of the function")
    assert panel.run["rows"]["messages.one"][0] == "TODO"
    assert stored["text/plain"].startswith("TODO stub:")


async def test_a_run_that_is_broken_off_says_how_far_it_came_and_is_not_compared_with(shown: list[Any]) -> None:
    entered = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def mine(context: object, params: CreateMessageRequestParams) -> Any:
        if waits:
            loop.call_soon_threadsafe(entered.set)
            await asyncio.Event().wait()
        return await weak(context, params)

    waits = False
    await show_scorecard(mine)
    waits = True
    task = asyncio.create_task(show_scorecard(mine))
    await asyncio.wait_for(entered.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shown[0].run["said"] == f"stopped after 1 of {len(CASES)} cases"
    assert shown[0].run["at"] is None
    waits = False
    await show_scorecard(mine)
    assert shown[0].run["said"] == ""


async def test_hidden_characters_of_a_callback_are_made_visible(shown: list[Any]) -> None:
    async def spiteful(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise LookupError("<img src=x onerror=alert(1)>\u202e\u200b")

    spiteful.__name__ = "<b>\u202ename</b>"
    await show_scorecard(spiteful)
    told = shown[0].run["rows"]["messages.one"][1]
    assert "<img src=x onerror=alert(1)>\\u202e\\u200b" in told
    assert shown[0].card["name"] == "<b>\\u202ename</b>"
    assert repr(shown[0]) == "Scorecard of <b>\\u202ename</b>"


async def test_outside_a_notebook_the_table_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(builtins, "display", raising=False)
    await show_scorecard(my_callback)
    assert capsys.readouterr().out == f"{await scorecard(my_callback)}\n"


async def test_a_strict_panel_raises_after_it_was_shown(monkeypatch: pytest.MonkeyPatch, shown: list[Any]) -> None:
    monkeypatch.setenv("LABKIT_STRICT", "1")
    await show_scorecard(my_callback)
    with pytest.raises(CheckFailed, match=r"limits\.negative"):
        await show_scorecard(weak)
    assert len(shown) == 4
