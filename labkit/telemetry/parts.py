"""`parts`: the time of each call taken apart, so that it says for whom or what it waited.

    for part in parts(lab.telemetry.spans):
        print(f"{part.seconds:8.3f} s  {part.kind:6}  {part.what}")

Each nanosecond of a call is in one part. Within a sample it belongs to the innermost span that is open. Of several
samples at once that one has it where something is done: a model comes before a person, a person before the host's
duties, and these before a turn that is waited for. All of them come before the server, which waits for its samples.
A call that is made while a sample is answered stands there with its own parts, and once more as a call of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from labkit.telemetry import conventions as names
from labkit.telemetry.sample import METHOD
from labkit.telemetry.spans import SCOPE, now

Kind = Literal["model", "person", "turn", "host", "server", "wire"]
KINDS: tuple[Kind, ...] = ("model", "person", "host", "turn", "server", "wire")
"""Who has the time, in the order in which one comes before another where several samples are under way."""

_OF_A_WAIT: dict[Any, Kind] = {
    names.PERSON: "person",
    names.LINE: "turn",
    names.PAUSE: "turn",
    names.CONNECTION: "wire",
}
_ASKS_A_PERSON = "elicitation/create"
_OF_THE_SERVER = {METHOD, _ASKS_A_PERSON, "roots/list"}


class Part(NamedTuple):
    """A stretch of time of a call.

    Attributes:
        kind: Who had it. `model`: the model, or whatever answers in the end. `person`: a person was waited for. `turn`:
            others came first, or it was the pause before another try. `host`: the client's own code, duties among it.
            `server`: the server's code, and the wire too where the server sends no spans of its own. `wire`: the way
            between both, and the making of the connection.
        start: Nanoseconds since 1970.
        end: Nanoseconds since 1970.
        span_id: The span that tells of it.
        what: What went on, in a few words.
        call: The id of the span of the call, or of a sample that belongs to no call.
    """

    kind: Kind
    start: int
    end: int
    span_id: int
    what: str
    call: int

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start) / 1e9


class _Stretch(NamedTuple):
    """A stretch of time before it is known what else went on; of two at once the one with the higher `key` counts."""

    start: int
    end: int
    key: tuple[int, ...]
    kind: Kind
    span_id: int
    what: str


def parts(spans: Iterable[ReadableSpan]) -> list[Part]:
    """The parts of every call among `spans`, and of every sample that belongs to none, in the order of their time.

    The parts of a call add up to its duration. A span that goes on (`Telemetry.open`) lasts until now.

    Args:
        spans: Spans of `Telemetry`, those of servers among them where there are any (`Collector`).
    """
    tree = Tree(spans)
    roots = sorted(tree.by_root, key=lambda root: tree.spans[root].start_time or 0)
    return [
        Part(each.kind, each.start, each.end, each.span_id, each.what, root)
        for root in roots
        for each in tree.taken_apart(root)
    ]


class Tree:
    """Which span belongs to which call.

    Attributes:
        spans: The spans by their ids.
        by_root: The spans that belong to a call, or to a sample without one, by its id.
        roots: The call that a span belongs to, or the sample without one, by the span's id.
        samples: The sample that a span stands in, by the span's id.

    A call that was made within another is a span of that one too.
    """

    def __init__(self, spans: Iterable[ReadableSpan]) -> None:
        self.spans = {_id(span): span for span in spans if span.start_time}
        self.roots: dict[int, int] = {}
        self.samples: dict[int, int] = {}
        self.by_root: dict[int, list[int]] = defaultdict(list)
        self._calls: dict[int, list[int]] = defaultdict(list)
        for number, span in self.spans.items():
            if is_call(span):
                self._calls[_trace(span)].append(number)
                self.by_root[number] = []
        for number, span in self.spans.items():
            above = number
            if number in self.by_root and is_call(span):
                above = span.parent.span_id if span.parent else 0
                if above not in self.spans:
                    continue
            root, sample = self._above(above)
            if sample is not None:
                self.samples[number] = sample
            root = sample if root is None else root
            if root is not None:
                self.roots[number] = root
            if root is not None and root != number:
                self.by_root[root].append(number)
            elif root is not None:
                self.by_root.setdefault(root, [])

    def taken_apart(self, root: int, within: tuple[int, ...] = ()) -> list[_Stretch]:
        """The time of a call, or of a sample without one, which may stand `within` others."""
        if root in within:
            return []
        span, within = self.spans[root], (*within, root)
        start = span.start_time or 0
        end = max(start, span.end_time or now())
        tracks: dict[int, list[int]] = defaultdict(list)
        outside: list[int] = []
        for number in self.by_root[root]:
            sample = self.samples.get(number)
            (outside if sample is None else tracks[sample]).append(number)
        if is_sample(span):
            tracks[root].append(root)
        stretches = [_Stretch(start, end, (0, 0), "host", root, "the client's own code")]
        for sample, inside in tracks.items():
            stretches += _side_by_side(self._track(sample, inside, end, within))
        around, asking = self._around(outside, end, within)
        # What lies around a sample counts by how far in it is, and what is asked of a person beside samples as one.
        stretches += (each._replace(key=(0, 1)) for each in _flat(around))
        stretches += _side_by_side(asking)
        return _flat(stretches, start, end)

    def _track(self, sample: int, inside: Sequence[int], end: int, within: tuple[int, ...]) -> list[_Stretch]:
        """The time of one sample: its duties', but for what a model, a person or a turn took."""
        span = self.spans[sample]
        began, ended = span.start_time or 0, span.end_time or end
        stretches = [_Stretch(began, ended, (0, 0), "host", sample, "the host's duties")]
        for number in inside:
            each = self.spans[number]
            told, start = attributes_of(each), each.start_time or 0
            until, key = each.end_time or ended, (self._depth(number), start)
            if is_call(each):
                stretches += (part._replace(key=key) for part in self.taken_apart(number, within))
            elif (wait := told.get(names.WAIT)) in _OF_A_WAIT:
                what = str(told.get(names.WAITS_FOR, each.name))
                stretches.append(_Stretch(start, until, key, _OF_A_WAIT[wait], number, what))
            elif told.get(names.OPERATION) == names.CHAT:
                stretches.append(_Stretch(start, until, key, "model", number, each.name))
        return _flat(stretches, began, ended)

    def _around(
        self, outside: Sequence[int], end: int, within: tuple[int, ...]
    ) -> tuple[list[_Stretch], list[_Stretch]]:
        """What a call does but for its samples: its requests with what the server did, and what it asked a person."""
        around: list[_Stretch] = []
        asking: list[_Stretch] = []
        met = {_request(self.spans[number]) for number in outside if _is_met_by_server(self.spans[number])}
        for number in outside:
            span = self.spans[number]
            told, start = attributes_of(span), span.start_time or 0
            until, what = span.end_time or end, str(told.get(names.WAITS_FOR, span.name))
            method, kind = told.get(names.METHOD), _OF_A_WAIT.get(told.get(names.WAIT))
            if is_call(span):
                asking += self.taken_apart(number, within)
            elif kind:
                (around if kind == "wire" else asking).append(_Stretch(start, until, (1, start), kind, number, what))
            elif method is None or span.kind not in (SpanKind.CLIENT, SpanKind.SERVER):
                continue
            elif _is_met_by_server(span):
                around.append(_Stretch(start, until, (2, start), "server", number, what))
            elif span.kind is SpanKind.SERVER:
                asks = "person" if method == _ASKS_A_PERSON else "host"
                asking.append(_Stretch(start, until, (0, start), asks, number, what))
            elif method in _OF_THE_SERVER:
                around.append(_Stretch(start, until, (3, start), "wire", number, f"{what}, on its way"))
            elif _request(span) in met:
                around.append(_Stretch(start, until, (1, start), "wire", number, f"{what}, on its way"))
            else:
                around.append(_Stretch(start, until, (1, start), "server", number, f"{what}, the wire included"))
        return around, asking

    def _depth(self, number: int) -> int:
        """How many known spans stand above one, up to its call."""
        span = self.spans[number]
        above = span.parent.span_id if span.parent and is_call(span) else number
        return sum(1 for _ in self._up(above)) + (above != number)

    def _up(self, number: int) -> Iterator[int]:
        """A span and those above it, up to the call, or as far as they are known."""
        seen: set[int] = set()  # a server may send what it likes
        at: int | None = number
        while at in self.spans and at not in seen:
            seen.add(at)
            yield at
            if is_call(self.spans[at]):
                return
            parent = self.spans[at].parent
            at = parent.span_id if parent else None

    def _above(self, number: int) -> tuple[int | None, int | None]:
        """The call that a span belongs to, and the sample."""
        sample, last = None, number
        for last in self._up(number):
            if is_call(self.spans[last]):
                return last, sample
            if sample is None and is_sample(self.spans[last]):
                sample = last
        return self._by_trace(self.spans[last if sample is None else sample]), sample

    def _by_trace(self, span: ReadableSpan) -> int | None:
        """The call of a span whose parent nobody told: one that it is linked to, or that runs in the same trace."""
        for link in span.links:
            if (link.attributes or {}).get(names.LINK) == names.SENT_FROM and link.context.span_id in self.by_root:
                return link.context.span_id
        began = span.start_time or 0
        calls = [
            call
            for call in self._calls.get(_trace(span), ())
            if (self.spans[call].start_time or 0) <= began < (self.spans[call].end_time or began + 1)
        ]
        told = attributes_of(span)
        own = [
            call
            for call in calls
            if all(told.get(name) == attributes_of(self.spans[call]).get(name) for name in (names.CALL, names.LAB))
        ]
        return max(own or calls, key=lambda call: self.spans[call].start_time or 0, default=None)


