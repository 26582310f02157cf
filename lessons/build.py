"""Build the notebooks from the lessons: `python lessons/build.py [--check] [lesson ...]`.

`lessons/NN_slug.py` (jupytext, percent format) is the only source. Each lesson becomes up to three notebooks:

- `notebooks/`: what students open. A solution is cut to a stub, and no output is there that they have not made.
- `notebooks/executed/`: the same cells, executed. This twin is what the tests prove, and what one reads on the web.
- `notebooks/instructor/`: with the solutions, executed. The solutions alone go into `labkit/course/solutions.toml`.

`--check` builds nothing: it fails when a notebook is not what its lesson says, or is not fit to be shown.

In a lesson, what stands between `# SOLUTION` and `# END SOLUTION` is the solution; a student finds
`raise NotImplementedError` in its place. A cell tagged `instructor` is left out of the student's notebook. A cell
tagged `live` shows something that differs at every run: nbval does not compare its output. A text cell tagged
`until-run` stands in a student's notebook in the place of the output above, until the cell there is run.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from labkit.course import solutions

ROOT = Path(__file__).parent.parent
LESSONS = ROOT / "lessons"
NOTEBOOKS = ROOT / "notebooks"
EXECUTED, INSTRUCTOR = NOTEBOOKS / "executed", NOTEBOOKS / "instructor"
LINK = re.compile(r"(?<=\]\()[\w./]+\.ipynb(?=[)#])")
SOLUTION = re.compile(r"^([ \t]*)# SOLUTION\n.*?^[ \t]*# END SOLUTION\n?", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"^[ \t]*# (END )?SOLUTION\n?", re.MULTILINE)
VIEW = "application/vnd.jupyter.widget-view+json"


def lessons() -> list[Path]:
    """The lessons' files, in the order of the course; the playground and its like come last."""
    return sorted(path for path in LESSONS.glob("*.py") if path.name != "build.py")


def from_lesson(lesson: Path, *, solved: bool, folder: Path = NOTEBOOKS) -> NotebookNode:
    """The notebook of a lesson, without outputs.

    Args:
        lesson: A percent-format file.
        solved: Whether the solutions stay, as in the instructor's notebook.
        folder: Where the notebook will lie. A lesson's links are written as from `notebooks/`.
    """
    source = jupytext.reads(lesson.read_text(encoding="utf-8"), fmt="py:percent")
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    for cell in source.cells:
        tags = cell.metadata.get("tags", [])
        if "instructor" in tags and not solved:
            continue
        if "until-run" in tags:
            if folder == NOTEBOOKS and not solved:
                picture = nbformat.v4.new_output("display_data", {"text/markdown": cell.source})
                notebook.cells[-1].outputs = [picture]
            continue
        text = MARKER.sub("", cell.source) if solved else SOLUTION.sub(r"\1raise NotImplementedError\n", cell.source)
        make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        made = make(text.rstrip("\n"))
        if cell.cell_type == "markdown":
            made.source = LINK.sub(lambda link: _moved(link.group(), folder), made.source)
        made.id = f"{lesson.stem.replace('_', '-')}-{len(notebook.cells):02d}"
        if tags:
            made.metadata["tags"] = ["nbval-ignore-output" if tag == "live" else tag for tag in tags]
        notebook.cells.append(made)
    return notebook


def _moved(link: str, folder: Path) -> str:
    """A link that is written as from `notebooks/`, as from `folder`, where a notebook of the same kind comes first."""
    target = NOTEBOOKS / link
    beside, lesson = folder / target.name, LESSONS / f"{target.stem}.py"
    if target.parent == NOTEBOOKS and lesson.exists() and any(beside == path for path, _ in targets(lesson)):
        target = beside
    return os.path.relpath(target, folder).replace(os.sep, "/")


def execute(notebook: NotebookNode, *, solved: bool) -> NotebookNode:
    """Run `notebook` from top to bottom in a fresh kernel and keep what it shows.

    It runs in an empty folder, so that it cannot lean on a file of ours nor leave one behind.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed; in a solved notebook also an exercise that is no PASS.
    """
    environment = os.environ | {"LABKIT_STRICT": "1" if solved else "0"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=environment)
    return stripped(notebook)


def stripped(notebook: NotebookNode) -> NotebookNode:
    """`notebook` without what belongs to one run only: widget state, widget views, the version of Python.

    Into how many pieces a cell's print falls is a matter of time: those that nothing stands between become one.
    """
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        shown: list[NotebookNode] = []
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
            output.get("metadata", {}).pop(VIEW, None)
            if shown and output.get("name", "") == shown[-1].get("name"):
                shown[-1].text += output.text
            else:
                shown.append(output)
        if shown:
            cell.outputs = shown
    return notebook


