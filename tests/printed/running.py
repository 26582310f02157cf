"""What the printed client needs around it: the log archiver in a process of its own, and a stand-in for Claude."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.test_serving import free_port, wait_for_port
from tests.standins.messages_api import MessagesApi, says

ROOT = Path(__file__).parents[2]
ANSWER = "Two processes waited for each other."


class Printed:
    """The script, as a reader runs it against their own server."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self.environment = environment

    def script(self, wire: str) -> str:
        """The whole text, with the address of the server in place."""
        text = Path(__file__).with_name("sampling_client.py").read_text(encoding="utf-8")
        mine = text.replace("http://127.0.0.1:8000/mcp", self.url)
        assert mine != text
        return mine.replace("Client(SERVER_URL", f'Client(SERVER_URL, mode="{wire}"')

    @property
    def set_up(self) -> str:
        """A cell that tells the kernel where Claude is."""
        return f"import os\nos.environ.update({self.environment!r})"


@contextmanager
def running(folder: Path) -> Generator[Printed]:
    """The archiver keeps its report in `folder`."""
    port = free_port()
    command = [sys.executable, "-m", "servers.log_archiver", "--folder", str(folder), "--http", str(port)]
    with MessagesApi([says(ANSWER)]) as claude, subprocess.Popen(command, cwd=ROOT, text=True) as archiver:
        try:
            wait_for_port(archiver, port)
            environment = {"ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "a key", "NO_PROXY": "127.0.0.1"}
            yield Printed(f"http://127.0.0.1:{port}/mcp", environment)
        finally:
            archiver.kill()
