"""Characters that a person does not see and a model reads: zero width, direction, control, tags.

The invisible ones are those of Unicode's property Default_Ignorable_Code_Point (Unicode 17.0, DerivedCoreProperties);
to them come controls, line separators, private characters, lone surrogates and the blank Braille pattern.
"""

import re
import unicodedata

_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
_NOTHING_TO_SEE = "\u2800\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff"
HIDDEN = f"[{_IGNORABLE}{_CONTROLS}{_NOTHING_TO_SEE}]"
"""A hidden character, as a pattern. Half of a line break and the joints of an emoji are among these."""

_SUSPECT = re.compile(f"[\U000e0020-\U000e007e]{{2,}}|{HIDDEN}")

_EMOJI_STYLE, _KEYCAP = "\ufe0f", "\u20e3"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def hidden(text: str) -> int:
    """The number of hidden characters in `text`. A line break, a tab and the joints of an emoji are not among them."""
    return sum(len(found.group()) for found in _SUSPECT.finditer(text) if not _is_innocent(found))


def visible(text: str) -> str:
    """`text` with its hidden characters written out: `⟨U+200B ZERO WIDTH SPACE⟩`. Line breaks and tabs stay.

    Tags, which spell ASCII that nobody sees, are spelt out together: `⟨4 tags: obey⟩`.
    """
    return _SUSPECT.sub(lambda found: found.group() if _is_innocent(found) else _written_out(found.group()), text)


def without_hidden(text: str) -> str:
    """`text` without its hidden characters."""
    return _SUSPECT.sub(lambda found: found.group() if _is_innocent(found) else "", text)


def seen_part(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` without its hidden characters, and where these stood.

    Returns:
        The text; and for each place the index in that text before which characters were left out, and how many so far.
    """
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    end = left_out = 0
    for found in _SUSPECT.finditer(text):
        if _is_innocent(found):
            continue
        parts.append(text[end : found.start()])
        end = found.end()
        left_out += end - found.start()
        places.append((end - left_out, left_out))
    return "".join([*parts, text[end:]]), places


def _written_out(characters: str) -> str:
    if len(characters) > 1:
        return f"⟨{len(characters)} tags: {''.join(chr(ord(tag) - 0xE0000) for tag in characters)}⟩"
    name = unicodedata.name(characters, "")
    return f"⟨U+{ord(characters):04X}{' ' if name else ''}{name}⟩"


def _is_innocent(found: re.Match[str]) -> bool:
    """Whether a hidden character is half of a line break, or holds an emoji together."""
    text, start = found.string, found.start()
    before, after = text[start - 1 : start], text[start + 1 : start + 2]
    match found.group():
        case "\r":
            return after == "\n"
        case "\ufe0f":
            return _is_symbol(before) or (before in "0123456789#*" and before != "" and after == _KEYCAP)
        case "\u200d":
            return _is_symbol(after) and (_is_symbol(before) or before in (_EMOJI_STYLE, *_SKIN_TONES))
        case _:
            return False


def _is_symbol(character: str) -> bool:
    # U+2139 is a letter to Unicode and an emoji to everybody.
    return character == "\u2139" or (character != "" and unicodedata.category(character) in ("So", "Sm"))
