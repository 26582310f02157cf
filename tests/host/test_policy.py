"""`with_policy`: each field holds, consent covers what is like what was seen, and honest servers are not hindered."""

from types import SimpleNamespace
from typing import Any

import pytest
from mcp import MCPError
from pydantic import ValidationError

from labkit import Lab
from labkit.host import Approve, Policy, ReviewRequest, Switch, with_policy
from tests.host.crowd import Model, Session, crowd
from tests.story import WIRES, bookshop, echo, said

pytestmark = pytest.mark.anyio


class Person:
    """One who approves all, and knows what was shown."""

    def __init__(self) -> None:
        self.shown: list[ReviewRequest] = []

    def __call__(self, request: ReviewRequest) -> Approve:
        self.shown.append(request)
        return Approve()


def connection() -> Any:
    return SimpleNamespace(session=Session())


def test_a_policy_is_read_and_written_as_json() -> None:
    policy = Policy(tools=("search",), ask="always", rules={"secrets": "refuse"})
    assert Policy.model_validate_json(policy.model_dump_json()) == policy
    with pytest.raises(ValidationError, match="there is no rule 'secret'"):
        Policy(rules={"secret": "refuse"})
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Policy.model_validate({"sample": 3})


@pytest.mark.parametrize("mode", WIRES)
async def test_a_person_is_asked_once_in_a_call_and_anew_in_the_next(mode: str) -> None:
    person = Person()
    with Lab(bookshop(), sampling_callback=with_policy(echo, ask=person), mode=mode) as lab:
        for _ in range(2):
            assert said(await lab.call_tool("recommend", {"genre": "crime"})) == "you asked: recommend crime"
    assert len(person.shown) == 2


@pytest.mark.parametrize("mode", WIRES)
async def test_one_call_has_so_many_samples_and_no_more(mode: str) -> None:
    model = Model()
    policy = Policy(samples_per_call=3, ask="never")
    with Lab(crowd(), sampling_callback=with_policy(model, policy), mode=mode) as lab:
        if mode == "legacy":
            assert said(await lab.call_tool("ask_many", {"number": 10})) == "3 answers"
        else:
            with pytest.raises(MCPError, match="3 of 3 samples for one call"):
                await lab.call_tool("ask_many", {"number": 10})
    assert len(model.asked) == 3


@pytest.mark.parametrize("mode", WIRES)
async def test_a_switch_refuses_all_that_comes(mode: str) -> None:
    stop = Switch()
    stop.stop("the class is over")
    with (
        Lab(bookshop(), sampling_callback=with_policy(echo, ask=Person(), stop=stop), mode=mode) as lab,
        pytest.raises(MCPError, match="Stopped by the user: the class is over"),
    ):
        await lab.call_tool("recommend", {"genre": "crime"})
