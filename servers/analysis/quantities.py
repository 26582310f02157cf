"""`quantities`: the figures of an English text, in digits and in words, each with its value, unit and bound.

A small grammar over words, read once from left to right; nothing in it goes back, so a long text costs what it is long.
A figure that cannot be read for certain is one all the same, of the kind `unreadable`: digits of other scripts, digits
with something hidden or some markup between them, letters that pass for digits. What counts nothing is passed over: the
number of a list's item, of a step or a version, an identifier (`p95`, `INC-1042`).
"""

import calendar
import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal
from unicodedata import category, numeric

Kind = Literal["number", "part", "times", "rank", "date", "weekday", "unreadable"]
Span = tuple[int, int]
"""First and last day of a period, as ordinals of `datetime.date`."""

LONGEST_NUMBER = 30
"""Characters; what is longer is unreadable."""


WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def _numbered(name: str, first: int, step: int = 1) -> dict[str, int]:
    return {word: first + step * place for place, word in enumerate(WORDS[name].split())}


_ONES, _TENS, _ORDINALS = _numbered("ones", 0), _numbered("tens", 20, 10), _numbered("ordinals", 1)
_SCALES: dict[str, float] = WORDS["scales"]
_SUFFIXES: dict[str, float] = WORDS["suffixes"]
_VAGUE: dict[str, tuple[float, float]] = WORDS["vague"]
_PARTS: dict[str, int] = WORDS["parts"]
_GLYPHS: dict[str, float] = WORDS["glyphs"]
_TIMES = {word: float(value) for value, words in WORDS["times"].items() for word in words.split()}
MULTIPLYING = {word for word in _TIMES if word.endswith(("ed", "ing", "es"))}
UNITS = {
    word: (str(kind), float(factor))
    for kind, rows in WORDS["units"].items()
    for factor, words in rows.items()
    for word in words.split()
}
"""Each unit's kind, and how much of that kind's base it is."""
CURRENCIES = {"EUR", "USD", "GBP", "JPY", "CHF"}
_BOUND = sorted(
    ((tuple(words.split()), str(name)) for name, rows in WORDS["bounds"].items() for words in rows.split(", ")),
    key=lambda pair: -len(pair[0]),
)
_MONTHS = {short: n for name, n in _numbered("months", 1).items() for short in (name, name[:3])} | {"sept": 9}
_DAYS = {each: n for name, n in _numbered("weekdays", 0).items() for each in (name, f"{name}s")}
_ALIKE, _LABELS, _RANKED = (frozenset(WORDS[name].split()) for name in ("alike", "labels", "ranked"))
_RANKING = re.compile(r"\w+est\Z|most|least|best|worst|place|position|rank|top|in")
_LINKS = re.compile(r"\]\([^()\s]{0,500}\)|https?://\S{1,500}")
_MARKUP = (
    r"\*+(?!\s)|(?<!\s)\*+|`+|~~|\\|</?[A-Za-z][^<>\n]{0,200}>"
    r"|(?<=[0-9])_+(?=[0-9])|(?<![^\W_])_+|(?<=[^\W_])_+(?![^\W_])"
)
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_HIDDEN = {"Cf", "Cc", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp"}
_SPACES = " \u00a0\u2009\u202f"
_DIGITS = (
    rf"[0-9]{{1,3}}(?P<comma>[,.'\u2019{_SPACES}])[0-9]{{3}}(?:(?P=comma)[0-9]{{3}})*(?![0-9])(?:[.,][0-9]+(?![0-9]))?"
    r"|[0-9]+(?:[.,][0-9]+)?"
)
_TOKEN = rf"""
    (?P<odd>ODD)
  | (?P<iso>[12][0-9]{{3}}-[01][0-9](?:-[0-3][0-9](?:T[0-9:.]{{1,20}}Z?)?)?(?![0-9-]))
  | (?P<dmy>[0-3]?[0-9][./][0-3]?[0-9][./](?:19|20)[0-9]{{2}}(?![0-9]))
  | (?P<clock>[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?![0-9]))
  | (?P<num>{_DIGITS})
  | (?P<code>(?:EUR|USD|GBP|JPY|CHF)(?=[0-9]))
  | (?P<ident>[^\W\d_]+_*[0-9]\w*|[^\W\d_]+_\w*)
  | (?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)?)
  | (?P<line>[^\S\n]*\n\s*)
  | (?P<space>[^\S\n]+)
  | (?P<sign>.)
"""


@dataclass(slots=True)
class Quantity:
    """A figure of a text.

    Attributes:
        first, last: The tokens that it is made of, its bound's words among them.
        kind: `part` is a fraction in percent (`a third`), `times` a ratio, `rank` a place in an order.
        readings: What it may show, each with the half of the last place that it shows: `1,234` has two.
        unit: Its unit's kind, as in `UNITS`; the value is in that kind's base.
        bound: `about`, `nearly`, `over`, `just over`, `under`, or nothing.
        sign: That of a written sign; 0 without one.
        rate: `day` of `a day`, `week`, `month`, `hour`, `year`.
        factor: What its readings were multiplied with.
        spelled: Whether it is in words.
        periods: Where a date may lie: one period for each year that it may be of.
        weekday: Of a date with a weekday, or of a weekday alone.
        relative: Whether its date hangs on the one before it (`the next day`).
        of: The second number of `three of five`.
        why: Of an unreadable one.
        ends: The two periods of `from January to June`.
    """

    first: int
    last: int
    kind: Kind
    readings: tuple[tuple[float, float], ...] = ()
    unit: str = ""
    bound: str = ""
    sign: int = 0
    rate: str = ""
    factor: float = 1.0
    spelled: bool = False
    periods: tuple[Span, ...] = ()
    weekday: int | None = None
    relative: bool = False
    of: int | None = None
    why: str = ""
    ends: tuple[tuple[Span, ...], tuple[Span, ...]] = ((), ())

    def shows(self, value: float) -> bool:
        """Whether this is what a careful writer makes of `value`."""
        return any(self._shows(value, shown, half) for shown, half in self.readings)

    def _shows(self, value: float, shown: float, half: float) -> bool:
        least = abs(shown) * 1e-9 + 1e-12
        if self.kind == "part":
            half *= 2.2 if self.bound == "about" else 1
        # `over 1.9 million` leaves more room than `over 1,924,938`
        room = max(half, abs(shown) * min(0.5, 20 * half / (abs(shown) + least)))
        if self.bound == "over":
            return shown - least <= value <= shown + room
        if self.bound == "just over":
            return shown - least <= value <= shown + min(room, 0.08 * abs(shown))
        if self.bound == "under":
            return shown - room <= value <= shown + least
        if self.bound == "nearly":
            return shown - max(0.1 * abs(shown), half) <= value <= shown + half / 2
        if self.bound == "about":
            half = max(half, 0.05 * abs(shown))
        return abs(value - shown) <= half + least


@dataclass(slots=True)
class Words:
    """A text as tokens: the words in small letters, their kinds, and where each stands in the text as it was given."""

    text: str
    lows: list[str] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    tight: list[bool] = field(default_factory=list)
    """Whether nothing stands between a token and the one before."""
    broken: set[int] = field(default_factory=set)
    """Tokens with markup or something hidden inside."""

    def low(self, at: int) -> str:
        """The token at a place, an empty text beyond both ends."""
        return self.lows[at] if 0 <= at < len(self.lows) else ""

    def kind(self, at: int) -> str:
        """Its kind."""
        return self.kinds[at] if 0 <= at < len(self.kinds) else ""


def words_of(text: str) -> Words:
    """The tokens of a text. Markup and hidden characters are left out; what stood round them is one token, broken."""
    seen = _LINKS.sub(lambda found: " " * len(found[0]), text)
    seen = re.sub(r"&nbsp;", "      ", re.sub(r"&#\w{1,8};", lambda found: "\ufffd" * len(found[0]), seen))
    strange = {each for each in set(seen) if each > "\x7f"} | {each for each in set(seen) if each < " "} - {"\n", "\t"}
    hidden = "".join(map(re.escape, sorted(each for each in strange if category(each) in _HIDDEN)))
    odd = {each for each in strange if numeric(each, None) is not None and each not in _GLYPHS and each not in "²³"}
    odd |= {"\ufffd"} & strange
    kept: list[str] = []
    places: list[int] = []
    end = 0
    for found in re.finditer(f"{_MARKUP}|[{hidden}]" if hidden else _MARKUP, seen):
        kept.append(seen[end : found.start()])
        places.extend(range(end, found.start()))
        end = found.end()
    kept.append(seen[end:])
    places.extend(range(end, len(seen)))
    clean = "".join(kept)
    digits = "".join(map(re.escape, sorted(odd)))
    pattern = _TOKEN.replace("ODD", f"[0-9.,]*[{digits}][0-9.,{digits}]*" if odd else "(?!)")
    made = Words(text)
    end = -1
    for found in re.finditer(pattern, clean, re.VERBOSE):
        kind, raw = str(found.lastgroup), found[0]
        if kind == "line":
            ahead = clean[found.end() : found.end() + 1]
            line = clean.rfind("\n", 0, found.start()) + 1
            begins = clean[line : line + 1]
            if raw.count("\n") == 1 and ahead not in "|-*#+>0123456789•" and begins not in "#|":
                continue  # a line that was only wrapped
        if kind == "space":
            continue
        start, last = places[found.start()], places[found.end() - 1] + 1
        if last - start != len(raw):
            made.broken.add(len(made.lows))
        made.lows.append(raw.lower().removesuffix("'s").removesuffix("\u2019s"))
        made.raws.append(raw)
        made.kinds.append(kind)
        made.spans.append((start, last))
        made.tight.append(found.start() == end)
        end = found.end()
    return made


def quantities(words: Words, years: Collection[int]) -> list[Quantity]:
    """The figures of a text, in its order.

    Args:
        words: Its tokens.
        years: The years that a date without one may be of.
    """
    reader = _Reader(words, tuple(sorted(years)))
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
            each > "\x7f" and category(each) in _HIDDEN for each in inside
        ):
            one.kind, one.why = "unreadable", "something stands between its characters"
    if _OVERRIDES.search(words.text):
        for one in found:
            one.kind, one.why = "unreadable", "the text turns its direction"
    return found


