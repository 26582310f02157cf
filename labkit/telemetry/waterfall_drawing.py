"""Rows of a waterfall as text and as SVG: the look of each kind of time, an axis, words. Each form escapes names."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from textwrap import shorten
from typing import NamedTuple

from opentelemetry.sdk.trace import ReadableSpan

from labkit.diagram import LOOKS
from labkit.plain import short
from labkit.redacting import redact_shown

WIDTH, LEFT, RIGHT, ROW, TOP = 880, 296, 158, 22, 84
"""The drawing in pixels: its width, the room for names and that for figures beside the bars, a row, what is above."""


PAGES: Mapping[bool, Mapping[str, str]] = {
    False: {"page": "#ffffff", "ink": "#1b1f24", "mute": "#5b6470", "line": "#dfe2e6", "bad": "#b3261e"}
    | {"tone": "light", **{kind: look.light for kind, look in LOOKS.items()}},
    True: {"page": "#111111", "ink": "#edf0f3", "mute": "#a6b0bb", "line": "#3d444d", "bad": "#f2a29b"}
    | {"tone": "dark", **{kind: look.dark for kind, look in LOOKS.items()}},
}
"""The colours of a page, by whether it is dark."""

ORDER = "in the order in which it happened: no length is a time"


class Segment(NamedTuple):
    """A part of a row's time, in nanoseconds since 1970; of no kind (`""`) where a row waits for another row."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """A span, and where it stands.

    Attributes:
        span: The span.
        call: The id of the row at the top of those that it stands in.
        depth: How many spans it stands within.
        label: What it is, in a few words, plain and without secrets.
        zero: When what ran at once with its call began, in nanoseconds since 1970.
        start: When it began.
        end: When it ended; where it is open, the moment that is looked at.
        is_open: Whether it goes on.
        fault: What it failed with; empty where it did not.
        segments: Its time, kind by kind.
    """

    span: ReadableSpan
    call: str
    depth: int
    label: str
    zero: int
    start: int
    end: int
    is_open: bool
    fault: str
    segments: tuple[Segment, ...]

    @property
    def id(self) -> str:
        """The span's id, as OpenTelemetry writes it."""
        return f"{self.span.context.span_id if self.span.context else 0:016x}"

    @property
    def took(self) -> list[tuple[str, int]]:
        """Its time by kind in nanoseconds, the most first."""
        sums: Counter[str] = Counter()
        for kind, start, end in self.segments:
            sums[kind] += end - start
        return sums.most_common()


