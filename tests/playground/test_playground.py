"""The playground without its page: what is chosen, what answers, what is kept. The same holds on both wires."""

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp import StdioServerParameters
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    TextContent,
    ToolUseContent,
)

from labkit import Flow, Lab, close_all
from labkit.call import timeout_error
from labkit.command_line import command_of
from labkit.diagram import Step
from labkit.host import Approve, Edit, Refuse, ReviewRequest
from labkit.models.gguf import GGUF
from labkit.models.tiny import TinyModel
from labkit.playground import Playground, export
from labkit.playground.by_hand import ByHand
from labkit.playground.choices import text_of
from labkit.playground.reading import comparison, history, result, top, work
from labkit.playground.results import pictures_of
from labkit.playground.runs import MOST_SAMPLES, Run, make_room
from labkit.playground.sampled import Sampled
from labkit.playground.sources import HESITATES, MODES, ROOT, WIRES, Transport, Wire, name_of
from labkit.redacting import redact
from labkit.secret_forms import finding
from tests.story import OVER_STDIO, answer, bookshop, paged, question

KEY = "sk-ant-playground-0123456789abcdef"


@pytest.fixture
def playground() -> Iterator[Playground]:
    """As the first cell of the notebook opens it."""
    with_defaults = Playground()
    with_defaults.wait()
    yield with_defaults
    with_defaults.close()
    close_all()


@pytest.fixture
def shop() -> Iterator[Playground]:
    """With a server of one's own."""
    own = Playground(bookshop())
    own.wait()
    own.target.use_tool("recommend")
    own.target.type({"genre": "romance"})
    yield own
    own.close()
    close_all()


async def shouted(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer("EMMA", "mine")


def ran(playground: Playground, times: int = 1) -> Any:
    """The last run, after it was made."""
    playground.run(times)
    playground.wait()
    return playground.runs[-1]


def test_a_newcomer_presses_run_and_has_a_sampled_answer(playground: Playground) -> None:
    run = ran(playground)
    assert (playground.target.status, playground.target.fault, playground.target.errors) == ("connected", "", {})
    assert (run.outcome, run.model, run.who, run.tool) == ("done", "tiny", "embedded model", "process_log_entry")
    assert len(run.samples) == 1
    assert run.answers in run.result
    assert run.tokens > 0
    assert run.flow.samples == 1


@pytest.mark.parametrize("ask", ["approve", 1, False, Refuse])
def test_what_cannot_decide_is_refused_before_a_former_playground_is_closed(shop: Playground, ask: Any) -> None:
    with pytest.raises(TypeError, match="decides on nothing: give a function"):
        Playground(ask=ask)
    assert ran(shop).outcome == "done"


def test_a_model_object_loads_no_widget() -> None:
    code = "import sys; import labkit.playground; print(sorted({'anywidget', 'ipywidgets'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert (told.stdout.strip(), told.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("server", "tool"),
    [
        ("log_archiver", "process_log_entry"),
        ("text_analyst", "analyze_sentiment"),
        ("text_analyst", "classify_document"),
    ],
)
def test_a_sample_says_truly_that_the_embedded_model_hesitates(shop: Playground, server: str, tool: str) -> None:
    shop.target.use_server(server)
    shop.wait()
    shop.target.use_tool(tool)
    doubtful = [name for name in shop.target.samples if name.endswith(HESITATES)]
    assert len(doubtful) == 1
    shop.target.use_sample(doubtful[0])
    run = ran(shop)
    drawing = run.samples[-1].drawing
    assert drawing
    assert min(token.probability for token in drawing.trace(TinyModel()).tokens) < 0.45
    with pytest.raises(ValueError, match="has no sample 'x'"):
        shop.target.use_sample("x")


def test_the_servers_in_the_box_have_an_example_for_their_first_tool() -> None:
    playground = Playground()
    try:
        assert {"log_archiver", "text_analyst"} <= set(playground.target.box_servers)
        for server in playground.target.box_servers.values():
            playground.target.use_server(server.id)
            playground.wait()
            assert playground.target.status == "connected", playground.target.fault
            if server.tool:
                assert playground.target.tool == server.tool
            playground.run()
            assert playground.target.errors == {}, server.id
            playground.cancel()
            playground.wait()
    finally:
        playground.close()
        close_all()


@pytest.mark.parametrize("transport", ["in process", "http"])
def test_a_server_answers_in_every_way_on_both_wires(shop: Playground, transport: Transport) -> None:
    shop.answers.use_own(shouted)
    shop.target.use_transport(transport)
    shop.target.use_wires("both")
    shop.wait()
    ran(shop)
    assert [(run.wire, run.transport, run.outcome) for run in shop.runs] == [(w, transport, "done") for w in WIRES]
    assert all("EMMA" in run.result for run in shop.runs)


def test_a_choice_that_comes_while_another_is_being_made_takes_its_place(shop: Playground) -> None:
    for _ in range(3):
        shop.target.use_transport("http")
        shop.target.use_wires("2025-11-25")
        shop.target.use_transport("in process")
        shop.target.use_transport("http")
        shop.target.use_wires("both")
        shop.wait()
        assert (shop.target.status, shop.target.fault, list(shop.target.labs)) == ("connected", "", list(WIRES))


