"""`show_audit(log)`: an audit log as a table, live. In plain code: `print(table(log.entries()))`, of audit_table.py.

log = AuditLog("audit.jsonl")
callback = with_audit(my_callback, log)
show_audit(log)  # as the last line of a cell
"""

from threading import RLock
from typing import Any

import anywidget
import traitlets

from labkit.host import AuditLog, Entry
from labkit.host.audit_table import cells, facts, table
from labkit.host.texts import texts
from labkit.numbers import checked_whole
from labkit.plain import seen, short
from labkit.views.pace import Pace, weakly
from labkit.views.page import read_parts
from labkit.views.placed import Placed

LAST, STORED = 200, 20
"""Entries that a page shows, and those that a notebook stores for who reads it without a kernel."""

LONGEST, MOST_TEXTS = 20_000, 100
"""Characters of a text of a sample that a page shows, and texts."""


def show_audit(log: AuditLog, *, last: int = LAST) -> "AuditView":
    """A table of the last entries of a log, which follows as the log grows.

    Choose a connection, a decision or a tool to see those entries alone, with their totals; a row opens to all that is
    kept of its sample. What other processes wrote comes with the next entry of this one, or with "Read anew".

    Args:
        log: The log.
        last: How many entries are shown, the last ones.

    Raises:
        TypeError: `log` is none.
        ValueError: `last` is no whole number of 1 or more.
    """
    if not isinstance(log, AuditLog):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
        raise TypeError(f'a {type(log).__name__} is no log: write show_audit(AuditLog("audit.jsonl"))')
    return AuditView(log, checked_whole("last", last, 1))


class AuditView(Placed, anywidget.AnyWidget):
    """The widget that `show_audit` makes. It listens to the log until it is closed."""

    _esm = read_parts("page.js", "audit.js")
    _css = read_parts("page.css", "audit.css")

    state = traitlets.Dict().tag(sync=True)

    def __init__(self, log: AuditLog, last: int = LAST) -> None:
        self._log, self._last = log, last
        self._lock = RLock()
        self._entries: list[Entry] = []
        self._pace = Pace(self.read, rate=2, burst=2)  # each time the end of the file is read
        super().__init__(state=self._known())
        self.on_msg(self._asked)
        self._forget = log.listen(weakly(self.changed))
        self.read()  # what came in between

    def close(self) -> None:
        """Stop listening and take the table off the page. More than once does no harm."""
        self._forget()
        super().close()

    def changed(self) -> None:
        """Show the log soon. Called in the middle of a sample, from its thread: quick."""
        self._pace.soon()

    def read(self) -> None:
        """Read the log anew, and show it."""
        with self._lock:
            self.state = self._known()

    def _known(self) -> dict[str, Any]:
        """What the page is told: all of it words and figures that are shown as they are."""
        entries = self._entries = self._log.entries(self._last)
        runs = len({entry.run for entry in entries})
        return {
            "name": short(self._log.path.name),
            "last": self._last,
            "trouble": short(self._log.trouble, 400),
            "rows": [_row(entry, runs) for entry in reversed(entries)],
        }

    def _asked(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("ask") == "read":
            self.read()
        elif message.get("ask") == "texts":
            found = next((entry for entry in self._entries if entry.id == message.get("id")), None)
            told = [(short(path, 200), seen(text)[:LONGEST]) for path, text in texts(found.texts if found else None)]
            self.send({"answer": "texts", "id": message.get("id"), "texts": told[:MOST_TEXTS]})

    def __repr__(self) -> str:
        return f"<AuditView {short(self._log.path.name)}>"

    def __str__(self) -> str:
        return table(self._log.entries(STORED))


def _row(entry: Entry, runs: int) -> dict[str, Any]:
    return {
        "id": entry.id,
        "connection": f"{entry.run}/{entry.connection}",
        "server": short(entry.server),
        "tool": short(entry.tool, 200),
        "decision": entry.decision,
        "tokens": entry.input_tokens + entry.output_tokens,
        "estimated": entry.estimated,
        "cells": cells(entry, runs),
        "facts": facts(entry),
        "texts": entry.texts is not None,
    }
