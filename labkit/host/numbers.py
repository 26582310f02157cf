"""Numbers that a duty is given: what is none is refused when the duty is made, and not in the middle of a sample."""

from math import isfinite


def whole(name: str, value: object) -> int | None:
    """`value`, a limit that is a whole number, 0 or more; `None` where there is none.

    Raises:
        ValueError: It is something else.
    """
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name}={value!r}: a limit is a whole number, such as {name}=20")
    if value < 0:
        raise ValueError(f"{name}={value}: a limit is not negative")
    return value


def most(name: str, value: object) -> int:
    """`value`, the most that is taken of something: a whole number, 0 or more.

    Raises:
        ValueError: It is something else.
    """
    if (number := whole(name, value)) is None:
        raise ValueError(f"{name}=None: a limit is a whole number, such as {name}=20")
    return number


def highest(name: str, value: object) -> float:
    """`value`, the highest number that is taken: 0 or more.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise ValueError(f"{name}={value!r}: a limit is a number, such as {name}=2")
    if value < 0:
        raise ValueError(f"{name}={value}: a limit is not negative")
    return value


def dollars_of(name: str, value: object) -> float | None:
    """`value`, an amount of US dollars, 0 or more; `None` where there is none.

    Raises:
        ValueError: It is something else.
    """
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise ValueError(f"{name}={value!r}: a limit is an amount in US dollars, such as {name}=0.5")
    if value < 0:
        raise ValueError(f"{name}={value}: a limit is not negative")
    return value


def seconds(name: str, value: object) -> float:
    """`value`, a time in seconds, above 0.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value) or value <= 0:
        raise ValueError(f"{name}={value!r}: give a number of seconds above 0, such as {name}=50")
    return value
