"""What the views of predictions and hints tell a page, and what becomes of a message from one; without a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit import hint, it_was, my_progress, predict
from labkit.course import progress
from labkit.course.hints import Hints
from labkit.course.predictions import Prediction
from labkit.views.hints import HintsView
from labkit.views.prediction import PredictionView


@pytest.fixture(autouse=True)
def _nothing_was_done() -> Iterator[None]:
    progress.journal().delete()
    progress.tell()
    yield
    progress.journal().delete()


def hear(view: Any, **content: object) -> None:
    view._handle_custom_msg(content, [])


def test_what_is_entered_on_the_page_is_what_is_entered_in_code(capsys: pytest.CaptureFixture[str]) -> None:
    view = predict("2.1")
    assert view.state["words"] == ""
    hear(view, answer="b")
    assert view.state["said"] == "b"
    assert predict("2.1", "a") is view
    assert view.state["said"] == "a"
    assert "You said · a" in repr(view)
    it_was("2.1")
    assert view.state["was"] == "c"
    assert view.state["words"].split() == capsys.readouterr().out.split()
    hear(view, answer="c")
    assert view.state["said"] == "a"


def test_an_answer_that_is_none_is_told_on_the_page_and_in_code(capsys: pytest.CaptureFixture[str]) -> None:
    view = predict("2.1", "z")
    assert capsys.readouterr().out.startswith("'z' is no answer here. Answer with a, b or c")
    hear(view, answer="z")
    assert view.state["words"] == "'z' is no answer here."
    hear(view)
    hear(view, answer={"a": [1]})
    assert view.state["said"] == ""


def test_a_number_without_quotes_is_one_too(capsys: pytest.CaptureFixture[str]) -> None:
    number: Any = 2.1
    assert predict(number, "c") is predict("2.1")
    it_was(number)
    assert "You were right." in capsys.readouterr().out
    assert hint(number) is hint("2.1")


def test_a_prediction_that_was_shown_without_a_guess_takes_none_any_more() -> None:
    view = predict("2.1")
    it_was("2.1")
    hear(view, answer="c")
    predict("2.1", "c")
    assert (view.state["said"], view.state["was"]) == ("", "c")
    assert view.state["words"].startswith("You made no guess.\nIt was · c")
    assert repr(view).count("You made no guess.") == 1


def test_progress_is_exported_and_deleted_by_buttons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    predict("2.1", "c")
    view: Any = my_progress()
    assert my_progress() is view
    assert view.state["held"] == "1 event in memory"
    hear(view, do="export")
    assert "1 event written to my_progress.json." in view.state["words"]
    assert (tmp_path / "my_progress.json").exists()
    hear(view, do="anything")
    hear(view, do="delete")
    assert view.state["words"] == "1 event deleted from memory."
    assert (view.state["held"], predict("2.1").state["said"]) == ("0 events in memory", "")
    assert "delete_progress(sure=True) deletes it" in view._repr_mimebundle_()[0]["text/plain"]


def test_headless_it_says_what_it_would_ask() -> None:
    bundle = predict("2.3")._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"].startswith("Predict 2.3. The model may use 5 tokens.")


@pytest.mark.parametrize(
    ("kind", "items"), [("choices", {"a": "x", "b": "y"}), ("order", {"a": "x", "b": "y"}), ("number", {})]
)
def test_each_kind_tells_the_page_what_it_asks(kind: Any, items: dict[str, str]) -> None:
    question = PredictionView(Prediction("99.1", kind, "Which?", "So.", items, "words")).question
    assert question == {
        "number": "99.1", "kind": kind, "ask": "Which?", "items": [*items.items()],
        "unit": "words",
    }  # fmt: skip


def test_hints_come_by_the_button_and_by_code() -> None:
    view: Any = hint("2.3")
    assert (view.state["told"], view.state["offer"]) == ([], "Show hint 1 of 3")
    hear(view, next=True)
    assert hint("2.3", "next") is view
    assert [title for title, _, _ in view.state["told"]] == ["Hint 1 of 3", "Hint 2 of 3"]
    for _ in range(9):
        hear(view, next=True)
        hint("2.3", "next")
    assert view.state["over"]
    title, code, is_code = view.state["told"][-1]
    assert (title, is_code) == ("The solution", True)
    assert code.startswith("async def my_callback(context, params):")
    assert code in repr(view)


def test_the_errors_that_one_may_see_are_offered_until_they_are_told() -> None:
    view: Any = hint("2.3")
    seen = [words for words, _ in view.state["errors"]]
    assert "returned nothing" in seen
    hint("2.3", "nothing")
    assert "returned nothing" not in [words for words, _ in view.state["errors"]]
    with pytest.raises(LookupError, match='no "nonsense" for 2'):
        hint("2.3", "nonsense")


def test_what_could_not_be_kept_is_told_in_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.journal(), "trouble", "The disk is full.")
    view: Any = HintsView(Hints("99.1", ["one"], {}, {}, ""))
    assert view.state["trouble"] == "The disk is full."
