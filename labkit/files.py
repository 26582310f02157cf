"""Files beside a notebook, to which lines are added: opened so that nothing waits, read from their end."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def opened(path: Path, flags: int, mode: int = 0o666) -> int:
    """A handle of an ordinary file: who opened a pipe would wait for its other end.

    Raises:
        OSError: There is something else at `path`, or no access.
    """
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), mode)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise OSError("it is not an ordinary file")


def tail(path: Path, most: int) -> bytes:
    """The last `most` bytes of a file; nothing where it cannot be read."""
    with suppress(OSError):
        handle = opened(path, os.O_RDONLY)
        with os.fdopen(handle, "rb") as file:
            file.seek(max(os.fstat(handle).st_size - most, 0))
            return file.read(most)
    return b""
