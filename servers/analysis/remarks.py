"""`fault_of(remark, names)`: what a model's own words hold that nobody could check, a figure before all.

A remark stands below a sentence that code wrote, and says what that may mean or what to look at. Its words are held
against a closed list (`remark_words.toml`): a figure, in digits of any script or in words; a date; a word that orders,
compares, gives a direction or a degree; a name of a group in the data. What passes says nothing that a figure could
contradict, but it is the model's own: nobody has checked it, and it is shown as such.

English alone: letters of other alphabets and accents are refused, so a number word of another language is too, unless
it is spelled with these letters and not in the list.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

LONGEST = 240
"""Characters of a remark."""

_LISTED = {
    word: what
    for what, words in tomllib.loads(Path(__file__).with_name("remark_words.toml").read_text("utf-8"))["words"].items()
    for word in words.split()
}
_PLAIN = re.compile(r"[A-Za-z ,.;:!?'\"()/&\u2018\u2019\u201c\u201d\u2013\u2014\u2026-]*")
_WORD = re.compile(r"[A-Za-z]+(?:['\u2019-][A-Za-z]+)*")
_SPELLED = re.compile(r"\b(?:[A-Za-z][ .-]){2,}[A-Za-z]\b")
_ROMAN = re.compile(r"[IVXLCDM]{2,}")
_STEM = re.compile(r"(?:thir|fou?r|fif|six|seven|eigh?|nine?)t(?:y|ie|een)|hundred|thousand|illion|fold$|percent")
_SUPERLATIVE = re.compile(r".{3,}est")
_NO_SUPERLATIVE = re.compile(
    "(?:requ|sugg|inter|inv|harv|hon|for|cont|prot|manif|dig|arr|gu|qu|t|ret|w|northw|southw)est"
)


def fault_of(remark: str, names: Iterable[str] = ()) -> str:
    """Why a remark cannot be shown; empty where it can.

    Args:
        remark: What a model said, on one line.
        names: Values of columns in the data, which no remark may speak of.
    """
    if len(remark) > LONGEST:
        return "it is too long"
    if any(letter.isnumeric() for letter in remark):
        return "it holds a figure"
    if strange := re.sub(_PLAIN, "", remark):
        return f"it holds a sign that is neither a plain letter nor punctuation ({strange[0]})"
    if _SPELLED.search(remark):
        return "it spells a word letter by letter"
    taken = {each.casefold() for name in names for each in _WORD.findall(name)}
    for word in _WORD.findall(remark):
        if _ROMAN.fullmatch(word):
            return f'it holds a figure ("{word}")'
        low = word.casefold().replace("\u2019", "'")
        pieces = {low, low.removesuffix("'s"), low.replace("-", ""), *low.split("-"), *low.split("'")}
        for each in pieces:
            if what := _LISTED.get(each):
                return f'it holds {what} ("{word}")'
            if _STEM.search(each):
                return f'it holds a figure ("{word}")'
            if _SUPERLATIVE.fullmatch(each) and not _NO_SUPERLATIVE.fullmatch(each):
                return f'it holds an order ("{word}")'
            if each in taken or each.removesuffix("s") in taken or f"{each}s" in taken:
                return f'it speaks of a name in the data ("{word}")'
    return ""
