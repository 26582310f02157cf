"""Any server of the Chat Completions API as a sampling callback, proven against a local one."""

import asyncio
import gc
import logging
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.session import SamplingFnT
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    AudioContent,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    TextContent,
    ToolUseContent,
)

from labkit import Lab
from labkit.models.openai_compatible import OpenAICompatible
from tests.models.conversations import FAULTY, READ_LINE, ask, assistant, labels, request, result, use, user
from tests.standins.chat_completions import BEHAVIOURS, ChatCompletions, completion, echoes, fails, says, uses_tool
from tests.standins.serving import Received, Reply, StandIn
from tests.standins.tls import certified
from tests.story import WIRES, bookshop, said, until

pytestmark = pytest.mark.anyio
KEY = "sk-a-secret-of-somebody"

FAR = OpenAICompatible("https://models.example.org/v1", "smollm2", KEY, timeout=10, max_retries=0)


def model_of(server: ChatCompletions, **options: Any) -> OpenAICompatible:
    return OpenAICompatible(server.base_url, **{"model": "smollm2", "timeout": 10, **options})


# ---- what goes out


async def test_a_conversation_arrives_with_its_roles_its_system_prompt_and_its_limits() -> None:
    params = request(
        "Why is line 3 red?",
        assistant("A deadlock."),
        user("And line 4?", ImageContent(data="aGk=", mime_type="image/png")),
        system_prompt="You read logs.",
        stop_sequences=["END"],
        metadata={"team": "night", "shift": 3},
    )
    with ChatCompletions() as server:
        answer, steps = await ask(model_of(server), params)
    assert server.received[0].body == {
        "model": "smollm2",
        "max_tokens": 50,
        "messages": [
            {"role": "system", "content": "You read logs."},
            {"role": "user", "content": "Why is line 3 red?"},
            {"role": "assistant", "content": "A deadlock."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "And line 4?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
                ],
            },
        ],
        "stop": ["END"],
        "metadata": {"team": "night"},
    }
    assert answer == CreateMessageResult(
        role="assistant", content=TextContent(text="And line 4?"), model="smollm2", stop_reason="endTurn"
    )
    assert labels(steps) == [
        "leaves out metadata.shift: the API does not take it",
        "asks smollm2",
        "answers with 7 tokens",
    ]
    assert steps[-1].data == {"model": "smollm2", "input_tokens": 11, "output_tokens": 7, "stop_reason": "endTurn"}


async def test_the_dials_of_the_server_and_of_the_client_are_sent() -> None:
    with ChatCompletions() as server:
        await ask(model_of(server, top_p=0.9, top_k=40, seed=7), request("hello", temperature=0.0))
    body = server.received[0].body
    assert {name: body[name] for name in ("temperature", "top_p", "top_k", "seed")} == {
        "temperature": 0.0,
        "top_p": 0.9,
        "top_k": 40,
        "seed": 7,
    }


@pytest.mark.parametrize("temperature", [float("nan"), float("inf")])
async def test_a_temperature_that_json_cannot_write_is_left_out_and_told(temperature: float) -> None:
    with ChatCompletions() as server:
        model = model_of(server)
        model.dials["top_p"] = float("nan")  # past its constructor, which would refuse it
        answer, steps = await ask(model, request("hello", temperature=temperature))
    assert said(answer) == "hello"
    assert server.received[0].body.keys() == {"model", "messages", "max_tokens"}
    assert labels(steps)[0] == "leaves out temperature, top_p: the API does not take it"


async def test_dials_that_the_server_refuses_by_name_are_left_out_and_told() -> None:
    with ChatCompletions(refuses=["temperature", "top_k"]) as server:
        answer, steps = await ask(model_of(server, top_k=40, seed=7), request("hello", temperature=1.0))
    assert said(answer) == "hello"
    assert server.received[-1].body.keys() == {"model", "messages", "max_tokens", "seed"}
    assert labels(steps)[1:] == [
        "answers 400",
        "leaves out temperature: smollm2 does not take it",
        "answers 400",
        "leaves out top_k: smollm2 does not take it",
        "answers with 7 tokens",
    ]


async def test_stop_sequences_that_the_server_refuses_are_found_here() -> None:
    with ChatCompletions([says("one, END two")], refuses=["stop"]) as server:
        answer, steps = await ask(model_of(server), request("hello", stop_sequences=["END"]))
    assert (said(answer), answer.stop_reason) == ("one, ", "stopSequence")
    assert "leaves out stop: smollm2 does not take it" in labels(steps)
    assert "stop" not in server.received[-1].body