def text(head: str, rows: Sequence[Row], width: int, *, times: bool) -> str:
    """The rows in lines of `width` characters."""
    if not rows:
        return "no span yet"
    right = 24 if times or any(row.fault for row in rows) else 0
    left = min(max(len(_indented(row)) for row in rows), max(20, (width - right) * 2 // 5))
    room = max(10, width - left - right - 2)
    scale = _Scale(rows, times=times)
    lines = [head]
    if times:
        axis = [" "] * (room + 9)
        for at, words in scale.ticks(min(6, room / 9)):
            axis[round(at * room) : round(at * room) + len(words)] = words
        lines.append(" " * (left + 1) + "".join(axis).rstrip())
    for row in rows:
        bar = [" "] * room
        for kind, start, end in sorted(row.segments, key=lambda part: part.end - part.start):  # the longest last
            first = min(round(scale.at(row, start) * room), room - 1)
            last = max(first + 1, round(scale.at(row, end) * room))
            bar[first:last] = (kind[:1].upper() or ".") * (last - first)
        told = short(" ".join(told_beside(row, times=times)), right)
        lines.append(f"{short(_indented(row), left):<{left}} {''.join(bar)} {told}".rstrip())
    used = {part.kind for row in rows for part in row.segments}
    legend = [f"{kind[0].upper()} {look.words}" for kind, look in LOOKS.items() if kind in used]
    legend += [". it waits for another row"] if "" in used else []
    return "\n".join([*lines, "   ".join(legend), *([] if times else [ORDER])])


def svg(head: str, rows: Sequence[Row], *, dark: bool, times: bool) -> str:
    """The rows as a drawing, with alternative text and without a script."""
    page = PAGES[dark]
    right = RIGHT if times or any(row.fault for row in rows) else 14
    scale, room = _Scale(rows, times=times), WIDTH - LEFT - right
    height = TOP + ROW * len(rows) + 12
    kinds = [kind for kind in LOOKS if any(part.kind == kind for row in rows for part in row.segments)]
    head, ink, mute = escape(head), page["ink"], page["mute"]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"',
        ' role="img" font-family="system-ui, Segoe UI, Roboto, sans-serif" font-size="12">',
        f"<title>{head}</title><desc>{escape(alt(rows, times=times))}</desc><defs>",
    ]
    for kind in kinds:
        stroke = f'stroke="{page[kind]}" stroke-width="1.3" fill="none"'
        out.append(f'<pattern id="labkit-{kind}-{page["tone"]}" width="6" height="6" patternUnits="userSpaceOnUse">')
        out.append(f'<path d="{LOOKS[kind].pattern}" {stroke}/></pattern>')
    out.append(f'</defs><rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6" fill="{page["page"]}"')
    out.append(f' stroke="{page["line"]}"/><text x="14" y="24" font-weight="600" fill="{ink}">{head}</text>')
    x = 14
    for kind in kinds:
        out.append(_bar(kind, x, 36, 20, page))
        out.append(f'<text x="{x + 26}" y="47" font-size="11" fill="{ink}">{LOOKS[kind].words}</text>')
        x += 44 + 6 * len(LOOKS[kind].words)
    if any(not part.kind for row in rows for part in row.segments):
        out.append(_bar("", x, 36, 20, page))
        out.append(f'<text x="{x + 26}" y="47" font-size="11" fill="{ink}">waits for another row</text>')
    if not times:
        out.append(f'<text x="{LEFT}" y="70" font-size="11" fill="{mute}">{ORDER}</text>')
    for at, words in scale.ticks():
        x_of = f"{LEFT + at * room:.1f}"
        out.append(f'<line x1="{x_of}" x2="{x_of}" y1="{TOP - 8}" y2="{height - 8}" stroke="{page["line"]}"/>')
        out.append(f'<text x="{x_of}" y="70" text-anchor="middle" font-size="11" fill="{mute}">{words}</text>')
    for i, row in enumerate(rows):
        y, told = TOP + ROW * i, told_beside(row, times=times)
        if not row.depth and i:
            out.append(f'<line x1="8" x2="{WIDTH - 8}" y1="{y}" y2="{y}" stroke="{page["line"]}"/>')
        weight, indent = "" if row.depth else ' font-weight="600"', 14 * min(row.depth, 8)
        label = escape(short(row.label, 45 - 2 * row.depth if row.depth else 38))
        out.append(f'<text x="{14 + indent}" y="{y + 15}"{weight} fill="{ink}">{label}</text>')
        for kind, start, end in row.segments:
            a, b = (LEFT + scale.at(row, time) * room for time in (start, end))
            out.append(_bar(kind, a, y + 4, max(1, b - a), page))
        colour, x = page["bad"] if row.fault else ink, WIDTH - right + 62
        if times:
            out.append(f'<text x="{x - 8}" y="{y + 15}" text-anchor="end" font-size="11" fill="{ink}">{told[0]}</text>')
        where, words = x if times else x - 50, escape(short(told[-1], 15))
        out.append(f'<text x="{where}" y="{y + 15}" font-size="11" fill="{colour}">{words}</text>')
    return "".join([*out, "</svg>"])


def alt(rows: Sequence[Row], *, times: bool) -> str:
    """The drawing in words, for those who hear it: every row as a sentence."""
    told = [sentence(row, times=times) for row in rows[:40]]
    more = [f"{len(rows) - 40} more rows."] if len(rows) > 40 else []
    return shorten(" ".join([*told, *more]), 4_000, placeholder=" …")


class _Scale:
    """Where a moment of a row lies, from 0 to 1.

    Args:
        rows: What is drawn.
        times: Whether equal times have equal lengths; else what happened one after the other has equal distances.
    """

    def __init__(self, rows: Sequence[Row], *, times: bool) -> None:
        self.longest = max((row.end - row.zero for row in rows), default=0) or 1
        self._ranks: dict[int, dict[int, int]] | None = None
        if not times:
            moments: dict[int, set[int]] = defaultdict(set)
            for row in rows:
                moments[row.zero] |= {row.start, row.end, *(each for part in row.segments for each in part[1:])}
            self._ranks = {zero: {time: n for n, time in enumerate(sorted(many))} for zero, many in moments.items()}
            self.longest = max((len(many) - 1 for many in moments.values()), default=0) or 1

    def at(self, row: Row, time: int) -> float:
        return (time - row.zero if self._ranks is None else self._ranks[row.zero][time]) / self.longest

    def ticks(self, most: float = 6) -> list[tuple[float, str]]:
        """Places on the axis, and what they are called: of a round length, all in one unit."""
        return [] if self._ranks else [(time / self.longest, words) for time, words in ticks(self.longest, most)]


_UNITS = (("min", 120_000_000_000, 60_000_000_000), ("s", 10**9, 10**9), ("ms", 10**6, 10**6), ("µs", 0, 1_000))
"""Each unit of time, from how many nanoseconds on it is used, and how many it has."""


def ticks(longest: int, most: float = 6) -> list[tuple[int, str]]:
    """Round times up to `longest`, in nanoseconds, and their words, all in one unit: 0, 50 ms, 100 ms."""
    name, unit = next((name, unit) for name, least, unit in _UNITS if longest >= least)
    steps = (factor * 10.0**power for power in range(-3, 12) for factor in (1, 2, 5))
    step = next(step for step in steps if longest / unit / step <= most)
    return [
        (round(n * step * unit), f"{n * step:g} {name}" if n else "0") for n in range(int(longest / unit / step) + 1)
    ]


def duration(time: int) -> str:
    """Nanoseconds in words, as the flow says them: `0.4 ms`, `84 ms`, `1.2 s`, `2 min 5 s`."""
    ms = time / 1e6
    if ms < 9.95:
        return f"{ms:.1f} ms" if ms >= 0.05 else f"{time / 1e3:.0f} µs"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1e3:.1f} s" if ms < 119_950 else f"{round(ms / 1e3) // 60} min {round(ms / 1e3) % 60} s"


@lru_cache(1_000)
def shown(text: str, width: int) -> str:
    """What somebody wrote, plain, without secrets, cut at `width` characters: spans tell the same again and again."""
    return short(redact_shown(text, 4 * width), width)


def _indented(row: Row) -> str:
    return "  " * min(row.depth, 8) + row.label


def told_beside(row: Row, *, times: bool = True) -> list[str]:
    """What stands beside a row: how long it took; what took the most of that, `person 82 %`, or that it failed."""
    took, whole = row.took, row.end - row.start
    most = "" if not took or not times else took[0][0] or "waits"
    if len(took) > 1 and most:
        most += f" {min(99, max(1, round(100 * took[0][1] / whole)))} %"
    long = f"{duration(whole)}{' …' if row.is_open else ''}"
    return [*([f"{long:>7}"] if times else []), f"✗ {row.fault}" if row.fault else most]


def sentence(row: Row, *, times: bool = True) -> str:
    """A row in words."""
    so_far = f"{duration(row.end - row.start)}{' so far' if row.is_open else ''}"
    if times:
        took = [f"{kind or 'waits'} {duration(time)}" for kind, time in row.took]
    else:  # in the order in which each came first: the most of all may be another each time
        took = [kind or "waits" for kind in dict.fromkeys(kind for kind, *_ in row.segments)]
    told = [row.label, so_far if times else "", row.fault and f"failed: {row.fault}", " and ".join(took)]
    return ", ".join(part for part in told if part) + "."


def _bar(kind: str, x: float, y: float, width: float, page: Mapping[str, str]) -> str:
    """A bar: filled where somebody works, a pattern where somebody waits, with its name where there is room."""
    place = f'x="{x:.1f}" y="{y}" width="{width:.1f}" height="14" rx="2"'
    if not kind:
        return f'<rect {place} fill="none" stroke="{page["mute"]}" stroke-dasharray="2 2"/>'
    colour, is_wait = page[kind], bool(LOOKS[kind].pattern)
    told = f'<rect {place} fill="{page["page"] if is_wait else colour}" stroke="{colour}"/>'
    if is_wait:
        told += f'<rect {place} fill="url(#labkit-{kind}-{page["tone"]})"/>'
    if width < 12 + 7 * len(kind):
        return told
    if is_wait:
        told += (
            f'<rect x="{x + 3:.1f}" y="{y + 1}" width="{4 + 6.2 * len(kind):.1f}" height="12" fill="{page["page"]}"/>'
        )
    ink = page["ink"] if is_wait else page["page"]
    return f'{told}<text x="{x + 5:.1f}" y="{y + 10.5}" font-size="10.5" fill="{ink}">{kind}</text>'
