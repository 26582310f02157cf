"""A flow tells what happened in a call: each question beside its answer, on both wires, whatever was asked."""

import asyncio
import json
import warnings
from collections.abc import Generator
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import MCPError
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult, ErrorData

from labkit import Flow, Lab, Scripted, Step, close_all, report
from labkit.call import Calls
from labkit.cutting import Latest
from labkit.diagram import Kind
from labkit.flow import OPEN, Reader
from labkit.record import Entry
from labkit.steps import LANES, HostStep
from labkit.wire import Frame
from tests.story import WIRES, answer, asked, bookshop, echo, said

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    yield
    close_all()


def the(flow: Flow, kind: Kind) -> list[Step]:
    return [step for step in flow.steps if step.kind == kind]


def frame(direction: Any, **message: Any) -> Frame:
    text = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return Frame(direction, 0.0, text, message.get("method"), message.get("id"))


def flow_of(*items: Frame | HostStep, sample: str | None = None) -> Flow:
    entries = [Entry(n, 1, float(n), item, sample) for n, item in enumerate(items, 1)]
    return Flow.of(entries, title="recommend(genre)", server="bookshop", wire="2025-11-25", transport="stdio")


async def test_one_sample_is_one_question_and_one_answer(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    await lab.call_tool("recommend", {"genre": "noir"})
    flow = lab.flow
    assert flow.samples == 1
    assert flow.models == ("bookseller",)
    (question,), (answered,) = the(flow, "question"), the(flow, "answer")
    assert (question.samples, answered.samples, answered.reply_to) == ((1,), (1,), question.n)
    assert "recommend noir" in json.dumps(question.data)
    assert "you asked: recommend noir" in json.dumps(answered.data)
    assert [(step.source, step.target) for step in the(flow, "host")] == [
        ("you", "client"),
        ("client", "callback"),
        ("callback", "client"),
        ("client", "you"),
    ]
    assert [step.samples for step in the(flow, "host")] == [(), (1,), (1,), ()]
    assert [step.n for step in flow.steps] == list(range(1, len(flow.steps) + 1))
    assert all(step.size == len(json.dumps(step.data, ensure_ascii=False, separators=(",", ":")).encode())
               for step in flow.steps if step.wire)  # fmt: skip


async def test_a_round_of_the_newer_wire_asks_in_a_result_and_answers_in_the_retry() -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode="auto")
    await lab.call_tool("recommend", {"genre": "noir"})
    kinds = [(step.kind, step.reply, step.reply_to) for step in lab.flow.steps if step.wire]
    assert kinds == [("request", False, None), ("question", True, 2), ("answer", False, 3), ("response", True, 6)]


async def test_on_the_older_wire_the_server_sends_a_request_of_its_own() -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode="legacy")
    await lab.call_tool("recommend", {"genre": "noir"})
    kinds = [(step.kind, step.reply, step.reply_to) for step in lab.flow.steps if step.wire]
    assert kinds == [("request", False, None), ("question", False, None), ("answer", True, 3), ("response", True, 2)]


@pytest.mark.parametrize(
    ("tool", "arguments", "asks"),
    [
        ("compare", {"title": "Emma"}, ["plot of Emma", "style of Emma", "ending of Emma"]),
        ("review", {"titles": ["Emma", "Persuasion"]}, ["Emma", "Persuasion"]),
        ("poll", {"titles": ["Emma", "Persuasion"]}, ["Emma", "Persuasion"]),
    ],
)
async def test_several_samples_are_kept_apart(wire: str, tool: str, arguments: dict[str, Any], asks: list[str]) -> None:
    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        report(f"thinks of {asked(params)}")
        return answer(f"about {asked(params)}", model=asked(params))

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    result = await lab.call_tool(tool, arguments)
    assert said(result) == " | ".join(f"about {text}" for text in asks)
    flow = lab.flow
    assert flow.samples == len(asks)
    assert flow.models == tuple(asks)
    thoughts = {step.label: step.samples for step in flow.steps if step.label.startswith("thinks of")}
    assert thoughts == {f"thinks of {text}": (number,) for number, text in enumerate(asks, 1)}
    by_number = {step.n: step for step in flow.steps}
    for step in the(flow, "answer"):
        assert step.reply_to is not None
        question = by_number[step.reply_to]
        assert question.kind == "question"
        assert set(step.samples) <= set(question.samples)
        for number in step.samples:
            assert f"about {asks[number - 1]}" in json.dumps(step.data)
            assert asks[number - 1] in json.dumps(question.data)


