"""The catalogue: which models there are, what they cost, what they accept. The facts lie in catalog.json, dated.

The three scores of a model are the axes of MCP's `modelPreferences` (specification 2025-11-25, client/sampling, "Model
Preferences"). They are an ordering of the models listed and nothing more: `Catalog.scores_from` says where the
ordering comes from.
"""

import re
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from labkit.dial_table import DIAL
from labkit.plain import in_columns


class _Fact(BaseModel):
    # A misspelt key in the file must not turn into a default.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(_Fact):
    """USD per million tokens, for requests whose prompt has at most `up_to_prompt_tokens` tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    up_to_prompt_tokens: int | None = None
    """The longest prompt that the price holds for, in tokens; `None` for any length."""


class Accepts(_Fact):
    """What a request to the model may hold without being refused."""

    dials: tuple[str, ...]
    """The dials that the model takes, among those of the table that not every model takes."""
    images: bool
    tools: bool

    @field_validator("dials")
    @classmethod
    def _are_there(cls, dials: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in dials if name not in DIAL]:
            raise ValueError(f"there is no dial {', '.join(unknown)}")
        return dials


class Scores(_Fact):
    """The scores of a model, 0 to 1 on each axis; 1 is the cheapest, the fastest, the most capable of the catalogue."""

    cost: float = Field(ge=0, le=1)
    speed: float = Field(ge=0, le=1)
    intelligence: float = Field(ge=0, le=1)


class Model(_Fact):
    """One model, by the name that the provider uses."""

    name: str
    prices: tuple[Price, ...]
    """The prices, from the shortest prompts to the longest; empty where no price is known."""
    accepts: Accepts
    always_thinks: bool
    """Whether the model thinks before every answer. Thinking counts against `max_tokens`: no text may be left."""
    scores: Scores | None = None
    """The model's scores; `None` for a model that should not be chosen any more."""
    retires: date | None = None
    """The day on which the provider stops serving the model."""
    instead: str | None = None
    """The model to name in place of this one, where one of the same kind is served."""

    def is_over(self, today: date | None = None) -> bool:
        """Whether the day has come on which the provider stops serving the model."""
        return self.retires is not None and (today or date.today()) >= self.retires  # noqa: DTZ011 - a day, not an hour

    def farewell(self, today: date | None = None) -> str | None:
        """A sentence for somebody who names a model that is served no more, or for a while yet; else `None`."""
        if self.retires is None:
            return None
        served = "has not been served since" if self.is_over(today) else "is served until"
        return f"{self.name} {served} {self.retires}" + (f": name {self.instead} in its place" if self.instead else "")

    def price(self, input_tokens: int, output_tokens: int) -> float:
        """The cost of a request, in USD.

        Where a model has a second price for long prompts, the length of the prompt decides which of the two holds, and
        it holds for every token of that request.

        Args:
            input_tokens: Tokens of the whole prompt.
            output_tokens: Tokens of the answer, those spent on thinking included.

        Raises:
            LookupError: The catalogue has no price for the model.
            ValueError: A number of tokens is negative.
        """
        if input_tokens < 0 or output_tokens < 0:
            raise ValueError(f"{input_tokens} tokens in and {output_tokens} out: a number of tokens is never negative")
        for price in self.prices:
            if price.up_to_prompt_tokens is None or input_tokens <= price.up_to_prompt_tokens:
                return (input_tokens * price.input + output_tokens * price.output) / 1_000_000
        raise LookupError(f"The catalogue has no price for {self.name}.")


class Catalog(_Fact):
    """All models, and when their facts were checked."""

    checked: str = Field(pattern=r"^\d{4}-\d{2}$")
    """The year and month of the check, as `2026-11`."""
    unit: str
    """The unit of the prices."""
    scores_from: str
    default: str
    """The model that is asked when nobody names one: the cheapest."""
    models: tuple[Model, ...]

    def __str__(self) -> str:
        """The catalogue as text: a line for each model with scores and prices; then where both are from."""
        head = ("model", *Scores.model_fields, f"{self.unit}, in / out")
        rows = [head, *((model.name, *_marks(model), _tariff(model)) for model in self.models)]
        return "\n".join([*in_columns(rows, len(head)), f"Checked {self.checked}. Scores: {self.scores_from}"])

    def find(self, name: str) -> Model | None:
        """The model named `name`, with the date of a release at the end (`…-20260801`) or without."""
        plain = re.sub(r"-\d{8}$", "", name)
        return next((model for model in self.models if model.name in (name, plain)), None)

    def offered(self, today: date | None = None) -> list[Model]:
        """The models to choose from: those that have scores and are served."""
        return [model for model in self.models if model.scores is not None and not model.is_over(today)]


def _marks(model: Model) -> list[str]:
    """The scores of a model, or a dash for each that it lacks."""
    return [f"{getattr(model.scores, axis):.2f}" if model.scores else "–" for axis in Scores.model_fields]


def _tariff(model: Model) -> str:
    """The prices of a model on one line: `0.1 / 0.5 up to 100,000 tokens in, 0.5 / 2.5 beyond`."""
    prices = [
        f"{price.input:g} / {price.output:g}"
        + (f" up to {price.up_to_prompt_tokens:,} tokens in" if price.up_to_prompt_tokens else "")
        for price in model.prices
    ]
    words = ", ".join(prices) + (" beyond" if len(prices) > 1 else "") or "not known"
    return f"{words}; served until {model.retires}" if model.retires else words


def read(path: Path) -> Catalog:
    """The catalogue in a JSON file.

    Raises:
        pydantic.ValidationError: The file holds no catalogue.
    """
    return Catalog.model_validate_json(path.read_text(encoding="utf-8"))


@cache
def catalog() -> Catalog:
    """The catalogue of catalog.json, read once."""
    return read(Path(__file__).with_name("catalog.json"))


def price(model: str, input_tokens: int, output_tokens: int) -> float:
    """The cost of a request to `model`, in USD, by the catalogue's prices. See `Model.price`.

    Raises:
        LookupError: The catalogue does not know the model, or has no price for it.
        ValueError: A number of tokens is negative.
    """
    found = catalog().find(model)
    if found is None:
        known = ", ".join(each.name for each in catalog().models)
        raise LookupError(f"The catalogue does not know {model}. It has {known}.")
    return found.price(input_tokens, output_tokens)
