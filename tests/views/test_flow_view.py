"""The Python side of the flow view: what it sends, when, to whom, and that it keeps nothing alive."""

import gc
import json
import re
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult

from labkit import Call, Flow, Lab, Scripted, Step, close_all, diagram, show
from labkit.host import with_tools
from labkit.record import CONNECTION, ROOM, held
from labkit.steps import LANES, HostStep, report
from labkit.views.flow_rows import LONGEST_TEXT, Rows
from labkit.views.flow_view import LONGEST_DRAWING, LONGEST_SHOWN, FlowView
from labkit.views.placed import SVG
from labkit.wire import Frame, Whole
from tests.story import WIRES, answer, bookshop, echo, said, until
from tests.test_loops import Conversation, a_loop, as_it_is, gave, library, params, search_for, use, user
from tests.test_loops import said as by_model

pytestmark = pytest.mark.anyio
WIDGETS = Path(diagram.__file__).parent / "views"


class Telling(FlowView):
    """A flow view that keeps what it says to the browser."""

    def __init__(self, of: Lab | Flow, *, redacting: bool = False) -> None:
        self.said: list[tuple[dict[str, Any], list[bytes]]] = []
        super().__init__(of, redacting=redacting)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.said.append((content, buffers or []))

    def asked_for(self, **message: Any) -> dict[str, Any]:
        """The answer to a message of the browser."""
        self._handle_custom_msg(message, [])
        return self.said[-1][0]


def rows_in(rows: bytes) -> list[list[Any]]:
    return json.loads(rows)["rows"]


def all_rows(view: FlowView) -> list[list[Any]]:
    return rows_in(view.get_state()["rows"])


@pytest.mark.parametrize("mode", WIRES)
async def test_a_row_says_what_the_flow_says_of_its_step(mode: str) -> None:
    with Lab(bookshop(), mode=mode, sampling_callback=echo) as lab:
        view = show(lab)
        await lab.call_tool("compare", {"title": "Emma"})
        await until(lambda: len(all_rows(view)) == lab.record.added)
        rows = [row for row in all_rows(view) if row[1] == 1]
        steps = lab.flow.steps
        assert [row[2:9] for row in rows] == [
            [
                step.n,
                LANES.index(step.source),
                LANES.index(step.target),
                step.label,
                step.kind,
                [*step.samples],
                step.reply_to,
            ]
            for step in steps
        ]
        assert [row[9] for row in rows] == [step.reply for step in steps]
        assert [row[12] for row in rows] == [step.size for step in steps]
        assert [json.loads(row[14]) if row[14] else {} for row in rows] == [step.data for step in steps]


@pytest.mark.parametrize(
    ("kind", "data", "failed"),
    [
        ("response", {"error": {"code": -1}}, True),
        ("response", {"result": {"isError": True}}, True),
        ("response", {"result": {"isError": "true", "error": 1}}, False),
        ("answer", {"params": {"error": 1}}, False),
        ("fault", {}, True),
        ("host", {"error": {"message": "raised"}}, True),
        ("host", {"status": 429}, True),
        ("host", {"status": 200, "level": "error"}, False),
        ("notification", {"params": {"level": "critical"}}, True),
        ("notification", {"params": {"level": ["error"]}}, False),
    ],
)
def test_a_row_says_whether_its_step_tells_of_a_failure(kind: Any, data: dict[str, Any], failed: bool) -> None:
    rows = Rows(1)
    rows.add(Step(1, "server", "client", "told", kind, data), 1, 1, 0.0, "")
    assert rows_in(rows.since(0))[0][16] == int(failed)


async def test_the_rows_of_a_record_tell_how_long_ago_its_first_step_was_and_those_of_a_flow_do_not() -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        await lab.call_tool("price", {"title": "Emma"})
        await until(lambda: len(all_rows(view)) == lab.record.added)
        told = json.loads(view.get_state()["rows"])
        assert told["now"] >= told["rows"][-1][11]
        assert json.loads(show(lab.flow).get_state()["rows"])["now"] is None


