"""The texts of a request, wherever in it they lie: messages, system prompt, tools and their results, metadata.

Works on JSON as the wire has it, so that no field is forgotten, the ones that a later revision adds included.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.secret_forms import name_within

FREE = ("input", "metadata", "structuredContent", "inputSchema", "outputSchema", "_meta", "data")
"""Fields that hold whatever JSON the server likes, and no objects of the protocol; `data` is that of an error."""

_BASE64 = re.compile(r"[A-Za-z0-9+/=_\r\n-]*")


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


Change = Callable[[str, str], str]
"""Given a text and the key it stands behind, if any, what to put in its place."""


def changed(
    value: object, change: Change, *, base64: Change | None = None, behind: str = "", free: bool = False
) -> object:
    """A copy of the JSON of a request with `change` applied to each of its texts, and `base64` to what is none."""
    if isinstance(value, str):
        return change(value, behind)
    if isinstance(value, list):
        return [changed(item, change, base64=base64, behind=behind, free=free) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, object]", value)
    copy: dict[str, object] = {}
    for key, item in fields.items():
        plain = name = change(key, "") if free else key
        while name in copy:  # two keys that differed only in what was changed
            name = f"{plain} {len(copy)}"
        if not free and is_binary(fields, key):
            copy[name] = base64(str(item), key) if base64 else item
        else:
            copy[name] = changed(
                item,
                change,
                base64=base64,
                behind=name_within(behind, key, fields) if free else "",
                free=free or key in FREE,
            )
    return copy


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


def is_binary(fields: dict[str, object], key: str) -> bool:
    """Whether `fields[key]` is base64: the data of an image or a sound, or the blob of a resource.

    What stands there with another letter than base64 has is a text.
    """
    if not ((key == "data" and fields.get("type") in ("image", "audio")) or (key == "blob" and "uri" in fields)):
        return False
    return isinstance(value := fields[key], str) and _BASE64.fullmatch(value) is not None
