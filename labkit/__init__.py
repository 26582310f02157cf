"""A kit for learning MCP sampling in a notebook: servers run beside it, you write the callback, you see every frame."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from labkit.errors import CallbackError, CallTimeout, ConnectError, LabClosed, LabError, ScriptEnded
from labkit.flow import Flow, Step
from labkit.lab import Call, Lab, close_all
from labkit.models.scripted import Scripted
from labkit.steps import Origin, origin, report
from labkit.wire import Frame, tap

if TYPE_CHECKING:
    from labkit.checks import check, quiz, scorecard, try_out
    from labkit.host import choose_model, with_approval, with_bill, with_budget, with_guard
    from labkit.models.claude import Claude
    from labkit.models.openai_compatible import OpenAICompatible
    from labkit.models.tiny import TinyModel
    from labkit.widgets.dials import dials, tune
    from labkit.widgets.flow_view import show
    from labkit.widgets.sweep import plot_sweep
    from labkit.widgets.token_view import show_tokens

_ELSEWHERE = {
    "Claude": "labkit.models.claude",
    "OpenAICompatible": "labkit.models.openai_compatible",
    "TinyModel": "labkit.models.tiny",
    "check": "labkit.checks",
    "choose_model": "labkit.host",
    "dials": "labkit.widgets.dials",
    "plot_sweep": "labkit.widgets.sweep",
    "quiz": "labkit.checks",
    "scorecard": "labkit.checks",
    "show": "labkit.widgets.flow_view",
    "show_tokens": "labkit.widgets.token_view",
    "try_out": "labkit.checks",
    "tune": "labkit.widgets.dials",
    "with_approval": "labkit.host",
    "with_bill": "labkit.host",
    "with_budget": "labkit.host",
    "with_guard": "labkit.host",
}
"""What draws, checks or answers costs its import only where it is used: a script that needs a Lab loads no widgets."""

__all__ = [
    "Call",
    "CallTimeout",
    "CallbackError",
    "Claude",
    "ConnectError",
    "Flow",
    "Frame",
    "Lab",
    "LabClosed",
    "LabError",
    "OpenAICompatible",
    "Origin",
    "ScriptEnded",
    "Scripted",
    "Step",
    "TinyModel",
    "check",
    "choose_model",
    "close_all",
    "dials",
    "origin",
    "plot_sweep",
    "quiz",
    "report",
    "scorecard",
    "show",
    "show_tokens",
    "tap",
    "try_out",
    "tune",
    "with_approval",
    "with_bill",
    "with_budget",
    "with_guard",
]


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'labkit' has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE[name]), name)