def faults(path: Path, expected: NotebookNode) -> list[str]:
    """What is wrong with the stored notebook at `path`; nothing when it can be opened, or shown."""
    name = path.relative_to(ROOT).as_posix()
    if not path.exists():
        return [f"{name} is missing"]
    stored = nbformat.read(path, as_version=4)
    words = _form(stored) if is_executed(path) else _blank(stored, expected)
    words += ["it carries widget state"] if "widgets" in stored.metadata else []
    words += [f"its link to {link} leads nowhere" for link in _links(stored) if not (path.parent / link).exists()]
    found = [f"{name}: {word}" for word in words]
    if _sources(stored) != _sources(expected):
        found.append(f"{name} is not what its lesson says")
    return found


def _sources(notebook: NotebookNode) -> list[tuple[str, str, str, list[str]]]:
    return [(cell.id, cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def _links(notebook: NotebookNode) -> list[str]:
    """The notebooks that the text of a notebook leads to."""
    return [link for cell in notebook.cells if cell.cell_type == "markdown" for link in LINK.findall(cell.source)]


def _blank(notebook: NotebookNode, expected: NotebookNode) -> list[str]:
    """What breaks the rule that a student finds nothing run."""
    until_run = {cell.id: cell.get("outputs") or [] for cell in expected.cells}
    run = [
        cell
        for cell in notebook.cells
        if (cell.get("outputs") or []) != until_run.get(cell.id, []) or cell.get("execution_count") is not None
    ]
    return ["it was run, and its cells hold what a student is to make"] if run else []


def _form(notebook: NotebookNode) -> list[str]:
    """What breaks the rules that an executed notebook keeps. Where a cell has no count nbval would compare nothing."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    words: list[str] = []
    if counts != list(range(1, len(code) + 1)):
        words.append(f"its cells were not run once from top to bottom ({counts})")
    for cell in code:
        for output in cell.outputs:
            shown = json.dumps(output)
            if output.output_type == "error" or "Traceback (most recent call last)" in shown:
                words.append(f"cell {cell.execution_count} shows an error")
            if "Output()" in shown:
                words.append(f"cell {cell.execution_count} shows an Output() widget")
            if not _is_sound(output.get("data", {}).get("image/svg+xml")):
                words.append(f"cell {cell.execution_count} shows a drawing that no page can draw")
            if output.output_type == "stream" and output.name == "stderr":
                words.append(f"cell {cell.execution_count} writes to stderr: {output.text[:200]!r}")
    return words


def _is_sound(drawing: str | None) -> bool:
    """Whether a drawing is XML, or there is none: of one that is not, a page shows nothing."""
    try:
        return drawing is None or ET.fromstring(drawing) is not None  # noqa: S314 - our own
    except ET.ParseError:
        return False


def is_executed(path: Path) -> bool:
    """Whether a notebook at `path` is stored with its outputs."""
    return path.parent != NOTEBOOKS


def targets(lesson: Path) -> list[tuple[Path, bool]]:
    """The notebooks of a lesson and whether they are solved. A lesson without solutions needs no solved one."""
    unsolved = [(NOTEBOOKS / f"{lesson.stem}.ipynb", False), (EXECUTED / f"{lesson.stem}.ipynb", False)]
    text = lesson.read_text(encoding="utf-8")
    if SOLUTION.search(text) is None and '"instructor"' not in text:
        return unsolved
    return [*unsolved, (INSTRUCTOR / f"{lesson.stem}.ipynb", True)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Build the notebooks from the lessons.")
    parser.add_argument("lessons", nargs="*", help="such as 01_borrow_a_brain; all when left out")
    parser.add_argument("--check", action="store_true", help="build nothing, and fail when a notebook is out of date")
    options = parser.parse_args(arguments)
    chosen = [path for path in lessons() if not options.lessons or path.stem in options.lessons]
    wanted = [
        (path, solved, from_lesson(lesson, solved=solved, folder=path.parent))
        for lesson in chosen
        for path, solved in targets(lesson)
    ]
    solved = solutions.as_toml(_solutions())
    if options.check:
        found = [fault for path, _, notebook in wanted for fault in faults(path, notebook)]
        if not options.lessons:
            known = {path for path, _, _ in wanted}
            found += [f"{p.name} has no lesson" for p in NOTEBOOKS.rglob("*.ipynb") if _ours(p) and p not in known]
        if solutions.PLACE.read_text(encoding="utf-8") != solved:
            found.append(f"{solutions.PLACE.name} holds other solutions than the lessons")
        print("\n".join(found) or f"{len(wanted)} notebooks are what their lessons say")
        return 1 if found else 0
    solutions.PLACE.write_text(solved, encoding="utf-8", newline="\n")
    for path, is_solved, notebook in wanted:
        print(f"{path.relative_to(ROOT).as_posix()} …", flush=True)
        made = execute(notebook, solved=is_solved) if is_executed(path) else notebook
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(made) + "\n", encoding="utf-8", newline="\n")
    return 0


def _solutions() -> dict[str, str]:
    """The solution of each exercise of the course, for `hint`."""
    solved = (from_lesson(lesson, solved=True).cells for lesson in lessons())
    code = ([cell.source for cell in cells if cell.cell_type == "code"] for cells in solved)
    return {number: told for cells in code for number, told in solutions.found_in(cells).items()}


def _ours(path: Path) -> bool:
    return ".ipynb_checkpoints" not in path.parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
