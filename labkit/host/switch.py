"""`Switch`: one that stops all sampling of the policies it is given to, what is under way included."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from threading import Lock

LONGEST_REASON = 200
"""Characters of a reason that servers are told."""


class Stopped(Exception):
    """The switch was off, or went off meanwhile. The text says why."""


class Switch:
    """A switch that may serve many policies. Any thread may use it.

    stop = Switch()
    with_policy(callback, stop=stop)
    stop.stop("the class is over")
    """

    def __init__(self) -> None:
        self._why: str | None = None
        self._under_way: dict[asyncio.Timeout, asyncio.AbstractEventLoop] = {}
        self._lock = Lock()

    @property
    def on(self) -> bool:
        """Whether servers may sample."""
        return self._why is None

    @property
    def why(self) -> str:
        """What was said when it was stopped; empty where it is on, or nothing was said."""
        return self._why or ""

    def stop(self, why: str = "") -> None:
        """Cancel every sample that is under way, and have all that come refused until `start`."""
        with self._lock:
            self._why = why[:LONGEST_REASON]
            under_way = list(self._under_way.items())
        for deadline, loop in under_way:
            with suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(_end, deadline)

    def start(self) -> None:
        """Let servers sample again."""
        self._why = None

    @asynccontextmanager
    async def heeded(self) -> AsyncGenerator[None]:
        """End what is inside the block as soon as the switch is stopped.

        Raises:
            Stopped: It is, or was meanwhile.
        """
        deadline = asyncio.timeout(None)
        try:
            async with deadline:
                with self._lock:
                    if self._why is not None:
                        raise Stopped(self._why)
                    self._under_way[deadline] = asyncio.get_running_loop()
                try:
                    yield
                finally:
                    with self._lock:
                        self._under_way.pop(deadline, None)
                if self._why is not None:  # in the moment in which it ended by itself
                    raise Stopped(self._why)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise Stopped(self.why) from None


def _end(deadline: asyncio.Timeout) -> None:
    with suppress(RuntimeError):  # it has just ended by itself
        deadline.reschedule(asyncio.get_running_loop().time())
