"""Every figure of a text is held against the facts: what is false, or of another thing, is marked, and little else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.analysis.fact import Fact
from servers.analysis.figures import MOST_FIGURES, check_figures, marked
from servers.analysis.findings import Findings
from servers.analysis.narrative import Narrative, checked, narrative_question
from servers.analysis.quantities import quantities
from servers.analysis.quantities.tokens import words_of
from servers.analysis.table import Table
from tests.cpu import cpu
from tests.servers.figure_sentences import CAFE, DESK, OF_CAFE, OF_DESK, OF_SHOP, OF_WARD, SHOP, WARD


def sentences() -> Iterator[tuple[list[Fact], str, list[tuple[int, int]]]]:
    """The facts, the text without its braces, and where in it the false figures are."""
    for facts, lines in ((SHOP, OF_SHOP), (DESK, OF_DESK), (CAFE, OF_CAFE), (WARD, OF_WARD)):
        for line in lines.strip().split("\n"):
            given = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), line.replace("\\n", "\n"))
            text, false = "", [0, 0]
            places: list[tuple[int, int]] = []
            for part in re.split(r"([{}])", given):
                if part == "{":
                    false[0] = len(text)
                elif part == "}":
                    places.append((false[0], len(text)))
                else:
                    text += part
            yield facts, text, places


def verdicts(text: str, facts: list[Fact] = SHOP) -> list[tuple[str, str]]:
    return [(claim.text, claim.verdict) for claim in check_figures(text, facts)]


def test_false_figures_are_marked_and_right_ones_are_not() -> None:
    missed: list[str] = []
    wronged: list[str] = []
    false = right = 0
    for facts, text, places in sentences():
        claims = check_figures(text, facts)
        assert all(text[claim.start : claim.end] == claim.text for claim in claims)
        for start, end in places:
            false += 1
            here = [claim for claim in claims if claim.start < end and claim.end > start]
            if all(claim.verdict == "right" for claim in here):
                missed.append(f"{text[start:end]!r} in {text!r}")
        if not places:
            right += len(claims)
            wronged += [f"{claim.text!r} in {text!r}" for claim in claims if claim.verdict != "right"]
    assert false >= 150
    assert right >= 200
    assert len(missed) <= false // 100, missed
    assert len(wronged) <= right // 20, wronged


BLIND = json.loads((Path(__file__).parent / "blind_figures.json").read_text(encoding="utf-8"))


def test_sentences_written_without_sight_of_this_are_judged_as_well() -> None:
    """Four hundred and forty right ones and as many with something false, over reports on years of operations."""
    figures: list[str] = []
    wronged: list[str] = []
    missed: list[str] = []
    for report in BLIND:
        facts = [Fact(*row) for row in report["facts"]]
        for text, false in report["sentences"]:
            claims = check_figures(text, facts)
            wrong = [claim.text for claim in claims if claim.verdict != "right"]
            if false and not wrong:
                missed.append(f"{false!r} in {text!r}")
            if not false:
                figures += [claim.text for claim in claims]
                wronged += [f"{each!r} in {text!r}" for each in wrong]
    assert len(figures) > 1300
    assert len(wronged) <= len(figures) // 50, wronged
    assert len(missed) <= 4, missed


def test_what_a_fact_says_of_itself_is_right() -> None:
    for report in BLIND[:3]:
        facts = [Fact(*row) for row in report["facts"]]
        for fact in facts:
            assert {claim.verdict for claim in check_figures(str(fact), facts)} <= {"right"}, fact


@pytest.mark.parametrize(
    "text",
    [
        "South earned more than North.", "The South is the strongest region.", "February was the best month.",
        "Revenue fell over the year.", "Centre earned less than North but more than the West.", "North came last.",
        "On 28 November it was 41,220 EUR, the lowest of the year.", "Profit came to 4,812,345.50 EUR.",
        "North holds 40 % of customers.", "North had 3 anomalies.", "The trend is downward.",
    ],
)  # fmt: skip
def test_an_order_or_a_direction_without_a_figure_is_held_against_the_facts_too(text: str) -> None:
    assert "false" in {verdict for _, verdict in verdicts(text)}


@pytest.mark.parametrize(
    "text",
    [
        "North earned more than South.", "The North is the strongest region.", "November was the best month.",
        "Revenue rose over the year.", "North earned more than South and East.", "Centre came last.",
        "One region is stronger than all others.", "February is short.", "The trend is upward.",
    ],
)  # fmt: skip
def test_a_right_order_has_no_mark(text: str) -> None:
    assert {verdict for _, verdict in verdicts(text)} <= {"right"}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("South earned 1.92 million EUR.", "total of revenue, region south: 1,203,086 EUR"),
        ("The median order brought 96.61 EUR.", "median of revenue: 71.5 EUR"),
        ("North's revenue fell by 12.4 %.", "change of revenue, region north, in 2025-01-01/2025-12-31: 12.4 %"),
        ("Revenue was 345,870 EUR in July.", "total of revenue, in 2025-07: 392,000 EUR"),
    ],
)
def test_the_right_figure_stands_beside_a_false_one(text: str, fact: str) -> None:
    claims = check_figures(text, SHOP)
    assert fact in [str(claim.fact) for claim in claims if claim.verdict == "false"]
    assert f"[false: {fact}]" in marked(text, claims)


@pytest.mark.parametrize(
    "text",
    [
        "1. First, look at p95 in v2 of step 3, as ticket INC-1042 says.",
        "Table 4 and figure 2 show more [1].",
        "One of the regions, for the first time, is on line 12.",
        "See https://example.invalid/2025/77 and [the page](/42).",
    ],
)
def test_what_counts_nothing_is_no_claim(text: str) -> None:
    assert verdicts(text) == []


@pytest.mark.parametrize(
    "figure",
    [
        "4\u200b0 %", "4\u00ad0 %", "4**0** %", "4<b>0</b> %", "4`0` %", "4_0 %", "&#52;0 %",
        "\uff14\uff10 %", "\u0664\u0660 %", "\U0001d7d2\U0001d7ce %", "\u2463 %", "\u56db\u5341 %",
        "4O %", "4\u041e %", "lO %", "\u0417O %", "4\u03360 %", "4\ufe0f\u20e30 %", "\u202e04\u202c %",
    ],
)  # fmt: skip
def test_a_disguised_number_is_unknown(figure: str) -> None:
    told = verdicts(f"North holds {figure} of revenue.")
    assert told
    assert {verdict for _, verdict in told} == {"unknown"}


@pytest.mark.parametrize(
    "text", ["**40 %** of revenue", "_40_ % of revenue", "`40` % of revenue", "<b>40 %</b> of revenue"]
)
def test_markup_round_a_number_is_none_within_it(text: str) -> None:
    assert [verdict for _, verdict in verdicts(f"North holds {text}.")] == ["right"]


def test_nothing_known_means_nothing_right() -> None:
    assert {
        verdict for _, verdict in verdicts("North earned 12 EUR, a third of it on 4 March, twice as much.", [])
    } == {"unknown"}


@pytest.mark.parametrize("text", ["Costs came to 1,924,938 EUR in the North.", "Daily costs peaked at 41,220 EUR."])
def test_what_is_said_of_another_column_is_not_right(text: str) -> None:
    assert "right" in {claim.verdict for claim in check_figures(text.replace("osts", "ash"), SHOP)}
    assert {claim.verdict for claim in check_figures(text, SHOP, ["revenue", "costs"])} == {"false"}


def test_a_figure_under_a_negation_is_unknown() -> None:
    assert verdicts("North does not hold 40 % of revenue.") == [("40 %", "unknown")]


@pytest.mark.parametrize(
    "unit",
    [
        "1 ", "9", "1,111", "a1", "*1", "<a", "1\n", "1.1.1.", "March 4 to ", "North and ", "hundred and two ", "|1",
        "(1 ", "the next day ", "1\u200b", " ", "\n ", "twice ", "a third of ", "12 % more than North in March, ", "£",
        "[",
    ],
)  # fmt: skip
def test_the_work_grows_with_the_text_and_no_faster(unit: str) -> None:
    def seconds(size: int) -> float:
        return cpu(lambda: check_figures((unit * size)[:size], DESK), runs=2)

    assert seconds(8_000) < 12 * max(seconds(2_000), 0.03)


def test_no_more_than_so_many_figures_are_looked_at() -> None:
    claims = check_figures("North holds 40 % of revenue. " * (MOST_FIGURES + 5), SHOP)
    assert [claim.verdict for claim in claims[-2:]] == ["unknown", "unknown"]
    assert claims[0].verdict == "right"


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("0123456789.,-% kKM€$\n|()*_'NorthMarchsecondandof½²\u200b\u0664"), max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    for claim in check_figures(text, DESK):
        assert text[claim.start : claim.end] == claim.text


@pytest.mark.parametrize("digit", ["0", "7"])
def test_no_digit_slips_by_unread_beside_a_unit(digit: str) -> None:
    for before in (" ", "(", "~", "=", ":", "€", "-", "\u2212", "|", '"', "/", "≈", "±"):
        text = f"Revenue{before}{digit}3 % x"
        assert quantities(words_of(text), ()), text


def findings(*facts: Fact) -> Findings:
    return Findings(Table("t", {}, 0, 0), "revenue", "sum", None, None, facts, (), None, (), (), (), ())


def test_a_question_is_the_facts_and_nothing_else() -> None:
    asked = narrative_question(findings(Fact("revenue", "total", 12.0, "EUR")), "Which region leads?")
    assert "12 EUR" in str(asked.messages)
    assert "Which region leads?" in str(asked.messages)
    assert asked == narrative_question(findings(Fact("revenue", "total", 12.0, "EUR")), "Which region leads?")


def test_a_checked_narrative_marks_what_is_false_and_lets_nothing_follow_from_it() -> None:
    told = Narrative(headline="North leads with 40 %.", sentences=["South holds 40 %.", "It earned 1.2M EUR."])
    seen = checked(told, SHOP)
    assert seen.kept == ("North leads with 40 %.", "It earned 1.2M EUR.")
    assert seen.marked == ("South holds 40 % [false: share of revenue, region south: 25 %].",)
    assert not seen.is_right
    assert seen.text.endswith("Figures: 3, of which 1 is not right.")
    assert checked(Narrative(headline="North leads with 40 %.", sentences=["Good."]), SHOP).is_right


@pytest.mark.parametrize(
    "told",
    [
        Narrative(headline="All is well.", sentences=["Sales are fine."]),
        Narrative(headline="", sentences=[""]),
        Narrative(headline="North leads with 40 %.", sentences=["x" * 1_000]),
        Narrative(headline="North leads with 40 %.", sentences=[f"Fine {'i' * n}." for n in range(50)]),
    ],
)
def test_nothing_follows_from_what_has_no_figure_or_was_not_read(told: Narrative) -> None:
    assert not checked(told, SHOP).is_right


def test_what_is_shown_hides_nothing() -> None:
    seen = checked(Narrative(headline="North\u202e leads.", sentences=["North leads.", "North leads."]), SHOP)
    assert "[U+202E]" in seen.text
    assert seen.dropped == ("North leads.",)
