"""How a server asks the client's model, and reads what it says: the few lines that every server here shares.

    @or_none
    async def explain(log_line: str, ctx: Context) -> Sample | None:  # a resolver
        return ask(ctx, EXPLAIN, visible(shortened(log_line, 10_000)), max_tokens=100, model=CHEAP)

    @server.tool(structured_output=False)
    async def process(log_line: str, answer: Annotated[Answer, Resolve(explain)]) -> str:
        return words_of(answer) or f"An explanation is {why_not(answer)}"

A resolver runs again on every round of revision 2026-07-28: what it asks must follow from the tool's arguments alone.

A client may refuse a question, pass it on to nobody, or answer with something else. The tool runs all the same, with a
`NoAnswer` that says why; but from 2026-07-28 on no server hears of a refusal. To ask is to return an unfinished result
there, and a client that does not answer does not call the tool again: its call ends.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar, cast, overload

from mcp.server.mcpserver import Context, Sample
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    REQUEST_TIMEOUT,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ModelHint,
    ModelPreferences,
    Role,
    SamplingMessage,
    TextContent,
)
from pydantic import ValidationError

from servers.plain_text import shortened, visible

__all__ = [
    "LONGEST_ANSWER",
    "Answer",
    "NoAnswer",
    "ask",
    "asks_by_result",
    "can_sample",
    "can_use_tools",
    "cut_note",
    "message",
    "or_none",
    "prefers",
    "repeats",
    "sent",
    "shortened",
    "text_of",
    "visible",
    "was_cut",
    "why_none",
    "why_not",
    "words_of",
]

LONGEST_ANSWER = 10_000
"""Characters of an answer that are kept. A client may send more than `max_tokens` allow: nothing stops it."""

LONGEST_WAIT = 600.0
"""Seconds that a question of an older revision waits: as long as the SDK lets a client answer an unfinished result."""

LONGEST_REASON = 200
"""Characters that are kept of what a client says in place of an answer."""

FIRST_WITH_ROUNDS = "2026-07-28"
"""The first revision on which a server asks with a result. Revisions are dates and compare as such."""

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


@dataclass(frozen=True)
class NoAnswer:
    """What comes in an answer's place.

    Attributes:
        reason: Why, as the end of a sentence: one line, with nothing hidden in it. A part of it are the client's words.
        is_refusal: Whether the client returned an error; else it returned something that is no answer.
    """

    reason: str
    is_refusal: bool = True


NO_SESSION = NoAnswer("a server without sessions cannot ask a client of this revision")
"""What a stateless server over HTTP says on 2025-11-25: it has forgotten what the client can, and no way leads back."""

NOT_ONE_ANSWER = NoAnswer("what the client returned is not one answer", is_refusal=False)

Answer = CreateMessageResult | NoAnswer | None
"""What a tool gets for a question; `None` where the client cannot sample."""

P = ParamSpec("P")
T = TypeVar("T")


def can_sample(ctx: Context) -> bool:
    """Whether the client declared that it can sample."""
    return ctx.client_capabilities is not None and ctx.client_capabilities.sampling is not None


def can_use_tools(ctx: Context) -> bool:
    """Whether the client declared that its model can use tools inside a sample, `sampling.tools`."""
    declared = ctx.client_capabilities and ctx.client_capabilities.sampling
    return declared is not None and declared.tools is not None


def asks_by_result(ctx: Context) -> bool:
    """Whether a server asks with an unfinished result, as it does from 2026-07-28 on; else by a request of its own."""
    return (ctx.protocol_version or "") >= FIRST_WITH_ROUNDS


def why_none(ctx: Context) -> NoAnswer | None:
    """What stands for the answer of a client that cannot be asked; `None` where that is its own doing."""
    return NO_SESSION if ctx.client_capabilities is None and not asks_by_result(ctx) else None


def or_none(resolver: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T | CreateMessageResult | NoAnswer | None]]:
    """`resolver`, with a `NoAnswer` where the client gave no answer to it, as far as a server can hear of that.

    Left to the SDK, a refusal ends the call on the older wire, and an answer of another kind on both: the tool never
    runs. So on the older wire `resolver` asks by itself, and on the newer one it looks at what came.
    """

    @wraps(resolver)
    async def resolved(*args: P.args, **kwargs: P.kwargs) -> T | CreateMessageResult | NoAnswer | None:
        asked = await resolver(*args, **kwargs)
        given: tuple[object, ...] = (*args, *kwargs.values())
        [ctx] = (cast("Context", each) for each in given if isinstance(each, Context))
        if not isinstance(asked, Sample):
            return why_none(ctx) if asked is None else asked
        if not asks_by_result(ctx):
            return await sent(ctx, asked.params)
        # The SDK names a question by its resolver.
        came = (ctx.input_responses or {}).get(f"{resolver.__module__}:{resolver.__qualname__}")
        return asked if came is None or isinstance(came, CreateMessageResult) else NOT_ONE_ANSWER

    return resolved


@overload
async def sent(ctx: Context, question: CreateMessageRequestParams) -> CreateMessageResult | NoAnswer: ...
@overload
async def sent(
    ctx: Context, question: CreateMessageRequestParams, kind: type[CreateMessageResultWithTools]
) -> CreateMessageResultWithTools | NoAnswer: ...
async def sent(
    ctx: Context,
    question: CreateMessageRequestParams,
    kind: type[CreateMessageResult | CreateMessageResultWithTools] = CreateMessageResult,
) -> CreateMessageResult | CreateMessageResultWithTools | NoAnswer:
    """What the client answers to a request of the server's own: of the second `kind` where tools are declared."""
    # What `create_message` does, which prints a deprecation warning at each call.
    related = ServerMessageMetadata(related_request_id=ctx.request_id)
    try:
        return await ctx.session.send_request(
            CreateMessageRequest(params=question), kind, LONGEST_WAIT, metadata=related
        )
    except MCPError as error:
        said = " ".join(f"{error.code}: {error.message[: 2 * LONGEST_REASON]}".split())
        plain = "".join(each if each.isprintable() else "�" for each in said[:LONGEST_REASON])
        what = "did not answer in time" if error.code == REQUEST_TIMEOUT else "answered with an error"
        return NoAnswer(f"the client {what} ({plain})")
    except ValidationError:
        return NOT_ONE_ANSWER


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


