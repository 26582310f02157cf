"""`Lab(telemetry=True)`: a trace of each call. That it agrees with the frames is held in `test_frames.py`."""

import asyncio
import subprocess
import sys
from typing import Annotated, Any

import pytest
from mcp import MCPError
from mcp.server.mcpserver import Resolve
from mcp_types import CreateMessageResult, ErrorData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from labkit import CallbackError, CallTimeout, Lab, Telemetry, with_budget, with_telemetry
from labkit.telemetry import conventions, shared
from labkit.telemetry.frames import Frames
from labkit.wire import Frame
from tests.host.crowd import Model
from tests.story import ROOT, WIRES, ask_for_genre, bookshop, echo, said
from tests.telemetry.spans import events, ids, links, named, parent, told

pytestmark = pytest.mark.anyio

KEY = "sk-" + "ant-api03-" + "Zx9" * 31


def frames(lab: Lab, call: int) -> list[Frame]:
    return [entry.item for entry in lab.record.entries() if entry.call == call and isinstance(entry.item, Frame)]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_call_is_one_trace(wire: str) -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=echo, mode=wire, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
    spans = kept.spans
    (call,) = named(spans, "execute_tool recommend")
    of_call = [span for span in spans if ids(span)[0] == ids(call)[0]]
    assert call.parent is None
    assert all(parent(span, of_call) for span in of_call if span is not call)
    requests, (sample,) = named(of_call, "tools/call recommend"), named(of_call, "sampling/createMessage")
    assert [(span.kind, parent(span, spans)) for span in requests] == [(SpanKind.CLIENT, call.name)] * (
        2 if wire == "auto" else 1
    )
    assert (sample.kind, parent(sample, spans)) == (SpanKind.SERVER, call.name)
    (model,) = named(of_call, "chat")
    assert parent(model, spans) == sample.name
    assert (sample.start_time or 0) <= (model.start_time or 0) <= (model.end_time or 0) <= (sample.end_time or 0)
    if wire == "auto":
        first, second = requests
        assert links(sample, spans) == [("asked in", first)]
        assert links(second, spans) == [("round before", first)]


@pytest.mark.parametrize("wire", WIRES)
async def test_no_name_of_a_server_takes_a_secret_into_a_span(wire: str) -> None:
    kept, shop = Telemetry(), bookshop(name=f"shop {KEY}")

    @shop.tool(name=KEY, structured_output=False)
    async def recommend(words: Annotated[CreateMessageResult, Resolve(ask_for_genre)], genre: str) -> str:
        return said(words)

    with Lab(shop, sampling_callback=echo, mode=wire, telemetry=kept) as lab:
        await lab.call_tool(KEY, {"genre": "noir"})
        assert KEY[:24] not in kept.json_lines() + str(kept.metrics)
        (call,) = [span for span in kept.spans if span.name == "execute_tool [redacted: Anthropic key]"]
        found = Frames(kept)
        assert all(found.of(span) for span in (call, *named(kept.spans, "sampling/createMessage")))
    rounds = named(kept.spans, "tools/call [redacted: Anthropic key]")
    assert len(rounds) == (2 if wire == "auto" else 1)
    assert [why for each in rounds[1:] for why, _ in links(each, kept.spans)] == ["round before"] * (len(rounds) - 1)


@pytest.mark.parametrize("wire", WIRES)
async def test_the_context_goes_to_the_server_with_each_request(wire: str) -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=echo, mode=wire, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
        (call,) = named(kept.spans, "execute_tool recommend")
        sent = [frame.message for frame in frames(lab, 1) if frame.method == "tools/call"]
    trace, span = ids(call)
    expected = f"00-{trace:032x}-{span:016x}-01"
    assert {message["params"]["_meta"]["traceparent"] for message in sent} == {expected}


@pytest.mark.parametrize("wire", WIRES)
async def test_each_of_many_rounds_is_linked_to_the_one_before(wire: str) -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=echo, mode=wire, telemetry=kept) as lab:
        await lab.call_tool("review", {"titles": ["a", "b", "c"]})
    spans = kept.spans
    rounds = named(spans, "tools/call review")
    assert len(rounds) == (4 if wire == "auto" else 1)
    linked = [links(span, spans) for span in rounds]
    assert linked == [[], *([("round before", before)] for before in rounds[:-1])]
    assert len(named(spans, "sampling/createMessage")) == 3


async def test_calls_at_once_keep_their_samples_apart() -> None:
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=echo, telemetry=kept) as lab:
        await asyncio.gather(*(lab.call_tool("compare", {"title": title}) for title in "abc"))
    for call in named(kept.spans, "execute_tool compare"):
        of_call = [span for span in kept.spans if ids(span)[0] == ids(call)[0]]
        assert len(named(of_call, "sampling/createMessage")) == 3
        assert len(named(of_call, "tools/call compare")) == 2


