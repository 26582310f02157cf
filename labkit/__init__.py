"""A kit for learning MCP sampling in a notebook: servers run beside it, you write the callback, you see every frame."""

import io as _io
import sys as _sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.attacks import attack_matrix
    from labkit.checks import check, quiz, scorecard, scorecard_server, try_out
    from labkit.checks.defence import defend, marks
    from labkit.course.keeping import keep
    from labkit.course.predictions import it_was
    from labkit.course.summary import delete_progress, export_progress
    from labkit.diagram import Step
    from labkit.dial_table import Settings
    from labkit.errors import CallbackError, CallTimeout, ConnectError, LabClosed, LabError, ScriptEnded
    from labkit.flow import Flow
    from labkit.host import (
        AuditLog,
        Bill,
        Policy,
        Switch,
        choose,
        choose_model,
        with_approval,
        with_audit,
        with_bill,
        with_budget,
        with_cache,
        with_dials,
        with_fallback,
        with_guard,
        with_policy,
        with_queue,
        with_retry,
        with_timeout,
        with_tools,
    )
    from labkit.lab import Call, Lab, close_all
    from labkit.models.catalog import catalog
    from labkit.models.claude import Claude
    from labkit.models.faulty import Faulty
    from labkit.models.gguf import GGUF
    from labkit.models.openai_compatible import OpenAICompatible
    from labkit.models.quoting import Quoting
    from labkit.models.scripted import Scripted
    from labkit.models.smollm import SmolLM
    from labkit.models.tiny import TinyModel
    from labkit.models.tracing import trace
    from labkit.nested import allow_asyncio_run
    from labkit.playground import Playground
    from labkit.programs import Program
    from labkit.steps import Origin, origin, report
    from labkit.telemetry import Telemetry, with_telemetry
    from labkit.telemetry.collector import Collector
    from labkit.telemetry.parts import parts
    from labkit.telemetry.spending import spending
    from labkit.views.answers import grouped
    from labkit.views.approval_panel import approval_panel
    from labkit.views.attack_matrix import plot_attacks
    from labkit.views.audit import show_audit
    from labkit.views.bars import plot_bars
    from labkit.views.budget_meter import budget_meter
    from labkit.views.click_me import click_me
    from labkit.views.dials import dials, tune
    from labkit.views.flow_view import show
    from labkit.views.glossary import glossary
    from labkit.views.hand_in import hand_in
    from labkit.views.hints import hint
    from labkit.views.my_progress import my_progress
    from labkit.views.prediction import predict
    from labkit.views.progress_bar import course_map, lesson
    from labkit.views.replaying import replay
    from labkit.views.scorecard_panel import show_scorecard, show_server_scorecard
    from labkit.views.side_by_side import compare
    from labkit.views.span_view import show_spans
    from labkit.views.token_view import show_tokens
    from labkit.wire import Frame, tap

