"""`spending`: what calls took and cost, by server, model, tool, Lab or lesson, all of it read off the spans.

    print(spending(lab.telemetry))                # a line for each server, and the total
    print(spending(lab.telemetry, by="model"))

A model is asked once for a sample, or more often: a retry asks again, and what was used then is paid twice. So samples
and tries are told apart, and `lost` is what was used by tries of which nothing came.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, fsum
from typing import Literal, get_args

from opentelemetry.sdk.trace import ReadableSpan

from labkit.host.prices import dollars
from labkit.plain import in_columns, short
from labkit.telemetry import conventions as names
from labkit.telemetry.kept import Telemetry
from labkit.telemetry.parts import Tree, attributes_of, is_call, is_sample

By = Literal["server", "model", "tool", "lab", "lesson"]
NOT_TOLD = "(not told)"
"""The name of the row for what does not say where it belongs."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one server, model, tool, Lab or lesson took.

    Attributes:
        name: Its name.
        calls: Calls of tools, and other requests of a Lab; by model, those in which it was asked.
        samples: Questions of servers; by model, those for which it was asked.
        tries: How often a model was asked for them.
        failed: Calls that failed; where there are none, samples; by model, tries.
        input_tokens: Tokens of prompts, as models told them.
        output_tokens: Tokens of answers, as models told them.
        untold: Tries whose model told no tokens: they are in no sum.
        cost: US dollars; `None` where the cost of no try is known.
        unpriced: Tries whose cost is not known. Where `cost` is a number, it is at least that.
        lost_tokens: Tokens of tries that failed, or after which another was asked.
        lost_cost: What is known of the cost of those.
        p50: Seconds in which half of the calls were over (the smallest of the times that do); of what `failed` counts.
        p95: Seconds in which 19 of 20 were over.
    """

    name: str
    calls: int
    samples: int
    tries: int
    failed: int
    input_tokens: int
    output_tokens: int
    untold: int
    cost: float | None
    unpriced: int
    lost_tokens: int
    lost_cost: float
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent: a row for each server or whatever else, the dearest first, and the total."""

    by: str
    rows: tuple[Row, ...]
    total: Row

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> Row:
        """The row of a name.

        Raises:
            KeyError: There is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"there is no {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def text(self, *, times: bool = True) -> str:
        """The rows as a table. Times differ from run to run: they can be left out."""
        rows = [(self.by, "calls", "samples", "tries", "failed", "tokens in", "out", "lost", "cost", "p50", "p95")]
        rows += [_cells(row) for row in (*self.rows, self.total)]
        lines = in_columns(rows if times else [row[:-2] for row in rows])
        return "\n".join([*lines, *_reservations(self.total)])

    def __str__(self) -> str:
        return self.text()


def spending(
    telemetry: Telemetry | Iterable[ReadableSpan], by: By | Callable[[ReadableSpan], str] = "server"
) -> Spending:
    """What the kept calls took and cost.

    Args:
        telemetry: Where their spans are, or the spans.
        by: What gets a row each: `"server"`, `"model"`, `"tool"`, `"lab"`, `"lesson"` (`Telemetry(lesson="14")`), or a
            function that names the row of a span: of a call, a sample, or a model that was asked.

    Raises:
        ValueError: There is no such `by`.
    """
    if not callable(by) and by not in get_args(By):
        raise ValueError(
            f"by={by!r} is no way to add up; there are {', '.join(get_args(By))}, and a function of a span"
        )
    spans = telemetry.spans if isinstance(telemetry, Telemetry) else [*telemetry]
    tree = Tree(spans)
    name_of = by if callable(by) else _NAMES[by]
    groups: dict[str, _Group] = defaultdict(_Group)
    whole = _Group()
    tries: dict[int, list[ReadableSpan]] = defaultdict(list)
    for number, span in tree.spans.items():
        if is_call(span) or is_sample(span):
            for group in (whole, groups[name_of(span)]) if by != "model" else (whole,):
                (group.calls if is_call(span) else group.samples).append(number)
        elif attributes_of(span).get(names.OPERATION) == names.CHAT:
            tries[tree.samples.get(number, number)].append(span)
    for sample, of_sample in tries.items():
        of_sample.sort(key=lambda span: span.start_time or 0)
        came = [span for span in of_sample if names.ERROR not in attributes_of(span)]
        for span in of_sample:
            for group in (whole, groups[name_of(span)]):
                group.tries.append((span, span not in came[-1:]))
            if by == "model":
                group = groups[name_of(span)]
                group.samples.append(sample)
                if (call := tree.roots.get(sample)) is not None and is_call(tree.spans[call]):
                    group.calls.append(call)
    rows = [group.row(name, tree, by_tries=by == "model") for name, group in groups.items()]
    rows.sort(key=lambda row: (-(row.cost or 0.0), -row.input_tokens - row.output_tokens, row.name))
    return Spending(by if isinstance(by, str) else "", tuple(rows), whole.row("total", tree, by_tries=by == "model"))


def _named(attribute: str, *others: str) -> Callable[[ReadableSpan], str]:
    def name_of(span: ReadableSpan) -> str:
        attributes = attributes_of(span)
        return next((str(attributes[name]) for name in (attribute, *others) if attributes.get(name)), NOT_TOLD)

    return name_of


def _lesson(span: ReadableSpan) -> str:
    return str(span.resource.attributes.get(names.LESSON, NOT_TOLD))


def _tool(span: ReadableSpan) -> str:
    """The tool of a call; of a sample or a model the one that asked, and never one that the model may use."""
    return _named(names.TOOL if is_call(span) else names.ASKED_BY)(span)


_NAMES: dict[str, Callable[[ReadableSpan], str]] = {
    "server": _named(names.SERVER),
    "model": _named(names.RESPONSE_MODEL, names.REQUEST_MODEL),
    "tool": _tool,
    "lab": _named(names.LAB),
    "lesson": _lesson,
}


class _Group:
    """What belongs to one row: calls and samples by their ids, and tries, each with whether it was lost."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.samples: list[int] = []
        self.tries: list[tuple[ReadableSpan, bool]] = []

    def row(self, name: str, tree: Tree, *, by_tries: bool) -> Row:
        spans = [span for span, _ in self.tries]
        counted = spans if by_tries else [tree.spans[number] for number in self.calls or self.samples]
        seconds = sorted(
            (span.end_time - span.start_time) / 1e9 for span in counted if span.end_time and span.start_time
        )
        costs = [attributes_of(span).get(names.COST) for span in spans]
        known = [cost for cost in costs if isinstance(cost, float | int)]
        paid = [
            (span, cost) for span, cost in zip(spans, costs, strict=True) if cost is None and not _took_nothing(span)
        ]
        lost = [span for span, was_lost in self.tries if was_lost]
        return Row(
            name=name,
            calls=len({*self.calls}),
            samples=len({*self.samples}),
            tries=len(spans),
            failed=sum(names.ERROR in attributes_of(span) for span in counted),
            input_tokens=_sum(spans, names.INPUT_TOKENS),
            output_tokens=_sum(spans, names.OUTPUT_TOKENS),
            untold=sum(names.INPUT_TOKENS not in attributes_of(span) and not _took_nothing(span) for span in spans),
            cost=fsum(known) if known or not paid else None,
            unpriced=len(paid),
            lost_tokens=_sum(lost, names.INPUT_TOKENS) + _sum(lost, names.OUTPUT_TOKENS),
            lost_cost=fsum(attributes_of(span).get(names.COST) or 0.0 for span in lost),
            p50=_by_rank(seconds, 0.5),
            p95=_by_rank(seconds, 0.95),
        )


