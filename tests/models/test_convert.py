"""What the conversions of all providers share."""

import pytest

from labkit.models.convert import spoken


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>Let me see.</think>\n\npositive", "positive"),
        ("<think>\n\n</think>\n\npositive", "positive"),
        (" \n<THINK>so</think>positive", "positive"),
        ("<think>one</think><think>two</think>positive", "positive"),
        ("<thinking>so</thinking> positive", "positive"),
        ("[THINK]so[/THINK]positive", "positive"),
        ("Okay, let me see.\n</think>\n\npositive", "positive"),  # the template wrote the opening mark
        ("<think>so</think>", ""),
        ("A <think> block comes first.", "A <think> block comes first."),
        ("positive <think>so</think>", "positive <think>so</think>"),
        ("The mark </think> closes it.\nSo it is.", "The mark </think> closes it.\nSo it is."),
        ("<think> is a mark of a template.", "<think> is a mark of a template."),
        ("<b>positive</b>", "<b>positive</b>"),
        ("", ""),
    ],
)
def test_a_thought_at_the_beginning_is_no_part_of_an_answer(text: str, answer: str) -> None:
    assert spoken(text) == answer


def test_a_thought_that_was_cut_leaves_nothing() -> None:
    assert spoken("<think>Let me", is_cut=True) == ""
    assert spoken("A <think> block", is_cut=True) == "A <think> block"
