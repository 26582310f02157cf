"""The record of a run, and the comparison of runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from mcp.client.session import SamplingFnT

from labkit.cutting import LARGEST as OF_A_FRAME
from labkit.cutting import cut, outline
from labkit.dial_table import CUT
from labkit.flow import Flow
from labkit.host.dials import DialReading, in_words
from labkit.models.stop_reasons import Ended
from labkit.playground.sampled import LARGEST, PART, Sampled, Shorten, bytes_of, kept_part, said_by, shown_part
from labkit.playground.sources import Wire

if TYPE_CHECKING:
    from labkit.playground.choices import Choices

Outcome = Literal["running", "done", "tool failed", "failed", "cancelled"]

LONGEST_NAME = 80
"""Characters of a run's name."""

MOST_SAMPLES = 500
"""Samples of a run that are kept; of the others their number and tokens."""

ROOM = 64_000_000
"""Bytes that a history takes, about. Beyond that the oldest runs are kept in part."""

FIRST_STEPS = 100
"""Steps that are kept of the flow of a run that must make room."""

NOT_ASKED = Ended("plain", "○", "no sample", "The tool made its result without asking for a sample.")
_READ = "Read the result, and the last steps of the flow."
_FAILED = {
    "tool failed": Ended("bad", "✕", "tool failed", f"The server says that its tool has failed. {_READ}"),
    "failed": Ended("bad", "✕", "failed", f"The call ended in an error and gave no result. {_READ}"),
    "cancelled": Ended("plain", "⊘", "cancelled", "You cancelled the run, or it was left behind. Run it again."),
}

IN_PART = "kept in part, since it is large"
WITHOUT_DATA = " steps the first without their data"
FOR_THE_FILE = "in part, for the others to fit into the file"


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
    """All that was chosen for the run."""
    own_callback: SamplingFnT | None = None
    """The student's callback at that time, for the program."""
    in_part: str = ""
    """That a part is kept of what was too large, where it was."""
    size: int = 0
    """About how many bytes the run takes, once it is over."""
    before: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Number, prompt tokens and tokens of the samples that are not kept."""
    line: tuple[Sequence[str], dict[str, Any]] | None = None
    """The run's line in the history, once it was made, and the keys that were taken out of it."""
    call: tuple[str, int] = "", 0
    """The name of the Lab that made the call, and the call's number there."""
    again: int = 0
    """The number of the run that was made again, and of which sample, where that was asked without the server."""
    sample: int = 0
    batch: str = ""
    """What the runs of one press of "Run ×10" have in common; empty for a run that was made alone."""
    pictures: list[str] = field(default_factory=list[str])
    """The PNGs of the result, in base64."""
    name: str = ""
    """What the run was called by hand."""
    pinned: bool = False
    """Whether the run stays, however many come after it."""
    came: str = ""
    """Whence the run came, where it was not made here: `last time`, `a file`."""
    settings: dict[str, Any] | None = None
    """What was chosen for a run that was not made here, as JSON that nobody has looked at; else `None`."""

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
            self.in_part, self.result = IN_PART, (shorten or kept_part)(self.result, longest)
        if longest < LARGEST:
            self.pictures = []
        if self.flow and longest < LARGEST and (many := len(self.flow.steps)):
            title = self.flow.title
            if not title.endswith(WITHOUT_DATA):
                title = f"{title}, of its {many:,}{WITHOUT_DATA}"
            steps = (replace(step.without_data(), label=cut(step.label, 200)) for step in self.flow.steps[:first])
            self.flow, self.in_part = replace(self.flow, title=title, steps=tuple(steps)), IN_PART
        models = (each for sample in self.samples for each in (sample.asked, sample.seen, sample.answer))
        self.size = len(self.result) + sum(map(len, self.pictures)) + sum(bytes_of(each) for each in models if each)
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
        part.cut_down(min(room // (3 + len(part.samples)), LARGEST - 1), max(2, room // 1_000), shown_part)
        part.in_part, part.samples = FOR_THE_FILE, part.samples if samples else self.samples
        return part

    def over(self, outcome: Outcome, result: str, pictures: list[str]) -> None:
        """Keep what came of the call, unless it was given up before."""
        if self.outcome == "running":
            self.result, self.pictures = result, pictures
            self.cut_down()
            self.outcome = outcome

    def cancelled(self, result: str = "Cancelled.") -> None:
        """Say that the run was cancelled, where it was under way."""
        if self.outcome == "running":
            self.outcome, self.result = "cancelled", result

    def is_like(self, other: "Run") -> bool:
        """Whether what came of two runs is the same."""
        told = (
            (run.tool, run.outcome, run.arguments, run.steps, round(run.seconds, 3), len(run.result))
            for run in (self, other)
        )
        return next(told) == next(told)

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
        return said_by(self.model, self.mark)

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
    def ended(self) -> list[Ended]:
        """How the run ended, where it failed, and how its answer did: of several one that was cut, or else the last."""
        told = [_FAILED[self.outcome]] if self.outcome in _FAILED else []
        if not self.samples:
            return told or [NOT_ASKED]
        cut = [sample for sample in self.samples if sample.cut]
        of_answer = (cut or self.samples)[-1].ended
        if cut and len(self.samples) > 1:
            of_answer = replace(of_answer, word=f"{len(cut)} of {len(self.samples)} {of_answer.word}")
        return [*told, of_answer]

    @property
    def cut_at(self) -> int:
        """The number of the step in which the model was asked whose answer was cut, of several the last; else 0."""
        numbers = [self.before[0] + i for i, sample in enumerate(self.samples, 1) if sample.cut]
        steps = self.flow.steps if self.flow and numbers else ()
        asks = [each.n for each in steps if each.target == "model" and numbers[-1] in each.samples]
        return asks[-1] if asks else 0

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
            "name": self.name,
            "pinned": self.pinned,
            "server": self.server,
            "transport": self.transport,
            "wire": self.wire,
            "tool": self.tool,
            "arguments": self.arguments,
            "who": self.who,
            "host": self.host,
            "outcome": self.outcome,
            "again": self.again,
            "sample": self.sample,
            "batch": self.batch,
            "cut": self.cut,
            "in_part": self.in_part,
            "result": self.result,
            "pictures": self.pictures,
            "usd": self.usd,
            "before": self.before,
            "settings": self.settings,
            "model": self.model,
            "mark": self.mark,
            "tokens": self.tokens,
            "tokens_estimated": self.estimated,
            "seconds": round(self.seconds, 6),
            "samples": [sample.to_dict() for sample in self.samples],
            "flow": json.loads(self.flow.to_json()) if self.flow else None,
        }


def _turned(reading: DialReading) -> str:
    asked = "" if reading.asked is None else f" (asked {in_words(reading.dial, reading.asked)})"
    return f"{reading.title} {in_words(reading.dial, reading.used)}{asked}"


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
    for run in sorted(runs, key=lambda run: run.pinned):
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
        "answer": run.answers or "–",  # before the dials, which of two models are many lines
        "result": run.result,
        "host": run.host,
        "prompt": "\n\n".join(sample.prompt for sample in run.samples) or "–",
    }
    for reading in run.samples[-1].dials if run.samples else []:
        side[reading.title] = f"{in_words(reading.dial, reading.used)} · {reading.honoured}"
    return side | {
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
