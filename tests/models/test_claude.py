"""Claude as a sampling callback, proven against a local server that speaks the Messages API."""

import asyncio
import gc
import logging
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
    ToolResultContent,
    ToolUseContent,
)

from labkit import Lab
from labkit.models.catalog import catalog
from labkit.models.claude import Claude
from tests.models.conversations import (
    FAULTY,
    READ_LINE,
    ask,
    assistant,
    labels,
    request,
    result,
    use,
    user,
)
from tests.standins.messages_api import BEHAVIOURS, MessagesApi, message, says, text, uses_tool
from tests.standins.serving import Reply, StandIn
from tests.standins.tls import certified
from tests.story import WIRES, bookshop, said, until

pytestmark = pytest.mark.anyio
KEY = "sk-ant-a-secret-of-somebody"

FAR = Claude(api_key=KEY, base_url="https://models.example.org", timeout=10, max_retries=0)


def claude(api: MessagesApi, **options: Any) -> Claude:
    return Claude(api_key=KEY, base_url=api.url, **{"timeout": 10, **options})


# ---- what goes out


async def test_a_conversation_arrives_with_its_roles_its_system_prompt_and_its_limits() -> None:
    params = request(
        "Why is line 3 red?",
        assistant("A deadlock."),
        user("And line 4?", "It is yellow."),
        system_prompt="You read logs.",
        stop_sequences=["END"],
        metadata={"user_id": "u-1"},
    )
    with MessagesApi() as api:
        answer, steps = await ask(claude(api), params)
    assert api.received[0].body == {
        "model": "claude-haiku-5-5",
        "max_tokens": 50,
        "messages": [
            {"role": "user", "content": [text("Why is line 3 red?")]},
            {"role": "assistant", "content": [text("A deadlock.")]},
            {"role": "user", "content": [text("And line 4?"), text("It is yellow.")]},
        ],
        "system": "You read logs.",
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
    }
    assert api.received[0].headers["authorization"] == f"Bearer {KEY}"
    assert answer == CreateMessageResult(
        role="assistant",
        content=TextContent(text="And line 4?It is yellow."),
        model="claude-haiku-5-5",
        stop_reason="endTurn",
    )
    assert labels(steps) == ["asks claude-haiku-5-5", "answers with 7 tokens"]


async def test_the_tokens_are_told_in_a_step_with_those_of_the_cache() -> None:
    with MessagesApi() as api:
        _, steps = await ask(claude(api), request("hello"))
    assert (steps[-1].source, steps[-1].target, steps[-1].reply) == ("model", "callback", True)
    assert steps[-1].data == {
        "model": "claude-haiku-5-5",
        "input_tokens": 14,
        "output_tokens": 7,
        "stop_reason": "endTurn",
    }


@pytest.mark.parametrize("model", ["claude-haiku-5-5", "claude-opus-5-5", "claude-of-the-future"])
async def test_what_the_model_does_not_take_is_left_out_and_told(model: str) -> None:
    params = request("hello", temperature=0.2, metadata={"team": "night"}, include_context="thisServer")
    with MessagesApi() as api:
        answer, steps = await ask(claude(api, model=model, top_p=0.9, top_k=40), params)
    assert said(answer) == "hello"
    assert api.received[0].body.keys() == {"model", "max_tokens", "messages"}
    assert steps[0].data == {"left_out": ["includeContext", "metadata.team", "temperature", "top_p", "top_k"]}


async def test_an_older_model_gets_the_dials_in_the_first_version_of_the_api() -> None:
    with MessagesApi() as api, pytest.warns(DeprecationWarning, match="end-of-life"):
        answer, steps = await ask(claude(api, model="claude-sonnet-4-5", top_k=40), request("hello", temperature=0.2))
    assert said(answer) == "hello"
    assert {name: api.received[0].body[name] for name in ("temperature", "top_k")} == {"temperature": 0.2, "top_k": 40}
    told = catalog().find("claude-sonnet-4-5")
    assert told is not None
    assert labels(steps)[0] == told.farewell()


