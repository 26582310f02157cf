"""A walk through JSON that changes the texts and numbers in it: for a model, whose guard asks here, and for a page."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from labkit.secret_forms.given import is_mixed
from labkit.secret_forms.names import ends_in_a_secret, name_within

FREE = ("input", "metadata", "structuredContent", "inputSchema", "outputSchema", "_meta", "data")
"""Fields that hold whatever JSON the server likes, and no objects of the protocol; `data` is that of an error."""

_BASE64 = re.compile(r"[A-Za-z0-9+/=_\r\n-]*")

Change = Callable[[str, str], str]
"""Given a text and the key it stands behind, if any, what to put in its place."""

ChangeNumber = Callable[[float, str], object]


def changed(
    value: object,
    change: Change,
    *,
    number: ChangeNumber = lambda number, _: number,
    base64: Change | None = None,
    said: Change | None = None,
    words: Callable[[list[str]], list[str]] | None = None,
    behind: str = "",
    free: bool = False,
) -> Any:
    """A copy of the JSON of a request with something else in the place of its texts and numbers.

    Args:
        value: The JSON.
        change: What to do with a text.
        number: What to do with a number of free JSON. Those of the protocol stay.
        base64: What to do with base64, which is no text.
        said: What to do with a text of the protocol, where that is another thing than with one of free JSON.
        words: What to do first with the words of a command line in free JSON, `["curl", "-u", "eva:…"]`.
        behind: The key that `value` stands behind.
        free: Whether `value` is whatever JSON the server likes, and no object of the protocol.
    """
    if isinstance(value, str):
        return (said if said and not free else change)(value, behind)
    if isinstance(value, int | float) and free and behind and not isinstance(value, bool):
        return number(value, behind)

    within = partial(
        changed, change=change, number=number, base64=base64, said=said, words=words
    )  # no frame of its own on a deep way down
    if isinstance(value, list | tuple):
        told = list(cast("list[object]", value))
        if words and free and any(isinstance(item, str) and item[:1] == "-" for item in told):
            places = [place for place, item in enumerate(told) if isinstance(item, str)]
            for place, word in zip(places, words([str(told[place]) for place in places]), strict=True):
                told[place] = word
        items: list[object] = []
        name = ""
        for item in told:
            items.append(within(item, behind=name or behind, free=free))
            name = _name_before(item, told) if free else ""
        return items
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, object]", value)
    is_command = isinstance(fields.get("command"), str) and isinstance(fields.get("args"), list)
    copy: dict[str, object] = {}
    for key, item in fields.items():
        plain = name = change(key, "") if free else key
        while name in copy:  # two keys that differed only in what was changed
            name = f"{plain} {len(copy)}"
        if key == "args" and is_command:
            copy[name] = within([fields["command"], *cast("list[object]", item)], free=free)[1:]
        elif not free and is_binary(fields, key):
            copy[name] = base64(str(item), key) if base64 else item
        else:
            copy[name] = within(item, behind=name_within(behind, key, fields) if free else "", free=free or key in FREE)
    return copy


def is_binary(fields: dict[str, object], key: str) -> bool:
    """Whether `fields[key]` is base64: the data of an image or a sound, or the blob of a resource.

    What stands there with another letter than base64 has is a text.
    """
    if not ((key == "data" and fields.get("type") in ("image", "audio")) or (key == "blob" and "uri" in fields)):
        return False
    return isinstance(value := fields[key], str) and _BASE64.fullmatch(value) is not None


def _name_before(word: object, told: Sequence[object]) -> str:
    """The name of a text, where `word` before it is that: in `["--password", "x"]`, and in `["password", "…"]`."""
    if not isinstance(word, str):
        return ""
    if word.startswith("--") and "=" not in word:
        return word.lstrip("-")
    is_pair = len(told) == 2 and word is told[0] and isinstance(told[1], str) and is_mixed(told[1])
    return word if is_pair and ends_in_a_secret(word) else ""
