"""`ask_until`: an answer that stands a check, or the reason why there is none; and the result that a tool makes of it.

    def check(words: str) -> str:                       # what is wrong with them, as the end of a sentence, or ""
        return "it is the text again" if words == text else ""

    told = await told_or(plain(text), "rewrite", question, check, ctx)  # a Told, by the model or by plain code
    return await finished(told)

What does not stand is told to the model, which is asked once more. What a check cannot see stays unseen: that a text
has its numbers and its language does not make it a good translation.
"""

from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from mcp.server.mcpserver import Context
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)
from pydantic import BaseModel

from servers import plain_reading
from servers.asking import NoAnswer, can_sample, message, why_none, why_not
from servers.plain_text import shortened, visible
from servers.rounds import Answered, Declined, MoreNeeded, Rounds
from servers.serving import in_thread

T = TypeVar("T")

TRIES = 2
LONGEST_FAULT = 600
CUT = "Cut: this answer ended at its limit of tokens, not at its end."


class Told(BaseModel):
    """What a tool says in words, who said it, and what else there is to say, a sentence each."""

    text: str
    by: Literal["model", "plain code"] = "plain code"
    notes: list[str] = []

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"({note})" for note in self.notes)])


async def ask_until(
    read: Callable[[Answered], T],
    question: CreateMessageRequestParams,
    rounds: Rounds,
    ctx: Context,
    *,
    as_said: bool = False,
    again: Callable[[str], str] = "That does not fit: {}. Answer again.".format,
    unfit: str = "does not do",
) -> tuple[T | NoAnswer, str]:
    """What `read` makes of the first answer that it takes, or why there is none; and what was wrong with the last one.

    Args:
        read: It raises a `ValueError` on an answer that does not fit, whose text the model is told. Called in a thread.
        question: What is asked.
        rounds: The call's; on the newer wire the tool runs again for each try.
        ctx: The tool's.
        as_said: As in `Rounds.ask`.
        again: The words by which the model is told.
        unfit: What the reason says of the answer where none fits.

    Raises:
        MoreNeeded: The client has to answer first.
    """
    if not can_sample(ctx):
        return why_none(ctx) or NoAnswer("this client cannot sample"), ""
    faults = [""]
    for _ in range(TRIES):
        try:
            [answer] = await rounds.ask([question], as_said=as_said)
        except Declined as declined:
            return NoAnswer(str(declined)), faults[-1]
        try:
            return await in_thread(read, answer), faults[-1]
        except ValueError as error:
            faults.append(shortened(visible(str(error)), LONGEST_FAULT))
        question = question.model_copy(update={"messages": [*question.messages, *_again(answer, again(faults[-1]))]})
    return NoAnswer(f"the model's answer {unfit} ({faults[-1]})", is_refusal=False), faults[-1]


async def told_or(
    plain: str,
    what: str,
    question: CreateMessageRequestParams,
    check: Callable[[str], str],
    ctx: Context,
    *,
    whole: bool = False,
) -> Told:
    """The model's words where they stand the check; else `plain`, and why.

    Args:
        plain: What plain code has to say.
        what: What the model was to give: `rewrite`.
        question: What is asked. Its text may be quoted: hidden characters stand in it as their numbers.
        check: What is wrong with words, as the end of a sentence; empty where nothing is.
        ctx: The tool's.
        whole: Whether half an answer is none; else it is given up to its last whole sentence, and marked.

    Raises:
        MoreNeeded: The client has to answer first.
    """
    asked = "\n".join(
        block.text for each in question.messages for block in each.content_as_list if isinstance(block, TextContent)
    )

    orders = plain_reading.sentences(question.system_prompt or "")

    def read(answer: Answered) -> Told:
        words = visible(answer.text, asked)
        if any(len(order.split()) > 5 and order in words for order in orders):
            raise ValueError("it says what it was told to do")
        if fault := check(words) if words else "it held no words":
            raise ValueError(fault)
        is_cut = answer.stop_reason == "maxTokens"
        if is_cut and whole:
            raise ValueError("it was cut at its limit of tokens")
        return Told(text=words, by="model", notes=[CUT] if is_cut else [])

    told, fault = await ask_until(read, question, Rounds(ctx), ctx)
    if isinstance(told, NoAnswer):
        before = f" Asked twice: at first {fault}." if fault and told.is_refusal else ""
        return Told(text=plain, notes=[f"A model's {what} is {why_not(told)}{before}"])
    if fault:
        told.notes.append(f"Asked twice: of the first answer was said that {fault}.")
    return told


async def finished(work: Awaitable[BaseModel]) -> CallToolResult | InputRequiredResult:
    """A tool's result: what `work` gives, as text and as fields for a program; or what the client has to answer."""
    try:
        told = await work
    except MoreNeeded as more:
        return more.result
    return CallToolResult(content=[TextContent(text=str(told))], structured_content=told.model_dump(mode="json"))


def _again(answer: Answered, words: str) -> list[SamplingMessage]:
    """What was said, and `words` on it: as results of tools where some were used, each by its id."""
    if not answer.uses:
        return [message("assistant", shortened(answer.text, 2_000) or "(nothing)"), message("user", words)]
    uses = [ToolUseContent(id=use.id, name=use.name, input=use.input) for use in answer.uses]
    results = [
        ToolResultContent(tool_use_id=use.id, content=[TextContent(text=words)], is_error=True) for use in answer.uses
    ]
    said = SamplingMessage(role="assistant", content=[*uses])
    return [said, SamplingMessage(role="user", content=[*results])]
