"""What is shown of a flow, and kept of it, without the secrets that can be told by their form.

The forms are the guard's, and so are the marks: `[redacted: GitHub token]`. What crossed the wire stays what it was.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, cast

from labkit.cutting import without_mark
from labkit.diagram import Step, models_of
from labkit.flow import Flow
from labkit.secret_forms import (
    MARGIN,
    may_hold,
    redacted,
    redacted_across,
    redacted_beginning,
    redacted_number,
    redacted_words,
)
from labkit.secret_forms.in_json import changed
from labkit.secret_forms.names import MARK

_CUT = "characters more"
_END = re.compile(r"\A(?:(?:[\w+/=-]{24,}\s?)+|(?=[^\s\"']{0,99}\d)(?=[^\s\"']{0,99}[A-Za-z])[^\s\"']{4,})")
"""What may be the end of a secret, at the beginning of what follows a cut text: the part that tells it is not kept."""


def redact_shown(text: str, longest: int) -> str:
    """The first `longest` characters of a text or fewer, with a mark in place of each secret.

    It takes no longer for a longer text. A secret at the cut is not shown in part.
    """
    return str(redact(text))[:longest] if len(text) <= longest + MARGIN else redacted_beginning(text, longest)


def _redacted_part(text: str, name: str = "") -> str:
    kept = redacted(text, Counter(), name)
    return kept if MARK.fullmatch(kept) else kept[:-MARGIN]


def redact(told: Any, name: str = "", known: dict[tuple[str, str], str] | None = None) -> Any:
    """`told`, which JSON can hold, with a mark in place of each secret; itself where there is none.

    A secret that goes on from one `text` to the next, as in the blocks of a message, is marked in both.

    Args:
        told: A text, or what holds texts.
        name: The key that it stands under, where it does: `password` makes a secret of any text.
        known: What became of texts so far, by text and key: runs tell the same ones again and again.
    """
    known = {} if known is None else known
    texts = list(_texts(told))
    goes_on = {id(text): new for text, new in zip(texts, redacted_across(texts, Counter()), strict=True) if new != text}
    for text, after in pairwise(texts):
        if without_mark(text) is not None:
            goes_on[id(after)] = _END.sub("[redacted: end of a secret]", goes_on.get(id(after), after), count=1)

    def text_shown(text: str, key: str) -> str:
        new = goes_on.get(id(text), text)
        if (part := without_mark(text)) is not None:
            return _redacted_part(without_mark(new) or part, key) + "⟨… the rest is not shown⟩"
        if (kept := known.get((new, key))) is None:
            kept = known[new, key] = redacted(new, Counter(), key)
        return kept

    kept = changed(
        told,
        text_shown,
        number=lambda number, key: redacted_number(number, Counter(), key),
        words=lambda words: redacted_words(words, Counter()),
        behind=name,
        free=True,
    )
    return told if kept == told else kept


def _texts(told: Any) -> Iterator[str]:
    """The texts of blocks, in order: what stands under `text`."""
    if isinstance(told, dict):
        for key, value in cast("dict[str, Any]", told).items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(told, list | tuple):
        for value in cast("list[Any]", told):
            yield from _texts(value)


def redact_json(text: str) -> str:
    """JSON with a mark in place of each secret; `text` itself where there is none. What is no JSON is a text."""
    # Most frames hold no secret, and ten thousand of them must open within a second.
    if not may_hold(text) and _CUT not in text and text.count('"text":') < 2:
        return text
    try:
        told = json.loads(text)
    except ValueError:
        return str(redact(text))
    kept = redact(told)
    return text if kept == told else json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def redact_step(step: Step) -> Step:
    """A step with a mark in place of each secret, in its label and in its JSON."""
    label, data, http = redact(step.label), redact(step.data), redact(step.http)
    is_same = label == step.label and data == step.data and http == step.http
    return step if is_same else replace(step, label=label, data=data, http=http)


def redact_flow(flow: Flow) -> Flow:
    """A flow with a mark in place of each secret."""
    return replace(flow, title=redact(flow.title), steps=tuple(map(redact_step, flow.steps)))


@dataclass(frozen=True, slots=True)
class _Drawn(Flow):
    """What a drawing tells of a flow; of its loops the lines, since the data from which they are read is gone."""

    told: tuple[tuple[int, str], ...] = ()

    @property
    def remarks(self) -> list[tuple[int, str]]:
        return [*self.told]


def redact_drawing(flow: Flow) -> Flow:
    """A flow with a mark in place of each secret in what a drawing tells: of the data only tokens and models stay."""

    def drawn(step: Step) -> Step:
        models = {str(i): {"model": redact_shown(model, 200)} for i, model in enumerate(models_of(step))}
        tokens = {"output_tokens": step.data.get("output_tokens")}
        kept = {"params": {"inputResponses": models}} if models else tokens
        data = {**step.without_data().data, **kept}
        return replace(step, label=redact_shown(step.label, 200), data=data)

    title, steps = redact(flow.title), tuple(map(drawn, flow.steps))
    return _Drawn(title, flow.server, flow.wire, flow.transport, steps, tuple(flow.remarks))
