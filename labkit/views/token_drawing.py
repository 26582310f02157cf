"""The tokens of an answer where nothing runs: as a table of text, and as a drawing in SVG."""

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from html import escape

from labkit.models.token_reading import DRAWN, SURE_FROM, Cell, Reading, Row, full_share
from labkit.models.token_words import percent
from labkit.models.trace import Trace
from labkit.plain import marked, short

WIDTH, MARGIN, LETTER, LINE = 880, 17, 9.6, 34
ACROSS, FIGURE, LETTERS = 4, 7.3, 6.2
"""How many columns stand side by side; how wide a sign of their names and figures is, and a letter of a text, about."""
LEGEND = f"underline: how sure the model was (dotted: below {percent(SURE_FROM, ' ')})"
BRAND, INK, MUTE, SIGN, EDGE, CUT = "#1565c0", "#1b1f24", "#5b6470", "#98a1ab", "#dfe2e6", "#b9c0c8"
BOUND = "#a9c8ec"
"""The colour of the part of a bar that lies between the bounds of what is known."""
BADGES = {"model": "#5b3a9e", "confidence": "#5b6470", "warning": "#9a5b00"}
SANS = 'font-family="system-ui, Segoe UI, Roboto, sans-serif"'
MONO = 'font-family="ui-monospace, Menlo, Consolas, monospace"'


def table(trace: Trace, *, token: int | None = None) -> str:
    """An answer as text: a line for each token, or the rivals of token number `token` (from 1) at each stage.

        print(table(trace))
        print(table(trace, token=7))

    Raises:
        IndexError: The answer has no such token.
    """
    reading = Reading(trace)
    if token is None:
        return _all_tokens(reading)
    if not 1 <= token <= len(reading.tokens):
        raise IndexError(f"the answer has {reading.count}, and no number {token}")
    return _one_token(reading, token - 1)


def head(reading: Reading) -> str:
    """The first line: `46 tokens, endTurn · temperature 0.8 · seed 7 · tiny model · fairly sure, -0.20`."""
    parts = [f"{reading.count}, {short(reading.trace.stop_reason, 30)}", reading.settings, reading.parting]
    return " · ".join(part for part in [*parts, *(badge.text for badge in reading.badges)] if part)


def _all_tokens(reading: Reading) -> str:
    lines = [head(reading)]
    rows = [("", "token", "model", "rank", "bits", "rivals")]
    for i, token in enumerate(reading.tokens):
        rivals = [row for row in reading.rows(i) if row.rank and not (row.drawn or row.was)][:2]
        now = [f"now {short(marked(row.text), 16)}" for row in reading.rows(i) if row.drawn and token.instead]
        rows.append(
            (
                str(i + 1),
                short(marked(reading.text(i)), 20) + (" (cut)" if reading.is_cut(i) else ""),
                percent(token.probability),
                f"{token.rank:,}{'+' if token.rank > token.told > 0 else ''}",
                f"{token.entropy:.1f}",
                ", ".join([*now, *(f"{short(marked(row.text), 16)} {row.cells[0].text}" for row in rivals)]),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for number, text, *figures, rivals in rows:
        told = "  ".join(f"{figure:>{width}}" for figure, width in zip(figures, widths[2:], strict=True))
        lines.append(f"{number:>{widths[0]}}  {text:<{widths[1]}}  {told}  {rivals}".rstrip())
    return "\n".join(lines)


def _one_token(reading: Reading, i: int) -> str:
    rows = reading.rows(i)
    names = [*(_name(row, line, 20) for line, row in enumerate(rows)), "", ""]
    columns = [
        [column.name, column.note, *(row.cells[k].text for row in rows), *reading.foot(i, column.stage)]
        for k, column in enumerate(reading.columns)
    ]
    widths = [max(map(len, column)) for column in columns]
    first = max(map(len, names), default=0)
    lines = [
        "  ".join([f"{name:<{first}}", *(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))])
        for name, *cells in zip(["", "", *names], *columns, strict=True)
    ]
    return "\n".join([*(line.rstrip() for line in lines), reading.sentence(i)])


def _name(row: Row, line: int, width: int) -> str:
    """The text of a rival, marked where drawn (◃: where the turned dials draw another), with its rank if not `line`."""
    rank = f" #{row.rank:,}{'+' if row.or_later else ''}" if row.rank not in (0, line + 1) else ""
    text = short(marked(row.text), width) if row.rank else row.text
    return f"{text}{rank}{' ◂' if row.drawn else ' ◃' if row.was else ''}"


def svg(reading: Reading, chosen: int | None = None, beside: Sequence[str] = ()) -> str:
    """The answer with its tokens underlined, and the rivals of one of them, on a light card that any theme can hold.

    Below stand the lines of `beside`.

    The drawing carries its own colours, no script and no time: the same trace draws the same.
    """
    i = reading.hesitant if chosen is None else min(max(chosen, 0), len(reading.tokens) - 1)
    text, bottom = _text(reading, i)
    rivals, height = _rivals(reading, i, bottom + 16) if reading.tokens else ([], bottom)
    said = reading.sentence(i) if reading.tokens else ""
    below = [line for text in beside for line in textwrap.wrap(text, 118, subsequent_indent="    ")]
    lines = [
        f'<text x="{MARGIN}" y="{height + 12 + 18 * n}" {MONO} fill="{INK}" xml:space="preserve">{escape(line)}</text>'
        for n, line in enumerate(below)
    ]
    height += 18 * len(below) + 10 * bool(below)
    told = " · ".join([reading.count, *(badge.text for badge in reading.badges), reading.settings])
    beside_y = 26 if len(told) * LETTERS < WIDTH - 2 * MARGIN else 44  # the settings stand where there is room
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {SANS} font-size="12">',
        f"<title>{escape(head(reading))}</title>",
        f"<desc>{escape(f'{short(reading.trace.text, 600)} {said}')}</desc>",
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6" fill="#ffffff" stroke="{EDGE}"/>',
        f'<text x="{MARGIN}" y="26" fill="{MUTE}"><tspan font-weight="600" fill="{INK}">{reading.count}</tspan>',
        *(f'<tspan fill="{BADGES[badge.kind]}"> · {escape(badge.text)}</tspan>' for badge in reading.badges),
        f'</text><text x="{MARGIN}" y="44" font-size="11" fill="{MUTE}">{LEGEND}</text>',
        f'<text x="{WIDTH - MARGIN}" y="{beside_y}" text-anchor="end" fill="{MUTE}">{escape(reading.settings)}</text>',
    ]
    return "".join([*parts, *text, *rivals, *lines, "</svg>"])


