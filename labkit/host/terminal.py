"""`ask_in_terminal`: a review in a plain terminal, for scripts."""

import asyncio
import os
import sys
from collections.abc import Awaitable
from typing import Protocol, TextIO

from labkit.host.rendering import is_rendered_whole, render
from labkit.host.review import AllowServer, Approve, Decision, Refuse, ReviewRequest

NOBODY = "nobody is here to approve it. Where there is no terminal, give with_approval a policy or a panel as ask=."

POLL = 0.05
"""Seconds between two looks at the keyboard. A thread that waits for a line could not be called back."""


class Terminal(Protocol):
    """Where questions are asked."""

    def is_here(self) -> bool:
        """Whether a person may sit there."""
        ...

    def show(self, text: str) -> None: ...

    def forget_typed(self) -> None:
        """Drop what was typed before the question was to be seen: that was no answer to the question."""
        ...

    async def line(self) -> str:
        """The next line that is typed, without its end.

        Raises:
            EOFError: There will be none.
        """
        ...


def ask_in_terminal(request: ReviewRequest, terminal: Terminal | None = None) -> Decision | Awaitable[Decision]:
    """Show the whole request and have it approved, edited or refused. Refuses where there is no terminal.

    Args:
        request: What is under review.
        terminal: Another than the one that the process was started in.
    """
    terminal = terminal or _standard
    return _asked(request, terminal) if terminal.is_here() else Refuse(NOBODY)


async def _asked(request: ReviewRequest, terminal: Terminal) -> Decision:
    is_whole = is_rendered_whole(request)
    can_edit = is_whole and request.text is not None
    question = f"[a]pprove{', [e]dit' if can_edit else ''}, [r]efuse, or approve and let this [s]erver pass?"
    question = question if is_whole else "[r]efuse?"
    terminal.show(f"\n{render(request)}\n\n{question}")
    terminal.forget_typed()
    try:
        while True:
            match (await terminal.line()).strip().lower():
                case "a" | "approve" if is_whole:
                    return Approve()
                case "e" | "edit" if can_edit:
                    terminal.show("The new text; a line with nothing but a full stop ends it.")
                    lines: list[str] = []
                    while (line := await terminal.line()) != ".":
                        lines.append(line)
                    return request.edit("\n".join(lines))
                case "r" | "refuse":
                    return Refuse()
                case "s" | "server" if is_whole:
                    return AllowServer()
                case _:
                    terminal.show(question)
    except EOFError:
        return Refuse("the terminal was closed.")


class StandardTerminal:
    """The terminal that the process was started in, or another with its keyboard and screen."""

    def __init__(self, keyboard: TextIO | None = None, screen: TextIO | None = None) -> None:
        self._given = keyboard, screen
        self._typed = b""

    @property
    def _keyboard(self) -> TextIO:
        return self._given[0] or sys.stdin

    def is_here(self) -> bool:
        """Whether both ends are a terminal. In a notebook and in a pipe they are not."""
        screen = self._given[1] or sys.stdout
        try:
            return self._keyboard.isatty() and screen.isatty()
        except (AttributeError, ValueError):  # none at all, or a closed one
            return False

    def show(self, text: str) -> None:
        """Print `text`; what the screen has no character for is escaped."""
        screen = self._given[1] or sys.stdout
        encoding = screen.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=screen, flush=True)

    def forget_typed(self) -> None:
        """Drop what was typed before."""
        self._typed = b""
        _drop_typed(self._keyboard)

    async def line(self) -> str:
        """The next line."""
        while b"\n" not in self._typed:
            while not _is_typed(self._keyboard):  # noqa: ASYNC110 - no event tells of a key on every system
                await asyncio.sleep(POLL)
            typed = _typed(self._keyboard)
            if not typed:
                raise EOFError
            self._typed += typed
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode("utf-8", "replace")


def _is_typed(keyboard: TextIO) -> bool:
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.kbhit()
    import select

    return bool(select.select([keyboard], [], [], 0)[0])


def _typed(keyboard: TextIO) -> bytes:
    # A Windows console keeps a line until its end, and from its first key on the loop waits for that.
    return keyboard.readline().encode() if sys.platform == "win32" else os.read(keyboard.fileno(), 4096)


def _drop_typed(keyboard: TextIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios  # Pyodide has none, and no terminal either

        termios.tcflush(keyboard, termios.TCIFLUSH)


_standard = StandardTerminal()
