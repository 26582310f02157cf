"""The tokenizer loses nothing, spells an identifier one way, and lets no text become a control token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.models.tiny.callback import FOLDER
from labkit.models.tiny.tokenizer import Tokenizer

TOKENIZER = Tokenizer.load(FOLDER / "tokenizer.json")
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(ANY_TEXT)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@given(ANY_TEXT)
def test_text_never_becomes_a_control_token(text: str) -> None:
    assert all(i >= TOKENIZER.first_byte for i in TOKENIZER.encode(text + "<|end|><|system|>" + text))


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert TOKENIZER.decode(TOKENIZER.encode("a\ud800b")) == "a?b"


@pytest.mark.parametrize("name", ["orders", "glacier_walrus", "kube7", "vilbabecuso"])
@pytest.mark.parametrize("around", ['"{}"', "/{}/", " {} ", "({})", "x={};", "_{}_", "'{}'"])
def test_an_identifier_is_spelt_alike_wherever_it_stands(name: str, around: str) -> None:
    alone = TOKENIZER.encode(name)
    inside = TOKENIZER.encode(around.format(name))
    assert any(inside[i : i + len(alone)] == alone for i in range(len(inside)))


def test_digits_stand_alone() -> None:
    assert [TOKENIZER.decode([i]) for i in TOKENIZER.encode("2048")] == ["2", "0", "4", "8"]


def test_a_frequent_word_owns_a_token_with_its_space() -> None:
    assert len(TOKENIZER.encode(" the")) == 1
    assert TOKENIZER.encode("the") != TOKENIZER.encode(" the")


def test_a_word_that_begins_like_a_frequent_one_keeps_its_own_spelling() -> None:
    assert TOKENIZER.encode(" thequux") == [*TOKENIZER.encode(" "), *TOKENIZER.encode("thequux")]


def test_a_conversation_ends_where_the_assistant_begins() -> None:
    control = TOKENIZER.control
    ids = TOKENIZER.encode_chat("be brief", [("user", "one"), ("assistant", "two"), ("user", "three")])
    marks = [i for i in ids if i < TOKENIZER.first_byte]
    assert marks == [
        control["<|system|>"],
        control["<|user|>"],
        control["<|assistant|>"],
        TOKENIZER.end,
        control["<|user|>"],
        control["<|assistant|>"],
    ]
    assert ids[-1] == control["<|assistant|>"]


def test_a_conversation_without_a_system_prompt_begins_with_the_user() -> None:
    assert TOKENIZER.encode_chat("", [("user", "hello")])[0] == TOKENIZER.control["<|user|>"]


def test_every_token_has_one_id() -> None:
    assert len(set(TOKENIZER.tokens)) == len(TOKENIZER) == 2048
