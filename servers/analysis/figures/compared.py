"""`orders_in_words`: what a sentence says of an order without a figure (`the busiest`, `more than the south`)."""

from collections.abc import Iterator
from typing import NamedTuple, cast

from servers.analysis.figures.known import Groups, Known
from servers.analysis.figures.mentions import spans_in
from servers.analysis.figures.named import (
    BAD,
    BESIDES,
    COMPARATIVE,
    COMPARATIVES,
    DOWN,
    FAST,
    GOOD,
    HARM,
    JOINT,
    LEADS,
    NOT,
    OVERTAKES,
    SLOW,
    SUPERLATIVES,
    TOGETHER,
    UP,
)
from servers.analysis.figures.sentence import Sentence
from servers.analysis.figures.tie import Tie
from servers.analysis.quantities.quantity import Span

KINDS = ("total", "count", "mean")
"""Kinds of fact whose order is meant where no kind is named; of each, the first that is known."""
SLACK = 0.005
"""Part by which two may differ that are told as equal."""
COPULAS = frozenset({"is", "was", "were", ",", ":", "("})
BREAKS = frozenset({";", "while", "whereas", "but", "although", "though"})


class Subject(NamedTuple):
    """What is compared: one or several groups, or periods."""

    first: int
    last: int
    names: tuple[tuple[Groups, Span | None], ...]


def orders_in_words(sentence: Sentence) -> Iterator[tuple[int, int, Tie]]:
    """The words of an order that the facts contradict: first and last token, and the verdict."""
    words = sentence.words
    if {*sentence.lows} & (NOT - {"no", "without"}):
        return
    subjects = list(_subjects(sentence))
    taken = {at for one in sentence.figures if one.kind == "rank" for at in range(one.first, one.last + 1)}
    for at in range(sentence.first, sentence.last):
        low = words.lows[at]
        if low in ("most", "least") and not any(each.first == at + 1 for each in sentence.mentions):
            continue  # `the most peaceful day`
        if (low in SUPERLATIVES and at not in taken and words.low(at - 1) not in ("at", "among")) or (
            low == "last" and words.low(at - 1) in ("came", "comes", "ranks", "ranked", "finished", "finishes")
        ):
            yield from _superlative(sentence, at, subjects)
        elif low in LEADS and any(each.sort == "dim" and 0 < each.first - at <= 3 for each in sentence.mentions):
            yield from _superlative(sentence, at, subjects)  # `led the regions`
        elif (low in UP or low in DOWN) and low not in COMPARATIVE:
            yield from _direction(sentence, at)
        elif low in COMPARATIVES or low in OVERTAKES or words.lows[at - 1 : at + 2] == ["second", "only", "to"]:
            yield from _comparative(sentence, at, subjects)


def _subjects(sentence: Sentence) -> Iterator[Subject]:
    for sort, runs in sentence.runs.items():
        for run in runs:
            if sort.startswith("group "):
                names = tuple((frozenset({cast("tuple[str, str]", each.payload)}), None) for each in run.all)
                yield Subject(run.first, run.last, names)
            elif sort == "when":
                spans = tuple((frozenset[tuple[str, str]](), span) for each in run.all for span in spans_in(each)[:1])
                if spans:
                    yield Subject(run.first, run.last, spans)


def _level(sentence: Sentence, name: tuple[Groups, Span | None]) -> Known | None:
    """The fact by which a subject has its place among its like."""
    facts, (groups, span) = sentence.facts, name
    columns = {
        column
        for each in sentence.mentions
        if each.sort == "column"
        for column in cast("frozenset[tuple[str, ...]]", each.payload)
    } - facts.things
    found = {
        known.fact.measure: known
        for known in facts.all
        if known.groups == groups
        and known.span == span
        and known.number is not None
        and known.column in (columns & {facts.metric} or columns or {facts.metric})
    }
    return next((found[kind] for kind in KINDS if kind in found), None)


def _way(low: str, known: Known) -> int:
    """Whether a word means the larger (1), the smaller (-1), or either (0)."""
    if low in SLOW or low in FAST:
        return (1 if low in SLOW else -1) * (1 if known.unit == "time" else -1)
    if low in GOOD or low in BAD:
        is_harm = known.unit == "time" or bool({*known.column} & HARM)
        return (1 if low in GOOD else -1) * (-1 if is_harm else 1)
    if low in ("only", "last"):  # `second only to the north`
        return -1
    return SUPERLATIVES.get(low, 0) or COMPARATIVES.get(low, 0) or OVERTAKES.get(low, 0)


def _between(sentence: Sentence, first: int, last: int) -> set[str]:
    return {*sentence.words.lows[first:last]}


