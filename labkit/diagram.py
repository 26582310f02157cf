"""A flow as text, as Mermaid, and as SVG. Labels may hold text of a server or a model: each form escapes it."""

import re
import textwrap
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from labkit.plain import LABEL, short
from labkit.steps import LANES, Lane

Kind = Literal["host", "request", "response", "notification", "question", "answer", "fault"]
"""`question` and `answer` are the frames that carry a sampling request and what the client says to it."""

# One colour a lane, everywhere; contrast with white is above 4.5:1. Text says what the colour says.
COLOURS: dict[Lane, str] = {
    "you": "#2e6b34",
    "client": "#1565c0",
    "callback": "#a3265c",
    "model": "#5b3a9e",
    "server": "#8a4b08",
}


class Look(NamedTuple):
    """How a kind of time looks: its words, its colours on a light and on a dark page, its pattern.

    A pattern is an SVG path on a square of 6 pixels, which repeats. Where there is none the bar is filled: somebody
    works. The first letter of its key stands for it in a text.
    """

    words: str
    light: str
    dark: str
    pattern: str


LOOKS: Mapping[str, Look] = {
    "model": Look("model answers", COLOURS["model"], "#bda4f2", ""),
    "person": Look("waits for a person", COLOURS["you"], "#8ccf94", "M-1 1L1-1M0 6L6 0M5 7L7 5"),
    "turn": Look("waits for its turn", "#5b6470", "#a6b0bb", "M1 1.5h2M4 4.5h2"),
    "host": Look("host's own work", COLOURS["callback"], "#f29bbd", ""),
    "server": Look("server works", COLOURS["server"], "#e7a866", ""),
    "wire": Look("on the wire", COLOURS["client"], "#7db4f5", "M0 3h6"),
}
"""The look of each kind of time: who has it, or who is waited for."""


BAD, BAD_CARD, BAD_TINT = "#b3261e", "#faf0ef", "rgba(179, 38, 30, 0.14)"
"""The colour of a failure, and of what lies behind it: on the light card, and on a page of either theme."""

TELLS = re.compile("error|fail|refus|raise|cancel", re.I)
"""A label that says by itself what went wrong."""

WIDTH, TOP, ROW = 880, 50, 27
LINE = 18
"""The height of a remark's line."""
_GRAVE = ("error", "critical", "alert", "emergency")
"""Levels of a server's log that tell of a failure."""
MOST_STEPS = 1_000
"""Steps of a flow that a table and a Mermaid diagram tell; of a longer flow the first and the last half of so many."""


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of a flow.

    Attributes:
        n: The step's number, from 1.
        source: The lane it starts from.
        target: The lane it goes to; the same for something a party did by itself.
        label: What happened, in a few words. It may hold text of the server or a model: show it as text only.
        kind: What it is; everything but `host` crossed the wire.
        data: The frame, or the values that were reported with a host step, as JSON.
        samples: The numbers of the samples it is about.
        reply_to: The step that it answers.
        reply: Whether it ends what an earlier step began: a JSON-RPC response, or an answer on the client's side.
        time: Seconds since the first step.
        size: Bytes of JSON, for a frame.
        sha256: The hash of a frame's JSON where that was too large, so that `data` holds a part of it; else empty.
        http: The request over HTTP that carried a frame, and its answer, as `Exchange.told` has them; else `None`.
    """

    n: int
    source: Lane
    target: Lane
    label: str
    kind: Kind
    data: dict[str, Any]
    samples: tuple[int, ...] = ()
    reply_to: int | None = None
    reply: bool = False
    time: float = 0.0
    size: int | None = None
    sha256: str = ""
    http: dict[str, Any] | None = None

    @property
    def wire(self) -> bool:
        """Whether the event crossed the wire."""
        return self.kind != "host"

    @property
    def failed(self) -> bool:
        """Whether it tells of a failure: an error, a tool that failed, a fault, an HTTP status from 400 on."""
        if self.kind == "fault" or "error" in self.data:
            return True
        if self.kind == "notification":
            return json_object(self.data.get("params")).get("level") in _GRAVE
        if self.wire:
            return json_object(self.data.get("result")).get("isError") is True
        status = self.data.get("status")
        return isinstance(status, int) and status >= 400

    def said(self, width: int = LABEL) -> str:
        """The label made plain, after a sign and a word where the step failed, in so many characters together."""
        sign = "" if not self.failed else "✗ " if TELLS.search(short(self.label, width)) else "✗ failed · "
        return sign + short(self.label, width - len(sign))

    def without_data(self) -> "Step":
        """The same step without its data, of which nothing is left but that it failed."""
        return replace(self, data={"error": "(left out)"} if self.failed else {})


@dataclass(frozen=True, slots=True)
class Diagram:
    """What is drawn of a call: its title, where it went, and its steps."""

    title: str
    server: str
    wire: str
    transport: str
    steps: tuple[Step, ...]

    @property
    def samples(self) -> int:
        """How many completions were asked for."""
        return max((number for step in self.steps for number in step.samples), default=0)

    @property
    def remarks(self) -> list[tuple[int, str]]:
        """Short lines about several steps together, made plain, each with the step at which it begins."""
        return []

    @property
    def tokens(self) -> int | None:
        """Tokens of the answers, as far as the answerers told: MCP itself does not carry them."""
        told = [step.data["output_tokens"] for step in self.steps if isinstance(step.data.get("output_tokens"), int)]
        return sum(told) if told else None

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the answers name, each once."""
        return tuple(dict.fromkeys(model for step in self.steps for model in models_of(step)))


