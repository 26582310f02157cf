"""The arithmetic of a budget: never negative, never overspent, whatever comes in whatever order."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from labkit.host.ledger import CALLS, MINUTE, UNKNOWN, Amount, Ledger, Limits, Overdrawn, Reservation
from tests.host.any_request import patient

limit = st.none() | st.integers(0, 30)
amounts = st.builds(Amount, st.integers(0, 2), st.integers(0, 20), st.integers(0, 20))


class Connection:
    """Something to hold the calls of."""


class Honest(RuleBasedStateMachine):
    """Reservations are settled for at most what they reserved."""

    reservations: Bundle[Reservation] = Bundle("reservations")

    @initialize(samples=limit, tokens=limit, usd=limit, per_call=limit, per_minute=limit)
    def begin(self, samples: Any, tokens: Any, usd: Any, per_call: Any, per_minute: Any) -> None:
        self.ledger = Ledger(Limits(samples, tokens, usd, per_call, per_minute))
        self.connection = Connection()
        self.now = 0.0
        self.begun: list[float] = []
        self.of_call: Counter[int | str] = Counter()
        self.open: list[Reservation] = []

    @rule(target=reservations, amount=amounts, call=st.sampled_from([None, 1, 2]), later=st.floats(0, 40))
    def reserve(self, amount: Amount, call: int | None, later: float) -> Reservation:
        self.now += later
        before = self.ledger.spent, self.ledger.reserved
        try:
            reservation = self.ledger.reserve(amount, self.connection, call, self.now)
        except Overdrawn:
            assert (self.ledger.spent, self.ledger.reserved) == before
            return Reservation(Amount(), self.connection, 0, settled=True)
        self.begun.append(self.now)
        self.of_call[call or f"in {self.now // UNKNOWN}"] += amount.samples
        self.open.append(reservation)
        return reservation

    @rule(reservation=consumes(reservations), part=st.fractions(0, 1))
    def settle(self, reservation: Reservation, part: Any) -> None:
        amount = reservation.amount
        used = Amount(amount.samples, int(amount.tokens * part), int(amount.nano_usd * part))
        spent = self.ledger.spent
        was_open = not reservation.settled
        self.ledger.settle(reservation, used)
        self.ledger.settle(reservation, Amount(1, 1, 1))
        assert self.ledger.spent == (spent + used if was_open else spent)
        if was_open:
            self.open.remove(reservation)

    @invariant()
    def nothing_is_negative_and_nothing_overspent(self) -> None:
        ledger, limits = self.ledger, self.ledger.limits
        assert ledger.reserved == sum((each.amount for each in self.open), Amount())
        gone = ledger.spent + ledger.reserved
        for name in ("samples", "tokens", "nano_usd"):
            most, left = getattr(limits, name), getattr(ledger.left, name)
            assert getattr(ledger.spent, name) >= 0
            assert getattr(ledger.reserved, name) >= 0
            assert (left is None) == (most is None)
            assert most is None or (getattr(gone, name) <= most and left == most - getattr(gone, name))
        if limits.per_call is not None:
            assert max(self.of_call.values(), default=0) <= limits.per_call
        if limits.per_minute is not None:
            assert len([begun for begun in self.begun if self.now - begun < MINUTE]) <= limits.per_minute


TestHonest = Honest.TestCase
TestHonest.settings = settings(patient, max_examples=50, stateful_step_count=20)


@patient
@given(st.lists(amounts, max_size=20), st.integers(0, 5))
def test_what_is_used_beyond_the_reservation_is_booked_and_nothing_is_left_below_zero(
    used: list[Amount], samples: int
) -> None:
    ledger, connection, booked = Ledger(Limits(samples=samples, tokens=10)), Connection(), Amount()
    for amount in used:
        try:
            reservation = ledger.reserve(Amount(1, 1), connection, 1, 0.0)
        except Overdrawn:
            continue
        ledger.settle(reservation, amount)
        booked += amount
    assert ledger.spent == booked
    left = ledger.left
    assert left.samples is not None
    assert left.tokens is not None
    assert left.samples >= 0
    assert left.tokens >= 0


def test_a_minute_is_any_sixty_seconds() -> None:
    ledger, connection = Ledger(Limits(per_minute=2)), Connection()
    ledger.reserve(Amount(1), connection, 1, 10.0)
    ledger.reserve(Amount(1), connection, 1, 69.0)
    with pytest.raises(Overdrawn, match=r"^2 samples a minute; the next in 1 s$"):
        ledger.reserve(Amount(1), connection, 1, 69.5)
    ledger.reserve(Amount(1), connection, 1, 70.0)


def test_a_sample_that_was_given_back_can_be_had_by_its_call_again() -> None:
    ledger, connection = Ledger(Limits(per_call=1)), Connection()
    ledger.settle(ledger.reserve(Amount(1), connection, 7, 0.0), Amount())
    ledger.reserve(Amount(1), connection, 7, 0.0)
    ledger.reserve(Amount(1), connection, 8, 0.0)
    ledger.reserve(Amount(1), Connection(), 7, 0.0)
    with pytest.raises(Overdrawn, match=r"1 of 1 sample for one call$"):
        ledger.reserve(Amount(1), connection, 7, 0.0)


def test_samples_of_calls_that_are_not_known_count_as_one_call() -> None:
    ledger, connection = Ledger(Limits(per_call=1)), Connection()
    ledger.reserve(Amount(1), connection, None, 0.0)
    with pytest.raises(Overdrawn, match="which call asks is not known, so all of 600 s count as one"):
        ledger.reserve(Amount(1), connection, None, UNKNOWN - 1)
    ledger.reserve(Amount(1), connection, None, UNKNOWN)
    ledger.reserve(Amount(1), connection, 1, UNKNOWN)
    with pytest.raises(Overdrawn, match=r"1 of 1 sample for one call$"):
        ledger.reserve(Amount(1), connection, 1, UNKNOWN * 9)


def test_where_none_may_begin_no_next_one_is_promised() -> None:
    with pytest.raises(Overdrawn, match=r"^0 samples a minute$"):
        Ledger(Limits(per_minute=0)).reserve(Amount(1), Connection(), 1, 0.0)


def test_more_can_be_set_aside_for_a_sample_as_far_as_there_is_more() -> None:
    ledger, connection = Ledger(Limits(samples=2, tokens=100)), Connection()
    one = ledger.reserve(Amount(1, 30), connection, 1, 0.0)
    assert not ledger.extend(one, Amount(1, 20))
    assert ledger.extend(one, Amount(1, 60))
    assert ledger.left == Limits(samples=1, tokens=40)
    with pytest.raises(Overdrawn, match="it may take 101 tokens, and 100 of 100 are left"):
        ledger.extend(one, Amount(1, 101))
    assert ledger.left == Limits(samples=1, tokens=40)
    ledger.settle(one, Amount(1, 50))
    assert not ledger.extend(one, Amount(1, 90))
    assert ledger.left == Limits(samples=1, tokens=50)
    assert ledger.reserved == Amount()


@pytest.mark.parametrize("name", ["samples", "tokens", "usd", "per_call", "per_minute"])
def test_a_negative_limit_is_refused(name: str) -> None:
    limit: Any = {name: -1}
    with pytest.raises(ValueError, match=f"^{name} is -1, and it must be .*, 0 or more$"):
        Limits.of(**limit)


def test_of_so_many_calls_the_last_are_counted_and_one_that_still_asks_is_not_forgotten() -> None:
    ledger, connection = Ledger(Limits(per_call=CALLS)), Connection()
    for call in range(CALLS + 5):
        for asks in (None, call):
            ledger.reserve(Amount(1), connection, asks, 0.0) if asks is not None or call < CALLS else None
    assert len(ledger._calls[connection]) == CALLS
    with pytest.raises(Overdrawn, match=r"10,?000 of 10,000 samples for one call, and which call asks is not known"):
        ledger.reserve(Amount(1), connection, None, 0.0)