def _text(reading: Reading, chosen: int) -> tuple[list[str], int]:
    """The tokens of the answer, and where their last line ends."""
    places, bottom = _places(reading)
    return [part for i, place in enumerate(places) for part in _token(reading, i, *place, chosen=i == chosen)], bottom


def _places(reading: Reading) -> tuple[list[tuple[float, int, float]], int]:
    """Where each token stands (x, the line of its letters, its width), and where the last line ends.

    Lines are broken between words, and within a word only where it is longer than half a line.
    """
    places, x, y = list[tuple[float, int, float]](), float(MARGIN), 74
    widths = [len(_shown(reading, i)) * LETTER for i in range(len(reading.tokens))]
    for i, width in enumerate(widths):
        word = width + sum(widths[j] for j in _rest_of_word(reading, i))
        needed = word if reading.text(i)[:1].isspace() and word < WIDTH / 2 else width
        if x > MARGIN and x + needed > WIDTH - MARGIN:
            x, y = float(MARGIN), y + LINE
        places.append((x, y, width))
        x += width
        if reading.text(i).endswith("\n"):
            x, y = float(MARGIN), y + LINE
    return places, y + 18


def _rest_of_word(reading: Reading, i: int) -> Iterator[int]:
    """The tokens after token `i` that go on with the same word."""
    for j in range(i + 1, len(reading.tokens)):
        if reading.text(j)[:1].isspace() or reading.is_end(j):
            return
        yield j


def _shown(reading: Reading, i: int) -> str:
    return short(marked(reading.text(i)), 80)


def _token(reading: Reading, i: int, x: float, y: int, width: float, *, chosen: bool) -> Iterator[str]:
    share = min(max(reading.tokens[i].probability, 0.0), 1.0)
    if chosen:
        box = f'x="{x - 2:.1f}" y="{y - 20}" width="{width + 3:.1f}" height="30" rx="3"'
        yield f'<rect {box} fill="none" stroke="{BRAND}" stroke-width="2"/>'
    place = f'x="{x:.1f}" y="{y}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
    colour = MUTE if reading.is_end(i) or reading.is_cut(i) else INK
    weight = ' font-weight="600"' if chosen else ""
    struck = ' text-decoration="line-through"' if reading.is_cut(i) else ""
    yield f'<text {place} {MONO} font-size="16" fill="{colour}"{weight}{struck}>{_signed(_shown(reading, i))}</text>'
    line = f'x1="{x + 1.5:.1f}" x2="{x + width - 2.5:.1f}" y1="{y + 7}" y2="{y + 7}"'
    dots = ' stroke-dasharray="0 7" stroke-linecap="round"' if share < SURE_FROM else ""
    yield f'<line {line} stroke="{_shade(share)}" stroke-width="4"{dots}/>'


