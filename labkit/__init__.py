"""A kit for learning MCP sampling in a notebook: servers run beside it, you write the callback, you see every frame."""

from typing import TYPE_CHECKING, Any

from labkit.errors import CallbackError, CallTimeout, ConnectError, LabClosed, LabError, ScriptEnded
from labkit.flow import Flow, Step
from labkit.lab import Call, Lab, close_all
from labkit.models.scripted import Scripted
from labkit.steps import Origin, origin, report
from labkit.wire import Frame, tap

if TYPE_CHECKING:
    from labkit.checks import check, quiz, try_out
    from labkit.widgets.flow_view import show

__all__ = [
    "Call",
    "CallTimeout",
    "CallbackError",
    "ConnectError",
    "Flow",
    "Frame",
    "Lab",
    "LabClosed",
    "LabError",
    "Origin",
    "ScriptEnded",
    "Scripted",
    "Step",
    "check",
    "close_all",
    "origin",
    "quiz",
    "report",
    "show",
    "tap",
    "try_out",
]


def __getattr__(name: str) -> Any:
    # What draws or checks costs its import only where it is used: a script that needs a Lab loads no widgets.
    if name == "show":
        from labkit.widgets.flow_view import show

        return show
    if name in ("check", "quiz", "try_out"):
        import labkit.checks

        return getattr(labkit.checks, name)
    raise AttributeError(f"module 'labkit' has no attribute {name!r}")
