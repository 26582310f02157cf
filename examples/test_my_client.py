"""The client hands all of a request to its API, and refuses in words what nobody could answer.

python -m pytest test_my_client.py
"""

import asyncio
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from mcp.types import CreateMessageRequestParams, ErrorData, SamplingMessage, TextContent

sys.path.insert(0, str(Path(__file__).parent))

from my_client import make

TALK = [
    SamplingMessage(role="user", content=TextContent(text="What is a deadlock?")),
    SamplingMessage(role="assistant", content=TextContent(text="Two processes that wait for each other.")),
    SamplingMessage(role="user", content=[TextContent(text="Then explain:"), TextContent(text="ERROR 40P01")]),
]


class Api(BaseHTTPRequestHandler):
    """An API that keeps what it is asked, and has no answer."""

    asked = ""

    def do_POST(self) -> None:
        Api.asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_error(503)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class has it
        """Print nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a key")
    with HTTPServer(("127.0.0.1", 0), Api) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{api.server_port}"
        api.shutdown()


def ask(url: str, messages: list[SamplingMessage], max_tokens: int) -> Any:
    params = CreateMessageRequestParams(messages=messages, max_tokens=max_tokens, system_prompt="Be brief.")
    return asyncio.run(cast("Any", make(url))(None, params))


def test_every_message_and_the_system_prompt_reach_the_api(url: str) -> None:
    answer = ask(url, TALK, 50)
    for words in ("What is a deadlock?", "wait for each other.", "Then explain:", "ERROR 40P01", "Be brief."):
        assert words in Api.asked
    assert isinstance(answer, ErrorData)
    assert (answer.code, bool(answer.message)) == (-32603, True)


def test_what_cannot_be_answered_is_refused_in_words() -> None:
    for messages, limit in (([], 50), (TALK, 0)):
        answer = ask("http://127.0.0.1:9", messages, limit)
        assert isinstance(answer, ErrorData)
        assert (answer.code, bool(answer.message)) == (-32602, True)
