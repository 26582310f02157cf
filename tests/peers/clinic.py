"""Prove what four servers did before they were moved: each runs in the environment that it was written for.

    python tests/peers/clinic.py [--write] [NAME ...]

Needs the network and uv. Each server of `clinic/` is called by a client of its own time, over the wire of its time, and
every frame is kept; then the same file is tried with what is current: as it is, with its imports renamed and nothing
else, and in its old environment with the SDK's present client. What came is held against `labkit/course/clinic/`, a
file for each server, and the exit status is 1 where something else came. `--write` keeps what came instead.

A peer runs this file in its own environment, so what is imported at its top is Python's own.
"""

import asyncio
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from tests.peers.others import did, free_port, listening, told  # noqa: E402 - a script begins without the root

KEPT = ROOT / "labkit" / "course" / "clinic"
PATIENCE = 15.0
"""Seconds that a client waits for a tool. A server that cannot ask, and does not know it, lets all of them pass."""

MCP_1, MCP_2 = "mcp==1.30.0", "mcp==2.3.0"
RENAMED = (
    "from mcp.server.fastmcp import Context, FastMCP",
    "from mcp.server.mcpserver import Context, MCPServer as FastMCP",
)
MOVED = (", stateless_http=True", "")
"""`run` takes it now; `serve` gives it there."""


@dataclass(frozen=True)
class Before:
    """A server of `clinic/`: what it was written for, the call that is made, and what a model answers to it.

    `now` is what the same is called today; `over_http` says for each run over HTTP whether the server keeps sessions,
    and without one it is run over stdio.
    """

    about: str
    install: tuple[str, ...]
    tool: str
    arguments: dict[str, Any]
    answers: tuple[Any, ...]
    now: tuple[str, ...] = (MCP_2,)
    over_http: tuple[bool, ...] = ()


BEFORE = {
    "session_asks": Before(
        "A server of 2025: ctx.session.create_message in the middle of a tool",
        (MCP_1,),
        "explain",
        {"log_line": "03:02 ERROR orders: no space left on device"},
        ("The disk is full, so orders cannot be written.",),
    ),
    "ctx_sample": Before(
        "A server for FastMCP 3: ctx.sample",
        ("fastmcp==3.4.11", MCP_1),
        "triage",
        {"reports": ["Orders have stopped: the disk is full.", "A dashboard shows last week's logo."]},
        ("High", "low"),
        now=("fastmcp==4.2.3", MCP_2),
    ),
    "stateless": Before(
        "A server of 2025 that keeps no session",
        (MCP_1,),
        "handover",
        {"notes": "Disk full at 03:01. Orders stopped. Logs rotated by hand, orders run since 04:10."},
        ("The disk was full; orders run again since 04:10.",),
        over_http=(False, True),
    ),
    "tool_loop": Before(
        "A server of 2025 that lends the model a tool and asks until it is done",
        (MCP_1,),
        "investigate",
        {"question": "Why did orders stop?"},
        (
            {"id": "call_1", "name": "find", "input": {"word": "orders"}},
            "No space was left: the disk was full since 03:01.",
        ),
    ),
}

# ---- what runs in the environment of a server or of a client: a job in, what came out

Job = dict[str, Any]
"""`url` or `command`, `wire`, and of a `Before` its `tool`, `arguments` and `answers`."""


def answering(types: Any, answers: list[Any]) -> Any:
    """A sampling callback that gives `answers` in their order: a text, or a call of a tool. `types` is any SDK's."""
    left = iter(answers)

    async def callback(context: Any, params: Any) -> Any:
        answer = next(left)
        calls = not isinstance(answer, str)
        block = {"type": "tool_use", **answer} if calls else {"type": "text", "text": answer}
        result = {"role": "assistant", "model": "scripted", "content": block}
        of_tools = types.CreateMessageResultWithTools if params.tools else types.CreateMessageResult
        return of_tools.model_validate({**result, "stopReason": "toolUse" if calls else "endTurn"})

    return callback


