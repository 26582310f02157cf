"""The program that the playground writes runs by itself, with plain `mcp`, and does what the playground does."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError, StdioServerParameters
from mcp.client import ClientRequestContext
from mcp_types import (
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ErrorData,
    ImageContent,
    SamplingMessage,
    TextContent,
    ToolUseContent,
)

from labkit import TinyModel, close_all
from labkit.dial_table import Settings as Dials
from labkit.host import Queue
from labkit.models.answerers import usual_settings
from labkit.playground import Playground
from labkit.playground.choices import Choices
from labkit.playground.connections import prepare
from labkit.playground.duties import DUTIES
from labkit.playground.program import program
from labkit.playground.sources import ROOT, WIRES, Source, Transport, Wire, transports_of
from tests.story import bookshop

WORDS = ("So", "say", "I.")
SEEN: list[object] = []
model = TinyModel(seed=2)
PLAIN = """
import os

from mcp.server.mcpserver import MCPServer

word = os.environ["PLAIN_WORD"]
plain = MCPServer("plain")


@plain.tool()
def say() -> str:
    return f"The word has {len(word)} characters."


plain.run("stdio")
"""


def joined(words: tuple[str, ...]) -> str:
    return " ".join(words)


async def mine(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
    await asyncio.sleep(0)
    SEEN.append(params)
    answer = await model(context, params)
    if isinstance(answer, ErrorData):
        return answer
    return CreateMessageResult(role="assistant", content=TextContent(text=joined(WORDS)), model="mine")


async def reads(
    context: ClientRequestContext, params: CreateMessageRequestParams
) -> CreateMessageResult | CreateMessageResultWithTools:
    if not params.tools or len(params.messages) > 1:
        return CreateMessageResult(role="assistant", content=TextContent(text="Yes [2005.11401]."), model="reader")
    use = ToolUseContent(id="1", name="read_paper", input={"id": "2005.11401"})
    return CreateMessageResultWithTools(role="assistant", content=[use], model="reader", stop_reason="toolUse")


def everything_turned(playground: Playground) -> None:
    playground.answers.dials.turn(temperature=0.8, max_tokens=30, top_p=0.9, seed=7, stop_sequences=(" the",))
    every = {name: True for name in DUTIES if name != "approval"}  # nobody sits at a terminal
    playground.answers.hold(**every)
    playground.answers.hold(retry={"tries": 2})
    playground.target.use_wires("both")


def scripted_over_stdio(playground: Playground) -> None:
    playground.answers.set(script='It\'s "quoted"\\nin two lines')
    playground.answers.use("script")
    playground.target.use_transport("stdio")
    playground.target.use_wires("2025-11-25")


def own_over_http(playground: Playground) -> None:
    playground.callback(mine)
    SEEN.append(object())  # as after a first run
    playground.answers.hold(budget=False)
    playground.target.use_transport("http")
    playground.target.use_wires("both")


@pytest.fixture
def playground() -> Iterator[Playground]:
    opened = Playground()
    opened.wait()
    yield opened
    opened.close()
    close_all()


def start(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in `folder`, to its end, with nobody at a terminal.

    Args:
        code: The program.
        folder: Where it runs.
        environment: What there is in its environment besides.
    """
    file = folder / "sampling.py"
    file.write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "ignore", file],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def names_of(code: str) -> dict[str, Any]:
    """What the program has made when it comes to its last line."""
    namespace: dict[str, Any] = {"__name__": "program"}
    exec(compile(code.replace("sys.exit(asyncio.run(main()))", ""), "program", "exec"), namespace)  # noqa: S102
    return namespace


SETTINGS: list[tuple[Callable[[Playground], None], list[str]]] = [
    (everything_turned, ["Explanation: ", "Already in the report"]),
    (scripted_over_stdio, ['Explanation: It\'s "quoted"\nin two lines']),
    (own_over_http, ["Explanation: So say I.", "Already in the report"]),
]


