"""What a server sends in place of a message: what is wrong with it, in a sentence, and which request it answers."""

import json
import re
from typing import Any, cast

from mcp.shared.dispatcher import coerce_request_id
from mcp_types import RequestId
from pydantic import ValidationError

from labkit.plain import quoted

_KINDS = {"method": "JSONRPCRequest", "error": "JSONRPCError", "result": "JSONRPCResponse"}
_BEGINS_AN_ANSWER = re.compile(
    r"""\{\s*(?:["']?jsonrpc["']?\s*:\s*["']2\.0["']\s*,\s*)?["']?id["']?\s*:\s*(\d+|"[^"]*")\s*,\s*["']?(?:result|error)\b"""
)
"""As most servers write an answer. It names the request also where the rest is cut off, text stands before it, or it is
no JSON but a Python dict as `print` writes it."""

SHOWN = 120
"""Characters of a line that a sentence quotes."""


def unread(error: Exception) -> tuple[str, RequestId | None, str]:
    """What a transport could not read, in a sentence; the id of the request that it answers, where told; and the text.

    Args:
        error: What the transport passes on in place of a message.
    """
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}", None, ""
    faults = error.errors(include_url=False, include_context=False)
    first, sent = faults[0], cast("object", faults[0]["input"])
    if not first["loc"] and isinstance(sent, str):  # the line itself, which was not parsed
        why = "it is not UTF-8" if first["type"] == "string_unicode" else first["msg"]
        if sent.lstrip().startswith(("{'", "[{'")):
            why = "it is a Python object and not JSON, which has double quotes: print(json.dumps(message), flush=True)"
        return f"a line that is no message ({why}): {quoted(sent, SHOWN)}", _answers(sent), sent
    # The line was tried as each kind of message. What counts is what is wrong with the kind that it would be.
    whole = repr(sent)
    sent = _object(next((fault["input"] for fault in faults if fault["type"] == "missing"), sent))
    kind = next((kind for key, kind in _KINDS.items() if key in sent), "")
    first = next((fault for fault in faults if fault["loc"][0] == kind), first)
    return (
        f"a message that is not JSON-RPC 2.0: {'.'.join(map(str, first['loc']))}: {first['msg']}",
        _id_in(sent),
        whole,
    )


def no_result(error: ValidationError) -> str:
    """What is wrong with a result that is JSON-RPC and yet none that the protocol knows, in a sentence.

    Args:
        error: What the SDK raises in its place; it has tried the result as each kind that it could be.
    """
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    # Where a value is wrong, every other kind lacks fields or has another name; the deepest fault is the nearest.
    telling = [fault for fault in faults if fault["type"] not in ("missing", "literal_error")] or faults
    first = max(telling, key=lambda fault: len(fault["loc"]))
    return f"{quoted('.'.join(map(str, first['loc'])) or error.title, SHOWN)}: {first['msg']}"


def _answers(line: str) -> RequestId | None:
    try:
        return _id_in(_object(json.loads(line)))
    except (ValueError, RecursionError):
        begins = _BEGINS_AN_ANSWER.search(line, 0, 2000)
        return _id_in({"id": json.loads(begins[1])}) if begins else None


def _object(sent: object) -> dict[str, Any]:
    return cast("dict[str, Any]", sent) if isinstance(sent, dict) else {}


def _id_in(message: dict[str, Any]) -> RequestId | None:
    """The id of what would be an answer."""
    known = None if "method" in message else message.get("id")
    return coerce_request_id(known) if isinstance(known, int | str) else None
