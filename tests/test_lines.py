"""A line without an end takes no more memory than it may, and what comes after it is read."""

import codecs
import sys
import tracemalloc
from collections.abc import AsyncIterator

import httpx2
import pytest
from mcp import StdioServerParameters, stdio_client
from mcp.shared.message import SessionMessage

from labkit.connection import bound
from labkit.lines import ENDLESS, Lines, bounded

pytestmark = pytest.mark.anyio


def told(decoder: Lines, *chunks: bytes) -> list[str]:
    return [decoder.decode(chunk) for chunk in chunks]


def lines(longest: int = 20) -> Lines:
    return Lines(codecs.getincrementaldecoder("utf-8"), longest)


def test_whole_lines_are_handed_on_however_they_come() -> None:
    assert told(lines(), b"a\nb", b"", b"c\n\nd", b"\n") == ["a\n", "", "bc\n\n", "d\n"]
    assert told(lines(), "é".encode()[:1], "é".encode()[1:] + b"\n") == ["", "é\n"]
    assert lines().decode(b"a\nb", True) == "a\nb"


def test_of_a_line_that_is_too_long_the_beginning_is_handed_on_and_what_comes_after_it() -> None:
    mark = "⟨… a line of more than 20 characters⟩\n"
    chunks = [b"ok\n" + b"x" * 15, b"y" * 10, b"z" * 100, b"z\nnext\n12", b"3\n", b"w" * 30, b"w\n", b"end\n"]
    assert told(lines(), *chunks) == [
        "ok\n", "x" * 15 + "y" * 10 + mark, "", "next\n", "123\n", "w" * 30 + mark, "", "end\n",
    ]  # fmt: skip


def test_past_a_bound_a_line_is_said_to_have_no_end_once() -> None:
    decoder = lines()
    written = [decoder.decode(b"x" * 20) for _ in range(20)]
    assert "".join(written[1:8]).startswith("x" * 40 + "⟨… a line of more")
    assert written[8] == f"{ENDLESS}\n"
    assert written[9:] == [""] * 11
    assert told(decoder, b"x\nnext\n") == ["next\n"]


def test_a_line_without_an_end_takes_no_memory_and_no_time_that_grows() -> None:
    decoder, chunk = lines(1_000_000), b"x" * 65_536
    tracemalloc.start()
    for _ in range(1_000):
        decoder.decode(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "UTF8"])
async def test_a_program_that_writes_one_is_read_on(encoding: str) -> None:
    good = '{"jsonrpc": "2.0", "method": "notifications/é"}'
    code = f"import sys; sys.stdout.reconfigure(encoding={encoding!r}); print('y' * 500_000); print({good!r})"
    server = StdioServerParameters(command=sys.executable, args=["-c", code], encoding=bounded(encoding, 100_000))
    async with stdio_client(server) as (read, _):
        fault, message = await read.receive(), await read.receive()
    assert isinstance(fault, ValueError)
    assert "yyyyy" in str(fault)
    assert isinstance(message, SessionMessage)
    assert message.message.model_dump()["method"] == "notifications/é"


async def test_an_answer_over_http_without_an_end_is_left() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1_000
            yield b" " * 1_000

    response = httpx2.Response(200, headers={"content-type": "application/json"}, content=endless())
    bound(response, 50_000)
    with pytest.raises(httpx2.StreamError, match="an answer of more than 50,000 bytes"):
        await response.aread()
    assert read < 60_000
    short = httpx2.Response(200, content=b"{}")
    bound(short, 50_000)
    assert await short.aread() == b"{}"


def test_an_encoding_that_nobody_knows_stays_what_it_is() -> None:
    assert bounded("no-such-thing") == "no-such-thing"
