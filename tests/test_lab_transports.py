"""A Lab over standard input and output and over HTTP, for real: servers that work, that die, and that never speak."""

import asyncio
import re
import signal
import socket
import sys
import threading
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from time import monotonic

import psutil
import pytest
from mcp import MCPError, StdioServerParameters
from mcp.server import Server
from mcp.server.subscriptions import ListenHandler
from mcp_types import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    CallToolResult,
    CreateMessageRequestParams,
    CreateMessageResult,
    ListToolsResult,
    PaginatedRequestParams,
    SubscriptionsListenResult,
)

from labkit import CallTimeout, ConnectError, Lab, LabClosed, Origin, close_all, connection, origin
from labkit.call import Call
from labkit.connection import all_tools, describe, reason
from labkit.runtime import LEAVE, Runtime
from tests.standins.serving import Received, Reply, StandIn
from tests.standins.tls import certified
from tests.story import (
    OVER_STDIO,
    ROOT,
    WIRES,
    answer,
    asked,
    bookshop,
    echo,
    growing,
    in_a_process,
    over_http,
    said,
    until,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Generator[None]:
    before = set(psutil.Process().children(recursive=True))
    yield
    close_all()
    _, alive = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, timeout=60)
    assert alive == []


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    with over_http() as url:
        yield url


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "tests.story" in child.cmdline()]


def program(code: str) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=["-c", code], cwd=ROOT)


async def use(lab: Lab) -> None:
    """Each way in which the bookshop needs its client."""
    assert said(await lab.call_tool("price", {"title": "Emma"})) == "Emma costs 4"
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"
    assert lab.flow.samples == 1
    assert said(await lab.call_tool("poll", {"titles": ["a", "b"]})) == "you asked: a | you asked: b"
    assert lab.flow.samples == 2
    assert said(await lab.call_tool("review", {"titles": ["a", "b"]})) == "you asked: a | you asked: b"
    long = "é" * 2**18
    assert said(await lab.call_tool("recommend", {"genre": long})) == f"you asked: recommend {long}"


# Standard input and output


async def test_over_stdio_everything_works_and_closing_ends_the_process(wire: str) -> None:
    lab = Lab(OVER_STDIO, sampling_callback=echo, mode=wire)
    assert lab.name == f"tests.story · {wire} · stdio"
    await use(lab)
    assert [flow.title for flow in lab.flows][:2] == ["connect", "price(title)"]
    assert len(children()) == 1
    waiting = lab.start("wait_for_delivery")
    lab.close()
    assert children() == []
    with pytest.raises(LabClosed):
        await waiting


