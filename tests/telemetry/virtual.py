"""A Lab in virtual time: nothing takes any, but for what is told to wait."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from tests.host import virtual

T = TypeVar("T")


def run(patch: pytest.MonkeyPatch, main: Coroutine[Any, Any, T]) -> T:
    """The result of `main`, whose Labs run on its own loop, with frames, spans and `mcp`'s own spans on its clock."""
    with patch.context() as meanwhile:
        meanwhile.setattr("labkit.runtime.HAS_THREADS", False)
        meanwhile.setattr("labkit.connection.HAS_THREADS", False)
        meanwhile.setattr("labkit.runtime._runtime", None)  # the thread of a test before this one may be there yet
        for module in ("labkit.wire", "labkit.record"):
            meanwhile.setattr(f"{module}.perf_counter", virtual.now)
        meanwhile.setattr("labkit.telemetry.spans._OFFSET", 1)  # a time of 0 would be none
        meanwhile.setattr("labkit.telemetry.spans.perf_counter_ns", _nanoseconds)
        meanwhile.setattr("opentelemetry.sdk.trace.time_ns", lambda: _nanoseconds() + 1)
        return virtual.run(main)


def _nanoseconds() -> int:
    return round(virtual.now() * 1e9)
