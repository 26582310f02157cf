"""Both APIs while somebody reads along: the text grows, and all else is as in one piece."""

import asyncio
import gc
import re
import threading
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from mcp_types import INTERNAL_ERROR, CreateMessageRequestParams, CreateMessageResult

from labkit import Lab
from labkit.callbacks import Answer
from labkit.models.claude import Claude
from labkit.models.openai_compatible import OpenAICompatible
from labkit.models.streaming import LONGEST_DRAFT
from labkit.steps import reading_along
from tests.models.conversations import READ_LINE, ask, labels, request
from tests.standins import chat_completions as chat
from tests.standins import messages_api as messages
from tests.standins.chat_completions import ChatCompletions
from tests.standins.messages_api import MessagesApi
from tests.standins.serving import Behaviour, Reply, event, streams
from tests.story import WIRES, bookshop, said, until

pytestmark = pytest.mark.anyio
KEY = "sk-" + "aB3dE5fG7hJ9kL1mN2pQ4"
Server = MessagesApi | ChatCompletions
BUSY = {"type": "error", "error": {"type": "overloaded_error", "message": f"busy: Bearer {KEY}"}}


def model_of(server: Server, **options: Any) -> Claude | OpenAICompatible:
    options = {"timeout": 10, "api_key": KEY, **options}
    if isinstance(server, MessagesApi):
        return Claude(base_url=server.url, **options)
    return OpenAICompatible(server.base_url, "smollm2", **options)


def head(server: Server) -> bytes:
    return event({"type": "message_start", "message": {"type": "message", "model": "m", "content": []}}) + event(
        {"type": "content_block_start", "index": 0, "content_block": messages.text("")}
    ) if isinstance(server, MessagesApi) else b""  # fmt: skip


def word(server: Server, words: str) -> bytes:
    if isinstance(server, MessagesApi):
        return event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": words}})
    return event({"choices": [{"index": 0, "delta": {"content": words}}]})


