"""What Lab does with widgets: several in one notebook, a second view of one, a cell that is run again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

CELLS = (
    "from labkit import TinyModel, approval_panel, dials\n\ndials(TinyModel())",
    "approval_panel()",
    "from labkit import Playground\n\nplayground = Playground(remember=False)\nplayground",
)
OWN = """() => {
  const all = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map(({cssText}) => cssText);
  return all.filter((text) => /^\\.labkit-(?!card)/.test(text)).map((text) => text.split('{')[0]);
}"""
CLOSE_OUTPUT_VIEW = """() => {
  for (const {content} of window.jupyterapp.shell.widgets('main')) {
    if (content?.hasClass?.('jp-LinkedOutputView')) content.parent.dispose();
  }
}"""


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    write_notebook(root / "in_lab.ipynb", *CELLS)
    with new_page() as lab_page:
        lab_page.open("in_lab.ipynb").run_all()
        assert lab_page.errors() == []
        yield lab_page
        lab_page.shut_down()


def connected(playground: Locator) -> Locator:
    expect(playground.locator(".top .status")).to_contain_text("connected ·")
    return playground


def button(playground: Locator, name: str) -> Locator:
    return playground.get_by_role("button", name=name, exact=True)


def test_what_all_cards_share_does_not_beat_the_own_styles_of_an_earlier_widget(notebook: LabPage) -> None:
    connected(notebook.output(2).locator(".labkit-playground"))
    head = notebook.output(0).locator(".labkit-dials .head")
    assert head.evaluate("(node) => getComputedStyle(node).flexWrap") == "nowrap"
    assert notebook.page.evaluate(OWN) == []  # each rule of a card names the card too, and so has more weight


def test_a_second_view_of_the_output_shows_the_same_closed_and_opened_again_too(notebook: LabPage) -> None:
    connected(notebook.output(2).locator(".labkit-playground"))
    both = notebook.page.locator(".labkit-playground")
    for number in (1, 2):
        notebook.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
        notebook.command("notebook:create-output-view")
        expect(both.locator(".labkit-dials")).to_have_count(2)
        button(both.last, "Run").click()
        for each in (both.first, both.last):
            expect(each.get_by_role("tab", name="History")).to_have_text(f"History {number}")
            expect(each.locator(".labkit-flow")).to_have_count(1)
        notebook.page.evaluate(CLOSE_OUTPUT_VIEW)
        expect(both).to_have_count(1)


def test_a_cell_run_again_while_a_question_is_open_leaves_no_question(notebook: LabPage) -> None:
    page = connected(notebook.output(2).locator(".labkit-playground"))
    page.get_by_role("checkbox", name="Ask me first").check()
    # The notebook may have less room than the question, as beside a second view.
    notebook.page.set_viewport_size({"width": 1366, "height": 410})
    button(page, "Run").click()
    expect(page.locator(".sheet")).to_be_visible()
    notebook.output(0)
    expect(button(page, "Refuse")).to_be_in_viewport(ratio=1)
    expect(page.locator(".labkit-approval .head")).to_be_in_viewport(ratio=1)
    notebook.page.set_viewport_size({"width": 1366, "height": 768})
    notebook.run_cell(2)
    page = connected(notebook.output(2).locator(".labkit-playground"))
    expect(page.locator(".sheet")).to_be_hidden()
    expect(page.locator(".result .meta")).to_contain_text("was cancelled")
    expect(button(page, "Run")).to_have_attribute("aria-disabled", "false")
    assert notebook.errors() == []
