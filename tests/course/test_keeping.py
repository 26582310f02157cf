"""What was written in cells becomes a program that runs in a terminal and passes the scorecard; no file is lost."""

import ast
import linecache
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit import keep
from lessons import build

SOLVED = [
    cell.source
    for cell in build.from_lesson(build.LESSONS / "02_your_own_callback.py", solved=True).cells
    if cell.cell_type == "code"
]
NAMES = ("conversation", "finish", "my_callback", "make")


@pytest.fixture(autouse=True)
def _beside_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(cell: str, namespace: dict[str, Any], name: str) -> None:
    """Run a cell as IPython does, which keeps its lines where `inspect` looks for them."""
    linecache.cache[name] = len(cell), None, cell.splitlines(keepends=True), name
    exec(compile(cell, name, "exec"), namespace)  # noqa: S102 - our own lesson


def functions(**changed: str) -> list[Callable[..., Any]]:
    """The functions of the lesson; a cell may be another."""
    namespace: dict[str, Any] = {}
    run(SOLVED[0].partition("\nserver")[0], namespace, "<set-up>")
    for name in NAMES:
        run(changed.get(name) or next(cell for cell in SOLVED if f"def {name}(" in cell), namespace, f"<{name}>")
    return [namespace[name] for name in NAMES]


def test_the_solutions_become_a_program_that_passes_the_scorecard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep("my_client.py", *functions())
    assert capsys.readouterr().out == (
        "my_client.py: conversation, finish, my_callback, make, in a program of plain mcp.\n"
    )
    program = tmp_path / "my_client.py"
    text = program.read_text(encoding="utf-8")
    assert "labkit" not in {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert "\n\n\n\n" not in text
    scored = subprocess.run(
        [sys.executable, "-m", "labkit.checks", f"{program}:make"], capture_output=True, encoding="utf-8", timeout=300
    )
    assert scored.returncode == 0, scored.stdout
    ran = subprocess.run(
        [sys.executable, program, "http://127.0.0.1:9"], capture_output=True, encoding="utf-8", timeout=300
    )
    assert (ran.returncode, ran.stdout) == (0, "-32603: The model gave no answer: see that it runs, and ask again.\n")
    # By its last line alone: what the server's own start writes is the machine's.
    assert "Traceback" not in ran.stderr


def test_what_a_cell_tries_does_not_come_along_and_what_it_needs_does(tmp_path: Path) -> None:
    cell = (
        "import re\n\nLINE = '\\n'\n\ndef conversation(params):\n    return LINE.join(re.findall('a', 'a'))\n"
        "\n\nprint(conversation(None))\nfor _ in (): pass\nawaited = [1,\n  2]\n"
    )
    keep("my_client.py", *functions(conversation=cell))
    text = (tmp_path / "my_client.py").read_text(encoding="utf-8")
    assert "import re\n\n\nLINE = '\\n'\n\n\ndef conversation(params):" in text
    assert "awaited = [1,\n  2]" in text
    assert "print(conversation" not in text


def test_a_factory_may_be_a_class_or_a_partial(tmp_path: Path) -> None:
    for cell in (
        "class make:\n    def __init__(self, base_url): ...\n",
        "from functools import partial\ndef ask(base_url, context, params): ...\nmake = partial(ask, 'x')\n",
    ):
        keep("my_client.py", *functions(make=f"{cell}\n# def make("))
        assert cell.split("\n", maxsplit=1)[0] in (tmp_path / "my_client.py").read_text(encoding="utf-8")


def test_a_name_that_stands_in_another_cell_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    made = (
        "import re\nLINE = '\\n'\nclass Own:\n    size = 1\n\ndef conversation(params, *, of=LINE):\n    total = 0\n"
        "    def inner():\n        nonlocal total\n        return total + read_only(other)\n"
        "    return [re.sub(of, each, str(__name__)) for each in inner() if (last := each)] and Own.size\n"
    )
    keep("my_client.py", *functions(conversation=made))
    assert capsys.readouterr().out.splitlines()[1:] == [
        "my_client.py uses other, read_only, which stand in another cell: move it into the cell of conversation."
    ]
    keep("my_client.py", *functions(conversation=made.replace("read_only(other)", "len(LINE)")))
    assert "another cell" not in capsys.readouterr().out


def test_while_one_is_a_stub_there_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep("my_client.py", *functions(finish="def finish(text, params):\n    raise NotImplementedError"))
    assert capsys.readouterr().out == "TODO: finish is not written yet, so my_client.py is not either.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_function_without_a_cell_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {}
    exec("def typed(): ...", namespace)  # noqa: S102
    strange: list[Any] = [namespace["typed"], len, 7]
    for given in strange:
        keep("my_client.py", given)
        assert "cannot be read: run its cell" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_what_was_changed_by_hand_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = functions()
    keep("my_client.py", *kept)
    keep("my_client.py", *kept)
    assert [path.name for path in tmp_path.iterdir()] == ["my_client.py"]
    for change in ("# mine\n", "# mine too\n"):
        (tmp_path / "my_client.py").write_text(change, encoding="utf-8")
        keep("my_client.py", *kept)
    assert "What was in my_client.py is in my_client_2.py now." in capsys.readouterr().out
    texts = [(tmp_path / f"my_client_{i}.py").read_text(encoding="utf-8") for i in (1, 2)]
    assert texts == ["# mine\n", "# mine too\n"]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "my_client.py").mkdir()
    keep("my_client.py", *functions())
    assert capsys.readouterr().out == "my_client.py could not be written: Is a directory.\n"


