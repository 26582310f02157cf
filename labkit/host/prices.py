"""What a sample costs, by a catalogue of models such as `labkit.models.catalog.catalog()`."""

from collections.abc import Collection
from typing import Protocol

from labkit.callbacks import name_of
from labkit.host.usage import Usage


class Priced(Protocol):
    """A model with a price."""

    @property
    def name(self) -> str: ...

    def price(self, input_tokens: int, output_tokens: int) -> float:
        """What a request costs, in USD.

        Raises:
            LookupError: The price is not known.
        """
        ...


class Prices(Protocol):
    """Models with their prices, and the month in which these were checked: `2026-11`."""

    @property
    def checked(self) -> str: ...

    @property
    def models(self) -> Collection[Priced]: ...

    def find(self, name: str) -> Priced | None: ...


def check_catalog(catalog: object, *parts: str) -> None:
    """See that a catalogue was given, by the parts of it that are needed.

    Raises:
        TypeError: `catalog` is none; a function that makes one is none yet.
    """
    if all(hasattr(catalog, part) for part in parts):
        return
    if callable(catalog):
        name = name_of(catalog)
        raise TypeError(f"{name} is a function and no catalogue: put brackets behind it, {name}()")
    raise TypeError(f"a {type(catalog).__name__} is no catalogue: give labkit.models.catalog.catalog()")


def price_of(prices: Prices, usage: Usage) -> float | None:
    """What a sample costs in USD; `None` where the catalogue has no price for its model."""
    model = prices.find(usage.model)
    return None if model is None else _price(model, usage)


def highest(prices: Prices, usage: Usage) -> float:
    """What a sample of so many tokens costs in USD with the most expensive model of the catalogue."""
    return max((price for model in prices.models if (price := _price(model, usage)) is not None), default=0.0)


def _price(model: Priced, usage: Usage) -> float | None:
    try:
        return model.price(usage.input_tokens, usage.output_tokens)
    except LookupError:
        return None


def dollars(usd: float) -> str:
    """`$1.50`, and as many digits as a small amount needs: `$0.000042`."""
    whole, _, part = f"{usd:,.9f}".rstrip("0").partition(".")
    return f"${whole}.{part:0<2}"
