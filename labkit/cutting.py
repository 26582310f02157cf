"""What is too large to be kept or shown whole, cut so that the rest tells how much is missing.

A server decides how large its messages are, so whatever keeps or shows them has a bound, and no work is done on what
lies beyond.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from pydantic import BaseModel

K = TypeVar("K")
V = TypeVar("V")

LARGEST = 65_536
"""Bytes of JSON beyond which a frame, or what is reported with a step, is kept in part."""

LONGEST = 4_000
"""Characters of a label that are kept; a table or a drawing shows fewer."""

_DEEPEST = 64
_LEAST = 60
_OF_EACH = 500
_OF_A_LIST = 30
_CUT = re.compile(r"⟨… (\d[\d,]*) characters more⟩\Z", re.ASCII)


class Latest(dict[K, V]):
    """A dict that keeps what was put into it last: where there is no room, what was put in first is gone.

    Args:
        most: How many entries are kept.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self._most:
            del self[next(iter(self))]


def cut(text: str, longest: int = LONGEST) -> str:
    """`text`, or its first `longest` characters and how many more there were, also before it was cut the first time."""
    if len(text) <= longest:
        return text
    more = len(text) - longest
    if mark := _mark(text):
        more += int(mark[1].replace(",", "")) - len(mark[0])
    return f"{text[:longest]}⟨… {max(0, more):,} characters more⟩"


def without_mark(text: str) -> str | None:
    """What `cut` left of a text; `None` where a text is whole."""
    mark = _mark(text)
    return None if mark is None else text[: mark.start()]


def _mark(text: str) -> re.Match[str] | None:
    return _CUT.search(text, max(0, len(text) - 60)) if text.endswith("⟩") else None


def outline(value: object, room: int = LARGEST) -> Any:
    """A copy of JSON that takes about `room` bytes at most, in time that grows with `room` alone.

    Long texts keep their beginning, long lists and objects their first entries, and each says what is left out. What
    comes behind something long keeps a share of the room, so that the form of the whole can be told.
    """
    return _Outline(room).of(value, 0)


class _Outline:
    def __init__(self, room: int) -> None:
        self.left = room

    def of(self, value: object, reserved: int, depth: int = 0) -> Any:
        """A copy of `value` that leaves `reserved` bytes to what comes behind it, if they are there."""
        if isinstance(value, str):
            return self._text(value, reserved)
        if isinstance(value, BaseModel):
            value = dict(value)
        if depth == _DEEPEST and isinstance(value, Mapping | list | tuple):
            self.left -= len("⟨… deeper⟩") + 8
            return "⟨… deeper⟩"
        if isinstance(value, Mapping):
            return self._object(cast("Mapping[Any, object]", value), reserved, depth + 1)
        if isinstance(value, list | tuple):
            return self._list(cast("list[object]", value), reserved, depth + 1)
        self.left -= 8
        whole = isinstance(value, int) and value.bit_length() <= 64
        return value if whole or value is None or isinstance(value, float) else f"⟨{type(value).__name__}⟩"

    def _text(self, text: str, reserved: int) -> str:
        longest = max(_LEAST, (self.left - reserved) * 7 // 8)
        kept = cut(text, longest)
        if (size := _size(kept)) > longest:  # characters that take several bytes
            kept = cut(text, max(_LEAST, longest * min(len(text), longest) // size))
        self.left -= _size(kept) + 1
        return kept

    def _list(self, value: Sequence[object], reserved: int, depth: int) -> list[Any]:
        entries: list[Any] = []
        for each, kept_free in self._while_room(value, reserved):
            entries.append(self.of(each, kept_free, depth))
        return entries if len(entries) == len(value) else [*entries, _more(value, entries)]

    def _object(self, value: Mapping[Any, object], reserved: int, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for name, kept_free in self._while_room(value, reserved):
            key = cut(str(name), 200)
            self.left -= _size(key) + 1
            entries[key] = self.of(value[name], kept_free, depth)
        if len(entries) < len(value):
            entries[_more(value, entries)] = ""
        return entries

    def _while_room(self, entries: Collection[Any], reserved: int) -> Iterator[tuple[Any, int]]:
        """The entries for which there is room, each with what it must leave to others: a little for each."""
        self.left -= _OF_A_LIST
        reserved += max(0, self.left - reserved) // 16
        for n, entry in enumerate(entries):
            if self.left <= reserved:
                return
            others = min(_OF_EACH * (len(entries) - n - 1), max(0, self.left - reserved) * 31 // 32)
            yield entry, reserved + others


def _more(whole: Collection[object], kept: Collection[object]) -> str:
    return f"⟨… {len(whole) - len(kept):,} more⟩"


def _size(text: str) -> int:
    """Bytes of a text as JSON writes it."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))
