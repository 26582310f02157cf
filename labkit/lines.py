"""How a server's output becomes lines: a line without an end is cut, so that it takes no more memory than it may.

The SDK reads the output of a program with an encoding that is named to it, and keeps all that comes before a newline.
`bounded` names one that decodes as another does and hands on whole lines. Of a line beyond `LONGEST` it hands on the
beginning, which is no message: the SDK says so, and the rest of the line is dropped as it comes. Of one that goes on
and on it says `ENDLESS`, at which a tap takes the server for one that has ended: reading on would take a core for good.
"""

import codecs
from collections.abc import Callable
from functools import partial
from typing import Any

LONGEST = 64_000_000
"""Characters of a line: what a server may send as one message."""

MOST = 8
"""Times `LONGEST` that a line may be read to its end."""

ENDLESS = "⟨a line without an end: the connection was ended⟩"
"""Stands for what comes after that."""

KEPT = 10_000
"""Characters that are handed on of a longer one."""

_NAME = "labkit_lines_"


def bounded(encoding: str, longest: int = LONGEST) -> str:
    """The name of the encoding that decodes lines as `encoding` does; `encoding` itself where Python knows none."""
    try:
        return f"{_NAME}{longest}_{codecs.lookup(encoding).name.replace('-', '_')}"
    except LookupError:  # the SDK says so
        return encoding


class Lines(codecs.IncrementalDecoder):
    """Decodes as another decoder does, and gives out whole lines.

    Args:
        inner: Makes the decoder, which is told what to do about bytes that cannot be decoded.
        longest: Characters of a line at most.
        errors: What is done about bytes that cannot be decoded.
    """

    def __init__(self, inner: Callable[[str], codecs.IncrementalDecoder], longest: int, errors: str = "strict") -> None:
        super().__init__(errors)
        self._inner = inner(errors)
        self._longest = longest
        self._parts: list[str] = []
        self._size = 0

    def decode(self, input: Any, final: bool = False) -> str:  # noqa: A002 - the name that codecs has
        """The lines that end in what was decoded so far, and the beginning of one that is too long."""
        text = self._inner.decode(input, final)
        head, newline, tail = text.rpartition("\n")
        told = ""
        if newline:
            if self._size > self._longest:
                _, _, head = head.partition("\n")
            told, self._size = self._taken() + head, 0
            told += newline if told else ""
        before, self._size = self._size, self._size + len(tail)
        if self._size <= self._longest:
            self._parts.append(tail)
        elif before <= self._longest:
            self._parts.append(tail)
            told += f"{self._taken()[:KEPT]}⟨… a line of more than {self._longest:,} characters⟩\n"
        if before <= MOST * self._longest < self._size:
            told += f"{ENDLESS}\n"
        return told + self._taken() if final else told

    def _taken(self) -> str:
        taken, self._parts = "".join(self._parts), []
        return taken

    def reset(self) -> None:
        """Begin anew."""
        self._inner.reset()
        self._parts, self._size = [], 0


def _find(name: str) -> codecs.CodecInfo | None:
    if not name.startswith(_NAME):
        return None
    longest, _, inner_name = name.removeprefix(_NAME).partition("_")
    inner = codecs.lookup(inner_name)
    return codecs.CodecInfo(
        inner.encode,
        inner.decode,
        name=name,
        incrementalencoder=inner.incrementalencoder,
        incrementaldecoder=partial(Lines, inner.incrementaldecoder, int(longest)),
    )


codecs.register(_find)
