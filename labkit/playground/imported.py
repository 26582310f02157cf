"""Runs from a file in the form of the JSON export, which anybody may have written: checked, bounded, and only shown."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, ClassVar, NoReturn, cast

from mcp_types import CreateMessageRequestParams
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from labkit.callbacks import Answer
from labkit.dial_table import DIAL, Honour
from labkit.flow import Flow
from labkit.host.dials import DialReading
from labkit.models.tiny import Dials
from labkit.models.tiny.answer import TinyAnswer
from labkit.models.tracing import Drawing
from labkit.plain import short
from labkit.playground.choices import checked_json
from labkit.playground.limits import Limit
from labkit.playground.results import MOST_PICTURES, png
from labkit.playground.runs import LONGEST_NAME, MOST_SAMPLES, Outcome, Run
from labkit.playground.sampled import Sampled
from labkit.playground.sources import Wire

FORM = 1
"""The number of the form, under `playground`."""

LARGEST = 8_000_000
"""Characters of a file that are read, at most: what a page can send, and several times what it saves."""

MOST = 200
"""Runs that are read of a file."""

MOST_STEPS = 20_000
DEEPEST = 90
NO_RUNS = "This file holds no runs of a playground"

Name = Annotated[str, StringConstraints(max_length=4_000)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Number = Annotated[float, Field(ge=0, le=10**9)]


class _Told(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(strict=True, allow_inf_nan=False)


class _Reading(_Told):
    asked: int | float | str | list[str] | None
    used: int | float | str | list[str] | None
    honoured: Honour
    turned: bool = False


class _Draw(_Told):
    model: Name
    dials: dict[str, int | float]
    seed: Annotated[int, Field(ge=0, lt=2**64)]

    def drawing(self, request: CreateMessageRequestParams) -> Drawing | None:
        """The draw; `None` where a dial cannot stand so."""
        with suppress(TypeError, ValueError):
            return Drawing(request, Dials(**self.dials), self.seed, ("", self.model))
        return None


class _Limit(_Told):
    who: Name
    dialled: int | None
    told: Count | None
    spent: Count | None
    ended: Name


class _Sample(_Told):
    asked: CreateMessageRequestParams
    seen: CreateMessageRequestParams | None = None
    dials: dict[str, _Reading] = {}
    answer: Answer | None = None
    mark: Name = ""
    tokens: Count = 0
    prompt_tokens: Count = 0
    estimated: bool = False
    draw: _Draw | None = None
    limit: _Limit | None = None

    def sampled(self, *, trusted: bool) -> Sampled:
        dials = [DialReading(name, **dict(each)) for name, each in self.dials.items() if name in DIAL]
        answer, seen = self.answer, self.seen or self.asked
        # An answer of the embedded model is known by its class, which a stranger's file cannot claim.
        if trusted and answer and self.mark == TinyAnswer.shown_as:
            answer = TinyAnswer.model_validate(answer.model_dump())
        draw = self.draw and self.draw.drawing(seen)
        limit = self.limit and Limit(**dict(self.limit))
        return Sampled(self.asked, seen, dials, answer, self.tokens, self.estimated, draw, self.prompt_tokens, limit)


class _Run(_Told):
    n: Annotated[int, Field(ge=1, le=10**9)]
    name: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] = ""
    pinned: bool = False
    server: Name
    transport: Name
    wire: Wire
    tool: Name
    arguments: dict[str, JsonValue]
    who: Name
    host: Name
    outcome: Outcome
    again: Count = 0
    sample: Count = 0
    batch: Annotated[str, StringConstraints(max_length=64)] = ""
    in_part: Name = ""
    result: str
    usd: Number = 0.0
    before: Annotated[list[Count], Field(min_length=3, max_length=3)] = [0, 0, 0]
    pictures: Annotated[list[str], Field(max_length=MOST_PICTURES)] = []
    settings: dict[str, JsonValue] | None = None
    samples: Annotated[list[_Sample], Field(max_length=MOST_SAMPLES)]
    flow: Flow | None

    @model_validator(mode="after")
    def _is_sound(self) -> "_Run":
        steps = self.flow.steps if self.flow else ()
        if self.outcome == "running" or len(steps) > MOST_STEPS:
            raise ValueError(f"a run is over, and has {MOST_STEPS:,} steps at most")
        for n, step in enumerate(steps, 1):
            numbers = step.n - n, step.time, step.size or 0, step.reply_to or 0, *step.samples
            if step.n != n or not all(0 <= number <= 10**9 for number in numbers):
                raise ValueError(f"step {n} has a number that it cannot have")
        return self

    def run(self, came: str, *, trusted: bool) -> Run:
        run = Run(
            self.n, self.server, self.transport, self.wire, self.tool, dict(self.arguments), self.who, self.host,
            [sample.sampled(trusted=trusted) for sample in self.samples], self.outcome, self.result, self.flow,
            self.usd, name=self.name, pinned=self.pinned, came=came, settings=self.settings, in_part=self.in_part,
            before=list(self.before), again=self.again, sample=self.sample, batch=self.batch,
            pictures=[*filter(None, map(png, self.pictures))],
        )  # fmt: skip
        run.cut_down()
        return run


class _File(_Told):
    playground: Annotated[int, Field(ge=FORM, le=FORM)]
    runs: Annotated[list[_Run], Field(max_length=MOST)]


def runs_of(text: str, came: str, *, trusted: bool = False) -> list[Run]:
    """The runs of a file that an export has written, in its order. Nothing in it is run, and no address is asked.

    Args:
        text: What the file holds.
        came: From where it came, in a few words: each run says so.
        trusted: Whether the file was kept by a playground itself, so that its marks hold.

    Raises:
        ValueError: It is too large or holds something else; one sentence says what.
    """
    if len(text) > LARGEST:
        raise ValueError(f"This file is too large: {len(text):,} characters, and {LARGEST:,} are read at most.")
    try:
        told: Any = json.loads(text, parse_constant=_no_number)
        checked_json(told, deepest=DEEPEST, most=2.0**1000)
        if not isinstance(told, dict) or cast("Mapping[str, Any]", told).get("playground") != FORM:
            raise ValueError("save runs as JSON in a playground to have such a file")
        return [each.run(came, trusted=trusted) for each in _File.model_validate_json(json.dumps(told)).runs]
    except RecursionError:
        raise ValueError(f"{NO_RUNS}: it is nested too deeply.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise ValueError(f"{NO_RUNS}: {short(place, 100)}: {short(first['msg'], 200)}.") from None
    except ValueError as error:
        raise ValueError(f"{NO_RUNS}: {short(str(error), 200)}.") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
