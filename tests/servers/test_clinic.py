"""The moved servers of the clinic: what each does on the wires that it is for, and what it says on the others."""

from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client, MCPDeprecationWarning
from mcp.server.mcpserver import MCPServer
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    SamplingCapability,
    SamplingToolsCapability,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)

from labkit.checks import scorecard_server
from labkit.checks.apis import Fails, Says
from labkit.checks.asking_servers import text_of
from labkit.checks.standin import Standin, never
from servers.asking import why_not
from servers.clinic import ctx_sample, session_asks, stateless, tool_loop

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings(f"ignore::mcp.{MCPDeprecationWarning.__name__}")]

WIRES = pytest.mark.parametrize("mode", ["legacy", "auto"])
FULL = "03:02 ERROR orders: no space left on device"
SAID = "The disk is full."
TOOLS = SamplingCapability(tools=SamplingToolsCapability())


class Canned:
    """A client's callback that says the same to everything, and keeps what it was asked."""

    def __init__(self, said: str = SAID) -> None:
        self.said = said
        self.asked: list[CreateMessageRequestParams] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.asked.append(params)
        return CreateMessageResult(role="assistant", model="canned", content=TextContent(text=self.said))


class Searching(Canned):
    """One that searches the log for a word first, so many times."""

    def __init__(self, word: str, times: int = 1) -> None:
        super().__init__()
        self.word, self.times = word, times

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Any:
        said = await super().__call__(context, params)
        if len(self.asked) > self.times:
            return said
        use = ToolUseContent(id=f"use {len(self.asked)}", name="find", input={"word": self.word})
        return CreateMessageResultWithTools(role="assistant", model="canned", content=[use], stop_reason="toolUse")


async def called(server: MCPServer, mode: str, tool: str, arguments: dict[str, Any], **client: Any) -> str:
    async with Client(server, mode=mode, **client) as connected:
        result = await connected.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert not result.is_error, result
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text


@WIRES
async def test_a_line_is_explained_with_one_sample(mode: str) -> None:
    model = Canned()
    server = session_asks.make_server()
    assert await called(server, mode, "explain", {"log_line": FULL}, sampling_callback=model) == SAID
    [asked] = model.asked
    assert asked.system_prompt == session_asks.RULES
    assert text_of(asked) == FULL


@WIRES
@pytest.mark.parametrize(
    ("make", "tool", "arguments", "said"),
    [
        (session_asks.make_server, "explain", {"log_line": FULL}, why_not(None)),
        (ctx_sample.make_server, "triage", {"reports": [FULL]}, f"not asked: {FULL}"),
        (tool_loop.make_server, "investigate", {"question": FULL}, tool_loop.NEEDS),
    ],
)
async def test_a_client_that_cannot_sample_is_told_so(
    make: Callable[[], MCPServer], tool: str, arguments: dict[str, Any], said: str, mode: str
) -> None:
    assert await called(make(), mode, tool, arguments) == said


@WIRES
async def test_triage_asks_once_for_each_report_up_to_its_limit(mode: str) -> None:
    model = Canned("High ")
    reports = [f"report {number} of the night" for number in range(ctx_sample.MOST + 2)]
    said = await called(ctx_sample.make_server(), mode, "triage", {"reports": reports}, sampling_callback=model)
    levels = ["high"] * ctx_sample.MOST + ["not asked"] * 2
    assert said.splitlines() == [f"{level}: {report}" for level, report in zip(levels, reports, strict=True)]
    assert sorted(map(text_of, model.asked)) == sorted(reports[: ctx_sample.MOST])


@WIRES
async def test_what_is_no_level_is_told_as_unclear(mode: str) -> None:
    options = {"sampling_callback": Canned("Quite high.")}
    said = await called(ctx_sample.make_server(), mode, "triage", {"reports": [FULL]}, **options)
    assert said == f"unclear: {FULL}"


@WIRES
async def test_triage_of_nothing_asks_nothing(mode: str) -> None:
    model = Canned()
    said = await called(ctx_sample.make_server(), mode, "triage", {"reports": []}, sampling_callback=model)
    assert said == "No reports."
    assert model.asked == []


@WIRES
async def test_a_handover_asks_the_provider_and_no_client(mode: str) -> None:
    async with Standin(Says(SAID)) as provider:
        server = stateless.make_server(provider.url, key="plum-forty-two")
        assert await called(server, mode, "handover", {"notes": FULL}) == SAID
        [asked] = provider.asked
    assert [turn["content"] for turn in asked.messages] == [stateless.RULES, FULL]
    assert asked.key == "plum-forty-two"


@pytest.mark.parametrize("reply", [Fails(500, "overloaded"), never, Says("")], ids=["an error", "late", "nothing"])
async def test_a_handover_says_when_the_provider_gives_nothing(reply: Any) -> None:
    async with Standin(reply) as provider:
        server = stateless.make_server(provider.url, seconds=0.2)
        assert await called(server, "auto", "handover", {"notes": FULL}) == "No summary: the model did not answer."


async def test_a_search_goes_on_as_before_on_the_older_wire() -> None:
    model = Searching("disk")
    options = {"sampling_callback": model, "sampling_capabilities": TOOLS}
    assert await called(tool_loop.make_server(), "legacy", "investigate", {"question": FULL}, **options) == SAID
    [_, second] = model.asked
    [result] = second.messages[-1].content_as_list
    assert isinstance(result, ToolResultContent)
    [found] = result.content
    assert isinstance(found, TextContent)
    assert found.text.splitlines() == [line for line in tool_loop.LOG.splitlines() if "disk" in line]


async def test_a_search_ends_after_its_last_question() -> None:
    model = Searching("nothing of the kind", times=99)
    options = {"sampling_callback": model, "sampling_capabilities": TOOLS}
    said = await called(tool_loop.make_server(), "legacy", "investigate", {"question": FULL}, **options)
    assert said == "No answer in 5 questions."
    assert len(model.asked) == tool_loop.MOST


@pytest.mark.parametrize(
    ("mode", "options"), [("auto", {"sampling_capabilities": TOOLS}), ("legacy", {})], ids=["newer", "without tools"]
)
async def test_a_search_says_what_it_needs(mode: str, options: dict[str, Any]) -> None:
    model = Searching("disk")
    server = tool_loop.make_server()
    said = await called(server, mode, "investigate", {"question": FULL}, sampling_callback=model, **options)
    assert said == tool_loop.NEEDS
    assert model.asked == []


@pytest.mark.parametrize(
    ("make", "tool", "arguments", "answer"),
    [
        (session_asks.make_server, "explain", {"log_line": FULL}, SAID),
        (ctx_sample.make_server, "triage", {"reports": [FULL, "The lamp is broken."]}, "high"),
    ],
    ids=["session_asks", "ctx_sample"],
)
async def test_what_is_moved_passes_the_scorecard(
    make: Callable[[], MCPServer], tool: str, arguments: dict[str, Any], answer: str
) -> None:
    card = await scorecard_server(make, tool, arguments, answer=answer)
    assert card.failed == [], str(card)
    assert len(card.passed) > 30
