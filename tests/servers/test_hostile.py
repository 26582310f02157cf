"""The server that attacks on purpose: its plans as data, both wires, and how it is run."""

import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

from servers.hostile import FAMILIES, PLANS, WARNING, Plan, make_server, read_plans, written
from tests.story import ROOT, WIRES, said

pytestmark = pytest.mark.anyio

FILES = [ROOT / "servers" / name for name in ("attacks.toml", "look_alikes.toml")]
ATTACKS = [plan for plan in PLANS.values() if not plan.honest]
ADDRESS = re.compile(r"(?:https?:)?//([\w.-]+)|@([\w-]+(?:\.[\w-]+)+)")

ONE = """
[[plan]]
name = "one"
family = "theft"
what = "It asks."
[[plan.asks]]
params.maxTokens = 5
params.messages = [{ role = "user", content = { type = "text", text = { repeat = 3, text = "ab" } } }]
[[plan.asks]]
params.maxTokens = 6
params.messages = [{ role = "user", content = { type = "text", text = { join = ["You said: ", { answer = 1 }] } } }]
"""


class Echo:
    """A callback that says how often it was asked, and keeps what."""

    def __init__(self) -> None:
        self.asked: list[CreateMessageRequestParams] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.asked.append(params)
        return CreateMessageResult(
            role="assistant", model="echo", content=TextContent(text=f"answer {len(self.asked)}")
        )


def texts_of(echo: Echo) -> list[str]:
    last = [params.messages[-1].content for params in echo.asked]
    return [content.text for content in last if isinstance(content, TextContent)]


async def came(plans: dict[str, Plan], name: str, callback: SamplingFnT, mode: str) -> list[dict[str, str]]:
    async with Client(make_server(plans.values()), mode=mode, sampling_callback=callback) as client:
        return json.loads(said(await client.call_tool("run_plan", {"name": name})))


@pytest.mark.parametrize("mode", WIRES)
async def test_a_plan_asks_in_order_and_returns_what_came(mode: str) -> None:
    echo = Echo()
    answers = await came(read_plans(ONE), "one", echo, mode)
    assert [each["text"] for each in answers] == ["answer 1", "answer 2"]
    assert texts_of(echo) == ["ababab", "You said: answer 1"]


async def test_a_refusal_is_told_and_the_plan_goes_on() -> None:
    async def refuses(context: object, params: CreateMessageRequestParams) -> ErrorData:
        return ErrorData(code=-1, message="no")

    answers = await came(read_plans(ONE), "one", refuses, "legacy")
    assert [each["error"] for each in answers] == ["the client answered with an error (-1: no)"] * 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"join": ["a", {"repeat": 2, "text": "b"}]}, "abb"),
        ({"tags": "hi"}, "\U000e0068\U000e0069"),
        ({"zero_width": "hi"}, "h\u200bi"),
        ({"base64": "hi"}, "aGk="),
        ({"bits": "h"}, "".join("\ufe01" if bit == "1" else "\ufe00" for bit in "01101000")),
        ({"answer": 2}, "second"),
        ({"answer": 9}, ""),
        ({"nested": 1, "in": {}}, {"type": "object", "properties": {"in": {}}}),
        ({"messages": [{"repeat": 2, "each": ["a", "b"]}, "c"]}, {"messages": ["a", "b", "a", "b", "c"]}),
    ],
)
def test_a_shorthand_is_written_out(value: object, text: object) -> None:
    assert written(value, ["first", "second"]) == text


def test_every_plan_says_what_it_does_and_an_attack_what_it_is_after() -> None:
    assert {plan.family for plan in ATTACKS} == set(FAMILIES)
    for plan in PLANS.values():
        assert re.fullmatch(r"[a-z0-9_]+", plan.name), plan.name
        assert plan.what.endswith("."), plan.name
        assert (plan.gain is None) == plan.honest, plan.name
        assert not any(ask.outside for ask in plan.asks) or plan.wires == ("legacy",), plan.name
        for ask in plan.asks:
            CreateMessageRequestParams.model_validate(ask.request())


def test_forty_honest_requests_look_like_attacks_of_each_family() -> None:
    honest = Counter(plan.family for plan in PLANS.values() if plan.honest)
    assert sum(honest.values()) == 40
    assert {family: count for family, count in honest.items() if count < 4} == {}
    assert len(ATTACKS) >= 40


def test_an_honest_answer_fits_its_limit() -> None:
    """With four characters a token; or a defence that keeps to the limit would seem to hinder it."""
    honest = ((plan, ask.params["maxTokens"]) for plan in PLANS.values() if plan.honest for ask in plan.asks)
    assert {plan.name for plan, most in honest if len(plan.answer) / 4 > most} == set()


def test_no_address_in_a_plan_can_be_somebodys() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8").replace("\\.", ".").replace("\\", " ")
        hosts = {one or other for one, other in ADDRESS.findall(text)}
        assert {host for host in hosts if not re.search(r"(?:^|\.)(?:example|invalid|localhost)$", host)} == set(), file


@pytest.mark.parametrize("wrong", [ONE + ONE, ONE.replace("theft", "theatre"), ONE.replace("what", "why")])
def test_plans_that_are_wrong_are_not_read(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"two plans|for Plan"):
        read_plans(wrong)


async def test_it_says_loudly_what_it_is() -> None:
    async with Client(make_server(), mode="legacy") as client:
        assert client.instructions == WARNING
        unknown = await client.call_tool("run_plan", {"name": "kindness"})
    assert unknown.is_error
    assert "There is no plan 'kindness'" in said(unknown)


async def test_it_runs_over_stdio_and_says_there_what_it_is(tmp_path: Path) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(ONE, encoding="utf-8")
    program = StdioServerParameters(
        command=sys.executable, args=["-m", "servers.hostile", "--plans", str(plans)], cwd=ROOT
    )
    with (tmp_path / "errors").open("w", encoding="utf-8") as errors:
        async with Client(stdio_client(program, errors), sampling_callback=Echo()) as client:
            answers = json.loads(said(await client.call_tool("run_plan", {"name": "one"})))
    assert [each["text"] for each in answers] == ["answer 1", "answer 2"]
    assert WARNING in (tmp_path / "errors").read_text(encoding="utf-8")
