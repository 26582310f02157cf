"""Claude and Chat Completions in a loop of tools, against a provider on this machine that does what providers do."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from mcp.client.session import SamplingFnT
from mcp_types import CreateMessageResultWithTools, ErrorData, TextContent, ToolUseContent

from labkit import Lab
from labkit.checks.apis import Api, Asked, Says, as_a_model, reply
from labkit.checks.standin import Behaviour, Reply, Sends, Standin
from labkit.host import with_tools
from labkit.models.claude import Claude
from labkit.models.openai_compatible import OpenAICompatible
from servers.research_assistant import make_server
from tests.models.conversations import READ_LINE, ask, assistant, request, result, use, user
from tests.story import WIRES

pytestmark = pytest.mark.anyio

APIS: tuple[Api, ...] = ("messages", "chat")
RAG = "2005.11401"
SEARCH, READ = ("search_papers", {"words": "retrieval"}), ("read_paper", {"id": RAG})
ANSWER = Says(f"It can [{RAG}].")


def model_of(api: Api, provider: Standin) -> SamplingFnT:
    if api == "messages":
        return Claude(api_key="k", base_url=provider.url)
    return OpenAICompatible(f"{provider.url}/v1", "stand-in", api_key="k")


def picky(*turns: Reply) -> list[Behaviour]:
    """The turns of a model that refuses, as the providers do, a conversation whose uses and results are out of step."""

    def turn(says: Reply) -> Behaviour:
        async def behave(asked: Asked) -> Reply:
            fault = as_a_model(asked)
            return says if isinstance(fault, Says) else fault

        return behave

    return [*map(turn, turns)]


def calls(api: Api, *uses: tuple[object, object, object], stop: Any = "tool") -> Sends:
    """A reply with uses of tools, their ids, names and arguments as they are given, whatever these may be."""
    whole = reply(api, Says(stop=stop), "stand-in")
    if api == "messages":
        whole["content"] = [{"type": "tool_use", "id": i, "name": n, "input": given} for i, n, given in uses]
    else:
        whole["choices"][0]["message"]["tool_calls"] = [
            {"id": i, "type": "function", "function": {"name": n, "arguments": given}} for i, n, given in uses
        ]
    return Sends(json.dumps(whole).encode())


def arguments(api: Api, given: object) -> object:
    return given if api == "messages" else json.dumps(given)


async def looped(api: Api, *turns: Reply, mode: str = "auto", **limits: int) -> tuple[dict[str, Any], list[Asked]]:
    """What `investigate` makes of these turns of the provider's model, and what the provider was asked."""
    async with Standin(*picky(*turns)) as provider:
        model = with_tools(model_of(api, provider), **limits)
        async with Lab(make_server(), mode=mode, sampling_callback=model) as lab:
            told = await lab.call_tool("investigate", {"question": "Can retrieval help?"})
    return told.structured_content, provider.asked


def results(asked: Asked) -> list[tuple[str, bool]]:
    """The results that the provider got last: each with its text, and whether it failed."""
    if asked.api == "messages":
        return [(each["content"][0]["text"], each.get("is_error", False)) for each in asked.messages[-1]["content"]]
    told = [each["content"] for each in asked.messages if each["role"] == "tool"]
    told = told[len(told) - [each["role"] for each in reversed(asked.messages)].index("assistant") :]
    return [(each.removeprefix("The tool failed.\n"), each.startswith("The tool failed.")) for each in told]


@pytest.mark.parametrize("mode", WIRES)
@pytest.mark.parametrize("api", APIS)
async def test_a_loop_comes_to_an_answer(api: Api, mode: str) -> None:
    wrong = ("read_paper", {"id": "9999.99999"})
    turns = Says("I search.", "tool", SEARCH), Says(stop="tool", tool=READ, more=(wrong, SEARCH)), ANSWER
    told, asked = await looped(api, *turns, mode=mode)
    assert (told["answer"], [each["id"] for each in told["sources"]], told["turns"]) == (ANSWER.text, [RAG], 3)
    assert [(each["turn"], each["tool"], each["failed"]) for each in told["looked"]] == [
        (1, "search_papers", False),
        (2, "read_paper", False),
        (2, "read_paper", True),
        (2, "search_papers", False),
    ]
    assert [failed for _, failed in results(asked[2])] == [False, True, False]
    assert results(asked[2])[0][0].startswith(f"[{RAG}]")
    assert [each.tools for each in asked] == [["search_papers", "read_paper"]] * 3
    assert [each.body["tool_choice"] for each in asked] == [{"type": "auto"} if api == "messages" else "auto"] * 3
    assert not any(each.body.get("stream") for each in asked)


@pytest.mark.parametrize("api", APIS)
async def test_the_last_turn_forbids_tools_and_a_provider_that_does_not_heed_it_is_told(api: Api) -> None:
    forever = [Says(stop="tool", tool=SEARCH)] * 4
    _, asked = await looped(api, *forever, ANSWER)
    assert [each.may_use_tool for each in asked] == [True, True, True, True, False]
    told, asked = await looped(api, *forever, forever[0], ANSWER)
    assert (told["answer"], len(asked)) == (ANSWER.text, 6)
    assert results(asked[-1]) == [("No tool may be used now. Answer in words.", True)]


