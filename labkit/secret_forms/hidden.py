"""Characters that a person does not see and a model reads: zero width, direction, control, tags, stacks of marks.

The invisible ones are those of Unicode's property Default_Ignorable_Code_Point (Unicode 17.0, DerivedCoreProperties);
to them come controls, line separators, private characters, noncharacters, lone surrogates and the blank Braille
pattern. Where a script needs one of them to be written, and an emoji to be whole, it hides nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0xF0000, 0x10000)
)
_NOTHING_TO_SEE = f"\u2800\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff{_NONCHARACTERS}\U000f0000-\U0010ffff"
_EACH = f"{_IGNORABLE}{_CONTROLS}{_NOTHING_TO_SEE}"
HIDDEN = f"[{_EACH}]"
"""A hidden character, as a pattern. Half of a line break and the joints of an emoji are among these."""

_UNSEEN = re.compile("[\u00ad\u061c\u200e\u200f\ufeff]")
_ANY_HIDDEN = re.compile(HIDDEN)

_FLAGS = "|".join("".join(chr(0xE0000 + ord(c)) for c in f"gb{part}\x7f") for part in ("eng", "sct", "wls"))
"""The tags of England, Scotland and Wales behind a black flag: the only ones in Unicode's list of emoji (RGI)."""
_OTHER = re.compile(r"[^\x00-\x7f]")

MOST_MARKS = 5
"""Marks on one letter: a letter of pointed and accented Hebrew has so many."""

_SUSPECT = re.compile(
    f"(?P<flag>\U0001f3f4(?:{_FLAGS}))|[\U000e0020-\U000e007e]{{2,}}|{HIDDEN}"
    rf"|(?P<marks>[^\w\s\x00-\x7f{_EACH}]{{{MOST_MARKS + 1},}})"
)

_KEYCAP = "\u20e3"
_MARKS_OF_EMOJI = "\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_EMOJI_AND_NO_SYMBOLS = "\u203c\u2049\u2139\u3030\u303d"
_VARYING = "0\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f"
"""A slashed zero, and punctuation of Chinese and Japanese (StandardizedVariants.txt)."""
_JOINED = re.compile(
    "ARABIC|SYRIAC|MANDAIC|NKO|MONGOLIAN|DEVANAGARI|BENGALI|GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|KANNADA|MALAYALAM"
    "|SINHALA|KHMER|MYANMAR|TIBETAN|BALINESE|JAVANESE"
)
"""Scripts whose letters join, or do not, by U+200C and U+200D (The Unicode Standard, 23.2, Cursive Connection)."""
_WITHOUT_SPACES = re.compile("THAI|LAO|KHMER|MYANMAR|TIBETAN|BALINESE|JAVANESE")
"""Scripts whose words U+200B divides, for lines to be broken there."""


def hidden(text: str) -> int:
    """The number of hidden characters in `text`. A line break, a tab and the joints of an emoji are not among them."""
    return sum(end - start for start, end in spans(text))


def visible(text: str) -> str:
    """`text` with its hidden characters written out: `⟨U+200B ZERO WIDTH SPACE⟩`. Line breaks and tabs stay.

    Tags, which spell ASCII that nobody sees, are spelt out together: `⟨4 tags: obey⟩`. Of a stack of marks the first
    few stay, and the others are counted.
    """
    return _with(text, _written_out)


def without_hidden(text: str) -> str:
    """`text` without its hidden characters."""
    while (
        shorter := _with(text, lambda _: "")
    ) != text:  # what stood apart may be a stack, now that it stands together
        text = shorter
    return text


def seen_part(text: str) -> tuple[str, list[int], list[int], set[int]]:
    """`text` as it looks: without its hidden characters, and each other one as NFKC has it, `K` for the Kelvin sign.

    Returns:
        The text; the indexes in it from which on it stands elsewhere in `text`; where in `text` that is; and the
        indexes before which something was left out. All are empty where nothing differs.
    """
    # What an honest text needs to be written is not seen either.
    unseen = (mark.span() for mark in _UNSEEN.finditer(text))
    changes = [(start, end, "") for start, end in sorted([*spans(text), *unseen])]
    if not unicodedata.is_normalized("NFKC", text):
        others = ((hit.start(), hit.end(), _same(hit[0])) for hit in _OTHER.finditer(text))
        changes = sorted([*changes, *(each for each in others if each[2] != text[each[0] : each[1]])])
    return changed_part(text, changes)


def changed_part(text: str, changes: Iterable[tuple[int, int, str]]) -> tuple[str, list[int], list[int], set[int]]:
    """`text` with other characters from one index to the next, by `changes` in order; and what `seen_part` returns."""
    parts: list[str] = []
    places: list[int] = []
    origins: list[int] = []
    left_out: set[int] = set()
    last = length = 0
    for start, end, told in changes:
        if start < last:
            continue
        parts += [text[last:start], told]
        length += start - last
        last = end
        left_out |= set() if told else {length}
        places += [*range(length, length + len(told) + 1)]
        origins += [*[start] * len(told), end]
        length += len(told)
    return "".join([*parts, text[last:]]), places, origins, left_out


