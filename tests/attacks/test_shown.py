"""What the hostile server sends does nothing where it is shown: in a flow (text and picture), and in a review."""

import re

import pytest
from mcp_types import CreateMessageRequestParams

from labkit import Lab
from labkit.attacks import Obedient
from labkit.host import ReviewRequest, render
from labkit.secret_forms.hidden import hidden
from servers.hostile import PLANS, make_server

pytestmark = pytest.mark.anyio

FEW = [plan for plan in PLANS.values() if not plan.honest and max(ask.times for ask in plan.asks) <= 30]
LIVE = re.compile(r"<(?:img|iframe|script|svg/)", re.IGNORECASE)


async def test_in_a_flow() -> None:
    live: dict[str, list[str]] = {}
    for plan in FEW:
        with Lab(make_server([plan]), sampling_callback=Obedient(plan), mode=plan.wires[0]) as lab:
            await lab.call_tool("run_plan", {"name": plan.name})
            flow = lab.flow
        shown = {"text": str(flow), "svg": flow.to_svg(), "mermaid": flow.to_mermaid()}
        if wrong := [way for way, told in shown.items() if hidden(told) or (way != "text" and LIVE.search(told))]:
            live[plan.name] = wrong
    assert live == {}


def test_in_a_review() -> None:
    asked = ((plan, CreateMessageRequestParams.model_validate(ask.request())) for plan in FEW for ask in plan.asks)
    assert [plan.name for plan, params in asked if hidden(render(ReviewRequest(params)))] == []
