"""The database of an operations team: a year of orders, incidents and latency, some 50,000 rows, made up from a seed.

A shop grows through the year, sells less on Sundays and in summer and more before Christmas, opens a region in June.
Its figures are as figures are: noise with heavy tails that lasts a day or two, cells that are empty, rows that were
imported twice. Into them things are planted that a person would see on a chart (some six usual distances, or several
days): `Truth` says which, when and how large.

The draws are PCG64's own bits, which NumPy keeps from version to version (NEP 19), and what is made of them is rounded:
a seed gives the same database everywhere.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST = date(2025, 1, 1)
DAYS = 365

REGIONS = {"north": 0.36, "south": 0.28, "east": 0.21, "islands": 0.15, "west": 0.17}
"""The regions with their part of the orders; `west` comes on top of the others, from summer on."""

PRODUCTS = {
    "cable": (12.0, 0.2),
    "battery": (18.0, 0.22),
    "lamp": (34.0, 0.22),
    "router": (69.0, 0.18),
    "camera": (99.0, 0.12),
    "monitor": (149.0, 0.06),
}
"""The products with their price in EUR and their part of the orders."""

SERVICES = {
    "checkout": (120.0, 9_000.0, 0.16),
    "login": (55.0, 14_000.0, 0.1),
    "mail": (260.0, 2_500.0, 0.1),
    "payments": (180.0, 6_000.0, 0.18),
    "search": (90.0, 26_000.0, 0.16),
    "stock": (75.0, 8_000.0, 0.12),
    "web": (40.0, 60_000.0, 0.18),
}
"""The services with their median latency in ms, their requests in six hours and their part of the incidents."""

WEEK = (1.04, 0.98, 0.97, 1.0, 1.08, 1.15, 0.78)
"""What a weekday does to orders and requests, from Monday on."""

WORKING_WEEK = (1.25, 1.15, 1.1, 1.1, 1.1, 0.65, 0.65)
"""What a weekday does to incidents: what nobody changes breaks less."""

_SCHEMA = """
CREATE TABLE orders (
    order_id INTEGER, placed_at TEXT, region TEXT, product TEXT, quantity INTEGER, revenue REAL, status TEXT);
CREATE TABLE incidents (
    incident_id INTEGER, opened_at TEXT, closed_at TEXT, service TEXT, severity TEXT, minutes_to_close REAL);
CREATE TABLE latency (measured_at TEXT, service TEXT, p50_ms REAL, p95_ms REAL, requests INTEGER, errors INTEGER);
"""

Kind = Literal["spike", "drop", "shift", "missing", "drift"]


@dataclass(frozen=True, slots=True)
class Planted:
    """Something that happened in the made-up year.

    Attributes:
        table: Where it shows.
        metric: The column in which it shows; the table's name where it shows in the number of rows.
        kind: One day or a few above or below what was due, another level from then on, no rows, a slow departure.
        day: The first day.
        until: The last day.
        size: What was due is multiplied by this; by a drift, in the end; 0 where rows are missing.
        group: The one group in which it happened, `region south`; empty where it happened in all.
        cause: What the operations team would say.
    """

    table: str
    metric: str
    kind: Kind
    day: date
    until: date
    size: float
    group: str
    cause: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What was planted.

    Attributes:
        seed: The seed.
        growth: By table and metric, by what the year multiplies the level, what is planted aside.
        weekdays: By table, by what a weekday multiplies it, from Monday on.
        begins: The first day of a group that is not there from the beginning, by its name.
        anomalies: What happened, in order of days.
    """

    seed: int
    growth: dict[tuple[str, str], float]
    weekdays: dict[str, tuple[float, ...]]
    begins: dict[str, date]
    anomalies: tuple[Planted, ...]


