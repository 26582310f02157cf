"""What a widget tells a notebook: its picture, with a mark by which a page knows the widget, and the picture anew."""

from collections.abc import Iterator
from queue import Empty
from time import monotonic
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from labkit.views.placed import SVG, VIEW, marked
from tests.story import ROOT

PATIENCE = 60.0
"""Seconds that a busy machine may take."""

SHOWN = ("display_data", "execute_result", "update_display_data")
METER = """
from labkit import budget_meter, with_budget
from tests.story import echo
budget = with_budget(echo, samples=20)
meter = budget_meter(budget)
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(startup_timeout=PATIENCE, kernel_name="python3", cwd=str(ROOT))
    client.execute(METER)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def heard(kernel: BlockingKernelClient, kind: str) -> dict[str, Any]:
    """The next message of one of these kinds; the content of it, with its kind."""
    end = monotonic() + PATIENCE
    while monotonic() < end:
        try:
            message = kernel.get_iopub_msg(timeout=1)
        except Empty:
            continue
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] in SHOWN and kind in SHOWN:
            return {"kind": message["msg_type"], **message["content"]}
        if message["msg_type"] == kind:
            return message["content"]
    raise AssertionError(f"no {kind} within {PATIENCE:g} s")


def test_jupyterlab_is_given_the_picture_alone_and_told_when_it_has_changed(kernel: BlockingKernelClient) -> None:
    kernel.execute("meter", allow_stdin=True)
    shown = heard(kernel, "display_data")
    assert shown["kind"] == "display_data"
    assert shown["data"].keys() == {"text/plain", "text/html"}
    assert shown["data"]["text/html"].startswith('<div class="labkit-at-')
    assert "samples  0 of 20; 20 left" in shown["data"]["text/html"]
    kernel.execute("meter.lines = [['samples', '1 of 20', '19 left', 0.05]]; budget.spent", allow_stdin=True)
    assert heard(kernel, "comm_msg")["data"]["state"]["lines"][0][1] == "1 of 20"
    kernel.execute("meter.__class__.__str__ = lambda self: '1 of 20'; meter.lines = []", allow_stdin=True)
    told = heard(kernel, "update_display_data")
    while told["kind"] != "update_display_data":
        told = heard(kernel, "update_display_data")
    assert told["transient"] == shown["transient"]
    assert "1 of 20" in told["data"]["text/html"]


@pytest.mark.parametrize("where", ["__vsc_ipynb_file__ = 'x'", "import sys; sys.modules['google.colab'] = sys"])
def test_a_front_end_that_makes_widgets_where_they_are_shown_is_given_the_widget(
    kernel: BlockingKernelClient, where: str
) -> None:
    kernel.execute(f"{where}\nbudget_meter(budget)", allow_stdin=True)
    assert VIEW in heard(kernel, "execute_result")["data"]
    kernel.execute(
        "globals().pop('__vsc_ipynb_file__', None); __import__('sys').modules.pop('google.colab', None); None"
    )


def test_where_nobody_sits_before_the_notebook_the_widget_is_stored_as_ever(kernel: BlockingKernelClient) -> None:
    kernel.execute("budget_meter(budget)", allow_stdin=False)
    shown = heard(kernel, "execute_result")
    assert (shown["kind"], shown["data"].keys()) == ("execute_result", {"text/plain", VIEW})


def test_a_mark_stands_in_the_drawing_or_around_the_text_which_stays_text() -> None:
    drawn = marked({"text/plain": "a", SVG: '<svg x="1"><svg y="2"/></svg>'}, "mark")
    assert drawn == {"text/plain": "a", SVG: '<svg class="mark" x="1"><svg y="2"/></svg>'}
    assert marked({"text/plain": "<b>"}, "mark")["text/html"] == '<div class="mark"><pre>&lt;b&gt;</pre></div>'
    assert marked({"text/plain": "a", "text/html": "<img>"}, "mark")["text/html"] == '<div class="mark"><img></div>'
