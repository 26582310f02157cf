"""What the servers share: a question is asked where the client can sample, and an answer is read with care."""

from typing import Annotated

import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ImageContent, TextContent

from servers.asking import LONGEST_ANSWER, ask, message, prefers, shortened, text_of, why_not, words_of
from servers.serving import quietly

pytestmark = pytest.mark.anyio


async def question(topic: str, ctx: Context) -> Sample | None:
    talk = (f"Tell of {topic}.", message("assistant", "Hm."), "Again.")
    model = prefers("haiku", cost=0.5, speed=1, intelligence=0)
    return ask(ctx, "Be short.", *talk, max_tokens=7, temperature=0.5, model=model)


@quietly()
def make_server() -> MCPServer:
    server = MCPServer("teller")

    @server.tool(structured_output=False)
    async def tell(topic: str, answer: Annotated[CreateMessageResult | None, Resolve(question)]) -> str:
        return text_of(answer)

    return server


@pytest.mark.parametrize("wire", ["legacy", "auto"])
async def test_a_client_that_can_sample_is_asked_what_the_server_means(wire: str) -> None:
    heard: list[CreateMessageRequestParams] = []

    async def callback(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
        heard.append(params)
        return CreateMessageResult(role="assistant", model="scripted", content=TextContent(text=" Locks wait.\n"))

    async with Client(make_server(), mode=wire, sampling_callback=callback) as client:
        result = await client.call_tool("tell", {"topic": "locks"})
    assert [block.text for block in result.content if isinstance(block, TextContent)] == ["Locks wait."]
    [asked] = heard
    said = [
        (each.role, block.text) for each in asked.messages for block in each.content_as_list if block.type == "text"
    ]
    assert said == [("user", "Tell of locks."), ("assistant", "Hm."), ("user", "Again.")]
    assert (asked.system_prompt, asked.max_tokens, asked.temperature) == ("Be short.", 7, 0.5)
    assert asked.model_preferences == prefers("haiku", cost=0.5, speed=1, intelligence=0)


@pytest.mark.parametrize("wire", ["legacy", "auto"])
async def test_a_client_that_cannot_sample_is_asked_nothing_and_told_so(wire: str) -> None:
    async with Client(make_server(), mode=wire) as client:
        result = await client.call_tool("tell", {"topic": "locks"})
    assert not result.is_error
    assert "not available, because this client cannot sample." in str(result.content)


def of(content: TextContent | ImageContent) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", model="scripted", content=content)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "this client cannot sample."),
        (of(ImageContent(data="aGk=", mime_type="image/png")), "the client answered with image and not with text."),
        (of(TextContent(text=" \n")), "the client's answer was empty."),
    ],
)
def test_where_there_are_no_words_there_is_a_reason(answer: CreateMessageResult | None, reason: str) -> None:
    assert words_of(answer) is None
    assert why_not(answer) == text_of(answer) == f"not available, because {reason}"


def test_an_answer_longer_than_it_may_be_is_kept_to_its_beginning_and_its_end() -> None:
    words = words_of(of(TextContent(text="first" + 2 * LONGEST_ANSWER * "x" + "last")))
    assert words is not None
    assert (words[:5], words[-4:]) == ("first", "last")
    assert "[... 10,009 characters left out ...]" in words
    assert len(words) < LONGEST_ANSWER + 50


@pytest.mark.parametrize("length", [0, 1, 9, 10])
def test_a_text_that_is_short_enough_is_left_as_it_is(length: int) -> None:
    assert shortened(length * "x", 10) == length * "x"
