"""What the checks of lesson 04 say of servers that ask by hand, as those of 2025 do: well, impatiently, or insistently.

With `Resolve` a server can neither stop waiting nor hear of a refusal; with create_message, on the older wire, it can.
"""

import warnings
from collections.abc import Awaitable, Callable

import anyio
import pytest
from mcp import MCPDeprecationWarning, MCPError
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import CreateMessageResult, TextContent

from labkit.checks.asking_servers import Answers, answered, connect, made, use
from labkit.checks.careful_desk import (
    asks_again_with_the_fault,
    survives_a_client_that_never_answers,
    survives_a_refusal,
    waits_for_a_late_answer,
)
from labkit.checks.engine import Problem
from servers.asking import message
from servers.serving import quietly
from servers.text_analyst import label_in, shown

pytestmark = pytest.mark.anyio

TEAMS = ["database", "network", "storage"]
FAULT = "None of database, network, storage."

Ask = Callable[[], Awaitable[CreateMessageResult]]


async def patiently(ask: Ask) -> CreateMessageResult | None:
    return await ask()


async def impatiently(ask: Ask) -> CreateMessageResult | None:
    with anyio.move_on_after(0.02):
        return await ask()
    return None


async def insistently(ask: Ask) -> CreateMessageResult | None:
    try:
        return await ask()
    except MCPError:
        return await ask()


def desk(how: Callable[[Ask], Awaitable[CreateMessageResult | None]]) -> Callable[[], MCPServer]:
    """A maker of servers that ask with create_message, twice at most."""

    @quietly()
    def by_hand() -> MCPServer:
        server = MCPServer("by hand")

        @server.tool(structured_output=False)
        async def route(ticket: str, ctx: Context) -> str:
            messages = [message("user", ticket)]

            async def ask() -> CreateMessageResult:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", MCPDeprecationWarning)
                    asking = ctx.session.create_message(messages, max_tokens=8)
                return await asking

            for _ in range(2):
                answer = await how(ask)
                if answer is not None and (team := label_in(answer, TEAMS)):
                    return team
                if answer is not None:
                    messages += [message("assistant", shown(answer)), message("user", FAULT)]
            return "unclear"

        return server

    return by_hand


@pytest.mark.parametrize(
    "case",
    [
        asks_again_with_the_fault,
        waits_for_a_late_answer,
        survives_a_client_that_never_answers,
        survives_a_refusal,
    ],
)
async def test_a_server_that_asks_by_hand_and_well_is_let_pass(
    case: Callable[[Callable[[], MCPServer], str], Awaitable[None]],
) -> None:
    await case(desk(patiently), "legacy")


async def test_a_server_that_will_not_wait_is_told_so() -> None:
    with pytest.raises(Problem, match="Waiting is the client's business"):
        await waits_for_a_late_answer(desk(impatiently), "legacy")


async def test_a_server_that_asks_again_after_a_refusal_is_told_so() -> None:
    with pytest.raises(Problem, match="The user refused and was asked 2 times in all"):
        await survives_a_refusal(desk(insistently), "legacy")


async def test_the_same_server_is_told_why_it_cannot_ask_on_the_newer_wire() -> None:
    with pytest.raises(Problem, match="create_message needs a server that sends"):
        await answered(desk(patiently)(), "auto", "route", {"ticket": "The disk is full."}, "storage")


async def test_a_server_without_the_tool_is_told_so_and_a_tool_that_is_a_stub_is_a_todo() -> None:
    def stub() -> MCPServer:
        with quietly():
            server = MCPServer("stub")

        @server.tool(structured_output=False)
        async def other(ticket: str) -> str:
            raise NotImplementedError

        return server

    server = made(stub, "route")
    with connect(server, "auto", Answers("storage")) as lab:
        with pytest.raises(Problem, match="Unknown tool: route"):
            await use(lab, "route", {"ticket": "The disk is full."})
        with pytest.raises(NotImplementedError):
            await use(lab, "other", {"ticket": "The disk is full."})


async def test_a_callback_of_a_check_keeps_what_it_was_asked_and_repeats_its_last_line() -> None:
    picture = CreateMessageResult(role="assistant", model="check", content=TextContent(text="second"))
    answers = Answers("first", picture)
    server = desk(patiently)()
    with connect(server, "legacy", answers) as lab:
        for _ in range(2):
            await use(lab, "route", {"ticket": "The disk is full."}, answers)
    assert len(answers.asked) == 4
    assert [len(params.messages) for params in answers.asked] == [1, 3, 1, 3]
