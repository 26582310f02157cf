"""`with_bill`: what the samples cost, per tool call and in all, at the prices of a dated catalogue."""

from collections import deque
from dataclasses import dataclass, replace
from math import fsum
from threading import Lock

from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp_types import CreateMessageRequestParams

from labkit.callbacks import Answer
from labkit.cutting import cut
from labkit.host.duty import Duty
from labkit.host.findings import counted, short
from labkit.host.prices import Prices, check_catalog, dollars, price_of
from labkit.host.usage import Usage, metering
from labkit.plain import in_columns
from labkit.steps import Origin, origin, report

KEPT = 10_000
"""Samples that a bill tells one by one; of those before them it tells the sum."""


@dataclass(frozen=True, slots=True)
class Item:
    """One sample on a bill. `usd` is `None` where the catalogue has no price for the model."""

    usage: Usage
    usd: float | None
    origin: Origin | None = None

    @property
    def call(self) -> str:
        """The tool call that the sample was for: `call 3, recommend of bookshop`."""
        if self.origin is None:
            return "call unknown"
        number = "call unknown" if self.origin.call is None else f"call {self.origin.call}"
        return f"{number}, {short(self.origin.tool or 'no tool')} of {short(self.origin.server)}"


class Bill:
    """Tokens times prices. One bill may be kept for a whole lesson, with several Labs.

    bill = Bill(labkit.models.catalog.catalog())
    Lab(server, sampling_callback=with_bill(callback, bill))
    print(bill)      # a line for each call, and the total
    bill.usd         # 0.000123

    Raises:
        TypeError: `prices` is no catalogue.
    """

    def __init__(self, prices: Prices) -> None:
        check_catalog(prices, "find", "models", "checked")
        self._prices = prices
        self._items: deque[Item] = deque()
        self._before = _Sum()
        self._lock = Lock()

    @property
    def prices_of(self) -> str:
        """The month in which the prices were checked: `2026-11`."""
        return self._prices.checked

    @property
    def items(self) -> tuple[Item, ...]:
        """The last samples, in the order in which they were answered: `KEPT` of them, 10,000."""
        with self._lock:
            return tuple(self._items)

    @property
    def usd(self) -> float:
        """What all samples cost whose price is known."""
        return self._sum.usd

    @property
    def _sum(self) -> "_Sum":
        with self._lock:
            return self._before.and_of(*self._items)

    def add(self, usage: Usage, asked_by: Origin | None = None) -> Item:
        """Put a sample on the bill."""
        # A bill may be kept for long, and neither a model's name nor what a tool was called with has an end.
        by = asked_by and replace(asked_by, arguments=None)
        item = Item(replace(usage, model=cut(usage.model, 200)), price_of(self._prices, usage), by)
        with self._lock:
            self._items.append(item)
            if len(self._items) > KEPT:
                self._before = self._before.and_of(self._items.popleft())
        return item

    def by_call(self) -> dict[str, tuple[Item, ...]]:
        """The samples of each tool call, in the order in which the calls first asked. Several Labs are told by name."""
        calls: dict[str, list[Item]] = {}
        items = self.items
        several = len({item.origin.lab for item in items if item.origin}) > 1
        for item in items:
            lab = f", {short(item.origin.lab)}" if several and item.origin and item.origin.lab else ""
            calls.setdefault(item.call + lab, []).append(item)
        return {call: tuple(items) for call, items in calls.items()}

    def __str__(self) -> str:
        before, calls, total = self._before, self.by_call(), self._sum
        rows = [("earlier", "", *before.row)] if before.samples else []
        rows += [(call, _models(items), *_Sum().and_of(*items).row) for call, items in calls.items()]
        rows.append(("total", "", *total.row))
        return "\n".join([*in_columns(rows, 2), f"prices of {self.prices_of}{_reservations(total)}"])


def _models(items: tuple[Item, ...]) -> str:
    """The names of the models that answered, in the order in which they first did."""
    return short(", ".join(dict.fromkeys(item.usage.model for item in items if item.usage.model)))


@dataclass(frozen=True, slots=True)
class _Sum:
    """What samples took together, and the models for which there is no price."""

    samples: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: int = 0
    usd: float = 0.0
    unpriced: tuple[str, ...] = ()

    def and_of(self, *items: Item) -> "_Sum":
        """The sum with more samples."""
        unpriced = (item.usage.model or "an unnamed model" for item in items if item.usd is None)
        return _Sum(
            self.samples + len(items),
            self.input_tokens + sum(item.usage.input_tokens for item in items),
            self.output_tokens + sum(item.usage.output_tokens for item in items),
            self.estimated + sum(item.usage.estimated for item in items),
            fsum([self.usd, *(item.usd or 0.0 for item in items)]),
            tuple(dict.fromkeys([*self.unpriced, *map(short, unpriced)]))[:20],
        )

    @property
    def row(self) -> tuple[str, str, str, str]:
        """`2 samples`, `300 in`, `40 out`, `$0.000050`."""
        return (
            counted(self.samples, "sample"),
            f"{self.input_tokens:,} in",
            f"{self.output_tokens:,} out",
            dollars(self.usd),
        )


def _reservations(total: _Sum) -> str:
    """What the total does not say: that tokens were estimated, or that a price is missing."""
    words = [
        f"{total.estimated:,} of the tokens are estimated" if total.estimated else "",
        f"no price for {', '.join(total.unpriced)}" if total.unpriced else "",
    ]
    return "".join(f"; {word}" for word in words if word)


def with_bill(callback: SamplingFnT, bill: Bill) -> "Billed":
    """Put every sample that `callback` answers on `bill`, whatever becomes of the answer afterwards.

    Raises:
        TypeError: `bill` is none.
    """
    return Billed(callback, bill)


class Billed(Duty):
    """What `with_bill` makes."""

    def __init__(self, callback: SamplingFnT, bill: Bill) -> None:
        super().__init__(callback)
        if not isinstance(bill, Bill):  # pyright: ignore[reportUnnecessaryIsInstance] - a notebook checks no types
            raise TypeError(f"a {type(bill).__name__} is no bill: write with_bill(callback, Bill(catalog()))")
        self.bill = bill

    async def __call__(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Answer:
        """The answer of the callback."""
        with metering(params) as meter:
            try:
                return await self.ask(self.inner[0], context, params)
            finally:
                usage = meter.usage
                if meter.witness.answer is not None or usage.tokens:
                    item = self.bill.add(usage, origin())
                    price = "no price known" if item.usd is None else dollars(item.usd)
                    estimated = ", estimated" if usage.estimated else ""
                    report(f"billed {price} for {counted(usage.tokens, 'token')}{estimated}", usd=item.usd)