async def call_then(job: Job, frames: list[dict[str, Any]]) -> tuple[bool, str]:
    """Call with the client of mcp 1.x; `frames` gets each message, with who sent it."""
    import anyio
    from mcp import ClientSession, StdioServerParameters, types
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client

    async def passed(who: str, source: Any, target: Any) -> None:
        async with target:
            async for each in source:
                frame = each.message.model_dump(mode="json", by_alias=True, exclude_none=True)
                frames.append({"from": who, "frame": frame})
                await target.send(each)

    command, *args = job.get("command", [""])
    at: Any = streamable_http_client(job["url"]) if "url" in job else stdio_client(
        StdioServerParameters(command=command, args=args, env=dict(os.environ))
    )  # fmt: skip
    came = (True, "")
    async with at as streams, anyio.create_task_group() as tasks:
        in_sent, in_got = anyio.create_memory_object_stream[Any](0)
        out_sent, out_got = anyio.create_memory_object_stream[Any](0)
        tasks.start_soon(passed, "server", streams[0], in_sent)
        tasks.start_soon(passed, "client", out_got, streams[1])
        async with ClientSession(
            in_got, out_sent,
            sampling_callback=answering(types, job["answers"]),
            sampling_capabilities=types.SamplingCapability(tools=types.SamplingToolsCapability()),
        ) as session:  # fmt: skip
            await session.initialize()
            came = await did(job, lambda job: told_of(session, job, timedelta(seconds=PATIENCE)))
        tasks.cancel_scope.cancel()
    return came


async def call_now(job: Job) -> tuple[bool, str]:
    """Call with the client of mcp 2."""
    import mcp_types
    from mcp import Client, StdioServerParameters

    command, *args = job.get("command", [""])
    async with Client(
        job.get("url") or StdioServerParameters(command=command, args=args, env=dict(os.environ)),
        mode=job["wire"],
        sampling_callback=answering(mcp_types, job["answers"]),
        sampling_capabilities=mcp_types.SamplingCapability(tools=mcp_types.SamplingToolsCapability()),
    ) as client:
        return await told_of(client, job, PATIENCE)


async def told_of(client: Any, job: Job, patience: Any) -> tuple[bool, str]:
    return told(await client.call_tool(job["tool"], job["arguments"], read_timeout_seconds=patience))


async def call(job: Job) -> dict[str, Any]:
    """What the SDK of this environment makes of a job."""
    frames: list[dict[str, Any]] = []
    failed, text = await did(job, call_now if "wire" in job else lambda job: call_then(job, frames))
    return {"is_error": failed, "text": text, "frames": frames}


def serve(path: str, port: str, kept: str) -> None:
    """Serve the file at a port, `with sessions` or `stateless`, as its SDK is told that."""
    server = runpy.run_path(path)["server"]
    if hasattr(server.settings, "stateless_http"):
        server.settings.port, server.settings.stateless_http = int(port), kept == "stateless"
        server.run("streamable-http")
    else:
        server.run("streamable-http", port=int(port), stateless_http=kept == "stateless")


# ---- what is done with each


def within(install: tuple[str, ...], *command: str) -> list[str]:
    """A command line that runs Python with some packages and no others."""
    versions = [part for each in install for part in ("--with", each)]
    return ["uv", "run", "--quiet", "--isolated", "--no-project", "--python", "3.11", *versions, "python", *command]


