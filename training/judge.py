"""Let llama.cpp judge our forward pass: `python -m training.judge TINY.gguf`. Needs the package `xllamacpp`.

The same prompts, as token ids, go through the GGUF file and through `labkit.models.tiny`; the greedy answers must be
the same and the probabilities of the first token within 1e-2. How llama.cpp cuts prompts into tokens is compared too.
"""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

import xllamacpp

from labkit.models.tiny import Dials, TinyModel
from labkit.models.tiny.callback import load
from training.evaluate import written

FEW = 6
"""Prompts of each subject."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf")
    options = parser.parse_args()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = options.gguf
    parameters.n_ctx = 1024
    parameters.n_parallel = 1
    parameters.warmup = False
    # As given, llama.cpp keeps keys and values in half precision: enough to turn a draw of 0.257 against 0.255.
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(parameters)
    model, (_, tokenizer) = TinyModel(), load()

    def complete(prompt: list[int] | str, tokens: int) -> dict[str, Any]:
        wish = {
            "prompt": prompt,
            "n_predict": tokens,
            "temperature": 0.0,
            "top_k": 1,
            "n_probs": 10,
            "cache_prompt": False,
        }
        return json.loads(json.dumps(server.handle_completions(wish)))

    same = total = same_tokens = 0
    worst = 0.0
    for subject in ("log", "code", "papers", "text", "labels", "outside"):
        for example in written(subject)[:FEW]:
            turns = [("user", example.turns[0][0])]
            ids = tokenizer.encode_chat(example.system, turns)
            ours = model.trace(turns[0][1], system_prompt=example.system, max_tokens=60, dials=Dials(0.0))
            theirs = complete(ids, 60)
            text = theirs["choices"][0]["text"]
            same += text == ours.text
            total += 1
            chat = (
                "".join(f"<|{role}|>{said}" for role, said in [("system", example.system), *turns] if said)
                + "<|assistant|>"
            )
            same_tokens += complete(chat, 1)["usage"]["prompt_tokens"] == len(ids)
            first = theirs["choices"][0]["logprobs"]["content"][0]
            listed = {entry["id"]: math.exp(entry["logprob"]) for entry in first["top_logprobs"]}
            worst = max(
                [
                    worst,
                    *(
                        abs(rival.probability - listed[rival.id])
                        for rival in ours.tokens[0].stages["model"]
                        if rival.id in listed
                    ),
                ]
            )
            if text != ours.text:
                print(f"{example.turns[0][0][:60]!r}\n  ours   {ours.text!r}\n  theirs {text!r}")
    print(f"same greedy text: {same} of {total}; same number of prompt tokens: {same_tokens} of {total}")
    print(f"largest difference of a first token's probability: {worst:.1e}")


if __name__ == "__main__":
    main()