class AskedTwice:
    """A callback that answers when two have asked, and notes what it knows of who asks."""

    def __init__(self) -> None:
        self.both = asyncio.Event()
        self.origins: dict[str, Origin | None] = {}

    async def __call__(self, context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.origins[asked(params)] = origin()
        if len(self.origins) == 2:
            self.both.set()
        await self.both.wait()
        return answer(f"about {asked(params)}")


async def test_with_two_calls_open_legacy_stdio_does_not_tell_which_one_asks(wire: str) -> None:
    callback = AskedTwice()
    lab = Lab(OVER_STDIO, sampling_callback=callback, mode=wire)
    calls: list[Call[CallToolResult]] = []
    # In the lab thread: on a busy machine the first would ask before this one begins the second.
    lab._connection.runtime.post(
        lambda: calls.extend(lab.start("recommend", {"genre": genre}) for genre in ("noir", "poetry"))
    )
    await until(lambda: len(calls) == 2)
    assert [said(await call) for call in calls] == ["about recommend noir", "about recommend poetry"]
    titles = [flow.title for flow in lab.flows]
    tools = [known.tool if known else None for known in callback.origins.values()]
    if wire == "auto":
        assert titles == ["connect", "recommend(genre)", "recommend(genre)"]
        assert tools == ["recommend", "recommend"]
        assert [call.flow.samples for call in calls] == [1, 1]
        return
    assert sorted(titles) == ["call unknown", "connect", "recommend(genre)", "recommend(genre)"]
    assert tools == [None, None]
    assert [call.flow.samples for call in calls] == [0, 0]
    assert [str(call.flow).count('a sample of one of the open calls: see "call unknown"') for call in calls] == [1, 1]
    unknown = lab.flows[titles.index("call unknown")]
    assert unknown.samples == 2
    questions = {step.n: step for step in unknown.steps if step.kind == "question"}
    answers = [step for step in unknown.steps if step.kind == "answer"]
    assert [step.samples for step in answers] == [questions[step.reply_to or 0].samples for step in answers]
    assert sorted(step.samples for step in answers) == [(1,), (2,)]
    assert "call unknown" in str(unknown)


async def test_with_one_call_open_its_samples_are_its_own(wire: str) -> None:
    seen: list[Origin | None] = []

    async def callback(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        seen.append(origin())
        return answer("known")

    lab = Lab(OVER_STDIO, sampling_callback=callback, mode=wire)
    await lab.call_tool("recommend", {"genre": "noir"})
    await lab.call_tool("recommend", {"genre": "poetry"})
    assert [known and known.arguments for known in seen] == [{"genre": "noir"}, {"genre": "poetry"}]
    assert [flow.title for flow in lab.flows] == ["connect", "recommend(genre)", "recommend(genre)"]


async def test_a_server_that_dies_in_a_call_is_started_again_by_the_next(wire: str) -> None:
    lab = Lab(OVER_STDIO, sampling_callback=echo, mode=wire)
    waiting = lab.start("wait_for_delivery")
    await until(lambda: len(waiting.flow.steps) >= 2)
    start = monotonic()
    for call in (lab.start("burn_down"), waiting):
        with pytest.raises(ConnectError, match=r"was under way when the connection to tests.story \(stdio\) ended"):
            await call
    assert monotonic() - start < 45
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"
    assert lab.flow.steps[1].label.startswith("tools/call")
    assert [flow.title for flow in lab.flows] == ["connect", "wait_for_delivery()", "burn_down()", "recommend(genre)"]


async def test_a_server_that_dies_between_two_calls_is_started_again(wire: str) -> None:
    lab = Lab(OVER_STDIO, sampling_callback=echo, mode=wire)
    (child,) = children()
    child.kill()
    await until(lambda: not lab._connection.usable)
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"
    assert len(children()) == 1


async def test_a_line_that_is_no_message_is_a_fault_in_the_flow_and_no_more(wire: str) -> None:
    talkative = "print('Welcome to the shop!', flush=True); from tests.story import bookshop; bookshop().run()"
    lab = Lab(program(talkative), sampling_callback=echo, mode=wire)
    faults = [step.label for step in lab.flows[0].steps if step.kind == "fault"]
    assert len(faults) == 1
    assert "Welcome" in faults[0]
    assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


ODD = """
import json, sys
says = sys.argv[1].encode("latin-1")
info = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "odd", "version": "1"}}
for line in sys.stdin:
    asked = json.loads(line)
    known = json.dumps(asked.get("id")).encode()
    if "id" not in asked:
        continue
    if asked["method"] == "tools/call":
        out = says.replace(b"ID", known).replace(b"DEEP", b"[" * 300 + b"]" * 300).replace(b"PIT", b"[" * 99999)
    elif asked["method"] == "tools/list":
        out = b'{"jsonrpc": "2.0", "id": %s, "result": {"tools": []}}' % known
    elif asked["method"] == "initialize":
        out = b'caf\\xe9\\n{"jsonrpc": "2.0", "id": %s, "result": %s}' % (known, json.dumps(info).encode())
    else:
        out = b'{"jsonrpc": "2.0", "id": %s, "error": {"code": -32601, "message": "no"}}' % known
    sys.stdout.buffer.write(out + b"\\n")
    sys.stdout.buffer.flush()
"""


def odd(says: str) -> StdioServerParameters:
    """A server that greets with a byte that is not UTF-8, and answers a call with `says`."""
    return StdioServerParameters(command=sys.executable, args=["-c", ODD, says])


async def test_a_byte_that_is_not_utf8_is_a_fault_in_the_flow_and_no_more(wire: str) -> None:
    greeting = "caf\xe9\n"
    fine = '{"jsonrpc": "2.0", "id": "ID", "result": {"content": [{"type": "text", "text": "fine"}]}}'
    lab = Lab(odd(greeting + fine), mode=wire)
    assert said(await lab.call_tool("price")) == "fine"
    faults = [[step.label for step in flow.steps if step.kind == "fault"] for flow in lab.flows]
    assert faults == [[r"a line that is no message (it is not UTF-8): caf\udce9"]] * 2
    assert [flow.title for flow in lab.flows] == ["connect", "price()"]


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ('{"jsonrpc": "2.0", "id": ID, "result": {"content": [{"type": "text", "text": "caf\xe9"}]}}', "is not UTF-8"),
        ('{"result": {"content": [{"type": "text", "text": "caf\xe9"}]}, "id": ID}', "it is not UTF-8"),
        ('{"jsonrpc": "2.0", "id": ID, "result": {"content": [{"type": "text", "text": "\\ud800"}]}}', "hex escape"),
        (
            '{"jsonrpc": "2.0", "id": ID, "result": {"content": [], "structuredContent": {"a": DEEP}}}',
            "recursion limit",
        ),
        ('{"jsonrpc": "2.0", "id": "ID", "result": {"content": [], "structuredContent": {"a": PIT', "recursion limit"),
        ('{"jsonrpc": "2.0", "id": ID, "result": {"cont', "EOF while parsing"),
        (
            "{'jsonrpc': '2.0', 'id': ID, 'result': {'content': []}}",
            "(it is a Python object and not JSON, which has double",
        ),
        ("{jsonrpc: '2.0', id: ID, result: {}}", "key must be a string"),
        ('loading...{"jsonrpc": "2.0", "id": ID, "result": {"content": []}}', ": loading..."),
        ('{"id": ID, "result": {"content": []}}', "JSONRPCResponse.jsonrpc: Field required"),
        ('{"jsonrpc": "2.0", "id": ID, "error": {"code": "E1", "message": "no"}}', "JSONRPCError.error.code"),
    ],
)
async def test_an_answer_that_cannot_be_read_ends_its_call_and_says_why(says: str, why: str) -> None:
    lab = Lab(odd(says), mode="legacy")
    with pytest.raises(MCPError) as caught:
        await asyncio.wait_for(lab.call_tool("price"), 50)
    assert caught.value.code == PARSE_ERROR
    assert str(caught.value).startswith("The answer to price() cannot be read. The server sent a ")
    assert why in str(caught.value)
    assert lab.flow.steps[-1].label == f"MCPError: {caught.value}"
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("result", "field"),
    [
        ('{"content": [{"type": "nope"}]}', "content.0"),
        ('{"content": null}', "content: Input should be a valid list"),
        ('{"content": [{"type": "text", "text": [1]}]}', "TextContent.text: Input should be a valid string"),
        ("[]", ""),
    ],
)
async def test_a_result_that_is_none_is_told_with_its_field(result: str, field: str) -> None:
    lab = Lab(odd(f'{{"jsonrpc": "2.0", "id": ID, "result": {result}}}'), mode="legacy")
    with pytest.raises(MCPError) as caught:
        await asyncio.wait_for(lab.call_tool("price"), 50)
    assert caught.value.code == PARSE_ERROR
    assert "answer to price() " in str(caught.value)
    assert field in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("{'result': {}, 'id': ID}", "The server sent a line that is no message (it is a Python object and not JSON"),
        (
            "JSONRPCResponse(id=ID)",
            "The server sent a line that is no message (Invalid JSON: expected value at line 1 ",
        ),
        ("caf\xe9", r"The server sent a line that is no message (it is not UTF-8): caf\udce9"),
        ('[{"jsonrpc": "2.0", "id": ID, "result": {}}]', "The server sent a message that is not JSON-RPC 2.0: "),
        ('{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "what?"}}', '"message":"what?"'),
        ('{"jsonrpc": "2.0", "id": 99, "result": {}}', "The server sent an answer to no open request: "),
        ('{"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": "\xe9"}', '"method": "sampling/'),
    ],
)
async def test_what_cannot_be_read_is_named_when_the_call_times_out(says: str, told: str) -> None:
    lab = Lab(odd(says), sampling_callback=echo, mode="legacy", timeout=0.5)
    with pytest.raises(CallTimeout) as caught:
        await lab.call_tool("price")
    assert told in str(caught.value)