def _share_units(words: Words, found: Sequence[Quantity]) -> None:
    """Give a figure the unit that stands behind the last of its list: `20, 30 and 40 %`, `between 1 and 2 million`."""
    for one, after in reversed(list(pairwise(found))):
        between = words.lows[one.last + 1 : after.first]
        if one.kind == after.kind == "number" and between and len(between) <= 2:
            is_range = between[0] in {"to", "-", "–", "and"}
            if {*between} <= {",", "and", "to", "-", "–", "or", "from"}:
                if not one.unit and one.factor == 1 and after.factor != 1 and (after.unit or is_range):
                    one.readings = tuple((value * after.factor, half * after.factor) for value, half in one.readings)
                    one.factor = after.factor
                if not one.unit:
                    one.unit = after.unit
                elif one.unit in CURRENCIES and not after.unit:
                    after.unit = one.unit


def _readings(raw: str) -> tuple[tuple[float, float], ...]:
    """What digits may show, each with the half of its last place. Nothing for what is too long."""
    raw = "".join("'" if each in f"\u2019{_SPACES}" else each for each in raw)
    if len(raw) > LONGEST_NUMBER:
        return ()
    texts: list[str] = []
    grouped = re.fullmatch(r"([0-9]{1,3})((?:([,.'])[0-9]{3})(?:\3[0-9]{3})*)(?:([.,])([0-9]+))?", raw)
    if grouped and not raw.startswith("0"):
        texts.append(grouped[1] + grouped[2].replace(grouped[3], "") + (f".{grouped[5]}" if grouped[5] else ""))
    if re.fullmatch("[0-9]+(?:[.,][0-9]+)?", raw):
        texts.append(raw.replace(",", "."))
    return tuple((float(text), _half(text)) for text in texts)


