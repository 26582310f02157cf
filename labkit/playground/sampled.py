"""`Sampled`: what is kept of one sample of a run, and of what is too large in it a part."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from mcp_types import (
    CreateMessageRequestParams,
    ErrorData,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.cutting import cut
from labkit.host.dials import DialReading, as_told
from labkit.host.rendering import mark_of
from labkit.host.usage import Usage
from labkit.models.scripted import text_of
from labkit.models.stop_reasons import Ended, ended
from labkit.models.tracing import Drawing
from labkit.playground.limits import Limit
from labkit.redacting import MARGIN, redact_shown
from labkit.steps import HostStep

LARGEST, PART = 100_000, 4_000
"""Characters of a result, and bytes of a request or an answer, that a run keeps; and where it must make room."""


CUT_BY_ANSWERER = (
    "It was cut after {tokens} tokens (stop reason maxTokens), though it might have had {most}: whoever answered took "
    "fewer. Look for max_tokens in your callback, or for what the model can hold."
)
"""Why an answer ended before the limit that the dials left."""


@dataclass(slots=True)
class Sampled:
    """One sample of a run.

    Attributes:
        asked: The request as the server sent it.
        seen: The request with the dials turned, as the answerer got it, or would have got it.
        dials: What was asked, used and honoured, dial by dial.
        answer: The answer that the server is told.
        tokens: The number of tokens of the answer.
        prompt_tokens: The number of tokens of the prompt.
        estimated: Whether nobody told the tokens, so that these were estimated from the text.
        drawing: The draw of the answer, where a model made it that can be traced.
        limit: What is known of the limit of its tokens; `None` of a run that an older playground has kept.
    """

    asked: CreateMessageRequestParams
    seen: CreateMessageRequestParams | None = None
    dials: list[DialReading] = field(default_factory=list[DialReading])
    answer: Answer | None = None
    tokens: int = 0
    estimated: bool = False
    drawing: Drawing | None = None
    prompt_tokens: int = 0
    limit: Limit | None = None

    def hear(self, step: HostStep) -> None:
        """Take what a model tells of its dials and of its answer."""
        self.dials = as_told(self.dials, step)
        if self.limit is not None:
            self.limit.hear(step)

    def take(self, usage: Usage) -> None:
        """Keep what the sample took."""
        self.tokens, self.prompt_tokens, self.estimated = usage.output_tokens, usage.input_tokens, usage.estimated > 0

    def cut_down(self, longest: int = LARGEST, shorten: "Shorten | None" = None) -> bool:
        """Keep a part of a request or an answer that takes more than `longest` bytes. Returns whether one did."""
        shorten = shorten or kept_part
        before = self.asked, self.seen, self.answer
        self.asked = _request_in_part(self.asked, longest, shorten)
        self.answer = _answer_in_part(self.answer, longest, shorten)
        self.seen = (
            self.asked if before[1] is before[0] else self.seen and _request_in_part(self.seen, longest, shorten)
        )
        is_cut = any(a is not b for a, b in zip(before, (self.asked, self.seen, self.answer), strict=True))
        if is_cut:
            self.drawing = None
            self.dials = [replace(each, asked=_small(each.asked), used=_small(each.used)) for each in self.dials]
        return is_cut

    @property
    def prompt(self) -> str:
        """The system prompt and the messages that the answerer got, or would have got."""
        return _prompt(self.seen or self.asked)

    @property
    def text(self) -> str:
        """The answer as text; a refusal as a sentence."""
        return said(self.answer)

    @property
    def cut(self) -> bool:
        """Whether the answer was cut at its limit of tokens."""
        return getattr(self.answer, "stop_reason", None) == "maxTokens"

    @property
    def ended(self) -> Ended:
        """How the answer ended; of one that was cut, at what, who has cut it, and what to do."""
        told, seen = ended(self.answer), (self.seen or self.asked).max_tokens
        if not self.cut:
            return told
        if self.limit is None:  # an older playground has kept it
            if self.estimated or not 0 < self.tokens < seen:
                return told
            why = CUT_BY_ANSWERER.format(tokens=self.tokens, most=seen)
            return replace(told, word=f"cut at {self.tokens} tokens", why=why, of_one=True)
        why, at = self.limit.why_cut(self.asked.max_tokens, seen), self.limit.at
        word = f"cut at {at:,} tokens" if at is not None and at < seen else told.word
        return replace(told, word=word, why=why, of_one=True)

    @property
    def mark(self) -> str:
        """The mark of the answer: `tiny model` where the embedded model gave it, whoever handed it on; else empty."""
        return mark_of(self.answer)

    @property
    def said_by(self) -> str:
        """Who gave the answer, and its mark."""
        return said_by(getattr(self.answer, "model", ""), self.mark)

    def to_dict(self) -> dict[str, Any]:
        """The sample as JSON has it."""
        answer, drawn = self.answer, self.drawing
        return {
            "asked": self.asked.model_dump(mode="json", by_alias=True, exclude_none=True),
            "seen": None
            if self.seen in (None, self.asked)
            else self.seen.model_dump(mode="json", by_alias=True, exclude_none=True),
            "dials": {
                reading.dial: {
                    "asked": reading.asked,
                    "used": reading.used,
                    "honoured": reading.honoured,
                    "turned": reading.turned,
                }
                for reading in self.dials
            },
            "answer": answer and answer.model_dump(mode="json", by_alias=True, exclude_none=True),
            "mark": self.mark,
            "tokens": self.tokens,
            "prompt_tokens": self.prompt_tokens,
            "estimated": self.estimated,
            "limit": self.limit and asdict(self.limit),
            "draw": drawn and {"model": drawn.model_as_code[1], "dials": dict(drawn.dials.values), "seed": drawn.seed},
        }


def bytes_of(model: CreateMessageRequestParams | Answer) -> int:
    try:
        return len(model.__pydantic_serializer__.to_json(model, by_alias=True, warnings=False))
    except (ValueError, RecursionError):  # half a character, or too many levels: no JSON, and so no export
        return LARGEST + 1


def _prompt(params: CreateMessageRequestParams) -> str:
    parts = [f"[{message.role}] {text_of(message)}" for message in params.messages]
    return "\n".join([*([f"[system] {params.system_prompt}"] if params.system_prompt else []), *parts])


Shorten = Callable[[str, int], str]
"""Given a text and a number of characters, what is kept of a text that has more."""


def kept_part(text: str, longest: int) -> str:
    """A text whose first `longest` characters can be shown: of one that is cut `redact` shows no end."""
    return text if len(text) <= longest else cut(text, longest + MARGIN)


def shown_part(text: str, longest: int) -> str:
    """The first `longest` characters of a text, without its secrets, and how many more are kept."""
    if len(text) <= longest:
        return text
    return f"{redact_shown(text, longest)}⟨… {len(text) - longest:,} more⟩"


def _request_in_part(params: CreateMessageRequestParams, longest: int, shorten: Shorten) -> CreateMessageRequestParams:
    """`params`, or where they are too large all of their texts as one message, cut."""
    if bytes_of(params) <= longest:
        return params
    text = TextContent(text=shorten(_prompt(params), longest // 4))
    message = SamplingMessage(role="user", content=text)
    return CreateMessageRequestParams(messages=[message], max_tokens=params.max_tokens, temperature=params.temperature)


def _answer_in_part(answer: Answer | None, longest: int, shorten: Shorten) -> Answer | None:
    if answer is None or bytes_of(answer) <= longest:
        return answer
    if isinstance(answer, ErrorData):
        return ErrorData(code=answer.code, message=shorten(answer.message, longest // 4))
    text, why = TextContent(text=shorten(said(answer), longest // 4)), answer.stop_reason
    update = {"content": text, "model": cut(answer.model, 200), "stop_reason": why and cut(why, 200), "meta": None}
    return answer.model_copy(update=update)


def _small(value: Any) -> Any:
    """The value of a dial, which a server may have made as large as it likes."""
    if isinstance(value, list):
        return [_small(each) for each in cast("list[Any]", value)[:20]]
    return cut(value, 200) if isinstance(value, str) else value


def said_by(model: str, mark: str) -> str:
    return mark if model in mark.split() else " · ".join(filter(None, (model, mark)))


def said(answer: Answer | None) -> str:
    """An answer as text: a use of a tool as a call, another block by its type, a refusal as a sentence."""
    if answer is None:
        return "no answer"
    if isinstance(answer, ErrorData):
        return f"refused ({answer.code}): {answer.message}"
    blocks = answer.content if isinstance(answer.content, list) else [answer.content]
    return "\n".join(map(_said, blocks))


def _said(block: SamplingMessageContentBlock) -> str:
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, ToolUseContent):
        with suppress(RecursionError, TypeError, ValueError):
            return f"{block.name}({json.dumps(block.input, ensure_ascii=False)})"
    return f"[{block.type}]"
