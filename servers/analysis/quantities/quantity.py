"""`Quantity`: a figure as a text shows it, and whether it shows a value."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "part", "times", "rank", "date", "weekday", "unreadable"]
Span = tuple[int, int]
"""First and last day of a period, as ordinals of `datetime.date`."""
LONGEST_NUMBER = 30
"""Characters; what is longer is unreadable."""
SPACES = " \u00a0\u2009\u202f"


@dataclass(slots=True)
class Quantity:
    """A figure of a text.

    Attributes:
        first, last: The tokens that it is made of, its bound's words among them.
        kind: `part` is a fraction in percent (`a third`), `times` a ratio, `rank` a place in an order.
        readings: What it may show, each with the half of the last place that it shows: `1,234` has two.
        unit: Its unit's kind, as in `UNITS`; the value is in that kind's base.
        bound: `about`, `nearly`, `over`, `just over`, `under`, `at least`, `at most`, or nothing.
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
        if self.kind == "part" or (self.kind == "times" and self.spelled):
            half *= 2.2 if self.bound == "about" else 1
        # `over 1.9 million` leaves more room than `over 1,924,938`
        room = max(half, abs(shown) * min(0.5, 20 * half / (abs(shown) + least)))
        if self.bound == "over":
            return shown - least <= value <= shown + room
        if self.bound == "just over":
            return shown - least <= value <= shown + min(room, (0.15 if self.spelled else 0.08) * abs(shown))
        if self.bound == "at least":
            return shown - half <= value <= shown + room
        if self.bound == "at most":
            return shown - room <= value <= shown + half
        if self.bound == "under":
            return shown - room <= value <= shown + least
        if self.bound == "nearly":
            return shown - max(0.1 * abs(shown), half) <= value <= shown + half
        if self.bound == "about":
            half = max(half, 0.05 * abs(shown))
        return abs(value - shown) <= half + least


def readings_of(raw: str) -> tuple[tuple[float, float], ...]:
    """What digits may show, each with the half of its last place. Nothing for what is too long."""
    raw = "".join("'" if each in f"\u2019{SPACES}" else each for each in raw)
    if len(raw) > LONGEST_NUMBER:
        return ()
    texts: list[str] = []
    grouped = re.fullmatch(r"([0-9]{1,3})((?:([,.'])[0-9]{3})(?:\3[0-9]{3})*)(?:([.,])([0-9]+))?", raw)
    if grouped and not raw.startswith("0"):
        texts.append(grouped[1] + grouped[2].replace(grouped[3], "") + (f".{grouped[5]}" if grouped[5] else ""))
    if re.fullmatch("[0-9]+(?:[.,][0-9]+)?", raw):
        texts.append(raw.replace(",", "."))
    return tuple((float(text), half_of(text)) for text in texts)


def half_of(text: str) -> float:
    """Half of the last place that digits show. Zeros at the end of a whole number may have been rounded to."""
    whole, _, decimals = text.partition(".")
    if decimals:
        return 0.5 / 10 ** len(decimals)
    zeros = len(whole) - len(whole.rstrip("0"))
    return max(0.5, min(0.5 * 10**zeros, 0.03 * float(whole)))