@pytest.mark.parametrize(("turn", "says"), SETTINGS, ids=[turn.__name__ for turn, _ in SETTINGS])
def test_the_program_of_the_present_settings_runs(
    playground: Playground, tmp_path: Path, turn: Callable[[Playground], None], says: list[str]
) -> None:
    turn(playground)
    playground.wait()
    assert "labkit.lab" not in playground.code
    assert "Playground" not in playground.code.replace("@playground", "")
    ran = start(playground.code, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert [word for word in says if word not in ran.stdout] == []


def test_the_program_holds_what_the_playground_holds(playground: Playground) -> None:
    playground.answers.dials.turn(max_tokens=12, seed=3)
    playground.run()
    playground.wait()
    assert names_of(playground.code)["arguments"] == playground.runs[-1].arguments
    assert "min(12, params.max_tokens)" in playground.code
    assert "TinyModel(seed=3)" in playground.code


@pytest.mark.parametrize("who", ["claude", "local", "hand", "own"])
def test_every_choice_gives_a_program_that_python_takes(playground: Playground, who: str) -> None:
    playground.answers.keys[who] = "sk-ant-0123456789abcdef0123"
    playground.answers.use(who)  # pyright: ignore[reportArgumentType]
    playground.answers.hold(approval=True, guard=True)
    compile(playground.code, "program", "exec")
    assert "sk-ant" not in playground.code


@pytest.mark.parametrize("address", ["http://me:secret@127.0.0.1:9/mcp", "http://127.0.0.1:9/mcp?token=secret"])
def test_an_address_with_a_secret_is_not_written_down(playground: Playground, address: str) -> None:
    playground.target.use_server(address)
    assert "secret" not in playground.code
    assert 'os.environ["MCP_SERVER_URL"]' in playground.code
    assert "secret" not in repr(playground)
    playground.wait()
    assert "secret" not in playground.target.fault


def test_the_program_of_a_command_keeps_its_folder_and_the_names_of_its_environment(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "my_plain_server.py").write_text(PLAIN, encoding="utf-8")
    environment = {"PLAIN_WORD": "not-for-a-file"}
    source = StdioServerParameters(command=sys.executable, args=["my_plain_server.py"], cwd=folder, env=environment)
    code = of_plain_mcp(source, "2026-07-28")
    assert "not-for-a-file" not in code
    with pytest.raises(SystemExit) as told:
        names_of(code)
    assert str(told.value) == "The server needs these in the environment: PLAIN_WORD."
    ran = start(code, tmp_path, **environment)
    assert (ran.returncode, ran.stdout) == (0, "The word has 14 characters.\n"), ran.stderr


def test_an_argument_that_may_be_a_secret_is_taken_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "my_plain_server.py").write_text(PLAIN, encoding="utf-8")
    told = ["my_plain_server.py", "--password", "not-for-a-file-1", "--api-key=not-for-a-file-2", "--port", "8000"]
    source = StdioServerParameters(command=sys.executable, args=told, env={"PLAIN_WORD": "not-for-a-file"})
    code = of_plain_mcp(source, "2026-07-28")
    assert "not-for-a-file" not in code
    assert "'--port', '8000'" in code
    with pytest.raises(SystemExit) as said:
        names_of(code)
    assert str(said.value) == "The server's command needs these in the environment: SERVER_SECRET_1, SERVER_SECRET_2."
    ran = start(code, tmp_path, SERVER_SECRET_1="one", SERVER_SECRET_2="two", PLAIN_WORD="not-for-a-file")
    assert (ran.returncode, ran.stdout) == (0, "The word has 14 characters.\n"), ran.stderr


def test_a_budget_in_dollars_has_its_prices(playground: Playground) -> None:
    playground.answers.hold(budget={"usd": 1, "samples": None, "tokens": None})
    assert "with_budget(model, usd=1, prices=catalog()" in playground.code
    assert callable(names_of(playground.code)["callback"])


