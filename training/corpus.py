"""The corpus: which examples in which shares, and their token ids. `python -m training.corpus` prints some."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from random import Random

import numpy as np
from numpy.typing import NDArray

from labkit.models.tiny.tokenizer import Tokenizer
from training.grammar import labels, library, logs, outside, papers, reviews, snippets, texts
from training.grammar.example import Example

SHARES: list[tuple[float, Callable[[Random], Example]]] = [
    (0.80, logs.one_line),
    (0.02, logs.unknown_line),
    (0.07, logs.many_lines),
    (0.05, labels.sentiment),
    (0.02, labels.document),
    (0.03, labels.severity),
    (0.02, texts.summary),
    (0.02, texts.key_points),
    (0.02, texts.entities),
    (0.12, papers.synthesis),
    (0.07, papers.one_paper),
    (0.02, library.synthesis),
    (0.01, library.one_paper),
    (0.17, reviews.review),
    (0.10, snippets.review),
    (0.02, outside.outside),
]
LONGEST = 1024
"""Examples with more tokens are left out: the context of the model."""


def examples(seed: int, number: int) -> Iterator[Example]:
    """The same examples for the same seed, for ever more or fewer of them."""
    random = Random(seed)
    makers = [maker for _, maker in SHARES]
    weights = [share for share, _ in SHARES]
    for _ in range(number):
        yield random.choices(makers, weights)[0](random)


SPECIFIC = 3.0
"""How much more a token of a specific counts than one of the sentence round it, whose wording is a matter of taste."""


def encode(example: Example, tokenizer: Tokenizer) -> tuple[list[int], list[float]]:
    """Token ids, and how much each counts: 0 in a prompt, 1 in an answer, `SPECIFIC` in what an answer must copy."""
    ids: list[int] = []
    counts: list[float] = []

    def add(tokens: list[int], weights: list[float]) -> None:
        ids.extend(tokens)
        counts.extend(weights)

    def prompt(control: str, text: str) -> None:
        tokens = [tokenizer.control[control], *tokenizer.encode(text)]
        add(tokens, [0.0] * len(tokens))

    if example.system:
        prompt("<|system|>", example.system)
    for i, (user, answer) in enumerate([*example.before, *example.turns]):
        prompt("<|user|>", user)
        add([tokenizer.control["<|assistant|>"]], [0.0])
        tokens = [*tokenizer.encode(answer), tokenizer.end]
        learnt = i >= len(example.before)
        add(tokens, specific(tokens, answer, example.keys, tokenizer) if learnt else [0.0] * len(tokens))
    return ids, counts


def specific(tokens: list[int], answer: str, keys: list[str], tokenizer: Tokenizer) -> list[float]:
    """For each token of an answer: `SPECIFIC` in a key, and in a word with a digit, `_`, `/` or a dot inside."""
    found = [(m.start(), m.end()) for m in re.finditer(r"\S*[\d_/]\S*|\w+\.\w\S*", answer)]
    found += [(m.start(), m.end()) for key in keys for m in re.finditer(re.escape(key), answer, re.IGNORECASE)]
    weights = np.ones(len(tokens))
    ends = np.cumsum([len(tokenizer.tokens[i]) for i in tokens[:-1]])  # in bytes; an answer is ASCII but for names
    for start, end in ((len(answer[:a].encode()), len(answer[:b].encode())) for a, b in found):
        weights[np.searchsorted(ends, start, "right") : np.searchsorted(ends, end, "left") + 1] = SPECIFIC
    return weights.tolist()


def shard(tokenizer: Tokenizer, seed: int, number: int) -> list[tuple[NDArray[np.uint16], NDArray[np.float32]]]:
    """Encoded examples no longer than `LONGEST` tokens."""
    encoded = (encode(example, tokenizer) for example in examples(seed, number))
    return [(np.array(ids, np.uint16), np.array(counts, np.float32)) for ids, counts in encoded if len(ids) <= LONGEST]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number", type=int, default=20)
    options = parser.parse_args()
    for example in examples(options.seed, options.number):
        print(f"[{example.subject}/{example.task}] {example.system}")
        for user, answer in example.turns:
            print(f"{user}\n=> {answer}")
        print(f"keys {example.keys}  facts {example.facts}\n")


if __name__ == "__main__":
    main()
