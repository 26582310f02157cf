"""Let Lab talk to hostile servers, on both wires and every transport: `python tests/peers/soak.py [MINUTES [SEED]]`.

Each round starts a server of `hostile.py` with a seed of its own, calls its tool with a guard and a budget round the
callback, and looks at the flow in every form. What must hold: the call ends by its deadline, with a result or with one
of the kit's or the SDK's errors; nothing crashes; memory stays within a bound; nothing is left running. A line for each
kind of mischief at the end; 1 where something did not hold, with the seeds that repeat it.
"""

import asyncio
import ctypes
import gc
import logging
import os
import random
import resource
import socket
import sys
import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import anyio  # noqa: E402
import hostile  # noqa: E402
from mcp import MCPError, StdioServerParameters  # noqa: E402
from mcp.shared.message import SessionMessage  # noqa: E402
from mcp_types import CreateMessageResult, TextContent, jsonrpc_message_adapter  # noqa: E402

from labkit import Lab, with_budget, with_guard  # noqa: E402
from labkit.errors import LabError  # noqa: E402

TIMEOUT = 2.0
GRACE = 8.0
"""Seconds beyond the deadline: two for a thread that is retired, the rest for a machine that is busy otherwise."""
GROWTH = 400
"""MB that the process may grow by, once the first rounds have filled its caches."""
HOSTILE = str(Path(hostile.__file__))


@asynccontextmanager
async def in_process(seed: int) -> AsyncGenerator[tuple[Any, Any]]:
    """A transport to the same mischief, in this process."""
    chance = random.Random(seed)
    to_client, from_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_server, from_client = anyio.create_memory_object_stream[SessionMessage](0)

    async def answer(message: dict[str, Any]) -> None:
        for sent in hostile.answers(message, seed, chance):
            if sent is None:
                await to_client.aclose()
                return
            if not isinstance(sent, bytes):
                await anyio.sleep(sent)
                continue
            try:
                heard: SessionMessage | Exception = SessionMessage(jsonrpc_message_adapter.validate_json(sent))
            except ValueError as error:
                heard = error
            try:
                await to_client.send(heard)
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                return

    async def serve() -> None:
        async for heard in from_client:
            message = heard.message.model_dump(by_alias=True, exclude_none=True)
            tasks.start_soon(answer, message)

    async with anyio.create_task_group() as tasks, to_client, from_server, to_server, from_client:
        tasks.start_soon(serve)
        yield from_server, to_server
        tasks.cancel_scope.cancel()


async def callback(context: object, params: object) -> CreateMessageResult:
    return CreateMessageResult(role="assistant", content=TextContent(type="text", text="hi"), model="m")


async def talk(server: Any, wire: str) -> str:
    """One connection and one call; how it ended."""
    ended = "result"
    try:
        lab = Lab(
            server,
            name="soak",
            sampling_callback=with_guard(with_budget(callback, samples=50)),
            mode="legacy" if wire == "old" else "auto",
            timeout=TIMEOUT,
            connect_timeout=30,
            keep=500,
        )
    except (LabError, MCPError) as error:
        return type(error).__name__
    try:
        await lab.call_tool("t", {})
    except (LabError, MCPError) as error:
        ended = type(error).__name__
    flow = lab.flow
    for shown in (str(flow), flow.to_mermaid(), flow.to_svg(), repr(lab)):
        if "\x1b" in shown or "\u202e" in shown:
            raise AssertionError("what nobody sees stands in what is shown")
    lab.close()
    return ended


def megabytes() -> float:
    """What the process holds now, in MB, after what is free has gone back."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def children() -> list[str]:
    """The ids of processes that this one has started and that still run; none where /proc does not tell."""
    told = Path(f"/proc/self/task/{os.getpid()}/children")
    return told.read_text(encoding="ascii").split() if told.exists() else []


async def one_round(seed: int, transport: str, wire: str) -> str:
    if transport == "stdio":
        return await talk(StdioServerParameters(command=sys.executable, args=[HOSTILE, str(seed)]), wire)
    if transport == "in process":
        return await talk(lambda: in_process(seed), wire)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Popen([sys.executable, HOSTILE, str(seed), str(port)]) as process:  # noqa: ASYNC220 - nothing waits beside it
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
            return await talk(f"http://127.0.0.1:{port}/mcp", wire)
        finally:
            process.kill()


async def main(minutes: float, first: int) -> int:
    logging.disable()  # what the SDK says of bad frames
    ways = [(transport, wire) for transport in ("in process", "stdio", "http") for wire in ("old", "new")]
    ends, seed, faults = time.monotonic() + 60 * minutes, first, list[str]()
    ended: defaultdict[str, Counter[str]] = defaultdict(Counter)
    longest, held, blocked = 0.0, 0.0, [0.0]

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.05)
            blocked[0] = max(blocked[0], time.perf_counter() - began - 0.05)

    watching = asyncio.create_task(watch())
    while time.monotonic() < ends:
        transport, wire = ways[(seed // len(hostile.MISCHIEF)) % len(ways)]
        name, began = hostile.chosen(seed), time.monotonic()
        where = f"seed {seed}, {name}, {transport}, {wire} wire"
        try:
            ended[name][await asyncio.wait_for(one_round(seed, transport, wire), 120)] += 1
        except Exception as error:  # noqa: BLE001 - each is told
            place = traceback.extract_tb(error.__traceback__)[-1]
            said = str(error).partition("\n")[0][:200]
            faults.append(f"{where}: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {said}")
        took = time.monotonic() - began
        longest = max(longest, took)
        if took > TIMEOUT + GRACE:
            faults.append(f"{where}: {took:.1f} s")
        if seed - first == len(ways) * len(hostile.MISCHIEF):
            held = megabytes()
        seed += 1
    watching.cancel()
    for name, counts in ended.items():
        print(f"{name:16}", ", ".join(f"{how} {count}" for how, count in counts.most_common()))
    now, peak = megabytes(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{seed - first} rounds, longest {longest:.1f} s, the asking thread blocked for {blocked[0]:.2f} s at most")
    print(f"{held:.0f} MB after each kind once, {now:.0f} MB now, {peak:.0f} MB at most")
    if held and now - held > GROWTH:
        faults.append(f"memory grew by {now - held:.0f} MB")
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if left or children():
        faults.append("something is left running")
    print("threads:", ", ".join(left) or "none", "· children:", len(children()))
    print("\n".join(faults) or "all held")
    return 1 if faults else 0


if __name__ == "__main__":
    minutes, seed = [*map(float, sys.argv[1:]), 15, 0][:2] if len(sys.argv) != 2 else (float(sys.argv[1]), 0)
    sys.exit(asyncio.run(main(minutes, int(seed))))