def models_of(step: Step) -> list[str]:
    """The models named by the answers in a frame."""
    if step.kind != "answer":
        return []
    params = json_object(json_object(step.data.get("params")).get("inputResponses"))
    answers = list(params.values()) or [step.data.get("result")]
    return [model for answer in answers if isinstance(model := json_object(answer).get("model"), str)]


def json_object(value: object) -> dict[str, Any]:
    """`value` where it is an object of JSON; an empty one where it is anything else."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON objects


def lanes(flow: Diagram) -> list[Lane]:
    """The lanes that `flow` uses, in the order in which they are drawn."""
    used = {lane for step in flow.steps for lane in (step.source, step.target)}
    return [lane for lane in LANES if lane in used]


def summary(flow: Diagram) -> str:
    """`1 sample · 46 tokens · scripted`: how much was asked, and who answered."""
    parts = [f"{flow.samples} sample{'' if flow.samples == 1 else 's'}"]
    if flow.tokens is not None:
        parts.append(f"{flow.tokens} tokens")
    return " · ".join([*parts, *(short(model) for model in flow.models)])


def head(flow: Diagram) -> str:
    """The first line of every form: title, server, wire, transport."""
    return " · ".join(short(part) for part in (flow.title, flow.server, flow.wire, flow.transport) if part)


def table(flow: Diagram) -> str:
    """One line a step; `═▶` crossed the wire, `─▶` stayed on the client's side."""
    width = max((len(lane) for lane in lanes(flow)), default=0)
    digits = len(str(len(flow.steps)))
    many = flow.samples > 1
    lines = [head(flow)]
    for step in _told(flow):
        if isinstance(step, str):
            lines.append(step)
            continue
        arrow = "═▶" if step.wire else "─▶"
        between = f"{step.source:>{width}} {arrow} {step.target:<{width}}"
        if step.source == step.target:
            between = f"{step.source:>{width}}    {'':<{width}}"
        lines.append(f"{step.n:>{digits}}  {between}  {step.said(72)}{_about(many, step)}".rstrip())
    return "\n".join([*lines, summary(flow), *(text for _, text in flow.remarks)])


def in_part(step: Step) -> str:
    """What stands behind the label of a frame that was too large: `  [20,971,520 bytes, kept in part]`."""
    return f"  [{step.size:,} bytes, kept in part]" if step.sha256 else ""


def _told(flow: Diagram) -> list[Step | str]:
    """The steps to tell, and in place of those in the middle of a long flow how many they are."""
    left_out = len(flow.steps) - MOST_STEPS
    if left_out <= 0:
        return list(flow.steps)
    half = MOST_STEPS // 2
    note = f"… {left_out:,} more steps: the flow's .steps holds them all"
    return [*flow.steps[:half], note, *flow.steps[-half:]]


def _about(many: bool, step: Step) -> str:
    """Which samples a step is about, where there are several, and whether its frame was kept whole."""
    if not many or not step.samples:
        return in_part(step)
    return f"  [sample{'s' if len(step.samples) > 1 else ''} {short(', '.join(map(str, step.samples)))}]{in_part(step)}"


def mermaid(flow: Diagram) -> str:
    """A `sequenceDiagram`; wire frames have filled heads, replies broken lines."""
    many = flow.samples > 1
    lines = ["sequenceDiagram", f"  %% {_mermaid(head(flow))}", *(f"  participant {lane}" for lane in lanes(flow))]
    remarks = deque(sorted(flow.remarks, key=itemgetter(0)))
    for step in _told(flow):
        if isinstance(step, str):
            lines.append(f"  Note over {LANES[1]}: {_mermaid(step)}")
            continue
        while remarks and remarks[0][0] <= step.n:
            lines.append(f"  Note over {LANES[1]}: {_mermaid(remarks.popleft()[1])}")
        label = _mermaid(step.said() + _about(many, step))
        if step.source == step.target:
            line = f"  Note over {step.source}: {label}"
        else:
            line = f"  {step.source}{'-->>' if step.reply else '->>'}{step.target}: {label}"
        lines += [f"  rect {BAD_TINT}", f"  {line}", "  end"] if step.failed else [line]
    return "\n".join(lines)


def _mermaid(text: str) -> str:
    """`text` with every character that Mermaid or HTML reads as more than itself written as an entity."""
    return "".join(c if c.isalnum() or c in " .,·/()-_=→≤…×" else f"#{ord(c)};" for c in text)


