"""A flow as text, as Mermaid, and as SVG. Labels may hold text of a server or a model: each form escapes it."""

import textwrap
from html import escape
from typing import TYPE_CHECKING

from labkit.plain import short
from labkit.steps import LANES, Lane

if TYPE_CHECKING:
    from labkit.flow import Flow, Step

# One colour a lane, everywhere; contrast with white is above 4.5:1. Text says what the colour says.
COLOURS: dict[Lane, str] = {
    "you": "#2e6b34",
    "client": "#1565c0",
    "callback": "#a3265c",
    "model": "#5b3a9e",
    "server": "#8a4b08",
}
WIDTH, TOP, ROW = 880, 50, 27


def lanes(flow: "Flow") -> list[Lane]:
    """The lanes that `flow` uses, in the order in which they are drawn."""
    used = {lane for step in flow.steps for lane in (step.source, step.target)}
    return [lane for lane in LANES if lane in used]


def summary(flow: "Flow") -> str:
    """`1 sample · 46 tokens · scripted`: how much was asked, and who answered."""
    parts = [f"{flow.samples} sample{'' if flow.samples == 1 else 's'}"]
    if flow.tokens is not None:
        parts.append(f"{flow.tokens} tokens")
    return " · ".join([*parts, *(short(model) for model in flow.models)])


def head(flow: "Flow") -> str:
    """The first line of every form: title, server, wire, transport."""
    return " · ".join(short(part) for part in (flow.title, flow.server, flow.wire, flow.transport) if part)


def table(flow: "Flow") -> str:
    """One line a step; `═▶` crossed the wire, `─▶` stayed on the client's side."""
    width = max((len(lane) for lane in lanes(flow)), default=0)
    digits = len(str(len(flow.steps)))
    lines = [head(flow)]
    for step in flow.steps:
        arrow = "═▶" if step.wire else "─▶"
        between = f"{step.source:>{width}} {arrow} {step.target:<{width}}"
        if step.source == step.target:
            between = f"{step.source:>{width}}    {'':<{width}}"
        lines.append(f"{step.n:>{digits}}  {between}  {short(step.label, 72)}{_of_samples(flow, step)}".rstrip())
    return "\n".join([*lines, summary(flow)])


def _of_samples(flow: "Flow", step: "Step") -> str:
    """Which samples a step is about, where there are several."""
    if flow.samples < 2 or not step.samples:
        return ""
    return f"  [sample{'s' if len(step.samples) > 1 else ''} {', '.join(map(str, step.samples))}]"


def mermaid(flow: "Flow") -> str:
    """A `sequenceDiagram`; wire frames have filled heads, replies broken lines."""
    lines = ["sequenceDiagram", f"  %% {_mermaid(head(flow))}", *(f"  participant {lane}" for lane in lanes(flow))]
    for step in flow.steps:
        label = _mermaid(short(step.label) + _of_samples(flow, step))
        if step.source == step.target:
            lines.append(f"  Note over {step.source}: {label}")
        else:
            lines.append(f"  {step.source}{'-->>' if step.reply else '->>'}{step.target}: {label}")
    return "\n".join(lines)


def _mermaid(text: str) -> str:
    """`text` with every character that Mermaid or HTML reads as more than itself written as an entity."""
    return "".join(c if c.isalnum() or c in " .,·/()-_=→≤…×" else f"#{ord(c)};" for c in text)


def svg(flow: "Flow") -> str:
    """A sequence diagram on a light card, readable in any theme: it carries its own colours and no script."""
    used = lanes(flow)
    x: dict[Lane, int] = {lane: _at(i, len(used)) for i, lane in enumerate(used)}
    height = TOP + ROW * len(flow.steps) + 34
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            'role="img" font-family="system-ui, Segoe UI, Roboto, sans-serif" font-size="12">'
        ),
        f"<title>{escape(head(flow))}</title>",
        f"<desc>{escape(alt(flow))}</desc>",
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6" fill="#ffffff" stroke="#dfe2e6"/>',
    ]
    for lane in used:
        parts += [
            f'<line x1="{x[lane]}" y1="36" x2="{x[lane]}" y2="{height - 28}" stroke="#dfe2e6"/>',
            f'<rect x="{x[lane] - 46}" y="12" width="92" height="24" rx="4" fill="#f4f5f7" stroke="#dfe2e6"/>',
            f'<text x="{x[lane]}" y="28" text-anchor="middle" font-weight="600" fill="{COLOURS[lane]}">{lane}</text>',
        ]
    for i, step in enumerate(flow.steps):
        parts += _svg_step(flow, step, x, TOP + ROW * i + 14)
    parts.append(f'<text x="14" y="{height - 10}" fill="#5b6470">{escape(summary(flow))}</text></svg>')
    return "".join(parts)


def _at(i: int, lanes: int) -> int:
    """Where a lane stands; the wire, between client side and server, gets twice the room of the others."""
    left, right = 90, WIDTH - 80
    if lanes < 2:
        return (left + right) // 2
    gaps = lanes  # lanes - 1 gaps, and the last counts twice
    return right if i == lanes - 1 else left + (right - left) * i // gaps


def _svg_step(flow: "Flow", step: "Step", x: dict[Lane, int], y: int) -> list[str]:
    colour, a, b = COLOURS[step.source], x[step.source], x[step.target]
    number = f'<text x="14" y="{y + 4}" fill="#5b6470" font-size="11">{step.n}</text>'
    text = escape(short(step.label, 46) + _of_samples(flow, step))
    if a == b:
        side, anchor = (a + 14, "start") if a < WIDTH // 2 else (a - 14, "end")
        mark = f'<rect x="{a - 5}" y="{y - 8}" width="10" height="16" rx="2" fill="{colour}"/>'
        return [number, mark, f'<text x="{side}" y="{y + 4}" text-anchor="{anchor}" fill="#5b6470">{text}</text>']
    way = 1 if b > a else -1
    dash = ' stroke-dasharray="5 3"' if step.reply else ""
    width = 2.4 if step.wire else 1.4
    middle = (a + b) // 2
    # A halo in the card's colour keeps the label readable where it is wider than its arrow and crosses a lane.
    halo = 'paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-linejoin="round"'
    return [
        number,
        f'<line x1="{a}" y1="{y}" x2="{b - way * 7}" y2="{y}" stroke="{colour}" stroke-width="{width}"{dash}/>',
        f'<path d="M{b} {y}l{-way * 9} -4.5v9z" fill="{colour}"/>',
        f'<text x="{middle}" y="{y - 7}" text-anchor="middle" {halo} fill="#1b1f24">{text}</text>',
    ]


def alt(flow: "Flow") -> str:
    """The diagram in words, for those who hear it: every step as a sentence."""
    steps = [
        f"{step.n}. {step.source}{'' if step.source == step.target else f' to {step.target}'}: {short(step.label)}."
        for step in flow.steps[:40]
    ]
    more = [f"{len(flow.steps) - 40} more steps."] if len(flow.steps) > 40 else []
    return textwrap.shorten(" ".join([*steps, *more, summary(flow) + "."]), 4000, placeholder=" …")
