"""What is shown of a flow, and kept of it, without the secrets that can be told by their form.

The patterns are the guard's, and so are the marks: `[redacted: GitHub token]`. What crossed the wire stays what it was.
"""

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any, cast

from labkit.flow import Flow, Step
from labkit.host.hidden import HIDDEN
from labkit.host.secret_patterns import redacted

# Most frames hold no secret, and ten thousand of them must open within a second: one look at the JSON tells whether it
# is worth to be searched. In a secret of every kind is one of these; a count behind `progressToken` is none.
_MAY_HOLD = re.compile(
    r"private key|eyJ|sk-|AKIA|ASIA|AIza|gh[pousr]_|github_pat_|xox|k_live_|k_test_|bearer[ \t]|basic[ \t]"
    r"|://[^\s/:@]{0,100}:[^\s/@]+@"
    r"|gl(?:pat|dt|rt|ptt)-|npm_|hf_|SG\."
    r"|(?:password|passwd|passphrase|pwd|pass|secret|key|token)[\\\"']{0,4}[ \t]{0,9}[:=](?![ \t]{0,9}\d{1,12}[,}\]])"
    rf"|{HIDDEN}|\\u[0-9a-f]{{4}}",  # which may stand in the middle of one, also as JSON writes them
    re.IGNORECASE,
)


def redact(told: Any, name: str = "") -> Any:
    """`told`, which JSON can hold, with a mark in place of each secret; itself where there is none.

    Args:
        told: A text, or what holds texts.
        name: The key that it stands under, where it does: `password` makes a secret of any text.
    """
    if isinstance(told, str):
        may = _MAY_HOLD.search(told) or (name and _MAY_HOLD.search(f"{name}="))
        return redacted(told, Counter(), name) if may else told
    kept: Any = told
    if isinstance(told, dict):
        kept = {key: redact(value, key) for key, value in cast("dict[str, Any]", told).items()}
    elif isinstance(told, list | tuple):
        kept = [redact(value, name) for value in cast("list[Any]", told)]
    return told if kept == told else kept


def redact_json(text: str) -> str:
    """JSON with a mark in place of each secret; `text` itself where there is none. What is no JSON is a text."""
    if not _MAY_HOLD.search(text):
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
