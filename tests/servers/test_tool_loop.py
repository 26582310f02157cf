"""A loop of tools on both wires: what the model is told, what the tools run once, and how a loop ends."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client, MCPError
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    InputRequiredResult,
    SamplingCapability,
    SamplingMessage,
    SamplingToolsCapability,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)

from servers.research_assistant import make_server
from servers.rounds import MoreNeeded, Rounds
from servers.serving import quietly
from servers.tool_loop import MOST_AT_ONCE, MOST_TURNS, with_own_tools

pytestmark = pytest.mark.anyio

TOOLS = SamplingCapability(tools=SamplingToolsCapability())
WIRES = ("auto", "legacy")
Turn = Callable[[int, CreateMessageRequestParams], Any]


def says(*blocks: Any) -> CreateMessageResultWithTools:
    uses = any(isinstance(each, ToolUseContent) for each in blocks)
    return CreateMessageResultWithTools(
        role="assistant", content=[*blocks], model="m", stop_reason="toolUse" if uses else "endTurn"
    )


def word(text: str = "Three.") -> TextContent:
    return TextContent(text=text)


def use(name: str = "count", id: str = "1", **given: Any) -> ToolUseContent:  # noqa: A002 - the field's name
    return ToolUseContent(id=id, name=name, input=given)


class Model:
    """A callback that says what `turn` says, and keeps what it was asked."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.asked: list[CreateMessageRequestParams] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Any:
        self.asked.append(params)
        return self.turn(len(self.asked), params)

    def heard(self, turn: int) -> list[tuple[str, bool, str]]:
        """The results that the model read in a turn: id, whether one failed, text."""
        results = self.asked[turn - 1].messages[-1].content_as_list
        return [
            (each.tool_use_id, bool(each.is_error), each.content[0].text)
            for each in results
            if isinstance(each, ToolResultContent) and isinstance(each.content[0], TextContent)
        ]


class Shop:
    """A server whose tool `answer` lets the model count and order; what its tools did is kept."""

    def __init__(self, most_turns: int = 5) -> None:
        self.done: list[str] = []
        with quietly():
            self.server = MCPServer("shop")

        async def count(title: str) -> str:
            """How many copies of a book there are."""
            self.done.append(title)
            return f"{len(title)} copies"

        async def order(title: str) -> str:
            """Order a book."""
            if title == "closed":
                raise ToolError("the shop is closed")
            raise RuntimeError("password=hunter2hunter2")

        @self.server.tool(structured_output=False)
        async def answer(ctx: Context) -> str | InputRequiredResult:
            question = CreateMessageRequestParams(
                messages=[SamplingMessage(role="user", content=word("How many?"))], max_tokens=50
            )
            try:
                told = await with_own_tools(Rounds(ctx), ctx, question, [count, order], most_turns=most_turns)
            except MoreNeeded as more:
                return more.result
            return f"{told.answer}|{told.turns}|{told.is_capped}|{told.declined}"

    async def ask(self, mode: str, model: Model) -> str:
        async with Client(
            self.server, mode=mode, sampling_callback=model, sampling_capabilities=TOOLS, raise_exceptions=True
        ) as client:
            [block] = (await client.call_tool("answer", {})).content
        assert isinstance(block, TextContent)
        return block.text


@pytest.mark.parametrize("mode", WIRES)
async def test_tools_run_once_and_every_use_has_its_result(mode: str) -> None:
    shop = Shop()
    turns = [
        says(word("I look."), use(title="Emma"), use(id="2", title="Dracula")),
        says(use(title="Ulysses")),
        says(word()),
    ]
    model = Model(lambda turn, _: turns[turn - 1])
    assert await shop.ask(mode, model) == "Three.|3|False|"
    assert sorted(shop.done) == ["Dracula", "Emma", "Ulysses"]
    assert model.heard(2) == [("1", False, "4 copies"), ("2", False, "7 copies")]
    assert [each.role for each in model.asked[2].messages] == ["user", "assistant", "user", "assistant", "user"]
    assert model.asked[0].tools is not None
    assert [(each.name, each.description) for each in model.asked[0].tools] == [
        ("count", "How many copies of a book there are."),
        ("order", "Order a book."),
    ]


@pytest.mark.parametrize("mode", WIRES)
async def test_what_goes_wrong_is_the_models_to_read_and_a_crash_tells_nothing(mode: str) -> None:
    wrong = [
        use("order", "1", title="closed"),
        use("order", "2", title="x"),
        use("steal", "3"),
        use("count", "4", titel="Emma"),
        use("count", "5", title="Emma"),
    ]
    model = Model(lambda turn, _: says(*wrong) if turn == 1 else says(word()))
    await Shop().ask(mode, model)
    assert model.heard(2) == [
        ("1", True, "Error executing tool order: the shop is closed"),
        ("2", True, "Error executing tool order"),
        ("3", True, "There is no such tool. There are: count, order."),
        ("4", True, "The tool was not run. title: Field required."),
        ("5", True, f"Not run: at most {MOST_AT_ONCE} tools run in a turn. Ask again."),
    ]


