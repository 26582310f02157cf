"""What is shown of a flow, and kept of it, without the secrets that can be told by their form.

The forms are the guard's, and so are the marks: `[redacted: GitHub token]`. What crossed the wire stays what it was.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from labkit.cutting import without_mark
from labkit.diagram import Step
from labkit.flow import Flow
from labkit.secret_forms import is_secret, may_hold, name_within, redacted, redacted_across
from labkit.secret_forms.names import MARK

_CUT = "characters more"
MARGIN = 4_000
"""Characters at the end of a cut text that are not shown: a secret that begins there may lack what tells it."""


def redact_shown(text: str, longest: int) -> str:
    """The first `longest` characters of a text or fewer, with a mark in place of each secret.

    It takes no longer for a longer text. A secret at the cut is not shown in part.
    """
    if len(text) <= longest:
        return str(redact(text))
    return _redacted_part(text[: longest + MARGIN])[:longest]


def _redacted_part(text: str, name: str = "") -> str:
    kept = redacted(text, Counter(), name)
    return kept if MARK.fullmatch(kept) else kept[:-MARGIN]


def redact(told: Any, name: str = "") -> Any:
    """`told`, which JSON can hold, with a mark in place of each secret; itself where there is none.

    A secret that goes on from one `text` to the next, as in the blocks of a message, is marked in both.

    Args:
        told: A text, or what holds texts.
        name: The key that it stands under, where it does: `password` makes a secret of any text.
    """
    texts = list(_texts(told))
    goes_on = {id(text): new for text, new in zip(texts, redacted_across(texts, Counter()), strict=True) if new != text}
    return _redact(told, name, goes_on)


def _redact(told: Any, name: str, goes_on: dict[int, str]) -> Any:
    if isinstance(told, str):
        if (part := without_mark(told)) is not None:
            return _redacted_part(part, name) + "⟨… the rest is not shown⟩"
        return redacted(goes_on.get(id(told), told), Counter(), name)
    kept: Any = told
    if isinstance(told, dict):
        fields = cast("dict[str, Any]", told)
        kept = {key: _redact(value, name_within(name, key, fields), goes_on) for key, value in fields.items()}
    elif isinstance(told, list | tuple):
        values = cast("list[Any]", told)
        kept = [
            _redact(value, _optioned(option) or name, goes_on)
            for option, value in zip(["", *values], values, strict=False)
        ]
    elif isinstance(told, int) and name and not isinstance(told, bool):
        number = str(told).removeprefix("-") if abs(told) < 10**99 else ""
        return redacted(number, Counter(), name) if len(number) > 5 and is_secret(number, name, bare=True) else told
    return told if kept == told else kept


def _optioned(word: Any) -> str:
    """The name of an option whose value stands behind it in a list, `["--password", "x"]`; nothing for another word."""
    return word.lstrip("-") if isinstance(word, str) and word.startswith("--") and "=" not in word else ""


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
    label, data = redact(step.label), redact(step.data)
    return step if label == step.label and data == step.data else replace(step, label=label, data=data)


def redact_flow(flow: Flow) -> Flow:
    """A flow with a mark in place of each secret."""
    return replace(flow, title=redact(flow.title), steps=tuple(map(redact_step, flow.steps)))
