"""Make the kit's weights file from a checkpoint, and if wished a GGUF: `python -m training.export RUN/final.pt`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

NAMES = {"qkv": "qkv.weight", "out": "out.weight", "gate_up": "gate_up.weight", "down": "down.weight"}


def weights_of(checkpoint: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, float]]:
    """The matrices as [outputs, inputs], the gains of the two norms of a layer multiplied into what follows them."""
    state = torch.load(checkpoint, weights_only=True)
    tensors = {name: tensor.float().numpy() for name, tensor in state["weights"].items()}
    weights = {"embedding": tensors["embedding.weight"], "norm": tensors["norm.weight"]}
    for i in range(int(state["config"]["layers"])):
        for short, long in NAMES.items():
            weights[f"{i}.{short}"] = tensors[f"blocks.{i}.{long}"]
        weights[f"{i}.qkv"] = weights[f"{i}.qkv"] * tensors[f"blocks.{i}.attention_norm.weight"]
        weights[f"{i}.gate_up"] = weights[f"{i}.gate_up"] * tensors[f"blocks.{i}.feed_norm.weight"]
    return weights, state["config"]


def rounded(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """One byte a weight and one scale a row, so that the largest of each row is 127."""
    scale = np.maximum(np.abs(matrix).max(1), 1e-12).astype(np.float32) / 127
    return np.round(matrix / scale[:, None]).astype(np.int8), scale


def save(path: Path, weights: dict[str, NDArray[np.float32]], config: dict[str, float]) -> None:
    arrays: dict[str, NDArray[np.generic]] = {"shape": np.array(json.dumps(config))}
    for name, weight in weights.items():
        if weight.ndim == 2:
            arrays[name], arrays[f"{name}.scale"] = rounded(weight)
        else:
            arrays[name] = weight
    np.savez(path, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=Path("labkit/models/tiny/weights.npz"))
    parser.add_argument("--gguf", type=Path, help="write the same weights, as int8 has rounded them, for llama.cpp")
    options = parser.parse_args()
    weights, config = weights_of(options.checkpoint)
    save(options.out, weights, config)
    print(options.out, options.out.stat().st_size, "bytes")
    if options.gguf:
        from training.gguf_file import write  # needs the package gguf, which only this does

        write(options.gguf, options.out, Path("labkit/models/tiny/tokenizer.json"))
        print(options.gguf, options.gguf.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
