"""`with_tools`: what a model may ask for in a loop of tools, and what of it reaches the server."""

from collections.abc import Sequence
from time import process_time
from typing import Any

import pytest
from mcp import Client
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    SamplingMessage,
    TextContent,
    Tool,
    ToolChoice,
    ToolResultContent,
    ToolUseContent,
)

from labkit import Lab
from labkit.callbacks import Answer
from labkit.host import WrongOrder, with_approval, with_budget, with_guard, with_tools
from labkit.host.tools import Work, _is_schema, _unfit
from servers.research_assistant import make_server
from tests.host.crowd import answered, labels
from tests.story import WIRES, question

pytestmark = pytest.mark.anyio

STOCK = Tool(
    name="count_stock",
    input_schema={"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
)


def use(title: object = "Emma", *, id: str = "1", name: str = "count_stock") -> ToolUseContent:  # noqa: A002
    return ToolUseContent(id=id, name=name, input={"title": title})


def result_of(*ids: str) -> SamplingMessage:
    told = [ToolResultContent(tool_use_id=each, content=[TextContent(text="3")]) for each in ids]
    return SamplingMessage(role="user", content=[*told])


def answers(*blocks: Any, stop_reason: str = "toolUse") -> CreateMessageResultWithTools:
    return CreateMessageResultWithTools(role="assistant", content=[*blocks], model="m", stop_reason=stop_reason)


def asks(*later: SamplingMessage, mode: Any = None, tools: Sequence[Tool] = (STOCK,)) -> CreateMessageRequestParams:
    first = question("How many?")
    choice = ToolChoice(mode=mode) if mode else None
    return first.model_copy(update={"messages": [*first.messages, *later], "tools": [*tools], "tool_choice": choice})


def rounds(count: int) -> list[SamplingMessage]:
    told: list[SamplingMessage] = []
    for n in range(count):
        told += [SamplingMessage(role="assistant", content=[use(id=f"r{n}")]), result_of(f"r{n}")]
    return told


class Model:
    """A callback that gives its answers in turn and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = [*answers]
        self.asked: list[CreateMessageRequestParams] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Answer:
        self.asked.append(params)
        return self.answers.pop(0)


WORDS = answers(TextContent(text="Three."), stop_reason="endTurn")


async def test_a_right_use_is_handed_on_as_it_is() -> None:
    model = Model(right := answers(TextContent(text="I look."), use()))
    told, steps = await answered(with_tools(model), asks())
    assert told == right
    assert (model.asked, labels(steps)) == ([asks()], [])


async def test_a_request_without_tools_is_none_of_its_business() -> None:
    plain = CreateMessageResult(role="assistant", content=TextContent(text="Three."), model="m")
    told, _ = await answered(with_tools(Model(plain)), question("How many?"))
    assert told is plain


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (asks(mode="required", tools=()), "The request demands a tool and offers none."),
        (asks(tools=[STOCK, STOCK]), "Two tools are named count_stock."),
        (asks(tools=[Tool(name="rm -rf", input_schema={"type": "object"})]), "A tool cannot be named 'rm -rf'"),
        (asks(tools=[Tool(name="a", input_schema={"type": "array"})]), "The input schema of the tool a is no JSON"),
        (
            asks(tools=[Tool(name="a", input_schema={"type": "object", "required": 3})]),
            "The input schema of the tool a",
        ),
        (asks().model_copy(update={"messages": [result_of("1")]}), "Message 1 does not fit what is before it"),
        *[
            (asks(tools=[Tool(name="a", input_schema={"type": "object", "$schema": each})]), "The input schema of the")
            for each in ([1], 5, {})
        ],
        (asks(result_of("1")), "Message 2 does not fit what is before it"),
        (asks(SamplingMessage(role="assistant", content=[use()]), result_of("2")), "Message 3 does not fit"),
        (
            asks(SamplingMessage(role="assistant", content=[use()]), result_of("2"), *rounds(1)),
            "Message 3 does not fit",
        ),
    ],
)
async def test_a_request_that_breaks_a_rule_is_refused_before_the_model_is_asked(
    request_: CreateMessageRequestParams, sentence: str
) -> None:
    told, _ = await answered(with_tools(model := Model()), request_)
    assert isinstance(told, ErrorData)
    assert (told.code, told.message[: len(sentence)], model.asked) == (-32602, sentence, [])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (use(name="order"), "There is no tool 'order'; there are: count_stock."),
        (use(title=3), "The input of count_stock does not fit its schema: title: 3 is not of type 'string'."),
    ],
)
async def test_a_model_that_asks_wrongly_is_told_and_asked_once_more(wrong: ToolUseContent, sentence: str) -> None:
    model = Model(answers(use(), wrong.model_copy(update={"id": "2"})), right := answers(use(id="3")))
    told, steps = await answered(with_budget(with_tools(model)), asks())
    assert told == right
    heard = model.asked[1].messages[-1].content_as_list
    assert [(each.tool_use_id, each.is_error) for each in heard if isinstance(each, ToolResultContent)] == [
        ("1", True),
        ("2", True),
    ]
    assert sentence in heard[1].model_dump_json()
    assert labels(steps)[0] == f"asked once more: {sentence}"
    assert "2 tries" in labels(steps)[-1]  # which the budget outside has counted


async def test_a_model_that_uses_a_forbidden_tool_and_says_nothing_is_told_so() -> None:
    model = Model(answers(use()), WORDS)
    told, _ = await answered(with_tools(model), asks(mode="none"))
    assert told == WORDS
    assert "No tool may be used now." in model.asked[1].messages[-1].model_dump_json()


async def test_of_uses_with_one_id_each_is_told_its_own_fault_and_no_more_are_told_than_may_be_used() -> None:
    model = Model(answers(use(3), use(), *[use()] * 300), answers(use()))
    await answered(with_tools(model, max_parallel=2), asks())
    wrong, right = model.asked[1].messages[-1].content_as_list
    assert "3 is not of type" in wrong.model_dump_json()
    assert "another use was wrong" in right.model_dump_json()


async def test_what_is_wrong_again_is_left_out() -> None:
    model = Model(answers(use(3)), answers(use(id="1"), use(3, id="2")))
    told, _ = await answered(with_tools(model), asks())
    assert told == answers(use(id="1"))


async def test_nothing_but_wrong_uses_is_an_error() -> None:
    told, _ = await answered(with_tools(Model(answers(use(3)), answers(use(3)))), asks())
    assert isinstance(told, ErrorData)
    assert told.code == -32603
    assert told.message.startswith("The model asks for tools in a way that cannot be met: The input of count_stock")


async def test_of_many_uses_the_first_are_kept_and_each_has_an_id_of_its_own() -> None:
    model = Model(answers(*(use(f"title {n}", id="r0") for n in range(5))))
    told, steps = await answered(with_tools(model, max_parallel=3), asks(*rounds(1)))
    assert isinstance(told, CreateMessageResultWithTools)
    uses = [each for each in told.content_as_list if isinstance(each, ToolUseContent)]
    assert [(each.id, each.input["title"]) for each in uses] == [
        ("r0-2", "title 0"),
        ("r0-3", "title 1"),
        ("r0-4", "title 2"),
    ]
    assert labels(steps) == ["left out 2 of 5 uses of tools"]


async def test_after_the_last_round_the_model_may_use_none() -> None:
    model = Model(answers(TextContent(text="Three."), use(id="x")))
    told, steps = await answered(with_tools(model, max_rounds=2), asks(*rounds(2)))
    assert told == WORDS
    assert model.asked[0].tool_choice == ToolChoice(mode="none")
    assert labels(steps)[0] == "round 2 was the last with tools: an answer in words is asked for"


async def test_a_server_that_demands_tools_without_an_end_is_refused() -> None:
    told, _ = await answered(with_tools(Model(), max_rounds=2), asks(*rounds(2), mode="required"))
    assert told == ErrorData(
        code=-1, message="The client lets its model ask for tools in 2 rounds, and these are over."
    )


@pytest.mark.parametrize(
    ("mode", "given", "sentence"),
    [
        ("required", WORDS, "The model used no tool, and the request demands one."),
        (
            "none",
            answers(use()),
            "The model asks for tools in a way that cannot be met: No tool may be used now. Answer in words.",
        ),
    ],
)
async def test_a_choice_that_the_model_does_not_heed_is_an_error(mode: str, given: Answer, sentence: str) -> None:
    told, _ = await answered(with_tools(Model(given, given)), asks(mode=mode))
    assert told == ErrorData(code=-32603, message=sentence)


def bomb(keyword: str = "$ref", to: str = "#/$defs/", **more: Any) -> dict[str, Any]:
    """A schema whose references double at each of thirty steps."""
    steps: dict[str, Any] = {
        f"a{n}": {"$dynamicAnchor": f"a{n}", "allOf": [{keyword: f"{to}a{n + 1}"}, {keyword: f"{to}a{n + 1}"}]}
        for n in range(30)
    }
    steps["a30"] = {"$dynamicAnchor": "a30"}
    return {"type": "object", "$defs": steps, keyword: f"{to}a0", **more}


@pytest.mark.parametrize(
    "schema",
    [
        bomb(),
        bomb("$dynamicRef", "#"),
        bomb(unevaluatedProperties=False),
        {"type": "object", "patternProperties": {"^(.+)+t.$": {}}, "additionalProperties": False},
        {"type": "object", "$ref": "#"},
        {"type": "object", "properties": {"title": {"$ref": "https://registry.invalid/schema.json"}}},
        {"type": "object", "properties": {"title": {"type": "string", "pattern": "^(a+)+$"}}},
    ],
    ids=["doubling", "dynamic", "unevaluated", "names", "circle", "elsewhere", "pattern"],
)
async def test_a_schema_that_would_take_for_ever_or_lead_elsewhere_holds_nothing_up(schema: dict[str, Any]) -> None:
    given = {"title": "a" * 40 + "!", "a" * 40 + "t": 1}
    model = Model(right := answers(ToolUseContent(id="1", name="count_stock", input=given)))
    told, _ = await answered(with_tools(model), asks(tools=[Tool(name="count_stock", input_schema=schema)]))
    assert told == right


def given(**value: Any) -> ToolUseContent:
    return ToolUseContent(id="1", name="a", input=value)


def under(a: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": a}, **more}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (under({"$ref": "#/type"}), 1),
        (under({"$ref": "#/x"}, x=7), 1),
        (under({"$ref": "#/x"}, x={"type": "no such type"}), 1),
        (under({"$ref": "http://[bad"}), 1),
        (under({"multipleOf": 0.1}), 10**400),
        (under({"maximum": 1}), 10**5000),
    ],
    ids=["no schema", "number", "type", "address", "float", "digits"],
)
async def test_what_a_schema_makes_of_the_library_is_not_the_models_fault(schema: dict[str, Any], value: Any) -> None:
    model = Model(right := answers(given(a=value)))
    told, _ = await answered(with_tools(model), asks(tools=[Tool(name="a", input_schema=schema)]))
    assert told == right


def doubling(end: Any, steps: int = 9, **more: Any) -> dict[str, Any]:
    defs = {f"b{n}": {"allOf": [{"$ref": f"#/$defs/b{n + 1}"}] * 2} for n in range(steps)}
    return under({"$ref": "#/$defs/b0"}, **{"$defs": {**defs, f"b{steps}": end}}, **more)


def wide(*keywords: str) -> Any:
    """Each keyword thirty times within the one before."""
    schema: Any = {"type": "object"}
    for keyword in reversed(keywords):
        schema = {keyword: [{"not": schema}] * 30}
    return schema


DRAFT_3, DRAFT_7 = (f"http://json-schema.org/draft-0{n}/schema#" for n in (3, 7))
OBJECTS = [{"a": n} for n in range(3_000)]
HOSTILE: dict[str, tuple[dict[str, Any], Any]] = {
    "false": (doubling({"anyOf": [False] * 900}), 1),
    "far": (doubling({"$anchor": "b", "anyOf": [{"$ref": "#b"}] * 20}), 1),
    "unique": (under({"uniqueItems": True}), OBJECTS),
    "wide": (under(wide("allOf", "anyOf", "oneOf", "anyOf")), {}),
    "quoting": (under({"oneOf": [False] * 3_000}), ["x" * 1_000] * 300),
    "items": (under({"items": {"items": {"anyOf": [False] * 50}}}), [[1] * 100] * 100),
    "contains": (under({"allOf": [{"contains": False}] * 500}), OBJECTS),
    "names": (under({"allOf": [{"propertyNames": {"not": {}}}] * 200}), {str(n): n for n in range(3_000)}),
    "enum": (under({"allOf": [{"not": {"enum": OBJECTS}}] * 300}), {"a": -1}),
    "dependent": (under({"dependentSchemas": {"a": wide("allOf", "anyOf", "oneOf", "anyOf")}}), {"a": 1}),
    "if": (under({"allOf": [{"if": False, "else": {"if": False, "else": {}}}] * 2_000}), ["x"] * 2_000),
    "dialect": (doubling({"$schema": DRAFT_7, "anyOf": [False] * 900}), 1),
    "pattern of a dialect": (under({"$schema": DRAFT_7, "pattern": "^(a+)+$"}), "a" * 40 + "!"),
    "disallow": (under({"extends": [{"disallow": [{}] * 300}] * 300}, **{"$schema": DRAFT_3}), 1),
    "names of types": (under({"type": ["string", *OBJECTS]}), 1),
    "expressions": (under({"allOf": [{"pattern": f"(?i)[\x00-\uffff]{n}"} for n in range(200)]}), 1),
    "large": (under({f"p{n}": {} for n in range(20_000)}), 1),
    "deep": (doubling({"not": {}}, steps=500), 1),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_schema_costs_more_than_a_part_of_a_second(name: str) -> None:
    schema, value = HOSTILE[name]
    use_ = given(a=value)
    callback = with_tools(Model(*[answers(*[use_] * 4)] * 2))
    request = asks(tools=[Tool(name="a", input_schema=schema)])
    began = process_time()
    await answered(callback, request)
    assert process_time() - began < 2  # of which an idle machine needs a tenth


def test_what_an_honest_schema_asks_for_is_within_the_work() -> None:
    """A hundred entries of ten fields, by reference, are held to their schema."""
    fields = {f"f{n}": {"type": "string", "maxLength": 9, "enum": ["x", "y", "z"]} for n in range(10)}
    entry = {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}
    schema = under({"type": "array", "items": {"$ref": "#/$defs/entry"}}, **{"$defs": {"entry": entry}})
    good = dict.fromkeys(fields, "x")
    assert _is_schema(schema, Work())
    assert _unfit({"a": [good] * 100}, schema, Work()) == ""
    assert _unfit({"a": [*[good] * 100, good | {"f3": "w"}]}, schema, Work()).startswith("a/100/f3: 'w' is not one of")


def test_a_human_approves_what_is_sent() -> None:
    with pytest.raises(WrongOrder, match="a human would approve what with_tools then changes"):
        with_approval(with_tools(Model()))


def reader() -> Model:
    found = answers(ToolUseContent(id="a", name="search_papers", input={"words": "retrieval"}))
    return Model(found, answers(TextContent(text="Yes [2005.11401]."), stop_reason="endTurn"))


@pytest.mark.parametrize("mode", WIRES)
async def test_a_lab_declares_tools_for_it_and_its_guard_lets_them_through(mode: str) -> None:
    async with Lab(make_server(), mode=mode, sampling_callback=with_guard(with_tools(reader()))) as lab:
        result = await lab.call_tool("investigate", {"question": "retrieval"})
    assert result.structured_content["turns"] == 2


@pytest.mark.parametrize("mode", WIRES)
async def test_a_lab_is_connected_anew_for_it(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = CreateMessageResult(role="assistant", content=TextContent(text="Yes."), model="m")
    async with Lab(make_server(), mode=mode, sampling_callback=Model(words)) as lab:
        before = await lab.call_tool("investigate", {"question": "retrieval"})
        lab.callback = with_tools(reader())
        after = await lab.call_tool("investigate", {"question": "retrieval"})
        lab.callback = Model(words)
        again = await lab.call_tool("investigate", {"question": "retrieval"})
    assert [each.structured_content["turns"] for each in (before, after, again)] == [0, 2, 0]
    told = [line.rpartition("there ")[2] for line in capsys.readouterr().out.splitlines()]
    assert told == ["declares no sampling.tools.", "declares sampling.tools."]


@pytest.mark.parametrize("mode", WIRES)
async def test_a_bare_client_has_to_declare_them_itself(mode: str) -> None:
    async with Client(make_server(), mode=mode, sampling_callback=with_tools(reader())) as client:
        result = await client.call_tool("investigate", {"question": "no capability, no tools"})
    assert result.structured_content is not None
    assert result.structured_content["turns"] == 0
