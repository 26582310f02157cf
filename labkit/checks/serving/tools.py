"""A server that offers tools to its client's model: the loop, as a client sees it that declares tools."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    Tool,
    ToolResultContent,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.checks.engine import Problem
from labkit.checks.served import MOST_SAMPLES, Asked, Endless, Seen, Served, ends_well
from labkit.checks.trial import NotApplicable
from labkit.uses import uses_in

INVENTED = "no_such_tool"
VALUES: dict[str, Any] = {"string": "a", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
"""A value of each type of JSON Schema."""

Uses = Callable[[int, Sequence[Tool]], Sequence[ToolUseContent]]
"""What a model asks for in a turn, of the tools that it is offered; nothing, and it answers in words."""


class UsesTools(Asked):
    """A client whose model may use tools, and uses what `uses` says where it may."""

    declares_tools = True

    def __init__(self, answer: str, uses: Uses) -> None:
        super().__init__(answer)
        self.answer, self.uses = answer, uses

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Answer:
        may = not (params.tool_choice and params.tool_choice.mode == "none")
        uses = self.uses(len(self.asked) + 1, params.tools) if params.tools and may else ()
        with_uses = CreateMessageResultWithTools(
            role="assistant", model="check", content=[*uses], stop_reason="toolUse"
        )
        self.lines = (with_uses if uses else self.answer,)
        return await super().__call__(context, params)


async def _looped(served: Served, mode: str, uses: Uses) -> Seen:
    """What comes of a call, of a client whose model uses tools so.

    Raises:
        NotApplicable: The server offers none.
    """
    client = UsesTools(served.answer, uses)
    try:
        seen = await served.seen(served.lab(mode, client, "tools"), client)
    except Endless:
        seen = Seen("", asked=client.asked)
    if not any(params.tools for params in seen.asked):
        raise NotApplicable("It offers no tools to a client that can use them.")
    return seen


def _input(tool: Tool) -> dict[str, Any]:
    """What a tool may be given, as far as the plain types of its schema tell."""
    properties = cast("dict[str, dict[str, Any]]", tool.input_schema.get("properties") or {})
    return {
        name: (form.get("enum") or [VALUES.get(str(form.get("type")), "a")])[0] for name, form in properties.items()
    }


def _twice_at_first(turn: int, tools: Sequence[Tool]) -> Sequence[ToolUseContent]:
    ids = ("use-a", "use-b") if turn == 1 else ()
    return [ToolUseContent(id=each, name=tools[0].name, input=_input(tools[0])) for each in ids]


def _results(params: CreateMessageRequestParams) -> list[ToolResultContent]:
    return [
        block
        for message in params.messages
        for block in message.content_as_list
        if isinstance(block, ToolResultContent)
    ]


async def answers_each_use(served: Served, mode: str) -> None:
    seen = await _looped(served, mode, _twice_at_first)
    if len(seen.asked) < 2:
        raise NotApplicable("It asked no more after the model had used a tool.")
    messages = seen.asked[1].messages
    used = [{use.id for use in uses_in(message.content_as_list)} for message in messages]
    if not any(used):
        raise Problem("The model used a tool twice, and the next question knows nothing of that.")
    for uses, message in zip(used, [*messages[1:], None], strict=True):
        blocks = message.content_as_list if message else []
        ids = [block.tool_use_id for block in blocks if isinstance(block, ToolResultContent)]
        if uses and sorted(ids) != sorted(uses):
            raise Problem(
                f"The model used {', '.join(sorted(uses))}, and the results are of {', '.join(ids) or 'none'}."
            )


async def sends_results_alone(served: Served, mode: str) -> None:
    seen = await _looped(served, mode, _twice_at_first)
    for message in (message for params in seen.asked for message in params.messages):
        blocks = message.content_as_list
        others = [block.type for block in blocks if not isinstance(block, ToolResultContent)]
        if others and len(others) < len(blocks):
            raise Problem(f"A message that holds results of tools and {others[0]}.")


async def ends_a_loop(served: Served, mode: str) -> None:
    def always(turn: int, tools: Sequence[Tool]) -> Sequence[ToolUseContent]:
        return [ToolUseContent(id=f"use-{turn}", name=tools[0].name, input=_input(tools[0]))]

    seen = await _looped(served, mode, always)
    if len(seen.asked) > MOST_SAMPLES or not seen.text:
        raise Problem(f"A model used a tool in every turn: {len(seen.asked)} questions, and no end.")
    ends_well(seen)


async def knows_its_tools(served: Served, mode: str) -> str:
    names = [INVENTED, served.tool]

    def unknown(turn: int, tools: Sequence[Tool]) -> Sequence[ToolUseContent]:
        offered = {tool.name for tool in tools}
        given = {INVENTED: {}, served.tool: served.arguments}
        return [
            ToolUseContent(id=name, name=name, input=given[name]) for name in names if turn == 1 and name not in offered
        ]

    seen = await _looped(served, mode, unknown)
    ends_well(seen)
    ran = [
        each for params in seen.asked for each in _results(params) if each.tool_use_id in names and not each.is_error
    ]
    if ran:
        raise Problem(f"The model used {ran[0].tool_use_id}, which was not offered, and got a result that is no error.")
    return seen.told


async def survives_an_input(served: Served, mode: str) -> str:
    def empty(turn: int, tools: Sequence[Tool]) -> Sequence[ToolUseContent]:
        return [ToolUseContent(id=tool.name, name=tool.name, input={}) for tool in tools if turn == 1]

    seen = await _looped(served, mode, empty)
    ends_well(seen)
    return seen.told


JUDGES = {
    "tools.results": answers_each_use,
    "tools.alone": sends_results_alone,
    "tools.ends": ends_a_loop,
    "tools.unknown": knows_its_tools,
    "tools.input": survives_an_input,
}
