"""The servers of the migration clinic, as they were: what is kept of them belongs to the files that were run."""

import json

import pytest
from mcp_types import CreateMessageRequestParams, Tool

from labkit.course.clinic import SERVERS, answering, beside, recorded, sketch
from labkit.flow import Flow
from tests.peers import clinic


@pytest.mark.parametrize("name", clinic.BEFORE)
def test_what_is_kept_of_a_server_is_of_the_file_that_ran(name: str) -> None:
    kept = json.loads((clinic.KEPT / f"{name}.json").read_text(encoding="utf-8"))
    assert kept["source"] == (clinic.HERE / "clinic" / f"{name}.py").read_text(encoding="utf-8")
    assert kept["call"] == {"tool": clinic.BEFORE[name].tool, "arguments": clinic.BEFORE[name].arguments}
    assert kept["written_for"] == [*clinic.BEFORE[name].install]
    assert not kept["then"][-1]["is_error"]
    asked = [each["frame"].get("method") for each in kept["then"][-1]["frames"] if each["from"] == "server"]
    assert "sampling/createMessage" in asked


@pytest.mark.parametrize("name", SERVERS)
def test_the_frames_that_a_lesson_shows_are_those_of_the_call(name: str) -> None:
    call = recorded(name)["then"][-1]["frames"]
    assert [frame["to"] for frame in (call[0], call[-1])] == ["server", "client"]
    assert call[0]["id"] == call[-1]["id"]
    assert {frame.get("method", "reply") for frame in call} == {"tools/call", "sampling/createMessage", "reply"}


@pytest.mark.anyio
async def test_the_recorded_answers_come_in_their_order() -> None:
    callback = answering("tool_loop")
    question = CreateMessageRequestParams(messages=[], max_tokens=9)
    first = await callback(None, question.model_copy(update={"tools": [Tool(name="find", input_schema={})]}))
    assert first.stop_reason == "toolUse"
    assert (await callback(None, question)).content.text == recorded("tool_loop")["then"][0]["text"]


def test_a_frame_is_told_in_a_line() -> None:
    call, *_, result = recorded("session_asks")["then"][0]["frames"]
    assert sketch(call) == "  → id 1  tools/call"
    assert sketch(result) == "←   id 1  result"
    asked = {"inputRequests": {"q": {}}, "requestState": "v1", "resultType": "input_required"}
    assert (
        sketch({"to": "client", "id": 3, "result": asked}) == "←   id 3  input_required + inputRequests + requestState"
    )
    assert sketch({"to": "server", "id": 1, "error": {}}) == "  → id 1  error"


def test_a_recorded_call_stands_beside_one_of_now() -> None:
    before = recorded("session_asks")
    assert beside(before, Flow("", "", "", "", ())).splitlines()[0] == "  → id 1  tools/call                 |"