_ELSEWHERE = {
    "AuditLog": "labkit.host",
    "Bill": "labkit.host",
    "Call": "labkit.lab",
    "CallTimeout": "labkit.errors",
    "CallbackError": "labkit.errors",
    "Claude": "labkit.models.claude",
    "Collector": "labkit.telemetry.collector",
    "ConnectError": "labkit.errors",
    "Faulty": "labkit.models.faulty",
    "Flow": "labkit.flow",
    "Frame": "labkit.wire",
    "GGUF": "labkit.models.gguf",
    "Lab": "labkit.lab",
    "LabClosed": "labkit.errors",
    "LabError": "labkit.errors",
    "OpenAICompatible": "labkit.models.openai_compatible",
    "Origin": "labkit.steps",
    "Playground": "labkit.playground",
    "Policy": "labkit.host",
    "Program": "labkit.programs",
    "Quoting": "labkit.models.quoting",
    "ScriptEnded": "labkit.errors",
    "Scripted": "labkit.models.scripted",
    "Settings": "labkit.dial_table",
    "SmolLM": "labkit.models.smollm",
    "Step": "labkit.diagram",
    "Switch": "labkit.host",
    "Telemetry": "labkit.telemetry",
    "TinyModel": "labkit.models.tiny",
    "allow_asyncio_run": "labkit.nested",
    "approval_panel": "labkit.views.approval_panel",
    "attack_matrix": "labkit.attacks",
    "budget_meter": "labkit.views.budget_meter",
    "catalog": "labkit.models.catalog",
    "check": "labkit.checks",
    "choose": "labkit.host",
    "choose_model": "labkit.host",
    "click_me": "labkit.views.click_me",
    "close_all": "labkit.lab",
    "compare": "labkit.views.side_by_side",
    "course_map": "labkit.views.progress_bar",
    "defend": "labkit.checks.defence",
    "delete_progress": "labkit.course.summary",
    "dials": "labkit.views.dials",
    "export_progress": "labkit.course.summary",
    "grouped": "labkit.views.answers",
    "glossary": "labkit.views.glossary",
    "hand_in": "labkit.views.hand_in",
    "hint": "labkit.views.hints",
    "it_was": "labkit.course.predictions",
    "keep": "labkit.course.keeping",
    "lesson": "labkit.views.progress_bar",
    "marks": "labkit.checks.defence",
    "my_progress": "labkit.views.my_progress",
    "origin": "labkit.steps",
    "parts": "labkit.telemetry.parts",
    "plot_attacks": "labkit.views.attack_matrix",
    "plot_bars": "labkit.views.bars",
    "predict": "labkit.views.prediction",
    "quiz": "labkit.checks",
    "replay": "labkit.views.replaying",
    "report": "labkit.steps",
    "scorecard": "labkit.checks",
    "scorecard_server": "labkit.checks",
    "show": "labkit.views.flow_view",
    "show_audit": "labkit.views.audit",
    "show_scorecard": "labkit.views.scorecard_panel",
    "show_server_scorecard": "labkit.views.scorecard_panel",
    "show_spans": "labkit.views.span_view",
    "show_tokens": "labkit.views.token_view",
    "spending": "labkit.telemetry.spending",
    "tap": "labkit.wire",
    "trace": "labkit.models.tracing",
    "try_out": "labkit.checks",
    "tune": "labkit.views.dials",
    "with_approval": "labkit.host",
    "with_audit": "labkit.host",
    "with_bill": "labkit.host",
    "with_budget": "labkit.host",
    "with_cache": "labkit.host",
    "with_dials": "labkit.host",
    "with_fallback": "labkit.host",
    "with_guard": "labkit.host",
    "with_policy": "labkit.host",
    "with_queue": "labkit.host",
    "with_retry": "labkit.host",
    "with_telemetry": "labkit.telemetry",
    "with_timeout": "labkit.host",
    "with_tools": "labkit.host",
}
"""Everything costs its import only where it is used: a script that needs a Lab loads no widgets, and a server that asks
`labkit.secret_forms` what a secret looks like loads nothing else."""

__all__ = [  # noqa: RUF022 - by the alphabet alone; the rule would put GGUF first
    "AuditLog",
    "Bill",
    "Call",
    "CallTimeout",
    "CallbackError",
    "Claude",
    "Collector",
    "ConnectError",
    "Faulty",
    "Flow",
    "Frame",
    "GGUF",
    "Lab",
    "LabClosed",
    "LabError",
    "OpenAICompatible",
    "Origin",
    "Playground",
    "Policy",
    "Program",
    "Quoting",
    "ScriptEnded",
    "Scripted",
    "Settings",
    "SmolLM",
    "Step",
    "Switch",
    "Telemetry",
    "TinyModel",
    "allow_asyncio_run",
    "approval_panel",
    "attack_matrix",
    "budget_meter",
    "catalog",
    "check",
    "choose",
    "choose_model",
    "click_me",
    "close_all",
    "compare",
    "course_map",
    "defend",
    "delete_progress",
    "dials",
    "export_progress",
    "glossary",
    "grouped",
    "hand_in",
    "hint",
    "it_was",
    "keep",
    "lesson",
    "marks",
    "my_progress",
    "origin",
    "parts",
    "plot_attacks",
    "plot_bars",
    "predict",
    "quiz",
    "replay",
    "report",
    "scorecard",
    "scorecard_server",
    "show",
    "show_audit",
    "show_scorecard",
    "show_server_scorecard",
    "show_spans",
    "show_tokens",
    "spending",
    "tap",
    "trace",
    "try_out",
    "tune",
    "with_approval",
    "with_audit",
    "with_bill",
    "with_budget",
    "with_cache",
    "with_dials",
    "with_fallback",
    "with_guard",
    "with_policy",
    "with_queue",
    "with_retry",
    "with_telemetry",
    "with_timeout",
    "with_tools",
]


# A flow has arrows, and a server's text may hold any letter: one that the output lacks is replaced and ends no program.
if isinstance(_sys.stdout, _io.TextIOWrapper) and _sys.stdout.errors == "strict":
    _sys.stdout.reconfigure(errors="replace")

if "IPython" in _sys.modules:
    import_module("labkit.notebook").attend()


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'labkit' has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE[name]), name)