async def test_answers_that_come_back_in_another_order_stay_with_their_questions(wire: str) -> None:
    later = asyncio.Event()

    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        if asked(params) == "Emma":
            await later.wait()
        later.set()
        return answer(f"about {asked(params)}")

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    assert said(await lab.call_tool("poll", {"titles": ["Emma", "Persuasion"]})) == "about Emma | about Persuasion"
    replies = [step.samples for step in lab.flow.steps if step.label.endswith("endTurn")]
    assert replies == [(2,), (1,)]
    for step in the(lab.flow, "answer"):
        for number in step.samples:
            assert ("about Emma", "about Persuasion")[number - 1] in json.dumps(step.data)


async def test_two_calls_at_once_have_a_flow_each(wire: str) -> None:
    both = asyncio.Event()
    seen: list[str] = []

    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        seen.append(asked(params))
        if len(seen) == 2:
            both.set()
        await both.wait()
        return answer(f"about {asked(params)}")

    lab = Lab(bookshop(), sampling_callback=callback, mode=wire)
    calls = [lab.start("recommend", {"genre": genre}) for genre in ("noir", "poetry")]
    for call in calls:
        await call
    for call, genre, other in ((calls[0], "noir", "poetry"), (calls[1], "poetry", "noir")):
        text = call.flow.to_json()
        assert genre in text
        assert other not in text
        assert call.flow.samples == 1
        assert the(call.flow, "answer")[0].reply_to == the(call.flow, "question")[0].n
    assert [flow.title for flow in lab.flows] == ["connect", "recommend(genre)", "recommend(genre)"]


async def test_a_refused_sample_was_asked_and_has_no_model(wire: str) -> None:
    async def refuse(context: object, params: object) -> ErrorData:
        return ErrorData(code=-1, message="not today")

    lab = Lab(bookshop(), sampling_callback=refuse, mode=wire)
    with pytest.raises(MCPError, match="not today"):
        await lab.call_tool("recommend", {"genre": "noir"})
    flow = lab.flow
    assert (flow.samples, flow.models) == (1, ())
    assert "refused (-1): not today" in [step.label for step in flow.steps]
    assert flow.steps[-1].label == "MCPError: not today"
    answers = the(flow, "answer")
    if wire == "legacy":
        assert [(step.label, step.samples) for step in answers] == [("error -1: not today", (1,))]
    else:
        assert answers == []


