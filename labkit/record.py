"""The one record that every view reads: frames and host steps of a Lab, in the order they happened, bounded."""

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Lock
from time import perf_counter
from typing import NamedTuple

from labkit.numbers import checked_whole
from labkit.steps import HostStep
from labkit.wire import Frame

_log = logging.getLogger("labkit")

CONNECTION = 0
"""The number that stands for the connection itself: the handshake and what else belongs to no call."""


class Entry(NamedTuple):
    """A frame or a host step, and the call it belongs to.

    Attributes:
        seq: The entry's place in the record, counted from 1 and never reused.
        call: The number of the call; `CONNECTION`, or `None` where the wire does not tell.
        time: Seconds on the clock of `time.perf_counter`.
        item: What happened.
        sample: Which sampling request of the call a host step works for: the request id that the callback was given.
    """

    seq: int
    call: int | None
    time: float
    item: Frame | HostStep
    sample: str | None = None


class Record:
    """Keeps the last `keep` entries. `add` may be called from any thread."""

    def __init__(self, keep: int = 10_000) -> None:
        self.keep = checked_whole("keep", keep, 1)
        self.added = 0
        """How many entries were ever added; those beyond `keep` are gone."""
        self._entries: deque[Entry] = deque(maxlen=keep)
        self._lock = Lock()
        self._listeners: list[Callable[[Entry], None]] = []

    def add(self, item: Frame | HostStep, call: int | None, sample: str | None = None) -> Entry:
        """Keep `item` and tell those who listen."""
        time = item.time if isinstance(item, Frame) else perf_counter()
        with self._lock:  # a model may report from a worker thread, and `seq` is the order of the record
            self.added += 1
            entry = Entry(self.added, call, time, item, sample)
            self._entries.append(entry)
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
            kept = list(self._entries)
        return [entry for entry in kept if entry.seq > after] if after else kept

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
