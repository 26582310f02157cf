"""What a callback prints and logs while a case examines it, and the keys it finds in the environment meanwhile.

Both belong to the whole process, so what is put in their place is shared by all who listen at the same time: the first
installs it, the last takes it away, in whatever order they end.
"""

import io
import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from typing import TextIO, cast

FAKE_KEY = "sk-labkit-000000-not-a-real-key-000000"
KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")

MOST = 1_000_000
"""Characters that are kept of what one case prints; a callback that prints in a loop must not fill the memory."""


class Overheard:
    """What was printed and logged so far, in one text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MOST

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add(self, text: str) -> None:
        self._parts.append(text[: self._room])
        self._room -= len(self._parts[-1])


@contextmanager
def overheard(*, with_key: bool = False) -> Generator[Overheard]:
    """Keep what is printed and logged inside the block, and print none of it.

    Args:
        with_key: Put `FAKE_KEY` into the environment variables that hold the keys of providers, for the same time.
    """
    ear = Overheard()
    with _lock:
        if not _ears:
            _install()
        _ears.append(ear)
        if with_key:
            _give_key()
    try:
        yield ear
    finally:
        with _lock:
            _ears.remove(ear)
            if not _ears:
                _remove()
            if with_key:
                _take_key()


class _Print(io.TextIOBase):
    """Stands in the place of `sys.stdout` or `sys.stderr`. Whoever got hold of it writes through it afterwards."""

    encoding = "utf-8"

    def __init__(self, below: TextIO) -> None:
        self._below = below

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not _ears:
            return self._below.write(text)
        _tell(text)
        return len(text)


class _Log(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            _tell(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - a message that cannot be formatted would end the callback that logs it
            self.handleError(record)


_lock = Lock()
_ears: list[Overheard] = []
_streams: list[TextIO] = []
_log = _Log()
_with_key = 0
_own_keys: dict[str, str | None] = {}


def _tell(text: str) -> None:
    for ear in tuple(_ears):
        ear.add(text)


def _install() -> None:
    _streams[:] = [sys.stdout, sys.stderr]
    sys.stdout, sys.stderr = (cast("TextIO", _Print(stream)) for stream in _streams)
    logging.root.addHandler(_log)


def _remove() -> None:
    sys.stdout, sys.stderr = _streams
    logging.root.removeHandler(_log)


def _give_key() -> None:
    global _with_key  # noqa: PLW0603 - one environment a process
    if not _with_key:
        _own_keys.update({name: os.environ.get(name) for name in KEYS})
        os.environ.update(dict.fromkeys(KEYS, FAKE_KEY))
    _with_key += 1


def _take_key() -> None:
    global _with_key  # noqa: PLW0603
    _with_key -= 1
    if not _with_key:
        for name, key in _own_keys.items():
            if key is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = key
