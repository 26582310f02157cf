"""What may be said of any answer to a sampling request, and judges made of it.

A judge takes an answer and the request that it belongs to; it returns nothing when the answer will do, and raises
`Problem` when it will not. None of them reads what the words say.
"""

from collections.abc import Awaitable, Callable

from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    SamplingMessageContentBlock,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.checks.engine import Problem
from labkit.checks.trial import NotApplicable, Trial

USER_REJECTED = -1
"""The code of a user's "no". Source: 2025-11-25, client/sampling, Error Handling."""

Judge = Callable[[Answer, CreateMessageRequestParams], None]


def asks(params: CreateMessageRequestParams, judge: Judge) -> Callable[[Trial], Awaitable[None]]:
    """Send `params`, and judge what comes back."""

    async def run(trial: Trial) -> None:
        judge(await trial.ask(params), params)

    return run


def answers(answer: Answer, params: CreateMessageRequestParams) -> None:
    """An answer: a refusal will not do."""
    if isinstance(answer, ErrorData):
        raise Problem(
            f"It refused ({answer.code}: {answer.message}) what any client can answer.",
            "See what its words are about. If a person, a budget or a guard said no, examine what they stand before.",
        )
    handles(answer, params)


def handles(answer: Answer, params: CreateMessageRequestParams) -> None:
    """An answer with something in it, or a refusal in words."""
    if isinstance(answer, ErrorData):
        if not answer.message.strip():
            raise Problem(f"A refusal ({answer.code}) without a word of explanation.")
        return
    blocks = blocks_of(answer)
    for block in blocks:
        if isinstance(block, ToolResultContent):
            raise Problem("An answer that holds a tool's result. The server runs tools; a model only asks for them.")
    uses = [block for block in blocks if isinstance(block, ToolUseContent)]
    declared = {tool.name for tool in params.tools or ()}
    if strangers := [use.name for use in uses if use.name not in declared]:
        raise Problem(f"A use of the tool {strangers[0]!r}, which the request does not declare.")
    if answer.stop_reason == "toolUse" and not uses:
        raise Problem('The stop reason "toolUse" without a use of a tool.')
    says_why = answer.stop_reason not in (None, "endTurn")
    if not says_why and not any(_holds_something(block) for block in blocks):
        raise Problem("An empty answer, with nothing that says why.")


def refuses(answer: Answer, params: CreateMessageRequestParams) -> None:
    """A refusal in words: an answer will not do."""
    if not isinstance(answer, ErrorData):
        raise Problem(f"An answer ({said(answer)[:60]!r}) to what has none.")
    handles(answer, params)


def blocks_of(answer: CreateMessageResult | CreateMessageResultWithTools) -> list[SamplingMessageContentBlock]:
    return answer.content if isinstance(answer.content, list) else [answer.content]


def said(answer: Answer) -> str:
    """The text of an answer, or of a refusal."""
    if isinstance(answer, ErrorData):
        return answer.message
    return "\n".join(block.text for block in blocks_of(answer) if isinstance(block, TextContent))


def ended(answer: CreateMessageResult | CreateMessageResultWithTools) -> str:
    """`the stop reason "endTurn"`, or `no stop reason`."""
    return "no stop reason" if answer.stop_reason is None else f'the stop reason "{answer.stop_reason}"'


def given(answer: Answer) -> CreateMessageResult | CreateMessageResultWithTools:
    """The answer.

    Raises:
        NotApplicable: The answer is a refusal, of which there is nothing more to judge.
    """
    if isinstance(answer, ErrorData):
        raise NotApplicable(f"It refused ({answer.code}: {answer.message}), so there is no answer to look at.")
    return answer


def _holds_something(block: SamplingMessageContentBlock) -> bool:
    return bool(block.text.strip()) if isinstance(block, TextContent) else True
