"""`Reader`: numbers in digits and in words, fractions, ratios, places in an order."""

from servers.analysis.quantities.periods import day_of
from servers.analysis.quantities.quantity import Kind, Quantity, readings_of
from servers.analysis.quantities.units import UnitReader
from servers.analysis.quantities.vocabulary import (
    ALIKE,
    GLYPHS,
    LABELS,
    ORDINALS,
    PARTS,
    RANKED,
    RANKING,
    SCALES,
    TIMES,
    UNITS,
    VAGUE,
)


class Reader(UnitReader):
    """Reads figures of every kind."""

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
            if strange or (percent and (kind == "ident" or {*raw} <= ALIKE)):
                return Quantity(at, at, "unreadable", why="it holds letters that pass for digits")
        if raw in GLYPHS:
            kind_of: Kind = "unreadable" if self.kind(at - 1) == "num" else "part"
            return self._bounded(
                Quantity(at, at, kind_of, ((GLYPHS[raw], 1.5),), "%", why="a number and a fraction"), floor
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
            top, bottom = readings_of(low), readings_of(self.low(at + 2))
            if top and bottom and bottom[0][0]:
                return self._bounded(Quantity(at, at + 2, "part", ((100 * top[0][0] / bottom[0][0], 1.5),), "%"), floor)
        readings = readings_of(low)
        if not readings:
            return Quantity(at, at, "unreadable", why="it is too long")
        one = self._with_unit(Quantity(at, at, "number", readings), at + 1)
        plain = not one.unit and one.factor == 1 and one.kind == "number"
        is_code = behind == "-" and at > 1 and self.words.raws[at - 2].isupper() and self.words.tight[at - 1]
        label = behind in LABELS or (behind == "." and self.low(at - 2) in LABELS) or behind == "#" or is_code
        if plain and (label or (behind == "[" and self.low(at + 1) == "]")):
            return None
        if ending and plain and self.kind(at + 1) in ("word", "ident"):
            return Quantity(at, at + 1, "unreadable", why="digits and letters are mixed in it")
        return self._bounded(one, floor)

    def _in_words(self, at: int, floor: int) -> Quantity | None:
        low, ahead, behind = self.low(at), self.low(at + 1), self.low(at - 1)
        if (low, ahead, self.low(at + 3)) == ("half", "as", "again"):  # `half as much again`
            return self._bounded(Quantity(at, at + 3, "times", ((1.5, 0.08),), spelled=True), floor)
        is_often = low == "twice" and ahead in ("", ":", ",", ".", ";", "in", "on") and behind not in ("than", "by")
        if low in TIMES and not is_often and not (low == "double" and ahead in ("-", "digit", "check")):
            half = {0.5: 0.04, 2: 0.12}.get(TIMES[low], 0.2)
            return self._bounded(Quantity(at, at, "times", ((TIMES[low], half),), spelled=True), floor)
        if low == "tens" and ahead == "of" and self.low(at + 2) in VAGUE:
            return self._vague(at, at + 2, 10)
        if low in VAGUE and ahead == "of":
            return self._vague(at, at + 2, 100) if self.low(at + 2) in VAGUE else self._vague(at, at)
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
                if lonely and (behind in ("the", "no", "this", "that", "each") or ahead in ("of", "is", "-", "in"))
                else self._bounded(one, floor)
            )
        every = PARTS.get(ahead) or 2 * (ahead == "second")
        if low == "every" and every and self.low(at + 2) not in ("", ",", "."):  # `every second request`
            return self._bounded(Quantity(at, at + 1, "part", ((100 / every, 1.5),), "%", spelled=True), floor)
        if low in ORDINALS:
            return self._rank(at, at, ORDINALS[low])
        return None

    def _vague(self, at: int, last: int, times: float = 1) -> Quantity:
        least, most = VAGUE[self.low(last)]
        least, most = (least / 2 * times, most / 2 * times) if last > at else (least, most)
        return Quantity(at, last, "number", (((least + most) / 2, (most - least) / 2),), spelled=True)

    def _part(self, at: int, top: float, place: int, floor: int) -> Quantity | None:
        """A fraction: `a third`, `two thirds`, `three-quarters`, `half`."""
        place += self.low(place) == "-"
        word, ahead = self.low(place), self.low(place + 1)
        bottom = PARTS.get(word) or PARTS.get(word.removesuffix("s")) or (2 if word == "halves" else None)
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
            "(",
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
        scale = self.low(place + 3)
        if ahead == "of" and self.low(place + 2) in ("a", "an") and (scale in SCALES or scale in UNITS):
            unit, factor = UNITS.get(scale, ("", SCALES.get(scale, 1.0)))  # `a quarter of an hour`
            size = top / bottom * factor
            one = Quantity(at, place + 3, "number", ((size, 0.03 * size),), unit, factor=factor, spelled=True)
            return self._bounded(one, floor)
        return self._bounded(Quantity(at, place, "part", ((value, max(1.5, 0.025 * value)),), "%", spelled=True), floor)

    def _rank(self, at: int, last: int, number: int) -> Quantity | None:
        ahead = last + 1 + (self.low(last + 1) == "-")
        low = self.low(ahead)
        if low == "percentile":
            return None
        ranks = RANKING.match(low) if self.kind(ahead) == "word" else None
        if (
            (ranks and low != "in")
            or low == "among"
            or self.low(at - 1) in RANKED
            or (self.low(at - 1) == "in" and low == "place")
        ):
            return Quantity(at, ahead if ranks else last, "rank", ((number, 0.0),), spelled=last == at)
        if last > at and self.low(at - 1) == "the" and self.anchor:
            periods = tuple(each for first, _ in self.anchor for each in day_of(first, number))
            return Quantity(at, last, "date", periods=periods, relative=True)
        if (low == "time" and number > 1) or last > at:
            return Quantity(at, last, "unreadable", why="a place in an order that is not named")
        return None
