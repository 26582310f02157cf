"""Nearly right answers do not pass: a check kills nine in ten of its solution's mutants, and who lives is known."""

import pytest

from labkit import close_all
from tests.checks.mutants import alive, judged, listed
from tests.checks.solutions import Solution, solutions

pytestmark = pytest.mark.anyio

FEWEST = 20
KILLED = 0.9
"""The part of the mutants that a check kills, those aside that are as right as the solution."""


@pytest.mark.parametrize("solution", [pytest.param(each, id=each.number) for each in solutions()])
async def test_a_check_kills_the_mutants_of_its_solution_and_those_that_live_are_listed(solution: Solution) -> None:
    found = await judged(solution)
    close_all()
    known = listed().get(solution.number, {})
    living = alive(found)
    assert sorted(living - known.keys()) == [], "These pass. Mend the check, or list them with the reason."
    assert sorted(known.keys() - living) == [], "These are listed and do not live, or are no mutants any more."
    assert len(found) >= FEWEST
    wrong = len(found) - sum(reason.startswith("same: ") for reason in known.values())
    assert (len(found) - len(living)) / wrong >= KILLED


def test_each_that_lives_is_listed_with_the_reason() -> None:
    assert listed().keys() <= {solution.number for solution in solutions()}
    for known in listed().values():
        assert all(reason.startswith(("same: ", "left: ")) for reason in known.values())
