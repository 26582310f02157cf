"""The record of a run, and the comparison of runs."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from mcp.client.session import SamplingFnT
from mcp_types import (
    AudioContent,
    CallToolResult,
    CreateMessageRequestParams,
    EmbeddedResource,
    ErrorData,
    ImageContent,
    ResourceLink,
    SamplingMessage,
    SamplingMessageContentBlock,
    TextContent,
    TextResourceContents,
    ToolUseContent,
)

from labkit.callbacks import Answer
from labkit.cutting import LARGEST as OF_A_FRAME
from labkit.cutting import cut, outline
from labkit.dial_table import CUT
from labkit.flow import Flow
from labkit.host.dials import DialReading, in_words
from labkit.host.rendering import mark_of
from labkit.host.usage import Usage
from labkit.models.scripted import text_of
from labkit.models.tracing import Drawing
from labkit.playground.sources import Wire
from labkit.redacting import MARGIN, redact_shown

if TYPE_CHECKING:
    from labkit.playground.choices import Choices

Outcome = Literal["running", "done", "tool failed", "failed", "cancelled"]

LARGEST, PART = 100_000, 4_000
"""Characters of a result, and bytes of a request or an answer, that a run keeps; and where it must make room."""

MOST_PICTURES, LARGEST_PICTURE, WIDEST = 4, 1_000_000, 4_000
"""PNGs of a result that are kept, the bytes of one, and its pixels in each direction."""

MOST_SAMPLES = 500
"""Samples of a run that are kept; of the others their number and tokens."""

ROOM = 64_000_000
"""Bytes that a history takes, about. Beyond that the oldest runs are kept in part."""

FIRST_STEPS = 100
"""Steps that are kept of the flow of a run that must make room."""

IN_PART = "kept in part, since it is large"
WITHOUT_DATA = " steps the first without their data"
FOR_THE_FILE = "in part, for the others to fit into the file"


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
    """

    asked: CreateMessageRequestParams
    seen: CreateMessageRequestParams | None = None
    dials: list[DialReading] = field(default_factory=list[DialReading])
    answer: Answer | None = None
    tokens: int = 0
    estimated: bool = False
    drawing: Drawing | None = None
    prompt_tokens: int = 0

    def take(self, usage: Usage) -> None:
        """Keep what the sample took."""
        self.tokens, self.prompt_tokens, self.estimated = usage.output_tokens, usage.input_tokens, usage.estimated > 0

    def cut_down(self, longest: int = LARGEST, shorten: "Shorten | None" = None) -> bool:
        """Keep a part of a request or an answer that takes more than `longest` bytes. Returns whether one did."""
        shorten = shorten or _kept
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
    def mark(self) -> str:
        """The mark of the answer: `tiny model` where the embedded model gave it, whoever handed it on; else empty."""
        return mark_of(self.answer)


