"""Who may ask: a server samples for a request of the client, and the guard knows when there is none."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

import pytest
from mcp import Client, stdio_client
from mcp.shared.message import SessionMessage
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    JSONRPCRequest,
    ProgressNotification,
    ProgressNotificationParams,
    PromptReference,
    RequestId,
)

from labkit import Lab, close_all
from labkit.host import AllowServer, Approve, ReviewRequest, render, with_approval, with_guard
from labkit.open_requests import OpenRequests, arrival
from labkit.wire import Frame, InMemoryTransport, _frame, tap
from tests.host.crowd import Model, answered, crowd
from tests.host.night_owl import OVER_STDIO, night_owl
from tests.story import OVER_STDIO as BOOKSHOP
from tests.story import WIRES, answer, bookshop, over_http, question, said, until

pytestmark = pytest.mark.anyio

UNASKED = "Refused by the client's rule unasked: it asks for a sample while no request of the client is open."
LATE = "Refused by the client's rule unasked: the request that it was for has just been given up."
TRANSPORTS = "in process", "stdio", "http"


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


@contextmanager
def owl(transport: str) -> Generator[Any]:
    if transport == "http":
        with over_http(night_owl()) as url:
            yield url
    else:
        yield night_owl() if transport == "in process" else OVER_STDIO


async def night_falls(client: Client, samples: int) -> None:
    """Have the server ask for so many samples while no request is open: what it is told by is a notification."""
    await client.call_tool("perch")
    params = ProgressNotificationParams(progress_token="night", progress=samples)
    await client.session.send_notification(ProgressNotification(params=params))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_a_server_asks_after_its_answer_is_refused_and_counted(transport: str) -> None:
    model = Model()
    guard = with_guard(model)
    with owl(transport) as server, Lab(server, sampling_callback=guard, mode="legacy") as lab:
        await lab.run(lambda client: night_falls(client, 20))
        await until(lambda: guard.counts.get("unasked") == 20)
        told = await lab.call_tool("tell", {"number": 20})
        assert said(told).split("\n") == [f"-32602 {UNASKED}"] * 20
        assert model.asked == []
        assert guard.counts == {"unasked": 20}
        labels = [step.label for flow in lab.flows for step in flow.steps]
        assert labels.count("refused: it asks for a sample while no request of the client is open") == 20


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_where_the_client_has_asked_a_server_may_sample_in_every_request(transport: str) -> None:
    model = Model("Hoo.")
    guard = with_guard(model)
    with owl(transport) as server, Lab(server, sampling_callback=guard, mode="legacy") as lab:
        assert said(await lab.call_tool("hoot")) == "Hoo."
        prompt = await lab.run(lambda client: client.get_prompt("lullaby"))
        assert said(prompt.messages[0]) == "Hoo."
        resource = await lab.run(lambda client: client.read_resource("owl://a"))
        assert resource.contents[0].text == "Hoo."  # pyright: ignore[reportAttributeAccessIssue]
        reference, argument = PromptReference(name="lullaby"), {"name": "x", "value": ""}
        completed = await lab.run(lambda client: client.complete(reference, argument))
        assert completed.completion.values == ["Hoo."]
        both = [lab.start("hoot"), lab.start("hoot"), lab.start("perch")]
        assert [said(await call) for call in both] == ["Hoo.", "Hoo.", "nothing more"]
        assert guard.counts == {}
        assert len(model.asked) == 6


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_sample_for_a_call_that_was_just_given_up_is_refused_and_no_offence(transport: str) -> None:
    model = Model()
    guard = with_guard(model)
    with owl(transport) as server, Lab(server, sampling_callback=guard, mode="legacy", timeout=30) as lab:
        lingering = lab.start("linger")
        await until(lambda: len(lingering.flow.steps) >= 2)
        lingering.cancel()
        await until(lambda: any("given up" in step.label for flow in lab.flows for step in flow.steps))
        told = await lab.call_tool("tell", {"number": 1})
        assert said(told) == f"-32602 {LATE}"
        assert (model.asked, guard.counts) == ([], {})


async def test_every_way_in_which_a_server_may_ask_is_free_of_findings(url: str) -> None:
    model = Model("Hoo.")
    guard = with_guard(model)
    for server in (bookshop(), BOOKSHOP, url):
        for mode in WIRES:
            with Lab(server, sampling_callback=guard, mode=mode) as lab:
                calls = [
                    lab.start("recommend", {"genre": "noir"}),
                    lab.start("compare", {"title": "Emma"}),
                    lab.start("review", {"titles": ["a", "b"]}),
                    lab.start("poll", {"titles": ["a", "b", "c"]}),
                ]
                for call in calls:
                    assert "Hoo." in said(await call)
    assert guard.counts == {}
    assert len(model.asked) == 9 * 6


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    with over_http() as url:
        yield url


@pytest.mark.parametrize("mode", WIRES)
async def test_a_hundred_samples_of_one_call_were_all_asked_for(mode: str) -> None:
    guard = with_guard(Model())
    with Lab(crowd(), sampling_callback=guard, mode=mode) as lab:
        assert said(await lab.call_tool("ask_many", {"number": 100})) == "100 answers"
    assert guard.counts == {}


@pytest.mark.parametrize("outer", WIRES)
@pytest.mark.parametrize("inner", WIRES)
async def test_a_callback_may_call_another_server_that_samples(outer: str, inner: str) -> None:
    inside = with_guard(Model("Hoo."))
    with Lab(bookshop(name="inner"), sampling_callback=inside, mode=inner) as other:

        async def calls(context: Any, params: CreateMessageRequestParams) -> CreateMessageResult:
            return answer(said(await other.call_tool("recommend", {"genre": "noir"})))

        outside = with_guard(calls)
        with Lab(bookshop(), sampling_callback=outside, mode=outer) as lab:
            assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "Hoo."
    assert (outside.counts, inside.counts) == ({}, {})


@pytest.mark.parametrize("transport", ["in process", "stdio"])
async def test_a_plain_client_knows_when_its_requests_are_counted(transport: str) -> None:
    model, frames = Model(), list[Frame]()
    guard = with_guard(model)
    server = InMemoryTransport(night_owl()) if transport == "in process" else stdio_client(OVER_STDIO)
    async with Client(tap(server, OpenRequests(frames.append)), mode="legacy", sampling_callback=guard) as client:
        assert said(await client.call_tool("hoot")) == "Read Chandler."
        await night_falls(client, 2)
        await until(lambda: guard.counts.get("unasked") == 2)
        told = await client.call_tool("tell", {"number": 3})
    assert said(told).split("\n")[1:] == [f"-32602 {UNASKED}"] * 2
    assert len(model.asked) == 1
    assert [frame.method for frame in frames].count("sampling/createMessage") == 3


async def test_a_plain_client_alone_does_not_know_and_says_so_to_whoever_decides() -> None:
    shown: list[str] = []

    def looks(request: ReviewRequest) -> Approve:
        shown.append(render(request))
        return Approve()

    guard = with_guard(with_approval(Model("Hoo."), ask=looks))
    async with Client(night_owl(), mode="legacy", sampling_callback=guard) as client:
        await night_falls(client, 1)
        await until(lambda: len(shown) == 2)
    assert shown[0].startswith("a server asks; outside a Lab it is not known which, nor for which call, if for any\n")
    assert guard.counts == {}


async def test_what_is_unasked_may_be_let_through_or_put_before_a_human() -> None:
    seen: list[ReviewRequest] = []

    def allows(request: ReviewRequest) -> AllowServer:
        seen.append(request)
        return AllowServer()

    model = Model("Hoo.")
    guard = with_guard(with_approval(model, ask=allows), {"unasked": "ask"})
    with Lab(night_owl(), sampling_callback=guard, mode="legacy") as lab:
        assert said(await lab.call_tool("hoot")) == "Hoo."
        await lab.run(lambda client: night_falls(client, 2))
        await until(lambda: len(model.asked) == 3)
    assert [len(request.remarks) for request in seen if request.stage == "request"] == [0, 1, 1]
    assert seen[-1].remarks[0].text == "it asks for a sample while no request of the client is open"
    assert guard.counts == {"unasked": 2}


# What counts as an open request, frame by frame


def sent(method: str, number: RequestId | None = None, *, time: float = 0.0, **params: Any) -> Frame:
    return Frame("to server", time, json.dumps({"method": method, "params": params}).encode(), method, number)


def came(method: str | None, number: RequestId, *, time: float = 0.0) -> Frame:
    return Frame("to client", time, b"{}", method, number)


SAMPLE = came("sampling/createMessage", 7, time=10.0)
CALL = sent("tools/call", 3)


@pytest.mark.parametrize(
    ("frames", "found"),
    [
        ([CALL], None),
        ([sent("prompts/get", "three")], None),
        ([sent("resources/read", 3)], None),
        ([sent("completion/complete", 3)], None),
        ([sent("tools/list", 3)], None),
        ([CALL, came(None, 2)], None),
        ([CALL, came("roots/list", 3)], None),  # the ids of the server are others
        ([CALL, sent("tools/call", 4), came(None, 3)], None),
        ([CALL, sent("tools/call", 4), sent("notifications/cancelled", requestId=4)], None),
        ([CALL, sent("notifications/cancelled", requestId=9)], None),
        ([], UNASKED),
        ([sent("initialize", 0)], UNASKED),
        ([sent("server/discover", 0)], UNASKED),
        ([sent("ping", 1)], UNASKED),
        ([sent("notifications/initialized")], UNASKED),
        ([sent("notifications/roots/list_changed")], UNASKED),
        ([CALL, came(None, 3)], UNASKED),
        ([CALL, came(None, "3")], UNASKED),  # as the SDK takes it
        ([CALL, came(None, " 3")], UNASKED),
        ([CALL, sent("notifications/cancelled", requestId=3, time=9.0)], LATE),
        ([CALL, sent("notifications/cancelled", requestId="3", time=5.0)], LATE),
        ([CALL, sent("notifications/cancelled", requestId=3, time=4.9)], UNASKED),
        ([CALL, sent("notifications/cancelled", requestId=9, time=9.0), came(None, 3)], UNASKED),
    ],
)
async def test_what_counts_as_an_open_request(frames: list[Frame], found: str | None) -> None:
    passed: list[Frame] = []
    requests = OpenRequests(passed.append)
    for frame in [*frames, SAMPLE]:
        requests(frame)
    guard = with_guard(Model())
    answer, _ = await answered(guard, question("hello"), context=SimpleNamespace(session=object(), request_id=7))
    assert (answer.message if isinstance(answer, ErrorData) else None) == found
    assert guard.counts == ({"unasked": 1} if found == UNASKED else {})
    assert passed == [*frames, SAMPLE]
    other, _ = await answered(guard, question("hello"), context=SimpleNamespace(session=object(), request_id="7"))
    assert isinstance(other, CreateMessageResult)  # what it is told of one request is told of no other


@pytest.mark.parametrize("size", [300, 100_000])
def test_a_long_id_hides_nothing(size: int) -> None:
    heard: list[Frame] = []

    def ask() -> None:
        came = {"jsonrpc": "2.0", "id": "i" * size, "method": "sampling/createMessage", "params": {}}
        item = SessionMessage(JSONRPCRequest.model_validate(came))
        hear = OpenRequests(heard.append)
        hear(_frame("to client", item))
        context: Any = SimpleNamespace(request_id="i" * size)
        assert (known := arrival(context)) is not None
        assert known.open == 0

    copy_context().run(ask)
    assert len(str(heard[0].id)) < 200
