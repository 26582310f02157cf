"""The corpus: which examples in which shares, and their token ids. `python -m training.corpus` prints some."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from random import Random

import numpy as np
from numpy.typing import NDArray

from labkit.models.tiny.tokenizer import Tokenizer
from training.grammar import labels, library, logs, outside, papers, reviews, snippets, texts
from training.grammar.example import Example

SHARES: list[tuple[float, Callable[[Random], Example]]] = [
    (0.32, logs.one_line),
    (0.02, logs.unknown_line),
    (0.04, logs.many_lines),
    (0.07, labels.sentiment),
    (0.03, labels.document),
    (0.04, labels.severity),
    (0.05, texts.summary),
    (0.04, texts.key_points),
    (0.04, texts.entities),
    (0.04, papers.synthesis),
    (0.04, papers.one_paper),
    (0.06, library.synthesis),
    (0.04, library.one_paper),
    (0.05, reviews.review),
    (0.07, snippets.review),
    (0.05, outside.outside),
]
LONGEST = 896
"""Examples with more tokens are left out: a prompt that fits the callback's room of 640, and an answer of 256."""


def examples(seed: int, number: int) -> Iterator[Example]:
    """The same examples for the same seed, for ever more or fewer of them."""
    random = Random(seed)
    makers = [maker for _, maker in SHARES]
    weights = [share for share, _ in SHARES]
    for _ in range(number):
        yield random.choices(makers, weights)[0](random)


def encode(example: Example, tokenizer: Tokenizer) -> tuple[list[int], list[bool]]:
    """Token ids, and for each whether it belongs to an answer and is to be learnt."""
    ids: list[int] = []
    learnt: list[bool] = []

    def add(tokens: list[int], answer: bool) -> None:
        ids.extend(tokens)
        learnt.extend([answer] * len(tokens))

    if example.system:
        add([tokenizer.control["<|system|>"], *tokenizer.encode(example.system)], False)
    for i, (user, answer) in enumerate([*example.before, *example.turns]):
        add([tokenizer.control["<|user|>"], *tokenizer.encode(user), tokenizer.control["<|assistant|>"]], False)
        add([*tokenizer.encode(answer), tokenizer.end], i >= len(example.before))
    return ids, learnt


def shard(tokenizer: Tokenizer, seed: int, number: int) -> list[tuple[NDArray[np.uint16], NDArray[np.bool_]]]:
    """Encoded examples no longer than `LONGEST` tokens."""
    encoded = (encode(example, tokenizer) for example in examples(seed, number))
    return [(np.array(ids, np.uint16), np.array(learnt, np.bool_)) for ids, learnt in encoded if len(ids) <= LONGEST]


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
