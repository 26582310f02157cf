"""The page of the playground as Python has it: what it tells the browser, and what it keeps."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData

from labkit import close_all
from labkit.models.tiny import TinyModel
from labkit.playground import Playground
from labkit.playground.sources import WIRES, Wire
from labkit.playground.view import PlaygroundView
from labkit.steps import reader, report
from labkit.views.token_view import TokenView
from tests.story import answer, bookshop

KEY = "sk-ant-view-0123456789abcdef"
TEXT = "<b onmouseover='alert(1)'>bold</b> \u202e\u200b"


@pytest.fixture
def playground() -> Iterator[Playground]:
    opened = Playground(bookshop())
    opened.wait()
    opened.target.use_tool("recommend")
    yield opened
    opened.close()
    close_all()


class Telling(PlaygroundView):
    """A page that keeps what it sends, and lets a test wait for what it draws."""

    def __init__(self, playground: Playground) -> None:
        self.sent: list[dict[str, Any]] = []
        self.drawn = threading.Event()
        super().__init__(playground)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append(content)
        self.drawn.set()

    def _draw(self) -> None:
        super()._draw()
        self.drawn.set()

    def click(self, **message: Any) -> None:
        self._handle_custom_msg(message, [])
        self.playground.wait()

    def until(self, condition: Any) -> None:
        for _ in range(120):
            if condition():
                return
            self.drawn.wait(0.25)
            self.drawn.clear()
        raise AssertionError("it was not drawn")


async def says(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer(TEXT, TEXT)


def state_of(view: PlaygroundView) -> str:
    return json.dumps(view.get_state(), default=str)


def test_two_clicks_that_leave_all_as_it_was_are_told_all_the_same(playground: Playground) -> None:
    """The page shows the first click by itself, and would go on showing it."""
    view = Telling(playground)
    before = view.who, view.host
    view._draw = lambda: None  # as where both are heard before anything is drawn
    view.click(do="who", who="script")
    view.click(do="who", who="tiny")
    del view._draw
    view._draw()
    assert (view.who["chosen"], view.host["duties"]) == (before[0]["chosen"], before[1]["duties"])
    assert view.who != before[0]
    assert view.host != before[1]


def test_an_answer_is_shown_while_it_is_drawn(playground: Playground) -> None:
    view, texts = Telling(playground), list[str]()
    view.observe(lambda change: texts.extend(each["text"] for each in change["new"]["answers"]), "result")

    @playground.callback
    async def draws(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        read = reader()
        assert read
        for draft in ("A", f"A {KEY}", "A B"):
            read(draft)
        return answer("A B C")

    playground.answers.use_key(KEY)
    playground.answers.use("own")
    view.click(do="run", values={"genre": "romance"}, many=False)
    assert [text for text in texts if text != "A B C"] == ["A", "A [redacted: Anthropic key]", "A B"]
    assert playground.answers.draft == ""
    view.close()
    playground.answers.read("nobody looks")


def test_a_click_on_run_draws_what_came_of_it(playground: Playground) -> None:
    view = Telling(playground)
    assert view.result["text"] == ""
    view.click(do="run", values={"genre": ""}, many=False)
    assert view.errors == {"genre": "Needed: the tool cannot be called without it."}
    playground.callback(says)
    view.click(do="run", values={"genre": "romance"}, many=False)
    assert view.errors == {}
    assert view.result["kind"] == "done"
    assert "⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩" in view.result["text"]
    assert "\u202e" not in json.dumps([view.result, view.history, view.comparison], ensure_ascii=False)
    assert [run["n"] for run in view.history["runs"]] == [1]
    kept = view.picture("")
    assert "&lt;b onmouseover" in kept["text/html"]
    assert "<b onmouseover" not in kept["text/html"]
    assert "run 1 · 1 sample" in kept["text/plain"]
    assert "callback ─▶ client" in kept["text/plain"]
    view.click(do="compare", runs=[1])
    assert ["who answers", False, [[["your callback: says", False]]]] in view.comparison["rows"]
    view.close()


def test_the_embedded_model_shows_its_tokens_and_another_shows_none(playground: Playground) -> None:
    view = Telling(playground)
    view.click(do="run", values={"genre": "romance"})
    view.until(lambda: isinstance(view.tokens, TokenView))
    tokens = view.tokens
    assert isinstance(tokens, TokenView)
    assert tokens.reading.trace.text == playground.runs[-1].answers
    assert view.drawing_note == ""
    playground.answers.dials.turn(temperature=1.7, top_k=5)  # for the next run; the bars follow at once
    assert tokens.turned == {"temperature": 1.7, "top_k": 5}
    playground.answers.dials.turn(temperature=None, top_k=None)
    assert tokens.turned == {}
    view.click(do="who", who="script")
    view.click(do="run", values={"genre": "romance"})
    view.until(lambda: view.tokens is None)
    assert view.drawing_note.startswith("Only the models in the box")
    view.close()


def test_an_opened_run_is_shown_on_every_tab_under_its_number_until_the_next_one(playground: Playground) -> None:
    view = Telling(playground)
    playground.target.use_wires("both")
    view.until(lambda: view.flow_names == ["2025-11-25", "2026-07-28"])
    live = view.flows
    view.click(do="run", values={"genre": "romance"})
    view.until(lambda: isinstance(view.tokens, TokenView))
    # Each wire counts its calls by itself.
    view.until(lambda: [list(flow.head["names"].values()) for flow in live] == [["run 1"], ["run 2"]])
    first = playground.runs[0].answers
    view.click(do="who", who="script")
    view.click(do="run", values={"genre": "crime"})
    view.until(lambda: view.tokens is None)
    assert (view.shown_run["run"], view.shown_run["opened"]) == (4, False)
    view.click(do="open", run=1)
    assert (view.shown_run["run"], view.shown_run["opened"]) == (1, True)
    assert "· run 1 ·" in view.result["meta"]
    assert first in view.result["text"]
    assert view.code.startswith("# Run 1\n")
    assert view.flow_names == ["2025-11-25"]
    [flow] = view.flows
    assert first in str(flow.get_state()["rows"])
    view.until(lambda: isinstance(view.tokens, TokenView))
    assert isinstance(view.tokens, TokenView)
    assert view.tokens.reading.trace.text == first
    view.click(do="open", run=9)
    assert "there is no run 9" in view.top["fault"].lower()
    view.click(do="open", run=4)  # the last one is what happens now
    assert (view.shown_run["opened"], view.flows) == (False, live)
    view.click(do="open", run=1)
    view.click(do="run", values={"genre": "crime"})
    assert (view.shown_run["run"], view.shown_run["opened"]) == (6, False)
    assert view.flows == live
    view.until(lambda: view.tokens is None)
    # Without the connection that it was made on it can be opened too.
    playground.target.use_wires("2026-07-28")
    playground.wait()
    view.click(do="open", run=6)
    assert (view.shown_run["opened"], view.work["fresh"], view.flow_names) == (True, False, ["2026-07-28"])
    view.close()


MARK = "tiny model"


async def handing_on(context: Any, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
    return await TinyModel(name="mine")(context, params)


async def of_that_name(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer("Read Emma.", "tiny")


def marked_in(playground: Playground, number: int) -> dict[str, bool]:
    """Where a run is marked as answered by the embedded model, in everything that is shown and exported of it."""
    view = Telling(playground)
    view.click(do="compare", runs=[number])
    view.click(do="open", run=number)
    told = view.comparison
    rows = {name: values[0][0][0] for name, _, values in told["rows"]}
    [line] = [run for run in view.history["runs"] if run["n"] == number]
    [run] = json.loads(playground.export("json", [number]))["runs"]
    html = playground.export("html", [number])
    shown = {
        "result": view.result["meta"],
        "history": line["who"],
        "answer": view.result["answers"][0]["who"],
        "head": told["heads"][0],
        "model": rows["model"],
        "JSON": run["mark"],
        "JSON of a sample": run["samples"][0]["mark"],
        "Mermaid": playground.export("mermaid", [number]).splitlines()[0],
        "HTML": html[html.index("<h2>Run ") : html.index("<pre>")],
    }
    view.close()
    return {name: MARK in text for name, text in shown.items()}


def test_what_the_embedded_model_says_is_marked_and_what_another_says_is_not(playground: Playground) -> None:
    for number, (who, is_marked) in enumerate([(None, True), (handing_on, True), (of_that_name, False)], 1):
        if who is not None:
            playground.callback(who)
        playground.target.type({"genre": "romance"})
        playground.run()
        playground.wait()
        assert playground.runs[-1].outcome == "done", playground.runs[-1].result
        found = marked_in(playground, number)
        assert set(found.values()) == {is_marked}, found
    assert [run.said_by for run in playground.runs] == [MARK, f"mine · {MARK}", "tiny"]
    view = Telling(playground)
    view.click(do="compare", runs=[1, 3])
    assert view.comparison["heads"] == [f"run 1 · {MARK}", "run 3"]
    page = playground.export("html", [1, 3])
    assert f"<th>run 1 · {MARK}</th><th>run 3</th>" in page
    view.close()


@pytest.mark.parametrize("wire", WIRES)
def test_ten_runs_are_grouped_beside_the_flow_and_each_opens(playground: Playground, wire: Wire) -> None:
    view, said = Telling(playground), iter("AABBBAAABC" * 2)
    playground.target.use_wires(wire)
    playground.wait()
    coming = list[int]()

    @playground.callback
    async def draws(context: object, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        coming.append(view.together.table["total"] if view.together else 0)
        letter = next(said)
        return ErrorData(code=-1, message=f"{KEY} is no book") if letter == "C" else answer(f"{letter} {KEY}")

    view.click(do="run", values={"genre": "romance"}, many=False)
    assert (view.result["batch"], view.together) == ({}, None)
    view.click(do="run", values={"genre": "romance"}, many=True)
    view.until(lambda: not view.work["running"])
    together = view.together
    assert coming == [0, *range(10)]  # each stands there before the next is asked for
    assert [(len(row["members"]), row["labels"]) for row in together.table["rows"]] == [
        (5, "runs 2, 6, 7, 8, 11"), (4, "runs 3, 4, 5, 9"), (1, "run 10"),
    ]  # fmt: skip
    assert together.table["rows"][2]["parts"][0][0].startswith("no text: ")
    assert together.status.startswith("10 answers, 3 different")
    assert view.result["batch"] == {"run": 11, "meta": "recommend · runs 2 to 11"}
    assert playground.grouped(7).told == playground.grouped().told == "10 answers, 3 different"
    assert playground.grouped(1).told == "1 answer, 1 different"
    together._pressed(together, {"type": "judge", "holds": "b"}, [])
    together._pressed(together, {"type": "open", "row": 1, "member": 2}, [])
    assert (view.shown_run["run"], together.place, view.result["batch"]["run"]) == (5, [1, 2], 5)
    kept = view.picture("")
    assert "10 answers, 3 different, 4 true" in kept["text/plain"]
    assert "run 5 ·" in kept["text/plain"]
    assert kept["text/html"].count("<img") == 2
    for text in (state_of(view), json.dumps(together.get_state()["table"]), *kept.values()):
        assert KEY not in text
    view.click(do="open", run=1)
    assert view.result["batch"] == {}
    assert view.picture("")["text/html"].count("<img") == 1
    # In a file, and back in another history, they belong together.
    exported = playground.export("json")
    view.close()
    playground.close()
    other = Playground(bookshop(), name="other")
    other.import_runs(exported)
    assert other.grouped(11).told == "10 answers, 3 different"
    other.close()


def test_a_key_in_an_answer_is_marked_wherever_it_is_shown_and_exported(playground: Playground) -> None:
    token, password = "ghp_" + "0123456789abcdef" * 3, "hunter2!"

    async def leaks(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        report("asked with", authorization=f"Bearer {token}")
        return answer(f"{token} and password={password}", token)

    view = Telling(playground)
    playground.callback(leaks)
    playground.target.use_wires("both")
    view.click(do="run", values={"genre": "romance"})
    assert token in playground.runs[-1].result  # the server gets what was answered
    view.click(do="compare", runs=[1, 2])
    shown = [state_of(view), *view.picture("").values(), *(str(flow.get_state()["rows"]) for flow in view.flows)]
    exports = [playground.export(form) for form in ("json", "html", "mermaid")]
    for text in shown + exports:
        assert token not in text
        assert password not in text
    for text in shown + exports[:2]:  # Mermaid tells no answer
        assert "[redacted: GitHub token]" in text
        assert "[redacted: password]" in text
    assert [run["result"] for run in json.loads(exports[0])["runs"]] == [view.result["text"]] * 2
    view.close()


def test_an_export_is_written_beside_the_thread_of_the_click(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = Telling(playground)
    returned = threading.Event()

    def pieces(*_: object) -> Iterator[str]:
        yield "is it " if returned.wait(60) else "the click waits "
        yield "whole?"

    monkeypatch.setattr(playground, "export_in_pieces", pieces)
    view.click(do="export", form="json", runs=[])
    returned.set()
    view.until(lambda: view.sent)
    assert view.sent == [{"answer": "export", "name": "playground.json", "text": "is it whole?"}]

    def fails(*_: object) -> Iterator[str]:
        yield "a part"
        raise ValueError("no more")

    monkeypatch.setattr(playground, "export_in_pieces", fails)
    view.click(do="export", form="json", runs=[])
    view.until(lambda: "no more" in view.top["fault"])
    assert len(view.sent) == 1
    view.close()


def test_every_message_of_the_page_reaches_the_model(playground: Playground, caplog: pytest.LogCaptureFixture) -> None:
    view = Telling(playground)
    view.click(do="hold", guard=True)
    view.click(do="hold", budget={"samples": 3, "tokens": None})
    on = {
        name: {knob: value for knob, _, value, *_ in knobs}
        for name, _, _, _, is_on, knobs in view.host["duties"]
        if is_on
    }
    assert on == {"guard": {}, "budget": {"samples": 3, "tokens": None}}
    view.click(do="hold", retry={"tries": 11})
    assert view.top["fault"] == "tries is 11, and must be a number from 1 to 10"
    view.click(do="hold", rest=True)
    assert view.top["fault"].startswith("there is no duty rest")
    view.click(do="who", who="script")
    view.click(do="set", script="Emma")
    view.click(do="type", values={"genre": "crime"})
    view.click(do="run", values={"genre": "crime"}, many=True)
    # Three of the ten are within the budget.
    assert [run.outcome for run in playground.runs].count("done") == 3
    assert view.host["spent"].startswith("3 of 3 samples")
    view.click(do="forget")
    assert view.history["runs"] == []
    view.click(do="wire", wires="both")
    view.until(lambda: view.flow_names == ["2025-11-25", "2026-07-28"])
    view.click(do="transport", transport="http")
    assert view.top["transport"] == "http"
    view.click(do="tool", name="nothing")
    assert "no tool 'nothing'" in view.top["fault"]
    view.click(do="server", name="command", text="")
    assert "type the command" in view.top["fault"]
    view.click(do="server", name="log_archiver")
    view.until(lambda: (view.top["server"], view.form["tool"]) == ("log_archiver", "process_log_entry"))
    view.click(do="sample", name="disk full")
    assert "No space left" in view.form["fields"][0]["value"]
    view.click(do="server", name="given")
    assert view.top["server"] == "given"
    view.click(do="reconnect")
    view.until(lambda: view.top["status"].startswith("connected"))
    with caplog.at_level("WARNING"):
        view.click(do="nonsense")
    assert "a page sent a message that nobody knows: nonsense" in caplog.text
    view.close()


def test_a_key_is_in_no_trait_and_in_no_message(playground: Playground) -> None:
    view = Telling(playground)
    view.click(do="key", key=KEY)
    assert playground.answers.who == "claude"
    assert view.who["key"] == {"variable": "ANTHROPIC_API_KEY", "there": True}

    @playground.callback
    async def leaks(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer(KEY, KEY)

    view.click(do="run", values={"genre": KEY})
    view.click(do="compare", runs=[1])
    for form in ("json", "mermaid", "html"):
        view.click(do="export", form=form, runs=[])
    assert KEY not in state_of(view)
    view.until(lambda: len(view.sent) == 3)
    assert KEY not in json.dumps(view.sent)
    view.close()


def test_shown_twice_it_is_one_page_and_closed_it_says_so_in_text(playground: Playground) -> None:
    bundle, _ = playground._repr_mimebundle_()
    again, _ = playground._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"] == again["application/vnd.jupyter.widget-view+json"]
    assert bundle["text/plain"] == "<Playground bookshop · in process · 2026-07-28 · embedded model>"


@pytest.mark.parametrize("wire", WIRES)
def test_a_sample_or_a_call_is_replayed_from_the_flow_and_two_runs_stand_side_by_side(wire: Wire) -> None:
    playground = Playground(bookshop(), name=f"replays {wire}", remember=False)
    playground.wait()
    view = Telling(playground)
    playground.target.use_wires(wire)
    playground.wait()
    playground.target.use_tool("recommend")
    playground.answers.set(script="The first answer of them\nThe second answer of them\nThird")
    playground.answers.use("script")
    view.click(do="run", values={"genre": "romance"}, many=False)
    [flow] = view.flows
    assert flow.replays
    lab = next(iter(playground.target.labs.values()))
    steps = [entry.seq for entry in lab.record.entries() if entry.call == lab.calls]
    asked = next(step.n for step in lab.flow.steps if step.target == "callback")
    flow._handle_custom_msg({"ask": "replay", "seq": steps[asked - 1]}, [])
    playground.wait()
    first, again = playground.runs
    assert (again.tool, again.again, again.sample, again.outcome) == ("recommend · sample 1", 1, 1, "done")
    assert again.result == again.samples[0].text == "The second answer of them"
    assert first.samples[0].text == "The first answer of them"
    view.until(lambda: view.result["text"] == again.result)
    assert view.result["answers"] == []  # no tool made anything of it, so that it does not stand there twice
    view.until(lambda: {"answer": "compare", "runs": [1, 2]} in view.sent)
    view.click(do="compare", runs=[1, 2])
    rows = {name: values for name, differs, values in view.comparison["rows"] if differs}
    assert rows["answer"] == [
        [["The ", False], ["first", True], [" answer of them", False]],
        [["The ", False], ["second", True], [" answer of them", False]],
    ]
    assert rows["client → server: answer"][1] == [["no such step", True]]
    flow._handle_custom_msg({"ask": "replay", "seq": steps[0]}, [])
    playground.wait()
    called = playground.runs[-1]
    assert (called.tool, called.arguments, called.again, called.sample) == ("recommend", first.arguments, 1, 0)
    assert called.result == "Third"
    playground.replay(2)  # the sample once more
    playground.wait()
    assert (playground.runs[-1].tool, playground.runs[-1].sample) == ("recommend · sample 1", 1)
    with pytest.raises(LookupError, match="sample 7 of run 1 is no longer kept"):
        playground.replay(1, 7)
    with pytest.raises(LookupError, match="there is no run 9"):
        playground.replay(9)
    playground.target.use_wires(next(each for each in WIRES if each != wire))
    playground.wait()
    with pytest.raises(ValueError, match=r"run 1 was on bookshop.*: choose that first"):
        playground.replay(1)
    view.close()
    playground.close()