async def test_a_temperature_that_json_cannot_write_is_left_out_for_a_model_that_takes_one() -> None:
    with MessagesApi() as api, pytest.warns(DeprecationWarning, match="claude-sonnet-4-5"):
        answer, steps = await ask(claude(api, model="claude-sonnet-4-5"), request("hello", temperature=float("inf")))
    assert said(answer) == "hello"
    assert "temperature" not in api.received[0].body
    assert ["temperature"] in [step.data.get("left_out") for step in steps]


@pytest.mark.parametrize(("mode", "sent"), [("auto", "auto"), ("required", "any"), ("none", "none"), (None, None)])
async def test_a_tool_choice_is_said_in_the_words_of_the_api(mode: str | None, sent: str | None) -> None:
    with MessagesApi() as api:
        answer, _ = await ask(claude(api), request("hello", tools=[READ_LINE], tool_choice={"mode": mode}))
    assert isinstance(answer, CreateMessageResultWithTools)
    assert api.received[0].body.get("tool_choice") == (sent and {"type": sent})


async def test_a_tool_is_used_and_its_result_goes_back() -> None:
    with MessagesApi(["tool use", says("It is red.")]) as api:
        model = claude(api)
        first, _ = await ask(model, request("Look at line 3.", tools=[READ_LINE]))
        assert first == CreateMessageResultWithTools(
            role="assistant",
            content=[
                TextContent(text="Let me look."),
                ToolUseContent(id="toolu_1", name="read_line", input={"line": 3}),
            ],
            model="claude-haiku-5-5",
            stop_reason="toolUse",
        )
        back = user(ToolResultContent(tool_use_id="toolu_1", content=[TextContent(text="red")], is_error=False))
        second, _ = await ask(model, request("Look at line 3.", assistant(*first.content), back, tools=[READ_LINE]))
    assert [block.text for block in second.content] == ["It is red."]
    assert api.received[0].body["tools"] == [
        {
            "name": "read_line",
            "description": "One line of the log.",
            "input_schema": {"type": "object", "properties": {}},
        }
    ]
    assert api.received[1].body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                text("Let me look."),
                {"type": "tool_use", "id": "toolu_1", "name": "read_line", "input": {"line": 3}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("red")], "is_error": False}],
        },
    ]


async def test_structured_content_is_sent_once() -> None:
    fields: Any = {"structured_content": {"line": 3}}
    results = [result(1, TextContent(text='{"line": 3}'), **fields), result(2, TextContent(text="red"), **fields)]
    with MessagesApi([says("fine")]) as api:
        await ask(claude(api), request("look", assistant(use(1), use(2)), user(*results), tools=[READ_LINE]))
    sent = api.received[0].body["messages"][-1]["content"]
    assert [block["content"] for block in sent] == [[text('{"line": 3}')], [text("red"), text('{"line": 3}')]]


async def test_blank_texts_are_left_out_where_something_else_remains() -> None:
    params = request(
        user("look", " "),
        assistant("", use(1)),
        user(result(1, TextContent(text=""))),
        assistant("\n"),
        "and?",
        system_prompt=" \n",
        tools=[READ_LINE],
    )
    with MessagesApi([says("fine")]) as api:
        answer, _ = await ask(claude(api), params)
        blank, _ = await ask(claude(api), request("hello", user("\t", " ")))
    assert answer.content == [TextContent(text="fine")]
    body = api.received[0].body
    assert "system" not in body
    assert [[block["type"] for block in each["content"]] for each in body["messages"]] == [
        ["text"],
        ["tool_use"],
        ["tool_result"],
        ["text"],
    ]
    assert body["messages"][2]["content"][0]["content"] == []
    assert blank.code == INVALID_PARAMS
    assert "nothing but blanks" in blank.message
    assert len(api.received) == 1