def test_what_cannot_be_read_is_named_when_no_connection_comes() -> None:
    with pytest.raises(ConnectError, match=r"It sent a line that is no message .*: Usage: serve"):
        Lab(program("print('Usage: serve', flush=True); input(); input()"), mode="legacy", connect_timeout=5)


async def test_half_a_character_among_the_arguments_ends_no_connection(wire: str, url: str) -> None:
    for server in (OVER_STDIO, url):
        lab = Lab(server, mode=wire)
        with pytest.raises(ValueError, match="lone surrogate"):
            await lab.call_tool("price", {"title": "\ud800"})
        assert said(await lab.call_tool("price", {"title": "Emma"})) == "Emma costs 4"
        assert [flow.title for flow in lab.flows].count("connect") == 1


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (
            StdioServerParameters(command="no-such-program"),
            "No connection to no-such-program .stdio.: .*there is no program no-such-program here. Is it installed",
        ),
        (program("pass"), "the server ended before it answered. Run its command in a terminal to see why."),
        (program("import sys; sys.exit(3)"), "the server ended before it answered"),
        (program("print('{}')"), "the server ended before it answered"),
    ],
    ids=["no such program", "ends at once", "fails at once", "says nonsense and ends"],
)
def test_a_command_that_is_no_server_is_told_in_a_sentence(wire: str, server: StdioServerParameters, says: str) -> None:
    start = monotonic()
    with pytest.raises(ConnectError, match=says):
        Lab(server, mode=wire)
    assert monotonic() - start < 45


