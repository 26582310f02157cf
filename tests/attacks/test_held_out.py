"""What a policy is measured with, and was not built with: attacks that work without one, and honest requests."""

from collections import Counter
from pathlib import Path

import pytest

import labkit.attacks
from labkit.attacks import Obedient, attack_matrix, carry_out, succeeded, without_payload
from labkit.attacks.bed import undefended
from servers.hostile import FAMILIES, PLANS, Plan, read_plans

pytestmark = pytest.mark.anyio


def _read(file: Path) -> dict[str, Plan]:
    return read_plans(file.read_text(encoding="utf-8"))


HELD_OUT = _read(Path(labkit.attacks.__file__).parent / "held_out_attacks.toml")
"""What lesson 12 tries a student's policy with."""

FRESH_ATTACKS, FRESH_HONEST = (_read(Path(__file__).parent / f"fresh_{kind}.toml") for kind in ("attacks", "honest"))
"""Written without sight of the recommended policy, when that was finished."""


@pytest.mark.parametrize("attacks", [HELD_OUT, FRESH_ATTACKS], ids=["held out", "fresh"])
def test_there_are_enough_of_each_family_and_none_is_known(attacks: dict[str, Plan]) -> None:
    assert Counter(plan.family for plan in attacks.values()) == dict.fromkeys(FAMILIES, 5)
    assert not any(plan.honest for plan in attacks.values())
    assert not {*attacks} & {*PLANS}


def test_the_honest_requests_are_a_hundred_that_look_like_every_family() -> None:
    assert len(FRESH_HONEST) == 100
    assert {plan.family for plan in FRESH_HONEST.values()} == {*FAMILIES}
    assert all(plan.honest and plan.gain is None for plan in FRESH_HONEST.values())
    assert not {*FRESH_HONEST} & {*PLANS, *HELD_OUT, *FRESH_ATTACKS}


@pytest.mark.parametrize("plan", [pytest.param(plan, id=name) for name, plan in HELD_OUT.items()])
async def test_without_a_defence_every_attack_succeeds_and_only_by_its_payload(plan: Plan) -> None:
    for wire in plan.wires:
        assert succeeded(plan, await carry_out(plan, undefended, Obedient(), wire)), wire
        if plan.lever:
            assert not succeeded(plan, await carry_out(without_payload(plan), undefended, Obedient(), wire)), wire


async def test_the_bars_of_the_recommended_policy_hold_for_what_it_was_not_built_with() -> None:
    assert (await attack_matrix(["policy"], plans=FRESH_ATTACKS.values())).broken == []
    assert (await attack_matrix(["policy"], plans=FRESH_HONEST.values(), wires=["auto"])).broken == []
