"""The program that the playground writes runs by itself, with plain `mcp`, and does what the playground does."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mcp.client import ClientRequestContext
from mcp_types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

from labkit import TinyModel, close_all
from labkit.playground import Playground
from labkit.playground.box import ROOT

WORDS = ("So", "say", "I.")
model = TinyModel(seed=2)


def joined(words: tuple[str, ...]) -> str:
    return " ".join(words)


async def mine(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
    await asyncio.sleep(0)
    answer = await model(context, params)
    if isinstance(answer, ErrorData):
        return answer
    return CreateMessageResult(role="assistant", content=TextContent(text=joined(WORDS)), model="mine")


def everything_turned(playground: Playground) -> None:
    playground.dials.turn(temperature=0.8, max_tokens=30, top_p=0.9, seed=7, stop_sequences=(" the",))
    playground.answers.hold(guard=True)
    playground.use_wires("both")


def scripted_over_stdio(playground: Playground) -> None:
    playground.answers.set(script='It\'s "quoted"\\nin two lines')
    playground.answers.use("script")
    playground.use_transport("stdio")
    playground.use_wires("2025-11-25")


def own_over_http(playground: Playground) -> None:
    playground.callback(mine)
    playground.answers.limit()
    playground.use_transport("http")
    playground.use_wires("both")


@pytest.fixture
def playground() -> Iterator[Playground]:
    opened = Playground()
    opened.wait()
    yield opened
    opened.close()
    close_all()


def start(playground: Playground, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program in `folder`, to its end."""
    file = folder / "sampling.py"
    file.write_text(playground.code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "ignore", file],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


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
    ran = start(playground, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert [word for word in says if word not in ran.stdout] == []


def test_the_program_holds_what_the_playground_holds(playground: Playground) -> None:
    playground.dials.turn(max_tokens=12, seed=3)
    playground.run()
    playground.wait()
    namespace: dict[str, object] = {"__name__": "program"}
    exec(compile(playground.code.replace("sys.exit(asyncio.run(main()))", ""), "program", "exec"), namespace)  # noqa: S102
    assert namespace["arguments"] == playground.runs[-1].arguments
    assert "min(12, params.max_tokens)" in playground.code
    assert "TinyModel(seed=3)" in playground.code


@pytest.mark.parametrize("who", ["claude", "local", "hand", "own"])
def test_every_choice_gives_a_program_that_python_takes(playground: Playground, who: str) -> None:
    playground.answers.key = "sk-ant-0123456789abcdef0123"
    playground.answers.use(who)  # pyright: ignore[reportArgumentType]
    playground.answers.hold(approval=True, guard=True)
    compile(playground.code, "program", "exec")
    assert "sk-ant" not in playground.code


@pytest.mark.parametrize("address", ["http://me:secret@127.0.0.1:9/mcp", "http://127.0.0.1:9/mcp?token=secret"])
def test_an_address_with_a_secret_is_not_written_down(playground: Playground, address: str) -> None:
    playground.use_server(address)
    assert "secret" not in playground.code
    assert 'os.environ["MCP_SERVER_URL"]' in playground.code
    assert "secret" not in repr(playground)
    playground.wait()
    assert "secret" not in playground.fault


def test_the_program_says_what_it_takes_from_the_kit(playground: Playground) -> None:
    assert "the embedded model, the host's duties and the server from the kit" in playground.code
    playground.answers.use("script")
    playground.answers.limit()
    assert "takes the server from the kit" in playground.code
    playground.use_command("python my_server.py")
    assert 'It needs mcp alone: pip install "mcp>=2.3"' in playground.code
    assert "labkit" not in playground.code


def test_a_program_without_a_result_says_why_and_ends_with_1(playground: Playground, tmp_path: Path) -> None:
    playground.answers.limit(samples=0)
    ran = start(playground, tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("No result: Held back by the client's budget for sampling: ")
    assert "Traceback" not in ran.stderr


def test_the_name_of_a_tool_is_not_run(playground: Playground) -> None:
    playground.tool = '"""\nprint("pwned")\n"""'
    namespace: dict[str, object] = {"__name__": "program", "print": pytest.fail}
    exec(compile(playground.code.replace("sys.exit(asyncio.run(main()))", ""), "program", "exec"), namespace)  # noqa: S102
    assert playground.code.startswith('"""Call a tool and answer')