def _signed(text: str) -> str:
    """`text` escaped, with the signs for spaces paler than letters."""
    return re.sub("[·↵⇥]+", rf'<tspan fill="{SIGN}">\g<0></tspan>', escape(text))


def _rivals(reading: Reading, i: int, top: int) -> tuple[list[str], int]:
    """The rivals of token `i`, a column for each stage, then the sentence; and where the sentence ends.

    More columns than four stand in lines of as many each, so that no text and no bar reaches into the next one.
    """
    rows, columns = reading.rows(i, DRAWN), list(enumerate(reading.columns))
    across = math.ceil(len(columns) / math.ceil(len(columns) / ACROSS))
    width, height, end, parts = WIDTH / across, 86 + 20 * len(rows), top, list[str]()
    names = [_name(row, line, 10) for line, row in enumerate(rows)]
    told = max((len(row.cells[k].text) for row in rows for k, _ in columns), default=0)
    texts = max(38.0, told * FIGURE + 8)
    room = max(84.0, min(max(map(len, names), default=0) * FIGURE + 4, width - 38 - texts))
    most = int(room / FIGURE + 0.5)
    names = [
        _name(row, line, min(10, max(2, most - len(name) + 10)))
        for line, (row, name) in enumerate(zip(rows, names, strict=True))
    ]
    full = full_share(rows)
    for first in range(0, len(columns), across):
        start, end = end, end + height
        parts += [f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="{EDGE}"/>' for y in (start, end)]
        for place, (k, column) in enumerate(columns[first : first + across]):
            left = place * width
            if place:
                parts.append(f'<line x1="{left:.1f}" x2="{left:.1f}" y1="{start}" y2="{end}" stroke="{EDGE}"/>')
            x = f'x="{left + 14:.1f}"'
            parts.append(f'<text {x} y="{start + 20}" font-weight="600" fill="{INK}">{escape(column.name)}</text>')
            parts.append(f'<text {x} y="{start + 36}" font-size="11" fill="{MUTE}">{escape(column.note)}</text>')
            for line, text in enumerate(reading.foot(i, column.stage)):
                parts.append(f'<text {x} y="{end - 26 + 15 * line}" font-size="11" fill="{MUTE}">{escape(text)}</text>')
            for line, row in enumerate(rows):
                at = (left + 14, start + 58 + 20 * line, room, width - 28 - room - texts, left + width - 14)
                parts += _bar(names[line], row.drawn, row.cells[k], at, full)
    lines = textwrap.wrap(reading.sentence(i), 132)
    for line, text in enumerate(lines):
        parts.append(f'<text x="{MARGIN}" y="{end + 22 + 17 * line}" fill="{MUTE}">{escape(text)}</text>')
    return parts, end + 19 + 17 * len(lines)


def _bar(name: str, drawn: bool, cell: Cell, place: tuple[float, int, float, float, float], full: float) -> list[str]:
    """A rival at a stage: its name, its bar, its figure; `place` is where, the room of the first two, and the end."""
    x, y, room, longest, end = place
    colour = INK if cell.kept else MUTE
    weight = ' font-weight="700"' if drawn else ""
    # In whole pixels: a figure that differs in its last digits on another processor draws the same.
    size, most = (
        f'width="{max(1.5, round(share / full * longest)):g}" height="10" rx="2"' for share in (cell.share, cell.most)
    )
    bar = f'x="{x + room:.1f}" y="{y - 9}"'
    bound = [f'<rect {bar} {most} fill="{BOUND}"/>'] if cell.most > cell.share else []
    return [
        f'<text x="{x:.1f}" y="{y}" {MONO} fill="{colour}"{weight}>{escape(name)}</text>',
        *bound,
        f'<rect {bar} {size} fill="{BRAND if cell.kept else CUT}"/>',
        f'<text x="{end:.1f}" y="{y}" {MONO} text-anchor="end" fill="{colour}">{escape(cell.text)}</text>',
    ]


def _shade(share: float) -> str:
    """The colour of an underline, in twenty steps: the surer, the stronger."""
    share = round(20 * share) / 20
    brand, soft = (tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5)) for colour in (BRAND, "#d3d9df"))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in zip(brand, soft, strict=True))
