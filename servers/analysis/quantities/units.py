"""`UnitReader`: what stands behind a number and before it, and numbers in words."""

import re

from servers.analysis.quantities.dates import DateReader
from servers.analysis.quantities.quantity import Quantity, half_of
from servers.analysis.quantities.vocabulary import ADDS, BOUND, CURRENCIES, ONES, SCALES, SUFFIXES, TENS, UNITS


class UnitReader(DateReader):
    """Reads scales, units, rates, bounds and signs."""

    def _with_unit(self, one: Quantity, at: int) -> Quantity:
        """`one` with what stands behind its number: a scale, a unit, `times`, a rate, a second number."""
        low = self.low(at)
        tight = self.words.tight[at : at + 1] == [True]
        raw = self.words.raws[at] if at < len(self.words.raws) else ""
        scale = SCALES.get(low) or (SUFFIXES.get(low) if tight or raw in ("k", "M", "bn", "K") else None)
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
        if (
            self.kind(place) == "word"
            and low not in UNITS
            and self.low(place + 1) in ("days", "weeks")
            and low not in ("of", "in")
        ):
            place, low = place + 1, self.low(place + 1)  # `28 trading days`
        if low == "times" and one.readings and one.readings[0][0] >= 100:  # `was ordered 8,434 times`
            return one
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
        elif (
            self.kind(at) == "word" and self.low(at) != "in" and self.low(at + 1) in ("per", "a", "an", "each", "every")
        ):  # `12 orders a day`
            one.rate = self.low(at + 2) if self.low(at + 2) in ("day", "week", "month", "hour", "year") else ""
        elif not one.unit and one.factor == 1:
            self._second_number(one, at)
        return one

    def _second_number(self, one: Quantity, at: int) -> None:
        """The `of five` of `three of five`, `three out of five`, `one in five`."""
        low = self.low(at)
        if one.readings[0][0] == 1 and low not in ("of", "out") and self.low(at + 1) == "in":
            at, low = at + 1, "in"  # `one order in ten`
        place = at + 2 if (low, self.low(at + 1)) == ("out", "of") else at + 1
        if low not in ("of", "in", "out"):
            return
        place += self.low(place) in ("the", "all", "our", "its")
        if self.kind(place) == "num" and self.low(place).isdigit() and not self._one_date(place):
            total, last = int(self.low(place)[:9]), place
        elif spelled := self._spelled(place):
            total, last = int(spelled[0]), spelled[2] - 1
        else:
            return
        first = one.readings[0][0]
        if (
            first <= total <= 100
            and first == int(first)
            and self.low(last + 1) not in UNITS
            and (low != "in" or first < 10)
        ):
            one.of, one.last = total, last

    def _spelled(self, at: int) -> tuple[float, float, int] | None:
        """A number in words: its value, the half of its last place, the place behind it."""
        start, total, current = at, 0.0, 0.0
        if self.low(at) in ("a", "an") and self.low(at + 1) in SCALES:
            current, at = 1.0, at + 1
        elif self.low(at) == "half" and self.low(at + 1) in ("a", "an") and self.low(at + 2) in SCALES:
            return 0.5 * SCALES[self.low(at + 2)], 0.05 * SCALES[self.low(at + 2)], at + 3
        while at - start < 20:
            low = self.low(at)
            if low in ONES or low in TENS:
                current += ONES.get(low, 0) or TENS.get(low, 0)
            elif low == "hundred" and at > start - 1 and (current or total):
                current *= 100
            elif low in SCALES and current:
                total, current = total + current * SCALES[low], 0.0
            elif (
                low == "and" and self.low(at - 1) in SCALES and (self.low(at + 1) in ONES or self.low(at + 1) in TENS)
            ) or (low == "-" and self.low(at - 1) in TENS and self.low(at + 1) in ONES):
                pass
            elif low == "point" and self.low(at + 1) in ONES and at > start:
                return total + current + ONES[self.low(at + 1)] / 10, 0.05, at + 2
            else:
                break
            at += 1
        if at == start:
            return None
        if [self.low(at + step) for step in range(3)] == ["and", "a", "half"]:
            scale = SCALES.get(self.low(at + 3), 1.0)
            return (current + 0.5) * scale, 0.15 * scale, at + 3 + (scale != 1)
        value = total + current
        return value, half_of(str(int(value))), at

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
        for phrase, name in BOUND:
            size = len(phrase)
            if phrase == ("up", "to") and self.low(at - 3) in ADDS:
                continue
            if at - size >= floor and all(self.low(at - size + step) == each for step, each in enumerate(phrase)):
                one.bound, at = name, at - size
                break
        if (self.low(at - 2), self.low(at - 1)) == ("factor", "of") and one.kind == "number":
            one.kind = "times"
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
