"""A prediction is entered before the run and held against it after; each kind, in words, and what is no answer."""

import re
from collections.abc import Iterator

import pytest

from labkit.course import progress, summary
from labkit.course.entries import entries
from labkit.course.predictions import Kind, Prediction, it_was
from labkit.course.table import Lesson, lessons
from labkit.front_end import can_ask_a_person
from labkit.plain import LINE
from tests.story import ROOT

LETTERS = {"a": "the first", "b": "the second", "c": "the third"}


@pytest.fixture(autouse=True)
def _nothing_was_done() -> Iterator[None]:
    """A test run is no notebook: what it does is in memory alone."""
    assert not can_ask_a_person()
    progress.journal().delete()
    yield
    progress.journal().delete()


def of(kind: Kind, was: str = "", within: float = 0) -> Prediction:
    items = {} if kind == "number" else LETTERS
    return Prediction("99.1", kind, "What comes?", "So it is.", items, "words", within, was)


@pytest.mark.parametrize(
    ("kind", "answer", "kept"),
    [
        ("choices", "b", "b"),
        ("choices", " B) ", "b"),
        ("number", 5, "5"),
        ("number", " 2,5 ", "2.5"),
        ("number", "-0.25", "-0.25"),
        ("number", 12_345_678, "12345678"),
        ("number", 1e-7, "1e-07"),
        ("order", "cab", "cab"),
        ("order", "C, a, b", "cab"),
        ("order", ["c", "a", "b"], "cab"),
    ],
)
def test_an_answer_is_read_as_people_write_it(kind: Kind, answer: object, kept: str) -> None:
    prediction = of(kind)
    assert prediction.read(answer) == kept
    assert prediction.read(kept) == kept


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("choices", "d"), ("choices", ""), ("choices", "ab"), ("choices", 1), ("choices", {"a": 1}), ("choices", None),
        ("number", "many"), ("number", "nan"), ("number", float("inf")), ("number", ""), ("number", True),
        ("order", "ab"), ("order", "aab"), ("order", "abcd"), ("order", 3),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_how_to_answer(kind: Kind, answer: object) -> None:
    with pytest.raises(ValueError, match=r'Answer with .*: predict\("99\.1", '):
        of(kind).read(answer)


@pytest.mark.parametrize(
    ("kind", "within", "said", "was", "right"),
    [
        ("choices", 0, "a", "a", True),
        ("choices", 0, "a", "b", False),
        ("order", 0, "cab", "cab", True),
        ("order", 0, "cab", "cba", False),
        ("number", 0, "2", "2.0", True),
        ("number", 0, "2", "3", False),
        ("number", 5, "10", "15", True),
        ("number", 5, "10", "15.1", False),
        ("number", 5, "10", "4.9", False),
    ],
)
def test_an_answer_is_right_where_it_is_what_was(kind: Kind, within: float, said: str, was: str, right: bool) -> None:
    assert of(kind, within=within).is_right(said, was) == right


def test_you_said_and_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    prediction = Prediction.of("2.1")
    assert str(prediction).splitlines()[-1] == 'Answer with a, b or c: predict("2.1", "a").'
    prediction.enter("a")
    prediction.enter("b")
    assert "You said · b: a limit on tokens\nYou may change it" in str(prediction)
    it_was("2.1")
    told = capsys.readouterr().out
    assert told.splitlines()[:2] == [
        "You said · b: a limit on tokens",
        "It was · c: the name of the model that is to answer",
    ]
    assert told.splitlines()[2].startswith("Not what you expected. ")
    prediction.enter("c")  # it was shown
    assert told.strip() in str(prediction)


def test_who_made_no_guess_is_not_scolded_and_may_not_guess_right_afterwards(
    capsys: pytest.CaptureFixture[str],
) -> None:
    it_was("2.1")
    told = capsys.readouterr().out
    assert told.startswith("You made no guess.\nIt was · c: the name of the model that is to answer\n")
    prediction = Prediction.of("2.1")
    prediction.enter("c")
    assert prediction.known() == ("", "c", False)
    assert told.strip() in str(prediction)
    assert "Answer with" not in str(prediction)
    it_was("2.1")
    assert capsys.readouterr().out == told
    events = progress.journal().events()
    assert [(event.status, event.said) for event in events] == [("shown", "c")]
    assert summary.words("02", progress.done("02"))[-1] == "0 of 5 predictions entered"


def test_what_the_run_has_measured_is_what_was(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r'This is measured: it_was\("2.3", result\)'):
        it_was("2.3")
    Prediction.of("2.3").enter(5)
    it_was("2.3", 2)
    it_was("2.3", 5)  # the cell is run again; the guess was made for the first run
    told = capsys.readouterr().out
    assert told.startswith("You said · 5 words\nIt was · 2 words\nNot what you expected. ")
    assert progress.done("02").outcomes == {"2.3": (False, "2")}
    it_was("2.3", 1)
    assert "\nIt was · 1 word\n" in capsys.readouterr().out


def test_an_answer_that_was_kept_when_the_course_was_another_counts_as_none() -> None:
    progress.note("prediction", "2.1", "said", "z")
    assert Prediction.of("2.1").known() == ("", "", False)


def test_there_are_three_to_five_in_a_lesson_and_each_is_whole() -> None:
    for lesson in lessons():
        asked = entries("predict", lesson.number)
        assert 3 <= len(asked) <= 5, lesson
        for number in asked:
            prediction = Prediction.of(number)
            assert progress.lesson_of(number) == lesson.number
            assert prediction.ask.endswith("?")
            assert prediction.why.endswith(".")
            if prediction.was:
                assert prediction.read(prediction.was) == prediction.was
            else:
                assert prediction.kind == "number"


def test_a_number_without_a_prediction_is_told_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match=r"no predictions for 2\.9; there are for 2\.1, 2\.2"):
        Prediction.of("2.9")


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.number)
def test_each_is_asked_in_one_cell_and_answered_in_a_later_one(lesson: Lesson) -> None:
    asked = [*entries("predict", lesson.number)]
    code = (ROOT / "lessons" / lesson.notebook).with_suffix(".py").read_text(encoding="utf-8")
    at = {"predict": dict[str, int](), "it_was": dict[str, int]()}
    for place, cell in enumerate(re.split(r"^# %%", code, flags=re.MULTILINE)):
        for name, number in re.findall(r"^(predict|it_was)\(\"(\d+\.\d)\"", cell, re.MULTILINE):
            assert number not in at[name]
            at[name][number] = place
    assert [*at["predict"]] == [*at["it_was"]] == asked
    assert all(at["predict"][number] < at["it_was"][number] for number in asked)
    assert "**Predict" not in code
    last_of_their_cell = re.findall(r"^predict\(.*\)\n(?=\n*(?:# %%|\Z))", code, re.MULTILINE)
    assert len(last_of_their_cell) == len(asked)  # or it is not shown


def test_what_is_printed_is_broken_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    it_was("2.1")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= LINE
    assert " ".join(lines).endswith(Prediction.of("2.1").why)
