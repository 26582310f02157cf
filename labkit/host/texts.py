"""The texts of a request, wherever in it they lie: messages, system prompt, tools and their results, metadata.

Works on JSON as the wire has it, so that no field is forgotten, the ones that a later revision adds included.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.secret_forms.in_json import FREE, is_binary


def dumped(params: CreateMessageRequestParams | Answer) -> dict[str, Any]:
    """A request or an answer as JSON, with the names of the wire."""
    return params.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)


def texts(value: object, path: str = "", *, free: bool = False) -> Iterator[tuple[str, str]]:
    """Every text in the JSON of a request, with the path to it: `messages[0].content.text`.

    The keys of free JSON are texts too. Images, sounds and other base64 are none, nor are types and roles.
    """
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[object]", value)):
            yield from texts(item, f"{path}[{number}]", free=free)
    elif isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        for key, item in fields.items():
            if free:
                yield path, key
            elif key in ("type", "role") or is_binary(fields, key):
                continue
            yield from texts(item, f"{path}.{key}" if path else key, free=free or key in FREE)


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a sound or another base64 value, by the bytes that it stands for."""

    bytes: int


def values(value: object) -> Iterator[object]:
    """Every value in the JSON of a request, in no order: lists, objects, texts, numbers, and `Media` for base64.

    It looks no further than it is asked to, and depth costs it nothing.
    """
    waiting: list[tuple[object, bool]] = [(value, False)]
    while waiting:
        item, free = waiting.pop()
        yield item
        if isinstance(item, list):
            waiting.extend((each, free) for each in cast("list[object]", item))
        elif isinstance(item, dict):
            fields = cast("dict[str, object]", item)
            for key, each in fields.items():
                is_media = not free and is_binary(fields, key)
                waiting.append((Media(len(str(each)) * 3 // 4) if is_media else each, free or key in FREE))
