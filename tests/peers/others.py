"""Hold the servers against others' clients, Lab against others' servers, and both against bridges, on both wires.

    python tests/peers/others.py [WORD ...]

Needs the network, uv and npm, and Pythons 3.11 and 3.13 that uv finds: each peer of the table below is fetched in its
version into an environment that is thrown away. WORDs choose the peers that have one of them in their name. A row for
each peer, server, way to reach it and wire; its columns are a sample that was answered, one that was refused, and a
side that does not sample. `ok` where what came back is what should, else the sentence that came. The exit status is 1
where a row is not all ok.

A peer runs this file in its own environment, so what is imported
at its top is Python's own.
"""

import asyncio
import inspect
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

ANSWER = "The disk was full, so the order service stopped."
REFUSAL = "The user said no."
ASKED = "What happened in the night?"
WAYS = ("answer", "refuse", "none")
LIMIT = 60.0
"""Seconds that one call may take."""

CODE = "import hashlib\n\n\ndef digest(password):\n    return hashlib.md5(password.encode()).hexdigest()\n"
SERVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "log_archiver": ("summarize_logs", {}),
    "text_analyst": ("summarize", {"text": "Disk full. Orders stopped at 3. They are back since 4."}),
    "research_assistant": ("research_topic", {"topic": "attention"}),
    "code_reviewer": ("review_code", {"code": CODE}),
}
"""Of each server a tool that samples, and its arguments."""


@dataclass(frozen=True)
class Peer:
    """Whose program it is, what is installed for it, and what it can be.

    `client` and `server` name a function of this file, or of `others.mjs` where `npm` is true; `wires` are the client's
    modes, `bridge` a command line that serves a server of ours at a port, `front` one over stdio for one at an address;
    `python` is the version of Python that it needs.
    """

    name: str
    install: tuple[str, ...]
    client: str = ""
    server: str = ""
    wires: tuple[str, ...] = ("legacy",)
    npm: bool = False
    bridge: str = ""
    front: str = ""
    python: str = "3.11"


BOTH = ("legacy", "auto")
PEERS = (
    Peer("Python SDK 1", ("mcp==1.30.0",), client="sdk1", server="serve_sdk1"),
    Peer("Python SDK 2", ("mcp==2.3.0",), client="sdk2", server="serve_sdk2", wires=BOTH),
    Peer("TypeScript SDK 1", ("@modelcontextprotocol/sdk@1.32.2", "zod@4"), client="ts1", server="serve_ts1", npm=True),
    Peer(
        "TypeScript SDK 2",
        (*(f"@modelcontextprotocol/{part}" for part in ("client@2.4.0", "server@2.4.0", "node@2.1.2")), "zod@4"),
        client="ts2",
        server="serve_ts2",
        wires=BOTH,
        npm=True,
    ),
    Peer("FastMCP 2", ("fastmcp==2.14.7",), client="fastmcp", server="serve_fastmcp"),
    Peer("FastMCP 3", ("fastmcp==3.4.11",), client="fastmcp", server="serve_fastmcp"),
    Peer("FastMCP 4", ("fastmcp==4.2.3",), client="fastmcp", wires=BOTH),  # its servers sample no more
    Peer("pydantic-ai 2", ("pydantic-ai-slim[mcp]==2.68.0",), client="pydantic_ai", wires=("auto",)),
    Peer("langchain-mcp-adapters", ("langchain-mcp-adapters==0.3.2",), client="langchain"),
    Peer("mcp-use", ("mcp-use==1.7.1",), client="mcp_use"),
    Peer("mcp-agent", ("mcp-agent==0.2.6", "mcp==1.30.0"), client="mcp_agent"),  # with mcp 2 it cannot be imported
    Peer("fast-agent", ("fast-agent-mcp==0.10.48",), client="fast_agent", wires=BOTH, python="3.13"),
    Peer(
        "mcp-proxy (Python)",
        ("mcp-proxy==0.13.0",),
        bridge="mcp-proxy --port {port} -- {command}",
        front="mcp-proxy --transport streamablehttp {url}",
    ),
    Peer(
        "mcp-proxy (npm)",
        ("mcp-proxy@6.7.19",),
        npm=True,
        bridge="mcp-proxy --host 127.0.0.1 --port {port} -- {command}",
    ),
    Peer(
        "supergateway",
        ("supergateway@4.0.0",),
        npm=True,
        bridge="supergateway --stateful --outputTransport streamableHttp --port {port} --stdio {quoted}",
        front="supergateway --streamableHttp {url} --logLevel none",
    ),
)

