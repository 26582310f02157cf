"""The forward pass of a small Llama-style decoder in numpy: token ids in, logits of the next token out.

Knows nothing of text, of sampling or of MCP. Read it from `Model.forward`; shapes stand behind each line. Sizes here:
2,048 tokens, width 256, 4 layers of 4 heads, 3.5 million parameters, stored as one byte each.

Papers: RMSNorm 1910.07467, rotary positions 2104.09864, SwiGLU 2002.05202; the whole is Llama's, 2302.13971.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PAGE = 128
"""Positions in a page of the cache. A page is small enough for numpy's BLAS to keep to one thread, see `Matrix`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model, as the weights file tells them."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    hidden: int
    context: int
    rope_base: float
    epsilon: float


class Matrix:
    """A weight matrix [inputs, outputs], held as blocks of a few columns.

    The product is the same, but each block is below the size at which OpenBLAS wakes its other threads. On a busy
    machine these wait for each other: whole matrices took 4 times as long for one token and 14 times for thirty-two.
    """

    def __init__(self, weight: Floats) -> None:
        inputs, outputs = weight.shape
        columns = 16 if inputs <= 512 else 8
        self.blocks = np.ascontiguousarray(weight.reshape(inputs, outputs // columns, columns).swapaxes(0, 1))

    def __rmatmul__(self, x: Floats) -> Floats:
        y = x @ self.blocks  # [time, inputs] -> [blocks, time, columns]
        return y.swapaxes(0, 1).reshape(len(x), -1)  # -> [time, outputs]

    __array_ufunc__ = None  # so that `x @ matrix` asks the matrix and not numpy


@dataclass(frozen=True, slots=True)
class Layer:
    """The weights of one layer; the gains of its two norms are already multiplied into `qkv` and `gate_up`."""

    qkv: Matrix  # [width, 3 * width]
    out: Matrix  # [width, width]
    gate_up: Matrix  # [width, 2 * hidden]
    down: Matrix  # [hidden, width]


class Cache:
    """Keys and values of the tokens read so far, so that a new token is computed alone."""

    def __init__(self, shape: Shape) -> None:
        pages = -(-shape.context // PAGE)
        size = (shape.layers, shape.heads, pages, PAGE, shape.width // shape.heads)
        self.keys = np.zeros(size, np.float32)
        self.values = np.zeros(size, np.float32)
        self.length = 0

    def store(self, layer: int, keys: Floats, values: Floats) -> None:
        """Append keys and values [heads, time, head] of one layer; `length` moves on when all layers have stored."""
        at = np.arange(self.length, self.length + keys.shape[1])
        self.keys[layer, :, at // PAGE, at % PAGE] = keys.swapaxes(0, 1)
        self.values[layer, :, at // PAGE, at % PAGE] = values.swapaxes(0, 1)


class Model:
    """Weights and the forward pass. One model serves any number of conversations, each with a `Cache` of its own."""

    def __init__(self, shape: Shape, weight: Callable[[str], Floats]) -> None:
        # One at a time: a kernel keeps what was ever in use at once, and all of them twice are as much as numpy itself.
        self.shape = shape
        self.embedding = weight("embedding")  # [vocabulary, width]
        self.head = Matrix((self.embedding * weight("norm")).T)  # the same numbers, read the other way
        self.layers = [
            Layer(*(Matrix(weight(f"{i}.{name}").T) for name in ("qkv", "out", "gate_up", "down")))
            for i in range(shape.layers)
        ]
        half = shape.width // shape.heads // 2
        speeds = shape.rope_base ** (-np.arange(half) / half)
        angles = np.outer(np.arange(shape.context), speeds)
        self.cos = np.cos(angles).astype(np.float32)  # [context, head / 2]
        self.sin = np.sin(angles).astype(np.float32)

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Read a weights file: per matrix int8 numbers and one scale a row. Nothing in it is executed (no pickle)."""
        with np.load(path, allow_pickle=False) as file:

            def read(name: str) -> Floats:
                array = cast("NDArray[np.generic]", file[name]).astype(np.float32)
                return array * file[f"{name}.scale"].astype(np.float32)[:, None] if f"{name}.scale" in file else array

            return cls(Shape(**json.loads(str(file["shape"]))), read)

    def forward(self, ids: Sequence[int], cache: Cache) -> Floats:
        """Read `ids` after what the cache holds. Returns the logits [vocabulary] of the token that follows the last id.

        Raises:
            ValueError: There is no id, or more of them than the context has room for.
        """
        if not ids or cache.length + len(ids) > self.shape.context:
            raise ValueError(f"{len(ids)} tokens after {cache.length} do not fit a context of {self.shape.context}")
        x = self.embedding[list(ids)]  # [time, width]
        for i, layer in enumerate(self.layers):
            x = x + self._attend(i, layer, rms_norm(x, self.shape.epsilon), cache)
            gate, up = np.split(rms_norm(x, self.shape.epsilon) @ layer.gate_up, 2, -1)  # each [time, hidden]
            x = x + (silu(gate) * up) @ layer.down
        cache.length += len(ids)
        return (rms_norm(x[-1:], self.shape.epsilon) @ self.head)[0]

    def _attend(self, i: int, layer: Layer, x: Floats, cache: Cache) -> Floats:
        """Each token looks back at itself and all before it, in every head. [time, width] -> [time, width]"""
        time, heads = len(x), self.shape.heads
        start, end = cache.length, cache.length + time
        qkv = (x @ layer.qkv).reshape(time, 3, heads, -1)  # [time, 3, heads, head]
        q, k, v = qkv.transpose(1, 2, 0, 3)  # each [heads, time, head]
        q, k = (rotate(part, self.cos[start:end], self.sin[start:end]) for part in (q, k))
        cache.store(i, k, v)
        pages = -(-end // PAGE)
        keys, values = cache.keys[i, :, :pages], cache.values[i, :, :pages]  # [heads, pages, PAGE, head]
        scores = q[:, None] @ keys.swapaxes(-1, -2) / np.float32(q.shape[-1] ** 0.5)  # [heads, pages, time, PAGE]
        place = np.arange(pages * PAGE).reshape(pages, 1, PAGE)
        scores[:, place > np.arange(start, end)[:, None]] = -np.inf  # nobody sees what comes after
        scores = np.exp(scores - scores.max((1, 3), keepdims=True))
        weights = scores / scores.sum((1, 3), keepdims=True)
        mixed = (weights @ values).sum(1)  # [heads, time, head]
        return mixed.swapaxes(0, 1).reshape(time, -1) @ layer.out


def rms_norm(x: Floats, epsilon: float) -> Floats:
    """`x` with every row scaled to a mean square of 1."""
    return np.divide(x, np.sqrt(np.mean(x * x, -1, keepdims=True) + np.float32(epsilon)))


def silu(x: Floats) -> Floats:
    """`x` times the sigmoid of `x`, written with tanh, which cannot overflow."""
    half = x * np.float32(0.5)
    return (half + half * np.tanh(half)).astype(np.float32, copy=False)


def rotate(x: Floats, cos: Floats, sin: Floats) -> Floats:
    """Turn each pair (j, j + half) of [heads, time, head] by an angle that grows with the position."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    turned = np.empty_like(x)
    turned[..., :half] = first * cos - second * sin
    turned[..., half:] = second * cos + first * sin
    return turned
