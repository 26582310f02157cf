"""The page of an audit log: what it is told, that it follows at a pace, and the table that stands for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from labkit import show_audit
from labkit.host import AuditLog, with_audit, with_budget
from labkit.host.audit_table import main, table
from labkit.steps import Origin
from labkit.views.audit import AuditView
from tests.host.crowd import CONNECTION, Model, answered
from tests.host.test_audit import FORGED, entry
from tests.story import question, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit.jsonl")


def hostile(n: int, text: str = FORGED) -> Any:
    return entry(n).model_copy(update=dict.fromkeys(("server", "lab", "tool", "wire", "by", "why"), text))


def sendable(text: str) -> str:
    """`text` without half a character, which no entry has."""
    return text.replace("\ud800", "")


async def test_it_shows_the_last_entries_the_last_one_first_and_follows(log: AuditLog) -> None:
    for n in range(5):
        log.add(entry(n))
    view = show_audit(log, last=3)
    assert [row["id"] for row in view.state["rows"]] == ["4", "3", "2"]
    budget = with_audit(with_budget(Model(tokens=(12, 5)), samples=1), log)
    await answered(budget, question("plot"))
    await answered(budget, question("plot"))
    await until(lambda: view.state["rows"][0]["decision"] == "held back")
    held, told, _ = view.state["rows"]
    assert told["cells"][1:5] == [f"{log.run[:4]}·1", "bookshop", "recommend", "answered"]
    assert (told["tokens"], told["cells"][5], held["cells"][4]) == (17, "17", "held back by budget")
    assert ("the model", "was not asked") in held["facts"]
    assert ("tokens", "12 in, 5 out") in told["facts"]
    view.close()
    view.close()
    await answered(budget, question("plot"))
    assert view.state["rows"][0]["id"] == held["id"]


async def test_a_flood_is_shown_at_a_pace_and_ends_with_the_last_entry(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    known = AuditView._known  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(AuditView, "_known", lambda view: read.append(1) or known(view))
    view = show_audit(log)
    for n in range(300):
        log.add(entry(n))
    await until(lambda: view.state["rows"][0]["id"] == "299")
    assert len(view.state["rows"]) == 200
    assert len(read) < 30
    view.close()


def test_nothing_that_a_server_wrote_does_anything_on_a_page_or_in_a_terminal(log: AuditLog) -> None:
    log.add(hostile(1, sendable(FORGED)))
    view = show_audit(log)
    told = json.dumps(view.state, ensure_ascii=False)
    assert told.isprintable()
    for shown in (str(view), table(log.entries())):
        assert [line for line in shown.split("\n") if not line.isprintable()] == []
        assert len(shown.split("\n")) == 3
    assert "\\u202e" in str(view)
    view.close()


async def test_the_texts_come_when_they_are_asked_for(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(AuditView, "send", lambda _, told: sent.append(told))
    await answered(with_audit(Model("Read\n\x1b[2J"), log, texts=True), question("recommend crime"))
    view = show_audit(log)
    assert view.state["rows"][0]["texts"] is True
    (one,) = log.entries()
    for asked in (one.id, "gone", None):
        view._asked(view, {"ask": "texts", "id": asked}, [])  # pyright: ignore[reportPrivateUsage]
    assert dict(sent[0]["texts"]) == {
        "request.messages[0].content.text": "recommend crime",
        "answer.content.text": "Read\n\\x1b[2J",
        "answer.model": "m",
        "answer.stopReason": "endTurn",
    }
    assert [each["texts"] for each in sent[1:]] == [[], []]
    view.close()


def test_what_another_process_wrote_is_there_when_it_is_read_anew(log: AuditLog) -> None:
    view = show_audit(log)
    AuditLog(log.path).add(entry(7))
    assert view.state["rows"] == []
    view._asked(view, {"ask": "read"}, [])  # pyright: ignore[reportPrivateUsage]
    assert [row["id"] for row in view.state["rows"]] == ["7"]
    view.close()


def test_that_the_log_cannot_be_written_stands_on_the_page(log: AuditLog) -> None:
    view = show_audit(log)
    log.path.mkdir()
    log.add(entry(1))
    assert view.state["trouble"].startswith("The audit log audit.jsonl could not be written")
    assert len(view.state["rows"]) == 1
    view.close()


def test_connections_of_several_runs_are_told_apart_and_the_totals_are_right(log: AuditLog) -> None:
    for n, run in enumerate(("aaaa1111", "bbbb2222")):
        log.add(entry(n, input_tokens=1_000, output_tokens=n, estimated=n).model_copy(update={"run": run}))
    view = show_audit(log)
    assert [(row["connection"], row["cells"][1]) for row in view.state["rows"]] == [
        ("bbbb2222/1", "bbbb·1"),
        ("aaaa1111/1", "aaaa·1"),
    ]
    assert str(view).endswith("2 samples: 2 answered; 2,001 tokens, 1 of them estimated")
    view.close()
    assert table([]).endswith("0 samples; 0 tokens")


async def test_a_log_is_printed_for_a_terminal(log: AuditLog) -> None:
    origin = Origin("\x1b[31mred", "2026-07-28", "steal", {}, 1)
    await answered(with_audit(with_budget(Model(), samples=0), log), question("plot"), origin, CONNECTION)
    head, line, totals = main([str(log.path)]).splitlines()
    assert head.split()[:2] == ["time", "(UTC)"]
    assert "1           \\x1b[31mred  steal  held back by budget" in line
    assert totals == "1 sample: 1 held back; 0 tokens"
    assert main([str(log.path), "0"]).endswith("0 samples; 0 tokens")
    for wrong in ([], [str(log.path), "x"], [str(log.path), "1", "2"], [str(log.path) + "\x1b"]):
        with pytest.raises(SystemExit):
            main(wrong)


def test_a_page_is_of_a_log_and_nothing_else(log: AuditLog) -> None:
    with pytest.raises(TypeError, match="a str is no log"):
        show_audit("audit.jsonl")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="last"):
        show_audit(log, last=0)
