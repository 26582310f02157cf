"""How often float32 decides: `python -m training.precision [--number 100]`.

Platforms add float32 numbers in different orders. Here the same answers are computed in float64, which stands for any
other order: how far are the logits apart, and how many tokens and answers would have been drawn differently?
"""

from __future__ import annotations

import argparse
from random import Random

import numpy as np
from numpy.typing import NDArray

from labkit.models import sampler
from labkit.models.sampler import Dials
from labkit.models.tiny.callback import FOLDER, load
from labkit.models.tiny.model import Cache, Model
from training import corpus


def doubled(model: Model) -> Model:
    """The same weights, computed with in double precision."""
    matrices = [model.head, *(m for layer in model.layers for m in (layer.qkv, layer.out, layer.gate_up, layer.down))]
    for matrix in matrices:
        matrix.blocks = matrix.blocks.astype(np.float64)
    model.embedding = model.embedding.astype(np.float64)
    return model


def cache_of(model: Model) -> Cache:
    cache = Cache(model.shape)
    cache.keys, cache.values = cache.keys.astype(model.embedding.dtype), cache.values.astype(model.embedding.dtype)
    return cache


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=100, help="answers at each temperature")
    options = parser.parse_args()
    single, tokenizer = load()
    double = doubled(Model.load(FOLDER / "weights.npz"))
    farthest = 0.0
    for temperature in (0.0, 0.2, 1.0):
        dials, chances = Dials(temperature), Random(7)
        other_tokens = other_answers = tokens = 0
        for example in corpus.examples(seed=77, number=options.number):
            prompt = tokenizer.encode_chat(example.system, [("user", example.turns[0][0])])[-400:]
            caches = cache_of(single), cache_of(double)
            step, differs = prompt, 0
            for _ in range(100):
                chance = chances.random()
                pair: list[NDArray[np.float32]] = [
                    m.forward(step, c) for m, c in zip((single, double), caches, strict=True)
                ]
                farthest = max(farthest, float(np.abs(pair[0] - pair[1]).max()))
                ids = [sampler.draw(sampler.turn(sampler.settle(logits), dials)[-1][1], chance) for logits in pair]
                differs += ids[0] != ids[1]
                tokens += 1
                step = [ids[0]]
                if ids[0] == tokenizer.end:
                    break
            other_tokens += differs
            other_answers += differs > 0
        answers = f"{other_answers} of {options.number} answers"
        print(f"temperature {temperature}: {other_tokens} of {tokens} tokens, {answers} differ")
    print(f"largest difference of a logit: {farthest:.1e}")


if __name__ == "__main__":
    main()
