"""The client's duties, each a sampling callback around a callback.

    callback = with_guard(with_budget(with_approval(my_callback), samples=20))
    Lab(server, sampling_callback=callback)   # or mcp.Client(server, sampling_callback=callback)

The outermost is asked first. An approval stands innermost, next to the answerer: what a human approves is what the
model then sees. In another order the duty that could not do its work says so when it is made (`WrongOrder`).

    callback = with_approval(with_cache(with_fallback(with_retry(with_timeout(my_callback, 5)), other)))
    callback = with_queue(with_guard(with_budget(callback)))

is an order of all: how long and how often the model is asked stands next to it, who may ask at all stands outside, and
outermost, where all is seen, `with_audit`.
"""

from labkit.host.approval import Approval, Ask, with_approval
from labkit.host.audit import AuditLog, with_audit
from labkit.host.audit_entry import Entry
from labkit.host.bill import Bill, Billed, with_bill
from labkit.host.budget import Budget, with_budget
from labkit.host.cache import Cache, whole_request, with_cache
from labkit.host.choice import Chosen, ModelChoice, choose, choose_model
from labkit.host.dials import Dials, with_dials
from labkit.host.duty import Duty, Remark, WrongOrder
from labkit.host.fallback import Fallback, with_fallback
from labkit.host.figures import Left, Spent
from labkit.host.guard import Guard, with_guard
from labkit.host.policy import Policed, Policy, with_policy
from labkit.host.queue import Queue, with_queue
from labkit.host.rendering import render
from labkit.host.retry import Retry, may_pass, with_retry
from labkit.host.review import AllowServer, Approve, Decision, Edit, Refuse, ReviewRequest
from labkit.host.rules import RULES, Rule
from labkit.host.switch import Switch
from labkit.host.terminal import ask_in_terminal
from labkit.host.timeout import Timeout, with_timeout
from labkit.host.tools import Tools, with_tools
from labkit.secret_forms.hidden import visible

__all__ = [
    "RULES",
    "AllowServer",
    "Approval",
    "Approve",
    "Ask",
    "AuditLog",
    "Bill",
    "Billed",
    "Budget",
    "Cache",
    "Chosen",
    "Decision",
    "Dials",
    "Duty",
    "Edit",
    "Entry",
    "Fallback",
    "Guard",
    "Left",
    "ModelChoice",
    "Policed",
    "Policy",
    "Queue",
    "Refuse",
    "Remark",
    "Retry",
    "ReviewRequest",
    "Rule",
    "Spent",
    "Switch",
    "Timeout",
    "Tools",
    "WrongOrder",
    "ask_in_terminal",
    "choose",
    "choose_model",
    "may_pass",
    "render",
    "visible",
    "whole_request",
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
    "with_timeout",
    "with_tools",
]