# ---- what a peer runs as a client: a job in, whether the result is an error and its text out

Job = dict[str, Any]
"""`url` or `command`, `way`, `wire`, `tool`, `arguments`."""


def told(result: Any) -> tuple[bool, str]:
    """Whether a tool's result is an error, and its text, of any Python SDK."""
    is_error = getattr(result, "isError", None) or getattr(result, "is_error", None)
    return bool(is_error), " ".join(getattr(block, "text", "") for block in result.content)


async def sdk1(job: Job) -> tuple[bool, str]:
    from mcp import ClientSession, StdioServerParameters, types
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client

    command, *args = job.get("command", [""])
    at: Any = (
        streamable_http_client(job["url"])
        if "url" in job
        else stdio_client(StdioServerParameters(command=command, args=args))
    )
    callback = None if job["way"] == "none" else sdk1_callback(types, job["way"])
    async with at as streams, ClientSession(streams[0], streams[1], sampling_callback=callback) as session:
        await session.initialize()
        return told(await session.call_tool(job["tool"], job["arguments"]))


def sdk1_callback(types: Any, way: str) -> Any:
    """A sampling callback for the SDK whose types those are."""

    async def callback(context: Any, params: Any) -> Any:
        if way == "refuse":
            return types.ErrorData(code=-1, message=REFUSAL)
        text = types.TextContent(type="text", text=ANSWER)
        return types.CreateMessageResult(role="assistant", content=text, model="peer")

    return callback


async def sdk2(job: Job) -> tuple[bool, str]:
    import mcp_types
    from mcp import Client, StdioServerParameters

    command, *args = job.get("command", [""])
    at = job.get("url") or StdioServerParameters(command=command, args=args)
    callback = None if job["way"] == "none" else sdk1_callback(mcp_types, job["way"])
    async with Client(at, mode=job["wire"], sampling_callback=callback) as client:
        return told(await client.call_tool(job["tool"], job["arguments"]))


async def fastmcp(job: Job) -> tuple[bool, str]:
    from fastmcp import Client  # pyright: ignore[reportMissingImports]
    from fastmcp.client.transports import StdioTransport  # pyright: ignore[reportMissingImports]

    def handler(messages: Any, params: Any, context: Any) -> str:
        if job["way"] == "refuse":
            raise ValueError(REFUSAL)
        return ANSWER

    command, *args = job.get("command", [""])
    at = job.get("url") or StdioTransport(command, args, keep_alive=False)
    options: dict[str, Any] = {} if job["way"] == "none" else {"sampling_handler": handler}
    if "mode" in inspect.signature(Client).parameters:
        options["mode"] = job["wire"]
    async with Client(at, **options) as client:
        return told(await client.call_tool(job["tool"], job["arguments"], raise_on_error=False))


