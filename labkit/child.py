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
from time import monotonic
from types import TracebackType
from typing import Any, cast

import anyio
from anyio.streams.file import FileReadStream
from mcp import StdioServerParameters, stdio_client
from mcp.os.win32.utilities import FallbackProcess, ServerProcess, close_process_job

from labkit.errors import ConnectError, sentence
from labkit.front_end import is_a_notebook
from labkit.plain import seen, short

BURST, PAUSE = 256_000, 0.05
"""Bytes of standard error after which it is read no further for some seconds, so that a flood keeps no core busy."""

LAST_WAIT = 5.0
"""Seconds that a program which was killed has to be gone from the system's list."""

LONGEST_LINE = 4_000
"""Characters without a newline that are told as a line."""

MORE = "… a server writes more than is told here in a second: the flow of the Lab has the last of it"


def not_started(server: StdioServerParameters, error: OSError) -> str:
    """Why the program of `server` was not started, and what to do."""
    command = short(server.command, 200)
    if server.cwd is not None and not os.path.isdir(server.cwd):  # noqa: PTH112 - what is no path is no folder
        return f"there is no folder {short(str(server.cwd), 200)} in which {command} could be started."
    if isinstance(error, FileNotFoundError):
        return (
            f"there is no program {command} here. Is it installed, and is its folder on the PATH? Give its whole path, "
            "or for Python sys.executable."
        )
    if isinstance(error, PermissionError):
        return f"{command} may not be run as a program. Give the program that runs it, as in: python my_server.py"
    return f"{command} could not be started: {sentence(error)}"


class Child:
    """A transport to the program that `server` names. It is used once.

    Args:
        server: What is started.
        wrote: Is called with the lines that the program writes to its standard error, some at a time.
    """

    def __init__(self, server: StdioServerParameters, wrote: Callable[[str], object]) -> None:
        self._server = server
        self._transport: Any = stdio_client(server, errlog=cast("Any", subprocess.PIPE))
        self._process: ServerProcess | None = None
        self._listening: asyncio.Task[None] | None = None
        self._wrote = wrote
        self.last_words = ""
        """The last line of standard error that says something."""

    async def __aenter__(self) -> Any:
        try:
            streams = await self._transport.__aenter__()
        except OSError as error:
            raise ConnectError(not_started(self._server, error)) from None
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
            process = self._process
            self.kill()
            if self._listening is not None:
                self._listening.cancel()
            if process is not None and process.returncode is None:  # else its transport outlives the loop
                with anyio.move_on_after(LAST_WAIT, shield=True):
                    await process.wait()

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


class Echo:
    """What a server writes, told on the standard error of a script, as the plain SDK does; a notebook has the flow.

    It is told as far as it can be seen: what hides is written as an escape, lines and seconds have their most.

    Args:
        clock: Seconds.
    """

    LONGEST, ROOM = 2_000, 50_000
    """Characters that are told of a line, and of a second."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._since, self._room = clock, -1.0, self.ROOM

    def write(self, text: str) -> None:
        """Tell lines. Where standard error cannot be written, nothing is told."""
        if is_a_notebook() or sys.stderr is None:
            return
        if (now := self._clock()) - self._since >= 1:
            self._since, self._room = now, self.ROOM
        if self._room <= 0:
            return
        lines = [line if len(line) <= self.LONGEST else line[: self.LONGEST] + "…" for line in text.split("\n")]
        told = "\n".join(map(seen, lines))
        if (room := self._room - len(told)) < 0:
            told = f"{told[: self._room]}…\n{MORE}"
        self._room = room
        with suppress(OSError, ValueError):  # it is closed
            try:
                # Past the file's own lock, which a thread must not hold while Python ends.
                os.write(sys.stderr.fileno(), f"{told}\n".encode(errors="backslashreplace"))
            except (AttributeError, OSError):
                sys.stderr.write(f"{told}\n")
