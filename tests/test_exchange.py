"""What of HTTP stands with a frame: the status and few headers, on both wires, and never a key."""

from collections.abc import Generator
from contextvars import Context
from typing import Any

import pytest
from mcp import MCPError

from labkit import Flow, Lab, close_all, show
from labkit.exchange import Exchange, asked, current
from tests.standins.serving import Received, Reply, StandIn
from tests.story import WIRES, bookshop, echo, over_http
from tests.views.test_flow_view import Telling

pytestmark = pytest.mark.anyio

KEYS = {"Authorization": "Bearer sesame-1", "Cookie": "night=sesame-2", "X-Api-Key": "sesame-3"}


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


def told(flow: Flow) -> list[dict[str, Any]]:
    """What is told of HTTP, by the frames in their order."""
    assert all((step.http is not None) == step.wire for step in flow.steps)
    return [step.http for step in flow.steps if step.http is not None]


@pytest.mark.parametrize("wire", WIRES)
async def test_the_status_and_the_headers_of_mcp_stand_with_each_frame_and_no_key_does(wire: str) -> None:
    with over_http(bookshop()) as url:
        lab = Lab(f"{url}?key=sesame-4", mode=wire, sampling_callback=echo, headers=KEYS)
        await lab.call_tool("recommend", {"genre": "noir"})
        exchanges = told(lab.flow)
        assert {each["method"] for each in exchanges} == {"POST"}
        version = lab.protocol_version
        assert [each["sent"]["mcp-protocol-version"] for each in exchanges] == [version] * len(exchanges)
        if wire == "auto":
            # (specification 2026-07-28, basic/transports: method and name stand in headers too)
            assert {(each["sent"]["mcp-method"], each["sent"]["mcp-name"]) for each in exchanges} == {
                ("tools/call", "recommend")
            }
            assert [each["status"] for each in exchanges] == [200, 200, 200, 200]
        else:
            # What comes back comes in the stream of the call; the answer to the question is accepted.
            assert [each["status"] for each in exchanges] == [200, 200, 202, 200]
            assert [each["received"]["content-type"] for each in exchanges][1] == "text/event-stream"
            (session,) = {each["sent"]["mcp-session-id"] for each in exchanges}
            assert len(session) == 9
            assert session.endswith("…")
        view = show(lab)
        everything = "".join(flow.to_json() + str(flow) for flow in lab.flows) + str(view.get_state())
        assert "sesame" not in everything
        assert Flow.from_json(lab.flow.to_json()) == lab.flow


@pytest.mark.parametrize("redacting", [False, True])
async def test_a_view_tells_of_http_when_it_is_asked_and_where_it_redacts_without_secrets(redacting: bool) -> None:
    lab = Lab(bookshop())
    exchange = Exchange("POST", {"mcp-param-password": "hunter2!"})
    await lab.call_tool("price", {"title": "Emma"})
    entry = next(entry for entry in lab.record.entries() if entry.call == 1 and not hasattr(entry.item, "label"))
    new = lab.record.add(entry.item._replace(http=exchange), 1)  # pyright: ignore[reportAttributeAccessIssue]
    exchange.answered(200, {"Mcp-Session-Id": "abc", "Set-Cookie": "hunter2!"})
    for view, seq in ((Telling(lab, redacting=redacting), new.seq), (Telling(lab.flow, redacting=redacting), 5)):
        answer = view.asked_for(ask="http", seq=seq)
        password = answer["http"]["sent"].pop("mcp-param-password")
        assert ("hunter2!" in password) is not redacting
        assert answer["http"] == {"method": "POST", "sent": {}, "status": 200, "received": {"mcp-session-id": "abc"}}
        view.close()


def sessionless(sent: Received, refuses: str, status: int) -> Reply:
    """The reply of a server of 2025-11-25 to what was sent, which refuses one method."""
    body = sent.body or {}
    method = body.get("method", "answer")
    if sent.method != "POST" or method == refuses:
        return Reply(status=405 if sent.method != "POST" else status)
    if "id" not in body or method == "answer":
        return Reply(status=202)
    results = {
        "initialize": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "serverInfo": {"name": "strict", "version": "1"},
        },
        "tools/call": {"content": [{"type": "text", "text": "fine"}]},
    }
    return Reply({"jsonrpc": "2.0", "id": body["id"], "result": results.get(method, {"tools": []})})


async def test_what_is_refused_over_http_looks_like_a_failure_in_the_flow() -> None:
    with StandIn([lambda sent: sessionless(sent, "notifications/initialized", 403)]) as server:
        lab = Lab(f"{server.url}/mcp", mode="legacy")
        await lab.call_tool("price")
        steps = lab.flows[0].steps
        refused = next(step for step in steps if step.kind == "fault")
        assert (refused.source, refused.label) == ("client", "refused with HTTP status 403")
        assert refused.http is not None
        assert refused.http["status"] == 403
    with StandIn([lambda sent: sessionless(sent, "tools/call", 502)]) as server:
        lab = Lab(f"{server.url}/mcp", mode="legacy")
        with pytest.raises((MCPError, Exception), match="HTTP status 502"):
            await lab.call_tool("price")
        assert [step.label for step in lab.flow.steps if step.kind == "response"] == [
            "error -32603: Server returned an error response · HTTP 502"
        ]


def test_a_stream_has_an_exchange_of_its_own() -> None:
    def in_one_context() -> None:
        current.set(first := Exchange())
        stream = asked("GET", {"Accept": "text/event-stream", "Last-Event-ID": "7"})
        assert (stream.sent, first.method) == ({"last-event-id": "7"}, "")
        current.set(first)
        assert asked("POST", {"MCP-Method": "ping"}) is first
        assert asked("POST", {}) is not first  # a redirect that was followed

    Context().run(in_one_context)