async def pydantic_ai(job: Job) -> tuple[bool, str]:
    from fastmcp.client.transports import StdioTransport  # pyright: ignore[reportMissingImports]
    from pydantic_ai.mcp import MCPToolset  # pyright: ignore[reportMissingImports]
    from pydantic_ai.messages import ModelResponse, TextPart  # pyright: ignore[reportMissingImports]
    from pydantic_ai.models.function import FunctionModel  # pyright: ignore[reportMissingImports]

    async def model(messages: Any, info: Any) -> Any:
        if job["way"] == "refuse":
            raise ValueError(REFUSAL)
        return ModelResponse(parts=[TextPart(ANSWER)])

    command, *args = job.get("command", [""])
    at = job.get("url") or StdioTransport(command, args, keep_alive=False)
    lent = None if job["way"] == "none" else FunctionModel(model)
    async with MCPToolset(at, sampling_model=lent, tool_error_behavior="error") as tools:
        result = await tools.direct_call_tool(job["tool"], job["arguments"])
    return False, result if isinstance(result, str) else json.dumps(result)


async def langchain(job: Job) -> tuple[bool, str]:
    from langchain_mcp_adapters.sessions import create_session  # pyright: ignore[reportMissingImports]
    from langchain_mcp_adapters.tools import load_mcp_tools  # pyright: ignore[reportMissingImports]
    from mcp import types

    command, *args = job.get("command", [""])
    way = (
        {"transport": "streamable_http", "url": job["url"]}
        if "url" in job
        else {"transport": "stdio", "command": command, "args": args}
    )
    callback = None if job["way"] == "none" else sdk1_callback(types, job["way"])
    async with create_session({**way, "session_kwargs": {"sampling_callback": callback}}) as session:
        await session.initialize()
        [tool] = [each for each in await load_mcp_tools(session) if each.name == job["tool"]]
        return False, str(await tool.ainvoke(job["arguments"]))


async def mcp_use(job: Job) -> tuple[bool, str]:
    from mcp import types
    from mcp_use import MCPClient  # pyright: ignore[reportMissingImports]

    command, *args = job.get("command", [""])
    at = {"url": job["url"]} if "url" in job else {"command": command, "args": args}
    callback = None if job["way"] == "none" else sdk1_callback(types, job["way"])
    client = MCPClient({"mcpServers": {"ours": at}}, sampling_callback=callback)
    try:
        session = await client.create_session("ours")
        return told(await session.call_tool(job["tool"], job["arguments"]))
    finally:
        await client.close_all_sessions()


async def mcp_agent(job: Job) -> tuple[bool, str]:
    from functools import partial

    from mcp import types
    from mcp_agent.app import MCPApp  # pyright: ignore[reportMissingImports]
    from mcp_agent.config import (  # pyright: ignore[reportMissingImports]
        LoggerSettings,
        MCPServerSettings,
        MCPSettings,
        Settings,
    )
    from mcp_agent.mcp.gen_client import gen_client  # pyright: ignore[reportMissingImports]
    from mcp_agent.mcp.mcp_agent_client_session import MCPAgentClientSession  # pyright: ignore[reportMissingImports]

    command, *args = job.get("command", [""])
    way = {"transport": "streamable_http", "url": job["url"]} if "url" in job else {"command": command, "args": args}
    servers = MCPSettings(servers={"ours": MCPServerSettings(**way)})
    app = MCPApp(name="peer", settings=Settings(mcp=servers, logger=LoggerSettings(type="none")))
    session_of: Any = MCPAgentClientSession  # left alone it declares sampling, and says that it has no model
    if job["way"] != "none":
        session_of = partial(session_of, sampling_callback=sdk1_callback(types, job["way"]))
    async with app.run() as running:
        known = {"client_session_factory": session_of, "context": running.context}
        async with gen_client("ours", running.server_registry, **known) as session:
            return told(await session.call_tool(job["tool"], job["arguments"]))


