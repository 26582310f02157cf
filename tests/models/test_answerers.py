"""An answerer is its module and a row of the table: nothing outside models/ asks which class it is of."""

import ast

import pytest

from labkit.dial_table import DIAL, Dialled
from labkit.models.answerers import ANSWERERS, FREE, KEYS, Answerer, row_of, usual_settings
from labkit.models.scripted import Scripted
from labkit.playground import Playground
from labkit.playground.reading import who
from tests.test_house import name_of, trees

MADE = [row for row in ANSWERERS.values() if row.module]
CLASSES = {row.name for row in MADE} | {"Scripted", "Quoting", "TinyAnswer"}


@pytest.mark.parametrize("row", MADE, ids=lambda row: row.id)
def test_a_row_makes_a_sampling_callback_that_tells_of_every_dial(row: Answerer) -> None:
    made = row.make(usual_settings())
    assert isinstance(made, Dialled)
    assert set(made.honours) == set(DIAL)
    assert row.id == "script" or row_of(made) is row


@pytest.mark.parametrize("row", [row for row in MADE if row.rebuilt], ids=lambda row: row.id)
def test_a_row_that_says_so_is_made_anew_by_what_its_repr_says(row: Answerer) -> None:
    made = row.make(usual_settings())
    again = eval(repr(made), {row.name: type(made)})  # noqa: S307 - that it can be is what is tested
    assert repr(again) == repr(made)


def test_a_key_that_was_typed_goes_to_the_answerer_and_shows_nowhere() -> None:
    for row in MADE:
        if row.key:
            made = row.make(usual_settings(), "sk-a-typed-key-0123456789")
            assert "typed" not in repr(made)
            assert row.has_key("sk-a-typed-key-0123456789")
    assert set(KEYS) == {"ANTHROPIC_API_KEY", "OPENAI_API_KEY"}


def test_what_is_missing_is_said_in_two_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert ANSWERERS["claude"].lacks() == "no key"
    assert ANSWERERS["claude"].lacks("a key") == ""
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    assert not ANSWERERS["local"].has_key()
    assert Answerer("x", "x", "x", needs=("no_such_package",)).lacks() == "not installed"
    assert ANSWERERS["tiny"].lacks() == ""


def test_a_setting_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="'gpt' is no model of Claude"):
        ANSWERERS["claude"].make({**usual_settings(), "claude_model": "gpt"})
    with pytest.raises(ValueError, match="empty"):
        ANSWERERS["script"].make({**usual_settings(), "script": " \n"})


def test_the_names_of_the_table_do_not_meet() -> None:
    names = [setting.name for row in ANSWERERS.values() for setting in row.settings]
    assert len(names) == len(set(names))
    assert len(FREE) == len(set(FREE))
    assert row_of(Scripted([])) is None


def test_the_page_offers_every_row_in_its_order() -> None:
    playground = Playground(name="answerers", remember=False)
    try:
        for row in ANSWERERS.values():
            playground.answers.use(row.id)
            told = who(playground)
            assert [each[0] for each in told["choices"]] == list(ANSWERERS)
            assert [each[0] for each in told["settings"]] == [setting.name for setting in row.settings]
            assert told["key"].get("variable", "") == row.key
            compile(playground.code, row.id, "exec")
    finally:
        playground.close()


def test_no_file_outside_models_asks_of_which_class_an_answerer_is() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path, tree in trees().items()
        if name_of(path).startswith(("labkit/", "servers/")) and not name_of(path).startswith("labkit/models/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        if CLASSES & {each.id for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
    ]
    found += [
        f"{name_of(path)}:{node.pattern.lineno}"
        for path, tree in trees().items()
        if name_of(path).startswith("labkit/") and not name_of(path).startswith("labkit/models/")
        for node in ast.walk(tree)
        if isinstance(node, ast.match_case) and isinstance(node.pattern, ast.MatchClass)
        if isinstance(node.pattern.cls, ast.Name) and node.pattern.cls.id in CLASSES
    ]
    assert found == []