BAD: dict[str, tuple[object, object, str]] = {
    "invents a tool": ("rm_rf", {"words": "x"}, "There is no tool 'rm_rf'; there are: search_papers, read_paper."),
    "no name": (None, {"words": "x"}, "There is no tool ''; there are: search_papers, read_paper."),
    "empty name": ("", {"words": "x"}, "There is no tool ''; there are: search_papers, read_paper."),
    "a list": ("search_papers", ["x"], "The arguments of search_papers are no JSON object."),
    "not a number": ("search_papers", {"words": float("nan")}, "The arguments of search_papers are no JSON object."),
    "unfit": (
        "search_papers",
        {"words": 3},
        "The input of search_papers does not fit its schema: words: 3 is not of type 'string'.",
    ),
}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("what", BAD)
async def test_a_model_that_asks_wrongly_is_told_once_and_goes_on(api: Api, what: str) -> None:
    name, given, sentence = BAD[what]
    told, asked = await looped(
        api, calls(api, ("1", name, arguments(api, given))), Says(stop="tool", tool=SEARCH), ANSWER
    )
    assert results(asked[1]) == [(sentence, True)]
    assert (told["answer"], told["turns"], [each["failed"] for each in told["looked"]]) == (ANSWER.text, 2, [False])


@pytest.mark.parametrize("api", APIS)
async def test_arguments_that_are_broken_json_are_told_and_those_that_were_cut_need_more_tokens(api: Api) -> None:
    broken = calls(api, ("1", "search_papers", '{"words": '))
    _, asked = await looped(api, broken, ANSWER)
    assert results(asked[1]) == [("The arguments of search_papers are no JSON object.", True)]
    async with Standin(calls(api, ("1", "read_line", '{"li'), stop="limit")) as provider:
        cut, _ = await ask(with_tools(model_of(api, provider)), request("Look.", tools=[READ_LINE]))
    assert cut == ErrorData(
        code=-32603,
        message="The answer was cut off in the middle of a tool's arguments. Ask with a larger maxTokens.",
    )
    assert len(provider.asked) == 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("what", ["invents a tool", "a list"])
async def test_without_with_tools_it_is_refused_in_a_sentence(api: Api, what: str) -> None:
    name, given, _ = BAD[what]
    name = "read_line" if name == "search_papers" else name
    async with Standin(calls(api, ("1", name, arguments(api, given)))) as provider:
        told, _ = await ask(model_of(api, provider), request("Look.", tools=[READ_LINE]))
        with_none, _ = await ask(model_of(api, provider), request("Look."))
    assert isinstance(told, ErrorData)
    assert told.message in (
        "stand-in asked for a tool that the request does not declare.",
        "stand-in asked for a tool with arguments that are no JSON object.",
    )
    assert told.model_dump() == {"code": -32603, "message": told.message, "data": None}
    assert isinstance(with_none, ErrorData)


def uses_of(answer: Any) -> Sequence[ToolUseContent]:
    assert isinstance(answer, CreateMessageResultWithTools)
    assert answer.stop_reason == "toolUse"
    return [each for each in answer.content_as_list if isinstance(each, ToolUseContent)]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("stop", ["tool", "end"])
async def test_uses_without_an_id_or_with_one_that_is_taken_have_their_own(api: Api, stop: str) -> None:
    given = arguments(api, {"line": 3})
    many = [(each, "read_line", given) for each in (None, "", 7, "use_1", "a", "a")]
    before = request("Look.", assistant(use(1)), user(result(1, TextContent(text="red"))), tools=[READ_LINE])
    async with Standin(calls(api, *many, stop=stop)) as provider:
        told, _ = await ask(model_of(api, provider), before)
    assert [each.id for each in uses_of(told)] == ["use", "use-2", "use-3", "use_1-2", "a", "a-2"]


@pytest.mark.parametrize("api", APIS)
async def test_of_hundreds_of_uses_as_many_are_run_as_may(api: Api) -> None:
    many = Says(stop="tool", tool=SEARCH, more=(SEARCH,) * 300)
    told, asked = await looped(api, many, ANSWER, max_parallel=3)
    assert (len(told["looked"]), len(results(asked[1])), told["answer"]) == (3, 3, ANSWER.text)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mode", ["auto", "required", "none", None])
async def test_a_tool_choice_reaches_the_provider_in_its_own_words(api: Api, mode: str | None) -> None:
    words = {"required": "any"} if api == "messages" else {}
    async with Standin(ANSWER) as provider:
        await ask(model_of(api, provider), request("Look.", tools=[READ_LINE], tool_choice=mode and {"mode": mode}))
    choice = provider.asked[0].body.get("tool_choice")
    wanted = mode and words.get(mode, mode)
    assert choice == ({"type": wanted} if api == "messages" and mode else wanted)
