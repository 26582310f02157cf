"""Text to token ids and back: byte-level pair encoding, read from a JSON file. Knows nothing of the model.

Digits and signs stand alone. A word is coded without the space before it, so an identifier has one spelling wherever
it stands (`orders`, `"orders"`, `/orders`) and the model can copy it token by token; only frequent words own a second
token with their space. Text can never become a control token: those are placed by `encode_chat` alone.
"""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypedDict, cast

PIECE = re.compile(r" ?[^\W\d_]+|.", re.DOTALL)
"""A word with the space before it, or one other character."""

SPACE = b" "


class TokenizerFile(TypedDict):
    """The JSON file: control tokens, merges in the order they were learnt, words that own a token with their space."""

    control: list[str]
    merges: list[str]
    words: list[str]


class Tokenizer:
    """A tokenizer. The ids run: control tokens, the 256 bytes, one for each merge, one for each word with its space."""

    def __init__(self, file: TokenizerFile) -> None:
        merges = [cast("tuple[str, str]", tuple(merge.split(" "))) for merge in file["merges"]]
        self.control = {name: i for i, name in enumerate(file["control"])}
        self.first_byte = len(self.control)
        self.tokens: list[bytes] = [name.encode() for name in file["control"]]
        self.tokens += [bytes([value]) for value in range(256)]
        self.tokens += [(left + right).encode() for left, right in merges]
        self.tokens += [b" " + word.encode() for word in file["words"]]
        self._ids = {token: i for i, token in enumerate(self.tokens) if i >= self.first_byte}
        self._ranks = {(left.encode(), right.encode()): rank for rank, (left, right) in enumerate(merges)}
        self._known: dict[str, list[int]] = {}

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        return cls(cast("TokenizerFile", json.loads(path.read_text(encoding="utf-8"))))

    @property
    def end(self) -> int:
        """The control token that closes every turn; a model that draws it has finished."""
        return self.control["<|end|>"]

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str) -> list[int]:
        """The ids of any text, without control tokens. A lone surrogate, which no text file can hold, becomes "?"."""
        return [i for piece in PIECE.findall(text) for i in self._piece(piece)]

    def encode_chat(self, system: str, turns: Sequence[tuple[str, str]]) -> list[int]:
        """The ids of a conversation, ("user" | "assistant", text) pairs, up to where the assistant begins to speak."""
        ids: list[int] = []
        if system:
            ids += [self.control["<|system|>"], *self.encode(system)]
        for role, text in turns:
            ids += [self.control[f"<|{role}|>"], *self.encode(text)]
            if role == "assistant":
                ids.append(self.end)
        return [*ids, self.control["<|assistant|>"]]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of the ids; bytes that are not UTF-8, as in a character cut in half, become U+FFFD."""
        return b"".join(self.tokens[i] for i in ids).decode("utf-8", "replace")

    def _piece(self, piece: str) -> list[int]:
        known = self._known.get(piece)
        if known is None:
            known = self._merge(piece.encode("utf-8", "replace"))
            if len(self._known) < 50_000:
                self._known[piece] = known
        return known

    def _merge(self, piece: bytes) -> list[int]:
        """Join the pair that was learnt first, again and again, until none is left."""
        if piece in self._ids:
            return [self._ids[piece]]
        if piece.startswith(SPACE):
            return [self._ids[SPACE], *self._merge(piece[1:])]
        parts = [bytes([value]) for value in piece]
        while len(parts) > 1:
            rank, at = min((self._ranks.get(pair, len(self._ranks)), i) for i, pair in enumerate(pairwise(parts)))
            if rank == len(self._ranks):
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [self._ids[part] for part in parts]
