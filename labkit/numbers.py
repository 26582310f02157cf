"""Numbers that a callback or a duty is given: what cannot stand there is refused when it is made, not in a sample.

Each function returns the value itself, and raises a `ValueError` with one sentence where it is something else.
"""

from collections.abc import Callable
from math import inf
from numbers import Integral, Real
from typing import TypeVar

T = TypeVar("T", bound=float)


def checked_share(name: str, value: float) -> float:
    """A share of probability that something is left of: above 0 and at most 1."""
    if not _is_number(value) or not 0 < value <= 1:  # written so that NaN fails too
        raise _wrong(name, value, "above 0 and at most 1")
    return value


def checked_ratio(name: str, value: float) -> float:
    """A number from 0 to 1."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise _wrong(name, value, "from 0 to 1")
    return value


def checked_number(name: str, value: float) -> float:
    """A number of 0 or more that has an end: a temperature, an amount of money."""
    if not _is_number(value) or not 0 <= value < inf:
        raise _wrong(name, value, "a number, 0 or more")
    return value


def checked_within(least: float, most: float) -> Callable[[str, T], T]:
    """A check of a number from `least` to `most`."""

    def checked(name: str, value: T) -> T:
        if not _is_number(value) or not least <= value <= most:
            raise _wrong(name, value, f"from {least:g} to {most:g}")
        return value

    return checked


def checked_seconds(name: str, value: float) -> float:
    """A time in seconds, above 0."""
    if not _is_number(value) or not 0 < value < inf:
        raise _wrong(name, value, "a number of seconds above 0")
    return value


def checked_whole(name: str, value: T, least: int = 0) -> T:
    """A whole number of `least` or more."""
    if not _is_number(value) or not isinstance(value, Integral) or value < least:
        raise _wrong(name, value, f"a whole number, {least} or more")
    return value


def checked_limit(name: str, value: T | None) -> T | None:
    """A whole number of 0 or more, or `None`, where there is no limit."""
    return None if value is None else checked_whole(name, value)


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real)


def _wrong(name: str, value: object, wanted: str) -> ValueError:
    return ValueError(f"{name} is {value!r}, and it must be {wanted}")