def _superlative(sentence: Sentence, at: int, subjects: list[Subject]) -> Iterator[tuple[int, int, Tie]]:
    """`North is the strongest, South the weakest`, `the strongest is North`: each goes with a subject on one side."""
    words = sentence.words
    if (
        (words.lows[at] in ("most", "least") and words.low(at + 1) == "of")
        or words.low(at - 1) in UP | DOWN
        or any(0 <= at - one.last <= 1 for one in sentence.numbers)
    ):
        return
    others = [
        place
        for place in range(sentence.first, sentence.last)
        if place != at and (words.lows[place] in SUPERLATIVES or words.lows[place] in LEADS)
    ]
    named = {str(each.payload) for each in sentence.mentions if each.sort == "dim" and 0 < each.first - at <= 4}
    named |= {"when" for low in words.lows[at + 1 : at + 5] if low in ("month", "months", "quarter", "quarters")}
    if {*words.lows[at + 1 : at + 4]} & {"day", "days", "single", "week", "weekday", "weekdays"}:
        named.add("weekday")
    excluded = [
        name
        for each in subjects
        if words.low(each.first - 1) in BESIDES or words.low(each.first - 2) == "apart"
        for name in each.names
    ]
    able = [
        each
        for each in subjects
        if sentence.chunk(each.first) not in sentence.compares
        and not {*each.names} & {*excluded}
        and _level(sentence, each.names[0])
        and (not named or (next(iter(each.names[0][0]), ("when", ""))[0] in named))
    ]
    if not named - {"weekday"}:
        yield from _extreme_day(sentence, at, subjects)
    before = [each for each in able if each.last < at and not any(each.last < other < at for other in others)]
    after = [each for each in able if each.first > at and not any(at < other < each.first for other in others)]
    starts = bool(before) and (able[0].first < min([*others, at]) or words.lows[at] in LEADS)
    side = before[::-1] if starts else after
    if (
        starts
        and after
        and after[0].first - at == 2
        and words.low(at + 1) in ("in", "on", "for", "at")
        and _alike(after[0], before[-1])
    ):
        side = after  # `was lowest in February`
    if not side and before and _between(sentence, before[-1].last + 1, at) <= {",", "the", "(", ":"}:
        side = before[-1:]  # `December, with 12, three times April, the weakest`
    if not side or _between(sentence, side[0].last, at) & BREAKS or _between(sentence, at, side[0].first) & BREAKS:
        return
    chosen = [side[0]]
    for each in side[1:]:
        begin, end = sorted(
            (each.last, chosen[-1].first) if each.last < chosen[-1].first else (chosen[-1].last, each.first)
        )
        figures = {at for one in sentence.numbers for at in range(one.first, one.last + 1)}
        between = {words.lows[place] for place in range(begin + 1, end) if place not in figures}
        if not _alike(each, side[0]) or "and" not in between or between - JOINT - {"(", ")", "on", "in", "at"}:
            break
        chosen.append(each)
    names = [name for each in chosen for name in each.names]
    known = [each for each in (_level(sentence, name) for name in names) if each]
    like = [
        each.number or 0.0
        for each in sentence.facts.siblings(known[0])
        if (each.groups, each.span) not in excluded and _in_scope(each, subjects, chosen[0])
    ]
    least = min((each.number or 0.0 for each in known), default=0.0)
    most = max((each.number or 0.0 for each in known), default=0.0)
    room = SLACK * abs(most)
    is_most = sum(each > least + room for each in like) < len(known)
    is_least = sum(each < most - room for each in like) < len(known)
    way = _way(words.lows[at], known[0])
    if len(like) > 1 and not (is_most if way > 0 else is_least if way < 0 else is_most or is_least):
        yield at, at, Tie("false", known[0], "others come before it in that order")


def _extreme_day(sentence: Sentence, at: int, subjects: list[Subject]) -> Iterator[tuple[int, int, Tie]]:
    """`On 5 May it was 12, the highest of the year`, where that day is known as the lowest."""
    days = [(span, abs(each.first - at)) for each in subjects for _, span in each.names if span and span[0] == span[1]]
    span = min(days, key=lambda each: each[1], default=(None, 0))[0]
    facts = sentence.facts
    ends = [
        known
        for known in facts.all
        if span
        and known.span == span
        and known.fact.measure in ("maximum", "minimum")
        and not known.groups
        and known.column == facts.metric
    ]
    ways = {_way(sentence.words.lows[at], known) for known in ends}
    is_told = {1 if known.fact.measure == "maximum" else -1 for known in ends}
    if ends and not ways & (is_told | {0}) and sum(low in SUPERLATIVES for low in sentence.lows) == 1:
        yield at, at, Tie("false", ends[0], "it is the other end")


