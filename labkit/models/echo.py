"""A key that a provider quotes back, in whatever form: whole or in part, in pieces, encoded, with stars in it.

A text is read as its letters alone, with escapes resolved, so that nothing between the letters of a key hides it. A
twelfth letter in a row of the key, or of the key in hexadecimal, decimal or octal numbers, base32, or base64 once or
twice, is no chance; nor is one of the key read backwards.
"""

import re
from base64 import b32encode, b64encode
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property

LEAST = 12
"""Letters in a row of a key that are hidden. Of a short key, or one without a digit, the whole alone is: a word."""

_ESCAPES = (
    r"&(?:amp;){0,5}#(\d{1,7});?|&(?:amp;){0,5}#x([0-9a-f]{1,6});?|(?:%(?:25){0,5}|\\{1,8}x|0x)([0-9a-f]{2})"
    r"|\\{1,8}u([0-9a-f]{4})|\\{1,8}[nrt]|&[a-z]{2,8};|</?[a-z][^<>\"]{0,60}>"
)
_LETTERS = re.compile(rf"{_ESCAPES}|([a-z0-9\"]+)", re.ASCII | re.IGNORECASE)
_SIGNS = re.compile(rf"{_ESCAPES}|([^\s%&\\<\x80-\xff]+|[%&<])", re.ASCII | re.IGNORECASE)
"""The letters of a text, or all that is printed; a quotation mark is one of them, since it ends a text of JSON."""

_URL_SAFE = str.maketrans("+/", "-_")


def _cores(coded: Callable[[bytes], bytes], bits: int, of: int, raw: bytes) -> list[str]:
    """What there is of `raw` in a text encoded with so many bits a letter, where it stands behind `of` other bytes."""
    core = coded(b"\0" * of + raw).decode().rstrip("=")
    core = core[-(-of * 8 // bits) : len(core) - (1 if (of + len(raw)) * 8 % bits else 0)]
    return [core, core.translate(_URL_SAFE)]


class Echo:
    """The forms of a key."""

    def __init__(self, key: str) -> None:
        self._key = key
        letters = re.sub("[^A-Za-z0-9]", "", key)
        self._is_word = len(letters) < 16 or letters.isalpha()

    def hidden(self, body: bytes) -> bytes:
        """`body` with `[key]` where the key was, in time with its length."""
        text = body.decode("latin-1")
        parts: list[str] = []
        last = 0
        for start, end in self._found(text):
            parts += text[last:start], "[key]"
            last = end
        return self._stars.sub(b"[key]", "".join([*parts, text[last:]]).encode("latin-1"))

    def _read(self, text: str) -> tuple[str, list[int], list[re.Match[str]]]:
        """The letters of a text, in lower case; the index at which each piece of them begins, and the piece."""
        read: list[str] = []
        places: list[int] = []
        pieces: list[re.Match[str]] = []
        length = 0
        for piece in (_SIGNS if self._is_word else _LETTERS).finditer(text):
            if not (kind := piece.lastindex):
                continue
            told = piece[kind] if kind == 5 else chr(min(int(piece[kind], 10 if kind == 1 else 16), 0xFFFF))
            if kind < 5 and not (self._is_word or (told.isascii() and told.isalnum())):
                continue
            read.append(told)
            places.append(length)
            pieces.append(piece)
            length += len(told)
        return "".join(read).lower(), places, pieces

    def _found(self, text: str) -> list[tuple[int, int]]:
        read, places, pieces = self._read(text)

        def origin(index: int) -> tuple[int, int]:
            """Where a letter that was read stands in `text`."""
            n = bisect_right(places, index) - 1
            start = pieces[n].start() + index - places[n]
            return (start, start + 1) if pieces[n].lastindex == 5 else pieces[n].span()

        found: list[tuple[int, int]] = []
        at = done = 0
        step = self._step
        while at < len(read):
            for form, place, least in self._runs.get(read[at : at + step], ()):
                start, end = at, at + step
                ahead = place - at  # from here to there
                while start > max(done, -ahead) and read[start - 1] == form[start - 1 + ahead]:
                    start -= 1
                while end < min(len(read), len(form) - ahead) and read[end] == form[end + ahead]:
                    end += 1
                if end - start >= least:
                    found.append((origin(start)[0], origin(end - 1)[1]))
                    done = end
                    break
            at = max(at + step, done)
        return found

    @cached_property
    def _forms(self) -> set[str]:
        """The letters of the key, as it is and encoded."""
        raw = self._key.encode()
        codes = ["".join(f"{letter:{base}}" for letter in raw) for base in ("d", "o")]
        once = [core for n in range(3) for core in _cores(b64encode, 6, n, raw)]
        told = [self._key, self._key[::-1], raw.hex(), *codes, *once]
        told += [core for n in range(5) for core in _cores(b32encode, 5, n, raw)]
        told += [core for n in range(3) for each in once for core in _cores(b64encode, 6, n, each.encode())]
        return {self._read(each)[0] for each in told}

    @cached_property
    def _step(self) -> int:
        """Letters of which one look in as many finds every run of a form that is long enough."""
        return (min(self._least(form) for form in self._forms) + 1) // 2

    @cached_property
    def _runs(self) -> dict[str, list[tuple[str, int, int]]]:
        """Each run of letters of a form: the form, where the run stands in it, and how many letters are a finding."""
        runs: dict[str, list[tuple[str, int, int]]] = {}
        for form in self._forms:
            for place in range(len(form) - self._step, -1, -1):
                runs.setdefault(form[place : place + self._step], []).append((form, place, self._least(form)))
        return runs

    def _least(self, form: str) -> int:
        return len(form) if self._is_word else min(LEAST, len(form))

    @cached_property
    def _stars(self) -> re.Pattern[bytes]:
        """A part of the key and for the rest stars, dots, or a word in brackets."""
        key = self._key
        row = r"(?:[*.x#]|\xe2\x80[\xa2\xa6]|\\u202[26]){2,}"
        stars = rf"(?:{row}|\xe2\x80\xa6|\\u2026|[\[<({{][^\s\"\[<({{\])>}}]{{1,20}}[\])>}}])"
        head = "".join(f"(?:{re.escape(each)}" for each in key[4:]) + ")?" * len(key[4:])
        tails = "|".join(re.escape(key[-n:]) for n in range(min(len(key) - 1, 24), 3, -1))
        # A row of stars is looked at from its beginning alone, or a long one would take the square of its length.
        begins = r"(?<![*.x#])(?<!\xe2\x80[\xa2\xa6])(?<!\\u202[26])"
        forms = [rf"{re.escape(key[:4])}{head}{stars}(?:{tails})?", rf"{begins}{stars}(?:{tails})"]
        return re.compile("|".join(forms).encode("latin-1"), re.IGNORECASE)
