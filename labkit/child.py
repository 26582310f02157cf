"""`Child`, the transport to a program over stdio: what the program writes to its standard error is told, none is left.

The SDK (`mcp.client.stdio`) closes the program's stdin, gives it 2 s to end and then has its process group killed. Of a
program that ends by itself it leaves the children on Linux and macOS, and all of one whose shutdown is broken off: by
the cancellation of its task, or by the end of its event loop. What a program writes to its standard error it may use
for any logging (specification 2025-11-25, basic/transports, stdio); it is no part of the protocol.
"""

import asyncio
import codecs
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, cast

import anyio
from anyio.streams.file import FileReadStream
from mcp import StdioServerParameters, stdio_client
from mcp.os.win32.utilities import FallbackProcess, ServerProcess, close_process_job

BURST, PAUSE = 256_000, 0.05
"""Bytes of standard error after which it is read no further for some seconds, so that a flood keeps no core busy."""

LONGEST_LINE = 4_000
"""Characters without a newline that are told as a line."""


class Child:
    """A transport to the program that `server` names. It is used once.

    Args:
        server: What is started.
        wrote: Is called with the lines that the program writes to its standard error, some at a time.
    """

    def __init__(self, server: StdioServerParameters, wrote: Callable[[str], object]) -> None:
        self._transport: Any = stdio_client(server, errlog=cast("Any", subprocess.PIPE))
        self._process: ServerProcess | None = None
        self._listening: asyncio.Task[None] | None = None
        self._wrote = wrote
        self.last_words = ""
        """The last line of standard error that says something."""

    async def __aenter__(self) -> Any:
        streams = await self._transport.__aenter__()
        # The SDK hands its process to nobody: it is a variable of the generator that is suspended just now.
        self._process = self._transport.gen.ag_frame.f_locals.get("process")
        if self._process is not None:
            self._listening = asyncio.create_task(self._listen(self._process))
        return streams

    async def _listen(self, process: ServerProcess) -> None:
        is_windows_own = isinstance(process, FallbackProcess)
        pipe = FileReadStream(cast("Any", process.popen.stderr)) if is_windows_own else process.stderr
        decoder, left, read = codecs.getincrementaldecoder("utf-8")("replace"), "", 0
        try:
            async for chunk in cast("FileReadStream", pipe):
                *lines, left = (left + decoder.decode(chunk)).split("\n")
                if len(left) > LONGEST_LINE:
                    lines, left = [*lines, left], ""
                self._tell(lines)
                if (read := read + len(chunk)) > BURST:
                    read = 0
                    await asyncio.sleep(PAUSE)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
            pass  # the program is left
        finally:
            self._tell([left])

    def _tell(self, lines: list[str]) -> None:
        if text := "\n".join(line.rstrip("\r") for line in lines):
            self.last_words = next((line for line in reversed(lines) if line.strip()), self.last_words)
            self._wrote(text)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            return await self._transport.__aexit__(kind, error, traceback)
        finally:
            self.kill()
            if self._listening is not None:
                self._listening.cancel()

    @property
    def has_ended(self) -> bool:
        """Whether the program itself, once started, is no more."""
        return self._process is not None and self._process.returncode is not None

    def kill(self) -> None:
        """End the program and all that it started, at once, from any thread. More than once does no harm."""
        process, self._process = self._process, None  # another program may have its number tomorrow
        if process is None:
            return
        if sys.platform == "win32":
            close_process_job(process)
            with suppress(OSError):
                process.kill()
        else:
            # The SDK makes each program the leader of a group. There may be members where the leader is no more.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
