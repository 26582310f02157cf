"""Each server of the box without sessions and over the older SSE; with a token; in two processes behind a balancer."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from subprocess import PIPE
from typing import Any

import httpx
import psutil
import pytest
from mcp import MCPError
from mcp.client.sse import sse_client
from mcp_types import INVALID_PARAMS, CreateMessageRequestParams, CreateMessageResult

from labkit import CallTimeout, ConnectError, Lab
from labkit.playground.sources import in_the_box
from servers import text_analyst
from servers.credentials import STATE_KEYS, bearer_token
from tests.servers.test_serving import ROOT, free_port, wait_for_port
from tests.standins.round_robin import balanced
from tests.story import answer, over_http, said

pytestmark = pytest.mark.anyio

WIRES = {"legacy": "2025-11-25", "auto": "2026-07-28"}
TOKEN = "Blau7-" + "meise" * 4
CONTRACT = {"text": "This contract is made between the buyer and the seller."}


async def model(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    return answer("A model read this.")


async def unsure(context: object, params: CreateMessageRequestParams) -> CreateMessageResult:
    """Has `classify_document` ask once more: a second round, which carries the first answer in its state."""
    return answer("contract" if len(params.messages) > 1 else "a document about a sale")


@pytest.mark.parametrize("kind", ["stateless", "sse"])
@pytest.mark.parametrize("name", in_the_box())
async def test_each_server_asks_where_it_can_and_says_where_it_cannot(name: str, kind: str, tmp_path: Path) -> None:
    server = in_the_box()[name]
    with over_http(server.make(tmp_path), sse=kind == "sse", stateless=kind == "stateless") as url:
        for mode, revision in WIRES.items():
            way: Any = url if kind == "stateless" else lambda: sse_client(url)
            with Lab(way, name=mode, mode=mode, sampling_callback=model) as lab:
                text = said(await lab.call_tool(server.tool, {**server.examples[server.tool]}))
            assert lab.protocol_version == revision
            cannot = "not available, because a server without sessions cannot ask a client of this revision."
            forgets = (kind, mode) == ("stateless", "legacy")
            assert (lab.flow.samples == 0) == forgets
            assert (cannot in text) == forgets


@pytest.mark.parametrize("kind", ["stateless", "sse"])
def test_a_page_of_another_site_is_turned_away(kind: str) -> None:
    with over_http(text_analyst.make_server(), sse=kind == "sse", stateless=kind == "stateless") as url:
        for header, status in (("Host", 421), ("Origin", 403)):
            headers = {header: "http://shop.example" if header == "Origin" else "shop.example"}
            answered = httpx.get(url, headers=headers) if kind == "sse" else httpx.post(url, headers=headers, json={})
            assert answered.status_code == status


# A token


@pytest.mark.parametrize("mode", WIRES)
async def test_who_has_no_token_is_told_so_and_the_token_stands_nowhere(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server = text_analyst.make_server(**bearer_token("READER", "http://127.0.0.1", {"READER": TOKEN}))
    shown = list[str]()
    with over_http(server) as url:
        for wrong in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Basic {TOKEN}"}):
            with pytest.raises(ConnectError, match="HTTP status 401: it wants a key") as caught:
                Lab(url, mode=mode, headers=wrong)
            shown += [str(caught.value), repr(caught.value)]
        lab = Lab(url, mode=mode, headers={"Authorization": f"Bearer {TOKEN}"}, sampling_callback=model)
        assert said(await lab.call_tool("summarize", CONTRACT)) == "A model read this."
        shown += [repr(lab), repr(server), *(f"{flow}{flow.to_json()}" for flow in lab.flows), caplog.text]
        lab.close()
    assert [text for text in shown if TOKEN in text] == []


# Several processes


def two_free_ports() -> int:
    """A port that is free, as the next one is."""
    while True:
        first = free_port()
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", first + 1))):
            return first


@contextmanager
def two_processes() -> Generator[tuple[list[str], subprocess.Popen[str]]]:
    """The addresses of a text analyst that one command serves with two processes and a token, and the command."""
    first = two_free_ports()
    command = [sys.executable, "-m", "servers.text_analyst", "--http", str(first), "--stateless", "--processes", "2"]
    environment = {name: value for name, value in os.environ.items() if name != STATE_KEYS} | {"READER": TOKEN}
    command += ["--token-env", "READER"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            for port in (first, first + 1):
                wait_for_port(process, port)
            yield [f"http://127.0.0.1:{first + number}/mcp" for number in range(2)], process
        finally:
            process.terminate()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
async def test_two_processes_share_a_key_and_ctrl_c_ends_both() -> None:
    with two_processes() as (urls, process), balanced(urls) as (url, sent_to):
        children = psutil.Process(process.pid).children()
        assert len(children) == 2
        with Lab(url, sampling_callback=unsure, headers={"Authorization": f"Bearer {TOKEN}"}) as lab:
            assert said(await lab.call_tool("classify_document", CONTRACT)) == "contract"
            assert lab.flow.samples == 2
        assert len({*sent_to}) == 2
        assert not [each for each in children if TOKEN in " ".join(each.cmdline())]
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=300) == ("", "")
        assert process.returncode == 0
        assert [child for child in children if child.is_running()] == []


async def test_without_a_common_key_a_call_whose_rounds_reach_two_processes_fails_with_an_error() -> None:
    with ExitStack() as stack:
        urls = [stack.enter_context(over_http(text_analyst.make_server(), stateless=True)) for _ in range(2)]
        url, sent_to = stack.enter_context(balanced(urls))
        lab = stack.enter_context(Lab(url, sampling_callback=unsure))
        with pytest.raises(MCPError, match="Invalid or expired requestState") as caught:
            await lab.call_tool("classify_document", CONTRACT)
        assert caught.value.code == INVALID_PARAMS
        assert len({*sent_to}) == 2


async def test_on_the_older_wire_a_session_that_is_shared_out_is_told_when_the_call_times_out() -> None:
    with ExitStack() as stack:
        urls = [stack.enter_context(over_http(text_analyst.make_server())) for _ in range(2)]
        # The session is the first one's; what the client answers to its sample goes to the other.
        url, _ = stack.enter_context(balanced(urls, lambda body: int(b'"result"' in body)))
        lab = stack.enter_context(Lab(url, mode="legacy", sampling_callback=unsure, timeout=1))
        with pytest.raises(CallTimeout, match=r"was refused with HTTP status 404: it may have reached a process that "):
            await lab.call_tool("classify_document", CONTRACT)
