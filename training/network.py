"""The network in PyTorch, for training only; `labkit/models/tiny/model.py` is the same in numpy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own name for it
from torch import Tensor, nn


@dataclass
class Shape:
    """Sizes of a plain Llama decoder: RMSNorm, RoPE (halves rotated), SwiGLU, tied head, no biases."""

    vocabulary: int = 2048
    width: int = 256
    layers: int = 4
    heads: int = 4
    hidden: int = 640
    context: int = 1024
    rope_base: float = 10_000.0
    epsilon: float = 1e-5


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (i, i + half) of the last axis by the angle of its position."""
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attention_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)
        self.feed_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.gate_up = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, time, width = x.shape
        parts = self.qkv(self.attention_norm(x)).view(batch, time, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # each [batch, heads, time, head]
        # Written out, since the fused form is a third slower on a processor at these sizes.
        scores = rotate(q, cos, sin) @ rotate(k, cos, sin).transpose(-1, -2) * q.shape[-1] ** -0.5
        future = torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)
        mixed = scores.masked_fill(future, float("-inf")).softmax(-1) @ v
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, time, width))
        gate, up = self.gate_up(self.feed_norm(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Network(nn.Module):
    """Token ids [batch, time] -> the last hidden state [batch, time, width]; `logits` is the tied head."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, shape.epsilon)
        head = shape.width // shape.heads
        angles = shape.rope_base ** (-torch.arange(0, head, 2).float() / head)
        turns = torch.outer(torch.arange(shape.context).float(), angles)
        self.register_buffer("cos", turns.cos(), persistent=False)
        self.register_buffer("sin", turns.sin(), persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                spread = 1.0 if name.startswith("embedding") else 0.5 * shape.width**-0.5
                if name.endswith(("out.weight", "down.weight")):
                    spread = 0.0  # a layer says nothing before it has learnt something
                nn.init.normal_(weight, std=spread)
        # Embeddings of size 1, so that what Muon adds by steps of fixed size does not drown them; hence a quiet head.
        nn.init.constant_(self.norm.weight, 0.05)
        with torch.no_grad():
            self._teach_to_copy()

    def _teach_to_copy(self) -> None:
        """Set three heads by hand, so that the untrained network already repeats what followed a like token before.

        Such induction heads (arXiv 2209.11895) are what copies a host or a number from a prompt into an answer. Left to
        itself a network this small finds them only after some ten million tokens; given them, it trains from there.
        A head of the first layer looks one position back and notes the code of the token there in dimensions that the
        embedding leaves free; two heads of the next look for notes like their own token, and pass on whatever token
        they find them at. All of it is ordinary weights, free to change.
        """
        width, head = self.shape.width, self.shape.width // self.shape.heads
        half = head // 2
        slow = torch.arange(half - 14, half)  # pairs that hardly turn with the distance, so they compare content
        code = torch.cat([slow, slow + half])  # places in a head
        notes = torch.arange(width - 1 - len(code), width - 1)  # dimensions of the stream
        constant = width - 1
        content = torch.arange(width - 1 - len(code))
        self.embedding.weight[:, notes] = 0
        self.embedding.weight[:, constant] = 4.0
        encode = torch.randn(len(code), len(content)) / len(content) ** 0.5
        angles = self.shape.rope_base ** (-torch.arange(half) / half)
        fast = torch.arange(8)

        back = self.blocks[0]
        q, k, v = (back.qkv.weight[i * width : i * width + head] for i in range(3))
        q[:] = k[:] = v[:] = 0
        q[fast, constant], q[fast + half, constant] = 1.6 * angles[:8].cos(), -1.6 * angles[:8].sin()
        k[fast, constant] = 1.6
        v[: len(code), content] = encode
        back.out.weight[notes, torch.arange(len(code))] = 2.0

        find = self.blocks[1]
        for start in (0, head):
            rows = slice(start, start + head)
            q, k, v = (find.qkv.weight[i * width :][rows] for i in range(3))
            passed_on = torch.randn(head, len(content)) / len(content) ** 0.5
            q[:] = k[:] = v[:] = 0
            q[code[:, None], content] = 3.0 * encode
            k[code, notes] = 3.0
            v[:, content] = passed_on
            find.out.weight[content, rows] = 3.0 * passed_on.T

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        time = ids.shape[1]
        cos, sin = self.cos[:time].to(x.dtype), self.sin[:time].to(x.dtype)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embedding.weight)

    def config(self) -> dict[str, float | int]:
        return asdict(self.shape)

    def take(self, weights: Path) -> None:
        """Begin with the weights of the kit, for when the checkpoint they came from is gone.

        They hold the gains of a layer's norms multiplied into its matrices, so those gains are 1 here; and they are
        rounded to int8, which training soon makes up for.
        """
        with np.load(weights, allow_pickle=False) as arrays, torch.no_grad():
            for name, parameter in self.named_parameters():
                short = name.removeprefix("blocks.").removesuffix(".weight")
                if short not in arrays:
                    parameter.fill_(1.0)
                    continue
                values = arrays[short].astype(np.float32)
                if f"{short}.scale" in arrays:
                    values *= arrays[f"{short}.scale"][:, None]
                parameter.copy_(torch.from_numpy(values))
