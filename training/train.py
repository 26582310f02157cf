"""Train the model on the corpus: `python -m training.train --out RUN`, later the same with `--resume`.

The learning rate rises, then stays: a run can go on for as long as wished, and is resumed from `RUN/last.pt`.
`--finish TOKENS` takes that checkpoint, lowers the rate to nothing over so many tokens and writes `RUN/final.pt`, from
which `training.export` makes the weights; the run itself can still be resumed from `last.pt`. Ctrl-C and a plain `kill`
end the run after the step that it is in, and save. A checkpoint made on a GPU can be resumed without one.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own name for it
from numpy.typing import NDArray
from torch import Tensor

from labkit.models.tiny.tokenizer import Tokenizer
from training import corpus
from training.network import Network, Shape

Batch = tuple[Tensor, Tensor, int]  # ids [batch, time], weight of predicting the next token [batch, time], real tokens
SHARD = 20_000
COPYING_UNTIL = 1_000_000
COPYING = 0.03  # share of its batches later on
MUON_RATE, EMBEDDING_RATE, GAIN_RATE = 0.015, 1e-2, 3e-3


def batches(tokenizer: Tokenizer, seed: int, start: int, size: int) -> Iterator[tuple[int, Batch]]:
    """Batches of examples of like length, and the number of their shard, which is drawn from a seed of its own."""
    number = start
    while True:
        examples = corpus.shard(tokenizer, seed * 1_000_003 + number, SHARD)
        random = np.random.default_rng((seed, number))
        order = np.argsort([len(ids) + random.random() * 8 for ids, _ in examples])
        groups: list[list[int]] = [[]]
        for i in order:
            longest = len(examples[i][0])
            if groups[-1] and (len(groups[-1]) + 1) * longest > size:
                groups.append([])
            groups[-1].append(int(i))
        for g in random.permutation(len(groups)):
            yield number, _pad([examples[i] for i in groups[g]], random)
        number += 1


def _pad(examples: list[tuple[NDArray[np.uint16], NDArray[np.float32]]], random: np.random.Generator) -> Batch:
    time_steps = -(-max(len(ids) for ids, _ in examples) // 16) * 16
    ids = np.zeros((len(examples), time_steps), np.int64)
    weight = np.zeros((len(examples), time_steps), np.float32)
    for row, (tokens, counts) in enumerate(examples):
        n = len(tokens)
        ids[row, :n] = tokens
        # One-word answers would hardly be heard among the sentences, so they speak louder.
        weight[row, : n - 1] = counts[1:] * max(1.0, 8.0 / np.count_nonzero(counts))
        prompt = (weight[row, : n - 1] == 0) & (random.random(n - 1) < 0.1)
        weight[row, : n - 1][prompt] = 0.3
    return torch.from_numpy(ids), torch.from_numpy(weight), sum(len(tokens) for tokens, _ in examples)


def copying(random: np.random.Generator, vocabulary: int, first: int, size: int) -> Batch:
    """Random tokens said three times over: the quickest way for attention to learn to copy.

    Half of the batches use a few different tokens only. There the last token does not say what comes next, as in
    `91.91` or `anchor_anchor`; the two or three before it do.
    """
    length = int(random.integers(8, 60))
    rows = max(1, size // (3 * length))
    part = random.integers(first, vocabulary, (rows, length))
    if random.random() < 0.5:
        few = random.integers(first, vocabulary, (rows, int(random.integers(length // 3, length))))
        part = np.take_along_axis(few, random.integers(0, few.shape[1], (rows, length)), 1)
    ids = np.concatenate([part, part, part], 1)
    weight = np.zeros(ids.shape, np.float32)
    weight[:, length:-1] = 1.0
    return torch.from_numpy(ids), torch.from_numpy(weight), ids.size


def loss_of(network: Network, forward: Callable[[Tensor], Tensor], batch: Batch) -> tuple[Tensor, float]:
    """The weighted mean loss, and the share of answer tokens that the model would have chosen itself."""
    ids, weight, _ = batch
    chosen = torch.nonzero(weight.reshape(-1) > 0)[:, 0]
    # Filled up to a multiple of 256 with places of no weight: oneDNN keeps a plan, and memory, for each size it meets.
    spare = -len(chosen) % 256
    weights = F.pad(weight.reshape(-1)[chosen], (0, spare))
    chosen = F.pad(chosen, (0, spare))
    following = F.pad(ids, (0, 1))[:, 1:].reshape(-1)[chosen]
    with torch.autocast(ids.device.type, torch.bfloat16):
        hidden = forward(ids).reshape(-1, network.shape.width)[chosen]
        logits = network.logits(hidden)
    losses = F.cross_entropy(logits.float(), following, reduction="none")
    answers = weights >= 1
    right = (logits.argmax(-1) == following)[answers].float().mean().item()
    return (losses * weights).sum() / weights.sum(), right


class Optimizers:
    """Muon for the matrices, AdamW for the embedding and the norms."""

    def __init__(self, network: Network) -> None:
        matrices = [p for n, p in network.named_parameters() if p.dim() == 2 and not n.startswith("embedding")]
        gains = [p for p in network.parameters() if p.dim() != 2]
        self.muon = torch.optim.Muon(matrices, lr=MUON_RATE, momentum=0.95, weight_decay=0.01, adjust_lr_fn="original")
        self.adam = torch.optim.AdamW(
            [{"params": [network.embedding.weight]}, {"params": gains}],
            betas=(0.9, 0.98),
            weight_decay=0.0,
        )

    def step(self, factor: float) -> None:
        groups = [*self.muon.param_groups, *self.adam.param_groups]
        for group, rate in zip(groups, (MUON_RATE, EMBEDDING_RATE, GAIN_RATE), strict=True):
            group["lr"] = rate * factor
        for optimizer in (self.muon, self.adam):
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state(self) -> dict[str, object]:
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load(self, state: dict[str, dict[str, object]]) -> None:
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])


def save(path: Path, network: Network, optimizers: Optimizers, progress: dict[str, float]) -> None:
    """Written beside and put in place, so that a kill leaves the former checkpoint whole."""
    beside = path.with_suffix(".part")
    state = {
        "config": network.config(),
        "weights": network.state_dict(),
        "optimizers": optimizers.state(),
        "progress": progress,
    }
    torch.save(on_cpu(state), beside)
    beside.replace(path)


def on_cpu(state: object) -> object:
    """The same with its tensors in the processor's memory: whoever loads it may have no GPU."""
    if isinstance(state, Tensor):
        return state.cpu()
    if isinstance(state, Mapping):
        return {name: on_cpu(value) for name, value in state.items()}
    return [on_cpu(value) for value in state] if isinstance(state, list) else state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoints and log")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--weights", type=Path, help="begin with the kit's weights.npz, when its checkpoint is gone")
    parser.add_argument("--finish", type=float, default=0, metavar="TOKENS")
    parser.add_argument("--rate", type=float, default=1.0, help="factor on the learning rate")
    parser.add_argument("--tokens", type=float, default=200e6, help="stop after so many tokens in all")
    parser.add_argument("--batch", type=int, default=4096, help="tokens in a batch")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="the processor, or one GPU")
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    parser.add_argument("--compile", action="store_true", help="a sixth faster; needs a C++ compiler")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    last = options.out / "last.pt"
    if (options.resume or options.finish) and not last.exists():
        parser.error(f"there is no {last} to go on from: train first, without --resume and --finish")
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("this torch sees no GPU: leave --device out to train on the processor")
    device = torch.device(options.device)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.load(Path("labkit/models/tiny/tokenizer.json"))
    network = Network(Shape(vocabulary=len(tokenizer))).to(device)
    optimizers = Optimizers(network)
    progress: dict[str, float] = {"step": 0, "tokens": 0, "shard": 0, "seconds": 0}
    if options.resume or options.finish:
        # What is loaded goes to where the parameters are; only the counts of AdamW's steps stay with the processor.
        state = torch.load(last, map_location="cpu", weights_only=True)
        network.load_state_dict(state["weights"])
        optimizers.load(state["optimizers"])
        progress = state["progress"]
        progress["shard"] += 1  # the rest of the shard that was open is let go
    elif options.weights:
        network.take(options.weights)
        progress["tokens"] = COPYING_UNTIL  # it can copy
    forward = torch.compile(network, dynamic=True) if options.compile else network
    start_tokens = progress["tokens"]
    end = start_tokens + options.finish if options.finish else options.tokens
    target = options.out / "final.pt" if options.finish else last
    random = np.random.default_rng((options.seed, int(progress["step"])))
    losses: list[float] = []
    rights: list[float] = []
    began, saved = time.time(), time.time()
    stop = []
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, lambda *_: stop.append(True))
    print(sum(p.numel() for p in network.parameters()), "parameters", network.config(), flush=True)
    for number, drawn in batches(tokenizer, options.seed, int(progress["shard"]), options.batch):
        progress["shard"] = number
        warm = random.random() < max(COPYING, 0.4 * (1 - progress["tokens"] / COPYING_UNTIL))
        ids, weight, size = copying(random, len(tokenizer), tokenizer.first_byte, options.batch) if warm else drawn
        batch = ids.to(device), weight.to(device), size
        factor = min(1.0, (progress["step"] + 1) / 100)
        if options.finish:
            factor = max(0.01, 1 - (progress["tokens"] - start_tokens) / options.finish)
        loss, right = loss_of(network, forward, batch)
        loss.backward()
        optimizers.step(factor * options.rate)
        progress["step"] += 1
        progress["tokens"] += batch[2]
        if not warm:
            losses.append(loss.item())
            rights.append(right)
        if progress["step"] % 100 == 0:
            passed = time.time() - began
            record = {
                "step": progress["step"],
                "Mtokens": round(progress["tokens"] / 1e6, 2),
                "tokens/s": round((progress["tokens"] - start_tokens) / passed),
                "loss": round(float(np.mean(losses[-200:])), 4),
                "right": round(float(np.mean(rights[-200:])), 4),
                "minutes": round(passed / 60, 1),
            }
            with (options.out / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(record) + "\n")
            print(json.dumps(record), flush=True)
        if time.time() - saved > 120:
            saved = time.time()
            save(target, network, optimizers, progress)
        if stop or progress["tokens"] >= end:
            break
    save(target, network, optimizers, progress)


if __name__ == "__main__":
    main()
