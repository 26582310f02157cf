"""A loop of tools that is given up in the middle: nothing is left running, and what was asked is paid and was shown."""

import asyncio
from concurrent.futures import Future
from typing import Any

import pytest
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    InputRequiredResult,
    TextContent,
    ToolUseContent,
)

from labkit import Lab
from labkit.host import Approve, with_approval, with_budget, with_tools
from servers.rounds import MoreNeeded, Rounds
from servers.serving import quietly
from servers.tool_loop import with_own_tools
from tests.story import WIRES, over_http, question, until

pytestmark = pytest.mark.anyio


class Story:
    """A shop whose `errand` lets the model look and fetch, its client's model, and the person who approves each step.

    `place` says where the loop's second turn never ends: with the "person", at the "model", or in the server's "tool".
    `at_work` counts who is at work, or waited for, in these places.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.at_work = 0
        self.shown: list[str] = []
        self.asked: list[CreateMessageRequestParams] = []
        self.is_over = False
        with quietly():
            self.server = MCPServer("shop")

        async def look(title: str) -> str:
            """Look whether a book is there."""
            return "It is."

        async def fetch(title: str) -> str:
            """Fetch a book from the store."""
            return await self.never_ends()

        @self.server.tool(structured_output=False)
        async def errand(ctx: Context) -> str | InputRequiredResult:
            try:
                told = await with_own_tools(Rounds(ctx), ctx, question("Bring Emma."), [look, fetch])
            except MoreNeeded as more:
                return more.result
            return told.answer

    async def never_ends(self) -> Any:
        self.at_work += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.at_work -= 1

    async def model(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        self.asked.append(params)
        turn = len(self.asked)
        if turn == 2 and self.place == "model" and not self.is_over:
            await self.never_ends()
        said: Any = ToolUseContent(id="1", name="look" if turn == 1 else "fetch", input={"title": "Emma"})
        if self.is_over:
            said = TextContent(text="Another time.")
        return CreateMessageResultWithTools(role="assistant", content=[said], model="m")

    def person(self, review: Any) -> Any:
        self.shown.append(review.stage)
        if self.place != "person" or self.shown.count("request") < 2 or self.is_over:
            return Approve()
        self.at_work += 1
        open_: Future[Any] = Future()
        open_.add_done_callback(self.closed)
        return open_

    def closed(self, _: object) -> None:
        self.at_work -= 1


@pytest.mark.parametrize("mode", WIRES)
@pytest.mark.parametrize(
    ("place", "samples", "shown"),
    [
        ("person", 1, ["request", "answer", "request"]),
        ("model", 2, ["request", "answer", "request"]),
        ("tool", 2, ["request", "answer", "request", "answer"]),
    ],
)
@pytest.mark.parametrize("end", ["cancelled", "closed"])
async def test_nothing_is_left_of_a_loop_that_is_given_up(
    mode: str, place: str, samples: int, shown: list[str], end: str
) -> None:
    story = Story(place)
    approval = with_approval(story.model, ask=story.person)
    budget = with_budget(with_tools(approval), samples=10, tokens=100_000)
    lab = Lab(story.server, mode=mode, sampling_callback=budget)
    call = lab.start("errand")
    await until(lambda: story.at_work == 1)
    assert story.shown == shown
    if end == "cancelled":
        call.cancel()
    else:
        lab.close()
    await until(lambda: story.at_work == 0 and not lab._calls.open)
    await until(lambda: budget.spent.samples == samples)
    assert budget.left.samples == 10 - samples
    assert budget.left.tokens == 100_000 - budget.spent.tokens
    assert (len(story.asked), approval.waiting, story.shown) == (samples, 0, shown)
    if end == "cancelled":
        story.is_over = True
        [said] = (await lab.call_tool("errand")).content
        assert isinstance(said, TextContent)
        assert said.text == "Another time."
        lab.close()


@pytest.mark.parametrize("mode", WIRES)
async def test_every_turn_is_shown_and_paid_and_the_one_beyond_is_not_asked(mode: str) -> None:
    story = Story("nowhere")

    async def goes_on(context: object, params: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        story.asked.append(params)
        use = ToolUseContent(id="1", name="look", input={"title": "Emma"})
        return CreateMessageResultWithTools(role="assistant", content=[use], model="m")

    budget = with_budget(with_tools(with_approval(goes_on, ask=story.person), max_rounds=9), samples=3)
    async with Lab(story.server, mode=mode, sampling_callback=budget) as lab:
        try:
            outcome = str(await lab.call_tool("errand"))
        except Exception as error:  # noqa: BLE001 - the newer wire ends the call with the refusal
            outcome = str(error)
    assert (budget.spent.samples, len(story.asked), story.shown) == (3, 3, ["request", "answer"] * 3)
    assert mode == "legacy" or "samples" in outcome


@pytest.mark.parametrize("mode", WIRES)
@pytest.mark.parametrize("place", ["model", "tool"])
async def test_over_http_too_the_server_hears_of_it(mode: str, place: str) -> None:
    story = Story(place)
    with over_http(story.server) as url:
        lab = Lab(url, mode=mode, sampling_callback=with_tools(story.model))
        call = lab.start("errand")
        await until(lambda: story.at_work == 1)
        call.cancel()
        await until(lambda: story.at_work == 0 and not lab._calls.open)
        lab.close()
