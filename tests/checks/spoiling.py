"""Faults that are put around a whole function: each rule is a decorator, and its name says what is wrong then.

A decorator notes in `done` that it had an occasion to do its wrong.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from mcp.server.mcpserver import Context
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

from servers.asking import FIRST_WITH_ROUNDS

Arguments = dict[str, Any]
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

done: list[str] = []


def _around(before: Callable[[Arguments], Any], after: Callable[[Arguments, Any], Any]) -> Decorator:
    """A decorator. `before` gets the arguments and may return an answer in a tuple; `after` may change the answer."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)

        @wraps(function)
        def spoilt(*args: Any, **kwargs: Any) -> Any:
            given = dict(signature.bind(*args, **kwargs).arguments)
            early = before(given)
            return early[0] if early else after(given, function(*args, **kwargs))

        @wraps(function)
        async def spoilt_later(*args: Any, **kwargs: Any) -> Any:
            given = dict(signature.bind(*args, **kwargs).arguments)
            early = before(given)
            return early[0] if early else after(given, await function(*args, **kwargs))

        return spoilt_later if inspect.iscoroutinefunction(function) else spoilt

    return decorate


def _remembering(key: Callable[[Sequence[str]], object]) -> Decorator:
    """Answers again what was answered to something that has the same key."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        known: dict[str, tuple[Sequence[str], Any]] = {}

        def before(given: Arguments) -> Any:
            words = _words(given)
            earlier, answer = known.get(repr(key(words)), (words, None))
            if earlier == words:
                return None
            done.append("remembered")
            return (answer,)

        def after(given: Arguments, answer: Any) -> Any:
            known.setdefault(repr(key(words := _words(given))), (words, answer))
            return answer

        return _around(before, after)(function)

    return decorate


def _words(given: Arguments) -> Sequence[str]:
    """What a function is given, without what is another object at every call."""
    return [
        value.model_dump_json() if isinstance(value, CreateMessageRequestParams | CreateMessageResult) else repr(value)
        for name, value in given.items()
        if name not in ("ctx", "context", "model", "ask", "callback")
    ]


def _spoil(given: Arguments) -> None:
    for value in given.values():
        match value:
            case CreateMessageRequestParams():
                value.system_prompt, value.max_tokens = "changed", value.max_tokens + 1
            case CreateMessageResult():
                value.model = "changed"
            case list():
                value.append(value[0] if value else None)
            case dict() if value:
                value.pop(next(iter(value)))
            case _:
                continue
        done.append("spoilt")


def _spoiling_after(given: Arguments, answer: Any) -> Any:
    _spoil(given)
    return answer


def _idle(on: Callable[[str], bool]) -> Decorator:
    """Does nothing on one of the two wires."""

    def before(given: Arguments) -> Any:
        for value in given.values():
            wire = value if isinstance(value, Context) else getattr(value, "session", None)
            if (version := getattr(wire, "protocol_version", None)) and on(str(version)):
                done.append("idle")
                return (None,)
        return None

    return _around(before, lambda _, answer: answer)


def _answering(change: Callable[[Any], Any]) -> Decorator:
    """Changes the answer; `change` returns nothing where it has nothing to change."""

    def after(_: Arguments, answer: Any) -> Any:
        changed = change(answer)
        if changed is None:
            return answer
        done.append("changed")
        return changed

    return _around(lambda _: None, after)


def _a_message(**update: Any) -> Decorator:
    return _answering(
        lambda answer: answer.model_copy(update=update) if isinstance(answer, CreateMessageResult) else None
    )


RULES: dict[str, Decorator] = {
    "always the first answer": _remembering(lambda _: ""),
    "remembers by the length": _remembering(lambda words: [len(word) for word in words]),
    "remembers by the beginning": _remembering(lambda words: [word[:60] for word in words]),
    "remembers by the end": _remembering(lambda words: [word[-60:] for word in words]),
    "remembers by the first argument": _remembering(lambda words: words[:1]),
    "remembers by the last argument": _remembering(lambda words: words[-1:]),
    "changes what it is given, first": _around(_spoil, lambda _, answer: answer),
    "changes what it was given, last": _around(lambda _: None, _spoiling_after),
    "not on the older wire": _idle(lambda version: version < FIRST_WITH_ROUNDS),
    "not on the newer wire": _idle(lambda version: version >= FIRST_WITH_ROUNDS),
    "answers with blanks": _a_message(content=TextContent(text=" \n")),
    "answers as the user": _a_message(role="user"),
    "answers with the words alone": _answering(lambda answer: getattr(getattr(answer, "content", None), "text", None)),
    "answers without the last": _answering(lambda answer: answer[:-1] if isinstance(answer, str | list) else None),
    "answers with the last twice": _answering(
        lambda answer: [*answer, *answer[-1:]] if isinstance(answer, list) else None
    ),
}