@pytest.mark.parametrize("timeout", [599, 600, 601])
async def test_a_long_answer_may_take_any_time(timeout: float) -> None:
    with MessagesApi() as api:
        answer, _ = await ask(claude(api, timeout=timeout), request("hello", max_tokens=32_000))
    assert said(answer) == "hello"


# ---- what is not sent at all


@pytest.mark.parametrize("fault", FAULTY)
async def test_a_faulty_request_is_refused_before_anything_is_sent(fault: str) -> None:
    with MessagesApi() as api:
        answer, _ = await ask(claude(api), FAULTY[fault])
    assert isinstance(answer, ErrorData)
    assert answer.code == INVALID_PARAMS
    assert api.received == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (request("begin:", assistant("Dear ")), "words put into its mouth"),
        (request(user(AudioContent(data="", mime_type="audio/wav"))), "Message 1 holds audio"),
        (request("see", user(ImageContent(data="", mime_type="image/tiff"))), "Message 2 holds an image of a type"),
    ],
)
async def test_what_claude_cannot_take_is_refused_in_words(params: CreateMessageRequestParams, words: str) -> None:
    with MessagesApi() as api:
        answer, _ = await ask(claude(api), params)
    assert isinstance(answer, ErrorData)
    assert answer.code == INVALID_PARAMS
    assert words in answer.message
    assert api.received == []


async def test_half_a_character_is_refused_and_does_not_raise() -> None:
    with MessagesApi() as api:
        answer, _ = await ask(claude(api), request("half \ud800"))
    assert (answer.code, api.received) == (INVALID_PARAMS, [])