def test_a_program_is_reached_over_stdio(shop: Playground) -> None:
    shop.target.use_server(OVER_STDIO)
    shop.wait()
    assert (shop.target.transport, shop.target.status, shop.target.fault) == ("stdio", "connected", "")
    with pytest.raises(ValueError, match="a command is reached over stdio"):
        shop.target.use_transport("in process")
    shop.target.use_tool("recommend")
    shop.target.type({"genre": "romance"})
    shop.answers.use_own(shouted)
    assert "EMMA" in ran(shop).result


def test_what_cannot_be_reached_is_told_in_a_sentence_and_can_be_left_again(shop: Playground) -> None:
    (former,) = shop.target.labs.values()
    shop.target.use_server("http://127.0.0.1:9/mcp")
    shop.wait()
    assert shop.target.status == "failed"
    assert "(closed)" in repr(former)
    assert "nobody answers there" in (told := shop.target.fault)
    assert (top(shop)["state"], top(shop)["status"]) == ("failed", "failed to connect")
    assert work(shop)["blocked"] == "Not connected: there is no tool to call."
    shop.run()
    assert shop.target.fault == told  # which says more than that there is no tool
    shop.target.use_given()
    shop.wait()
    assert (shop.target.status, shop.target.fault) == ("connected", "")
    assert work(shop)["blocked"] == ""


def test_the_way_to_a_server_is_what_it_was_once_one_comes_back_to_it(shop: Playground) -> None:
    ways: list[str] = []
    for source in ("log_archiver", OVER_STDIO, "text_analyst"):
        shop.target.use_server(source)
        ways.append(shop.target.transport)
    shop.target.use_transport("http")
    for source in ("http://127.0.0.1:9/mcp", OVER_STDIO, "log_archiver", bookshop()):
        shop.target.use_server(source)
        ways.append(shop.target.transport)
    assert ways == ["in process", "stdio", "in process", "http", "stdio", "http", "in process"]
    shop.wait()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("no-such-program-anywhere --port 1", "there is no program no-such-program-anywhere here. Is it installed"),
        (str(Path(__file__)), "may not be run as a program. Give the program that runs it"),
    ],
)
def test_a_program_that_cannot_be_started_is_told_in_a_sentence(shop: Playground, command: str, says: str) -> None:
    shop.target.use_command(command)
    shop.wait()
    assert says in shop.target.fault
    assert "Errno" not in shop.target.fault


def test_over_an_empty_flow_stands_no_result_of_another_connection(shop: Playground) -> None:
    shop.callback(shouted)
    ran(shop)
    assert result(shop)["ended"][0]["word"] == "end of turn"
    shop.target.use_server("http://127.0.0.1:9/mcp")
    shop.wait()
    assert (result(shop)["kind"], result(shop).get("ended")) == ("idle", None)
    shop.shown_run = 1
    assert result(shop)["ended"][0]["word"] == "end of turn"


def test_a_server_without_tools_says_why_nothing_can_be_called(shop: Playground) -> None:
    shop.target.use_server(MCPServer("empty"))
    shop.wait()
    assert work(shop)["blocked"] == "empty offers no tool."
    shop.run()
    assert shop.target.fault == "empty offers no tool."