async def fast_agent(job: Job) -> tuple[bool, str]:
    from unittest.mock import patch

    from fast_agent.config import MCPSamplingSettings, MCPServerSettings  # pyright: ignore[reportMissingImports]
    from fast_agent.llm.internal.passthrough import PassthroughLLM  # pyright: ignore[reportMissingImports]
    from fast_agent.mcp import sampling  # pyright: ignore[reportMissingImports]
    from fast_agent.mcp.client_callback_runtime import (  # pyright: ignore[reportMissingImports]
        MCPClientCallbackRuntime,
    )
    from fast_agent.mcp.client_gateway import open_request_scoped_client  # pyright: ignore[reportMissingImports]
    from fast_agent.mcp.prompt import Prompt  # pyright: ignore[reportMissingImports]

    async def model(llm: Any, messages: Any, *more: Any, **options: Any) -> Any:
        return Prompt.assistant(ANSWER)

    def refusing(*more: Any, **options: Any) -> Any:
        raise ValueError(REFUSAL)

    PassthroughLLM._apply_prompt_provider_specific = model  # its model that asks nobody says ours
    # An error of a model it would ask for again, for half a minute.
    refuses = patch.object(sampling, "create_sampling_llm", refusing) if job["way"] == "refuse" else nullcontext()
    command, *args = job.get("command", [""])
    at = {"url": job["url"], "transport": "http"} if "url" in job else {"command": command, "args": args}
    lent = MCPSamplingSettings(model="passthrough")
    config = MCPServerSettings(name="ours", protocol_mode=job["wire"], sampling=lent, **at)
    runtime = MCPClientCallbackRuntime(server_name="ours", server_config=config)
    if job["way"] == "none":  # left alone it declares sampling, and says that it has no model
        runtime.sampling_callback = runtime.sampling_capabilities = None
    with refuses:
        async with open_request_scoped_client(server_name="ours", config=config, callback_runtime=runtime) as client:
            return told(await client.call_tool(job["tool"], job["arguments"]))


# ---- what a peer runs as a server: one tool, `ask`, that says what the client's model said


def serve_sdk1(port: int | None) -> None:
    from mcp import types
    from mcp.server.fastmcp import (  # pyright: ignore[reportMissingImports]
        Context,  # pyright: ignore[reportAttributeAccessIssue]
        FastMCP,  # pyright: ignore[reportAttributeAccessIssue]
    )

    server = FastMCP("peer", host="127.0.0.1", port=port or 0, log_level="ERROR")

    async def ask(ctx: Context) -> str:
        message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=ASKED))
        answer = await ctx.session.create_message([message], max_tokens=100)
        return answer.content.text

    server.add_tool(ask)
    server.run("stdio" if port is None else "streamable-http")


def serve_sdk2(port: int | None) -> None:
    from typing import Annotated

    from mcp.server.mcpserver import MCPServer, Resolve, Sample
    from mcp_types import CreateMessageResult, SamplingMessage, TextContent

    server = MCPServer("peer", log_level="ERROR")

    async def question() -> Sample:
        return Sample([SamplingMessage(role="user", content=TextContent(text=ASKED))], max_tokens=100)

    async def ask(answer: Annotated[CreateMessageResult, Resolve(question)]) -> str:
        return answer.content.text if isinstance(answer.content, TextContent) else ""

    server.add_tool(ask)
    if port is None:
        server.run()
    else:
        server.run("streamable-http", host="127.0.0.1", port=port)


def serve_fastmcp(port: int | None) -> None:
    import fastmcp  # pyright: ignore[reportMissingImports]
    from fastmcp import Context, FastMCP  # pyright: ignore[reportMissingImports]

    fastmcp.settings.log_level = "ERROR"
    server = FastMCP("peer")

    @server.tool
    async def ask(ctx: Context) -> str:  # pyright: ignore[reportInvalidTypeForm]
        return (await ctx.sample(ASKED, max_tokens=100)).text

    http: dict[str, Any] = {} if port is None else {"transport": "http", "host": "127.0.0.1", "port": port}
    server.run(show_banner=False, **http)


# ---- both sides


async def did(job: Job, do: Callable[[Job], Awaitable[tuple[bool, str]]]) -> tuple[bool, str]:
    """What came of a job: whether an error, and in which words. An exception is an error, told by its last cause."""
    try:
        async with asyncio.timeout(LIMIT):
            return await do(job)
    except Exception as error:  # noqa: BLE001 - a peer may raise anything
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        return True, f"{type(error).__name__}: {error}"