def test_a_person_who_is_the_model_is_shown_the_whole_request_and_nothing_that_hides(
    playground: Playground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    playground.answers.use("hand")
    messages = [
        SamplingMessage(role="user", content=TextContent(text="first\u202e\x1b[2J")),
        SamplingMessage(role="assistant", content=TextContent(text="second\u200b")),
        SamplingMessage(role="user", content=TextContent(text="third")),
    ]
    params = CreateMessageRequestParams(messages=messages, max_tokens=17, system_prompt="Be\x07brief.")
    monkeypatch.setattr("builtins.input", lambda _: "So say I.")
    said = asyncio.run(names_of(playground.code)["model"](None, params))
    assert said.content.text == "So say I."
    shown = capsys.readouterr().out
    for part in ("first", "second", "third", "17", "user", "assistant"):
        assert part in shown
    for hidden in ("⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩", "⟨U+001B⟩[2J", "⟨U+200B ZERO WIDTH SPACE⟩", "Be⟨U+0007⟩brief."):
        assert hidden in shown
    assert not {"\u202e", "\x1b", "\u200b", "\x07"} & set(shown)


def test_a_program_has_the_duties_in_their_order_with_what_is_set(playground: Playground) -> None:
    playground.answers.hold(**dict.fromkeys(DUTIES, True))
    playground.answers.hold(queue={"waiting": 0}, budget={"tokens": None}, timeout={"seconds": 2.5})
    lines = [line for line in playground.code.splitlines() if line.startswith("callback = with_")]
    assert lines == [
        "callback = with_timeout(model, seconds=2.5)",
        "callback = with_retry(callback, tries=3, wait=0.5)",
        "callback = with_fallback(callback, TinyModel())",
        "callback = with_cache(callback, ttl=300)",
        "callback = with_approval(callback)  # asks in the terminal; where there is none, refuses",
        "callback = with_tools(callback, max_rounds=5, max_parallel=4)",
        "callback = with_budget(callback, samples=100)",
        "callback = with_guard(callback)",
        "callback = with_queue(callback, at_once=2, waiting=0)",
    ]
    assert isinstance(names_of(playground.code)["callback"], Queue)


def test_a_program_declares_tools_where_the_duty_is_on(playground: Playground, tmp_path: Path) -> None:
    playground.target.use_server("research_assistant")
    playground.target.use_wires("both")
    playground.wait()
    playground.target.use_tool("investigate", {"question": "Does retrieval help?"})
    playground.callback(reads)
    assert "sampling_capabilities" not in playground.code
    playground.answers.hold(tools=True)
    done = start(playground.code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Yes [2005.11401].") == done.stdout.count("- [2005.11401] Retrieval") == 2
    assert "cannot use tools" not in done.stdout


def test_a_callback_that_is_not_there_is_asked_for(playground: Playground) -> None:
    playground.answers.use("own")
    with pytest.raises(SystemExit) as told:
        names_of(playground.code)
    assert str(told.value).startswith("Your callback is missing: ")


def test_the_program_says_what_it_takes_from_the_kit(playground: Playground) -> None:
    assert "the embedded model, the host's duties and the server from the kit" in playground.code
    playground.answers.use("script")
    playground.answers.hold(budget=False)
    assert "takes the server from the kit" in playground.code
    playground.target.use_command("python my_server.py")
    assert 'It needs mcp alone: pip install "mcp>=2.3"' in playground.code
    assert "labkit" not in playground.code


@pytest.mark.parametrize(("typed", "started"), [("python", sys.executable), ("python3", sys.executable), ("uv", "uv")])
def test_python_is_the_kernels_own_here_and_in_the_program(
    playground: Playground, typed: str, started: str, tmp_path: Path
) -> None:
    source = StdioServerParameters(command=typed, args=["my_server.py"])
    reached = asyncio.run(prepare(source, "stdio", tmp_path)).target
    assert isinstance(reached, StdioServerParameters)
    assert (reached.command, reached.args, source.command) == (started, source.args, typed)
    playground.target.use_server(source)
    assert f"command={'sys.executable' if started == sys.executable else repr(typed)}, " in playground.code


def test_a_program_without_a_result_says_why_and_ends_with_1(playground: Playground, tmp_path: Path) -> None:
    playground.answers.hold(budget={"samples": 0})
    ran = start(playground.code, tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("No result: Held back by the client's budget for sampling: ")
    assert "Traceback" not in ran.stderr


def _chosen(source: Source, transport: Transport, wire: Wire, tool: str, who: str) -> Choices:
    return Choices(
        source=source, transport=transport, wires=wire, tool=tool, typed={}, who=who,
        settings=usual_settings(), dials=Dials(), duties={},
    )  # fmt: skip


def of_plain_mcp(source: Source, wire: Wire, tool: str = "say") -> str:
    """The program for a server that is not the kit's, with a script as the model."""
    transport = transports_of(source)[0]
    chosen = _chosen(source, transport, wire, tool, "script")
    return program(chosen, (wire,), {}, None)


def ended(code: str, **given: object) -> object:
    """Run a program here, to its end, with `given` names in it: what it ends with, a sentence for stderr or nothing."""
    with pytest.raises(SystemExit) as end:
        exec(compile(code, "program", "exec"), {"__name__": "program", **given})  # noqa: S102
    return end.value.code


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "source",
    [
        "http://127.0.0.1:9/mcp",
        "no-address",
        StdioServerParameters(command="no-such-command"),
        StdioServerParameters(command=sys.executable, args=["-c", ""]),
    ],
    ids=["nobody listens", "no address", "no command", "it ends at once"],
)
def test_a_program_that_cannot_reach_its_server_says_so_in_a_sentence_and_ends_with_1(
    source: Source, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ended(of_plain_mcp(source, wire))  # what `sys.exit` is given goes to stderr, and the status is 1
    assert isinstance(told, str)
    assert re.fullmatch("The server cannot be reached: .+", told)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (CallToolResult(content=[TextContent(text="Read\nEmma.")]), "Read\nEmma."),
        (CallToolResult(content=[TextContent(text="Emma")], structured_content={"result": "Emma"}), "Emma"),
        (CallToolResult(content=[TextContent(text='{"a":"é"}')], structured_content={"a": "é"}), '{\n  "a": "é"\n}'),
        (CallToolResult(content=[], structured_content={"a": [1]}), '{\n  "a": [\n    1\n  ]\n}'),
        (CallToolResult(content=[ImageContent(data="", mime_type="image/png"), TextContent(text="x")]), "image\nx"),
        (CallToolResult(content=[TextContent(text="Emma is sold out.")], is_error=True), ""),
    ],
    ids=["text", "text, told twice", "JSON", "no text", "an image", "an error"],
)
def test_a_program_prints_a_text_as_text_and_what_is_structured_as_json(
    result: CallToolResult, shown: str, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = bookshop()

    @shop.tool(structured_output=False)
    async def say() -> CallToolResult:
        return result

    code = of_plain_mcp(shop, wire)
    [line] = [line for line in code.splitlines() if line.startswith("server =")]
    told = ended(code.replace(line, "server = given"), given=shop)
    assert told == ("No result: Emma is sold out." if result.is_error else None)
    assert capsys.readouterr().out == (f"{shown}\n" if shown else "")


CONTROLS = "Emma\x1b]0;mine\x07 \x9b2J\u202e\ud800 é 😀\rPersuasion\r\n\tin two lines\r\r\n"
CONTROLS_SHOWN = "Emma\\x1b]0;mine\\x07 \\x9b2J\\u202e\\ud800 é 😀\\rPersuasion\n\tin two lines\\r"
"""`\\r\\n` ends a line, as in any text; alone a `\\r` would let what follows write over what stands there."""


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fails", ["no", "a result", "a protocol error"])
def test_a_program_obeys_no_control_character_of_a_server(
    fails: str, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = bookshop()

    @shop.tool(structured_output=False)
    async def say() -> CallToolResult:
        if fails == "a protocol error":
            raise MCPError(code=-1, message=CONTROLS)
        return CallToolResult(content=[TextContent(text=CONTROLS)], is_error=fails == "a result")

    code = of_plain_mcp(shop, wire)
    [line] = [line for line in code.splitlines() if line.startswith("server =")]
    told = ended(code.replace(line, "server = given"), given=shop)
    shown = capsys.readouterr().out if fails == "no" else str(told).removeprefix("No result: ")
    assert shown.rstrip("\n") == CONTROLS_SHOWN


def shown(text: str) -> str:
    return f"Shown by the student: {text}"


def safe_to_print(text: str) -> str:
    return shown(text).upper()


async def with_helpers(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
    await asyncio.sleep(0)
    return CreateMessageResult(role="assistant", content=TextContent(text=safe_to_print("Emma")), model="mine")


@pytest.mark.parametrize("wire", WIRES)
def test_no_helper_of_a_callback_is_replaced_by_one_of_the_program(
    wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = _chosen(bookshop(), "in process", wire, "recommend", "own")
    code = program(chosen, (wire,), {"genre": "romance"}, with_helpers)
    [line] = [line for line in code.splitlines() if line.startswith("server =")]
    assert ended(code.replace(line, "server = given"), given=bookshop()) is None
    assert capsys.readouterr().out == "SHOWN BY THE STUDENT: EMMA\n"


def test_a_fault_in_a_callback_is_shown_with_its_line_and_in_no_group() -> None:
    code = of_plain_mcp(bookshop(), "2026-07-28", "recommend")
    [line] = [line for line in code.splitlines() if line.startswith("server =")]
    code = code.replace(line, "server = given").replace("arguments = {}", "arguments = {'genre': 'crime'}")
    with pytest.raises(KeyError) as fault:
        ended(code.replace("text = next(script)", "text = {}['text']"), given=bookshop())
    assert fault.traceback[-1].name == "model"


@pytest.mark.parametrize("wires", ["2025-11-25", "2026-07-28"])
def test_a_program_whose_model_is_a_person_says_so_where_there_is_no_terminal(
    playground: Playground, tmp_path: Path, wires: str
) -> None:
    playground.answers.use("hand")
    playground.target.use_wires(wires)  # pyright: ignore[reportArgumentType]
    ran = start(playground.code, tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.endswith("Nobody is here to type the answer: run this program in a terminal.\n")
    assert len(ran.stderr.splitlines()) == 1


def test_a_program_for_a_server_object_says_where_to_put_it_and_runs_with_it(tmp_path: Path) -> None:
    playground = Playground(bookshop())
    playground.wait()
    playground.target.use_tool("recommend")
    playground.target.type({"genre": "romance"})
    playground.answers.use("script")
    ran = start(playground.code, tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "Your own server is missing: put it into the line that begins with `server =`.\n"
    [line] = [line for line in playground.code.splitlines() if line.startswith("server =")]
    assert "put your own server here" in line
    ran = start(playground.code.replace(line, "from tests.story import bookshop\nserver = bookshop()"), tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "Two processes each held a lock that the other needed.\n"
    playground.close()
    close_all()


def test_the_name_of_a_tool_is_not_run(playground: Playground) -> None:
    playground.target.tool = '"""\nprint("pwned")\n"""'
    namespace: dict[str, object] = {"__name__": "program", "print": pytest.fail}
    exec(compile(playground.code.replace("sys.exit(asyncio.run(main()))", ""), "program", "exec"), namespace)  # noqa: S102
    assert playground.code.startswith('"""Call a tool and answer')