async def test_a_client_without_a_callback_is_told_so_in_the_flow(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    with pytest.raises(MCPError, match="sampling"):
        await lab.call_tool("recommend", {"genre": "noir"})
    assert lab.flow.samples == 0
    assert any(step.label.startswith("error -32021") for step in lab.flow.steps)


async def test_a_question_to_the_person_is_no_sample(wire: str) -> None:
    async def person(context: object, params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="accept", content={"number": 3})

    lab = Lab(bookshop(), sampling_callback=echo, mode=wire, elicitation_callback=person)
    assert said(await lab.call_tool("order", {"title": "Emma"})) == "3 × Emma"
    assert lab.flow.samples == 0
    kinds = [step.kind for step in lab.flow.steps if step.wire]
    assert sorted(kinds) == ["request", "request", "response", "response"]
    assert any("elicitation/create" in step.label for step in lab.flow.steps)


async def test_a_tool_that_fails_is_told_from_one_that_answers(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    await lab.call_tool("lose", {"title": "Emma"})
    assert the(lab.flow, "response")[0].label == "result: the tool failed"
    await lab.call_tool("price", {"title": "Emma"})
    assert the(lab.flow, "response")[0].label == "result"


async def test_a_notification_of_a_call_belongs_to_it(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)

    async def progressed(progress: float, total: float | None, message: str | None) -> None: ...

    await lab.call_tool("fetch", progress_callback=progressed)
    assert [step.label for step in the(lab.flow, "notification")] == [
        f"progress {part} of 3: on the ladder" for part in range(3)
    ]


async def test_a_log_message_says_its_level_and_its_words(wire: str) -> None:
    shop = MCPServer("talkative")

    @shop.tool(structured_output=False)
    async def talk(ctx: Context) -> str:
        with warnings.catch_warnings(action="ignore"):  # a thing of the past on the newer wire, and still sent
            await ctx.info("reading the shelf")
            await ctx.warning({"shelf": "full"})
        return "done"

    lab = Lab(shop, mode=wire, log_level="info")
    await lab.call_tool("talk")
    assert [step.label for step in the(lab.flow, "notification")] == [
        "log info: reading the shelf",
        'log warning: {"shelf": "full"}',
    ]
    odd = frame("to client", method="notifications/message", params={"level": "info", "data": "x" * 50_000})
    flow = Flow.of([Entry(1, 1, 0.0, odd)], title="", server="", wire="", transport="")
    assert len(flow.steps[0].label) < 5_000


async def test_progress_belongs_to_the_request_that_it_names_where_several_are_open() -> None:
    calls = Calls()
    first, second = (calls.begin(f"call {n}", None, None, None) for n in (1, 2))
    with calls.at_work(first):
        assert calls.of(frame("to server", method="tools/call", id=7)) == 1
        with calls.at_work(second):
            assert calls.of(frame("to server", method="tools/call", id=8)) == 2
    calls.open.update({1: first, 2: second})
    named = [frame("to client", method="notifications/progress", params={"progressToken": n}) for n in (7, 8, 9)]
    assert [calls.of(each) for each in named] == [1, 2, None]
    assert calls.of(frame("to client", method="notifications/message", params={})) is None


async def test_the_handshake_is_a_flow_of_its_own(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    assert lab.flow.title == "connect"
    assert ("server/discover" if wire == "auto" else "initialize") in lab.flow.steps[0].label
    await lab.call_tool("price", {"title": "Emma"})
    assert lab.flow.title == "price(title)"
    assert [step.label.split(" ")[0] for step in lab.flow.steps] == ["price(title)", "tools/call", "result", "result"]
    assert lab.flows[0].title == "connect"
    assert lab.flow.wire == lab.protocol_version == ("2026-07-28" if wire == "auto" else "2025-11-25")


async def test_tokens_are_counted_where_the_model_tells_them(wire: str) -> None:
    async def counting(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        report("answers", source="model", target="callback", output_tokens=21)
        return answer("about it", model="counter")

    lab = Lab(bookshop(), sampling_callback=counting, mode=wire)
    await lab.call_tool("recommend", {"genre": "noir"})
    assert lab.flow.tokens == 21
    lab.callback = Scripted(["one line"])
    await lab.call_tool("recommend", {"genre": "noir"})
    assert (lab.flow.tokens, lab.flow.models) == (None, ("scripted",))


async def test_the_same_run_twice_gives_the_same_text_and_the_same_drawing(wire: str) -> None:
    def run() -> list[Flow]:
        with Lab(bookshop(), sampling_callback=Scripted(["a", "b", "c"]), mode=wire) as lab:
            lab.start("compare", {"title": "Emma"}).result(60)
            return lab.flows

    first, second = run(), run()
    for one, other in zip(first, second, strict=True):
        assert str(one) == str(other)
        assert one.to_svg() == other.to_svg()
        assert one.to_mermaid() == other.to_mermaid()


async def test_a_flow_is_bounded_by_keep_and_renders_without_its_beginning(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire, keep=4)
    await lab.call_tool("compare", {"title": "Emma"})
    assert len(lab.record.entries()) == len(lab.flow.steps) == 4
    assert lab.flow.steps[0].n == 1
    assert lab.flow.steps[-1].label == "result"
    for flow in lab.flows:
        assert str(flow)
        assert flow.to_svg()
        assert flow.to_mermaid()


async def test_what_a_student_changes_later_does_not_change_the_flow(wire: str) -> None:
    lab = Lab(bookshop(), mode=wire)
    arguments = {"title": "Emma"}
    await lab.call_tool("price", arguments)
    arguments["title"] = "Persuasion"
    assert lab.flow.steps[0].data == {"arguments": {"title": "Emma"}}


def test_the_same_id_in_both_directions_is_two_requests() -> None:
    flow = flow_of(
        frame("to server", id=1, method="tools/call", params={"name": "recommend"}),
        frame("to client", id=1, method="sampling/createMessage", params={}),
        frame("to server", id=1, result={"model": "m"}),
        frame("to client", id=1, result={}),
    )
    assert [(step.kind, step.reply_to) for step in flow.steps] == [
        ("request", None),
        ("question", None),
        ("answer", 2),
        ("response", 1),
    ]


def test_an_answer_to_nothing_that_is_known_is_still_a_step() -> None:
    flow = flow_of(
        frame("to client", id=9, result={"content": []}),
        frame("to client", id=None, error={"code": -32700, "message": "Parse error"}),
        Frame("to client", 0.0, b"", fault="ValueError: no JSON"),
    )
    assert [(step.kind, step.label, step.reply_to) for step in flow.steps] == [
        ("response", "result", None),
        ("response", "error -32700: Parse error", None),
        ("fault", "ValueError: no JSON", None),
    ]


def test_two_rounds_that_use_one_key_are_two_samples() -> None:
    asking = {"resultType": "input_required", "inputRequests": {"q": {"method": "sampling/createMessage"}}}
    flow = flow_of(
        frame("to server", id=1, method="tools/call", params={}),
        frame("to client", id=1, result=asking),
        frame("to server", id=2, method="tools/call", params={"inputResponses": {"q": {"model": "a"}}}),
        frame("to client", id=2, result=asking),
        frame("to server", id=3, method="tools/call", params={"inputResponses": {"q": {"model": "b"}}}),
    )
    assert [(step.kind, step.samples, step.reply_to) for step in flow.steps[1:]] == [
        ("question", (1,), 1),
        ("answer", (1,), 2),
        ("question", (2,), 3),
        ("answer", (2,), 4),
    ]
    assert flow.models == ("a", "b")


def test_a_round_may_ask_the_model_and_the_person() -> None:
    asking = {"a": {"method": "sampling/createMessage"}, "b": {"method": "elicitation/create"}}
    flow = flow_of(
        frame("to client", id=1, result={"resultType": "input_required", "inputRequests": asking}),
        frame("to server", id=2, method="tools/call", params={"inputResponses": {"a": {}, "b": {}}}),
    )
    assert [step.label for step in flow.steps] == [
        "input_required: sampling/createMessage, elicitation/create ×2",
        "tools/call · id 2, with the answer",
    ]
    assert flow.samples == 1


strange = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
odd = st.dictionaries(
    st.sampled_from(["params", "result", "error", "inputRequests", "inputResponses", "resultType", "method", "q"]),
    strange
    | st.dictionaries(st.sampled_from(["resultType", "inputRequests", "inputResponses", "method", "isError"]), strange),
    max_size=4,
)
methods = st.none() | st.sampled_from(["tools/call", "sampling/createMessage", "notifications/progress", "\ud800"])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(["to server", "to client"]), odd, methods, strange), max_size=5))
def test_no_frame_however_odd_keeps_a_flow_from_being_told(frames: list[Any]) -> None:
    items = [
        Frame(direction, 0.0, json.dumps(message).encode(), method, id_ if isinstance(id_, int | str) else None)
        for direction, message, method, id_ in frames
    ]
    flow = flow_of(*items)
    assert len(flow.steps) == len(items)
    assert str(flow)
    assert flow.to_svg()
    assert flow.to_mermaid()
    assert Flow.from_json(flow.to_json()) == flow


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
steps = st.builds(
    Step,
    n=st.integers(1, 99),
    source=st.sampled_from(LANES),
    target=st.sampled_from(LANES),
    label=st.text(st.characters(), max_size=20),
    kind=st.sampled_from(get_args(Kind)),
    data=st.dictionaries(st.text(max_size=5), json_values, max_size=3),
    samples=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    reply_to=st.none() | st.integers(1, 99),
    reply=st.booleans(),
    time=st.floats(0, 1e6),
    size=st.none() | st.integers(0, 10**9),
)
texts = st.text(st.characters(), max_size=20)
flows = st.builds(
    Flow, title=texts, server=texts, wire=texts, transport=texts, steps=st.lists(steps, max_size=4).map(tuple)
)


@settings(max_examples=100)
@given(flows)
def test_a_flow_is_the_same_after_a_trip_through_json(flow: Flow) -> None:
    assert Flow.from_json(flow.to_json()) == flow
    assert flow.to_json().isascii()


STEP = {
    "n": 1,
    "source": "you",
    "target": "client",
    "label": "asks",
    "kind": "host",
    "data": {},
    "samples": [],
    "reply_to": None,
    "reply": False,
    "time": 0.0,
    "size": None,
}
HEAD = {"title": "", "server": "", "wire": "", "transport": ""}


@pytest.mark.parametrize(
    "flow",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        "{}",
        '{"steps": 3}',
        json.dumps({**HEAD, "steps": [3]}),
        json.dumps({**HEAD, "steps": [{}]}),
        json.dumps({**HEAD, "steps": [{**STEP, "more": 1}]}),
        json.dumps({**HEAD, "more": 1, "steps": []}),
        json.dumps({**HEAD, "title": 3, "steps": []}),
        *(json.dumps({**HEAD, "steps": [{**STEP, field: "<script>"}]}) for field in STEP if field not in ("label",)),
        *(json.dumps({**HEAD, "steps": [{**STEP, "label": label}]}) for label in (3, None, ["<script>"])),
        json.dumps({**HEAD, "steps": [{**STEP, "samples": ["<script>"]}]}),
        json.dumps({**HEAD, "steps": [{**STEP, "n": True}]}),
    ],
)
def test_json_that_is_no_flow_is_refused_with_a_sentence(flow: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json has sentences of its own for what is no JSON at all
        Flow.from_json(flow)


def test_a_flow_without_steps_is_told_too() -> None:
    flow = flow_of()
    assert (flow.samples, flow.tokens, flow.models, flow.seconds) == (0, None, (), 0.0)
    assert str(flow).splitlines()[-1] == "0 samples"
    assert Flow.from_json(flow.to_json()) == flow


def test_a_notebook_gets_text_and_a_drawing() -> None:
    flow = flow_of(HostStep("asks", "you", "client"))
    assert flow._repr_mimebundle_() == {"text/plain": str(flow), "image/svg+xml": flow.to_svg()}
    assert flow.seconds == 0.0


def test_a_run_of_notifications_is_one_step_with_its_count_in_each_form() -> None:
    told = frame("to client", method="notifications/message", params={"data": "again"})
    flow = Flow.of([Entry(1, 1, 0.0, told, None, 12_000)], title="t", server="s", wire="w", transport="")
    assert [step.label for step in flow.steps] == ["notifications/message ×12,000"]
    for form in (str(flow), flow.to_mermaid(), flow.to_svg(), flow.to_json().encode().decode("unicode_escape")):
        assert "×12,000" in form


@pytest.mark.parametrize("wire", WIRES)
async def test_a_large_sample_is_told_as_one_and_each_form_says_that_it_was_kept_in_part(wire: str) -> None:
    lab = Lab(bookshop(), sampling_callback=echo, mode=wire)
    await lab.call_tool("recommend", {"genre": "noir " * 100_000})
    flow = lab.flow
    (question,), (answered,) = the(flow, "question"), the(flow, "answer")
    assert (question.samples, answered.samples, answered.reply_to) == ((1,), (1,), question.n)
    assert flow.models == ("bookseller",)
    for step in (question, answered):
        assert len(step.sha256) == 64
        assert step.size is not None
        assert step.size > 500_000
        note = f"[{step.size:,} bytes, kept in part]"
        assert note in str(flow)
        assert note in flow.to_svg()
    assert "bytes, kept in part" in flow.to_mermaid()
    assert len(flow.to_json()) < 1_000_000
    assert Flow.from_json(flow.to_json()) == flow


no_flow: Any = None


def test_a_server_that_asks_on_and_is_never_answered_fills_no_map() -> None:
    reader, calls = Reader(), Calls(keep=5)
    for n in range(OPEN + 50):
        frame = Frame("to client", 0.0, b"{}", "sampling/createMessage", f"q{n}")
        reader.read(Entry(n + 1, calls.of(frame), 0.0, frame))
        calls.of(Frame("to server", 0.0, b"{}", "tools/call", n))
    for number in range(1, 9):
        calls.begin(f"call {number}", None, None, no_flow)
    sizes = {name: len(kept) for owner in (reader, calls) for name, kept in vars(owner).items() if type(kept) is Latest}
    assert sizes == {"_requests": OPEN, "_questions": OPEN, "titles": 5, "_ours": OPEN, "_theirs": OPEN}
    assert [calls.title(number) for number in (None, 0, 1, 8)] == ["call unknown", "connect", "", "call 8"]
