"""The table of dials: what a client can turn of a sampling request, and of the draw behind an answer.

A server asks for `maxTokens`, `temperature`, `stopSequences` and `systemPrompt`; the client decides, and may change or
ignore all of them but one: it MUST respect `maxTokens`. The other dials are the client's alone, the protocol has no
field for them. Source: specification 2025-11-25 and 2026-07-28, client/sampling.

A row is a field of `Settings`. Whatever checks, shows, sends or writes down a dial reads it here, so a new dial is a
row and, where it takes part in the draw, a function of its name in `labkit/models/sampler.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Protocol, Self, runtime_checkable

from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.numbers import checked_number, checked_ratio, checked_share, checked_whole, checked_within

CUT = "cut at max tokens"
"""What is said of an answer whose stop reason is `maxTokens`, wherever one is shown."""

ANTHROPIC, OPENAI = "Anthropic", "OpenAI"
"""The providers whose own APIs are told of, looked up in 2026-12.

Anthropic, "Create a Message" as stored in 2026-02: `temperature` 0 to 1, `top_p` 0 to 1, `top_k` from 0 without an end;
no number of stop sequences is told. The fields of anthropic 2.11 have none of the three any more: current models take
none. OpenAI, "Create chat completion", OpenAPI of 2024 and openai 3.52: `temperature` 0 to 2, `top_p` 0 to 1,
`frequency_penalty` -2 to 2, `stop` up to 4. What an API has no field for was looked for among the fields of these two.
Which models take a dial at all is told by the catalogue (`labkit/models/catalog.json`).
"""

Kind = Literal["number", "whole", "text", "texts"]
Honour = Literal["yes", "must", "no", "sent on", "not told"]


@dataclass(frozen=True, slots=True)
class Dial:
    """A row of the table.

    Attributes:
        title: The dial's name where it is shown.
        what: What the dial does, in a sentence.
        kind: The kind of the dial's value.
        check: `check(title, value)` raises a `ValueError` with one sentence where the dial cannot have the value.
        asked: Whether a request has a field of the dial's name. All other dials are the client's own.
        off: The value at which the dial changes nothing, where there is one.
        least, most: The ends of what can be typed; `most` is `None` where there is none.
        marks: Where a slider stops, from left to right, `off` among them; none for a dial that is typed.
        turn: The dial's place in the draw of a token, from 1; 0 for a dial that takes no part in the draw.
        drops: Whether the dial rules tokens out; a dial that only shifts their shares does not.
        rare: Whether a view of the draw leaves the dial out where it is off.
        apis: What the providers' own APIs take, from where to where, of texts how many; `None` where an API has no such
            dial. An API that is not named has it, with no ends that are told.
        effect: What the dial does to the draw at a value, in a few words; at `None`, whatever the value.
        name: The field of `Settings`, and the argument of every model.
    """

    title: str
    what: str
    kind: Kind
    check: Callable[[str, Any], object]
    asked: bool = False
    off: float | None = None
    least: float = 0.0
    most: float | None = None
    marks: tuple[float, ...] = ()
    turn: int = 0
    drops: bool = False
    rare: bool = False
    apis: Mapping[str, tuple[float, float] | None] = field(default_factory=dict[str, tuple[float, float] | None])
    effect: Callable[[float | None], str] = lambda _: ""
    name: str = ""

    def clamp(self, api: str, value: object) -> str:
        """`this API takes 0–1` where `value` is not what `api` takes; else nothing."""
        number = len(value) if isinstance(value, list | tuple) else value  # pyright: ignore[reportUnknownArgumentType]
        if api not in self.apis or not isinstance(number, int | float) or self.is_off(number):
            return ""
        ends = self.apis[api]
        if ends is None:
            return f"{api}'s API has no such dial"
        if number is not value:
            return "" if number <= ends[1] else f"{api}'s API takes at most {ends[1]:g} of them"
        value = number
        return "" if ends[0] <= value <= ends[1] else f"{api}'s API takes {ends[0]:g}–{ends[1]:g}"

    def is_off(self, value: object) -> bool:
        """Whether `value` changes nothing; `None`, which leaves the choice to others, is not off."""
        return self.off is not None and value == self.off


def _row(title: str, what: str, kind: Kind, check: Callable[[str, Any], object], **others: Any) -> Any:
    return field(default=None, metadata={"dial": Dial(title, what, kind, check, **others)})


def _some_tokens(title: str, value: int) -> None:
    if checked_whole(title, value) < 1:
        raise ValueError(f"{title} is {value}, and an answer needs at least 1")


def _texts(_: str, value: object) -> None:
    if isinstance(value, str):  # a sequence too, of letters
        raise ValueError(f"stop sequences is {value!r}, and it must be a tuple of texts")


def _heat(value: float | None) -> str:
    if value is None:
        return "sharper or flatter"
    return "the best alone" if value == 0 else "sharper" if value < 1 else "flatter" if value > 1 else "as it was"


def _best(value: float | None) -> str:
    return "a number of the best" if value is None else "the best alone" if value == 1 else f"the best {value:g}"


def _nucleus(value: float | None) -> str:
    return "the likely ones" if value is None else f"the fewest that make {100 * value:.3g} %"


def _near(value: float | None) -> str:
    return "the likely ones" if value is None else f"at least {100 * value:.3g} % of the best"


def _penalty(value: float | None) -> str:
    if value is None:
        return "against repeating"
    return f"{abs(value):g} {'off' if value > 0 else 'more'} for every use"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the dials stand. `None` leaves what the server asked, or what the model does by itself.

        Settings(temperature=0.8, top_p=0.9, seed=7)

    Args:
        temperature: At 0 the best token is taken, at 1 the draw is as the model says, above 1 it is flatter.
        max_tokens: Tokens of the answer, never above what the server asked, unless you `insist`.
        top_p: Keep the best tokens that together hold this probability, above 0 up to 1; 1 keeps all.
        top_k: Keep so many of the best tokens; 0 keeps all.
        min_p: Keep tokens at least so many times as probable as the best, 0 to 1; 0 keeps all.
        frequency_penalty: Taken off a token's logit for each time that it stands in the answer already, -2 to 2.
        stop_sequences: The stop sequences, in place of those that were asked.
        seed: The seed of the random numbers, 0 or more.
        system_prompt: The system prompt, in place of the one that was asked.
        insist: Whether `max_tokens` may go beyond what the server asked, which the specification forbids.

    Raises:
        ValueError: A dial cannot stand there.
    """

    temperature: float | None = _row(
        "temperature",
        "How much the model dares: 0 always takes the best token, 1 draws as the model says, more is flatter",
        "number", checked_number, asked=True, apis={ANTHROPIC: (0, 1), OPENAI: (0, 2)},
        turn=2, effect=_heat, most=2.0, marks=(0.0, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0),
    )  # fmt: skip
    max_tokens: int | None = _row(
        "max tokens",
        "Where the answer is cut off; never above what the server asked",
        "whole",
        _some_tokens,
        asked=True,
    )
    top_p: float | None = _row(
        "top-p",
        "Keep the best tokens that together hold this probability",
        "number", checked_share, off=1.0, turn=4, drops=True, least=0.01, most=1.0,
        effect=_nucleus, apis={ANTHROPIC: (0, 1), OPENAI: (0, 1)},
        marks=(0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0),
    )  # fmt: skip
    top_k: int | None = _row(
        "top-k",
        "Keep so many of the best tokens",
        "whole", checked_whole, off=0, turn=3, drops=True, effect=_best, apis={OPENAI: None},
        marks=(1, 2, 3, 5, 10, 20, 40, 100, 0),
    )  # fmt: skip
    min_p: float | None = _row(
        "min-p",
        "Keep the tokens that are at least so many times as probable as the best one",
        "number", checked_ratio, off=0.0, turn=5, drops=True, rare=True, most=1.0,
        effect=_near, apis={ANTHROPIC: None, OPENAI: None},
        marks=(0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5),
    )  # fmt: skip
    frequency_penalty: float | None = _row(
        "frequency penalty",
        "Taken off a token's logit for each time that it stands in the answer already: above 0 against repeating",
        "number", checked_within(-2, 2), off=0.0, turn=1, rare=True, effect=_penalty, least=-2.0, most=2.0,
        apis={ANTHROPIC: None, OPENAI: (-2, 2)},
        marks=(-2.0, -1.0, -0.5, 0.0, 0.2, 0.5, 1.0, 1.5, 2.0),
    )  # fmt: skip
    stop_sequences: tuple[str, ...] | None = _row(
        "stop",
        "The answer ends before this text; \\n stands for a new line. Empty: as asked",
        "texts",
        _texts,
        asked=True,
        apis={OPENAI: (0, 4)},
    )
    seed: int | None = _row(
        "seed",
        "Of the random numbers: the same seed draws the same answer. Empty: the model's own",
        "whole", checked_whole, apis={ANTHROPIC: None},
    )  # fmt: skip
    system_prompt: str | None = _row(
        "system prompt", "In place of the server's. Empty: as asked", "text", lambda _, value: value, asked=True
    )
    insist: bool = False

    def __post_init__(self) -> None:
        for dial in DIALS:
            value = getattr(self, dial.name)
            if value is not None:
                dial.check(dial.title, value)


