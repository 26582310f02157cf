"""`ask_for`, by way of the text analyst's labels: the form asked for, asked for again, and given up, on both wires."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    SamplingCapability,
    SamplingToolsCapability,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)

from servers.text_analyst import make_server

pytestmark = pytest.mark.anyio

WIRES = ("auto", "legacy")
TOOLS = SamplingCapability(tools=SamplingToolsCapability())
TEXT = "The disk of db-2 is full, and the urgent restore waits for it."
LABELS = ["disk", "network", "urgent"]


def says(text: str) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", content=TextContent(text=text), model="m", stop_reason="endTurn")


def uses(*inputs: Any, name: str = "answer") -> CreateMessageResultWithTools:
    blocks = [ToolUseContent(id=str(n), name=name, input=each) for n, each in enumerate(inputs)]
    return CreateMessageResultWithTools(role="assistant", content=[*blocks], model="m", stop_reason="toolUse")


class Model:
    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]
        self.asked: list[CreateMessageRequestParams] = []

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> Any:
        self.asked.append(params)
        return self.answers[len(self.asked) - 1]


async def labels(mode: str, model: Model | None, *, tools: bool = False, several: bool = True) -> dict[str, Any]:
    capabilities = TOOLS if tools else None
    async with Client(make_server(), mode=mode, sampling_callback=model, sampling_capabilities=capabilities) as client:
        told = await client.call_tool("label", {"text": TEXT, "labels": LABELS, "several": several})
    assert not told.is_error
    assert told.structured_content is not None
    return told.structured_content


@pytest.mark.parametrize("mode", WIRES)
@pytest.mark.parametrize(
    "text",
    [
        '{"labels": ["urgent", "disk"]}',
        '```json\n{"labels": ["urgent", "disk"]}\n```',
        'Sure! [As asked]:\n{"labels": ["disk", "urgent", "urgent"]} That is all.',
    ],
)
async def test_json_is_found_in_what_a_model_says_around_it(mode: str, text: str) -> None:
    model = Model(says(text))
    assert await labels(mode, model) == {"labels": ["disk", "urgent"], "by": "model", "note": ""}
    assert model.asked[0].tools is None
    assert '"labels"' in (model.asked[0].system_prompt or "")


@pytest.mark.parametrize("mode", WIRES)
async def test_a_model_with_tools_answers_by_one(mode: str) -> None:
    model = Model(uses({"labels": ["disk"]}))
    assert (await labels(mode, model, tools=True))["labels"] == ["disk"]
    [tool] = model.asked[0].tools or []
    assert (tool.name, tool.input_schema["required"]) == ("answer", ["labels"])
    assert model.asked[0].tool_choice is not None
    assert model.asked[0].tool_choice.mode == "required"


WRONG = {
    "no JSON": (says("The text is about a disk."), "there is no JSON in it"),
    "another form": (says('{"label": "disk"}'), "labels: Field required"),
    "another label": (says('{"labels": ["tape"]}'), "labels.0: Input should be 'disk', 'network' or 'urgent'"),
    "cut": (says('{"labels": ["disk"'), "there is no JSON in it"),
    "empty": (says(""), "it is empty"),
}


@pytest.mark.parametrize("mode", WIRES)
@pytest.mark.parametrize("wrong", WRONG)
async def test_what_does_not_fit_is_told_and_asked_once_more(mode: str, wrong: str) -> None:
    answer, fault = WRONG[wrong]
    model = Model(answer, says('{"labels": ["disk"]}'))
    assert (await labels(mode, model))["labels"] == ["disk"]
    assert [each.role for each in model.asked[1].messages] == ["user", "assistant", "user"]
    assert model.asked[1].messages[-1].content_as_list == [
        TextContent(text=f"That does not fit: {fault}. Answer again.")
    ]


@pytest.mark.parametrize("mode", WIRES)
@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (uses({"labels": 3}), "labels: Input should be a valid list"),
        (uses({"labels": ["disk"]}, {"labels": []}), "use the tool answer, once"),
        (uses({"labels": ["disk"]}, name="order"), "use the tool answer, once"),
    ],
)
async def test_a_wrong_use_is_told_as_its_result(mode: str, answer: Any, fault: str) -> None:
    model = Model(answer, uses({"labels": ["disk"]}))
    assert (await labels(mode, model, tools=True))["labels"] == ["disk"]
    told = model.asked[1].messages[-1].content_as_list
    assert [each.tool_use_id for each in told if isinstance(each, ToolResultContent)] == [
        use.id for use in answer.content
    ]
    assert fault in told[0].model_dump_json()


@pytest.mark.parametrize("mode", WIRES)
async def test_twice_another_form_is_given_up_and_the_labels_own_words_decide(mode: str) -> None:
    model = Model(says("disk"), says("I said disk"))
    told = await labels(mode, model)
    assert (told["labels"], told["by"]) == (["disk", "urgent"], "words")
    assert told["note"].endswith(
        "the model's answer did not have the form that was asked for (there is no JSON in it)."
    )
    assert len(model.asked) == 2


@pytest.mark.parametrize("mode", WIRES)
async def test_nobody_to_ask_is_said(mode: str) -> None:
    told = await labels(mode, None, several=False)
    assert (told["labels"], told["by"]) == (["disk"], "words")
    assert told["note"].endswith("A model's answer is not available, because this client cannot sample.")


async def test_a_refusal_is_said_where_the_wire_tells_of_it() -> None:
    told = await labels("legacy", Model(ErrorData(code=-1, message="no")))
    assert told["note"].endswith("not available, because the client answered with an error (-1: no).")


@pytest.mark.parametrize("text", ["[" * 9_999, '{"a":' * 1_999, "{" * 9_999 + "}" * 9_999])
async def test_a_flood_of_brackets_is_read_at_once(text: str) -> None:
    assert (await labels("auto", Model(says(text), says(text))))["by"] == "words"


@settings(max_examples=20, deadline=None)
@given(first=st.text(max_size=40), second=st.text(max_size=40) | st.builds(json.dumps, st.lists(st.text(max_size=4))))
@pytest.mark.parametrize("mode", WIRES)
async def test_whatever_a_model_says_the_labels_are_of_the_list(mode: str, first: str, second: str) -> None:
    told = await labels(mode, Model(says(first), says(second)))
    assert {*told["labels"]} <= {*LABELS}