@lru_cache(maxsize=4096)
def _same(character: str) -> str:
    return unicodedata.normalize("NFKC", character)


def _with(text: str, instead: Callable[[str], str]) -> str:
    parts: list[str] = []
    before = 0
    for start, end in spans(text):
        parts += text[before:start], instead(text[start:end])
        before = end
    return "".join([*parts, text[before:]])


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where hidden characters stand, in order."""
    if text.isascii() and not _ANY_HIDDEN.search(text):
        return  # a tenth of the time, and most texts are so
    for found in _SUSPECT.finditer(text):
        if found["marks"]:
            yield from _stacked(text, *found.span())
        elif not found["flag"] and not _is_innocent(text, *found.span()):
            yield found.span()


def _stacked(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The marks above those that a letter may bear. Vowels and letters below others are none of these."""
    first = start
    for place in range(start, end + 1):
        if place == end or not (unicodedata.combining(text[place]) or unicodedata.category(text[place]) == "Me"):
            if place - first > MOST_MARKS:
                yield first + MOST_MARKS, place
            first = place + 1


def _written_out(characters: str) -> str:
    if len(characters) == 1 and not unicodedata.combining(characters):
        name = unicodedata.name(characters, "")
        return f"⟨U+{ord(characters):04X}{' ' if name else ''}{name}⟩"
    if "\U000e0020" <= characters[0] <= "\U000e007e":
        return f"⟨{len(characters)} tags: {''.join(chr(ord(tag) - 0xE0000) for tag in characters)}⟩"
    return f"⟨{len(characters)} marks⟩"


def _is_innocent(text: str, start: int, end: int) -> bool:
    """Whether a hidden character is half of a line break, holds an emoji together, or is how its script is written."""
    before, after = text[start - 1 : start], text[end : end + 1]
    match text[start:end]:
        case "\r":
            return after == "\n"
        case "\ufe0e" | "\ufe0f":
            return _is_symbol(before) or (before in "0123456789#*" and before != "" and after == _KEYCAP)
        case "\ufe00" | "\ufe01" | "\ufe02":
            return before in tuple(_VARYING) or _is_han(before) or _is_symbol(before) or _script(before) == "MYANMAR"
        case "\u200d" if _is_symbol(after):
            return _is_symbol(before) or before in tuple(_MARKS_OF_EMOJI)
        case "\u200c" | "\u200d":
            return bool(_JOINED.fullmatch(_script(before))) and (
                _script(after) == _script(before) or after in ("", " ")
            )
        case "\u200e" | "\u200f" | "\u061c":
            return _turns(text[max(0, start - 2) : start], text[end : end + 2])
        case "\u00ad":  # where a long word may be divided
            halves = text[max(0, start - 2) : start], text[end : end + 2]
            return all(len(half) == 2 and half.isalpha() for half in halves) and _script(before) == _script(after)
        case "\ufeff":
            return start == 0
        case "\u200b":
            return bool(_WITHOUT_SPACES.fullmatch(_script(before))) and _script(after) == _script(before)
        case "\u180b" | "\u180c" | "\u180d" | "\u180e" | "\u180f":
            return _script(before) == "MONGOLIAN"
        case "\u2800":
            return _script(before) == "BRAILLE" or _script(after) == "BRAILLE"
        case selector:
            # Collections of variants of Han use the first of these; a byte of a hidden text is rarely one of them.
            return "\U000e0100" <= selector <= "\U000e011f" and _is_han(before)


def _turns(before: str, after: str) -> bool:
    """Whether a mark of direction is needed: beside what has no direction, near a letter read from the right."""
    near = before + after
    if any(_ANY_HIDDEN.match(each) or unicodedata.combining(each) for each in near):
        return False
    strong = [unicodedata.bidirectional(each) in ("L", "R", "AL") for each in (*before[-1:], *after[:1])]
    return not all(strong) and not {*map(unicodedata.bidirectional, near)}.isdisjoint(("R", "AL"))


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """The script of a letter or a mark that is seen, as the first word of its name."""
    if not character or character in "\u2800" or unicodedata.category(character)[0] == "C":
        return ""
    return unicodedata.name(character, "").partition(" ")[0]


def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK ") if character else False


def _is_symbol(character: str) -> bool:
    # Some are punctuation, and one a letter, to Unicode and emoji to everybody.
    return character != "" and (character in _EMOJI_AND_NO_SYMBOLS or unicodedata.category(character) in ("So", "Sm"))
