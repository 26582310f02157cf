"""What is shown of a flow, and kept of it, without the secrets that can be told by their form.

The forms are the guard's, and so are the marks: `[redacted: GitHub token]`. What crossed the wire stays what it was.
"""

import json
from collections import Counter
from dataclasses import replace
from typing import Any, cast

from labkit.cutting import without_mark
from labkit.diagram import Step
from labkit.flow import Flow
from labkit.secret_forms import may_hold, redacted
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

    Args:
        told: A text, or what holds texts.
        name: The key that it stands under, where it does: `password` makes a secret of any text.
    """
    if isinstance(told, str):
        if (part := without_mark(told)) is not None:
            return _redacted_part(part, name) + "⟨… the rest is not shown⟩"
        return redacted(told, Counter(), name)
    kept: Any = told
    if isinstance(told, dict):
        kept = {key: redact(value, key) for key, value in cast("dict[str, Any]", told).items()}
    elif isinstance(told, list | tuple):
        kept = [redact(value, name) for value in cast("list[Any]", told)]
    return told if kept == told else kept


def redact_json(text: str) -> str:
    """JSON with a mark in place of each secret; `text` itself where there is none. What is no JSON is a text."""
    # Most frames hold no secret, and ten thousand of them must open within a second.
    if not may_hold(text) and _CUT not in text:
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
