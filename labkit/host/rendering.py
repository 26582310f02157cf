"""`render`: a request for review as plain text, whole, with nothing hidden. Of one without an end, a part.

What a server wrote stands behind a bar, so that it cannot forge a line of the form itself, and long lines are broken,
so that nothing lies beyond the right edge.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, cast

from labkit.cutting import outline
from labkit.host.review import ReviewRequest
from labkit.host.texts import dumped, texts, values
from labkit.plain import plain
from labkit.secret_forms.hidden import HIDDEN, hidden, visible
from labkit.secret_forms.in_json import changed
from labkit.steps import Origin

WIDTH = 96
"""Characters of a line behind the bar."""

MOST_EMPTY = 2
"""Empty lines in a row that are shown; more are counted, or they would push what follows out of view."""

LONGEST, PART = 1_000_000, 100_000
"""Characters of a review that is rendered whole, and bytes that are rendered of another."""

OF_A_VALUE = 50
"""Characters that a value counts beside its own: it has a line, and what hides is written out."""

TOO_LARGE = "It is too large to be shown whole, and can only be refused: with_guard refuses such before they come here."

_SPACES = re.compile(r"\s{20,}")
_HIDDEN = re.compile(HIDDEN)


def render(request: ReviewRequest) -> str:
    """All that a request holds: who asks, remarks, limits, system prompt, every message, tools, and the answer.

    One of more than a million characters is rendered in part, and says so: `is_rendered_whole`.
    Hidden characters are written out, such as `⟨U+200B ZERO WIDTH SPACE⟩`. An image or a sound is told by its type, its
    size and a hash.
    """
    part = request.part
    return "\n".join(_lines(request)) if part is None else f"part {part.number} of {part.count}\n{part.text}"


def is_rendered_whole(request: ReviewRequest) -> bool:
    """Whether `render` leaves nothing out that is to be shown. Otherwise a person can only refuse."""
    return request.part is not None or _is_short(
        [dumped(request.params), dumped(request.answer) if request.answer else {}]
    )


def _is_short(shown: object) -> bool:
    room = LONGEST
    for value in values(shown):
        room -= OF_A_VALUE
        for text in cast("dict[str, object]", value) if isinstance(value, dict) else (value,):
            if isinstance(text, str) and (room := room - len(text)) > 0:
                room -= OF_A_VALUE * len(_HIDDEN.findall(text))
        if room < 0:
            return False
    return True


def _lines(request: ReviewRequest) -> Iterator[str]:
    fields = dumped(request.params)
    answer = dumped(request.answer) if request.answer else {}
    yield from _asked_by(request.origin, request.connection)
    for remark in request.remarks:
        yield f"! {plain(remark.text)}"
    if not _is_short([fields, answer]):
        yield f"! {TOO_LARGE}"
        yield from _field("the request, in part", outline(fields, PART))
        if answer:
            yield from _field("the answer, in part", outline(answer, PART))
        return
    marks = sum(hidden(text) for _, text in texts([fields, answer]))
    if marks:
        yield f"! {marks} hidden character{'' if marks == 1 else 's'}, written out below"
    messages, tools, system = fields.pop("messages"), fields.pop("tools", []), fields.pop("systemPrompt", None)
    yield from _fields(fields)
    if system is not None:
        yield from _field("system prompt", system)
    for number, message in enumerate(messages, 1):
        yield from _message(f"message {number} of {len(messages)}", message)
    for number, tool in enumerate(tools, 1):
        yield f"tool {number} of {len(tools)}"
        yield from _fields(tool)
    if answer:
        if mark := mark_of(request.answer):
            yield f"! {mark}"
        yield from _message("answer", answer)


def _asked_by(origin: Origin | None, connection: str) -> Iterator[str]:
    if origin is None:
        yield "a server asks; outside a Lab it is not known which, nor for which call, if for any"
        return
    yield f"{plain(origin.server)} asks"
    if connection:
        yield f"on the connection {plain(connection)}"
    if origin.tool is None:
        yield "the tool call that it asks for is not known"
    else:
        yield from _field("for its tool", origin.tool)
        yield from _field("called with", outline(origin.arguments or {}, PART))


def _message(title: str, message: dict[str, Any]) -> Iterator[str]:
    yield f"{title}, {plain(str(message.pop('role')))}"
    content: object = message.pop("content")
    for block in cast("list[dict[str, Any]]", content if isinstance(content, list) else [content]):
        kind = str(block.pop("type"))
        if kind == "text":
            yield from _field(kind, block.pop("text"))
        else:
            yield from _field(kind, described({"type": kind, **block}))
            continue
        yield from _fields(block)
    yield from _fields(message)


def _fields(fields: dict[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        yield from _field(name, value)


def _field(name: str, value: object) -> Iterator[str]:
    """`name: value` where that is a number, else the name, and the value behind a bar."""
    if value is None or isinstance(value, bool | int | float):
        yield f"{name}: {json.dumps(value)}"
        return
    yield f"{name}:"
    yield from _behind_bar(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))


def _behind_bar(text: str) -> Iterator[str]:
    """The lines of `text`, each behind a bar; a dotted bar goes on with a line that was too long."""
    for line in shown_lines(text):
        for number, part in enumerate(_broken(line)):
            yield f"  {'┆' if number else '│'} {part}" if line else "  │"


def mark_of(answer: object) -> str:
    """The mark beside an answer wherever it is shown: `tiny model` for one of the embedded model, else nothing.

    The answer's class says so (`TinyAnswer`), and not the name of a model, which anybody may give.
    """
    return visible(str(getattr(type(answer), "shown_as", "")))


def shown_lines(text: str) -> Iterator[str]:
    """The lines of `text` as a reviewer sees them: nothing hidden, nothing pushed out of view by empty space."""
    empty = 0
    for line in [*visible(text.replace("\r\n", "\n")).split("\n"), None]:
        if line is not None and not line.strip():
            empty += 1
            continue
        if empty > MOST_EMPTY:
            yield f"⟨{empty} empty lines⟩"
        else:
            yield from [""] * empty
        empty = 0
        if line is not None:
            yield _SPACES.sub(lambda spaces: f"⟨{len(spaces.group())} spaces⟩", line)


def _broken(line: str) -> Iterator[str]:
    """`line` in parts of at most `WIDTH` characters, broken behind a space where there is one."""
    start = 0
    while len(line) - start > WIDTH:
        end = line.rfind(" ", start + WIDTH // 2, start + WIDTH) + 1 or start + WIDTH
        yield line[start:end]
        start = end
    yield line[start:]


def described(value: object) -> object:
    """A copy of JSON in which an image or a sound is told by its size and a hash."""
    return changed(value, _as_it_is, base64=_described)


def _as_it_is(text: str, _key: str) -> str:
    return text


def _described(base64: str, _key: str) -> str:
    return f"⟨{len(base64):,} characters of base64, SHA-256 {hashlib.sha256(base64.encode()).hexdigest()[:16]}⟩"
