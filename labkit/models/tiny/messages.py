"""From the messages of a sampling request to the conversation that the model reads."""

from collections.abc import Sequence

from mcp_types import (
    AudioContent,
    ImageContent,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    ToolResultContent,
)

from labkit.models.tiny.tokenizer import Tokenizer

GAP = "\n...\n"
"""The mark where the middle of a long text was left out."""


def blocks_of(message: SamplingMessage) -> list[SamplingMessageContentBlock]:
    return message.content if isinstance(message.content, list) else [message.content]


def has_text(message: SamplingMessage) -> bool:
    return any(isinstance(block, TextContent) and block.text.strip() for block in blocks_of(message))


def in_words(block: SamplingMessageContentBlock) -> str:
    """The text of a block; for a block of another kind, the kind in words."""
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, ImageContent):
        return f"[an image, {block.mime_type}, which I cannot see]"
    if isinstance(block, AudioContent):
        return f"[a sound, {block.mime_type}, which I cannot hear]"
    if isinstance(block, ToolResultContent):
        return (
            "\n".join(part.text for part in block.content if isinstance(part, TextContent)) or "[an empty tool result]"
        )
    return f"[a call of the tool {block.name}]"


def conversation(messages: Sequence[SamplingMessage]) -> list[tuple[str, str]]:
    """The turns of a conversation as (role, text) pairs; several messages of one role in a row are one turn."""
    turns: list[tuple[str, str]] = []
    for message in messages:
        text = "\n".join(in_words(block) for block in blocks_of(message))
        if turns and turns[-1][0] == message.role:
            text = f"{turns.pop()[1]}\n{text}"
        turns.append((message.role, text))
    return turns


def fitted(tokenizer: Tokenizer, system: str, turns: Sequence[tuple[str, str]], room: int) -> tuple[list[int], int]:
    """The conversation as at most `room` tokens, and how many were left out.

    Earlier turns go first, then the system prompt, then the middle of the last turn, whose two ends say most.
    """
    whole = tokenizer.encode_chat(system, turns)
    for system_kept, first in [(system, start) for start in range(len(turns))] + [("", len(turns) - 1)]:
        ids = tokenizer.encode_chat(system_kept, turns[first:])
        if len(ids) <= room:
            return ids, len(whole) - len(ids)
    role, text = turns[-1]
    ids = tokenizer.encode(text)
    gap = tokenizer.encode(GAP)
    keep = room - len(gap) - 2  # the control tokens before and after the turn
    ends = keep // 4
    ids = [*ids[: keep - ends], *gap, *ids[len(ids) - ends :]]
    return [tokenizer.control[f"<|{role}|>"], *ids, tokenizer.control["<|assistant|>"]], len(whole) - keep
