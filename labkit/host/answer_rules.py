"""What the rules of `with_guard` look for in an answer."""

from dataclasses import replace
from typing import Any, cast

from mcp_types import CreateMessageRequestParams, ErrorData, TextContent

from labkit.callbacks import Answer
from labkit.host.findings import Bounds, Finding, counted, without_secrets, without_what_hides
from labkit.host.request_rules import TOO_DEEP, too_large
from labkit.host.texts import dumped
from labkit.host.usage import MOST_PER_TOKEN

CHARACTERS_PER_TOKEN = 6
"""Characters of a token where nobody told the tokens. Four are usual; an estimate must not cut an honest answer."""

LONGEST_WORD = 20
"""Characters added, for the one word that is a single token."""


def large_answer(
    answer: Answer, _params: CreateMessageRequestParams, _told: int | None, bounds: Bounds
) -> Finding | None:
    """All that an answer holds beside its text, which `long_answer` cuts."""
    try:
        fields = dumped(answer)
    except (ValueError, RecursionError):
        return Finding(f"in the answer, {TOO_DEEP}")
    content = fields.get("content")
    for block in content if isinstance(content, list) else [content]:
        if isinstance(block, dict) and block.get("type") == "text":
            block["text"] = ""
    found = too_large(fields, bounds, "blocks, the input of a tool, notes")
    return found and replace(found, text=f"in the answer, {found.text}")


def hidden_in_answer(
    answer: Answer, _params: CreateMessageRequestParams, _told: int | None, _bounds: Bounds
) -> Finding | None:
    found, clean = without_what_hides(answer)
    return found and replace(found, text=f"{found.text} in the answer", answer=clean)


def secrets_in_answer(
    answer: Answer, _params: CreateMessageRequestParams, _told: int | None, _bounds: Bounds
) -> Finding | None:
    found, clean = without_secrets(answer, by_itself=True)
    return found and replace(found, text=f"{found.text} in the answer", answer=clean)


def long_answer(
    answer: Answer, params: CreateMessageRequestParams, told: int | None, _bounds: Bounds
) -> Finding | None:
    if isinstance(answer, ErrorData):
        return None
    limit = params.max_tokens
    blocks = answer.content if isinstance(answer.content, list) else [answer.content]
    characters = sum(len(block.text) for block in blocks if isinstance(block, TextContent))
    if told is not None and characters > told * MOST_PER_TOKEN + LONGEST_WORD:
        told = None
    kept = limit * CHARACTERS_PER_TOKEN + LONGEST_WORD if told is None else characters * limit // max(told, limit, 1)
    if limit < 1 or characters <= kept:
        return None
    cut = {"content": _cut(answer.content, kept), "stop_reason": "maxTokens"}
    by = "" if told is not None else " by an estimate"
    return Finding(
        f"the answer is longer than {counted(limit, 'token')}{by}",
        {"characters": characters, "characters_kept": kept, "estimated": told is None},
        "cut",
        answer=answer.model_copy(update=cut),
    )


def _cut(content: Any, characters: int) -> Any:
    """`content`, a block or a list of them, with this many characters of its texts."""
    if isinstance(content, TextContent):
        return content.model_copy(update={"text": content.text[: max(0, characters)]})
    if not isinstance(content, list):
        return content
    kept: list[object] = []
    for block in cast("list[object]", content):
        kept.append(_cut(block, characters))
        characters -= len(block.text) if isinstance(block, TextContent) else 0
    return kept