@pytest.mark.parametrize("wire", WIRES)
async def test_what_fails_says_how(wire: str) -> None:
    kept = Telemetry()

    async def breaks(context: object, params: object) -> Any:
        raise LookupError("the words of a prompt")

    with Lab(bookshop(), sampling_callback=echo, mode=wire, telemetry=kept) as lab:
        await lab.call_tool("lose", {"title": "Emma"})
        (lost,), (sent,) = named(kept.spans, "execute_tool lose"), named(kept.spans, "tools/call lose")
        assert told(lost)["error.type"] == told(sent)["error.type"] == "tool_error"
        lab.callback = breaks
        with pytest.raises(CallbackError):
            await lab.call_tool("recommend", {"genre": "noir"})
        for name in ("chat", "sampling/createMessage"):
            (span,) = named(kept.spans, name)
            assert told(span)["error.type"] == "LookupError"
            assert span.status.status_code is StatusCode.ERROR
        assert "words of a prompt" not in kept.json_lines()


@pytest.mark.parametrize(("code", "is_error"), [(-1, True), (-32603, True), (-32602, False)])
async def test_a_refusal_is_an_error_unless_it_blames_who_asked(code: int, is_error: bool) -> None:
    kept = Telemetry()

    async def refuses(context: object, params: object) -> ErrorData:
        return ErrorData(code=code, message="no")

    with Lab(bookshop(), sampling_callback=refuses, mode="legacy", telemetry=kept) as lab, pytest.raises(MCPError):
        await lab.call_tool("recommend", {"genre": "noir"})
    (sample,), (model,) = named(kept.spans, "sampling/createMessage"), named(kept.spans, "chat")
    assert told(sample)["rpc.response.status_code"] == str(code)
    assert ("error.type" in told(sample), sample.status.status_code is StatusCode.ERROR) == (is_error, is_error)
    assert told(model)["gen_ai.response.finish_reasons"] == ("error",)


async def test_a_request_that_is_never_answered_ends_with_its_call() -> None:
    kept = Telemetry()
    with Lab(bookshop(), telemetry=kept, timeout=0.2) as lab:
        with pytest.raises(CallTimeout):
            await lab.call_tool("wait_for_delivery")
        for name in ("execute_tool wait_for_delivery", "tools/call wait_for_delivery"):
            (span,) = named(kept.spans, name)
            assert told(span)["error.type"] == "CallTimeout"


async def test_the_span_of_a_call_has_ended_when_the_call_has() -> None:
    kept = Telemetry()
    with Lab(bookshop(), telemetry=kept) as lab:
        for number in range(1, 50):
            await lab.call_tool("price", {"title": "Emma"})
            assert len(named(kept.spans, "execute_tool price")) == number


async def test_a_callback_that_has_telemetry_of_its_own_is_not_told_twice() -> None:
    kept = Telemetry()
    callback = with_telemetry(with_budget(Model(), samples=9), kept)
    with Lab(bookshop(), sampling_callback=callback, telemetry=kept) as lab:
        await lab.call_tool("recommend", {"genre": "noir"})
    assert len(named(kept.spans, "sampling/createMessage")) == 1
    assert len([span for span in kept.spans if span.name.startswith("chat")]) == 1


async def test_labs_share_what_they_keep_unless_they_are_given_their_own() -> None:
    with (
        Lab(bookshop(), name="a", telemetry=True) as a,
        Lab(bookshop(), name="b", telemetry=True) as b,
        Lab(bookshop(), name="c") as c,
    ):
        assert a.telemetry is b.telemetry is shared()
        assert c.telemetry is None


@pytest.mark.parametrize("wrong", [Telemetry, "yes", 1])
async def test_what_is_no_telemetry_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="is no telemetry"):
        Lab(bookshop(), telemetry=wrong)


async def test_a_request_outside_a_tool_is_told_too() -> None:
    kept = Telemetry()
    with Lab(bookshop(), telemetry=kept) as lab:
        await lab.run(lambda client: client.list_prompts())
    (listed,) = named(kept.spans, "prompts/list")
    assert parent(listed, kept.spans) == "client call"
    first: ReadableSpan = kept.spans[0]
    assert (first.name, first.parent) == ("server/discover", None)  # the handshake belongs to no call


def test_every_name_stands_in_the_table_of_names() -> None:
    """What a run emits is listed in `conventions`, or begins with the kit's own name."""
    kept = Telemetry()
    with Lab(bookshop(), sampling_callback=with_budget(Model(), samples=9), telemetry=kept) as lab:
        lab.start("recommend", {"genre": "noir"}).result()
    listed = {value for value in vars(conventions).values() if isinstance(value, str)} | {*conventions.DIALS.values()}
    emitted = {name for span in kept.spans for name in told(span)}
    emitted |= {name for span in kept.spans for event in events(span) for name in event}
    assert {name for name in emitted - listed if not name.startswith("labkit.")} == set()


def test_who_asks_for_no_telemetry_does_not_import_it() -> None:
    code = (
        "import sys; from labkit import Lab; from tests.story import bookshop, echo;"
        "lab = Lab(bookshop(), sampling_callback=echo); lab.start('recommend', {'genre': 'x'}).result();"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'labkit.telemetry'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
