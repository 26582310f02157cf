"""What the rules of `with_guard` look for in a request. Each is a function that returns what it found, or nothing."""

from dataclasses import replace
from itertools import islice
from math import isfinite

from mcp_types import CreateMessageRequestParams, TextContent, ToolResultContent, ToolUseContent

from labkit.host.findings import Bounds, Finding, counted, short, without_secrets, without_what_hides
from labkit.host.texts import Media, dumped, texts, values
from labkit.open_requests import Arrival
from labkit.secret_forms.hidden import without_hidden

LATE = 5.0
"""Seconds that a server has to notice that a request was given up. What it asks meanwhile is no offence."""


def unasked(arrival: Arrival) -> Finding | None:
    if arrival.open:
        return None
    if arrival.given_up is not None and arrival.given_up <= LATE:
        return Finding("the request that it was for has just been given up", fair=True)
    return Finding("it asks for a sample while no request of the client is open")


def max_tokens(params: CreateMessageRequestParams, bounds: Bounds) -> Finding | None:
    if 1 <= params.max_tokens <= bounds.max_tokens:
        return None
    # Python refuses to write a number of more than 4,300 digits.
    asked = f"{params.max_tokens:,}" if abs(params.max_tokens) < 10**15 else "astronomical"
    return Finding(f"maxTokens is {asked}, and 1 to {bounds.max_tokens:,} are taken")


def temperature(params: CreateMessageRequestParams, bounds: Bounds) -> Finding | None:
    asked = params.temperature
    if asked is None or (isfinite(asked) and 0 <= asked <= bounds.temperature):
        return None
    return Finding(f"temperature is {asked:g}, and 0 to {bounds.temperature:g} are taken")


def size(params: CreateMessageRequestParams, bounds: Bounds) -> Finding | None:
    if len(params.messages) > bounds.messages:
        return Finding(f"{len(params.messages):,} messages, and {bounds.messages:,} are taken")
    try:
        fields = dumped(params)
    except (ValueError, RecursionError):  # no wire carries so many levels; in process they come
        return Finding(TOO_DEEP)
    return too_large(fields, bounds, "blocks, stop sequences, metadata, schemas")


TOO_DEEP = "it is nested too deeply to be looked through"


def too_large(fields: dict[str, object], bounds: Bounds, inside: str) -> Finding | None:
    """What is too large about a request or an answer, given as JSON: values, media or characters.

    `inside` says in words where the values may lie.
    """
    found = list(islice(values(fields), bounds.values + 1))
    if len(found) > bounds.values:
        return Finding(f"more values than the {bounds.values:,} that are taken ({inside})")
    media = sum(value.bytes for value in found if isinstance(value, Media))
    if media > bounds.media:
        return Finding(f"{media:,} bytes of images and sounds, and {bounds.media:,} are taken", {"bytes": media})
    digits = sum(value.bit_length() * 3 // 10 for value in found if isinstance(value, int) and value.bit_length() > 64)
    characters = digits + sum(len(text) for _, text in texts(fields))
    if characters > bounds.characters:
        return Finding(f"{characters:,} characters, and {bounds.characters:,} are taken", {"characters": characters})
    return None


def empty(params: CreateMessageRequestParams, _bounds: Bounds) -> Finding | None:
    if not params.messages:
        return Finding("no messages")
    for number, message in enumerate(params.messages, 1):
        blocks = message.content_as_list
        if all(isinstance(block, TextContent) and not without_hidden(block.text).strip() for block in blocks):
            return Finding(f"message {number} of {len(params.messages)} is empty")
    return None


def roles(params: CreateMessageRequestParams, _bounds: Bounds) -> Finding | None:
    for number, message in enumerate(params.messages, 1):
        if message.role not in ("user", "assistant"):
            return Finding(f"message {number} has the role {short(message.role)}")
        for block in message.content_as_list:
            if isinstance(block, ToolUseContent) and message.role != "assistant":
                return Finding(f"message {number} uses a tool, and has the role {message.role}")
            if isinstance(block, ToolResultContent) and message.role != "user":
                return Finding(f"message {number} holds a tool's result, and has the role {message.role}")
    return None


def tools(params: CreateMessageRequestParams, bounds: Bounds) -> Finding | None:
    if bounds.tools or (params.tools is None and params.tool_choice is None):
        return None
    names = [short(tool.name) for tool in params.tools or []]
    asked = counted(len(names), "tool") if names else "a tool choice"
    return Finding(f"{asked}, and this client did not declare sampling.tools", {"tools": names[:20]})


def context(params: CreateMessageRequestParams, bounds: Bounds) -> Finding | None:
    if bounds.context or params.include_context in (None, "none"):
        return None
    asked = f"includeContext is {short(params.include_context)}, and this client did not declare sampling.context"
    return Finding(asked, mending="left out", request=params.model_copy(update={"include_context": None}))


def tool_results(params: CreateMessageRequestParams, _bounds: Bounds) -> Finding | None:
    open_uses: list[str] = []
    for number, message in enumerate(params.messages, 1):
        blocks = message.content_as_list
        results = [block.tool_use_id for block in blocks if isinstance(block, ToolResultContent)]
        if results and len(results) < len(blocks):
            return Finding(f"message {number} mixes tool results with other content")
        for use in results:
            if use not in open_uses:
                return Finding(f"message {number} has a result for {short(use)}, which no tool use before it asks for")
            open_uses.remove(use)
        if open_uses:
            return Finding(f"message {number} has no result for the tool use {short(open_uses[0])} before it")
        open_uses = [block.id for block in blocks if isinstance(block, ToolUseContent)]
    return Finding(f"the tool use {short(open_uses[0])} has no result") if open_uses else None


def hidden_characters(params: CreateMessageRequestParams, _bounds: Bounds) -> Finding | None:
    found, clean = without_what_hides(params)
    return found and replace(found, request=clean)


def secrets(params: CreateMessageRequestParams, _bounds: Bounds) -> Finding | None:
    found, clean = without_secrets(params)
    return found and replace(found, request=clean)