@pytest.mark.parametrize("key", [None, "", "  \n"])
async def test_a_missing_key_is_one_sentence_that_names_the_variable(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with MessagesApi() as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        answer, _ = await ask(Claude(api_key=key), request("hello"))
    assert isinstance(answer, ErrorData)
    assert answer.code == INTERNAL_ERROR
    assert "the environment variable ANTHROPIC_API_KEY" in answer.message
    assert api.received == []


async def test_the_key_of_the_environment_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with MessagesApi(key=KEY) as api:
        monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        model = Claude()
        monkeypatch.setenv("ANTHROPIC_API_KEY", f"{KEY}\n")
        answer, _ = await ask(model, request("hello"))
    assert said(answer) == "hello"


async def test_the_key_of_the_environment_does_not_go_to_an_address_that_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with MessagesApi() as api:
        answer, _ = await ask(Claude(base_url=api.url), request("hello"))
    assert answer == ErrorData(
        code=INTERNAL_ERROR,
        message=f"Claude needs a key for {api.url}: give it, Claude(api_key=..., base_url=...). "
        "ANTHROPIC_API_KEY goes to api.anthropic.com alone.",
    )
    assert api.received == []


GATEWAY = "Authorization: Bearer of-a-gateway\nX-Api-Key: of-a-gateway\nx-team: of-a-gateway\nUser-Agent: of-a-gateway"


@pytest.mark.parametrize("is_given", [True, False], ids=["an address", "a key alone"])
async def test_beside_a_key_that_was_given_no_secret_of_the_environment_leaves(
    is_given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", GATEWAY)
    for variable in ("API_KEY", "AUTH_TOKEN", "IDENTITY_TOKEN", "WEBHOOK_SIGNING_KEY", "ORGANIZATION_ID"):
        monkeypatch.setenv(f"ANTHROPIC_{variable}", "of-a-gateway")
    with MessagesApi(key=KEY) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        answer, _ = await ask(claude(api) if is_given else Claude(api_key=KEY), request("hello"))
    assert said(answer) == "hello"
    assert "of-a-gateway" not in str(api.received[0].headers)


async def test_headers_of_the_environment_go_with_its_own_key_to_its_own_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x-team: night")
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with MessagesApi(key=KEY) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        await ask(Claude(), request("hello"))
    assert api.received[0].headers["x-team"] == "night"


async def test_a_key_that_no_header_can_hold_is_refused_without_being_quoted() -> None:
    with MessagesApi() as api:
        answer, _ = await ask(Claude(api_key="sk-ant\nsecret", base_url=api.url), request("hello"))
    assert "Copy it anew" in answer.message
    assert "secret" not in answer.message
    assert api.received == []


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x", "http://", "http://me:secret@x", "http://secret@x/v1"])
def test_an_address_that_cannot_work_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="base_url must") as caught:
        Claude(base_url=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "number",
    [
        *({"top_p": 0}, {"top_p": float("nan")}, {"top_k": -1}, {"top_k": "x"}),
        *({"timeout": 0}, {"timeout": float("nan")}, {"timeout": None}, {"max_retries": -1}, {"max_retries": 1.5}),
    ],
    ids=str,
)
def test_a_number_that_cannot_stand_there_is_refused_when_it_is_given(number: dict[str, Any]) -> None:
    [(name, value)] = number.items()
    with pytest.raises(ValueError, match=f"^{name} is {value!r}, and it must be "):
        Claude(**number)


# ---- what comes back


@pytest.mark.parametrize(
    ("behaviour", "words", "stop_reason"),
    [
        ("cut off", "The disk is fu", "maxTokens"),
        ("stop sequence", "one, two", "stopSequence"),
        ("pauses", "So far.", "pause_turn"),
        ("refuses", "", "refusal"),
    ],
)
async def test_a_stop_reason_is_passed_on(behaviour: str, words: str, stop_reason: str) -> None:
    with MessagesApi([behaviour]) as api:
        answer, _ = await ask(claude(api), request("hello"))
    assert isinstance(answer, CreateMessageResult)
    assert (said(answer), answer.stop_reason) == (words, stop_reason)


async def test_a_refusal_that_is_explained_is_an_answer_with_the_explanation() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "This could do harm."}
    with MessagesApi([lambda received: message(received, [], "refusal", stop_details=details)]) as api:
        answer, _ = await ask(claude(api), request("hello"))
    assert (said(answer), answer.stop_reason) == ("This could do harm.", "refusal")


async def test_a_reply_that_is_all_thought_says_that_it_needs_more_tokens() -> None:
    with MessagesApi(["no text"]) as api:
        answer, steps = await ask(claude(api), request("hello", max_tokens=20))
    assert answer == ErrorData(
        code=INTERNAL_ERROR,
        message="claude-haiku-5-5 used up its 20 tokens before it wrote a word: what a model thinks counts too. "
        "Ask with a larger maxTokens.",
    )
    assert labels(steps)[-1] == "answers with 7 tokens"


async def test_a_tool_that_nobody_declared_is_not_passed_on() -> None:
    with MessagesApi([uses_tool("delete_log", {})]) as api:
        answer, _ = await ask(claude(api), request("hello", tools=[READ_LINE]))
    assert answer.code == INTERNAL_ERROR
    assert "a tool that the request does not declare" in answer.message


