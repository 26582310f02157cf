"""A printed script's own `asyncio.run(main())` under Run All in JupyterLab, with cells queued behind it."""

from pathlib import Path

from tests.browser.conftest import NewPage
from tests.browser.lab_page import write_notebook
from tests.printed.running import ANSWER, running

BEHIND = 4


def test_every_cell_behind_a_printed_script_runs(root: Path, tmp_path: Path, new_page: NewPage) -> None:
    with running(tmp_path) as printed, new_page() as lab_page:
        allow = "from labkit import allow_asyncio_run\nallow_asyncio_run()"
        behind = [f"print('behind', {number})" for number in range(BEHIND)]
        write_notebook(root / "printed.ipynb", printed.set_up, allow, printed.script("auto"), *behind)
        lab_page.open("printed.ipynb").run_all()
        assert lab_page.errors() == []
        assert [cell["count"] for cell in lab_page.cells()] == list(range(1, 4 + BEHIND))
        assert f"Claude answers: {ANSWER}" in lab_page.output(2).inner_text()
        for number in range(BEHIND):
            assert lab_page.output(3 + number).inner_text().strip() == f"behind {number}"
        lab_page.shut_down()
