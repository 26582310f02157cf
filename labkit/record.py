"""The one record that every view reads: frames and host steps of a Lab, in the order they happened, bounded.

It is bounded in number and in bytes. When room is made, notifications go before requests, samples and answers do, and a
run of equal notifications is one entry with a count, and what a server writes to its standard error at a stretch is one
entry: a server that floods the client does not push out what it asked.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import attrgetter
from threading import Lock
from time import perf_counter
from typing import NamedTuple

from labkit.cutting import LARGEST, cut, outline
from labkit.numbers import checked_whole
from labkit.steps import HostStep, Written
from labkit.wire import Frame

_log = logging.getLogger("labkit")

CONNECTION = 0
"""The number that stands for the connection itself: the handshake and what else belongs to no call."""


ROOM = 64_000_000
"""Bytes of frames and steps that a record keeps, beside the number of them."""


class Entry(NamedTuple):
    """A frame or a host step, and the call it belongs to.

    Attributes:
        seq: The entry's place in the record, counted from 1 and never reused.
        call: The number of the call; `CONNECTION`, or `None` where the wire does not tell.
        time: Seconds on the clock of `time.perf_counter`.
        item: What happened.
        sample: Which sampling request of the call a host step works for: the request id that the callback was given.
        times: How often the same notification came in a row, or more of what a server writes; `time` is the first's.
    """

    seq: int
    call: int | None
    time: float
    item: Frame | HostStep
    sample: str | None = None
    times: int = 1


class _Kept:
    """Entries of one kind, and their size in bytes."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.size = 0


class Record:
    """Keeps the last `keep` entries, and no more than `room` bytes of them. `add` may be called from any thread.

    Notifications and faults may take a quarter of either. Beyond that the oldest of them goes, whatever else is older.
    """

    def __init__(self, keep: int = 10_000, room: int = ROOM) -> None:
        self.keep = checked_whole("keep", keep, 1)
        self.added = 0
        """How many entries were ever added; those for which there is no room are gone."""
        self._room = room
        self._bytes = 0
        self._gone = 0
        self._notices = _Kept()
        self._rest = _Kept()
        self._lock = Lock()
        self._listeners: list[Callable[[Entry], None]] = []

    def add(self, item: Frame | HostStep, call: int | None, sample: str | None = None) -> Entry:
        """Keep `item` and tell those who listen."""
        if isinstance(item, Frame):
            time, size, kept = item.time, len(item.json), self._notices if item.id is None else self._rest
        else:
            time, size = perf_counter(), held(item)
            kept = self._notices if isinstance(item, Written) else self._rest
            if size > LARGEST:
                item = replace(item, label=cut(item.label), data=outline(item.data))
                size = held(item)
        with self._lock:  # a model may report from a worker thread, and `seq` is the order of the record
            if kept is self._notices and (last := self._goes_on(item, call)) is not None:
                entry, former = last._replace(times=last.times + 1), held(kept.entries[-1].item)
                kept.entries[-1] = entry
                kept.size += (more := held(entry.item) - former)
                self._bytes += more
            else:
                self.added += 1
                entry = Entry(self.added, call, time, item, sample)
                kept.entries.append(entry)
                kept.size += size
                self._bytes += size
                if self._bytes > self._room or self.added - self._gone > self.keep:
                    self._make_room()
        for listener in tuple(self._listeners):
            try:
                listener(entry)
            except Exception:  # noqa: BLE001 - it is logged
                # A view that fails must not break the wire it looks at.
                self._forget(listener)
                _log.exception("a listener of the record failed and is not called any more")
        return entry

    def entries(self, *, after: int = 0) -> list[Entry]:
        """The kept entries whose `seq` is greater than `after`, oldest first."""
        with self._lock:
            kept = sorted([*self._rest.entries, *self._notices.entries], key=attrgetter("seq"))
        return [entry for entry in kept if entry.seq > after] if after else kept

    def _goes_on(self, item: Frame | HostStep, call: int | None) -> Entry | None:
        """The last entry, where `item` is the same notification of the same call, or goes on with what is written."""
        last = self._notices.entries[-1] if self._notices.entries else None
        if last is None or last.seq != self.added or last.call != call:
            return None
        if isinstance(last.item, Frame) and isinstance(item, Frame):
            return last if last.item == item._replace(time=last.item.time) else None
        if isinstance(last.item, Written) and isinstance(item, Written):
            return last._replace(item=last.item.and_then(item))
        return None

    def _make_room(self) -> None:
        notices, rest = self._notices, self._rest
        while (count := self.added - self._gone) > self.keep or (self._bytes > self._room and count > 1):
            kept = rest
            if notices.entries:
                many = len(notices.entries) > self.keep // 4 or notices.size > self._room // 4
                if many or not rest.entries or notices.entries[0].seq < rest.entries[0].seq:
                    kept = notices
            size = held(kept.entries.popleft().item)
            kept.size -= size
            self._bytes -= size
            self._gone += 1

    def calls(self) -> list[int | None]:
        """The numbers of the calls that have entries, in the order in which they began."""
        return list(dict.fromkeys(entry.call for entry in self.entries()))

    def listen(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Call `listener` with every new entry, in the thread that adds it, until the returned function is called.

        A listener that raises is logged and called no more.
        """
        self._listeners.append(listener)
        return partial(self._forget, listener)

    def _forget(self, listener: Callable[[Entry], None]) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)


def held(item: Frame | HostStep) -> int:
    """About how many bytes an entry holds of what was sent or reported."""
    if isinstance(item, Frame):
        return len(item.json)
    return len(item.label) + (len(str(item.data)) if item.data else 0)
