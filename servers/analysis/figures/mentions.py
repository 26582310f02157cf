"""`Mention`: what a word of a text names, in the terms of the facts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from servers.analysis.figures.known import KnownFacts, stem
from servers.analysis.figures.named import BETTER, DOWN, EITHER, HARM, MEASURE, SLOWS, SPEEDS, UP, WORSE
from servers.analysis.quantities.quantity import Quantity, Span
from servers.analysis.quantities.tokens import Words
from servers.analysis.quantities.vocabulary import MULTIPLYING, UNITS


@dataclass(slots=True)
class Mention:
    first: int
    last: int
    sort: str
    payload: object
    bound: int = -1
    """The figure that it stands directly behind, of a column."""


@dataclass(slots=True)
class Run:
    """Mentions of one sort in a row: `North, South and East`."""

    first: int
    last: int
    all: list[Mention]


@dataclass(slots=True)
class Carried:
    """What the sentence before was about."""

    columns: frozenset[tuple[str, ...]] | None = None
    groups: dict[str, tuple[str, str]] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()


def names_of(mentions: Sequence[Mention]) -> list[str]:
    return [str(each.payload) for each in mentions]


def spans_in(mention: Mention) -> tuple[Span, ...]:
    payload = mention.payload
    return payload.periods if isinstance(payload, Quantity) else ()


def carry(carried: Carried, mentions: Sequence[Mention]) -> None:
    """Keep what the next sentence may leave unsaid."""
    for each in mentions:
        if each.sort == "column":
            carried.columns = cast("frozenset[tuple[str, ...]]", each.payload)
        elif each.sort.startswith("group "):
            dim, value = cast("tuple[str, str]", each.payload)
            carried.groups = {dim: (dim, value)}
        elif each.sort == "when":
            carried.spans = spans_in(each)


def mentions_of(words: Words, known: KnownFacts, figures: Sequence[Quantity]) -> list[Mention]:
    """What the words of a text name, in its order."""
    made = [Mention(one.first, one.last, "when", one) for one in figures if one.kind == "date" and one.periods]
    in_figure = {at for one in figures for at in range(one.first, one.last + 1)}
    in_date = {at for one in figures if one.kind == "date" for at in range(one.first, one.last + 1)}
    stems: list[str] = []
    places: list[int] = []
    for at, low in enumerate(words.lows):
        for piece in low.split("_") if words.kinds[at] in ("word", "ident", "num") else [low]:
            if piece:
                stems.append(stem(piece))
                places.append(at)
    place = 0
    while place < len(stems):
        at = places[place]
        first = stems[place]
        options = _named_by(first, known)
        size = 0
        for phrase, sort, payload in options:
            if (size in (0, len(phrase))) and tuple(stems[place + 1 : place + len(phrase)]) == phrase[1:]:
                is_per = sort == "column" and words.low(at - 1) == "per"  # `97 EUR per order` is not of the orders
                if is_per or (at in in_date and not sort.startswith("group ")):
                    continue
                made.append(Mention(at, places[place + len(phrase) - 1], sort, payload))
                size = len(phrase)
        if size > 1 and stems[place + size - 1].isdigit() and made[-1].sort.startswith("group "):
            dim = made[-1].sort.removeprefix("group ")
            while stems[place + size : place + size + 1] and stems[place + size] in (
                ",",
                "and",
                "&",
            ):  # `wards 2 and 3`
                value = (stems[place + size + 1 : place + size + 2] or [""])[0]
                if not any((dim, value) in each.groups for each in known.all):
                    break
                made.append(Mention(places[place + size + 1], places[place + size + 1], f"group {dim}", (dim, value)))
                size += 2
        if not size and at not in in_date:
            ahead = known.phrases.get(stem(words.low(at + 1)), [])
            is_column = any(sort == "column" for _, sort, _ in ahead)
            made += _by_word(words, known, at, is_column, in_figure)
        place += size or 1
    return sorted(made, key=lambda each: each.first)


def _named_by(first: str, known: KnownFacts) -> Sequence[tuple[tuple[str, ...], str, object]]:
    """The names that begin with a word, or with another form of it: `cancellations` of `cancelled`."""
    root = next((first.removesuffix(end) for end in ("ern", "ing", "ation", "y") if first.endswith(end)), first)
    forms = (first, root, f"{root}ed", f"{root}{root[-1:]}ed")
    return next(
        (known.phrases[form] for form in forms if len(form) > 3 and form in known.phrases), known.phrases.get(first, [])
    )


def _way(low: str, known: KnownFacts) -> int:
    """Where a word says that the metric went: what is slower takes longer, or is less; what is better, is less harm."""
    is_time = any(each.unit == "time" for each in known.all if each.column == known.metric)
    if low in SLOWS or low in SPEEDS:
        return (1 if low in SLOWS else -1) * (1 if is_time else -1)
    if low in BETTER or low in WORSE:
        return (1 if low in BETTER else -1) * (-1 if is_time or {*known.metric} & HARM else 1)
    return 0 if low in EITHER else 1 if low in UP else -1


def _by_word(words: Words, known: KnownFacts, at: int, is_column: bool, in_figure: set[int]) -> Iterator[Mention]:
    """What a word tells of the kind of figure or of the direction; `is_column` is of the word behind it."""
    low, ahead = words.lows[at], words.low(at + 1)
    if low in MULTIPLYING:
        yield Mention(at, at, "way", -1 if low.startswith("halv") else 1)
    if at in in_figure:
        return
    if low == "no" and (ahead in ("value", "values", "entry", "data") or is_column):
        yield Mention(at, at + 1, "measure", "missing")
    is_other = (low in ("made", "make", "makes") and ahead != "up") or (
        low in ("top", "bottom") and at + 1 in in_figure
    )
    if low == "per" and ahead not in UNITS and ahead not in ("cent", "month", "year", "quarter"):  # `97 EUR per order`
        yield Mention(at, at, "measure", "per")
    is_other |= (
        low == "median" and known.metric[:1] == ("p50",) and ahead in ("latency", "response", "time", "duration")
    )
    if low in MEASURE and not is_other:
        is_amount = is_column and low in ("most", "least")  # `the most visits`
        name = {"most": "maximum", "least": "minimum"}[low] if is_amount else MEASURE[low]
        yield Mention(at, at, "measure", name)
    if low in ("up", "down") and words.low(at - 1) in (
        "made",
        "make",
        "makes",
        "making",
        "broken",
        "breaks",
        "add",
        "adds",
    ):
        return
    pace = words.low(at - 1) if low in ("up", "down") and words.low(at - 1) in SLOWS | SPEEDS else low  # `slowed down`
    if (
        low in SLOWS and not (low == "slow" and words.low(at - 1) != "as")
    ) or low in UP | DOWN | EITHER | SPEEDS | BETTER | WORSE:
        yield Mention(at, at, "way", _way(pace, known))
