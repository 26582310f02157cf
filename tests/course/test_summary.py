"""How far one is, in words, as a file, and gone when it is to be gone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import course_map, delete_progress, export_progress, lesson
from labkit.course import progress
from labkit.course.entries import exercises
from labkit.course.table import lessons


@pytest.fixture(autouse=True)
def _nothing_was_done() -> Iterator[None]:
    progress.journal().delete()
    yield
    progress.journal().delete()


def do_some() -> None:
    for number, status in (("2.1", "NOT YET"), ("2.1", "PASS"), ("2.2", "NOT YET")):
        progress.note("check", number, status)
    progress.note("hint", "2.2", said="1")
    for number, said, status in (("2.1", "c", "right"), ("2.2", "a", "wrong"), ("2.4", "a", "")):
        progress.note("prediction", number, "said", said)
        if status:
            progress.note("prediction", number, status, "c")


def test_a_lesson_in_words() -> None:
    do_some()
    bar = lesson("02")
    count = len(exercises("02"))
    still = ", ".join(number for number in exercises("02") if number != "2.1")
    assert str(bar).splitlines() == [
        "02 · Your own callback",
        f"  1 of {count} exercises passed (open: {still})",
        "  3 tries",
        "  1 hint",
        "  3 of 5 predictions entered, 1 right",
    ]
    assert f'<progress value="1" max="{count}" aria-label="Exercises passed"' in bar._repr_html_()


def test_a_lesson_of_which_nothing_is_done() -> None:
    bar = lesson("02")
    assert str(bar) == (
        f"02 · Your own callback\n  0 of {len(exercises('02'))} exercises passed\n  0 of 5 predictions entered"
    )
    assert str(lesson("00")) == "00 · Start here\n  0 of 3 predictions entered"


def test_the_map_says_where_to_go_on() -> None:
    assert "Begin with: 00 · Start here (00_start_here.ipynb)" in str(course_map())
    lesson("00")
    assert "Next: 01 · Borrow a brain (01_borrow_a_brain.ipynb)" in str(course_map())
    do_some()
    assert "Go on where you were: 02 · Your own callback" in str(course_map())
    states = {line[:2]: line.split(" min  ")[1] for line in str(course_map()).splitlines()[:-1]}
    assert states == {each.number: "not begun" for each in lessons()} | {
        "00": "opened",
        "02": f"1 of {len(exercises('02'))} passed",
    }
    for number in exercises("02"):
        progress.note("check", number, "PASS")
    assert "Next: 03 · " in str(course_map())
    last = lessons()[-1]
    for number in exercises(last.number):
        progress.note("check", number, "PASS")
    assert f"Go on where you were: {last.number} · " in str(course_map())


def test_the_map_links_each_lesson() -> None:
    html = course_map()._repr_html_()
    for each in lessons():
        assert f'<a href="{each.notebook}">' in html


def test_progress_is_exported_without_a_word_of_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    do_some()
    path = tmp_path / "mine.json"
    export_progress(path)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["lessons"]["02"]["passed"] == ["2.1"]
    assert len(told["events"]) == 9
    said = capsys.readouterr().out
    assert "02 · 1 of" in said
    assert "9 events written to" in said


def test_an_export_that_cannot_be_written_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    do_some()
    export_progress(tmp_path)
    said = capsys.readouterr().out
    assert "could not be written (Is a directory), so here is what it would hold:\n{" in said
    assert len(json.loads(said[said.index("\n{") :])["events"]) == 9


def test_progress_is_deleted_when_one_is_sure(capsys: pytest.CaptureFixture[str]) -> None:
    do_some()
    delete_progress()
    assert "9 events in memory. delete_progress(sure=True)" in capsys.readouterr().out
    assert len(progress.journal().events()) == 9
    delete_progress(sure=True)
    assert "9 events deleted" in capsys.readouterr().out
    assert progress.journal().events() == []


def test_a_lesson_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match="There is no lesson 77; there are 00, 01, 02"):
        lesson("77")
