"""Text from outside made fit to show and to send: nothing hidden in it, and no longer than it may be.

Standard library alone: a small program that keeps a file need not load an SDK for it.
"""

import re
from unicodedata import category

_NUMBER = re.compile(r"\[U\+([0-9A-F]{4,6})\]")
_HIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}  # Unicode's categories of what does not show


def visible(text: str, quoted: str = "") -> str:
    """`text` with every hidden character but line breaks and tabs written as its number: [U+001B], [U+202E].

    Args:
        text: One that spells such a number itself has [U+005B] in the place of its first bracket.
        quoted: A visible text that `text` may quote: the numbers that stand in it may stand as they are.
    """
    known = {number[0] for number in _NUMBER.finditer(quoted)}
    text = _NUMBER.sub(lambda number: number[0] if number[0] in known else f"[U+005B]{number[0][1:]}", text)
    return "".join(
        f"[U+{ord(character):04X}]" if category(character) in _HIDDEN and character not in "\n\t" else character
        for character in text
    )


def restored(text: str) -> str:
    """The text that `visible` was given."""
    return _NUMBER.sub(lambda number: chr(int(number[1], 16)), text)


def shortened(text: str, longest: int) -> str:
    """`text`, or its beginning and its end with a note on what was left out between them.

    Args:
        text: Of any length.
        longest: Characters that are kept; the note comes on top of them.
    """
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} [... {len(text) - 2 * half:,} characters left out ...] {text[-half:]}"
