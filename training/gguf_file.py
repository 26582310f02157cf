"""The kit's weights file as GGUF, so that llama.cpp can run the same model: `write`. Needs the package `gguf`.

Weights are those that int8 has rounded, in float32. llama.cpp turns neighbouring pairs, we turn halves, so the
rows of queries and keys are put in its order. Its pre-tokenizer "llama-bpe" takes a piece that is in the vocabulary as
it is and merges the others, which is our rule for words with their space.
"""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from labkit.models.tiny.tokenizer import Tokenizer

CHAT = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def write(path: Path, weights: Path, tokenizer: Path) -> None:
    with np.load(weights, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    shape = json.loads(str(arrays.pop("shape")))
    width, heads, hidden = shape["width"], shape["heads"], shape["hidden"]

    def matrix(name: str) -> NDArray[np.float32]:
        return arrays[name].astype(np.float32) * arrays[f"{name}.scale"][:, None]

    def paired(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Halves to neighbours within each head: 0, h, 1, h + 1, ..."""
        return rows.reshape(heads, 2, width // heads // 2, width).swapaxes(1, 2).reshape(width, width)

    out = gguf.GGUFWriter(path, "llama")
    out.add_name("tiny")
    out.add_context_length(shape["context"])
    out.add_embedding_length(width)
    out.add_block_count(shape["layers"])
    out.add_feed_forward_length(hidden)
    out.add_head_count(heads)
    out.add_head_count_kv(heads)
    out.add_layer_norm_rms_eps(shape["epsilon"])
    out.add_rope_dimension_count(width // heads)
    out.add_rope_freq_base(shape["rope_base"])
    out.add_vocab_size(shape["vocabulary"])
    _add_tokenizer(out, tokenizer)
    ones = np.ones(width, np.float32)  # the gains are multiplied into the matrices already
    out.add_tensor("token_embd.weight", matrix("embedding"))
    out.add_tensor("output_norm.weight", arrays["norm"].astype(np.float32))
    for i in range(shape["layers"]):
        q, k, v = np.split(matrix(f"{i}.qkv"), 3)
        gate, up = np.split(matrix(f"{i}.gate_up"), 2)
        tensors = {
            "attn_norm": ones, "ffn_norm": ones, "attn_q": paired(q), "attn_k": paired(k), "attn_v": v,
            "attn_output": matrix(f"{i}.out"), "ffn_gate": gate, "ffn_up": up, "ffn_down": matrix(f"{i}.down"),
        }  # fmt: skip
        for name, tensor in tensors.items():
            out.add_tensor(f"blk.{i}.{name}.weight", np.ascontiguousarray(tensor))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def _add_tokenizer(out: gguf.GGUFWriter, path: Path) -> None:
    tokenizer = Tokenizer.load(path)
    letters = _byte_letters()

    def spelt(token: bytes) -> str:
        return "".join(letters[value] for value in token)

    controls = tokenizer.first_byte
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("llama-bpe")
    out.add_token_list([token.decode() if i < controls else spelt(token) for i, token in enumerate(tokenizer.tokens)])
    out.add_token_types(
        [gguf.TokenType.CONTROL if i < controls else gguf.TokenType.NORMAL for i in range(len(tokenizer))]
    )
    merges = json.loads(path.read_text(encoding="utf-8"))["merges"]
    out.add_token_merges([" ".join(spelt(part.encode()) for part in merge.split(" ")) for merge in merges])
    out.add_eos_token_id(tokenizer.end)
    out.add_pad_token_id(tokenizer.control["<|pad|>"])
    out.add_add_bos_token(False)
    out.add_chat_template(CHAT)


def _byte_letters() -> list[str]:
    """GPT-2's letter for each byte: printable ones stand for themselves, the others for letters from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [value for value in range(256) if value not in printable]
    return [chr(value) if value in printable else chr(256 + others.index(value)) for value in range(256)]
