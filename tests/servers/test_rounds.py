"""Rounds take the answers to what they asked, and no others; of a model and of a person."""

from typing import Any, Literal

import pytest
from mcp import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    InputRequiredResult,
    TextContent,
)
from pydantic import BaseModel

from servers.asking import NoAnswer, message
from servers.rounds import MoreNeeded, Rounds

pytestmark = pytest.mark.anyio

SAID = CreateMessageResult(role="assistant", model="test", content=TextContent(text="All is well here."))

QUESTION = CreateMessageRequestParams(messages=[message("user", "Well?")], max_tokens=9)


def asking() -> MCPServer:
    server = MCPServer("asking")

    @server.tool(structured_output=False)
    async def ask(ctx: Context) -> str | InputRequiredResult:
        try:
            [answer] = await Rounds(ctx).ask([QUESTION])
        except MoreNeeded as more:
            return more.result
        return answer.text

    return server


async def test_an_answer_without_the_state_of_its_question_is_no_answer() -> None:
    async def never(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise AssertionError

    async with Client(asking(), sampling_callback=never) as client:
        first = await client.session.call_tool("ask", allow_input_required=True)
        assert isinstance(first, InputRequiredResult)
        assert first.input_requests
        answers = dict.fromkeys(first.input_requests, SAID)
        again = await client.session.call_tool("ask", input_responses={**answers}, allow_input_required=True)
        assert isinstance(again, InputRequiredResult)
        last = await client.session.call_tool(
            "ask", input_responses={**answers}, request_state=again.request_state, allow_input_required=True
        )
    assert isinstance(last, CallToolResult)
    assert last.content == [TextContent(text="All is well here.")]


# A person


class Choice(BaseModel):
    size: Literal["small", "large"]
    copies: int = 1


def ordering() -> MCPServer:
    """A tool that asks a model first, then a person."""
    server = MCPServer("ordering")

    @server.tool(structured_output=False)
    async def order(ctx: Context) -> str | InputRequiredResult:
        rounds = Rounds(ctx)
        try:
            [answer] = await rounds.ask([QUESTION])
            choice = await rounds.entered(f"{answer.text} Which one?", Choice)
        except MoreNeeded as more:
            return more.result
        return choice.reason if isinstance(choice, NoAnswer) else f"{choice.copies} {choice.size}"

    return server


async def ordered(mode: str, came: ElicitResult | ErrorData | None) -> str:
    asked: list[ElicitRequestParams] = []

    async def model(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return SAID

    async def person(context: object, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        asked.append(params)
        assert came is not None
        return came

    options: dict[str, Any] = {} if came is None else {"elicitation_callback": person}
    async with Client(ordering(), mode=mode, sampling_callback=model, **options) as client:
        result = await client.call_tool("order")
    assert [each.message for each in asked] == ([] if came is None else ["All is well here. Which one?"])
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    ("came", "told"),
    [
        (ElicitResult(action="accept", content={"size": "small", "copies": 2}), "2 small"),
        (ElicitResult(action="accept", content={"size": "large"}), "1 large"),
        (ElicitResult(action="accept", content={"size": "huge"}), "what the person entered does not fit the form"),
        (ElicitResult(action="accept"), "what the person entered does not fit the form"),
        (ElicitResult(action="decline"), "the person said no"),
        (ElicitResult(action="cancel"), "the person closed the question"),
        (None, "this client cannot ask a person (it declares no elicitation)"),
    ],
)
async def test_what_a_person_enters_is_a_form_or_a_reason(mode: str, came: ElicitResult | None, told: str) -> None:
    assert await ordered(mode, came) == told


async def test_a_client_that_fails_to_ask_the_person_is_told_of_where_the_server_hears_it() -> None:
    failed = ErrorData(code=-32603, message="no window")
    assert await ordered("legacy", failed) == "the client did not ask the person, or not in time"


async def test_an_answer_of_a_model_is_no_choice_of_a_person() -> None:
    async def person(context: object, params: ElicitRequestParams) -> ElicitResult:
        raise AssertionError

    async with Client(ordering(), elicitation_callback=person, sampling_callback=never_asked) as client:
        first = await client.session.call_tool("order", allow_input_required=True)
        assert isinstance(first, InputRequiredResult)
        given: dict[str, Any] = dict.fromkeys(first.input_requests or {}, SAID)
        second = await client.session.call_tool(
            "order", input_responses=given, request_state=first.request_state, allow_input_required=True
        )
        assert isinstance(second, InputRequiredResult)
        given = dict.fromkeys(second.input_requests or {}, SAID)
        last = await client.session.call_tool(
            "order", input_responses=given, request_state=second.request_state, allow_input_required=True
        )
    assert isinstance(last, CallToolResult)
    assert last.content == [TextContent(text="the client answered with something else than a person's choice")]


async def never_asked(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    raise AssertionError