@pytest.mark.parametrize("mode", WIRES)
async def test_a_model_that_never_stops_is_stopped(mode: str) -> None:
    shop = Shop(most_turns=100)
    model = Model(lambda turn, _: says(word("More."), use(title=f"title {turn}")))
    assert await shop.ask(mode, model) == f"More.|{MOST_TURNS}|True|"
    assert len(shop.done) == MOST_TURNS - 1
    assert [each.tool_choice and each.tool_choice.mode for each in model.asked] == ["auto"] * 7 + ["none"]


@pytest.mark.parametrize("mode", WIRES)
async def test_uses_without_an_id_or_of_one_id_do_not_mix(mode: str) -> None:
    odd = [use(id="", title="a"), use(id="", title="bb"), use(id="x", title="ccc"), use(id="x", title="dddd")]
    model = Model(lambda turn, _: says(*odd) if turn == 1 else says(word()))
    await Shop().ask(mode, model)
    said = [each for each in model.asked[1].messages[-2].content_as_list if isinstance(each, ToolUseContent)]
    paired = {each.id: f"{len(each.input['title'])} copies" for each in said}
    assert {(id_, text) for id_, _, text in model.heard(2)} == {*paired.items()}
    assert len(said) == len(paired)


async def test_a_refusal_in_the_middle_is_told_where_the_wire_tells_of_it() -> None:
    def turn(number: int, _: CreateMessageRequestParams) -> Any:
        return says(use(title="Emma")) if number == 1 else ErrorData(code=-1, message="no more")

    assert await Shop().ask("legacy", Model(turn)) == "|2|False|the client answered with an error (-1: no more)"
    with pytest.RaisesGroup(pytest.RaisesExc(MCPError, match="no more"), flatten_subgroups=True):
        await Shop().ask("auto", Model(turn))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=9), each, max_size=3),
    max_leaves=8,
)
USES = st.builds(
    ToolUseContent,
    id=st.text(max_size=5),
    name=st.sampled_from(["search_papers", "read_paper", "x", ""]),
    input=st.dictionaries(st.sampled_from(["words", "id", ""]), ANYTHING, max_size=2),
)


@settings(max_examples=25, deadline=None)
@given(turns=st.lists(st.lists(USES | st.builds(TextContent, text=st.text(max_size=30)), max_size=6), max_size=4))
@pytest.mark.parametrize("mode", WIRES)
async def test_whatever_a_model_asks_for_there_is_a_result(mode: str, turns: list[list[Any]]) -> None:
    model = Model(lambda turn, _: says(*(turns[turn - 1] if turn <= len(turns) else [word("Yes [2005.11401].")])))
    async with Client(
        make_server(), mode=mode, sampling_callback=model, sampling_capabilities=TOOLS, raise_exceptions=True
    ) as client:
        result = await client.call_tool("investigate", {"question": "retrieval"})
    assert not result.is_error
    assert result.structured_content is not None
    assert result.structured_content["turns"] == len(model.asked)
    for each in result.structured_content["sources"]:
        assert each["id"] in [paper["id"] for paper in result.structured_content["found"]]


@pytest.mark.parametrize("mode", WIRES)
async def test_a_source_counts_where_it_was_found_on_the_way(mode: str) -> None:
    answer = "Retrieval helps [2005.11401], see also [2005.99999] and [1706.03762]."

    def turn(number: int, params: CreateMessageRequestParams) -> Any:
        if not params.tools:
            return CreateMessageResult(role="assistant", content=word(answer), model="m")
        read = ToolUseContent(id="1", name="read_paper", input={"id": "2005.11401"})
        return says(read) if number == 1 else says(word(answer))

    async with Client(make_server(), mode=mode, sampling_callback=Model(turn), sampling_capabilities=TOOLS) as client:
        told = (await client.call_tool("investigate", {"question": "retrieval"})).structured_content
    assert told is not None
    assert [each["id"] for each in told["sources"]] == ["2005.11401"]
    assert told["unfounded"] == ["2005.99999", "1706.03762"]
    async with Client(make_server(), mode=mode, sampling_callback=Model(turn)) as client:
        plain = (await client.call_tool("investigate", {"question": "retrieval"})).structured_content
    async with Client(make_server(), mode=mode) as client:
        alone = (await client.call_tool("investigate", {"question": "retrieval"})).structured_content
    assert plain is not None
    assert alone is not None
    assert (plain["turns"], plain["answer"]) == (0, answer)
    assert (alone["answer"], len(alone["found"])) == (None, 5)
