"""Ctrl-C, or the kernel's "interrupt": it may end a wait, but not the making of what must then be owned by somebody."""

import contextlib
import signal
import threading
from collections.abc import Generator


@contextlib.contextmanager
def interrupts_held() -> Generator[None]:
    """Let Ctrl-C, or the kernel's "interrupt", wait until the block is over: what it left half done nobody would own.

    For a few milliseconds at most. Off the main thread, where no interrupt is raised, it does nothing.
    """
    # Asked first, since the lab thread is here often and to look up the handler takes as long as the rest of a call.
    former = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if former is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
        if came:
            signal.raise_signal(signal.SIGINT)
