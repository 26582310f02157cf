"""The steps of two flows, aligned by what they mean, and what differs between those that mean the same.

A question is a question whether it is a request of the server's own (revision 2025-11-25) or a part of a result
(2026-07-28), and what belongs to one sample stands together, also where several were asked at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, zip_longest
from operator import itemgetter
from typing import Any, cast

from labkit.diagram import Step, json_object
from labkit.flow import Flow
from labkit.plain import quoted, seen, short
from labkit.sampled import AGAIN, asked_in, told_in
from labkit.views.words import Parts, both, compared

MOST_STEPS, MOST_DIFFERENCES, LONGEST = 500, 40, 2_000
"""Steps of each flow that are compared, differences of a step that are told, and characters of a value."""

_LEFT_OUT = {"_meta", "resultType", "requestState", "inputResponses", "ttlMs", "cacheScope", "seconds"}
"""Fields that one revision has and that say nothing of what was asked or answered; and how long it took."""

_AGAIN = re.compile(rf"sample (\d+) of .*{AGAIN}\Z")


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs: where (`temperature`, `messages 1 text`), and the two values in parts; a value that is not there is
    empty."""

    path: str
    one: Parts
    other: Parts

    def __str__(self) -> str:
        one, other = ("".join(text for text, _ in parts) for parts in (self.one, self.other))
        if len(self.one) > 1 or len(self.other) > 1:
            return f"{self.path}: {compared(one, other)[1]}"
        return f"{self.path} {short(one) or '(none)'} → {short(other) or '(none)'}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A step of the one flow beside the step of the other that means the same; `None` where there is none."""

    one: Step | None
    other: Step | None
    sample: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def name(self) -> str:
        """Who did what: `server → client: question`."""
        step = cast("Step", self.one or self.other)
        way = step.source if step.source == step.target else f"{step.source} → {step.target}"
        of = f" of sample {self.sample}" if self.sample > 1 and step.wire else ""
        return f"{way}: {_meaning(step) or short(step.label)}{of}"

    @property
    def differs(self) -> bool:
        """Whether there is something else on one side, or nothing."""
        return bool(self.differences) or self.one is None or self.other is None


@dataclass(frozen=True, slots=True)
class _Item:
    """A step, or the part of it that is about one sample."""

    step: Step
    sample: int
    asked: dict[str, Any]
    """What the sample asks, or is answered: in the step, or on the client's side in a frame."""

    @property
    def key(self) -> tuple[object, ...]:
        step = self.step
        return self.sample, step.source, step.target, step.reply and not step.wire, _meaning(step)

    def value(self, *, alone: bool) -> dict[str, Any]:
        """What it tells, without what its wire alone wraps it in. `alone`: one flow was without a server."""
        step = self.step
        how = {_HOW[step.kind, step.reply] for _ in self.asked if step.wire and self.sample == 1}
        if step.kind in ("question", "answer"):
            return {**self.asked, **({"how": how.pop()} if how else {})}
        if step.wire:
            data = step.data
            status = {"HTTP status": step.http["status"]} if step.failed and step.http else {}
            return {
                **(json_object(data.get("params")) or json_object(data.get("result"))),
                **json_object(data.get("error")),
                **status,
            }
        if self.asked:
            return self.asked if alone else {}  # else the frames tell the same
        is_call = "you" in (step.source, step.target)
        return {} if alone and is_call else step.data or {"label": step.label}


_HOW = {
    ("question", True): "in a result",
    ("question", False): "by a request of the server's own",
    ("answer", True): "by a response",
    ("answer", False): "in a new request",
}
"""In which frame a sample is asked and answered, by kind and whether that is a reply: the wires differ in it."""


def _items(flow: Flow) -> list[_Item]:
    """The steps in the order of their meaning: those of one sample together, where that was first asked."""
    again = _AGAIN.match(flow.title)
    number = int(again[1]) if again else 1  # of a sample that was asked without a server the steps do not tell
    first, asked, told, keys = (
        dict[int, int](),
        dict[int, dict[str, Any]](),
        dict[int, dict[str, Any]](),
        dict[str, int](),
    )
    found: list[tuple[tuple[int, int, int], Step, int]] = []
    for i, step in enumerate(flow.steps[:MOST_STEPS]):
        numbers = (number,) if step.samples and is_alone(flow) else step.samples
        for sample, (key, params) in zip(numbers, asked_in(step).items(), strict=False):
            keys[key], asked[sample] = sample, params
        told.update((keys.get(key, 0) if key else next(iter(numbers), 0), each) for key, each in told_in(step).items())
        found += [((first.setdefault(sample, i), sample, i), step, sample) for sample in numbers]
        found += [] if numbers else [((i, 0, i), step, 0)]
    return [_Item(step, sample, _of(step, sample, asked, told)) for _, step, sample in sorted(found, key=itemgetter(0))]


def _of(step: Step, sample: int, asked: dict[int, Any], told: dict[int, Any]) -> dict[str, Any]:
    if step.kind == "question" or (step.source, step.target) == ("client", "callback"):
        return asked.get(sample, {})
    return told.get(sample, {}) if step.kind == "answer" or (step.source, step.target) == ("callback", "client") else {}


def pairs(flow: Flow, beside: Flow) -> Iterator[Pair]:
    """The steps of two flows, each beside the one that means the same."""
    one, other, alone = _items(flow), _items(beside), is_alone(flow) or is_alone(beside)
    first, second = ([item.key for item in items] for items in (one, other))
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            for here, there in zip(one[a:b], other[c:d], strict=True):
                found = differences(here.value(alone=alone), there.value(alone=alone))
                yield Pair(here.step, there.step, here.sample, tuple(islice(found, MOST_DIFFERENCES)))
        else:
            yield from (Pair(item.step, None, item.sample) for item in one[a:b])
            yield from (Pair(None, item.step, item.sample) for item in other[c:d])


def is_alone(flow: Flow) -> bool:
    """Whether a flow is without a server: a sample was asked again."""
    return not any(step.wire for step in flow.steps)


def _meaning(step: Step) -> str:
    """What a step means, whatever the form of its frame; empty on the client's side, where its label says it."""
    if step.kind in ("question", "answer", "fault"):
        return step.kind
    if step.kind == "response":
        return "result"
    return str(step.data.get("method", "")) if step.wire else ""


def differences(one: object, other: object, path: str = "") -> Iterator[Difference]:
    """What differs between two values of JSON, each with its path."""
    if isinstance(one, dict) or isinstance(other, dict):
        first, second = json_object(cast("object", one)), json_object(cast("object", other))
        for name in dict.fromkeys([*first, *second]):
            if name not in _LEFT_OUT:
                yield from differences(first.get(name), second.get(name), f"{path} {name}".strip())
    elif isinstance(one, list | tuple) or isinstance(other, list | tuple):
        some, others = (cast("list[Any]", each if isinstance(each, list | tuple) else []) for each in (one, other))
        for i, (each, there) in enumerate(zip_longest(some, others), 1):
            yield from differences(each, there, f"{path} {i}")
    elif one != other:
        yield Difference(path, *both(_text(one), _text(other)))


def _text(value: object) -> str:
    if value is None:
        return ""
    return seen(quoted(value, LONGEST) if isinstance(value, str) and len(value) > LONGEST else str(value))