def asked(job: Job, client: tuple[str, ...]) -> dict[str, Any]:
    """What comes of a job with a client of that environment."""
    done = subprocess.run(
        within(client, __file__, "call"),
        input=json.dumps(job),
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return steady(json.loads(done.stdout.strip().splitlines()[-1]))


def steady(came: Any) -> Any:
    """`came` without what differs at every run: ports and addresses of objects."""
    text = re.sub(r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT", json.dumps(came))
    return json.loads(re.sub(r"\b0x[0-9a-f]{6,}", "0x...", text))


def called(
    before: Before, path: Path, server: tuple[str, ...], client: tuple[str, ...], *, sessions: bool | None, **more: str
) -> dict[str, Any]:
    """What comes of the call over stdio, or over HTTP with or without sessions; `more` goes into the job."""
    job: Job = {"tool": before.tool, "arguments": before.arguments, "answers": before.answers, **more}
    if sessions is None:
        return {"over": "stdio", **asked({**job, "command": within(server, str(path))}, client)}
    port, kept = free_port(), "with sessions" if sessions else "stateless"
    with listening(within(server, __file__, "serve", str(path), str(port), kept), port) as url:
        return {"over": f"streamable HTTP, {kept}", **asked({**job, "url": f"{url}/mcp"}, client)}


def starts(path: Path, install: tuple[str, ...]) -> str:
    """The last line of the error with which a file ends at its start, or nothing."""
    done = subprocess.run(
        within(install, str(path)), stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=180
    )
    return steady(done.stderr.strip().splitlines()[-1]) if done.returncode else ""


def proven(name: str, before: Before) -> dict[str, Any]:
    """All that is kept of a server."""
    path = HERE / "clinic" / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    ways = before.over_http or (None,)
    then = [called(before, path, before.install, before.install, sessions=sessions) for sessions in ways]
    now: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        tried = [("as it was", path, before.install)]
        if said := starts(path, before.now):
            now.append({"file": "as it was", "server": before.now, "client": "", "is_error": True, "text": said})
        else:
            tried.append(("as it was", path, before.now))
        if RENAMED[0] in source:
            changed = Path(folder, f"{name}.py")
            changed.write_text(source.replace(*RENAMED).replace(*MOVED), encoding="utf-8")
            tried.append(("imports renamed", changed, before.now))
        for what, file, install in tried:
            for wire in ("legacy", "auto"):
                came = called(before, file, install, (MCP_2,), sessions=ways[0], wire=wire)
                del came["over"], came["frames"]
                now.append({"file": what, "server": install, "client": f"{MCP_2}, mode={wire}", **came})
    return {
        "about": before.about,
        "written_for": before.install,
        "source": source,
        "call": {"tool": before.tool, "arguments": before.arguments},
        "then": then,
        "now": now,
    }


def in_lines(came: dict[str, Any]) -> str:
    """JSON with a line for each of its keys, for each frame and for each try."""
    text = json.dumps(came, ensure_ascii=False)
    return re.sub(rf', (?="(?:{"|".join(came)})": |{{"(?:from|over|file)": )', ",\n", text) + "\n"


def main(words: list[str]) -> int:
    writes = "--write" in words
    good = True
    for name, before in BEFORE.items():
        if (names := {*words} - {"--write"}) and name not in names:
            continue
        came = json.loads(json.dumps(proven(name, before)))  # as it is kept: a tuple is a list there
        file = KEPT / f"{name}.json"
        kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        recorded = kept.pop("recorded", "")
        if same := kept == came:
            print(f"{name:14} as recorded on {recorded}")
        elif writes:
            file.parent.mkdir(exist_ok=True)
            today = {"recorded": datetime.now(UTC).date().isoformat(), **came}
            file.write_text(in_lines(today), encoding="utf-8")
            print(f"{name:14} recorded")
        else:
            print(f"{name:14} not as recorded: {', '.join(key for key in came if kept.get(key) != came[key])}")
        good &= (same or writes) and not came["then"][-1]["is_error"]
        for run in came["then"]:
            print(f"    then, {run['over']}: {len(run['frames'])} frames: {run['text']}")
        for run in came["now"]:
            where = f"{', '.join(run['server'])}, called by {run['client'] or 'nobody'}"
            print(f"    now, {run['file']}, {where}: {run['text']}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # uv stands beside Python
    match sys.argv[1:]:
        case ["call"]:
            print(json.dumps(asyncio.run(call(json.load(sys.stdin)))))
        case ["serve", path, port, kept]:
            serve(path, port, kept)
        case words:
            sys.exit(main(words))
