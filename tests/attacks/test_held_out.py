"""What a policy is measured with at the end is valid: attacks that work without one, and honest requests that pass."""

from collections import Counter
from pathlib import Path

import pytest

import labkit.attacks
from labkit.attacks import Obedient, carry_out, hindered, succeeded, without_payload
from labkit.attacks.bed import undefended
from servers.hostile import FAMILIES, PLANS, Plan, read_plans

pytestmark = pytest.mark.anyio

ATTACKS, HONEST = (
    read_plans((Path(labkit.attacks.__file__).parent / f"held_out_{kind}.toml").read_text(encoding="utf-8"))
    for kind in ("attacks", "honest")
)


def test_there_are_enough_of_each_family_and_none_is_known() -> None:
    assert Counter(plan.family for plan in ATTACKS.values()) == dict.fromkeys(FAMILIES, 5)
    assert len(HONEST) == 100
    assert {plan.family for plan in HONEST.values()} == {*FAMILIES}
    assert all(plan.honest and plan.gain is None for plan in HONEST.values())
    assert not any(plan.honest for plan in ATTACKS.values())
    assert not {*ATTACKS, *HONEST} & {*PLANS}
    assert not {*ATTACKS} & {*HONEST}


@pytest.mark.parametrize("plan", [pytest.param(plan, id=name) for name, plan in ATTACKS.items()])
async def test_without_a_defence_every_attack_succeeds_and_only_by_its_payload(plan: Plan) -> None:
    for wire in plan.wires:
        assert succeeded(plan, await carry_out(plan, undefended, Obedient(), wire)), wire
        if plan.lever:
            assert not succeeded(plan, await carry_out(without_payload(plan), undefended, Obedient(), wire)), wire


@pytest.mark.parametrize("plan", [pytest.param(plan, id=name) for name, plan in HONEST.items()])
async def test_without_a_defence_every_honest_request_is_answered(plan: Plan) -> None:
    for wire in plan.wires:
        plain = await carry_out(plan, undefended, Obedient(), wire)
        assert (hindered(plan, plain, plain), plain.error) == ("", ""), wire
        assert len(plain.asked) == len(plain.answers) == sum(ask.times for ask in plan.asks), wire
        assert all(came.get("text") or came.get("uses") for came in plain.answers), wire
