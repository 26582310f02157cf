"""A lesson becomes a notebook and executed copies; `--check` sees each way to be out of date or unfit to be shown."""

from pathlib import Path

import nbformat
import pytest

from lessons import build

LESSON = '''\
# %% [markdown]
# # A lesson

# %%
def double(n):
    """Twice n."""
    # SOLUTION
    return 2 * n
    # END SOLUTION

# %% [markdown] tags=["instructor"]
# The solution doubles.

# %% tags=["live"]
print("now")
'''


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    path = tmp_path / "42_a_lesson.py"
    path.write_text(LESSON, encoding="utf-8")
    return path


def test_a_student_finds_a_stub_in_place_of_the_solution(lesson: Path) -> None:
    _, function, _ = build.from_lesson(lesson, solved=False).cells
    assert function.source == 'def double(n):\n    """Twice n."""\n    raise NotImplementedError'


def test_an_instructor_finds_the_solution_without_its_marks(lesson: Path) -> None:
    _, function, words, _ = build.from_lesson(lesson, solved=True).cells
    assert function.source == 'def double(n):\n    """Twice n."""\n    return 2 * n'
    assert words.source == "The solution doubles."


@pytest.mark.parametrize("path", build.lessons(), ids=lambda path: path.stem)
def test_a_code_cell_that_students_open_has_twelve_lines_at_most(path: Path) -> None:
    cells = build.from_lesson(path, solved=False).cells
    code = [[line for line in cell.source.splitlines() if line.strip()] for cell in cells if cell.cell_type == "code"]
    assert [lines for lines in code if len(lines) > 12] == []


def test_what_differs_at_every_run_is_not_compared(lesson: Path) -> None:
    *_, live = build.from_lesson(lesson, solved=False).cells
    assert live.metadata["tags"] == ["nbval-ignore-output"]


def test_what_stands_until_a_cell_is_run_is_the_output_of_the_students_alone(tmp_path: Path) -> None:
    path = tmp_path / "42_a_lesson.py"
    path.write_text('# %%\nprint("now")\n\n# %% [markdown] tags=["until-run"]\n# Run it.\n', encoding="utf-8")
    [cell] = build.from_lesson(path, solved=False).cells
    assert [output.data for output in cell.outputs] == [{"text/markdown": "Run it."}]
    for other in (build.from_lesson(path, solved=False, folder=build.EXECUTED), build.from_lesson(path, solved=True)):
        assert [each.get("outputs") for each in other.cells] == [[]]


def test_what_a_cell_prints_stays_where_it_was_printed_and_its_pieces_become_one() -> None:
    pieces = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a", "b\n", "c\n")]
    picture = nbformat.v4.new_output("display_data", data={"text/plain": "a picture"})
    cell = nbformat.v4.new_code_cell("show()", outputs=[*pieces[:2], picture, pieces[2]])
    shown = build.stripped(nbformat.v4.new_notebook(cells=[cell])).cells[0].outputs
    assert [output.get("text", "picture") for output in shown] == ["ab\n", "picture", "c\n"]


def test_two_builds_give_the_same_notebook(lesson: Path) -> None:
    first, second = (build.execute(build.from_lesson(lesson, solved=True), solved=True) for _ in range(2))
    assert nbformat.writes(first) == nbformat.writes(second)


def test_a_link_leads_from_each_folder_to_what_it_names(tmp_path: Path) -> None:
    """A lesson's links are written as from `notebooks/`; lesson 00 has nothing to solve."""
    path = tmp_path / "42_a_lesson.py"
    links = "[](01_borrow_a_brain.ipynb) [](00_start_here.ipynb#Recap) [](instructor/01_borrow_a_brain.ipynb)"
    path.write_text(f"# %% [markdown]\n# {links}\n", encoding="utf-8")

    def written(folder: Path) -> list[str]:
        [cell] = build.from_lesson(path, solved=False, folder=folder).cells
        return [link.rstrip(")") for link in cell.source.replace("[](", "").split(" ")]

    assert written(build.NOTEBOOKS) == [link.rstrip(")") for link in links.replace("[](", "").split(" ")]
    assert written(build.EXECUTED) == [
        "01_borrow_a_brain.ipynb",
        "00_start_here.ipynb#Recap",
        "../instructor/01_borrow_a_brain.ipynb",
    ]
    assert written(build.INSTRUCTOR) == [
        "01_borrow_a_brain.ipynb",
        "../00_start_here.ipynb#Recap",
        "01_borrow_a_brain.ipynb",
    ]


def stored(lesson: Path, tmp_path: Path) -> tuple[Path, nbformat.NotebookNode]:
    return tmp_path / "stored.ipynb", build.execute(build.from_lesson(lesson, solved=False), solved=False)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    return tmp_path


def faults_of(path: Path, notebook: nbformat.NotebookNode, lesson: Path) -> list[str]:
    nbformat.write(notebook, path)
    return build.faults(path, build.from_lesson(lesson, solved=False))


def test_a_notebook_that_is_as_built_has_no_fault(lesson: Path, root: Path) -> None:
    assert faults_of(*stored(lesson, root), lesson) == []


def test_each_way_to_be_unfit_is_named(lesson: Path, root: Path) -> None:
    path, good = stored(lesson, root)
    dead = "[next](43_a_lesson.ipynb)"
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="x", traceback=[])
    whine = nbformat.v4.new_output("stream", name="stderr", text="a warning")
    output = nbformat.v4.new_output("display_data", data={"text/plain": "Output()"})
    for change, word in (
        (lambda n: n.cells[1].update(source="pass"), "is not what its lesson says"),
        (lambda n: n.cells[2].update(execution_count=7), "not run once from top to bottom"),
        (lambda n: n.cells[2].update(execution_count=None), "not run once from top to bottom"),
        (lambda n: n.cells[0].update(source=dead), "its link to 43_a_lesson.ipynb leads nowhere"),
        (lambda n: n.metadata.update(widgets={"state": {}}), "widget state"),
        (lambda n: n.cells[2].outputs.append(error), "shows an error"),
        (lambda n: n.cells[2].outputs.append(whine), "writes to stderr"),
        (lambda n: n.cells[2].outputs.append(output), "Output() widget"),
    ):
        bad = nbformat.from_dict(good)
        bad = nbformat.reads(nbformat.writes(bad), as_version=4)
        change(bad)
        assert any(word in fault for fault in faults_of(path, bad, lesson)), word


def test_what_a_student_opens_holds_nothing_that_was_run(
    lesson: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "NOTEBOOKS", root)
    path = root / "stored.ipynb"
    assert faults_of(path, build.from_lesson(lesson, solved=False), lesson) == []
    _, ran = stored(lesson, root)
    assert faults_of(path, ran, lesson) == ["stored.ipynb: it was run, and its cells hold what a student is to make"]


def test_a_missing_notebook_is_a_fault(lesson: Path, root: Path) -> None:
    assert build.faults(root / "none.ipynb", build.from_lesson(lesson, solved=False)) == ["none.ipynb is missing"]