@pytest.mark.parametrize(
    "code",
    ["import sys; sys.stdin.read()", "print('hello', flush=True); import sys; sys.stdin.read()"],
    ids=["silent", "talks nonsense"],
)
def test_a_program_that_never_answers_the_handshake_is_left(wire: str, code: str) -> None:
    start = monotonic()
    with pytest.raises(ConnectError, match=r"did not answer within 0.5 s. Is it an MCP server, and is it running\?"):
        Lab(program(code), mode=wire, connect_timeout=0.5)
    assert monotonic() - start < 45


def test_how_long_a_server_may_take_to_start_can_be_set_and_the_sentence_says_so() -> None:
    with pytest.raises(ConnectError, match=r"takes longer to start needs Lab\(\.\.\., connect_timeout=\.\.\.\)"):
        Lab(program("import sys; sys.stdin.read()"), connect_timeout=0.1)
    with pytest.raises(ValueError, match="connect_timeout is 0"):
        Lab(program(""), connect_timeout=0)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no signal that a program can ignore")
def test_a_program_that_will_not_end_is_killed() -> None:
    stubborn = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('here', flush=True)\n"
        "while True: time.sleep(60)"
    )
    with pytest.raises(ConnectError, match="did not answer"):
        Lab(program(stubborn), connect_timeout=0.5)


# HTTP


async def test_over_http_everything_works(wire: str, url: str) -> None:
    lab = Lab(url, sampling_callback=echo, mode=wire)
    assert lab.name == f"{url.removeprefix('http://')} · {wire} · http"
    await use(lab)


async def test_over_http_two_calls_at_once_are_told_apart(wire: str, url: str) -> None:
    callback = AskedTwice()
    lab = Lab(url, sampling_callback=callback, mode=wire)
    calls = [lab.start("recommend", {"genre": genre}) for genre in ("noir", "poetry")]
    assert [said(await call) for call in calls] == ["about recommend noir", "about recommend poetry"]
    assert [call.flow.samples for call in calls] == [1, 1]
    assert {known.tool if known else None for known in callback.origins.values()} == {"recommend"}


async def test_two_labs_may_use_one_http_server_each_on_its_own_wire(url: str) -> None:
    labs = [Lab(url, sampling_callback=echo, mode=wire) for wire in WIRES]
    calls = [lab.start("recommend", {"genre": lab.mode}) for lab in labs]
    assert [said(await call) for call in calls] == [f"you asked: recommend {wire}" for wire in WIRES]


def test_where_nobody_listens_is_told_in_a_sentence(wire: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectError) as caught:
        Lab(f"http://127.0.0.1:{port}/mcp", mode=wire)
    assert str(caught.value) == (
        f"No connection to 127.0.0.1:{port}/mcp (http): nobody answers there. Is the server running?"
    )