DIALS: tuple[Dial, ...] = tuple(
    replace(each.metadata["dial"], name=each.name) for each in fields(Settings) if "dial" in each.metadata
)
"""The rows, in the order in which they are shown."""

DIAL: Mapping[str, Dial] = {dial.name: dial for dial in DIALS}
"""The rows by the dial's name."""

OWN: tuple[str, ...] = tuple(dial.name for dial in DIALS if not dial.asked)
"""The names of the dials that are the client's alone."""

STAGES: tuple[Dial, ...] = tuple(sorted((dial for dial in DIALS if dial.turn), key=lambda dial: dial.turn))
"""The dials that take part in the draw of a token, in the order in which they do."""


def own_dials(who: str, given: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The dials of a model, as its constructor was `given` them, over what is `usual` for it.

    Raises:
        TypeError: `usual` has no such dial.
        ValueError: A dial cannot stand there.
    """
    for name, value in given.items():
        if name not in usual:
            raise TypeError(f"{who} has no dial {name!r}; it has {', '.join(usual)}")
        if value is not None:
            DIAL[name].check(name, value)
    return {**usual, **{name: value for name, value in given.items() if value is not None}}


@runtime_checkable
class Dialled(Protocol):
    """A sampling callback that tells what it makes of the dials, as every model of the kit does."""

    @property
    def honours(self) -> Mapping[str, Honour]:
        """Whether the callback honours each dial of the table, by the dial's name."""
        ...

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Where the dials stand when nobody turns them, as far as the callback can say."""
        ...

    def turned(self, wishes: Mapping[str, Any]) -> Self:
        """A copy with other dials of the client's own; dials that the callback does not have are left out."""
        ...


def honouring(word: Honour, **others: Honour) -> dict[str, Honour]:
    """`word` for every dial of the table, but for the `others`."""
    return {dial.name: others.get(dial.name, word) for dial in DIALS}


def turned_request(params: CreateMessageRequestParams, settings: Settings) -> CreateMessageRequestParams:
    """A copy of a request as the client hands it on."""
    wishes: dict[str, Any] = {dial.name: getattr(settings, dial.name) for dial in DIALS if dial.asked}
    changes = {name: wish for name, wish in wishes.items() if wish is not None}
    if settings.stop_sequences is not None:
        changes["stop_sequences"] = list(settings.stop_sequences)
    if settings.max_tokens is not None and not settings.insist:
        changes["max_tokens"] = min(settings.max_tokens, params.max_tokens)
    return params.model_copy(update=changes)


def turned_model(callback: SamplingFnT, settings: Settings) -> SamplingFnT:
    """`callback` with the client's own dials, or itself where none is set or where it has no place for them."""
    wishes = {name: wish for name in OWN if (wish := getattr(settings, name)) is not None}
    return callback.turned(wishes) if isinstance(callback, Dialled) and wishes.keys() & callback.defaults else callback
