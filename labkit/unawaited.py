"""A forgotten `await`: the coroutines that a student's code made and never began are found, named and closed.

Python warns of one when it is thrown away, which may be minutes later and beneath another cell.
"""

import inspect
from collections.abc import Coroutine, Iterator, Mapping
from traceback import walk_tb
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from labkit.errors import is_kits, is_students, message_of

DEEPEST, MOST = 6, 1_000
"""How deep within a value, and at how many values, is looked."""


def missing(held: object, *, judged: bool = False) -> str:
    """The sentence for what was not awaited in `held`, empty where all was; what is found is closed.

    Args:
        held: What a function returned, or what it raised: then the values of its frames are looked through, and the
            sentence is there only where the error is about a coroutine.
        judged: Whether `held` was raised by the kit, which found what a function returned not to be right: then the
            kit's own frames hold it.
    """
    if not isinstance(held, BaseException):
        return _sentence(_closed(held))
    if judged:
        raised = [each for each in (held, held.__cause__) if each is not None]
        return _sentence(_closed([dict(frame.f_locals) for each in raised for frame, _ in walk_tb(each.__traceback__)]))
    found = [*_closed([dict(frame.f_locals) for frame in _frames(held)]), *_closed(_inputs(held))]
    about = "coroutine" in message_of(held) or any(inspect.iscoroutine(each) for each in _inputs(held))
    if not about:
        return ""
    return _sentence(found) or "Something there was not awaited: write `await` before it."


def _sentence(found: list[Coroutine[Any, Any, object]]) -> str:
    names = list(dict.fromkeys(_name(each) for each in found))
    if not names:
        return ""
    verb = "was" if len(names) == 1 else "were"
    return f"{' and '.join(f'{name}(...)' for name in names)} {verb} not awaited: write `await {names[0]}(...)`."


def _name(coroutine: Coroutine[Any, Any, object]) -> str:
    return coroutine.__qualname__.rpartition("<locals>.")[2].removesuffix(".__call__")


def _closed(held: object) -> list[Coroutine[Any, Any, object]]:
    found = [each for each in _coroutines(held) if inspect.getcoroutinestate(each) == inspect.CORO_CREATED]
    for each in found:
        each.close()
    return found


def _coroutines(held: object) -> Iterator[Coroutine[Any, Any, object]]:
    """The coroutines in a value, each once: in lists, dicts and what the protocol's classes hold."""
    seen, level = set[int](), [held]
    for _ in range(DEEPEST):
        inner: list[object] = []
        for value in level:
            if id(value) in seen or len(seen) >= MOST:
                continue
            seen.add(id(value))
            if inspect.iscoroutine(value):
                yield value
            elif isinstance(value, BaseModel):
                inner += vars(value).values()
            elif isinstance(value, Mapping):
                inner += cast("Mapping[object, object]", value).values()
            elif isinstance(value, list | tuple | set | frozenset):
                inner += cast("list[object]", value)
        level = inner


def _inputs(error: BaseException) -> list[object]:
    """The values that pydantic did not accept."""
    return [fault["input"] for fault in error.errors(include_url=False)] if isinstance(error, ValidationError) else []


def _frames(error: BaseException) -> Iterator[Any]:
    """The frames of the student's code in a traceback, and of what it called; none of the kit's."""
    is_theirs = False
    for frame, _ in walk_tb(error.__traceback__):
        is_theirs = is_theirs or is_students(frame.f_code.co_filename)
        if is_theirs and not is_kits(frame.f_code.co_filename):
            yield frame
