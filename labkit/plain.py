"""Text of servers, models and people on one line, with nothing invisible in it."""

import unicodedata

# Letters and marks by their category, and yet nothing is seen of them: fillers, and the selectors of variants in which
# whole messages have been hidden.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code)
    for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(first, last + 1)
}
LABEL = 60
"""Characters of a label that a drawing shows."""


def plain(text: str) -> str:
    """`text` on one line, with every control or invisible character made visible as an escape."""
    return "".join(c if _is_seen(c) else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_seen(c: str) -> bool:
    return c == " " or (unicodedata.category(c)[0] not in "CZ" and c not in INVISIBLE)


def short(text: str, width: int = LABEL) -> str:
    """`text` made plain and cut at `width` characters."""
    text = plain(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def seen(text: str) -> str:
    """`text` with spaces, tabs and newlines as they are and every other invisible character as an escape."""
    return "".join(c if c in " \n\t" else plain(c) for c in text)


def marked(text: str) -> str:
    """`text` on one line, its spaces, tabs and newlines as signs."""
    return seen(text).translate({ord(" "): "·", ord("\n"): "↵", ord("\t"): "⇥"})
