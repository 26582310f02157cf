"""Mischief in every field of a sample, in every view: nothing runs, nothing is loaded, nothing is there but unseen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

FLOW = """
from mcp_types import SamplingCapability, SamplingToolsCapability
from labkit import Lab, Playground, approval_panel, report, show, show_scorecard, show_server_scorecard, with_approval
from labkit.playground.sources import WIRES
from tests.spiteful import TEXT, spiteful, spiteful_server

async def telling(context, params):
    report(TEXT, note=TEXT)
    return await spiteful(context, params)

TOOLS = SamplingCapability(tools=SamplingToolsCapability())
modern = Lab(spiteful_server(), name="modern", sampling_callback=telling)
legacy = Lab(spiteful_server(), name="older", mode="legacy", sampling_callback=telling, sampling_capabilities=TOOLS)
for lab in (modern, legacy):
    await lab.call_tool("ask", {TEXT: TEXT})
    failing = lab.start(TEXT, {TEXT: TEXT})
    try:
        await failing
    except Exception:
        pass
show(modern)
"""
OLDER = "show(legacy)"
REVIEW = """
panel = approval_panel()
legacy.callback = with_approval(spiteful, ask=panel, timeout=599)
call = legacy.start("ask", {TEXT: TEXT})
panel
"""
PLAYGROUND = """
playground = Playground(spiteful_server(), name="spiteful")
playground.callback(telling)
playground.wait()
for tool in ("ask", TEXT):
    playground.target.use_tool(tool, {TEXT: TEXT})
    for wires in WIRES:
        playground.target.use_wires(wires)
        playground.wait()
        playground.run()
        playground.wait()
playground
"""
SCORECARD = """
async def raising(context, params):
    if params.max_tokens < 0:
        raise LookupError(TEXT)
    return await spiteful(context, params)

await show_scorecard(raising)
"""
SERVERS = "await show_server_scorecard(spiteful_server(), 'ask')"
CELLS = {
    "flow": FLOW,
    "older": OLDER,
    "review": REVIEW,
    "playground": PLAYGROUND,
    "scorecard": SCORECARD,
    "servers": SERVERS,
}
NUMBER = {name: i for i, name in enumerate(CELLS)}

# What a page would have made of the markup, and what stands in a text or a label though nobody sees it. The kit's own
# links lead to a page of the specification and say so in one word.
FOUND = r"""(view) => {
  const page = 'a[href^="https://modelcontextprotocol.io/specification/2"][rel="noopener noreferrer"]';
  const own = (at) => at.matches(page) && at.innerHTML === 'specification';
  const unseen = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\u3164\ufff9-\ufffb]|\udb40/;
  const found = [];
  for (const at of [view, ...view.querySelectorAll('*')]) {
    const acts = /^(img|script|iframe|object|embed|a|base|link|meta|form)$/i.test(at.localName);
    if (acts && !own(at)) found.push(at.outerHTML);
    for (const {name, value} of at.attributes) {
      if (/^on/i.test(name) || /^\s*javascript:/i.test(value)) found.push(`${name}=${value}`);
      if (name !== 'value' && unseen.test(value)) found.push(`unseen in ${at.localName} ${name}: ${value}`);
    }
    for (const {nodeType, data} of at.childNodes)
      if (nodeType === Node.TEXT_NODE && unseen.test(data)) found.push(`unseen in ${at.localName}: ${data}`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    write_notebook(root / "nothing_runs.ipynb", *CELLS.values())
    with new_page() as lab_page:
        lab_page.open("nothing_runs.ipynb").without_sidebar().run_all()
        assert lab_page.errors() == []
        yield lab_page


def view_of(notebook: LabPage, cell: str, kind: str) -> Locator:
    view = notebook.output(NUMBER[cell]).locator(f".labkit-{kind}").first
    expect(view).to_be_visible()
    return view


def assert_nothing_ran(view: Locator) -> None:
    assert view.evaluate(FOUND) == []
    assert view.page.evaluate("() => window.__hit") is None


@pytest.mark.parametrize("cell", ["flow", "older"])
def test_each_step_of_a_flow(notebook: LabPage, cell: str) -> None:
    view = view_of(notebook, cell, "flow")
    rows = view.locator("[role=option]")
    for call in range(2):
        view.get_by_role("combobox", name="Call").select_option(index=call)
        expect(rows.nth(1)).to_be_visible()
        for number in range(rows.count()):
            rows.nth(number).click()
            expect(view.locator(".detail")).to_be_visible()
            assert_nothing_ran(view)
        expect(view).to_contain_text("onerror=")


def test_a_review_of_a_request_and_of_its_answer(notebook: LabPage) -> None:
    view = view_of(notebook, "review", "approval")
    for approves in ("Approve", "Send"):  # the request, then the answer
        button = view.get_by_role("button", name=approves, exact=True)
        expect(button).to_be_visible()
        expect(view).to_contain_text("onerror=")
        assert_nothing_ran(view)
        button.click()


def test_each_tab_and_each_run_of_a_playground(notebook: LabPage) -> None:
    view = view_of(notebook, "playground", "playground")
    tabs = view.get_by_role("tab")
    for number in range(tabs.count()):
        tabs.nth(number).click()
        expect(tabs.nth(number)).to_have_attribute("aria-selected", "true")
        expect(view).to_contain_text("onerror=")
        assert_nothing_ran(view)


@pytest.mark.parametrize("cell", ["scorecard", "servers"])
def test_each_case_of_a_scorecard(notebook: LabPage, cell: str) -> None:
    view = view_of(notebook, cell, "scorecard")
    to_mend = view.get_by_role("option").filter(has_text="failed")
    expect(to_mend.first).to_be_visible()
    told = ""
    for number in range(to_mend.count()):
        to_mend.nth(number).click()
        detail = view.get_by_role("region")
        expect(detail).to_contain_text("came back")
        told += detail.inner_text()
        assert_nothing_ran(view)
    assert "onerror=" in told
