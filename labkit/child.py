"""`Child`, the transport to a program over stdio that leaves no process behind: what the SDK leaves of it is killed.

The SDK (`mcp.client.stdio`) closes the program's stdin, gives it 2 s to end and then has its process group killed. Of a
program that ends by itself it leaves the children on Linux and macOS, and all of one whose shutdown is broken off: by
the cancellation of its task, or by the end of its event loop.
"""

import os
import signal
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO

from mcp import StdioServerParameters, stdio_client
from mcp.os.win32.utilities import ServerProcess, close_process_job


class Child:
    """A transport to the program that `server` names, which writes its errors to `errlog`. It is used once."""

    def __init__(self, server: StdioServerParameters, errlog: TextIO) -> None:
        self._transport: Any = stdio_client(server, errlog=errlog)
        self._process: ServerProcess | None = None

    async def __aenter__(self) -> Any:
        streams = await self._transport.__aenter__()
        # The SDK hands its process to nobody: it is a variable of the generator that is suspended just now.
        self._process = self._transport.gen.ag_frame.f_locals.get("process")
        return streams

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            return await self._transport.__aexit__(kind, error, traceback)
        finally:
            self.kill()

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
