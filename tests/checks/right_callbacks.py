"""Callbacks in the styles that people write them in. All are right, and none may fail in any case."""

import asyncio
import json
from collections.abc import Awaitable
from functools import partial
from typing import Any

from mcp_types import (
    INVALID_PARAMS,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)

from labkit.host import with_budget, with_guard, with_tools
from labkit.models.claude import Claude
from labkit.models.openai_compatible import OpenAICompatible
from tests.checks.good_callbacks import answer, fault_of, make, my_callback

Params = CreateMessageRequestParams


class Desk:
    """An object that can be called, and a method that can."""

    async def __call__(self, context: object, params: Params) -> CreateMessageResult | ErrorData:
        return await my_callback(context, params)

    async def on_sampling(self, context: object, params: Params, /) -> CreateMessageResult | ErrorData:
        return await self(context, params)


async def with_a_name(name: str, context: object, params: Params) -> CreateMessageResult | ErrorData:
    """To be given its name beforehand."""
    reply = await my_callback(context, params)
    return reply if isinstance(reply, ErrorData) else reply.model_copy(update={"model": name})


def plain_function(context: object, params: Params) -> Awaitable[CreateMessageResult | ErrorData]:
    """Returns what can be awaited."""
    return my_callback(context, params)


def in_a_task(context: object, params: Params) -> "asyncio.Task[CreateMessageResult | ErrorData]":
    """Begins at once, and can be awaited."""
    return asyncio.ensure_future(my_callback(context, params))


async def class_for_tools(context: object, params: Params) -> CreateMessageResultWithTools | ErrorData:
    """Always returns the class that may hold uses of tools, with a single block."""
    reply = await my_callback(context, params)
    if isinstance(reply, ErrorData):
        return reply
    return CreateMessageResultWithTools(
        role="assistant", model=reply.model, content=reply.content, stop_reason=reply.stop_reason
    )


async def refuses_in_german(context: object, params: Params) -> CreateMessageResult | ErrorData:
    if fault_of(params):
        return ErrorData(code=INVALID_PARAMS, message="Ich lese nur Text und benutze keine Werkzeuge.")
    return await my_callback(context, params)


async def says_nothing_of_its_end(context: object, params: Params) -> CreateMessageResult | ErrorData:
    """The stop reason is optional."""
    reply = await my_callback(context, params)
    return reply if isinstance(reply, ErrorData) else reply.model_copy(update={"stop_reason": None})


async def one_word_for_all(context: object, params: Params) -> CreateMessageResult | ErrorData:
    """A label, whatever is asked."""
    return ErrorData(code=INVALID_PARAMS, message=fault_of(params)) if fault_of(params) else answer("neutral", 1)


async def keeps_to_six_tokens(context: object, params: Params) -> CreateMessageResult | ErrorData:
    """Has a limit of its own, and a language that puts no blanks between words; a character counts as a token."""
    if fault_of(params):
        return await my_callback(context, params)
    text = "磁盘已满因为日志太多了"[: min(params.max_tokens, 6)]
    return CreateMessageResult(role="assistant", model="six", content=TextContent(text=text), stop_reason="maxTokens")


async def uses_tools(context: object, params: Params) -> CreateMessageResult | CreateMessageResultWithTools | ErrorData:
    """A model that uses the first tool in one round and answers in the next, and pairs by id."""
    if not params.tools:
        return await my_callback(context, params)
    opened: set[str] = set()
    for message in params.messages:
        blocks = message.content_as_list
        results = [block.tool_use_id for block in blocks if isinstance(block, ToolResultContent)]
        if {*results} != opened or 0 < len(results) < len(blocks):
            return ErrorData(code=INVALID_PARAMS, message="A use of a tool has no result, or a result no use.")
        opened = {block.id for block in blocks if isinstance(block, ToolUseContent)}
    if opened:
        return ErrorData(code=INVALID_PARAMS, message="A use of a tool has no result.")
    forbidden = params.tool_choice and params.tool_choice.mode == "none"
    if forbidden or len(params.messages) > 1:
        return answer("It is nineteen degrees.", params.max_tokens)
    use = ToolUseContent(id="a", name=params.tools[0].name, input={"city": "Lima"})
    return CreateMessageResultWithTools(role="assistant", model="rules", content=[use], stop_reason="toolUse")


async def uses_tools_in_every_turn(context: object, params: Params) -> Any:
    """Declares by itself that it uses tools, and refuses all tools but weather."""
    full = await uses_tools(context, params)
    if isinstance(full, ErrorData) or not params.tools:
        return full
    if params.tools[0].name != "weather":
        return ErrorData(code=INVALID_PARAMS, message="I know the weather alone.")
    if params.tool_choice and params.tool_choice.mode == "none":
        return full
    use = ToolUseContent(id=f"call {len(params.messages)}", name="weather", input={"city": "Oslo"})
    return CreateMessageResultWithTools(role="assistant", model="rules", content=[use], stop_reason="toolUse")


uses_tools_in_every_turn.declares_tools = True  # pyright: ignore[reportFunctionMemberAccess]


def keeps_replies(base_url: str, timeout: float = 30.0) -> Any:
    """Keeps replies by the whole request."""
    asks, known = make(base_url, timeout), dict[str, Any]()

    async def kept(context: object, params: Params) -> CreateMessageResult | ErrorData:
        key = json.dumps(params.model_dump(mode="json"), sort_keys=True)
        if key not in known:
            reply = await asks(context, params)
            if isinstance(reply, ErrorData):
                return reply
            known[key] = reply
        return known[key]

    return kept


def passes_to_claude(base_url: str, api_key: str, timeout: float = 30.0) -> Any:
    asks = Claude(api_key=api_key, base_url=base_url, timeout=timeout)

    async def sampled(context: Any, params: Params) -> Any:
        return await asks(context, params)

    return sampled


def loops_with_claude(base_url: str, api_key: str, timeout: float = 30.0) -> Any:
    return with_budget(with_tools(Claude(api_key=api_key, base_url=base_url, timeout=timeout)), samples=1_000)


def loops_with_any_server(base_url: str, timeout: float = 30.0) -> Any:
    return with_tools(OpenAICompatible(base_url, timeout=timeout), max_rounds=2, max_parallel=2)


class PassesToAnyServer:
    """A factory that is a class."""

    def __init__(self, base_url: str, timeout: float = 30.0) -> None:
        self.asks = OpenAICompatible(base_url, timeout=timeout)

    async def __call__(self, context: Any, params: Params) -> Any:
        return await self.asks(context, params)


RIGHT: dict[str, Any] = {
    "an object": Desk(),
    "a method": Desk().on_sampling,
    "a partial": partial(with_a_name, "my-desk"),
    "a plain function": plain_function,
    "a task": in_a_task,
    "the class for tools": class_for_tools,
    "German": refuses_in_german,
    "no stop reason": says_nothing_of_its_end,
    "one word": one_word_for_all,
    "six tokens": keeps_to_six_tokens,
    "uses tools": uses_tools,
    "uses tools in every turn": uses_tools_in_every_turn,
    "tools around rules": with_tools(uses_tools),
    "a duty in a duty": with_guard(with_budget(my_callback, samples=1_000, tokens=10_000_000)),
    "keeps replies": keeps_replies,
    "Claude": passes_to_claude,
    "Claude with tools": loops_with_claude,
    "OpenAICompatible with tools": loops_with_any_server,
    "OpenAICompatible": PassesToAnyServer,
}
