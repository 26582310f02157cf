"""Every notebook of the course, opened in a real JupyterLab and run from its first cell to its last."""

import shutil
from pathlib import Path

import pytest

from tests.browser.conftest import REPOSITORY, NewPage

NOTEBOOKS = sorted(path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "notebooks").rglob("*.ipynb"))


@pytest.fixture(scope="session")
def served(root: Path) -> Path:
    """A copy of the notebooks where JupyterLab sees it: running them must not change the repository."""
    shutil.copytree(REPOSITORY / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    return root


@pytest.mark.parametrize("notebook", [path for path in NOTEBOOKS if "/." not in path])
def test_run_all_finishes_every_cell_without_an_error(notebook: str, served: Path, new_page: NewPage) -> None:
    with new_page() as lab_page:
        lab_page.open(notebook).run_all()
        assert lab_page.errors() == []
        lab_page.shut_down()