def write_database(path: Path | str, seed: int = 2025) -> Truth:
    """Write the database of a seed to a new file.

    Args:
        path: The file; what was there is replaced.
        seed: Not negative.
    """
    year = _Year(seed)
    Path(path).unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_SCHEMA)
        for name, columns in (("orders", year.orders()), ("incidents", year.incidents()), ("latency", year.latency())):
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", zip(*columns, strict=True))  # noqa: S608
    planted = sorted(year.planted, key=lambda one: (one.day, one.table, one.metric, one.group))
    return Truth(seed, year.growth, {"orders": WEEK, "incidents": WORKING_WEEK}, year.begins, tuple(planted))


class _Draws:
    """Random numbers by arithmetic of our own on the generator's bits."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, *shape: int) -> Floats:
        """Above 0 and below 1."""
        raw = self._bits.random_raw(int(np.prod(shape, dtype=int)))
        return ((raw >> np.uint64(12)).astype(np.float64) + 0.5).reshape(shape) * 2.0**-52

    def normal(self, *shape: int) -> Floats:
        """The sum of twelve uniform numbers, which has no tails beyond six."""
        raw = self._bits.random_raw(12 * int(np.prod(shape, dtype=int))) >> np.uint64(32)
        return raw.reshape(*shape, 12).sum(axis=-1).astype(np.float64) * 2.0**-32 - 6

    def heavy(self, *shape: int) -> Floats:
        """Student's t with five degrees of freedom, scaled to a standard deviation of 1 and cut at 4.5 of them."""
        others = self.normal(*shape, 5)
        return np.clip(self.normal(*shape) / np.sqrt((others * others).sum(axis=-1) / 3), -4.5, 4.5)

    def between(self, low: float, high: float) -> float:
        """A number between two, to two places."""
        return round(low + (high - low) * float(self.uniform(1)[0]), 2)

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(float(self.uniform(1)[0]) * (high - low + 1))

    def poisson(self, mean: Floats) -> Ints:
        """How often something happens that is due `mean` times; the mean of each may be up to some hundreds."""
        left = self.uniform(*mean.shape)
        chance = np.exp(-mean)
        number = np.zeros(mean.shape, np.int64)
        for times in range(1, int(mean.max(initial=0) * 2) + 40):
            more = left > chance
            if not more.any():
                break
            left = np.where(more, left - chance, -1.0)
            number[more] = times
            chance = chance * mean / times
        return number

    def choice(self, weights: Sequence[float] | Floats, number: int) -> Ints:
        """Places in `weights`, each as often as its weight says."""
        ends = np.cumsum(np.asarray(weights, np.float64))
        return np.searchsorted(ends / ends[-1], self.uniform(number)).astype(np.int64)

    def daily_noise(self, spread: float) -> Floats:
        """A factor for each day; a third of it is still there on the next."""
        shocks = self.heavy(DAYS)
        kept = np.empty(DAYS)
        last = 0.0
        for day in range(DAYS):
            last = 0.33 * last + 0.94 * float(shocks[day])
            kept[day] = last
        return np.exp(spread * kept)


