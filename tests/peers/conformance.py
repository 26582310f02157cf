"""Hold Lab and the servers against the official conformance suite, beside the bare SDK: what that passes they pass too.

    python tests/peers/conformance.py

Needs the network and npx: the suite is fetched from npm, in the version below, with the Node that it asks for. A row
for each scenario, with the checks that failed: of the bare `mcp.Client` beside Lab, of a bare `MCPServer` beside each
server. The exit status is 1 where one of ours fails what the bare SDK passes. What neither side offers (OAuth,
elicitation, tools of the suite's own names) is left out.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SUITE = ["npx", "--yes", "-p", "node@22", "-p", "@modelcontextprotocol/conformance@0.1.16", "conformance"]
CLIENTS = ("initialize", "tools_call", "sse-retry")
SERVERS = ("server-initialize", "ping", "tools-list", "server-sse-polling", "server-sse-multiple-streams")
ALSO = ("logging-set-level", "dns-rebinding-protection", "tools-call-sampling")
OURS = ("log_archiver", "text_analyst", "research_assistant", "code_reviewer")


async def call_all(client: Any) -> None:
    """Call every tool of the suite's server with what its schema asks for."""
    for tool in (await client.list_tools()).tools:
        await client.call_tool(tool.name, dict.fromkeys(tool.input_schema.get("properties", {}), 2))


async def lab(url: str) -> None:
    """The client side, by Lab."""
    from labkit import Lab

    async with Lab(url, mode="legacy") as tested:
        await tested.run(call_all)


async def bare(url: str) -> None:
    """The client side, by the SDK."""
    from mcp import Client

    async with Client(url, mode="legacy") as client:
        await call_all(client)


def serve(port: str) -> None:
    """A server with one tool and nothing else."""
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("bare", log_level="ERROR")

    @server.tool()
    def echo(text: str) -> str:
        """Say it again."""
        return text

    server.run("streamable-http", host="127.0.0.1", port=int(port))


def failed(*options: str) -> set[str]:
    """The ids of the checks that failed in one scenario; what the suite printed where it told no check."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*SUITE, *options, "--output-dir", folder]
        said = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
        files = list(Path(folder).rglob("checks.json"))
        if not files:
            return {(said.stdout + said.stderr).strip().splitlines()[-1]}
        checks: list[dict[str, Any]] = [each for file in files for each in json.loads(file.read_text(encoding="utf-8"))]
    return {check["id"] for check in checks if check["status"] == "FAILURE"}


@contextmanager
def served(*command: str) -> Iterator[str]:
    """The address of a server that runs meanwhile; `command` gets a port at its end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, *command, str(port)], cwd=ROOT) as process:
        ends = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > ends:
                    raise
                time.sleep(0.1)
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()


def row(subject: str, scenario: str, ours: set[str], theirs: set[str]) -> bool:
    """Print one comparison; whether ours is as good."""
    worse = ours - theirs
    told = (
        f"worse: {', '.join(sorted(worse))}" if worse else f"both fail: {', '.join(sorted(ours))}" if ours else "passed"
    )
    print(f"{subject:20} {scenario:28} {told}", flush=True)
    return not worse


def main() -> int:
    if shutil.which(SUITE[0]) is None:
        print("npx is missing: install Node.js", file=sys.stderr)
        return 2
    good = True
    this = f"{sys.executable} {os.path.relpath(__file__)}"
    for scenario in CLIENTS:
        by_lab, by_sdk = (
            failed("client", "--command", f"{this} {side}", "--scenario", scenario) for side in ("lab", "bare")
        )
        good &= row("Lab", scenario, by_lab, by_sdk)
    with served(__file__, "serve") as plain:
        theirs = {scenario: failed("server", "--url", plain, "--scenario", scenario) for scenario in (*SERVERS, *ALSO)}
    for name in OURS:
        with served("-m", f"servers.{name}", "--http") as url:
            for scenario, plain_failed in theirs.items():
                found = failed("server", "--url", url, "--scenario", scenario)
                good &= row(name, scenario, found, plain_failed)
    return 0 if good else 1


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["lab", url]:
            asyncio.run(lab(url))
        case ["bare", url]:
            asyncio.run(bare(url))
        case ["serve", port]:
            serve(port)
        case _:
            sys.exit(main())
