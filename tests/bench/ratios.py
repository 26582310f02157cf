"""Print the bars of the design that can be measured here, each as a ratio against the bare SDK in one run.

    python tests/bench/ratios.py [--quick]

Both sides of a row take turns within one run, so that a busy machine slows both alike. Nothing is asserted. Memory is
measured on Linux alone, which tells what a process holds for itself and its share of what it holds with others (PSS).
"""

import asyncio
import cProfile
import gc
import json
import pstats
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from typing import Any

from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from mcp import Client

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from labkit import Lab, Telemetry, TinyModel, close_all  # noqa: E402 - the script runs from anywhere
from labkit.runtime import Runtime  # noqa: E402
from labkit.wire import Frame, InMemoryTransport  # noqa: E402
from tests.story import WIRES, answer, bookshop, echo  # noqa: E402

QUICK = "--quick" in sys.argv
CALLS = 100 if QUICK else 1000
PROCESSES = 3 if QUICK else 9
BLOCK = 10

Do = Callable[[], Awaitable[Any]]


def bare_client(wire: str, callback: Any = echo) -> Client:
    return Client(InMemoryTransport(bookshop()), mode=wire, sampling_callback=callback)


async def seconds(do: Do, clock: Callable[[], float] = perf_counter, times: int = 1) -> float:
    start = clock()
    for _ in range(times):
        await do()
    return (clock() - start) / times


async def in_turn(ours: Do, bare: Do, clock: Callable[[], float], calls: int = CALLS) -> tuple[float, float]:
    """The medians of `ours` and `bare`, in seconds. They take turns in going first: the second finds a warm cache.

    A turn is a block of calls: what a call leaves for the loop to do after it is then paid for by its own kind.
    """
    for do in (ours, bare) * min(20, calls // 5):
        await do()
    measured: tuple[list[float], list[float]] = ([], [])
    for turn in range(calls // BLOCK):
        for which in (0, 1) if turn % 2 else (1, 0):
            measured[which].append(await seconds((ours, bare)[which], clock, BLOCK))
    return median(measured[0]), median(measured[1])


async def one_call(wire: str, *, on_lab_thread: bool) -> float:
    with Lab(bookshop(), name="bench", sampling_callback=echo, mode=wire, keep=1_000_000) as lab:

        async def measure() -> float:
            async with bare_client(wire) as client:
                ours, bare = await in_turn(
                    lambda: lab.call_tool("recommend", {"genre": "noir"}),
                    lambda: client.call_tool("recommend", {"genre": "noir"}),
                    # On one thread, the time that others take from it need not be counted; a hop is a wait.
                    thread_time if on_lab_thread else perf_counter,
                )
                return ours / bare

        if on_lab_thread:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(measure(), Runtime.current().loop))
        return await measure()


async def traced(wire: str, callback: Any, calls: int) -> float:
    """A sampled call with telemetry, made on the lab thread, over one without."""

    async def measure() -> float:
        genre = {"genre": "noir"}
        ours, bare = await in_turn(
            lambda: on.call_tool("recommend", genre), lambda: off.call_tool("recommend", genre), thread_time, calls
        )
        return ours / bare

    with (
        Lab(bookshop(), name="on", sampling_callback=callback, mode=wire, telemetry=Telemetry()) as on,
        Lab(bookshop(), name="off", sampling_callback=callback, mode=wire) as off,
    ):
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(measure(), Runtime.current().loop))


class AllAtOnce:
    """A sampling callback that answers nobody before everybody has asked."""

    def __init__(self, number: int) -> None:
        self.number, self.asked = number, 0
        self.everybody = asyncio.Event()

    async def __call__(self, context: Any, params: Any) -> Any:
        self.asked += 1
        if self.asked % self.number == 0:
            everybody, self.everybody = self.everybody, asyncio.Event()
            everybody.set()
        else:
            await self.everybody.wait()
        return answer("all at once")


async def many_calls(wire: str) -> float:
    """Throughput of a Lab, called from a cell, over that of the bare client."""

    async def all_of(call_tool: Callable[[str, dict[str, Any]], Awaitable[Any]]) -> None:
        await asyncio.gather(*(call_tool("recommend", {"genre": "noir"}) for _ in range(CALLS)))

    callback = AllAtOnce(CALLS)
    with Lab(bookshop(), name="bench", sampling_callback=callback, mode=wire, timeout=300, keep=1_000_000) as lab:
        async with bare_client(wire, AllAtOnce(CALLS)) as client:
            measured: tuple[list[float], list[float]] = ([], [])
            for turn in range(2 if QUICK else 6):
                for which in (0, 1) if turn % 2 else (1, 0):
                    call_tool = (lab.call_tool, client.call_tool)[which]
                    measured[which].append(await seconds(lambda call_tool=call_tool: all_of(call_tool)))
    return median(measured[1]) / median(measured[0])


IMPORT = """
from time import perf_counter
start = perf_counter()
import {module}
print(perf_counter() - start)
"""
FIRST_LAB = """
from time import perf_counter
start = perf_counter()
from labkit import Lab
from tests.story import bookshop, echo
lab = Lab(bookshop(), sampling_callback=echo, mode="{wire}")
print(lab.start("recommend", {{"genre": "x"}}).result().content[0].text)
print(perf_counter() - start)
"""
FIRST_BARE = """
from time import perf_counter
start = perf_counter()
import asyncio
from mcp import Client
from tests.story import bookshop, echo
async def main():
    async with Client(bookshop(), sampling_callback=echo, mode="{wire}") as client:
        print((await client.call_tool("recommend", {{"genre": "x"}})).content[0].text)
asyncio.run(main())
print(perf_counter() - start)
"""


