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

from labkit.callbacks import Answer
from labkit.checks.case import Case
from labkit.checks.engine import Problem
from labkit.checks.judging import asks, blocks_of, ended, handles, refuses
from labkit.checks.sampling.messages import refuses_this_alone
from labkit.checks.trial import Trial

WEATHER = Tool(
    name="weather",
    description="The weather in a city.",
    input_schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
QUESTION = SamplingMessage(role="user", content=TextContent(text="What is the weather in Lima?"))
USE = SamplingMessage(role="assistant", content=[ToolUseContent(id="use_1", name="weather", input={"city": "Lima"})])
RESULT = ToolResultContent(tool_use_id="use_1", content=[TextContent(text="19 degrees, fog")])


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


UNPAIRED = (
    "Providers refuse such a conversation, with an error of their own. The specification names the code -32602 for it.",
    "SHOULD: 2025-11-25, client/sampling, Error Handling",
    "Where a message's results are not those of the uses before it, return ErrorData(code=-32602, message=...).",
)

CASES = [
    Case(
        "tools.offered",
        "a tool is offered",
        "a question and the tool weather, toolChoice left out",
        'The model may use it or not. If it does, the answer says so: a tool_use block and stopReason "toolUse".',
        "advice: 2025-11-25, client/sampling, Sampling with Tools",
        "Hand `params.tools` on and return CreateMessageResultWithTools, or answer in text, or refuse in words.",
        asks(conversation(QUESTION), fits),
    ),
    Case(
        "tools.required",
        "a tool is demanded",
        "a question and the tool weather, toolChoice required",
        "The model must use a tool. A text looks to the server as if there were nothing to do.",
        "MUST: 2025-11-25, client/sampling, Tool Choice Modes",
        'Demand it of the model (any, required), or refuse: ErrorData(code=-32602, message="I cannot use tools.").',
        asks(conversation(QUESTION, mode="required"), uses_one),
    ),
    Case(
        "tools.required-without",
        "a tool is demanded and none is there",
        "a question without tools, toolChoice required",
        "Nothing can meet it. The client must return an error, also where it has not declared sampling.tools.",
        "MUST: 2025-11-25, schema, CreateMessageRequestParams.toolChoice",
        "If toolChoice is required and `params.tools` is empty, return ErrorData(code=-32602, message=...).",
        asks(conversation(QUESTION, mode="required", tools=False), refuses),
    ),
    Case(
        "tools.none",
        "tools are forbidden",
        "a question and the tool weather, toolChoice none",
        "A server ends its loop with it: this answer has to be the last one.",
        "MUST: 2025-11-25, client/sampling, Tool Choice Modes",
        "Hand toolChoice on, or leave the tools out of what the model sees.",
        asks(conversation(QUESTION, mode="none"), uses_none),
    ),
    Case(
        "tools.pair",
        "a tool's use and its result",
        "a question, the use of weather, its result",
        "It is the second round of a tool loop: neither of the last two messages holds a text.",
        "advice: 2025-11-25, client/sampling, Multi-turn Tool Loop",
        "Hand tool_use and tool_result on, or refuse in words.",
        asks(conversation(QUESTION, USE, result(RESULT)), fits),
    ),
    Case(
        "tools.orphaned-result",
        "a result without its use",
        "a question, then the result of a tool that nobody used",
        "Providers refuse such a conversation, with an error of their own. The specification names no code for it.",
        "SHOULD: 2025-11-25, client/sampling, Security Considerations (validate message content)",
        "Where a message's results are not those of the uses before it, refuse in words: -32602 fits.",
        asks(conversation(QUESTION, result(RESULT)), refuses),
    ),
    Case(
        "tools.missing-result",
        "a use without its result",
        "a question, the use of weather, then a text in place of its result",
        *UNPAIRED,
        finds_fault(conversation(QUESTION, USE, QUESTION)),
    ),
    Case(
        "tools.mixed-result",
        "a result beside a text",
        "a question, the use of weather, then its result and a text in one message",
        *UNPAIRED,
        finds_fault(conversation(QUESTION, USE, result(RESULT, TextContent(text="Hurry!")))),
    ),
]
