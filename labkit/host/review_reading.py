"""A review as a page shows it, and what a page sends back as a decision."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Any, cast

from mcp_types import TextContent

from labkit.host import AllowServer, Approve, Decision, Edit, Refuse, ReviewRequest, visible
from labkit.host.rendering import described, mark_of, shown_lines
from labkit.host.review import checked, edited_answer
from labkit.host.texts import dumped, texts
from labkit.plain import plain
from labkit.secret_forms.hidden import hidden, without_hidden

LONGEST_SHOWN = 1_000_000
"""Characters of one text that are sent to the page. What holds a longer one can only be refused there."""

NOT_WHOLE = (
    "What is not shown whole cannot be approved here. Refuse it; "
    "with_guard refuses such requests before they are shown to anybody (rule size)."
)

LONGEST_NUMBER = 9
"""Digits of a number of tokens."""

LONGEST_TYPED = 40
"""Characters of what was typed that a sentence about it repeats."""

LIMITS = {"maxTokens": "max tokens", "temperature": "temperature", "stopSequences": "stop"}
"""What the page has a field for, by the names of the wire."""

Part = dict[str, Any]
"""One thing to read: `title`, `text`; where it can be edited, `field` and what the editor begins with (`edit`)."""


def reading(request: ReviewRequest) -> dict[str, Any]:
    """Everything that a page shows of a review, as JSON, with nothing hidden."""
    fields = dumped(request.params)
    answer = dumped(request.answer) if request.answer else None
    with _noting() as left_out:
        parts = list(_message("answer", "answer", answer, can_edit=True) if answer else _request(fields, can_edit=True))
        limits = [] if answer else [[name, word, *_limit(fields.get(name))] for name, word in LIMITS.items()]
        called = _json((request.origin and request.origin.arguments) or {})
    facts = list(_facts(request, fields, answer))
    if left_out:
        facts.append(["warning", f"{sum(left_out):,} characters are not shown, so it can only be refused"])
    return {
        "stage": request.stage,
        "server": plain(request.origin.server) if request.origin else "",
        "tool": plain(request.origin.tool or "") if request.origin else "",
        "facts": facts,
        "remarks": [plain(remark.text) for remark in request.remarks],
        "limits": limits,
        "parts": parts,
        "before": list(_request(fields, can_edit=False)) if answer else [],
        "called": called,
        "whole": not left_out,
    }


def decision_of(message: dict[str, Any], request: ReviewRequest) -> Decision:
    """What a page has decided.

    Raises:
        ValueError: What was typed into a field cannot stand there, or what was not shown whole was to be approved; the
            message is for the person.
    """
    if message.get("decision") != "refuse" and not reading(request)["whole"]:
        raise ValueError(NOT_WHOLE)
    match message.get("decision"):
        case "approve":
            return Approve()
        case "allow":
            return AllowServer()
        case "refuse":
            return Refuse(str(message.get("reason") or "").strip())
        case "edit":
            edit = Edit(_edited(request, dict(message.get("fields") or {})))
            checked(edit, request)
            return edit
        case other:
            raise ValueError(f"{other!r} is no decision")


def _facts(request: ReviewRequest, fields: dict[str, Any], answer: dict[str, Any] | None) -> Iterator[list[str]]:
    under_review = answer or fields
    every = [text for _, text in texts(under_review)]
    marks = sum(map(hidden, every))
    length = sum(map(len, every))
    if answer:
        if mark := mark_of(request.answer):
            yield ["model", mark]
        yield ["", f"model {plain(str(answer.get('model', '')))}"]
        yield ["", f"stop reason {plain(str(answer.get('stopReason', 'not told')))}"]
    else:
        count = len(request.params.messages)
        yield ["", f"{count} message{'' if count == 1 else 's'}"]
        if request.params.tools:
            yield ["", f"{len(request.params.tools)} tool{'' if len(request.params.tools) == 1 else 's'}"]
    yield ["", f"{length:,} characters"]
    if marks:
        yield ["warning", f"{marks} hidden character{'' if marks == 1 else 's'}, written out below"]


def _request(fields: dict[str, Any], *, can_edit: bool) -> Iterator[Part]:
    fields = dict(fields)
    messages, tools, system = fields.pop("messages"), fields.pop("tools", []), fields.pop("systemPrompt", None)
    yield _text("system prompt", "systemPrompt", system, can_edit=can_edit)
    for number, message in enumerate(messages, 1):
        title = f"message {number} of {len(messages)}, {plain(str(message['role']))}"
        yield from _message(title, f"messages.{number - 1}", message, can_edit=can_edit)
    for number, tool in enumerate(tools, 1):
        yield {"title": f"tool {number} of {len(tools)}", "text": _json(tool)}
    rest = {name: value for name, value in fields.items() if not can_edit or name not in LIMITS}
    if rest:
        yield {"title": "other wishes" if can_edit else "limits and wishes", "text": _json(rest)}


def _message(title: str, field: str, message: dict[str, Any], *, can_edit: bool) -> Iterator[Part]:
    content: Any = message["content"]
    several = isinstance(content, list)
    blocks = cast("list[dict[str, Any]]", content if several else [content])
    for number, block in enumerate(blocks):
        part = f"{title}, block {number + 1} of {len(blocks)}" if several else title
        if block.get("type") == "text":
            yield _text(part, f"{field}.{number}" if several else field, block["text"], can_edit=can_edit)
            block = {key: value for key, value in block.items() if key not in ("type", "text")}  # noqa: PLW2901
            part = f"{part}, notes"
        if block:
            yield {"title": part, "text": _json(described(block))}
    if not blocks:
        yield {"title": title, "text": "", "none": "no content"}
    rest = {key: value for key, value in message.items() if key not in ("role", "content", "model", "stopReason")}
    if rest:
        yield {"title": f"{title}, notes", "text": _json(rest)}


def _text(title: str, field: str, text: str | None, *, can_edit: bool) -> Part:
    part: Part = {"title": title, "text": _shown(text or "")}
    if not text:
        part["none"] = "none" if text is None else "empty"
    if can_edit and len(text or "") <= LONGEST_SHOWN:
        plain = without_hidden(text or "")
        part |= {"field": field, "edit": plain, "stripped": plain != (text or "")}
    return part


_left_out: ContextVar[list[int] | None] = ContextVar("labkit_left_out", default=None)


@contextmanager
def _noting() -> Generator[list[int]]:
    """How many characters are left out of each text that is too long to be shown, inside the block."""
    token = _left_out.set(noted := [])
    try:
        yield noted
    finally:
        _left_out.reset(token)


def _shown(text: str) -> str:
    left_out = len(text) - LONGEST_SHOWN
    if left_out > 0 and (noted := _left_out.get()) is not None:
        noted.append(left_out)
    more = f"\n⟨{left_out:,} characters more, too many to show⟩" if left_out > 0 else ""
    return "\n".join(shown_lines(text[:LONGEST_SHOWN])) + more


def _json(value: object) -> str:
    return _shown(json.dumps(value, indent=2, ensure_ascii=False)) if value else ""


def _limit(value: object) -> tuple[str, str, bool]:
    """A limit as it is shown, as the editor begins with it, and whether that one leaves out what is hidden."""
    if not isinstance(value, list):
        shown = "" if value is None else json.dumps(value)
        return shown, shown, False
    lines = [str(each) for each in cast("list[object]", value)]
    plain = [without_hidden(line) for line in lines]
    return " · ".join(_json(line) for line in lines), "\n".join(plain), plain != lines


def _edited(request: ReviewRequest, fields: dict[str, Any]) -> Any:
    """The request, or the answer, with the texts and limits that were typed."""
    if request.answer is not None:
        return edited_answer(request.answer, _with_texts(request.answer.content, "answer", fields))
    params = request.params
    update: dict[str, Any] = {
        "messages": [
            message.model_copy(update={"content": _with_texts(message.content, f"messages.{number}", fields)})
            for number, message in enumerate(params.messages)
        ]
    }
    if "systemPrompt" in fields:
        update["system_prompt"] = str(fields["systemPrompt"]) or None
    if "maxTokens" in fields:
        update["max_tokens"] = _whole_number(str(fields["maxTokens"]))
    if "temperature" in fields:
        update["temperature"] = _number(str(fields["temperature"]))
    if "stopSequences" in fields:
        update["stop_sequences"] = [line for line in str(fields["stopSequences"]).split("\n") if line] or None
    return params.model_copy(update=update)


def _with_texts(content: Any, field: str, fields: dict[str, Any]) -> Any:
    if isinstance(content, list):
        blocks = cast("list[Any]", content)
        return [_with_texts(block, f"{field}.{number}", fields) for number, block in enumerate(blocks)]
    if isinstance(content, TextContent) and field in fields:
        return content.model_copy(update={"text": str(fields[field])})
    return content


def _whole_number(typed: str) -> int:
    digits = typed.strip()
    if not digits.isdecimal() or len(digits) > LONGEST_NUMBER or int(digits) == 0:
        raise ValueError(f"max tokens must be a whole number above 0, and “{_typed(typed)}” is none that can be used.")
    return int(digits)


def _number(typed: str) -> float | None:
    if not typed.strip():
        return None
    try:
        number = float(typed)
    except ValueError:
        number = -1.0
    if not 0 <= number < inf:
        raise ValueError(f"temperature must be a number of 0 or more, and “{_typed(typed)}” is none.")
    return number


def _typed(text: str) -> str:
    return visible(text if len(text) <= LONGEST_TYPED else f"{text[:LONGEST_TYPED]}…")