@pytest.mark.parametrize(
    ("behaviour", "code", "words", "requests"),
    [
        ("says nothing", INTERNAL_ERROR, "answered without a word", 1),
        ("400", INVALID_PARAMS, "was not accepted (400): messages.0: all is wrong", 1),
        ("401", INTERNAL_ERROR, "The key was not accepted (401). Put a valid one into Claude(api_key=...).", 1),
        ("402", INTERNAL_ERROR, "has to be paid first (402)", 1),
        ("403", INTERNAL_ERROR, "This key may not do that (403)", 1),
        ("404", INTERNAL_ERROR, "no model claude-haiku-5-5 here (404)", 1),
        ("413", INVALID_PARAMS, "too large (413)", 1),
        ("429", INTERNAL_ERROR, "Too many requests (429, 3 times)", 3),
        ("500", INTERNAL_ERROR, "a fault of its own (500, 3 times)", 3),
        ("529", INTERNAL_ERROR, "overloaded (529, 3 times)", 3),
        ("malformed", INTERNAL_ERROR, "no reply of the Messages API", 1),
        ("a web page", INTERNAL_ERROR, "no reply of the Messages API", 1),
        ("another shape", INTERNAL_ERROR, "no reply of the Messages API", 1),
        ("hangs up", INTERNAL_ERROR, "broke off before the answer was complete", 1),
    ],
)
async def test_a_failure_is_a_sentence_after_a_bounded_number_of_tries(
    behaviour: str, code: int, words: str, requests: int
) -> None:
    with MessagesApi([behaviour]) as api:
        answer, _ = await ask(claude(api), request("hello"))
    assert isinstance(answer, ErrorData)
    assert answer.code == code
    assert words in answer.message
    assert len(api.received) == requests


@pytest.mark.parametrize("usage", [None, {}, [], {"input_tokens": 11}, {"output_tokens": None}], ids=str)
async def test_tokens_that_are_not_told_are_unknown_and_the_text_arrives(usage: Any) -> None:
    with MessagesApi([says("fine", usage=usage)]) as api:
        answer, steps = await ask(claude(api), request("hello"))
    assert said(answer) == "fine"
    assert (steps[-1].label, steps[-1].data["output_tokens"]) == ("answers", None)


async def test_an_error_that_comes_with_the_status_200_is_told_as_an_error() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    with MessagesApi([Reply(error)]) as api:
        answer, _ = await ask(claude(api), request("hello"))
    assert (answer.code, "overloaded (529)" in answer.message) == (INTERNAL_ERROR, True)


async def test_a_service_that_is_busy_twice_is_asked_a_third_time() -> None:
    with MessagesApi(["429", "529", says("fine")]) as api:
        answer, steps = await ask(claude(api), request("hello"))
    assert said(answer) == "fine"
    assert labels(steps) == ["asks claude-haiku-5-5", "answers 429", "answers 529", "answers with 7 tokens"]


async def test_a_service_that_asks_for_an_hour_is_not_waited_for() -> None:
    with MessagesApi(["429 for an hour"]) as api, anyio.fail_after(50):
        answer, _ = await ask(claude(api, timeout=60), request("hello"))
    assert answer.message.endswith("It asks to wait 3600 s.")
    assert answer.data == {"status": 429, "retryAfter": 3600}
    assert len(api.received) == 1


async def test_the_server_is_not_told_what_the_provider_says_of_the_account() -> None:
    with MessagesApi(["429"]) as api:
        answer, steps = await ask(claude(api, max_retries=0), request("hello"))
    assert "org-123" not in answer.message
    assert labels(steps)[-1] == "organization org-123 is over its limit"


async def test_a_slow_service_is_left_in_time_and_its_connection_closed() -> None:
    with MessagesApi(["slow"]) as api:
        answer, _ = await ask(claude(api, timeout=1), request("hello"))
        assert api.hung_up.wait(60)
    assert answer == ErrorData(code=INTERNAL_ERROR, message="Claude's API: No answer within timeout=1 s.")
    assert len(api.received) == 1


async def test_an_endless_reply_is_not_read_to_its_end() -> None:
    with MessagesApi(["huge"]) as api:
        answer, _ = await ask(claude(api), request("hello"))
        assert api.hung_up.wait(60)
    assert answer.message == "The reply is larger than 8,000,000 bytes and was not read."
    assert api.sent < 40_000_000  # some of it lies in the buffers of the connection