async def lab(job: Job) -> tuple[bool, str]:
    """Lab as the client."""
    import mcp_types
    from mcp import StdioServerParameters

    from labkit import Lab

    command, *args = job.get("command", [""])
    at = job.get("url") or StdioServerParameters(command=command, args=args, cwd=str(ROOT), env=dict(os.environ))
    callback = None if job["way"] == "none" else sdk1_callback(mcp_types, job["way"])
    async with Lab(at, mode=job["wire"], sampling_callback=callback, timeout=LIMIT) as tested:
        return told(await tested.call_tool(job["tool"], job["arguments"]))


async def jobs_done(jobs: list[Job], do: Callable[[Job], Awaitable[tuple[bool, str]]]) -> list[tuple[bool, str]]:
    return [await did(job, do) for job in jobs]


@contextmanager
def listening(command: list[str] | str, port: int, cwd: Path = ROOT) -> Iterator[str]:
    """`http://127.0.0.1:port` of a process that runs meanwhile."""
    process = subprocess.Popen(
        command, cwd=cwd, shell=isinstance(command, str), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        ends = time.monotonic() + 120
        while True:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            if process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"{command} did not begin to listen")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def ours(name: str, folder: str, *more: str) -> list[str]:
    """The command line of one of our servers."""
    return [sys.executable, "-m", f"servers.{name}", *(["--folder", folder] if name == "log_archiver" else []), *more]


def runner(peer: Peer, folder: Path) -> list[str]:
    """What begins a command line that runs in a peer's environment, which is made in `folder` where it is npm's."""
    if peer.npm:
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *peer.install],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        (folder / "others.mjs").write_bytes(Path(__file__).with_suffix(".mjs").read_bytes())
        return ["node", str(folder / "others.mjs")]
    versions = [part for each in peer.install for part in ("--with", each)]
    return [
        "uv",
        "run",
        "--quiet",
        "--isolated",
        "--no-project",
        "--python",
        peer.python,
        *versions,
        "python",
        __file__,
    ]


def row(peer: Peer, what: str, came: list[tuple[bool, str]], *, heard: bool, answers: bool = True) -> bool:
    """Print a row; whether all of it is as it should be.

    Args:
        peer: Whose row.
        what: The server, how it is reached, the wire.
        came: What came back for each of `WAYS`.
        heard: Whether a server hears that it is not answered, so that it can do without.
        answers: Whether answers come through at all.
    """
    cells: list[str] = []
    for way, (is_error, text) in zip(WAYS, came, strict=True):
        said = " ".join(text.split())
        # A refusal on the newer wire ends the call, in a sentence: it is never a time-out.
        ends_call = way == "refuse" and not heard and is_error and REFUSAL.rstrip(".") in said
        good = ANSWER in said if way == "answer" and answers else not is_error
        cells.append("ok" if good or ends_call else f"{way}: {said[:300] or '(nothing)'}")
    print(f"{peer.name:22} {what:42} {' | '.join(cells)}", flush=True)
    return all(cell == "ok" for cell in cells)


