"""What can go wrong in a Lab, told in a sentence.

    LabError
    ├── ConnectError    the server could not be reached, or went away
    ├── LabClosed       the Lab was closed, or another took its name
    ├── CallTimeout     a call outlived the Lab's `timeout=` (also a TimeoutError)
    ├── CallbackError   the sampling callback raised, hung, or returned something that is no answer
    └── ScriptEnded     a `Scripted` model was asked more often than it has answers

Errors that come from the protocol itself stay what the SDK raises (`mcp.MCPError`), taken out of the exception groups
that task groups wrap them in.
"""

import linecache
import sysconfig
import traceback
from asyncio import CancelledError
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import cast

from pydantic import ValidationError

from labkit.plain import quoted, seen

_KIT = tuple(str(Path(__file__).parents[1] / name) for name in ("labkit", "servers"))
"""The kit's own folders: what a student hands to a server of the box may raise in it, and the fault is not there."""
LONGEST = 65_536
"""Characters of an error that are told."""

_LIBRARIES = tuple({str(Path(sysconfig.get_path(name))) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class LabError(Exception):
    """Base of every error that the kit raises itself."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks an exception for this before it prints forty lines of event loop: one sentence says more.
        return [f"{type(self).__name__}: {self}"]


class ConnectError(LabError):
    """The server could not be reached, or went away; the message says what was tried and what to do."""


class LabClosed(LabError):
    """The Lab is closed, or another Lab has taken its name."""


class CallTimeout(LabError, TimeoutError):
    """A call took longer than the Lab's `timeout=`, callback included."""


class CallbackError(LabError):
    """The sampling callback did not answer; `__cause__` holds its own exception where there was one."""


class ScriptEnded(LabError):
    """A scripted model has no answer left, or none that fits the prompt."""


class CallbackStuck(BaseException):
    """Raised inside code that holds the lab thread, to break its loop. No `except Exception` of a student stops it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the student's code: `number` within its file or cell, its `text`, and the `function` it is in."""

    number: int
    text: str
    function: str
    file: str

    def __str__(self) -> str:
        # A cell's file name holds the kernel's process number: it differs at every run, so it is never shown.
        place = f"line {self.number}" if _is_cell(self.file) else f"{Path(self.file).name}, line {self.number}"
        return f"{place}: `{self.text}`" if self.text else place


def _is_cell(file: str) -> bool:
    return "ipykernel_" in file or file.startswith("<")


def is_students(file: str) -> bool:
    """Whether `file` holds code that is neither the kit's, nor a library's, nor Python's own."""
    if _is_cell(file):
        return not file.startswith("<frozen")
    return not (is_kits(file) or file.startswith(_LIBRARIES))


def is_kits(file: str) -> bool:
    """Whether `file` holds code of the kit or of the servers that come with it."""
    return file.startswith(_KIT)


def line_of(error: BaseException) -> Line | None:
    """The innermost line of the student's own code in the traceback of `error`, or `None`."""
    return _innermost(traceback.walk_tb(error.__traceback__))


def line_in(frame: FrameType | None) -> Line | None:
    """The innermost line of the student's own code on the stack of `frame`, or `None`."""
    if frame is None:  # the thread is gone; `walk_stack` would take the caller's own stack
        return None
    return _innermost(reversed(list(traceback.walk_stack(frame))))


def line_awaited(awaitable: object) -> Line | None:
    """The innermost line of the student's own code at which a coroutine that is suspended waits, or `None`."""
    frames: list[tuple[FrameType, int]] = []
    while awaitable is not None:
        frame = getattr(awaitable, "cr_frame", None) or getattr(awaitable, "gi_frame", None)
        if isinstance(frame, FrameType):
            frames.append((frame, frame.f_lineno))
        awaitable = getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)
    return _innermost(frames)


def _innermost(frames: Iterable[tuple[FrameType, int]]) -> Line | None:
    """`frames` run from the outermost to the innermost, as a traceback does."""
    found: Line | None = None
    for frame, number in frames:
        code = frame.f_code
        if is_students(code.co_filename):
            text = linecache.getline(code.co_filename, number).strip()
            found = Line(number, text, code.co_name, code.co_filename)
    return found


def unwrap(error: BaseException) -> BaseException:
    """The one error inside nested exception groups, or `error` itself when it holds none or several.

    Cancellations beside it are not counted: a task group cancels the siblings of a task that failed.
    """
    while True:
        inner = [e for e in _inside(error) if not isinstance(e, CancelledError)]
        if len(inner) != 1:
            return error
        error = inner[0]


def for_a_person(error: BaseException) -> BaseException:
    """`error` without the exception groups that it comes from or that led to it, and with what a notebook shows of it.

    A server's words in it would be obeyed there: an escape sequence makes a link of them. Its message stays as it is.
    IPython publishes no error output for an error with a group among its contexts: it prints forty lines to stderr.
    """
    error = unwrap(error)
    if _inside(error):
        error = LabError(sentence(error))
    at = error
    while at.__context__ is not None:
        if isinstance(at.__context__, BaseExceptionGroup):
            at.__context__ = None
            break
        at = at.__context__
    with suppress(Exception):  # an error may be unable to say what it is
        if seen(told := f"{type(error).__name__}: {error}") != told:
            vars(error)["_render_traceback_"] = lambda: [seen(told)]  # as `LabError` does for itself
    return error


def _inside(error: BaseException) -> tuple[BaseException, ...]:
    return cast("BaseExceptionGroup[BaseException]", error).exceptions if isinstance(error, BaseExceptionGroup) else ()


def sentence(error: BaseException) -> str:
    """`error` in one line: its type and its text, groups unwrapped, never empty."""
    error = unwrap(error)
    if inside := _inside(error):
        return "; ".join(dict.fromkeys(sentence(e) for e in inside))
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"ValidationError: {'.'.join(map(str, (error.title, *first['loc'])))}: {first['msg']}"
    text = message_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def message_of(error: BaseException) -> str:
    """What `error` says, `quoted`; nothing when it cannot even say it.

    An error may quote what a server or a model wrote: a terminal would obey that, and a key may be in it.
    """
    try:
        return quoted(str(error), LONGEST)
    except Exception:  # noqa: BLE001 - `__str__` of a student's exception may itself be wrong
        return ""
