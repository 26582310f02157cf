"""`DateReader`: days, months, quarters, years, weekdays, ranges, and dates that hang on the one before."""

import re

from servers.analysis.quantities.periods import from_to, moved, span_of, spans_of
from servers.analysis.quantities.quantity import Quantity, Span
from servers.analysis.quantities.tokens import Words
from servers.analysis.quantities.vocabulary import HOLIDAYS, MONTHS, ONES, ORDINALS, SCALES, UNITS, WEEKDAYS


class DateReader:
    """Reads dates off tokens. What it is asked for stands at a place; `None` where there is none."""

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

    def date(self, at: int) -> Quantity | None:
        """A date, a month, a year, a quarter, a weekday, a range of these, or a date that hangs on the one before."""
        one = self._relative(at) or self._one_date(at)
        if one is None:
            return None
        joint = self.low(one.last + 1)
        is_range = joint in {"to", "until", "through", "till", "-", "–"} or (
            joint == "and" and self.low(one.first - 1) == "between"
        )
        is_range |= joint == "/" and self.kind(one.last) == self.kind(one.last + 2) == "iso"
        if is_range and one.kind == "date" and not one.relative:
            behind = one.last + 2
            while self.low(behind) in ("early", "mid", "late", "-", "the", "end", "of", "middle"):
                behind += 1
            end = self._one_date(behind)
            if end and end.kind == "date":
                one = Quantity(
                    one.first,
                    end.last,
                    "date",
                    periods=from_to(one.periods, end.periods),
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
            return Quantity(at, at, "date", periods=tuple(each for order in orders for each in span_of(year, *order)))
        if low in WEEKDAYS:
            behind = at + 1 + (self.low(at + 1) == ",")
            day = self._one_date(behind) if self.kind(behind) in ("num", "word", "iso") else None
            if day and day.kind == "date" and all(first == last for first, last in day.periods):
                return Quantity(at, day.last, "date", periods=day.periods, weekday=WEEKDAYS[low])
            return Quantity(at, at, "weekday", weekday=WEEKDAYS[low])
        if re.fullmatch("[qh][1-4]", low) and (low[0] == "q" or low < "h3"):
            return self._part_of_year(at, at + 1, low[0] == "q", int(low[1]))
        is_short = self.kind(at + 1) != "word" or self.low(at + 1) in ("was", "and", "it", "then", "to")
        if low in ORDINALS and self.part_of_year and self.low(at - 1) == "the" and is_short:
            return self._part_of_year(at, at + 1, self.part_of_year == "quarter", ORDINALS[low])  # `in the third`
        if low in ("final", "last", "closing", "opening", *ORDINALS) and self.low(at + 1) in ("quarter", "half"):
            is_quarter = self.low(at + 1) == "quarter"
            number = ORDINALS.get(low, 1 if low == "opening" else 4 if is_quarter else 2)
            return self._part_of_year(at, at + 2, is_quarter, number)
        months = self._count(at + 1) if low in ("first", "last", "final") and self.low(at + 2) == "months" else 0
        if 1 < months < 12:
            year, last = self._year_behind(at + 3 + (self.low(at + 3) == "of"))
            first = 1 if low == "first" else 13 - months
            ends = zip(self._spans(year, first), self._spans(year, first + months - 1), strict=True)
            return Quantity(at, last if year else at + 2, "date", periods=tuple((a, b) for (a, _), (_, b) in ends))
        if kind == "num" and low.isdigit() and len(low) == 4 and self._is_year(at):
            return Quantity(at, at, "date", periods=span_of(int(low)))
        if self._is_month(at):
            return self._after_month(at)
        for size in (3, 2, 1):
            if day := HOLIDAYS.get(tuple(self.low(at + step) for step in range(size))):
                year, last = self._year_behind(at + size)
                return Quantity(at, max(last, at + size - 1), "date", periods=self._spans(year, *day))
        if first := self._day_number(at):
            behind = first[1]
            if self.low(behind) in ("-", "–", "to", "and") and (second := self._day_number(behind + 1)):
                month = second[1] + (self.low(second[1]) == "of")
                if self._is_month(month):
                    year, last = self._year_behind(month + 1)
                    of = MONTHS[self.low(month)]
                    periods = from_to(self._spans(year, of, first[0]), self._spans(year, of, second[0]))
                    return Quantity(at, last, "date", periods=periods)
            month = behind + (self.low(behind) == "of")
            if self._is_month(month):
                year, last = self._year_behind(month + 1)
                return Quantity(at, last, "date", periods=self._spans(year, MONTHS[self.low(month)], first[0]))
        return None

    def _after_month(self, at: int) -> Quantity:
        month = MONTHS[self.low(at)]
        behind = at + 1 + (self.low(at + 1) == "." and len(self.low(at)) < 5)
        day = self._day_number(behind)
        if day is None or self.low(day[1]) in ("%", "percent", "ms", "orders"):
            year, last = self._year_behind(behind)
            return Quantity(at, last if year else at, "date", periods=self._spans(year, month))
        number, behind = day
        end = self._day_number(behind + 1) if self.low(behind) in ("-", "–", "and", "to") else None
        if end and (self.low(behind) != "and" or end[0] == number + 1) and end[0] > number:
            year, last = self._year_behind(end[1])
            return Quantity(
                at, last, "date", periods=from_to(self._spans(year, month, number), self._spans(year, month, end[0]))
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
        if (
            low in steps
            and self.low(at - 1) not in ("each", "every")
            and unit in ("day", "week", "month", "quarter", "year")
        ):
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
            else ONES.get(low, 0) or (int(low) if low.isdecimal() and len(low) < 4 and low.isascii() else 0)
        )

    def _is_month(self, at: int) -> bool:
        low = self.low(at)
        if low not in MONTHS or self.kind(at) != "word" or not self.words.raws[at][0].isupper():
            return False
        first = at == 0 or self.low(at - 1) in ".!?" or self.kind(at - 1) == "line"
        is_plain_word = low in ("may", "march", "mar") and first
        asks = self.low(at + 1) in ("i", "we", "it", "you", "they", "this", "that", "be", "the", "all")
        return not is_plain_word or not asks or low == "march"

    def _is_year(self, at: int) -> bool:
        ahead, behind = self.low(at + 1), self.low(at - 1)
        if not 1900 <= int(self.low(at)) <= 2100 or ahead in UNITS or ahead in SCALES or behind in UNITS:
            return False
        if self.kind(at + 1) != "word" or self.low(at - 1) in {
            "in",
            "since",
            "during",
            "year",
            "for",
            "by",
            "until",
            "of",
            "throughout",
        }:
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
        return tuple(each for one in years for each in span_of(one, month, day))
