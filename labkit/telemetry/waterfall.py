"""`Waterfall`: spans as rows under each other along the time, as text and as SVG, with what each waited for.

    print(Waterfall(lab.telemetry.spans))
    Path("calls.svg").write_text(Waterfall(spans).svg(dark=True), encoding="utf-8")

Calls that overlap stand together on one axis. Any other begins anew at its left, so that a pause between two cells
takes no room and the longer call has the longer bar. Names may be those of servers: each form escapes them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from labkit.plain import LINE
from labkit.telemetry import conventions as names
from labkit.telemetry import waterfall_drawing
from labkit.telemetry.parts import Part, attributes_of, is_call, is_ours, is_sample, parts
from labkit.telemetry.waterfall_drawing import Row, Segment, duration, shown

MOST_DRAWN = 120
"""Rows of a text and of a drawing; of more spans those of the last calls are there."""


class Waterfall:
    """Spans as rows.

    Args:
        spans: The spans, in any order; one without an end is open. A span whose parent is not among them stands alone.
        until: The moment to which open ones reach, in nanoseconds since 1970; by itself the last that is told.
        most: How many rows there are; of more, those of the last calls.
        connection: Whether requests that belong to no call have rows too, such as `initialize` and `tools/list`.
    """

    def __init__(
        self,
        spans: Iterable[ReadableSpan],
        *,
        until: int | None = None,
        most: int = MOST_DRAWN,
        connection: bool = False,
    ) -> None:
        told = sorted((span for span in spans if span.context and span.start_time), key=_begun)
        self._until = until or max((span.end_time or _start(span) for span in told), default=0)
        trees, left = _trees(told), most
        if not connection:
            trees = [tree for tree in trees if not _is_of_the_connection(tree[0][0])]
        drawn: list[_Tree] = []
        for tree in reversed(trees):
            if left <= 0 or (drawn and len(tree) > left):
                break
            drawn.insert(0, tree[:left])
            left -= len(tree)
        of_calls: dict[int, list[Part]] = defaultdict(list)
        for part in parts(span for tree in drawn for span, _, _ in tree):
            of_calls[part.call].append(part)
        self.rows: list[Row] = []
        zero = end = 0
        for tree in drawn:
            begun = _start(tree[0][0])
            zero = zero if self.rows and begun <= end else begun
            self.rows += self._rows(tree, zero, of_calls)
            end = max(end, *(self._end(span) for span, _, _ in tree))
        self.calls = sum(is_call(row.span) for row in self.rows)
        self.left_out = sum(map(len, trees)) - len(self.rows)
        """How many spans of earlier calls have no row."""

    def _rows(self, tree: "_Tree", zero: int, of_calls: Mapping[int, list[Part]]) -> Iterator[Row]:
        places = {_id(span): i for i, (span, _, _) in enumerate(tree)}
        behind = [*range(1, len(tree) + 1)]  # the place behind all that is below each row
        for i in reversed(range(len(tree))):
            while behind[i] < len(tree) and tree[behind[i]][1] > tree[i][1]:
                behind[i] = behind[behind[i]]
        around: list[tuple[int, list[Part]]] = []  # of the call, and of the samples, that a row stands in
        for i, (span, depth, label) in enumerate(tree):
            while around and around[-1][0] <= i:
                around.pop()
            if (call := of_calls.get(_id(span))) is not None:
                around.append((behind[i], call))
            elif is_sample(span):  # of several at once the call's parts tell of one
                around.append((behind[i], parts(each for each, _, _ in tree[i : behind[i]])))
            told = around[-1][1] if around else []
            own = [part for part in told if part.call == _id(span) or i <= places.get(part.span_id, -1) < behind[i]]
            start, end = _start(span), self._end(span)
            # Of what a server does within a request its own spans alone tell, and no part of the call.
            is_work = not around or (process_of(span) and not _told_by(span, names.METHOD))
            segments = tuple(_segments(own, start, end, "server" if is_work else ""))
            yield Row(span, _hex(tree[0][0]), depth, label, zero, start, end, not span.end_time, _fault(span), segments)

    def _end(self, span: ReadableSpan) -> int:
        return max(_start(span), span.end_time or self._until)

    def text(self, width: int = LINE, *, times: bool = True) -> str:
        """The rows in lines of `width` characters, a letter for each kind of time; with or without figures of time.

        Without them what happened one after the other has equal distances, so that the same calls tell the same at
        every run.
        """
        return waterfall_drawing.text(self.head(times=times), self.rows[-MOST_DRAWN:], width, times=times)

    def __str__(self) -> str:
        return self.text()

    def svg(self, *, dark: bool = False, times: bool = True) -> str:
        """The rows as a drawing, with alternative text and without a script; with or without figures of time."""
        return waterfall_drawing.svg(self.head(times=times), self.rows[-MOST_DRAWN:], dark=dark, times=times)

    def head(self, *, times: bool = True) -> str:
        """`3 calls · 2 servers · 14 spans · the longest took 1.8 s`."""
        servers = {told for row in self.rows if (told := _told_by(row.span, names.SERVER))}
        processes = {process for row in self.rows if (process := process_of(row.span))}
        told = [_counted(self.calls, "call"), *([_counted(len(servers), "server")] if servers else [])]
        told += [_counted(len(processes) + 1, "process", "processes")] if processes else []
        told += [_counted(len(self.rows), "span")]
        told += [f"{self.left_out:,} earlier ones are left out"] if self.left_out else []
        if times and self.rows:
            told.append(f"the longest took {duration(max(row.end - row.start for row in self.rows))}")
        return " · ".join(told)


# What a span is

_Tree = list[tuple[ReadableSpan, int, str]]
"""A span and all below it, in the order of their rows, each with its depth and its label."""


def _trees(told: Sequence[ReadableSpan]) -> list[_Tree]:
    """The spans, which are in the order of their beginnings, as trees; what nobody is above begins one.

    By a loop: spans that come from outside may stand within each other without end, or in a circle, and then nowhere.
    """
    known = {_key(span.context): span for span in told}
    calls = {span.context.trace_id: _key(span.context) for span in told if span.context and not span.parent}
    below: dict[tuple[int, int] | None, list[ReadableSpan]] = defaultdict(list)
    for span in told:
        parent = _key(span.parent)
        if parent and parent not in known:  # whose parent nobody told of belongs to the call of its trace
            parent = calls.get(parent[0])
        below[parent].append(span)
    trees: list[_Tree] = []
    for root in below[None]:
        tree: _Tree = []
        waiting = [(root, 0, _label(root, Counter(), "", several=False))]
        while waiting:
            tree.append(waiting.pop())
            span, depth, _ = tree[-1]
            inside, counted, process = below[_key(span.context)], Counter[str](), process_of(span)
            sorts = Counter(map(_sort, inside))
            labels = [_label(each, counted, process, several=sorts[_sort(each)] > 1) for each in inside]
            waiting += [(each, depth + 1, label) for each, label in zip(inside[::-1], labels[::-1], strict=True)]
        trees.append(tree)
    revisions = [{_told_by(span, names.PROTOCOL) for span, *_ in tree} - {""} for tree in trees]
    if len(set[str]().union(*revisions)) > 1:  # calls on both wires: each says on which it ran
        for tree, of in zip(trees, revisions, strict=True):
            root, depth, label = tree[0]
            if of and is_call(root):
                tree[0] = root, depth, label.replace(" · ", f" on {', '.join(sorted(of))} · ", 1)
    return trees


def _key(context: SpanContext | None) -> tuple[int, int] | None:
    return context and (context.trace_id, context.span_id)


def _id(span: ReadableSpan) -> int:
    return span.context.span_id if span.context else 0


def _hex(span: ReadableSpan) -> str:
    return f"{_id(span):016x}"


def _start(span: ReadableSpan) -> int:
    return span.start_time or 0


def _begun(span: ReadableSpan) -> tuple[int, bool]:
    """Which row comes first: what has begun first, and of what began at once what nobody else has asked for."""
    return _start(span), span.kind is SpanKind.SERVER


def _told_by(span: ReadableSpan, name: str) -> str:
    value = attributes_of(span).get(name)
    return "" if value is None else str(value)


def process_of(span: ReadableSpan) -> str:
    """The name of the other process that told of a span; empty for what the kit itself has written down."""
    if is_ours(span):
        return ""
    return shown(str(span.resource.attributes.get("service.name", "another process")), 30)


def _fault(span: ReadableSpan) -> str:
    if span.status.status_code is not StatusCode.ERROR:
        return ""
    return shown(span.status.description or _told_by(span, names.ERROR) or "failed", 60)


def _label(span: ReadableSpan, counted: Counter[str], within: str, *, several: bool) -> str:
    """What a span is, and which of its kind: `round 2 · tools/call recommend`."""
    method, name = _told_by(span, names.METHOD), span.name
    if _told_by(span, names.WAIT):
        what = ""
    elif _told_by(span, names.OPERATION) == names.CHAT:
        counted["try"] += 1
        what = f"try {counted['try']}" if several else "model"
    elif is_sample(span):
        counted["sample"] += 1
        turn = _told_by(span, names.TURN) or ("0" if _told_by(span, names.OFFERED) else "")
        what = f"sample {counted['sample']}" + (f", turn {int(turn) + 1} with tools" if turn.isdecimal() else "")
        name = "" if turn else name
    elif method == "tools/call" and span.kind is SpanKind.CLIENT:
        counted["round"] += 1
        what = f"round {counted['round']}" if several else "request"
    elif is_call(span):
        what, name = f"call {_told_by(span, names.CALL)}", _told_by(span, names.TOOL) or name
    else:
        what = {SpanKind.CLIENT: "request", SpanKind.SERVER: "answers"}.get(span.kind, "")
    process = process_of(span)
    where = "" if process or span.parent else _told_by(span, names.SERVER)
    told = (process if process != within else "", what, name, where)
    return shown(" · ".join(part for part in told if part), 120)


def _is_of_the_connection(root: ReadableSpan) -> bool:
    method = _told_by(root, names.METHOD)
    return bool(method) and method != "tools/call" and not is_call(root) and not is_sample(root)


def _sort(span: ReadableSpan) -> tuple[SpanKind | None, str]:
    """What is counted together: rounds of a call, tries of a sample."""
    is_chat = _told_by(span, names.OPERATION) == names.CHAT
    return (None, names.CHAT) if is_chat else (span.kind, _told_by(span, names.METHOD))


def _segments(own: Iterable[Part], start: int, end: int, otherwise: str) -> Iterator[Segment]:
    """Parts of a row's time without a gap: what none of them tells is of the kind `otherwise`."""
    at = start
    for part in own:
        a, b = max(part.start, at), min(part.end, end)
        if a < b:
            if at < a:
                yield Segment(otherwise, at, a)
            yield Segment(part.kind, a, b)
            at = b
    if at < end or start == end:
        yield Segment(otherwise, at, end)


def _counted(number: int, word: str, words: str = "") -> str:
    return f"{number:,} {word if number == 1 else words or word + 's'}"