def words_of(answer: Answer, asked: str = "", *, quotable: str = "", longest: int = LONGEST_ANSWER) -> str | None:
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


def why_not(answer: Answer) -> str:
    """Where `words_of` is `None`, the reason, as the end of a sentence."""
    if answer is None:
        return "not available, because this client cannot sample."
    if isinstance(answer, NoAnswer):
        return f"not available, because {answer.reason}."
    if not isinstance(answer.content, TextContent):
        return f"not available, because the client answered with {answer.content.type} and not with text."
    if _said(answer):
        return "not available, because the client's answer only repeats what it was asked."
    return "not available, because the client's answer was empty."


def text_of(answer: Answer, asked: str = "") -> str:
    """What the model said, and where it was cut a line on that; or why there is nothing. `asked` as in `words_of`."""
    words = words_of(answer, asked)
    return f"{words}{cut_note(answer)}" if words else why_not(answer)


def was_cut(answer: Answer) -> bool:
    """Whether the limit of tokens ended an answer, and not its writer."""
    return isinstance(answer, CreateMessageResult) and answer.stop_reason == "maxTokens"


def cut_note(answer: Answer) -> str:
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


def _said(answer: Answer, longest: int = LONGEST_ANSWER) -> str:
    """The words of an answer, without a preface, a fence round all of it, and what it says again; perhaps none."""
    if not isinstance(answer, CreateMessageResult) or not isinstance(answer.content, TextContent):
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
