"""Build the notebooks from the lessons: `python lessons/build.py [--check] [lesson ...]`.

`lessons/NN_slug.py` (jupytext, percent format) is the only source. Each lesson becomes two notebooks, executed, with
their outputs stored: `notebooks/` for students, where a solution is cut to a stub, and `notebooks/instructor/` with the
solutions. `--check` builds nothing: it fails when a notebook is not what its lesson says, or is not fit to be shown.

In a lesson, what stands between `# SOLUTION` and `# END SOLUTION` is the solution; a student finds
`raise NotImplementedError` in its place. A cell tagged `instructor` is left out of the student's notebook. A cell
tagged `live` shows something that differs at every run: nbval does not compare its output.
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

ROOT = Path(__file__).parent.parent
LESSONS = ROOT / "lessons"
NOTEBOOKS = ROOT / "notebooks"
SOLUTION = re.compile(r"^([ \t]*)# SOLUTION\n.*?^[ \t]*# END SOLUTION\n?", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"^[ \t]*# (END )?SOLUTION\n?", re.MULTILINE)
VIEW = "application/vnd.jupyter.widget-view+json"


def lessons() -> list[Path]:
    """The lessons' files, in the order of the course; the playground and its like come last."""
    return sorted(path for path in LESSONS.glob("*.py") if path.name != "build.py")


def from_lesson(lesson: Path, *, solved: bool) -> NotebookNode:
    """The notebook of a lesson, without outputs.

    Args:
        lesson: A percent-format file.
        solved: Whether the solutions stay, as in the instructor's notebook.
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
        text = MARKER.sub("", cell.source) if solved else SOLUTION.sub(r"\1raise NotImplementedError\n", cell.source)
        make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        made = make(text.rstrip("\n"))
        made.id = f"{lesson.stem.replace('_', '-')}-{len(notebook.cells):02d}"
        if tags:
            made.metadata["tags"] = ["nbval-ignore-output" if tag == "live" else tag for tag in tags]
        notebook.cells.append(made)
    return notebook


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
            coalesce_streams=True,  # into how many pieces a cell's print falls is a matter of time
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=environment)
    return stripped(notebook)


def stripped(notebook: NotebookNode) -> NotebookNode:
    """`notebook` without what belongs to one run only: widget state, widget views, the version of Python."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
            output.get("metadata", {}).pop(VIEW, None)
    return notebook


def faults(path: Path, expected: NotebookNode) -> list[str]:
    """What is wrong with the stored notebook at `path`; nothing when it can be shown."""
    if not path.exists():
        return [f"{path.relative_to(ROOT).as_posix()} is missing"]
    name = path.relative_to(ROOT).as_posix()
    stored = nbformat.read(path, as_version=4)
    found = [f"{name}: {word}" for word in _form(stored)]
    if _sources(stored) != _sources(expected):
        found.append(f"{name} is not what its lesson says")
    return found


def _sources(notebook: NotebookNode) -> list[tuple[str, str, str, list[str]]]:
    return [(cell.id, cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def _form(notebook: NotebookNode) -> list[str]:
    """The rules that every stored notebook keeps."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    words: list[str] = []
    if counts != list(range(1, len(code) + 1)):
        words.append(f"its cells were not run once from top to bottom ({counts})")
    if "widgets" in notebook.metadata:
        words.append("it carries widget state")
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


def targets(lesson: Path) -> list[tuple[Path, bool]]:
    """The notebooks of a lesson and whether they are solved. A lesson without solutions needs no second one."""
    student, instructor = NOTEBOOKS / f"{lesson.stem}.ipynb", NOTEBOOKS / "instructor" / f"{lesson.stem}.ipynb"
    text = lesson.read_text(encoding="utf-8")
    needs_two = SOLUTION.search(text) is not None or '"instructor"' in text
    return [(student, False), (instructor, True)] if needs_two else [(student, False)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Build the notebooks from the lessons.")
    parser.add_argument("lessons", nargs="*", help="such as 01_borrow_a_brain; all when left out")
    parser.add_argument("--check", action="store_true", help="build nothing, and fail when a notebook is out of date")
    options = parser.parse_args(arguments)
    chosen = [path for path in lessons() if not options.lessons or path.stem in options.lessons]
    wanted = [(lesson, path, solved) for lesson in chosen for path, solved in targets(lesson)]
    if options.check:
        found = [fault for lesson, path, solved in wanted for fault in faults(path, from_lesson(lesson, solved=solved))]
        if not options.lessons:
            known = {path for _, path, _ in wanted}
            found += [f"{p.name} has no lesson" for p in NOTEBOOKS.rglob("*.ipynb") if _ours(p) and p not in known]
        print("\n".join(found) or f"{len(wanted)} notebooks are what their lessons say")
        return 1 if found else 0
    for lesson, path, solved in wanted:
        print(f"{path.relative_to(ROOT).as_posix()} …", flush=True)
        notebook = execute(from_lesson(lesson, solved=solved), solved=solved)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    return 0


def _ours(path: Path) -> bool:
    return ".ipynb_checkpoints" not in path.parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
