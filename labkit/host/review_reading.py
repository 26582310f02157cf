"""A review as a page shows it, and what a page sends back as a decision."""

import json
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from math import inf
from typing import Any, TypeVar, cast

from mcp_types import CreateMessageRequestParams, TextContent

from labkit.host import AllowServer, Approve, Decision, Edit, Refuse, ReviewRequest, visible
from labkit.host.duty import Result
from labkit.host.rendering import described, mark_of, shown_lines
from labkit.host.review import Part as ShownPart
from labkit.host.review import checked, edited_answer
from labkit.host.texts import dumped, texts
from labkit.plain import plain
from labkit.secret_forms.hidden import HIDDEN, hidden, without_hidden

LONGEST_SHOWN = 1_000_000
"""Characters of one text that are sent to the page. What holds a longer one can only be refused there."""

LONGEST_HIDING, MOST_HIDDEN = 50_000, 10_000
"""Characters that are sent of a text which hides more than so many: each of these is written out."""

MOST_SHOWN, MOST_PARTS = 1_250_000, 2_000
"""Characters of a review, and messages, blocks, tools or stop sequences of it, that are sent to the page."""

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

T = TypeVar("T", bound=CreateMessageRequestParams | Result)

Part = dict[str, Any]
"""One thing to read: `title`, `text`; where it can be edited, `field` and what the editor begins with (`edit`)."""


def reading(request: ReviewRequest) -> dict[str, Any]:
    """Everything that a page shows of a review, as JSON, with nothing hidden."""
    if request.part is not None:
        return _of_part(request, request.part)
    is_whole = _is_short(request.answer or request.params)
    fields = dumped(_first(request.params))
    answer = dumped(_first(request.answer)) if request.answer else None
    with _noting() as left_out:
        parts = list(_message("answer", "answer", answer, can_edit=True) if answer else _request(fields, can_edit=True))
        limits = [] if answer else [[name, word, *_limit(fields.get(name))] for name, word in LIMITS.items()]
        called = _json((request.origin and request.origin.arguments) or {})
    with _noting():
        before = list(_request(fields, can_edit=False)) if answer else []
    facts = list(_facts(request, fields, answer))
    if not is_whole:
        facts.append(["warning", f"only the first {MOST_PARTS:,} parts are shown, so it can only be refused"])
    elif left_out:
        facts.append(["warning", f"{sum(left_out):,} characters are not shown, so it can only be refused"])
    return {
        "stage": request.stage,
        "server": plain(request.origin.server) if request.origin else "",
        "tool": plain(request.origin.tool or "") if request.origin else "",
        "facts": facts,
        "remarks": [plain(remark.text) for remark in request.remarks],
        "limits": limits,
        "parts": parts,
        "before": before,
        "called": called,
        "whole": is_whole and not left_out,
    }


def _of_part(request: ReviewRequest, part: ShownPart) -> dict[str, Any]:
    return {
        "stage": request.stage,
        "server": plain(request.origin.server) if request.origin else "",
        "tool": plain(request.origin.tool or "") if request.origin else "",
        "facts": [["", f"connection {plain(request.connection)}"]] if request.connection else [],
        "remarks": [plain(remark.text) for remark in request.remarks],
        "limits": [],
        "parts": [{"title": f"part {part.number} of {part.count}", "text": part.text}],
        "before": [],
        "called": "",
        "whole": True,
    }


def _is_short(subject: CreateMessageRequestParams | Result) -> bool:
    if not isinstance(subject, CreateMessageRequestParams):
        return not isinstance(subject.content, list) or len(subject.content) <= MOST_PARTS
    messages = subject.messages
    several = max(len(messages), len(subject.tools or []), len(subject.stop_sequences or [])) > MOST_PARTS
    return not several and sum(len(message.content_as_list) for message in messages) <= MOST_PARTS


def _first(subject: T) -> T:
    """`subject`, or its first messages, blocks, tools and stop sequences where there are too many."""
    if _is_short(subject):
        return subject
    if not isinstance(subject, CreateMessageRequestParams):
        content = subject.content
        return subject.model_copy(update={"content": content[:MOST_PARTS] if isinstance(content, list) else content})
    left, messages = MOST_PARTS, list[Any]()
    for message in subject.messages:
        if left <= 0:
            break
        blocks = message.content_as_list
        short = message if len(blocks) <= left else message.model_copy(update={"content": blocks[:left]})
        messages.append(short)
        left -= max(1, len(blocks))
    lists = {name: each[:MOST_PARTS] for name in ("tools", "stop_sequences") if (each := getattr(subject, name))}
    return subject.model_copy(update={"messages": messages, **lists})


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
    marks = sum(hidden(text[: _longest(text)]) for text in every)
    length = sum(map(len, every))
    if request.connection:
        yield ["", f"connection {plain(request.connection)}"]
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
    if can_edit and len(text or "") <= _longest(text or "") and not _left_out.get():
        plain = without_hidden(text or "")
        part |= {"field": field, "edit": plain, "stripped": plain != (text or "")}
    return part


class _LeftOut(list[int]):
    """How many characters are left out of each text that is too long to be shown; `room` is for those that are not."""

    room = MOST_SHOWN


_HIDDEN = re.compile(HIDDEN)
_left_out: ContextVar[_LeftOut | None] = ContextVar("labkit_left_out", default=None)


@contextmanager
def _noting() -> Generator[_LeftOut]:
    """What is left out of what is shown inside the block."""
    token = _left_out.set(noted := _LeftOut())
    try:
        yield noted
    finally:
        _left_out.reset(token)


def _longest(text: str) -> int:
    """How many characters of a text can be shown in time."""
    if len(text) <= LONGEST_HIDING:
        return LONGEST_SHOWN
    hiding = islice(_HIDDEN.finditer(text, 0, LONGEST_SHOWN), MOST_HIDDEN, None)
    return LONGEST_HIDING if any(hiding) else LONGEST_SHOWN


def _shown(text: str) -> str:
    longest, noted = _longest(text), _left_out.get()
    if noted is not None:
        longest = min(longest, noted.room)
        noted.room -= min(len(text), longest)
        if len(text) > longest:
            noted.append(len(text) - longest)
    more = f"\n⟨{len(text) - longest:,} characters more, too many to show⟩" if len(text) > longest else ""
    return "\n".join(shown_lines(text[:longest])) + more


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
