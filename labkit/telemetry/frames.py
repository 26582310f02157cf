"""`Frames`: the frames and steps of a flow that a span tells of, and the spans that tell of a frame or a step.

    frames = Frames(telemetry)
    frames.of(span)      # entries of a Lab's record: a request and its answer, say
    frames.spans(entry)  # the other way

A span of the kit takes its times, its id and its sizes from frames, and by these they are found. What a record does not
keep any more is found no more.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from labkit.record import Entry
from labkit.steps import HostStep
from labkit.telemetry import conventions as names
from labkit.telemetry.kept import Telemetry
from labkit.telemetry.parts import Tree, attributes_of, is_call, is_ours, is_sample
from labkit.telemetry.spans import at, safe_name
from labkit.wire import Frame

_Key = tuple[object, object]


class Frames:
    """What spans have to do with the records of the Labs that made them, as both are now.

    Args:
        telemetry: Where the spans are.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._tree = Tree([*telemetry.spans, *telemetry.open])
        self._groups: dict[_Key, list[list[Entry]]] = defaultdict(list)
        for record, lab in [*telemetry.records.items()]:
            calls: dict[int | None, list[Entry]] = defaultdict(list)
            for entry in record.entries():
                calls[entry.call].append(entry)
            for call, entries in calls.items():
                self._groups[lab, call].append(entries)

    def of(self, span: ReadableSpan) -> list[Entry]:
        """The entries that a span tells of, in their order.

        Of a request its frame and that of its answer; of a sample the frames that brought the question and took the
        answer, and the steps between; of a model or a wait the steps meanwhile; of a call all. Of a server's own span
        those of the request that it met or sent.
        """
        number = _id(span)
        return self._found(number, self._tree.spans[number]) if number in self._tree.spans else []

    def spans(self, entry: Entry) -> list[ReadableSpan]:
        """The spans that tell of an entry, those that begin last first."""
        found = [self._tree.spans[number] for number in self._spans.get((entry.seq, entry.time), ())]
        return sorted(found, key=lambda span: span.start_time or 0, reverse=True)

    @cached_property
    def _spans(self) -> dict[_Key, list[int]]:
        spans: dict[_Key, list[int]] = defaultdict(list)
        for number, span in self._tree.spans.items():
            for entry in self._found(number, span):
                spans[entry.seq, entry.time].append(number)
        return spans

    def _found(self, number: int, span: ReadableSpan) -> list[Entry]:
        sample = self._tree.samples.get(number)
        if is_call(span):
            found: Iterable[Entry] = self._beside(number, span)
        elif is_sample(span):
            found = [*self._asked(number, span), *self._steps(number, span)]
        elif sample is not None:
            steps = self._steps(sample, self._tree.spans[sample])
            found = [each for each in steps if _is_during(span, each)]
        elif is_ours(span):
            found = self._request(number, span)
        else:
            same = (each for each in self._tree.spans.items() if _is_same_request(each[1], span))
            found = next((self._found(*each) for each in same), ())
        return sorted(found, key=lambda entry: entry.seq)

    def _beside(self, number: int, span: ReadableSpan) -> Sequence[Entry]:
        """The entries of the call that a span belongs to; of one that belongs to none, those of its Lab that do not."""
        call = self._tree.spans[self._tree.roots.get(number, number)]
        lab = attributes_of(span).get(names.LAB)
        if is_call(call):
            told = attributes_of(call)
            groups, span = self._groups.get((told.get(names.LAB), told.get(names.CALL)), []), call
            return next((entries for entries in groups if any(_is_during(span, entry) for entry in entries)), ())
        return [entry for call in (0, None) for entries in self._groups.get((lab, call), ()) for entry in entries]

    def _request(self, number: int, span: ReadableSpan) -> list[Entry]:
        """The frames of a request and of its answer, whose times are those of the span."""
        to_server = span.kind is SpanKind.CLIENT
        return [
            entry
            for entry in self._beside(number, span)
            if _has_id(entry, span)
            and at(entry.time) == (span.start_time if _is_to_server(entry) is to_server else span.end_time)
        ]

    def _asked(self, number: int, sample: ReadableSpan) -> Iterable[Entry]:
        """The frames in which a sample was asked for and answered."""
        if names.REQUEST_ID in attributes_of(sample):
            entries = [entry for entry in self._of_sample(number, sample) if _has_id(entry, sample)]
            came = [each for each in entries if not _is_to_server(each) and at(each.time) <= (sample.start_time or 0)]
            went = [
                each for each in entries if _is_to_server(each) and sample.end_time and at(each.time) >= sample.end_time
            ]
            return [*came[-1:], *went[:1]]
        # Since 2026-07-28 the question stands in the answer to a request, and its answer in the next one.
        first = _linked(sample, names.ASKED_IN)
        if first not in self._tree.spans:
            return []
        follow = (each for each in self._tree.spans.items() if _linked(each[1], names.ROUND) == first)
        after = next((self._request(*each) for each in follow), list[Entry]())
        return [
            *(each for each in self._request(first, self._tree.spans[first]) if not _is_to_server(each)),
            *(each for each in after if _is_to_server(each)),
        ]

    def _steps(self, number: int, sample: ReadableSpan) -> list[Entry]:
        """The steps that were reported for a sample: while it was answered, and before and after it by the Lab."""
        of_sample = attributes_of(sample).get(names.SAMPLE)
        steps = [
            each
            for each in self._of_sample(number, sample)
            if isinstance(each.item, HostStep) and (each.sample and safe_name(each.sample)) == of_sample
        ]
        before = [each for each in steps if at(each.time) < (sample.start_time or 0)]
        after = [each for each in steps if sample.end_time and at(each.time) > sample.end_time]
        return [*before[-1:], *(each for each in steps if _is_during(sample, each)), *after[:1]]

    def _of_sample(self, number: int, sample: ReadableSpan) -> Sequence[Entry]:
        """The entries among which those of a sample are: the wire may not tell to which call they belong."""
        if names.CALL in attributes_of(sample):
            return self._beside(number, sample)
        lab = attributes_of(sample).get(names.LAB)
        return [entry for entries in self._groups.get((lab, None), ()) for entry in entries]


def _id(span: ReadableSpan) -> int:
    return span.context.span_id if span.context else 0


def _is_during(span: ReadableSpan, entry: Entry) -> bool:
    moment = at(entry.time)
    return (span.start_time or 0) <= moment <= (span.end_time or moment)


def _has_id(entry: Entry, span: ReadableSpan) -> bool:
    return isinstance(entry.item, Frame) and safe_name(entry.item.id) == attributes_of(span).get(names.REQUEST_ID)


def _is_to_server(entry: Entry) -> bool:
    return isinstance(entry.item, Frame) and entry.item.direction == "to server"


def _linked(span: ReadableSpan, why: str) -> int | None:
    return next((link.context.span_id for link in span.links if (link.attributes or {}).get(names.LINK) == why), None)


def _is_same_request(ours: ReadableSpan, theirs: ReadableSpan) -> bool:
    """Whether a span of the kit is of the request that a span of another tells of, in the same trace."""
    if not is_ours(ours) or ours.context is None or theirs.context is None:
        return False
    one, other = attributes_of(ours), attributes_of(theirs)
    same = names.REQUEST_ID in one and all(
        one.get(name) == other.get(name) for name in (names.METHOD, names.REQUEST_ID)
    )
    return same and ours.context.trace_id == theirs.context.trace_id
