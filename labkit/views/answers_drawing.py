"""Many answers where nothing runs: as text, and as a drawing in SVG."""

import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from labkit.plain import seen, short
from labkit.views.token_drawing import BADGES, EDGE, INK, MARGIN, MUTE, SANS, WIDTH

Card = Mapping[str, Any]
"""One answer: `seed`, `text`, `note`, `badges` (kind, word, explanation), and `same`, the seed of an equal one."""

COLUMNS, LINE, ROOM, MOST_LINES = 5, 15, 27, 16
"""Cards in a row, the height of a line, the letters in it, and the lines of an answer that are drawn."""

TOP = 40


def as_text(head: str, cards: Sequence[Card]) -> str:
    """`head`, then for each answer a line that says whose it is, and the answer's text, further to the right."""
    lines = [seen(head)]
    for card in cards:
        words = [f"seed {card['seed']}", _end(card), *(word for _, word, _ in card["badges"])]
        lines.append(" · ".join(seen(word) for word in words if word))
        if card["same"] is None and card["text"]:
            lines += [f"    {line}".rstrip() for line in seen(card["text"]).split("\n")]
    return "\n".join(lines)


def svg(head: str, cards: Sequence[Card]) -> str:
    """The answers side by side, on a light card that any theme can hold; `head` alone where there is none.

    A long answer is cut at its end. The drawing carries its own colours, no script and no time: the same answers draw
    the same.
    """
    rows = [cards[i : i + COLUMNS] for i in range(0, len(cards), COLUMNS)]
    parts, y, width = list[str](), TOP, WIDTH / COLUMNS
    for row in rows:
        height = max(map(_height, row))
        parts.append(f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="{EDGE}"/>')
        for column, card in enumerate(row):
            x = column * width
            if column:
                parts.append(f'<line x1="{x:g}" x2="{x:g}" y1="{y}" y2="{y + height}" stroke="{EDGE}"/>')
            parts += _card(card, x + 10, y)
        y += height
    size = f'viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}"'
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {SANS} font-size="11">',
            f"<title>{escape(seen(head))}</title><desc>{escape(as_text(head, cards))}</desc>",
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{y - 1}" rx="6" fill="#ffffff" stroke="{EDGE}"/>',
            f'<text x="{MARGIN}" y="25" font-size="12" fill="{INK}">{escape(short(head, 120))}</text>',
            *parts,
            "</svg>",
        ]
    )


def _end(card: Card) -> str:
    return card["note"] if card["same"] is None else f"same as seed {card['same']}"


def _lines(card: Card) -> list[str]:
    """The text of an answer, broken into lines."""
    # Cut first: what is drawn takes this many characters at most, and no word is shorter than its first letters.
    text = card["text"][: MOST_LINES * ROOM + 1]
    broken = [part for line in seen(text).split("\n") for part in textwrap.wrap(line, ROOM) or [""]]
    return broken if len(broken) <= MOST_LINES else [*broken[: MOST_LINES - 1], "…"]


def _height(card: Card) -> int:
    return 36 + LINE * (len(_lines(card)) + len(_words(card)))


def _words(card: Card) -> list[tuple[str, str]]:
    """The words below an answer, each on a line of its own, as pairs of colour and word."""
    return [(BADGES[kind], short(word, ROOM)) for kind, word, _ in card["badges"]]


def _card(card: Card, x: float, y: int) -> list[str]:
    seed = f'<tspan font-weight="600" fill="{INK}">seed {card["seed"]}</tspan>'
    parts = [f'<text x="{x:g}" y="{y + 18}" fill="{MUTE}">{seed} {escape(short(_end(card), ROOM - 8))}</text>']
    lines = [*((INK, line) for line in _lines(card)), *_words(card)]
    return parts + [
        f'<text x="{x:g}" y="{y + 36 + LINE * number}" fill="{colour}">{escape(line)}</text>'
        for number, (colour, line) in enumerate(lines)
    ]