@dataclass(slots=True)
class Run:
    """One call of a tool with everything that is kept of the call. A run holds no key."""

    n: int
    server: str
    transport: str
    wire: Wire
    tool: str
    arguments: dict[str, Any]
    who: str
    host: str
    samples: list[Sampled] = field(default_factory=list[Sampled])
    outcome: Outcome = "running"
    result: str = ""
    flow: Flow | None = None
    usd: float = 0.0
    choices: "Choices | None" = None
    """All that was chosen for the run. In no export but as a program."""
    own: SamplingFnT | None = None
    """The student's callback at that time, for the program."""
    in_part: str = ""
    """That a part is kept of what was too large, where it was."""
    size: int = 0
    """About how many bytes the run takes, once it is over."""
    before: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Number, prompt tokens and tokens of the samples that are not kept."""
    line: list[Any] | None = None
    """The run's line in the history, once it was made."""
    call: tuple[str, int] = "", 0
    """The name of the Lab that made the call, and the call's number there."""
    pictures: list[str] = field(default_factory=list[str])
    """The PNGs of the result, in base64."""

    def add(self, sampled: Sampled) -> None:
        """Take up a sample. The oldest goes where there are too many."""
        self.samples.append(sampled)
        if len(self.samples) > MOST_SAMPLES:
            self._drop(1)
            self.in_part = IN_PART

    def _drop(self, many: int) -> None:
        """Keep the numbers alone of the `many` oldest samples."""
        for gone in self.samples[:many]:
            self.before = [
                now + more for now, more in zip(self.before, (1, gone.prompt_tokens, gone.tokens), strict=True)
            ]
        self.samples = self.samples[many:]

    def cut_down(self, longest: int = LARGEST, first: int = FIRST_STEPS, shorten: "Shorten | None" = None) -> None:
        """Keep a part of what is larger than `longest`, and, where that is less than usual, the `first` steps alone."""
        is_cut = [sample.cut_down(longest, shorten) for sample in self.samples]
        if any(is_cut) or len(self.result) > longest:
            self.in_part, self.result = IN_PART, (shorten or _kept)(self.result, longest)
        if longest < LARGEST:
            self.pictures = []
        if self.flow and longest < LARGEST and (many := len(self.flow.steps)):
            title = self.flow.title
            if not title.endswith(WITHOUT_DATA):
                title = f"{title}, of its {many:,}{WITHOUT_DATA}"
            steps = (replace(step, label=cut(step.label, 200), data={}) for step in self.flow.steps[:first])
            self.flow, self.in_part = replace(self.flow, title=title, steps=tuple(steps)), IN_PART
        models = (each for sample in self.samples for each in (sample.asked, sample.seen, sample.answer))
        self.size = len(self.result) + sum(map(len, self.pictures)) + sum(_bytes(each) for each in models if each)
        for step in self.flow.steps if self.flow else ():
            held = len(str(step.data)) if step.size is None else min(step.size, OF_A_FRAME)
            self.size += 500 + (held if step.data else 0)

    def part(self, room: int, *, samples: bool = True) -> "Run":
        """A copy for a file in which the run has `room` characters, about: the last samples, the first steps.

        Without `samples`, these stay as they are: they are not written.
        """
        part = replace(self, samples=[replace(sample) for sample in self.samples if samples], before=[*self.before])
        part._drop(max(0, len(part.samples) - max(1, room // 4_000)))
        part.arguments = outline(self.arguments, room // 4)
        part.cut_down(min(room // (3 + len(part.samples)), LARGEST - 1), max(2, room // 1_000), _shown)
        part.in_part, part.samples = FOR_THE_FILE, part.samples if samples else self.samples
        return part

    def cancelled(self, result: str = "Cancelled.") -> None:
        """Say that the run was cancelled, where it was under way."""
        if self.outcome == "running":
            self.outcome, self.result = "cancelled", result

    @property
    def model(self) -> str:
        """The answerers, by the names of the models in the answers."""
        names = (getattr(sample.answer, "model", "") for sample in self.samples)
        return ", ".join(dict.fromkeys(name for name in names if name))

    @property
    def mark(self) -> str:
        """The mark of the run: `tiny model` where the embedded model has given an answer; else empty."""
        return next((sample.mark for sample in self.samples if sample.mark), "")

    @property
    def said_by(self) -> str:
        """The model and the mark; the mark alone where that holds the name, as `tiny model` holds `tiny`."""
        return self.mark if self.model in self.mark.split() else " · ".join(filter(None, (self.model, self.mark)))

    @property
    def tokens(self) -> int:
        """The number of tokens of all answers."""
        return self.before[2] + sum(sample.tokens for sample in self.samples)

    @property
    def prompt_tokens(self) -> int:
        """The number of tokens of all prompts."""
        return self.before[1] + sum(sample.prompt_tokens for sample in self.samples)

    @property
    def count(self) -> int:
        """The number of samples."""
        return self.before[0] + len(self.samples)

    @property
    def estimated(self) -> bool:
        """Whether some of the tokens were estimated."""
        return any(sample.estimated for sample in self.samples)

    @property
    def cut(self) -> str:
        """What is to be told of answers that were cut at their limit of tokens; empty where none was."""
        count = sum(sample.cut for sample in self.samples)
        if not count:
            return ""
        whose = "the answer was" if len(self.samples) == 1 else f"{count} of {len(self.samples)} answers were"
        return f"{whose} {CUT}"

    @property
    def seconds(self) -> float:
        """The seconds from the first step to the last."""
        return self.flow.seconds if self.flow else 0.0

    @property
    def steps(self) -> int:
        """How many steps the flow has."""
        return len(self.flow.steps) if self.flow else 0

    @property
    def answers(self) -> str:
        """The text of all answers."""
        return "\n".join(sample.text for sample in self.samples)

    @property
    def dials(self) -> str:
        """The dials of the last request, where they changed it: `temperature 0.8 (asked 0.2)`, or `as asked`."""
        readings = self.samples[-1].dials if self.samples else []
        return ", ".join(_turned(reading) for reading in readings if reading.turned) or "as asked"

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON has it."""
        return {
            "n": self.n,
            "server": self.server,
            "transport": self.transport,
            "wire": self.wire,
            "tool": self.tool,
            "arguments": self.arguments,
            "who": self.who,
            "host": self.host,
            "outcome": self.outcome,
            "cut": self.cut,
            "in_part": self.in_part,
            "result": self.result,
            "model": self.model,
            "mark": self.mark,
            "tokens": self.tokens,
            "tokens_estimated": self.estimated,
            "seconds": round(self.seconds, 6),
            "samples": [_sample(sample) for sample in self.samples],
            "flow": json.loads(self.flow.to_json()) if self.flow else None,
        }


def _sample(sample: Sampled) -> dict[str, Any]:
    answer = sample.answer
    return {
        "asked": sample.asked.model_dump(mode="json", by_alias=True, exclude_none=True),
        "seen": None
        if sample.seen in (None, sample.asked)
        else sample.seen.model_dump(mode="json", by_alias=True, exclude_none=True),
        "dials": {
            reading.dial: {"asked": reading.asked, "used": reading.used, "honoured": reading.honoured}
            for reading in sample.dials
        },
        "answer": answer and answer.model_dump(mode="json", by_alias=True, exclude_none=True),
        "mark": sample.mark,
        "tokens": sample.tokens,
    }


def _bytes(model: CreateMessageRequestParams | Answer) -> int:
    try:
        return len(model.__pydantic_serializer__.to_json(model, by_alias=True, warnings=False))
    except (ValueError, RecursionError):  # half a character, or too many levels: no JSON, and so no export
        return LARGEST + 1


def _prompt(params: CreateMessageRequestParams) -> str:
    parts = [f"[{message.role}] {text_of(message)}" for message in params.messages]
    return "\n".join([*([f"[system] {params.system_prompt}"] if params.system_prompt else []), *parts])


Shorten = Callable[[str, int], str]
"""Given a text and a number of characters, what is kept of a text that has more."""


def _kept(text: str, longest: int) -> str:
    """A text whose first `longest` characters can be shown: of one that is cut `redact` shows no end."""
    return text if len(text) <= longest else cut(text, longest + MARGIN)


def _shown(text: str, longest: int) -> str:
    """The first `longest` characters of a text, without its secrets, and how many more are kept."""
    if len(text) <= longest:
        return text
    return f"{redact_shown(text, longest)}⟨… {len(text) - longest:,} more⟩"


def _request_in_part(params: CreateMessageRequestParams, longest: int, shorten: Shorten) -> CreateMessageRequestParams:
    """`params`, or where they are too large all of their texts as one message, cut."""
    if _bytes(params) <= longest:
        return params
    text = TextContent(text=shorten(_prompt(params), longest // 4))
    message = SamplingMessage(role="user", content=text)
    return CreateMessageRequestParams(messages=[message], max_tokens=params.max_tokens, temperature=params.temperature)


def _answer_in_part(answer: Answer | None, longest: int, shorten: Shorten) -> Answer | None:
    if answer is None or _bytes(answer) <= longest:
        return answer
    if isinstance(answer, ErrorData):
        return ErrorData(code=answer.code, message=shorten(answer.message, longest // 4))
    text, ended = TextContent(text=shorten(said(answer), longest // 4)), answer.stop_reason
    update = {"content": text, "model": cut(answer.model, 200), "stop_reason": ended and cut(ended, 200), "meta": None}
    return answer.model_copy(update=update)


def _small(value: Any) -> Any:
    """The value of a dial, which a server may have made as large as it likes."""
    if isinstance(value, list):
        return [_small(each) for each in cast("list[Any]", value)[:20]]
    return cut(value, 200) if isinstance(value, str) else value


def _turned(reading: DialReading) -> str:
    asked = "" if reading.asked is None else f" (asked {in_words(reading.dial, reading.asked)})"
    return f"{reading.title} {in_words(reading.dial, reading.used)}{asked}"


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


def text_of_result(result: CallToolResult) -> str:
    """A tool's result as text; a block that is no text by its type."""
    parts: list[str] = []
    for block in result.content:
        match block:
            case TextContent():
                parts.append(block.text)
            case EmbeddedResource(resource=TextResourceContents() as resource):
                parts.append(resource.text)
            case ResourceLink():
                parts.append(f"[link to {block.uri}]")
            case ImageContent() | AudioContent():
                parts.append(f"[{block.type}, {block.mime_type}]")
            case _:
                parts.append(f"[{block.type}]")
    if not parts and result.structured_content is not None:
        parts.append(json.dumps(result.structured_content, indent=2, ensure_ascii=False))
    return "\n".join(parts)


def pictures_of(result: CallToolResult) -> list[str]:
    """The PNGs of a tool's result, in base64; what only says that it is one, or is too large to be drawn, is none."""
    found: list[str] = []
    for block in result.content:
        if isinstance(block, ImageContent) and block.mime_type == "image/png" and len(found) < MOST_PICTURES:
            with suppress(ValueError):
                png = b64decode(block.data, validate=True)
                size = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])  # of the header, which comes first
                is_one = png.startswith(b"\x89PNG\r\n\x1a\n") and png[12:16] == b"IHDR"
                if is_one and len(png) <= LARGEST_PICTURE and 0 < min(size) <= max(size) <= WIDEST:
                    found.append(b64encode(png).decode("ascii"))
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """One thing about runs that are compared: the value in each run, and whether the values differ."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same value."""
        return len(set(self.values)) > 1


def make_room(runs: Sequence[Run], room: int = ROOM) -> None:
    """Keep the oldest of `runs` in part, as many as it takes for all to fit into `room` bytes, if it can be."""
    size = sum(run.size for run in runs)
    for run in runs:
        if size <= room:
            return
        size -= run.size
        run.cut_down(PART)
        size += run.size


def compare(runs: Sequence[Run]) -> list[Row]:
    """The rows of all that can be compared about `runs`, side by side."""
    sides = [_side(run) for run in runs]
    names = list(dict.fromkeys(name for side in sides for name in side))
    return [Row(name, tuple(side.get(name, "–") for side in sides)) for name in names]


def _side(run: Run) -> Mapping[str, str]:
    estimated = " (estimated)" if run.estimated else ""
    side = {
        "server": run.server,
        "over": run.transport,
        "wire": run.wire,
        "tool": run.tool,
        "arguments": json.dumps(run.arguments, ensure_ascii=False),
        "who answers": run.who,
        "model": run.said_by or "–",
        "host": run.host,
        "prompt": "\n\n".join(sample.prompt for sample in run.samples) or "–",
    }
    for reading in run.samples[-1].dials if run.samples else []:
        side[reading.title] = f"{in_words(reading.dial, reading.used)} · {reading.honoured}"
    return side | {
        "answer": run.answers or "–",
        "result": run.result,
        **({"kept": run.in_part} if run.in_part else {}),
        "samples": str(run.count),
        "steps": str(run.steps),
        "tokens": f"{run.tokens}{estimated}{f', {run.cut}' if run.cut else ''}",
        "time": duration(run.seconds),
    }


def duration(seconds: float) -> str:
    """A duration as text: `12 ms`, `0.31 s`, `61 s`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