def svg(flow: Diagram) -> str:
    """A sequence diagram on a light card, readable in any theme: it carries its own colours and no script."""
    used = lanes(flow)
    x: dict[Lane, int] = {lane: _at(i, len(used)) for i, lane in enumerate(used)}
    remarks = [text for _, text in flow.remarks]
    bottom = TOP + ROW * len(flow.steps) + 34
    height = bottom + LINE * len(remarks) + (6 if remarks else 0)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            'role="img" font-family="system-ui, Segoe UI, Roboto, sans-serif" font-size="12">'
        ),
        f"<title>{escape(head(flow))}</title>",
        f"<desc>{escape(alt(flow))}</desc>",
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6" fill="#ffffff" stroke="#dfe2e6"/>',
    ]
    for i, step in enumerate(flow.steps):
        if step.failed:
            y = TOP + ROW * i - 5
            parts.append(f'<rect x="1" y="{y}" width="{WIDTH - 2}" height="{ROW}" fill="{BAD_CARD}"/>')
    for lane in used:
        parts += [
            f'<line x1="{x[lane]}" y1="36" x2="{x[lane]}" y2="{bottom - 28}" stroke="#dfe2e6"/>',
            f'<rect x="{x[lane] - 46}" y="12" width="92" height="24" rx="4" fill="#f4f5f7" stroke="#dfe2e6"/>',
            f'<text x="{x[lane]}" y="28" text-anchor="middle" font-weight="600" fill="{COLOURS[lane]}">{lane}</text>',
        ]
    many = flow.samples > 1
    for i, step in enumerate(flow.steps):
        parts += _svg_step(many, step, x, TOP + ROW * i + 14)
    parts.append(f'<text x="14" y="{bottom - 10}" fill="#5b6470">{escape(summary(flow))}</text>')
    for i, text in enumerate(remarks, 1):
        x_of = 14 if text.startswith("loop") else 26
        parts.append(f'<text x="{x_of}" y="{bottom - 8 + LINE * i}" fill="#1b1f24">{escape(text.strip())}</text>')
    return "".join([*parts, "</svg>"])


def _at(i: int, lanes: int) -> int:
    """Where a lane stands; the wire, between client side and server, gets twice the room of the others."""
    left, right = 90, WIDTH - 80
    if lanes < 2:
        return (left + right) // 2
    gaps = lanes  # lanes - 1 gaps, and the last counts twice
    return right if i == lanes - 1 else left + (right - left) * i // gaps


def _svg_step(many: bool, step: Step, x: dict[Lane, int], y: int) -> list[str]:
    colour, a, b = BAD if step.failed else COLOURS[step.source], x[step.source], x[step.target]
    number = f'<text x="14" y="{y + 4}" fill="#5b6470" font-size="11">{step.n}</text>'
    said = step.said(46) + _about(many, step)
    text = escape(said)
    card, ink, mute = "#ffffff", '"#1b1f24"', '"#5b6470"'
    if step.failed:
        card, ink = BAD_CARD, f'"{BAD}" font-weight="600"'
        mute = ink
    if a == b:
        side, anchor = (a + 14, "start") if a < WIDTH // 2 else (a - 14, "end")
        mark = f'<rect x="{a - 5}" y="{y - 8}" width="10" height="16" rx="2" fill="{colour}"/>'
        return [number, mark, f'<text x="{side}" y="{y + 4}" text-anchor="{anchor}" fill={mute}>{text}</text>']
    way = 1 if b > a else -1
    dash = ' stroke-dasharray="5 3"' if step.reply else ""
    width = 2.4 if step.wire else 1.4
    half = int(len(said) * (3.6 if step.failed else 3.1))  # of the label, about: it stays beside the number
    middle = min(max((a + b) // 2, 28 + half), WIDTH - 8 - half)
    # A halo in the card's colour keeps the label readable where it is wider than its arrow and crosses a lane.
    halo = f'paint-order="stroke" stroke="{card}" stroke-width="4" stroke-linejoin="round"'
    return [
        number,
        f'<line x1="{a}" y1="{y}" x2="{b - way * 7}" y2="{y}" stroke="{colour}" stroke-width="{width}"{dash}/>',
        f'<path d="M{b} {y}l{-way * 9} -4.5v9z" fill="{colour}"/>',
        f'<text x="{middle}" y="{y - 7}" text-anchor="middle" {halo} fill={ink}>{text}</text>',
    ]


def alt(flow: Diagram) -> str:
    """The diagram in words, for those who hear it: every step as a sentence."""
    steps = [
        f"{step.n}. {step.source}{'' if step.source == step.target else f' to {step.target}'}: "
        f"{'Failed: ' if step.failed else ''}{short(step.label)}."
        for step in flow.steps[:40]
    ]
    more = [f"{len(flow.steps) - 40} more steps."] if len(flow.steps) > 40 else []
    remarks = [f"{text.strip()}." for _, text in flow.remarks]
    return textwrap.shorten(" ".join([*steps, *more, summary(flow) + ".", *remarks]), 4000, placeholder=" …")