class _Year:
    """The year of a seed: first what is due each day, then what happens, then rows."""

    def __init__(self, seed: int) -> None:
        self.draws = draws = _Draws(seed)
        self.days = np.datetime64(FIRST) + np.arange(DAYS)
        number = np.arange(DAYS)
        weekday = (self.days.astype(np.int64) + 3) % 7
        growth = draws.between(1.15, 1.35)
        summer = 1 - 0.1 * np.exp(-(((number - 205) / 32) ** 2))
        christmas = 1 + 0.3 * np.exp(-(((number - 344) / 13) ** 2))
        busy = growth ** (number / (DAYS - 1)) * summer * christmas * np.array(WEEK)[weekday]
        opening = draws.whole(150, 185)
        self.orders_due = 88 * np.outer(busy * draws.daily_noise(0.045), list(REGIONS.values()))
        self.orders_due[:, -1] *= np.clip((number - opening + 4) / 80, 0, 1) * (number >= opening)
        self.price = np.ones(DAYS)
        self.bulk = np.zeros(DAYS)
        parts = [part for *_, part in SERVICES.values()]
        self.incidents_due = np.outer(5.2 * np.array(WORKING_WEEK)[weekday] * draws.daily_noise(0.12), parts)
        self.minutes = draws.daily_noise(0.1)
        each = np.ones(len(SERVICES))
        self.slow = np.outer(draws.daily_noise(0.03), each) * np.exp(0.03 * draws.heavy(DAYS, len(SERVICES)))
        self.requests_due = np.outer(busy * draws.daily_noise(0.035), each)
        rate = np.outer(draws.daily_noise(0.1), each) * np.exp(0.1 * draws.heavy(DAYS, len(SERVICES)))
        self.errors_due = 0.0016 * busy[:, None] * rate
        self.there = {name: np.ones(DAYS, bool) for name in ("orders", "incidents", "latency")}
        self.growth = {("orders", "orders"): growth}
        self.begins = {"region west": self._day(opening)}
        self.planted: list[Planted] = []
        self._taken = {name: np.zeros(DAYS, bool) for name in self.there}
        self._orders_happen()
        self._incidents_happen()
        self._latency_happens()

    def _day(self, number: int) -> date:
        return self.days[number].item()

    def _free(self, length: int, low: int, high: int, *tables: str) -> slice:
        """Days of some tables, between two numbers of days and a fortnight away from all that happens there already."""
        for _ in range(10_000):
            start = self.draws.whole(low, high - length)
            around = slice(max(0, start - 14), start + length + 14)
            if not any(self._taken[table][around].any() for table in tables):
                return self._take(start, length, *tables)
        raise AssertionError("A year has room for what happens in it.")

    def _take(self, start: int, length: int, *tables: str) -> slice:
        for table in tables:
            self._taken[table][start : start + length] = True
        return slice(start, start + length)

    def _plant(self, where: str, kind: Kind, days: slice, size: float, *, cause: str, group: str = "") -> None:
        """Write down what shows; `where` names tables and metrics as `orders.revenue orders.orders`."""
        for place in where.split():
            table, metric = place.split(".")
            first, last = self._day(days.start), self._day(days.stop - 1)
            self.planted.append(Planted(table, metric, kind, first, last, size, group, cause))

    def _lost(self, table: str, metrics: str, length: int, cause: str) -> None:
        """Rows that are missing."""
        days = self._free(length, 25, 340, table)
        self.there[table][days] = False
        self._plant(" ".join(f"{table}.{metric}" for metric in metrics.split()), "missing", days, 0.0, cause=cause)

    def _orders_happen(self) -> None:
        draws, orders = self.draws, "orders.revenue orders.quantity orders.orders"
        for start, length, size, visits, cause in (
            (0, 1, 0.28, 0.6, "New Year's Day"),
            (331, 1, 3.0, 1.45, "Black Friday"),
            (358, 2, 0.3, 0.6, "Christmas"),
        ):
            days = self._take(start, length, "orders", "latency")
            self.orders_due[days] *= size
            self.requests_due[days] *= visits
            kind: Kind = "spike" if size > 1 else "drop"
            self._plant(orders, kind, days, size, cause=cause)
            self._plant("latency.requests", kind, days, visits, cause=cause)
        rise = self._free(1, 60, 270, "orders").start
        size = draws.between(1.5, 1.7)
        self.price[rise:] *= size
        self._plant("orders.revenue", "shift", slice(rise, DAYS), size, cause="a dearer range came in")
        days = self._free(1, 20, 320, "orders", "latency")
        size, visits = draws.between(2.8, 3.5), draws.between(1.4, 1.6)
        self.orders_due[days] *= size
        self.requests_due[days] *= visits
        self._plant(orders, "spike", days, size, cause="a campaign")
        self._plant("latency.requests", "spike", days, visits, cause="a campaign")
        days = self._free(draws.whole(1, 2), 20, 320, "orders", "latency")
        size, errors = draws.between(0.12, 0.3), draws.between(9, 14)
        self.orders_due[days] *= size
        self.errors_due[days, 0] *= errors
        self._plant(orders, "drop", days, size, cause="the checkout failed")
        self._plant("latency.errors", "spike", days, errors, cause="the checkout failed", group="service checkout")
        days = self._free(1, 20, 320, "orders")
        self.bulk[days] = size = draws.between(2.8, 3.4)
        self._plant("orders.revenue", "spike", days, size, cause="one order of many monitors")
        days = self._free(draws.whole(4, 6), 20, 320, "orders")
        size = draws.between(0.1, 0.18)
        self.orders_due[days, 1] *= size
        self._plant(orders, "drop", days, size, cause="a warehouse was closed", group="region south")
        self._lost("orders", "revenue quantity orders", draws.whole(1, 3), "the import did not run")

    def _incidents_happen(self) -> None:
        draws = self.draws
        days = self._free(draws.whole(60, 90), 60, 320, "incidents")
        size = draws.between(2, 2.4)
        self.incidents_due[days] *= size
        self._plant("incidents.incidents", "shift", days, size, cause="a migration")
        for cause in ("an alert storm", "a switch failed"):
            storm = self._free(1, 20, 345, "incidents")
            size = draws.between(8, 11)
            self.incidents_due[storm] *= size
            self._plant("incidents.incidents", "spike", storm, size, cause=cause)
        self._lost("incidents", "incidents minutes_to_close", draws.whole(4, 6), "the ticket system moved")
        first = draws.whole(60, 220)
        size = draws.between(2.2, 2.8)
        self.minutes[first : first + 80] *= size
        self._plant(
            "incidents.minutes_to_close", "shift", slice(first, first + 80), size, cause="nobody on call at night"
        )

    def _latency_happens(self) -> None:
        draws, both = self.draws, "latency.p95_ms latency.p50_ms"
        names = list(SERVICES)
        first, size = draws.whole(90, 210), draws.between(1.6, 2)
        through = np.clip((np.arange(DAYS) - first) / (DAYS - 1 - first), 0, 1)
        self.slow[:, names.index("search")] *= size**through
        self._plant(both, "drift", slice(first, DAYS), size, cause="the index grows", group="service search")
        first, size = draws.whole(60, 300), draws.between(0.5, 0.62)
        self.slow[first:, names.index("checkout")] *= size
        self._plant(both, "shift", slice(first, DAYS), size, cause="a cache", group="service checkout")
        days = self._free(1, 20, 345, "latency")
        size = draws.between(1.7, 2.2)
        self.slow[days] *= size
        self._plant(both, "spike", days, size, cause="the network was slow")
        days = self._free(draws.whole(1, 3), 20, 345, "latency")
        size = draws.between(2.5, 4)
        self.slow[days, names.index("payments")] *= size
        self._plant(both, "spike", days, size, cause="the bank was slow", group="service payments")
        days = self._free(1, 20, 345, "latency")
        size = draws.between(8, 14)
        self.errors_due[days, names.index("login")] *= size
        self._plant("latency.errors", "spike", days, size, cause="a certificate expired", group="service login")
        self._lost("latency", "p95_ms p50_ms requests errors", draws.whole(1, 3), "the collector was down")

    def orders(self) -> list[list[Any]]:
        """The columns of the orders, in order of time."""
        draws = self.draws
        number = draws.poisson(self.orders_due) * self.there["orders"][:, None]
        day = np.repeat(np.arange(DAYS), number.sum(axis=1))
        region = np.concatenate([np.repeat(np.arange(len(REGIONS)), row) for row in number])
        regions = _some(_texts(REGIONS)[region], draws.uniform(len(day)) < 0.006)
        hour = draws.choice([1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 9, 9, 8, 8, 8, 9, 10, 11, 11, 9, 6, 3], len(day))
        when = np.sort(day * 86_400 + hour * 3600 + (draws.uniform(len(day)) * 3600).astype(np.int64))
        price: Floats
        price, part = np.array(list(PRODUCTS.values())).T
        product = draws.choice(part, len(day))
        quantity = draws.choice([0.76, 0.16, 0.05, 0.02, 0.01], len(day)) + 1
        due = self.orders_due.sum(axis=1) * float(price @ part) * 1.36
        for at in np.flatnonzero(self.bulk):
            row = int(np.searchsorted(day, at)) + 7
            product[row] = len(PRODUCTS) - 1
            quantity[row] = round((self.bulk[at] - 1) * due[at] / price[-1])
        off = 1 - 0.05 * draws.choice([6, 2, 1, 1], len(day))
        revenue: Floats = np.round(price[product] * quantity * off * self.price[day], 2)
        paid = _some(revenue, draws.uniform(len(day)) < 0.004)
        status = _texts(["delivered", "returned", "cancelled"])[draws.choice([0.9, 0.07, 0.03], len(day))]
        columns: list[NDArray[Any]] = [
            np.arange(100_001, 100_001 + len(day)),
            _times(when),
            regions,
            _texts(PRODUCTS)[product],
        ]
        columns += [quantity, paid, status]
        twice = np.sort(np.concatenate((np.arange(len(day)), (draws.uniform(36) * len(day)).astype(np.int64))))
        return [column[twice].tolist() for column in columns]

    def incidents(self) -> list[list[Any]]:
        """The columns of the incidents, in order of time."""
        draws = self.draws
        number = draws.poisson(self.incidents_due) * self.there["incidents"][:, None]
        day = np.repeat(np.arange(DAYS), number.sum(axis=1))
        service = np.concatenate([np.repeat(np.arange(len(SERVICES)), row) for row in number])
        when = np.sort(day * 86_400 + (draws.uniform(len(day)) * 86_400).astype(np.int64))
        severity = draws.choice([0.08, 0.3, 0.62], len(day))
        minutes = np.exp(0.8 * draws.normal(len(day))) * np.array([95.0, 60.0, 42.0])[severity] * self.minutes[day]
        minutes = np.clip(np.round(minutes, 1), 2, 4_320)
        still_open = draws.uniform(len(day)) < 0.02
        closed = _some(_times(when + (minutes * 60).astype(np.int64)), still_open)
        columns: list[NDArray[Any]] = [
            np.arange(5001, 5001 + len(day)),
            _times(when),
            closed,
            _texts(SERVICES)[service],
        ]
        columns += [_texts(["critical", "major", "minor"])[severity], _some(minutes, still_open)]
        return [column.tolist() for column in columns]

    def latency(self) -> list[list[Any]]:
        """The columns of the latency, each service every eight hours."""
        draws = self.draws
        day, part, service = (axis.ravel() for axis in np.indices((DAYS, 3, len(SERVICES))))
        median: Floats
        requests: Floats
        median, requests, _ = np.array(list(SERVICES.values())).T
        hours: Floats = np.array([0.45, 1.25, 1.3])[part]
        slow = median[service] * self.slow[day, service] * (0.85 + 0.15 * hours)
        p50: Floats = np.round(slow * np.exp(0.05 * draws.heavy(len(day))), 1)
        p95: Floats = np.round(slow * 2.8 * np.exp(0.08 * draws.heavy(len(day))), 1)
        seen: Floats = np.round(
            requests[service] * hours * self.requests_due[day, service] * (1 + 0.03 * draws.normal(len(day)))
        )
        errors = draws.poisson(requests[service] * hours * self.errors_due[day, service])
        unknown = draws.uniform(len(day)) < 0.003
        columns: list[NDArray[Any]] = [
            _times(day * 86_400 + part * 28_800),
            _texts(SERVICES)[service],
            _some(p50, unknown),
        ]
        columns += [_some(p95, unknown), np.round(seen).astype(np.int64), errors]
        kept = self.there["latency"][day]
        return [column[kept].tolist() for column in columns]


def _texts(values: Iterable[str]) -> NDArray[np.object_]:
    return np.array(list(values), np.object_)


def _some(values: NDArray[Any], empty: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The values as Python's own, `None` where a cell is empty."""
    cells = values.astype(np.object_)
    cells[empty] = None
    return cells


def _times(seconds: Ints) -> NDArray[np.object_]:
    """Seconds of the year as ISO 8601."""
    text = np.datetime_as_string(np.datetime64(FIRST, "s") + seconds.astype("timedelta64[s]"), timezone="UTC")
    return text.astype(np.object_)
