"""One bounded record, in order, that many threads may write and many views may read."""

import logging
from threading import Barrier, Thread
from typing import Any

import pytest

from labkit.record import Entry, Record
from labkit.steps import HostStep
from labkit.wire import Frame

STEP = HostStep("asks", "callback", "model")


def test_entries_are_counted_from_one_in_their_order() -> None:
    record = Record()
    frame = Frame("to server", 7.0, b"{}", "ping", 1)
    record.add(frame, 1)
    record.add(STEP, 1, sample="a")
    first, second = record.entries()
    assert (first.seq, first.call, first.time, first.item, first.sample) == (1, 1, 7.0, frame, None)
    assert (second.seq, second.call, second.item, second.sample) == (2, 1, STEP, "a")
    assert record.added == 2


def test_no_more_than_keep_are_kept_and_numbers_go_on() -> None:
    record = Record(keep=3)
    for call in range(10):
        record.add(STEP, call)
    assert [(entry.seq, entry.call) for entry in record.entries()] == [(8, 7), (9, 8), (10, 9)]
    assert record.added == 10
    assert record.calls() == [7, 8, 9]


@pytest.mark.parametrize("keep", [0, -1, 1.5, True, "many", None])
def test_a_record_that_keeps_nothing_is_refused(keep: Any) -> None:
    with pytest.raises(ValueError, match=f"^keep is {keep!r}, and it must be a whole number, 1 or more$"):
        Record(keep=keep)


def test_a_reader_gets_what_came_after_what_it_has_seen() -> None:
    record = Record(keep=4)
    for _ in range(6):
        record.add(STEP, 1)
    assert [entry.seq for entry in record.entries(after=4)] == [5, 6]
    assert [entry.seq for entry in record.entries(after=1)] == [3, 4, 5, 6]
    assert record.entries(after=6) == []


def test_calls_are_told_in_the_order_in_which_they_began() -> None:
    record = Record()
    for call in (0, 2, 1, 2, None, 0):
        record.add(STEP, call)
    assert record.calls() == [0, 2, 1, None]


def test_a_listener_hears_every_entry_until_it_is_forgotten() -> None:
    record = Record()
    heard: list[Entry] = []
    forget = record.listen(heard.append)
    record.add(STEP, 1)
    forget()
    forget()
    record.add(STEP, 2)
    assert heard == record.entries()[:1]


def test_a_listener_may_forget_itself_while_it_listens() -> None:
    record = Record()
    heard: list[int | None] = []

    def once(entry: Entry) -> None:
        heard.append(entry.call)
        forget()

    forget = record.listen(once)
    record.listen(lambda entry: heard.append(entry.call))
    record.add(STEP, 1)
    record.add(STEP, 2)
    assert heard == [1, 1, 2]


def test_a_listener_that_fails_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    record = Record()
    heard: list[Entry] = []

    def broken(_: Entry) -> None:
        raise LookupError("the view is gone")

    record.listen(broken)
    record.listen(heard.append)
    with caplog.at_level(logging.ERROR):
        record.add(STEP, 1)
        record.add(STEP, 2)
    assert len(heard) == len(record.entries()) == 2
    assert [message.name for message in caplog.records] == ["labkit"]
    assert "the view is gone" in caplog.text


def test_threads_that_write_at_once_leave_no_gap_and_no_disorder() -> None:
    record = Record(keep=100_000)
    together = Barrier(4)

    def write(call: int) -> None:
        together.wait(60)
        for _ in range(500):
            record.add(STEP, call)

    threads = [Thread(target=write, args=(call,)) for call in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen = [entry.seq for entry in record.entries()]
        assert seen == list(range(1, len(seen) + 1))
    assert record.added == 2000
    assert [entry.seq for entry in record.entries()] == list(range(1, 2001))
