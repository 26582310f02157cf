"""The arithmetic of a budget: reserve, settle, and what is left. Whole numbers only, and one change at a time.

What is reserved counts as gone until it is settled, so a hundred requests at once cannot take what only one may have.
"""

from collections import deque
from dataclasses import dataclass
from math import ceil
from threading import Lock
from weakref import WeakKeyDictionary

from labkit.cutting import Latest
from labkit.host.findings import counted
from labkit.host.prices import dollars
from labkit.numbers import checked_limit, checked_number

NANO = 1_000_000_000
"""Parts of a dollar that are counted. A token of the cheapest models costs about a hundred of them."""

MINUTE = 60.0

UNKNOWN = 600.0
"""Seconds in which all samples of a connection count as one call, where nobody tells which call asks."""

CALLS = 10_000
"""Calls of a connection whose samples are counted. One that has not asked since so many others did begins anew."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Something to spend: samples, tokens (some of them estimated), and billionths of a US dollar."""

    samples: int = 0
    tokens: int = 0
    nano_usd: int = 0
    estimated: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            self.samples + other.samples,
            self.tokens + other.tokens,
            self.nano_usd + other.nano_usd,
            self.estimated + other.estimated,
        )

    def __sub__(self, other: "Amount") -> "Amount":
        return self + Amount(-other.samples, -other.tokens, -other.nano_usd, -other.estimated)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be spent; `None` where there is no limit. `per_call` and `per_minute` are numbers of samples.

    `Limits.of` makes them of what a person wrote.
    """

    samples: int | None = None
    tokens: int | None = None
    nano_usd: int | None = None
    per_call: int | None = None
    per_minute: int | None = None

    @classmethod
    def of(
        cls,
        samples: int | None = None,
        tokens: int | None = None,
        usd: float | None = None,
        per_call: int | None = None,
        per_minute: int | None = None,
    ) -> "Limits":
        """Limits with the dollars as they are usually written.

        Raises:
            ValueError: One is no number of its kind, or negative.
        """
        return cls(
            checked_limit("samples", samples),
            checked_limit("tokens", tokens),
            None if usd is None else round(checked_number("usd", usd) * NANO),
            checked_limit("per_call", per_call),
            checked_limit("per_minute", per_minute),
        )


class Overdrawn(Exception):
    """A limit does not allow a reservation. The text says which: `20 of 20 samples`."""


@dataclass(eq=False, slots=True)
class Reservation:
    """An amount that nobody else can spend until it is settled."""

    amount: Amount
    connection: object
    call: int
    settled: bool = False


class Ledger:
    """What was spent and what is reserved, within limits. Any thread may use it.

    `spent + reserved` is never above a limit, unless a settlement is: then the truth is booked, and nothing more is
    let through.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.spent = Amount()
        self.reserved = Amount()
        self._minute: deque[float] = deque()
        self._calls: WeakKeyDictionary[object, dict[int, int]] = WeakKeyDictionary()
        self._lock = Lock()
        self.of_last_call = 0
        """Samples of the call that asked last."""

    @property
    def left(self) -> Limits:
        """What can still be reserved; `None` where there is no limit."""
        with self._lock:
            gone = self.spent + self.reserved
        return Limits(
            _left(self.limits.samples, gone.samples),
            _left(self.limits.tokens, gone.tokens),
            _left(self.limits.nano_usd, gone.nano_usd),
        )

    def reserve(self, amount: Amount, connection: object, call: int | None, now: float) -> Reservation:
        """Set `amount` aside for a sample of the call numbered `call`, if known, on `connection`, at `now` seconds.

        Raises:
            Overdrawn: A limit does not allow it, and nothing was set aside.
        """
        call = call_at(call, now)
        with self._lock:
            self._hold_back(amount, connection, call, now)
            self.reserved += amount
            self._count(connection, call, amount.samples)
            if self.limits.per_minute is not None:
                self._minute.append(now)
            return Reservation(amount, connection, call)

    def extend(self, reservation: Reservation, amount: Amount) -> bool:
        """Set more aside for a sample that may take `amount` after all. A reservation of more stays as it is.

        Returns:
            Whether more had to be set aside.

        Raises:
            Overdrawn: The limits do not allow it, and the reservation stays as it was.
        """
        with self._lock:
            held = reservation.amount
            wanted = Amount(held.samples, max(held.tokens, amount.tokens), max(held.nano_usd, amount.nano_usd))
            if reservation.settled or wanted == held:
                return False
            self._hold_back_price(amount, self.spent + self.reserved - held)
            self.reserved += wanted - held
            reservation.amount = wanted
            return True

    def again(self, reservation: Reservation, amount: Amount, now: float) -> None:
        """Begin another try at a reserved sample, which may take `amount` with those before it, at `now` seconds.

        Raises:
            Overdrawn: The limits do not allow it, and nothing was changed.
        """
        with self._lock:
            self._hold_back_rate(now)
        self.extend(reservation, amount)
        with self._lock:
            if self.limits.per_minute is not None:
                self._minute.append(now)

    def in_the_last_minute(self, now: float) -> tuple[int, float]:
        """How many samples began in the 60 seconds before `now`, and seconds until the first of them is older."""
        with self._lock:
            self._forget_before(now)
            return len(self._minute), MINUTE - (now - self._minute[0]) if self._minute else 0.0

    def settle(self, reservation: Reservation, spent: Amount) -> None:
        """Book what was really spent of a reservation and give the rest back. A second time does nothing."""
        with self._lock:
            if reservation.settled:
                return
            reservation.settled = True
            self.reserved -= reservation.amount
            self.spent += spent
            self._count(reservation.connection, reservation.call, spent.samples - reservation.amount.samples)

    def _count(self, connection: object, call: int, samples: int) -> None:
        calls = self._calls.setdefault(connection, Latest(CALLS))
        # What is counted goes to the end: a call that still asks is not forgotten.
        self.of_last_call = calls[call] = calls.pop(call, 0) + samples

    def _forget_before(self, now: float) -> None:
        while self._minute and now - self._minute[0] >= MINUTE:
            self._minute.popleft()

    def _hold_back(self, amount: Amount, connection: object, call: int, now: float) -> None:
        limits, gone = self.limits, self.spent + self.reserved
        if limits.samples is not None and gone.samples + amount.samples > limits.samples:
            raise Overdrawn(f"{gone.samples} of {counted(limits.samples, 'sample')}")
        of_call = self._calls.get(connection, {}).get(call, 0)
        if limits.per_call is not None and of_call + amount.samples > limits.per_call:
            unknown = "" if call >= 0 else f", and which call asks is not known, so all of {UNKNOWN:g} s count as one"
            raise Overdrawn(f"{of_call} of {counted(limits.per_call, 'sample')} for one call{unknown}")
        self._hold_back_price(amount, gone)
        self._hold_back_rate(now)

    def _hold_back_rate(self, now: float) -> None:
        limits = self.limits
        if limits.per_minute is not None:
            self._forget_before(now)
            if len(self._minute) >= limits.per_minute:
                wait = f"; the next in {ceil(MINUTE - (now - self._minute[0]))} s" if self._minute else ""
                raise Overdrawn(f"{counted(limits.per_minute, 'sample')} a minute{wait}")

    def _hold_back_price(self, amount: Amount, gone: Amount) -> None:
        limits = self.limits
        if limits.tokens is not None and gone.tokens + amount.tokens > limits.tokens:
            left = max(0, limits.tokens - gone.tokens)
            raise Overdrawn(f"it may take {amount.tokens:,} tokens, and {left:,} of {limits.tokens:,} are left")
        if limits.nano_usd is not None and gone.nano_usd + amount.nano_usd > limits.nano_usd:
            price, limit = dollars(amount.nano_usd / NANO), dollars(limits.nano_usd / NANO)
            left = dollars(max(0, limits.nano_usd - gone.nano_usd) / NANO)
            raise Overdrawn(f"it may cost {price}, and {left} of {limit} is left")


def call_at(call: int | None, now: float) -> int:
    """The number of a call; where that is not known, one below zero for each ten minutes, by `now` in seconds."""
    return call if call is not None else -1 - int(now // UNKNOWN)


def _left(limit: int | None, gone: int) -> int | None:
    return None if limit is None else max(0, limit - gone)
