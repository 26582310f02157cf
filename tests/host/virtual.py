"""An event loop on which time passes only where everybody waits, and then at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(AssertionError):
    """Everybody waits, and for nothing that will ever come."""


class _Selector(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise Stuck("everybody waits, and for nothing that will ever come")
        if not ready:
            self.now += timeout or 0
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. Nothing on it may use a thread or a socket."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """The result of `main` in virtual time.

    Raises:
        Stuck: Nothing can ever go on.
        AssertionError: A task was left behind.
    """

    async def whole() -> T:
        result = await main
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"left behind: {left}"
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(whole())


def now() -> float:
    """Seconds since the beginning, of the loop that runs."""
    return asyncio.get_running_loop().time()
