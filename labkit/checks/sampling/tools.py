"""Tools inside a sample: offered, demanded, forbidden, and results that belong to no use."""

from collections.abc import Awaitable, Callable
from typing import Literal

from mcp_types import (
    INVALID_PARAMS,
    CreateMessageRequestParams,
    ErrorData,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)

from labkit.callbacks import Answer, uses_tools
from labkit.checks.apis import Asked, Says, as_a_model
from labkit.checks.engine import Problem, plain
from labkit.checks.judging import asks, blocks_of, ended, handles, refuses, said
from labkit.checks.sampling.messages import refuses_this_alone
from labkit.checks.standin import Reply
from labkit.checks.trial import NotApplicable, Trial
from labkit.errors import LabError

WEATHER = Tool(
    name="weather",
    description="The weather in a city.",
    input_schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
QUESTION = SamplingMessage(role="user", content=TextContent(text="What is the weather in Lima?"))
USE = SamplingMessage(role="assistant", content=[ToolUseContent(id="use_1", name="weather", input={"city": "Lima"})])
RESULT = ToolResultContent(tool_use_id="use_1", content=[TextContent(text="19 degrees, fog")])


OSLO = ToolUseContent(id="use_2", name="weather", input={"city": "Oslo"})
USES = SamplingMessage(role="assistant", content=[*USE.content_as_list, OSLO])
RESULTS = (RESULT, ToolResultContent(tool_use_id="use_2", content=[TextContent(text="4 degrees, rain")]))

SEATS, CLASSES = 1, ("first", "second")
TICKET = Tool(
    name="ticket",
    description="Book a seat or more on a train.",
    input_schema={
        "type": "object",
        "properties": {"seats": {"type": "integer", "minimum": SEATS}, "class": {"enum": [*CLASSES]}},
        "required": ["seats", "class"],
    },
)
TURNS = 3
"""Turns of a loop in which the tool may be used, before one in which it may not."""


def conversation(
    *messages: SamplingMessage, mode: Literal["required", "none"] | None = None, tools: bool = True
) -> CreateMessageRequestParams:
    """A request with the tool `weather`, or without tools."""
    return CreateMessageRequestParams(
        messages=list(messages),
        max_tokens=200,
        tools=[WEATHER] if tools else None,
        tool_choice=ToolChoice(mode=mode) if mode else None,
    )


def result(*blocks: SamplingMessageContentBlock) -> SamplingMessage:
    return SamplingMessage(role="user", content=list(blocks))


def uses_of(answer: Answer) -> list[ToolUseContent]:
    blocks = [] if isinstance(answer, ErrorData) else blocks_of(answer)
    return [block for block in blocks if isinstance(block, ToolUseContent)]


def fits(answer: Answer, params: CreateMessageRequestParams) -> None:
    """Judges as `handles` does; and a tool use has an id of its own and the stop reason that belongs to it."""
    handles(answer, params)
    uses = uses_of(answer)
    if not uses or isinstance(answer, ErrorData):
        return
    if answer.stop_reason != "toolUse":
        raise Problem(f"A use of a tool with {ended(answer)}.")
    if not all(use.id for use in uses) or len({use.id for use in uses}) < len(uses):
        raise Problem("Uses of tools without an id, or with the same one.")
    if misfits := [use.input for use in uses if not isinstance(use.input.get("city"), str)]:
        raise Problem(f"A use of the tool weather with {misfits[0]}, where its schema requires a city, a text.")


def uses_one(answer: Answer, params: CreateMessageRequestParams) -> None:
    fits(answer, params)
    if not isinstance(answer, ErrorData) and not uses_of(answer):
        raise Problem("An answer that uses no tool.")


def uses_none(answer: Answer, params: CreateMessageRequestParams) -> None:
    handles(answer, params)
    if uses := uses_of(answer):
        raise Problem(f"A use of the tool {uses[0].name}.")


def finds_fault(params: CreateMessageRequestParams) -> Callable[[Trial], Awaitable[None]]:
    """Send `params`, to which there is no answer, only a refusal with the code that is named for it."""

    async def run(trial: Trial) -> None:
        answer = await trial.ask(params)
        refuses(answer, params)
        if isinstance(answer, ErrorData) and answer.code != INVALID_PARAMS:
            await refuses_this_alone(trial, answer)
            raise Problem(f"A refusal with the code {answer.code}: {answer.message}")

    return run


async def none_used(trial: Trial) -> None:
    if trial.provider:
        trial.provider.behaves(would_use)
    params = conversation(QUESTION, mode="none")
    uses_none(await trial.ask(params), params)


async def would_use(asked: Asked) -> Reply:
    """A model that uses the tool wherever it may."""
    return Says(stop="tool", tool=("weather", {"city": "Lima"})) if asked.may_use_tool else as_a_model(asked)


async def can_or_refuses(trial: Trial) -> None:
    """See that who answers in text could have used the tool, so that its client declares it rightly."""
    answer = await trial.ask(conversation(QUESTION))
    handed_on = bool(trial.provider and trial.provider.asked and trial.provider.asked[-1].tools)
    if isinstance(answer, ErrorData) or uses_of(answer) or handed_on:
        return
    demanded = await trial.attempt(conversation(QUESTION, mode="required"))
    trial.answer = answer
    if isinstance(demanded, LabError) or not uses_of(demanded):
        raise Problem(
            f"An answer in text ({said(answer)[:60]!r}) where a tool was offered, and it uses none on demand."
        )


async def any_order(trial: Trial) -> None:
    params, in_order = (conversation(QUESTION, USES, result(*each)) for each in (reversed(RESULTS), RESULTS))
    usual = await trial.attempt(in_order.model_copy(deep=True))
    if isinstance(usual, ErrorData):
        handles(usual, in_order)
        return
    try:
        if isinstance(usual, LabError):
            raise Problem(plain(usual))
        fits(usual, in_order)
    except Problem:
        raise NotApplicable("It does not take them in order either: see tools.pair.") from None
    answer = await trial.ask(params)
    if isinstance(answer, ErrorData):
        raise Problem(f"It refused ({answer.code}: {answer.message}) what it answers in the order of the uses.")
    fits(answer, params)


async def other_ids(trial: Trial) -> None:
    orphan = await trial.attempt(conversation(QUESTION, result(RESULT)))
    if not isinstance(orphan, ErrorData):
        raise NotApplicable("It refuses no result without its use: see tools.orphaned-result.")
    params = conversation(QUESTION, USE, result(RESULT.model_copy(update={"tool_use_id": "use_9"})))
    refuses(await trial.ask(params), params)


def declared(judge: Callable[[Trial], Awaitable[object]]) -> Callable[[Trial], Awaitable[None]]:
    """A judge of callbacks for which a client declares `sampling.tools`."""

    async def run(trial: Trial) -> None:
        if not uses_tools(trial.callback):
            raise NotApplicable("It declares no tools: with_tools(...) does, or my_callback.declares_tools = True.")
        await judge(trial)

    return run


async def loop_ends(trial: Trial) -> None:
    """As a server's loop goes: each use has its result, and in the last turn the tool is forbidden."""
    if trial.provider:
        trial.provider.behaves(would_use)
    messages, taken = [QUESTION], set[str]()
    for turn in range(1, TURNS + 2):
        params = conversation(*messages, mode="none" if turn > TURNS else None)
        answer = await trial.ask(params)
        (uses_none if turn > TURNS else fits)(answer, params)
        uses = uses_of(answer)
        if isinstance(answer, ErrorData) or not uses:
            return
        if again := taken & {use.id for use in uses}:
            raise Problem(f"In turn {turn} of a loop a use with the id {min(again)!r}, which an earlier use has.")
        taken |= {use.id for use in uses}
        told = [RESULT.model_copy(update={"tool_use_id": use.id}) for use in uses]
        messages += [SamplingMessage(role="assistant", content=blocks_of(answer)), result(*told)]


async def input_fits(trial: Trial) -> None:
    params = conversation(QUESTION, mode="required").model_copy(update={"tools": [TICKET]})
    answer = await trial.ask(params)
    handles(answer, params)
    for use in uses_of(answer):
        seats = use.input.get("seats")
        if type(seats) is not int or seats < SEATS or use.input.get("class") not in CLASSES:
            raise Problem(f"A use of the tool ticket with {use.input}, which does not fit its schema.")


JUDGES = {
    "tools.offered": asks(conversation(QUESTION), fits),
    "tools.undeclared": can_or_refuses,
    "tools.required": asks(conversation(QUESTION, mode="required"), uses_one),
    "tools.required-without": asks(conversation(QUESTION, mode="required", tools=False), refuses),
    "tools.none": none_used,
    "tools.pair": asks(conversation(QUESTION, USE, result(RESULT)), fits),
    "tools.orphaned-result": asks(conversation(QUESTION, result(RESULT)), refuses),
    "tools.any-order": any_order,
    "tools.other-ids": other_ids,
    "tools.missing-result": finds_fault(conversation(QUESTION, USE, QUESTION)),
    "tools.mixed-result": finds_fault(conversation(QUESTION, USE, result(RESULT, TextContent(text="Hurry!")))),
    "tools.one-missing": declared(finds_fault(conversation(QUESTION, USES, result(RESULT)))),
    "tools.input": declared(input_fits),
    "tools.loop": declared(loop_ends),
}