def _half(text: str) -> float:
    """Half of the last place that digits show. Zeros at the end of a whole number may have been rounded to."""
    whole, _, decimals = text.partition(".")
    if decimals:
        return 0.5 / 10 ** len(decimals)
    zeros = len(whole) - len(whole.rstrip("0"))
    return max(0.5, min(0.5 * 10**zeros, 0.03 * float(whole)))


class _Reader:
    """Reads figures off tokens. What it is asked for stands at a place; `None` where there is none."""

    def __init__(self, words: Words, years: tuple[int, ...]) -> None:
        self.words, self.low, self.kind = words, words.low, words.kind
        self.years = years
        self.anchor: tuple[Span, ...] = ()
        self.part_of_year = ""

    def is_item(self, at: int, before: int) -> bool:
        """Whether the number of a list's item stands here: at the head of a line, one more than the item before."""
        head = (
            at == 0
            or self.kind(at - 1) == "line"
            or (self.low(at - 1) == "#" and self.kind(at - 2) in ("line", "", "sign"))
        )
        number = self.low(at)
        return (
            head
            and self.kind(at) == "num"
            and number.isdigit()
            and len(number) < 4
            and (int(number) in (1, before + 1) or (at == 0 and int(number) < 21))
            and self.low(at + 1) in (".", ")")
            and self.words.tight[at + 2 : at + 3] != [True]
        )

    # ---- dates

    def date(self, at: int) -> Quantity | None:
        """A date, a month, a year, a quarter, a weekday, a range of these, or a date that hangs on the one before."""
        one = self._relative(at) or self._one_date(at)
        if one is None:
            return None
        joint = self.low(one.last + 1)
        is_range = joint in {"to", "until", "through", "till", "-", "–"} or (
            joint == "and" and self.low(one.first - 1) == "between"
        )
        if is_range and one.kind == "date" and not one.relative:
            end = self._one_date(one.last + 2)
            if end and end.kind == "date":
                one = Quantity(
                    one.first,
                    end.last,
                    "date",
                    periods=_from_to(one.periods, end.periods),
                    ends=(one.periods, end.periods),
                )
        if one.kind == "date":
            self.anchor = one.periods
        return one

    def _one_date(self, at: int) -> Quantity | None:
        kind, low = self.kind(at), self.low(at)
        if kind == "iso":
            return Quantity(at, at, "date", periods=spans_of(low))
        if kind == "dmy":
            day, month, year = (int(part) for part in re.split("[./]", low))
            orders = [(month, day)] + [(day, month)] * ("/" in low)
            return Quantity(at, at, "date", periods=tuple(each for order in orders for each in _span(year, *order)))
        if low in _DAYS:
            behind = at + 1 + (self.low(at + 1) == ",")
            day = self._one_date(behind) if self.kind(behind) in ("num", "word", "iso") else None
            if day and day.kind == "date" and all(first == last for first, last in day.periods):
                return Quantity(at, day.last, "date", periods=day.periods, weekday=_DAYS[low])
            return Quantity(at, at, "weekday", weekday=_DAYS[low])
        if re.fullmatch("[qh][1-4]", low) and (low[0] == "q" or low < "h3"):
            return self._part_of_year(at, at + 1, low[0] == "q", int(low[1]))
        is_short = self.kind(at + 1) in ("sign", "line", "") or self.low(at + 1) in ("was", "and", "it", "then", "to")
        if low in _ORDINALS and self.part_of_year and self.low(at - 1) == "the" and is_short:
            return self._part_of_year(at, at + 1, self.part_of_year == "quarter", _ORDINALS[low])  # `in the third`
        if low in _ORDINALS and self.low(at + 1) in ("quarter", "half") and self.low(at - 1) in ("the", "and", "in"):
            return self._part_of_year(at, at + 2, self.low(at + 1) == "quarter", _ORDINALS[low])
        if kind == "num" and low.isdigit() and len(low) == 4 and self._is_year(at):
            return Quantity(at, at, "date", periods=_span(int(low)))
        if self._is_month(at):
            return self._after_month(at)
        if first := self._day_number(at):
            behind = first[1]
            if self.low(behind) in ("-", "–", "to", "and") and (second := self._day_number(behind + 1)):
                month = second[1] + (self.low(second[1]) == "of")
                if self._is_month(month):
                    year, last = self._year_behind(month + 1)
                    of = _MONTHS[self.low(month)]
                    periods = _from_to(self._spans(year, of, first[0]), self._spans(year, of, second[0]))
                    return Quantity(at, last, "date", periods=periods)
            month = behind + (self.low(behind) == "of")
            if self._is_month(month):
                year, last = self._year_behind(month + 1)
                return Quantity(at, last, "date", periods=self._spans(year, _MONTHS[self.low(month)], first[0]))
        return None

    def _after_month(self, at: int) -> Quantity:
        month = _MONTHS[self.low(at)]
        behind = at + 1 + (self.low(at + 1) == "." and len(self.low(at)) < 5)
        day = self._day_number(behind)
        if day is None or self.low(day[1]) in ("%", "percent", "ms", "orders"):
            year, last = self._year_behind(behind)
            return Quantity(at, last if year else at, "date", periods=self._spans(year, month))
        number, behind = day
        if self.low(behind) in ("-", "–") and (end := self._day_number(behind + 1)):
            year, last = self._year_behind(end[1])
            return Quantity(
                at, last, "date", periods=_from_to(self._spans(year, month, number), self._spans(year, month, end[0]))
            )
        year, last = self._year_behind(behind)
        return Quantity(at, last, "date", periods=self._spans(year, month, number))

    def _part_of_year(self, at: int, behind: int, is_quarter: bool, number: int) -> Quantity:
        year, last = self._year_behind(behind + (self.low(behind) == "of"))
        last = last if year else behind - 1
        months = 3 if is_quarter else 6
        self.part_of_year = "quarter" if is_quarter else "half"
        if number > 12 // months:
            return Quantity(at, last, "date")
        first = months * (number - 1) + 1
        starts, ends = self._spans(year, first), self._spans(year, first + months - 1)
        return Quantity(
            at, last, "date", periods=tuple((start[0], end[1]) for start, end in zip(starts, ends, strict=True))
        )

    def _relative(self, at: int) -> Quantity | None:
        low, behind = self.low(at), at + 1
        shift, unit = 0, self.low(at + 1)
        steps = {"next": 1, "following": 1, "previous": -1, "preceding": -1, "prior": -1, "same": 0}
        if low in steps and unit in ("day", "week", "month", "quarter", "year"):
            shift = steps[low]
        elif low in ("day", "week", "month") and self.low(at + 1) in ("before", "after", "later", "earlier"):
            unit, shift = low, 1 if self.low(at + 1) in ("after", "later") else -1
            for place in range(at + 2, at + 8):
                if self.low(place) in (",", "."):
                    break
                if (of := self._one_date(place)) and of.periods:  # `the day after the storm of 4 March`
                    periods = tuple(moved(each, unit, shift) for each in of.periods)
                    return Quantity(at, of.last, "date", periods=periods, relative=True)
        elif (count := self._count(at)) and self.low(at + 1).rstrip("s") in ("day", "week", "month", "year"):
            unit, behind, ahead = self.low(at + 1).rstrip("s"), at + 2, self.low(at + 2)
            if ahead not in ("later", "earlier", "before", "after", "afterwards"):
                return None
            shift = count if ahead[0] in "la" else -count
        else:
            return None
        if not self.anchor and low == "same":
            return None
        return Quantity(
            at, behind, "date", periods=tuple(moved(each, unit, shift) for each in self.anchor), relative=True
        )

    def _count(self, at: int) -> int:
        low = self.low(at)
        return (
            1
            if low in ("a", "one")
            else _ONES.get(low, 0) or (int(low) if low.isdecimal() and len(low) < 4 and low.isascii() else 0)
        )

    def _is_month(self, at: int) -> bool:
        low = self.low(at)
        if low not in _MONTHS or self.kind(at) != "word" or not self.words.raws[at][0].isupper():
            return False
        first = at == 0 or self.low(at - 1) in ".!?" or self.kind(at - 1) == "line"
        is_plain_word = low in ("may", "march", "mar") and first
        return not is_plain_word or self.kind(at + 1) == "num" or low == "march"

    def _is_year(self, at: int) -> bool:
        ahead, behind = self.low(at + 1), self.low(at - 1)
        if not 1900 <= int(self.low(at)) <= 2100 or ahead in UNITS or ahead in _SCALES or behind in UNITS:
            return False
        if self.kind(at + 1) != "word" or self.low(at - 1) in {"in", "since", "during", "year", "for", "by", "until"}:
            return True
        return ahead in {
            "was",
            "is",
            "were",
            "saw",
            "had",
            "has",
            "and",
            "to",
            "as",
            "brought",
            "with",
            "on",
            "than",
            "at",
        }

    def _day_number(self, at: int) -> tuple[int, int] | None:
        """A day of a month, and the place behind it."""
        low = self.low(at)
        if self.kind(at) != "num" or not low.isdigit() or len(low) > 2 or not 1 <= int(low) <= 31:
            return None
        ending = self.low(at + 1) in ("st", "nd", "rd", "th") and self.words.tight[at + 1]
        return int(low), at + 1 + ending

    def _year_behind(self, at: int) -> tuple[int | None, int]:
        """The year at a place, perhaps behind a comma, and the last token of the date."""
        place = at + (self.low(at) in (",", "of"))
        low = self.low(place)
        if self.kind(place) == "num" and low.isdigit() and len(low) == 4 and 1900 <= int(low) <= 2100:
            return int(low), place
        return None, at - 1

    def _spans(self, year: int | None, month: int, day: int = 0) -> tuple[Span, ...]:
        years = (year,) if year else self.years[-20:]
        return tuple(each for one in years for each in _span(one, month, day))

    # ---- numbers

    def figure(self, at: int, floor: int) -> Quantity | None:
        """Any figure but a date; `floor` is the first token that no other figure has."""
        kind, raw = self.kind(at), self.words.raws[at]
        if kind == "odd":
            return Quantity(at, at, "unreadable", why="its digits are not those of plain text")
        if kind == "clock":
            return Quantity(at, at, "unreadable", why="it is a time of day, or a ratio")
        if kind in ("ident", "word"):
            percent = self.low(at + 1) in ("%", "percent")
            strange = kind == "ident" and any(each > "\x7f" and each not in "²³" for each in raw)
            if strange or (percent and (kind == "ident" or {*raw} <= _ALIKE)):
                return Quantity(at, at, "unreadable", why="it holds letters that pass for digits")
        if raw in _GLYPHS:
            kind_of: Kind = "unreadable" if self.kind(at - 1) == "num" else "part"
            return self._bounded(
                Quantity(at, at, kind_of, ((_GLYPHS[raw], 1.5),), "%", why="a number and a fraction"), floor
            )
        if kind == "num":
            return self._digits(at, floor)
        return self._in_words(at, floor) if kind == "word" else None

    def _digits(self, at: int, floor: int) -> Quantity | None:
        low, behind = self.low(at), self.low(at - 1)
        ending = self.low(at + 1) if self.words.tight[at + 1 : at + 2] == [True] else ""
        if ending in ("st", "nd", "rd", "th"):
            return self._rank(at, at + 1, int(low)) if low.isdigit() and len(low) < 4 else None
        if ending == "/" and self.kind(at + 2) == "num" and self.words.tight[at + 2]:
            top, bottom = _readings(low), _readings(self.low(at + 2))
            if top and bottom and bottom[0][0]:
                return self._bounded(Quantity(at, at + 2, "part", ((100 * top[0][0] / bottom[0][0], 1.5),), "%"), floor)
        readings = _readings(low)
        if not readings:
            return Quantity(at, at, "unreadable", why="it is too long")
        one = self._with_unit(Quantity(at, at, "number", readings), at + 1)
        plain = not one.unit and one.factor == 1 and one.kind == "number"
        is_code = behind == "-" and at > 1 and self.words.raws[at - 2].isupper() and self.words.tight[at - 1]
        label = behind in _LABELS or (behind == "." and self.low(at - 2) in _LABELS) or behind == "#" or is_code
        if plain and (label or (behind == "[" and self.low(at + 1) == "]")):
            return None
        if ending and plain and self.kind(at + 1) in ("word", "ident"):
            return Quantity(at, at + 1, "unreadable", why="digits and letters are mixed in it")
        return self._bounded(one, floor)

    def _with_unit(self, one: Quantity, at: int) -> Quantity:
        """`one` with what stands behind its number: a scale, a unit, `times`, a rate, a second number."""
        low = self.low(at)
        tight = self.words.tight[at : at + 1] == [True]
        raw = self.words.raws[at] if at < len(self.words.raws) else ""
        scale = _SCALES.get(low) or (_SUFFIXES.get(low) if tight or raw in ("k", "M", "bn", "K") else None)
        if low == "m" and not tight:
            scale = None
        if exponent := re.fullmatch("e([0-9]{1,2})", low) if tight else None:
            scale = 10.0 ** int(exponent[1])
        if scale:
            readings = (
                (value * scale, min(half * scale, max(0.12 * value * scale, 0.5))) for value, half in one.readings
            )
            one.readings, one.factor, one.last = tuple(readings), scale, at
            at += 1
        hyphen = self.low(at) == "-" and self.words.tight[at] and self.words.tight[at + 1 : at + 2] == [True]
        place = at + hyphen
        low = self.low(place)
        if low in ("times", "fold") or (low in ("x", "×") and self.words.tight[place]):
            one.kind, one.last = "times", place
            return one
        pair = (low, self.low(place + 1))
        if pair in (("per", "cent"), ("percentage", "points"), ("percentage", "point"), ("%", "points"), ("%", "-")):
            is_points = pair[1].startswith("point")
            if pair != ("%", "-"):
                one.unit, one.last = ("pp" if is_points else "%"), place + 1
            else:
                one.unit, one.last = "%", place
        elif low in UNITS and (len(low) > 1 or low in "s%€$£¥h") and not (low == "points" and not one.readings):
            kind, factor = UNITS[low]
            one.unit, one.last = kind, place
            one.readings = tuple((value * factor, half * factor) for value, half in one.readings)
            one.factor *= factor
        at = one.last + 1
        if self.low(at) in ("/", "per", "a", "each", "every", "an") and self.low(at + 1) in (
            "day",
            "week",
            "month",
            "hour",
            "year",
        ):
            one.rate, one.last = self.low(at + 1), at + 1
        elif not one.unit and one.factor == 1:
            self._second_number(one, at)
        return one

    def _second_number(self, one: Quantity, at: int) -> None:
        """The `of five` of `three of five`, `three out of five`, `one in five`."""
        low = self.low(at)
        place = at + 2 if (low, self.low(at + 1)) == ("out", "of") else at + 1
        if low not in ("of", "in", "out"):
            return
        place += self.low(place) in ("the", "all")
        if self.kind(place) == "num" and self.low(place).isdigit() and not self._one_date(place):
            total, last = int(self.low(place)[:9]), place
        elif spelled := self._spelled(place):
            total, last = int(spelled[0]), spelled[2] - 1
        else:
            return
        first = one.readings[0][0]
        if (
            first <= total <= 1000
            and first == int(first)
            and self.low(last + 1) not in UNITS
            and (low != "in" or first < 10)
        ):
            one.of, one.last = total, last

    def _spelled(self, at: int) -> tuple[float, float, int] | None:
        """A number in words: its value, the half of its last place, the place behind it."""
        start, total, current = at, 0.0, 0.0
        if self.low(at) in ("a", "an") and self.low(at + 1) in _SCALES:
            current, at = 1.0, at + 1
        elif self.low(at) == "half" and self.low(at + 1) in ("a", "an") and self.low(at + 2) in _SCALES:
            return 0.5 * _SCALES[self.low(at + 2)], 0.05 * _SCALES[self.low(at + 2)], at + 3
        while at - start < 20:
            low = self.low(at)
            if low in _ONES or low in _TENS:
                current += _ONES.get(low, 0) or _TENS.get(low, 0)
            elif low == "hundred" and at > start - 1 and (current or total):
                current *= 100
            elif low in _SCALES and current:
                total, current = total + current * _SCALES[low], 0.0
            elif (
                low == "and"
                and self.low(at - 1) in _SCALES
                and (self.low(at + 1) in _ONES or self.low(at + 1) in _TENS)
            ) or (low == "-" and self.low(at - 1) in _TENS and self.low(at + 1) in _ONES):
                pass
            elif low == "point" and self.low(at + 1) in _ONES and at > start:
                return total + current + _ONES[self.low(at + 1)] / 10, 0.05, at + 2
            else:
                break
            at += 1
        if at == start:
            return None
        if [self.low(at + step) for step in range(3)] == ["and", "a", "half"]:
            scale = _SCALES.get(self.low(at + 3), 1.0)
            return (current + 0.5) * scale, 0.05 * scale, at + 3 + (scale != 1)
        value = total + current
        return value, _half(str(int(value))), at

    def _in_words(self, at: int, floor: int) -> Quantity | None:
        low, ahead, behind = self.low(at), self.low(at + 1), self.low(at - 1)
        if low in _TIMES and not (low == "double" and ahead in ("-", "digit", "check")):
            half = {0.5: 0.04, 2: 0.12}.get(_TIMES[low], 0.2)
            return self._bounded(Quantity(at, at, "times", ((_TIMES[low], half),), spelled=True), floor)
        if low == "tens" and ahead == "of" and self.low(at + 2) in _VAGUE:
            return self._vague(at, at + 2, 10)
        if low in _VAGUE and ahead == "of":
            return self._vague(at, at + 2, 100) if self.low(at + 2) in _VAGUE else self._vague(at, at)
        if low in ("a", "one", "half") and (part := self._part(at, 1, at + (low != "half"), floor)):
            return part
        if spelled := self._spelled(at):
            value, half, behind_it = spelled
            if part := self._part(at, value, behind_it + (self.low(behind_it) == "-"), floor):
                return part
            one = self._with_unit(Quantity(at, behind_it - 1, "number", ((value, half),), spelled=True), behind_it)
            lonely = value == 1 and one.last == at and not one.unit
            if value == 1 and one.unit == "time" and one.factor >= 86400:  # `on one day`
                return None
            return (
                None
                if lonely and (behind in ("the", "no", "this", "that", "each") or ahead in ("of", "is", "-"))
                else self._bounded(one, floor)
            )
        if low in _ORDINALS:
            return self._rank(at, at, _ORDINALS[low])
        return None

    def _vague(self, at: int, last: int, times: float = 1) -> Quantity:
        least, most = _VAGUE[self.low(last)]
        least, most = (least / 2 * times, most / 2 * times) if last > at else (least, most)
        return Quantity(at, last, "number", (((least + most) / 2, (most - least) / 2),), spelled=True)

    def _part(self, at: int, top: float, place: int, floor: int) -> Quantity | None:
        """A fraction: `a third`, `two thirds`, `three-quarters`, `half`."""
        place += self.low(place) == "-"
        word, ahead = self.low(place), self.low(place + 1)
        bottom = _PARTS.get(word) or _PARTS.get(word.removesuffix("s")) or (2 if word == "halves" else None)
        singular = top == 1
        before = {self.low(at - step) for step in range(1, 4)}
        if bottom is None or singular == (word.endswith("s") and word != "halves") or not top < bottom:
            return None
        if word == "half" and "and" in (self.low(at - 1), self.low(place - 2)):  # `a minute and a half`
            return None
        if word == "half" and (ahead in ("a", "an", "year", "-") or "second" in before or "first" in before):
            return None
        is_clear = ahead in (
            "of",
            "as",
            "the",
            "its",
            "",
            ",",
            ".",
            ";",
            ")",
            "more",
            "less",
            "higher",
            "lower",
            "fewer",
            "from",
            "below",
            "above",
        )
        if (
            word in ("third", "quarter", "fourth", "fifth")
            and singular
            and not (is_clear or before & {"by", "up", "down"})
        ):
            return None
        value = 100 * top / bottom
        return self._bounded(Quantity(at, place, "part", ((value, max(1.5, 0.02 * value)),), "%", spelled=True), floor)

    def _rank(self, at: int, last: int, number: int) -> Quantity | None:
        ahead = last + 1 + (self.low(last + 1) == "-")
        low = self.low(ahead)
        if low == "percentile":
            return None
        ranks = _RANKING.match(low) if self.kind(ahead) == "word" else None
        if (ranks and low != "in") or self.low(at - 1) in _RANKED or (self.low(at - 1) == "in" and low == "place"):
            return Quantity(at, ahead if ranks else last, "rank", ((number, 0.0),), spelled=last == at)
        if last > at and self.low(at - 1) == "the" and self.anchor:
            periods = tuple(each for first, _ in self.anchor for each in _day_of(first, number))
            return Quantity(at, last, "date", periods=periods, relative=True)
        if (low == "time" and number > 1) or last > at:
            return Quantity(at, last, "unreadable", why="a place in an order that is not named")
        return None

    def _bounded(self, one: Quantity, floor: int) -> Quantity:
        """`one` with what stands before its number: a currency, a sign, a bound."""
        at = one.first
        for _ in range(2):
            low = self.low(at - 1)
            if at - 1 < floor:
                break
            if UNITS.get(low, ("", 1))[0] in CURRENCIES and not one.unit:
                one.unit, at = UNITS[low][0], at - 1
            elif low in ("-", "\u2212", "+", "minus", "plus", "–") and not self._joins(at - 1):
                one.sign, at = (1 if low in ("+", "plus") else -1), at - 1
        for phrase, name in _BOUND:
            size = len(phrase)
            if at - size >= floor and all(self.low(at - size + step) == each for step, each in enumerate(phrase)):
                one.bound, at = name, at - size
                break
        if self.low(one.last + 1) == "or" and self.low(one.last + 2) in ("so", "more"):
            one.bound, one.last = ("about" if self.low(one.last + 2) == "so" else "over"), one.last + 2
        one.first = at
        return one

    def _joins(self, at: int) -> bool:
        """Whether a hyphen or a dash joins two things, and is no sign of a number."""
        tight = self.words.tight
        spaced_after = tight[at + 1 : at + 2] != [True]
        return (tight[at] and at > 0 and self.kind(at - 1) in ("word", "num", "ident", "iso")) or (
            self.low(at) in "-–" and spaced_after
        )


