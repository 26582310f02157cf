"""What a callback prints and logs is kept and not shown, and whoever listens gives everything back."""

import logging
import os
import sys

import pytest

from labkit.checks import overheard as module
from labkit.checks.overheard import FAKE_KEY, KEYS, overheard


def test_prints_and_logs_are_kept_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    with overheard() as ear:
        print("one")
        print("two", file=sys.stderr)
        logging.getLogger("a.library").warning("three %s", 3)
    assert ear.text == "one\ntwo\nthree 3\n"
    print("four")
    assert capsys.readouterr() == ("four\n", "")


def test_a_message_that_cannot_be_formatted_does_no_harm() -> None:
    record = logging.LogRecord("a.library", logging.WARNING, __file__, 1, "%d", ("three",), None)
    with overheard() as ear:
        logging.root.handlers[-1].handle(record)
    assert "three" in ear.text


def test_two_who_listen_may_end_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEYS[0], "mine")
    monkeypatch.delenv(KEYS[1], raising=False)
    streams, handlers = (sys.stdout, sys.stderr), list(logging.root.handlers)
    first, second = overheard(with_key=True), overheard(with_key=True)
    with first as early:
        late = second.__enter__()
        print("to both")
    assert os.environ[KEYS[0]] == os.environ[KEYS[1]] == FAKE_KEY
    print("to one")
    second.__exit__(None, None, None)
    assert (early.text, late.text) == ("to both\n", "to both\nto one\n")
    assert (sys.stdout, sys.stderr) == streams
    assert logging.root.handlers == handlers
    assert os.environ[KEYS[0]] == "mine"
    assert KEYS[1] not in os.environ


def test_an_error_inside_gives_everything_back() -> None:
    before = sys.stdout
    with pytest.raises(ZeroDivisionError), overheard(with_key=True):
        print(1 / 0)
    assert sys.stdout is before
    assert os.environ.get(KEYS[0]) != FAKE_KEY


def test_a_stream_that_somebody_kept_leads_to_the_real_one_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    with overheard() as ear:
        handler = logging.StreamHandler()
        kept = sys.stdout
    handler.stream.write("aloud\n")
    print("and in words", file=kept)
    assert ear.text == ""
    assert capsys.readouterr() == ("and in words\n", "aloud\n")


def test_who_prints_without_an_end_does_not_fill_the_memory() -> None:
    with overheard() as ear:
        for _ in range(3):
            print("x" * module.MOST, end="")
    assert len(ear.text) == module.MOST