WORDS = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."


@pytest.mark.parametrize("words", [WORDS, "Unsupported parameter: 'max_tokens'"])
async def test_the_limit_goes_under_its_other_name_where_the_server_wants_that(words: str) -> None:
    def newer(received: Any) -> Reply:
        body = received.body
        return completion(received, {"content": "fine"}) if "max_completion_tokens" in body else fails(400, words)

    with ChatCompletions([newer]) as server:
        answer, steps = await ask(model_of(server), request("hello", max_tokens=77))
    assert said(answer) == "fine"
    assert {name: value for name, value in server.received[-1].body.items() if "max" in name} == {
        "max_completion_tokens": 77
    }
    assert "asks with max_completion_tokens in place of max_tokens: smollm2 does not take it" in labels(steps)


async def test_no_request_goes_out_without_a_limit() -> None:
    with ChatCompletions([fails(400, WORDS)]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert answer.code == INVALID_PARAMS
    assert [{"max_tokens", "max_completion_tokens"} & each.body.keys() for each in server.received] == [
        {"max_tokens"},
        {"max_completion_tokens"},
    ]


async def test_texts_of_one_role_in_a_row_are_one_message() -> None:
    with ChatCompletions() as server:
        await ask(model_of(server), request("one", "two", assistant("three"), assistant("four"), "five"))
    assert [(each["role"], each["content"]) for each in server.received[0].body["messages"]] == [
        ("user", "one\n\ntwo"),
        ("assistant", "three\n\nfour"),
        ("user", "five"),
    ]


@pytest.mark.parametrize("status", [400, 500])
async def test_a_chat_template_that_refuses_is_told_in_its_own_words_and_once(status: int) -> None:
    words = "Conversation roles must alternate user/assistant/user/assistant/..."
    with ChatCompletions([fails(status, words)]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert (answer.code, words in answer.message, len(server.received)) == (INVALID_PARAMS, True, 1)


@pytest.mark.parametrize("status", [400, 500])
async def test_a_system_prompt_that_a_template_has_no_place_for_goes_before_the_first_message(status: int) -> None:
    def gemma(received: Any) -> Reply:
        roles = [each["role"] for each in received.body["messages"]]
        return fails(status, "System role not supported") if "system" in roles else echoes(received)

    with ChatCompletions([gemma]) as server:
        answer, steps = await ask(model_of(server), request("hello", system_prompt="Be brief."))
    assert (said(answer), len(server.received)) == ("Be brief.\n\nhello", 2)
    assert "puts the system prompt before the first message: smollm2 does not take it" in labels(steps)


@pytest.mark.parametrize(
    ("status", "words", "sentence"),
    [
        (500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)", "not enough memory for"),
        (429, "You exceeded your current quota, please check your plan", "has to be paid first (429)"),
    ],
)
async def test_what_another_try_cannot_mend_is_tried_once(status: int, words: str, sentence: str) -> None:
    with ChatCompletions([fails(status, words)]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert (answer.code, sentence in answer.message, len(server.received)) == (INTERNAL_ERROR, True, 1)


@pytest.mark.parametrize("model", [None, "smollm2"])
@pytest.mark.parametrize("reply", [fails(404, "404 page not found"), Reply({"error": "Unexpected endpoint"})])
async def test_an_address_without_v1_is_told_where_it_ends(model: str | None, reply: Reply) -> None:
    class Elsewhere(ChatCompletions):
        def answer(self, received: Any) -> Reply:
            return reply

    with Elsewhere() as server:
        answer, _ = await ask(OpenAICompatible(f"{server.url}/", model), request("hello"))
    assert answer.code == INTERNAL_ERROR
    assert answer.message.endswith(f"With most servers base_url ends in /v1: {server.url}/v1.")


async def test_a_tool_that_no_provider_takes_is_adapted_told_as_a_step_and_used_by_its_own_name() -> None:
    odd = READ_LINE.model_copy(update={"name": "log.read_line", "input_schema": {"type": "object", "anyOf": [{}]}})
    with ChatCompletions([BEHAVIOURS["tool use"]]) as server:
        answer, steps = await ask(model_of(server), request("Look.", tools=[odd, READ_LINE]))
    sent = [each["function"] for each in server.received[0].body["tools"]]
    assert "." not in sent[0]["name"]
    assert sent[0]["name"] != sent[1]["name"] == "read_line"
    assert "anyOf" not in sent[0]["parameters"]
    assert "properties" in sent[0]["parameters"]
    assert [block.name for block in answer.content] == ["log.read_line"]
    (step,) = [each for each in steps if each.label.startswith("adapts the tools")]
    assert "log.read_line" in step.label


FAULT = {"type": "extra_forbidden", "loc": ["body", "messages", 0, "user", "name"], "msg": "Extra inputs"}
OF_MISTRAL = {"object": "error", "message": {"detail": [FAULT]}, "type": "invalid_request_error", "code": None}
LOADS = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
BUSY = {"id": "x", "choices": None, "error": {"message": "Provider returned error", "code": 429}}


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (422, {"detail": [FAULT]}, "not accepted (422): messages.0.user.name: Extra inputs"),
        (422, OF_MISTRAL, "not accepted (422): messages.0.user.name: Extra inputs"),
        (422, {"detail": []}, "not accepted (422)."),
        (503, LOADS, "The model is still being loaded (503). Ask again in a minute."),
        (503, {"error": "The model m is currently loading"}, "still being loaded (503)."),
        (503, {"error": "busy"}, "a fault of its own (503)."),
        (200, BUSY, "Too many requests (429)."),
        (200, {"error": "rate limit reached"}, "Too many requests (429)."),
        (200, {"choices": None}, "no reply of the Chat Completions API."),
    ],
)
async def test_what_is_wrong_is_told_however_a_server_writes_it(status: int, body: Any, sentence: str) -> None:
    with ChatCompletions([Reply(body, status)]) as server:
        answer, _ = await ask(model_of(server, max_retries=0), request("hello"))
    assert sentence in answer.message


async def test_the_key_is_in_no_log_of_a_request_and_nothing_is_logged_unless_that_is_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with ChatCompletions([fails(401, "no", x_echo=KEY)], key=KEY) as server:
        with caplog.at_level("WARNING"):  # the level of Python where nobody sets another
            await ask(model_of(server, api_key=KEY), request("hello"))
        assert not caplog.records

    def fine(received: Received) -> Reply:
        return Reply(
            completion(received, {"content": "fine"}).body, headers={"x-echo": KEY, "x-coded": KEY.encode().hex()}
        )

    with ChatCompletions([fine], key=KEY) as server, caplog.at_level("DEBUG"):
        await ask(model_of(server, api_key=KEY), request("hello"))
        await ask(model_of(server, api_key=KEY), request("hello"))
    assert {each.name.split(".")[0] for each in caplog.records} >= {"openai", "httpcore2"}
    assert "x-echo" in caplog.text
    assert not re.search(f"{KEY}|{KEY.encode().hex()}", caplog.text, re.IGNORECASE)


async def test_an_error_without_end_is_not_read_to_its_end() -> None:
    with ChatCompletions([Reply(b"x" * 65536, status=400, ending="endless")]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
        assert server.hung_up.wait(60)
    assert (answer.code, len(answer.message) < 400) == (INVALID_PARAMS, True)


@pytest.mark.parametrize("mode", ["auto", "required", "none", None])
async def test_a_tool_choice_is_passed_on(mode: str | None) -> None:
    with ChatCompletions() as server:
        answer, _ = await ask(model_of(server), request("hello", tools=[READ_LINE], tool_choice={"mode": mode}))
    assert isinstance(answer, CreateMessageResultWithTools)
    assert server.received[0].body.get("tool_choice") == mode


@pytest.mark.parametrize("finish_reason", ["tool_calls", "stop"])
async def test_a_tool_is_used_and_its_result_goes_back(finish_reason: str) -> None:
    call = uses_tool("read_line", '{"line": 3}', call_id="", finish_reason=finish_reason)
    with ChatCompletions([call, says("It is red.")]) as server:
        model = model_of(server)
        first, _ = await ask(model, request("Look at line 3.", tools=[READ_LINE]))
        assert first == CreateMessageResultWithTools(
            role="assistant",
            content=[ToolUseContent(id="use", name="read_line", input={"line": 3})],
            model="smollm2",
            stop_reason="toolUse",
        )
        back = user(result(1, TextContent(text="no such line"), is_error=True))
        second, _ = await ask(model, request("Look.", assistant("I will.", use(1)), back, tools=[READ_LINE]))
    assert [block.text for block in second.content] == ["It is red."]
    assert server.received[0].body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "read_line",
                "description": "One line of the log.",
                "parameters": {"type": "object", "properties": {}},
            },
        }
    ]
    assert server.received[1].body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "I will.",
            "tool_calls": [
                {"type": "function", "id": "use_1", "function": {"name": "read_line", "arguments": '{"line": 3}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "use_1", "content": "The tool failed.\nno such line"},
    ]


# ---- which model, and whose key


async def test_without_a_name_the_first_model_that_is_listed_answers() -> None:
    with ChatCompletions() as server:
        model = model_of(server, model=None)
        answers = [await ask(model, request("hello")) for _ in range(2)]
    assert [answer.model for answer, _ in answers] == ["smollm2", "smollm2"]
    assert server.listings == 1


@pytest.mark.parametrize("models", [[], ["nomic-embed-text"]])
async def test_a_server_without_a_model_says_what_to_do(models: list[str]) -> None:
    with ChatCompletions(models=models) as server:
        answer, _ = await ask(model_of(server, model=None), request("hello"))
    assert answer.code == INTERNAL_ERROR
    assert answer.message.startswith(f"[FIX] The model server at {server.base_url} has no model: load one")


@pytest.mark.parametrize("model", [None, "smollm2"])
async def test_where_nothing_answers_one_sentence_says_what_to_start(model: str | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    answer, _ = await ask(OpenAICompatible(url, model, max_retries=0), request("hello"))
    assert answer == ErrorData(
        code=INTERNAL_ERROR,
        message=f"[FIX] Nothing answers at {url}: start your model server (with Ollama: `ollama serve`), "
        "or give its address, OpenAICompatible(base_url=...).",
    )


@pytest.mark.parametrize("key", [None, KEY])
async def test_what_the_environment_holds_for_openai_does_not_go_to_another_server(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{variable}", "for-openai")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer for-openai\nx-team: for-openai")
    heads: list[Any] = []
    with ChatCompletions(
        [lambda received: heads.append(received.headers) or completion(received, {"content": "."})]
    ) as server:
        await ask(model_of(server, model=None, api_key=key), request("hello"))
    assert "for-openai" not in str(heads)
    assert heads[0].get("authorization") == (key and f"Bearer {key}")


async def test_a_key_for_openai_that_did_not_go_elsewhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ChatCompletions(key=KEY) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert answer.message.endswith(
        "Put a valid one into OpenAICompatible(api_key=...); OPENAI_API_KEY goes to api.openai.com alone."
    )


async def test_a_key_that_was_given_goes_out() -> None:
    with ChatCompletions(key=KEY) as server:
        answer, _ = await ask(model_of(server, model=None, api_key=KEY), request("hello"))
        refused, _ = await ask(model_of(server, model=None), request("hello"))
    assert said(answer) == "hello"
    assert refused.message.endswith("(401). Put a valid one into OpenAICompatible(api_key=...).")


def test_an_address_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="base_url must be an address"):
        OpenAICompatible("localhost:11434/v1")


@pytest.mark.parametrize(
    "number",
    [
        *({"top_p": 0}, {"top_p": float("nan")}, {"top_k": -1}, {"top_k": "x"}),
        *({"seed": -1}, {"seed": 0.5}),
        *({"timeout": 0}, {"timeout": float("nan")}, {"timeout": None}, {"max_retries": -1}, {"max_retries": 1.5}),
    ],
    ids=str,
)
def test_a_number_that_cannot_stand_there_is_refused_when_it_is_given(number: dict[str, Any]) -> None:
    [(name, value)] = number.items()
    with pytest.raises(ValueError, match=f"^{name} is {value!r}, and it must be "):
        OpenAICompatible(**number)


def test_a_missing_package_is_a_sentence_and_no_traceback() -> None:
    code = (
        "import sys; sys.modules['openai'] = None; import asyncio;"
        "from labkit.models.openai_compatible import OpenAICompatible; from tests.models.conversations import request;"
        "print(asyncio.run(OpenAICompatible()(None, request('hello'))).message)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, encoding="utf-8", timeout=300
    )
    assert (done.stdout, done.stderr) == ('[FIX] The package openai is missing: pip install "openai>=3,<4"\n', "")


# ---- what is not sent at all


@pytest.mark.parametrize("fault", FAULTY)
async def test_a_faulty_request_is_refused_before_anything_is_sent(fault: str) -> None:
    with ChatCompletions() as server:
        answer, _ = await ask(model_of(server, model=None), FAULTY[fault])
    assert isinstance(answer, ErrorData)
    assert answer.code == INVALID_PARAMS
    assert (server.received, server.listings) == ([], 0)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (request(user(AudioContent(data="", mime_type="audio/ogg"))), "Message 1 holds audio of a type"),
        (
            request("see", assistant(ImageContent(data="", mime_type="image/png")), "?"),
            "is the assistant's and holds image",
        ),
        (
            request("look", assistant(use(1)), user(result(1, ImageContent(data="", mime_type="image/png")))),
            "Message 3 holds image in a tool's result",
        ),
    ],
)
async def test_what_the_api_has_no_place_for_is_refused_in_words(
    params: CreateMessageRequestParams, words: str
) -> None:
    with ChatCompletions() as server:
        answer, _ = await ask(model_of(server), params)
    assert answer.code == INVALID_PARAMS
    assert words in answer.message
    assert server.received == []


