"""`Turns`: at most so many at once, the others in line.

asyncio's own semaphore belongs to one event loop. A callback outlives loops: the lab thread may be replaced, and a
plain client in the kernel's loop may share the callback with a Lab.
"""

import asyncio
import concurrent.futures
from collections import deque
from contextlib import suppress
from threading import Lock
from types import TracebackType

from labkit.steps import waiting_for


class Turns:
    """An async context manager that lets `places` tasks in at once; the rest wait in the order in which they came.

    turns = Turns(1)
    async with turns:  # alone here

    A call that runs out of time in the line tells so: `line` and `cure` are as `waiting_for` takes them.
    """

    def __init__(self, places: int, line: str = "its turn", cure: str = "Let fewer in") -> None:
        if places < 1:
            raise ValueError(f"{places} places: at least one must be let in")
        self.places = places
        self._wait = line, cure
        self._inside = 0
        self._line: deque[tuple[concurrent.futures.Future[None], asyncio.AbstractEventLoop]] = deque()
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    async def __aenter__(self) -> None:
        line, cure = self._wait
        with waiting_for(line, cure=cure, in_line=True):
            await self._come()

    async def _come(self) -> None:
        """Return when it is one's turn."""
        ticket: concurrent.futures.Future[None] = concurrent.futures.Future()
        place = (ticket, asyncio.get_running_loop())
        with self._lock:
            if self._inside < self.places:
                self._inside += 1
                return
            self._line.append(place)
        try:
            await asyncio.wrap_future(ticket)
        except BaseException:
            with self._lock:
                with suppress(ValueError):
                    self._line.remove(place)
                called = ticket.done() and not ticket.cancelled()
            if called:  # in the moment in which it gave up
                self._leave()
            raise

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            while self._line:
                ticket, loop = self._line.popleft()
                if loop.is_closed():  # whoever waited there is gone
                    continue
                with suppress(concurrent.futures.InvalidStateError):
                    ticket.set_result(None)
                    return
            self._inside -= 1
