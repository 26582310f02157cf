"""The solution that a hint ends in is the one of the lesson, also where a name is defined more than once."""

import tomllib

import pytest

from labkit.course.solutions import as_toml, found_in

CELLS = (
    "def double(n):\n    return n",
    'TWO = 2\n\n\nasync def double(n):\n    """\\n is a newline."""\n    return TWO * n',
    'doubled = double(2)\nprint("double(n)")',
    'await check("9.1", double)',
    "class Half:\n    pass",
    'await check("9.2", Half)',
)


def test_it_is_the_last_cell_before_the_check_that_defines_what_is_checked() -> None:
    assert found_in(CELLS) == {"9.1": CELLS[1], "9.2": CELLS[4]}


def test_what_is_written_is_read_again_as_it_was() -> None:
    found = found_in(CELLS)
    assert {number: code.strip() for number, code in tomllib.loads(as_toml(found)).items()} == found


def test_what_such_a_file_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"write these without ''': 9\.1"):
        as_toml({"9.1": "'''"})