def as_client(peer: Peer, run: list[str], wire: str, urls: dict[str, str], folder: str) -> bool:
    """A peer calls a tool of each of our servers."""
    reached = [
        (name, how, {"url": urls[name]} if how == "http" else {"command": ours(name, folder)})
        for name in SERVERS
        for how in ("stdio", "http")
    ]
    jobs = [
        {**at, "way": way, "wire": wire, "tool": SERVERS[name][0], "arguments": SERVERS[name][1]}
        for name, _, at in reached
        for way in WAYS
    ]
    done = subprocess.run(
        [*run, "client", peer.client], input=json.dumps(jobs), cwd=ROOT, capture_output=True, encoding="utf-8",
        timeout=60 + LIMIT * len(jobs),
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        print(f"{peer.name:22} did not run: {(done.stderr.strip().splitlines() or ['no output'])[-1]}", flush=True)
        return False
    came = json.loads(lines[-1])
    good = True
    for index, (name, how, _) in enumerate(reached):
        of_one = came[3 * index : 3 * index + 3]
        good &= row(peer, f"as client: {name} {how} {wire}", of_one, heard=wire == "legacy")
    return good


def as_server(peer: Peer, run: list[str]) -> bool:
    """Lab calls a peer's tool. Without an answer it may fail, in words that say why."""
    good = True
    command = [*run, "serve", peer.server]
    port = free_port()
    with listening([*command, str(port)], port) as url:
        for at in ({"command": command}, {"url": f"{url}/mcp"}):
            for wire in BOTH:
                jobs = [{**at, "way": way, "wire": wire, "tool": "ask", "arguments": {}} for way in WAYS]
                came = asyncio.run(jobs_done(jobs, lab))
                # Its own error says which it was.
                told_so = [(REFUSAL not in came[1][1], came[1][1]), ("ampling" not in came[2][1], came[2][1])]
                how = "http" if "url" in at else "stdio"
                good &= row(peer, f"as server: {how} {wire}", [came[0], *told_so], heard=False)
    return good


def as_bridge(peer: Peer, run: list[str], urls: dict[str, str], folder: str) -> bool:
    """Lab reaches our servers through a bridge, which may drop a sample: the server then does without."""
    good = True
    if peer.npm:
        before = str(Path(run[1]).parent / "node_modules" / ".bin") + os.sep
    else:
        before = shlex.join(run[: run.index("python", 6)]) + " "
    for name in SERVERS:
        port = free_port()
        command = shlex.join(ours(name, folder))
        line = peer.bridge.format(port=port, command=command, quoted=shlex.quote(command))
        with listening(f"exec {before}{line}", port) as url:
            good &= through(peer, {"url": f"{url}/mcp"}, name)
        if peer.front:
            good &= through(peer, {"command": shlex.split(before + peer.front.format(url=urls[name]))}, name)
    return good


def through(peer: Peer, at: Job, name: str) -> bool:
    """Two rows of Lab and a server of ours with a bridge between them, `at` which Lab reaches it."""
    tool, arguments = SERVERS[name]
    good = True
    for wire in BOTH:
        jobs = [{**at, "way": way, "wire": wire, "tool": tool, "arguments": arguments} for way in WAYS]
        came = asyncio.run(jobs_done(jobs, lab))
        passes = ANSWER in " ".join(came[0][1].split())
        how = "stdio behind http" if "url" in at else "http behind stdio"
        what = f"{name}, {how} {wire}, {'passed on' if passes else 'dropped'}"
        good &= row(peer, what, came, heard=wire == "legacy", answers=passes)
    return good


def main(words: list[str]) -> int:
    good = True
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        urls: dict[str, str] = {}
        for name in SERVERS:
            port = free_port()
            urls[name] = running.enter_context(listening(ours(name, folder, "--http", str(port)), port)) + "/mcp"
        for number, peer in enumerate(PEERS):
            if words and not any(word.lower() in peer.name.lower() for word in words):
                continue
            at = Path(folder, str(number))
            at.mkdir()
            run = runner(peer, at)
            for wire in peer.wires if peer.client else ():
                good &= as_client(peer, run, wire, urls, folder)
            if peer.server:
                good &= as_server(peer, run)
            if peer.bridge:
                good &= as_bridge(peer, run, urls, folder)
    return 0 if good else 1


if __name__ == "__main__":
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # uv stands beside Python
    match sys.argv[1:]:
        case ["client", name]:
            came = asyncio.run(jobs_done(json.load(sys.stdin), globals()[name]))
            print(json.dumps(came))
        case ["serve", name, *port]:
            globals()[name](int(port[0]) if port else None)
        case words:
            sys.exit(main(words))
