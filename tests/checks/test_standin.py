"""The stand-in speaks both APIs as far as the providers' own clients and a plain HTTP client can tell."""

import asyncio
import gc
import json
from typing import Any

import httpx2
import pytest

from labkit.checks.apis import Fails, Says
from labkit.checks.standin import Sends, Standin, never
from tests.story import until

pytestmark = pytest.mark.anyio

USER = {"role": "user", "content": "how are you"}
TOOL = {"name": "weather", "input_schema": {"type": "object"}}
FUNCTION = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def claude(provider: Standin) -> Any:
    import anthropic  # two seconds, and only for the tests that run

    client = httpx2.AsyncClient(trust_env=False)
    return anthropic.AsyncAnthropic(api_key="k", base_url=provider.url, max_retries=0, http_client=client)


def chat(provider: Standin) -> Any:
    import openai

    client = httpx2.AsyncClient(trust_env=False)
    return openai.AsyncOpenAI(api_key="k", base_url=f"{provider.url}/v1", max_retries=0, http_client=client)


async def post(provider: Standin, path: str, body: dict[str, Any]) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.post(provider.url + path, json=body)


async def test_the_client_of_claude_understands_it() -> None:
    async with Standin() as provider, claude(provider) as client:
        message = await client.messages.create(model="m", max_tokens=3, messages=[USER], system="Be brief.")
    assert (message.content[0].text, message.stop_reason) == ("You said: how", "max_tokens")
    (asked,) = provider.asked
    assert (asked.api, asked.key, asked.turns, asked.limit) == ("messages", "k", [("user", "how are you")], 3)
    assert "Be brief." in asked.text


async def test_the_client_of_openai_understands_it() -> None:
    async with Standin() as provider, chat(provider) as client:
        assert [model.id async for model in client.models.list()] == ["stand-in"]
        messages: Any = [{"role": "system", "content": "Be brief."}, USER]
        done = await client.chat.completions.create(model="m", max_completion_tokens=9, messages=messages)
    assert done.choices[0].message.content == "You said: how are you"
    assert done.choices[0].finish_reason == "stop"
    (asked,) = provider.asked
    assert (asked.api, asked.key, asked.turns, asked.limit) == ("chat", "k", [("user", "how are you")], 9)


async def test_the_client_of_claude_understands_its_events() -> None:
    says = Says("Let me look.", "tool", ("weather", {"city": "Lima"}), thought="Hm.")
    async with (
        Standin(says) as provider,
        claude(provider) as client,
        client.messages.stream(model="m", max_tokens=9, messages=[USER], tools=[TOOL]) as stream,
    ):
        message = await stream.get_final_message()
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    assert message.content[2].input == {"city": "Lima"}
    assert message.stop_reason == "tool_use"


async def test_the_client_of_openai_understands_its_events() -> None:
    async with Standin(Says("One.", "limit")) as provider, chat(provider) as client:
        stream: Any = await client.chat.completions.create(model="m", messages=[USER], stream=True)
        choices = [chunk.choices[0] async for chunk in stream]
    assert "".join(choice.delta.content or "" for choice in choices) == "One."
    assert choices[-1].finish_reason == "length"


@pytest.mark.parametrize(
    ("path", "more", "words"),
    [
        ("/v1/messages", {"messages": []}, "at least one message"),
        ("/v1/messages", {"max_tokens": None}, "Field required"),
        ("/v1/messages", {"max_tokens": 10**9}, "between 1 and 128000"),
        ("/v1/messages", {"temperature": 0.2}, "Extra inputs"),
        ("/v1/messages", {"messages": [USER, {"role": "assistant", "content": "I"}]}, "prefill"),
        ("/v1/messages", {"messages": [{"role": "system", "content": "x"}, USER]}, "role must be"),
        ("/v1/messages", {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1"}]}]},
         "no tool use before it"),
        ("/v1/messages", {"messages": [{"role": "user", "content": ["hello"]}]}, "another shape"),
        ("/v1/chat/completions", {"max_tokens": 0}, "between 1 and 128000"),
        ("/chat/completions", {"temperature": 99}, "between 0 and 2"),
        ("/chat/completions", {"messages": [{"role": "tool", "tool_call_id": "1", "content": "x"}]},
         "no tool use before it"),
        ("/chat/completions", {"messages": [USER, {"role": "assistant", "tool_calls": [{"id": "1"}]}, USER]},
         "no tool result after it"),
        ("/chat/completions", {"messages": [{"role": "user", "content": {"type": "text"}}]}, "neither a text nor"),
        ("/chat/completions", {"messages": [{"role": "user", "content": [{"type": "image", "data": ""}]}]},
         "no block of the type image"),
        ("/v1/messages", {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "the type image_url"),
        ("/chat/completions", {"tool_choice": "required"}, "only with tools"),
        ("/v1/messages", {"tool_choice": {"type": "any"}}, "only with tools"),
    ],
)  # fmt: skip
async def test_it_refuses_what_providers_refuse(path: str, more: dict[str, Any], words: str) -> None:
    async with Standin() as provider:
        response = await post(provider, path, {"model": "m", "max_tokens": 9, "messages": [USER]} | more)
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", {"max_tokens": 9, "tools": [TOOL], "tool_choice": {"type": "any"}}),
        ("/v1/chat/completions", {"tools": [FUNCTION], "tool_choice": "required"}),
    ],
)
async def test_it_uses_a_tool_where_it_must(path: str, body: dict[str, Any]) -> None:
    async with Standin() as provider:
        response = await post(provider, path, {"model": "m", "messages": [USER]} | body)
    assert "weather" in response.text
    assert '"tool_use"' in response.text or '"tool_calls"' in response.text


