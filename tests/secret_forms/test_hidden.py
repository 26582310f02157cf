"""What a person does not see, and what only looks as if it were hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.secret_forms.hidden import hidden, visible
from tests.host.any_request import patient


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb", "a⟨U+200B ZERO WIDTH SPACE⟩b"),
        ("a\u2066b", "a⟨U+2066 LEFT-TO-RIGHT ISOLATE⟩b"),
        ("\x1b[2Jb", "⟨U+001B⟩[2Jb"),
        ("a\rb", "a⟨U+000D⟩b"),
        ("a\u00adb", "a⟨U+00AD SOFT HYPHEN⟩b"),
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
@given(st.text())
def test_what_is_visible_hides_nothing_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert hidden(shown) == 0
    assert visible(shown) == shown
    assert (shown == text) == (hidden(text) == 0)
