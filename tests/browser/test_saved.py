"""A notebook that is opened when its kernel has ended shows a picture of every widget, as it was at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import PATIENCE, LabPage, write_notebook

SET_UP = """
from labkit import *
from tests.checks import good_callbacks
from tests.story import bookshop, echo

budget = with_budget(echo, samples=20)
lab = Lab(bookshop(), name="lab", sampling_callback=budget)
early = Lab(bookshop(), name="early", sampling_callback=budget)
_ = await lab.call_tool("recommend", {"genre": "romance"})
"""
AFTER = """
_ = await lab.call_tool("price", {"title": "Emma"})
_ = await early.call_tool("compare", {"title": "Emma"})
panel.state.turn(temperature=0.25)
_ = page.wait()
page.target.use_tool("recommend", {"genre": "romance"})
page.run()
_ = page.wait()
"""
CELLS = {
    "set up": SET_UP,
    "flow": "show(lab)",
    "flow before a call": "show(early)",
    "tokens": "show_tokens(TinyModel().trace('Explain: disk full', seed=3))",
    "dials": "panel = dials(TinyModel(), Settings(temperature=0.8))\npanel",
    "tune": "tune('Explain this log line: disk full', TinyModel(seed=7))",
    "budget": "budget_meter(budget)",
    "answers": "grouped(['Emma', 'Emma', 'Persuasion'], true=lambda text: text == 'Emma')",
    "bars": "plot_bars({'one': {'samples': 1}, 'each': {'samples': 9}})",
    "scorecard": "await show_scorecard(good_callbacks.my_callback)",
    "approval": "approval_panel()",
    "playground": "page = Playground(bookshop(), remember=False)\npage.callback(echo)\npage",
    "button": "click_me()",
    "prediction": "predict('2.1')",
    "hints": "hint('2.1')",
    "after": AFTER,
}
NUMBER = {name: i for i, name in enumerate(CELLS)}
WIDGETS = [name for name in CELLS if name not in ("set up", "after")]
TOLD = {
    "dials": "0.25",
    "budget": "samples  4 of 20; 16 left",
    "scorecard": "passed, 0 failed",
    "approval": "what a server asks waits here for a person",
    "playground": "recommend done · run 1 · 1 sample",
    "button": "Click me",
    "prediction": "Predict 2.1. One of these",
    "hints": "Hints for 2.1, one at a time",
}
"""What is read where the picture is text, at the end."""

KEPT = """(all) => {
  const {content} = window.jupyterapp.shell.currentWidget;
  const text = content.widgets.map(({model}) => JSON.stringify(model.toJSON().outputs ?? [])).join();
  return all.every((told) => text.includes(told));
}"""
END = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    """A notebook that was run, saved, and opened again when its kernel had ended; another one was started."""
    write_notebook(root / "saved.ipynb", *CELLS.values())
    with new_page() as lab_page:
        lab_page.open("saved.ipynb").without_sidebar().run_all()
        assert lab_page.errors() == []
        for name in WIDGETS:
            expect(lab_page.output(NUMBER[name]).locator(".labkit-card").first).to_be_visible()
        # At most a second after the last change the notebook has the picture.
        lab_page.page.wait_for_function(
            KEPT, arg=["4 of 20", "compare(title)", "0.25", "recommend done"], timeout=PATIENCE
        )
        assert lab_page.save().page.evaluate(END) is None
        lab_page.open_next("saved.ipynb")
        yield lab_page


def shown(notebook: LabPage, name: str) -> Locator:
    """What a cell shows, without what is there and not seen."""
    return notebook.output(NUMBER[name]).locator(".jp-OutputArea-output:visible")


@pytest.mark.parametrize("name", WIDGETS)
def test_without_its_kernel_a_widget_is_a_picture(notebook: LabPage, name: str) -> None:
    output = shown(notebook, name)
    expect(output).to_have_count(1)
    if name in TOLD:
        expect(output).to_contain_text(TOLD[name])
    else:
        height = "async (image) => { await image.decode(); return image.naturalHeight; }"
        assert output.locator("img").evaluate(height) > 100


def test_of_a_playground_its_last_run_is_kept(notebook: LabPage) -> None:
    output = shown(notebook, "playground")
    expect(output).to_contain_text("in process · 2026-07-28 · your callback: echo")
    expect(output.locator("pre")).to_contain_text("recommend")
    drawn = output.get_by_role("img", name="callback to client")
    assert drawn.evaluate("async (image) => { await image.decode(); return image.naturalHeight; }") > 100
    expect(notebook.output(NUMBER["playground"]).get_by_role("button")).to_have_count(0)


def test_each_picture_is_of_the_call_that_its_view_shows(notebook: LabPage) -> None:
    for name, call in (("flow", "recommend(genre)"), ("flow before a call", "compare(title)")):
        source = shown(notebook, name).locator("img").get_attribute("src") or ""
        assert call in source
        assert "price(title)" not in source