async def test_its_behaviours_come_in_turn_and_the_last_one_stays() -> None:
    async with Standin(Fails(429, "busy"), Says("fine")) as provider:
        answers = [await post(provider, "/v1/messages", {"messages": [USER]}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 200, 200]
    assert answers[0].headers["retry-after-ms"] == "1"


async def test_it_can_break_off_half_way() -> None:
    async with Standin(Sends(b"x" * 100, half=True)) as provider:
        with pytest.raises(httpx2.RemoteProtocolError):
            await post(provider, "/v1/messages", {})
    assert [asked.body for asked in provider.asked] == [{}]


async def test_an_address_that_it_does_not_have_is_404_and_kept() -> None:
    async with Standin() as provider:
        response = await post(provider, "/v1/v1/messages", {"messages": [USER]})
    assert response.status_code == 404
    assert provider.lost == ["/v1/v1/messages"]
    assert provider.asked == []


async def test_it_counts_the_tokens_of_a_request_and_of_no_other() -> None:
    async with Standin(Fails(529, "busy")) as provider, claude(provider) as client:
        few = await client.messages.count_tokens(model="m", messages=[USER])
        more = await client.messages.count_tokens(model="m", messages=[USER] * 9, system="Be brief.", tools=[TOOL])
        refused = await post(provider, "/v1/messages/count_tokens", {"model": "m", "messages": []})
    assert 3 < few.input_tokens < more.input_tokens < 200
    assert (refused.status_code, refused.json()["error"]["message"][:9]) == (400, "messages:")
    assert (provider.asked, provider.lost, provider.unspoken) == ([], [], [])


async def test_what_an_api_has_and_the_standin_has_not_is_kept_apart() -> None:
    paths = ["/v1/responses", "/v1/embeddings", "/v1/completions", "/v1/messages/batches", "/v1/models/m", "/api/chat"]
    wrong = ["/v1/v1/responses", "/v1/chat/completions/chat/completions", "/v1/messages/v1/messages", "/v1", "/"]
    async with Standin() as provider:
        statuses = {(await post(provider, path, {})).status_code for path in [*paths, *wrong]}
    assert (provider.unspoken, provider.lost, statuses) == (paths, wrong, {404})


async def test_it_ends_with_requests_under_way_and_leaves_no_socket() -> None:
    async with Standin(never) as provider:
        waiting = asyncio.create_task(post(provider, "/v1/messages", {"messages": [USER]}))
        await until(lambda: provider.asked)
        half = await asyncio.open_connection("127.0.0.1", int(provider.url.rpartition(":")[2]))
        half[1].write(b"POST /v1/messages HTTP/1.1\r\ncontent-length: 9\r\n\r\n{")
    with pytest.raises(httpx2.TransportError):
        await waiting
    assert await half[0].read() == b""
    half[1].close()
    await half[1].wait_closed()
    gc.collect()  # a socket that is left says so here, and warnings are errors


async def test_what_is_no_http_does_no_harm() -> None:
    async with Standin(Says("fine")) as provider:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(provider.url.rpartition(":")[2]))
        writer.write(b"hello\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 404 ")
        writer.close()
        await writer.wait_closed()
        response = await post(provider, "/v1/messages", {"messages": [USER]})
    assert json.loads(response.text)["content"][0]["text"] == "fine"
