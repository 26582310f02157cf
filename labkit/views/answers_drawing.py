"""Many answers where nothing runs: a drawing in SVG."""

from html import escape

from labkit.plain import seen, short
from labkit.views.answers_groups import VERDICTS, Group, Groups, broken
from labkit.views.token_drawing import EDGE, INK, MARGIN, MUTE, SANS, WIDTH

LINE, LEFT, ROOM, MOST_LINES, MOST_ROWS = 16, 128, 116, 12, 12
"""The height of a line, where answers begin, the letters of a line, and the lines and the groups that are drawn."""

MARK = {True: "#2e6b34", False: "#b3261e", None: MUTE}
DIFFERS = "#8a5200"


def svg(head: str, groups: Groups) -> str:
    """The groups below each other, on a light card that any theme can hold; `head` alone where there is none.

    A long answer is cut at its end, and of many groups the first are drawn. What differs from the first answer is
    coloured and underlined. The drawing carries its own colours, no script and no time: the same answers draw the same.
    """
    parts, y = list[str](), 40
    for name, *figures in groups.over_heat():
        parts += [
            _text(MARGIN, y + 15, MUTE, name),
            *(_text(LEFT + 54 * i, y + 15, INK, f) for i, f in enumerate(figures)),
        ]
        y += LINE
    y += 6 * bool(groups.heats)
    for row in groups.rows[:MOST_ROWS]:
        lines = _lines(groups, row)
        parts.append(f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="{EDGE}"/>')
        parts.append(_text(MARGIN, y + 19, INK, f"{len(row.members)} of {len(groups.answers)}", ' font-weight="600"'))
        if groups.judged:
            parts.append(_text(MARGIN, y + 19 + LINE, MARK[row.true], VERDICTS[row.true]))
        for i, (colour, line) in enumerate(lines):
            parts.append(f'<text x="{LEFT}" y="{y + 19 + LINE * i}" fill="{colour}" xml:space="preserve">{line}</text>')
        y += 12 + LINE * max(len(lines), 1 + groups.judged)
    if more := groups.rows[MOST_ROWS:]:
        told = f"and {len(more)} groups more, {sum(len(row.members) for row in more)} answers"
        parts.append(_text(LEFT, y + 17, MUTE, told))
        y += 28
    size = f'viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}"'
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {SANS} font-size="11.5">',
            f"<title>{escape(seen(head))}</title><desc>{escape(str(groups))}</desc>",
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{y - 1}" rx="6" fill="#ffffff" stroke="{EDGE}"/>',
            _text(MARGIN, 25, INK, short(head, 120), ' font-size="12"'),
            *parts,
            "</svg>",
        ]
    )


def _lines(groups: Groups, row: Group) -> list[tuple[str, str]]:
    """What stands at the right of a group, line by line, as pairs of colour and SVG."""
    most = ROOM * (MOST_LINES + 1)  # cut first: no more is drawn, and an answer may be long
    said = broken([(text[:most], differs) for text, differs in row.parts[:most]], ROOM)
    lines = [(INK, "".join(map(_part, line))) for line in said[:MOST_LINES]]
    lines += [(INK, "…")] if len(said) > MOST_LINES else []
    told = [words for words in (row.differs, short(groups.where(row), ROOM)) if words]
    return lines + [(MUTE, "".join(map(_part, line))) for words in told for line in broken([(words, False)], ROOM)]


def _part(part: tuple[str, bool]) -> str:
    text, differs = part
    return f'<tspan fill="{DIFFERS}" text-decoration="underline">{escape(text)}</tspan>' if differs else escape(text)


def _text(x: float, y: int, colour: str, words: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y}" fill="{colour}"{more}>{escape(words)}</text>'