async def test_an_address_where_nothing_listens_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer, _ = await ask(Claude(api_key=KEY, base_url=f"http://127.0.0.1:{port}", max_retries=0), request("hello"))
    assert answer.code == INTERNAL_ERROR
    assert f"cannot be reached at http://127.0.0.1:{port}." in answer.message


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_the_key_shows_nowhere(behaviour: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), MessagesApi([behaviour]) as api:
        model = claude(api, timeout=0.2 if behaviour == "slow" else 10)
        answer, steps = await ask(model, request("hello", tools=[READ_LINE] if behaviour == "tool use" else None))
    assert KEY not in "\n".join([repr(model), str(vars(model)), repr(answer), repr(steps), caplog.text])
    assert behaviour != "echoes the key" or labels(steps)[-1] == "invalid header Authorization: Bearer [key]"


async def test_a_redirect_does_not_carry_the_key_elsewhere() -> None:
    with MessagesApi() as elsewhere, MessagesApi([Reply(status=307, headers={"location": elsewhere.url})]) as api:
        answer, _ = await ask(claude(api), request("hello"))
    assert (answer.code, answer.message) == (INTERNAL_ERROR, "Claude's API: The reply is a 307. Check the address.")
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
    with MessagesApi() as server:
        answer, _ = await ask(claude(server), request("hello"))
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
    with certified(tmp_path / "own.pem", MessagesApi()) as server:
        answer, _ = await ask(claude(server), request("hello"))
        assert answer.code == INTERNAL_ERROR
        assert answer.message.startswith("The certificate of 127.0.0.1 is not trusted here (self-signed certificate)")
        assert "set the environment variable SSL_CERT_FILE" in answer.message
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
        answer, _ = await ask(claude(server), request("hello"))
    assert said(answer) == "hello"
    assert server.connections == 2


# ---- manners


async def test_a_cancelled_request_closes_its_connection() -> None:
    with MessagesApi(["slow"]) as api:
        task = asyncio.create_task(claude(api)(None, request("hello")))
        await until(lambda: api.received)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert api.hung_up.wait(60)


async def test_requests_at_the_same_time_are_kept_apart() -> None:
    with MessagesApi() as api:
        model = claude(api)
        answers = await asyncio.gather(*(model(None, request(f"line {number}")) for number in range(20)))
    assert [said(answer) for answer in answers] == [f"line {number}" for number in range(20)]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
async def test_this_machine_is_not_asked_through_a_proxy(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with MessagesApi() as api:
        answer, _ = await ask(claude(api), request("hello"))
    assert said(answer) == "hello"


def test_a_callback_outlives_its_event_loop_and_leaves_nothing_behind() -> None:
    with MessagesApi(["fine", "slow", "fine"]) as api:
        model = claude(api)
        before = threading.active_count()

        async def hang() -> None:
            task = asyncio.create_task(model(None, request("wait")))
            await until(lambda: len(api.received) == 2)
            task.cancel()

        assert said(asyncio.run(model(None, request("one")))) == "one"
        asyncio.run(hang())
        assert said(asyncio.run(model(None, request("two")))) == "two"
        gc.collect()  # an unclosed socket would warn here, and a warning is an error
        asyncio.run(until(lambda: threading.active_count() <= before))


@pytest.mark.parametrize("mode", WIRES)
def test_in_a_lab_the_flow_shows_who_answered_and_for_how_many_tokens(mode: str) -> None:
    callback: SamplingFnT
    with MessagesApi() as api:
        callback = claude(api)
        with Lab(bookshop(), mode=mode, sampling_callback=callback) as lab:
            assert said(lab.start("recommend", {"genre": "crime"}).result(60)) == "recommend crime"
            assert "answers with 7 tokens" in str(lab.flow)


def test_nothing_is_imported_or_sent_before_the_first_sample() -> None:
    code = (
        "import sys; from labkit.models.claude import Claude;"
        "from labkit.models.openai_compatible import OpenAICompatible;"
        "Claude(api_key='x'); OpenAICompatible(); print(*{'anthropic', 'openai'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, encoding="utf-8", timeout=300
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)
