"""`Cells`: hears when the cells of a notebook are through, so that a page does not come between them."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

QUIET = 0.5
"""Seconds in which no cell begins. With Run All, one follows the other at once."""


class Cells:
    """Hears when a cell begins and ends. Where there is no IPython, there are no cells.

    Args:
        loop: The kernel's own loop; `None` in a script.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        ipython: Any = sys.modules.get("IPython")  # a script that IPython did not start has none
        shell: Any = ipython.get_ipython() if ipython else None
        self._events: Any = getattr(shell, "events", None)
        self._loop = loop if self._events else None
        self._begun, self._running = 0, self._loop is not None  # made in a cell
        if self._loop is not None:
            self._events.register("pre_execute", self._begins)
            self._events.register("post_execute", self._ends)

    def _begins(self) -> None:
        self._begun += 1
        self._running = True

    def _ends(self) -> None:
        self._running = False

    def when_quiet(self, action: Callable[[], object], busy: Callable[[], bool]) -> None:
        """Call `action` on the kernel's loop once the cells are through and `busy` says no; at once in a script."""
        loop = self._loop
        if loop is None:
            action()
            return

        def look(begun: int) -> None:
            if self._running or begun != self._begun or busy():
                loop.call_later(QUIET, look, self._begun)
            else:
                action()

        loop.call_soon_threadsafe(lambda: loop.call_later(QUIET, look, self._begun))

    def close(self) -> None:
        """Hear nothing any more. More than once does no harm."""
        if self._loop is not None:
            for event, heard in (("pre_execute", self._begins), ("post_execute", self._ends)):
                with suppress(ValueError):
                    self._events.unregister(event, heard)
