"""The whole house is written in one style, and its types fit: strictly in the kit and the servers."""

import subprocess
import sys

import pytest

from tests.story import ROOT


@pytest.mark.parametrize("command", ["basedpyright", "ruff check", "ruff format --check"])
def test_nothing_is_found_by(command: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=1800
    )
    assert run.returncode == 0, run.stdout + run.stderr
