"""The record of a run, and the comparison of runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mcp.client.session import SamplingFnT
from mcp_types import (
    AudioContent,
    CallToolResult,
    CreateMessageRequestParams,
    EmbeddedResource,
    ErrorData,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from labkit.callbacks import Answer
from labkit.dial_table import CUT
from labkit.flow import Flow
from labkit.host.dials import DialReading, in_words
from labkit.host.rendering import mark_of
from labkit.host.usage import Usage
from labkit.models.scripted import text_of
from labkit.models.tracing import Drawing
from labkit.playground.reach import Wire

if TYPE_CHECKING:
    from labkit.playground.choices import Choices

Outcome = Literal["running", "done", "tool failed", "failed", "cancelled"]


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

    @property
    def prompt(self) -> str:
        """The system prompt and the messages that the answerer got, or would have got."""
        params = self.seen or self.asked
        parts = [f"[{message.role}] {text_of(message)}" for message in params.messages]
        return "\n".join([*([f"[system] {params.system_prompt}"] if params.system_prompt else []), *parts])

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
        return sum(sample.tokens for sample in self.samples)

    @property
    def prompt_tokens(self) -> int:
        """The number of tokens of all prompts."""
        return sum(sample.prompt_tokens for sample in self.samples)

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
        "seen": sample.seen and sample.seen.model_dump(mode="json", by_alias=True, exclude_none=True),
        "dials": {
            reading.dial: {"asked": reading.asked, "used": reading.used, "honoured": reading.honoured}
            for reading in sample.dials
        },
        "answer": answer and answer.model_dump(mode="json", by_alias=True, exclude_none=True),
        "mark": sample.mark,
        "tokens": sample.tokens,
    }


def _turned(reading: DialReading) -> str:
    asked = "" if reading.asked is None else f" (asked {in_words(reading.dial, reading.asked)})"
    return f"{reading.title} {in_words(reading.dial, reading.used)}{asked}"


def said(answer: Answer | None) -> str:
    """An answer as text: a block that is no text by its type, a refusal as a sentence."""
    if answer is None:
        return "no answer"
    if isinstance(answer, ErrorData):
        return f"refused ({answer.code}): {answer.message}"
    blocks = answer.content if isinstance(answer.content, list) else [answer.content]
    return "\n".join(block.text if isinstance(block, TextContent) else f"[{block.type}]" for block in blocks)


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


@dataclass(frozen=True, slots=True)
class Row:
    """One thing about runs that are compared: the value in each run, and whether the values differ."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same value."""
        return len(set(self.values)) > 1


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
        "samples": str(len(run.samples)),
        "steps": str(run.steps),
        "tokens": f"{run.tokens}{estimated}{f', {run.cut}' if run.cut else ''}",
        "time": duration(run.seconds),
    }


def duration(seconds: float) -> str:
    """A duration as text: `12 ms`, `0.31 s`, `61 s`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
