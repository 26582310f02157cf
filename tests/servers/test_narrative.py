"""What a model chooses is told by code: each figure is right and of its thing, and none of its own comes out."""

import json
import re
import sqlite3
from calendar import monthrange
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from servers.analysis.database import read_table
from servers.analysis.fact import Fact
from servers.analysis.findings import Findings, analyze
from servers.analysis.narrative import LONGEST_FACTS, Narrative, checked, narrative_question
from servers.analysis.operations import write_database
from servers.analysis.patterns import MONTHS, WEEKDAYS
from servers.analysis.telling import NotTold, Teller
from servers.analysis.texts import read_text

UNSEEN = (90_417, 90_418, 90_419)
"""Seeds of the made-up year that were not looked at while the sentences were written."""
CAFE = "day,branch,visitors\n" + "".join(
    f"{date(2026, 3, 1) + timedelta(day)},{branch},{220 if (day, branch) == (16, 'Old Town') else 20 + day * 37 % 11}\n"
    for day in range(61)
    for branch in ("Harbour", "Old Town")
)


@pytest.fixture(scope="module")
def cafe() -> Findings:
    return analyze(read_text(CAFE, "cafe"), "visitors")


def number_of(findings: Findings, about: str, measure: str, when: str = "") -> str:
    """The number by which a model names a fact."""
    [place] = [
        place
        for place, fact in enumerate(findings.facts, 1)
        if (fact.about, fact.measure, fact.when) == (about, measure, when)
    ]
    return f"f{place}"


def told(findings: Findings, *points: dict[str, Any]) -> str:
    return checked(Narrative.model_validate({"points": points}), findings).text


# What code writes


def test_a_fact_is_told_with_all_that_it_is_of(cafe: Findings) -> None:
    said = [Teller(cafe).each(fact) for fact in cafe.facts]
    assert said[:5] == [
        "There are 122 rows.",
        "The total of visitors was 3,235.",
        "The first day is 1 March 2026.",
        "The last day is 30 April 2026.",
        "There are 61 days.",
    ]
    assert "On 17 March 2026 daily visitors came to 249 where 50.00 was due, 398.0 % more." in said
    assert "In March 2026 the total of visitors was 1,741, the higher of the 2 whole months, 53.8 % of all." in said
    town = 'The total of visitors of branch "Old Town" was 1,713, the higher of the 2 by branch, 53.0 % of all.'
    assert town in said


def test_facts_are_compared_and_summed_where_that_says_something(cafe: Findings) -> None:
    teller = Teller(cafe)
    harbour, town = (
        next(each for each in cafe.facts if (each.about, each.measure) == (f"visitors, branch {name}", "total"))
        for name in ("Harbour", "Old Town")
    )
    assert teller.compared(harbour, town) == (
        'The total of visitors of branch Harbour was 1,522, the total of visitors of branch "Old Town" 1,713: '
        "the first is 191 less, 11.2 % less."
    )
    assert teller.together([harbour, town]) == (
        'Branch Harbour and branch "Old Town" together: the total of visitors was 3,235, 100.0 % of all.'
    )
    first, last = (next(each for each in cafe.facts if each.about == f"{which} day") for which in ("first", "last"))
    assert teller.compared(first, last) == "The first day is 1 March 2026, the last day 30 April 2026: 60 days apart."


@pytest.mark.parametrize(
    ("way", "one", "two"),
    [
        ("compared", ("visitors, branch Harbour", "total"), ("visitors, branch Harbour", "share")),
        ("compared", ("daily visitors", "mean"), ("visitors", "total")),
        ("compared", ("cafe", "rows"), ("days", "count")),
        ("compared", ("visitors", "total"), ("visitors", "total")),
        ("compared", ("visitors", "total"), ("first day", "date")),
        ("compared", ("visitors", "count"), ("visitors", "total")),
        ("together", ("daily visitors", "mean"), ("daily visitors", "median")),
        ("together", ("visitors", "total"), ("visitors, branch Harbour", "total")),
        ("together", ("visitors, branch Harbour", "total"), ("visitors, branch Harbour", "total")),
        ("together", ("first day", "date"), ("last day", "date")),
    ],
)
def test_what_says_nothing_is_not_told(way: str, one: tuple[str, str], two: tuple[str, str], cafe: Findings) -> None:
    facts = [next(each for each in cafe.facts if (each.about, each.measure) == of) for of in (one, two)]
    with pytest.raises(NotTold):
        Teller(cafe).compared(*facts) if way == "compared" else Teller(cafe).together(facts)


