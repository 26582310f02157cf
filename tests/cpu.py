"""What work costs, measured so that neither a busy machine nor the rest of the test run counts."""

import gc
import time
from collections.abc import Callable


def cpu(work: Callable[[], object], runs: int = 3) -> float:
    """The least CPU time, in seconds, that some runs of this thread took.

    The garbage collector rests meanwhile: in a process that has run thousands of tests one full collection takes half
    a second, and it falls to whoever makes the next object.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return min(_once(work) for _ in range(runs))
    finally:
        if collects:
            gc.enable()


def _once(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start