async def test_a_call_that_fails_says_so_in_its_last_step() -> None:
    async def refuses(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        raise ValueError("no book")

    with Lab(bookshop(), sampling_callback=refuses) as lab:
        with pytest.raises(Exception, match="no book"):
            await lab.call_tool("recommend", {"genre": "crime"})
        assert [step.n for step in lab.flow.steps if step.failed] == [5, 6]


async def test_the_page_is_told_where_to_go_and_asks_for_a_replay_where_somebody_offers_one() -> None:
    with Lab(bookshop()) as lab:
        view = Telling(lab)
        view.go(3)
        assert view.said == [({"go": 3}, [])]
        asked: list[int] = []
        assert not view.replays
        view._handle_custom_msg({"ask": "replay", "seq": 3}, [])
        view.on_replay = asked.append
        assert view.replays
        view._handle_custom_msg({"ask": "replay", "seq": 3}, [])
        assert asked == [3]
        view.close()


@pytest.mark.parametrize("mode", WIRES)
async def test_a_view_that_redacts_shows_marks_and_the_frames_stay(mode: str) -> None:
    token = "ghp_" + "0123456789abcdef" * 3

    async def leaks(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        report(f"asked with {token}", headers={"authorization": f"Bearer {token}"}, api_key="hunter2!")
        return answer('{"password": "hunter2!"} ' + token)

    with Lab(bookshop(), mode=mode, sampling_callback=leaks) as lab:
        view = Telling(lab, redacting=True)
        result = await lab.call_tool("recommend", {"genre": "romance"})
        assert token in said(result)
        await until(lambda: len(all_rows(view)) == lab.record.added)
        told = [view.asked_for(ask="copy", form=form, call="all")["text"] for form in ("JSON", "Mermaid")]
        told += [view.asked_for(ask="text", seq=entry.seq)["text"] for entry in lab.record.entries()]
        told += [str(all_rows(view)), str(Telling(lab.flow, redacting=True).get_state()), *shown_of(view)]
        for text in told:
            assert token not in text
            assert "hunter2!" not in text
        marked = [row for row in all_rows(view) if "[redacted: GitHub token]" in row[14]]
        assert [row[12] for row in marked] == [lab.flow.steps[row[2] - 1].size for row in marked]  # as it crossed
        assert len(marked) == 3  # the step of the callback, its answer, and the result of the tool
        assert token in lab.flow.to_json()


def shown_of(view: FlowView) -> list[str]:
    """What is stored beside the widget."""
    bundle = view._repr_mimebundle_()
    assert bundle is not None
    return [bundle[0]["text/plain"], bundle[0]["image/svg+xml"]]


async def test_a_burst_is_sent_in_few_updates_and_its_end_arrives() -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        updates: list[bytes] = []
        view.observe(lambda change: updates.append(change["new"]), "rows")
        for i in range(3_000):
            lab.record.add(HostStep(f"step {i}", "you", "client"), 1)
        await until(lambda: len(all_rows(view)) == lab.record.added)
        assert len(updates) < 60
        assert rows_in(updates[-1])[-1][5] == "step 2999"


async def test_the_updates_lead_up_to_the_whole_without_a_gap() -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        known = rows_in(view.rows)
        view.observe(lambda change: take(json.loads(change["new"])), "rows")

        def take(update: dict[str, Any]) -> None:
            assert update["first"] <= len(known)
            known.extend(update["rows"][len(known) - update["first"] :])

        for i in range(300):
            lab.record.add(HostStep("x" * 200, "you", "client", {"text": "y" * 900, "i": i}), 1)
        await until(lambda: len(known) == lab.record.added)
        assert known == all_rows(view)
        lab.record.add(HostStep("one more", "you", "client"), 1)
        await until(lambda: len(known) == lab.record.added)
        assert json.loads(view.rows)["first"] > 0  # an update holds what is new, not everything again


async def test_the_steps_of_an_ordinary_call_are_sent_one_by_one_also_when_nothing_runs_later() -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        before = len(rows_in(view.rows))
        for i in range(10):
            lab.record.add(HostStep(f"step {i}", "you", "client"), 1)
            assert len(rows_in(view.rows)) == before + i + 1


def test_in_a_script_without_a_loop_every_step_is_sent_at_once() -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        for _ in range(100):
            lab.record.add(HostStep("step", "you", "client"), 1)
        assert len(all_rows(view)) == lab.record.added


async def test_a_browser_that_missed_rows_gets_them() -> None:
    with Lab(bookshop(), sampling_callback=echo) as lab:
        await lab.call_tool("price", {"title": "Emma"})
        view = Telling(lab)
        assert view.asked_for(ask="rows", first=3)["answer"] == "rows"
        answer = json.loads(view.said[-1][1][0])
        assert answer["first"] == 3
        assert answer["rows"] == all_rows(view)[3:]
        view.close()


async def test_rows_beyond_keep_are_forgotten_as_the_record_forgets_them() -> None:
    with Lab(bookshop(), keep=20) as lab:
        view = show(lab)
        for i in range(50):
            lab.record.add(HostStep(f"step {i}", "you", "client"), 1)
        await until(lambda: all_rows(view)[-1][5] == "step 49")
        assert [row[0] for row in all_rows(view)] == [entry.seq for entry in lab.record.entries()]


async def test_a_closed_view_no_longer_listens() -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        view.close()
        view.close()
        before = view.rows
        lab.record.add(HostStep("unheard", "you", "client"), 1)
        assert view.rows == before
        assert show(lab) is not view


async def test_a_lab_has_one_view_however_often_it_is_shown() -> None:
    with Lab(bookshop()) as lab:
        assert show(lab) is show(lab)


async def test_a_view_keeps_its_rows_but_not_its_lab() -> None:
    lab = Lab(bookshop(), sampling_callback=echo)
    await lab.call_tool("recommend", {"genre": "crime"})
    view = Telling(lab)
    lab.close()
    gone = [weakref.ref(lab), weakref.ref(lab.record)]
    del lab
    close_all()
    gc.collect()
    assert [each() for each in gone] == [None, None]
    assert len(all_rows(view)) > 10
    assert view.asked_for(ask="copy", form="JSON", call=1)["text"] is None
    assert view.asked_for(ask="text", seq=1)["text"] is None
    view.close()


async def test_showing_starts_no_thread() -> None:
    with Lab(bookshop()) as lab:
        before = set(threading.enumerate())
        view = show(lab)
        for _ in range(100):
            lab.record.add(HostStep("step", "you", "client"), 1)
        await until(lambda: len(all_rows(view)) == lab.record.added)
        assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("item", "label"),
    [
        (Frame("to client", 0.0, b"[" * 100_000), "cannot be shown: RecursionError"),
        (Frame("to server", 0.0, b"no JSON"), "cannot be shown: JSONDecodeError"),
        (HostStep("held", "callback", "callback", {"who": object}), "held"),
    ],
)
async def test_what_cannot_be_drawn_stops_nothing(item: Frame | HostStep, label: str) -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        lab.record.add(item, 1)
        lab.record.add(HostStep("after it", "you", "client"), 1)
        assert [row[5] for row in all_rows(view)[-2:]] == [label, "after it"]


async def test_a_label_shows_its_invisible_characters() -> None:
    with Lab(bookshop()) as lab:
        view = show(lab)
        lab.record.add(HostStep("a\nb\u202e\ud800", "you", "client"), 1)
        assert all_rows(view)[-1][5] == r"a\nb\u202e\ud800"


async def test_a_long_frame_is_sent_in_part_and_whole_when_asked_for() -> None:
    with Lab(bookshop()) as lab:
        view = Telling(lab)
        entry = lab.record.add(HostStep("long", "you", "client", {"text": "x" * 40_000}), 1)
        text, whole, _ = all_rows(view)[-1][14:]
        assert (len(text), whole) == (LONGEST_TEXT, False)
        answer = view.asked_for(ask="text", seq=entry.seq)
        assert json.loads(answer["text"]) == {"text": "x" * 40_000}
        assert answer["whole"] is True
        endless = Step(1, "you", "client", "endless", "host", {"text": "x" * 400_000})
        view = Telling(Flow("a flow", "s", "w", "t", (endless,)))
        answer = view.asked_for(ask="text", seq=1)
        assert (len(answer["text"]), answer["whole"]) == (LONGEST_SHOWN, False)
        view.close()


# ---- loops of tools


def told_of_loops(view: FlowView) -> dict[tuple[int, int], list[Any]]:
    """What the rows tell last of each turn: loop and turn → its heading, its line and its parts."""
    rows = [row for row in all_rows(view) if len(row) > 17]
    return {(told[0], told[2]): [told[1], *told[4:]] for row in rows for told in row[17]}


@pytest.mark.parametrize("mode", WIRES)
@pytest.mark.parametrize("live", [True, False])
async def test_the_rows_tell_each_turn_of_a_loop_as_the_flow_does(mode: str, live: bool) -> None:
    uses = [search_for("emma"), search_for("austen"), "Jane Austen"]
    with Lab(library(4), mode=mode, sampling_callback=with_tools(Scripted(uses))) as lab:
        view = show(lab)
        await lab.call_tool("find", {})
        await until(lambda: all_rows(view)[-1][0] == lab.record.added)
        told = told_of_loops(view if live else show(lab.flow))
        (loop,) = lab.flow.loops
        assert {place: each[1:] for place, each in told.items()} == {
            (1, turn.number): [loop.line(turn, 140), False, [[*part] for part in loop.parts(turn)]]
            for turn in loop.turns
        }
        assert told[1, 3][0] == str(loop)
        assert told[1, 1][1:] == [
            'turn 1: search {"word": "emma"} → found emma',
            False,
            [["the model asks for", 'search {"word": "emma"}'], ["the server answers", "found emma"]],
        ]
        assert all(len(row) == 17 for row in all_rows(view) if not row[7])


async def test_steps_that_could_not_be_shown_let_nobody_be_accused() -> None:
    forged = a_loop("legacy", as_it_is, as_it_is, as_it_is).flow().steps
    view = Rows(100)
    for step in forged[:2]:
        view.add(step, step.n, 1, 0.0, "")
    view.add(replace(forged[0], n=0, kind="fault"), 3, 2, 0.0, "")
    for step in forged[4:]:
        view.add(step, step.n, 1, 0.0, "")
    assert "nobody asked for" not in view.since(0).decode()
    assert "nobody on record asked for" in view.since(0).decode()


async def test_a_view_that_redacts_shows_no_secret_in_a_loop() -> None:
    token = "ghp_" + "0123456789abcdef" * 3
    script = [search_for(token), f"it is {token}"]
    with Lab(library(4), sampling_callback=with_tools(Scripted(script))) as lab:
        view = show(lab, redacting=True)
        await lab.call_tool("find", {})
        await until(lambda: all_rows(view)[-1][0] == lab.record.added)
        assert token not in str(all_rows(view))
        assert "found [redacted: GitHub token]" in str(told_of_loops(view))
        assert told_of_loops(view)[1, 2][0] == "2 turns, 1 use (search ×1)"


def test_rows_of_large_loops_do_not_fill_the_page() -> None:
    rows = Rows(10_000)
    results = [gave(f"u{n}", "y" * 5_000) for n in range(12)]
    for number in range(250):
        conversation = Conversation("legacy")
        messages = [user("who?"), by_model(*(use(f"u{n}") for n in range(12))), user(*results)]
        conversation.ask(params(messages[:1]))
        conversation.answer(messages[1])
        conversation.ask(params(messages))
        for step in conversation.flow().steps:
            rows.add(step, 1, number, 0.0, "x" * 16_000)
    assert len(rows.since(0)) < 22_000_000
    ((*_, line, _, parts), *_) = rows_in(rows.since(0))[-1][17]
    assert (line[:23], parts) == ("turn 1: search {} → yyy", [])


def test_many_large_frames_do_not_fill_the_page() -> None:
    rows = Rows(10_000)
    step = Step(1, "you", "client", "large", "host", {})
    for i in range(3_000):
        rows.add(step, i, 1, 0.0, "x" * 16_000)
    assert len(rows.since(0)) < 20_000_000


@pytest.mark.parametrize("mode", WIRES)
async def test_what_is_copied_is_the_flow(mode: str) -> None:
    with Lab(bookshop(), mode=mode, sampling_callback=echo) as lab:
        await lab.call_tool("recommend", {"genre": "crime"})
        view = Telling(lab)
        assert view.asked_for(ask="copy", form="JSON", call=1)["text"] == lab.flow.to_json()
        assert view.asked_for(ask="copy", form="Mermaid", call=1)["text"] == lab.flow.to_mermaid()
        connect = Flow.from_json(view.asked_for(ask="copy", form="JSON", call=CONNECTION)["text"])
        assert connect == lab.flows[0]
        everything = Flow.from_json(view.asked_for(ask="copy", form="JSON", call="all")["text"])
        assert (everything.title, len(everything.steps)) == ("all calls", len(lab.record.entries()))
        view.close()


async def test_a_finished_flow_can_be_shown_also_when_it_comes_from_a_file() -> None:
    with Lab(bookshop(), sampling_callback=echo) as lab:
        await lab.call_tool("recommend", {"genre": "crime"})
        flow = Flow.from_json(lab.flow.to_json())
    view = Telling(flow)
    assert [row[5] for row in all_rows(view)] == [step.label for step in flow.steps]
    assert view.head == {
        "title": "recommend(genre)",
        "server": "bookshop",
        "wire": "2026-07-28",
        "transport": "in process",
    }
    assert json.loads(view.asked_for(ask="text", seq=2)["text"]) == flow.steps[1].data
    assert view.asked_for(ask="copy", form="JSON", call="all")["text"] == flow.to_json()
    assert repr(view) == "<FlowView recommend(genre) · bookshop · 2026-07-28 · in process>"
    view.close()


async def test_what_is_stored_beside_the_widget_is_the_flow_as_text_and_drawing() -> None:
    with Lab(bookshop(), sampling_callback=echo) as lab:
        view = show(lab)
        before = view._repr_mimebundle_()
        assert before is not None
        assert before[0]["text/plain"] == "bookshop · auto · in process: nothing has happened yet"
        assert "image/svg+xml" not in before[0]
        await lab.call_tool("recommend", {"genre": "crime"})
        after = view._repr_mimebundle_()
        assert after is not None
        assert after[0]["text/plain"] == str(lab.flow)
        assert after[0]["image/svg+xml"] == lab.flow.to_svg()
        assert after[0]["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
        for _ in range(LONGEST_DRAWING):
            lab.record.add(HostStep("one more", "you", "client"), 1)
        endless = view._repr_mimebundle_()
        assert endless is not None
        of_call = len(lab.flow.steps) - LONGEST_DRAWING
        assert endless[0][SVG].count(">one more</text>") == LONGEST_DRAWING - of_call
        assert f"the first 200 of {len(lab.flow.steps)} steps" in endless[0]["text/plain"]


async def test_a_place_shows_the_call_that_it_was_made_for_and_one_made_before_the_first_follows() -> None:
    with Lab(bookshop(), sampling_callback=echo) as lab:
        view = show(lab)
        assert view.shown_now() == "last"
        await lab.call_tool("recommend", {"genre": "crime"})
        assert view.shown_now() == "1"
        of_first = view.picture("1")
        await lab.call_tool("price", {"title": "Emma"})
        assert show(lab) is view
        assert view.shown_now() == "2"
        assert view.picture("1") == of_first
        assert view.picture("2") == view.picture("last") == {"text/plain": str(lab.flow), SVG: lab.flow.to_svg()}


@pytest.mark.parametrize("mode", WIRES)
async def test_one_call_alone_is_shown_while_it_goes_on_and_others_are_not(mode: str) -> None:
    with Lab(bookshop(), mode=mode, sampling_callback=echo) as lab:
        await lab.call_tool("price", {"title": "Emma"})
        call = lab.start("recommend", {"genre": "crime"})
        view = show(call)
        assert show(call) is view is not show(lab)
        await call
        await lab.call_tool("price", {"title": "Emma"})
        rows = all_rows(view)
        assert [row[1] for row in rows] == [2] * len(call.flow.steps)
        assert [row[5] for row in rows] == [step.label for step in call.flow.steps]
        assert view.head["title"] == call.title
        assert view.shown_now() == "2"
        assert view.stored() == {"text/plain": str(call.flow), SVG: call.flow.to_svg()}


@pytest.mark.parametrize("mode", WIRES)
async def test_a_step_is_replayed_at_a_click_and_what_cannot_be_is_said(mode: str) -> None:
    with Lab(bookshop(), mode=mode, sampling_callback=echo, keep=100) as lab:
        call = lab.start("recommend", {"genre": "crime"})
        await call
        view = show(lab)
        assert view.replays
        assert not show(call).replays
        assert not show(lab.flow).replays
        asked = next(row for row in all_rows(view) if row[5].startswith("1 message"))
        view._handle_custom_msg({"ask": "replay", "seq": asked[0]}, [])
        await until(lambda: lab.calls == 2 and [step.target for step in lab.flow.steps][-1:] == ["you"])
        assert lab.flow.title == "sample 1 of recommend(genre), again"
        gone = Telling(lab)
        gone.on_replay = view.on_replay
        told = gone.asked_for(ask="replay", seq=10_000)
        assert told == {"answer": "replay", "text": "this step is no longer on record"}


@pytest.mark.parametrize("of", [bookshop(), 3, None, Call(0, "work")])
def test_what_has_no_flow_is_told_what_to_write(of: Any) -> None:
    with pytest.raises(TypeError, match=r"has no flow to show: write show\(lab\) or show\(lab.flow\)"):
        show(of)


# ---- the fields that are explained

FIELDS: dict[str, Any] = json.loads((WIDGETS / "fields.json").read_text(encoding="utf-8"))
PLAIN = {"type", "text", "name", "version", "description", "listChanged", "subscribe", "prompts", "resources", "tools"}
"""Fields that say what they are where they stand."""


def unexplained(value: Any, path: tuple[str, ...] = (), named: bool = False) -> set[str]:
    """The paths in a frame for which there is no line, read as flow_json.js reads them."""
    if isinstance(value, list):
        return {found for item in value for found in unexplained(item, path)}
    if not isinstance(value, dict):
        return set()
    missing: set[str] = set()
    for key, inner in value.items():
        here = (*path, "*" if named else key)[-4:]
        if not any(" > ".join(here[i:]) in FIELDS["fields"] for i in range(len(here))) and key not in PLAIN:
            missing.add(" > ".join(here))
        if key not in FIELDS["free"]:
            missing |= unexplained(inner, here, key in FIELDS["named"])
    return missing


@pytest.mark.parametrize("mode", WIRES)
async def test_every_field_of_the_frames_of_a_lesson_is_explained(mode: str) -> None:
    with Lab(bookshop(), mode=mode, sampling_callback=echo) as lab:
        await lab.call_tool("compare", {"title": "Emma"})
        await lab.call_tool("lose", {"title": "Emma"})
        frames = [entry.item.message for entry in lab.record.entries() if isinstance(entry.item, Frame)]
    assert len(frames) > 8
    assert {path for frame in frames for path in unexplained(frame)} == set()


def test_a_line_is_one_short_sentence_or_two() -> None:
    lines = [
        line
        for entry in [*FIELDS["fields"].values(), *(v for values in FIELDS["values"].values() for v in values.values())]
        for line in (entry.values() if isinstance(entry, dict) else [entry])
    ]
    assert [line for line in lines if len(line) > 180 or not line.endswith((".", "?")) or "\n" in line] == []
    assert set(FIELDS["values"]) <= set(FIELDS["fields"])


def test_what_a_client_must_and_may_is_said_in_the_words_of_the_specification() -> None:
    fields = FIELDS["fields"]
    assert "The client MUST respect it" in fields["maxTokens"]
    assert "The client MAY ignore it" in fields["temperature"]
    assert "The client MAY change it or leave it out" in fields["systemPrompt"]
    assert set(fields["includeContext"]) == {"2025-11-25", "2026-07-28"}


# ---- the browser's side, as far as it can be judged by reading


def test_the_lanes_have_the_colours_of_the_drawings() -> None:
    css = (WIDGETS / "flow_view.css").read_text(encoding="utf-8")
    light = css[: css.index("body[data-jp-theme-light")]
    assert dict(re.findall(r"--(you|client|callback|model|server): (#\w{6});", light)) == diagram.COLOURS


def test_the_browser_gets_no_html_no_code_and_no_address() -> None:
    for path in [*WIDGETS.glob("flow_*.js"), *WIDGETS.glob("flow_*.css")]:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|srcdoc", text) == []
        assert set(re.findall(r"\w+://[^\s\"'`)]+", text)) <= {"http://www.w3.org/2000/svg"}
        assert re.findall(r"^import |\bimport\(|@import|url\(", text, re.MULTILINE) == []


async def test_a_run_of_equal_notifications_is_one_row_that_counts_on() -> None:
    lab = Lab(bookshop())
    view = show(lab)
    before = len(all_rows(view))
    for _ in range(500):
        lab.record.add(Frame("to client", 0.0, b'{"method":"note"}', "note"), 1)
    view._flush()
    (row,) = all_rows(view)[before:]
    assert row[5] == "note ×500"
    lab.record.add(Frame("to client", 0.0, b'{"method":"other"}', "other"), 1)
    view._flush()
    assert [(row[2], row[5]) for row in all_rows(view)[before:]] == [(1, "note ×500"), (2, "other")]
    assert rows_in(view.rows)[-1][5] == "other"


async def test_a_frame_that_was_kept_in_part_is_shown_as_such() -> None:
    lab = Lab(bookshop())
    view = show(lab)
    part = Frame("to client", 0.0, b'{"result":{}}', None, 1, None, Whole(20_000_000, "ab" * 32))
    seq = lab.record.add(part, 1).seq
    view._flush()
    row = all_rows(view)[-1]
    assert (row[5], row[12], row[15]) == ("result  [20,000,000 bytes, kept in part]", 20_000_000, False)
    sent: list[dict[str, Any]] = []
    view.send = sent.append  # type: ignore[method-assign]
    view._asked(view, {"ask": "text", "seq": seq}, [])
    assert (sent[0]["text"], sent[0]["whole"]) == ('{"result":{}}', False)


async def test_what_comes_faster_than_it_can_be_shown_is_bounded_and_said() -> None:
    with Lab(bookshop(), sampling_callback=echo, mode="legacy") as lab:
        view = show(lab)
        before = view._rows.total
        view._open = False  # a front end that is busy
        for n in range(1_500):
            lab.record.add(Frame("to client", 0.0, b'{"n":"%d%s"}' % (n, b"x" * 60_000), "notifications/message"), 1)
        assert sum(held(entry.item) for entry in view._waiting) <= ROOM
        view._open = True
        view._flush()
        skipped = 1_500 - (view._rows.total - before - 1)
        assert 400 < skipped < 600
        rows = json.loads(view._rows.since(before))["rows"]
        assert (
            rows[0][5]
            == f"{skipped:,} steps came faster than they can be shown; print(lab.flow) tells what is on record"
        )
        view.close()
