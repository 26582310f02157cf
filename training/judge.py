"""Let llama.cpp judge our forward pass: `python -m training.judge TINY.gguf`. Needs the package `xllamacpp`.

The same prompts, as token ids, go through the GGUF file and through `labkit.models.tiny`. llama.cpp answers greedily;
our forward pass reads its answer token by token, and at each place the probabilities must be within 1e-2 and the best
token the same, unless ours has two best as near as that. How llama.cpp cuts prompts into tokens is compared too.
`tests/models/test_gguf.py` holds a few prompts to the same.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xllamacpp

from labkit.models.tiny.callback import load
from labkit.models.tiny.model import Cache

WITHIN = 1e-2
"""So far a probability may be from llama.cpp's; two tokens as near as this are a tie."""

LISTED = 50
"""Tokens of which llama.cpp tells the probability at each place, the best."""

FEW = 6
"""Prompts of each subject."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How our forward pass stands to an answer of llama.cpp.

    Attributes:
        ids: The tokens of the answer, the end token included.
        first: The largest difference of a probability at the first of them.
        farthest: The same over all of them.
        other: The first place where another token is our best and it is no tie; places after a tie are another text.
    """

    ids: list[int]
    first: float
    farthest: float
    other: int | None


def judged(server: xllamacpp.Server, prompt: Sequence[int], tokens: int) -> Verdict:
    """Compare an answer of at most `tokens` tokens to a prompt of the kit's own tokens."""
    model, tokenizer = load()
    never = [i for i in tokenizer.control.values() if i != tokenizer.end]  # the kit does not draw them
    places = completed(server, list(prompt), tokens)["choices"][0]["logprobs"]["content"]
    cache, step = Cache(model.shape), list(prompt)
    apart: list[float] = []
    other, tied = None, False
    for number, place in enumerate(places):
        ours = probabilities(model.forward(step, cache))
        theirs = {entry["id"]: math.exp(entry["logprob"]) for entry in place["top_logprobs"]}
        listed = np.abs(ours[[*theirs]] - [*theirs.values()]).max()
        # What is not listed is at most as likely as all that is.
        unlisted = np.delete(ours, [*theirs]).max() - min(theirs.values())
        apart.append(float(max(listed, unlisted)))
        ours[never] = 0
        second, best = np.sort(ours)[-2:]
        tied = tied or bool(best - second <= WITHIN)
        if other is None and not tied and int(ours.argmax()) != place["id"]:
            other = number
        step = [place["id"]]
    return Verdict([place["id"] for place in places], apart[0], max(apart), other)


def probabilities(logits: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Their softmax, over all tokens, in double precision."""
    shares = np.exp(logits.astype(np.float64) - logits.max())
    return shares / shares.sum()


def started(path: Path | str) -> xllamacpp.Server:
    """llama.cpp with the model of a file, in single precision on one thread."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = 1024
    parameters.n_parallel = 1
    parameters.warmup = False
    parameters.verbosity = -1
    # As given, llama.cpp keeps keys and values in half precision: enough to turn a draw of 0.257 against 0.255.
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(parameters)


def completed(server: xllamacpp.Server, prompt: list[int] | str, tokens: int) -> dict[str, Any]:
    """llama.cpp's greedy answer to a prompt, with the probabilities of the best tokens at each place."""
    wish = {
        "prompt": prompt,
        "n_predict": tokens,
        "temperature": 0.0,
        "top_k": 1,
        "n_probs": LISTED,
        "cache_prompt": False,
    }
    return json.loads(json.dumps(server.handle_completions(wish)))


def main() -> None:
    from training.evaluate import written  # with all of the grammar, which a test of this file does without

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf")
    options = parser.parse_args()
    server = started(options.gguf)
    _, tokenizer = load()
    verdicts: list[Verdict] = []
    same_tokens = 0
    for subject in ("log", "code", "papers", "text", "labels", "outside"):
        for example in written(subject)[:FEW]:
            turns = [("user", example.turns[0][0])]
            ids = tokenizer.encode_chat(example.system, turns)
            verdict = judged(server, ids, 60)
            verdicts.append(verdict)
            said = [("system", example.system), *turns]
            chat = "".join(f"<|{role}|>{text}" for role, text in said if text) + "<|assistant|>"
            same_tokens += completed(server, chat, 1)["usage"]["prompt_tokens"] == len(ids)
            if verdict.other is not None:
                before = tokenizer.decode(verdict.ids[: verdict.other])
                print(f"{example.turns[0][0][:60]!r}\n  another token after {before!r}")
    total = len(verdicts)
    same = sum(verdict.other is None for verdict in verdicts)
    print(f"same greedy text: {same} of {total}; same number of prompt tokens: {same_tokens} of {total}")
    print(f"largest difference of a first token's probability: {max(verdict.first for verdict in verdicts):.1e}")
    places = sum(len(verdict.ids) for verdict in verdicts)
    print(f"largest difference over {places} tokens: {max(verdict.farthest for verdict in verdicts):.1e}")


if __name__ == "__main__":
    main()
