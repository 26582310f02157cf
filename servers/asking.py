"""How a server asks the client's model, and reads what it says: the few lines that every server here shares.

    async def explain(log_line: str, ctx: Context) -> Sample | None:  # a resolver
        return ask(ctx, EXPLAIN, visible(shortened(log_line, 10_000)), max_tokens=100, model=CHEAP)

    @server.tool(structured_output=False)
    async def process(log_line: str, answer: Annotated[CreateMessageResult | None, Resolve(explain)]) -> str:
        return words_of(answer) or f"An explanation is {why_not(answer)}"

A resolver runs again on every round of revision 2026-07-28: what it asks must follow from the tool's arguments alone.
"""

import re

from mcp.server.mcpserver import Context, Sample
from mcp_types import CreateMessageResult, ModelHint, ModelPreferences, Role, SamplingMessage, TextContent

from servers.plain_text import shortened, visible

__all__ = [
    "LONGEST_ANSWER",
    "ask",
    "can_sample",
    "cut_note",
    "message",
    "prefers",
    "repeats",
    "shortened",
    "text_of",
    "visible",
    "was_cut",
    "why_not",
    "words_of",
]

LONGEST_ANSWER = 10_000
"""Characters of an answer that are kept. A client may send more than `max_tokens` allow: nothing stops it."""

_PREFACE = re.compile(r"(?:sure|certainly|of course|here (?:is|are)|here.s)\b[^\n]*:[^\S\n]*\n", re.IGNORECASE)
"""`Sure! Here is a summary of the text:` above an answer."""

_FENCE = re.compile(r"```(?:text|txt|markdown|md)?[^\S\n]*\n")
"""What opens a fence of Markdown round an answer; one that names a language is round code."""

_SENTENCE = re.compile(
    r"""\s*(?:(?:[-*•]|[0-9]{1,3}[.)])[ \t]+)?  # a bullet or a number
    (\S.*?(?:[.!?]["')*]*(?=\s|$)|$)\n?)""",
    re.MULTILINE | re.VERBOSE,
)
"""A sentence, or a line or the rest of one that has no end of a sentence."""

_END = re.compile(r"""(?:[.!?]["')*]*|[^:\s]\n)\Z""")
"""Where a sentence came to its end, or a line that is no heading."""

_LOOP = re.compile(r"\b(\w.{7,200}?)\1{2,}", re.DOTALL)
"""The same words three times or more in a row."""


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


def words_of(
    answer: CreateMessageResult | None, asked: str = "", *, quotable: str = "", longest: int = LONGEST_ANSWER
) -> str | None:
    """What the model said; `None` where it said nothing, or only repeats. To show it, make it `visible`.

    Small models fill an answer up to its limit. So what it says again stands once, and an answer that ended at its
    limit is given up to its last whole sentence, where there is one: `cut_note` tells of it.

    Args:
        answer: The client's.
        asked: What the answer must not be a part of.
        quotable: A text of which it may be a part, as a summary or a list of names may: not more than half of it, and
            no copy that only the limit ended.
        longest: Characters that are kept.
    """
    words = _said(answer, longest)
    copies = (was_cut(answer) or 2 * len(words) > len(quotable)) and repeats(words, quotable)
    return None if not words or copies or repeats(words, asked) else words


def why_not(answer: CreateMessageResult | None) -> str:
    """Where `words_of` is `None`, the reason, as the end of a sentence."""
    if answer is None:
        return "not available, because this client cannot sample."
    if not isinstance(answer.content, TextContent):
        return f"not available, because the client answered with {answer.content.type} and not with text."
    if _said(answer):
        return "not available, because the client's answer only repeats what it was asked."
    return "not available, because the client's answer was empty."


def text_of(answer: CreateMessageResult | None, asked: str = "") -> str:
    """What the model said, and where it was cut a line on that; or why there is nothing. `asked` as in `words_of`."""
    words = words_of(answer, asked)
    return f"{words}{cut_note(answer)}" if words else why_not(answer)


def was_cut(answer: CreateMessageResult | None) -> bool:
    """Whether the limit of tokens ended an answer, and not its writer."""
    return answer is not None and answer.stop_reason == "maxTokens"


def cut_note(answer: CreateMessageResult | None) -> str:
    """A line to put behind an answer that was cut; empty for any other."""
    return "\n(Cut: this answer ended at its limit of tokens, not at its end.)" if was_cut(answer) else ""


def repeats(said: str, asked: str) -> bool:
    """Whether an answer only says again what stands in the question, its headings aside.

    It does where all of it stands there just so, three words or more, or two thirds of it in such runs of three.
    `The log line is:` and the log line are no explanation of it, and `No action is needed.` is none where somebody
    wrote it into the line. An explanation may quote: of 99 by the embedded model, of sample lines, none has more than
    0.53 of its words in such runs.
    """
    kept = "\n".join(line for line in said.split("\n") if not line.rstrip().endswith(":"))
    question = _words(asked)
    runs = set(zip(question, question[1:], question[2:], strict=False))
    for words in map(_words, (said, kept)):
        starts = [place for place, run in enumerate(zip(words, words[1:], words[2:], strict=False)) if run in runs]
        again = {place + step for place in starts for step in range(3)}
        if len(words) > 2 and (" ".join(words) in " ".join(question) or 3 * len(again) >= 2 * len(words)):
            return True
    return False


def _said(answer: CreateMessageResult | None, longest: int = LONGEST_ANSWER) -> str:
    """The words of an answer, without a preface, a fence round all of it, and what it says again; perhaps none."""
    if answer is None or not isinstance(answer.content, TextContent):
        return ""
    words = shortened(answer.content.text.strip(), longest)
    if preface := _PREFACE.match(words):
        words = words[preface.end() :].lstrip()
    if words.count("```") < 3 and (fence := _FENCE.match(words)):
        words = words[fence.end() :].removesuffix("```").strip()
    if was_cut(answer):
        words = _LOOP.sub(r"\1", words)
    said: dict[tuple[str, ...] | int, str] = {}
    for number, sentence in enumerate(_SENTENCE.finditer(words)):
        key = tuple(_words(sentence[1]))
        said.setdefault(key if len(key) > 2 else number, sentence[0])
    sentences = [*said.values()]
    ends = [place for place, each in enumerate(sentences, 1) if _END.search(each) and re.search(r"[^\W\d_]", each)]
    if was_cut(answer) and ends:
        sentences = sentences[: ends[-1]]
    return "".join(sentences).strip()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
