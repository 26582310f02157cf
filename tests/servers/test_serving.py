"""A server served for real, over stdio and over HTTP on both wires, without a word that nobody asked for."""

import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic
from typing import NamedTuple, TextIO

import httpx
import psutil
import pytest
from mcp import Client, StdioServerParameters
from mcp.client import ClientRequestContext
from mcp.client.stdio import stdio_client
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

from servers.credentials import STATE_KEYS
from servers.incident_report import REPORT_NAME, Entry, read_entries
from servers.serving import port, serve

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
SERVER = ["-m", "servers.log_archiver"]


async def model(context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", model="scripted", content=TextContent(text="The disk is full."))


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(process: "subprocess.Popen[str]", number: int, seconds: float = 60.0) -> None:
    end = monotonic() + seconds
    while monotonic() < end:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", number), timeout=1).close()
            return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the server ended with {process.wait(0.02)} before it listened")
    raise AssertionError(f"nothing listened on port {number} within {seconds:g} s")


class HttpServer(NamedTuple):
    pid: int
    url: str
    folder: Path


@pytest.fixture(scope="module")
def http_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    """A server in a process of its own, which must have kept quiet when it ends, Ctrl-C included."""
    folder, number = tmp_path_factory.mktemp("http"), free_port()
    command = [sys.executable, *SERVER, "--folder", str(folder), "--http", str(number)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for_port(process, number)
            yield HttpServer(process.pid, f"http://127.0.0.1:{number}/mcp", folder)
            if sys.platform == "win32":  # which cannot send Ctrl-C to one process
                process.terminate()
            else:
                process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=300) == ("", "")
        finally:
            process.kill()


@pytest.fixture(params=["legacy", "auto"])
def wire(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[True, False], ids=["sampling", "no sampling"])
def samples(request: pytest.FixtureRequest) -> bool:
    return request.param


async def file_a_line(client: Client, log_line: str, folder: Path, samples: bool) -> None:
    result = await client.call_tool("process_log_entry", {"log_line": log_line})
    [block] = result.content
    assert isinstance(block, TextContent)
    assert str(folder) not in block.text
    explanation = "The disk is full." if samples else "not available, because this client cannot sample."
    assert explanation in block.text
    assert Entry(log_line, explanation) in read_entries((folder / REPORT_NAME).read_text(encoding="utf-8"))


async def test_it_serves_over_http(http_server: HttpServer, wire: str, samples: bool) -> None:
    async with Client(http_server.url, mode=wire, sampling_callback=model if samples else None) as client:
        assert client.server_info is not None
        assert client.server_info.name == "log-archiver"
        await file_a_line(client, f"no space left ({wire}, {samples})", http_server.folder, samples)


async def test_it_serves_over_stdio_and_keeps_quiet(wire: str, samples: bool, tmp_path: Path) -> None:
    parameters = StdioServerParameters(
        command=sys.executable, args=[*SERVER, "--folder", str(tmp_path / "folder")], cwd=ROOT
    )
    with (tmp_path / "stderr.txt").open("w+", encoding="utf-8") as errors:
        await over_stdio(parameters, errors, wire, samples, tmp_path / "folder")
        errors.seek(0)
        assert errors.read() == ""


async def over_stdio(parameters: StdioServerParameters, errors: TextIO, wire: str, samples: bool, folder: Path) -> None:
    transport = stdio_client(parameters, errlog=errors)
    async with Client(transport, mode=wire, sampling_callback=model if samples else None) as client:
        await file_a_line(client, "no space left", folder, samples)


async def test_http_listens_on_the_loopback_alone(http_server: HttpServer) -> None:
    sockets = psutil.Process(http_server.pid).net_connections("inet")
    assert {own.laddr.ip for own in sockets if own.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


async def test_http_turns_away_a_page_of_another_site(http_server: HttpServer) -> None:
    async with httpx.AsyncClient() as browser:
        rebound = await browser.post(http_server.url, headers={"Host": "shop.example"}, json={})
        foreign = await browser.post(http_server.url, headers={"Origin": "http://shop.example"}, json={})
    assert (rebound.status_code, foreign.status_code) == (421, 403)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "8000.5", "\u0661"])
def test_what_is_no_port_is_turned_down(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no port; it takes a number from 1 to 65535"):
        port(text)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--http", "65536"], "argument --http: '65536' is no port"),
        (["--stateless"], "--stateless is for a server over HTTP: add --http PORT"),
        (["--processes", "2"], "--processes is for a server over HTTP: add --http PORT"),
        (["--token-env", "READER"], "--token-env is for a server over HTTP: add --http PORT"),
        (["--http", "65530", "--processes", "7"], "7 processes need as many ports, and there is none above 65535"),
        (["--http", "8000", "--processes", "65"], "'65' is no number of processes; it takes a number from 1 to 64"),
        (["--http", "8000", "--token-env", "READER"], "The environment variable READER holds no token"),
        (["--http", "8000", "--sse", "--stateless"], "not allowed with argument"),
    ],
)
def test_options_that_do_not_go_together_are_told_in_a_sentence(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["server", *arguments])
    monkeypatch.delenv("READER", raising=False)
    with pytest.raises(SystemExit):
        serve(lambda _options, _served: pytest.fail("a server was made"), ArgumentParser())
    assert says in capsys.readouterr().err


def test_keys_that_cannot_be_used_end_the_program_before_a_server_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["server"])
    monkeypatch.setenv(STATE_KEYS, "short-secret")
    with pytest.raises(SystemExit):
        serve(lambda _options, _served: pytest.fail("a server was made"), ArgumentParser())
    told = capsys.readouterr().err
    assert f"Key 1 of the environment variable {STATE_KEYS} has 12 bytes" in told
    assert "short-secret" not in told


def test_a_server_in_process_leaves_logging_alone_and_a_raising_tool_prints_nothing(tmp_path: Path) -> None:
    program = """
import logging, sys
import anyio
from mcp import Client
from servers import log_archiver

server = log_archiver.make_server(sys.argv[1])
assert logging.root.handlers == [] and logging.root.level == logging.WARNING

@server.tool(structured_output=False)
async def broken() -> str:
    raise RuntimeError("a crash")

async def main():
    for mode in ("legacy", "auto"):
        async with Client(server, mode=mode) as client:
            assert (await client.call_tool("broken", {})).is_error

anyio.run(main)
logging.getLogger("student").warning("my own line")
"""
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "my own line\n")