@contextmanager
def listening(answer: bytes | None) -> Generator[str]:
    """The URL of something that is no MCP server: it answers every request with `answer`, or never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        open_connections: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                open_connections.append(connection)
                if answer is not None:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(60)
            for connection in open_connections:
                connection.close()


def test_an_http_server_that_never_answers_is_left(wire: str) -> None:
    start = monotonic()
    with listening(None) as url, pytest.raises(ConnectError, match=r"did not answer within 0.5 s"):
        Lab(url, mode=wire, connect_timeout=0.5)
    assert monotonic() - start < 45


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "the server answered with HTTP"),
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "the server answered with HTTP"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: 4\r\n\r\n<b/>",
            r"what the server answered is no message of MCP \(text/html\)\. Is this its address\? Many are at /mcp\.$",
        ),
    ],
    ids=["404", "500", "a page"],
)
def test_a_web_server_that_is_no_mcp_server_is_told_in_a_sentence(wire: str, reply: bytes, told: str) -> None:
    with listening(reply) as url, pytest.raises(ConnectError, match=rf"^No connection to 127.0.0.1:\d+/mcp .*{told}"):
        Lab(url, mode=wire)


async def test_an_http_server_that_dies_in_a_call_may_come_back(wire: str) -> None:
    with in_a_process() as (url, process):
        lab = Lab(url, sampling_callback=echo, mode=wire)
        with pytest.raises((ConnectError, MCPError), match="ended"):
            await lab.call_tool("burn_down")
        process.wait(60)
        with pytest.raises(ConnectError):
            await lab.call_tool("price", {"title": "Emma"})
        with pytest.raises(ConnectError, match="nobody answers there"):
            await lab.call_tool("price", {"title": "Emma"})
    with in_a_process(int(url.rsplit(":")[-1].split("/")[0])):
        assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"
        assert lab.flow.steps[1].label.startswith("tools/call")


async def test_an_http_server_that_was_started_again_knows_no_session_and_gets_a_new_one(wire: str) -> None:
    with in_a_process() as (url, _):
        lab = Lab(url, sampling_callback=echo, mode=wire)
        await lab.call_tool("price", {"title": "Emma"})
    with in_a_process(int(url.rsplit(":")[-1].split("/")[0])):
        if wire == "legacy":  # the newer wire has no sessions
            with pytest.raises(ConnectError, match="The next call makes another"):
                await lab.call_tool("price", {"title": "Emma"})
        assert said(await lab.call_tool("recommend", {"genre": "noir"})) == "you asked: recommend noir"


# Names


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:8000/mcp", "127.0.0.1:8000/mcp"),
        ("https://mira:secret@shop.example/mcp", "shop.example/mcp"),
        ("https://mira:secret@shop.example:8443/mcp?key=secret#secret", "shop.example:8443/mcp"),
        ("https://shop.example/mcp?mail=mira@secret", "shop.example/mcp"),
        ("https://shop.example/@scope/mcp", "shop.example/@scope/mcp"),
        ("https://mira:sec@secret@shop.example/mcp", "shop.example/mcp"),
        ("https://mira:sec/secret@shop.example/mcp", "mira"),
        ("https://mira:sec?secret@shop.example/mcp", "mira"),
        ("https://mira:sec#secret@shop.example/mcp", "mira"),
        ("https://[::1]:8000/mcp", "[::1]:8000/mcp"),
        ("https://[::1]/mcp", "[::1]/mcp"),
        ("secret@shop.example", "shop.example"),
    ],
)
def test_a_name_shows_no_password_of_a_url(url: str, name: str) -> None:
    assert describe(url) == (name, "http")
    assert "sec" not in name


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("my_server.py", 'Lab(StdioServerParameters(command=sys.executable, args=["my_server.py"]))'),
        ("shop/dist/index.js", 'Lab(StdioServerParameters(command="node", args=["index.js"]))'),
        ("python -m shop --key secret", 'Lab(StdioServerParameters(command=sys.executable, args=["-m", "my_server"]))'),
        ("127.0.0.1:8000/mcp", "Write Lab('http://127.0.0.1:8000/mcp')."),
        ("localhost", "Write Lab('http://localhost')."),
        ("http://[::1", "this is no address: one looks like http://127.0.0.1:8000/mcp."),
        ("http:/secret", "this is no address: one looks like"),
        ("https://", "this is no address: one looks like"),
        ("  http://127.0.0.1:9/secret", "nobody answers there."),
    ],
)
def test_what_is_no_address_is_told_how_it_is_reached(text: str, cure: str) -> None:
    with pytest.raises(ConnectError) as caught:
        Lab(text)
    assert cure in str(caught.value)
    assert "--key secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "arguments", "name"),
    [
        ("python", ["-m", "servers.log_archiver"], "servers.log_archiver"),
        ("python", ["-u", "servers/log_archiver.py", "--folder", "x"], "log_archiver.py"),
        ("npx", ["-y", "@scope/server", "--api-key", "secret"], "server"),
        ("uv", ["run", "my-server"], "my-server"),
        ("uv", ["run", "--with", "secret", "my-server"], "uv"),
        ("C:\\tools\\server.exe", [], "server.exe"),
        ("/usr/bin/server", ["--api-key", "secret"], "server"),
        ("python", ["-c", "key = 'secret'"], "python"),
    ],
)
def test_a_name_shows_no_key_of_a_command_line(command: str, arguments: list[str], name: str) -> None:
    assert describe(StdioServerParameters(command=command, args=arguments)) == (name, "stdio")


def test_no_password_is_in_what_a_failed_connection_says(wire: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectError) as caught:
        Lab(f"http://mira:secret@127.0.0.1:{port}/mcp?key=secret", mode=wire)
    assert "secret" not in str(caught.value)


async def test_no_password_is_in_what_a_lab_shows(wire: str, url: str) -> None:
    lab = Lab(url.replace("http://", "http://mira:secret@") + "?key=secret", sampling_callback=echo, mode=wire)
    await lab.call_tool("recommend", {"genre": "noir"})
    shown = [repr(lab), lab.name, lab.server, *(f"{flow}{flow.to_json()}{flow.to_svg()}" for flow in lab.flows)]
    assert not [text for text in shown if "secret" in text]


def test_closing_a_lab_whose_server_hangs_takes_no_longer_than_promised() -> None:
    lab = Lab(OVER_STDIO, timeout=30)
    call = lab.start("count_stock")
    start = monotonic()
    lab.close()
    assert monotonic() - start < LEAVE + 30
    with pytest.raises(LabClosed):
        call.result(1)


def refusing(status: int) -> StandIn:
    return StandIn([Reply({"error": "no"}, status=status)])


@pytest.mark.parametrize(
    ("status", "cure"),
    [
        (401, 'it wants a key: Lab(url, headers={"Authorization": "Bearer ..."})'),
        (403, 'headers={"Authorization": "Bearer ..."}'),
        (404, "there is nothing at this path. Many servers are at /mcp; one at /sse is of the older kind"),
        (405, "one at /sse is of the older kind: Lab(lambda: sse_client(url))"),
        (418, "the request was not accepted"),
        (429, "Wait, and try again"),
        (502, "a gateway, or the server itself, has a fault"),
    ],
)
def test_a_status_that_is_an_error_is_told_with_what_to_do(wire: str, status: int, cure: str) -> None:
    with refusing(status) as server, pytest.raises(ConnectError) as caught:
        Lab(f"{server.url}/mcp", mode=wire, headers={"Authorization": "Bearer secret"})
    assert f"the server answered with HTTP status {status}: " in str(caught.value)
    assert cure in str(caught.value)
    assert "secret" not in str(caught.value)
    assert {sent.headers["authorization"] for sent in server.received} == {"Bearer secret"}


# A server's tools change


def pointing(status: int, location: str) -> StandIn:
    return StandIn([Reply({"error": "no"}, status=status, headers={"location": location} if location else {})])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_status_that_points_to_another_host_is_told_and_no_header_goes_there(wire: str, status: int) -> None:
    with refusing(200) as other:
        there = f"{other.url}/mcp"
        with pointing(status, f"{there}?token=hidden") as server, pytest.raises(ConnectError) as caught:
            Lab(f"{server.url}/mcp", mode=wire, headers={"Authorization": "Bearer secret"})
        assert other.received == []
    assert f"the server answered with HTTP status {status}: it points to {there}, which was not fol" in str(
        caught.value
    )
    assert f"write Lab('{there}'); if you would log in there, it wants a key: " in str(caught.value)
    assert not {"hidden", "secret"} & set(re.findall(r"\w+", str(caught.value)))


@pytest.mark.parametrize(("status", "location"), [(307, "/mcp"), (302, "/login?next=/mcp"), (300, "")])
def test_a_status_that_leads_nowhere_on_the_same_host_is_told_too(wire: str, status: int, location: str) -> None:
    with pointing(status, location) as server, pytest.raises(ConnectError) as caught:
        Lab(f"{server.url}/mcp", mode=wire)
    says = f"it points to {server.url}{location.partition('?')[0]}, " if location else "the request was not accepted."
    assert f"the server answered with HTTP status {status}: {says}" in str(caught.value)


def test_a_status_that_points_from_https_to_http_is_told_with_the_secure_address() -> None:
    error = MCPError(INVALID_REQUEST, "Redirect to http://a.example/mcp/ not followed: it would downgrade this HTTPS e")
    assert reason(error, "https://a.example/mcp", 307) == (
        "the server answered with HTTP status 307: it points to http://a.example/mcp/, which was not followed. "
        "That is not encrypted. Write Lab('https://a.example/mcp/')."
    )


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (Reply({"error": "no"}), ""),
        (Reply(b"oops"), " (Invalid JSON: expected value at line 1 column 1)"),
        (Reply(status=202), " (202 Accepted)"),
    ],
)
async def test_an_answer_over_http_that_is_no_message_is_one_sentence(wire: str, reply: Reply, what: str) -> None:
    sentence = f"what the server answered is no message of MCP{what}. Is this its address? Many are at /mcp."
    with StandIn([reply]) as server, pytest.raises(ConnectError) as caught:
        Lab(f"{server.url}/mcp", mode=wire)
    assert str(caught.value).endswith(f"(http): {sentence}")
    with answering_once(reply) as server:
        lab = Lab(f"{server.url}/mcp", mode="legacy")
        with pytest.raises(ConnectError) as caught:
            await lab.call_tool("price")
        assert str(caught.value) == f"price(): {sentence}"
        assert said(await lab.call_tool("price")) == "fine"
        lab.close()


def tasks_of(runtime: Runtime) -> str:
    return str([task.get_coro() for task in asyncio.all_tasks(runtime.loop)])


async def names(lab: Lab) -> list[str]:
    return [tool.name for tool in await lab.run(all_tools)]


@pytest.mark.parametrize(
    ("over", "wire"),
    [("memory", "legacy"), ("memory", "auto"), ("stdio", "auto"), ("http", "auto"), ("http", "legacy")],
)
async def test_a_change_of_the_tools_is_heard(over: str, wire: str) -> None:
    heard: list[str] = []
    shop = growing()
    with over_http(shop) if over == "http" else nullcontext("") as url:
        server = program("from tests.story import growing; growing().run()") if over == "stdio" else url or shop
        lab = Lab(server, mode=wire, tools_changed=lambda: heard.append("changed"))
        if wire == "auto":
            await until(lambda: "subscriptions/acknowledged" in "".join(str(flow) for flow in lab.flows))
        for number, tool in enumerate(("paint", "sell"), 1):
            assert said(await lab.call_tool("grow", {"name": tool})) == "grown"
            await until(lambda many=number: len(heard) == many)
            assert (await names(lab))[-1] == tool
        with Runtime.held() as runtime:
            assert ("_listen" in tasks_of(runtime)) == (wire == "auto")
            lab.close()
            assert "_listen" not in tasks_of(runtime)


async def test_a_stream_that_the_server_ends_is_opened_again_and_what_was_missed_is_told() -> None:
    heard: list[str] = []
    shop = growing()
    lab = Lab(shop, tools_changed=lambda: heard.append("changed"))
    streams = shop._lowlevel_server.get_request_handler("subscriptions/listen")
    assert streams is not None
    assert isinstance(streams.handler, ListenHandler)

    def opened() -> int:
        return str(lab.flows[0]).count("subscriptions/listen")

    await until(lambda: str(lab.flows[0]).count("acknowledged") == 1)
    lab._connection.runtime.post(streams.handler.close)
    await until(lambda: heard)
    assert opened() == 2
    await lab.call_tool("grow", {"name": "paint"})
    await until(lambda: len(heard) == 2)


async def test_nobody_listens_where_it_is_not_offered_or_not_wanted(wire: str) -> None:
    for lab in (
        Lab(growing(subscriptions=False), mode=wire, tools_changed=lambda: None),
        Lab(growing(), mode="legacy", name="older", tools_changed=lambda: None),
        Lab(growing(), mode=wire, name="not wanted"),
    ):
        assert await names(lab) == ["grow"]
        assert "subscriptions" not in "".join(str(flow) for flow in lab.flows)


async def test_a_server_that_offers_to_tell_and_then_knows_no_stream_is_asked_once() -> None:
    async def list_tools(context: object, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[])

    async def listen(context: object, params: object) -> SubscriptionsListenResult:
        raise MCPError(METHOD_NOT_FOUND, "no such stream")

    lab = Lab(Server("deaf", on_list_tools=list_tools, on_subscriptions_listen=listen), tools_changed=lambda: None)
    await until(lambda: "no such stream" in str(lab.flows[0]))
    assert await names(lab) == []
    assert "_listen" not in tasks_of(lab._connection.runtime)


def answering_once(second: Reply) -> StandIn:
    """A server of 2025-11-25 that has a session, and answers the first call of it with `second`."""
    lost = iter((second,))

    def answer_to(sent: Received) -> Reply:
        asked = sent.body or {}
        told = {
            "initialize": {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": SERVER},
            "tools/call": {"content": [{"type": "text", "text": "fine"}]},
            "tools/list": {"tools": []},
        }
        if asked.get("method") == "tools/call" and (reply := next(lost, None)):
            return replace(reply, body=reply.body | {"id": asked["id"]}) if isinstance(reply.body, dict) else reply
        if asked.get("method") not in told:
            return Reply(status=202 if sent.method == "POST" else 405)
        answer = {"jsonrpc": "2.0", "id": asked["id"], "result": told[asked["method"]]}
        return Reply(answer, headers={"mcp-session-id": "a session"})

    return StandIn([answer_to])


SERVER = {"name": "forgetful", "version": "1"}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "Session not found or expired"),
        (400, "Bad Request: No valid session ID provided"),
        (400, "Bad Request: Server not initialized"),
        (503, "unknown session"),
        (404, ""),
    ],
)
async def test_a_session_that_the_server_forgot_is_made_anew_whatever_it_says(status: int, message: str) -> None:
    error = {"jsonrpc": "2.0", "error": {"code": -32000, "message": message}}
    with answering_once(Reply(error if message else b"", status=status)) as server:
        lab = Lab(f"{server.url}/mcp", mode="legacy")
        with pytest.raises(ConnectError, match="The next call makes another"):
            await lab.call_tool("price")
        assert said(await lab.call_tool("price")) == "fine"
        assert [flow.title for flow in lab.flows].count("price()") == 2
        lab.close()


async def test_a_tool_that_speaks_of_a_session_ends_none() -> None:
    error = {"jsonrpc": "2.0", "error": {"code": -32000, "message": "No such session of the reading group"}}
    with answering_once(Reply(error)) as server:
        lab = Lab(f"{server.url}/mcp", mode="legacy")
        with pytest.raises(MCPError, match="reading group"):
            await lab.call_tool("price")
        assert said(await lab.call_tool("price")) == "fine"
        assert [sent.body["method"] for sent in server.received if sent.body].count("initialize") == 1
        lab.close()


async def test_a_status_that_comes_in_the_middle_is_told_and_the_connection_stays() -> None:
    with answering_once(Reply(status=502)) as server:
        lab = Lab(f"{server.url}/mcp", mode="legacy")
        with pytest.raises(ConnectError, match=r"price\(\): the server answered with HTTP status 502: "):
            await lab.call_tool("price")
        assert said(await lab.call_tool("price")) == "fine"
        lab.close()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks://127.0.0.1:9"])
async def test_this_machine_is_reached_past_every_proxy(
    url: str, variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)
    monkeypatch.setenv("SSL_CERT_FILE", "no-such-file.pem")
    assert said(await Lab(url).call_tool("price", {"title": "Emma"})) == "Emma costs 4"


@pytest.mark.parametrize(
    ("variable", "value"), [("ALL_PROXY", "socks://proxy.example"), ("SSL_CERT_FILE", "no-such-file.pem")]
)
def test_what_the_environment_says_wrongly_is_one_sentence(
    wire: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConnectError, match=f"the environment variable {variable} names cannot be used"):
        Lab("https://server.example/mcp", mode=wire)


def test_a_certificate_that_is_not_trusted_is_told_with_what_to_do(wire: str, tmp_path: Path) -> None:
    with certified(tmp_path / "own.pem", refusing(500)) as server, pytest.raises(ConnectError) as caught:
        Lab(f"{server.url}/mcp", mode=wire)
    assert "The certificate of 127.0.0.1 is not trusted here" in str(caught.value)
    assert "SSL_CERT_FILE" in str(caught.value)


async def test_what_a_url_says_of_a_user_or_asks_for_is_sent_and_stands_in_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    with StandIn([Reply({"error": "no"}, status=401)]) as server:
        url = server.url.replace("http://", "http://anna:Blau7%2Fmeise@")
        with pytest.raises(ConnectError) as caught:
            Lab(f"{url}/mcp?key=Gelb8%2Ffink&a=b")
    expected = "Basic " + b64encode(b"anna:Blau7/meise").decode()
    assert [each.headers.get("authorization") for each in server.received][:1] == [expected]
    assert {each.path for each in server.received} == {"/mcp?key=Gelb8%2Ffink&a=b"}
    assert "Connecting to StreamableHTTP endpoint" in caplog.text
    for told in (caplog.text, str(caught.value), repr(caught.value)):
        assert "anna" not in told
        assert "Gelb8" not in told
        assert "Blau7" not in told


@pytest.mark.parametrize("structured", [True, False])
def test_what_checks_structured_results_is_imported_beside_the_lab_thread_where_it_is_needed(
    structured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported: list[tuple[str, str]] = []
    monkeypatch.setattr(
        connection, "import_module", lambda name: imported.append((name, threading.current_thread().name))
    )
    monkeypatch.delitem(sys.modules, "jsonschema", raising=False)
    shop = bookshop()

    @shop.tool(structured_output=structured)
    def count(shelf: str) -> int:
        return len(shelf)

    Lab(shop).close()
    assert [name for name, _ in imported] == ["jsonschema"] * structured
    assert "labkit" not in [thread for _, thread in imported]
