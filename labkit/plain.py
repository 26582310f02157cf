"""Text of servers, models and people on one line, with nothing invisible in it; text in lines that a notebook shows."""

import re
import textwrap
from collections.abc import Collection, Sequence

from labkit.secret_forms import redacted_beginning
from labkit.secret_forms.hidden import HIDDEN, spans, without_hidden

LABEL = 60
"""Characters of a label that a drawing shows."""

LINE = 112
"""Characters of a printed line: Lab breaks what has more than 116 within a word, in a window of 1366 with its files."""

_JOINT = re.compile(rf"(?!\r){HIDDEN}")
"""What is written with others, where it hides nothing: a joint of an emoji, or of Persian letters."""


def plain(text: str) -> str:
    """`text` on one line, with every control or invisible character made visible as an escape."""
    return _escaped(text, " ")


def _escaped(text: str, kept: str) -> str:
    parts: list[str] = []
    before = 0
    for start, end in (*spans(text), (len(text), len(text))):
        part = text[before:start]
        if not part.isprintable():
            part = "".join(c if c.isprintable() or c in kept or _JOINT.match(c) else _escape(c) for c in part)
        parts += part, _escape(text[start:end])
        before = end
    return "".join(parts)


def _escape(characters: str) -> str:
    return characters.encode("unicode_escape").decode("ascii")


def short(text: str, width: int = LABEL) -> str:
    """`text` made plain and cut at `width` characters."""
    # Cut first: a character takes the room of one or more, and the text may be as long as a server likes.
    shown = plain(text[: 4 * width + 64])
    return shown if len(shown) <= width else without_hidden(shown[: width - 1] + "…")


def in_columns(rows: Collection[Sequence[str]], left: int = 1) -> list[str]:
    """The rows as lines of a table: the first `left` columns begin below each other, the others end so."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            if width
        ).rstrip()
        for row in rows
    ]


def quoted(text: str, width: int) -> str:
    """What somebody else wrote, as a part of a sentence: on one line, plain, and cut at `width` characters.

    Its secrets are marked where they would not be known any more behind that: many are known by their lines, a half is
    by nothing. What is one short line already stays as it is, for those who look through what they show.
    """
    if len(text) <= width and plain(text) == text == " ".join(text.split()) and "\\n" not in text:
        return text
    shown = plain(" ".join(redacted_beginning(text, width).split()))
    return shown if max(len(text), len(shown)) <= width else without_hidden(shown[: width - 1] + "…")


def seen(text: str) -> str:
    """`text` with spaces, tabs and newlines as they are and every other invisible character as an escape."""
    return _escaped(text, " \n\t")


def marked(text: str) -> str:
    """`text` on one line, its spaces, tabs and newlines as signs."""
    return seen(text).translate({ord(" "): "·", ord("\n"): "↵", ord("\t"): "⇥"})


def folded(text: str) -> str:
    """`text` with its long lines broken between words, to be printed in a notebook."""
    return "\n".join(
        textwrap.fill(line, LINE, break_long_words=False, break_on_hyphens=False) if len(line) > LINE else line
        for line in text.split("\n")
    )
