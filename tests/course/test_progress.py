"""What a student did is kept beside the notebooks whatever happens to the file, and nothing of it raises."""

import errno
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labkit.course import progress
from labkit.course.progress import Event, Journal

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress.jsonl"


def checked(journal: Journal, number: str = "2.1", status: str = "PASS") -> None:
    journal.add("check", lesson="02", number=number, status=status)


def numbers(path: Path) -> list[str]:
    """The exercises that a kernel started now finds in the file."""
    return [event.number for event in Journal(path).events()]


def lines(path: Path, *events: Event) -> None:
    path.write_text("".join(f"\n{event.line()}" for event in events), encoding="utf-8")


def test_an_event_is_a_line_of_json_that_holds_names_and_no_more(path: Path) -> None:
    Journal(path).add("check", lesson="02", number="2.1", status="NOT YET", said="limit")
    told = json.loads(path.read_text(encoding="utf-8"))
    assert datetime.fromisoformat(told.pop("at")).tzinfo is not None
    assert told == {
        "form": 1, "event": "check", "lesson": "02", "number": "2.1", "status": "NOT YET", "said": "limit"
    }  # fmt: skip


def test_a_kernel_that_is_started_again_knows_what_was(path: Path) -> None:
    checked(Journal(path))
    again = Journal(path)
    checked(again, "2.2")
    assert [event.number for event in again.events()] == numbers(path) == ["2.1", "2.2"]


def write_many(path: Path, number: str) -> None:
    journal = Journal(path)
    for _ in range(200):
        checked(journal, number)


def test_two_notebooks_at_once_lose_nothing(path: Path) -> None:
    with ProcessPoolExecutor(2) as pool:
        for done in [pool.submit(write_many, path, number) for number in ("2.1", "2.2")]:
            done.result(60)
    found = numbers(path)
    assert (found.count("2.1"), found.count("2.2")) == (200, 200)


@pytest.mark.parametrize(
    "strange",
    [
        b'\n{"form": 1, "at": "2026-11-30T09:00:00+00:00", "event": "che',
        b'\n{"form": 2, "at": 7, "kind": ["of", "another", "version"]}',
        b'\n{"form": 1, "at": "yesterday", "event": "check", "lesson": "02"}',
        b'\n{"form": 1, "at": 20261130, "event": "check", "lesson": "02"}',
        b'\n{"form": 1, "at": "0001-01-01T00:00:00+23:00", "event": "check", "lesson": "02"}',
        b'\n{"form": 1, "at": "2026-11-30T09:00:00Z", "event": ["check"], "lesson": {}}',
        b'\n{"form": 1, "event": "check"}',
        b'\n[1, 2]\n"text"\nnull\nNaN\n7\n' + b"9" * 5000,
        b"\n" + b"[" * 100_000,
        b"\n\xff\xfe\x00\x00 not text",
        b"\r\n\r\nwritten by hand\r\n",
    ],
    ids=lambda told: repr(told[:40]),
)
def test_a_line_that_cannot_be_read_costs_that_line_alone_and_stays(path: Path, strange: bytes) -> None:
    checked(Journal(path))
    with path.open("ab") as file:
        file.write(strange)
    journal = Journal(path)
    checked(journal, "2.2")
    assert numbers(path) == ["2.1", "2.2"]
    assert strange in path.read_bytes()
    assert journal.trouble == ""


