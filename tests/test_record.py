"""One bounded record, in order, that many threads may write and many views may read."""

import logging
from threading import Barrier, Thread
from typing import Any

import pytest

from labkit.record import Entry, Record, held
from labkit.steps import HostStep, Written
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


def size_of(record: Record) -> int:
    return sum(entry.item.size for entry in record.entries() if isinstance(entry.item, Frame))


def notice(text: str = "hello", size: int = 0) -> Frame:
    return Frame("to client", 0.0, text.encode() + b" " * size, "notifications/message")


def test_what_is_asked_and_answered_outlives_a_flood_of_notifications() -> None:
    record = Record(keep=100)
    asked = Frame("to client", 0.0, b"{}", "sampling/createMessage", 1)
    answered = Frame("to server", 0.0, b"{}", None, 1)
    for item in (asked, STEP, answered):
        record.add(item, 1)
    for n in range(1_000):
        record.add(notice(str(n)), 1)
    kept = record.entries()
    assert [entry.item for entry in kept[:3]] == [asked, STEP, answered]
    assert [entry.seq for entry in kept[3:]] == list(range(1_003 - 96, 1_004))
    for _ in range(200):
        record.add(STEP, 2)
    assert [entry.call for entry in record.entries()] == [2] * 100


def test_the_record_is_bounded_in_bytes() -> None:
    record = Record(room=1_000_000)
    record.add(STEP, 1)
    for n in range(400):
        record.add(notice(str(n), 10_000), 1)
    for n in range(400):
        record.add(Frame("to client", 0.0, b" " * 10_000, None, n), 1)
        assert size_of(record) <= 1_000_000
    assert size_of(record) >= 980_000


@pytest.mark.parametrize(
    "step",
    [HostStep("x" * 5_000_000, "client", "you"), HostStep("asks", "callback", "model", {"text": "x" * 5_000_000})],
)
def test_a_step_keeps_the_beginning_of_what_was_reported(step: HostStep) -> None:
    record = Record()
    kept = record.add(step, 1).item
    assert isinstance(kept, HostStep)
    assert len(kept.label) + len(str(kept.data)) < 80_000
    assert "characters more⟩" in kept.label + str(kept.data)


def test_a_run_of_equal_notifications_is_one_entry_with_its_count() -> None:
    record = Record(keep=4)
    heard: list[tuple[int, int]] = []
    record.listen(lambda entry: heard.append((entry.seq, entry.times)))
    for text, call in [("a", 1), ("a", 1), ("a", 1), ("b", 1), ("b", 2), ("b", 2)]:
        record.add(notice(text)._replace(time=7.0 + len(heard)), call)
    record.add(STEP, 2)
    record.add(notice("b"), 2)
    assert heard == [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (4, 1), (5, 1)]
    assert record.added == 5
    requests = Record(keep=1)
    for _ in range(3):
        requests.add(Frame("to client", 0.0, b"{}", "ping", 1), 1)
        requests.add(notice(), 1)
    assert requests.added == 6


def test_what_a_server_writes_at_a_stretch_is_one_entry_that_keeps_its_end() -> None:
    record = Record(keep=100)
    heard: list[tuple[int, int]] = []
    record.listen(lambda entry: heard.append((entry.seq, entry.times)))
    for text in ("starts", "Traceback:\n  line 3", "ValueError: no\n"):
        record.add(Written.of(text), 1)
    assert heard == [(1, 1), (1, 2), (1, 3)]
    (entry,) = record.entries()
    assert isinstance(entry.item, Written)
    assert entry.item.label == "stderr, 5 lines: ValueError: no"
    assert entry.item.data == {"stderr": "starts\nTraceback:\n  line 3\nValueError: no\n", "lines": 5}
    asked = Frame("to client", 0.0, b"{}", "sampling/createMessage", 1)
    record.add(asked, 1)
    for n in range(10_000):
        record.add(Written.of(f"line {n}"), 1 + n % 2)  # two calls in turn: each of them is an entry
    assert asked in [entry.item for entry in record.entries()]
    for n in range(10_000):
        record.add(Written.of(f"line {n} " + "x" * 90), 3)
    last = record.entries()[-1].item
    assert isinstance(last, Written)
    assert last.label.startswith("stderr, 10,000 lines: line 9999 x")
    assert last.data["stderr"].startswith("line 98")
    assert len(last.data["stderr"]) <= Written.MOST
    assert Written.of("x" * 20_000).data == {"stderr": "", "lines": 1}
    assert record._bytes == sum(held(entry.item) for entry in record.entries())


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
