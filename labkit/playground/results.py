"""A tool's result as text and pictures."""

import json
from base64 import b64decode, b64encode
from typing import Literal

from mcp_types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ErrorData,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from labkit.callbacks import Answer
from labkit.playground.sampled import said

MOST_PICTURES, LARGEST_PICTURE, WIDEST = 4, 1_000_000, 4_000
"""PNGs of a result that are kept, the bytes of one, and its pixels in each direction."""


def what_came(result: CallToolResult | Answer) -> tuple[Literal["done", "tool failed", "failed"], str, list[str]]:
    """How a call of a tool ended, or a sample that was asked alone, its text, and its pictures."""
    if isinstance(result, CallToolResult):
        return ("tool failed" if result.is_error else "done"), text_of_result(result), pictures_of(result)
    return ("failed" if isinstance(result, ErrorData) else "done"), said(result), []


def text_of_result(result: CallToolResult) -> str:
    """A tool's result as text; a block that is no text by its type."""
    parts: list[str] = []
    for block in result.content:
        match block:
            case TextContent():
                parts.append(block.text)
            case EmbeddedResource(resource=TextResourceContents() as resource):
                parts.append(resource.text)
            case ResourceLink():
                parts.append(f"[link to {block.uri}]")
            case ImageContent() | AudioContent():
                parts.append(f"[{block.type}, {block.mime_type}]")
            case _:
                parts.append(f"[{block.type}]")
    if not parts and result.structured_content is not None:
        parts.append(json.dumps(result.structured_content, indent=2, ensure_ascii=False))
    return "\n".join(parts)


def pictures_of(result: CallToolResult) -> list[str]:
    """The PNGs of a tool's result, in base64; what only says that it is one, or is too large to be drawn, is none."""
    found: list[str] = []
    for block in result.content:
        if isinstance(block, ImageContent) and block.mime_type == "image/png" and len(found) < MOST_PICTURES:
            found += filter(None, [png(block.data)])
    return found


def png(data: str) -> str:
    """A PNG in base64; empty where `data` is none, or one that is too large to be drawn."""
    try:
        told = b64decode(data, validate=True)
    except ValueError:
        return ""
    size = int.from_bytes(told[16:20]), int.from_bytes(told[20:24])  # of the header, which comes first
    is_one = told.startswith(b"\x89PNG\r\n\x1a\n") and told[12:16] == b"IHDR"
    fits = len(told) <= LARGEST_PICTURE and 0 < min(size) <= max(size) <= WIDEST
    return b64encode(told).decode("ascii") if is_one and fits else ""