def no_folder(path: Path) -> None:
    path.parent.rmdir()


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/full")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes and devices among files")
@pytest.mark.parametrize("spoil", [no_folder, a_folder, a_pipe, a_device])
def test_where_there_is_no_file_to_be_had_it_is_said_once_and_remembered(
    path: Path, spoil: object, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(path)  # pyright: ignore[reportCallIssue]
    journal = Journal(path)
    for number in ("2.1", "2.2"):
        checked(journal, number)
    assert [event.number for event in journal.events()] == ["2.1", "2.2"]
    said = capsys.readouterr().out
    assert said.count("could not be kept in progress.jsonl") == 1
    assert said.strip() == journal.trouble
    assert "\n" not in said.strip()


def test_a_read_only_folder_is_one_of_these(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(place: Path, flags: int, mode: int) -> int:
        raise OSError(errno.EROFS if flags & os.O_WRONLY else errno.ENOENT, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", read_only)  # for root no folder is read-only
    journal = Journal(path)
    checked(journal)
    assert [event.number for event in journal.events()] == ["2.1"]
    assert "(Read-only file system)" in journal.trouble


class FullDisk:
    """`os.write` on a disk that has room for so many bytes more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.write = os.write

    def __call__(self, handle: int, text: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(handle, text[: self.room])
        self.room -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 60, 300])
def test_on_a_full_disk_nothing_is_lost_and_all_of_it_is_written_when_there_is_room_again(
    path: Path, room: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = FullDisk(room)
    monkeypatch.setattr(os, "write", disk)
    journal = Journal(path)
    for number in ("2.1", "2.2", "2.3"):
        checked(journal, number)
    assert [event.number for event in journal.events()] == ["2.1", "2.2", "2.3"]
    assert capsys.readouterr().out.count("could not be kept") == 1
    disk.room = 10_000
    checked(journal, "2.6")
    assert numbers(path) == ["2.1", "2.2", "2.3", "2.6"]
    assert journal.trouble == ""


def test_a_file_of_any_size_is_read_from_its_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines(path, *[Event(AT, "check", "02", f"2.{i}", "PASS") for i in range(50)])
    monkeypatch.setattr(progress, "LARGEST", 1000)
    assert "2.49" in numbers(path)
    assert "2.1" not in numbers(path)


def test_what_passed_and_how_often_it_was_tried_is_read_from_the_events(path: Path) -> None:
    journal = Journal(path)
    for status in ("TODO", "NOT YET", "NOT YET", "PASS", "PASS"):
        checked(journal, "2.1", status)
    journal.add("check", lesson="02", number="2.2", status="NOT YET", said="limit")
    for taken in ("limit", "1", "1"):
        journal.add("hint", lesson="02", number="2.2", said=taken)
    done = Journal(path).done()["02"]
    assert (done.passed, done.tries) == ({"2.1"}, {"2.1": 3, "2.2": 1})
    assert (done.mistakes["2.2"], done.hints) == ("limit", {"2.2": ["limit", "1"]})


def test_the_last_guess_before_it_was_shown_counts(path: Path) -> None:
    journal = Journal(path)
    for status, said in (("right", "a"), ("said", "a"), ("said", "b"), ("wrong", "c"), ("said", "c"), ("right", "c")):
        journal.add("prediction", lesson="02", number="2.1", status=status, said=said)
    done = Journal(path).done()["02"]
    assert (done.predicted, done.outcomes) == ({"2.1": "b"}, {"2.1": (False, "c")})


def test_minutes_are_those_between_events_that_are_not_far_apart(path: Path) -> None:
    seconds = [0, 120, 420, 721, 781]  # the third gap is a second too long
    events = [Event(AT + timedelta(seconds=each), "check", "02", "2.1", "TODO") for each in seconds]
    other = Event(AT + timedelta(seconds=60), "check", "03", "3.1", "TODO")
    lines(path, *reversed(events), other)  # a clock that was set back writes them so
    assert {number: done.minutes for number, done in Journal(path).done().items()} == {"02": 8, "03": 0}


def test_deleted_it_is_gone_and_begins_anew(path: Path) -> None:
    journal = Journal(path)
    checked(journal)
    journal.delete()
    assert not path.exists()
    assert journal.events() == []
    journal.delete()
    checked(journal, "2.2")
    assert numbers(path) == ["2.2"]


def test_outside_a_notebook_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", str(tmp_path))
    progress.note("check", "2.1", "PASS")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["", "2", "x.1", "2.1.1", "123.1", "../2.1"])
def test_a_number_that_is_none_is_told_as_such(number: str) -> None:
    with pytest.raises(LookupError, match=r'A number looks like "1\.2"'):
        progress.lesson_of(number)
