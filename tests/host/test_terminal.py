"""`ask_in_terminal`: what is typed decides, what was typed before does not."""

import asyncio
import io
import os
import sys
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import pytest

from labkit.host import AllowServer, Approve, Edit, Refuse, ReviewRequest, ask_in_terminal, with_approval
from labkit.host.terminal import NOBODY, StandardTerminal
from tests.host.crowd import ORIGIN, Model, answered
from tests.story import answer, asked, question, said, until

pytestmark = pytest.mark.anyio

REQUEST = ReviewRequest(question("recommend crime"), origin=ORIGIN)


class Typed:
    """A terminal at which these lines are typed."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.shown = ""
        self.forgot = 0

    def is_here(self) -> bool:
        return True

    def show(self, text: str) -> None:
        self.shown += text + "\n"

    def forget_typed(self) -> None:
        self.forgot += 1

    async def line(self) -> str:
        if not self.lines:
            raise EOFError
        return self.lines.pop(0)


async def decided(request: ReviewRequest, *lines: str) -> tuple[Any, Typed]:
    terminal = Typed(*lines)
    deciding = ask_in_terminal(request, terminal)
    assert isinstance(deciding, Awaitable)
    return await deciding, terminal


@pytest.mark.parametrize(
    ("line", "decision"),
    [("a", Approve()), ("Approve ", Approve()), ("r", Refuse()), ("s", AllowServer()), ("server", AllowServer())],
)
async def test_a_letter_or_a_word_decides(line: str, decision: object) -> None:
    made, terminal = await decided(REQUEST, line)
    assert made == decision
    assert "bookshop asks" in terminal.shown
    assert "  │ recommend crime" in terminal.shown
    assert terminal.forgot == 1


async def test_anything_else_asks_again() -> None:
    made, terminal = await decided(REQUEST, "", "yes", "a")
    assert made == Approve()
    assert terminal.shown.count("[a]pprove") == 3


async def test_the_text_can_be_typed_anew() -> None:
    made, _ = await decided(REQUEST, "e", "recommend poetry", "of today", ".")
    assert isinstance(made, Edit)
    assert asked(made.instead) == "recommend poetry\nof today"  # pyright: ignore[reportArgumentType]


async def test_an_answer_is_edited_in_the_same_way() -> None:
    made, _ = await decided(ReviewRequest(REQUEST.params, answer("Read Chandler.")), "e", "Read Sayers.", ".")
    assert said(made.instead) == "Read Sayers."


async def test_where_there_is_no_single_text_editing_is_not_offered() -> None:
    empty = ReviewRequest(REQUEST.params.model_copy(update={"messages": []}))
    made, terminal = await decided(empty, "e", "r")
    assert made == Refuse()
    assert "[e]dit" not in terminal.shown


async def test_a_terminal_that_is_closed_refuses() -> None:
    assert (await decided(REQUEST))[0] == Refuse("the terminal was closed.")
    assert (await decided(REQUEST, "e", "half a"))[0] == Refuse("the terminal was closed.")


def test_a_pipe_and_a_closed_stream_are_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    for keyboard in (io.StringIO("a\n"), closed):
        assert ask_in_terminal(REQUEST, StandardTerminal(keyboard, io.StringIO())) == Refuse(NOBODY)


def test_what_the_screen_cannot_print_is_escaped() -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    StandardTerminal(None, screen).show("│ Größe")
    screen.flush()
    assert screen.buffer.getvalue() == b"\\u2502 Gr\\xf6\\xdfe\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of POSIX")
async def test_a_real_terminal_is_read_without_stopping_the_loop_and_without_what_was_typed_before() -> None:
    person, process = os.openpty()
    with (
        os.fdopen(process, encoding="utf-8") as keyboard,
        os.fdopen(os.dup(process), "w", encoding="utf-8") as screen,
    ):
        terminal = StandardTerminal(keyboard, screen)
        os.write(person, b"a\n")  # before anything was asked
        model, shown = Model(), bytearray()
        os.set_blocking(person, False)

        def read() -> bool:
            with suppress(BlockingIOError):
                shown.extend(os.read(person, 65536))
            return b"erver pass?" in shown

        approval = with_approval(model, ask=lambda request: ask_in_terminal(request, terminal))
        task = asyncio.create_task(answered(approval, question("recommend crime")))
        await until(read)
        assert not task.done()
        os.write(person, "e\nrecommend Größe\n.\n".encode())  # pasted at once
        await until(lambda: model.asked)
        shown.clear()
        await until(read)
        os.write(person, b"a\n")
        result, _ = await task
        assert said(result) == "Read Chandler."
        assert asked(model.asked[0]) == "recommend Größe"
    os.close(person)


async def test_what_is_not_shown_whole_can_only_be_refused() -> None:
    decision, terminal = await decided(ReviewRequest(question("x" * 2_000_000)), "a", "s", "e", "r")
    assert decision == Refuse()
    assert terminal.shown.endswith("\n\n[r]efuse?\n" + "[r]efuse?\n" * 3)
