"""Files beside a notebook and in Jupyter's folder: opened so that nothing waits, read from their end, written whole."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from time import time

NEW = ".new"
"""How the name of a file ends that is being written."""

LEFT_BEHIND = 600.0
"""Seconds after which nobody is writing a file any more."""


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


def write_whole(path: Path, text: str) -> None:
    """Put `text` in place of what was in the file at `path`, at once and whole, for the user's own eyes.

    Raises:
        OSError: It is not possible; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=NEW)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)  # or a machine that loses its power has the new name and none of the text
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise


def remove_left_behind(path: Path) -> None:
    """Remove what `write_whole` of a file of this name, or of one that goes on from it, left where it was killed."""
    for each in path.parent.glob(f"{path.stem}-*{NEW}"):
        with suppress(OSError):
            if time() - each.stat().st_mtime > LEFT_BEHIND:
                each.unlink()