def in_fresh_processes(ours: str, bare: str) -> float:
    measured: tuple[list[float], list[float]] = ([], [])
    for turn in range(PROCESSES + 1):
        for which in (0, 1) if turn % 2 else (1, 0):
            run = [sys.executable, "-c", (ours, bare)[which]]
            done = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
            if turn:  # the first turn fills the file system's cache
                measured[which].append(float(done.stdout.split()[-1]))
    return median(measured[0]) / median(measured[1])


async def bytes_a_frame(wire: str) -> float:
    """What a kept frame costs beyond its JSON, the host steps beside it included."""
    with Lab(bookshop(), name="bench", sampling_callback=echo, mode=wire, keep=1_000_000) as lab:
        for _ in range(20):
            await lab.call_tool("recommend", {"genre": "noir"})
        gc.collect()
        tracemalloc.start()
        before, last = tracemalloc.get_traced_memory()[0], lab.record.added
        for _ in range(CALLS):
            await lab.call_tool("recommend", {"genre": "noir"})
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        frames = [entry.item for entry in lab.record.entries(after=last) if isinstance(entry.item, Frame)]
        return (grown - sum(frame.size for frame in frames)) / len(frames)


def profile(wire: str) -> list[tuple[float, str]]:
    """The kit's functions that take the longest of a sampled call, in µs, as slow as they are under a profiler."""
    profiler = cProfile.Profile(thread_time)

    async def measure() -> None:
        for _ in range(20):
            await lab.call_tool("recommend", {"genre": "noir"})
        profiler.enable()
        for _ in range(CALLS):
            await lab.call_tool("recommend", {"genre": "noir"})
        profiler.disable()

    with Lab(bookshop(), name="bench", sampling_callback=echo, mode=wire) as lab:
        asyncio.run_coroutine_threadsafe(measure(), Runtime.current().loop).result()
    timings: dict[tuple[str, int, str], Any] = vars(pstats.Stats(profiler))["stats"]
    of_the_kit = [
        (own / CALLS * 1e6, f"{name} ({Path(file).name}:{line})")
        for (file, line, name), (_, _, own, _, _) in timings.items()
        if Path(file).is_relative_to(ROOT / "labkit")
    ]
    return sorted(of_the_kit, reverse=True)[:12]


def kernel_megabytes(cells: list[str]) -> float:
    """What a kernel holds once it has run `cells`."""
    manager, client = start_new_kernel(cwd=str(ROOT / "notebooks"), stderr=subprocess.DEVNULL)
    try:
        for cell in cells:
            reply = client.execute_interactive(cell, timeout=120, output_hook=lambda _: None)
            assert reply["content"]["status"] == "ok", cell
        process = manager.provisioner
        assert isinstance(process, LocalProvisioner)
        told = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="utf-8")
        return int(re.findall(r"^Pss: +(\d+) kB", told, re.MULTILINE)[0]) / 1024
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def kernel_memory(lesson: str) -> float:
    """What a kernel holds after a lesson, over what one holds that has imported mcp and ipywidgets."""
    book = json.loads(next((ROOT / "notebooks").glob(f"{lesson}_*.ipynb")).read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    ours, bare = kernel_megabytes(cells), kernel_megabytes(["import mcp, ipywidgets"])
    print(f"    {ours:.0f} MB after lesson {lesson}, {bare:.0f} MB after the imports alone")
    return ours / bare


def row(what: str, figure: float, unit: str, bar: float, *, at_least: bool = False) -> None:
    good = figure >= bar if at_least else figure <= bar
    limit = f"{'≥' if at_least else '≤'} {bar:g}"
    print(f"{what:<72} {figure:>8.2f}{unit:<2} {limit:>8}  {'OK' if good else 'OVER'}", flush=True)


async def main() -> None:
    for wire in WIRES:
        row(
            f"a sampled tool call, made on the lab thread ({wire})", await one_call(wire, on_lab_thread=True), "×", 1.25
        )
    for wire in WIRES:
        row(f"the same with telemetry against without ({wire})", await traced(wire, echo, CALLS), "×", 1.1)
        tiny = await traced(wire, TinyModel(), CALLS // 10)
        row(f"the same, answered by the embedded model ({wire})", tiny, "×", 1.1)
    for wire in WIRES:
        row(f"the same from a cell, thread hop included ({wire})", await one_call(wire, on_lab_thread=False), "×", 1.5)
    for wire in WIRES:
        row(
            f"throughput of {CALLS:,} samples in flight at once ({wire})",
            await many_calls(wire),
            "×",
            0.8,
            at_least=True,
        )
    for wire in WIRES:
        row(f"a kept frame beyond its own JSON ({wire})", await bytes_a_frame(wire), " B", 2048)
    for wire in WIRES:
        print(f"    where the kit's own time goes, µs a call under a profiler ({wire})")
        for microseconds, function in profile(wire):
            print(f"    {microseconds:8.1f}  {function}")
    close_all()
    if sys.platform == "linux":
        for lesson in ("01", "07"):
            row(f"a kernel's memory after lesson {lesson}", kernel_memory(lesson), "×", 1.25)
    imports = IMPORT.format(module="labkit.lab"), IMPORT.format(module="mcp")
    row("from labkit import Lab, against import mcp", in_fresh_processes(*imports), "×", 1.15)
    for wire in WIRES:
        first = FIRST_LAB.format(wire=wire), FIRST_BARE.format(wire=wire)
        row(f"first sampled result in a fresh process ({wire})", in_fresh_processes(*first), "×", 1.2)


if __name__ == "__main__":
    print(json.dumps({"python": sys.version.split()[0], "calls": CALLS, "processes": PROCESSES}))
    asyncio.run(main())
