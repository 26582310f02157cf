"""The rows that the flow view sends to the browser, one for every step, as JSON.

A row is what a step needs to be drawn and searched, with its JSON where that is short. Rows are counted from 0 and
never change, so Python and browser agree by that count alone: every update holds the rows from some number on, and a
browser that lacks those before it asks for them.
"""

import json
from collections import OrderedDict, deque
from itertools import islice
from time import perf_counter
from typing import Any

from labkit.cutting import Latest
from labkit.diagram import Step, in_part
from labkit.flow import Reader
from labkit.loop_reader import LoopReader, Place
from labkit.loops import Loop, Turn
from labkit.plain import short
from labkit.record import Entry
from labkit.redacting import redact_json, redact_step
from labkit.steps import LANES
from labkit.wire import Frame

LONGEST_TEXT = 16_000
"""Characters of a step's JSON that a row carries; the browser asks for the rest when the step is opened."""

LONGEST_LABEL = 300
ROOM = 16_000_000
"""Bytes of rows beyond which a row carries the beginning of its JSON only, so that large frames do not fill a page."""

WINDOW = 64_000
"""Bytes of rows that are sent again with each update, so that a browser which was still loading misses none."""


class Rows:
    """The last `keep` rows. Not safe between threads: the view holds a lock around each use.

    Args:
        keep: How many rows are kept.
        redacting: Whether the rows hold marks in place of secrets.
    """

    def __init__(self, keep: int, *, redacting: bool = False) -> None:
        self._redacting = redacting
        self.total = 0
        """How many rows were ever added; those beyond `keep` are gone."""
        self._kept: deque[bytes] = deque(maxlen=keep)
        self._bytes = 0
        self._window = 0
        self._window_bytes = 0
        self._readers: OrderedDict[int | None, Reader] = OrderedDict()
        self._loops: dict[int | None, LoopReader] = Latest(keep)
        self._origin: float | None = None
        self._seq = 0

    def read(self, entry: Entry) -> None:
        """Add the row of a record's next entry. Steps are numbered within their call, as `lab.flow` has them."""
        self._origin = entry.time if self._origin is None else self._origin
        reader = self._readers.setdefault(entry.call, Reader())
        if len(self._readers) > (self._kept.maxlen or 0):
            self._readers.popitem(last=False)
        if entry.times > 1 and entry.seq == self._seq:  # the last row's notification, once more
            reader.n -= 1
            self._take_back()
        try:
            step, text = reader.read(entry), text_of(entry)
        except Exception as error:  # noqa: BLE001 - a frame that cannot be drawn must not stop the call that sent it
            step, text = _undrawable(reader.n, entry, error), ""
        self.add(step, entry.seq, entry.call, entry.time - self._origin, text)

    def add(self, step: Step, seq: int, call: int | None, at: float, text: str) -> None:
        """Add the row of `step`: `at` is seconds since the view's first step, `text` the step's JSON."""
        if self._redacting:
            step, text = redact_step(step), redact_json(text) if text else ""
        longest = LONGEST_TEXT if self._bytes < ROOM else LONGEST_LABEL
        loops = [_of_loop(*place, whole=longest == LONGEST_TEXT) for place in self._read_loops(step, call)]
        tokens = step.data.get("output_tokens")
        # Most labels are short and harmless, and ten thousand of them must open within a second.
        plain = len(step.label) <= LONGEST_LABEL and step.label.isprintable()
        label = (step.label if plain else short(step.label, LONGEST_LABEL)) + in_part(step)
        row = json.dumps(
            [  # the order that flow_view.js reads
                seq,
                call,
                step.n,
                LANES.index(step.source),
                LANES.index(step.target),
                label,
                step.kind,
                step.samples,
                step.reply_to,
                step.reply,
                round(step.time, 6),
                round(at, 6),
                step.size,
                tokens if isinstance(tokens, int) else None,
                text[:longest],
                len(text) <= longest and not step.sha256,
                int(step.failed),
                *([loops] if loops else []),
            ],
            separators=(",", ":"),
        ).encode("ascii")
        if len(self._kept) == self._kept.maxlen:
            self._bytes -= len(self._kept[0])
        self._seq = seq
        self._kept.append(row)
        self.total += 1
        self._bytes += len(row)
        self._window_bytes += len(row)

    def _read_loops(self, step: Step, call: int | None) -> list[Place]:
        if step.n == 0:  # steps of any call are missing before it
            for reader in self._loops.values():
                reader.miss()
        if call not in self._loops:
            self._loops[call] = LoopReader()
        return self._loops[call].read(step)

    def _take_back(self) -> None:
        self._bytes -= len(self._kept.pop())
        self.total -= 1
        self._window = min(self._window, self.total)

    def since(self, first: int) -> bytes:
        """The kept rows from number `first` on: `{"first": their first number, "now": seconds, "rows": [...]}`.

        `now` is the time since the first step of a record, so that the page knows how long what is open lasts.
        """
        gone = self.total - len(self._kept)
        first = min(max(first, gone), self.total)
        rows = b",".join(islice(self._kept, first - gone, None))
        now = b"null" if self._origin is None else b"%.6f" % (perf_counter() - self._origin)
        return b'{"first":%d,"now":%s,"rows":[%s]}' % (first, now, rows)

    def update(self) -> bytes:
        """The update to send now: the rows since the window began."""
        rows = self.since(self._window)
        if self._window_bytes > WINDOW:
            self._window, self._window_bytes = self.total, 0
        return rows


def text_of(entry: Entry) -> str:
    """The JSON of an entry, as the entry crossed the wire or was reported."""
    if isinstance(entry.item, Frame):
        return entry.item.json.decode("utf-8", "replace")
    return data_text(entry.item.data)


def _of_loop(loop: Loop, turn: Turn, *, whole: bool) -> list[Any]:
    """What a row tells of a turn that it begins or changes; what an earlier row told of that turn no longer holds."""
    line = short(loop.line(turn, 140), LONGEST_LABEL)
    parts = loop.parts(turn) if whole else []
    return [loop.number, str(loop), turn.number, turn.sample, line, bool(turn.added or turn.is_changed), parts]


def data_text(data: dict[str, Any]) -> str:
    """`data` as JSON; what JSON does not know is written as Python shows it."""
    return json.dumps(data, ensure_ascii=False, default=repr) if data else ""


def _undrawable(n: int, entry: Entry, error: Exception) -> Step:
    source, target = ("client", "server") if _to_server(entry) else ("server", "client")
    size = entry.item.size if isinstance(entry.item, Frame) else None
    return Step(n, source, target, f"cannot be shown: {type(error).__name__}", "fault", {}, size=size)


def _to_server(entry: Entry) -> bool:
    return isinstance(entry.item, Frame) and entry.item.direction == "to server"
