"""How a server asks the client's model, and reads what it says: the few lines that every server here shares.

    async def explain(log_line: str, ctx: Context) -> Sample | None:  # a resolver
        return ask(ctx, EXPLAIN, visible(shortened(log_line, 10_000)), max_tokens=100, model=CHEAP)

    @server.tool(structured_output=False)
    async def process(log_line: str, answer: Annotated[CreateMessageResult | None, Resolve(explain)]) -> str:
        return words_of(answer) or f"An explanation is {why_not(answer)}"

A resolver runs again on every round of revision 2026-07-28: what it asks must follow from the tool's arguments alone.
"""

from mcp.server.mcpserver import Context, Sample
from mcp_types import CreateMessageResult, ModelHint, ModelPreferences, Role, SamplingMessage, TextContent

from servers.plain_text import shortened, visible

__all__ = [
    "LONGEST_ANSWER",
    "ask",
    "can_sample",
    "message",
    "prefers",
    "shortened",
    "text_of",
    "visible",
    "why_not",
    "words_of",
]

LONGEST_ANSWER = 10_000
"""Characters of an answer that are kept. A client may send more than `max_tokens` allow: nothing stops it."""


def can_sample(ctx: Context) -> bool:
    """Whether the client declared that it can sample."""
    return ctx.client_capabilities is not None and ctx.client_capabilities.sampling is not None


def ask(
    ctx: Context,
    system_prompt: str,
    *messages: SamplingMessage | str,
    max_tokens: int,
    temperature: float = 0.2,
    model: ModelPreferences | None = None,
) -> Sample | None:
    """A sample to ask of the client; `None` where it cannot sample, which a tool gets in the answer's place.

    Args:
        ctx: The tool's.
        system_prompt: What the model is to do, and that all it is shown is data.
        *messages: The conversation, oldest first; a `str` is a message of the user.
        max_tokens: Tokens that the answer may have.
        temperature: A wish, like `model`: the client may change both.
        model: Which kind of model is wished for.
    """
    if not can_sample(ctx):
        return None
    return Sample(
        [message("user", each) if isinstance(each, str) else each for each in messages],
        system_prompt=system_prompt,
        max_tokens=max_tokens,
        temperature=temperature,
        model_preferences=model,
    )


def message(role: Role, text: str) -> SamplingMessage:
    """A message of one block of text."""
    return SamplingMessage(role=role, content=TextContent(text=text))


def prefers(hint: str, *, cost: float, speed: float, intelligence: float) -> ModelPreferences:
    """A wish for a kind of model: a part of a name, and three priorities from 0 (does not matter) to 1."""
    return ModelPreferences(
        hints=[ModelHint(name=hint)], cost_priority=cost, speed_priority=speed, intelligence_priority=intelligence
    )


def words_of(answer: CreateMessageResult | None, longest: int = LONGEST_ANSWER) -> str | None:
    """What the model said, without space around it; `None` where it said nothing. To show it, make it `visible`."""
    if answer is None or not isinstance(answer.content, TextContent):
        return None
    return shortened(answer.content.text.strip(), longest) or None


def why_not(answer: CreateMessageResult | None) -> str:
    """Where `words_of` is `None`, the reason, as the end of a sentence."""
    if answer is None:
        return "not available, because this client cannot sample."
    if not isinstance(answer.content, TextContent):
        return f"not available, because the client answered with {answer.content.type} and not with text."
    return "not available, because the client's answer was empty."


def text_of(answer: CreateMessageResult | None) -> str:
    """What the model said, or why there is nothing."""
    return words_of(answer) or why_not(answer)