# ---- periods


def spans_of(when: str) -> tuple[Span, ...]:
    """The period that ISO 8601 names: a day, a month, a year, or two of these with a slash between. Perhaps none."""
    first, slash, last = when.partition("/")
    if slash:
        return _from_to(spans_of(first), spans_of(last))
    named = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ].*)?)?)?", when)
    return _span(*(int(part) for part in named.groups() if part)) if named else ()


def _span(year: int, month: int = 0, day: int = 0) -> tuple[Span, ...]:
    """A period; none where the calendar has none."""
    try:
        first = date(year, month or 1, day or 1)
        last = first if day else date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    except ValueError:
        return ()
    return ((first.toordinal(), last.toordinal()),)


def _day_of(ordinal: int, day: int) -> tuple[Span, ...]:
    month = date.fromordinal(ordinal)
    return _span(month.year, month.month, day)


def _from_to(starts: Sequence[Span], ends: Sequence[Span]) -> tuple[Span, ...]:
    """Periods from a start to the next end."""
    pairs = ((first, min((last for _, last in ends if last >= first), default=None)) for first, _ in starts)
    return tuple((first, last) for first, last in pairs if last is not None)


def moved(span: Span, unit: str, steps: int) -> Span:
    """The period so many days, weeks, months, quarters or years away."""
    first, last = (date.fromordinal(each) for each in span)
    if unit in ("day", "week"):
        days = (7 if unit == "week" else 1) * steps
        return (first + timedelta(days)).toordinal(), (last + timedelta(days)).toordinal()
    size = {"month": 1, "quarter": 3, "year": 12}[unit]
    number = (
        first.year * 12 + first.month - 1 if unit != "quarter" else (first.year * 12 + first.month - 1) // 3 * 3
    ) + size * steps
    end = number + size - 1
    start = date(number // 12, number % 12 + 1, 1)
    return start.toordinal(), date(end // 12, end % 12 + 1, calendar.monthrange(end // 12, end % 12 + 1)[1]).toordinal()


def years_of(spans: Iterable[Span]) -> set[int]:
    """The years in which periods begin or end."""
    return {date.fromordinal(each).year for span in spans for each in span}