def _in_scope(known: Known, subjects: list[Subject], chosen: Subject) -> bool:
    """Whether a fact lies in the longer period that the sentence names, where it names one."""
    own = chosen.names[0][1]
    if own is None or known.span is None:
        return True
    wide = [
        span
        for each in subjects
        for _, span in each.names
        if span and span != own and span[0] <= own[0] and own[1] <= span[1]
    ]
    return all(span[0] <= known.span[0] and known.span[1] <= span[1] for span in wide)


def _comparative(sentence: Sentence, at: int, subjects: list[Subject]) -> Iterator[tuple[int, int, Tie]]:
    words, low = sentence.words, sentence.words.lows[at]
    than = (
        at
        if low in OVERTAKES
        else next(
            (place for place in range(at + 1, min(at + 5, sentence.last)) if words.lows[place] in ("than", "of", "to")),
            0,
        )
    )
    if not than:
        return
    right = next((each for each in subjects if 0 < each.first - than <= 4), None) or _others(sentence, than, subjects)
    left = [each for each in subjects if each.last < at and sentence.chunk(each.first) not in sentence.compares]
    if right is None or not left or any(than < one.first < right.first for one in sentence.numbers):
        return
    mine = next((each for each in reversed(left) if _alike(each, right)), None)
    if mine is None:
        return
    last = max(than + 4, right.last)
    is_sum = bool(_between(sentence, right.first, min(last + 4, sentence.last)) & TOGETHER)
    ours, theirs = ([_level(sentence, name) for name in each.names] for each in (mine, right))
    one, other = [each for each in ours if each], [each for each in theirs if each]
    if len(one) < len(ours) or len(other) < len(theirs) or one[0].fact.measure != other[0].fact.measure:
        return
    if len(one) > 1 and _between(sentence, mine.first, at) & (TOGETHER - {"both"}):
        lefts = [sum(each.number or 0.0 for each in one)]
    else:
        lefts = [each.number or 0.0 for each in one]
    rights = [each.number or 0.0 for each in other]
    rights = [sum(rights)] if is_sum else rights
    way = _way(low, one[0])
    if way and any((a - b) * way <= -SLACK * abs(b) for a in lefts for b in rights):
        yield at, than, Tie("false", one[0], "it is the other way round")


def _direction(sentence: Sentence, at: int) -> Iterator[tuple[int, int, Tie]]:
    """`Revenue fell over the year`, `the trend is falling`: a direction of all the time, told without a figure."""
    facts, way = sentence.facts, 1 if sentence.words.lows[at] in UP else -1
    inside = [each for each in sentence.mentions if sentence.chunk(each.first) == sentence.chunk(at)]
    is_trend = any(each.payload == "slope" for each in inside)
    is_subject = not sentence.numbers and any(
        each.sort == "column" and each.first < at and facts.metric in cast("frozenset[tuple[str, ...]]", each.payload)
        for each in inside
    )
    spans = [span for each in sentence.mentions if each.sort == "when" for span in spans_in(each)]
    if not (is_trend or is_subject) or any(span != facts.hull for span in spans):
        return
    groups = frozenset(cast("tuple[str, str]", each.payload) for each in inside if each.sort.startswith("group "))
    for known in facts.all:
        is_whole = known.fact.measure == "slope" or (known.fact.measure == "change" and facts.is_whole(known))
        if is_whole and known.number and known.groups == groups and known.column == facts.metric:
            if known.number * way < 0:
                yield at, at, Tie("false", known, "it went the other way")
            return


def _others(sentence: Sentence, than: int, subjects: list[Subject]) -> Subject | None:
    """All groups but those named, where the words behind a `than` are `the other two branches`."""
    dims = [str(each.payload) for each in sentence.mentions if each.sort == "dim" and 0 < each.first - than <= 4]
    if not dims or not _between(sentence, than, than + 4) & {"other", "others", "remaining", "rest"}:
        return None
    named = {group for each in subjects for groups, _ in each.names for group in groups}
    everyone = {group for known in sentence.facts.all for group in known.groups if group[0] == dims[0]}
    names = tuple((frozenset({group}), None) for group in everyone - named)
    return Subject(than + 1, than + 1, names) if names else None


def _alike(one: Subject, other: Subject) -> bool:
    (groups, span), (others, at) = one.names[0], other.names[0]
    if {dim for dim, _ in groups} != {dim for dim, _ in others}:
        return False
    return (span is None) == (at is None) and (span is None or at is None or abs(span[1] - span[0] - at[1] + at[0]) < 4)
