"""The client hands all of a request to its model, and refuses in words what no model should be asked.

python -m pytest test_my_client.py
"""

import asyncio
import sys
from pathlib import Path
from typing import Any, cast

from mcp.types import CreateMessageRequestParams, ErrorData, SamplingMessage, TextContent

sys.path.insert(0, str(Path(__file__).parent))

from my_client import conversation, make

TALK = [
    SamplingMessage(role="user", content=TextContent(text="What is a deadlock?")),
    SamplingMessage(role="assistant", content=TextContent(text="Two processes that wait for each other.")),
    SamplingMessage(role="user", content=[TextContent(text="Then explain:"), TextContent(text="ERROR 40P01")]),
]


def test_every_message_and_the_system_prompt_reach_the_model() -> None:
    body = conversation(CreateMessageRequestParams(messages=TALK, max_tokens=50, system_prompt="Be brief."))
    assert [turn["content"] for turn in body["messages"]] == [
        "What is a deadlock?",
        "Two processes that wait for each other.",
        "Then explain:\nERROR 40P01",
    ]
    assert (body["system"], body["max_tokens"]) == ("Be brief.", 50)


def test_what_cannot_be_answered_is_refused_in_words() -> None:
    nowhere = make("http://127.0.0.1:9")
    for params, code in (
        (CreateMessageRequestParams(messages=[], max_tokens=50), -32602),
        (CreateMessageRequestParams(messages=TALK, max_tokens=0), -32602),
        (CreateMessageRequestParams(messages=TALK, max_tokens=50), -32603),
    ):
        answer = asyncio.run(cast("Any", nowhere(cast("Any", None), params)))
        assert isinstance(answer, ErrorData)
        assert answer.code == code
        assert answer.message