def _took_nothing(span: ReadableSpan) -> bool:
    """Whether a try was refused, for which nobody is paid: it failed, not broken off at work, and told no tokens."""
    attributes = attributes_of(span)
    error = attributes.get(names.ERROR)
    return error not in (None, "CancelledError") and names.INPUT_TOKENS not in attributes


def _sum(spans: Iterable[ReadableSpan], name: str) -> int:
    return sum(tokens for span in spans if isinstance(tokens := attributes_of(span).get(name), int))


def _by_rank(seconds: Sequence[float], share: float) -> float | None:
    """The smallest of the times within which so large a share of them lies."""
    return seconds[ceil(share * len(seconds)) - 1] if seconds else None


def _cells(row: Row) -> tuple[str, ...]:
    return (
        short(row.name, 40),
        *(f"{number:,}" for number in (row.calls, row.samples, row.tries, row.failed)),
        *(f"{number:,}" for number in (row.input_tokens, row.output_tokens, row.lost_tokens)),
        _cost(row),
        *("" if each is None else f"{each:.3f} s" for each in (row.p50, row.p95)),
    )


def _cost(row: Row) -> str:
    if row.cost is None:
        return "unknown"
    return f"{'≥ ' if row.unpriced else ''}{dollars(row.cost)}"


def _reservations(total: Row) -> Iterator[str]:
    """What the figures do not say, in sentences."""
    if total.unpriced:
        yield f"The cost of {total.unpriced:,} of {total.tries:,} tries is not known, and in no sum."
    if total.untold:
        yield f"The models of {total.untold:,} of {total.tries:,} tries told no tokens: none of theirs are counted."
    if total.lost_tokens:
        yield f"Lost are {total.lost_tokens:,} tokens, and {dollars(total.lost_cost)}, of tries that came to nothing."
