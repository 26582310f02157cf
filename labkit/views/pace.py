"""The pace at which a view sends what has changed: at once where little happens, and not too often where much does."""

import asyncio
import weakref
from collections.abc import Callable
from threading import Lock
from time import monotonic
from types import MethodType


def weakly(method: MethodType) -> Callable[..., None]:
    """A listener that calls `method` as long as the method's object lives, and does not keep the object alive."""
    known, function = weakref.ref(method.__self__), method.__func__

    def listener(*told: object) -> None:
        if (alive := known()) is not None:
            function(alive, *told)

    return listener


class Pace:
    """Calls a function at once for the first `burst` times, then `rate` times a second, and after the last change.

    An ordinary call has fewer steps than `burst`, so its steps are shown one by one, also when a callback then blocks
    the thread that would have sent them later. Later is on the kernel's own loop, which outlives every Lab and every
    lab thread, so the last change is always sent. In a script there is no such loop, and every change is sent at once.

    Args:
        send: Sends what has changed. Called from any thread.
    """

    def __init__(self, send: Callable[[], object], *, rate: float = 15.0, burst: int = 15) -> None:
        self._send = send
        self._rate = rate
        self._burst = burst
        self._left = float(burst)
        self._then = monotonic()
        self._lock = Lock()
        self._later = False
        try:
            self.loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self.loop = None

    def soon(self) -> None:
        """Send now or a moment later. Quick, and may be called from any thread."""
        with self._lock:
            now = monotonic()
            self._left = min(self._burst, self._left + (now - self._then) * self._rate)
            self._then = now
            at_once = self._left >= 1
            if at_once:
                self._left -= 1
            elif self._later:
                return
            else:
                self._later = True
        if at_once or not self._after(1 / self._rate):
            self._now()

    def _after(self, seconds: float) -> bool:
        if self.loop is None:
            return False
        try:
            self.loop.call_soon_threadsafe(self.loop.call_later, seconds, self._now)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def _now(self) -> None:
        self._later = False
        self._send()
