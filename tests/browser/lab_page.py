"""A notebook in a real JupyterLab, driven through Chromium. Every wait is for a condition and bounded."""

from pathlib import Path
from typing import Any, Self

import nbformat
from playwright.sync_api import Locator, Page

PATIENCE = 90_000
"""Milliseconds: a busy machine with two cores starts a kernel and imports mcp in about ten seconds."""

# The JavaScript below uses Lab's own objects (`--LabApp.expose_app_in_browser`), not its menus, whose words change.
CELLS = """() => {
  const {content} = window.jupyterapp.shell.currentWidget;
  return content.widgets.filter((cell) => cell.model.type === 'code').map(({model}) => ({
    source: model.sharedModel.source,
    count: model.executionCount,
    running: model.executionState === 'running',
    errors: model.outputs.toJSON().filter((output) => output.output_type === 'error')
      .map((output) => `${output.ename}: ${output.evalue}`),
  }));
}"""
FINISHED = f"(count) => ({CELLS})().slice(0, count).every((c) => !c.source.trim() || (c.count && !c.running))"


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook of code cells at `path`."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": kernel}, cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return path


class LabPage:
    """One notebook in one browser tab."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url

    def open(self, path: str) -> Self:
        """Open the notebook at `path`, relative to the server's root, and wait for its kernel."""
        self.page.goto(f"{self.base_url}/lab/tree/{path}?reset")
        return self._ready(path)

    def open_next(self, path: str) -> Self:
        """Close the notebook and open the one at `path` in its place; to load Lab anew costs more than many cells."""
        if self.page.url == "about:blank":
            return self.open(path)
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")
        self.command("docmanager:open", path=path)
        return self._ready(path)

    def _ready(self, path: str) -> Self:
        self.page.wait_for_function(
            """(name) => {
              const panel = window.jupyterapp?.shell.currentWidget;
              return panel?.context?.path === name && panel.context.isReady && panel.content.widgets.length
                && panel.sessionContext.isReady && panel.sessionContext.session?.kernel?.status === 'idle';
            }""",
            arg=path,
            timeout=PATIENCE,
        )
        return self

    def command(self, name: str, **arguments: Any) -> None:
        """Start a command of Lab, as its menus do, without waiting for its end."""
        self.page.evaluate(
            "([name, options]) => { window.jupyterapp.commands.execute(name, options); }", [name, arguments]
        )

    def run_all(self) -> Self:
        """Run every cell and wait until each has finished."""
        self.command("notebook:run-all-cells")
        return self.finished()

    def run_cell(self, i: int) -> Self:
        """Run cell number `i`, and wait until it has finished."""
        self.page.evaluate(
            """(i) => {
              const {content} = window.jupyterapp.shell.currentWidget;
              content.activeCellIndex = i;
              content.widgets[i].model.executionCount = null;  // or a count from before would look like the end
            }""",
            i,
        )
        self.command("notebook:run-cell")
        self.page.wait_for_function(
            f"(i) => {{ const cell = ({CELLS})()[i]; return cell.count && !cell.running; }}", arg=i, timeout=PATIENCE
        )
        return self

    def add_cell(self, source: str) -> int:
        """Add a code cell at the end and make it the active one; returns its number."""
        return self.page.evaluate(
            """(source) => {
              const {content} = window.jupyterapp.shell.currentWidget;
              content.model.sharedModel.addCell({cell_type: 'code', source});
              return content.activeCellIndex = content.widgets.length - 1;
            }""",
            source,
        )

    def finished(self, count: int = 10_000) -> Self:
        """Wait until the first `count` cells have been executed and none of them runs."""
        self.page.wait_for_function(FINISHED, arg=count, timeout=PATIENCE)
        return self

    def execute(self, code: str) -> Self:
        """Run `code` in the kernel beside the notebook, as a cell would, and fail when it raises."""
        reply = self.page.evaluate(
            """async (code) => {
              const {kernel} = window.jupyterapp.shell.currentWidget.sessionContext.session;
              return (await kernel.requestExecute({code, stop_on_error: true}).done).content;
            }""",
            code,
        )
        assert reply["status"] == "ok", f"{reply.get('ename')}: {reply.get('evalue')}"
        return self

    def restart_kernel(self) -> Self:
        """Restart the kernel and wait until it is ready."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        return self

    def shut_down(self) -> Self:
        """End the kernel: on a small machine two of them are one too many."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        return self

    def save(self) -> Self:
        """Save the notebook with its outputs."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
        return self

    def cells(self) -> list[dict[str, Any]]:
        """The code cells: source, execution count, whether it runs, error outputs."""
        return self.page.evaluate(CELLS)

    def errors(self) -> list[str]:
        """Every error output of the notebook."""
        return [error for cell in self.cells() for error in cell["errors"]]

    def output(self, i: int) -> Locator:
        """The outputs of the cell number `i`, scrolled into view: Lab draws only the cells that are near it."""
        self.page.evaluate(
            """async (i) => {
              const {content} = window.jupyterapp.shell.currentWidget;
              await content.scrollToItem(i, 'start');
            }""",
            i,
        )
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{i}'] .jp-Cell-outputArea")

    def theme(self, *, light: bool) -> Self:
        """Switch to Lab's light or dark theme."""
        name = "JupyterLab Light" if light else "JupyterLab Dark"
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
        self.page.wait_for_selector(
            f"body[data-jp-theme-light='{str(light).lower()}']", state="attached", timeout=PATIENCE
        )
        return self

    def with_sidebar(self) -> Self:
        """Show the file browser beside the notebook, as Lab does when it is opened."""
        self.page.evaluate("() => window.jupyterapp.shell.expandLeft()")
        return self

    def without_sidebar(self) -> Self:
        """Give the notebook the width of the window."""
        self.page.evaluate("() => { window.jupyterapp.shell.collapseLeft(); window.jupyterapp.shell.collapseRight(); }")
        return self
