"""The scorecard's panel in a real JupyterLab: by keyboard, in place when its cell runs again, safe, in both themes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

SET_UP = """
from labkit import show_scorecard
from tests.checks import good_callbacks

TEXT = '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script> \\u202e'

async def my_callback(context, params):
    if params.max_tokens < 0:
        raise LookupError(TEXT)
    return await good_callbacks.my_callback(context, params)
"""
SHOW = "await show_scorecard(my_callback)"
MENDED = "my_callback = good_callbacks.my_callback"


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    write_notebook(root / "scorecard.ipynb", SET_UP, SHOW, MENDED)
    with new_page() as lab_page:
        lab_page.open("scorecard.ipynb").without_sidebar().run_cell(0).run_cell(1)
        yield lab_page


def panel_of(notebook: LabPage) -> Locator:
    """The only panel that is seen: what is stored beside it for readers is not."""
    panel = notebook.output(1).locator(".labkit-scorecard")
    expect(panel).to_be_visible()
    expect(notebook.output(1).get_by_text("PASS  messages.one").filter(visible=True)).to_have_count(0)
    return panel


def test_a_case_is_read_by_keyboard_and_what_came_back_stays_text(notebook: LabPage) -> None:
    panel = panel_of(notebook)
    to_mend = panel.get_by_role("radio", name="to mend 1")
    to_mend.focus()
    notebook.page.keyboard.press("Space")
    expect(to_mend).to_be_checked()
    option = panel.locator("[role=option]:visible")
    expect(option).to_have_count(1)
    expect(option).to_contain_text("a negative number of tokens")
    expect(option).to_contain_text("failed")
    notebook.page.keyboard.press("Tab")
    expect(option).to_be_focused()
    notebook.page.keyboard.press("Enter")
    detail = panel.get_by_role("region")
    for told in (
        "maxTokens -5",
        '<img src=x onerror="window.__pwned=1">',
        "\\u202e",
        "Sampling Parameters",
        "ErrorData(",
    ):
        expect(detail).to_contain_text(told)
    assert notebook.page.evaluate("() => window.__pwned") is None
    notebook.page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    panel.get_by_role("radio", name=re.compile("all cases")).check()
    option.first.focus()
    notebook.page.keyboard.press("End")
    expect(option.last).to_be_focused()
    expect(option.last).to_be_in_viewport()
    assert notebook.errors() == []


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_axe_finds_nothing_serious_in_either_theme(notebook: LabPage, light: bool) -> None:
    notebook.theme(light=light)
    panel = panel_of(notebook)
    option = panel.locator("[data-id='limits.negative']")
    option.click()
    expect(option).to_have_attribute("aria-selected", "true")
    found = Axe().run(notebook.page, context={"include": [[".labkit-scorecard"]]})
    option.click()
    assert len(found.response["passes"]) > 10  # it has looked
    serious = [fault for fault in found.response["violations"] if fault["impact"] in {"serious", "critical"}]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in serious] == []


def test_run_again_it_says_what_has_changed_and_stays_where_it_was(notebook: LabPage) -> None:
    panel_of(notebook).locator("[data-id='limits.negative']").click()
    notebook.run_cell(2).run_cell(1)
    panel = panel_of(notebook)
    expect(panel.get_by_role("status")).to_have_text("since the last run: 1 now passes")
    expect(panel.get_by_role("region")).to_contain_text("passed · a negative number of tokens · now passes")
    panel.get_by_role("radio", name="changed 1").check()
    expect(panel.locator("[role=option]:visible")).to_have_count(1)
    for width in (560, 1100):
        panel.evaluate("(node, width) => { node.style.width = `${width}px`; }", width)
        wide = panel.evaluate(
            "(panel) => [...panel.querySelectorAll('.head, .tools, .scroll, .detail')]"
            ".filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className)"
        )
        assert wide == []
    assert notebook.errors() == []
