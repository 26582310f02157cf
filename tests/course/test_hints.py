"""Hints come one at a time, the one for the mistake first, the solution last, and none that was not asked for."""

import re
from collections.abc import Iterator

import pytest

from labkit.course import progress
from labkit.course.entries import entries, exercises, solutions
from labkit.course.hints import Hints, note_check
from labkit.course.table import lessons

MISTAKES = {"limit": "Keep the limit.", "list": "It is a list."}


@pytest.fixture(autouse=True)
def _nothing_was_done() -> Iterator[None]:
    progress.journal().delete()
    yield
    progress.journal().delete()


def hints() -> Hints:
    return Hints("99.1", ["one", "two"], MISTAKES, {"list": "has no attribute 'text'"}, "def f(): ...")


def taken_in_turn(hints: Hints) -> list[str]:
    order: list[str] = []
    while following := hints.next():
        order.append(following)
        hints.take(following)
    return order


def test_they_come_in_their_order_and_the_solution_last() -> None:
    assert taken_in_turn(hints()) == ["1", "2", "solution"]
    assert hints().offer() == "That is all there is"


def test_the_solution_has_to_be_asked_for_once_more() -> None:
    hints().take("1")
    assert hints().offer() == "Show hint 2 of 2"
    hints().take("2")
    assert hints().offer() == "Show the solution"
    assert "def f()" not in str(hints())
    hints().take("solution")
    assert "def f()" in str(hints())


def test_the_mistake_that_was_made_comes_first() -> None:
    hints().take("1")
    progress.note("check", "99.1", "NOT YET", "limit")
    assert hints().offer() == "Show a hint to what the check found"
    assert taken_in_turn(hints()) == ["limit", "2", "solution"]
    assert "To what the check found:\nKeep the limit." in str(hints())


@pytest.mark.parametrize(("status", "mistake"), [("PASS", ""), ("NOT YET", "of-another-version"), ("NOT YET", "1")])
def test_where_no_mistake_is_known_the_first_step_comes(status: str, mistake: str) -> None:
    progress.note("check", "99.1", "NOT YET", "limit")
    progress.note("check", "99.1", status, mistake)
    assert hints().next() == "1"


def test_an_error_that_was_seen_is_looked_up_by_its_name() -> None:
    assert 'hint("99.1", "list")  If you see "has no attribute \'text\'"' in str(hints())
    hints().take("list")
    assert "It is a list." in str(hints())
    with pytest.raises(LookupError, match=r'no "nothing" for 99\.1; there are limit, list and "next"'):
        hints().take("nothing")


def test_what_a_check_says_is_known_as_a_mistake_and_is_not_kept_itself() -> None:
    problem = "Your function raised AttributeError: 'list' object has no attribute 'text' at line 3: `my own code`"
    note_check("2.1", "NOT YET", "", problem)
    assert progress.done("02").mistakes == {"2.1": "blocks"}
    note_check("2.1", "NOT YET", "without-an-entry", problem)
    assert progress.done("02").mistakes == {"2.1": "blocks"}
    note_check("2.6", "NOT YET", "code", "ConnectError")
    assert progress.done("02").mistakes["2.6"] == "code"
    note_check("8.9", "NOT YET", "", problem)  # without hints
    assert progress.done("08").mistakes == {"8.9": ""}
    assert "my own code" not in repr(progress.journal().events())


def test_each_entry_is_whole_and_belongs_to_an_exercise() -> None:
    for lesson in lessons():
        assert entries("hints", lesson.number).keys() <= {*exercises(lesson.number)}
        for number in entries("hints", lesson.number):
            found = Hints.of(number)
            assert found.solution == solutions(lesson.number)[number]
            assert len(found.steps) >= 2, number
            assert not [name for name in found.mistakes if name.isdecimal() or name in ("solution", "next")]
            texts = [*found.steps, *found.mistakes.values()]
            assert [text for text in texts if text.count("`") % 2 or "*" in re.sub("`[^`]*`", "", text)] == [], number


def test_a_number_without_hints_is_told_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match=r"no hints for 2\.9; there are for 2\.1, "):
        Hints.of("2.9")