def _side_by_side(stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """The stretches as they count beside those of other samples."""
    return (each._replace(key=(1, -KINDS.index(each.kind))) for each in stretches)


def _flat(stretches: Iterable[_Stretch], begin: int | None = None, end: int | None = None) -> list[_Stretch]:
    """The stretches one after the other: at each moment the one that counts there, cut to what lies between two times.

    Moments in which there is none are left out.
    """
    cut = [
        each._replace(start=each.start if begin is None else max(each.start, begin), end=until)
        for each in stretches
        if (until := each.end if end is None else min(each.end, end)) > (each.start if begin is None else begin)
    ]
    cut = sorted((each for each in cut if each.end > each.start), key=lambda each: each.start, reverse=True)
    moments = sorted({each.start for each in cut} | {each.end for each in cut})
    flat: list[_Stretch] = []
    here: list[tuple[tuple[int, ...], int, _Stretch]] = []
    for start, until in pairwise(moments):
        while cut and cut[-1].start <= start:
            each = cut.pop()
            heappush(here, (tuple(-part for part in each.key), len(cut), each))
        while here and here[0][2].end <= start:
            heappop(here)
        if not here:
            continue
        each = here[0][2]
        last = flat[-1] if flat else None
        if last and last.end == start and (last.kind, last.span_id, last.key) == (each.kind, each.span_id, each.key):
            flat[-1] = last._replace(end=until)
        else:
            flat.append(each._replace(start=start, end=until))
    return flat


def attributes_of(span: ReadableSpan) -> Any:
    return span.attributes or {}


def _id(span: ReadableSpan) -> int:
    return span.context.span_id if span.context else 0


def _trace(span: ReadableSpan) -> int:
    return span.context.trace_id if span.context else 0


def is_ours(span: ReadableSpan) -> bool:
    return span.instrumentation_scope is None or span.instrumentation_scope.name == SCOPE.name


def is_call(span: ReadableSpan) -> bool:
    return span.kind is SpanKind.INTERNAL and names.CALL in attributes_of(span) and is_ours(span)


def is_sample(span: ReadableSpan) -> bool:
    return span.kind is SpanKind.SERVER and attributes_of(span).get(names.METHOD) == METHOD and is_ours(span)


def _is_met_by_server(span: ReadableSpan) -> bool:
    return span.kind is SpanKind.SERVER and names.METHOD in attributes_of(span) and not is_ours(span)


def _request(span: ReadableSpan) -> tuple[Any, Any]:
    told = attributes_of(span)
    return told.get(names.METHOD), told.get(names.REQUEST_ID)
