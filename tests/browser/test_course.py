"""Predictions, hints and progress in a real JupyterLab: by mouse and keyboard, over a restart, on a full disk."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

SET_UP = """
import os
os.environ["LABKIT_PROGRESS"] = "."
from labkit import check, hint, it_was, lesson, my_progress, predict
from labkit.course.predictions import Prediction
from labkit.views.prediction import PredictionView
lesson("02")
"""
ORDER = """
TEXT = '<img src=x onerror="window.__pwned=1">'
PredictionView(Prediction("99.1", "order", TEXT + "?", "So.", {"a": "early", "b": TEXT, "c": "three"}))
"""
WRONG = """
def conversation(params):
    return [{"role": message.role, "content": message.content.text} for message in params.messages]

await check("2.1", conversation)
hint("2.1")
"""
CELLS = (
    SET_UP,
    'predict("2.1")',
    'it_was("2.1")',
    'predict("2.3")',
    'it_was("2.3", 2)',
    ORDER,
    WRONG,
    "my_progress()",
    'predict("2.2")',
    'it_was("2.2")',
)
FULL = """
import errno
def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
write, os.write = os.write, full
"""


@pytest.fixture(scope="module")
def notebook(root: Path, new_page: NewPage) -> Iterator[LabPage]:
    folder = root / "course"
    folder.mkdir()
    write_notebook(folder / "course.ipynb", *CELLS)
    with new_page() as lab_page:
        lab_page.open("course/course.ipynb").with_sidebar().run_cell(0)
        yield lab_page


def card(notebook: LabPage, i: int) -> Locator:
    found = notebook.output(i).locator(".labkit-card")
    expect(found).to_be_visible()
    return found


def bar(notebook: LabPage) -> Locator:
    return notebook.output(0).get_by_role("group", name="Your progress in lesson 02")


def test_a_guess_is_entered_by_mouse_and_by_keyboard_and_is_there_after_a_restart(notebook: LabPage) -> None:
    keyboard = notebook.page.keyboard
    cells = len(notebook.cells())
    view = card(notebook.run_cell(1), 1)
    enter = view.get_by_role("button", name="Enter my guess")
    expect(enter).to_have_attribute("aria-disabled", "true")
    view.get_by_role("radio", name="a system prompt").check()
    enter.click()
    expect(view.get_by_role("status")).to_contain_text("You said · a: a system prompt")
    view.get_by_role("radio", name="a system prompt").focus()
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    keyboard.press("Tab")
    expect(enter).to_be_focused()
    keyboard.press("Enter")
    expect(view.get_by_role("status")).to_contain_text("You said · c: the name of the model")
    number = card(notebook.run_cell(3), 3)
    number.get_by_role("spinbutton").focus()
    keyboard.press("Enter")
    keyboard.type("5")
    keyboard.press("Enter")
    expect(number.get_by_role("status")).to_have_text(re.compile("^You said · 5 words"))
    expect(number.get_by_role("button")).to_have_attribute("aria-disabled", "true")  # it is entered
    expect(bar(notebook)).to_contain_text("2 of 5 predictions entered, 0 right")

    notebook.restart_kernel().run_cell(0).run_cell(1).run_cell(2).run_cell(3).run_cell(4)
    expect(card(notebook, 1).get_by_role("status")).to_contain_text("You were right.")
    expect(card(notebook, 1).get_by_role("radio", name="the name of the model")).to_be_disabled()
    expect(card(notebook, 3).get_by_role("status")).to_contain_text("You said · 5 words\nIt was · 2 words")
    expect(bar(notebook)).to_contain_text("2 of 5 predictions entered, 1 right")

    order = card(notebook.run_cell(5), 5)
    for name in ("three", "early"):
        order.get_by_role("button", name=name).focus()
        keyboard.press("Space")
    order.get_by_role("button", name="img").click()
    order.get_by_role("button", name="early").click()  # taken back
    order.get_by_role("button", name="early").click()
    expect(order.get_by_role("button", name="img")).to_have_text(re.compile("^2. <img"))
    order.get_by_role("button", name="Enter my guess").click()
    expect(order.get_by_role("status")).to_contain_text("You said · c, b, a")
    assert notebook.page.evaluate("() => window.__pwned") is None
    assert (len(notebook.cells()), notebook.errors()) == (cells, [])


def test_hints_come_one_at_a_time_the_one_for_the_mistake_first_the_solution_last(notebook: LabPage) -> None:
    view = card(notebook.run_cell(6), 6)
    more = view.get_by_role("button")
    more.focus()
    for offered in ("a hint to what the check found", "hint 1 of 3", "hint 2 of 3", "hint 3 of 3", "the solution"):
        expect(more).to_have_text(f"Show {offered}")
        expect(view.locator("pre")).to_have_count(0)
        notebook.page.keyboard.press("Enter")
    expect(more).to_have_text("That is all there is")
    expect(more).to_be_focused()
    assert view.locator("h4").all_text_contents()[1:4] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3"]
    expect(view.locator("pre")).to_contain_text("def conversation(params):")
    expect(bar(notebook)).to_contain_text("5 hints")
    assert notebook.errors() == []


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_on_a_full_disk_it_is_said_and_axe_finds_nothing_in_either_theme(
    notebook: LabPage, root: Path, light: bool
) -> None:
    kept = root / "course" / "progress.jsonl"
    before = kept.read_text(encoding="utf-8")
    notebook.theme(light=light).execute(FULL)
    notebook.run_cell(6)
    for i in (3, 6):
        expect(card(notebook, i)).to_contain_text("could not be kept in progress.jsonl (No space left on device)")
    found = Axe().run(notebook.page, context={"include": [[".labkit-prediction"], [".labkit-hints"]]})
    assert len(found.response["passes"]) > 10  # it has looked
    serious = [fault for fault in found.response["violations"] if fault["impact"] in {"serious", "critical"}]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in serious] == []
    assert kept.read_text(encoding="utf-8") == before
    notebook.execute("os.write = write").run_cell(6)
    expect(card(notebook, 6)).not_to_contain_text("could not be kept")
    assert len(kept.read_text(encoding="utf-8").split("\n")) == len(before.split("\n")) + 2
    assert notebook.errors() == []


def test_a_question_whose_answer_was_shown_is_closed_also_after_a_restart(notebook: LabPage) -> None:
    notebook.run_cell(8).run_cell(9)
    for _ in range(2):
        view = card(notebook, 8)
        expect(view.get_by_role("status")).to_contain_text("You made no guess.")
        expect(view.get_by_role("radio").first).to_be_disabled()
        expect(view.get_by_role("button")).to_have_count(0)
        notebook.restart_kernel().run_cell(0).run_cell(8)
    notebook.run_cell(1).run_cell(3)


def test_progress_is_exported_and_deleted_by_keyboard_and_a_guess_is_gone_from_the_page(
    notebook: LabPage, root: Path
) -> None:
    keyboard = notebook.page.keyboard
    view = card(notebook.run_cell(7), 7)
    view.get_by_role("button", name="Export my progress").focus()
    keyboard.press("Enter")
    expect(view.get_by_role("status")).to_contain_text("written to my_progress.json. It holds no code of yours.")
    assert (root / "course" / "my_progress.json").exists()
    found = Axe().run(notebook.page, context={"include": [[".labkit-progress"]]})
    assert [fault["id"] for fault in found.response["violations"]] == []
    keyboard.press("Tab")
    keyboard.press("Enter")
    asked = view.get_by_role("group", name="Delete your progress?")
    expect(asked).to_contain_text(re.compile(r"Delete \d+ events in progress.jsonl\? There is no way back."))
    expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    keyboard.press("Escape")
    expect(asked).to_be_hidden()
    expect(view.get_by_role("button", name="Delete my progress")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    expect(view.get_by_role("status")).to_have_text(re.compile(r"^\d+ events deleted from progress.jsonl.$"))
    expect(view).to_contain_text("0 events in progress.jsonl")
    assert not (root / "course" / "progress.jsonl").exists()
    expect(card(notebook, 1).locator(":checked")).to_have_count(0)
    expect(card(notebook, 1).get_by_role("button")).to_have_attribute("aria-disabled", "true")
    expect(card(notebook, 3).get_by_role("spinbutton")).to_have_value("")
    assert notebook.errors() == []