def tail(server: Server) -> bytes:
    if isinstance(server, MessagesApi):
        return event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}) + event({"type": "message_stop"})
    return event({"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}) + event("[DONE]")


@pytest.fixture(params=[MessagesApi, ChatCompletions])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with request.param() as server:
        yield server


def sends(server: Server, *pieces: bytes) -> None:
    """Answer with these pieces, between the beginning of a reply and its end."""
    server.behaves(streams([head(server), *pieces, tail(server)]))


WITHOUT_A_BODY = ("slow", "huge", "hangs up", "401", "402", "403", "404", "413", "500", "529", "429 for an hour")
"""Told before a body is read, or below, for streams."""

ALL: list[tuple[type[Server], str | Behaviour]] = [
    *((MessagesApi, behaviour) for behaviour in messages.BEHAVIOURS if behaviour not in WITHOUT_A_BODY),
    *((ChatCompletions, behaviour) for behaviour in chat.BEHAVIOURS if behaviour not in WITHOUT_A_BODY),
    (MessagesApi, lambda received: messages.message(received, [], "refusal", stop_details={"explanation": "No."})),
    (MessagesApi, lambda received: messages.message(received, [messages.text("a"), messages.text("b")], usage={})),
    (ChatCompletions, lambda received: chat.completion(received, {"content": ["fi", "ne"]}, usage=None)),
    (ChatCompletions, chat.uses_tool("read_line", {})),  # pyright: ignore[reportArgumentType]
    (ChatCompletions, chat.uses_tool("read_line", '{"li', finish_reason="length")),
    *((api, of.says(f"Your key is {KEY}.")) for api, of in ((MessagesApi, messages), (ChatCompletions, chat))),
    (ChatCompletions, Reply({"error": {"code": 429, "message": KEY}})),
]


@pytest.mark.parametrize(("api", "behaviour"), ALL)
async def test_what_comes_in_pieces_is_what_would_have_come_in_one(
    api: type[Server], behaviour: str | Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    told = list[Any]()
    tools = [READ_LINE] if "tool" in str(behaviour) else None
    for read in (None, drafts := list[str]()):
        with caplog.at_level("DEBUG"), api([behaviour]) as server:
            model = model_of(server)
            params = request("hello", tools=tools)
            told.append(await (ask(model, params) if read is None else read_along(model, params, drafts)))
            assert bool(server.received[0].body.get("stream")) is (read is not None)
    assert told[0] == told[1]
    text = said(told[0][0]) if isinstance(told[0][0], CreateMessageResult) else ""
    assert all(text.startswith(draft) for draft in drafts if text)
    assert not re.search(f"{KEY}|{KEY[:4]}", f"{told}{drafts}{caplog.text}")


async def read_along(model: Any, params: CreateMessageRequestParams, drafts: list[str]) -> tuple[Any, list[Any]]:
    with reading_along(drafts.append):
        return await ask(model, params)


def waiting(server: Server, words: list[str], heard: threading.Event) -> Iterator[bytes]:
    yield head(server)
    for each in words:
        yield word(server, each)
        assert heard.wait(60)
    yield tail(server)


@pytest.mark.parametrize("mode", WIRES)
def test_the_text_is_read_before_the_rest_of_it_is_sent(server: Server, mode: str) -> None:
    drafts, heard = list[str](), threading.Event()
    server.behaves(streams(waiting(server, ["The disk", " is full."], heard)))
    model = model_of(server)

    async def watched(context: Any, params: CreateMessageRequestParams) -> Answer:
        with reading_along(lambda draft: (drafts.append(draft), heard.set())):
            return await model(context, params)

    with Lab(bookshop(), mode=mode, sampling_callback=watched) as lab:
        assert said(lab.start("recommend", {"genre": "crime"}).result(60)) == "The disk is full."
    assert drafts[0] == "The disk"


async def test_a_server_that_does_not_stream_is_read_all_the_same(server: Server) -> None:
    server.streams = False
    answer, _ = await read_along(model_of(server), request("hello"), drafts := [])
    assert (said(answer), drafts) == ("hello", [])


@pytest.mark.parametrize("refused", ["stream", "stream_options"])
async def test_a_server_that_refuses_to_stream_is_asked_without(refused: str) -> None:
    with ChatCompletions(refuses=[refused]) as server:
        answer, steps = await read_along(model_of(server), request("hello"), [])
    assert said(answer) == "hello"
    assert f"leaves out {refused}: smollm2 does not take it" in labels(steps)


async def test_a_draft_holds_no_thought_and_ends_at_a_stop_sequence_that_is_ours_to_find() -> None:
    with ChatCompletions(refuses=["stop"]) as server:
        sends(server, *(word(server, words) for words in ("<think>", "Let me", " see.</think>one, END two")))
        answer, _ = await read_along(model_of(server), request("hello", stop_sequences=["END"]), drafts := [])
    assert (said(answer), answer.stop_reason, drafts) == ("one, ", "stopSequence", ["one, "])


@pytest.mark.parametrize("has_length", [True, False])
async def test_a_stream_that_is_cut_is_no_answer_and_one_that_only_lacks_its_last_mark_is(
    server: Server, has_length: bool
) -> None:
    pieces = head(server) + word(server, "The disk is fu")
    cut = Reply(pieces + b" " * len(pieces), headers={"content-type": "text/event-stream"}, ending="cut")
    server.behaves(cut if has_length else streams([pieces]))
    answer, _ = await read_along(model_of(server), request("hello"), [])
    assert answer.code == INTERNAL_ERROR
    assert answer.message.endswith("The connection broke off before the answer was complete.")
    server.behaves(streams([pieces, tail(server).rpartition(b"data:")[0]]))
    answer, _ = await read_along(model_of(server), request("hello"), [])
    assert said(answer) == "The disk is fu"


async def test_an_error_in_the_middle_is_told_as_that_error_without_the_key(server: Server) -> None:
    sends(server, word(server, "The disk"), event(BUSY))
    answer, steps = await read_along(model_of(server), request("hello"), [])
    assert (answer.code, "overloaded (529)" in answer.message) == (INTERNAL_ERROR, True)
    assert labels(steps)[-1] == "busy: Bearer [key]"
    assert KEY not in f"{answer}{steps}"


@pytest.mark.parametrize(
    "bad", ["{", "[]", "{}x", '{"choices": 3, "type": 3}', '{"choices": [{"delta": 3}], "type": []}']
)
async def test_what_is_no_piece_is_no_reply(server: Server, bad: str) -> None:
    sends(server, word(server, "The disk"), event(bad))
    answer, _ = await read_along(model_of(server), request("hello"), [])
    assert answer.message.startswith("What came back is no reply of the")


async def test_a_whole_reply_in_one_event_is_taken() -> None:
    def one(received: Any) -> Reply:
        whole = chat.completion(received, {"content": "fine"})
        return streams([b"\xef\xbb\xbf: hello\r\n\r\n", event(whole.body).replace(b"\n", b"\r\n")])

    with ChatCompletions([one]) as server:
        answer, _ = await read_along(model_of(server), request("hello"), [])
    assert said(answer) == "fine"


ENDLESS: dict[str, Callable[[Server], bytes]] = {
    "words": lambda server: word(server, "x" * 9000),
    "letters": lambda server: word(server, "x") * 500,
    "comments": lambda _: b": keep-alive\n\n" * 5000,
    "a line": lambda _: b"x" * 65536,
    "an event": lambda _: b"data: x\n" * 8000,
}


@pytest.mark.parametrize(
    ("api", "kind"), [(MessagesApi, "letters"), *((ChatCompletions, kind) for kind in ENDLESS if kind != "letters")]
)
async def test_a_stream_without_end_is_not_read_to_its_end(api: type[Server], kind: str) -> None:
    with api() as server:
        server.behaves(streams(chain([head(server)], repeat(ENDLESS[kind](server)))))
        answer, _ = await read_along(model_of(server, timeout=50), request("hello"), drafts := [])
        assert server.hung_up.wait(60)
    assert answer.message == "The reply is larger than 8,000,000 bytes and was not read."
    assert server.sent < 40_000_000  # some of it lies in the buffers of the connection
    assert max(map(len, drafts), default=0) <= LONGEST_DRAFT
    assert kind != "letters" or 1 < len(drafts) < 1000


async def test_a_stream_that_stops_to_flow_is_left_in_time(server: Server) -> None:
    server.behaves(streams(waiting(server, ["The disk"], gone := threading.Event())))
    answer, _ = await read_along(model_of(server, timeout=0.5), request("hello"), drafts := [])
    assert answer.message.endswith("No answer within timeout=0.5 s.")
    gone.set()
    assert drafts == ["The disk"]


async def test_a_stream_that_is_cancelled_closes_its_connection_and_leaves_nothing_behind(server: Server) -> None:
    drafts = list[str]()
    server.behaves(streams(chain([head(server)], repeat(word(server, "x")))))
    task = asyncio.create_task(read_along(model_of(server), request("hello"), drafts))
    await until(lambda: drafts)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.hung_up.wait(60)
    gc.collect()  # an unclosed socket would warn here, and a warning is an error
