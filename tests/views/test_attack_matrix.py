"""`plot_attacks`: a field for each defence and family with its figures, in both themes, and in words."""

import pytest

from labkit.attacks.report import Matrix
from labkit.views.attack_matrix import KEY, plot_attacks, tint
from labkit.views.drawing import PALETTES
from tests.attacks.test_report import fair, matrix, trial
from tests.views.test_bars import contrast

FOUND = matrix(
    trial("endless", wires=("legacy",)),
    trial("dull"),
    trial("endless", "none", wires=("auto",)),
    trial("quoted", family="hijack", wires=("auto",)),
    *fair(4, hindered=1, questions=2),
)


def test_each_field_has_its_figures_and_the_honest_stand_apart() -> None:
    attacks, honest = plot_attacks(FOUND).figure().axes
    assert [label.get_text() for label in attacks.get_xticklabels()] == ["theft", "hijack"]
    assert [label.get_text() for label in attacks.get_yticklabels()] == ["policy", "none"]
    texts = [text.get_text() for text in attacks.texts]
    assert texts == ["1/2", "9–91%", "1/1", "21–100%", "1/1", "21–100%", "–"]  # no hijack was tried without a defence
    assert [text.get_text() for text in honest.texts] == ["1/4", "5–70%", "2.0", "–", "–"]
    assert plot_attacks(FOUND).figure().get_supxlabel() == KEY


def test_the_picture_is_told_in_words_and_printed_as_the_table() -> None:
    shown = plot_attacks(FOUND)
    assert "policy, with obedient: 2 of 3 attacks succeeded, theft 1, hijack 1; 1 of 4 honest" in shown.alt
    assert str(shown) == str(FOUND)
    assert shown.alt in shown.stored()["text/html"]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("colour", ["a", "b"])
def test_figures_can_be_read_on_every_field(dark: bool, colour: str) -> None:
    palette = PALETTES[dark]
    fields = [tint(palette[colour], palette["page"], share / 20, dark) for share in range(21)]
    assert fields[0] == palette["page"]
    assert contrast(fields[1], fields[0]) >= 1.15  # one of twenty does not look like none
    assert len(set(fields)) == 21
    assert min(contrast(field, palette["ink"]) for field in fields) >= 4.5


def test_there_is_a_map_for_each_model() -> None:
    both = matrix(trial("a"), trial("a", model="tiny"), trial("a", model="cost $5 or $6"))
    assert len(plot_attacks(both).figure(dark=True).axes) == 6


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_attacks(Matrix(()))
