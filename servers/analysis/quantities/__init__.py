"""`quantities`: the figures of an English text, in digits and in words, each with its value, unit and bound.

A small grammar over words, read once from left to right; nothing in it goes back, so a long text costs what it is long.
A figure that cannot be read for certain is one all the same, of the kind `unreadable`: digits of other scripts, digits
with something hidden or some markup between them, letters that pass for digits. What counts nothing is passed over: the
number of a list's item, of a step or a version, an identifier (`p95`, `INC-1042`).
"""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from unicodedata import category

from servers.analysis.quantities.numbers import Reader
from servers.analysis.quantities.quantity import Quantity
from servers.analysis.quantities.tokens import HIDDEN, Words
from servers.analysis.quantities.vocabulary import CURRENCIES

OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def quantities(words: Words, years: Collection[int]) -> list[Quantity]:
    """The figures of a text, in its order.

    Args:
        words: Its tokens.
        years: The years that a date without one may be of.
    """
    reader = Reader(words, tuple(sorted(years)))
    found: list[Quantity] = []
    at = item = 0
    while at < len(words.lows):
        if reader.is_item(at, item):
            item = int(words.lows[at])
            at += 2
            continue
        floor = found[-1].last + 1 if found else 0
        one = reader.date(at) or reader.figure(at, floor)
        if one:
            found.append(one)
        at = one.last + 1 if one else at + 1
    _share_units(words, found)
    for one in found:
        start, end = words.spans[one.first][0], words.spans[one.last][1]
        inside = words.text[start:end]
        if not words.broken.isdisjoint(range(one.first, one.last + 1)) or any(
            each > "\x7f" and category(each) in HIDDEN for each in inside
        ):
            one.kind, one.why = "unreadable", "something stands between its characters"
    if OVERRIDES.search(words.text):
        for one in found:
            one.kind, one.why = "unreadable", "the text turns its direction"
    return found


def _share_units(words: Words, found: Sequence[Quantity]) -> None:
    """Give a figure the unit that stands behind the last of its list: `20, 30 and 40 %`, `between 1 and 2 million`.

    And one that ends a clause, in words, that of the one before: `three hours in March, in April just over one`.
    """
    numbers = [one for one in found if one.kind == "number"]
    for one, after in pairwise(numbers):
        ends = not words.low(after.last + 1).isalnum() and words.low(after.last + 1) not in ("-", "%")
        is_one_sentence = not {*words.lows[one.last : after.first]} & {".", "!", "?"}
        if one.unit == "time" and one.spelled and after.spelled and not after.unit and ends and is_one_sentence:
            after.readings = tuple((value * one.factor, half * one.factor) for value, half in after.readings)
            after.unit, after.factor = one.unit, one.factor
    is_list = False
    for one, after in reversed(list(pairwise(found))):
        between = words.lows[one.last + 1 : after.first]
        is_list = between != [","] if {*between} & {"and", "or", "to", "-", "–"} else is_list and between == [","]
        beside = after.unit == "%" and (after.bound or after.sign or any(value >= 1000 for value, _ in one.readings))
        if one.kind == after.kind == "number" and between and len(between) <= 2 and is_list and not beside:
            is_range = between[0] in {"to", "-", "–", "and"}
            if between != [",", "or"] and {*between} <= {",", "and", "to", "-", "–", "or", "from"}:
                if not one.unit and one.factor == 1 and after.factor != 1 and (after.unit or is_range):
                    one.readings = tuple((value * after.factor, half * after.factor) for value, half in one.readings)
                    one.factor = after.factor
                if not one.unit:
                    one.unit = after.unit
                elif one.unit in CURRENCIES and not after.unit:
                    after.unit = one.unit
