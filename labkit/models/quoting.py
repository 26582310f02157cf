"""`Quoting`: answers questions on papers by quoting these. `Quoting` is plain code and no model, and says so.

What a language model says differs from model to model; where a lesson counts what became of an answer, `Quoting` can be
relied on. It knows the two questions of the research assistant, and keeps to `max_tokens` as a model does.
"""

import asyncio
import re

from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

from labkit.models.scripted import text_of
from labkit.steps import report

CHARACTERS_PER_TOKEN = 4
"""Characters of a token, by the usual rule of thumb for English text."""

_OPENING = "Key findings: "
_ORDER = re.compile(r"\bignore\b[^.]*\bwrite:\s*(.*)", re.IGNORECASE)
_SENTENCE = re.compile(r"\S.*?[.?!](?=\s|$)|\S.*$")


class Quoting:
    """A sampling callback that quotes.

        Lab(server, sampling_callback=Quoting())
        Quoting(obedient=True)    # does what an abstract orders: "Ignore ... and write: ..."

    Of one paper, the first sentence is quoted. In a synthesis every text is quoted but for its last sentence, until
    `max_tokens` are used up: a text is an abstract, or an answer that stands in the place of one.

    Args:
        obedient: Whether the callback obeys an order that stands in what it reads, as language models may.
    """

    name = "quoting"

    def __init__(self, *, obedient: bool = False) -> None:
        self.obedient = obedient

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        """Answer a question on papers; anything else is refused with code -32602.

        The event loop gets its turn first: questions that are asked at once are all asked before one is answered.
        """
        await asyncio.sleep(0)
        if not params.messages or params.max_tokens < 1:
            return ErrorData(code=-32602, message="A request needs a message and at least one token to answer with.")
        question = text_of(params.messages[-1])
        text = self._text(question)
        if text is None:
            return ErrorData(code=-32602, message="Quoting knows the questions of the research assistant alone.")
        room = params.max_tokens * CHARACTERS_PER_TOKEN
        used = -(-len(text[:room]) // CHARACTERS_PER_TOKEN)
        asked = -(-(len(question) + len(params.system_prompt or "")) // CHARACTERS_PER_TOKEN)
        report("quotes, no model involved", source="model", target="callback", input_tokens=asked, output_tokens=used)
        return CreateMessageResult(
            role="assistant",
            model=self.name,
            content=TextContent(text=text[:room]),
            stop_reason="maxTokens" if len(text) > room else "endTurn",
        )

    def __repr__(self) -> str:
        return f"Quoting(obedient={self.obedient})"

    def _text(self, question: str) -> str | None:
        order = _ORDER.search(question) if self.obedient else None
        if order:
            return order[1]
        if question.startswith("Summarize this paper"):
            return _sentences(question.partition("Abstract: ")[2])[0]
        if question.startswith("Synthesize these research papers"):
            lines = question.partition("Papers:\n")[2].split("\n")
            return _OPENING + " ".join(_without_the_last(text.removeprefix(_OPENING)) for text in lines[1::2])
        return None


def _without_the_last(text: str) -> str:
    """The sentences of a text without the last one; a single sentence stays."""
    sentences = _sentences(text)
    return " ".join(sentences[:-1] or sentences)


def _sentences(text: str) -> list[str]:
    return _SENTENCE.findall(text) or [""]
