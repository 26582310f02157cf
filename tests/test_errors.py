"""What went wrong is told in one sentence, with the student's own line and without an exception group."""

import asyncio
import inspect
import re
import sys
import threading
from asyncio import CancelledError
from typing import Any

import pytest
from mcp import MCPError

from labkit import errors
from labkit.errors import (
    CallbackError,
    CallTimeout,
    LabError,
    Line,
    for_a_person,
    is_students,
    line_awaited,
    line_in,
    line_of,
    message_of,
    sentence,
    unwrap,
)
from servers import text_analyst

CELL = "ipykernel_4711/1234567.py"


def group(*inside: BaseException) -> BaseExceptionGroup[BaseException]:
    return BaseExceptionGroup("unhandled errors in a TaskGroup", inside)


def test_the_one_error_inside_nested_groups_is_found() -> None:
    error = KeyError("title")
    assert unwrap(group(group(group(error)))) is error
    assert unwrap(error) is error


def test_a_cancellation_beside_it_is_not_counted() -> None:
    error = KeyError("title")
    assert unwrap(group(CancelledError(), group(CancelledError(), error))) is error


def test_several_errors_stay_together_and_are_told_together() -> None:
    several = group(KeyError("title"), ValueError("no number"))
    assert unwrap(group(several)) is several
    assert sentence(group(several)) == "KeyError: 'title'; ValueError: no number"


def test_a_notebook_shows_nothing_alive_of_an_error_that_a_server_words() -> None:
    alive = MCPError(-1, "see \x1b]8;;https://trap.example\x07here\x1b]8;;\x07\nand there")
    told = for_a_person(group(alive))
    assert told is alive
    assert "\x1b" in alive.message  # a program is given what was sent
    (shown,) = vars(told)["_render_traceback_"]()  # IPython asks for it before it prints a traceback
    assert shown == "MCPError: see \\x1b]8;;https://trap.example\\x07here\\x1b]8;;\\x07\nand there"
    assert "_render_traceback_" not in vars(for_a_person(MCPError(-1, "all is\nwell")))


def test_a_group_of_cancellations_alone_is_told() -> None:
    assert sentence(group(CancelledError(), CancelledError())) == "CancelledError"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("two\nlines\t and  a tab"), "ValueError: two lines and a tab"),
        (ValueError(), "ValueError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_an_error_is_one_line_and_never_nothing(error: BaseException, told: str) -> None:
    assert sentence(error) == told


def test_an_error_that_cannot_say_what_it_is_is_told_by_its_type() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert sentence(Mute()) == "Mute"
    assert message_of(Mute()) == ""


def run_in(file: str, code: str, name: str) -> Any:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, file, "exec"), space)  # noqa: S102 - a cell is made of text
    return space[name]


def test_the_innermost_line_of_the_student_is_found_below_a_library() -> None:
    function = run_in(CELL, "import json\n\ndef read():\n    return json.loads('{')\n", "read")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its text is Python's
        function()
    line = line_of(caught.value)
    assert line is not None
    assert (line.number, line.function) == (4, "read")


def test_the_name_of_a_cell_holds_a_process_number_and_is_never_shown() -> None:
    assert str(Line(3, "return 1", "f", CELL)) == "line 3: `return 1`"
    assert str(Line(3, "", "f", CELL)) == "line 3"
    assert str(Line(3, "return 1", "f", "/srv/mira/lesson.py")) == "lesson.py, line 3: `return 1`"


@pytest.mark.parametrize(
    ("file", "its"),
    [
        (CELL, True),
        ("<stdin>", True),
        ("<frozen importlib._bootstrap>", False),
        (__file__, True),
        (inspect.getfile(errors), False),
        (inspect.getfile(text_analyst), False),
        (asyncio.__file__, False),
        (pytest.__file__, False),
    ],
)
def test_the_students_code_is_told_from_the_kit_and_from_libraries(file: str, its: bool) -> None:
    assert is_students(file) is its


def test_an_error_of_a_library_alone_has_no_line() -> None:
    assert line_of(ValueError()) is None
    assert line_in(None) is None


def test_a_thread_that_is_gone_has_no_line_not_even_of_the_one_who_asks() -> None:
    look = run_in(CELL, "def look(line_in):\n    return line_in(None)\n", "look")
    assert look(line_in) is None


def test_the_line_that_holds_a_thread_is_found_while_it_holds_it() -> None:
    gate, there = threading.Event(), threading.Event()
    hold = run_in(CELL, "def hold(gate, there):\n    there.set()\n    gate.wait(30)\n", "hold")
    thread = threading.Thread(target=hold, args=(gate, there))
    thread.start()
    assert there.wait(60)
    try:
        line = line_in(sys._current_frames()[thread.ident or 0])
        assert line is not None
        assert (line.number in (2, 3), line.function) == (True, "hold")
    finally:
        gate.set()
        thread.join(60)


@pytest.mark.anyio
async def test_the_line_at_which_a_coroutine_waits_is_found() -> None:
    outer = run_in(
        CELL,
        "async def inner(event):\n    await event.wait()\n\nasync def outer(event):\n    await inner(event)\n",
        "outer",
    )
    event = asyncio.Event()
    waiting = asyncio.ensure_future(outer(event))
    await asyncio.sleep(0)
    line = line_awaited(waiting.get_coro())
    assert line is not None
    assert (line.number, line.function) == (2, "inner")
    event.set()
    await waiting
    assert line_awaited(waiting.get_coro()) is None
    assert line_awaited(None) is None


def test_the_tree_at_the_head_of_the_module_names_every_error() -> None:
    public = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LabError)}
    assert set(re.findall(r"^    (?:[├└]── )?(\w+)", errors.__doc__ or "", re.MULTILINE)) == public


def test_ipython_is_given_one_line_instead_of_forty() -> None:
    assert CallbackError("it hung")._render_traceback_() == ["CallbackError: it hung"]


def test_a_call_that_took_too_long_is_a_timeout_to_python_too() -> None:
    assert issubclass(CallTimeout, TimeoutError)


def test_no_except_exception_of_a_student_stops_the_watchdog() -> None:
    assert not issubclass(errors.CallbackStuck, Exception)
