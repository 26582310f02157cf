"""The forward pass against the formulas written out number by number, and against itself with and without the cache."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from labkit.models.tiny.callback import FOLDER
from labkit.models.tiny.model import PAGE, Cache, Matrix, Model, Shape

WEIGHTS = FOLDER / "weights.npz"
SMALL = Shape(vocabulary=48, width=16, layers=2, heads=2, hidden=24, context=300, rope_base=10_000.0, epsilon=1e-5)


def small_weights(seed: int = 1) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    sizes = {"embedding": (48, 16), "norm": (16,)}
    for i in range(SMALL.layers):
        sizes |= {f"{i}.qkv": (48, 16), f"{i}.out": (16, 16), f"{i}.gate_up": (48, 16), f"{i}.down": (16, 24)}
    return {name: random.normal(0, 0.5, size).astype(np.float32) for name, size in sizes.items()}


def slow_logits(ids: list[int], w: dict[str, NDArray[np.float32]]) -> list[float]:
    """Llama's formulas in plain Python, one number at a time, every position from the beginning, no cache."""

    def times(matrix: NDArray[np.float32], x: list[float]) -> list[float]:
        return [math.fsum(float(m) * v for m, v in zip(row, x, strict=True)) for row in matrix]

    def norm(x: list[float]) -> list[float]:
        size = math.sqrt(math.fsum(v * v for v in x) / len(x) + SMALL.epsilon)
        return [v / size for v in x]

    def turned(x: list[float], position: int) -> list[float]:
        half = len(x) // 2
        out = list(x)
        for j in range(half):
            angle = position * SMALL.rope_base ** (-j / half)
            out[j] = x[j] * math.cos(angle) - x[j + half] * math.sin(angle)
            out[j + half] = x[j + half] * math.cos(angle) + x[j] * math.sin(angle)
        return out

    head = SMALL.width // SMALL.heads
    xs = [[float(v) for v in w["embedding"][i]] for i in ids]
    for layer in range(SMALL.layers):
        qkv = [times(w[f"{layer}.qkv"], norm(x)) for x in xs]
        for t in reversed(range(len(xs))):
            mixed: list[float] = []
            for h in range(SMALL.heads):
                part = slice(h * head, (h + 1) * head)
                q = turned(qkv[t][: SMALL.width][part], t)
                keys = [turned(row[SMALL.width : 2 * SMALL.width][part], s) for s, row in enumerate(qkv[: t + 1])]
                scores = [math.exp(math.fsum(a * b for a, b in zip(q, k, strict=True)) / math.sqrt(head)) for k in keys]
                values = [row[2 * SMALL.width :][part] for row in qkv[: t + 1]]
                mixed += [
                    math.fsum(s * v[j] for s, v in zip(scores, values, strict=True)) / math.fsum(scores)
                    for j in range(head)
                ]
            xs[t] = [a + b for a, b in zip(xs[t], times(w[f"{layer}.out"], mixed), strict=True)]
            gate_up = times(w[f"{layer}.gate_up"], norm(xs[t]))
            gate, up = gate_up[: SMALL.hidden], gate_up[SMALL.hidden :]
            fed = [g / (1 + math.exp(-g)) * u for g, u in zip(gate, up, strict=True)]
            xs[t] = [a + b for a, b in zip(xs[t], times(w[f"{layer}.down"], fed), strict=True)]
    last = [v * float(g) for v, g in zip(norm(xs[-1]), w["norm"], strict=True)]
    return times(w["embedding"], last)


@pytest.mark.parametrize("ids", [[7], [1, 2, 3], [5, 0, 47, 47, 12, 3, 9, 30]])
def test_the_forward_pass_follows_the_formulas(ids: list[int]) -> None:
    weights = small_weights()
    logits = Model(SMALL, weights.__getitem__).forward(ids, Cache(SMALL))
    assert np.allclose(logits, slow_logits(ids, weights), atol=1e-4)


def test_the_cache_gives_what_reading_anew_gives() -> None:
    model = Model(SMALL, small_weights().__getitem__)
    ids = np.random.default_rng(3).integers(0, 48, 2 * PAGE + 20).tolist()
    cache = Cache(SMALL)
    model.forward(ids[:5], cache)
    model.forward(ids[5:6], cache)
    model.forward(ids[6 : PAGE + 3], cache)
    steps = [model.forward([i], cache) for i in ids[PAGE + 3 :]]
    assert np.allclose(steps[-1], model.forward(ids, Cache(SMALL)), atol=1e-4)


def test_two_conversations_do_not_disturb_each_other() -> None:
    model = Model(SMALL, small_weights().__getitem__)
    first, second = Cache(SMALL), Cache(SMALL)
    model.forward([1, 2], first)
    model.forward([30, 31, 32], second)
    alone = Cache(SMALL)
    model.forward([1, 2], alone)
    assert np.array_equal(model.forward([3], first), model.forward([3], alone))


def test_a_matrix_in_blocks_multiplies_like_a_whole_one() -> None:
    random = np.random.default_rng(5)
    for inputs, outputs in ((16, 48), (640, 256), (256, 2048)):
        weight = random.normal(0, 1, (inputs, outputs)).astype(np.float32)
        x = random.normal(0, 1, (3, inputs)).astype(np.float32)
        assert np.allclose(x @ Matrix(weight), x @ weight, atol=1e-3)


@pytest.mark.parametrize("ids", [[], list(range(40)) * 8])
def test_too_few_or_too_many_tokens_are_refused(ids: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Model(SMALL, small_weights().__getitem__).forward(ids, Cache(SMALL))


def test_the_weights_file_is_small_and_needs_no_pickle() -> None:
    assert WEIGHTS.stat().st_size <= 8_000_000
    with np.load(WEIGHTS, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_the_weights_file_fits_the_tokenizer() -> None:
    shape = Model.load(Path(WEIGHTS)).shape
    assert (shape.vocabulary, shape.width, shape.layers) == (2048, 256, 4)