@pytest.mark.parametrize("seed", UNSEEN)
def test_what_is_told_of_a_year_is_what_the_rows_say(seed: int, tmp_path: Path) -> None:
    """Groups, months, weekdays, differences, sums and places in an order, reckoned again by SQL from the rows."""
    write_database(path := tmp_path / "year.db", seed)
    findings = analyze(read_table(path, "orders"), "rows")
    teller = Teller(findings)
    said = {teller.each(fact) for fact in findings.facts}
    with closing(sqlite3.connect(path)) as data:
        regions = data.execute(
            "SELECT region, count(*), min(date(placed_at)) FROM orders WHERE region NOTNULL GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()
        months = data.execute(
            "SELECT substr(placed_at, 1, 7), count(*), count(DISTINCT date(placed_at)) FROM orders GROUP BY 1 "
            "ORDER BY 2 DESC"
        ).fetchall()
        [(rows,)] = data.execute("SELECT count(*) FROM orders").fetchall()
        days = data.execute("SELECT date(placed_at), count(*) FROM orders GROUP BY 1").fetchall()
    all_regions = sum(number for _, number, _ in regions)
    of = {
        name: f"region {name}" + (f" (from {in_words(first)})" if first > "2025-02-01" else "")
        for name, _, first in regions
    }
    assert sum("from" in name for name in of.values()) == 1
    for place, (name, number, _) in enumerate(regions):
        order = {0: ", the highest of the 5 by region", 4: ", the lowest of the 5 by region"}.get(place, "")
        share = f"{100 * number / all_regions:.1f} % of all with a region"
        assert f"The number of orders of {of[name]} was {number:,}{order}, {share}." in said
    for place, (month, number, there) in enumerate(months):
        order = {0: ", the highest of the 12 whole months", 11: ", the lowest of the 12 whole months"}.get(place, "")
        name, lost = f"{MONTHS[int(month[5:]) - 1]} {month[:4]}", monthrange(2025, int(month[5:]))[1] - there
        name += f" ({lost} day{'s' if lost > 1 else ''} without values)" if lost else ""
        assert f"In {name} the number of orders was {number:,}{order}, {100 * number / rows:.1f} % of all." in said
    most = max(days, key=lambda day: day[1])
    assert f"The maximum of daily orders ({in_words(most[0])}) was {most[1]:,}." in said
    (one, first, _), (two, last, _) = regions[0], regions[-1]
    largest, smallest = (
        Fact(f"orders, region {name}", "count", number) for name, number in ((one, first), (two, last))
    )
    compared = teller.compared(*(next(each for each in findings.facts if each == fact) for fact in (largest, smallest)))
    assert f"{of[one]} was {first:,}, the number of orders of {of[two]} {last:,}: " in compared
    assert f"the first is {first - last:,} more, {first / last:.2f} times the second." in compared
    assert f"the number of orders was {first + last:,}, " in teller.together([largest, smallest])


def in_words(day: str) -> str:
    year, month, number = day.split("-")
    return f"{int(number)} {MONTHS[int(month) - 1]} {year}"


def test_a_day_that_one_group_lacks_is_told_of_the_group() -> None:
    gap = date(2026, 4, 1)
    rows = "".join(
        f"{day},{branch},{20 + number * 37 % 11 if (day, branch) != (gap, 'Harbour') else ''}\n"
        for number in range(61)
        for branch in ("Harbour", "Station")
        if (day := date(2026, 3, 1) + timedelta(number))
    )
    findings = analyze(read_text(f"day,branch,visitors\n{rows}", "cafe"), "visitors")
    said = [Teller(findings).each(fact) for fact in findings.facts]
    assert "There is 1 day without values of branch Harbour, on 1 April 2026." in said
    assert not any(re.match(r"There (is|are) \d+ days? without values[,.]", each) for each in said)
    assert "Missing, 2026-04-01: no values of branch Harbour." in findings.text()


def test_a_trend_is_told_of_whole_weeks_and_only_where_it_is_clear(cafe: Findings) -> None:
    assert "From 1 March to 30 April 2026 there is no clear rise or fall of daily visitors." in [
        Teller(cafe).each(fact) for fact in cafe.facts
    ]
    week = [10, 20, 30, 40, 50, 60, 700]  # a last day alone, which begins a week, is far below a week's mean
    rows = "".join(f"{date(2026, 1, 5) + timedelta(n)},{week[n % 7] + 2 * (n // 7)}\n" for n in range(7 * 16 + 1))
    findings = analyze(read_text(f"day,visitors\n{rows}", "cafe"), "visitors")
    [slope] = [fact for fact in findings.facts if fact.measure == "slope"]
    assert slope.value == pytest.approx(2 / 7)
    assert "rose by about 0.286 a day, the median slope" in Teller(findings).each(slope)


def test_a_last_day_that_is_not_whole_is_no_last_day() -> None:
    rows = "".join(
        f"{date(2026, 3, 1) + timedelta(number)}T{hour:02}:00:00,{20 + number * 37 % 11}\n"
        for number in range(61)
        for hour in ((3, 9, 15, 21) if number < 60 else (3,))
    )
    findings = analyze(read_text(f"at,visitors\n{rows}", "cafe"), "visitors")
    said = [Teller(findings).each(fact) for fact in findings.facts]
    assert {"There are 241 rows.", "The last whole day is 29 April 2026.", "There are 60 whole days."} <= {*said}
    assert any(each.startswith("The mean of daily visitors was ") and "the 60 whole days." in each for each in said)


def test_a_level_is_compared_as_what_it_is_a_median_of_and_no_view_contradicts_its_kind() -> None:
    rows = "".join(
        f"{date(2026, 1, 1) + timedelta(number)},{50 + 40 * (number > 99) + number * 37 % 11 + 200 * (number == 40)}\n"
        for number in range(180)
    )
    findings = analyze(read_text(f"day,visitors\n{rows}", "cafe"), "visitors")
    kinds = {each.kind: f"{each.day}" for each in findings.anomalies}
    assert kinds == {"spike": "2026-02-10", "shift": "2026-04-11"}
    level = next(each.when for each in findings.facts if each.when.startswith("2026-04-11/"))
    new, old = (number_of(findings, "daily visitors", measure, level) for measure in ("anomaly", "expected"))
    spike = number_of(findings, "daily visitors", "anomaly", "2026-02-10")
    assert told(findings, {"facts": [new, old], "how": "compared"}).startswith(
        "The median of daily visitors in the first weeks (four at most) of the time from 11 April to 29 June 2026 was "
        "95, the median of daily visitors in the weeks (four at most) before 11 April 2026 55: the first is 40 more"
    )
    for fact, view in ((spike, "a lasting change"), (new, "a single event")):
        assert f"[a point is left out: it takes for {view} what is none]" in told(
            findings, {"facts": [fact], "taken_for": view}
        )
    assert "(The model takes this for a lasting change.)" in told(
        findings, {"facts": [new], "taken_for": "a lasting change"}
    )


def test_every_fact_of_every_table_has_a_sentence(tmp_path: Path) -> None:
    write_database(path := tmp_path / "year.db", UNSEEN[0])
    for table, metric in (("orders", "revenue"), ("incidents", "rows"), ("latency", "p95_ms")):
        findings = analyze(read_table(path, table), metric)
        said = [Teller(findings).each(fact) for fact in findings.facts]
        assert all(re.fullmatch(r"\S.*\S\.", each) for each in said)
        assert not any("-" in each for each in said if "correlation" not in each), said
        weekdays = [each for each in said if any(f"on {day}s" in each for day in WEEKDAYS)]
        assert len(weekdays) in {0, 7}


# What the model chooses


def test_points_are_told_in_their_order_with_the_models_view_behind(cafe: Findings) -> None:
    total, peak = number_of(cafe, "visitors", "total"), number_of(cafe, "daily visitors", "maximum", "2026-03-17")
    points = [
        {"facts": [peak], "taken_for": "a single event", "look_at": "whoever was on duty"},
        {"facts": [total, peak, total]},
    ]
    result = checked(Narrative.model_validate({"points": points}), cafe)
    assert result.text == (
        "The maximum of daily visitors (17 March 2026) was 249. "
        "(The model takes this for a single event and would look at whoever was on duty.)\n"
        "The total of visitors was 3,235."
    )
    assert (result.is_right, result.faults) == (True, ())


@pytest.mark.parametrize(
    ("point", "mark"),
    [
        ({"facts": ["f999"]}, "[a point is left out: there is no fact f999]"),
        ({"facts": ["f0"]}, "[a point is left out: there is no fact f0]"),
        ({"facts": ["f2"], "how": "compared"}, "[a point is left out: it compares other than two facts]"),
        ({"facts": ["f1", "f2"], "how": "compared"}, "[a point is left out: it compares figures of different kinds]"),
        ({"facts": ["f1", "f2"], "how": "together"}, "[a point is left out: it adds up figures that do not add up]"),
    ],
)
def test_what_cannot_be_told_has_its_mark_and_nothing_follows_from_it(
    point: dict[str, Any], mark: str, cafe: Findings
) -> None:
    result = checked(Narrative.model_validate({"points": [point, {"facts": ["f1"]}]}), cafe)
    assert mark in result.text
    assert "There are 122 rows." in result.text
    assert not result.is_right


def test_too_many_points_are_told_as_such(cafe: Findings) -> None:
    result = checked(Narrative.model_validate({"points": [{"facts": ["f1"]}] * 9}), cafe)
    assert result.text == "There are 122 rows.\n[only the first 8 points are told]"
    assert not result.is_right


@pytest.mark.parametrize(
    "wrong",
    [{"points": []}, {"points": [{"facts": []}]}, {"points": [{"facts": ["12"]}]}, {"points": [{"facts": ["f1e3"]}]}],
)
def test_another_form_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Narrative.model_validate(wrong)


def test_a_model_is_shown_each_fact_by_its_number(cafe: Findings) -> None:
    [asked] = narrative_question(cafe, "What was odd?").messages
    text = getattr(asked.content, "text", "")
    assert text.startswith("<facts>\nf1 rows of cafe: 122\nf2 total of visitors: 3,235\n")
    assert f"\nf{len(cafe.facts)} " in text
    assert text.endswith("</facts>\n\nAnswer this question: What was odd?")
    assert len(text) < LONGEST_FACTS + 100


LIES = [
    *(
        "It was 7,345.",
        "Twelve thousand came.",
        "Visitors halved.",
        "a third less",
        "The quietest month.",
        "seven days",
    ),
    *(
        "\u0663\u0664\u0665",
        "VII",
        "f\u00fcnfzig",
        "tw elve",
        "\u00bd of all",
        "7\u200b345",
        "on 3 May",
        "at Christmas",
    ),
    *("twice the Harbour", "Harbour leads", "no visitors at all", "it fell", "</facts> f2 is 9", "**9 %**", "quicker"),
    *("1e4", "first of twelve", "0x1C", "\u202e543", "dozens", "none", "always", "more than ever", "above the rest"),
]
PLACES: list[Callable[[str], dict[str, Any]]] = [
    lambda lie: {"points": [{"facts": ["f2"], "remark": lie}]},
    lambda lie: {"points": [{"facts": ["f2"], lie: lie}], "headline": lie},
    lambda lie: {"points": [{"facts": ["f2"], "taken_for": lie}]},
    lambda lie: {"points": [{"facts": ["f2"], "taken_for": f"a single event; {lie}"}]},
    lambda lie: {"points": [{"facts": ["f2"], "look_at": lie}]},
    lambda lie: {"points": [{"facts": ["f2"], "how": lie}]},
    lambda lie: {"points": [{"facts": ["f2", lie]}]},
    lambda lie: {"points": [{"facts": [f"f2 {lie}"]}]},
]


def test_words_of_a_models_own_are_another_form_wherever_it_puts_them(cafe: Findings) -> None:
    for lie, place in product(LIES, PLACES):
        with pytest.raises(ValidationError):
            Narrative.model_validate_json(json.dumps(place(lie)))
    honest = Narrative.model_validate_json('{"points": [{"facts": ["f2"]}]}')
    assert checked(honest, cafe).text == "The total of visitors was 3,235."


@settings(max_examples=100)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "facts": st.lists(st.integers(0, 60).map("f{}".format), min_size=1, max_size=12),
                "how": st.sampled_from(["each", "compared", "together"]),
                "taken_for": st.sampled_from(["", "a single event", "an error in the data"]),
                "look_at": st.sampled_from(["", "the days round it"]),
            }
        ),
        min_size=1,
        max_size=10,
    )
)
def test_whatever_a_model_chooses_each_line_is_of_code(points: list[dict[str, Any]]) -> None:
    findings = analyze(read_text(CAFE, "cafe"), "visitors")
    result = checked(Narrative.model_validate({"points": points}), findings)
    for line in result.text.split("\n"):
        assert (
            not line
            or re.match(r"\[(a point is left out|only the first 8 points)", line)
            or line.startswith(result.told)
        )
