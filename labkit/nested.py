"""`allow_asyncio_run`: a printed script's own `asyncio.run(main())` in a cell.

A cell runs inside the kernel's event loop, and asyncio.run refuses to start where a loop runs. `await main()` needs no
trick and is better; this is for a script that is to run as it was printed.
"""

import asyncio
import sys
from importlib.metadata import PackageNotFoundError, version

from packaging.version import Version

from labkit.errors import LabError

NEEDED = "1.7.3"
"""The first nest-asyncio2 that keeps the cells which wait behind an asyncio.run."""

INSTEAD = "Write `await main()` in the place of `asyncio.run(main())`."


def allow_asyncio_run() -> None:
    """Let `asyncio.run` be called in the cells that follow, until the kernel restarts.

    Where no event loop runs, as in a plain script, asyncio.run works as it is and nothing is done. The whole process is
    changed, the lab thread too: its loops become a little slower. A cell that runs such a script holds the kernel, and
    no click arrives until it ends, so nothing that asks a person can be run like this.

    Raises:
        LabError: No loop can run inside another here; the sentence says why and what to write in its place.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    reason = why_not(
        sys.platform,
        is_asyncios=isinstance(loop, asyncio.BaseEventLoop),
        is_old_nested=hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"),
        installed=_installed(),
    )
    if reason:
        raise LabError(reason)
    import nest_asyncio2

    nest_asyncio2.apply(loop)


def why_not(platform: str, *, is_asyncios: bool, is_old_nested: bool, installed: str | None) -> str:
    """Why a loop cannot run inside the one that runs, and what to do, in a sentence or two; empty where it can.

    Args:
        platform: As `sys.platform`.
        is_asyncios: Whether the running loop is one of asyncio's own.
        is_old_nested: Whether the package nest-asyncio has been at work already.
        installed: The version of nest-asyncio2.
    """
    if platform == "emscripten":
        return f"In Pyodide a cell cannot wait for asyncio.run. {INSTEAD}"
    if is_old_nested:
        return (
            "nest_asyncio is at work in this kernel, and it drops the cells that wait behind an asyncio.run: take it "
            "out of the notebook and restart the kernel."
        )
    if not is_asyncios:
        return f"The event loop of this kernel is not asyncio's own, so no other can run inside it. {INSTEAD}"
    if installed is None or Version(installed) < Version(NEEDED):
        return (
            f"[FIX] asyncio.run in a cell needs nest-asyncio2 {NEEDED} or later, and "
            f'{installed or "none"} is installed: pip install "nest-asyncio2>={NEEDED}", then restart the kernel.'
        )
    return ""


def _installed() -> str | None:
    try:
        return version("nest-asyncio2")
    except PackageNotFoundError:
        return None
