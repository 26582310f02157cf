"""`compare(one, other)`: two calls side by side, step by step, with what differs between them named and marked."""

from collections.abc import Sequence
from html import escape
from typing import Any

from labkit import diagram
from labkit.call import Call
from labkit.flow import Flow
from labkit.lab import Lab
from labkit.redacting import redact_flow
from labkit.views.aligned import MOST_STEPS, Difference, Pair, differences, is_alone, pairs
from labkit.views.words import Parts

_CARD = "background:#ffffff;color:#1b1f24;border:1px solid #dfe2e6;border-collapse:collapse;font-size:12px"
_CELL = "border-top:1px solid #dfe2e6;padding:4px 10px;text-align:left;vertical-align:top"
_MUTE = "color:#5b6470"
_MARK = "background:#fff3bf;color:#1b1f24;text-decoration:none"


class SideBySide:
    """Two flows side by side. `print` tells what differs in words; a notebook shows a table with the words marked."""

    def __init__(self, one: Flow, other: Flow) -> None:
        self.one, self.other = one, other
        self.pairs = tuple(pairs(one, other))

    @property
    def facts(self) -> tuple[Difference, ...]:
        """What differs of the calls as wholes: their tools, servers, wires, samples, tokens, models."""
        names = {"title": "call", "server": "server", "wire": "wire", "transport": "over"}
        # A sample that was asked without a server has no frame, which would tell of these.
        names |= (
            {}
            if is_alone(self.one) or is_alone(self.other)
            else {"samples": "samples", "tokens": "tokens", "models": "models"}
        )
        one, other = ({name: getattr(flow, field) for field, name in names.items()} for flow in (self.one, self.other))
        return tuple(differences(one, other))

    @property
    def told(self) -> str:
        """`6 of 8 steps are alike`."""
        alike = sum(not pair.differs for pair in self.pairs)
        more = f", of the first {MOST_STEPS}" if max(len(self.one.steps), len(self.other.steps)) > MOST_STEPS else ""
        return f"{alike} of {len(self.pairs)} steps are alike{more}"

    def __str__(self) -> str:
        lines = [f"one    {diagram.head(self.one)}", f"other  {diagram.head(self.other)}"]
        lines += [f"  {fact}" for fact in self.facts]
        for pair in self.pairs:
            numbers = f"{pair.one.n if pair.one else '–':>3} {pair.other.n if pair.other else '–':>3}"
            only = "" if pair.one and pair.other else f" · only in the {'one' if pair.one else 'other'}"
            lines.append(f"{numbers}  {'≠' if pair.differs else ' '} {pair.name}{only}")
            lines += [f"           {difference}" for difference in pair.differences]
        return "\n".join([*lines, self.told])

    def _repr_html_(self) -> str:
        heads = "".join(
            f'<th scope="col" style="{_CELL}">{escape(head)}</th>'
            for head in ("step", diagram.head(self.one), diagram.head(self.other))
        )
        rows = [_row("the calls", self.facts)] if self.facts else []
        rows += [_row(pair.name, pair.differences, pair) for pair in self.pairs]
        caption = f'<caption style="text-align:left">{escape(self.told)}</caption>'
        return f'<table style="{_CARD}">{caption}<thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}


def compare(one: Lab | Call[Any] | Flow, other: Lab | Call[Any] | Flow, *, redacting: bool = False) -> SideBySide:
    """Two calls side by side, step by step: what differs between them, named by its path.

        compare(call, replay(call, temperature=1.5))  # await both first
        compare(Lab(server), Lab(server, mode="legacy"))  # the calls that they made last

    Args:
        one: A call, a flow, or a Lab, of which the last call counts.
        other: What it is compared with.
        redacting: Show `[redacted: …]` in place of secrets.

    Raises:
        TypeError: One of them has no flow.
    """
    flows: list[Flow] = []
    for of in (one, other):
        flow = of.flow if isinstance(of, Lab | Call) else of
        if not isinstance(flow, Flow):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
            raise TypeError(f"a {type(of).__name__} has no flow to compare: write compare(call, other_call)")
        flows.append(redact_flow(flow) if redacting else flow)
    return SideBySide(*flows)


def _row(name: str, differences: Sequence[Difference], pair: Pair | None = None) -> str:
    cells: list[str] = []
    for i in range(2):
        step = pair and (pair.one, pair.other)[i]
        lines = [] if pair is None else [f'<span style="{_MUTE}">{f"step {step.n}" if step else "no such step"}</span>']
        lines += [
            f'<span style="{_MUTE}">{escape(each.path)}</span> {_marked((each.one, each.other)[i])}'
            for each in (differences if pair is None or step else ())
        ]
        cells.append(f'<td style="{_CELL}">{"<br>".join(lines)}</td>')
    mark = f' · <mark style="{_MARK}">differs</mark>' if pair is None or pair.differs else ""
    return f'<tr><th scope="row" style="{_CELL}">{escape(name)}{mark}</th>{"".join(cells)}</tr>'


def _marked(parts: Parts) -> str:
    return "".join(
        f'<mark style="{_MARK}">{escape(text or "(none)")}</mark>' if differs else escape(text)
        for text, differs in parts
    )
