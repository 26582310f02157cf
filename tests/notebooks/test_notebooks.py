"""The notebooks do what they show: strict nbval for what students open, execution of the solved, a canary that must fail.

What students open holds no outputs to compare, so its executed twin is proven in its place: the same cells, each with a
count, for where there is none nbval compares nothing.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbval.plugin import get_sanitize_patterns

from lessons import build

HERE = Path(__file__).parent
[(PIXELS, NO_PIXELS)] = get_sanitize_patterns((HERE / "pixels.ini").read_text(encoding="utf-8"))
TWINS = [(lesson, build.EXECUTED / f"{lesson.stem}.ipynb") for lesson in build.lessons()]
SOLVED = [(lesson, path) for lesson in build.lessons() for path, solved in build.targets(lesson) if solved]


# pytest with nbval alone; what jsonschema would build for two seconds is not needed, as in tests/conftest.py.
PYTEST = "import sys; sys.modules['rfc3987_syntax'] = None; import pytest; sys.exit(pytest.main())"
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "nbval.plugin"}


def nbval(notebook: Path, ipython: Path) -> subprocess.CompletedProcess[str]:
    """Run strict nbval over `notebook`, in kernels that publish exception groups as errors."""
    startup = ipython / "profile_default" / "startup"
    startup.mkdir(parents=True)
    shutil.copy(HERE / "publish_groups.py", startup)
    command = [sys.executable, "-c", PYTEST, "-c", HERE / "nbval.ini", "-p", "no:cacheprovider", "-q"]
    command += ["--rootdir", notebook.parent, "--nbval", "--nbval-cell-timeout=180"]
    command += ["--nbval-sanitize-with", HERE / "pixels.ini", notebook]
    environment = os.environ | ALONE | {"IPYTHONDIR": str(ipython), "PYTHONPATH": str(build.ROOT), "LABKIT_STRICT": "0"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300)


def shown(notebook: nbformat.NotebookNode) -> list[object]:
    """What the cells of a notebook show, without those that differ at every run.

    Of a picture only its alternative text, as nbval has it: its pixels are the machine's.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kept = [cell.outputs for cell in cells if "nbval-ignore-output" not in cell.metadata.get("tags", [])]
    return [[without_pixels(output) for output in outputs] for outputs in kept]


def without_pixels(output: nbformat.NotebookNode) -> dict[str, object]:
    if "text/html" not in output.get("data", {}):
        return output
    return {**output, "data": {**output["data"], "text/html": re.sub(PIXELS, NO_PIXELS, output["data"]["text/html"])}}


@pytest.mark.parametrize(("lesson", "notebook"), TWINS, ids=[path.stem for _, path in TWINS])
def test_what_a_student_opens_shows_what_its_twin_stores(lesson: Path, notebook: Path, tmp_path: Path) -> None:
    assert build.faults(notebook, build.from_lesson(lesson, solved=False, folder=build.EXECUTED)) == []
    run = nbval(notebook, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(notebook, as_version=4).cells)
    assert f"{cells} passed" in run.stdout


@pytest.mark.parametrize(("lesson", "notebook"), SOLVED, ids=[path.stem for _, path in SOLVED])
def test_a_solved_notebook_passes_its_checks_and_shows_what_it_stores(lesson: Path, notebook: Path) -> None:
    run = build.execute(build.from_lesson(lesson, solved=True), solved=True)
    assert shown(run) == shown(nbformat.read(notebook, as_version=4))


def test_the_notebooks_are_what_their_lessons_say() -> None:
    assert build.main(["--check"]) == 0


def test_an_exception_group_fails_under_nbval(tmp_path: Path) -> None:
    canary = tmp_path / "canary.ipynb"
    nbformat.write(build.from_lesson(HERE / "canary.py", solved=False), canary)
    run = nbval(canary, tmp_path / "ipython")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "1 failed, 1 passed" in run.stdout


def test_an_exception_group_fails_under_execution() -> None:
    with pytest.raises(CellExecutionError):
        build.execute(build.from_lesson(HERE / "canary.py", solved=False), solved=False)


def test_an_unsolved_exercise_fails_where_solutions_are_proven() -> None:
    lesson = next(lesson for lesson, _ in SOLVED)
    with pytest.raises(CellExecutionError, match="CheckFailed"):
        build.execute(build.from_lesson(lesson, solved=False), solved=True)
