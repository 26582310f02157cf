"""Which language a text is in, by plain code: its letters first, then the little words that each language is full of.

It says nothing where it cannot tell: of a text without such words (a name, a heading, a line of a log), and of most
languages that have no row here. One without a row that is much like one with (Afrikaans and Dutch, Galician and
Portuguese) is taken for it; of a text in two languages it names the one with more little words.
"""

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from unicodedata import name

from servers.checked import Told

_DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
SCRIPTS: dict[str, str] = _DATA["scripts"]
_WORDS: dict[str, frozenset[str]] = {language: frozenset(words.split()) for language, words in _DATA["words"].items()}
_LETTERS: dict[str, str] = _DATA["letters"]
_DENIALS: dict[str, frozenset[str]] = {each: frozenset(words.split()) for each, words in _DATA["denials"].items()}
_COUNTS: dict[str, str] = {
    **{word: str(number) for row in _DATA["counts"].values() for number, word in enumerate(row.split())},
    **{word: number for number, words in _DATA["others"].items() for word in words.split()},
}
_SHARED: dict[str, tuple[str, ...]] = {script: tuple(names.split()) for script, names in _DATA["shared"].items()}

LANGUAGES = tuple(dict.fromkeys([*SCRIPTS.values(), *(each for names in _SHARED.values() for each in names)]))
"""Every language that can be named."""

READ = 2_000
"""Characters of a text that are looked at: more say nothing new."""

LEAST_SHARE = 0.2
"""The share of a text's words that have to be little words of a language."""

LEAST_LEAD = 1.3
"""How many times more of them one language needs than the next."""


UNKNOWN = "unknown"
AGAIN = f"Answer with the English name of one language, or with the word {UNKNOWN}."


class Detected(Told):
    """What `detect_language` returns: the language in English and lower case, `None` where it cannot be told."""

    language: str | None

    @classmethod
    def of(cls, language: str | None, by: Literal["model", "plain code"], note: str) -> Self:
        """The result, with the language as its text."""
        return cls(text=language.title() if language else "cannot tell", language=language, by=by, notes=[note])


@dataclass(frozen=True)
class Guess:
    """What plain code tells of a text: a language, or none where it cannot tell; why; and which ones it leaves open."""

    language: str | None
    why: str
    candidates: tuple[str, ...] = LANGUAGES


def guess(text: str) -> Guess:
    """Which language a text is in, as far as its letters and little words tell."""
    read = text[:READ]
    letters = Counter(re.split("[ -]", name(each, "?"))[0] for each in read if each.isalpha())
    if not letters:
        return Guess(None, "there is not one letter in it", ())
    if kana := letters.pop("HIRAGANA", 0) + letters.pop("KATAKANA", 0):  # Japanese has Chinese letters too
        letters["HIRAGANA"] = kana + letters.pop("CJK", 0)
    [(script, most)] = letters.most_common(1)
    if most < 0.7 * letters.total():
        return Guess(None, "its letters are of two scripts")
    if script in SCRIPTS:
        return Guess(SCRIPTS[script], f"its letters are {script.title()}", (SCRIPTS[script],))
    return _by_words(read, _SHARED.get(script, LANGUAGES))


def question(text: str) -> str:
    """What a model is asked of a visible text."""
    return f"Which language is this text in? Return only one word.\n\nText: {text}"


def counts(text: str) -> set[str]:
    """The numbers that a text has in words, of any language that it can be rewritten in: `{"2"}`."""
    return {_COUNTS[word] for word in re.findall(r"\w+", text.lower()) if word in _COUNTS}


def denies(text: str, language: str | None) -> bool:
    """Whether a text has a word of a language that denies, `not`, `nobody`; of any language where that is `None`."""
    known = _DENIALS.get(language, frozenset()) if language else frozenset[str]().union(*_DENIALS.values())
    is_short = language in (None, "english") and re.search(r"n['\u2019]t\b", text, re.IGNORECASE)
    return bool(is_short) or not known.isdisjoint(re.findall(r"\w+", text.lower()))


def _by_words(text: str, candidates: tuple[str, ...]) -> Guess:
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign = {each for word in re.findall(r"\b[a-z\u00df-\u024f]+\b", text) for each in word if not each.isascii()}
    possible = [each for each in candidates if each in _WORDS and foreign <= {*_LETTERS.get(each, foreign)}]
    found = {each: [word for word in words if word in _WORDS[each]] for each in possible}
    [first, second] = [*sorted(found, key=lambda each: -len(found[each])), "", ""][:2]
    few = len(set(found.get(first, []))) < 3  # one may be a name, two an accident
    if few or len(found[first]) < LEAST_SHARE * len(words):
        left = tuple(each for each in candidates if each in possible or each not in _WORDS)
        return Guess(None, "too few of its words are little words of a language that is known here", left)
    if len(found[first]) < LEAST_LEAD * len(found.get(second, [])):
        return Guess(None, f"its little words may be {first.title()} or {second.title()}", (first, second))
    shown = ", ".join(dict.fromkeys(found[first][:40]))
    return Guess(first, f"{len(found[first])} of its {len(words)} words are little words of it ({shown})", candidates)