async def test_half_a_character_is_refused_and_does_not_raise() -> None:
    with ChatCompletions() as server:
        answer, _ = await ask(model_of(server), request("half \ud800"))
    assert (answer.code, server.received) == (INVALID_PARAMS, [])


# ---- what comes back


@pytest.mark.parametrize(
    ("behaviour", "words", "stop_reason"),
    [
        ("cut off", "The disk is fu", "maxTokens"),
        ("refuses", "I cannot help with that.", "refusal"),
        ("is filtered", "", "content_filter"),
    ],
)
async def test_a_finish_reason_is_passed_on(behaviour: str, words: str, stop_reason: str) -> None:
    with ChatCompletions([behaviour]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert isinstance(answer, CreateMessageResult)
    assert (said(answer), answer.stop_reason) == (words, stop_reason)


@pytest.mark.parametrize(
    ("behaviour", "code", "words", "requests"),
    [
        ("no text", INTERNAL_ERROR, "smollm2 used up its 50 tokens before it wrote a word", 1),
        ("says nothing", INTERNAL_ERROR, "answered without a word", 1),
        ("400", INVALID_PARAMS, "was not accepted (400): all is wrong", 1),
        ("403", INTERNAL_ERROR, "This key may not do that (403)", 1),
        ("404", INTERNAL_ERROR, "no model smollm2 here (404)", 1),
        ("413", INVALID_PARAMS, "too large (413)", 1),
        ("429", INTERNAL_ERROR, "Too many requests (429, 3 times)", 3),
        ("500", INTERNAL_ERROR, "a fault of its own (500, 3 times)", 3),
        ("529", INTERNAL_ERROR, "overloaded (529, 3 times)", 3),
        ("malformed", INTERNAL_ERROR, "no reply of the Chat Completions API", 1),
        ("a web page", INTERNAL_ERROR, "no reply of the Chat Completions API", 1),
        ("another shape", INTERNAL_ERROR, "no reply of the Chat Completions API", 1),
        ("hangs up", INTERNAL_ERROR, "broke off before the answer was complete", 1),
    ],
)
async def test_a_failure_is_a_sentence_after_a_bounded_number_of_tries(
    behaviour: str, code: int, words: str, requests: int
) -> None:
    with ChatCompletions([behaviour]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert isinstance(answer, ErrorData)
    assert answer.code == code
    assert words in answer.message
    assert len(server.received) == requests


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (uses_tool("read_line", "{'line': 3"), "arguments that are no JSON object"),
        (uses_tool("read_line", "[3]"), "arguments that are no JSON object"),
        (uses_tool("read_line", '{"li', finish_reason="length"), "cut off in the middle of a tool's arguments"),
        (uses_tool("delete_log", "{}"), "a tool that the request does not declare"),
    ],
)
async def test_a_tool_call_that_nobody_could_run_is_not_passed_on(call: Any, words: str) -> None:
    with ChatCompletions([call]) as server:
        answer, _ = await ask(model_of(server), request("hello", tools=[READ_LINE]))
    assert answer.code == INTERNAL_ERROR
    assert words in answer.message


