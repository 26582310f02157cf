"""Regular expressions that a server wrote: tried where that cannot take long."""

import re

LONGEST = 200
"""Characters of a pattern that are tried."""

MOST = 2_000_000
"""Steps that a match may take at the worst: a fraction of a second."""

_TOKENS = re.compile(
    r"""(?P<many>[*+?]\??|\{\d{1,4}(?:,\d{0,4})?\}\??)
      | (?P<one>\\[^\d] | \[(?!\^?\])\^?(?:\\.|(?P<twice>[&|~-])(?!(?P=twice))|[^\[\]\\&|~-])+\] | [^\\\[\](){}*+?|])
      | (?P<open>\((?:\?:)?)
      | (?P<close>\))
      | (?P<other>\|)""",
    re.VERBOSE | re.DOTALL,
)


def matches(pattern: str, text: str) -> bool | None:
    """Whether `pattern` is found in `text`; `None` where that is not tried, or where it is no pattern for Python."""
    try:
        if steps(pattern, len(text)) > MOST:
            return None
        return re.search(pattern, text) is not None
    except (re.error, OverflowError):
        return None


def steps(pattern: str, length: int) -> float:
    """How many steps a match in a text of `length` characters takes at the worst, seen generously.

    Each repetition multiplies by how often it may be taken, each alternative by the ways there are. A group that is
    repeated, what looks back or ahead, and whatever is not known here is infinitely many.
    """
    if len(pattern) > LONGEST:
        return float("inf")
    worst = float(len(pattern)) * (1 if pattern.startswith("^") else length + 1)
    at, before = 0, ""
    while at < len(pattern):
        token = _TOKENS.match(pattern, at)
        if token is None:
            return float("inf")
        at, kind = token.end(), token.lastgroup or ""
        if kind == "many":
            if before != "one" and not (before == "close" and token.group() == "?"):
                return float("inf")
            worst *= _times(token.group(), length)
        elif kind == "other":
            worst *= 2
        before = kind
    return worst


def _times(many: str, length: int) -> int:
    """In how many ways a repetition can be taken."""
    figures = re.findall(r"\d+", many)
    if many[0] == "?":
        return 2
    if not figures:
        return length + 1
    if "," not in many:
        return 1
    low, high = int(figures[0]), int(figures[1]) if len(figures) > 1 else length
    return max(1, min(high, length) - low + 1)
