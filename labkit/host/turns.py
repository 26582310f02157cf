"""`Turns`: at most so many at once, the others in line.

asyncio's own semaphore belongs to one event loop. A callback outlives loops: the lab thread may be replaced, and a
plain client in the kernel's loop may share the callback with a Lab.
"""

import asyncio
import concurrent.futures
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from threading import Lock
from types import TracebackType

from labkit.steps import waiting_for

_Place = tuple["concurrent.futures.Future[None]", asyncio.AbstractEventLoop]


class Full(Exception):
    """So many stand in line that nobody else may."""


class Turns:
    """An async context manager that lets `places` tasks in at once; the rest wait in the order in which they came.

    turns = Turns(1)
    async with turns:  # alone here
    async with turns.of(connection):  # each connection comes in turn, and within one who came first

    A call that runs out of time in the line tells so: `line` and `cure` are as `waiting_for` takes them.
    """

    def __init__(
        self, places: int, line: str = "its turn", cure: str = "Let fewer in", most_waiting: int | None = None
    ) -> None:
        if places < 1:
            raise ValueError(f"{places} places: at least one must be let in")
        self.places = places
        self._wait = line, cure
        self.most_waiting = most_waiting
        self._inside = 0
        self._lines: dict[object, deque[_Place]] = {}
        """Who stands in line, by whose they are: the line that is first in here is the next one's."""
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return sum(map(len, tuple(self._lines.values())))

    @property
    def is_full(self) -> bool:
        """Whether whoever comes now stands in line."""
        return self._inside >= self.places

    @asynccontextmanager
    async def of(self, whose: object) -> AsyncGenerator[None]:
        """Wait for one's turn among those of `whose`, whose lines are served one after the other.

        Raises:
            Full: `most_waiting` stand in line already.
        """
        await self._come(whose)
        try:
            yield
        finally:
            self._leave()

    async def __aenter__(self) -> None:
        await self._come(None)

    async def _come(self, whose: object) -> None:
        """Return when it is one's turn."""
        ticket: concurrent.futures.Future[None] = concurrent.futures.Future()
        place = (ticket, asyncio.get_running_loop())
        with self._lock:
            if self._inside < self.places:
                self._inside += 1
                return
            if self.most_waiting is not None and self.waiting >= self.most_waiting:
                raise Full
            self._lines.setdefault(whose, deque()).append(place)
        what, cure = self._wait
        try:
            with waiting_for(what, cure=cure, kind="line"):
                await asyncio.wrap_future(ticket)
        except BaseException:
            with self._lock:
                if (line := self._lines.get(whose)) and place in line:
                    line.remove(place)
                    if not line:
                        del self._lines[whose]
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
            while self._lines:
                whose, line = next(iter(self._lines.items()))
                ticket, loop = line.popleft()
                del self._lines[whose]
                if line:
                    self._lines[whose] = line  # behind the others
                if loop.is_closed():  # whoever waited there is gone
                    continue
                with suppress(concurrent.futures.InvalidStateError):
                    ticket.set_result(None)
                    return
            self._inside -= 1