@pytest.mark.parametrize("arguments", ["", None, {}, "{}"])
async def test_a_tool_without_arguments_is_called_with_none(arguments: Any) -> None:
    with ChatCompletions([uses_tool("read_line", arguments)]) as server:
        answer, _ = await ask(model_of(server), request("hello", tools=[READ_LINE]))
    assert answer.content == [ToolUseContent(id="call_1", name="read_line", input={})]


async def test_a_server_that_does_not_count_tokens_is_believed_to_have_answered() -> None:
    with ChatCompletions([lambda received: completion(received, {"content": "fine"}, usage=None)]) as server:
        answer, steps = await ask(model_of(server), request("hello"))
    assert said(answer) == "fine"
    assert (steps[-1].label, steps[-1].data["output_tokens"]) == ("answers", None)


@pytest.mark.parametrize(
    "usage",
    [{}, [], "none", {"prompt_tokens": None}, {"completion_tokens": "many", "prompt_tokens": 3}, {"total_tokens": 9}],
    ids=str,
)
async def test_tokens_that_are_not_told_are_unknown_and_the_text_arrives(usage: Any) -> None:
    with ChatCompletions([lambda received: completion(received, {"content": "fine"}, usage=usage)]) as server:
        answer, steps = await ask(model_of(server), request("hello"))
    assert said(answer) == "fine"
    assert (steps[-1].label, steps[-1].data["output_tokens"]) == ("answers", None)


THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}


@pytest.mark.parametrize(
    "content",
    [
        [THOUGHT, {"type": "text", "text": "fi"}, {"type": "text", "text": "ne"}],
        [{"type": "output_text", "text": "fine"}],
        ["fi", "ne"],
        "<think>Let me see.</think>\n\nfine",
        "Let me see.</think>fine",
    ],
    ids=str,
)
async def test_what_a_model_thinks_is_no_part_of_its_answer(content: Any) -> None:
    with ChatCompletions([lambda received: completion(received, {"content": content})]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert said(answer) == "fine"


async def test_a_thought_that_uses_up_the_tokens_says_so() -> None:
    with ChatCompletions([says("<think>Let me", "length")]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert answer.message.startswith("smollm2 used up its 50 tokens before it wrote a word")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ({"code": 429, "message": "slow down"}, INTERNAL_ERROR, "Too many requests (429)"),
        ({"code": "rate_limit_exceeded"}, INTERNAL_ERROR, "Too many requests (429)"),
        ({"status": "401", "message": KEY}, INTERNAL_ERROR, "The key was not accepted (401)"),
        ({"type": "invalid_request_error", "message": "bad"}, INVALID_PARAMS, "was not accepted (400): bad"),
        ("it broke", INTERNAL_ERROR, "a fault of its own (500)"),
    ],
)
async def test_an_error_that_comes_with_the_status_200_is_told_as_an_error(error: Any, code: int, words: str) -> None:
    with ChatCompletions([Reply({"error": error})]) as server:
        answer, _ = await ask(model_of(server, api_key=KEY), request("hello"))
    assert (answer.code, KEY in answer.message) == (code, False)
    assert words in answer.message


