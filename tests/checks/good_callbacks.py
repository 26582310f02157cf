"""Callbacks that a student could end with: one that answers by itself, and one that asks a provider."""

import asyncio
import os
from typing import Any

import httpx2
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    SamplingMessage,
    TextContent,
)

TLS = httpx2.create_ssl_context()  # to make one takes longer than all the rest of a request
STOP_REASONS = {"end_turn": "endTurn", "max_tokens": "maxTokens", "stop_sequence": "stopSequence"}


async def my_callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
    """Answers a log line from what it knows."""
    fault = fault_of(params)
    if fault:
        return ErrorData(code=INVALID_PARAMS, message=fault)
    line = text_of(params.messages[-1]).lower()
    if "no space left" in line:
        text = "The disk is full: delete old files or make it larger."
    elif "deadlock" in line:
        text = "Two processes waited for each other, so one was ended: run it again."
    else:
        text = "I do not know this line: look at what came before it."
    return answer(text, params.max_tokens)


def fault_of(params: CreateMessageRequestParams) -> str:
    """What such a simple callback cannot answer, in a sentence; nothing where it can."""
    if params.max_tokens < 1:
        return "An answer needs at least 1 token: ask with a larger maxTokens."
    if params.tools or params.tool_choice:
        return "I cannot use tools: ask without them."
    if not params.messages:
        return "There is no message to answer."
    for message in params.messages:
        for block in message.content_as_list:
            if not isinstance(block, TextContent):
                return f"I read text alone, and here is something else: {block.type}."
    return ""


def text_of(message: SamplingMessage) -> str:
    return "\n".join(block.text for block in message.content_as_list if isinstance(block, TextContent))


def answer(text: str, max_tokens: int) -> CreateMessageResult:
    """As much of `text` as may be said, a word counted as a token."""
    words = text.split()
    return CreateMessageResult(
        role="assistant",
        model="my-rules",
        content=TextContent(text=" ".join(words[:max_tokens])),
        stop_reason="endTurn" if len(words) <= max_tokens else "maxTokens",
    )


def make(base_url: str, timeout: float = 30.0):
    """A callback that asks a model through the Messages API at `base_url`."""

    async def ask_provider(context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        fault = fault_of(params)
        if fault:
            return ErrorData(code=INVALID_PARAMS, message=fault)
        try:
            return answer_of(await post(base_url, body_of(params), timeout))
        except (httpx2.HTTPError, ValueError):
            return ErrorData(code=INTERNAL_ERROR, message="The provider gave no answer. Ask again later.")

    return ask_provider


def body_of(params: CreateMessageRequestParams) -> dict[str, Any]:
    """A request as the Messages API has it. The temperature is left out: current models take none."""
    messages = [{"role": message.role, "content": text_of(message)} for message in params.messages]
    body: dict[str, Any] = {"model": "any", "max_tokens": min(params.max_tokens, 64_000), "messages": messages}
    if params.system_prompt:
        body["system"] = params.system_prompt
    if params.stop_sequences:
        body["stop_sequences"] = params.stop_sequences
    return body


async def post(base_url: str, body: dict[str, Any], timeout: float = 30.0, tries: int = 3) -> dict[str, Any]:
    """The reply to a request, which is repeated while the provider is busy."""
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}
    async with httpx2.AsyncClient(timeout=timeout, trust_env=False, verify=TLS) as client:
        while True:
            response = await client.post(f"{base_url}/v1/messages", json=body, headers=headers)
            tries -= 1
            if not tries or response.status_code not in (429, 529):
                return response.raise_for_status().json()
            wait = float(response.headers.get("retry-after-ms", 1000)) / 1000
            if wait > 5:
                raise httpx2.ReadTimeout("The provider is busy for longer than anybody waits.")
            await asyncio.sleep(wait)


def answer_of(reply: dict[str, Any]) -> CreateMessageResult | ErrorData:
    """A reply of the Messages API as an answer."""
    if "error" in reply:  # some gateways answer 200 all the same
        return ErrorData(code=INTERNAL_ERROR, message="The provider gave no answer. Ask again later.")
    text = "".join(block["text"] for block in reply["content"] if block["type"] == "text")
    if not text and reply["stop_reason"] != "refusal":
        return ErrorData(code=INTERNAL_ERROR, message="The model answered without a word.")
    return CreateMessageResult(
        role="assistant",
        model=reply["model"],
        content=TextContent(text=text),
        stop_reason=STOP_REASONS.get(reply["stop_reason"], reply["stop_reason"]),
    )
