"""What a kernel says and refuses: an interrupt is a sentence, a callback cannot ask, a cell that did not run is told.

It hears IPython's events and needs no package of the kit; where IPython does not run the code, it does nothing.
"""

import asyncio
import builtins
import getpass
import re
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any

from labkit.front_end import shell

LAB_THREAD = "labkit"
"""The name of the thread on which callbacks run."""

NO_INPUT = (
    "{0} in a callback would hold up the notebook, and nobody could answer. Ask in a cell before the call, or let "
    "approval_panel() ask, in place of {0}"
)
"""What is behind it says where it stands: ` at line 2`."""

_DEFINED = re.compile(r"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
"""The names that a cell would give a value, read off its text: it may be no Python."""


def attend() -> None:
    """Hear of the cells of this kernel from now on. More than once does no harm."""
    here = shell()
    if here is not None and not any(each.shell is here for each in _attended):
        _attended.append(_Attendant(here))


def stale(function: object) -> str:
    """What is to be said of a function that stayed as it was, since a later cell that defines it did not run."""
    for each in _attended:
        for name, (value, why) in each.failed.items():
            if value is function:
                return f"Your last cell with {name} did not run ({why}): this is about {name} as it was before."
    return ""


def say_if_stale(function: object) -> None:
    """Print what `stale` says, where it says something: the verdict below it is about other code than one sees."""
    if said := stale(function):
        print(said)


class _Attendant:
    def __init__(self, here: Any) -> None:
        self.shell = here
        self.failed: dict[str, tuple[object, str]] = {}
        """The names whose cell failed before it gave them a value: the value that they have, and what was wrong."""
        self._before: dict[str, object] = {}
        self._awake = ExitStack()
        here.events.register("pre_run_cell", self._begins)
        here.events.register("post_run_cell", self._ends)
        if not here.custom_exceptions:
            here.set_custom_exc((asyncio.CancelledError, KeyboardInterrupt), _interrupted)
        kernel = getattr(here, "kernel", None)
        # A kernel puts its own functions in the place of Python's while a cell runs. A terminal's stay as they are.
        for module, name, asks in (
            (builtins, "input", "raw_input"),
            (builtins, "input", "_sys_raw_input"),
            (getpass, "getpass", "getpass"),
            (getpass, "getpass", "_save_getpass"),
        ):
            if (own := getattr(kernel, asks, None)) is not None:
                setattr(kernel, asks, _not_for_callbacks(own, name))
                if getattr(module, name) == own:  # in the cell that runs
                    setattr(module, name, getattr(kernel, asks))

    def _begins(self, info: Any) -> None:
        names = {name for pair in _DEFINED.findall(info.raw_cell or "") for name in pair if name}
        self._before = {name: self.shell.user_ns[name] for name in names if name in self.shell.user_ns}
        runtime: Any = sys.modules.get("labkit.runtime")
        if runtime is not None:
            self._awake.close()
            self._awake.enter_context(runtime.kept_awake())

    def _ends(self, result: Any) -> None:
        self._awake.close()
        error = None if result is None else result.error_before_exec or result.error_in_exec
        for name, value in self._before.items():
            self.failed.pop(name, None)
            if error is not None and self.shell.user_ns.get(name) is value and callable(value):
                self.failed[name] = value, _in_short(error)
        self._before = {}


_attended: list[_Attendant] = []


def _in_short(error: BaseException) -> str:
    """The kind of an error of a cell, and its line."""
    from labkit.errors import line_of  # not above: the doctor needs this module and may have no pydantic

    line = error.lineno if isinstance(error, SyntaxError) else getattr(line_of(error), "number", None)
    return f"{type(error).__name__}, line {line}" if line else type(error).__name__


def _interrupted(here: Any, kind: type[BaseException], error: BaseException, *_: object, **__: object) -> None:
    """Show in place of a traceback what was stopped. IPython calls it for the errors of `set_custom_exc`."""
    from labkit.errors import line_of

    task = _current_task()
    by_hand = kind is KeyboardInterrupt or (task is not None and task.cancelling() > 0)
    place = f" at {line}" if (line := line_of(error)) else ""
    said = "You stopped the cell" if by_hand else "What the cell waited for was cancelled"
    told = f"{said}{place}. Nothing is broken: run it again whenever you like."
    here._showtraceback(KeyboardInterrupt if by_hand else kind, told, [told])


def _current_task() -> "asyncio.Task[Any] | None":
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _not_for_callbacks(asks: Callable[..., str], name: str) -> Callable[..., str]:
    @wraps(asks)
    def asking(*args: Any, **options: Any) -> str:
        steps: Any = sys.modules.get("labkit.steps")
        if threading.current_thread().name == LAB_THREAD or (steps and steps.origin()):  # also in a thread of its own
            raise RuntimeError(NO_INPUT.format(f"{name}()"))
        return asks(*args, **options)

    return asking
