"""The two programs that a student leaves with run in a terminal, whatever the folder, and pass the scorecards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.desk import REPORT, make_desk
from examples.my_client import LINE, make
from labkit.checks import scorecard, scorecard_server
from tests.servers.test_serving import free_port, wait_for_port
from tests.standins.messages_api import MessagesApi, says

EXAMPLES = Path(__file__).parents[1] / "examples"
KEYLESS = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_API_KEY"}


def my_client(folder: Path, *arguments: str, **environment: str) -> str:
    """What the client prints, started in another folder than its own."""
    command = [sys.executable, str(EXAMPLES / "my_client.py"), *arguments]
    ran = subprocess.run(
        command, cwd=folder, env={**KEYLESS, **environment}, capture_output=True, encoding="utf-8", timeout=300
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@contextmanager
def desk_over_http(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, str(EXAMPLES / "desk.py"), "--folder", str(folder), "--http", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            wait_for_port(process, port)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def test_without_a_key_the_model_in_the_box_answers_a_desk_that_the_client_starts(tmp_path: Path) -> None:
    for wire in ("auto", "legacy"):
        said = my_client(tmp_path, "--wire", wire, "--folder", wire)
        explanation = said.removeprefix(f"Filed in {REPORT}.\nExplanation: ").strip()
        assert "999" in explanation
        filed = (tmp_path / wire / REPORT).read_text(encoding="utf-8")
        assert filed == f"RAW: {LINE}\nANALYSIS: {explanation}\n{'-' * 30}\n"


def test_with_a_key_claude_answers_a_desk_over_http(tmp_path: Path) -> None:
    with desk_over_http(tmp_path) as url, MessagesApi([says("Two locks, one each.")]) as claude:
        place = {"ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "a key", "NO_PROXY": "127.0.0.1"}
        for wire in ("auto", "legacy"):
            said = my_client(tmp_path, "ERROR: disk full", "--url", url, "--wire", wire, **place)
            assert said == f"Filed in {REPORT}.\nExplanation: Two locks, one each.\n"
    assert "RAW: ERROR: disk full\nANALYSIS: Two locks, one each.\n" in (tmp_path / REPORT).read_text(encoding="utf-8")


def test_what_claude_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert my_client(tmp_path, "--model", "claude") == (
        "-32603: Claude gave no answer: look at the key and the network, ask again.\n"
    )


@pytest.mark.anyio
async def test_both_pass_their_scorecards(tmp_path: Path) -> None:
    desk = await scorecard_server(make_desk(tmp_path), "process_log_entry", {"log_line": LINE})
    assert not desk.failed, desk
    assert len(desk.passed) > 30
    client = await scorecard(make)
    assert not client.failed, client
    assert len(client.passed) > 70