@pytest.mark.parametrize("name", ["my_server.py", "../my_client.py", "my_client.txt", ""])
def test_a_program_without_a_frame_is_told_with_those_that_there_are(name: str) -> None:
    with pytest.raises(LookupError, match=r"there are those of capstone\.py, desk\.py, my_client\.py"):
        keep(name)


@pytest.mark.parametrize("worded", [False, True], ids=["the solution", "in other words"])
def test_the_tests_beside_a_desk_pass_for_every_desk_that_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], worded: bool
) -> None:
    cells = build.from_lesson(build.LESSONS / "13_over_the_wire.py", solved=True).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    [written] = [cell for cell in code if "def make_desk(" in cell]
    if worded:
        written = written.replace("ANALYSIS: ", "").replace("this client cannot sample", "nobody answers here")
    namespace: dict[str, Any] = {}
    run(code[0].partition("\nprint")[0], namespace, "<set-up>")
    run(written, namespace, "<desk>")
    keep("desk.py", namespace["make_desk"])
    assert capsys.readouterr().out == "desk.py: make_desk, in a program of plain mcp.\n"
    keep("test_desk.py")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_desk.py"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300, env={**os.environ, "PYTEST_ADDOPTS": ""},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_capstone_becomes_a_program_of_plain_mcp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = build.from_lesson(build.LESSONS / "15_capstone.py", solved=True).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    namespace: dict[str, Any] = {}
    run(code[0].partition("\nprint")[0], namespace, "<set-up>")
    for name in ("facts_of", "make_capstone"):
        run(next(cell for cell in code if f"def {name}(" in cell), namespace, f"<{name}>")
    keep("capstone.py", namespace["facts_of"], namespace["make_capstone"])
    assert capsys.readouterr().out == "capstone.py: facts_of, make_capstone, in a program of plain mcp.\n"
    text = (tmp_path / "capstone.py").read_text(encoding="utf-8")
    alone: dict[str, Any] = {"__name__": "capstone"}
    exec(compile(text, "capstone.py", "exec"), alone)  # noqa: S102 - our own lesson
    assert alone["make_capstone"](tmp_path / "figures.db", tmp_path).name == "capstone"
    assert not {"labkit", "servers"} & {
        name.partition(".")[0] for name in re.findall(r"^(?:from|import) (\S+)", text, re.M)
    }
