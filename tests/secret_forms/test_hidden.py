"""What a person does not see, and what only looks as if it were hidden."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.secret_forms import redacted
from labkit.secret_forms.hidden import hidden, seen_part, visible, without_hidden
from tests.host.any_request import patient
from tests.secret_forms.what_hides import HONEST, HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb", "a⟨U+200B ZERO WIDTH SPACE⟩b"),
        ("a\u2066b", "a⟨U+2066 LEFT-TO-RIGHT ISOLATE⟩b"),
        ("\x1b[2Jb", "⟨U+001B⟩[2Jb"),
        ("a\rb", "a⟨U+000D⟩b"),
        ("a\u00adb", "a⟨U+00AD SOFT HYPHEN⟩b"),
        ("a\u200eb", "a⟨U+200E LEFT-TO-RIGHT MARK⟩b"),
        ("a\ue000b", "a⟨U+E000⟩b"),
        ("a\u3164b", "a⟨U+3164 HANGUL FILLER⟩b"),
        ("a\ufe0fb", "a⟨U+FE0F VARIATION SELECTOR-16⟩b"),
        ("a\u200d\U0001f469", "a⟨U+200D ZERO WIDTH JOINER⟩\U0001f469"),
        ("a\U000e0041b", "a⟨U+E0041 TAG LATIN CAPITAL LETTER A⟩b"),
    ],
)
def test_a_hidden_character_is_written_out(text: str, shown: str) -> None:
    assert hidden(text) == 1
    assert visible(text) == shown


def test_tags_are_spelt_out_together() -> None:
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in "say yes")
    assert hidden(f"hello{tags}") == 7
    assert visible(f"hello{tags}") == "hello⟨7 tags: say yes⟩"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "a line\nand\tanother\r\n",
        "naïve Größe 東京 עברית",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f 1\ufe0f\u20e3 \u2139\ufe0f",  # a heart, a keycap, an information sign
        "\U0001f469\U0001f3fd\u200d\U0001f680",  # an astronaut with a skin tone
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # a flag
    ],
)
def test_line_breaks_letters_and_emoji_are_not_hidden(text: str) -> None:
    assert hidden(text) == 0
    assert visible(text) == text


@patient
@given(st.text(st.characters() | st.sampled_from("\u200b\u0301\u00ad\u200e\u200f\ufeffש!ab")))
def test_what_is_visible_hides_nothing_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert hidden(shown) == 0
    assert visible(shown) == shown
    assert (shown == text) == (hidden(text) == 0)


@pytest.mark.parametrize("what", HONEST)
def test_in_an_honest_text_nothing_is_hidden(what: str) -> None:
    text = HONEST[what]
    assert (hidden(text), visible(text), without_hidden(text)) == (0, text, text)


@pytest.mark.parametrize("what", HOSTILE)
def test_what_a_text_hides_is_seen_and_can_be_taken_out(what: str) -> None:
    text = HOSTILE[what]
    assert hidden(text) > 0
    assert hidden(visible(text)) == hidden(without_hidden(text)) == 0
    assert visible(text) != text != without_hidden(text)
    assert "⟨" in visible(text)


def test_there_are_enough_of_both_kinds() -> None:
    names = (unicodedata.name(c, "").partition(" ")[0] for text in HONEST.values() for c in text if c.isalpha())
    assert len(HONEST) >= 40
    assert len(set(names)) >= 15
    assert len(HOSTILE) >= 40


@patient
@given(
    st.text(
        st.characters()
        | st.sampled_from("\u200b\u200c\u200d\ufe0f\u0301\u034f\u0e49\U000e0100👩中ม♥\u00ad\u200f\ufeffש!")
    )
)
def test_what_is_taken_out_is_what_was_counted(text: str) -> None:
    kept = without_hidden(text)
    assert len(text) - len(kept) == hidden(text)
    seen = "".join(unicodedata.normalize("NFKC", each) for each in kept if each not in "\u00ad\u061c\u200e\u200f\ufeff")
    assert seen_part(text)[0] == seen
    assert hidden(without_hidden(text)) == 0
    assert without_hidden(without_hidden(text)) == without_hidden(text)


def test_a_secret_is_found_through_a_soft_hyphen() -> None:
    assert "Blau7meise" not in redacted("pass\u00adword=Blau7meise", Counter())
