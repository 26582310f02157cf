"""Logging beside a Lab: the SDK's own handler is quiet, one that the user has set up hears everything."""

import subprocess
import sys

import pytest
from mcp.server.mcpserver import MCPServer

from labkit import Lab
from labkit.quiet import crashes
from tests.story import ROOT

PROGRAM = """
import logging, sys
{set_up}
from mcp.server.mcpserver import MCPServer
from labkit import Lab

before = [(type(handler), handler.formatter and handler.formatter._fmt) for handler in logging.root.handlers]
server = MCPServer("mine")

@server.tool(structured_output=False)
async def broken() -> str:
    return 1 / 0

for mode in ("auto", "legacy"):
    with Lab(server, mode=mode) as lab:
        assert lab.start("broken").result(60).is_error
logging.getLogger("httpx2").info("GET /")
logging.getLogger("httpx2").warning("a slow one")
logging.getLogger("student").info("my own line")
after = [(type(handler), handler.formatter and handler.formatter._fmt) for handler in logging.root.handlers]
assert before in ([], after)
"""


def told(set_up: str) -> str:
    command = [sys.executable, "-W", "error", "-c", PROGRAM.replace("{set_up}", set_up)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    return ended.stderr


CRASH = "broken raised ZeroDivisionError: division by zero at line 12\n"


def test_the_handler_of_the_sdk_prints_a_line_for_a_crash_what_the_user_logs_and_what_a_library_warns_of() -> None:
    assert told("").replace(": `return 1 / 0`", "") == f"{2 * CRASH}a slow one\nmy own line\n"


@pytest.mark.parametrize("level", ["WARNING", "INFO"])
def test_logging_that_the_user_has_set_up_hears_all_that_it_asks_for(level: str) -> None:
    said = told(f'logging.basicConfig(level="{level}", format="%(levelname)s %(name)s: %(message)s")')
    assert said.count("ZeroDivisionError") >= 2
    assert "WARNING httpx2: a slow one" in said
    assert ("INFO student: my own line" in said) == ("INFO httpx2: GET /" in said) == (level == "INFO")


def test_a_handler_of_the_users_that_looks_like_the_sdks_prints_what_is_the_users() -> None:
    said = told('logging.basicConfig(level="INFO", format="%(message)s")')
    assert said.endswith("a slow one\nmy own line\n")
    assert "Traceback" not in said


def test_what_tools_raise_can_be_listened_to_and_is_told_with_the_line() -> None:
    server = MCPServer("mine")

    @server.tool(structured_output=False)
    async def broken(number: int) -> str:
        return str(1 / number)

    with Lab(server) as lab, crashes() as heard:
        assert not lab.start("broken", {"number": 1}).result(60).is_error
        assert lab.start("broken", {"number": 0}).result(60).is_error
        assert lab.start("broken", {"number": "one"}).result(60).is_error
    [crash] = heard
    assert crash.name == "broken"
    assert isinstance(crash.error, ZeroDivisionError)
    line = str(crash)
    assert line.startswith("broken raised ZeroDivisionError: division by zero at test_quiet.py, line ")
    assert line.endswith(": `return str(1 / number)`")
