"""`check_figures`: every figure of an English text held against the facts that plain code found.

    check_figures("North earned 1.4 million, a third of it in June.", facts)   # a Claim for each of the three figures

A figure is right where one fact, or a figure that follows from two or a few of them (a difference, a ratio, a sum, a
share, a count, a place in an order), has its value *and* is what the words round it name: the column, the group, the
period, the kind of figure, the direction, the unit. What those words name is taken from the figure's own clause, then
from the clauses before and behind it, then from the sentence before. A true figure tied to the wrong thing is false;
what can be tied to nothing is unknown. Both are marked.

What this knows is words, not sense: a figure under a negation is unknown, and so is a true one that no fact tells.

A name that is missing does not speak against a fact, nor does a word that no fact knows; another column, group, period,
kind, direction or unit does, and so does a matter that is no column's (`profit`, `12 % of customers`). The metric of
the report goes without saying. What is told of an order or a direction without a figure (`the busiest`, `more than the
south`, `revenue fell over the year`) is a claim where the facts contradict it, and none where they do not.

Four sets of sentences were written without sight of it. At first sight it marked 6.9 % and 8.6 % of the figures of the
right sentences of the first two, and left 3 of 100 false sentences unmarked in each; of the next two, whose authors
wrote more freely, 18.9 % and 15.9 %, and left 14 and 12 of 120. What they showed was mended by kinds, and they are a
test since: a new turn of phrase meets the figures of a first sight, not the better ones of the test. Two more sets,
measured once after that and in no test, say how well that carries: it marked 7.7 % and 4.9 % of the figures of the 200
right sentences of each, and left 19 and 9 of the 200 false ones without a mark: a person reads what it lets pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from servers.analysis.fact import Fact
from servers.analysis.figures.compared import orders_in_words
from servers.analysis.figures.known import KnownFacts
from servers.analysis.figures.mentions import Carried, carry, mentions_of
from servers.analysis.figures.named import COMPARE, DOWN, UP
from servers.analysis.figures.pieces import of_cells, pieces
from servers.analysis.figures.sentence import Sentence
from servers.analysis.figures.tie import Tie, Verdict
from servers.analysis.figures.ties import Ties
from servers.analysis.quantities.__init__ import quantities
from servers.analysis.quantities.quantity import Quantity, Span
from servers.analysis.quantities.tokens import Words, words_of

MOST_FIGURES = 2_000
"""Figures of a text that are looked at; those behind them are unknown."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure of a text, and what came of holding it against the facts.

    Attributes:
        text: The figure, as it stands there.
        start, end: Its place.
        verdict: `unknown` counts as not right: nothing known says so.
        fact: What it is the figure of; where it is false, the fact that its words name, if they name one.
        why: A few words on the verdict.
    """

    text: str
    start: int
    end: int
    verdict: Verdict
    fact: Fact | None = None
    why: str = ""


def check_figures(text: str, facts: Sequence[Fact], others: Sequence[str] = ()) -> tuple[Claim, ...]:
    """Every figure of a text, in its order, held against the facts.

    Args:
        text: English, as a model wrote it; figures of other languages' words are not seen, other scripts' digits are
            unknown.
        facts: All that is known. A figure that none of them tells, or a few together, is unknown.
        others: Names of further columns: what is said of one of these is not right, whatever it is of the metric.
    """
    known = KnownFacts(facts, others)
    words = words_of(text)
    figures = quantities(words, known.years)
    mentions = mentions_of(words, known, figures)
    labels = {at for each in mentions if each.sort != "way" for at in range(each.first, each.last + 1)}
    kept = ("date", "weekday", "unreadable", "times")
    figures = [one for one in figures if one.kind in kept or not labels.issuperset(range(one.first, one.last + 1))]
    claims: list[Claim] = []
    carried = Carried()
    left = MOST_FIGURES
    at = named = 0
    for first, last, header in pieces(words):
        start, begin = at, named
        while at < len(figures) and figures[at].first < last:
            at += 1
        while named < len(mentions) and mentions[named].first < last:
            named += 1
        inside, near = figures[start:at], mentions[begin:named]
        if header:
            near = of_cells(words, (first, last), near, header, mentions)
            named_by = {each.first for each in near if each.sort.startswith("group ") and each.first == each.last}
            inside = [one for one in inside if one.kind != "number" or one.first not in named_by]
        if inside and left > 0:
            claims += _claims(Sentence(words, known, (first, last), inside, near, carried=carried))
        else:
            claims += (_claim(words, one, Tie("unknown", why="there are too many figures")) for one in inside)
        if near and not header:
            around = Sentence(words, known, (first, last), inside, near, carried=carried)
            for begin_at, end_at, tie in orders_in_words(around):
                claims.append(_claim(words, Quantity(begin_at, end_at, "rank"), tie))
        left -= len(inside)
        carry(carried, near)
    return tuple(sorted(claims, key=lambda each: each.start))


def marked(text: str, claims: Sequence[Claim]) -> str:
    """The text with a mark behind each figure that is not right, and the right one where a fact is tied.

    `fell by 12 % [false: change of revenue, 2025-06 is 8.4 %]`, `5 offices [unknown: no fact tells it]`
    """
    parts: list[str] = []
    end = 0
    for claim in claims:
        if claim.verdict != "right":
            parts.append(f"{text[end : claim.end]} [{claim.verdict}: {_reason(claim)}]")
            end = claim.end
    return "".join([*parts, text[end:]])


def _reason(claim: Claim) -> str:
    told = str(claim.fact) if claim.fact else ""
    return "; ".join(filter(None, [claim.why, told])) or "no fact tells it"


def _claim(words: Words, one: Quantity, tie: Tie) -> Claim:
    start, end = words.spans[one.first][0], words.spans[one.last][1]
    return Claim(words.text[start:end], start, end, tie.verdict, tie.known and tie.known.fact, tie.why)


def _claims(sentence: Sentence) -> Iterator[Claim]:
    words = sentence.words
    ties: list[tuple[Quantity, Tie]] = []
    used: set[Span] = set()
    mistimed: set[Span] = set()
    for one in sentence.figures:
        if one.kind in ("date", "weekday"):
            continue
        if (
            one.spelled
            and one.of is None
            and one.kind == "number"
            and one.readings[0][0] == 1
            and one.first == one.last
            and not one.unit
        ):
            follows = [
                each for each in sentence.mentions if 0 < each.first - one.last <= 2 and each.payload == "anomaly"
            ]
            if not follows:
                continue
        tie = Ties(sentence, one).tie()
        ties.append((one, tie))
        if tie.verdict == "right":
            used.update(tie.spans)
            value = tie.known.number if tie.known and tie.value is None else tie.value
            if tie.known and value is not None:
                sentence.told.append((tie.known, value))
        elif tie.spans:
            mistimed.update(tie.spans)
        if tie.verdict == "right":
            used.update(span for span in (tie.known and tie.known.span, tie.known and tie.known.against) if span)
    for index, (one, tie) in enumerate(ties):  # `112 ms apart: 40 ms and 152 ms`
        if tie.verdict != "right" and one.readings and (after := Ties(sentence, one).after_all()):
            ties[index] = one, after
            used.update(after.spans)
    ties = _compared(sentence, ties)
    by_figure = {id(one): tie for one, tie in ties}
    for one in sentence.figures:
        if one.kind in ("date", "weekday"):
            tie = Ties(sentence, one).tie()
            ends = {*one.periods, *one.ends[0], *one.ends[1]}
            is_used = ends & used or any(
                first == last and (first in span or (span[0] <= first <= span[1] <= span[0] + 7))
                for first, last in one.periods
                for span in used
            )
            names = {value for known, _ in sentence.told for _, value in known.groups}
            is_used = is_used or (one.kind == "weekday" and words.low(one.first).rstrip("s") in names)
            if tie.verdict != "right" and (one.weekday is None or one.kind == "weekday") and is_used:
                tie = Tie("right", tie.known)
            elif tie.verdict == "right" and {*one.periods} & mistimed and not ends & used:
                tie = Tie("false", tie.known, "the figure beside it is of another time")
            yield _claim(words, one, tie)
        elif id(one) in by_figure:
            yield _claim(words, one, by_figure[id(one)])


def _compared(sentence: Sentence, ties: list[tuple[Quantity, Tie]]) -> list[tuple[Quantity, Tie]]:
    """The ties, with two levels false that are right by themselves, where the words between set them the wrong way."""
    made = list(ties)
    for index, ((one, tie), (after, other)) in enumerate(pairwise(ties)):
        if (
            tie.value is None
            or other.value is None
            or not tie.known
            or not other.known
            or tie.known.unit != other.known.unit
        ):
            continue
        between = sentence.words.lows[one.last + 1 : after.first]
        way = 0
        if sentence.words.low(one.first - 1) == "from" and sentence.words.low(after.first - 1) == "to":
            mentions = [each for each in sentence.mentions if each.sort == "way" and each.first < one.first]
            way = -int(cast("int", mentions[-1].payload)) if mentions else 0
        elif tie.known.column == other.known.column and {*between} & COMPARE and between[-1] not in ("at", "with"):
            way = next((1 if low in UP else -1 for low in between if low in UP or low in DOWN), 0)
        if way and (tie.value - other.value) * way <= 0:
            made[index] = (one, Tie("false", tie.known, "compared the wrong way round"))
            made[index + 1] = (after, Tie("false", other.known, "compared the wrong way round"))
    return made