async def test_a_server_that_is_busy_twice_is_asked_a_third_time() -> None:
    with ChatCompletions(["429", "500", says("fine")]) as server:
        answer, steps = await ask(model_of(server), request("hello"))
    assert said(answer) == "fine"
    assert labels(steps) == ["asks smollm2", "answers 429", "answers 500", "answers with 7 tokens"]


async def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    with ChatCompletions(["429 for an hour"]) as server, anyio.fail_after(50):
        answer, _ = await ask(model_of(server, timeout=60), request("hello"))
    assert answer.message.endswith("It asks to wait 3600 s.")
    assert answer.data == {"status": 429, "retryAfter": 3600}
    assert len(server.received) == 1


async def test_a_slow_server_is_left_in_time_and_its_connection_closed() -> None:
    with ChatCompletions(["slow"]) as server:
        answer, _ = await ask(model_of(server, timeout=1), request("hello"))
        assert server.hung_up.wait(60)
    assert answer == ErrorData(code=INTERNAL_ERROR, message="The model server: No answer within timeout=1 s.")
    assert len(server.received) == 1


async def test_an_endless_reply_is_not_read_to_its_end() -> None:
    with ChatCompletions(["huge"]) as server:
        answer, _ = await ask(model_of(server), request("hello"))
        assert server.hung_up.wait(60)
    assert answer.message == "The reply is larger than 8,000,000 bytes and was not read."
    assert server.sent < 40_000_000  # some of it lies in the buffers of the connection


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_the_key_shows_nowhere(behaviour: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ChatCompletions([behaviour]) as server:
        model = model_of(server, model=None, api_key=KEY, timeout=0.2 if behaviour == "slow" else 10)
        answer, steps = await ask(model, request("hello", tools=[READ_LINE] if behaviour == "tool use" else None))
    assert KEY not in "\n".join([repr(model), str(vars(model)), repr(answer), repr(steps), caplog.text])
    assert behaviour != "echoes the key" or labels(steps)[-1] == "Incorrect API key provided: [key]"


async def test_a_redirect_does_not_carry_the_key_elsewhere() -> None:
    with (
        ChatCompletions() as elsewhere,
        ChatCompletions([Reply(status=307, headers={"location": elsewhere.url})]) as server,
    ):
        answer, _ = await ask(model_of(server, api_key=KEY), request("hello"))
    assert (answer.code, answer.message) == (INTERNAL_ERROR, "The model server: The reply is a 307. Check the address.")
    assert elsewhere.received == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://me:secret@127.0.0.1:9"),
        ("ALL_PROXY", "socks://me:secret@127.0.0.1:9"),
        ("HTTPS_PROXY", "http://me:secret@proxy:port"),
        ("SSL_CERT_FILE", "/nonexistent/secret.pem"),
    ],
)
async def test_a_setting_of_the_network_that_cannot_be_used_is_one_sentence(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(each, raising=False)
        monkeypatch.delenv(each.lower(), raising=False)
    monkeypatch.setenv(variable, value)
    answer, _ = await ask(FAR, request("hello"))
    assert isinstance(answer, ErrorData)
    assert answer.code == INTERNAL_ERROR
    assert f"the environment variable {variable} names cannot be used" in answer.message
    assert "secret" not in answer.message
    with ChatCompletions() as server:
        answer, _ = await ask(model_of(server), request("hello"))
    assert said(answer) == "hello"


async def test_a_proxy_that_cannot_be_reached_or_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(each.lower(), raising=False)
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    answer, _ = await ask(FAR, request("hello"))
    assert answer.message.endswith("The way there leads through the proxy that HTTPS_PROXY names: is it right?")
    with StandIn([Reply(status=407)]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        answer, _ = await ask(FAR, request("hello"))
    assert answer == ErrorData(code=INTERNAL_ERROR, message="The proxy that HTTPS_PROXY names refuses (407).")


async def test_a_certificate_that_is_not_trusted_is_named_with_the_cure_and_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with certified(tmp_path / "own.pem", ChatCompletions()) as server:
        answer, _ = await ask(model_of(server), request("hello"))
        assert answer.code == INTERNAL_ERROR
        assert answer.message.startswith("The certificate of 127.0.0.1 is not trusted here (self-signed certificate)")
        assert "set the environment variable SSL_CERT_FILE" in answer.message
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
        answer, _ = await ask(model_of(server), request("hello"))
    assert said(answer) == "hello"
    assert server.connections == 2


# ---- manners


async def test_a_cancelled_request_closes_its_connection() -> None:
    with ChatCompletions(["slow"]) as server:
        task = asyncio.create_task(model_of(server)(None, request("hello")))
        await until(lambda: server.received)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert server.hung_up.wait(60)


async def test_requests_at_the_same_time_are_kept_apart() -> None:
    with ChatCompletions() as server:
        model = model_of(server, model=None)
        answers = await asyncio.gather(*(model(None, request(f"line {number}")) for number in range(20)))
    assert [said(answer) for answer in answers] == [f"line {number}" for number in range(20)]


def test_a_callback_outlives_its_event_loop_and_leaves_nothing_behind() -> None:
    with ChatCompletions() as server:
        model = model_of(server, model=None)
        before = threading.active_count()
        assert said(asyncio.run(model(None, request("one")))) == "one"
        assert said(asyncio.run(model(None, request("two")))) == "two"
        gc.collect()  # an unclosed socket would warn here, and a warning is an error
        asyncio.run(until(lambda: threading.active_count() <= before))


@pytest.mark.parametrize("mode", WIRES)
def test_in_a_lab_the_flow_shows_who_answered_and_for_how_many_tokens(mode: str) -> None:
    callback: SamplingFnT
    with ChatCompletions() as server:
        callback = model_of(server)
        with Lab(bookshop(), mode=mode, sampling_callback=callback) as lab:
            assert said(lab.start("recommend", {"genre": "crime"}).result(60)) == "recommend crime"
            assert "1 sample · 7 tokens · smollm2" in str(lab.flow)