@pytest.mark.parametrize(("text", "says"), [("", "type the command"), ("python 'x", "no command")])
def test_a_command_line_that_is_none_is_refused(shop: Playground, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        shop.target.use_command(text)


def test_what_is_wrong_in_the_form_is_told_and_nothing_is_called(playground: Playground) -> None:
    playground.target.use_tool("summarize_logs")
    playground.target.type({"hours": "1.5"})
    playground.run()
    assert playground.target.errors == {"hours": "A whole number is needed, and “1.5” is none."}
    assert not playground.runs
    playground.target.type({"hours": "2"})
    assert playground.target.errors == {}
    assert ran(playground).arguments == {"hours": 2}


def test_a_callback_of_ones_own_is_swapped_in_and_replaced(shop: Playground) -> None:
    assert "@playground.callback" in _failed(shop, "own")
    shop.callback(shouted)
    assert "EMMA" in ran(shop).result

    @shop.callback
    async def again(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer("Persuasion")

    run = ran(shop)
    assert "Persuasion" in run.result
    assert run.who == "your callback: again"


def _failed(playground: Playground, who: Any) -> str:
    playground.answers.use(who)
    run = ran(playground)
    assert run.outcome == "failed"
    return run.result


def test_a_mistake_in_a_callback_is_told_with_its_name(shop: Playground) -> None:
    @shop.callback
    async def forgets(context: object, params: CreateMessageRequestParams) -> Any:
        return None

    run = ran(shop)
    assert run.outcome == "failed"
    assert "forgets returned nothing" in run.result


def test_a_person_answers_by_hand_and_may_refuse(shop: Playground) -> None:
    shop.answers.use("hand")
    assert "Nobody is here" in _result_of(shop)
    shop.answers.hand.attended = True
    for text, outcome in (("Emma, by hand", "done"), (None, "failed")):
        shop.run()
        question = _wait_for(shop, lambda: shop.answers.hand.open)
        assert question.params.max_tokens > 0
        assert shop.waits_for == "a person to type the answer"
        assert result(shop)["meta"] == "Running recommend · waits for a person to type the answer"
        shop.answers.hand.answer(question.number, text)
        shop.answers.hand.answer(question.number, "too late")
        shop.wait()
        run = shop.runs[-1]
        assert run.outcome == outcome
        assert "Emma, by hand" in run.result or "refused" in run.result
        assert shop.waits_for == ""


def test_a_run_says_whether_it_waits_for_the_server_or_for_the_answer() -> None:
    gate, asked, told = threading.Event(), threading.Event(), threading.Event()
    playground = Playground(bookshop(gate))
    playground.wait()

    @playground.callback
    async def slow(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        asked.set()
        await asyncio.to_thread(told.wait, 60)
        return answer("EMMA", "mine")

    try:
        playground.target.use_tool("recommend")
        playground.target.type({"genre": "crime"})
        playground.run()
        assert asked.wait(60)
        assert playground.waits_for == "the answer: your callback: slow"
        told.set()
        playground.wait()
        playground.target.use_tool("count_stock")
        playground.run()
        _wait_for(playground, lambda: playground.waits_for == "the server")
        gate.set()
        playground.wait()
    finally:
        gate.set()
        playground.close()
        close_all()


@pytest.mark.parametrize("wire", WIRES)
def test_a_call_that_runs_out_of_time_says_that_it_waited_for_the_person_who_types(wire: Wire) -> None:
    asked = threading.Event()
    hand = ByHand(asked.set)
    hand.attended = True
    with Lab(bookshop(), sampling_callback=hand, mode=MODES[wire]) as lab:
        call = lab.start("recommend", {"genre": "crime"})
        assert asked.wait(60)
        assert str(timeout_error(call, 3)) == (
            "recommend(genre) was stopped after timeout=3 s: it waited for a person to type the answer. "
            "Answer sooner, or give the Lab more time: Lab(..., timeout=...)."
        )
        call.cancel()


def _result_of(playground: Playground) -> str:
    return ran(playground).result


def _wait_for(playground: Playground, condition: Any) -> Any:
    """What `condition` gives once it gives something; every change of the playground is a moment to look."""
    changed = threading.Event()
    forget = playground.listen(changed.set)
    try:
        for _ in range(60):
            found = condition()
            if found:
                return found
            changed.wait(1)
            changed.clear()
    finally:
        forget()
    raise AssertionError("nothing came")


def test_a_script_answers_in_turn_and_begins_anew(shop: Playground) -> None:
    shop.answers.set(script="one\ntwo\\nlines")
    shop.answers.use("script")
    ran(shop, times=3)
    assert [run.answers for run in shop.runs] == ["one", "two\nlines", "one"]
    with pytest.raises(ValueError, match="the script is empty"):
        shop.answers.set(script="  ")
    assert shop.answers.settings["script"] == "one\ntwo\\nlines"


def test_claude_without_a_key_says_what_to_do(shop: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert "ANTHROPIC_API_KEY" in _failed(shop, "claude")


def test_a_local_model_that_is_not_there_says_what_to_do(shop: Playground) -> None:
    shop.answers.use("local")
    with pytest.raises(ValueError, match="address"):
        shop.answers.set(local_url="ollama")
    shop.answers.set(local_url="http://127.0.0.1:9/v1")
    assert "127.0.0.1:9" in _failed(shop, "local")


def test_the_dials_turn_what_the_model_gets(playground: Playground) -> None:
    playground.answers.dials.turn(temperature=0.0, max_tokens=5)
    run = ran(playground)
    assert (run.samples[0].asked.max_tokens, run.samples[0].seen.max_tokens) == (100, 5)
    assert run.tokens <= 5
    assert run.dials.startswith("temperature 0 (asked 0.2), max tokens 5 (asked 100)")
    used = {reading.dial: reading.used for reading in run.samples[0].dials}
    assert (used["temperature"], used["max_tokens"]) == (0.0, 5)


def seeds(playground: Playground) -> list[int | None]:
    return [run.samples[0].drawing and run.samples[0].drawing.seed for run in playground.runs]


def test_ten_runs_have_ten_seeds_unless_the_dial_sets_one(playground: Playground) -> None:
    playground.answers.dials.turn(temperature=2.0, max_tokens=6)
    ran(playground, times=3)
    assert seeds(playground) == [0, 1, 2]
    playground.answers.dials.turn(seed=7)
    ran(playground, times=2)
    assert seeds(playground)[-2:] == [7, 7]
    assert len({run.answers for run in playground.runs[-2:]}) == 1


def test_approval_sees_the_request_and_the_answer_and_may_change_them() -> None:
    seen: list[ReviewRequest] = []

    def edits(request: ReviewRequest) -> Approve | Edit:
        seen.append(request)
        return Approve() if request.stage == "request" else request.edit("reviewed")

    playground = Playground(bookshop(), ask=edits)
    playground.wait()
    playground.target.use_tool("recommend")
    playground.target.type({"genre": "romance"})
    playground.callback(shouted)
    assert "EMMA" in ran(playground).result
    playground.answers.hold(approval=True)
    assert "reviewed" in ran(playground).result
    assert [request.stage for request in seen] == ["request", "answer"]
    playground.answers.ask = lambda _: Refuse("not today")
    run = ran(playground)
    assert (run.outcome, run.host) == ("failed", "budget, approval")
    assert "not today" in run.result
    playground.close()
    close_all()


def test_approval_where_nobody_looks_refuses(shop: Playground) -> None:
    shop.answers.hold(approval=True)
    shop.callback(shouted)
    assert "nobody is here" in ran(shop).result


def test_the_guard_notes_and_the_budget_holds(shop: Playground) -> None:
    shop.callback(shouted)
    shop.answers.hold(guard=True)
    shop.answers.hold(budget={"samples": 1})
    assert ran(shop).outcome == "done"
    run = ran(shop)
    assert run.outcome == "failed"
    assert "budget" in run.result
    assert shop.answers.budget.spent.samples == 1
    with pytest.raises(ValueError, match="samples is -1, and must be a number from 0 to"):
        shop.answers.hold(budget={"samples": -1})
    shop.answers.hold(budget=False)
    assert ran(shop).outcome == "done"


def test_cancel_ends_a_run_that_waits_and_the_next_one_goes(shop: Playground) -> None:
    begun = threading.Event()

    @shop.callback
    async def waits(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        begun.set()
        await asyncio.Event().wait()
        return answer("never")

    shop.run(10)
    assert begun.wait(30)
    shop.run()  # a second click does nothing while the first goes on
    shop.cancel()
    shop.wait()
    assert [run.outcome for run in shop.runs] == ["cancelled"]
    shop.callback(shouted)
    assert ran(shop).outcome == "done"


def test_cancel_ends_a_callback_that_never_gives_control_back(shop: Playground) -> None:
    begun = threading.Event()

    @shop.callback
    async def blocks(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        begun.set()
        held.wait(60)
        return answer("never")

    held = threading.Event()
    shop.run()
    assert begun.wait(30)
    shop.cancel()
    shop.wait()
    held.set()
    assert [run.outcome for run in shop.runs] == ["cancelled"]
    shop.callback(shouted)
    assert ran(shop).outcome == "done"


def test_runs_are_compared_by_what_differs(playground: Playground) -> None:
    ran(playground)
    playground.answers.dials.turn(max_tokens=3)
    ran(playground)
    rows = {row.name: row for row in playground.compare(1, 2)}
    assert rows["max tokens"].values == ("100 · must", "3 · must")
    assert rows["answer"].differs
    assert not rows["prompt"].differs
    assert {"server", "wire", "who answers", "model", "steps", "tokens", "time"} <= set(rows)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src") or name.startswith("on")]


def test_exports_are_whole_and_carry_no_key(shop: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-of-a-known-form-42")
    hostile = f"<script>window.__pwned = 1</script><img src=x onerror=alert(1)> {KEY} not-of-a-known-form-42"

    @shop.callback
    async def leaks(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer(hostile, hostile)

    shop.answers.keys["claude"] = KEY
    run = ran(shop)
    assert KEY in run.result  # it is there to be taken out
    texts = {form: shop.export(form) for form in ("json", "mermaid", "html")}
    for text in (*texts.values(), shop.code):
        assert KEY not in text
        assert "not-of-a-known-form-42" not in text
    told = json.loads(texts["json"])["runs"]
    assert told[0]["samples"][0]["answer"]["model"].startswith("<script>")
    assert Flow.from_json(json.dumps(told[0]["flow"])).samples == 1
    assert texts["mermaid"].startswith("%% run 1\nsequenceDiagram")
    page = Tags(texts["html"])
    assert {"script", "img", "link", "iframe"}.isdisjoint(page.seen)
    assert page.addresses == []
    assert {"svg", "table", "pre"} - page.seen <= {"table"}
    with pytest.raises(ValueError, match="no form"):
        shop.export("pdf")  # pyright: ignore[reportArgumentType]


def test_a_second_playground_of_the_name_closes_the_first() -> None:
    first = Playground(bookshop())
    first.wait()
    second = Playground(bookshop())
    second.wait()
    assert first.target.status == "not connected"
    assert second.target.status == "connected"
    second.close()
    second.close()
    close_all()


def test_the_cell_run_again_keeps_the_history_also_of_a_run_that_was_under_way() -> None:
    first = Playground(bookshop())
    first.wait()
    first.target.use_tool("recommend")
    first.target.type({"genre": "romance"})
    first.callback(shouted)
    ran(first, times=2)
    begun = threading.Event()

    @first.callback
    async def waits(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        begun.set()
        await asyncio.Event().wait()
        return answer("never")

    first.run()
    assert begun.wait(60)
    second = Playground(bookshop())
    second.wait()
    told = [(run.n, run.outcome) for run in second.runs]
    assert told == [(1, "done"), (2, "done"), (3, "cancelled")]
    assert second.fresh
    second.target.use_tool("recommend")
    second.target.type({"genre": "romance"})
    second.callback(shouted)
    assert ran(second).n == 4
    second.close()  # who closes it is done with it
    third = Playground(bookshop())
    assert third.runs == []
    third.close()
    close_all()


MORTAL = """
import os
from mcp.server.mcpserver import MCPServer
mortal = MCPServer("mortal")
@mortal.tool()
def number() -> str:
    return str(os.getpid())
@mortal.tool()
def die() -> str:
    os._exit(1)
mortal.run("stdio")
"""


def test_how_long_a_server_may_take_to_start_can_be_set_and_the_sentence_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    never = StdioServerParameters(command=sys.executable, args=["-c", "input(); input(); input()"])
    playground = Playground(never, connect_timeout=0.3)
    playground.wait()
    assert playground.target.status == "failed"
    assert playground.target.fault == (
        f"ConnectError: {name_of(never)} did not answer within 0.3 s. Is it an MCP server, and is it running? One that "
        "takes longer to start needs Playground(..., connect_timeout=...)."
    )
    with pytest.raises(ValueError, match="connect_timeout is 0"):
        Playground(connect_timeout=0)
    playground.close()
    close_all()
    del playground
    gc.collect()
    assert "never retrieved" not in caplog.text


def test_after_a_server_died_the_status_says_so_and_the_next_run_makes_another_connection() -> None:
    playground = Playground(StdioServerParameters(command=sys.executable, args=["-c", MORTAL]))
    playground.wait()
    for dies in (lambda: os.kill(int(playground.runs[-1].result), signal.SIGTERM), lambda: None):
        playground.target.use_tool("number")
        assert ran(playground).outcome == "done"
        assert playground.target.status == "connected"
        dies()  # at rest, and nobody asks it anything
        if playground.runs[-1].n == 2:
            playground.target.use_tool("die")
            assert ran(playground).outcome == "failed"
        _wait_for(playground, lambda: playground.target.status == "lost")
        assert top(playground)["status"] == "connection lost · Run makes another"
    playground.target.use_tool("number")
    assert ran(playground).outcome == "done"
    assert playground.target.status == "connected"
    playground.close()
    close_all()


def test_a_server_that_is_reached_no_more_over_http_is_told_in_the_status(shop: Playground) -> None:
    shop.target.use_transport("http")
    shop.wait()
    [stop] = shop.target.connections._stops
    ended = stop()
    assert ended is not None
    ended.result(60)
    assert ran(shop).outcome == "failed"
    assert shop.target.status == "lost"
    shop.target.connect()
    shop.wait()
    assert shop.target.status == "connected"


@pytest.mark.parametrize("limits", [{"tokens": 20_000}, {}])
@pytest.mark.parametrize("wire", WIRES)
def test_a_cancelled_run_costs_what_the_budget_counts(shop: Playground, wire: Wire, limits: Any) -> None:
    begun = threading.Event()

    @shop.callback
    async def waits(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        begun.set()
        await asyncio.Event().wait()
        return answer("never")

    shop.answers.hold(budget=limits or False)
    shop.target.use_wires(wire)
    shop.wait()
    shop.run()
    assert begun.wait(60)
    shop.cancel()
    shop.wait()
    run = shop.runs[-1]
    _wait_for(shop, lambda: shop.answers.budget.spent.samples == 1)
    spent = _wait_for(shop, lambda: run.prompt_tokens + run.tokens)
    assert (run.outcome, spent, run.estimated) == ("cancelled", shop.answers.budget.spent.tokens, True)
    assert bool(run.tokens) is bool(limits)


@pytest.mark.parametrize(("transport", "first"), [("stdio", "starting the program"), ("http", "calling the server")])
def test_what_is_done_to_connect_is_told(shop: Playground, transport: Transport, first: str) -> None:
    shop.target.use_server("text_analyst")
    shop.wait()
    told: list[str] = []
    shop.listen(lambda: told.append(top(shop)["status"]))
    shop.target.use_transport(transport)
    shop.wait()
    steps = [f"connecting: {first} …", "connecting: asking for its tools …"]
    assert [status for status in dict.fromkeys(told) if status in steps] == steps
    assert top(shop)["status"].startswith("connected")


def test_while_it_connects_nothing_of_the_server_before_is_run_or_exported(shop: Playground) -> None:
    shop.target.use_server("text_analyst")
    assert shop.target.status == "connecting"
    shop.run()
    assert "still connecting" in shop.target.fault
    assert "recommend" not in shop.code
    assert (shop.target.tool, shop.target.tools, work(shop)["ready"]) == ("", (), False)
    shop.wait()
    assert shop.runs == []
    assert (shop.target.tool, work(shop)["ready"]) == ("summarize", True)


def test_an_export_prints_the_programs_of_its_own_runs(shop: Playground) -> None:
    shop.answers.set(script="So says the script.")
    shop.answers.use("script")
    ran(shop, times=2)
    shop.callback(shouted)
    shop.target.type({"genre": "crime"})
    ran(shop)
    shop.target.use_server("log_archiver")
    shop.wait()
    page = shop.export("html")
    heads = [part.split("</h2>")[0] for part in page.split("<h2>") if "as a program" in part.split("</h2>")[0]]
    assert heads == ["The settings of runs 1, 2 as a program", "The settings of run 3 as a program"]
    assert page.count("&#x27;genre&#x27;: &#x27;romance&#x27;") >= 1
    program = page[page.index("The settings of run 3") :]
    assert "async def shouted" in program
    assert "crime" in program
    assert "log_archiver" not in page
    assert "So says the script." not in shop.export("html", [3]).split("as a program")[1]


async def cut_short(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer("Read Em").model_copy(update={"stop_reason": "maxTokens"})


def test_an_answer_that_was_cut_says_so_wherever_its_run_is_told(shop: Playground) -> None:
    shop.callback(shouted)
    ran(shop)
    assert "cut" not in str(result(shop)) + str(history(shop))
    shop.callback(cut_short)
    ran(shop)
    for told in (result(shop), history(shop)["runs"][0]):
        [badge] = told["ended"]
        assert (badge["kind"], badge["word"]) == ("warning", "cut at max tokens")
    assert history(shop)["runs"][1]["ended"][0]["word"] == "end of turn"
    rows = {row.name: row.values for row in shop.compare(1, 2)}
    assert "cut at max tokens" in rows["tokens"][1]
    assert json.loads(shop.export("json"))["runs"][1]["cut"] == "the answer was cut at max tokens"
    assert shop.export("html").count("cut at max tokens") >= 2


def test_what_a_page_cuts_itself_says_so(shop: Playground) -> None:
    @shop.callback
    async def long(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        return answer("long " * 5000)

    ran(shop)
    [line] = history(shop)["runs"]
    assert line["answer"].endswith(" …")
    rows = {name: values[0][0][0] for name, _, values in comparison(shop.runs)["rows"]}
    assert "characters more, in the exports" in rows["answer"]
    assert "characters more, in the exports" in result(shop)["text"]


def test_of_what_is_large_a_run_keeps_a_part_and_says_so_wherever_it_is_told(shop: Playground) -> None:
    many: list[Any] = [TextContent(text="")] * 30_000
    shop.answers.hold(budget=False)

    @shop.callback
    async def large(context: object, params: CreateMessageRequestParams) -> Any:
        if shop.runs[-1].n == 1:
            return answer("novel " * 500_000)
        return CreateMessageResultWithTools(role="assistant", content=many, model="m", stop_reason="maxTokens")

    run = ran(shop)
    assert run.size < 600_000
    assert run.answers.endswith("⟨… 2,971,000 characters more⟩")
    assert run.result.endswith(" characters more⟩")
    assert run.in_part == "kept in part, since it is large"
    assert "kept in part" in result(shop)["meta"]
    told = json.loads(shop.export("json"))["runs"][0]
    assert told["in_part"] == run.in_part
    assert "⟨… " in told["result"]
    assert told["samples"][0]["seen"] is None  # as it was asked
    assert "kept in part" in shop.export("html")
    assert {row.name: row.values for row in shop.compare(1)}["kept"] == (run.in_part,)
    second = ran(shop)
    assert second.size < 300_000
    assert second.cut == "the answer was cut at max tokens"


def test_where_the_history_has_no_room_its_oldest_runs_are_kept_in_part() -> None:
    step = Step(1, "client", "server", "request", "request", {"text": "x" * 5_000}, size=5_000)
    flow = Flow("recommend", "shop", "", "", tuple(replace(step, n=n) for n in range(1, 301)))
    runs = [
        Run(n, "shop", "in process", WIRES[0], "recommend", {}, "own", "none", result="r" * 12_000, flow=flow, usd=0.5)
        for n in range(1, 5)
    ]
    for run in runs:
        for n in range(MOST_SAMPLES + 10):
            run.add(Sampled(question("q" * 50), tokens=n, prompt_tokens=1))
        run.cut_down()
    assert runs[0].count == runs[0].prompt_tokens == MOST_SAMPLES + 10
    assert runs[0].tokens == sum(range(MOST_SAMPLES + 10))
    assert len(runs[0].samples) == MOST_SAMPLES
    whole = runs[0].size
    make_room(runs, whole * 5 // 2)
    assert [len(run.flow.steps) if run.flow else 0 for run in runs] == [100, 100, 300, 300]
    assert runs[0].result == "r" * 8_000 + "⟨… 4,000 characters more⟩"
    assert redact(runs[0].result) == "r" * 4_000 + "⟨… the rest is not shown⟩"
    assert runs[0].flow
    assert runs[0].flow.title == "recommend, of its 300 steps the first without their data"
    make_room(runs, whole * 3 // 2)
    assert runs[0].flow.title == "recommend, of its 300 steps the first without their data"
    assert sum(run.size for run in runs) < 2.5 * whole


@pytest.mark.parametrize("text", ["It was a dark and stormy night. ", "é密😀 "])
def test_an_export_of_many_large_runs_is_bounded_and_so_is_the_work_for_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    step = Step(1, "client", "server", "request", "request", {"text": text * 200}, size=6_000)
    flow = Flow("recommend", "shop", "", "", (step,))
    small = Run(1, "shop", "in process", WIRES[0], "recommend", {}, "own", "none", [], "done", "short", flow)
    long = f"{text * 100}password=hunter22x {text * 1_000}"
    flow = replace(flow, steps=tuple(replace(step, n=n) for n in range(1, 20)))
    runs = [small] + [
        replace(small, n=n, samples=[Sampled(question(long), answer=answer(long))], result=long, flow=flow)
        for n in range(2, 31)
    ]
    for run in runs:
        run.cut_down()
    looked_at: list[int] = []
    look = finding.find_secrets

    def counted(given: str, *rest: Any, **options: Any) -> list[Any]:
        looked_at.append(len(given))
        return look(given, *rest, **options)

    monkeypatch.setattr(finding, "find_secrets", counted)
    monkeypatch.setattr(export, "ROOM", 300_000)
    texts = {
        form: "".join(export.exported(form, runs, lambda run: f"run {run.n}", []))
        for form in ("json", "mermaid", "html")
    }
    assert all(len(each) < 480_000 for each in texts.values()), [*map(len, texts.values())]
    assert sum(looked_at) < 3_000_000, sum(looked_at)
    told = json.loads(texts["json"])
    assert told["in_part"].startswith("29 of 30 runs are here in part")
    first, *large = told["runs"]
    assert (first["result"], first["in_part"], len(first["flow"]["steps"])) == ("short", "", 1)
    assert len(first["flow"]["steps"][0]["data"]["text"]) == len(text) * 200
    for run in large:
        assert run["in_part"] == "in part, for the others to fit into the file"
        assert run["result"].startswith(text * 10)
        assert run["samples"][0]["answer"]["content"]["text"].startswith(text * 10)
        assert len(run["flow"]["steps"]) > 1
    assert "29 of 30 runs are here in part" in texts["html"]
    assert not any("hunter22x" in each for each in texts.values())


@pytest.mark.parametrize("error", [False, True])
def test_what_no_json_can_hold_is_kept_as_text(error: bool) -> None:
    deep: Any = "x"
    for _ in range(1_000):
        deep = {"a": deep}
    use = ToolUseContent(id="a", name="search", input={"a": deep})
    given = CreateMessageResultWithTools.model_construct(
        role="assistant", content=use, model="m", stop_reason="toolUse"
    )
    sampled = Sampled(question("q"), answer=ErrorData(code=-1, message="m" * 10, data=deep) if error else given)
    assert sampled.cut_down()
    assert sampled.text == ("refused (-1): mmmmmmmmmm" if error else "[tool_use]")
    assert not sampled.cut_down()


def shelf(tool: Callable[..., str] | None) -> MCPServer:
    """A server of one's own, as its cell makes it: with a tool `find`, or without."""
    server = MCPServer("shelf")
    server.tool()(other)
    if tool is not None:
        server.tool(name="find")(tool)
    return server


def other(word: str) -> str:
    return word


def find(title: str, genre: Literal["crime", "romance"], copies: int = 1) -> str:
    """Find a book."""
    return f"{title} {genre} {copies}"


def find_in(title: str, genre: Literal["romance", "science"], copies: int = 5, *, shop: str) -> str:
    """Find a book in a shop."""
    return f"{title} {genre} {copies} {shop}"


def find_numbers(title: int, genre: str, copies: list[int]) -> str:
    return f"{title} {genre} {copies}"


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        (find, {"title": "Emma", "genre": "crime", "copies": "1"}),
        # What was typed stays where it fits; what was not is the new default.
        (find_in, {"title": "Emma", "genre": "romance", "copies": "5", "shop": ""}),
        (find_numbers, {"title": "", "genre": "", "copies": []}),
    ],
)
@pytest.mark.parametrize("again", ["use_server", "Playground"])
def test_a_server_that_is_run_again_with_other_parameters_has_its_new_form(
    tmp_path: Path, now: Callable[..., str], stands: dict[str, Any], again: str
) -> None:
    playground = Playground(shelf(find), remember=tmp_path)
    playground.wait()
    playground.last_settings.recall()
    playground.target.use_tool("find")
    playground.target.type({"title": "Emma"})
    before = playground.target.form_number
    playground.last_settings.keep()
    if again == "use_server":
        playground.target.use_server(shelf(now))
    else:
        playground = Playground(shelf(now), remember=tmp_path)
        playground.wait()
        playground.last_settings.recall()
    playground.wait()
    assert (playground.target.status, playground.target.tool) == ("connected", "find")
    assert {field["name"]: field["value"] for field in playground.target.fields} == (
        stands if again == "use_server" or now is not find_numbers else {**stands, "title": "Emma"}
    )
    assert [tool.description for tool in playground.target.tools if tool.name == "find"] == [now.__doc__ or ""]
    assert again == "Playground" or playground.target.form_number > before
    playground.close()
    close_all()


def test_a_tool_that_is_gone_is_told_and_another_is_chosen() -> None:
    playground = Playground(shelf(find))
    playground.wait()
    playground.target.use_tool("find")
    playground.target.given = playground.target.source
    server = playground.target.source
    assert isinstance(server, MCPServer)
    server.remove_tool("find")
    playground.target.connect()
    playground.wait()
    assert (playground.target.tool, [field["name"] for field in playground.target.fields]) == ("other", ["word"])
    assert playground.target.fault == "shelf has no tool find any more."
    playground.close()
    close_all()


@pytest.mark.parametrize("wire", WIRES)
def test_a_server_that_says_its_tools_have_changed_has_its_new_form(wire: Wire) -> None:
    server = shelf(find)

    @server.tool()
    async def change(context: Context) -> str:
        server.remove_tool("find")
        server.tool(name="find")(find_in)
        await context.session.send_tool_list_changed()
        await context.notify_tools_changed()
        return "changed"

    playground = Playground(server)
    playground.target.use_wires(wire)
    playground.wait()
    playground.target.use_tool("find")
    playground.target.type({"title": "Emma"})
    [lab] = playground.target.labs.values()
    lab.start("change").result(60)
    _wait_for(playground, lambda: "shop" in playground.target.typed)
    assert {field["name"]: field["value"] for field in playground.target.fields} == {
        "title": "Emma", "genre": "romance", "copies": "5", "shop": "",
    }  # fmt: skip
    playground.close()
    close_all()


def test_runs_of_a_model_that_is_loaded_share_what_was_loaded(shop: Playground) -> None:
    shop.answers.use("gguf")
    chosen = shop.answers.dials.model
    assert isinstance(chosen, GGUF)
    shop.answers.vary(3)
    varied = shop.answers.dials.model
    assert isinstance(varied, GGUF)
    assert varied.dials["seed"] == 3
    assert varied._engine is chosen._engine
    shop.answers.vary(None)
    assert shop.answers.dials.model is chosen
    shop.run()
    shop.wait()
    assert shop.answers.dials.model is chosen


@pytest.mark.parametrize(
    ("text", "windows", "command", "arguments", "env"),
    [
        (
            r'"C:\Program Files\Python312\python.exe" s.py',
            True,
            r"C:\Program Files\Python312\python.exe",
            ["s.py"],
            None,
        ),
        (
            r'C:\Python312\python.exe --to="a b" c:\s.py',
            True,
            r"C:\Python312\python.exe",
            ["--to=a b", r"c:\s.py"],
            None,
        ),
        (r'"C:\Program Files\python.exe" s.py', False, r"C:\Program Files\python.exe", ["s.py"], None),
        ("~/my_server.py --from=~ ~/x", False, "HOME/my_server.py", ["--from=~", "HOME/x"], None),
        ("API_KEY='a b' B= python -m s C=3", False, "python", ["-m", "s", "C=3"], {"API_KEY": "a b", "B": ""}),
        ("env API_KEY=x python -m s # all", False, "python", ["-m", "s", "#", "all"], {"API_KEY": "x"}),
    ],
)
def test_a_command_line_is_read_as_in_a_terminal(
    text: str, windows: bool, command: str, arguments: list[str], env: dict[str, str] | None
) -> None:
    read = command_of(text, windows=windows)
    home = str(Path.home())
    assert (read.command, read.args) == (
        command.replace("HOME", home),
        [word.replace("HOME", home) for word in arguments],
    )
    assert read.env == env
    assert env is None or text_of(read) == ""


@pytest.mark.parametrize("text", ["", "API_KEY=x", "env A=1", "python 's.py"])
def test_what_is_no_command_line_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="command"):
        command_of(text)


def test_a_server_is_shown_with_all_pages_of_its_tools() -> None:
    playground = Playground(paged("second", "third", None))
    try:
        playground.wait()
        assert [tool.name for tool in playground.target.tools][::2] == ["first_0", "second_0", "third_0"]
    finally:
        playground.close()
        close_all()


# Pictures


def png(width: int = 1, height: int = 1, *, more: int = 0) -> bytes:
    """How a PNG of that size begins, which is all that is looked at."""
    size = width.to_bytes(4) + height.to_bytes(4)
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + size + bytes(9 + more)


def pictured(*blocks: tuple[bytes | str, str]) -> list[str]:
    content = [
        ImageContent(data=data if isinstance(data, str) else b64encode(data).decode(), mime_type=kind)
        for data, kind in blocks
    ]
    return pictures_of(CallToolResult(content=[TextContent(text="below"), *content]))


def test_a_picture_of_a_result_is_a_png_that_can_be_drawn() -> None:
    good = b64encode(png(800, 360)).decode()
    assert pictured((png(800, 360), "image/png")) == [good]
    assert len(pictured(*[(png(), "image/png")] * 9)) == 4
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    for wrong in (svg, png()[:20], b"GIF89a" + bytes(60), png(100_000), png(1, 100_000), png(0), png(more=2_000_000)):
        assert pictured((wrong, "image/png")) == []
    for kind in ("image/svg+xml", "text/html", "image/png;x"):
        assert pictured((png(), kind)) == []
    for text in (f'{good}" onerror="alert(1)', "not base64", "", good[:-3]):
        assert pictured((text, "image/png")) == []


def test_a_run_keeps_its_pictures_until_it_must_make_room(shop: Playground) -> None:
    server = MCPServer("painter")

    @server.tool(structured_output=False)
    async def paint() -> CallToolResult:
        image = ImageContent(data=b64encode(png()).decode(), mime_type="image/png")
        return CallToolResult(content=[TextContent(text="A dot."), image])

    shop.target.use_server(server)
    shop.wait()
    run = ran(shop)
    assert run.pictures == [b64encode(png()).decode()]
    assert result(shop)["pictures"] == run.pictures
    assert result(shop)["text"] == "A dot.\n[image, image/png]"
    make_room([run], 0)
    assert run.pictures == []
