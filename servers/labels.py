"""A label is one word of a few: which one an answer names, and how it is asked for."""

from collections.abc import Sequence

from mcp.server.mcpserver import Context
from mcp_types import CreateMessageRequestParams, CreateMessageResult, SamplingMessage, TextContent

from servers import plain_reading
from servers.asking import NoAnswer, message, prefers, repeats, shortened, visible, words_of
from servers.checked import ask_until
from servers.rounds import Answered, Rounds

LONGEST_LABEL = 1_000
"""Characters of an answer in which a label is looked for."""

MODEL = prefers("haiku", cost=0.8, speed=0.8, intelligence=0.2)


def choice(labels: Sequence[str]) -> SamplingMessage:
    """What is said to an answer that is no label: a choice, and an example, which small models copy.

    Eleven of the sample documents SmolLM2-135M answers with no label at first. Asked so, it labels seven of them; told
    "That is not one of the words …. Return only one of these words.", it labels none.
    """
    words = f"Which of these words is it? Copy one of them: {', '.join(labels)}."
    return message("user", f"{words}\nExample of an answer: {labels[0]}")


def label_in(answer: CreateMessageResult, labels: Sequence[str], *asked: SamplingMessage) -> str | None:
    """The one label that an answer names and does not deny: `**Positive.**`, `The text is positive.`

    Words that only repeat what was `asked` are no answer: small models do that, and the text in it may name a label.
    """
    return named(answer.content.text, labels, *asked) if isinstance(answer.content, TextContent) else None


def named(words: str, labels: Sequence[str], *asked: SamplingMessage) -> str | None:
    """As `label_in`, of an answer's words."""
    said = shortened(words, LONGEST_LABEL)
    return None if any(repeats(said, text_in(each)) for each in asked) else plain_reading.label(said, labels)


def text_in(question: SamplingMessage) -> str:
    return " ".join(block.text for block in question.content_as_list if isinstance(block, TextContent))


def shown(answer: CreateMessageResult) -> str:
    """A wrong answer, short and never empty: some models take no empty message."""
    if not isinstance(answer.content, TextContent):
        return f"[{answer.content.type}]"
    return visible(words_of(answer, longest=200) or "[nothing]")


async def one_of(labels: Sequence[str], system: str, question: str, again: str, ctx: Context) -> str | NoAnswer:
    """The label that the model names, asked twice if need be; or why there is none.

    Args:
        labels: Words, in lower case.
        system: What the model is to do.
        question: What it is asked.
        again: What is said to an answer that is no label.
        ctx: The tool's.

    Raises:
        MoreNeeded: The client has to answer first.
    """
    asked = message("user", question)

    def read(answer: Answered) -> str:
        if label := named(answer.text, labels, asked, message("user", again)):
            return label
        raise ValueError(f'it was "{shortened(answer.text, 100)}"' if answer.text else "it held no words")

    request = CreateMessageRequestParams(
        messages=[asked], system_prompt=system, max_tokens=8, temperature=0, model_preferences=MODEL
    )
    return (await ask_until(read, request, Rounds(ctx), ctx, again=lambda _: again, unfit="was none of the words"))[0]
