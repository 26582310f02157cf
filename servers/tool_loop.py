"""A tool whose question the client's model answers with other tools of the server: the loop, on both wires.

    rounds = Rounds(ctx)
    try:
        told = await with_own_tools(rounds, ctx, question, [search, read], most_turns=5)
    except MoreNeeded as more:
        return more.result

The model says which tool it wants with what; the server runs the tool and asks again with the result. So the server's
tools stay with the server, and the client pays for each turn. Offer tools to a client alone that can use them:
`servers.asking.can_use_tools`.

Source: specification 2025-11-25, client/sampling, Sampling with Tools (SEP-1577).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import (
    CreateMessageRequestParams,
    SamplingMessage,
    TextContent,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)
from mcp_types import Tool as OfferedTool
from pydantic import BaseModel, ValidationError

from servers.plain_text import shortened
from servers.rounds import Answered, Declined, Rounds, Use

MOST_TURNS = 8
"""Turns that a loop may have: on 2026-07-28 the SDK's client gives a call up after ten rounds."""

MOST_AT_ONCE = 4
"""Uses of one turn that are run; a model that asks for more is told so."""

LONGEST_RESULT = 4_000
"""Characters of a tool's result that the model is shown. All of them travel again with every turn that follows."""


class Result(BaseModel, frozen=True):
    """What became of a use, as the model is told."""

    text: str
    is_error: bool = False


@dataclass
class Told:
    """What came of a loop.

    Attributes:
        answer: The model's last words; empty where it never came to any.
        uses: What was asked for, turn by turn, each with its result.
        turns: How often the model was asked.
        is_capped: Whether the last turn was the last one allowed. Tools were forbidden in it.
        declined: Why the client refused a turn, as in `NoAnswer`; only the older wire tells of it.
    """

    answer: str = ""
    uses: list[tuple[int, Use, Result]] = field(default_factory=list[tuple[int, Use, Result]])
    turns: int = 0
    is_capped: bool = False
    declined: str = ""


async def with_own_tools(
    rounds: Rounds,
    ctx: Context,
    question: CreateMessageRequestParams,
    functions: Sequence[Callable[..., Awaitable[str]]],
    *,
    most_turns: int = 5,
) -> Told:
    """Ask until the model answers in words, and run what it asks for in between.

    Args:
        rounds: The call's.
        ctx: The tool's.
        question: The first request, without tools. Every turn has its `max_tokens`.
        functions: The tools, as for `MCPServer.tool`: names, descriptions and schemas are theirs.
        most_turns: How often the model is asked, at most `MOST_TURNS`. The last time it may not use a tool.

    Raises:
        MoreNeeded: The client has to answer first.
    """
    tools = {function.__name__: Tool.from_function(function) for function in functions}
    offered = [
        OfferedTool(name=name, description=each.description, input_schema=each.parameters)
        for name, each in tools.items()
    ]
    messages = [*question.messages]
    told = Told()
    most = min(most_turns, MOST_TURNS)
    for turn in range(1, most + 1):
        told.turns, told.is_capped = turn, turn == most
        choice = ToolChoice(mode="none" if told.is_capped else "auto")
        asked = question.model_copy(update={"messages": messages, "tools": offered, "tool_choice": choice})
        try:
            [answer] = await rounds.ask([asked])
        except Declined as declined:
            told.declined = str(declined)
            break
        if told.is_capped or not answer.uses:
            told.answer = answer.text
            break
        results = await _results(rounds, ctx, tools, turn, answer.uses)
        told.uses += [(turn, use, result) for use, result in zip(answer.uses, results, strict=True)]
        messages = [*messages, said(answer), heard(answer.uses, results)]
    return told


async def _results(
    rounds: Rounds, ctx: Context, tools: dict[str, Tool], turn: int, uses: Sequence[Use]
) -> list[Result]:
    """The results of a turn's uses, in the order of the uses; the tools run at once, and once in the whole call."""
    results: dict[str, Result] = {}

    async def one(use: Use, run: Callable[[], Awaitable[str]]) -> None:
        results[use.id] = Result.model_validate_json(await rounds.once(f"turn {turn}, use {use.id}", run))

    async with anyio.create_task_group() as group:
        for place, use in enumerate(uses):
            group.start_soon(one, use, partial(_run, tools, use, ctx, too_many=place >= MOST_AT_ONCE))
    return [results[use.id] for use in uses]


async def _run(tools: dict[str, Tool], use: Use, ctx: Context, *, too_many: bool) -> str:
    """The result of a use, as JSON. Whatever goes wrong is the model's to read: it may ask better."""
    if too_many:
        result = Result(text=f"Not run: at most {MOST_AT_ONCE} tools run in a turn. Ask again.", is_error=True)
    elif use.name not in tools:
        result = Result(text=f"There is no such tool. There are: {', '.join(tools)}.", is_error=True)
    else:
        try:
            result = Result(text=shortened(str(await tools[use.name].run(use.input, ctx)), LONGEST_RESULT))
        except ToolError as error:  # of a crash the text names the tool alone
            wrong = error.__cause__
            if isinstance(wrong, ValidationError):
                faults = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors())
                error = f"The tool was not run. {'; '.join(faults)}."
            result = Result(text=shortened(str(error), LONGEST_RESULT), is_error=True)
    return result.model_dump_json()


def said(answer: Answered) -> SamplingMessage:
    """An answer as the model's message of the next turn."""
    words = [TextContent(text=answer.text)] if answer.text else []
    uses = [ToolUseContent(id=use.id, name=use.name, input=use.input) for use in answer.uses]
    return SamplingMessage(role="assistant", content=[*words, *uses])


def heard(uses: Sequence[Use], results: Sequence[Result]) -> SamplingMessage:
    """The results: each by the id of its use, and nothing beside them, as the specification demands."""
    return SamplingMessage(
        role="user",
        content=[
            ToolResultContent(
                tool_use_id=use.id, content=[TextContent(text=result.text)], is_error=result.is_error or None
            )
            for use, result in zip(uses, results, strict=True)
        ],
    )
