"""Print how fast SmolLM is here and how much of the machine it takes: `python tests/bench/smollm.py`.

Its rate stands beside that of bare `xllamacpp` with the same file, prompt and threads, measured in turn, so that a busy
machine slows both alike. Nothing is asserted.
"""

import asyncio
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import ipykernel.kernelapp  # noqa: E402, F401  # pyright: ignore[reportUnusedImport] - what a kernel has loaded anyway counts for its memory
import ipywidgets  # noqa: E402, F401  # pyright: ignore[reportUnusedImport]
from mcp_types import CreateMessageRequestParams, SamplingMessage, TextContent  # noqa: E402

from labkit import SmolLM  # noqa: E402
from labkit.models.tiny import Dials  # noqa: E402

PROMPT = "Explain this log line: what happened, why, and what to do.\n\n[821] ERROR:  deadlock detected"
TOKENS, TURNS = 60, 5


def bare(server: Any, heard: list[float]) -> int:
    """An answer of `xllamacpp` by itself: its tokens; `heard` gets the seconds to the first."""
    began, chunks = perf_counter(), list[dict[str, Any]]()

    def hear(chunk: dict[str, Any]) -> bool:
        if not chunks:
            heard.append(perf_counter() - began)
        chunks.append(chunk)
        return False

    body = {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": TOKENS, "temperature": 0.0}
    server.handle_chat_completions(body | {"stream": True, "cache_prompt": False, "timings_per_token": True}, hear)
    return chunks[-1]["timings"]["predicted_n"]


def seconds(do: Callable[[], object]) -> float:
    began = perf_counter()
    do()
    return perf_counter() - began


def measured(threads: int) -> None:
    model = SmolLM(threads=threads)
    print(f"{threads} thread{'s' if threads > 1 else ''}: loading {seconds(model._engine.loaded):.2f} s")
    said = [SamplingMessage(role="user", content=TextContent(text=PROMPT))]
    params = CreateMessageRequestParams(messages=said, max_tokens=TOKENS, temperature=0.0)
    first: list[float] = []
    tokens = bare(model._engine.loaded(), first)
    sides: dict[str, Callable[[], object]] = {
        "bare xllamacpp": lambda: bare(model._engine.loaded(), first),
        "SmolLM": lambda: asyncio.run(model(None, params)),
        "with probabilities": lambda: model.trace(PROMPT, dials=Dials(0.0), max_tokens=TOKENS),
    }
    took: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(TURNS):
        for name in [*sides][:: 1 if turn % 2 else -1]:
            took[name].append(seconds(sides[name]))
    usual = median(took["bare xllamacpp"])
    for name, found in took.items():
        rate = tokens / median(found)
        print(f"  {name:20} {rate:5.1f} tokens/s, reading the prompt included   {usual / median(found):.2f}")
    print(f"  first token {median(first):.2f} s")
    trace = model.trace(PROMPT, dials=Dials(0.0), max_tokens=4)
    print(f"  one draw with all tokens {seconds(lambda: trace.all(2)):.2f} s")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  closing {seconds(model.close):.2f} s; the most memory so far, with a kernel's packages, {most:.0f} MB")


if __name__ == "__main__":
    for threads in (1, 2):
        measured(threads)
