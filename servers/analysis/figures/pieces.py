"""A text in sentences and rows of tables."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from servers.analysis.figures.mentions import Mention
from servers.analysis.quantities.tokens import Words

MOST_TOKENS = 120
"""Tokens of a sentence; a longer one is cut there."""


def pieces(words: Words) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """The sentences and the rows of tables, as first token and the one behind, and the cells of a row's head."""
    first = 0
    header: list[tuple[int, int]] = []
    size = len(words.lows)
    for at in range(size + 1):
        low, kind = words.low(at), words.kind(at)
        is_end = at == size or kind == "line" or at - first >= MOST_TOKENS
        if low in (".", "!", "?") and words.tight[at + 1 : at + 2] != [True]:
            is_end = words.low(at - 1) not in {"vs", "approx", "ca", "incl", "no", "e", "g", "i"}
        if not is_end:
            continue
        is_row = words.low(first) == "|"
        if is_row:
            cells = cells_of(words, first, at)
            yield first, at, header
            header = header or cells
        elif at > first:
            yield first, at, []
            header = []
        first = at + (at < size and (kind == "line" or low in (".", "!", "?")))


def cells_of(words: Words, first: int, last: int) -> list[tuple[int, int]]:
    bars = [at for at in range(first, last) if words.lows[at] == "|"] + [last]
    return [(start, end) for start, end in pairwise(bars) if end - start > 1]


def of_cells(
    words: Words,
    place: tuple[int, int],
    near: Sequence[Mention],
    header: Sequence[tuple[int, int]],
    mentions: Sequence[Mention],
) -> list[Mention]:
    """The mentions of a row, with those of the column's head and of the row's first cell repeated in each cell."""
    made = list(near)
    cells = cells_of(words, *place)
    label = [each for each in near if cells and each.first < cells[0][1]]
    dims = [
        str(each.payload)
        for each in mentions
        if header and each.sort == "dim" and header[0][0] <= each.first < header[0][1]
    ]
    if dims and not label and cells and cells[0][1] - cells[0][0] == 2:  # a number as a group's name
        at = cells[0][0] + 1
        label = [Mention(at, at, f"group {dims[0]}", (dims[0], words.lows[at]))]
        made += label
    for (start, _), head in zip(cells[1:], header[1:], strict=False):
        over = [each for each in mentions if head[0] <= each.first < head[1]]
        made += (replace(each, first=start, last=start) for each in [*label, *over])
    return sorted(made, key=lambda each: each.first)
