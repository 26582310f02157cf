"""Learn the tokenizer from the corpus: `python -m training.tokenizer_train`. A new one needs new weights."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

from labkit.models.tiny.tokenizer import PIECE, TokenizerFile
from training.corpus import examples
from training.grammar.slots import HELD_OUT_WORDS, WORDS

CONTROL = ["<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
VOCABULARY = 2048
MERGES = 859


def count_pieces(number: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for example in examples(seed=1, number=number):
        for text in (example.system, *(part for turn in example.turns for part in turn)):
            counts.update(PIECE.findall(text))
    return counts


def frequent_words(counts: Counter[str], number: int) -> list[str]:
    """Words that own a token with their space. The slots' words do not: they are copied, so they have one spelling."""
    never = set(WORDS) | set(HELD_OUT_WORDS)
    words = [piece[1:] for piece, _ in counts.most_common() if piece[0] == " " and len(piece) > 1 and piece.isascii()]
    return [word for word in words if word not in never][:number]


def learn_merges(counts: Counter[str], number: int) -> list[str]:
    """Pairs to join, the most frequent first; ties go to the pair that sorts first, so that the result is one."""
    bodies: Counter[str] = Counter()
    for piece, count in counts.items():
        body = piece.strip(" ")
        if len(body) > 1 and body.isascii():
            bodies[body] += count
    words = {tuple(body): count for body, count in bodies.most_common(12_000)}
    merges: list[str] = []
    while len(merges) < number:
        pairs: Counter[tuple[str, str]] = Counter()
        for parts, count in words.items():
            for pair in pairwise(parts):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(" ".join(best))
        words = {_join(parts, best): count for parts, count in words.items()}
    return merges


def _join(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    if pair[0] not in parts:
        return parts
    out: list[str] = []
    for part in parts:
        if out and out[-1] == pair[0] and part == pair[1]:
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=60_000)
    parser.add_argument("--out", type=Path, default=Path("labkit/models/tiny/tokenizer.json"))
    options = parser.parse_args()
    counts = count_pieces(options.examples)
    words = frequent_words(counts, VOCABULARY - len(CONTROL) - 256 - MERGES)
    file = TokenizerFile(control=CONTROL, merges=learn_merges(counts, MERGES), words=words)
    options.out.write_text(json.dumps(file, ensure_ascii=True, indent=0) + "\n", encoding="utf-8")
    print(len(CONTROL) + 256 + len(file["merges"]) + len(words), "tokens in", options.out)


if __name__ == "__main__":
    main()
